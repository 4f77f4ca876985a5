import Foundation
import Testing

/// Compares text with the file of that name in `Tables/`; with `COUPLER_RECORD` set, writes the file instead.
/// A committed table shows each new transition in review.
func expectCommitted(
  _ text: String, as name: String, file: String = #filePath, sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let url = URL(fileURLWithPath: file).deletingLastPathComponent().appendingPathComponent("Tables/\(name)")
  if ProcessInfo.processInfo.environment["COUPLER_RECORD"] != nil {
    try text.write(to: url, atomically: true, encoding: .utf8)
  }
  let committed = try String(contentsOf: url, encoding: .utf8)
  guard text != committed else { return }
  let new = text.split(separator: "\n", omittingEmptySubsequences: false)
  let old = committed.split(separator: "\n", omittingEmptySubsequences: false)
  for line in 0..<max(new.count, old.count) {
    let (now, then) = (line < new.count ? new[line] : "(none)", line < old.count ? old[line] : "(none)")
    if now != then {
      Issue.record(
        "\(name):\(line + 1): committed '\(then)', now '\(now)'", sourceLocation: sourceLocation)
    }
  }
}
