import Boards
import BoardChargebyteTarragon
import Foundation
import HAL
import Safety
import SiteFile
import Testing

@testable import BoardRuntime

/// What is safe has to be found also where the site file is not.
@Suite struct SafeStateTests {
  private func options(_ text: String) throws -> DaemonOptions {
    let path = FileManager.default.temporaryDirectory.appending(path: "coupler-site-\(UUID()).yaml").path
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    return try DaemonOptions(["--site", path, "--safe-state"])
  }

  @Test(arguments: [
    "board: chargebyte-tarragon\nconnectors: []\n",
    "board: 'chargebyte-tarragon' # Berlin\nconnectors:\n  - id: oops\n",
    "log: {level: \nboard:   \"chargebyte-tarragon\"\n\t- nothing of this is YAML",
    "board: chargebyte-tarragon",
  ])
  func a_site_file_that_is_wrong_still_says_which_board_to_make_safe(text: String) throws {
    let options = try options(text)
    defer { try? FileManager.default.removeItem(atPath: options.sitePath ?? "") }
    #expect(throws: SitePlan.Problems.self) { _ = try SitePlan(options) }
    #expect(SafeStateBoard.name(options, folder: nil) == "chargebyte-tarragon")
    let plan = try SitePlan(safeState: options)
    #expect(plan.board.name == "chargebyte-tarragon")
    #expect(plan.connectors.isEmpty)
  }

  @Test func the_board_that_was_driven_counts_more_than_a_file_that_was_edited_since() throws {
    let options = try options("board: simulation\n")
    let folder = FileManager.default.temporaryDirectory.appending(path: "coupler-run-\(UUID())").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer {
      try? FileManager.default.removeItem(atPath: options.sitePath ?? "")
      try? FileManager.default.removeItem(atPath: folder)
    }
    #expect(SafeStateBoard.name(options, folder: folder) == "simulation")
    SafeStateBoard.remember(TarragonBoard.board, folder: folder)
    #expect(SafeStateBoard.name(options, folder: folder) == "chargebyte-tarragon")
    var named = options
    named.board = "generic"
    #expect(SafeStateBoard.name(named, folder: folder) == "generic")
  }

  /// The board's own port may be somebody else's on a rig.
  @Test func a_controller_of_the_command_line_is_the_one_that_is_made_safe() throws {
    let board = try #require(BoardCatalogue.board(named: "phytec-phyverso"))
    let link = try #require(board.links.first)
    var options = try DaemonOptions(["--board", board.name, "--controller", "\(link.name)=/dev/rig"])
    let plan = try SitePlan(safeState: options)
    guard case .serial("/dev/rig", _, _)? = plan.board.links.first?.transport else {
      Issue.record("\(plan.board.links)")
      return
    }
    options.controllers = []
    #expect(try SitePlan(safeState: options).board.links == board.links)
  }

  @Test func without_any_board_the_reader_says_what_is_wrong() throws {
    let options = try options("log: 7\n")
    defer { try? FileManager.default.removeItem(atPath: options.sitePath ?? "") }
    let problems = #expect(throws: SitePlan.Problems.self) { _ = try SitePlan(safeState: options) }
    #expect(try #require(problems).description.contains("board: is missing"))
  }

  @Test func a_board_that_needs_a_watchdog_has_its_own_and_none_that_is_slower() throws {
    let board = TarragonBoard.board
    let own = try #require(try board.watchdog(nil, "site.yaml: watchdog"))
    #expect(own.device == "/dev/watchdog0")
    #expect(own.timeout == .seconds(10))
    var quick = SiteConfiguration.WatchdogSettings()
    quick.timeout = .seconds(5)
    #expect(try board.watchdog(quick, "site.yaml: watchdog") == quick)
    var slow = quick
    slow.timeout = .seconds(30)
    let problem = #expect(throws: SitePlan.Problems.self) {
      _ = try board.watchdog(slow, "site.yaml: watchdog")
    }
    #expect(
      try #require(problem).description.hasPrefix("site.yaml: watchdog.timeout: board chargebyte-tarragon"))
  }

  /// A fault that is added has to be sorted in: by its latch, or by `endsByItself`.
  @Test func names_of_faults_are_known_and_others_are_not() {
    for fault in SafetyFault.oneOfEachKind {
      #expect(SafetyFault.endsByItself(name: fault.name) == (fault.latch != .service), "\(fault)")
      #expect((SafetyFault(serviceName: fault.name) != nil) == (fault.latch == .service), "\(fault)")
    }
    for name in [
      "", "residualCurrentTest", "(", "earth", "contactorWelded", "invariantBroken(0)", "nonsense(earthLost)",
    ] {
      #expect(!SafetyFault.endsByItself(name: name), "\(name)")
    }
  }
}

extension SafetyFault {
  /// The compiler refuses this where a case is missing.
  private var next: SafetyFault? {
    switch self {
    case .contactorWelded: .contactorDidNotClose
    case .contactorDidNotClose: .contactorDropped
    case .contactorDropped: .earthLost
    case .earthLost: .residualCurrent
    case .residualCurrent: .residualCurrentTest(.didNotTrip)
    case .residualCurrentTest(.didNotTrip): .residualCurrentTest(.didNotReturn)
    case .residualCurrentTest(.didNotReturn): .proximityLost
    case .proximityLost: .emergencyStop
    case .emergencyStop: .heartbeatLost
    case .heartbeatLost: .lockNotConfirmed
    case .lockNotConfirmed: .lockLost
    case .lockLost: .lockStuck
    case .lockStuck: .pilotLost(.E)
    case .pilotLost: .vehicleIgnoredStop
    case .vehicleIgnoredStop: .ventilationMissing
    case .ventilationMissing: .insulation(.fault)
    case .insulation: .powerStage(.silent)
    case .powerStage(.silent): .powerStage(.faulty)
    case .powerStage(.faulty): .powerStage(.disobeying)
    case .powerStage(.disobeying): .wrongDemand
    case .wrongDemand: .outputLive(millivolts: 61_000)
    case .outputLive: SafetyInvariant.allCases.first.map { .invariantBroken($0) }
    case .invariantBroken: nil
    }
  }

  fileprivate static var oneOfEachKind: [SafetyFault] {
    Array(sequence(first: SafetyFault.contactorWelded, next: \.next))
  }
}
