import HomePlug
import PLCModem
import SLAC
import Testing
import Wire

/// CM_VALIDATE between our two machines; each alone is tested by the ids of ISO 15118-5.
@Suite struct ValidationTests {
  private func traces(_ bench: Bench, _ port: Int) -> [SLACTrace] {
    bench.actions.compactMap { if $0.port == port, case .trace(let trace) = $0.action { trace } else { nil } }
  }

  @Test(arguments: 1...12 as ClosedRange<UInt64>)
  func an_EVSE_that_is_only_potentially_found_is_matched_once_it_counted_the_toggles(seed: UInt64) {
    var bench = Bench(seed: seed, line: { $0.attenuation = 50 }) { $0.settings.tolerances = .conformant }
    bench.plug()
    bench.run(.seconds(9)) { $0.isMatched() }
    #expect(bench.isMatched(), "seed \(seed)")
    #expect(traces(bench, 0).contains { if case .chosen(_, _, .validated) = $0 { true } else { false } })
    #expect(traces(bench, 1).contains { if case .toggles(_, 1...3) = $0 { true } else { false } })
  }

  @Test func of_two_EVSEs_on_one_line_only_the_one_at_the_cable_counts_the_toggles() {
    var bench = Bench(
      evs: 1, evses: 2, line: { $0.latency = .milliseconds(1) },
      slac: { $0.settings.tolerances = .conformant })
    // The foreign one looks nearer, and is asked first.
    bench.line.setAttenuation(45, between: 0, and: 1)
    bench.line.setAttenuation(55, between: 0, and: 2)
    bench.evse(1, .vehicleConnected)
    bench.plug(0, 2)
    bench.run(.seconds(9)) { $0.isMatched(0, 2) }
    #expect(bench.isMatched(0, 2))
    #expect(traces(bench, 1).contains { if case .toggles(_, 0) = $0 { true } else { false } })
  }

  @Test func without_toggles_nobody_is_matched_unless_that_is_tolerated() {
    for tolerances in [SLACTolerances.conformant, .lenient] {
      var bench = Bench(line: { $0.attenuation = 50 }) {
        $0.settings.tolerances = tolerances
        $0.settings.validation = .failure
      }
      bench.plug()
      bench.run(.seconds(9)) { $0.isMatched() }
      #expect(bench.isMatched() == (tolerances == .lenient))
    }
  }

  @Test func two_EVs_validate_one_after_the_other() {
    var probe = evseProbe()
    probe.plugIn()
    for ev in [evMAC, otherEV] {
      probe.attenuate(ev)
      probe.receive(.attenCharRsp(CM_ATTEN_CHAR_RSP(sourceAddress: ev, runID: run)), from: ev)
    }
    _ = probe.takeSent()
    func ask(_ ev: MACAddress, _ timer: UInt8 = 0) {
      probe.receive(.validateReq(CM_VALIDATE_REQ(timer: timer)), from: ev)
    }
    ask(evMAC)
    ask(otherEV)
    #expect(
      probe.takeSent() == [
        .validateCnf(CM_VALIDATE_CNF(result: .ready)), .validateCnf(CM_VALIDATE_CNF(result: .notReady)),
      ])
    ask(evMAC, 6)
    probe.advance(.milliseconds(100))
    probe.handle(.asksForEnergy(true, since: probe.now))
    probe.advance(.milliseconds(300))
    probe.handle(.asksForEnergy(false, since: probe.now))
    probe.advance(.milliseconds(300))
    #expect(probe.takeSent() == [.validateCnf(CM_VALIDATE_CNF(toggleCount: 1, result: .success))])
    ask(otherEV)
    #expect(probe.takeSent() == [.validateCnf(CM_VALIDATE_CNF(result: .ready))])
  }

  @Test(arguments: [(100, 0), (150, 1), (250, 1), (450, 1), (451, 0)])
  func a_toggle_is_as_long_as_the_standard_has_it(milliseconds: Int, counted: UInt8) {
    var probe = evseProbe()
    probe.plugIn()
    probe.attenuate()
    probe.respond()
    probe.receive(.validateReq(CM_VALIDATE_REQ(timer: 0)), from: evMAC)
    probe.receive(.validateReq(CM_VALIDATE_REQ(timer: 6)), from: evMAC)
    _ = probe.takeSent()
    probe.handle(.asksForEnergy(true, since: probe.now))
    probe.advance(.milliseconds(milliseconds))
    probe.handle(.asksForEnergy(false, since: probe.now))
    probe.advance(.milliseconds(700 - milliseconds))
    let result = counted == 1 ? ValidateResult.success : .failure
    #expect(probe.takeSent() == [.validateCnf(CM_VALIDATE_CNF(toggleCount: counted, result: result))])
  }

  @Test func a_toggle_seen_just_before_its_announcement_counts() {
    for (early, counted) in [(200, UInt8(1)), (201, 0)] {
      var probe = evseProbe()
      probe.plugIn()
      probe.attenuate()
      probe.respond()
      probe.receive(.validateReq(CM_VALIDATE_REQ(timer: 0)), from: evMAC)
      probe.handle(.asksForEnergy(true, since: probe.now))
      probe.advance(.milliseconds(early))
      probe.receive(.validateReq(CM_VALIDATE_REQ(timer: 6)), from: evMAC)
      _ = probe.takeSent()
      probe.advance(.milliseconds(100))
      probe.handle(.asksForEnergy(false, since: probe.now))
      probe.advance(.milliseconds(700))
      let result = counted == 1 ? ValidateResult.success : .failure
      #expect(probe.takeSent().first == .validateCnf(CM_VALIDATE_CNF(toggleCount: counted, result: result)))
    }
  }

  @Test func an_EV_cannot_hold_the_validation_for_longer_than_TT_EVSE_vald_toggle() {
    var probe = evseProbe()
    probe.plugIn()
    probe.attenuate()
    probe.respond()
    probe.receive(.validateReq(CM_VALIDATE_REQ(timer: 0)), from: evMAC)
    probe.receive(.validateReq(CM_VALIDATE_REQ(timer: 255)), from: evMAC)
    _ = probe.takeSent()
    probe.advance(.milliseconds(3500))
    #expect(probe.takeSent() == [.validateCnf(CM_VALIDATE_CNF(result: .failure))])
  }
}
