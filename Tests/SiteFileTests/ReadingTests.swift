import Testing
import Wire

@testable import SiteFile

/// A site file that is right; tests break it.
let minimal = """
  board: simulation
  connectors:
    - id: 1
      evse-id: DE*CPL*E00001
      interface: plc0
      current: dc

  """

let minimalVehicle = """
  board: simulation-ev
  inlets:
    - id: 1
      interface: plc0
      current: dc

  """

func readSite(_ text: String) throws(SiteFileError) -> SiteConfiguration {
  try SiteConfiguration.read(Array(text.utf8), path: "site.yaml")
}

/// The problems of a text, each as it is printed.
func siteProblems(_ text: String) -> [String] {
  do throws(SiteFileError) {
    _ = try readSite(text)
    return []
  } catch { return error.problems.map(\.description) }
}

@Suite struct ReadingTests {
  @Test func the_smallest_file_has_every_default() throws {
    let site = try readSite(minimal)
    var expected = SiteConfiguration(
      board: "simulation",
      connectors: [ConnectorSettings(id: 1, evseID: "DE*CPL*E00001", interface: "plc0", current: .dc)])
    #expect(site == expected)
    #expect(site.connectors.first?.outlet == 1 && site.watchdog == nil)
    expected.log.level = .debug
    #expect(site != expected)
  }

  @Test func without_an_interface_the_board_finds_its_own() throws {
    let site = try readSite(minimal.replacing("    interface: plc0\n", with: ""))
    #expect(site.connectors.map(\.interface) == [nil])
    let named = site.changes(to: try readSite(minimal))
    #expect(named.needRestart.map(\.description) == ["connectors[1].interface: (none) -> plc0"])
  }

  @Test func a_vehicle_has_inlets_and_no_connectors() throws {
    let site = try readSite(
      minimalVehicle
        + "    evcc-id: 02:00:00:00:00:07\n    limits: {current-max: 62.5 A, energy-max: 12.5 kWh, soc-max: 80}\n"
    )
    var expected = InletSettings(id: 1, interface: "plc0", current: .dc)
    expected.evccID = MACAddress(0x0200_0000_0007)
    expected.limits.currentMax = 62_500
    expected.limits.energyMax = 12_500
    expected.limits.socMax = 80
    #expect(site.inlets == [expected] && site.connectors.isEmpty)
    #expect(site.inlets.first?.batterySilence == .seconds(2))
    let two = try readSite(minimalVehicle + "  - {id: 2, interface: plc1, current: ac}\n")
    #expect(site.changes(to: two).needRestart.map(\.description) == ["inlets: 1 -> 2"])
    #expect(try readSite(minimal).changes(to: site).needRestart.map(\.key) == ["connectors"])
  }

  /// What the schema calls a default is what the reader takes.
  @Test func written_defaults_change_nothing() throws {
    let short = try readSite(minimal)
    let keys = SiteSchema.keys.filter { !$0.isRequired && !$0.path.contains("[]") }
    for key in keys where !key.path.hasPrefix("watchdog") {
      let parts = key.path.split(separator: ".")
      guard parts.count == 2 else { continue }
      let site = try readSite("\(parts[0]):\n  \(parts[1]): \"\(key.fallback)\"\n" + minimal)
      #expect(short.changes(to: site).isEmpty, "\(key.path)")
    }
    for key in SiteSchema.keys where key.path.hasPrefix("connectors[].") && !key.isRequired {
      guard case .words(let words) = key.kind, words.contains(key.fallback), !key.path.contains("limits")
      else { continue }
      let parts = key.path.split(separator: ".").dropFirst().map(String.init)
      let line =
        parts.count == 1 ? "\(parts[0]): \(key.fallback)" : "\(parts[0]): {\(parts[1]): \(key.fallback)}"
      let base = key.name == "digital" ? minimal.replacing("current: dc", with: "current: ac") : minimal
      let short = try readSite(base)
      let site = try readSite(base + "    \(line)\n")
      #expect(short.changes(to: site).isEmpty, "\(key.path)")
    }
    for key in SiteSchema.keys where key.path.hasPrefix("inlets[].") && !key.isRequired {
      guard case .words = key.kind else { continue }
      let base =
        key.name == "basic" ? minimalVehicle.replacing("current: dc", with: "current: ac") : minimalVehicle
      let site = try readSite(base + "    \(key.name): \(key.fallback)\n    battery-silence: 2 s\n")
      #expect(try readSite(base).changes(to: site).isEmpty, "\(key.path)")
    }
    let watched = try readSite("watchdog: {}\n" + minimal)
    #expect(watched.watchdog == SiteConfiguration.WatchdogSettings())
    #expect(try readSite("watchdog: {device: /dev/watchdog, timeout: 10 s}\n" + minimal) == watched)
  }

