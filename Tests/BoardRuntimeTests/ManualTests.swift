import Foundation
import Testing

@testable import BoardRuntime

@Suite struct ManualTests {
  @Test func the_manual_has_every_option_of_the_daemon() throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "packaging")
    let page = try String(contentsOf: folder.appending(path: "couplerd.8"), encoding: .utf8)
    let options = DaemonOptions.help.split(separator: "\n").filter { $0.hasPrefix("  -") }
      .flatMap { $0.split { " ,".contains($0) }.filter { $0.hasPrefix("-") } }
    #expect(options.count > 10)
    for option in options {
      let written = option.replacingOccurrences(of: "-", with: "\\-")
      #expect(page.contains(written), "couplerd.8 has no \(option)")
    }
  }
}
