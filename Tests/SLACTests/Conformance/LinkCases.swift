import HomePlug
import SLAC
import Wire

/// SECC_CMN PLCLinkStatus_001...005 and EVCC_CMN PLCLinkStatus_001, 002. What needs a control pilot is in
/// `VehicleCases`.
enum LinkCases {
  static let all = [secc1, secc2, secc3, secc4, secc5, evcc1, evcc2]

  private static func joiningSECC() -> Probe<TestEVSE> {
    var secc = Probe.plugged()
    secc.attenuationDone()
    _ = secc.requestMatch()
    return secc
  }

  private static let secc1 = ConformanceCase(
    "SECC_CMN PLCLinkStatus_001", start: "CM_SLAC_MATCH done",
    steps: "the modems form a network after 0.5, 6 and 11 s, and never",
    expects:
      "D-LINK_READY once, 200 ms to 1 s after the link; without one matching fails after TT_match_join, with a new key",
    source: .missing
  ) { check in
    for wait in [500, 6_000, 11_000] {
      var secc = joiningSECC()
      secc.advance(.milliseconds(wait))
      check.expect(secc.ready.isEmpty, "ready without a link")
      secc.linkUp = true
      secc.actions.removeAll()
      secc.advance(.seconds(3))
      let up = secc.actions.first { $0.action == .trace(.linkUp(assumed: false)) }?.at
      let ready = secc.actions.filter { $0.action == .linkReady(peer: evMAC) }.map(\.at)
      check.expect(ready.count, is: 1, "D-LINK_READY")
      guard let up = check.require(up, "link"), let at = ready.first else { continue }
      check.expect(at - up, in: .milliseconds(200) ... .seconds(1), "D-LINK_READY")
    }
    var secc = joiningSECC()
    secc.actions.removeAll()
    secc.advance(Tester.matchJoin + Tester.tolerance)
    check.expect(secc.failures, is: [.joinTimeout], "failures")
    check.expect(secc.keysSet.count, is: 1, "new keys")
    check.expect(secc.ready.isEmpty, "ready without a link")
  }

  private static let secc2 = ConformanceCase(
    "SECC_CMN PLCLinkStatus_002", start: "link up",
    steps: "CM_SLAC_PARM.REQ of the matched EV and of another one, then a whole run of each",
    expects: "no answer while Matched", source: .behaviour
  ) { check in
    var secc = Probe<TestEVSE>.linked()
    check.expect(secc.machine.phase, is: .matched, "phase")
    for (ev, runID) in [(evMAC, RunID(3)), (evMAC, run), (otherEV, RunID(4))] {
      var sent = secc.ask(ev, runID)
      secc.starts(ev, runID)
      secc.sounds(ev, runID)
      sent += secc.line(for: Tester.attenResults + Tester.tolerance)
      check.expect(sent.isEmpty, "sent \(sent.names)")
    }
    check.expect(secc.machine.phase, is: .matched, "phase")
  }

  private static let secc3 = ConformanceCase(
    "SECC_CMN PLCLinkStatus_003", start: "link up", steps: "control pilot to A",
    expects: "D-LINK_READY (down), and another random key to the modem within TP_match_leave (1 s)",
    source: .behaviour
  ) { check in
    var secc = Probe<TestEVSE>.linked()
    let before = secc.machine.network
    check.expect(before != nil, "no network")
    secc.actions.removeAll()
    let begin = secc.now
    secc.handle(.vehicleDisconnected)
    secc.advance(Tester.matchLeave)
    check.expect(secc.losses, is: [.pilot], "losses")
    check.expect(secc.keysSet.count, is: 1, "new keys")
    check.expect(secc.keysSet.first?.nid != before, "the same network")
    let at = secc.takeFrames().of(.CM_SET_KEY_REQ).first.map { $0.at - begin }
    check.expect(at, in: .zero...Tester.matchLeave, "new key")
    check.expect(secc.machine.phase, is: .unmatched, "phase")
  }

