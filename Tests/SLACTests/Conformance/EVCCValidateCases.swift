import HomePlug
import SLAC
import Wire

/// EVCC_CMN CmValidate_001 and 004...019. What needs a control pilot is in `VehicleCases`.
enum EVCCValidateCases {
  static let all =
    [twoSteps, silent] + ignored + turns + [wrongCount] + step2Results + fallback + notRequired + [notReady]

  private static func id(_ number: String) -> String { "EVCC_CMN CmValidate_\(number)" }
  private static let start = "attenuation above the direct limit reported"
  /// Between the direct and the indirect limit.
  static let raised: UInt8 = 50

  /// Asks for validation, step 1 just sent.
  private static func step1(
    _ check: inout Check, _ change: (inout SLACConfiguration) -> Void = { _ in }
  ) -> (Probe<TestEV>, RunID) {
    var (evcc, runID) = Probe<TestEV>.characterized(decibels: raised) {
      change(&$0)
    }
    let sent = evcc.line(until: .CM_VALIDATE_REQ, within: .milliseconds(500)).of(.CM_VALIDATE_REQ)
    check.expect(sent.map(\.message), is: [.validateReq(CM_VALIDATE_REQ(timer: 0))], "step 1")
    check.expect(sent.first?.frame.destination, is: evseMAC, "destination")
    return (evcc, runID)
  }

  /// Step 1 confirmed; step 2 is still to be taken.
  static func step2(
    _ check: inout Check, _ change: (inout SLACConfiguration) -> Void = { _ in }
  ) -> (Probe<TestEV>, RunID) {
    var (evcc, runID) = step1(&check, change)
    evcc.forget()
    evcc.confirmValidation(.ready)
    return (evcc, runID)
  }

  /// Takes step 2, and waits until its toggles are over: how many, and the window announced, in 100 ms.
  static func toggled(
    _ evcc: inout Probe<TestEV>, _ check: inout Check, by evse: MACAddress = evseMAC
  ) -> (times: Int, timer: UInt8)? {
    var times: Int?
    var timer: UInt8?
    let end = evcc.now + .milliseconds(100)
    while times == nil || timer == nil, evcc.now <= end {
      for entry in evcc.actions {
        if case .toggle(let count) = entry.action { times = count }
        if case .send(let frame) = entry.action, case .validateReq(let request) = frame.message,
          request.timer != 0
        {
          timer = request.timer
          check.expect(frame.destination, is: evse, "destination of step 2")
          check.expect(request, is: CM_VALIDATE_REQ(timer: request.timer), "step 2")
        }
      }
      evcc.forget()
      evcc.advance(.milliseconds(5))
    }
    guard let times = check.require(times, "toggles within TP_match_sequence"),
      let timer = check.require(timer, "step 2 within TP_match_sequence")
    else { return nil }
    check.expect((1...3).contains(times), "\(times) toggles")
    check.expect((6...35).contains(timer), "window \(timer)")
    let phase = SLACSettings().validationPhase
    check.expect(phase, in: .milliseconds(200) ... .milliseconds(400), "phase of a toggle")
    check.expect(phase * (2 * times) <= .milliseconds(100 * Int(timer) + 100), "toggles outlast their window")
    evcc.advance(phase * (2 * times))
    evcc.forget()
    return (times, timer)
  }

  private static let twoSteps = ConformanceCase(
    id("001"), start: start, steps: "step 1 is confirmed ready, step 2 success with the right number",
    expects:
      "CM_VALIDATE.REQ with Timer 0, then with the window; 1...3 toggles of 200...400 ms; then CM_SLAC_MATCH.REQ"
  ) { check in
    var (evcc, _) = step2(&check)
    guard let (times, _) = toggled(&evcc, &check) else { return }
    evcc.confirmValidation(.success, toggles: UInt8(times))
    let sent = evcc.line(until: .CM_SLAC_MATCH_REQ, within: .milliseconds(100))
    check.expect(sent.types, is: [.CM_SLAC_MATCH_REQ], "after success")
  }

