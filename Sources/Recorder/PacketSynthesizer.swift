public import Wire

/// A station as Ethernet frames show it.
public struct NetworkStation: Hashable, Sendable {
  public var macAddress: MACAddress
  public var endpoint: V2GEndpoint

  public init(_ macAddress: MACAddress, _ endpoint: V2GEndpoint) {
    self.macAddress = macAddress
    self.endpoint = endpoint
  }
}

/// Makes the Ethernet frames that payloads would have travelled in, for recordings of sessions that had no
/// sockets. Lengths and checksums are right, so that Wireshark follows them like real ones.
public enum PacketSynthesizer {
  /// The group address that frames to an IPv6 multicast address go to (RFC 2464 section 7).
  public static func macAddress(forMulticast address: IPv6Address) -> MACAddress {
    MACAddress(0x3333_0000_0000 | (address.low & 0xFFFF_FFFF))
  }

  /// A UDP datagram in one frame, of at most 65527 octets; longer ones give no frame. The destination's MAC
  /// address is replaced where its IPv6 address is multicast.
  public static func udp(
    _ payload: [UInt8], from source: NetworkStation, to destination: NetworkStation
  ) -> [UInt8] {
    guard payload.count <= 65_527 else { return [] }
    let length = UInt16(8 + payload.count)
    var segment: [UInt8] = []
    segment.append16(source.endpoint.port)
    segment.append16(destination.endpoint.port)
    segment.append16(length)
    segment.append16(0)
    segment += payload
    return frame(segment, nextHeader: 17, checksumAt: 6, from: source, to: destination)
  }

  /// Wraps an upper-layer packet into IPv6 and Ethernet and fills in its checksum (RFC 8200 section 8.1).
  static func frame(
    _ packet: [UInt8], nextHeader: UInt8, checksumAt: Int, from source: NetworkStation,
    to destination: NetworkStation
  ) -> [UInt8] {
    let isMulticast = destination.endpoint.address.isMulticast
    let target = isMulticast ? macAddress(forMulticast: destination.endpoint.address) : destination.macAddress
    var frame = target.octets + source.macAddress.octets
    frame.append16(0x86DD)
    frame += [0x60, 0, 0, 0]
    frame.append16(UInt16(clamping: packet.count))
    // SDP's multicast never leaves the link; link-local unicast has the kernel's usual limit.
    frame += [nextHeader, isMulticast ? 1 : 64]
    let addresses = source.endpoint.address.octets + destination.endpoint.address.octets
    frame += addresses
    var sum = checksum(of: packet, from: checksum(of: addresses) + UInt32(packet.count) + UInt32(nextHeader))
    while sum > 0xFFFF { sum = (sum & 0xFFFF) + (sum >> 16) }
    // UDP keeps 0 for "no checksum"; for TCP both forms of zero are the same.
    let value = sum == 0xFFFF ? 0xFFFF : UInt16(~sum & 0xFFFF)
    let start = frame.count
    frame += packet
    frame[start + checksumAt] = UInt8(value >> 8)
    frame[start + checksumAt + 1] = UInt8(value & 0xFF)
    return frame
  }

  /// The sum of RFC 1071, neither folded to the end nor inverted.
  private static func checksum(of octets: [UInt8], from start: UInt32 = 0) -> UInt32 {
    var sum = start
    for (index, octet) in octets.enumerated() {
      sum += index % 2 == 0 ? UInt32(octet) << 8 : UInt32(octet)
      if sum > 0xFFFF_0000 { sum = (sum & 0xFFFF) + (sum >> 16) }
    }
    return sum
  }
}

/// A TCP conversation that happened as messages only: handshake, segments, acknowledgements and end, as frames.
public struct TCPConversation: Sendable {
  public enum Side: Hashable, Sendable {
    /// The EVCC, which opens the connection.
    case client
    /// The SECC.
    case server
  }

  /// A frame and who sent it.
  public struct Frame: Hashable, Sendable {
    public let sender: Side
    public let octets: [UInt8]
  }

  private struct End: Sendable {
    let station: NetworkStation
    var sequence: UInt32
    var hasFinished = false
  }

