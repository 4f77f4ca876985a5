import EXI
import Foundation
import TestSupport
import Testing
import Wire

/// The generated types against EXIficient: random documents of every set, as it encodes them. `make peers` installs
/// it; `COUPLER_SEED` selects the documents, `COUPLER_DOCUMENT` one of them.
@Suite struct EXIficientTests {
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  static let isInstalled = FileManager.default.fileExists(
    atPath: root.appending(path: ".peers/iso15118/complete").path)

  @Test(.enabled(if: isInstalled, "the random documents were skipped: make peers installs EXIficient"))
  func random_documents_of_exificient_encode_to_its_octets() throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "coupler-\(UUID().uuidString).jsonl")
    defer { try? FileManager.default.removeItem(at: file) }
    let said = try Self.write(file)
    var typed = 0
    var others = 0
    for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
      let vector = try JSONDecoder().decode(Vector.self, from: Data(line.utf8))
      let place = "\(said): \(vector.name ?? "") <\(vector.message ?? "")> \(vector.exi)"
      do {
        let again = try typedRoundTrip(vector.octets, set: vector.setName, fragment: vector.isFragment)
        #expect(hexadecimal(again) == vector.exi, "\(place)")
        typed += 1
      } catch  where error.kind == .unexpectedDocument {
        others += 1  // no message and nothing to be signed: no type is made for it
      } catch {
        Issue.record("\(place): \(error)")
      }
    }
    // Two thirds are messages or elements to be signed, but not each of these has types in every set.
    if ProcessInfo.processInfo.environment["COUPLER_DOCUMENT"] == nil {
      #expect(typed > 1000 && others < 900, "\(said): \(typed) with types, \(others) without")
    }
  }

  /// Has the documents written; what the writer said, which is the seed.
  private static func write(_ file: URL) throws -> String {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [
      "python3", "-B", root.appending(path: "Tests/Interop/interop.py").path, "--vectors", file.path,
    ]
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let said = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    let ended = process.terminationStatus == 0
    try #require(ended, "\(said)")
    return said.trimmingCharacters(in: .whitespacesAndNewlines)
  }
}
