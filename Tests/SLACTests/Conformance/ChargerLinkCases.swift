import HAL
import HomePlug
import ISO15118
import Node
import SLAC
import Simulation
import Wire

/// SECC_AC PLCLinkStatus_001...012 and SECC_DC PLCLinkStatus_001...007. Their bodies are missing in the source: its list
/// of behaviours, over both currents, is what is tested.
enum ChargerLinkCases {
  static let all = ac + dc

  private static let paused = "session paused, X1"
  private static let linked = "link up, 5 %"

  private static func make(
    _ id: String, _ start: String, _ steps: String, _ expects: String, remark: String = "",
    _ run: @escaping @Sendable (inout Check) -> Void
  ) -> ConformanceCase {
    ConformanceCase(id, start: start, steps: steps, expects: expects, source: .missing, remark: remark, run)
  }

  private static func ac(_ number: Int) -> String {
    "SECC_AC PLCLinkStatus_0\(number < 10 ? "0" : "")\(number)"
  }
  private static func dc(_ number: Int) -> String { "SECC_DC PLCLinkStatus_00\(number)" }

  private static let ac: [ConformanceCase] = [
    wakeByVehicle(ac(1), .ac),
    make(
      ac(2), paused, "state C for 60 ms, and for 900 ms", "neither is a B-C-B toggle: X1 stays"
    ) { check in
      for held in [60, 900] {
        guard var rig = SiteRig.paused(.ac, &check) else { return }
        rig.site.change { $0.apply(.setLoad(.c)) }
        rig.run(for: .milliseconds(held))
        rig.site.change { $0.apply(.setLoad(.b)) }
        rig.run(for: Tester.connResume)
        check.expect(rig.site.bench.wire.duty, is: .steadyHigh, "duty after \(held) ms of C")
      }
    },
    wakeByCharger(ac(3), .ac),
    deafVehicle(ac(4), .ac),
    optionA(ac(5), .ac),
    optionB(ac(6), .ac),
    make(
      ac(7), linked, "EIM positive; the link is lost (option A)",
      "state E/F for 4...8 s, then the nominal duty the customer has a right to",
      remark: "`identificationWhileMatching` authorizesSession"
    ) { check in
      var rig = ChargerRig.linked(.ac)
      check.expect(rig.duty, is: .digital, "duty")
      rig.take(.identified(true))
      rig.advance(.milliseconds(100))
      check.expect(rig.duty, is: .digital, "duty after identification")
      let since = rig.now
      rig.linkUp = false
      rig.advance(.seconds(12))
      let steps = rig.steps(since: since)
      check.expect(steps.first?.duty, is: .steadyLow, "first step")
      check.expect(steps.first?.lasted, in: .seconds(4) ... .seconds(8), "E/F")
      check.expect(ChargerCases.isNominal(rig.duty), "\(rig.duty) in place of a nominal duty")
    },
    make(
      ac(8), "matching, 5 %", "EIM positive while a matching process runs",
      "X1 for 3 s or more, then a nominal duty, no E/F; the process goes on to the match",
      remark: "`identificationWhileMatching` switchesToNominal"
    ) { check in
      var rig = ChargerRig(.ac) { $0.chargerCoupling.identificationWhileMatching = .switchesToNominal }
      rig.plugIn()
      rig.advance(.seconds(1))
      rig.attenuationDone()
      expectX1(&rig, &check)
      check.expect(rig.requestMatch().types, is: [.CM_SLAC_MATCH_CNF], "match")
    },
    make(
      ac(9), linked, "EIM positive once matched",
      "X1 for 3 s or more, then a nominal duty, no E/F; the link stays",
      remark: "`identificationWhileMatching` switchesToNominal"
    ) { check in
      var rig = ChargerRig.linked(.ac) { $0.chargerCoupling.identificationWhileMatching = .switchesToNominal }
      rig.forget()
      expectX1(&rig, &check)
      check.expect(rig.keysSet.isEmpty, "the network was left")
      let sent = rig.ask(otherEV, RunID(9))
      check.expect(sent.isEmpty, "no longer Matched: \(sent.names)")
    },
    stateA(ac(10), .ac),
    unpluggedInPause(ac(11), .ac),
    make(
      ac(12), "session paused after a nominal duty, X1", "B-C-B toggle of the vehicle",
      "the nominal duty again within T_conn_resume (6 s), over the link that was kept"
    ) { check in
      guard var rig = SiteRig.paused(.ac, identified: true, &check) else { return }
      expectWoken(&rig, &check) { ChargerCases.isNominal($0) }
    },
  ]

