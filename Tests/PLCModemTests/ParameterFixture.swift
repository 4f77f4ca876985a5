import HomePlug
import PLCModem
import Wire

/// A parameter file as QCA7000s have it, made here: manifest and block behind a header each.
struct ParameterFixture {
  var address = MACAddress(0x02_00_00_00_00_C1)
  var coordinator: UInt8 = 2
  var slacMode: UInt8 = 2
  var nmk: [UInt8] = (0..<16).map { 0xA0 + UInt8($0) }
  var dak: [UInt8] = (0..<16).map { 0x50 + UInt8($0) }
  var length = 0x1F90

  /// Written out here, not taken from the code under test.
  static func checksum(_ octets: ArraySlice<UInt8>) -> UInt32 {
    var result: UInt32 = 0xFFFF_FFFF
    var index = octets.startIndex
    while index + 3 < octets.endIndex {
      for offset in 0..<4 { result ^= UInt32(octets[index + offset]) << UInt32(8 * offset) }
      index += 4
    }
    return result
  }

  static func put(_ value: UInt32, _ octets: inout [UInt8], at offset: Int, count: Int = 4) {
    for index in 0..<count { octets[offset + index] = UInt8(truncatingIfNeeded: value >> UInt32(8 * index)) }
  }

  /// In the new format.
  var block: [UInt8] {
    var octets = [UInt8](repeating: 0, count: length)
    octets.replaceSubrange(0x0C..<0x12, with: address.octets)
    octets.replaceSubrange(0x12..<0x22, with: dak)
    octets.replaceSubrange(0x24..<0x2B, with: Array("Coupler".utf8))
    octets.replaceSubrange(0x64..<0x74, with: nmk)
    octets.replaceSubrange(0x74..<0x78, with: Array("EVSE".utf8))
    octets[0xF4] = coordinator
    octets.replaceSubrange(0xF8..<0xFF, with: [0xB0, 0xF2, 0xE6, 0x95, 0x66, 0x6B, 0x03])
    if length > 0x1653 { octets[0x1653] = slacMode }
    if length > 0x1CA0 {
      Self.put(10240, &octets, at: 0x1C98)
      Self.put(102400, &octets, at: 0x1C9C)
    }
    return octets
  }

  /// In the old format, with version, length and checksum in front.
  var oldBlock: [UInt8] {
    var octets = block
    Self.put(0x0004, &octets, at: 0, count: 2)
    Self.put(UInt32(octets.count), &octets, at: 4, count: 2)
    Self.put(Self.checksum(octets[...]), &octets, at: 8)
    return octets
  }

  var file: [UInt8] {
    let manifest = Array("A manifest.".utf8) + [UInt8](repeating: 0, count: 0x300 - 11)
    return Self.chain([(0x0E, manifest), (0x0F, block)])
  }

  /// Images behind headers, one after the other.
  static func chain(_ images: [(type: UInt32, octets: [UInt8])]) -> [UInt8] {
    var result: [UInt8] = []
    var previous: UInt32 = 0xFFFF_FFFF
    for (index, image) in images.enumerated() {
      let start = result.count
      let next = UInt32(start + 0x60 + image.octets.count)
      var header = [UInt8](repeating: 0, count: 0x60)
      put(1, &header, at: 0, count: 2)
      put(1, &header, at: 2, count: 2)
      put(UInt32(start + 0x60), &header, at: 0x08)
      put(UInt32(image.octets.count), &header, at: 0x10)
      put(checksum(image.octets[...]), &header, at: 0x14)
      put(0xFFFF_FFFF, &header, at: 0x18)
      put(index == images.count - 1 ? 0xFFFF_FFFF : next, &header, at: 0x1C)
      put(previous, &header, at: 0x20)
      put(image.type, &header, at: 0x24)
      put(checksum(header[..<0x5C]), &header, at: 0x5C)
      previous = UInt32(start)
      result += header + image.octets
    }
    return result
  }
}
