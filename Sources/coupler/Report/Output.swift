import Glibc

/// A line on standard output, written at once: a rig reads along through a pipe.
func say(_ text: String) { writeLine(text, to: STDOUT_FILENO) }

/// Whole lines on standard output, written at once.
func sayLines(_ lines: String) { writeLine(lines, terminator: "", to: STDOUT_FILENO) }

/// A line on standard error.
func complain(_ text: String, terminator: String = "\n") {
  writeLine(text, terminator: terminator, to: STDERR_FILENO)
}

private func writeLine(_ text: String, terminator: String = "\n", to descriptor: Int32) {
  let octets = Array((text + terminator).utf8)
  var sent = 0
  while sent < octets.count {
    let count = octets.withUnsafeBytes {
      write(descriptor, $0.baseAddress.map { $0 + sent }, octets.count - sent)
    }
    // Nobody reads any more; the session goes on.
    guard count > 0 || errno == EINTR else { return }
    sent += max(count, 0)
  }
}
