import Foundation
import Testing

@testable import ControlAPI

/// `docs/control-api.md` against the code: its examples are sent to the server, its tables compared with what it says.
@Suite struct DocumentTests {
  private let text: String
  private let lines: [String]

  init() throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    text = try String(contentsOf: folder.appending(path: "docs/control-api.md"), encoding: .utf8)
    lines = text.components(separatedBy: "\n")
  }

  /// Cells of the table rows below a heading, its head left out.
  private func table(_ heading: String) throws -> [[String]] {
    let start = try #require(lines.firstIndex(of: heading), "there is no heading \(heading)")
    let section = lines[(start + 1)...].prefix { !$0.hasPrefix("#") }
    return section.filter { $0.hasPrefix("| ") || $0.hasPrefix("| `") }.dropFirst().map { line in
      line.dropFirst().dropLast().components(separatedBy: "|").map { $0.trimmingCharacters(in: .whitespaces) }
    }
  }

  private func word(_ cell: String) -> String { cell.replacing("`", with: "").replacing("*", with: "") }

  @Test func every_example_is_answered_as_documented() throws {
    var rig = ServerRig()
    rig.answer = Samples.answer
    let client = rig.connect(1)
    var expected: [String] = []
    var examples = 0
    for line in lines {
      if line.hasPrefix("--> ") {
        #expect(expected.isEmpty)
        rig.send(String(line.dropFirst(4)) + "\n", from: client)
        expected = rig.lines(of: client)
        examples += 1
      } else if line.hasPrefix("<-- ") {
        if expected.isEmpty {
          // An event: whatever was subscribed for.
          for content in Samples.contents {
            rig.handle(.publish(ControlEvent(connector: 1, milliseconds: 1234, content)))
          }
          expected = rig.lines(of: client)
          examples += 1
        }
        try #require(!expected.isEmpty, "\(line)")
        let answer = expected.removeFirst()
        #expect(String(line.dropFirst(4)) == answer)
      }
    }
    #expect(expected.isEmpty && examples >= 10)
  }

  @Test func every_method_stands_there_with_its_parameters() throws {
    let rows = try table("## Methods")
    #expect(rows.map { word($0[0]) } == ControlMethod.allCases.map(\.rawValue))
    let values: [String: JSONValue] = [
      "connector": .integer(1), "count": .integer(5), "granted": .bool(true), "token": .string("x"),
      "reason": .string("user"), "milliamps": .integer(1), "millivolts": .integer(1), "watts": .integer(1),
      "events": .array([.string("pilot")]), "phaseMilliamps": .array([.integer(1)]), "wattHours": .integer(1),
      "insulation": .string("valid"), "ready": .bool(false), "fault": .string("x"),
      "millivoltsMax": .integer(1), "milliampsMax": .integer(1), "wattsMax": .integer(1),
      "phases": .integer(1),
      "wish": .string("stop"), "full": .bool(true), "socPercent": .integer(1), "inletMillivolts": .integer(1),
      "targetMillivolts": .integer(1), "targetMilliamps": .integer(1), "requestWattHours": .integer(1),
      "departureSeconds": .integer(1), "contactorClosed": .bool(true),
    ]
    for row in rows {
      let method = try #require(ControlMethod(rawValue: word(row[0])))
      let cells = row[1].isEmpty ? [] : row[1].components(separatedBy: ", ")
      let members = cells.map { JSONMember(word($0), values[word($0)] ?? .null) }
      func isTaken(_ members: [JSONMember]) -> Bool {
        guard var fields = try? JSONFields(.object(members), at: "params") else { return false }
        return (try? ControlCall(method, &fields)) != nil
      }
      #expect(isTaken(members), "\(method): its documented parameters are refused")
      #expect(!isTaken(members + [JSONMember("other", .integer(1))]), "\(method)")
      for (cell, member) in zip(cells, members) {
        let rest = members.filter { $0.name != member.name }
        #expect(isTaken(rest) == cell.hasPrefix("*"), "\(method): \(member.name)")
      }
      // What is taken and not documented.
      for name in values.keys where !members.contains(where: { $0.name == name }) {
        #expect(!isTaken(members + [JSONMember(name, values[name] ?? .null)]), "\(method) also takes \(name)")
      }
    }
  }

  @Test func every_kind_of_event_stands_there() throws {
    let rows = try table("## Events")
    #expect(rows.map { word($0[0]) } == ControlEvent.Kind.allCases.map(\.rawValue))
    for content in Samples.contents {
      let event = ControlEvent(connector: 1, milliseconds: 0, content)
      let row = try #require(rows.first { word($0[0]) == event.kind.rawValue })
      #expect((row[1] == "state") == event.isState, "\(event.kind)")
    }
  }

  @Test func every_error_stands_there() throws {
    let rows = try table("## Errors")
    #expect(rows.map { Int($0[0]) } == ControlFailure.Code.allCases.map(\.rawValue))
    #expect(rows.map { word($0[1]) } == ControlFailure.Code.allCases.map { "\($0)" })
  }

  /// Type by type: the members of a value that has them all, and of one that has none that may be left out.
  @Test func every_member_stands_there() throws {
    var bare = ConnectorStatus(connector: 1, evseID: "x", current: "ac", interface: "y")
    bare.session.phase = "idle"
    let types: [(String, JSONValue, JSONValue)] = [
      ("StationInfo", Samples.station.json, Samples.station.json),
      ("ConnectorStatus", Samples.status.json, bare.json),
      ("PilotStatus", Samples.status.pilot.json, bare.pilot.json),
      ("SLACStatus", Samples.status.slac.json, bare.slac.json),
      ("SessionStatus", Samples.status.session.json, bare.session.json),
      ("OutputStatus", Samples.status.outputs.json, bare.outputs.json),
      ("PowerValues", Samples.status.power.json, bare.power.json),
      ("ControlLimits", Samples.status.limits.json, bare.limits.json),
      ("ControlFault", Samples.fault.json, Samples.fault.json),
      ("ErrorEntry", Samples.entry.json, Samples.entry.json),
      ("ConnectorValues", Samples.values.json, Samples.values.json),
      ("PowerStageStatus", Samples.stage.json, PowerStageStatus().json),
      ("PowerCommand", Samples.command.json, PowerCommand().json),
      ("InletStatus", Samples.inlet.json, InletStatus().json),
    ]
    let headings = lines.filter { $0.hasPrefix("### `") }
    #expect(headings == types.map { "### `\($0.0)`" })
    for (name, full, bare) in types {
      guard case .object(let members) = full, case .object(let always) = bare else { continue }
      let rows = try table("### `\(name)`")
      #expect(rows.map { word($0[0]) } == members.map(\.name), "\(name)")
      let documented = rows.filter { $0[2] == "always" }.map { word($0[0]) }
      #expect(documented == always.map(\.name), "\(name)")
      for (row, member) in zip(rows, members) {
        switch member.value {
        case .string: #expect(row[1] == "text", "\(name).\(member.name)")
        case .number: #expect(row[1] == "number", "\(name).\(member.name)")
        case .bool: #expect(row[1] == "flag", "\(name).\(member.name)")
        case .array: #expect(row[1] == "list", "\(name).\(member.name)")
        case .object: #expect(types.contains { row[1] == "`\($0.0)`" }, "\(name).\(member.name)")
        case .null: Issue.record("\(name).\(member.name) is null")
        }
      }
    }
  }

  /// The words that texts of the page may stand for are those of the code.
  @Test func every_word_stands_there() {
    let words: [String] =
      SLACStatus.State.allCases.map(\.rawValue) + SessionStatus.Authorization.allCases.map(\.rawValue)
      + ControlFault.Latch.allCases.map(\.rawValue) + ControlRequest.StopReason.allCases.map(\.rawValue)
      + ConnectorStatus.Role.allCases.map(\.rawValue) + BatteryReport.Wish.allCases.map(\.rawValue)
      + PowerReport.Insulation.allCases.map(\.rawValue) + PowerStageStatus.State.allCases.map(\.rawValue)
    for word in words { #expect(text.contains("`\(word)`"), "\(word)") }
    #expect(
      text.contains("at most 32 requests") && ControlServer.batchMax == 32 && ControlServer.callsMax == 32)
    #expect(text.contains("at most 64 KiB") && ControlServer.lineMax == 64 * 1024)
    #expect(text.contains("256 KiB") && ControlClientQueue.octetsMax == 256 * 1024)
  }
}
