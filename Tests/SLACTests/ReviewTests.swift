import HomePlug
import PLCModem
import SLAC
import Testing
import Wire

/// Defects found by reading: each test fails on the code it was written against.
@Suite struct ReviewTests {
  private let modem = MACAddress(0x00B0_5200_0055)
  private let stranger = MACAddress(0x0200_0000_0066)

  private func down() -> ManagementMessage { .linkStatusCnf(VS_PL_LNK_STATUS_CNF(linkStatus: 0)) }
  private func up() -> ManagementMessage { .linkStatusCnf(VS_PL_LNK_STATUS_CNF(linkStatus: 1)) }

  private func version(_ deviceClass: UInt8, _ text: String) -> ManagementMessage {
    .softwareVersionCnf(VS_SW_VER_CNF(deviceClass: deviceClass, version: Array(text.utf8)))
  }

  private func joining(_ change: (inout SLACConfiguration) -> Void = { _ in }) -> Probe<TestEVSE> {
    var probe = evseProbe(change)
    probe.plugIn()
    probe.attenuate()
    probe.respond()
    probe.match()
    return probe
  }

  private func matched() -> Probe<TestEVSE> {
    var probe = joining()
    probe.linkUp = true
    probe.advance(.milliseconds(500))
    #expect(probe.machine.phase == .matched)
    return probe
  }

  private func joiningEV(_ change: (inout SLACConfiguration) -> Void = { _ in }) -> Probe<TestEV> {
    var probe = evProbe(change)
    let runID = probe.plugIn()
    probe.confirm(runID)
    probe.advance(.milliseconds(300))
    probe.report(runID)
    probe.confirmMatch(runID)
    #expect(probe.machine.phase == .join)
    return probe
  }

  // MARK: deadlines in the past

  @Test func an_EVSE_whose_modem_answers_down_does_not_spin_at_linkAssumedAfter() {
    var probe = joining { $0.settings.linkAssumedAfter = .seconds(1) }
    probe.linkUp = false
    for _ in 0..<20 where probe.now < .zero + .seconds(3) {
      guard let due = probe.machine.deadline else { break }
      probe.now = max(probe.now, due)
      probe.handle(.timeout)
      guard probe.machine.deadline ?? .zero <= probe.now else { continue }
      Issue.record("spins in \(probe.machine.phase) at \(probe.now)")
      break
    }
  }

  @Test func an_EV_whose_modem_answers_down_does_not_spin_at_linkAssumedAfter() {
    var probe = joiningEV { $0.settings.linkAssumedAfter = .seconds(1) }
    probe.linkUp = false
    for _ in 0..<20 where probe.now < .zero + .seconds(3) {
      guard let due = probe.machine.deadline else { break }
      probe.now = max(probe.now, due)
      probe.handle(.timeout)
      guard probe.machine.deadline ?? .zero <= probe.now else { continue }
      Issue.record("spins in \(probe.machine.phase) at \(probe.now)")
      break
    }
  }

  // MARK: whose word counts

  @Test func a_stranger_cannot_pose_as_the_modem_whose_vendor_the_board_knows() {
    var probe = evseProbe { $0.settings.modem = .vertexcom }
    probe.handle(.start)
    probe.receive(version(0x20, "MAC-QCA7420-1.3.0.2134"), from: stranger, to: .broadcast)
    #expect(probe.machine.modemIdentity == nil)
    probe.handle(.vehicleConnected)
    #expect(probe.failures == [], "one frame from the line must not put the charger out of service")
    #expect(probe.machine.phase == .matching)
  }

  @Test func a_stranger_cannot_end_a_session_by_answering_the_poll_for_the_modem() {
    var probe = matched()
    probe.modemAnswers = false
    probe.advance(.milliseconds(1100))
    // The question is out; the neighbour is faster than the modem.
    probe.receive(down(), from: stranger)
    #expect(probe.losses == [])
    #expect(probe.machine.phase == .matched)
  }

