import Foundation
import Glibc
import Testing

/// The programs as they were built beside the tests, run as an operator runs them.
enum Program: String {
  case coupler, couplerd

  static let folder: URL? = {
    let tests = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    return tests.map { URL(filePath: $0).deletingLastPathComponent() }
  }()

  static var areBuilt: Bool { coupler.url != nil && couplerd.url != nil }

  var url: URL? {
    guard let url = Self.folder?.appending(path: rawValue), access(url.path, X_OK) == 0 else { return nil }
    return url
  }

  struct Result {
    var status: Int32
    var output: String
    var errors: String
  }

  /// Runs it to its end, `through` another program, such as one that changes the user. One that runs on is ended as soon as
  /// it has said all of `words`, when `body` returns, or after `most` seconds. `errors` are read from a file, so that a
  /// talkative program never waits for a reader.
  func run(
    _ arguments: [String], most: Double = 30, until words: [String] = [], through: [String] = [],
    while body: ((Process) throws -> Void)? = nil
  ) throws -> Result {
    let process = Process()
    let command = through + [url?.path ?? rawValue] + arguments
    process.executableURL = URL(filePath: command[0])
    process.arguments = Array(command.dropFirst())
    let files = ["out", "err"].map {
      FileManager.default.temporaryDirectory.appending(path: "coupler-\(UUID()).\($0)").path
    }
    defer { for file in files { try? FileManager.default.removeItem(atPath: file) } }
    for file in files { _ = FileManager.default.createFile(atPath: file, contents: nil) }
    process.standardOutput = FileHandle(forWritingAtPath: files[0])
    process.standardError = FileHandle(forWritingAtPath: files[1])
    func text(_ file: String) -> String { (try? String(contentsOfFile: file, encoding: .utf8)) ?? "" }
    try process.run()
    let end = Date() + most
    if let body {
      do { try body(process) } catch {
        process.terminate()
        throw error
      }
      // A charger ends by itself when its vehicle is gone; a daemon has to be told.
      if self == .couplerd { process.terminate() }
    }
    while process.isRunning, Date() < end {
      usleep(20_000)
      guard !words.isEmpty else { continue }
      let told = text(files[1])
      if words.allSatisfy({ told.contains($0) }) { process.terminate() }
    }
    if process.isRunning { process.terminate() }
    process.waitUntilExit()
    return Result(status: process.terminationStatus, output: text(files[0]), errors: text(files[1]))
  }
}

/// A folder that goes with the test.
final class ScratchFolder {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "coupler-\(UUID().uuidString.prefix(8))"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Writes a file and gives its path.
  func write(_ text: String, _ name: String) throws -> String {
    try text.write(toFile: "\(path)/\(name)", atomically: true, encoding: .utf8)
    return "\(path)/\(name)"
  }
}
