import Foundation
import Testing

/// Wireshark's command line, the independent reader of what the recorder writes.
enum Tshark {
  static let path = ["/usr/bin/tshark", "/usr/local/bin/tshark"].first {
    FileManager.default.isExecutableFile(atPath: $0)
  }

  static let isAbsent: Comment = "tshark is not installed: what it would say about recordings was not checked"

  /// Runs tshark on a recording and gives its lines.
  static func lines(_ recording: [UInt8], _ arguments: [String]) throws -> [String] {
    let file = FileManager.default.temporaryDirectory.appending(path: "coupler-\(UUID().uuidString).pcapng")
    try Data(recording).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let process = Process()
    process.executableURL = URL(filePath: try #require(path))
    process.arguments = ["-n", "-r", file.path] + arguments
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    return text.split(separator: "\n").map(String.init)
  }
}
