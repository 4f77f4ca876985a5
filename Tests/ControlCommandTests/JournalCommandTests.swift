import Foundation
import Journal
import Testing

@Suite(.enabled(if: Command.executable != nil, "coupler was not built beside the tests"))
struct JournalCommandTests {
  /// A folder with a journal of these files.
  private func folder(_ files: [String: [UInt8]]) throws -> String {
    let folder = FileManager.default.temporaryDirectory.appending(path: "coupler-journal-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for (name, octets) in files { try Data(octets).write(to: folder.appending(path: name)) }
    return folder.path
  }

  private func record(_ sequence: UInt64, _ event: JournalEvent, connector: UInt16 = 1) -> [UInt8] {
    JournalRecord(
      sequence: sequence, unixMilliseconds: 1_795_000_000_123, connector: connector, event: event
    ).octets
  }

  @Test func a_journal_is_printed_record_by_record_the_older_file_first() throws {
    let old = record(1, .started, connector: 0) + record(2, .sessionStarted)
    let new =
      record(3, .authorization(granted: true, token: "card 7")) + record(4, .meter(wattHours: 1_000))
      + record(5, .sessionEnded(ok: true, wattHours: 4_321))
      + record(6, .faultLatched(name: "contactorWelded"))
      + record(7, .faultCleared(name: "contactorWelded"), connector: 2) + record(8, .stopped, connector: 0)
    let path = try folder(["events.1": old, "events": new])
    let result = try Command.run("journal", path)
    #expect(result.status == 0 && result.errors.isEmpty)
    let time = "2026-11-18T11:06:40Z"
    #expect(
      result.output == """
        1  \(time)  0  couplerd started
        2  \(time)  1  plugged in
        3  \(time)  1  customer card 7 may charge
        4  \(time)  1  meter 1000 Wh
        5  \(time)  1  session ended in order, 4321 Wh
        6  \(time)  1  fault contactorWelded
        7  \(time)  2  fault contactorWelded is over
        8  \(time)  0  couplerd stopped in order

        """)
    let json = try Command.run("journal", path, "--json", "--since", "4", "--connector", "1").output
    let lines = try json.split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
    #expect(lines.map { $0["sequence"] as? Int } == [4, 5, 6])
    #expect(lines[1]["wattHours"] as? Int == 4_321 && lines[1]["ok"] as? Bool == true)
  }

  @Test func what_is_no_record_is_told_and_hides_none() throws {
    var damaged = record(1, .sessionStarted)
    damaged[12] ^= 1
    let path = try folder(["events": damaged + record(2, .sessionStarted) + record(3, .stopped).dropLast(3)])
    let result = try Command.run("journal", path)
    #expect(result.status == 1)
    #expect(result.output.hasPrefix("2  ") && result.output.hasSuffix("plugged in\n"))
    #expect(result.errors.contains("\(damaged.count) octets in the middle belong to no record"))
    #expect(result.errors.contains("at the end are no whole record"))
  }

  @Test func a_folder_without_a_journal_is_told_with_the_key_that_names_it() throws {
    let path = try folder(["events": record(1, .stopped)])
    // Also where the file is given for its folder.
    for wrong in [try folder([:]), "\(path)/events"] {
      let result = try Command.run("journal", wrong)
      #expect(result.status == 2 && result.errors.contains("journal.folder"))
    }
  }

  /// A token is a stranger's text.
  @Test func a_token_cannot_write_to_the_terminal() throws {
    let path = try folder(["events": record(1, .authorization(granted: false, token: "a\u{1B}[2J\nb"))])
    let result = try Command.run("journal", path)
    #expect(!result.output.contains("\u{1B}") && result.output.split(separator: "\n").count == 1)
  }
}