  private static let secc4 = ConformanceCase(
    "SECC_CMN PLCLinkStatus_004", start: "link up, on the simulated line",
    steps: "control pilot to A at the charger; CM_NW_STATS.REQ of the tester to its own modem",
    expects: "one station before, none within TP_match_leave after", source: .missing,
    remark: "read as: leaving is proven by CM_NW_STATS"
  ) { check in
    var bench = Bench(slac: { $0.settings.tolerances = .conformant })
    bench.plug()
    bench.run(.seconds(10)) { $0.isMatched() }
    check.expect(bench.isMatched(), "not matched")
    bench.run(.seconds(2))
    check.expect(stations(&bench), is: 1, "stations while linked")
    bench.evse(1, .vehicleDisconnected)
    bench.run(Tester.matchLeave)
    check.expect(stations(&bench), is: 0, "stations after leaving")
  }

  /// What the EV's modem answers to CM_NW_STATS.REQ.
  private static func stations(_ bench: inout Bench) -> Int? {
    let tester = MACAddress(0x0200_0000_00F1)
    let frame = ManagementFrame(destination: ManagementFrame.localModem, source: tester, message: .nwStatsReq)
    bench.passed.removeAll()
    bench.toLine(.frame(frame.octets, port: 0))
    bench.run(.milliseconds(10))
    for passed in bench.passed where passed.port == 0 && !passed.fromHost {
      if case .nwStatsCnf(let statistics) = try? ManagementFrame(parsing: passed.octets.span.bytes).message {
        return statistics.stations.count
      }
    }
    return nil
  }

  private static let secc5 = ConformanceCase(
    "SECC_CMN PLCLinkStatus_005", start: "link up",
    steps: "the modem sees no peer any more, the control pilot stays in B; then a new run of the EV",
    expects: "D-LINK_READY (down) once, the network is left with a new key, the new run is answered",
    source: .missing,
    remark: "read as: connection loss; what the pilot does about it is in SECC_AC and SECC_DC"
  ) { check in
    var secc = Probe<TestEVSE>.linked()
    secc.actions.removeAll()
    secc.linkUp = false
    secc.advance(Tester.linkStatus)
    check.expect(secc.losses, is: [.linkDown], "losses")
    check.expect(secc.keysSet.count, is: 1, "new keys")
    check.expect(secc.ask(evMAC, RunID(7)).types, is: [.CM_SLAC_PARM_CNF], "new run")
  }

  private static let evcc1 = ConformanceCase(
    "EVCC_CMN PLCLinkStatus_001", start: "CM_SLAC_MATCH done", steps: "the modem sees its peer",
    expects:
      "CM_SET_KEY.REQ with NMK and NID of the confirmation; D-LINK_READY once, 200 ms to 1 s after the link, within TT_match_join"
  ) { check in
    var evcc = Probe<TestEV>.joining()
    check.expect(evcc.keysSet, is: [testKey], "keys")
    evcc.linkUp = true
    evcc.advance(Tester.setKey)
    let up = evcc.actions.first { $0.action == .trace(.linkUp(assumed: false)) }?.at
    let ready = evcc.actions.filter { $0.action == .linkReady(peer: evseMAC) }.map(\.at)
    check.expect(ready.count, is: 1, "D-LINK_READY")
    guard let up = check.require(up, "link"), let at = ready.first else { return }
    check.expect(at - up, in: .milliseconds(200) ... .seconds(1), "D-LINK_READY")
    check.expect(evcc.machine.phase, is: .matched, "phase")
  }

  private static let evcc2 = ConformanceCase(
    "EVCC_CMN PLCLinkStatus_002", start: "link up", steps: "the plug comes out",
    expects: "another random key to the modem within TP_match_leave (1 s), D-LINK_READY (down) once"
  ) { check in
    var evcc = Probe<TestEV>.linked()
    evcc.actions.removeAll()
    let begin = evcc.now
    evcc.handle(.pilotLost)
    evcc.advance(Tester.matchLeave)
    check.expect(evcc.losses, is: [.pilot], "losses")
    check.expect(evcc.keysSet.count, is: 1, "new keys")
    check.expect(evcc.keysSet.first != testKey, "the same key")
    let at = evcc.takeFrames().of(.CM_SET_KEY_REQ).first.map { $0.at - begin }
    check.expect(at, in: .zero...Tester.matchLeave, "new key")
    check.expect(evcc.machine.phase, is: .unmatched, "phase")
  }
}
