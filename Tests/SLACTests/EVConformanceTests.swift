import Cryptography
import HomePlug
import SLAC
import Testing
import Wire

/// Cases TC_EVCC_CMN_VTB_...; the ids are given without prefix and infix.
@Suite struct EVConformanceTests {
  // MARK: CmSlacParm

  @Test func CmSlacParm_001_asks_at_once_with_a_fresh_run() {
    var probe = evProbe()
    probe.handle(.start)
    _ = probe.takeSent()
    probe.handle(.pilotReady)
    let sent = probe.actions.compactMap { entry -> ManagementFrame? in
      if case .send(let frame) = entry.action { frame } else { nil }
    }
    #expect(sent.count == 1)
    #expect(sent.first?.destination == .broadcast)
    #expect(sent.first?.source == evMAC)
    guard case .slacParmReq(let request)? = sent.first?.message else {
      Issue.record("no CM_SLAC_PARM.REQ")
      return
    }
    #expect(request.applicationType == 0 && request.securityType == 0)
  }

  @Test func CmSlacParm_002_without_confirmation_the_same_request_is_repeated_twice() {
    var probe = evProbe()
    probe.handle(.start)
    probe.handle(.pilotReady)
    probe.advance(.milliseconds(999))
    let requests = probe.takeSent()
    #expect(requests.map(\.type) == [.CM_SLAC_PARM_REQ, .CM_SLAC_PARM_REQ, .CM_SLAC_PARM_REQ])
    #expect(Set(requests).count == 1, "same RunID")
    #expect(probe.machine.phase == .rateWait)
  }

  static let badConfirmations: [FieldCase<CM_SLAC_PARM_CNF>] = [
    FieldCase("CmSlacParm_003", "M_SOUND_TARGET") { $0.soundTarget = .zero },
    FieldCase("CmSlacParm_004", "TIME_OUT") { $0.timeOut = 0 },
    FieldCase("CmSlacParm_005", "RESP_TYPE") { $0.responseType = 0 },
    FieldCase("CmSlacParm_006", "APPLICATION_TYPE") { $0.applicationType = 0xFF },
    FieldCase("CmSlacParm_007", "SECURITY_TYPE") { $0.securityType = 0xFF },
    FieldCase("CmSlacParm_008", "RunID") { $0.runID = RunID(9) },
    FieldCase("CmSlacParm_011", "FORWARDING_STA") { $0.forwardingStation = .zero },
  ]

  @Test(arguments: badConfirmations)
  func an_invalid_confirmation_is_ignored_and_the_request_repeated(_ field: FieldCase<CM_SLAC_PARM_CNF>) {
    var probe = evProbe()
    let runID = probe.plugIn()
    for _ in 0..<3 {
      probe.confirm(runID, field.change)
      probe.advance(.milliseconds(200))
    }
    #expect(probe.takeSentTypes() == [.CM_SLAC_PARM_REQ, .CM_SLAC_PARM_REQ])
    #expect(probe.machine.phase == .rateWait)
  }

  @Test func RESP_TYPE_0_is_accepted_when_told_so() {
    var probe = evProbe { $0.settings.tolerances = [.responseTypeZero] }
    let runID = probe.plugIn()
    probe.confirm(runID) { $0.responseType = 0 }
    #expect(probe.takeSentTypes() == [.CM_START_ATTEN_CHAR_IND])
  }

  @Test func CmSlacParm_009_an_EV_never_answers_another_EV() {
    var probe = evProbe()
    let runID = probe.plugIn()
    let foreign: [ManagementMessage] = [
      .slacParmReq(CM_SLAC_PARM_REQ(runID: runID)),
      .startAttenCharInd(CM_START_ATTEN_CHAR_IND(forwardingStation: otherEV, runID: runID)),
      .mnbcSoundInd(CM_MNBC_SOUND_IND(remaining: 9, runID: runID, random: .zero)),
      .attenCharRsp(CM_ATTEN_CHAR_RSP(sourceAddress: otherEV, runID: runID)),
      .validateReq(CM_VALIDATE_REQ(timer: 0)),
      .slacMatchReq(CM_SLAC_MATCH_REQ(evMAC: otherEV, evseMAC: evMAC, runID: runID)),
    ]
    for message in foreign {
      probe.receive(message, from: otherEV)
      probe.receive(message, from: otherEV, to: .broadcast)
    }
    #expect(probe.takeSent().isEmpty)
  }

