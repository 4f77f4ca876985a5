import Boards
import ControlAPI
import Foundation
import HAL
import Node
import SiteFile
import Testing

@testable import BoardRuntime

/// A site file on its board: what the daemon makes of each key, and what it refuses because the board cannot do it.
@Suite struct SitePlanTests {
  private func plan(_ yaml: String) throws -> SitePlan {
    let site = try SiteConfiguration.read(Array(yaml.utf8), path: "site.yaml")
    return try SitePlan(site, options: DaemonOptions(), path: "site.yaml")
  }

  private func problems(_ yaml: String) throws -> [String] {
    do { _ = try plan(yaml) } catch let error as SitePlan.Problems {
      return error.description.split(separator: "\n").map(String.init)
    }
    return []
  }

  /// Both outlets of the simulation board, the first DC (200 A, 150 V to 920 V, 60 kW), the second AC (32 A, three phases).
  private func site(dc: String = "", ac: String = "", acLimits: String = "", dcLimits: String = "") -> String
  {
    """
    board: simulation
    connectors:
      - {id: 1, evse-id: DE*CPL*E1, current: dc, interface: plc0, limits: {\(dcLimits)}\(dc)}
      - {id: 2, evse-id: DE*CPL*E2, current: ac, interface: plc1, limits: {\(acLimits)}\(ac)}
    """
  }

  @Test func what_the_outlet_can_do_is_taken() throws {
    let site = try plan(
      site(
        acLimits: "current-max: 32 A, power-max: 22.08 kW, phases: 3, voltage-max: 230 V",
        dcLimits:
          "current-max: 200 A, voltage-max: 920 V, voltage-min: 150 V, power-max: 60 kW, current-min: 0 A"))
    #expect(site.connectors.map(\.milliampsMax) == [200_000, 32_000])
    #expect(site.connectors[0].millivoltsMax == 920_000 && site.connectors[0].wattsMax == 60_000)
    #expect(site.connectors[1].wattsMax == 22_080 && site.connectors[1].phases == 3)
  }

  @Test(arguments: [
    ("current-max: 201 A", "current-max: is 201 A, but outlet 1 of board simulation carries 200 A at most"),
    ("current-min: 201 A", "current-min: is 201 A, but outlet 1 of board simulation carries 200 A at most"),
    ("voltage-max: 921 V", "voltage-max: is 921 V, but outlet 1 of board simulation gives 920 V at most"),
    ("voltage-max: 149 V", "voltage-max: is 149 V, but outlet 1 of board simulation gives 150 V at least"),
    ("voltage-min: 149 V", "voltage-min: is 149 V, but outlet 1 of board simulation gives 150 V at least"),
    ("voltage-min: 0.93 kV", "voltage-min: is 930 V, but outlet 1 of board simulation gives 920 V at most"),
    ("power-max: 61 kW", "power-max: is 61 kW, but outlet 1 of board simulation gives 60 kW at most"),
  ])
  func more_than_the_DC_outlet_can_do_is_refused_and_not_lowered(limit: String, problem: String) throws {
    #expect(try problems(site(dcLimits: limit)) == ["site.yaml: connectors[1].limits.\(problem)"])
  }

  @Test(arguments: [
    ("current-max: 33 A", "current-max: is 33 A, but outlet 2 of board simulation carries 32 A at most"),
    ("power-max: 23 kW", "power-max: is 23 kW, but outlet 2 of board simulation gives 22.08 kW at most"),
    (
      "power-max: 12 kW, current-max: 16 A",
      "power-max: is 12 kW, but outlet 2 of board simulation gives 11.04 kW at most"
    ),
    (
      "power-max: 4 kW",
      "power-max: is 4000 W, but outlet 2 of board simulation offers 4140 W at least"
    ),
    (
      "power-max: 7500 W, phases: 1",
      "power-max: is 7500 W, but outlet 2 of board simulation gives 7360 W at most"
    ),
  ])
  func more_than_the_AC_outlet_can_do_is_refused_and_not_lowered(limit: String, problem: String) throws {
    #expect(try problems(site(acLimits: limit)) == ["site.yaml: connectors[2].limits.\(problem)"])
  }

