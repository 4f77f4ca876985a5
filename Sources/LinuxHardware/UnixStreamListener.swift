import CLinux
import Glibc
import Wire

/// A server's Unix socket. Who may connect is decided by the permissions of its file.
public final class UnixStreamListener {
  /// Connections that wait to be accepted; the next ones are refused with EAGAIN.
  public static let backlog: Int32 = 16
  /// After the process ran out of descriptors nothing is accepted for so long, or the loop would turn for nothing.
  static let pause: Duration = .seconds(1)

  public let path: String
  private let descriptor: FileDescriptor
  /// The file this object made, to remove no other one at the end.
  private var made: (device: dev_t, file: ino_t)?
  private var loop: EventLoop?
  private var registration: EventLoop.Registration?
  private var resume: LoopTimer?

  /// Creates the socket at `path` with permissions `mode`, in place of one that a dead process left there. A socket that
  /// somebody serves, and a file that is no socket, are left alone. The file is removed with the object.
  public init(path: String, mode: UInt32) throws(LinuxError) {
    self.path = path
    descriptor = try UnixStreamConnection.openSocket(path)
    try Self.bind(descriptor.raw, path)
    var status = stat()
    if lstat(path, &status) == 0 { made = (status.st_dev, status.st_ino) }
    // Nobody gets in before listen(), so that the file never admits more than it shall.
    try check(chmod(path, mode_t(mode & 0o777)), "set the permissions of the socket", on: path)
    try check(listen(descriptor.raw, Self.backlog), "listen", on: path)
  }

  deinit {
    detach()
    var status = stat()
    // Also called where the initialiser throws: what stands at the path is then somebody else's.
    if let made, lstat(path, &status) == 0, status.st_dev == made.device, status.st_ino == made.file {
      unlink(path)
    }
  }

  private static func bind(_ raw: Int32, _ path: String) throws(LinuxError) {
    if clinux_bind_unix(raw, path) == 0 { return }
    guard errno == EADDRINUSE else { throw bindError(path) }
    var status = stat()
    guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else {
      throw LinuxError(
        "create the socket", on: path, code: EEXIST,
        advice: "something that is no socket has this name; move it away, or choose another path")
    }
    guard isLeftBehind(path) else {
      throw LinuxError(
        "create the socket", on: path, code: EADDRINUSE,
        advice: "another process serves it: is the daemon already running? ss -xlp shows which")
    }
    unlink(path)
    guard clinux_bind_unix(raw, path) == 0 else { throw bindError(path) }
  }

  private static func bindError(_ path: String) -> LinuxError {
    let code = errno
    let advice: String? =
      switch code {
      case ENOENT: "its folder does not exist; make it, or choose another path"
      case EACCES, EPERM, EROFS:
        "this user may not write to its folder; give it the right, or choose another path"
      case ENAMETOOLONG: "a socket's path has at most 107 octets"
      default: nil
      }
    return LinuxError("create the socket", on: path, code: code, advice: advice)
  }

  /// A socket that refuses a connection has no process behind it. In doubt it counts as served.
  private static func isLeftBehind(_ path: String) -> Bool {
    guard let probe = try? UnixStreamConnection.openSocket(path) else { return false }
    return UnixStreamConnection.connect(probe.raw, path) != 0 && errno == ECONNREFUSED
  }

  /// Hands each new connection to `accept`, which starts it or lets it go; letting go closes it.
  public func attach(
    to loop: EventLoop, accept: @escaping (UnixStreamConnection) -> Void
  ) throws(LinuxError) {
    detach()
    registration = try loop.add(descriptor.raw, .read) { [weak self] _ in
      guard let self, let connection = self.accept(on: loop) else { return }
      accept(connection)
    }
    resume = loop.addTimer { [weak self, unowned loop] in
      guard let registration = self?.registration else { return }
      loop.update(registration, .read)
    }
    self.loop = loop
  }

  /// Ends the calls; connections made go on.
  public func detach() {
    if let registration { loop?.remove(registration) }
    if let resume { loop?.removeTimer(resume) }
    (loop, registration, resume) = (nil, nil, nil)
  }

  /// The next connection waiting, or `nil`. A connection that died in the queue counts as none.
  private func accept(on loop: EventLoop) -> UnixStreamConnection? {
    let raw = clinux_accept(descriptor.raw)
    if raw < 0, isShortOfDescriptors(errno), let registration {
      loop.update(registration, [])
      resume?.deadline = loop.now + Self.pause
    }
    guard let accepted = try? FileDescriptor(raw, "accept", on: path) else { return nil }
    return UnixStreamConnection(accepted, path: path, loop: loop)
  }
}
