import Foundation
import Testing

@testable import SiteFile

@Suite struct SchemaTests {
  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// A value of the key that is not its default; `nil` for keys that hold others.
  private func example(_ key: SiteSchema.Key) -> String? {
    switch key.path {
    case "connectors[].current", "inlets[].current": return nil  // Other limits go with the other current.
    case "connectors[].id", "inlets[].id": return nil  // There is only one right number.
    case "connectors[].power-stage.silence-max": return "3 s"  // No more than 10.
    default: break
    }
    switch key.kind {
    case .mapping, .list: return nil
    case .words(let words): return words.first { $0 != key.fallback }
    case .integer(let range): return "\(range.upperBound - 1)"
    case .quantity(let quantity, _):
      return key.name == "voltage-min" ? "100 V" : key.name == "current-min" ? "3 A" : quantity.example
    case .seconds: return "42 s"
    case .mode: return "0600"
    case .path: return "/other/place"
    case .boardName: return "generic"
    case .interface: return "plc7"
    case .evseID: return "FR*A23*E45B78C"
    case .evccID: return "02:00:00:00:00:07"
    }
  }

  private func isForAC(_ key: SiteSchema.Key) -> Bool { ["phases", "digital", "basic"].contains(key.name) }

  /// What a key is set in.
  private func base(_ key: SiteSchema.Key) -> String {
    let minimal = key.path.hasPrefix("inlets") ? minimalVehicle : minimal
    return isForAC(key) ? minimal.replacing("current: dc", with: "current: ac") : minimal
  }

  /// The minimal file with one key set.
  private func file(_ key: SiteSchema.Key, _ value: String) -> String {
    let parts = key.path.split(separator: ".").map(String.init)
    let base = base(key)
    if key.isRequired || key.name == "interface" {
      var lines = base.split(separator: "\n").map(String.init)
      let index = lines.firstIndex { $0.contains("\(key.name): ") } ?? 0
      lines[index] = String(lines[index].prefix { $0 != ":" }) + ": " + value
      return lines.joined(separator: "\n")
    }
    if parts.first == "connectors[]" || parts.first == "inlets[]" {
      return base
        + (parts.count == 2 ? "    \(parts[1]): \(value)\n" : "    \(parts[1]): {\(parts[2]): \(value)}\n")
    }
    return "\(parts[0]): {\(parts[1]): \(value)}\n" + base
  }

  /// Each key is read, lands in the configuration, and is told to be live or not as the schema says.
  @Test func every_key_has_its_effect_and_no_other() throws {
    var seen = 0
    for key in SiteSchema.keys {
      guard let value = example(key) else { continue }
      seen += 1
      var before = base(key)
      if key.path.hasPrefix("watchdog") { before = "watchdog: {}\n" + before }
      let changes = try readSite(before).changes(to: try readSite(file(key, value)))
      let path = key.path.replacing("[]", with: "[1]")
      #expect((changes.live + changes.needRestart).map(\.key) == [path], "\(key.path): \(value)")
      #expect(changes.live.isEmpty == !key.isLive, "\(key.path)")
    }
    #expect(seen == 43)
  }

  @Test func every_key_that_holds_a_value_is_compared() throws {
    var site = try readSite(minimal)
    site.inlets = try readSite(minimalVehicle).inlets
    let leaves = SiteSchema.keys.filter { key in
      switch key.kind {
      case .mapping, .list: false
      default: true
      }
    }
    #expect(site.settings.map(\.schema) == leaves.map(\.path))
  }

  @Test func another_number_of_connectors_or_a_watchdog_needs_a_restart() throws {
    let one = try readSite(minimal)
    let two = try readSite(
      minimal + "  - {id: 2, evse-id: DE*CPL*E00002, interface: plc1, current: dc}\n")
    #expect(one.changes(to: two).needRestart.map(\.description) == ["connectors: 1 -> 2"])
    let watched = try readSite("watchdog: {}\n" + minimal)
    #expect(
      one.changes(to: watched).needRestart.map(\.description) == [
        "watchdog.device: (none) -> /dev/watchdog", "watchdog.timeout: (none) -> 10 s",
      ])
    #expect(one.changes(to: one).isEmpty)
  }

  @Test func limits_and_log_level_change_live() throws {
    let old = try readSite(minimal)
    let new = try readSite(
      "log: {level: debug}\n" + minimal
        + "    authorization: free\n    limits: {current-max: 62.5 A, power-max: 22 kW}\n")
    let changes = old.changes(to: new)
    #expect(
      changes.live.map(\.description) == [
        "log.level: info -> debug", "connectors[1].limits.current-max: (none) -> 62.5 A",
        "connectors[1].limits.power-max: (none) -> 22 kW", "connectors[1].authorization: control -> free",
      ])
    #expect(changes.needRestart.isEmpty)
  }

  @Test func quantities_print_as_people_write_them() {
    #expect(Quantity.current.text(16_000) == "16 A" && Quantity.current.text(62_500) == "62.5 A")
    #expect(Quantity.current.text(5) == "0.005 A" && Quantity.voltage.text(400_000) == "400 V")
    #expect(Quantity.power.text(3700) == "3700 W" && Quantity.power.text(22_500) == "22.5 kW")
  }

  // MARK: documentation

  private var document: String {
    get throws { try String(contentsOf: Self.folder.appending(path: "docs/site-file.md"), encoding: .utf8) }
  }

  /// The table of the documentation, as the schema gives it. With `COUPLER_RECORD` set, it is written anew.
  @Test func the_documented_table_is_the_schema() throws {
    var rows = ["| key | what it may be | without it | live | what it is |", "|---|---|---|---|---|"]
    for key in SiteSchema.keys {
      let fallback = key.isRequired ? "**required**" : key.fallback
      rows.append(
        "| `\(key.path)` | \(key.kind.allowed) | \(fallback) | \(key.isLive ? "yes" : "") | \(key.purpose) |")
    }
    let table = rows.joined(separator: "\n")
    var text = try document
    let start = try #require(text.range(of: "<!-- table: begin -->\n"))
    let end = try #require(text.range(of: "\n<!-- table: end -->"))
    if ProcessInfo.processInfo.environment["COUPLER_RECORD"] != nil {
      text.replaceSubrange(start.upperBound..<end.lowerBound, with: table)
      try text.write(to: Self.folder.appending(path: "docs/site-file.md"), atomically: true, encoding: .utf8)
      return
    }
    for (documented, now) in zip(text[start.upperBound..<end.lowerBound].split(separator: "\n"), rows) {
      #expect(String(documented) == now)
    }
    #expect(text[start.upperBound..<end.lowerBound].split(separator: "\n").count == rows.count)
  }

  /// The examples of the documentation are site files, and the first shows every key.
  @Test func the_documented_examples_are_right() throws {
    let blocks = try document.components(separatedBy: "```yaml\n").dropFirst().map { block in
      block.components(separatedBy: "```")[0]
    }
    #expect(blocks.count == 3)
    for block in blocks { _ = try readSite(block) }
    let full = try #require(blocks.first) + (blocks.last ?? "")
    for key in SiteSchema.keys { #expect(full.contains("\(key.name):"), "the example lacks \(key.path)") }
  }
}
