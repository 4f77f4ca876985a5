import HomePlug
import SLAC
import Wire

/// EVCC_CMN AttenuationCharacterization_001...011. What needs a control pilot is in `VehicleCases`.
enum EVCCAttenuationCases {
  static let all = [sounds, twoEVSEs, late] + badReports

  private static func id(_ number: String) -> String { "EVCC_CMN AttenuationCharacterization_\(number)" }

  private static let sounds = ConformanceCase(
    id("001"), start: "CM_SLAC_PARM done", steps: "listen; CM_ATTEN_CHAR.IND, and once more",
    expects:
      "three CM_START_ATTEN_CHAR.IND and ten sounds counting 9...0, 20...50 ms apart, inside 600 ms; CM_ATTEN_CHAR.RSP within 100 ms to each report"
  ) { check in
    var (evcc, runID) = Probe<TestEV>.asking { $0.timers.soundGap = Tester.gap }
    let begin = evcc.now
    evcc.confirmRequest(runID)
    let sent = evcc.line(for: .milliseconds(600))
    check.expect(sent.allSatisfy { $0.frame.destination == .broadcast }, "not broadcast")
    let start = ManagementMessage.startAttenCharInd(
      CM_START_ATTEN_CHAR_IND(soundCount: 10, timeOut: 6, forwardingStation: evMAC, runID: runID))
    check.expect(sent.prefix(3).map(\.message), is: [start, start, start], "CM_START_ATTEN_CHAR.IND")
    var remaining: [UInt8] = []
    var randoms: Set<Octets16> = []
    for one in sent.dropFirst(3) {
      guard case .mnbcSoundInd(let sound) = one.message else { continue }
      remaining.append(sound.remaining)
      randoms.insert(sound.random)
      check.expect(sound.runID == runID && sound.senderID == .zero, "fields of sound \(sound.remaining)")
    }
    check.expect(remaining, is: [9, 8, 7, 6, 5, 4, 3, 2, 1, 0], "sounds")
    check.expect(randoms.count, is: 10, "different random octets")
    for (one, next) in zip(sent, sent.dropFirst()) {
      check.expect(next.at - one.at, in: .milliseconds(20) ... .milliseconds(50), "next of the batch")
    }
    check.expect(sent.first.map { $0.at - begin }, in: .zero ... .milliseconds(300), "first of the batch")
    guard let first = sent.first, let last = sent.last else { return }
    check.expect(last.at - first.at <= .milliseconds(600), "the batch is longer than TT_EVSE_match_MNBC")

    let answer = ManagementMessage.attenCharRsp(CM_ATTEN_CHAR_RSP(sourceAddress: evMAC, runID: runID))
    for turn in ["first", "repeated"] {
      evcc.sendReport(runID)
      let responses = evcc.takeLine().of(.CM_ATTEN_CHAR_RSP)
      check.expect(responses.map(\.message), is: [answer], "response to the \(turn) report")
      check.expect(responses.first?.frame.destination, is: evseMAC, "destination")
    }
  }

  private static let twoEVSEs = ConformanceCase(
    id("002"), start: "CM_SLAC_PARM done by two EVSEs", steps: "CM_ATTEN_CHAR.IND of both",
    expects: "CM_ATTEN_CHAR.RSP to each"
  ) { check in
    var (evcc, runID) = Probe<TestEV>.asking()
    evcc.confirmRequest(runID, by: otherEVSE)
    evcc.confirmRequest(runID, by: evseMAC)
    evcc.advance(.milliseconds(700))
    for evse in [otherEVSE, evseMAC] {
      evcc.forget()
      evcc.sendReport(runID, by: evse)
      let responses = evcc.takeLine().of(.CM_ATTEN_CHAR_RSP)
      check.expect(responses.map(\.frame.destination), is: [evse], "response")
    }
  }

  private static let late = ConformanceCase(
    id("003"), start: "CM_SLAC_PARM done", steps: "CM_ATTEN_CHAR.IND after TT_EV_atten_results",
    expects: "not answered"
  ) { check in
    var (evcc, runID) = Probe<TestEV>.asking()
    evcc.confirmRequest(runID)
    evcc.advance(Tester.attenResults)
    evcc.forget()
    evcc.sendReport(runID)
    let sent = evcc.line(for: Tester.tolerance)
    check.expect(sent.isEmpty, "sent \(sent.names)")
  }

  private static let badReports = [
    FieldCase<CM_ATTEN_CHAR_IND>("004", "APPLICATION_TYPE FF") { $0.applicationType = 0xFF },
    FieldCase("005", "SECURITY_TYPE FF") { $0.securityType = 0xFF },
    FieldCase("006", "SOURCE_ADDRESS zero") { $0.sourceAddress = .zero },
    FieldCase("007", "another RunID") { $0.runID = RunID(9) },
    FieldCase("008", "SOURCE_ID not zero") { $0.sourceID = StationIdentifier(leading: .zero, last: 1) },
    FieldCase("009", "RESP_ID not zero") { $0.responseID = StationIdentifier(leading: .zero, last: 1) },
    FieldCase("010", "NumGroups 0") { $0.profile = AttenuationProfile() },
    FieldCase("011", "NUM_SOUNDS 0") { $0.soundCount = 0 },
  ].map { field in
    ConformanceCase(
      id(field.id), start: "CM_SLAC_PARM done", steps: "CM_ATTEN_CHAR.IND with \(field.field)",
      expects: "ignored: no CM_ATTEN_CHAR.RSP, no match"
    ) { check in
      var (evcc, runID) = Probe<TestEV>.asking()
      evcc.confirmRequest(runID)
      evcc.advance(.milliseconds(700))
      evcc.forget()
      evcc.sendReport(runID, by: evseMAC, field.change)
      let sent = evcc.line(for: Tester.matchResponse + Tester.tolerance)
      check.expect(sent.isEmpty, "sent \(sent.names)")
      evcc.sendReport(runID)
      check.expect(evcc.takeLine().types.first, is: .CM_ATTEN_CHAR_RSP, "response to a right one after it")
    }
  }
}