  private enum Flag {
    static let fin: UInt8 = 0x01
    static let syn: UInt8 = 0x02
    static let rst: UInt8 = 0x04
    static let psh: UInt8 = 0x08
    static let ack: UInt8 = 0x10
  }

  private var client: End
  private var server: End
  private let segmentMax: Int
  private var isOpen = false

  /// A conversation between two stations. `segmentMax` is the MSS: 1440 octets fill an Ethernet frame. The
  /// initial sequence numbers are fixed, so that equal runs give equal recordings.
  public init(client: NetworkStation, server: NetworkStation, segmentMax: Int = 1440) {
    self.client = End(station: client, sequence: 0x1000_0000)
    self.server = End(station: server, sequence: 0x2000_0000)
    self.segmentMax = max(segmentMax, 1)
  }

  /// SYN, SYN-ACK, ACK. Nothing when it is open already.
  public mutating func open() -> [Frame] {
    guard !isOpen else { return [] }
    isOpen = true
    client.hasFinished = false
    server.hasFinished = false
    let size = UInt16(clamping: segmentMax)
    let options = [2, 4, UInt8(size >> 8), UInt8(size & 0xFF)]
    var frames = [segment(.client, Flag.syn, options: options)]
    client.sequence &+= 1
    frames.append(segment(.server, Flag.syn | Flag.ack, options: options))
    server.sequence &+= 1
    frames.append(segment(.client, Flag.ack))
    return frames
  }

  /// The segments of one write, and the acknowledgement. Opens the conversation if nobody did; nothing from a
  /// side that has finished.
  public mutating func send(_ octets: [UInt8], from sender: Side) -> [Frame] {
    guard !end(sender).hasFinished, !octets.isEmpty else { return [] }
    var frames = open()
    var rest = octets[...]
    while !rest.isEmpty {
      let part = Array(rest.prefix(segmentMax))
      rest = rest.dropFirst(part.count)
      frames.append(segment(sender, rest.isEmpty ? Flag.psh | Flag.ack : Flag.ack, payload: part))
      advance(sender, by: UInt32(part.count))
    }
    frames.append(segment(other(sender), Flag.ack))
    return frames
  }

  /// FIN of one side and its acknowledgement. Nothing when it is not open or that side has finished.
  public mutating func finish(from sender: Side) -> [Frame] {
    guard isOpen, !end(sender).hasFinished else { return [] }
    var frames = [segment(sender, Flag.fin | Flag.ack)]
    advance(sender, by: 1)
    if sender == .client { client.hasFinished = true } else { server.hasFinished = true }
    frames.append(segment(other(sender), Flag.ack))
    if client.hasFinished, server.hasFinished { isOpen = false }
    return frames
  }

  /// RST, the end of a connection that was given up.
  public mutating func reset(from sender: Side) -> [Frame] {
    guard isOpen else { return [] }
    isOpen = false
    return [segment(sender, Flag.rst | Flag.ack)]
  }

  private func other(_ side: Side) -> Side { side == .client ? .server : .client }
  private func end(_ side: Side) -> End { side == .client ? client : server }

  private mutating func advance(_ side: Side, by count: UInt32) {
    if side == .client { client.sequence &+= count } else { server.sequence &+= count }
  }

  private func segment(
    _ sender: Side, _ flags: UInt8, options: [UInt8] = [], payload: [UInt8] = []
  ) -> Frame {
    let (from, to) = (end(sender), end(other(sender)))
    var packet: [UInt8] = []
    packet.append16(from.station.endpoint.port)
    packet.append16(to.station.endpoint.port)
    packet.append32(from.sequence)
    packet.append32(flags & Flag.ack == 0 ? 0 : to.sequence)
    packet += [UInt8((20 + options.count) / 4) << 4, flags]
    packet.append16(64_240)
    packet.append32(0)
    packet += options + payload
    let octets = PacketSynthesizer.frame(
      packet, nextHeader: 6, checksumAt: 16, from: from.station, to: to.station)
    return Frame(sender: sender, octets: octets)
  }
}

extension [UInt8] {
  fileprivate mutating func append16(_ value: UInt16) { self += [UInt8(value >> 8), UInt8(value & 0xFF)] }

  fileprivate mutating func append32(_ value: UInt32) {
    append16(UInt16(value >> 16))
    append16(UInt16(value & 0xFFFF))
  }
}
