import HomePlug
import SLAC
import Wire

/// SECC_CMN CmValidate_001...013.
enum SECCValidateCases {
  static let all = [toggles, repeated, silent, wrongSignal] + refused + [twoEVs] + settings + [stateA]

  private static let start = "attenuation reported"

  private static let toggles = ConformanceCase(
    "SECC_CMN CmValidate_001", start: start,
    steps: "step 1, then step 2 with a window of 1.6 s and one, two, three B-C-B toggles",
    expects: "ready without a count; then success with the number of toggles, after the window"
  ) { check in
    for times in 1...3 {
      var secc = Probe.plugged()
      secc.attenuationDone()
      let first = secc.requestValidation()
      check.expect(first.validations, is: [CM_VALIDATE_CNF(result: .ready)], "step 1")
      check.expect(first.first?.frame.destination, is: evMAC, "destination")
      let begin = secc.now
      check.expect(secc.requestValidation(timer: 15).isEmpty, "step 2 is answered before its window is over")
      secc.toggle(times)
      let sent = secc.line(for: .milliseconds(1500 + 100 + 200) - (secc.now - begin))
      let expected = CM_VALIDATE_CNF(toggleCount: UInt8(times), result: .success)
      check.expect(sent.validations, is: [expected], "\(times) toggles")
      check.expect(
        sent.first.map { $0.at - begin }, in: .milliseconds(500 * times) ... .milliseconds(1800), "step 2")
    }
  }

  private static let repeated = ConformanceCase(
    "SECC_CMN CmValidate_002", start: start, steps: "step 1, and 200 ms later step 1 again",
    expects: "both are answered ready"
  ) { check in
    var secc = Probe.plugged()
    secc.attenuationDone()
    for turn in ["first", "second"] {
      check.expect(secc.requestValidation().validations, is: [CM_VALIDATE_CNF(result: .ready)], turn)
      secc.advance(Tester.matchResponse)
    }
  }

  private static let silent = ConformanceCase(
    "SECC_CMN CmValidate_003", start: start, steps: "step 1, but no step 2; CM_SLAC_MATCH.REQ after that",
    expects: "the confirmation is repeated twice, every TT_match_sequence; then failed"
  ) { check in
    var secc = Probe.plugged()
    secc.attenuationDone()
    guard let first = check.require(secc.requestValidation().first, "confirmation") else { return }
    let again = secc.line(for: .milliseconds(1200) + Tester.tolerance)
    check.expect(again.map { ($0.at - first.at).milliseconds }, is: [400, 800], "repetitions at")
    check.expect(again.allSatisfy { $0.message == first.message }, "repetitions differ")
    check.expect(secc.requestMatch().isEmpty, "a failed process was matched")
  }

  private static let wrongSignal = ConformanceCase(
    "SECC_CMN CmValidate_004", start: start,
    steps: "step 1, then step 2 with SignalType FF; CM_SLAC_MATCH.REQ after that",
    expects: "ignored: the confirmation of step 1 is repeated twice, then failed"
  ) { check in
    var secc = Probe.plugged()
    secc.attenuationDone()
    guard let first = check.require(secc.requestValidation().first, "confirmation") else { return }
    secc.advance(.milliseconds(100))
    check.expect(secc.requestValidation(signalType: 0xFF, timer: 15).isEmpty, "SignalType FF is answered")
    let again = secc.line(for: .milliseconds(1100) + Tester.tolerance)
    check.expect(again.map { ($0.at - first.at).milliseconds }, is: [400, 800], "repetitions at")
    check.expect(again.allSatisfy { $0.message == first.message }, "repetitions differ")
    check.expect(secc.requestMatch().isEmpty, "a failed process was matched")
  }