  @Test func phases_that_are_not_wired_and_less_than_the_outlet_offers_are_refused() {
    var outlet = Outlet(
      current: .ac, hasLock: false, isVentilated: false, milliampsMax: 32_000, recloseIntervalMin: .zero,
      receiverLossDecibels: 0, limits: .singlePhase)
    outlet.limits.milliampsMin = 10_000
    var limits = SiteLimits()
    limits.phases = 3
    limits.currentMax = 8_000
    #expect(
      OutletBounds(outlet, "it").check(limits) == [
        "current-max: is 8 A, but it offers 10 A at least", "phases: is 3, but it has 1 wired",
      ])
  }

  /// The mains are not 230 V everywhere, and a vehicle is told what they are.
  @Test func the_nominal_voltage_of_an_AC_site_is_offered_and_counts_for_its_power() throws {
    let mains = try plan(site(acLimits: "voltage-max: 120 V"))
    let limits = mains.connectors[1].limits(mains.outlet(mains.connectors[1]))
    #expect(limits.maximumMillivolts == 120_000 && limits.maximumWatts == 11_520)
    let usual = try plan(site())
    let watts = usual.connectors[1].limits(usual.outlet(usual.connectors[1])).maximumWatts
    #expect(watts == 22_080)
    #expect(try problems(site(acLimits: "voltage-max: 120 V, power-max: 12 kW")).count == 1)
  }

  /// A vehicle that charges by its duty alone is bounded by it.
  @Test func a_limit_of_power_bounds_the_current_that_an_AC_outlet_offers() throws {
    let rig = try LatencyTests.Rig { plan in
      plan.link = .absent
      plan.wattsMax = 11_040
    }
    #expect(rig.connector.presentLimits.maximumMilliamps == 16_001, "the largest with 11040 W")
    try rig.connector.narrow(ControlLimits(watts: 6_900))
    #expect(rig.connector.presentLimits.maximumMilliamps == 10_001)
    #expect(rig.connector.presentLimits.maximumWatts == 6_900)
    var plan = ConnectorPlan()
    plan.wattsMax = .max
    for amps in [6_000, 13_333, 16_500, 32_000] {
      let watts = 230_000 * amps * 3 / 1_000_000
      #expect(
        plan.milliamps(ofWatts: watts, at: 230_000, phases: 3) >= amps, "no limit narrows what it allows")
    }
    #expect(
      plan.milliamps(ofWatts: .max, at: 230_000, phases: 3) == .max
        && plan.milliamps(ofWatts: -1, at: 1, phases: 3) == 0)
    #expect(plan.milliamps(ofWatts: 0, at: 230_000, phases: 3) < 2)
  }

  // MARK: link, interface and nominal duty

  @Test func the_link_and_the_way_to_communicate_are_taken() throws {
    for (key, link, digital) in [
      ("", .slac, .first), (", digital: beside", .slac, .beside), (", digital: only", .slac, .only),
      (", link: assumed, digital: beside", .assumed, .beside),
    ] as [(String, LinkPolicy, ConnectorPlan.Digital)] {
      let connector = try plan(site(ac: key)).connectors[1]
      #expect(connector.link == link && connector.digital == digital, "\(key)")
    }
    let none = try plan(site(ac: ", link: none").replacing("interface: plc1, ", with: "")).connectors[1]
    #expect(none.link == .absent && none.interface == nil)
  }

  @Test func the_board_finds_its_modem_and_one_without_has_to_be_told() throws {
    let belaybox = """
      board: pionix-belaybox
      connectors: [{id: 1, evse-id: DE*CPL*E1, current: ac}]
      """
    #expect(try plan(belaybox).connectors[0].interface == nil)
    #expect(
      try problems(site().replacing("interface: plc0, ", with: "").replacing("interface: plc1, ", with: ""))
        == [
          "site.yaml: connectors[1].interface: outlet 1 of board simulation tells no modem to look for; write "
            + "'interface: NAME' (ip link shows the names)",
          "site.yaml: connectors[2].interface: outlet 2 of board simulation tells no modem to look for; write "
            + "'interface: NAME' (ip link shows the names), or 'link: none'",
        ])
  }

  /// A reload makes a new plan of the file, so it refuses what a start refuses.
  @Test func a_reload_refuses_what_a_start_does() throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "coupler-site-\(UUID()).yaml").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try site().write(toFile: path, atomically: true, encoding: .utf8)
    let options = try DaemonOptions(["--site", path])
    let before = try SitePlan(options)
    try site(dcLimits: "power-max: 61 kW").write(toFile: path, atomically: true, encoding: .utf8)
    let error = #expect(throws: SitePlan.Problems.self) { try SitePlan(options) }
    #expect(error?.description.contains("limits.power-max: is 61 kW") == true)
    try site(dcLimits: "power-max: 50 kW").write(toFile: path, atomically: true, encoding: .utf8)
    let after = try SitePlan(options)
    let old = try #require(before.configuration)
    let changes = old.changes(to: try #require(after.configuration))
    #expect(changes.live.map(\.description) == ["connectors[1].limits.power-max: (none) -> 50 kW"])
    #expect(changes.needRestart.isEmpty)
  }

  // MARK: which file

  /// Options whose usual site file is one of the test's.
  private func options(_ arguments: [String] = [], usual path: String) throws -> DaemonOptions {
    var options = try DaemonOptions(arguments)
    options.usualSitePath = path
    return options
  }

  private func place() -> String {
    FileManager.default.temporaryDirectory.appending(path: "coupler-site-\(UUID()).yaml").path
  }

  @Test func a_usual_site_file_that_cannot_be_read_is_no_reason_to_take_another_site() throws {
    // A path through a link to itself cannot be followed, by root neither.
    let path = place()
    defer { try? FileManager.default.removeItem(atPath: path) }
    try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: path)
    #expect(throws: SitePlan.Problems.self) { try SitePlan(options(usual: path)) }
    try FileManager.default.removeItem(atPath: path)
    let builtIn = try SitePlan(options(usual: path))
    #expect(builtIn.configuration == nil && builtIn.name == "built-in site of board simulation")
  }

  @Test func a_board_of_the_command_line_does_not_leave_the_usual_site_file_out() throws {
    let path = place()
    defer { try? FileManager.default.removeItem(atPath: path) }
    try site().write(toFile: path, atomically: true, encoding: .utf8)
    let sited = try SitePlan(options(["--board", "simulation"], usual: path))
    #expect(sited.name == path && sited.connectors.map(\.authorization) == [.control, .control])
    #expect(try SitePlan(options(["--interface", "x0"], usual: path)).path == nil)
  }

  @Test func a_site_file_that_is_gone_is_told_by_a_reload_and_changes_nothing() throws {
    let path = place()
    defer { try? FileManager.default.removeItem(atPath: path) }
    try site().write(toFile: path, atomically: true, encoding: .utf8)
    let options = try options(usual: path)
    let before = try SitePlan(options)
    #expect(try before.reread(options).changes.isEmpty)
    try FileManager.default.removeItem(atPath: path)
    #expect(throws: SitePlan.Problems.self) { try before.reread(options) }
    let builtIn = try SitePlan(options)
    try site().write(toFile: path, atomically: true, encoding: .utf8)
    #expect(throws: SitePlan.Problems.self, "what was there at the start was no file") {
      try builtIn.reread(options)
    }
  }

  /// Without a site file no more is offered than with one that says nothing.
  @Test(arguments: BoardCatalogue.boards.map(\.name))
  func the_built_in_site_offers_what_its_board_can(name: String) throws {
    let plan = try SitePlan(options(["--board", name], usual: "/nonexistent/site.yaml"))
    for connector in plan.connectors {
      let outlet = plan.outlet(connector)
      let offered = connector.limits(outlet)
      var limits = SiteLimits()
      limits.currentMax = offered.maximumMilliamps
      limits.powerMax = offered.maximumWatts
      if outlet.current == .dc {
        limits.currentMin = offered.minimumMilliamps
        (limits.voltageMin, limits.voltageMax) = (offered.minimumMillivolts, offered.maximumMillivolts)
      } else {
        limits.phases = connector.phases
      }
      #expect(OutletBounds(outlet, name).check(limits) == [])
      #expect(connector.interface == (outlet.modem == nil ? "plc0" : nil))
    }
    for (inlet, board) in zip(plan.inlets, plan.board.inlets) {
      #expect(inlet.milliampsMax == board.milliampsMax)
      #expect(inlet.interface == (board.modem == nil ? "plc0" : nil))
    }
    #expect(plan.connectors.count + plan.inlets.count == 1)
  }

  // MARK: what is delivered

  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// The site files of the package and of the documentation are right on the boards they name.
  @Test func every_site_file_that_is_delivered_or_shown_is_right_on_its_board() throws {
    let folder = Self.root.appending(path: "packaging")
    let examples = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/examples")
    #expect(examples.filter { $0.hasSuffix(".yaml") }.count >= 2)
    var texts = try (["site.yaml"] + examples.map { "examples/\($0)" }).map {
      try String(contentsOf: folder.appending(path: $0), encoding: .utf8)
    }
    let document = try String(contentsOf: Self.root.appending(path: "docs/site-file.md"), encoding: .utf8)
    texts += document.components(separatedBy: "```yaml\n").dropFirst().map {
      $0.components(separatedBy: "```")[0]
    }
    for text in texts { #expect(try problems(text) == [], "\(text.prefix(200))") }
  }
}
