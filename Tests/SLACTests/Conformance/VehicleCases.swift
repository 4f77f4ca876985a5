import HAL
import HomePlug
import Node
import SLAC
import Simulation
import Wire

/// EVCC cases that need a control pilot: requests, sounding, validation.
enum VehicleCases {
  static let all = requests + sounding + dutyChanges + validation

  // MARK: CmSlacParm

  private static func request(
    _ id: String, start: String, currents: [SiteDescription.Current], before: [(PilotDuty, Duration)],
    duty: PilotDuty
  ) -> ConformanceCase {
    ConformanceCase(
      id, start: start, steps: "wait", expects: "a right CM_SLAC_PARM.REQ within TP_EV_SLAC_init (10 s)"
    ) { check in
      for current in currents {
        var rig = VehicleRig(current)
        rig.plugIn(before.first?.0 ?? duty)
        for (index, step) in before.enumerated() {
          rig.advance(step.1)
          check.expect(rig.takeLine().isEmpty, "\(current): asked in \(step.0)")
          rig.drive(index + 1 < before.count ? before[index + 1].0 : duty)
        }
        let begin = rig.now
        let sent = rig.line(until: .CM_SLAC_PARM_REQ, within: .seconds(20))
        check.expect(sent.types, is: [.CM_SLAC_PARM_REQ], "\(current): sent")
        check.expect(
          sent.first.map { $0.at - begin }, in: .milliseconds(-50) ... .seconds(10), "\(current): request")
        check.expect(sent.first?.frame.destination, is: .broadcast, "\(current): destination")
        guard let runID = sent.runID else { continue }
        check.expect(
          sent.first?.message, is: .slacParmReq(CM_SLAC_PARM_REQ(runID: runID)), "\(current): request")
        check.expect(rig.match(runID), "\(current): no match after it")
      }
    }
  }

  private static let nominal = PilotDuty.pwm(permille: 267)

  private static let requests = [
    request(
      "EVCC_CMN CmSlacParm_012", start: "state F for 5 s, then B with 5 %", currents: [.ac, .dc],
      before: [(.steadyLow, .seconds(5))], duty: .digital),
    request(
      "EVCC_CMN CmSlacParm_013", start: "state B, oscillator off", currents: [.ac], before: [],
      duty: .steadyHigh),
    request(
      "EVCC_CMN CmSlacParm_014", start: "state F for 5 s, then B with the oscillator off", currents: [.ac],
      before: [(.steadyLow, .seconds(5))], duty: .steadyHigh),
    request(
      "EVCC_AC CmSlacParm_001", start: "state B, nominal duty", currents: [.ac], before: [], duty: nominal),
    request(
      "EVCC_AC CmSlacParm_002", start: "state F for 5 s, then B with a nominal duty", currents: [.ac],
      before: [(.steadyLow, .seconds(5))], duty: nominal),
  ]

  // MARK: AttenuationCharacterization

  private static let sounding = [
    ("012", "the oscillator goes off", PilotDuty.steadyHigh), ("013", "the pilot goes to -12 V", .steadyLow),
  ].map { number, what, duty in
    ConformanceCase(
      "EVCC_CMN AttenuationCharacterization_\(number)", start: "CM_SLAC_PARM done",
      steps: "\(what) 100 ms after CM_SLAC_PARM.CNF; and in the middle of the sounds",
      expects: "no CM_START_ATTEN_CHAR.IND, and no frame after the change: the process ends",
      remark: "`collectConfirmations` on, as sounding begins with the first confirmation otherwise"
    ) { check in
      for current in SiteDescription.Current.allCases {
        var (rig, runID) = VehicleRig.asking(current) { $0.vehicleSLAC.collectConfirmations = true }
        rig.confirmRequest(runID)
        rig.advance(.milliseconds(100))
        rig.forget()
        rig.drive(duty)
        let sent = rig.line(for: .seconds(3))
        check.expect(sent.isEmpty, "\(current): sent \(sent.names)")

        (rig, runID) = VehicleRig.asking(current)
        rig.confirmRequest(runID)
        rig.advance(.milliseconds(150))
        check.expect(rig.takeLine().types.contains(.CM_MNBC_SOUND_IND), "\(current): no sounds")
        rig.drive(duty)
        rig.forget()
        rig.sendReport(runID)
        let after = rig.line(for: .seconds(3))
        check.expect(after.isEmpty, "\(current): sent \(after.names)")
      }
    }
  }

