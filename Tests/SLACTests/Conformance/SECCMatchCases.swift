import HomePlug
import SLAC
import Wire

/// SECC_CMN CmSlacMatch_001...024: the odd ids after the attenuation report, the even ones after a validation.
enum SECCMatchCases {
  static let all = [false, true].flatMap { validated in
    positive(validated) + [late(validated)] + badFields(validated) + [stateA(validated)]
  }.sorted { $0.id < $1.id }

  private static func id(_ odd: Int, _ validated: Bool) -> String {
    let number = validated ? odd + 1 : odd
    return "SECC_CMN CmSlacMatch_\(number < 10 ? "00" : "0")\(number)"
  }

  private static func start(_ validated: Bool) -> String {
    validated ? "validated with two toggles" : "attenuation reported"
  }

  /// An EVSE that waits for CM_SLAC_MATCH.REQ, and the key its modem has.
  private static func ready(
    _ validated: Bool, _ check: inout Check
  ) -> (secc: Probe<TestEVSE>, key: NetworkKey?) {
    var secc = Probe.plugged()
    let key = secc.lastKey
    secc.attenuationDone()
    if validated {
      check.expect(
        secc.validate().validations, is: [CM_VALIDATE_CNF(toggleCount: 2, result: .success)], "validation")
    }
    return (secc, key)
  }

  /// Until the EVSE gives up: TT_EVSE_match_session, or TT_match_sequence with its repetitions.
  private static func sessionTime(_ validated: Bool) -> Duration {
    validated ? .milliseconds(3 * 400) : Tester.matchSession
  }

  private static func positive(_ validated: Bool) -> [ConformanceCase] {
    [
      ConformanceCase(
        id(1, validated), start: start(validated), steps: "CM_SLAC_MATCH.REQ",
        expects: "CM_SLAC_MATCH.CNF with the NMK the modem has, and its NID, within 200 ms"
      ) { check in
        var (secc, key) = ready(validated, &check)
        guard let key = check.require(key, "key in the modem") else { return }
        let begin = secc.now
        let sent = secc.requestMatch()
        check.expect(
          sent.map(\.message),
          is: [
            .slacMatchCnf(CM_SLAC_MATCH_CNF(evMAC: evMAC, evseMAC: evseMAC, runID: run, key: key))
          ], "confirmation")
        check.expect(
          sent.first.map { $0.at - begin }, in: .zero...Tester.matchResponse, "confirmation")
        check.expect(key.nid, is: NID(of: key.nmk), "NID")
        check.expect(sent.first?.frame.destination, is: evMAC, "destination")
      },
      ConformanceCase(
        id(3, validated), start: start(validated), steps: "CM_SLAC_MATCH.REQ twice, 200 ms apart",
        expects: "the same confirmation twice"
      ) { check in
        var (secc, _) = ready(validated, &check)
        let first = secc.requestMatch()
        check.expect(first.types, is: [.CM_SLAC_MATCH_CNF], "first")
        check.expect(secc.requestMatch().map(\.message), is: first.map(\.message), "second")
      },
    ]
  }

  private static func late(_ validated: Bool) -> ConformanceCase {
    ConformanceCase(
      id(5, validated), start: start(validated),
      steps: "CM_SLAC_MATCH.REQ after \(validated ? "TT_match_sequence" : "TT_EVSE_match_session")",
      expects: "no confirmation",
      remark: validated
        ? "the confirmation of step 2 is repeated twice before, so TT_match_sequence runs three times" : ""
    ) { check in
      var (secc, _) = ready(validated, &check)
      secc.advance(sessionTime(validated) + Tester.tolerance)
      let sent = secc.requestMatch()
      check.expect(sent.isEmpty, "sent \(sent.names)")
    }
  }

  private static func badFields(_ validated: Bool) -> [ConformanceCase] {
    [
      (7, FieldCase<CM_SLAC_MATCH_REQ>("", "APPLICATION_TYPE FF") { $0.applicationType = 0xFF }),
      (9, FieldCase("", "SECURITY_TYPE FF") { $0.securityType = 0xFF }),
      (11, FieldCase("", "MVFLength 0") { $0.length = 0 }),
      (13, FieldCase("", "PEV_ID not zero") { $0.evID = StationIdentifier(leading: .zero, last: 1) }),
      (15, FieldCase("", "PEV_MAC zero") { $0.evMAC = .zero }),
      (17, FieldCase("", "EVSE_ID not zero") { $0.evseID = StationIdentifier(leading: .zero, last: 1) }),
      (19, FieldCase("", "EVSE_MAC zero") { $0.evseMAC = .zero }),
      (21, FieldCase("", "another RunID") { $0.runID = RunID(9) }),
    ].map { number, field in
      ConformanceCase(
        id(number, validated), start: start(validated),
        steps: "CM_SLAC_MATCH.REQ with \(field.field); a right one after the session's time",
        expects: "ignored, and matching fails when the session's time is over"
      ) { check in
        var (secc, _) = ready(validated, &check)
        let sent = secc.requestMatch(evMAC, run, field.change)
        check.expect(sent.isEmpty, "sent \(sent.names)")
        secc.advance(sessionTime(validated) + Tester.tolerance)
        check.expect(secc.machine.sessionCount, is: 0, "sessions left")
        check.expect(secc.requestMatch().isEmpty, "a failed process was matched")
      }
    }
  }

  private static func stateA(_ validated: Bool) -> ConformanceCase {
    ConformanceCase(
      id(23, validated), start: start(validated), steps: "control pilot to A, then CM_SLAC_MATCH.REQ",
      expects: "no confirmation"
    ) { check in
      var (secc, _) = ready(validated, &check)
      secc.handle(.vehicleDisconnected)
      var sent = secc.requestMatch()
      sent += secc.line(for: Tester.tolerance)
      check.expect(sent.isEmpty, "sent \(sent.names)")
    }
  }
}
