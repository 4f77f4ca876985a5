import CLinux
import Glibc

/// Who is at the other end of a Unix socket, as the kernel vouches for it: at the time of connecting.
public struct PeerCredentials: Hashable, Sendable {
  public var processID: Int32
  public var userID: UInt32
  public var groupID: UInt32

  public init(processID: Int32, userID: UInt32, groupID: UInt32) {
    self.processID = processID
    self.userID = userID
    self.groupID = groupID
  }
}

/// One stream connection over a Unix socket, non-blocking, driven by an event loop.
///
/// `close()` ends it from everywhere, and letting go of the object closes it too.
public final class UnixStreamConnection {
  /// Who is told what. All are called from the loop, `closed` once and last, and never from inside a call of the
  /// owner's.
  public struct Handlers {
    /// Octets came; they are valid during the call.
    public var received: (RawSpan) -> Void
    /// All octets are with the kernel, after a `send` that gave false.
    public var sent: () -> Void
    /// The peer sends no more; it may still read.
    public var peerFinished: () -> Void
    /// The connection is gone, with an error unless the peer closed it in order.
    public var closed: (LinuxError?) -> Void

    public init(
      received: @escaping (RawSpan) -> Void, sent: @escaping () -> Void = {},
      peerFinished: @escaping () -> Void = {}, closed: @escaping (LinuxError?) -> Void
    ) {
      self.received = received
      self.sent = sent
      self.peerFinished = peerFinished
      self.closed = closed
    }
  }

  public let path: String
  /// `nil` where the kernel does not tell.
  public let peer: PeerCredentials?
  public private(set) var isClosed = false
  /// Octets not yet handed to the kernel.
  public var pendingOctets: Int { output.count }

  private var descriptor: OwnedDescriptor?
  private let loop: EventLoop
  private var registration: EventLoop.Registration?
  private var handlers: Handlers?
  private let input = ReceiveBuffer(count: 16 * 1024)
  private var output = OutputQueue()
  private var peerHasFinished = false

  /// A connected socket.
  init(_ descriptor: consuming FileDescriptor, path: String, loop: EventLoop) {
    var peer = PeerCredentials(processID: 0, userID: 0, groupID: 0)
    let isKnown =
      clinux_peer_credentials(descriptor.raw, &peer.processID, &peer.userID, &peer.groupID) == 0
    self.peer = isKnown ? peer : nil
    self.descriptor = OwnedDescriptor(descriptor)
    self.path = path
    self.loop = loop
  }

  /// Connects to the server at `path`; on one machine that is done at once or fails at once: ENOENT where there is no
  /// socket, ECONNREFUSED where nobody serves it any more, EACCES where this user may not, EAGAIN where its queue is full.
  public convenience init(connectingTo path: String, loop: EventLoop) throws(LinuxError) {
    let descriptor = try Self.openSocket(path)
    try check(Self.connect(descriptor.raw, path), "connect to the socket", on: path)
    self.init(descriptor, path: path, loop: loop)
  }

  deinit {
    if let registration { loop.remove(registration) }
  }

  static func openSocket(_ path: String) throws(LinuxError) -> FileDescriptor {
    try FileDescriptor(
      socket(
        AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0
      ),
      "open a Unix socket", on: path)
  }

  /// As connect(): 0, or -1 with `errno`.
  static func connect(_ raw: Int32, _ path: String) -> Int32 {
    var address = sockaddr_un()
    guard clinux_unix_address(path, &address) == 0 else { return -1 }
    return clinux_connect_unix(raw, &address)
  }

  /// Begins to call the handlers.
  public func start(_ handlers: Handlers) throws(LinuxError) {
    guard let raw = descriptor?.raw, registration == nil else { return }
    self.handlers = handlers
    registration = try loop.add(raw, .read) { [weak self] readiness in self?.ready(readiness) }
    updateInterest()
  }

  // MARK: the owner's calls

  /// Sends octets. True when the kernel has them all; otherwise `sent` is told once it does. How much may wait is for the
  /// owner to bound: by not sending before that. Nothing is sent once the connection is closed or finished.
  public func send(_ octets: [UInt8]) -> Bool {
    guard !isClosed, !output.wantsFinish else { return false }
    output.append(octets)
    flush()
    updateInterest()
    return output.isEmpty
  }

  /// Sends what waits, then tells the peer that nothing follows. Its octets are still received.
  public func finish() {
    guard !isClosed, !output.wantsFinish else { return }
    output.finish()
    flush()
    updateInterest()
  }

  /// Closes at once; octets that wait are lost, those the kernel has are still delivered. No handler is called any more.
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

  // MARK: the loop's calls

  private func ready(_ readiness: EventLoop.Readiness) {
    guard descriptor != nil else { return }
    if readiness.contains(.write), !output.isEmpty {
      flush()
      if output.isEmpty { handlers?.sent() }
    }
    if !isClosed, !peerHasFinished, !readiness.isDisjoint(with: [.read, .hangUp, .error]) { read() }
    // Both directions are shut, and all that came was read.
    if !isClosed, peerHasFinished, !readiness.isDisjoint(with: [.hangUp, .error]) { return end(nil) }
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
    } else if errno == ECONNRESET {
      // It closed with octets of ours unread: an end like any other here.
      end(nil)
    } else if !isTransient(errno) {
      end(LinuxError("receive from the socket", on: path))
    }
  }

  private func flush() {
    if let raw = descriptor?.raw { output.flush(to: raw) }
  }

  private func updateInterest() {
    guard let registration, !isClosed else { return }
    var interest: EventLoop.Interest = peerHasFinished ? [] : .read
    if !output.isEmpty { interest.insert(.write) }
    loop.update(registration, interest)
  }

  private func end(_ error: LinuxError?) {
    let closed = handlers?.closed
    close()
    closed?(error)
  }
}
