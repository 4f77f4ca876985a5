import Glibc
import PLCModem

/// How far a transfer is: one line that changes on a terminal, a line for each tenth elsewhere, objects for scripts.
final class ProgressReport {
  private let json: Bool
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private var phase: ModemProgress.Phase?
  private var tenth = -1
  private var isLineOpen = false

  init(json: Bool) { self.json = json }

  func show(_ progress: ModemProgress) {
    let isNew = phase != progress.phase
    let tenths = progress.total.map { $0 > 0 ? progress.done * 10 / $0 : 10 } ?? -1
    guard isNew || tenths != tenth || isTerminal else { return }
    if isNew { end() }
    phase = progress.phase
    tenth = tenths
    if json {
      guard isNew || progress.total != nil else { return }
      var line = JSONLine()
      line.add("event", "progress")
      line.add("phase", progress.phase.rawValue)
      line.add("done", progress.done)
      if let total = progress.total { line.add("total", total) }
      return say(line.text)
    }
    guard isTerminal else { return complain(text(progress)) }
    complain("\r\(text(progress))\u{1B}[K", terminator: "")
    isLineOpen = true
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
