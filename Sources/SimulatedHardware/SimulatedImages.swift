import HomePlug
import Wire

/// Modules of a simulated modem as they are delivered, in the form of a QCA700x: images in a chain of headers with
/// checksums.
enum SimulatedImages {
  enum ImageType: UInt32 {
    case firmware = 0x04
    case manifest = 0x0E
    case parameters = 0x0F
  }

  /// Octets of a parameter block of QCA700x, and of one whose firmware has no SLAC.
  static let parameterOctets = 0x1F90
  static let parameterOctetsWithoutSLAC = 0x1600
  private static let headerOctets = 0x60

  /// The parameter block (PIB): address, names, CCo selection, SLAC mode. No key: the host gives one.
  static func parameters(
    address: MACAddress, coordinatorSelection: UInt8, slacMode: UInt8, name: String, hasSLAC: Bool
  ) -> [UInt8] {
    var image = [UInt8](repeating: 0, count: hasSLAC ? parameterOctets : parameterOctetsWithoutSLAC)
    func put(_ octets: [UInt8], at offset: Int) {
      guard offset + octets.count <= image.count else { return }
      image.replaceSubrange(offset..<offset + octets.count, with: octets)
    }
    put(address.octets, at: 0x0C)
    // A device access key, any: never used here.
    put((0..<16).map { UInt8($0 * 7 + 3) }, at: 0x12)
    put(Array("Coupler simulated modem".utf8), at: 0x24)
    put(Array(name.utf8), at: 0x74)
    put([coordinatorSelection], at: 0xF4)
    put([slacMode], at: 0x1653)
    put([slacMode == 2 ? 1 : 0], at: 0x16D3)
    put([0x00, 0x28, 0x00, 0x00], at: 0x1C98)
    put([0x00, 0x90, 0x01, 0x00], at: 0x1C9C)
    return image
  }

  /// Firmware: its version in front, where `version(ofFirmware:)` finds it, then octets that mean nothing.
  static func firmware(_ version: String) -> [UInt8] {
    var image = Array(version.utf8.prefix(63))
    image += [UInt8](repeating: 0, count: 64 - image.count)
    var random = SeededGenerator(seed: 0xF1)
    for _ in 0..<1024 { image += (0..<8).map { UInt8(truncatingIfNeeded: random.next() >> UInt64($0)) } }
    return chain(.firmware, module: 0x7001, image)
  }

  static func chain(parameters image: [UInt8]) -> [UInt8] { chain(.parameters, module: 0x7002, image) }

  /// A manifest and an image, each behind its header.
  private static func chain(_ type: ImageType, module: UInt16, _ image: [UInt8]) -> [UInt8] {
    let manifest = [UInt8](repeating: 0, count: 0x300)
    let second = headerOctets + manifest.count
    return header(.manifest, module: module, manifest, at: 0, next: UInt32(second), previous: .max) + manifest
      + header(type, module: module, image, at: second, next: .max, previous: 0) + image
  }

  private static func header(
    _ type: ImageType, module: UInt16, _ image: [UInt8], at offset: Int, next: UInt32, previous: UInt32
  ) -> [UInt8] {
    let words: [UInt32] = [
      0x0001_0001, 0, UInt32(offset + headerOctets), 0, UInt32(image.count), ModuleChecksum.of(image), 0,
      next,
      previous, type.rawValue, UInt32(module),
    ]
    var octets = words.flatMap(octets(of:))
    octets += [UInt8](repeating: 0, count: headerOctets - 4 - octets.count)
    return octets + Self.octets(of: ModuleChecksum.of(octets))
  }

  private static func octets(of word: UInt32) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(8 * $0)) }
  }

  /// The image of a type in a chain whose checksums hold; `nil` for anything else.
  static func image(_ type: ImageType, in chain: [UInt8]) -> [UInt8]? {
    func word(_ at: Int) -> UInt32 { (0..<4).reduce(0) { $0 | UInt32(chain[at + $1]) << UInt32(8 * $1) } }
    var offset = 0
    var found: [UInt8]?
    for _ in 0..<16 {
      guard offset + headerOctets <= chain.count, word(offset) == 0x0001_0001,
        ModuleChecksum.of(chain[offset..<offset + headerOctets - 4]) == word(offset + headerOctets - 4)
      else { return nil }
      let (start, length) = (Int(clamping: word(offset + 0x08)), Int(clamping: word(offset + 0x10)))
      guard start <= chain.count, length <= chain.count - start else { return nil }
      let image = chain[start..<start + length]
      guard ModuleChecksum.of(image) == word(offset + 0x14) else { return nil }
      if word(offset + 0x24) == type.rawValue { found = Array(image) }
      let (last, next) = (offset, word(offset + 0x1C))
      guard next != .max else { return found }
      offset = Int(clamping: next)
      guard offset > last, offset < chain.count else { return nil }
    }
    return nil
  }

  /// The version that an image of firmware carries in front.
  static func version(ofFirmware chain: [UInt8]) -> String? {
    guard let image = image(.firmware, in: chain) else { return nil }
    let text = image.prefix(64).prefix { (0x20...0x7E).contains($0) }
    return text.isEmpty ? nil : String(decoding: text, as: UTF8.self)
  }
}
