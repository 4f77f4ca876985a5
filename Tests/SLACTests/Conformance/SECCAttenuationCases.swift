import HomePlug
import SLAC
import Wire

/// SECC_CMN AttenuationCharacterization_001...020.
enum SECCAttenuationCases {
  static let all = sounding + badResponses + [silentEV] + badStarts + [stateA, power]

  private static let sounding: [ConformanceCase] = [
    ConformanceCase(
      "SECC_CMN AttenuationCharacterization_001", start: "CM_SLAC_PARM done",
      steps: "three CM_START_ATTEN_CHAR.IND and ten sounds, 30 ms apart",
      expects: "CM_ATTEN_CHAR.IND with the rounded mean of all ten within 1,200 ms"
    ) { check in
      var secc = Probe.plugged()
      check.expect(secc.ask().types, is: [.CM_SLAC_PARM_CNF], "confirmation")
      let begin = secc.now
      secc.starts()
      secc.sounds { $0 < 5 ? 21 : 20 }
      let sent = secc.line(for: Tester.attenResults - (secc.now - begin))
      guard let report = check.require(sent.first, "CM_ATTEN_CHAR.IND") else { return }
      check.expect(report.at - begin <= Tester.attenResults, "late: \((report.at - begin).milliseconds) ms")
      check.expect(
        report.message,
        is: .attenCharInd(
          CM_ATTEN_CHAR_IND(
            sourceAddress: evMAC, runID: run, soundCount: 10, profile: AttenuationProfile(repeating: 21))),
        "report")
      check.expect(report.frame.destination, is: evMAC, "destination")
      check.expect(report.frame.source, is: evseMAC, "source")
    },
    ConformanceCase(
      "SECC_CMN AttenuationCharacterization_002", start: "CM_SLAC_PARM done",
      steps: "five sounds, then CM_SLAC_PARM.REQ again and a whole sounding",
      expects: "the process starts over: CM_SLAC_PARM.CNF, then a report with nothing of the first try"
    ) { check in
      var secc = Probe.plugged()
      _ = secc.ask()
      secc.starts()
      for remaining in (5..<10 as Range<UInt8>).reversed() {
        secc.soundOnce(remaining, decibels: 90)
        secc.advance(Tester.gap)
      }
      check.expect(secc.ask().types, is: [.CM_SLAC_PARM_CNF], "second confirmation")
      secc.starts()
      secc.sounds()
      let reports = secc.takeLine().reports
      check.expect(reports.map(\.soundCount), is: [10], "sounds in the report")
      check.expect(reports.first?.profile == AttenuationProfile(repeating: 20), "mean of another run")
    },
    ConformanceCase(
      "SECC_CMN AttenuationCharacterization_003", start: "CM_SLAC_PARM done",
      steps: "one of the ten sounds is missing, each in turn",
      expects: "a report over the nine others, once TT_EVSE_match_MNBC is over"
    ) { check in
      for missing in 0..<10 as Range<UInt8> {
        var secc = Probe.plugged()
        _ = secc.ask()
        let begin = secc.now
        secc.starts()
        secc.sounds(without: [missing])
        let sent = secc.line(for: .milliseconds(700) - (secc.now - begin))
        check.expect(sent.reports.map(\.soundCount), is: [9], "sounds in the report without sound \(missing)")
        check.expect(
          sent.first.map { $0.at - begin }, in: .milliseconds(600) ... .milliseconds(700), "report")
      }
    },
    ConformanceCase(
      "SECC_CMN AttenuationCharacterization_004", start: "CM_SLAC_PARM done",
      steps: "CM_ATTEN_CHAR.IND is never answered; CM_SLAC_MATCH.REQ after that",
      expects: "the report is repeated exactly twice, every TT_match_response; the request stays unanswered"
    ) { check in
      var secc = Probe.plugged()
      _ = secc.ask()
      secc.starts()
      secc.sounds()
      guard let first = check.require(secc.takeLine().first, "report") else { return }
      let again = secc.line(for: .milliseconds(600) + Tester.tolerance)
      check.expect(again.map { ($0.at - first.at).milliseconds }, is: [200, 400], "repetitions at")
      check.expect(again.allSatisfy { $0.message == first.message }, "repetitions differ")
      secc.answerReport()
      check.expect(secc.requestMatch().isEmpty, "a failed process was matched")
    },
  ]