  private static let dc: [ConformanceCase] = [
    make(
      dc(1), "energy flows", "the vehicle pauses the session",
      "the oscillator goes off (X1), the network is kept for minutes"
    ) { check in
      guard var rig = SiteRig.paused(.dc, &check) else { return }
      check.expect(rig.site.bench.wire.duty, is: .steadyHigh, "duty")
      rig.run(for: .seconds(600))
      check.expect(rig.site.line.areJoined(0, 1, at: rig.site.now), "the network was left")
    },
    wakeByVehicle(dc(2), .dc),
    wakeByCharger(dc(3), .dc),
    deafVehicle(dc(4), .dc),
    optionA(dc(5), .dc),
    optionB(dc(6), .dc),
    unpluggedInPause(dc(7), .dc),
  ]

  // MARK: paused

  private static func wakeByVehicle(_ id: String, _ current: SiteDescription.Current) -> ConformanceCase {
    make(
      id, paused, "B-C-B toggle of the vehicle",
      "5 % again within T_conn_resume (6 s); the session goes on over the link that was kept, no new match"
    ) { check in
      guard var rig = SiteRig.paused(current, &check) else { return }
      expectWoken(&rig, &check) { $0 == .digital }
    }
  }

  /// The vehicle wants energy again.
  private static func expectWoken(_ rig: inout SiteRig, _ check: inout Check, duty: (PilotDuty) -> Bool) {
    let begin = rig.site.now
    rig.notes.traces.removeAll()
    rig.site.needs.wish = .charge
    rig.site.schedule(VehicleEvent.conditions(rig.site.needs), at: begin)
    let isOn = rig.run(for: Tester.connResume) { $0.site.bench.wire.duty.isOscillating }
    check.expect(isOn, "no duty within T_conn_resume")
    check.expect(duty(rig.site.bench.wire.duty), "\(rig.site.bench.wire.duty)")
    expectResumed(&rig, &check)
  }

  static func expectResumed(_ rig: inout SiteRig, _ check: inout Check) {
    let goesOn = rig.run(for: .seconds(60)) { $0.site.charger.phase == .energy }
    check.expect(goesOn, "the session does not go on: \(rig.site.charger.phase), \(rig.outcome)")
    let rematched = rig.notes.traces.contains { if case .slac(.request) = $0.trace { true } else { false } }
    check.expect(!rematched, "matched anew")
  }

  private static func wakeByCharger(_ id: String, _ current: SiteDescription.Current) -> ConformanceCase {
    make(
      id, paused, "the host wakes the vehicle, which wants energy",
      "5 % at once (X1 to X2), and the session goes on over the link that was kept"
    ) { check in
      guard var rig = SiteRig.paused(current, &check) else { return }
      rig.notes.traces.removeAll()
      rig.site.schedule(ChargerEvent.resume, at: rig.site.now)
      rig.run(for: .milliseconds(50))
      check.expect(rig.site.bench.wire.duty, is: .digital, "duty")
      rig.site.needs.wish = .charge
      rig.site.schedule(VehicleEvent.conditions(rig.site.needs), at: rig.site.now)
      expectResumed(&rig, &check)
    }
  }

  private static func deafVehicle(_ id: String, _ current: SiteDescription.Current) -> ConformanceCase {
    make(
      id, paused, "the host wakes the vehicle, which does not react",
      "5 %, and after T_conn_resume (6 s) state E/F for 4...8 s to wake it"
    ) { check in
      guard var rig = SiteRig.paused(current, &check) else { return }
      let begin = rig.site.now
      rig.site.killVehicle()
      rig.site.schedule(ChargerEvent.resume, at: begin)
      rig.run(for: .seconds(20))
      let driven = rig.notes.duties.filter { $0.at >= begin }
      check.expect(driven.first?.duty, is: .digital, "first duty")
      guard let index = driven.firstIndex(where: { $0.duty == .steadyLow }), index + 1 < driven.count else {
        return check.expect(false, "no E/F")
      }
      check.expect(driven[index].at - begin, in: .seconds(5) ... .seconds(7), "E/F begins")
      check.expect(driven[index + 1].at - driven[index].at, in: .seconds(4) ... .seconds(8), "E/F lasts")
    }
  }

  private static func unpluggedInPause(_ id: String, _ current: SiteDescription.Current) -> ConformanceCase {
    make(
      id, paused, "the plug comes out",
      "the network is left within TP_match_leave (1 s); the next match is a new one"
    ) { check in
      guard var rig = SiteRig.paused(current, &check) else { return }
      let network = rig.site.line.network(ofPort: 1)
      rig.site.unplug(at: rig.site.now)
      rig.run(for: Tester.matchLeave)
      check.expect(rig.site.line.network(ofPort: 1) != network, "the charger is still in its network")
      check.expect(!rig.site.line.areJoined(0, 1, at: rig.site.now), "still joined")
    }
  }