  @Test func CmSlacParm_010_new_processes_start_only_within_TT_matching_repetition() {
    var probe = evProbe()
    probe.handle(.start)
    probe.handle(.pilotReady)
    probe.advance(.seconds(60))
    var firstOfProcess: [RunID: Instant] = [:]
    var lastOfProcess: [RunID: Instant] = [:]
    for (at, action) in probe.actions {
      guard case .send(let frame) = action, case .slacParmReq(let request) = frame.message else { continue }
      firstOfProcess[request.runID] = firstOfProcess[request.runID] ?? at
      lastOfProcess[request.runID] = at
    }
    let starts = firstOfProcess.values.sorted()
    #expect(starts.count >= 3, "C_conn_max_match")
    #expect(starts.allSatisfy { $0 < Instant.zero + .seconds(10) })
    for (last, next) in zip(lastOfProcess.values.sorted(), starts.dropFirst()) {
      #expect(next - last >= .milliseconds(200 + 400), "failure is TT_match_response after the last request")
    }
    #expect(probe.failures == [.noConfirmation])
    #expect(probe.machine.phase == .unmatched)
    #expect(probe.machine.deadline == nil)
  }

  // MARK: AttenuationCharacterization

  @Test func AttenuationCharacterization_001_sounds_three_starts_and_ten_sounds_within_600_ms() {
    var probe = evProbe { $0.timers.soundGap = .milliseconds(30) }
    let runID = probe.plugIn()
    probe.confirm(runID)
    probe.advance(.milliseconds(600))
    var times: [Instant] = []
    var remaining: [UInt8] = []
    var starts = 0
    for (at, action) in probe.actions {
      guard case .send(let frame) = action else { continue }
      #expect(frame.destination == .broadcast)
      times.append(at)
      switch frame.message {
      case .startAttenCharInd(let start):
        #expect(start == CM_START_ATTEN_CHAR_IND(forwardingStation: evMAC, runID: runID))
        #expect(remaining.isEmpty, "before the sounds")
        starts += 1
      case .mnbcSoundInd(let sound):
        #expect(sound.runID == runID && sound.senderID == .zero && sound.random != .zero)
        remaining.append(sound.remaining)
      default: Issue.record("\(frame.message.type)")
      }
    }
    #expect(starts == 3)
    #expect(remaining == [9, 8, 7, 6, 5, 4, 3, 2, 1, 0])
    for (one, next) in zip(times, times.dropFirst()) { #expect(next - one == .milliseconds(30)) }

    _ = probe.takeSent()
    let answer = ManagementMessage.attenCharRsp(CM_ATTEN_CHAR_RSP(sourceAddress: evMAC, runID: runID))
    probe.report(runID)
    #expect(probe.takeSent().first == answer)
    probe.report(runID)
    #expect(probe.takeSent() == [answer], "a repeated report is answered again")
  }

  @Test func AttenuationCharacterization_002_and_CmSlacMatch_012_answers_both_EVSEs_and_takes_the_nearer() {
    var probe = evProbe()
    let runID = probe.plugIn()
    probe.confirm(runID, by: otherEVSE)
    probe.confirm(runID, by: evseMAC)
    probe.advance(.milliseconds(300))
    _ = probe.takeSent()
    probe.report(runID, by: otherEVSE, decibels: 35)
    #expect(probe.takeSentTypes() == [.CM_ATTEN_CHAR_RSP], "waits for the other one")
    probe.report(runID, by: evseMAC, decibels: 12)
    let sent = probe.takeSent()
    #expect(sent.map(\.type) == [.CM_ATTEN_CHAR_RSP, .CM_SLAC_MATCH_REQ])
    #expect(
      sent.last == .slacMatchReq(CM_SLAC_MATCH_REQ(evMAC: evMAC, evseMAC: evseMAC, runID: runID)))
  }

  @Test func an_EVSE_that_never_reports_is_waited_for_until_TT_EV_atten_results() {
    var probe = evProbe()
    let runID = probe.plugIn()
    probe.confirm(runID, by: otherEVSE)
    probe.confirm(runID, by: evseMAC)
    probe.advance(.milliseconds(300))
    probe.report(runID, by: evseMAC, decibels: 12)
    _ = probe.takeSent()
    probe.advance(.milliseconds(899))
    #expect(probe.takeSent().isEmpty)
    probe.advance(.milliseconds(1))
    #expect(probe.takeSentTypes() == [.CM_SLAC_MATCH_REQ])
  }

