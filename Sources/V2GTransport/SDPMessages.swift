public import Wire

/// The security octet of SDP (ISO 15118-2 tables 14 and 16). Everything but the two names is reserved.
public struct SDPSecurity: RawRepresentable, Hashable, Sendable {
  public let rawValue: UInt8
  @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// TLS over TCP.
  public static let tls = SDPSecurity(rawValue: 0x00)
  /// Plain TCP.
  public static let noTLS = SDPSecurity(rawValue: 0x10)
}

extension SDPSecurity: CustomStringConvertible {
  public var description: String {
    switch self {
    case .tls: "TLS"
    case .noTLS: "no TLS"
    default: "reserved security 0x\(hexadecimal(rawValue))"
    }
  }
}

/// The transport octet of SDP. 0x10 (UDP) is reserved for later use.
public struct SDPTransport: RawRepresentable, Hashable, Sendable {
  public let rawValue: UInt8
  @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }

  public static let tcp = SDPTransport(rawValue: 0x00)
}

/// SECC discovery request: 10 octets to `[ff02::1]:15118`.
public struct SDPRequest: Hashable, Sendable {
  /// Octets of the payload.
  public static let payloadLength = 2

  public var security: SDPSecurity
  public var transport: SDPTransport

  @inlinable public init(security: SDPSecurity, transport: SDPTransport = .tcp) {
    self.security = security
    self.transport = transport
  }

  /// Reads a whole datagram, header included. Refuses all that an SECC has to ignore
  /// (CMN_V2GTPSDP_002...005) and the reserved values of both octets.
  public init(parsing datagram: RawSpan) throws(SDPError) {
    var reader = ByteReader(
      try sdpPayload(datagram, type: .sdpRequest, length: UInt32(Self.payloadLength)))
    security = SDPSecurity(rawValue: reader.uint8())
    transport = SDPTransport(rawValue: reader.uint8())
    try checkReserved(security, transport)
  }

  /// Appends the datagram.
  public func encode(into output: inout OutputBuffer) {
    V2GTPHeader(.sdpRequest, payloadLength: UInt32(Self.payloadLength)).encode(into: &output)
    output.append(security.rawValue)
    output.append(transport.rawValue)
  }
}

/// SECC discovery response: 28 octets to the source of the request.
public struct SDPResponse: Hashable, Sendable {
  /// Octets of the payload.
  public static let payloadLength = 20

  public var address: IPv6Address
  public var port: UInt16
  public var security: SDPSecurity
  public var transport: SDPTransport

  @inlinable public init(
    address: IPv6Address, port: UInt16, security: SDPSecurity, transport: SDPTransport = .tcp
  ) {
    self.address = address
    self.port = port
    self.security = security
    self.transport = transport
  }

  /// Reads a whole datagram, header included. Whether the address makes sense is for the client to judge.
  public init(parsing datagram: RawSpan) throws(SDPError) {
    var reader = ByteReader(
      try sdpPayload(datagram, type: .sdpResponse, length: UInt32(Self.payloadLength)))
    address = IPv6Address(high: reader.uint64BigEndian(), low: reader.uint64BigEndian())
    port = reader.uint16BigEndian()
    security = SDPSecurity(rawValue: reader.uint8())
    transport = SDPTransport(rawValue: reader.uint8())
    try checkReserved(security, transport)
  }

  /// Appends the datagram.
  public func encode(into output: inout OutputBuffer) {
    V2GTPHeader(.sdpResponse, payloadLength: UInt32(Self.payloadLength)).encode(into: &output)
    for index in 0..<16 { output.append(address[index]) }
    output.append(UInt8(truncatingIfNeeded: port >> 8))
    output.append(UInt8(truncatingIfNeeded: port))
    output.append(security.rawValue)
    output.append(transport.rawValue)
  }
}

/// What a peer got wrong in an SDP datagram. All of these are ignored on the wire, and traced.
public enum SDPError: Error, Hashable, Sendable {
  case header(V2GTPError)
  case payloadType(V2GTPPayloadType, expected: V2GTPPayloadType)
  case payloadLength(UInt32, expected: UInt32)
  /// The header's length is right for the type, but the datagram carries another number of octets.
  case datagramLength(Int, expected: Int)
  case security(SDPSecurity)
  case transport(SDPTransport)
}

extension SDPError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .header(let error): error.description
    case .payloadType(let got, let expected): "peer sent payload type \(got), expected \(expected)"
    case .payloadLength(let got, let expected):
      "peer sent an SDP payload length of \(got), expected \(expected)"
    case .datagramLength(let got, let expected):
      "peer sent an SDP datagram of \(got) octets, expected \(expected)"
    case .security(let got): "peer sent \(got), expected 0x00 or 0x10 (ISO 15118-2 table 14)"
    case .transport(let got):
      "peer sent transport protocol 0x\(hexadecimal(got.rawValue)), expected 0x00 (ISO 15118-2 table 14)"
    }
  }
}

@_lifetime(copy datagram)
private func sdpPayload(
  _ datagram: RawSpan, type: V2GTPPayloadType, length: UInt32
) throws(SDPError) -> RawSpan {
  let header: V2GTPHeader
  do { header = try V2GTPHeader(parsing: datagram) } catch { throw .header(error) }
  guard header.payloadType == type else { throw .payloadType(header.payloadType, expected: type) }
  guard header.payloadLength == length else { throw .payloadLength(header.payloadLength, expected: length) }
  let expected = V2GTPHeader.size + Int(length)
  guard datagram.byteCount == expected else {
    throw .datagramLength(datagram.byteCount, expected: expected)
  }
  return datagram.extracting(droppingFirst: V2GTPHeader.size)
}

private func checkReserved(_ security: SDPSecurity, _ transport: SDPTransport) throws(SDPError) {
  guard security == .tls || security == .noTLS else { throw .security(security) }
  guard transport == .tcp else { throw .transport(transport) }
}