  @Test func a_stranger_cannot_claim_a_link_that_is_not_there() {
    var probe = joining()
    probe.modemAnswers = false
    probe.advance(.milliseconds(300))
    probe.receive(up(), from: stranger)
    probe.advance(.milliseconds(300))
    #expect(probe.ready == [])
  }

  @Test func a_stranger_cannot_confirm_a_key_for_the_modem() {
    var probe = matched()
    probe.modemAnswers = false
    probe.handle(.vehicleDisconnected)
    #expect(probe.machine.phase == .keySetup)
    probe.receive(.setKeyCnf(CM_SET_KEY_CNF(result: 1)), from: evMAC)
    probe.actions.removeAll()
    probe.advance(.milliseconds(1600))
    #expect(!probe.keysSet.isEmpty, "the modem itself has not answered, so the request is repeated")
  }

  @Test func a_stranger_cannot_report_attenuation_for_the_modem() {
    var probe = evseProbe()
    probe.plugIn()
    probe.parm()
    probe.start()
    for _ in 0..<10 {
      probe.receive(
        .attenProfileInd(CM_ATTEN_PROFILE_IND(evMAC: evMAC, profile: AttenuationProfile(repeating: 0))),
        from: stranger)
    }
    #expect(!probe.takeSentTypes().contains(.CM_ATTEN_CHAR_IND))
  }

  @Test func refusals_that_keep_coming_do_not_put_off_the_next_attempt() {
    var probe = evseProbe { $0.settings.acceptedKeyResult = 1 }
    probe.modemAnswers = false
    probe.handle(.start)
    probe.advance(.milliseconds(700))
    for _ in 0..<20 {
      probe.receive(.setKeyCnf(CM_SET_KEY_CNF(result: 0)), from: modem)
      probe.advance(.milliseconds(400))
    }
    #expect(probe.keysSet.count > 1)
  }

  // MARK: timers

  @Test func TT_match_join_ends_with_the_link_not_with_its_notification() {
    var evse = joining()
    evse.modemAnswers = false
    evse.advance(.milliseconds(11_900))
    evse.receive(up(), from: modem)
    evse.advance(.milliseconds(300))
    #expect(evse.ready == [evMAC])
    #expect(evse.failures == [])

    var ev = joiningEV()
    ev.modemAnswers = false
    ev.advance(.milliseconds(11_900))
    ev.receive(up(), from: modem)
    ev.advance(.milliseconds(300))
    #expect(ev.ready == [evseMAC])
    #expect(ev.failures == [])
  }

  @Test func a_modem_that_sleeps_has_T_conn_resume_too() {
    var probe = matched()
    probe.handle(.pause)
    probe.modemAnswers = false
    probe.handle(.resume)
    probe.advance(.milliseconds(5_900))
    #expect(probe.losses == [], "T_conn_resume is 6 s")
    #expect(probe.machine.phase == .matched)
  }

  @Test func TT_matching_repetition_starts_with_the_first_process_not_with_the_wait_for_the_modem() {
    var probe = evProbe()
    probe.modemAnswers = false
    probe.handle(.start)
    probe.advance(.seconds(1))
    probe.handle(.pilotReady)
    // The modem starts late.
    probe.advance(.seconds(12))
    probe.modemAnswers = true
    probe.actions.removeAll()
    probe.advance(.seconds(30))
    let attempts = probe.actions.filter { if case .trace(.process) = $0.action { true } else { false } }
    #expect(attempts.count >= 3, "C_conn_max_match")
  }

  // MARK: validation

