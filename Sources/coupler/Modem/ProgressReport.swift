import Glibc
import PLCModem

/// How far a transfer is: one line that changes on a terminal, lines elsewhere, objects for scripts.
final class ProgressReport {
  private let json: Bool
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private var last: ModemProgress?
  private var tenth = -1
  private var isLineOpen = false

  init(json: Bool) { self.json = json }

  func show(_ progress: ModemProgress) {
    if let last, last.phase != progress.phase, let total = last.total, last.done < total {
      // The step that ends a phase begins the next.
      tell(ModemProgress(last.phase, done: total, total: total), isNew: false)
    }
    tell(progress, isNew: last?.phase != progress.phase)
  }

  private func tell(_ progress: ModemProgress, isNew: Bool) {
    let tenths = progress.total.map { $0 > 0 ? progress.done * 10 / $0 : 10 } ?? -1
    let isStep = tenths != tenth
    last = progress
    tenth = tenths
    if json {
      guard isNew || isStep else { return }
      var line = JSONLine()
      line.add("event", "progress")
      line.add("phase", progress.phase.rawValue)
      line.add("done", progress.done)
      if let total = progress.total { line.add("total", total) }
      return say(line.text)
    }
    guard !isTerminal else {
      if isNew { end() }
      complain("\r\(text(progress))\u{1B}[K", terminator: "")
      isLineOpen = true
      return
    }
    // Of what takes a moment only, its beginning is told.
    let isLong = progress.total ?? 0 > 1 << 16
    if isNew {
      complain("\(progress.phase.rawValue) ...")
    } else if isStep, isLong {
      complain(text(progress))
    }
  }

  /// Ends the line that changes.
  func end() {
    if isLineOpen { complain("") }
    isLineOpen = false
  }

  private func text(_ progress: ModemProgress) -> String {
    let name = progress.phase.rawValue
    guard let total = progress.total, total > 0 else {
      return progress.done > 0 ? "\(name): \(progress.done) octets" : "\(name) ..."
    }
    return "\(name): \(progress.done) of \(total) octets, \(progress.done * 100 / total) %"
  }
}
