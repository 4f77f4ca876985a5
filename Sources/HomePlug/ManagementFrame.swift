public import Wire

// HomePlug AV header, ISO 15118-3 Annex A / HomePlug Green PHY 11.1:
//
//   0  ODA(6)  OSA(6)  88 E1  MMV(1)  MMTYPE(2, little-endian)  [FMI(1) FMSN(1) where MMV >= 1]  payload
//
// The sender pads with zeros to 60 octets; a receiver takes lengths from the fields, never from the frame.

/// An Ethernet frame with one management message.
public struct ManagementFrame: Hashable, Sendable {
  /// 0x88E1.
  public static let etherType: UInt16 = 0x88E1
  /// Where a modem on the local port listens, whatever its own address.
  public static let localModem = MACAddress(0x00, 0xB0, 0x52, 0x00, 0x00, 0x01)
  /// The shortest frame a sender makes, without the frame check sequence.
  public static let octetsMin = 60

  /// ODA.
  public var destination: MACAddress
  /// OSA: the sending host's own interface, or a modem.
  public var source: MACAddress
  /// MMV.
  public var version: UInt8
  public var message: ManagementMessage

  /// A frame in the header form the message is usually sent in, or in `version`.
  public init(
    destination: MACAddress, source: MACAddress, message: ManagementMessage, version: UInt8? = nil
  ) {
    self.destination = destination
    self.source = source
    self.message = message
    self.version = version ?? message.defaultVersion
  }

  /// Reads a whole frame, starting at the destination address. Trailing octets are padding.
  public init(parsing bytes: RawSpan) throws(HomePlugError) {
    guard bytes.byteCount >= 17 else { throw .frameTooShort(octets: bytes.byteCount) }
    var reader = ByteReader(bytes)
    destination = reader.macAddress()
    source = reader.macAddress()
    let etherType = reader.uint16BigEndian()
    guard etherType == Self.etherType else { throw .notHomePlug(etherType: etherType) }
    version = reader.uint8()
    guard version <= 2 else { throw .unknownVersion(version) }
    let type = ManagementType(reader.uint16LittleEndian())
    let fragmentation = version == 0 ? 0 : reader.uint16BigEndian()
    if reader.failed { throw .truncated(type: type.rawValue, octets: bytes.byteCount) }

    if let known = try ManagementMessage(type: type, version: version, from: &reader) {
      // High nibble of FMI: fragment index; low nibble: number of fragments after the first.
      guard fragmentation >> 8 == 0 else { throw .fragmented(type: type.rawValue) }
      if reader.failed { throw .truncated(type: type.rawValue, octets: bytes.byteCount) }
      message = known
    } else {
      message = .unknown(
        UnknownMessage(type: type, fragmentation: fragmentation, payload: reader.octets(reader.remaining)))
    }
  }

  /// Appends the frame, zero-padded to at least 60 octets.
  public func encode(into output: inout OutputBuffer) {
    let start = output.count
    output.append(destination)
    output.append(source)
    output.append(bigEndian: UInt64(Self.etherType), octets: 2)
    output.append(version)
    output.append(littleEndian: message.type.rawValue)
    if version > 0 {
      var fragmentation: UInt16 = 0
      if case .unknown(let unknown) = message { fragmentation = unknown.fragmentation }
      output.append(bigEndian: UInt64(fragmentation), octets: 2)
    }
    message.write(to: &output, version: version)
    output.append(zeros: Self.octetsMin - (output.count - start))
  }

  /// The frame as octets, for tests and hosts; drivers reuse a buffer with `encode(into:)`.
  public var octets: [UInt8] {
    var output = OutputBuffer(reserving: 160)
    encode(into: &output)
    return output.octets
  }
}
