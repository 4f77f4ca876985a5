import Foundation
import Node
import SLAC
import Testing

/// `docs/conformance.md`, written from the run. With `COUPLER_RECORD` set it is written instead of compared.
enum ConformanceDocument {
  static func compare() throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().appending(path: "docs/conformance.md")
    let text = text()
    if ProcessInfo.processInfo.environment["COUPLER_RECORD"] != nil {
      try text.write(to: file, atomically: true, encoding: .utf8)
      return
    }
    let committed = try String(contentsOf: file, encoding: .utf8)
    guard committed != text else { return }
    let (old, new) = (committed.split(separator: "\n"), text.split(separator: "\n"))
    for (one, other) in zip(old, new) where one != other {
      Issue.record("docs/conformance.md is stale: \"\(one)\", but the run gives \"\(other)\"")
    }
    #expect(old.count == new.count, "docs/conformance.md is stale; COUPLER_RECORD=1 writes it anew")
  }

  static func text() -> String {
    let results = ConformanceSuite.cases.map { ($0, $0.verdict()) }
    let chapters = [introduction, totals(results), declarations, cases(results)]
    return chapters.joined(separator: "\n\n") + "\n"
  }

  private static let introduction = """
    # SLAC conformance

    Written by a test run; do not edit. `COUPLER_RECORD=1 swift test --filter SLACTests.ConformanceTests` writes it
    anew, and without that variable the tests compare it with what the run gives.

    The cases are those of an ISO 15118-5 style suite for ISO 15118-3, whose ids are public: 102 for the charger (SECC),
    96 for the vehicle (EVCC). Purpose, steps and expectation are in our words. Each runs in virtual time against
    our machines in the mode `conformant`, unless its remark says otherwise: most against a matcher with a modem, those
    that need the control pilot against a whole charger or vehicle with the wire, those that need a session against
    both. The tester's frames go through octets both ways. Its values: 30 ms between START and SOUND, the whole 200 ms
    of TT_match_response for confirmations, 250 ms on top of every wait for something that must not come.

    An id in full has the prefix `TC_` and the infix `_VTB_`: `SECC_CMN CmSlacParm_001` is
    `TC_SECC_CMN_VTB_CmSlacParm_001`. Where the public source has a range, such as `PLCLinkStatus_001..012`, each number
    is an id of its own.

    Remarks: *behaviour* means that the source names the behaviour and has no body for the case; *body missing* that it
    has neither; *group* that it is known what a group of cases is about and not which number stands for what. The
    behaviours of such groups are numbered in the order in which they are named, and what the numbers stand for in the
    suite may differ.
    """

  private static func totals(_ results: [(ConformanceCase, ConformanceCase.Verdict)]) -> String {
    var lines = [
      "## Totals", "", "| Group | Cases | Pass | Fail | Not applicable |", "|---|---|---|---|---|",
    ]
    func line(_ name: String, _ some: [(ConformanceCase, ConformanceCase.Verdict)]) -> String {
      let passed = some.count { $0.1 == .pass }
      let failed = some.count { if case .fail = $0.1 { true } else { false } }
      return "| \(name) | \(some.count) | \(passed) | \(failed) | \(some.count - passed - failed) |"
    }
    for group in ConformanceSuite.groups {
      let ids = Set(group.ids)
      lines.append(line(group.name, results.filter { ids.contains($0.0.id) }))
    }
    lines.append(line("**SECC**", results.filter { $0.0.id.hasPrefix("SECC") }))
    lines.append(line("**EVCC**", results.filter { $0.0.id.hasPrefix("EVCC") }))
    lines.append(line("**All**", results))
    return lines.joined(separator: "\n")
  }

  private static func cases(_ results: [(ConformanceCase, ConformanceCase.Verdict)]) -> String {
    var lines = ["## Cases", "", "| Id | What | Verdict | Remark |", "|---|---|---|---|"]
    for (item, verdict) in results {
      var remarks: [String] = []
      switch item.source {
      case .body: break
      case .behaviour: remarks.append("behaviour")
      case .group: remarks.append("group")
      case .missing: remarks.append("body missing")
      }
      if !item.remark.isEmpty { remarks.append(item.remark) }
      let word: String
      switch verdict {
      case .pass: word = "pass"
      case .fail(let problems):
        word = "**fail**"
        remarks += problems
      case .notApplicable(let reason):
        word = "not applicable"
        remarks.append(reason)
      }
      let what = "*\(item.start)*: \(item.steps). **Expected:** \(item.expectation)"
      lines.append("| \(item.id) | \(cell(what)) | \(word) | \(cell(remarks.joined(separator: "; "))) |")
    }
    return lines.joined(separator: "\n")
  }

  private static func cell(_ text: String) -> String { text.replacing("|", with: "\\|") }

  // MARK: declarations

  private static let declarations: String = {
    let timers = SLACTimers.standard
    let settings = SLACSettings()
    let charger = ChargerCoupling()
    let vehicle = VehicleCoupling()
    func time(_ duration: Duration?) -> String {
      guard let duration else { return "none" }
      return duration >= .seconds(1) && duration.components.attoseconds == 0
        ? "\(duration.components.seconds) s" : "\(duration.milliseconds) ms"
    }
    let rows: [(what: String, setting: String, value: String, option: String)] = [
      (
        "To the letter, or with tolerances", "`SLACSettings.tolerances`", "lenient",
        "`--slac-mode`, `--tolerate`"
      ),
      (
        "SECC: initial duty cycle, 5 or 100 % (AC)", "`ChargerCoupling.initialDuty`",
        charger.initialDuty.rawValue, "`--initial-duty`"
      ),
      (
        "SECC: EIM before or after plug-in, during SLAC, in the session",
        "`ChargerEvent.identified`, `identificationWhileMatching`",
        charger.identificationWhileMatching.rawValue, "`--identify-after`"
      ),
      (
        "SECC: validation supported, not required, refused", "`SLACSettings.validation`",
        "\(settings.validation)", "`--validation`"
      ),
      (
        "SECC: connection loss, option A or B", "`ChargerCoupling.connectionLoss`",
        charger.connectionLoss.rawValue, "`--connection-loss`"
      ),
      ("SECC: TT_EVSE_SLAC_init", "`SLACTimers.evseSlacInit`", time(timers.evseSlacInit), "`--slac-init`"),
      (
        "SECC: sleep after plug-out", "`ChargerCoupling.sleepsAfter`", time(charger.sleepsAfter),
        "`--sleep-after`"
      ),
      (
        "SECC: patience with a vehicle that was woken", "`ChargerCoupling.wakeUpPatience`",
        time(charger.wakeUpPatience), ""
      ),
      ("SECC: AttnRxEVSE", "`SLACSettings.receiverLoss`", "0 dB", "`--calibration`"),
      ("SECC: matching processes at a time", "`SLACSettings.sessionsMax`", "\(settings.sessionsMax)", ""),
      (
        "EVCC: C_EV_match_signalattn_direct", "`SLACSettings.attenuationDirectMax`",
        "\(settings.attenuationDirectMax)", "`--attenuation-direct`"
      ),
      (
        "EVCC: C_EV_match_signalattn_indirect", "`SLACSettings.attenuationIndirectMax`",
        "\(settings.attenuationIndirectMax)", "`--attenuation-indirect`"
      ),
      (
        "EVCC: AttnTxEV", "`SLACSettings.transmitCalibration`", "\(settings.transmitCalibration)",
        "`--calibration`"
      ),
      (
        "EVCC: validation failed or refused: stop, or match all the same",
        "`SLACTolerance.matchWithoutValidation`", "match (lenient), stop (conformant)", "`--tolerate`"
      ),
      (
        "EVCC: \"not required\": match, or validate all the same", "`SLACSettings.insistsOnValidation`",
        settings.insistsOnValidation ? "validate" : "match", "`--insist-on-validation`"
      ),
      (
        "EVCC: \"not ready\": retry after, or iterate", "`SLACSettings.validationRetry`",
        time(settings.validationRetry), ""
      ),
      (
        "EVCC: TP_EV_vald_state_duration", "`SLACSettings.validationPhase`", time(settings.validationPhase),
        ""
      ),
      (
        "EVCC: connection loss, option A, or B after T_conn_resetup", "`SLACSettings.rematchAfterLoss`",
        settings.rematchAfterLoss == nil ? "option A" : time(settings.rematchAfterLoss), "`--rematch-after`"
      ),
      (
        "EVCC: TT_matching_repetition", "`SLACTimers.matchingRepetition`", time(timers.matchingRepetition), ""
      ),
      ("EVCC: TT_matching_rate", "`SLACTimers.matchingRate`", time(timers.matchingRate), ""),
      ("EVCC: C_conn_max_match", "`SLACTimers.processesMax`", "\(timers.processesMax)", ""),
      ("EVCC: TP_EV_batch_msg_interval", "`SLACTimers.soundGap`", time(timers.soundGap), ""),
      (
        "EVCC: collect every CM_SLAC_PARM.CNF first", "`SLACSettings.collectConfirmations`",
        "\(settings.collectConfirmations)", ""
      ),
      (
        "EVCC: SLAC at a nominal duty (AC)", "`VehicleCoupling.matchesAtNominalDuty`",
        "\(vehicle.matchesAtNominalDuty)", "`--digital-only`"
      ),
      (
        "EVCC: SLAC with the oscillator off (AC), after", "`VehicleCoupling.matchesWithoutDuty`",
        time(vehicle.matchesWithoutDuty), "`--digital-only`"
      ),
      (
        "EVCC: B-C-B toggles of a wake-up, and how often", "`VehicleCoupling.wakeUpToggles`, `wakeUpsMax`",
        "\(vehicle.wakeUpToggles), \(vehicle.wakeUpsMax) times", ""
      ),
      (
        "Both: amplitude map wanted", "`SLACSettings.amplitudeMap`",
        settings.amplitudeMap == nil ? "none" : "some", ""
      ),
      (
        "Both: MMV of CM_AMP_MAP", "`SLACSettings.amplitudeMapVersion`", "\(settings.amplitudeMapVersion)", ""
      ),
      (
        "Both: modem", "`SLACSettings.modem`", settings.modem?.rawValue ?? "asked at start",
        "`--modem-vendor`"
      ),
    ]
    var lines = [
      "## Declarations", "",
      "What the maker of a product declares to the laboratory, the setting of ours that it is, and its default.",
      "",
      "| Declaration | Setting | Default | `coupler evse`, `coupler ev` |", "|---|---|---|---|",
    ]
    for row in rows { lines.append("| \(row.what) | \(row.setting) | \(row.value) | \(row.option) |") }
    return lines.joined(separator: "\n")
  }()
}
