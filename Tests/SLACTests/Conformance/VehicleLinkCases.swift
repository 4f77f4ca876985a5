import HAL
import HomePlug
import ISO15118
import Node
import SLAC
import Simulation
import Wire

/// EVCC PLCLinkStatus cases that need a control pilot or a session: EVCC_CMN 003...008, EVCC_AC 001...010,
/// EVCC_DC 001...005. The source says for each group what it is about; the ids of AC and DC are numbered in that order.
enum VehicleLinkCases {
  static let all = common + ac + dc

  private static let paused = "session paused, X1"

  private static func make(
    _ id: String, _ start: String, _ steps: String, _ expects: String,
    source: ConformanceCase.Source = .group,
    remark: String = "", _ run: @escaping @Sendable (inout Check) -> Void
  ) -> ConformanceCase {
    ConformanceCase(id, start: start, steps: steps, expects: expects, source: source, remark: remark, run)
  }

  private static func cmn(_ number: Int) -> String { "EVCC_CMN PLCLinkStatus_00\(number)" }
  private static func ac(_ number: Int) -> String {
    "EVCC_AC PLCLinkStatus_0\(number < 10 ? "0" : "")\(number)"
  }
  private static func dc(_ number: Int) -> String { "EVCC_DC PLCLinkStatus_00\(number)" }

  // MARK: EVCC_CMN

  private static func beforeJoining(_ number: Int, _ what: String, _ duty: PilotDuty) -> ConformanceCase {
    make(
      cmn(number), "CM_SLAC_MATCH done, the modems have not joined", "\(what)",
      "no link: the key of the match is replaced within TP_match_leave (1 s), no D-LINK_READY", source: .body
    ) { check in
      for current in SiteDescription.Current.allCases {
        var rig = VehicleRig.joining(current)
        check.expect(rig.modemKey, is: testKey, "\(current): key")
        rig.drive(duty)
        rig.linkUp = true
        rig.advance(Tester.matchLeave - .milliseconds(50))
        check.expect(rig.modemKey != testKey, "\(current): still in the network")
        rig.advance(.seconds(5))
        check.expect(rig.phase != .discovery && rig.phase != .setup, "\(current): \(rig.phase)")
      }
    }
  }

  private static func matchesAgain(
    _ number: Int, _ what: String, _ error: @escaping @Sendable (inout VehicleRig) -> Void,
    _ back: @escaping @Sendable (inout VehicleRig) -> Void
  ) -> ConformanceCase {
    make(
      cmn(number), "link up, 5 %", "\(what) for 5 s, then B with 5 % again",
      "the network is left within TP_match_leave (1 s); CM_SLAC_PARM.REQ and a new match", source: .body
    ) { check in
      for current in SiteDescription.Current.allCases {
        var rig = VehicleRig.linked(current)
        check.expect(rig.modemKey, is: testKey, "\(current): key")
        error(&rig)
        rig.linkUp = false
        rig.advance(Tester.matchLeave - .milliseconds(50))
        check.expect(rig.modemKey != testKey, "\(current): still in the network")
        rig.advance(.seconds(4))
        back(&rig)
        let sent = rig.line(until: .CM_SLAC_PARM_REQ, within: .seconds(10))
        guard let runID = check.require(sent.runID, "\(current): request") else { continue }
        check.expect(rig.match(runID), "\(current): no match")
      }
    }
  }

  private static let common: [ConformanceCase] = [
    beforeJoining(3, "the oscillator goes off", .steadyHigh),
    beforeJoining(4, "the pilot goes to -12 V", .steadyLow),
    make(
      cmn(5), "plugged, the oscillator is off for 7.5 s", "5 % after that", "matches all the same",
      source: .body
    ) { check in
      for current in SiteDescription.Current.allCases {
        var rig = VehicleRig(current)
        rig.plugIn(.steadyHigh)
        rig.advance(.milliseconds(7500))
        rig.forget()
        rig.drive(.digital)
        let sent = rig.line(until: .CM_SLAC_PARM_REQ, within: .seconds(10))
        guard let runID = check.require(sent.runID, "\(current): request") else { continue }
        check.expect(rig.match(runID), "\(current): no match")
        rig.linkUp = true
        rig.advance(.seconds(2))
        check.expect(rig.phase, is: .discovery, "\(current): phase")
      }
    },
    matchesAgain(6, "state E") {
      $0.short(true)
    } _: {
      $0.short(false)
    },
    matchesAgain(7, "state F") {
      $0.drive(.steadyLow)
    } _: {
      $0.drive(.digital)
    },
    make(
      cmn(8), "link up, 5 %", "the modem sees no peer any more",
      "the network is left; after T_conn_resetup (15 s at most) a new match", source: .body,
      remark: "`rematchAfterLoss` 5 s (option B); option A is in EVCC_AC"
    ) { check in
      for current in SiteDescription.Current.allCases { optionB(current, &check) }
    },
  ]

