import HomePlug
import SLAC
import Wire

/// EVCC_CMN CmSlacParm_001...011. What needs a control pilot is in `VehicleCases`.
enum EVCCParmCases {
  static let all = [first, repeated] + badConfirmations + [foreign, repetition]

  private static let first = ConformanceCase(
    "EVCC_CMN CmSlacParm_001", start: "plugged, 5 %", steps: "wait",
    expects:
      "CM_SLAC_PARM.REQ, broadcast, APPLICATION_TYPE and SECURITY_TYPE 0, within TP_EV_SLAC_init (10 s)"
  ) { check in
    var evcc = Probe<TestEV>.started()
    evcc.handle(.pilotReady)
    let begin = evcc.now
    let sent = evcc.line(until: .CM_SLAC_PARM_REQ, within: .seconds(50))
    check.expect(sent.types, is: [.CM_SLAC_PARM_REQ], "sent")
    check.expect(sent.first?.frame.destination, is: .broadcast, "destination")
    check.expect(sent.first?.frame.source, is: evMAC, "source")
    check.expect(sent.first.map { $0.at - begin }, in: .zero ... .seconds(10), "request")
    guard case .slacParmReq(let request)? = sent.first?.message else { return }
    check.expect(request.applicationType == 0 && request.securityType == 0, "types")
    var again = Probe<TestEV>.started()
    again.handle(.pilotReady)
    again.advance(.seconds(2))
    let runs = Set(
      again.takeLine().compactMap { sent in
        if case .slacParmReq(let request) = sent.message { request.runID } else { nil }
      })
    check.expect(runs.count >= 2, "the next process has the same RunID")
  }

  private static let repeated = ConformanceCase(
    "EVCC_CMN CmSlacParm_002", start: "plugged, 5 %", steps: "no CM_SLAC_PARM.CNF",
    expects: "the same request is repeated exactly twice, every 200 ms; then the process has failed"
  ) { check in
    var (evcc, runID) = Probe<TestEV>.asking()
    let begin = evcc.now
    let sent = evcc.line(for: .milliseconds(600) + Tester.tolerance)
    check.expect(sent.map { ($0.at - begin).milliseconds }, is: [200, 400], "repetitions at")
    let request = ManagementMessage.slacParmReq(CM_SLAC_PARM_REQ(runID: runID))
    check.expect(sent.allSatisfy { $0.message == request }, "repetitions differ")
    check.expect(evcc.machine.phase, is: .rateWait, "phase")
  }

  private static let badConfirmations = [
    FieldCase<CM_SLAC_PARM_CNF>("003", "M_SOUND_TARGET zero") { $0.soundTarget = .zero },
    FieldCase("004", "TIME_OUT 0") { $0.timeOut = 0 },
    FieldCase("005", "RESP_TYPE 0") { $0.responseType = 0 },
    FieldCase("006", "APPLICATION_TYPE FF") { $0.applicationType = 0xFF },
    FieldCase("007", "SECURITY_TYPE FF") { $0.securityType = 0xFF },
    FieldCase("008", "another RunID") { $0.runID = RunID(9) },
    FieldCase("011", "FORWARDING_STA zero") { $0.forwardingStation = .zero },
  ].map { field in
    ConformanceCase(
      "EVCC_CMN CmSlacParm_\(field.id)", start: "plugged, 5 %",
      steps: "each request is confirmed by CM_SLAC_PARM.CNF with \(field.field)",
      expects: "ignored: the request is repeated, no CM_START_ATTEN_CHAR.IND"
    ) { check in
      var (evcc, runID) = Probe<TestEV>.asking()
      var sent: [Sent] = []
      for _ in 0..<3 {
        evcc.confirmRequest(runID, by: evseMAC, field.change)
        sent += evcc.line(for: Tester.matchResponse)
      }
      sent += evcc.line(for: Tester.tolerance)
      let request = ManagementMessage.slacParmReq(CM_SLAC_PARM_REQ(runID: runID))
      check.expect(sent.map(\.message), is: [request, request], "sent")
    }
  }

  private static let foreign = ConformanceCase(
    "EVCC_CMN CmSlacParm_009", start: "plugged, 5 %, in each state up to the link",
    steps: "every message an EV may send, from another EV, broadcast and addressed to this one",
    expects: "never answered"
  ) { check in
    var states: [(String, Probe<TestEV>, RunID)] = []
    let (asking, runID) = Probe<TestEV>.asking()
    states.append(("asking", asking, runID))
    var sounding = asking
    sounding.confirmRequest(runID)
    states.append(("sounding", sounding, runID))
    var results = sounding
    results.advance(.milliseconds(700))
    states.append(("waiting for results", results, runID))
    let (matching, matchRun) = Probe<TestEV>.characterized()
    states.append(("matching", matching, matchRun))
    states.append(("joining", .joining(), matchRun))
    states.append(("matched", .linked(), matchRun))
    let phases = states.map { $0.1.machine.phase }
    check.expect(phases, is: [.parmWait, .sounding, .results, .match, .join, .matched], "states")
    for (name, probe, runID) in states {
      let messages: [ManagementMessage] = [
        .slacParmReq(CM_SLAC_PARM_REQ(runID: runID)),
        .startAttenCharInd(CM_START_ATTEN_CHAR_IND(forwardingStation: otherEV, runID: runID)),
        .mnbcSoundInd(CM_MNBC_SOUND_IND(remaining: 9, runID: runID, random: .zero)),
        .attenCharRsp(CM_ATTEN_CHAR_RSP(sourceAddress: otherEV, runID: runID)),
        .validateReq(CM_VALIDATE_REQ(timer: 0)),
        .slacMatchReq(CM_SLAC_MATCH_REQ(evMAC: otherEV, evseMAC: evMAC, runID: runID)),
      ]
      for message in messages {
        for destination in [evMAC, MACAddress.broadcast] {
          var evcc = probe
          evcc.forget()
          evcc.deliver(message, from: otherEV, to: destination)
          let answers = evcc.takeLine().filter { $0.frame.destination == otherEV }
          check.expect(answers.isEmpty, "\(name): \(message.type) is answered by \(answers.names)")
          check.expect(evcc.machine.phase, is: probe.machine.phase, "\(name): \(message.type)")
        }
      }
    }
  }

  private static let repetition = ConformanceCase(
    "EVCC_CMN CmSlacParm_010", start: "plugged, 5 %", steps: "no CM_SLAC_PARM.CNF for a minute",
    expects:
      "at least C_conn_max_match processes, each 400 ms or more after the one before failed, none begun after TT_matching_repetition"
  ) { check in
    var evcc = Probe<TestEV>.started()
    evcc.handle(.pilotReady)
    let begin = evcc.now
    var firsts: [RunID: Instant] = [:]
    var lasts: [RunID: Instant] = [:]
    for sent in evcc.line(for: .seconds(60)) {
      guard case .slacParmReq(let request) = sent.message else { continue }
      firsts[request.runID] = firsts[request.runID] ?? sent.at
      lasts[request.runID] = sent.at
    }
    let starts = firsts.values.sorted()
    check.expect(starts.count >= 3, "\(starts.count) processes")
    check.expect(starts.allSatisfy { $0 - begin < .seconds(10) }, "begun after TT_matching_repetition")
    for (last, next) in zip(lasts.values.sorted(), starts.dropFirst()) {
      check.expect(next - last >= .milliseconds(200 + 400), "begun \((next - last).milliseconds) ms after")
    }
    check.expect(evcc.machine.phase, is: .unmatched, "phase")
  }
}