  private static let refused = [
    ("005", ValidateResult.notReady, "not ready"), ("006", .success, "success"), ("007", .failure, "failure"),
    ("008", .notRequired, "not required"),
  ].map { id, result, name in
    ConformanceCase(
      "SECC_CMN CmValidate_\(id)", start: start,
      steps: "step 1, then step 2 with Result \"\(name)\" in place of ready, and two toggles",
      expects: "the validation ends: nothing is counted, nothing is confirmed as ready or success",
      remark: "whether the end is told by \"failure\" or by silence is left open; ours tells it"
    ) { check in
      var secc = Probe.plugged()
      secc.attenuationDone()
      check.expect(secc.requestValidation().validations, is: [CM_VALIDATE_CNF(result: .ready)], "step 1")
      var sent = secc.requestValidation(timer: 15, result: result)
      secc.toggle(2)
      sent += secc.line(for: .milliseconds(900) + Tester.tolerance)
      let bad = sent.validations.filter { $0.result == .success || $0.result == .ready }
      check.expect(bad.isEmpty, "\(bad.count) confirmations of an ended validation")
      check.expect(sent.validations.count <= 1, "\(sent.validations.count) confirmations")
    }
  }

  private static let twoEVs = ConformanceCase(
    "SECC_CMN CmValidate_009", start: "attenuation reported to two EVs",
    steps: "step 1 of the first EV, step 1 of the second, step 2 and two toggles of the first",
    expects: "the second hears \"not ready\"; the first succeeds, and is matched"
  ) { check in
    var secc = Probe.plugged()
    secc.attenuationDone()
    secc.attenuationDone(otherEV, RunID(2))
    check.expect(secc.requestValidation().validations, is: [CM_VALIDATE_CNF(result: .ready)], "first EV")
    let second = secc.requestValidation(otherEV)
    check.expect(second.validations, is: [CM_VALIDATE_CNF(result: .notReady)], "second EV")
    check.expect(second.first?.frame.destination, is: otherEV, "destination")
    check.expect(secc.requestValidation(timer: 15).isEmpty, "step 2 is answered before its window is over")
    secc.toggle(2)
    let sent = secc.line(for: .milliseconds(700) + Tester.tolerance)
    check.expect(
      sent.validations, is: [CM_VALIDATE_CNF(toggleCount: 2, result: .success)], "first EV, step 2")
    check.expect(secc.requestMatch().types, is: [.CM_SLAC_MATCH_CNF], "match of the first EV")
  }

  private static let settings: [ConformanceCase] = [
    ConformanceCase(
      "SECC_CMN CmValidate_010", start: start + ", declared as unable to validate", steps: "step 1",
      expects: "failure"
    ) { check in
      var secc = Probe.plugged { $0.settings.validation = .failure }
      secc.attenuationDone()
      check.expect(secc.requestValidation().validations, is: [CM_VALIDATE_CNF(result: .failure)], "step 1")
    },
    ConformanceCase(
      "SECC_CMN CmValidate_011", start: start + ", declared as not in need of it",
      steps: "step 1; step 2 all the same, with two toggles",
      expects: "not required; then success with two toggles"
    ) { check in
      var secc = Probe.plugged { $0.settings.validation = .notRequired }
      secc.attenuationDone()
      check.expect(
        secc.requestValidation().validations, is: [CM_VALIDATE_CNF(result: .notRequired)], "step 1")
      secc.advance(.milliseconds(100))
      check.expect(secc.requestValidation(timer: 15).isEmpty, "step 2 is answered before its window is over")
      secc.toggle(2)
      let sent = secc.line(for: .milliseconds(700) + Tester.tolerance)
      check.expect(sent.validations, is: [CM_VALIDATE_CNF(toggleCount: 2, result: .success)], "step 2")
    },
    ConformanceCase(
      "SECC_CMN CmValidate_012", start: start + ", declared as not in need of it",
      steps: "step 1, then CM_SLAC_MATCH.REQ", expects: "not required; then matched"
    ) { check in
      var secc = Probe.plugged { $0.settings.validation = .notRequired }
      secc.attenuationDone()
      check.expect(
        secc.requestValidation().validations, is: [CM_VALIDATE_CNF(result: .notRequired)], "step 1")
      secc.advance(.milliseconds(100))
      check.expect(secc.requestMatch().types, is: [.CM_SLAC_MATCH_CNF], "match")
    },
  ]

  private static let stateA = ConformanceCase(
    "SECC_CMN CmValidate_013", start: start, steps: "control pilot to A, then step 1",
    expects: "no confirmation"
  ) { check in
    var secc = Probe.plugged()
    secc.attenuationDone()
    secc.handle(.vehicleDisconnected)
    var sent = secc.requestValidation()
    sent += secc.line(for: Tester.matchResponse + Tester.tolerance)
    check.expect(sent.isEmpty, "sent \(sent.names)")
  }
}
