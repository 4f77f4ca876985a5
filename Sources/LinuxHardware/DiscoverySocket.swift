public import Wire

/// A UDP socket for SECC discovery that also knows which station a datagram came from.
///
/// UDP alone does not tell, and on a shared power line a charger must not answer its neighbour's vehicle, nor a
/// vehicle believe its neighbour's charger. So datagrams are taken from a packet socket, where the Ethernet header
/// is still on them; the UDP socket holds the port and sends. Without the right to open packet sockets
/// (CAP_NET_RAW) datagrams come from the UDP socket and their station stays unknown.
public final class DiscoverySocket {
  /// Can the station be told?
  public var knowsStations: Bool { packets != nil }
  public var interface: NetworkInterface { datagrams.interface }
  /// Address and port the socket is bound to.
  public var endpoint: V2GEndpoint { datagrams.endpoint }

  private let datagrams: UDPSocket6
  private let packets: PacketSocket?

  /// The SECC's side: hears requests to `port`.
  public convenience init(
    serverOn interface: NetworkInterface, port: UInt16 = V2GEndpoint.sdpPort
  ) throws(LinuxError) {
    try self.init(UDPSocket6(serverOn: interface, port: port))
  }

  /// The EVCC's side: hears answers to its own port of 49152...65535.
  public convenience init(clientOn interface: NetworkInterface) throws(LinuxError) {
    try self.init(UDPSocket6(clientOn: interface))
  }

  private init(_ datagrams: UDPSocket6) throws(LinuxError) {
    self.datagrams = datagrams
    packets = try? PacketSocket(datagrams.interface, .udp6(port: datagrams.endpoint.port))
    if packets != nil { try datagrams.deafen() }
  }

  /// Sends one datagram. A destination without a scope gets the interface's.
  public func send(_ datagram: [UInt8], to destination: V2GEndpoint) throws(LinuxError) {
    try datagrams.send(datagram, to: destination)
  }

  /// Calls `receive` with every datagram, its source and, where it is known, the source's MAC address.
  public func attach(
    to loop: EventLoop, receive: @escaping (RawSpan, V2GEndpoint, MACAddress?) -> Void
  ) throws(LinuxError) {
    guard let packets else {
      return try datagrams.attach(to: loop) { datagram, source in receive(datagram, source, nil) }
    }
    let scope = interface.index
    try packets.attach(
      to: loop,
      receive: { frame, _ in
        guard let header = DatagramHeader(parsing: frame) else { return }
        let source = V2GEndpoint(header.source, port: header.sourcePort, scope: scope)
        // The loopback interface has no stations.
        let station = header.station == .zero ? nil : header.station
        receive(frame.extracting(header.payload), source, station)
      },
      // The link-local monitor tells when the interface goes; nothing is lost by not telling it twice.
      failed: { _ in })
  }

  /// Ends the calls.
  public func detach() {
    packets?.detach()
    datagrams.detach()
  }
}

/// What stands before the payload of a UDP datagram over IPv6 in an Ethernet frame.
struct DatagramHeader: Equatable {
  let station: MACAddress
  let source: IPv6Address
  let sourcePort: UInt16
  let destinationPort: UInt16
  /// Where the payload stands in the frame.
  let payload: Range<Int>

  /// `nil` unless lengths and checksum are right, as the kernel would have it before a UDP socket gets it.
  init?(parsing frame: RawSpan) {
    var reader = ByteReader(frame)
    reader.skip(6)
    station = reader.macAddress()
    guard reader.uint16BigEndian() == 0x86DD, reader.uint8() >> 4 == 6 else { return nil }
    reader.skip(3)
    let length = Int(reader.uint16BigEndian())
    guard reader.uint8() == 17 else { return nil }
    reader.skip(1)
    source = IPv6Address(high: reader.uint64BigEndian(), low: reader.uint64BigEndian())
    reader.skip(16)
    sourcePort = reader.uint16BigEndian()
    destinationPort = reader.uint16BigEndian()
    let udpLength = Int(reader.uint16BigEndian())
    let checksum = reader.uint16BigEndian()
    // Short frames are padded, so the lengths may leave octets over, but never ask for more.
    guard !reader.failed, udpLength >= 8, udpLength <= length, Self.start + length <= frame.byteCount,
      checksum != 0, Self.isSumRight(frame, udpLength: udpLength)
    else { return nil }
    payload = Self.start + 8..<Self.start + udpLength
  }

  /// Octets of the Ethernet and IPv6 headers.
  private static let start = 54

  /// RFC 8200 section 8.1: pseudo header and datagram add up to 0xffff.
  private static func isSumRight(_ frame: RawSpan, udpLength: Int) -> Bool {
    var sum = 17 + udpLength
    // Both addresses stand right before the datagram.
    for index in start - 32..<start + udpLength {
      let octet = Int(frame.unsafeLoad(fromByteOffset: index, as: UInt8.self))
      sum += index % 2 == 0 ? octet << 8 : octet
    }
    while sum > 0xFFFF { sum = (sum & 0xFFFF) + (sum >> 16) }
    return sum == 0xFFFF
  }
}
