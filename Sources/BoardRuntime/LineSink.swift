import Glibc

/// A descriptor that lines are written to, and that is never waited for: a stopped terminal, a full pipe or a service
/// manager that hangs must not keep the station from opening a contactor. What nobody takes is left out and counted.
final class LineSink {
  /// What a pipe takes as one (PIPE_BUF), with the line's end.
  static let octetsMax = 4096

  private enum Way {
    /// A file never makes anybody wait; a socket can be told not to.
    case file, socket
    /// Opened once more without blocking: the mode of the descriptor itself is shared with whoever gave it.
    case own(Int32)
    /// What could not be opened again is asked each time.
    case asked
  }

  private let descriptor: Int32
  private let way: Way
  /// Lines that were left out since the last one that was not.
  private(set) var leftOut = 0

  init(_ descriptor: Int32) {
    self.descriptor = descriptor
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      way = .asked
      return
    }
    switch status.st_mode & S_IFMT {
    case S_IFREG: way = .file
    case S_IFSOCK: way = .socket
    default:
      let own = open("/proc/self/fd/\(descriptor)", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
      way = own >= 0 ? .own(own) : .asked
    }
  }

  deinit { if case .own(let own) = way { close(own) } }

  /// Writes a line with what was left out before it; true where it was taken whole.
  @discardableResult
  func write(_ line: String) -> Bool {
    var text = line
    if leftOut > 0 { text = "(\(leftOut) lines could not be written)\n" + text }
    var octets = Array(text.utf8)
    if octets.count >= Self.octetsMax {
      octets.removeSubrange((Self.octetsMax - 5)...)
      octets += Array("...\n".utf8)
    }
    // One call, so that lines of several processes do not mix.
    let written =
      switch way {
      case .file: Glibc.write(descriptor, octets, octets.count)
      case .socket: send(descriptor, octets, octets.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
      case .own(let own): Glibc.write(own, octets, octets.count)
      case .asked: isReady ? Glibc.write(descriptor, octets, octets.count) : -1
      }
    let isTaken = written == octets.count
    leftOut = isTaken ? 0 : leftOut + 1
    return isTaken
  }

  private var isReady: Bool {
    var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    return poll(&entry, 1, 0) == 1 && entry.revents & Int16(POLLOUT) != 0
  }
}
