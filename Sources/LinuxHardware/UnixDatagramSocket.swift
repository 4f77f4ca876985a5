import CLinux
import Glibc

/// Datagrams between processes of this host, by path: carries a simulated pilot wire.
public final class UnixDatagramSocket {
  public let path: String
  private let descriptor: FileDescriptor
  private var isBound = false
  private let buffer = ReceiveBuffer(count: 64 * 1024)
  private var loop: EventLoop?
  private var registration: EventLoop.Registration?

  /// Creates the socket at `path`, in place of one a dead process left there. The path is removed with the object.
  public init(path: String) throws(LinuxError) {
    self.path = path
    descriptor = try FileDescriptor(
      socket(
        AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0),
      "open a Unix socket", on: path)
    var status = stat()
    if lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK { unlink(path) }
    try check(clinux_bind_unix(descriptor.raw, path), "create the socket", on: path)
    isBound = true
  }

  deinit {
    detach()
    // Also called where the initialiser throws: what stands at the path is then somebody else's.
    if isBound { unlink(path) }
  }

  public var fileDescriptor: Int32 { descriptor.raw }

  /// Sends to the socket at `peer`. False when nobody is there or its queue is full: a wire does not wait.
  @discardableResult
  public func send(_ octets: RawSpan, to peer: String) throws(LinuxError) -> Bool {
    let sent = octets.withUnsafeBytes { clinux_send_unix(descriptor.raw, $0.baseAddress, $0.count, peer) }
    if sent >= 0 { return true }
    switch errno {
    case ENOENT, ECONNREFUSED, EAGAIN, ENOBUFS, EINTR: return false
    default: throw LinuxError("send a datagram", on: peer)
    }
  }

  /// Sends to the socket at `peer`.
  @discardableResult
  public func send(_ octets: [UInt8], to peer: String) throws(LinuxError) -> Bool {
    try send(octets.span.bytes, to: peer)
  }

  /// Hands the next datagram to `body`; false when none is waiting.
  public func receive(_ body: (RawSpan) -> Void) throws(LinuxError) -> Bool {
    let got = recv(descriptor.raw, buffer.start, buffer.count, 0)
    if got < 0 {
      if isTransient(errno) { return false }
      throw LinuxError("receive a datagram", on: path)
    }
    buffer.with(0..<got, body)
    return true
  }

  /// Calls `receive` for every datagram from now on.
  public func attach(to loop: EventLoop, receive body: @escaping (RawSpan) -> Void) throws(LinuxError) {
    detach()
    registration = try loop.add(descriptor.raw, .read) { [weak self] _ in
      for _ in 0..<64 {
        guard let self, (try? self.receive(body)) ?? false else { break }
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
