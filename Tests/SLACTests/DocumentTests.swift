import Foundation
import SLAC
import Testing

@Suite struct DocumentTests {
  @Test func every_tolerance_is_explained() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let text = try String(contentsOf: root.appending(path: "docs/slac.md"), encoding: .utf8)
    let documented = Set(
      text.matches(of: /(?m)^\| `([a-zA-Z]+)` \| EV(?:SE)? \|/).map { String($0.output.1) })
    #expect(documented == Set(SLACTolerance.allCases.map { "\($0)" }))
  }
}