  private static let silent = ConformanceCase(
    id("004"), start: start, steps: "no confirmation", expects: "repeated twice at the most, then stopped"
  ) { check in
    var (evcc, _) = step1(&check)
    let begin = evcc.now
    let sent = evcc.line(for: .milliseconds(600) + Tester.tolerance)
    check.expect(sent.map { ($0.at - begin).milliseconds }, is: [200, 400], "repetitions at")
    check.expect(sent.allSatisfy { $0.type == .CM_VALIDATE_REQ }, "sent \(sent.names)")
  }

  private static let ignored = [
    ("005", "SignalType FF", UInt8(0xFF), UInt8(0)), ("006", "ToggleNum FF", 0, 0xFF),
  ].map { number, name, signalType, toggles in
    ConformanceCase(
      id(number), start: start, steps: "step 1 is confirmed ready with \(name), each time",
      expects: "ignored: repeated twice at the most, no step 2"
    ) { check in
      var (evcc, _) = step1(&check)
      var sent: [Sent] = []
      for _ in 0..<3 {
        evcc.confirmValidation(.ready, toggles: toggles, signalType: signalType)
        sent += evcc.line(for: Tester.matchResponse)
      }
      let request = ManagementMessage.validateReq(CM_VALIDATE_REQ(timer: 0))
      check.expect(sent.map(\.message), is: [request, request], "sent")
    }
  }

  /// Two EVSEs, the nearer one asked: what it answers to step 1, or that it does not.
  private static let turns = [
    ("007", "is silent", nil), ("008", "answers success", ValidateResult.success),
    ("013", "answers failure", .failure), ("019", "answers not ready", .notReady),
  ].map { number, name, result in
    ConformanceCase(
      id(number), start: start + " by two EVSEs", steps: "the nearer one \(name) in step 1",
      expects: "the EV turns to the other one",
      remark: number == "019" ? "`validationRetry` nil: iterate, not retry" : ""
    ) { check in
      var (evcc, runID) = Probe<TestEV>.asking {
        if number == "019" { $0.settings.validationRetry = nil }
      }
      evcc.characterize(runID, by: [(evseMAC, raised), (otherEVSE, raised + 5)])
      let first = evcc.line(until: .CM_VALIDATE_REQ, within: .milliseconds(500)).of(.CM_VALIDATE_REQ)
      check.expect(first.first?.frame.destination, is: evseMAC, "first asked")
      if let result { evcc.confirmValidation(result) }
      let sent = evcc.line(for: result == nil ? .milliseconds(700) : .milliseconds(100))
      check.expect(
        sent.of(.CM_VALIDATE_REQ).contains { $0.frame.destination == otherEVSE }, "the other one is not asked"
      )
      check.expect(sent.of(.CM_SLAC_MATCH_REQ).isEmpty, "matched without validation")
      let repetitions = sent.of(.CM_VALIDATE_REQ).filter { $0.frame.destination == evseMAC }
      check.expect(repetitions.count, is: result == nil ? 2 : 0, "repetitions to the first")
      // The other one can be validated to the end.
      evcc.forget()
      evcc.confirmValidation(.ready, by: otherEVSE)
      guard let (times, _) = toggled(&evcc, &check, by: otherEVSE) else { return }
      evcc.confirmValidation(.success, toggles: UInt8(times), by: otherEVSE)
      let match = evcc.line(until: .CM_SLAC_MATCH_REQ, within: .milliseconds(100))
      check.expect(match.of(.CM_SLAC_MATCH_REQ).map(\.frame.destination), is: [otherEVSE], "match")
    }
  }

  private static let wrongCount = ConformanceCase(
    id("009"), start: start, steps: "step 2 is confirmed with success and one toggle too many",
    expects: "the validation is stopped: no CM_SLAC_MATCH.REQ"
  ) { check in
    var (evcc, _) = step2(&check)
    guard let (times, _) = toggled(&evcc, &check) else { return }
    evcc.confirmValidation(.success, toggles: UInt8(times + 1))
    let sent = evcc.line(for: Tester.matchResponse + Tester.tolerance)
    check.expect(sent.of(.CM_SLAC_MATCH_REQ).isEmpty, "matched")
    check.expect(sent.of(.CM_VALIDATE_REQ).isEmpty, "validation goes on")
  }

