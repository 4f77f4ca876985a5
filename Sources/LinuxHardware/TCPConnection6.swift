import CLinux
import Glibc
public import Wire

/// Options of a connection. Messages go to and fro one by one, so Nagle's algorithm would only add delay.
public struct TCPSettings: Hashable, Sendable {
  /// Silence after which the kernel asks the peer for a sign of life, in seconds.
  public var keepAliveIdle: Int32
  /// Seconds between such questions, and how many remain unanswered before the connection is given up.
  public var keepAliveInterval: Int32
  public var keepAliveCount: Int32
  /// Longest time sent octets stay unacknowledged, in milliseconds.
  public var userTimeout: Int32
  /// Most octets kept for a peer that does not read.
  public var outputMax: Int

  public init(
    keepAliveIdle: Int32, keepAliveInterval: Int32, keepAliveCount: Int32, userTimeout: Int32, outputMax: Int
  ) {
    self.keepAliveIdle = keepAliveIdle
    self.keepAliveInterval = keepAliveInterval
    self.keepAliveCount = keepAliveCount
    self.userTimeout = userTimeout
    self.outputMax = outputMax
  }

  /// A dead power line is noticed long before V2G_SECC_Sequence_Timeout (60 s): within 3 s of a message, within
  /// 8 s of silence.
  public static let standard = TCPSettings(
    keepAliveIdle: 5, keepAliveInterval: 1, keepAliveCount: 3, userTimeout: 3000, outputMax: 256 * 1024)
  /// For rigs where a peer is stopped in a debugger.
  public static let relaxed = TCPSettings(
    keepAliveIdle: 60, keepAliveInterval: 10, keepAliveCount: 6, userTimeout: 120_000, outputMax: 256 * 1024)
}

/// One TCP connection over IPv6, non-blocking, driven by an event loop.
///
///     connecting --connected--> open --finish()--> finishing --peer's end--> closed
///                                '---peer's end---> half closed --finish()--> closed
///
/// `close()` and `abort()` lead to closed from everywhere, and letting go of the object closes it too.
public final class TCPConnection6 {
  /// Who is told what. All are called from the loop, `closed` once and last, and never from inside a call of
  /// the owner's.
  public struct Handlers {
    /// The connection stands (also told for an accepted one).
    public var connected: () -> Void
    /// Octets came; they are valid during the call.
    public var received: (RawSpan) -> Void
    /// The peer sends no more; it may still read.
    public var peerFinished: () -> Void
    /// The connection is gone, with an error unless both sides finished.
    public var closed: (LinuxError?) -> Void

    public init(
      connected: @escaping () -> Void = {}, received: @escaping (RawSpan) -> Void,
      peerFinished: @escaping () -> Void, closed: @escaping (LinuxError?) -> Void
    ) {
      self.connected = connected
      self.received = received
      self.peerFinished = peerFinished
      self.closed = closed
    }
  }

  public let peer: V2GEndpoint
  public let interface: NetworkInterface
  public private(set) var isConnected: Bool
  /// No more octets go out or come in.
  public private(set) var isClosed = false
  /// Octets not yet handed to the kernel.
  public var pendingOctets: Int { output.count }

  private var descriptor: OwnedDescriptor?
  private let settings: TCPSettings
  private let loop: EventLoop
  private var registration: EventLoop.Registration?
  private var handlers: Handlers?
  private let input = ReceiveBuffer(count: 16 * 1024)
  private var output = OutputQueue()
  private var peerHasFinished = false

  init(
    _ descriptor: consuming FileDescriptor, _ interface: NetworkInterface, _ peer: V2GEndpoint,
    _ settings: TCPSettings, _ loop: EventLoop, isConnected: Bool
  ) {
    self.descriptor = OwnedDescriptor(descriptor)
    self.interface = interface
    self.peer = peer
    self.settings = settings
    self.loop = loop
    self.isConnected = isConnected
    applySettings()
  }

  /// Begins to connect to `peer` from a port of 49152...65535; `start(_:)` makes the outcome known. `address` is
  /// the source address, by default the kernel's choice.
  public convenience init(
    connectingTo peer: V2GEndpoint, on interface: NetworkInterface, from address: IPv6Address? = nil,
    settings: TCPSettings = .standard, loop: EventLoop
  ) throws(LinuxError) {
    let descriptor = try Self.openSocket(interface)
    try bindToDynamicPort(descriptor.raw, address ?? .unspecified, interface)
    var target = peer
    if target.scope == 0 { target.scope = interface.index }
    let result = clinux_connect6(descriptor.raw, target.socketAddress)
    guard result == 0 || errno == EINPROGRESS else {
      throw LinuxError("connect to \(target)", on: interface.name)
    }
    self.init(descriptor, interface, target, settings, loop, isConnected: false)
  }

  deinit {
    if let registration { loop.remove(registration) }
  }

