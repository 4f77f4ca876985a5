import HAL
import HomePlug
import SLAC
import Simulation
import Wire

/// SECC cases that need a control pilot: CmSlacParm.
enum ChargerCases {
  static let all = [Letter.b, .c, .d].map(answered) + [stateA, asleep, asleepDuty] + initialDuty

  private enum Letter: String, Sendable {
    case b = "001"
    case c = "002"
    case d = "003"
    var load: PilotLoad {
      switch self {
      case .b: .b
      case .c: .c
      case .d: .d
      }
    }
  }

  private static func answered(_ letter: Letter) -> ConformanceCase {
    let name = letter.load.rawValue.uppercased()
    return ConformanceCase(
      "SECC_CMN CmSlacParm_\(letter.rawValue)", start: "plugged, state \(name)", steps: "CM_SLAC_PARM.REQ",
      expects:
        "CM_SLAC_PARM.CNF within 200 ms with 10 sounds, 600 ms, RESP_TYPE 1, FORWARDING_STA of the EV; 5 % in \(name)",
      remark: letter == .d
        ? "at an outlet declared as ventilated; any other goes to X1 in D (IEC 61851-1)" : ""
    ) { check in
      for current in SiteDescription.Current.allCases {
        var rig = ChargerRig(current, isVentilated: letter == .d)
        rig.plugIn(letter.load)
        rig.advance(.seconds(1))
        check.expect(rig.node.pilotState.rawValue, is: name, "\(current): state")
        check.expect(rig.duty, is: .digital, "\(current): duty")
        let begin = rig.now
        let sent = rig.ask()
        let confirmation = CM_SLAC_PARM_CNF(
          soundTarget: .broadcast, soundCount: 10, timeOut: 6, responseType: 1, forwardingStation: evMAC,
          applicationType: 0, securityType: 0, runID: run)
        check.expect(sent.map(\.message), is: [.slacParmCnf(confirmation)], "\(current): confirmation")
        check.expect(sent.first?.frame.destination, is: evMAC, "\(current): destination")
        check.expect(
          sent.first.map { $0.at - begin }, in: .zero...Tester.matchResponse, "\(current): confirmation")
        check.expect(rig.node.pilotState.rawValue, is: name, "\(current): state after it")
      }
    }
  }

  private static let stateA = ConformanceCase(
    "SECC_CMN CmSlacParm_007", start: "plugged", steps: "control pilot to A, then CM_SLAC_PARM.REQ",
    expects: "no confirmation"
  ) { check in
    for current in SiteDescription.Current.allCases {
      var rig = ChargerRig(current)
      rig.plugIn()
      rig.advance(.seconds(1))
      rig.unplug()
      check.expect(rig.node.pilotState, is: .A, "\(current): state")
      var sent = rig.ask()
      sent += rig.line(for: Tester.tolerance)
      check.expect(sent.isEmpty, "\(current): sent \(sent.names)")
    }
  }

  /// A charger that slept after a vehicle left, at the moment at which the next one comes.
  private static func sleeping(_ current: SiteDescription.Current, _ check: inout Check) -> ChargerRig {
    var rig = ChargerRig(current) { $0.chargerCoupling.sleepsAfter = .seconds(2) }
    rig.plugIn()
    rig.advance(.seconds(5))
    rig.unplug()
    rig.advance(.seconds(20))
    rig.forget()
    let off = rig.ask()
    check.expect(off.isEmpty, "\(current): a modem that is off: \(off.names)")
    rig.plugIn()
    return rig
  }

  private static let asleep = ConformanceCase(
    "SECC_CMN CmSlacParm_008", start: "asleep since the plug went out",
    steps: "plug-in; CM_SLAC_PARM.REQ every 200 ms",
    expects: "ready for SLAC within T_conn_max_comm (8 s)",
    remark: "`sleepsAfter` 2 s, the modem boots in 3 s"
  ) { check in
    for current in SiteDescription.Current.allCases {
      var rig = sleeping(current, &check)
      let begin = rig.now
      var at: Instant?
      while at == nil, rig.now - begin < .seconds(20) { at = rig.ask().of(.CM_SLAC_PARM_CNF).first?.at }
      check.expect(at.map { $0 - begin }, in: .zero...Tester.connMaxComm, "\(current): confirmation")
    }
  }