  @Test func AttenuationCharacterization_003_a_report_after_TT_EV_atten_results_is_not_answered() {
    var probe = evProbe()
    let runID = probe.plugIn()
    probe.confirm(runID)
    probe.advance(.milliseconds(1200))
    _ = probe.takeSent()
    probe.report(runID)
    #expect(probe.takeSent().isEmpty)
  }

  static let badReports: [FieldCase<CM_ATTEN_CHAR_IND>] = [
    FieldCase("AttenuationCharacterization_004", "APPLICATION_TYPE") { $0.applicationType = 0xFF },
    FieldCase("AttenuationCharacterization_005", "SECURITY_TYPE") { $0.securityType = 0xFF },
    FieldCase("AttenuationCharacterization_006", "SOURCE_ADDRESS") { $0.sourceAddress = .zero },
    FieldCase("AttenuationCharacterization_007", "RunID") { $0.runID = RunID(9) },
    FieldCase("AttenuationCharacterization_008", "SOURCE_ID") {
      $0.sourceID = StationIdentifier(leading: .zero, last: 1)
    },
    FieldCase("AttenuationCharacterization_009", "RESP_ID") {
      $0.responseID = StationIdentifier(leading: .zero, last: 1)
    },
    FieldCase("AttenuationCharacterization_010", "NumGroups") { $0.profile = AttenuationProfile() },
    FieldCase("AttenuationCharacterization_011", "NUM_SOUNDS") { $0.soundCount = 0 },
  ]

  @Test(arguments: badReports)
  func an_invalid_report_is_ignored(_ field: FieldCase<CM_ATTEN_CHAR_IND>) {
    var probe = evProbe()
    let runID = probe.plugIn()
    probe.confirm(runID)
    probe.advance(.milliseconds(300))
    _ = probe.takeSent()
    probe.report(runID, by: evseMAC, field.change)
    #expect(probe.takeSent().isEmpty)
    #expect(probe.machine.phase == .results)
  }

  @Test func AttenuationCharacterization_012_oscillator_off_ends_the_process_without_another_frame() {
    for wait in [0, 30, 150, 300] {
      var probe = evProbe()
      let runID = probe.plugIn()
      probe.confirm(runID)
      probe.advance(.milliseconds(wait))
      _ = probe.takeSent()
      probe.handle(.pilotLost)
      probe.report(runID)
      probe.advance(.seconds(20))
      #expect(probe.takeSent().isEmpty)
      #expect(probe.machine.phase == .unmatched)
    }
  }

  // MARK: CmValidateOrCmSlacMatch, CmSlacMatch

