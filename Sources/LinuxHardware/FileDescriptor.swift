import Glibc

/// Owns an open descriptor and closes it when it goes.
struct FileDescriptor: ~Copyable {
  let raw: Int32

  /// Takes what a system call returned; a negative number is its failure.
  init(_ raw: Int32, _ operation: String, on subject: String = "") throws(LinuxError) {
    guard raw >= 0 else { throw LinuxError(operation, on: subject) }
    self.raw = raw
  }

  deinit { _ = Glibc.close(raw) }
}

/// Throws for a call that returned -1.
func check(_ result: Int32, _ operation: String, on subject: String = "") throws(LinuxError) {
  guard result != -1 else { throw LinuxError(operation, on: subject) }
}

/// True for the errors of a non-blocking call that only mean "later".
func isTransient(_ code: Int32) -> Bool { code == EAGAIN || code == EWOULDBLOCK || code == EINTR }

/// The process or the system has no descriptor, or no memory for one, now: a later try may succeed.
func isShortOfDescriptors(_ code: Int32) -> Bool {
  code == EMFILE || code == ENFILE || code == ENOMEM || code == ENOBUFS
}