  static func openSocket(_ interface: NetworkInterface) throws(LinuxError) -> FileDescriptor {
    let descriptor = try FileDescriptor(
      socket(
        AF_INET6, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue),
        0),
      "open a TCP socket", on: interface.name)
    _ = clinux_set_int(descriptor.raw, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 1)
    return descriptor
  }

  /// Failing to set one of these costs speed or comfort, never correctness.
  private func applySettings() {
    guard let raw = descriptor?.raw else { return }
    let tcp = Int32(IPPROTO_TCP)
    _ = clinux_set_int(raw, tcp, TCP_NODELAY, 1)
    _ = clinux_set_int(raw, SOL_SOCKET, SO_KEEPALIVE, 1)
    _ = clinux_set_int(raw, tcp, TCP_KEEPIDLE, settings.keepAliveIdle)
    _ = clinux_set_int(raw, tcp, TCP_KEEPINTVL, settings.keepAliveInterval)
    _ = clinux_set_int(raw, tcp, TCP_KEEPCNT, settings.keepAliveCount)
    _ = clinux_set_int(raw, tcp, TCP_USER_TIMEOUT, settings.userTimeout)
  }

  /// Begins to call the handlers.
  public func start(_ handlers: Handlers) throws(LinuxError) {
    guard let raw = descriptor?.raw, registration == nil else { return }
    self.handlers = handlers
    wasToldConnected = false
    // Writable at once for an accepted connection, after the handshake for one being made.
    registration = try loop.add(raw, [.read, .write]) { [weak self] readiness in self?.ready(readiness) }
  }

  private var wasToldConnected = false

  // MARK: the owner's calls

  /// Sends octets, or keeps what the kernel does not take at once. False when the connection cannot take them:
  /// closed, finished, or more than `outputMax` would be waiting; then none of them are sent.
  @discardableResult
  public func send(_ octets: RawSpan) -> Bool {
    guard !isClosed, !output.wantsFinish, pendingOctets + octets.byteCount <= settings.outputMax else {
      return false
    }
    output.append(octets)
    if isConnected { flush() }
    updateInterest()
    return true
  }

  /// Sends octets.
  @discardableResult
  public func send(_ octets: [UInt8]) -> Bool { send(octets.span.bytes) }

  /// Sends what is pending, then tells the peer that nothing follows. Its octets are still received.
  public func finish() {
    guard !isClosed, !output.wantsFinish else { return }
    output.finish()
    if isConnected { flush() }
    updateInterest()
  }

  /// Closes at once; pending octets are lost, those the kernel has are still sent. No handler is called any more.
  public func close() {
    // What the handlers own may call this object when it goes; they must go last.
    let owned = handlers
    if let registration { loop.remove(registration) }
    registration = nil
    descriptor = nil
    handlers = nil
    isClosed = true
    withExtendedLifetime(owned) {}
  }

  /// Closes with a reset, so that the peer sees an error instead of an end.
  public func abort() {
    if let descriptor { _ = clinux_linger_zero(descriptor.raw) }
    close()
  }

  // MARK: the loop's calls

  private func ready(_ readiness: EventLoop.Readiness) {
    guard let raw = descriptor?.raw else { return }
    if !wasToldConnected {
      let code = clinux_take_error(raw)
      guard code == 0 else {
        return end(
          LinuxError(
            isConnected ? "keep the connection to \(peer)" : "connect to \(peer)",
            on: interface.name, code: code))
      }
      guard readiness.contains(.write) else { return }
      wasToldConnected = true
      isConnected = true
      handlers?.connected()
    }
    if readiness.contains(.write) { flush() }
    if !peerHasFinished, !isClosed, !readiness.isDisjoint(with: [.read, .hangUp, .error]) { read() }
    if !isClosed, output.hasFinished, peerHasFinished { return end(nil) }
    if !isClosed, peerHasFinished, readiness.contains(.hangUp) {
      return end(LinuxError("keep the connection to \(peer)", on: interface.name, code: ECONNRESET))
    }
    updateInterest()
  }

  private func read() {
    guard let raw = descriptor?.raw else { return }
    let got = recv(raw, input.start, input.count, 0)
    if got > 0 {
      if let received = handlers?.received { input.with(0..<got, received) }
    } else if got == 0 {
      peerHasFinished = true
      handlers?.peerFinished()
    } else if !isTransient(errno) {
      end(LinuxError("receive from \(peer)", on: interface.name))
    }
  }

  private func flush() {
    if let raw = descriptor?.raw { output.flush(to: raw) }
  }

  private func updateInterest() {
    guard let registration, !isClosed else { return }
    var interest: EventLoop.Interest = peerHasFinished ? [] : .read
    // The last look of a connection both sides have finished.
    let mustLook = output.hasFinished && peerHasFinished
    if !wasToldConnected || !output.isEmpty || mustLook { interest.insert(.write) }
    loop.update(registration, interest)
  }

  private func end(_ error: LinuxError?) {
    let closed = handlers?.closed
    close()
    closed?(error)
  }
}