  @Test func an_EV_that_repeats_step_1_cannot_hold_the_validation_for_ever() {
    var probe = evseProbe { $0.settings.tolerances = [.repeatedSessions] }
    probe.plugIn()
    probe.attenuate(otherEV)
    probe.receive(.attenCharRsp(CM_ATTEN_CHAR_RSP(sourceAddress: otherEV, runID: run)), from: otherEV)
    for _ in 0..<100 {
      probe.receive(.validateReq(CM_VALIDATE_REQ(timer: 0)), from: otherEV)
      probe.advance(.milliseconds(300))
    }
    probe.attenuate()
    probe.respond()
    _ = probe.takeSent()
    probe.receive(.validateReq(CM_VALIDATE_REQ(timer: 0)), from: evMAC)
    #expect(probe.takeSent() == [.validateCnf(CM_VALIDATE_CNF(result: .ready))], "after 30 s")
  }

  @Test func a_toggle_seen_early_counts_for_the_next_vehicle_too() {
    var probe = evseProbe()
    probe.plugIn()
    // The vehicle before was pulled out of state C: no change from C to B ever came.
    probe.handle(.asksForEnergy(true, since: probe.now))
    probe.advance(.seconds(5))
    probe.handle(.vehicleDisconnected)
    probe.advance(.seconds(5))
    probe.handle(.vehicleConnected)
    probe.attenuate()
    probe.respond()
    probe.receive(.validateReq(CM_VALIDATE_REQ(timer: 0)), from: evMAC)
    probe.handle(.asksForEnergy(true, since: probe.now))
    probe.advance(.milliseconds(100))
    probe.receive(.validateReq(CM_VALIDATE_REQ(timer: 6)), from: evMAC)
    _ = probe.takeSent()
    probe.advance(.milliseconds(150))
    probe.handle(.asksForEnergy(false, since: probe.now))
    probe.advance(.milliseconds(700))
    #expect(probe.takeSent().first == .validateCnf(CM_VALIDATE_CNF(toggleCount: 1, result: .success)))
  }

  /// The EV has announced its toggles; how many, its Timer says.
  private func announced() -> (probe: Probe<TestEV>, toggles: UInt8) {
    var probe = evProbe()
    let runID = probe.plugIn()
    probe.confirm(runID)
    probe.advance(.milliseconds(300))
    probe.report(runID, decibels: 50)
    probe.actions.removeAll()
    probe.receive(.validateCnf(CM_VALIDATE_CNF(result: .ready)), from: evseMAC)
    var toggles: UInt8 = 0
    for case .validateReq(let request) in probe.takeSent() {
      toggles = request.timer <= 8 ? 1 : request.timer <= 13 ? 2 : 3
    }
    return (probe, toggles)
  }

  @Test func an_EVSE_that_counted_toggles_before_there_were_any_is_not_believed() {
    var (probe, toggles) = announced()
    #expect(toggles > 0)
    probe.receive(.validateCnf(CM_VALIDATE_CNF(toggleCount: toggles, result: .success)), from: evseMAC)
    #expect(!probe.takeSentTypes().contains(.CM_SLAC_MATCH_REQ))
  }

  @Test func an_EV_does_not_match_while_S2_still_toggles() {
    var (probe, toggles) = announced()
    probe.advance(.milliseconds(100))
    probe.receive(.validateCnf(CM_VALIDATE_CNF(toggleCount: toggles, result: .success)), from: evseMAC)
    #expect(!probe.takeSentTypes().contains(.CM_SLAC_MATCH_REQ))
  }

  @Test func two_EVSEs_that_are_not_ready_are_not_asked_in_circles_without_a_rest() {
    var probe = evProbe()
    let runID = probe.plugIn()
    probe.confirm(runID)
    probe.confirm(runID, by: otherEVSE)
    probe.advance(.milliseconds(300))
    probe.actions.removeAll()
    probe.report(runID, decibels: 50)
    probe.report(runID, by: otherEVSE, decibels: 51)
    var asked = 0
    for _ in 0..<30 {
      var next: MACAddress?
      for entry in probe.actions {
        if case .send(let frame) = entry.action, case .validateReq = frame.message {
          next = frame.destination
        }
      }
      probe.actions.removeAll()
      guard let next else { break }
      asked += 1
      // A millisecond there and back.
      probe.now += .milliseconds(1)
      probe.receive(.validateCnf(CM_VALIDATE_CNF(result: .notReady)), from: next)
    }
    #expect(asked <= 3, "asked \(asked) times in as many milliseconds")
    #expect(probe.machine.phase == .validate, "it rests and asks again")
  }

