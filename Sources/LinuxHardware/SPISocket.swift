import CLinux
import Glibc
public import QCA7000SPI

/// What travels between `SPISocket` and `SPISocketServer`: an SPI bus and an interrupt line over a Unix socket that
/// keeps packets whole (SOCK_SEQPACKET).
///
/// Host to chip: `01`, number of chip selects, length of each (16 bits, little-endian), octets on MOSI.
/// Chip to host: `02` and the octets on MISO, or `03` alone where the interrupt line rose.
enum SPISocketPacket {
  static let exchange: UInt8 = 1
  static let answer: UInt8 = 2
  static let interrupt: UInt8 = 3

  static func encode(_ message: SPIMessage) -> [UInt8] {
    var packet: [UInt8] = [exchange]
    packet.reserveCapacity(3 + 2 * message.selects.count + message.count)
    let word = { (value: Int) in
      packet.append(UInt8(truncatingIfNeeded: value))
      packet.append(UInt8(truncatingIfNeeded: value >> 8))
    }
    word(message.selects.count)
    for count in message.selects { word(count) }
    packet.append(contentsOf: message.octets)
    return packet
  }

  /// Octets and chip selects; `nil` where they do not fit each other.
  static func decode(_ packet: [UInt8]) -> (octets: [UInt8], selects: [Int])? {
    guard packet.count >= 3, packet[0] == exchange else { return nil }
    let count = Int(packet[1]) | Int(packet[2]) << 8
    let start = 3 + 2 * count
    guard packet.count >= start else { return nil }
    let selects = (0..<count).map { Int(packet[3 + 2 * $0]) | Int(packet[4 + 2 * $0]) << 8 }
    guard selects.reduce(0, +) == packet.count - start else { return nil }
    return (Array(packet[start...]), selects)
  }

  /// Octets of the largest packet taken.
  static let packetMax = 64 * 1024

  static func open(_ path: String) throws(LinuxError) -> FileDescriptor {
    try FileDescriptor(
      socket(
        AF_UNIX,
        Int32(SOCK_SEQPACKET.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0),
      "open a Unix socket", on: path)
  }
}

/// The host's end of an SPI bus that a Unix socket carries.
public final class SPISocket {
  /// What came over it.
  public enum Event {
    /// What the chip answered to the last message.
    case answer([UInt8])
    /// The interrupt line rose.
    case interrupt
    /// The other end is gone.
    case closed
  }

  public let path: String
  private let descriptor: FileDescriptor
  private let buffer = ReceiveBuffer(count: SPISocketPacket.packetMax)
  private var loop: EventLoop?
  private var registration: EventLoop.Registration?

  /// Connects to the chip at `path`.
  public init(path: String) throws(LinuxError) {
    self.path = path
    descriptor = try SPISocketPacket.open(path)
    var address = sockaddr_un()
    try check(clinux_unix_address(path, &address), "connect to the socket", on: path)
    try check(clinux_connect_unix(descriptor.raw, &address), "connect to the socket", on: path)
  }

  deinit { detach() }

  /// Puts a message on the bus; its answer is an event.
  public func send(_ message: SPIMessage) throws(LinuxError) {
    let packet = SPISocketPacket.encode(message)
    guard Glibc.send(descriptor.raw, packet, packet.count, Int32(MSG_NOSIGNAL)) == packet.count else {
      throw LinuxError("use the SPI bus", on: path)
    }
  }

  public func attach(to loop: EventLoop, event: @escaping (Event) -> Void) throws(LinuxError) {
    detach()
    registration = try loop.add(descriptor.raw, .read) { [weak self] _ in
      for _ in 0..<64 {
        guard let self, let next = self.next() else { return }
        event(next)
        if case .closed = next { return }
      }
    }
    self.loop = loop
  }

  private func next() -> Event? {
    let got = recv(descriptor.raw, buffer.start, buffer.count, 0)
    if got < 0, isTransient(errno) { return nil }
    guard got > 0 else {
      detach()
      return .closed
    }
    switch buffer[0] {
    case SPISocketPacket.answer: return .answer(buffer.copy(1..<got))
    case SPISocketPacket.interrupt: return .interrupt
    default: return nil
    }
  }

  /// Ends the calls.
  public func detach() {
    if let registration { loop?.remove(registration) }
    (loop, registration) = (nil, nil)
  }
}

/// The chip's end: takes one host at a time; a new one takes the place of the last.
public final class SPISocketServer {
  public let path: String
  /// Packets that were no message.
  public private(set) var malformed = 0
  private let listener: FileDescriptor
  private var host: OwnedDescriptor?
  private let buffer = ReceiveBuffer(count: SPISocketPacket.packetMax)
  private var loop: EventLoop?
  private var registration: EventLoop.Registration?
  private var hostRegistration: EventLoop.Registration?
  private var isBound = false

  /// Creates the socket at `path`, in place of one a dead process left there. The path is removed with the object.
  public init(path: String) throws(LinuxError) {
    self.path = path
    listener = try SPISocketPacket.open(path)
    var status = stat()
    if lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK { unlink(path) }
    try check(clinux_bind_unix(listener.raw, path), "create the socket", on: path)
    isBound = true
    try check(listen(listener.raw, 1), "listen", on: path)
  }

  deinit {
    dropHost()
    if let registration { loop?.remove(registration) }
    if isBound { unlink(path) }
  }

  /// Calls `exchange` with octets and chip selects of each message from now on, and sends back what it gives;
  /// `connected` when a host came or went.
  public func attach(
    to loop: EventLoop, exchange: @escaping ([UInt8], [Int]) -> [UInt8], connected: @escaping (Bool) -> Void
  ) throws(LinuxError) {
    self.loop = loop
    registration = try loop.add(listener.raw, .read) { [weak self] _ in
      guard let self,
        let accepted = try? FileDescriptor(clinux_accept(self.listener.raw), "accept", on: self.path)
      else { return }
      self.dropHost()
      let host = OwnedDescriptor(accepted)
      self.hostRegistration = try? loop.add(host.raw, .read) { [weak self] _ in
        guard let self else { return }
        for _ in 0..<64 where !self.serve(exchange, connected) { return }
      }
      self.host = host
      connected(true)
    }
  }

  /// Tells the host that the interrupt line rose.
  public func interrupt() { reply([SPISocketPacket.interrupt]) }

  /// False when nothing more waits.
  private func serve(_ exchange: ([UInt8], [Int]) -> [UInt8], _ connected: (Bool) -> Void) -> Bool {
    guard let host else { return false }
    let got = recv(host.raw, buffer.start, buffer.count, 0)
    if got < 0, isTransient(errno) { return false }
    guard got > 0 else {
      dropHost()
      connected(false)
      return false
    }
    guard let (octets, selects) = SPISocketPacket.decode(buffer.copy(0..<got)) else {
      malformed += 1
      return true
    }
    reply([SPISocketPacket.answer] + exchange(octets, selects))
    return true
  }

  private func reply(_ packet: [UInt8]) {
    guard let host else { return }
    // A host that does not read has its own trouble; the next interrupt or look shows it the same.
    _ = Glibc.send(host.raw, packet, packet.count, Int32(MSG_NOSIGNAL))
  }

  private func dropHost() {
    if let hostRegistration { loop?.remove(hostRegistration) }
    (host, hostRegistration) = (nil, nil)
  }
}