  // MARK: connection loss

  private static func optionA(_ current: SiteDescription.Current, _ check: inout Check) {
    var rig = VehicleRig.linked(current)
    rig.linkUp = false
    rig.advance(.seconds(3))
    check.expect(rig.modemKey != testKey, "\(current): still in the network")
    let sent = rig.line(for: .seconds(30))
    check.expect(sent.isEmpty, "\(current): without a new trigger sent \(sent.names)")
    rig.drive(.steadyLow)
    rig.advance(.seconds(4))
    rig.drive(.digital)
    guard let runID = check.require(rig.awaitRequest(), "\(current): request after E/F") else { return }
    check.expect(rig.match(runID), "\(current): no match")
  }

  private static func optionB(_ current: SiteDescription.Current, _ check: inout Check) {
    var rig = VehicleRig.linked(current) { $0.vehicleSLAC.rematchAfterLoss = .seconds(5) }
    let begin = rig.now
    rig.linkUp = false
    let sent = rig.line(until: .CM_SLAC_PARM_REQ, within: .seconds(16))
    check.expect(rig.modemKey != testKey, "\(current): still in the network")
    check.expect(sent.last.map { $0.at - begin }, in: .seconds(5) ... .seconds(15), "\(current): request")
    guard let runID = check.require(sent.runID, "\(current): request") else { return }
    check.expect(rig.match(runID), "\(current): no match")
    rig.linkUp = true
    rig.advance(.seconds(2))
    check.expect(rig.phase, is: .discovery, "\(current): phase")
  }

  // MARK: pause and end of a session

  private static func wokenByCharger(_ id: String, _ current: SiteDescription.Current) -> ConformanceCase {
    make(
      id, paused, "the charger drives 5 % again",
      "the vehicle takes its session up again over the link that was kept, no new match"
    ) { check in
      guard var rig = SiteRig.paused(current, &check) else { return }
      rig.notes.traces.removeAll()
      rig.site.schedule(ChargerEvent.resume, at: rig.site.now)
      rig.run(for: .milliseconds(50))
      rig.site.needs.wish = .charge
      rig.site.schedule(VehicleEvent.conditions(rig.site.needs), at: rig.site.now)
      ChargerLinkCases.expectResumed(&rig, &check)
    }
  }

  private static func wakes(_ id: String, _ current: SiteDescription.Current) -> ConformanceCase {
    make(
      id, paused, "the vehicle wants energy again",
      "B-C-B toggle with phases of 200...400 ms; the session goes on over the link that was kept"
    ) { check in
      guard var rig = SiteRig.paused(current, &check) else { return }
      rig.notes.traces.removeAll()
      let begin = rig.site.now
      rig.site.needs.wish = .charge
      rig.site.schedule(VehicleEvent.conditions(rig.site.needs), at: begin)
      check.expect(rig.run(for: .seconds(1)) { $0.site.bench.wire.load == .c }, "no C")
      let up = rig.site.now
      check.expect(rig.run(for: .seconds(1)) { $0.site.bench.wire.load == .b }, "no B after C")
      check.expect(rig.site.now - up, in: .milliseconds(200) ... .milliseconds(400), "phase of C")
      ChargerLinkCases.expectResumed(&rig, &check)
    }
  }

  private static func leavesAfterSession(_ id: String, _ current: SiteDescription.Current) -> ConformanceCase
  {
    make(
      id, "energy flows", "the vehicle has enough and stops the session",
      "it leaves the network within TP_match_leave (1 s) of SessionStop, with the plug still in"
    ) { check in
      var rig = SiteRig(current)
      rig.site.plugIn(at: rig.site.now)
      rig.run(for: .seconds(30)) { $0.site.charger.phase == .energy }
      let network = rig.site.line.network(ofPort: 0)
      check.expect(network != nil, "no network")
      let ends = rig.run(for: .seconds(600)) { !$0.notes.vehicleOutcomes.isEmpty }
      check.expect(ends, "the session does not end")
      rig.run(for: Tester.matchLeave)
      check.expect(rig.site.line.network(ofPort: 0) != network, "still in the network")
      check.expect(rig.site.bench.isPlugged, "the plug is out")
    }
  }