  private static let dutyChanges = [("001", 100), ("002", 960)].map { number, permille in
    ConformanceCase(
      "EVCC_AC AttenuationCharacterization_\(number)", start: "CM_SLAC_PARM done, 5 %",
      steps: "the duty changes to \(permille / 10) % in the middle of the sounds",
      expects: "SLAC is not disturbed: all sounds, the response, the match"
    ) { check in
      var (rig, runID) = VehicleRig.asking(.ac)
      rig.confirmRequest(runID)
      rig.advance(.milliseconds(100))
      rig.drive(.pwm(permille: permille))
      rig.advance(.milliseconds(600))
      let sounds = rig.takeLine().of(.CM_MNBC_SOUND_IND)
      check.expect(sounds.count, is: 10, "sounds")
      rig.sendReport(runID)
      let sent = rig.line(until: .CM_SLAC_MATCH_REQ, within: .milliseconds(500))
      check.expect(sent.types, is: [.CM_ATTEN_CHAR_RSP, .CM_SLAC_MATCH_REQ], "sent")
    }
  }

  // MARK: CmValidate

  /// An EV that has just sent step 1.
  private static func validating(
    _ current: SiteDescription.Current, _ check: inout Check
  ) -> VehicleRig {
    var (rig, runID) = VehicleRig.asking(current)
    rig.characterize(runID, by: [(evseMAC, EVCCValidateCases.raised)])
    let sent = rig.line(until: .CM_VALIDATE_REQ, within: .milliseconds(500))
    check.expect(sent.of(.CM_VALIDATE_REQ).count, is: 1, "\(current): step 1")
    return rig
  }

  /// Confirms step 1, counts what S2 does until the window is over; the phases have to be right.
  private static func countToggles(
    _ rig: inout VehicleRig, _ check: inout Check, meanwhile: (inout VehicleRig) -> Void = { _ in }
  ) -> Int {
    let before = rig.loads.count
    rig.confirmValidation(.ready)
    rig.advance(.milliseconds(100))
    meanwhile(&rig)
    rig.advance(.milliseconds(2000))
    let changes = Array(rig.loads.dropFirst(before))
    for (one, next) in zip(changes, changes.dropFirst()) {
      check.expect(next.at - one.at, in: .milliseconds(200) ... .milliseconds(400), "phase \(one.load)")
    }
    check.expect(changes.last?.load, is: .b, "load at the end")
    return changes.count { $0.load == .c }
  }

  private static let validation =
    [("002", 100), ("003", 960)].map { number, permille in
      ConformanceCase(
        "EVCC_CMN CmValidate_\(number)", start: "attenuation above the direct limit reported, AC, 5 %",
        steps: "the duty changes to \(permille / 10) % before step 2, or while S2 toggles",
        expects: "two-step validation with 1...3 toggles of 200...400 ms on the wire, then CM_SLAC_MATCH.REQ"
      ) { check in
        for isLate in [false, true] {
          var rig = validating(.ac, &check)
          if !isLate { rig.drive(.pwm(permille: permille)) }
          rig.forget()
          let times = countToggles(&rig, &check) { if isLate { $0.drive(.pwm(permille: permille)) } }
          check.expect((1...3).contains(times), "\(times) toggles\(isLate ? ", duty changed meanwhile" : "")")
          let steps = rig.takeLine().of(.CM_VALIDATE_REQ)
          check.expect(steps.count, is: 1, "step 2")
          rig.confirmValidation(.success, toggles: UInt8(times))
          let sent = rig.line(until: .CM_SLAC_MATCH_REQ, within: .milliseconds(100))
          check.expect(sent.types, is: [.CM_SLAC_MATCH_REQ], "after success")
        }
      }
    }
    + [
      ("020", "the oscillator goes off", PilotDuty.steadyHigh),
      ("021", "the pilot goes to -12 V", .steadyLow),
    ].map { number, what, duty in
      ConformanceCase(
        "EVCC_CMN CmValidate_\(number)", start: "attenuation above the direct limit reported",
        steps: "\(what) before step 1 is confirmed, or while S2 toggles",
        expects: "the validation ends: no frame, no toggle after it"
      ) { check in
        for current in SiteDescription.Current.allCases {
          var rig = validating(current, &check)
          rig.drive(duty)
          rig.forget()
          let loads = rig.loads.count
          rig.confirmValidation(.ready)
          let sent = rig.line(for: .seconds(2))
          check.expect(sent.isEmpty, "\(current): sent \(sent.names)")
          check.expect(rig.loads.count, is: loads, "\(current): changes of S2")

          rig = validating(current, &check)
          rig.confirmValidation(.ready)
          rig.advance(.milliseconds(100))
          check.expect(rig.bench.wire.load, is: .c, "\(current): load in the first toggle")
          rig.drive(duty)
          rig.forget()
          let since = rig.loads.count
          let after = rig.line(for: .seconds(3))
          check.expect(after.isEmpty, "\(current): sent \(after.names)")
          check.expect(!rig.loads.dropFirst(since).contains { $0.load == .c }, "\(current): S2 toggles on")
          check.expect(rig.bench.wire.load, is: .b, "\(current): load at the end")
        }
      }
    }
}