  @Test(arguments: [
    (40, ManagementType.CM_SLAC_MATCH_REQ), (41, .CM_VALIDATE_REQ), (60, .CM_VALIDATE_REQ), (61, nil),
  ])
  func CmValidateOrCmSlacMatch_001_the_limits_decide(_ decibels: Int, _ type: ManagementType?) {
    var probe = evProbe()
    let runID = probe.plugIn()
    probe.confirm(runID)
    probe.advance(.milliseconds(300))
    _ = probe.takeSent()
    probe.report(runID, decibels: UInt8(decibels))
    let found = MatchFailure.notFound(best: Attenuation(decibels: decibels))
    #expect(
      probe.actions.contains { $0.action == .trace(.processFailed(attempt: 1, found)) } == (type == nil))
    #expect(probe.takeSentTypes() == [.CM_ATTEN_CHAR_RSP] + (type.map { [$0] } ?? []))
  }

  private func asked() -> (Probe<TestEV>, RunID) {
    var probe = evProbe()
    let runID = probe.plugIn()
    probe.confirm(runID)
    probe.advance(.milliseconds(300))
    probe.report(runID)
    return (probe, runID)
  }

  @Test func CmSlacMatch_002_the_request_follows_at_once() {
    var (probe, runID) = asked()
    #expect(
      probe.takeSent().last == .slacMatchReq(CM_SLAC_MATCH_REQ(evMAC: evMAC, evseMAC: evseMAC, runID: runID)))
  }

  @Test func CmSlacMatch_003_without_confirmation_it_is_repeated_twice() {
    var (probe, _) = asked()
    _ = probe.takeSent()
    probe.advance(.milliseconds(999))
    #expect(probe.takeSentTypes() == [.CM_SLAC_MATCH_REQ, .CM_SLAC_MATCH_REQ])
    #expect(probe.machine.phase == .rateWait)
  }

  static let badMatches: [FieldCase<CM_SLAC_MATCH_CNF>] = [
    FieldCase("CmSlacMatch_004", "APPLICATION_TYPE") { $0.applicationType = 0xFF },
    FieldCase("CmSlacMatch_005", "SECURITY_TYPE") { $0.securityType = 0xFF },
    FieldCase("CmSlacMatch_006", "MVFLength") { $0.length = 0 },
    FieldCase("CmSlacMatch_007", "PEV_ID") { $0.evID = StationIdentifier(leading: .zero, last: 1) },
    FieldCase("CmSlacMatch_008", "PEV_MAC") { $0.evMAC = .zero },
    FieldCase("CmSlacMatch_009", "EVSE_ID") { $0.evseID = StationIdentifier(leading: .zero, last: 1) },
    FieldCase("CmSlacMatch_010", "EVSE_MAC") { $0.evseMAC = .zero },
    FieldCase("CmSlacMatch_011", "RunID") { $0.runID = RunID(9) },
  ]

  @Test(arguments: badMatches)
  func an_invalid_match_confirmation_is_ignored_and_the_request_repeated(
    _ field: FieldCase<CM_SLAC_MATCH_CNF>
  ) {
    var (probe, runID) = asked()
    _ = probe.takeSent()
    probe.confirmMatch(runID, by: evseMAC, field.change)
    probe.advance(.milliseconds(200))
    #expect(probe.takeSentTypes() == [.CM_SLAC_MATCH_REQ])
    #expect(probe.machine.phase == .match)
  }

  // MARK: PLCLinkStatus

  private func matched() -> Probe<TestEV> {
    var (probe, runID) = asked()
    probe.confirmMatch(runID)
    probe.linkUp = true
    probe.advance(.seconds(1))
    return probe
  }

  @Test func PLCLinkStatus_001_joins_with_the_key_it_got_and_reports_once() {
    let probe = matched()
    #expect(probe.keysSet.last?.nmk == NMK(Octets16(high: 1, low: 2)))
    #expect(probe.ready == [evseMAC])
    #expect(probe.machine.phase == .matched)
    #expect(probe.machine.network == probe.keysSet.last?.nid)
  }

  @Test(arguments: [EVMatchEvent.pilotLost, .terminate, .error])
  func PLCLinkStatus_002_leaves_at_once_with_a_random_key(_ event: EVMatchEvent) {
    var probe = matched()
    let joined = probe.keysSet.last
    probe.actions.removeAll()
    probe.handle(event)
    #expect(probe.losses.count == 1)
    #expect(probe.keysSet.count == 1)
    #expect(probe.keysSet.first != joined)
    #expect(probe.machine.phase == .unmatched)
  }

  @Test func PLCLinkStatus_003_pilot_lost_before_joining_gives_no_link() {
    var (probe, runID) = asked()
    probe.confirmMatch(runID)
    probe.handle(.pilotLost)
    probe.linkUp = true
    probe.advance(.seconds(20))
    #expect(probe.ready.isEmpty)
    #expect(probe.keysSet.count == 2, "to join, to leave")
    #expect(probe.machine.phase == .unmatched)
  }

  @Test func PLCLinkStatus_008_after_a_lost_link_the_EV_leaves_and_can_match_again() {
    var probe = matched()
    probe.actions.removeAll()
    probe.linkUp = false
    probe.advance(.seconds(3))
    #expect(probe.losses == [.linkDown])
    #expect(probe.keysSet.count == 1)
    _ = probe.takeSent()
    probe.handle(.pilotReady)
    #expect(probe.takeSentTypes() == [.CM_SLAC_PARM_REQ])
  }

  @Test func without_a_link_within_TT_match_join_the_EV_leaves() {
    var (probe, runID) = asked()
    probe.confirmMatch(runID)
    probe.actions.removeAll()
    probe.advance(.seconds(13))
    #expect(probe.failures == [.joinTimeout])
    #expect(probe.keysSet.count == 1)
    #expect(probe.machine.phase == .unmatched)
  }
}