  private static let ac: [ConformanceCase] = [
    wokenByCharger(ac(1), .ac),
    make(
      ac(2), paused, "the charger goes to state F for 4 s, then to 5 %",
      "the vehicle starts anew: it leaves the network and matches again"
    ) { check in
      guard var rig = SiteRig.paused(.ac, &check) else { return }
      let network = rig.site.line.network(ofPort: 0)
      rig.site.needs.wish = .charge
      rig.site.change { $0.apply(.setDuty(.steadyLow)) }
      rig.run(for: .seconds(4))
      check.expect(rig.site.line.network(ofPort: 0) != network, "still in the network")
      rig.notes.frames.removeAll()
      rig.site.change { $0.apply(.setDuty(.digital)) }
      let asks = rig.run(for: .seconds(10)) { rig in
        rig.notes.frames.contains { $0.side == .vehicle && $0.outgoing && $0.type == .CM_SLAC_PARM_REQ }
      }
      check.expect(asks, "no CM_SLAC_PARM.REQ")
    },
    wakes(ac(3), .ac),
    make(
      ac(4), paused, "the vehicle wants energy again, the charger is deaf",
      "B-C-B toggles again after T_conn_resume (6 s), three times at most"
    ) { check in
      guard var rig = SiteRig.paused(.ac, &check) else { return }
      rig.site.needs.wish = .charge
      // A charger whose X1 never changes: every duty it drives is undone at once.
      rig.site.schedule(VehicleEvent.conditions(rig.site.needs), at: rig.site.now)
      var toggles: [Instant] = []
      var wasC = false
      let end = rig.site.now + .seconds(40)
      while rig.site.now < end, rig.site.step(until: end) {
        if rig.site.bench.wire.duty != .steadyHigh { rig.site.change { $0.apply(.setDuty(.steadyHigh)) } }
        let isC = rig.site.bench.wire.load == .c
        if isC, !wasC { toggles.append(rig.site.now) }
        wasC = isC
      }
      check.expect(toggles.count, is: 3, "toggles")
      for (one, next) in zip(toggles, toggles.dropFirst()) {
        check.expect(next - one, in: .seconds(5) ... .seconds(7), "next toggle")
      }
    },
    make(
      ac(5), "link up, 5 %", "the modem sees no peer any more (option A)",
      "the network is left; nothing is sent until E/F and 5 % come, then a new match",
      remark: "`rematchAfterLoss` nil"
    ) { check in optionA(.ac, &check) },
    make(
      ac(6), "link up, 5 %", "the modem sees no peer any more (option B)",
      "the network is left; after T_conn_resetup (15 s at most) a new match", remark: "`rematchAfterLoss` 5 s"
    ) { check in optionB(.ac, &check) },
    make(
      ac(7), "link up, 5 %", "5 %, X1 for 3 s, nominal duty", "the link stays, nothing is matched anew"
    ) { check in
      var rig = VehicleRig.linked(.ac)
      rig.drive(.steadyHigh)
      rig.advance(.seconds(3))
      rig.drive(.pwm(permille: 267))
      rig.advance(.seconds(3))
      check.expect(rig.modemKey, is: testKey, "key")
      check.expect(!rig.takeLine().types.contains(.CM_SLAC_PARM_REQ), "matched anew")
    },
    leavesAfterSession(ac(8), .ac),
    make(
      ac(9), paused, "the plug comes out", "the network is left within TP_match_leave (1 s)"
    ) { check in
      guard var rig = SiteRig.paused(.ac, &check) else { return }
      let network = rig.site.line.network(ofPort: 0)
      rig.site.unplug(at: rig.site.now)
      rig.run(for: Tester.matchLeave)
      check.expect(rig.site.line.network(ofPort: 0) != network, "still in the network")
    },
    make(
      ac(10), paused, "ten minutes", "the network is kept, no frame of SLAC, S2 stays open"
    ) { check in
      guard var rig = SiteRig.paused(.ac, &check) else { return }
      let network = rig.site.line.network(ofPort: 0)
      rig.notes.frames.removeAll()
      rig.run(for: .seconds(600))
      check.expect(rig.site.line.network(ofPort: 0), is: network, "network")
      check.expect(!rig.notes.frames.contains { $0.side == .vehicle && $0.outgoing }, "frames in a pause")
      check.expect(rig.site.bench.wire.load, is: .b, "load")
    },
  ]

  private static let dc: [ConformanceCase] = [
    wokenByCharger(dc(1), .dc), wakes(dc(2), .dc),
    make(
      dc(3), "link up, 5 %", "the modem sees no peer any more (option A)",
      "the network is left; nothing is sent until E/F and 5 % come, then a new match",
      remark: "`rematchAfterLoss` nil"
    ) { check in optionA(.dc, &check) },
    make(
      dc(4), "link up, 5 %", "the modem sees no peer any more (option B)",
      "the network is left; after T_conn_resetup (15 s at most) a new match", remark: "`rematchAfterLoss` 5 s"
    ) { check in optionB(.dc, &check) },
    leavesAfterSession(dc(5), .dc),
  ]
}
