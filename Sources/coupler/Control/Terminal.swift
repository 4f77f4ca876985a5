import Glibc

/// The terminal a command prints on, if it is one.
enum Terminal {
  static var isThere: Bool { isatty(STDOUT_FILENO) == 1 }

  /// NO_COLOR (no-color.org) and terminals that are none are respected.
  static var isColoured: Bool {
    guard isThere, getenv("NO_COLOR") == nil else { return false }
    guard let name = getenv("TERM") else { return false }
    return String(cString: name) != "dumb"
  }

  /// Columns and lines; 80 by 24 where nobody knows.
  static var size: (columns: Int, lines: Int) {
    var size = winsize()
    guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
      return (80, 24)
    }
    return (Int(size.ws_col), Int(size.ws_row))
  }

  /// Columns to print in; a pipe has room.
  static func width() -> Int { isThere ? size.columns : 120 }

  // Screen of its own, so that what stood there before comes back; cursor hidden.
  static let enter = "\u{1B}[?1049h\u{1B}[?25l"
  static let leave = "\u{1B}[?25h\u{1B}[?1049l"

  /// A frame over the last one: each line is cleared behind its text, the rest of the screen below. Nothing flickers, as
  /// nothing is cleared before it is written.
  static func frame(_ lines: [String], height: Int) -> String {
    let shown = lines.prefix(max(height, 1))
    return "\u{1B}[H" + shown.map { $0 + "\u{1B}[K" }.joined(separator: "\r\n") + "\u{1B}[J"
  }
}
