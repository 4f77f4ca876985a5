import Cryptography
import HomePlug
import SLAC
import Testing
import Wire

/// A case of the ISO 15118-5 suite in which one field of a message is wrong.
struct FieldCase<Message>: Sendable, CustomTestStringConvertible {
  let id: String
  let field: String
  let change: @Sendable (inout Message) -> Void

  init(_ id: String, _ field: String, _ change: @escaping @Sendable (inout Message) -> Void) {
    self.id = id
    self.field = field
    self.change = change
  }

  var testDescription: String { "\(id): \(field)" }
}

/// Cases TC_SECC_CMN_VTB_...; the ids are given without prefix and infix.
@Suite struct EVSEConformanceTests {
  // MARK: CmSlacParm

  @Test func CmSlacParm_001_answers_a_valid_request_with_the_exact_values() {
    var probe = evseProbe()
    probe.plugIn()
    probe.parm()
    #expect(
      probe.takeSent() == [
        .slacParmCnf(
          CM_SLAC_PARM_CNF(
            soundTarget: .broadcast, soundCount: 10, timeOut: 6, responseType: 1, forwardingStation: evMAC,
            applicationType: 0, securityType: 0, runID: run))
      ])
    #expect(probe.machine.isMatching)
  }

  @Test func CmSlacParm_004_a_request_after_TT_EVSE_SLAC_init_is_not_answered() {
    var probe = evseProbe()
    probe.plugIn()
    #expect(!probe.machine.isMatching, "listening is not matching [V2G3-M06-08]")
    probe.advance(.seconds(50))
    #expect(probe.failures == [.noRequest])
    _ = probe.takeSent()
    probe.parm()
    #expect(probe.takeSent().isEmpty)
  }

  @Test(arguments: [
    FieldCase<CM_SLAC_PARM_REQ>("CmSlacParm_005", "APPLICATION_TYPE") { $0.applicationType = 0xFF },
    FieldCase<CM_SLAC_PARM_REQ>("CmSlacParm_006", "SECURITY_TYPE") { $0.securityType = 0xFF },
  ])
  func an_invalid_request_is_ignored_and_does_not_stop_TT_EVSE_SLAC_init(
    _ field: FieldCase<CM_SLAC_PARM_REQ>
  ) {
    var probe = evseProbe()
    probe.plugIn()
    probe.advance(.seconds(30))
    var request = CM_SLAC_PARM_REQ(runID: run)
    field.change(&request)
    probe.receive(.slacParmReq(request), from: evMAC, to: .broadcast)
    #expect(probe.takeSent().isEmpty)
    probe.advance(.seconds(10))
    #expect(probe.failures == [.noRequest])
  }

  @Test func CmSlacParm_007_a_request_in_state_A_is_not_answered() {
    var probe = evseProbe()
    probe.plugIn()
    probe.handle(.vehicleDisconnected)
    probe.parm()
    #expect(probe.takeSent().isEmpty)
  }

  // MARK: AttenuationCharacterization

  @Test func AttenuationCharacterization_001_reports_the_average_of_all_sounds() {
    var probe = evseProbe()
    probe.plugIn()
    probe.parm()
    _ = probe.takeSent()
    for _ in 0..<3 { probe.start() }
    for remaining in (0..<10).reversed() {
      probe.advance(.milliseconds(30))
      probe.sound(UInt8(remaining), decibels: remaining < 5 ? 21 : 20)
    }
    #expect(
      probe.takeSent() == [
        .attenCharInd(
          CM_ATTEN_CHAR_IND(
            sourceAddress: evMAC, runID: run, soundCount: 10, profile: AttenuationProfile(repeating: 21)))
      ], "20.5 dB rounds up")
  }

  @Test func AttenuationCharacterization_002_a_new_request_restarts_the_process() {
    var probe = evseProbe()
    probe.plugIn()
    probe.parm()
    probe.start()
    for remaining in 5..<10 { probe.sound(UInt8(remaining), decibels: 90) }
    _ = probe.takeSent()
    probe.attenuate()
    let sent = probe.takeSent()
    #expect(sent.map(\.type) == [.CM_SLAC_PARM_CNF, .CM_ATTEN_CHAR_IND])
    guard case .attenCharInd(let report)? = sent.last else { return }
    #expect(report.soundCount == 10)
    #expect(report.profile == AttenuationProfile(repeating: 20), "nothing of the first try is left")
    #expect(probe.machine.sessionCount == 1)
  }

  @Test func AttenuationCharacterization_003_with_a_sound_missing_the_rest_is_averaged() {
    var probe = evseProbe()
    probe.plugIn()
    probe.parm()
    probe.start()
    for remaining in 1..<10 { probe.sound(UInt8(remaining)) }
    #expect(probe.takeSentTypes() == [.CM_SLAC_PARM_CNF])
    probe.advance(.milliseconds(599))
    #expect(probe.takeSent().isEmpty)
    probe.advance(.milliseconds(1))
    guard case .attenCharInd(let report)? = probe.takeSent().first else {
      Issue.record("no CM_ATTEN_CHAR.IND")
      return
    }
    #expect(report.soundCount == 9)
  }

  @Test func AttenuationCharacterization_004_without_response_the_report_is_repeated_twice() {
    var probe = evseProbe()
    probe.plugIn()
    probe.attenuate()
    _ = probe.takeSent()
    probe.advance(.milliseconds(599))
    let reports = probe.actions.filter { if case .send = $0.action { true } else { false } }
    #expect(reports.map { $0.at.nanoseconds / 1_000_000 } == [200, 400])
    #expect(probe.takeSentTypes() == [.CM_ATTEN_CHAR_IND, .CM_ATTEN_CHAR_IND])
    probe.advance(.milliseconds(1))
    probe.match()
    probe.respond()
    probe.match()
    #expect(probe.takeSent().isEmpty)
  }

  @Test(arguments: [
    FieldCase<CM_ATTEN_CHAR_RSP>("AttenuationCharacterization_005", "APPLICATION_TYPE") {
      $0.applicationType = 0xFF
    },
    FieldCase("AttenuationCharacterization_006", "SECURITY_TYPE") { $0.securityType = 0xFF },
    FieldCase("AttenuationCharacterization_007", "SOURCE_ADDRESS") { $0.sourceAddress = .zero },
    FieldCase("AttenuationCharacterization_008", "RunID") { $0.runID = RunID(9) },
    FieldCase("AttenuationCharacterization_009", "SOURCE_ID") {
      $0.sourceID = StationIdentifier(leading: .zero, last: 1)
    },
    FieldCase("AttenuationCharacterization_010", "RESP_ID") {
      $0.responseID = StationIdentifier(leading: Octets16(high: 1, low: 0), last: 0)
    },
    FieldCase("AttenuationCharacterization_011", "Result") { $0.result = 1 },
  ])
  func an_invalid_response_counts_as_none(_ field: FieldCase<CM_ATTEN_CHAR_RSP>) {
    var probe = evseProbe()
    probe.plugIn()
    probe.attenuate()
    _ = probe.takeSent()
    for _ in 0..<3 {
      probe.respond(field.change)
      probe.advance(.milliseconds(200))
    }
    #expect(probe.takeSentTypes() == [.CM_ATTEN_CHAR_IND, .CM_ATTEN_CHAR_IND])
    probe.match()
    #expect(probe.takeSent().isEmpty)
    #expect(probe.machine.sessionCount == 0)
  }

  @Test func AttenuationCharacterization_012_nothing_within_TT_match_sequence_fails_the_session() {
    var probe = evseProbe()
    probe.plugIn()
    probe.parm()
    probe.advance(.milliseconds(400))
    _ = probe.takeSent()
    probe.start()
    for remaining in 0..<10 { probe.sound(UInt8(remaining)) }
    probe.advance(.seconds(1))
    #expect(probe.takeSent().isEmpty)
  }

  @Test(arguments: [
    FieldCase<CM_START_ATTEN_CHAR_IND>("AttenuationCharacterization_013", "APPLICATION_TYPE") {
      $0.applicationType = 0xFF
    },
    FieldCase("AttenuationCharacterization_014", "SECURITY_TYPE") { $0.securityType = 0xFF },
    FieldCase("AttenuationCharacterization_015", "NUM_SOUNDS") { $0.soundCount = 0 },
    FieldCase("AttenuationCharacterization_016", "TIME_OUT") { $0.timeOut = 0 },
    FieldCase("AttenuationCharacterization_017", "RESP_TYPE") { $0.responseType = 0 },
    FieldCase("AttenuationCharacterization_018", "RunID") { $0.runID = RunID(9) },
    FieldCase("FORWARDING_STA of Table A.4", "FORWARDING_STA") { $0.forwardingStation = otherEV },
  ])
  func an_invalid_start_is_ignored(_ field: FieldCase<CM_START_ATTEN_CHAR_IND>) {
    var probe = evseProbe()
    probe.plugIn()
    probe.parm()
    _ = probe.takeSent()
    var start = CM_START_ATTEN_CHAR_IND(forwardingStation: evMAC, runID: run)
    field.change(&start)
    for _ in 0..<3 { probe.receive(.startAttenCharInd(start), from: evMAC, to: .broadcast) }
    for remaining in 0..<10 { probe.sound(UInt8(remaining)) }
    probe.advance(.seconds(2))
    #expect(probe.takeSent().isEmpty)
  }

  @Test func AttenuationCharacterization_019_state_A_while_sounding_ends_the_process() {
    var probe = evseProbe()
    probe.plugIn()
    probe.parm()
    probe.start()
    for remaining in 5..<10 { probe.sound(UInt8(remaining)) }
    _ = probe.takeSent()
    probe.handle(.vehicleDisconnected)
    for remaining in 0..<5 { probe.sound(UInt8(remaining)) }
    probe.advance(.seconds(2))
    #expect(probe.takeSent().isEmpty)
    #expect(probe.machine.phase == .unmatched)
  }

  // MARK: CmValidate, as far as it is answered

  @Test(arguments: [
    ("CmValidate_010", ValidateResult.failure), ("CmValidate_012", ValidateResult.notRequired),
  ])
  func a_validation_is_answered_by_setting_and_a_match_may_follow(_ id: String, _ result: ValidateResult) {
    var probe = evseProbe { $0.settings.validation = result }
    probe.plugIn()
    probe.attenuate()
    probe.respond()
    _ = probe.takeSent()
    probe.receive(.validateReq(CM_VALIDATE_REQ(timer: 0)), from: evMAC)
    #expect(probe.takeSent() == [.validateCnf(CM_VALIDATE_CNF(result: result))])
    probe.receive(.validateReq(CM_VALIDATE_REQ(signalType: 0xFF, timer: 0)), from: evMAC)
    probe.receive(.validateReq(CM_VALIDATE_REQ(timer: 0)), from: otherEV)
    #expect(probe.takeSent().isEmpty)
    probe.match()
    #expect(probe.takeSentTypes() == [.CM_SLAC_MATCH_CNF])
  }

  @Test func CmValidate_013_state_A_before_validation_gives_no_answer() {
    var probe = evseProbe()
    probe.plugIn()
    probe.attenuate()
    probe.respond()
    probe.handle(.vehicleDisconnected)
    _ = probe.takeSent()
    probe.receive(.validateReq(CM_VALIDATE_REQ(timer: 0)), from: evMAC)
    #expect(probe.takeSent().isEmpty)
  }

  // MARK: CmSlacMatch

  @Test func CmSlacMatch_001_the_confirmation_carries_the_key_the_modem_has() throws {
    var probe = evseProbe()
    probe.handle(.start)
    let key = try #require(probe.keysSet.last)
    probe.handle(.vehicleConnected)
    probe.attenuate()
    probe.respond()
    _ = probe.takeSent()
    probe.match()
    #expect(
      probe.takeSent() == [
        .slacMatchCnf(CM_SLAC_MATCH_CNF(evMAC: evMAC, evseMAC: evseMAC, runID: run, key: key))
      ])
    #expect(key.nid == NID(of: key.nmk))
  }

  @Test func CmSlacMatch_003_a_repeated_request_gets_the_same_confirmation() {
    var probe = evseProbe()
    probe.plugIn()
    probe.attenuate()
    probe.respond()
    _ = probe.takeSent()
    probe.match()
    let first = probe.takeSent()
    probe.match()
    #expect(probe.takeSent() == first)
    probe.match { $0.runID = RunID(9) }
    #expect(probe.takeSent().isEmpty)
  }

  @Test func CmSlacMatch_005_a_request_after_TT_EVSE_match_session_is_not_answered() {
    var probe = evseProbe()
    probe.plugIn()
    probe.attenuate()
    probe.respond()
    _ = probe.takeSent()
    probe.advance(.seconds(10))
    probe.match()
    #expect(probe.takeSent().isEmpty)
  }

  @Test(arguments: [
    FieldCase<CM_SLAC_MATCH_REQ>("CmSlacMatch_007", "APPLICATION_TYPE") { $0.applicationType = 0xFF },
    FieldCase("CmSlacMatch_009", "SECURITY_TYPE") { $0.securityType = 0xFF },
    FieldCase("CmSlacMatch_011", "MVFLength") { $0.length = 0 },
    FieldCase("CmSlacMatch_013", "PEV_ID") { $0.evID = StationIdentifier(leading: .zero, last: 1) },
    FieldCase("CmSlacMatch_015", "PEV_MAC") { $0.evMAC = .zero },
    FieldCase("CmSlacMatch_017", "EVSE_ID") { $0.evseID = StationIdentifier(leading: .zero, last: 1) },
    FieldCase("CmSlacMatch_019", "EVSE_MAC") { $0.evseMAC = .zero },
    FieldCase("CmSlacMatch_021", "RunID") { $0.runID = RunID(9) },
  ])
  func an_invalid_match_request_is_ignored_and_the_session_times_out(
    _ field: FieldCase<CM_SLAC_MATCH_REQ>
  ) {
    var probe = evseProbe()
    probe.plugIn()
    probe.attenuate()
    probe.respond()
    _ = probe.takeSent()
    probe.match(field.change)
    #expect(probe.takeSent().isEmpty)
    probe.advance(.seconds(10))
    #expect(probe.machine.sessionCount == 0)
    probe.match()
    #expect(probe.takeSent().isEmpty)
  }

  @Test func CmSlacMatch_023_state_A_before_the_request_gives_no_confirmation() {
    var probe = evseProbe()
    probe.plugIn()
    probe.attenuate()
    probe.respond()
    probe.handle(.vehicleDisconnected)
    _ = probe.takeSent()
    probe.match()
    #expect(probe.takeSent().isEmpty)
  }

  // MARK: PLCLinkStatus

  private func matched() -> Probe<TestEVSE> {
    var probe = evseProbe()
    probe.handle(.start)
    probe.handle(.vehicleConnected)
    probe.attenuate()
    probe.respond()
    probe.match()
    probe.linkUp = true
    probe.advance(.milliseconds(600))
    return probe
  }

  @Test func PLCLinkStatus_001_the_link_is_reported_200_ms_to_1_s_after_it_came_up() {
    var probe = evseProbe()
    probe.plugIn()
    probe.attenuate()
    probe.respond()
    probe.match()
    probe.advance(.seconds(5))
    #expect(probe.ready.isEmpty)
    probe.linkUp = true
    probe.actions.removeAll()
    probe.advance(.seconds(2))
    #expect(probe.ready == [evMAC], "exactly once")
    let at = probe.actions.first { $0.action == .linkReady(peer: evMAC) }?.at
    #expect((at ?? .zero) - Instant.zero <= .milliseconds(5000 + 250 + 200))
  }

  @Test func PLCLinkStatus_001_without_a_link_within_TT_match_join_matching_fails_and_the_key_is_changed() {
    var probe = evseProbe()
    probe.plugIn()
    probe.attenuate()
    probe.respond()
    probe.match()
    probe.actions.removeAll()
    probe.advance(.milliseconds(11_999))
    #expect(probe.failures.isEmpty)
    probe.advance(.milliseconds(1))
    #expect(probe.failures == [.joinTimeout])
    #expect(probe.machine.phase == .failed)
    #expect(probe.keysSet.count == 1)
  }

  @Test func PLCLinkStatus_002_a_matched_EVSE_does_not_answer() {
    var probe = matched()
    #expect(probe.machine.phase == .matched)
    _ = probe.takeSent()
    probe.parm()
    probe.parm(otherEV, RunID(5))
    probe.match()
    #expect(probe.takeSent().isEmpty)
  }

  @Test(arguments: [EVSEMatchEvent.vehicleDisconnected, .pilotError, .terminate, .error])
  func PLCLinkStatus_003_the_network_is_left_at_once_with_a_fresh_key(_ event: EVSEMatchEvent) {
    var probe = matched()
    let before = probe.keysSet.last
    probe.actions.removeAll()
    let start = probe.now
    probe.handle(event)
    #expect(probe.losses.count == 1)
    #expect(probe.keysSet.count == 1)
    #expect(probe.keysSet.first != before)
    #expect(probe.now - start <= .seconds(1))
    #expect(probe.machine.phase == .unmatched)
  }

  @Test func a_lost_link_is_reported_once_and_the_EVSE_listens_again() {
    var probe = matched()
    probe.actions.removeAll()
    probe.linkUp = false
    probe.advance(.seconds(3))
    #expect(probe.losses == [.linkDown])
    #expect(probe.machine.phase == .matching)
  }

  @Test func a_paused_EVSE_keeps_its_network_and_does_not_poll() {
    var probe = matched()
    probe.actions.removeAll()
    probe.handle(.pause)
    probe.linkUp = false
    probe.advance(.seconds(3600))
    #expect(probe.actions.isEmpty)
    #expect(probe.machine.phase == .matched)
    probe.linkUp = true
    probe.handle(.resume)
    probe.advance(.seconds(2))
    #expect(probe.losses.isEmpty)
    probe.linkUp = false
    probe.advance(.seconds(2))
    #expect(probe.losses == [.linkDown])
  }
}