  // MARK: link up

  private static func optionA(_ id: String, _ current: SiteDescription.Current) -> ConformanceCase {
    make(
      id, linked, "the modem sees no peer any more (option A)",
      "the network is left, state E/F for 4...8 s, then 5 %, and a new match is answered",
      remark: "`connectionLoss` errorStep"
    ) { check in
      var rig = ChargerRig.linked(current)
      rig.forget()
      let since = rig.now
      rig.linkUp = false
      let isError = rig.run(for: Tester.linkStatus) { $0.duty == .steadyLow }
      check.expect(isError, "no E/F")
      check.expect(rig.keysSet.count, is: 1, "new keys")
      rig.advance(.seconds(9))
      let steps = rig.steps(since: since)
      check.expect(steps.first?.duty, is: .steadyLow, "first step")
      check.expect(steps.first?.lasted, in: .seconds(4) ... .seconds(8), "E/F")
      check.expect(rig.duty, is: .digital, "duty")
      check.expect(rig.ask(evMAC, RunID(9)).types, is: [.CM_SLAC_PARM_CNF], "new match")
    }
  }

  private static func optionB(_ id: String, _ current: SiteDescription.Current) -> ConformanceCase {
    make(
      id, linked, "the modem sees no peer any more (option B)",
      "the network is left, the oscillator stays on (X2), and a new match is answered",
      remark: "`connectionLoss` rematch"
    ) { check in
      var rig = ChargerRig.linked(current) { $0.chargerCoupling.connectionLoss = .rematch }
      rig.forget()
      let since = rig.now
      rig.linkUp = false
      rig.advance(Tester.linkStatus)
      check.expect(rig.keysSet.count, is: 1, "new keys")
      check.expect(rig.steps(since: since).isEmpty, "the duty changed to \(rig.duty)")
      check.expect(rig.ask(evMAC, RunID(9)).types, is: [.CM_SLAC_PARM_CNF], "new match")
    }
  }

  private static func stateA(_ id: String, _ current: SiteDescription.Current) -> ConformanceCase {
    make(
      id, linked, "the plug comes out",
      "the network is left within TP_match_leave (1 s), the oscillator goes off"
    ) { check in
      var rig = ChargerRig.linked(current)
      rig.forget()
      let begin = rig.now
      rig.unplug()
      rig.advance(Tester.matchLeave - .milliseconds(50))
      let at = rig.takeFrames().of(.CM_SET_KEY_REQ).first?.at
      check.expect(at.map { $0 - begin }, in: .zero...Tester.matchLeave, "new key")
      check.expect(rig.duty, is: .steadyHigh, "duty")
    }
  }

  /// 5 % - X1 for T_step_X1 - nominal, without E/F.
  private static func expectX1(_ rig: inout ChargerRig, _ check: inout Check) {
    check.expect(rig.duty, is: .digital, "duty")
    let since = rig.now
    rig.take(.identified(true))
    rig.advance(.seconds(5))
    let steps = rig.steps(since: since)
    check.expect(steps.first?.duty, is: .steadyHigh, "first step")
    check.expect(steps.first?.lasted, in: .seconds(3) ... .seconds(4), "X1")
    check.expect(ChargerCases.isNominal(rig.duty), "\(rig.duty) in place of a nominal duty")
    check.expect(steps.count, is: 2, "steps")
  }
}

extension SiteRig {
  /// A site whose vehicle has paused its session, with the pilot at X1.
  static func paused(
    _ current: SiteDescription.Current, identified: Bool = false, _ check: inout Check
  ) -> SiteRig? {
    var rig = SiteRig(current, wattHours: 1000)
    if identified { rig.site.schedule(ChargerEvent.identified(true), at: rig.site.now) }
    rig.site.plugIn(at: rig.site.now + .milliseconds(10))
    let charges = rig.run(for: .seconds(120)) { $0.site.charger.phase == .energy }
    check.expect(charges, "no energy: \(rig.site.charger.phase), \(rig.outcome)")
    rig.run(for: .seconds(3))
    rig.site.needs.wish = .pause
    rig.site.schedule(VehicleEvent.conditions(rig.site.needs), at: rig.site.now)
    let ends = rig.run(for: .seconds(60)) { !$0.notes.outcomes.isEmpty }
    check.expect(ends, "no end: \(rig.site.charger.phase)")
    rig.run(for: .seconds(5))
    guard case .completed(.paused, _)? = rig.notes.outcomes.last else {
      check.expect(false, "not paused: \(rig.outcome)")
      return nil
    }
    return rig
  }
}
