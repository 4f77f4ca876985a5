public import Wire

/// The 8 octets before every payload, on UDP and TCP alike (ISO 15118-2 clause 7.8.3): version, inverse
/// version, payload type, payload length, big-endian.
public struct V2GTPHeader: Hashable, Sendable {
  /// Octets of a header.
  public static let size = 8
  /// The only protocol version there is.
  public static let version: UInt8 = 0x01
  /// The version with every bit inverted; together they are the nearest V2GTP has to a frame marker.
  public static let inverseVersion: UInt8 = 0xFE

  public var payloadType: V2GTPPayloadType
  /// Octets after the header.
  public var payloadLength: UInt32

  @inlinable public init(_ payloadType: V2GTPPayloadType, payloadLength: UInt32) {
    self.payloadType = payloadType
    self.payloadLength = payloadLength
  }

  /// Reads the first 8 octets of `bytes`. Says nothing about the type or about how many octets follow.
  public init(parsing bytes: RawSpan) throws(V2GTPError) {
    var reader = ByteReader(bytes)
    let version = reader.uint8()
    let inverse = reader.uint8()
    let type = reader.uint16BigEndian()
    let length = reader.uint32BigEndian()
    guard !reader.failed else { throw .shortHeader(octets: bytes.byteCount) }
    guard version == Self.version else { throw .version(version) }
    guard inverse == Self.inverseVersion else { throw .inverseVersion(inverse) }
    self.init(V2GTPPayloadType(rawValue: type), payloadLength: length)
  }

  /// Appends the header.
  public func encode(into output: inout OutputBuffer) {
    output.append(Self.version)
    output.append(Self.inverseVersion)
    output.append(UInt8(truncatingIfNeeded: payloadType.rawValue >> 8))
    output.append(UInt8(truncatingIfNeeded: payloadType.rawValue))
    output.append(UInt8(truncatingIfNeeded: payloadLength >> 24))
    output.append(UInt8(truncatingIfNeeded: payloadLength >> 16))
    output.append(UInt8(truncatingIfNeeded: payloadLength >> 8))
    output.append(UInt8(truncatingIfNeeded: payloadLength))
  }
}

/// What a peer got wrong in its V2GTP framing.
public enum V2GTPError: Error, Hashable, Sendable {
  /// Fewer than 8 octets where a header belongs.
  case shortHeader(octets: Int)
  /// The first octet is not 0x01.
  case version(UInt8)
  /// The second octet is not 0xFE.
  case inverseVersion(UInt8)
  /// The header announces more than this receiver keeps.
  case payloadTooLong(announced: UInt32, max: Int)
}

extension V2GTPError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .shortHeader(let octets):
      "peer sent \(octets) octets where a V2GTP header has 8"
    case .version(let got):
      "peer sent V2GTP version 0x\(hexadecimal(got)), expected 0x01 (ISO 15118-2 clause 7.8.3)"
    case .inverseVersion(let got):
      "peer sent inverse V2GTP version 0x\(hexadecimal(got)), expected 0xfe (ISO 15118-2 clause 7.8.3)"
    case .payloadTooLong(let announced, let max):
      "peer announced a V2GTP payload of \(announced) octets, at most \(max) are kept here"
    }
  }
}
