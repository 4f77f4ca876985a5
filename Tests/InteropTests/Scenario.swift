import Foundation
import Testing

/// Runs the scenarios of `Tests/Interop`, where `coupler` meets foreign programs in network namespaces.
enum Scenario {
  private static let runner = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Interop/interop.py").path

  /// `coupler` lies beside the test bundle.
  private static let coupler = URL(fileURLWithPath: CommandLine.arguments[0])
    .deletingLastPathComponent().appendingPathComponent("coupler").path

  /// Why no scenario can run here, as `interop.py --check` says; nil when they can.
  static let obstacle: String? = {
    do {
      let (status, output) = try python(["--check"])
      return status == 0 ? nil : output.trimmingCharacters(in: .whitespacesAndNewlines)
    } catch {
      return "interop skipped: python3 does not start: \(error)"
    }
  }()

  /// The names that `interop.py` knows.
  static func names() throws -> [String] {
    try python(["--list"]).output.split(separator: "\n").map(String.init)
  }

  /// Runs the scenario that is named like the calling test. Everything it says is shown if it does not hold.
  static func holds(_ test: String = #function) throws {
    let name = String(test.prefix { $0 != "(" })
    let (status, output) = try python(["--coupler", coupler, name])
    if status != 0 { Issue.record(Comment(rawValue: output)) }
  }

  private static func python(_ arguments: [String]) throws -> (status: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3", "-B", runner] + arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: output, as: UTF8.self))
  }
}