  @Test(arguments: [
    ("16 A", 16_000), ("16A", 16_000), ("16000 mA", 16_000), ("16.5 A", 16_500), ("016 A", 16_000),
    ("\"16 A\"", 16_000),
    ("'16   A'", 16_000), ("7.125 A", 7125), ("1000.0 A", 1_000_000),
  ])
  func a_current_may_be_written_so(text: String, milliamps: Int) throws {
    let site = try readSite(minimal + "    limits: {current-max: \(text)}\n")
    #expect(site.connectors.first?.limits.currentMax == milliamps)
  }

  @Test(
    arguments: [
      ("voltage-max: 500 V", \SiteLimits.voltageMax, 500_000), ("voltage-max: 0.5 kV", \.voltageMax, 500_000),
      ("voltage-max: 1 kV", \.voltageMax, 1_000_000), ("voltage-min: 150000 mV", \.voltageMin, 150_000),
      ("power-max: 22 kW", \.powerMax, 22_000), ("power-max: 11000 W", \.powerMax, 11_000),
      ("power-max: 3.7 kW", \.powerMax, 3700), ("current-min: 0 A", \.currentMin, 0),
    ] as [(String, any KeyPath<SiteLimits, Int?> & Sendable, Int)])
  func so_may_voltages_and_powers(
    line: String, field: any KeyPath<SiteLimits, Int?> & Sendable, value: Int
  ) throws {
    let site = try readSite(minimal + "    limits:\n      \(line)\n")
    #expect(site.connectors.first?.limits[keyPath: field] == value)
  }

  @Test(arguments: [
    "DE*CPL*E00001", "DECPLE00001", "de*cpl*e1", "DECPLE1", "FR*A23*E45B*78C",
    "DE*123*E" + String(repeating: "1", count: 28),
  ])
  func an_EVSEID_may_look_so(text: String) throws {
    let site = try readSite(minimal.replacing("DE*CPL*E00001", with: text))
    #expect(site.connectors.first?.evseID == text)
  }

  @Test func what_a_person_may_write_otherwise_is_taken() throws {
    let site = try readSite(minimal)
    let flow = """
      {board: "simulation", "connectors": [{id: 1, evse-id: 'DE*CPL*E00001', interface: plc0, current: dc}]}
      """
    #expect(try readSite(flow) == site)
    #expect(try readSite("\u{FEFF}" + minimal) == site)
    #expect(try readSite("---\n# comment\n" + minimal + "...\n") == site)
    #expect(try readSite("%YAML 1.1\n---\n" + minimal) == site)
    #expect(try readSite(minimal.replacing("\n", with: "\r\n")) == site)
  }

  @Test func permissions_are_octal_whether_quoted_or_not() throws {
    for (text, mode) in [("0660", 0o660), ("\"0600\"", 0o600), ("660", 0o660), ("0770", 0o770)]
      as [(String, UInt32)]
    {
      #expect(try readSite("control: {mode: \(text)}\n" + minimal).control.mode == mode)
    }
  }

  @Test func all_problems_are_told_at_once_in_the_order_of_the_file() {
    let text = """
      bord: simulation
      log: {level: loud, colour: red}
      connectors:
        - id: 2
          evse-id: DE*CPL*E00001
          interface: plc0
          current: dc
          limits:
            current-max: 32
        - id: 2
          evse-id: DE*CPL*E00001
          interface: plc0
          current: three-phase
      """
    #expect(
      siteProblems(text) == [
        "1:1: bord: is not known here; did you mean 'board'?",
        "2:14: log.level: must be one of error, warning, info, debug, trace, is 'loud'",
        "2:20: log.colour: is not known here; the keys are level, target",
        "4:9: connectors[1].id: is 2, but this is connector 1 of the file; number them 1, 2, 3 in their order",
        "9:20: connectors[1].limits.current-max: has no unit; write '32 A' (units: A, mA)",
        "11:14: connectors[2].evse-id: is that of connectors[1] as well (line 4); each has its own",
        "12:16: connectors[2].interface: is that of connectors[1] as well (line 4); each has its own",
        "13:14: connectors[2].current: must be one of ac, dc, is 'three-phase'",
      ])
  }

  @Test func of_another_programs_file_only_the_first_problems_are_told() {
    let text = (1...200).map { "option\($0): 1\n" }.joined()
    let problems = siteProblems(text)
    #expect(problems.count == SiteReader.problemsMax + 1)
    #expect(problems.last == "and 152 more problems")
  }
}