  private static let asleepDuty = ConformanceCase(
    "SECC_CMN CmSlacParm_009", start: "asleep since the plug went out",
    steps: "plug-in; wait; CM_SLAC_PARM.REQ",
    expects: "5 % within T_conn_max_comm (8 s); the first request after that time is answered",
    remark: "`sleepsAfter` 2 s, the modem boots in 3 s"
  ) { check in
    for current in SiteDescription.Current.allCases {
      var rig = sleeping(current, &check)
      let begin = rig.now
      let isOn = rig.run(for: Tester.connMaxComm) { $0.duty == .digital }
      check.expect(isOn, "\(current): no 5 % after \((rig.now - begin).milliseconds) ms")
      rig.advance(Tester.connMaxComm - (rig.now - begin))
      check.expect(rig.ask().types, is: [.CM_SLAC_PARM_CNF], "\(current): first request")
    }
  }

  // MARK: initial duty and identification

  /// E/F for 4...8 s, then a nominal duty; CM_SLAC_PARM.REQ is still answered.
  private static func expectNominalAfterError(_ rig: inout ChargerRig, since: Instant, _ check: inout Check) {
    rig.advance(.seconds(10))
    let steps = rig.steps(since: since)
    check.expect(steps.first?.duty, is: .steadyLow, "first step")
    check.expect(steps.first?.lasted, in: .seconds(4) ... .seconds(8), "E/F")
    check.expect(isNominal(rig.duty), "\(rig.duty) in place of a nominal duty")
    check.expect(rig.ask().types, is: [.CM_SLAC_PARM_CNF], "SLAC afterwards")
  }

  static func isNominal(_ duty: PilotDuty) -> Bool {
    if case .pwm(let permille) = duty { (100...960).contains(permille) } else { false }
  }

  private static let initialDuty: [ConformanceCase] = [
    ConformanceCase(
      "SECC_AC CmSlacParm_001", start: "plugged, 5 %", steps: "no SLAC; EIM positive 5 s after plug-in",
      expects: "state E/F for 4...8 s, then a nominal duty; SLAC still answered"
    ) { check in
      var rig = ChargerRig(.ac)
      rig.plugIn()
      rig.advance(.seconds(5))
      check.expect(rig.duty, is: .digital, "initial duty")
      let since = rig.now
      rig.take(.identified(true))
      expectNominalAfterError(&rig, since: since, &check)
    },
    ConformanceCase(
      "SECC_AC CmSlacParm_002", start: "plugged, 5 %", steps: "no SLAC at all",
      expects:
        "twice state E/F of 4...8 s and 5 % again, each after TT_EVSE_SLAC_init; then the oscillator off (X1)"
    ) { check in
      var rig = ChargerRig(.ac)
      rig.plugIn()
      rig.advance(.milliseconds(100))
      let since = rig.duties.last?.at ?? rig.now
      check.expect(rig.duty, is: .digital, "initial duty")
      rig.advance(.seconds(200))
      let steps = rig.steps(since: since)
      let offered = steps.filter { $0.duty == .digital }
      let errors = steps.filter { $0.duty == .steadyLow }
      check.expect(errors.count, is: 2, "E/F sequences")
      for error in errors { check.expect(error.lasted, in: .seconds(4) ... .seconds(8), "E/F") }
      check.expect(offered.count, is: 3, "times of 5 %")
      for time in offered { check.expect(time.lasted, in: Tester.slacInit, "5 %") }
      check.expect(rig.duty, is: .steadyHigh, "duty at the end")
    },
    ConformanceCase(
      "SECC_AC CmSlacParm_003", start: "plugged, 100 % (X1)",
      steps: "no SLAC; EIM positive 5 s after plug-in",
      expects: "state E/F for 4...8 s, then a nominal duty; SLAC still answered",
      remark: "`initialDuty` steadyHigh"
    ) { check in
      var rig = ChargerRig(.ac) { $0.chargerCoupling.initialDuty = .steadyHigh }
      rig.plugIn()
      rig.advance(.seconds(5))
      check.expect(rig.duty, is: .steadyHigh, "initial duty")
      let since = rig.now
      rig.take(.identified(true))
      expectNominalAfterError(&rig, since: since, &check)
    },
    ConformanceCase(
      "SECC_AC CmSlacParm_004", start: "EIM positive before plug-in", steps: "plug-in; CM_SLAC_PARM.REQ",
      expects: "a nominal duty without E/F; SLAC answered"
    ) { check in
      var rig = ChargerRig(.ac)
      let since = rig.now
      rig.take(.identified(true))
      rig.plugIn()
      rig.advance(.seconds(2))
      check.expect(isNominal(rig.duty), "\(rig.duty) in place of a nominal duty")
      check.expect(!rig.steps(since: since).contains { $0.duty == .steadyLow }, "E/F before it")
      check.expect(rig.ask().types, is: [.CM_SLAC_PARM_CNF], "SLAC")
    },
  ]
}
