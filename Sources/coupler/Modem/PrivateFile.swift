import Glibc

/// Files that may hold keys: read whole within bounds, written for their owner only, never over an older one unless
/// that is wanted.
enum PrivateFile {
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  static func read(_ path: String, atMost limit: Int) throws(Failure) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure("read", path) }
    defer { close(descriptor) }
    var result: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let got = Glibc.read(descriptor, &buffer, buffer.count)
      if got < 0, errno == EINTR { continue }
      guard got >= 0 else { throw failure("read", path) }
      if got == 0 { return result }
      result += buffer[..<got]
      guard result.count <= limit else {
        throw Failure(description: "\(path) has more than \(limit) octets; is it the right file?")
      }
    }
  }

  /// Writes the whole file beside its place and moves it there, so that nobody finds half of one.
  static func write(_ octets: [UInt8], to path: String, replacing: Bool) throws(Failure) {
    if !replacing, access(path, F_OK) == 0 {
      throw Failure(description: "\(path) exists; name another file, or say --force")
    }
    let temporary = "\(path).\(getpid()).part"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw failure("write", path) }
    var sent = 0
    while sent < octets.count {
      let count = octets.withUnsafeBytes {
        Glibc.write(descriptor, $0.baseAddress.map { $0 + sent }, octets.count - sent)
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { break }
      sent += count
    }
    let isStored = sent == octets.count && fsync(descriptor) == 0
    let reason = failure("write", path)
    close(descriptor)
    guard isStored else {
      unlink(temporary)
      throw reason
    }
    // link() does not replace, rename() does.
    let isMoved = replacing ? rename(temporary, path) == 0 : link(temporary, path) == 0
    let cause = failure("write", path)
    if !replacing || !isMoved { unlink(temporary) }
    guard isMoved else { throw cause }
  }

  /// The error number the last call left, in words.
  private static func failure(_ operation: String, _ path: String) -> Failure {
    Failure(description: "cannot \(operation) \(path): \(String(cString: strerror(errno)))")
  }
}
