import HomePlug
import PLCModem
import SLAC
import SimulatedHardware
import Testing
import Wire

/// Matching with each vendor's modem at either end, and with each of its faults.
@Suite struct ModemModelTests {
  private func bench(
    evse: ModemModel = .qca7005, ev: ModemModel = .qca7005, _ faults: Set<ModemFault> = [],
    at port: Int = 1, restart: Duration = .zero, slac: (inout SLACConfiguration) -> Void = { _ in }
  ) -> Bench {
    var bench = Bench(
      line: {
        $0.ports[0].model = ev
        $0.ports[1].model = evse
        $0.ports[port].faults = faults
        $0.modemRestart = restart
      }, slac: slac)
    // The EVSE sets its key long before a vehicle comes.
    bench.run(.seconds(20))
    bench.plug()
    return bench
  }

  /// On its own, so that a failed expectation does not print the whole bench.
  private func isMatched(_ bench: Bench) -> Bool { bench.isMatched() }

  private func hasLink(_ bench: Bench) -> Bool {
    bench.actions.contains { if case .linkReady = $0.action { true } else { false } }
  }

  private func failures(_ bench: Bench, _ port: Int) -> [MatchFailure] {
    bench.actions.compactMap {
      if $0.port == port, case .failed(let failure) = $0.action { failure } else { nil }
    }
  }

  @Test(arguments: ModemModel.allCases.filter { $0 != .qca7420 })
  func each_model_serves_an_EVSE(_ model: ModemModel) {
    var bench = bench(evse: model)
    bench.run(.seconds(20)) { $0.isMatched() }
    #expect(isMatched(bench), "\(failures(bench, 1))")
  }

  @Test(arguments: ModemModel.allCases)
  func each_model_serves_an_EV(_ model: ModemModel) {
    var bench = bench(ev: model)
    bench.run(.seconds(20)) { $0.isMatched() }
    #expect(isMatched(bench), "\(failures(bench, 0))")
  }

  @Test(arguments: ModemModel.allCases.filter { $0 != .qca7420 })
  func each_model_may_restart_for_three_seconds(_ model: ModemModel) {
    var bench = bench(evse: model, ev: model, restart: .seconds(3))
    bench.run(.seconds(30)) { $0.isMatched() }
    #expect(isMatched(bench), "\(failures(bench, 0)) \(failures(bench, 1))")
  }

  @Test func a_home_plug_is_refused_for_an_EVSE() {
    var bench = bench(evse: .qca7420)
    bench.run(.seconds(20))
    #expect(failures(bench, 1).contains(.modemUnfit(.reportsNoAttenuation)))
    #expect(!isMatched(bench))
  }

  @Test(arguments: [
    ModemFault.refusesKey, .checksNID, .invertedResult, .reportsErrors, .noPieces,
    .noOperations,
    .flashFails, .flashFlips,
  ])
  func a_match_survives(_ fault: ModemFault) {
    for port in [0, 1] {
      var bench = bench([fault], at: port)
      bench.run(.seconds(40)) { $0.isMatched() }
      #expect(isMatched(bench), "port \(port): \(failures(bench, port))")
    }
  }

  @Test(arguments: [
    (ModemFault.withoutSLAC, MatchFailure.sessionsFailed(.homePlugProfile)),
    (.slacOff, .sessionsFailed(.noProfile)), (.bootLoader, .modemUnfit(.runsNoFirmware)),
    (.silent, .modemSilent), (.reversedNID, .keyNotTaken),
  ])
  func an_EVSE_says_what_is_wrong_with_its_modem(fault: ModemFault, failure: MatchFailure) {
    var bench = bench([fault])
    bench.run(.seconds(40))
    #expect(failures(bench, 1).contains(failure), "\(failures(bench, 1))")
  }

  @Test(arguments: [ModemFault.ignoresKey, .neverCoordinates])
  func a_modem_that_forms_no_network_ends_without_a_link(_ fault: ModemFault) {
    var bench = bench([fault])
    bench.run(.seconds(60))
    #expect(!hasLink(bench))
    #expect(!failures(bench, 0).isEmpty, "the EV gives up")
  }

  @Test func a_modem_that_does_not_know_its_vendors_link_status_is_asked_for_the_stations_of_its_network() {
    var bench = bench([.noLinkStatus])
    bench.run(.seconds(40)) { $0.isMatched() }
    #expect(isMatched(bench))
  }
}
