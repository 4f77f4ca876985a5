import HomePlug

/// One header of 0x60 octets in a chain of images, as Qualcomm's firmware and parameter files are built.
public struct ImageHeader: Hashable, Sendable {
  /// Octets of a header.
  public static let size = 0x60
  /// In `next` of the last header and `previous` of the first.
  public static let none: UInt32 = 0xFFFF_FFFF

  /// Where the header stands in the file.
  public let offset: Int
  public let executeMask: UInt32
  /// Where the image stands in the file.
  public let imageOffset: UInt32
  public let loadAddress: UInt32
  /// Octets of the image.
  public let imageLength: UInt32
  public let imageChecksum: UInt32
  public let entry: UInt32
  /// Where the next header stands in the file, or `none`.
  public let next: UInt32
  public let previous: UInt32
  public let type: ImageType
  public let moduleID: UInt16
  public let subID: UInt16
  public let appletVersion: UInt16
  /// As it stands in the header.
  public let checksum: UInt32
  /// The header's checksum is that of its octets.
  public let isIntact: Bool

  /// Every header starts with version 1.1.
  static func begins(_ octets: [UInt8], at offset: Int) -> Bool {
    octets.word16(at: offset) == 1 && octets.word16(at: offset + 2) == 1
  }

  /// Reads the header at `offset`, which must lie inside with all its octets.
  init(_ octets: [UInt8], at offset: Int) {
    self.offset = offset
    executeMask = octets.word32(at: offset + 0x04)
    imageOffset = octets.word32(at: offset + 0x08)
    loadAddress = octets.word32(at: offset + 0x0C)
    imageLength = octets.word32(at: offset + 0x10)
    imageChecksum = octets.word32(at: offset + 0x14)
    entry = octets.word32(at: offset + 0x18)
    next = octets.word32(at: offset + 0x1C)
    previous = octets.word32(at: offset + 0x20)
    type = ImageType(rawValue: octets.word32(at: offset + 0x24))
    moduleID = octets.word16(at: offset + 0x28)
    subID = octets.word16(at: offset + 0x2A)
    appletVersion = octets.word16(at: offset + 0x2C)
    checksum = octets.word32(at: offset + Self.checksumOffset)
    isIntact = ModuleChecksum.of(octets[offset..<offset + Self.checksumOffset]) == checksum
  }

  static let imageChecksumOffset = 0x14
  static let checksumOffset = 0x5C

  /// The octets of its image in the file.
  public var image: Range<Int> {
    let end = UInt64(imageOffset) + UInt64(imageLength)
    return Int(clamping: imageOffset)..<Int(clamping: end)
  }
}

/// What an image is. Unknown values survive.
public struct ImageType: RawRepresentable, Hashable, Sendable {
  public let rawValue: UInt32
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  public static let firmware = ImageType(rawValue: 0x04)
  /// Text about the images behind it.
  public static let manifest = ImageType(rawValue: 0x0E)
  public static let parameters = ImageType(rawValue: 0x0F)
}

extension ImageType: CustomStringConvertible {
  public var description: String {
    switch self {
    case .firmware: "firmware"
    case .manifest: "manifest"
    case .parameters: "parameters"
    default: "type 0x" + String(rawValue, radix: 16)
    }
  }
}
