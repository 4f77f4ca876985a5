import CLinux
import Glibc

/// Whole Ethernet frames of one interface, without the frame check sequence (AF_PACKET; needs CAP_NET_RAW).
///
/// What is received is what a wire would carry: where the sender left checksums or segmentation to the hardware
/// (veth pairs do so), they are done here.
public final class PacketSocket {
  /// Which frames a socket gets.
  public enum Filter: Hashable, Sendable {
    /// Incoming frames of one EtherType; 0x88E1 is HomePlug.
    case etherType(UInt16)
    /// Incoming UDP datagrams over IPv6 to one port, sorted out by the kernel.
    case udp6(port: UInt16)
    /// All incoming frames.
    case everything
    /// All frames in both directions, for a capture.
    case capture
  }

  /// Which way a frame went.
  public enum Direction: Hashable, Sendable { case incoming, outgoing }

  public let interface: NetworkInterface
  /// Frames dropped here because their offloads could not be undone.
  public private(set) var undeliverable = 0
  private var overrun = 0

  private let descriptor: FileDescriptor
  private let filter: Filter
  /// Octets before each frame: what the sender left to the hardware. None where one type is asked for, as management
  /// frames know no offloads, and the kernel does less.
  private let header: Int
  private let buffer = ReceiveBuffer(count: VirtioHeader.size + 14 + 65_535)
  private var output: [UInt8]
  private var loop: EventLoop?
  private var registration: EventLoop.Registration?

  /// Opens a socket on `interface`. `promiscuous` also takes frames for other stations' addresses.
  public init(
    _ interface: NetworkInterface, _ filter: Filter, promiscuous: Bool = false
  ) throws(LinuxError) {
    self.interface = interface
    self.filter = filter
    header = if case .etherType = filter { 0 } else { VirtioHeader.size }
    output = [UInt8](repeating: 0, count: header)
    // Protocol 0 receives nothing until bind() names interface and type, so no foreign frame slips in.
    descriptor = try FileDescriptor(
      socket(
        AF_PACKET, Int32(SOCK_RAW.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0),
      "open a packet socket", on: interface.name)
    if header > 0 {
      try check(
        clinux_set_int(descriptor.raw, SOL_PACKET, PACKET_VNET_HDR, 1), "see offloads", on: interface.name)
    }
    if filter != .capture {
      // Older kernels do not have it; receive() looks at the direction anyway.
      _ = clinux_set_int(descriptor.raw, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
    }
    _ = clinux_set_int(descriptor.raw, SOL_SOCKET, SO_RCVBUF, 1 << 20)
    if promiscuous {
      try check(
        clinux_join_promiscuous(descriptor.raw, Int32(interface.index)), "listen promiscuously",
        on: interface.name)
    }
    var etherType = UInt16(ETH_P_ALL)
    switch filter {
    case .etherType(let type): etherType = type
    case .udp6(let port):
      etherType = UInt16(ETH_P_IPV6)
      try check(clinux_filter_udp6(descriptor.raw, port), "filter datagrams", on: interface.name)
    case .everything, .capture: break
    }
    try check(
      clinux_bind_packet(descriptor.raw, Int32(interface.index), etherType), "bind a packet socket",
      on: interface.name)
  }

  deinit { detach() }

  public var fileDescriptor: Int32 { descriptor.raw }

  /// Frames the kernel had no room for, because they came faster than they were read. Asks the kernel.
  public var overruns: Int {
    // struct tpacket_stats: packets, drops. Reading sets both to zero.
    var numbers: (packets: UInt32, drops: UInt32) = (0, 0)
    var length = socklen_t(MemoryLayout.size(ofValue: numbers))
    if getsockopt(descriptor.raw, SOL_PACKET, PACKET_STATISTICS, &numbers, &length) == 0 {
      overrun += Int(numbers.drops)
    }
    return overrun
  }

  /// Sends one whole frame; shorter ones than 60 octets are padded, as a wire would see them.
  public func send(_ frame: RawSpan) throws(LinuxError) {
    output.removeLast(output.count - header)
    frame.withUnsafeBytes { output.append(contentsOf: $0) }
    let padding = header + 60 - output.count
    if padding > 0 { output.append(contentsOf: repeatElement(0, count: padding)) }
    guard Glibc.send(descriptor.raw, output, output.count, Int32(MSG_NOSIGNAL)) >= 0 else {
      throw LinuxError("send a frame", on: interface.name)
    }
  }

  /// Sends one whole frame.
  public func send(_ frame: [UInt8]) throws(LinuxError) { try send(frame.span.bytes) }

  /// Hands the next frame to `body`; a segmentation offload makes several of one. False when none is waiting.
  public func receive(_ body: (RawSpan, Direction) -> Void) throws(LinuxError) -> Bool {
    while true {
      var packetType: Int32 = 0
      let got = clinux_receive_packet(descriptor.raw, buffer.start, buffer.count, &packetType)
      if got < 0 {
        if isTransient(errno) { return false }
        throw LinuxError("receive a frame", on: interface.name)
      }
      let direction: Direction = packetType == Int32(PACKET_OUTGOING) ? .outgoing : .incoming
      guard direction == .incoming || filter == .capture else { continue }
      guard got > header + 14, got <= buffer.count else {
        undeliverable += 1
        continue
      }
      if header == 0 {
        buffer.with(0..<got) { body($0, direction) }
        return true
      }
      let done = undoOffloads(in: buffer, count: got) { frame in body(frame, direction) }
      if !done { undeliverable += 1 }
      return true
    }
  }

  /// Calls `receive` for every frame from now on, and `failed` once if the interface goes away.
  public func attach(
    to loop: EventLoop, receive body: @escaping (RawSpan, Direction) -> Void,
    failed: @escaping (LinuxError) -> Void
  ) throws(LinuxError) {
    detach()
    registration = try loop.add(descriptor.raw, .read) { [weak self] _ in
      guard let self else { return }
      do throws(LinuxError) {
        // A bounded batch, so that one flooded interface does not starve the others.
        for _ in 0..<64 where try self.receive(body) == false { break }
      } catch {
        // "Down" is told once and heals; a removed interface does not.
        if error.code != ENETDOWN { self.detach() }
        failed(error)
      }
    }
    self.loop = loop
  }

  /// Ends the calls.
  public func detach() {
    if let registration { loop?.remove(registration) }
    (loop, registration) = (nil, nil)
  }
}
