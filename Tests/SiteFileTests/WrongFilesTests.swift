import Foundation
import Testing

@testable import SiteFile

/// Every wrong site file of `Tables/wrong-site-files.txt`, with what is said about it. `\t`, `\\` and `\xNN` stand for
/// what no text file can show. With `COUPLER_RECORD` set, the messages are written anew.
@Suite struct WrongFilesTests {
  private struct Case {
    var name: String
    var lines: [Substring] = []
    var messages: [String] = []

    var octets: [UInt8] {
      var result: [UInt8] = []
      var rest = lines.joined(separator: "\n").utf8[...]
      if !lines.isEmpty { rest = (lines.joined(separator: "\n") + "\n").utf8[...] }
      while let octet = rest.popFirst() {
        guard octet == UInt8(ascii: "\\"), let next = rest.popFirst() else {
          result.append(octet)
          continue
        }
        switch next {
        case UInt8(ascii: "t"): result.append(0x09)
        case UInt8(ascii: "x"):
          result.append(UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) ?? 0)
          rest = rest.dropFirst(2)
        default: result.append(next)
        }
      }
      return result
    }
  }

  private static let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Tables/wrong-site-files.txt")

  private func cases() throws -> [Case] {
    var cases: [Case] = []
    for line in try String(contentsOf: Self.url, encoding: .utf8).split(separator: "\n") {
      if line.hasPrefix("== ") {
        cases.append(Case(name: String(line.dropFirst(3))))
      } else if line.hasPrefix("-> ") {
        cases[cases.count - 1].messages.append(String(line.dropFirst(3)))
      } else {
        cases[cases.count - 1].lines.append(line)
      }
    }
    return cases
  }

  private func messages(_ wrong: Case) -> [String] {
    do throws(SiteFileError) {
      _ = try SiteConfiguration.read(wrong.octets, path: "site.yaml")
      return []
    } catch { return error.problems.map(\.description) }
  }

  @Test func each_wrong_file_has_its_message() throws {
    let cases = try cases()
    #expect(cases.count >= 40)
    #expect(Set(cases.map(\.name)).count == cases.count)
    if ProcessInfo.processInfo.environment["COUPLER_RECORD"] != nil {
      let blocks = cases.map { wrong in
        (["== \(wrong.name)"] + wrong.lines.map(String.init) + messages(wrong).map { "-> \($0)" })
          .joined(separator: "\n")
      }
      try (blocks.joined(separator: "\n\n") + "\n").write(to: Self.url, atomically: true, encoding: .utf8)
    }
    for wrong in try self.cases() {
      let found = messages(wrong)
      #expect(!found.isEmpty, "\(wrong.name) is taken")
      #expect(found == wrong.messages, "\(wrong.name)")
    }
  }

  /// A message is one line that a terminal may show, has a place, and names the setting or is about the file.
  @Test func messages_can_be_shown_and_found() throws {
    for wrong in try cases() {
      for message in messages(wrong) {
        #expect(message.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }, "\(wrong.name)")
        #expect(message.first?.isNumber == true, "\(wrong.name): \(message)")
        #expect(message.count < 400, "\(wrong.name): \(message)")
      }
    }
  }
}