  @Test func a_key_that_was_confirmed_in_unclear_words_is_not_lost_to_the_silence_of_the_restart() {
    var probe = evProbe { $0.settings.modem = .qualcomm }
    let runID = probe.plugIn()
    probe.confirm(runID)
    probe.advance(.milliseconds(300))
    probe.report(runID)
    probe.modemAnswers = false
    probe.actions.removeAll()
    probe.confirmMatch(runID)
    // HomePlug's own word for success. Then the modem restarts, as it does with a new key.
    probe.receive(.setKeyCnf(CM_SET_KEY_CNF(result: 0)), from: modem)
    probe.advance(.milliseconds(3_200))
    #expect(probe.machine.phase == .join, "the modem has the key")
    probe.modemAnswers = true
    probe.linkUp = true
    probe.advance(.seconds(4))
    #expect(probe.ready == [evseMAC])
  }

  @Test func an_EV_that_collects_confirmations_keeps_its_place_in_a_flood() {
    var probe = evseProbe()
    probe.plugIn()
    probe.parm()
    for stranger in 0..<200 {
      probe.parm(MACAddress(0x0200_0001_0000 + UInt64(stranger)), RunID(UInt64(stranger)))
      probe.advance(.milliseconds(1))
    }
    _ = probe.takeSent()
    // 200 ms later (TT_match_response) it begins to sound.
    probe.start()
    for remaining in (0..<10).reversed() { probe.sound(UInt8(remaining)) }
    #expect(probe.takeSentTypes() == [.CM_ATTEN_CHAR_IND])
  }

  @Test func a_modem_that_was_still_starting_is_asked_again_who_it_is() {
    var probe = evseProbe()
    probe.modemAnswers = false
    probe.handle(.start)
    // 1 s until SPI is in sync, and up to 3 s until it handles messages.
    probe.advance(.seconds(3))
    probe.modemAnswers = true
    probe.advance(.seconds(20))
    #expect(probe.machine.phase == .unmatched)
    #expect(probe.machine.modemIdentity?.vendor == .qualcomm, "a QCA7000 driven as a generic modem")
  }

  @Test func a_modem_that_was_still_starting_and_refuses_the_key_is_not_believed_to_hold_it() {
    var probe = evseProbe()
    probe.modemAnswers = false
    probe.handle(.start)
    probe.advance(.seconds(3))
    probe.receive(.setKeyCnf(CM_SET_KEY_CNF(result: 0)), from: modem)
    #expect(probe.machine.phase == .keySetup, "0 is the refusal of a QCA7005")
  }

  // MARK: what is told

  @Test func a_RunID_made_of_the_address_of_an_EV_names_no_EV_before_the_match() {
    // open-plc's `pev` makes its RunID of its own address and a counter.
    var probe = evseProbe()
    probe.plugIn()
    probe.parm(evMAC, RunID(evMAC.value << 16 | 1))
    let digits = hexadecimal((0..<6).map { UInt8(truncatingIfNeeded: evMAC.value >> UInt64(40 - 8 * $0)) })
    for case .trace(let trace) in probe.actions.map(\.action) {
      #expect(!"\(trace)".contains(digits), "\(trace)")
    }
  }

  // MARK: leaving

  @Test func sleep_does_not_cut_short_the_leaving_of_a_network() {
    var probe = matched()
    probe.modemAnswers = false
    probe.handle(.vehicleDisconnected)
    probe.receive(.setKeyCnf(CM_SET_KEY_CNF(result: 0)), from: modem)
    probe.handle(.sleep)
    #expect(probe.machine.phase != .off, "the modem is still in the network of the vehicle that left")
  }
}
