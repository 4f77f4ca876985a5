import HomePlug
import SLAC
import Wire

/// EVCC_CMN CmValidateOrCmSlacMatch_001 and CmSlacMatch_001...012.
enum EVCCMatchCases {
  static let all = [threshold, validated, direct, silent] + badConfirmations + [nearest]

  private static let threshold = ConformanceCase(
    "EVCC_CMN CmValidateOrCmSlacMatch_001", start: "attenuation reported",
    steps: "means on both sides of the EV's limits: 40, 41, 60, 61 dB",
    expects: "CM_SLAC_MATCH up to the direct limit, CM_VALIDATE up to the indirect one, neither above it",
    remark: "limits 40 and 60 dB, the defaults of `attenuationDirectMax` and `attenuationIndirectMax`"
  ) { check in
    let expected: [(UInt8, ManagementType?)] = [
      (40, .CM_SLAC_MATCH_REQ), (41, .CM_VALIDATE_REQ), (60, .CM_VALIDATE_REQ), (61, nil),
    ]
    for (decibels, type) in expected {
      var (evcc, _) = Probe<TestEV>.characterized(decibels: decibels)
      let types = evcc.line(for: .milliseconds(500)).types
      check.expect(types.contains(.CM_ATTEN_CHAR_RSP), "\(decibels) dB: no response")
      for candidate in [ManagementType.CM_SLAC_MATCH_REQ, .CM_VALIDATE_REQ] {
        check.expect(types.contains(candidate), is: candidate == type, "\(decibels) dB: \(candidate)")
      }
    }
  }

  private static let validated = ConformanceCase(
    "EVCC_CMN CmSlacMatch_001", start: "validated", steps: "wait",
    expects: "a right CM_SLAC_MATCH.REQ within TP_match_sequence (100 ms)"
  ) { check in
    var (evcc, runID) = EVCCValidateCases.step2(&check)
    guard let (times, _) = EVCCValidateCases.toggled(&evcc, &check) else { return }
    let begin = evcc.now
    evcc.confirmValidation(.success, toggles: UInt8(times))
    expectRequest(&evcc, runID, since: begin, within: .milliseconds(100), &check)
  }

  private static let direct = ConformanceCase(
    "EVCC_CMN CmSlacMatch_002", start: "attenuation reported", steps: "wait",
    expects: "a right CM_SLAC_MATCH.REQ within TP_EV_match_session (500 ms)"
  ) { check in
    var (evcc, runID) = Probe<TestEV>.characterized()
    let begin = evcc.now
    expectRequest(&evcc, runID, since: begin, within: .milliseconds(500), &check)
  }

  private static func expectRequest(
    _ evcc: inout Probe<TestEV>, _ runID: RunID, since begin: Instant, within limit: Duration,
    _ check: inout Check
  ) {
    let sent = evcc.line(until: .CM_SLAC_MATCH_REQ, within: limit).of(.CM_SLAC_MATCH_REQ)
    let request = CM_SLAC_MATCH_REQ(evMAC: evMAC, evseMAC: evseMAC, runID: runID)
    check.expect(sent.map(\.message), is: [.slacMatchReq(request)], "request")
    check.expect(sent.first?.frame.destination, is: evseMAC, "destination")
    check.expect(sent.first.map { $0.at - begin }, in: .zero...limit, "request")
  }

  private static let silent = ConformanceCase(
    "EVCC_CMN CmSlacMatch_003", start: "CM_SLAC_MATCH.REQ sent", steps: "no confirmation",
    expects: "repeated exactly twice, every 200 ms; then the process has failed"
  ) { check in
    var (evcc, _) = Probe<TestEV>.characterized()
    guard let first = check.require(requested(&evcc), "request") else { return }
    let again = evcc.line(for: .milliseconds(600) + Tester.tolerance)
    check.expect(again.map { ($0.at - first.at).milliseconds }, is: [200, 400], "repetitions at")
    check.expect(again.allSatisfy { $0.message == first.message }, "repetitions differ")
    check.expect(evcc.machine.phase, is: .rateWait, "phase")
  }

  private static func requested(_ evcc: inout Probe<TestEV>) -> Sent? {
    evcc.line(until: .CM_SLAC_MATCH_REQ, within: .milliseconds(500)).of(.CM_SLAC_MATCH_REQ).first
  }

  private static let badConfirmations = [
    FieldCase<CM_SLAC_MATCH_CNF>("004", "APPLICATION_TYPE FF") { $0.applicationType = 0xFF },
    FieldCase("005", "SECURITY_TYPE FF") { $0.securityType = 0xFF },
    FieldCase("006", "MVFLength 0") { $0.length = 0 },
    FieldCase("007", "PEV_ID not zero") { $0.evID = StationIdentifier(leading: .zero, last: 1) },
    FieldCase("008", "PEV_MAC zero") { $0.evMAC = .zero },
    FieldCase("009", "EVSE_ID not zero") { $0.evseID = StationIdentifier(leading: .zero, last: 1) },
    FieldCase("010", "EVSE_MAC zero") { $0.evseMAC = .zero },
    FieldCase("011", "another RunID") { $0.runID = RunID(9) },
  ].map { field in
    ConformanceCase(
      "EVCC_CMN CmSlacMatch_\(field.id)", start: "CM_SLAC_MATCH.REQ sent",
      steps: "CM_SLAC_MATCH.CNF with \(field.field), to every request",
      expects: "ignored: the request is repeated twice, no key goes to the modem"
    ) { check in
      var (evcc, runID) = Probe<TestEV>.characterized()
      guard let first = check.require(requested(&evcc), "request") else { return }
      var frames: [Sent] = []
      for _ in 0..<3 {
        evcc.sendMatch(runID, by: evseMAC, field.change)
        evcc.advance(Tester.matchResponse)
        frames += evcc.takeFrames()
      }
      let requests = frames.of(.CM_SLAC_MATCH_REQ)
      check.expect(requests.map(\.message), is: [first.message, first.message], "repetitions")
      check.expect(frames.of(.CM_SET_KEY_REQ).isEmpty, "a key was set")
    }
  }

  private static let nearest = ConformanceCase(
    "EVCC_CMN CmSlacMatch_012", start: "attenuation reported by two EVSEs",
    steps: "35 and 12 dB, in either order",
    expects: "CM_SLAC_MATCH.REQ to the nearer one"
  ) { check in
    for nearFirst in [true, false] {
      var (evcc, runID) = Probe<TestEV>.asking()
      let far = (evse: otherEVSE, decibels: UInt8(35))
      let near = (evse: evseMAC, decibels: UInt8(12))
      evcc.characterize(runID, by: nearFirst ? [near, far] : [far, near])
      let request = requested(&evcc)
      check.expect(request?.frame.destination, is: evseMAC, "destination")
    }
  }
}