  private static let badResponses = [
    FieldCase<CM_ATTEN_CHAR_RSP>("005", "APPLICATION_TYPE FF") { $0.applicationType = 0xFF },
    FieldCase("006", "SECURITY_TYPE FF") { $0.securityType = 0xFF },
    FieldCase("007", "SOURCE_ADDRESS zero") { $0.sourceAddress = .zero },
    FieldCase("008", "another RunID") { $0.runID = RunID(9) },
    FieldCase("009", "SOURCE_ID not zero") { $0.sourceID = StationIdentifier(leading: .zero, last: 1) },
    FieldCase("010", "RESP_ID not zero") { $0.responseID = StationIdentifier(leading: .zero, last: 1) },
    FieldCase("011", "Result not zero") { $0.result = 1 },
  ].map { field in
    ConformanceCase(
      "SECC_CMN AttenuationCharacterization_\(field.id)", start: "CM_SLAC_PARM done",
      steps: "every report is answered by CM_ATTEN_CHAR.RSP with \(field.field); then CM_SLAC_MATCH.REQ",
      expects: "counts as no answer: repeated twice, then failed and not matched"
    ) { check in
      var secc = Probe.plugged()
      guard let first = check.require(secc.characterize(), "report") else { return }
      var again: [Sent] = []
      for _ in 0..<3 {
        secc.answerReport(evMAC, run, field.change)
        again += secc.line(for: Tester.matchResponse)
      }
      again += secc.line(for: Tester.tolerance)
      check.expect(again.map(\.message), is: [.attenCharInd(first), .attenCharInd(first)], "repetitions")
      check.expect(secc.requestMatch().isEmpty, "a failed process was matched")
    }
  }

  private static let silentEV = ConformanceCase(
    "SECC_CMN AttenuationCharacterization_012", start: "CM_SLAC_PARM done",
    steps: "nothing within TT_match_sequence after the confirmation, then a whole sounding",
    expects: "the process has failed: no report"
  ) { check in
    var secc = Probe.plugged()
    check.expect(secc.ask().types, is: [.CM_SLAC_PARM_CNF], "confirmation")
    // The tester has waited 200 ms of the 400 already.
    secc.advance(.milliseconds(200) + Tester.tolerance)
    secc.starts()
    secc.sounds()
    let sent = secc.line(for: Tester.attenResults + Tester.tolerance)
    check.expect(sent.isEmpty, "sent \(sent.names)")
  }

  private static let badStarts = [
    FieldCase<CM_START_ATTEN_CHAR_IND>("013", "APPLICATION_TYPE FF") { $0.applicationType = 0xFF },
    FieldCase("014", "SECURITY_TYPE FF") { $0.securityType = 0xFF },
    FieldCase("015", "NUM_SOUNDS 0") { $0.soundCount = 0 },
    FieldCase("016", "TIME_OUT 0") { $0.timeOut = 0 },
    FieldCase("017", "RESP_TYPE 0") { $0.responseType = 0 },
    FieldCase("018", "another RunID") { $0.runID = RunID(9) },
  ].map { field in
    ConformanceCase(
      "SECC_CMN AttenuationCharacterization_\(field.id)", start: "CM_SLAC_PARM done",
      steps: "CM_START_ATTEN_CHAR.IND with \(field.field), three times, then ten sounds",
      expects: "ignored: no report"
    ) { check in
      var secc = Probe.plugged()
      check.expect(secc.ask().types, is: [.CM_SLAC_PARM_CNF], "confirmation")
      secc.starts(evMAC, run, field.change)
      secc.sounds()
      let sent = secc.line(for: Tester.attenResults + Tester.tolerance)
      check.expect(sent.isEmpty, "sent \(sent.names)")
    }
  }

  private static let stateA = ConformanceCase(
    "SECC_CMN AttenuationCharacterization_019", start: "CM_SLAC_PARM done",
    steps: "control pilot to A in the middle of the sounds", expects: "the process ends: no report"
  ) { check in
    var secc = Probe.plugged()
    check.expect(secc.ask().types, is: [.CM_SLAC_PARM_CNF], "confirmation")
    secc.starts()
    for remaining in (5..<10 as Range<UInt8>).reversed() {
      secc.soundOnce(remaining)
      secc.advance(Tester.gap)
    }
    secc.handle(.vehicleDisconnected)
    for remaining in (0..<5 as Range<UInt8>).reversed() {
      secc.soundOnce(remaining)
      secc.advance(Tester.gap)
    }
    let sent = secc.line(for: Tester.attenResults + Tester.tolerance)
    check.expect(sent.isEmpty, "sent \(sent.names)")
    check.expect(secc.machine.phase, is: .unmatched, "phase")
  }

  private static let power = ConformanceCase(
    "SECC_CMN AttenuationCharacterization_020", start: "two runs",
    steps: "a run over the simulated line, and one with 12 dB less transmit power",
    expects: "the reported mean rises by the difference, give or take 1 dB",
    remark: "less power is more attenuation to the simulated modem, which measures"
  ) { check in
    var means: [Int] = []
    for decibels in [10, 22] {
      var bench = Bench(line: { $0.attenuation = decibels }, slac: { $0.settings.tolerances = .conformant })
      bench.plug()
      bench.run(.seconds(5)) { $0.isMatched() }
      for passed in bench.passed where passed.port == 1 && passed.fromHost {
        if case .attenCharInd(let report) = try? ManagementFrame(parsing: passed.octets.span.bytes).message,
          let mean = Attenuation(meanOf: report.profile)
        {
          means.append(mean.millidecibels)
        }
      }
    }
    check.expect(means.count, is: 2, "reports")
    guard let first = means.first, let last = means.last else { return }
    check.expect((11_000...13_000).contains(last - first), "rose by \(last - first) thousandths of a dB")
  }
}