  private static let step2Results = [
    ("010", "failure", ValidateResult.failure), ("011", "not ready", .notReady),
    ("012", "not required", .notRequired),
  ].map { number, name, result in
    ConformanceCase(
      id(number), start: start + " by two EVSEs", steps: "step 2 of the nearer one is confirmed with \(name)",
      expects: "the validation with it is stopped: no CM_SLAC_MATCH.REQ, no further CM_VALIDATE.REQ to it",
      remark: "ours turns to the other one, which the case leaves open"
    ) { check in
      var (evcc, runID) = Probe<TestEV>.asking()
      evcc.characterize(runID, by: [(evseMAC, raised), (otherEVSE, raised + 5)])
      _ = evcc.line(until: .CM_VALIDATE_REQ, within: .milliseconds(500))
      evcc.confirmValidation(.ready)
      guard let (times, _) = toggled(&evcc, &check) else { return }
      evcc.confirmValidation(result, toggles: UInt8(times))
      let sent = evcc.line(for: .milliseconds(600) + Tester.tolerance)
      check.expect(sent.of(.CM_SLAC_MATCH_REQ).isEmpty, "matched")
      let again = sent.of(.CM_VALIDATE_REQ).filter { $0.frame.destination == evseMAC }
      check.expect(again.isEmpty, "validation goes on")
    }
  }

  private static let fallback = [("014", false), ("015", true)].map { number, matches in
    ConformanceCase(
      id(number), start: start + ", declared to \(matches ? "match all the same" : "stop")",
      steps: "step 1 is answered with failure",
      expects: matches ? "CM_SLAC_MATCH.REQ" : "neither CM_SLAC_MATCH.REQ nor CM_VALIDATE.REQ",
      remark: "tolerance `matchWithoutValidation` \(matches ? "on" : "off")"
    ) { check in
      var (evcc, _) = step1(&check) {
        if matches { $0.settings.tolerances.insert(.matchWithoutValidation) }
      }
      evcc.confirmValidation(.failure)
      let sent = evcc.line(for: Tester.matchResponse - .milliseconds(10))
      check.expect(sent.types, is: matches ? [.CM_SLAC_MATCH_REQ] : [], "sent")
    }
  }

  private static let notRequired = [("016", true), ("017", false)].map { number, insists in
    ConformanceCase(
      id(number), start: start + ", declared to \(insists ? "validate all the same" : "match directly")",
      steps: "step 1 is answered with not required",
      expects: insists ? "step 2, and CM_SLAC_MATCH.REQ after its success" : "CM_SLAC_MATCH.REQ",
      remark: "`insistsOnValidation` \(insists)"
    ) { check in
      var (evcc, _) = step1(&check) { $0.settings.insistsOnValidation = insists }
      evcc.confirmValidation(.notRequired)
      if insists {
        guard let (times, _) = toggled(&evcc, &check) else { return }
        evcc.confirmValidation(.success, toggles: UInt8(times))
      }
      let sent = evcc.line(until: .CM_SLAC_MATCH_REQ, within: .milliseconds(100))
      check.expect(sent.types, is: [.CM_SLAC_MATCH_REQ], "sent")
    }
  }

  private static let notReady = ConformanceCase(
    id("018"), start: start, steps: "step 1 is answered with not ready, then ready",
    expects: "step 1 again after the declared time, then step 2", remark: "`validationRetry` 500 ms"
  ) { check in
    var (evcc, _) = step1(&check) { $0.settings.validationRetry = .milliseconds(500) }
    let begin = evcc.now
    evcc.confirmValidation(.notReady)
    let sent = evcc.line(until: .CM_VALIDATE_REQ, within: .milliseconds(500) + Tester.tolerance)
    check.expect(sent.map(\.message), is: [.validateReq(CM_VALIDATE_REQ(timer: 0))], "sent")
    check.expect(
      sent.first.map { $0.at - begin }, in: .milliseconds(500) ... .milliseconds(600), "asked again")
    evcc.confirmValidation(.ready)
    _ = toggled(&evcc, &check)
  }
}
