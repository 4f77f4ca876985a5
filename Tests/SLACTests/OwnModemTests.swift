import Cryptography
import HomePlug
import PLCModem
import SLAC
import Testing
import Wire

/// The modem at our own side: who it is, whether it took the key, what it can tell of the link.
@Suite struct OwnModemTests {
  private let modem = MACAddress(0x00B0_5200_0055)

  private func version(_ deviceClass: UInt8, _ text: String) -> ManagementMessage {
    .softwareVersionCnf(VS_SW_VER_CNF(deviceClass: deviceClass, version: Array(text.utf8)))
  }

  private func networks(_ nid: NID) -> ManagementMessage {
    .networkInfoCnf(
      VS_NW_INFO_CNF(networks: [
        .init(nid: nid, shortID: 1, tei: 1, role: 2, coordinator: modem, coordinatorTEI: 1, stations: [])
      ]))
  }

  @Test func a_home_plug_is_refused_by_an_EVSE_with_the_reason() {
    var probe = evseProbe()
    probe.modemAnswers = false
    probe.handle(.start)
    probe.receive(version(0x20, "MAC-QCA7420-1.3.0.2134"), from: modem)
    probe.modemAnswers = true
    probe.receive(.setKeyCnf(CM_SET_KEY_CNF(result: 1)), from: modem)
    probe.key = probe.keysSet.last
    probe.advance(.milliseconds(250))
    probe.handle(.vehicleConnected)
    #expect(probe.failures == [.modemUnfit(.reportsNoAttenuation)])
    _ = probe.takeSent()
    probe.parm()
    #expect(probe.takeSent().isEmpty)
  }

  @Test func nobody_answers_and_the_modem_is_a_generic_one_until_it_says_otherwise() {
    var probe = evseProbe()
    probe.modemAnswers = false
    probe.handle(.start)
    #expect(probe.keysSet.isEmpty)
    probe.advance(.seconds(1))
    #expect(probe.keysSet.count == 1)
    // What 0 means nobody knows yet: asked again, and then believed.
    probe.advance(.seconds(10))
    for _ in 0..<3 {
      probe.receive(.setKeyCnf(CM_SET_KEY_CNF(result: 0)), from: modem)
      probe.advance(.milliseconds(500))
    }
    #expect(probe.machine.phase == .unmatched)
    #expect(probe.machine.modemIdentity == nil)
    probe.receive(version(0x22, "MAC-QCA7005-1.1.0"), from: modem)
    #expect(probe.machine.modemIdentity?.vendor == .qualcomm)
    probe.receive(version(0x20, "MAC-QCA7420"), from: MACAddress(0x00B0_5200_0066))
    #expect(probe.machine.modemIdentity?.address == modem, "who is known stays")
  }

  @Test func a_key_the_modem_confirmed_and_did_not_apply_is_sent_again_and_then_reported() {
    var probe = evseProbe { $0.settings.modem = .qualcomm }
    probe.modemAnswers = false
    probe.handle(.start)
    for attempt in 1...3 {
      #expect(probe.keysSet.count == attempt)
      probe.receive(.setKeyCnf(CM_SET_KEY_CNF(result: 1)), from: modem)
      probe.receive(networks(NID(0x0102_0304_0506_07)), from: modem)
      #expect(probe.failures.isEmpty)
      probe.advance(.milliseconds(attempt < 3 ? 3_500 : 3_000))
    }
    #expect(probe.failures == [.keyNotTaken])
    #expect(Set(probe.keysSet).count == 1)
    probe.handle(.vehicleConnected)
    #expect(probe.failures == [.keyNotTaken, .keyNotTaken], "who waits for the match is told why")
    // It comes to its senses.
    probe.advance(.seconds(5))
    probe.receive(.setKeyCnf(CM_SET_KEY_CNF(result: 1)), from: modem)
    if let key = probe.keysSet.last { probe.receive(networks(key.nid), from: modem) }
    #expect(probe.machine.phase == .matching)
  }

  @Test func an_old_network_named_before_the_restart_is_no_proof_against_the_key() {
    var probe = evseProbe { $0.settings.modem = .qualcomm }
    probe.modemAnswers = false
    probe.handle(.start)
    probe.receive(.setKeyCnf(CM_SET_KEY_CNF(result: 1)), from: modem)
    probe.receive(networks(NID(7)), from: modem)
    probe.advance(.milliseconds(1500))
    if let key = probe.keysSet.last { probe.receive(networks(key.nid), from: modem) }
    #expect(probe.machine.phase == .unmatched)
    #expect(probe.keysSet.count == 1)
  }

  @Test func a_modem_that_tells_no_network_is_believed_when_it_accepts() {
    var probe = evseProbe { $0.settings.modem = .qualcomm }
    probe.modemAnswers = false
    probe.handle(.start)
    probe.receive(.setKeyCnf(CM_SET_KEY_CNF(result: 1)), from: modem)
    probe.advance(.seconds(3))
    #expect(probe.machine.phase == .unmatched)
    #expect(probe.keysSet.count == 1)
  }

  @Test func an_answer_that_may_be_a_refusal_is_asked_again_until_it_has_to_do() {
    var probe = evProbe { $0.settings.modem = .qualcomm }
    probe.modemAnswers = false
    probe.handle(.start)
    for attempt in 1...3 {
      #expect(probe.keysSet.count == attempt)
      #expect(probe.machine.phase == .leaving)
      probe.receive(.setKeyCnf(CM_SET_KEY_CNF(result: 0)), from: modem)
      probe.advance(.milliseconds(500))
    }
    #expect(probe.machine.phase == .unmatched)
    #expect(probe.failures.isEmpty)
  }

  @Test func a_modem_without_a_link_status_is_taken_to_have_joined_only_where_that_is_set() {
    for assumed in [nil, Duration.seconds(5)] {
      var probe = evProbe {
        $0.settings.modem = .vertexcom
        $0.settings.linkAssumedAfter = assumed
      }
      probe.modemAnswers = true
      let runID = probe.plugIn()
      probe.confirm(runID)
      probe.advance(.milliseconds(300))
      probe.report(runID)
      probe.confirmMatch(runID)
      probe.advance(.milliseconds(5_300))
      #expect(probe.ready == (assumed == nil ? [] : [evseMAC]))
      probe.advance(.seconds(30))
      #expect(probe.losses.isEmpty, "nothing is asked, so nothing is missed")
    }
  }

  @Test func a_foreign_NID_is_tried_as_it_came_and_then_as_it_should_be() {
    let nmk = NMK(Octets16(high: 1, low: 2))
    for tolerances in [SLACTolerances.conformant, .lenient] {
      var probe = evProbe { $0.settings.tolerances = tolerances }
      let runID = probe.plugIn()
      probe.confirm(runID)
      probe.advance(.milliseconds(300))
      probe.report(runID)
      probe.actions.removeAll()
      probe.confirmMatch(runID) { $0.key = NetworkKey(nmk: nmk, nid: NID(42)) }
      #expect(probe.keysSet == [NetworkKey(nmk: nmk, nid: NID(42))])
      probe.advance(.seconds(6))
      let derived = NetworkKey(derivingFrom: nmk)
      #expect(probe.keysSet.dropFirst() == (tolerances == .lenient ? [derived] : []))
    }
  }

  @Test func nobody_elses_word_on_the_link_counts() {
    var probe = evseProbe()
    probe.plugIn()
    probe.attenuate()
    probe.respond()
    probe.match()
    probe.linkUp = true
    probe.advance(.milliseconds(500))
    #expect(probe.machine.phase == .matched)
    probe.receive(.linkStatusCnf(VS_PL_LNK_STATUS_CNF(linkStatus: 0)), from: otherEV)
    #expect(probe.machine.phase == .matched, "nothing was asked")
  }

  @Test func a_modem_that_was_exchanged_is_taken_once_the_old_one_was_missed() {
    let another = MACAddress(0x00B0_5200_0077)
    var probe = matchedThenUnplugged()
    // Not yet missed, a stranger is no modem; then it is the one that answers.
    probe.receive(.setKeyCnf(CM_SET_KEY_CNF(result: 1)), from: another)
    #expect(probe.machine.phase == .keySetup)
    probe.advance(.seconds(5))
    #expect(probe.failures == [.modemSilent])
    probe.modem = another
    probe.modemAnswers = true
    probe.advance(.seconds(6))
    #expect(probe.machine.phase == .unmatched)
    #expect(probe.machine.modemIdentity?.address == another)
  }

  @Test func a_key_is_proven_in_both_forms_of_the_question() {
    var probe = evseProbe { $0.settings.modem = .qualcomm }
    probe.modemAnswers = false
    probe.handle(.start)
    probe.receive(.setKeyCnf(CM_SET_KEY_CNF(result: 1)), from: modem)
    probe.advance(.milliseconds(600))
    let versions = probe.actions.compactMap { entry -> UInt8? in
      guard case .send(let frame) = entry.action, frame.message == .networkInfoReq else { return nil }
      return frame.version
    }
    #expect(versions == [1, 0, 1])
  }

  /// The modem is silent while the network is left.
  private func matchedThenUnplugged() -> Probe<TestEVSE> {
    var probe = evseProbe()
    probe.plugIn()
    probe.attenuate()
    probe.respond()
    probe.match()
    probe.linkUp = true
    probe.advance(.milliseconds(500))
    probe.actions.removeAll()
    probe.modemAnswers = false
    probe.handle(.vehicleDisconnected)
    return probe
  }

  @Test func asleep_it_asks_nothing_and_a_vehicle_wakes_it() {
    var probe = evseProbe()
    probe.handle(.start)
    probe.handle(.sleep)
    #expect(probe.machine.phase == .off)
    #expect(probe.machine.deadline == nil)
    probe.handle(.vehicleConnected)
    #expect(probe.machine.phase == .matching)
    probe.parm()
    #expect(probe.takeSentTypes().contains(.CM_SLAC_PARM_CNF))
    probe.handle(.sleep)
    #expect(probe.machine.phase == .matching, "no sleep while a vehicle is there")
  }

  @Test func after_a_pause_the_link_has_T_conn_resume_to_come_back() {
    for comesBack in [true, false] {
      var probe = evseProbe()
      probe.plugIn()
      probe.attenuate()
      probe.respond()
      probe.match()
      probe.linkUp = true
      probe.advance(.milliseconds(500))
      probe.handle(.pause)
      #expect(probe.machine.deadline == nil, "a sleeping modem is asked nothing")
      probe.linkUp = false
      probe.handle(.resume)
      probe.advance(.milliseconds(5_900))
      #expect(probe.machine.phase == .matched)
      probe.linkUp = comesBack
      probe.advance(.seconds(2))
      #expect((probe.machine.phase == .matched) == comesBack)
      #expect(probe.losses == (comesBack ? [] : [.linkDown]))
    }
  }
}

/// CM_AMP_MAP, the side that asks and the side that is asked.
@Suite struct AmplitudeMapTests {
  private func matched(_ change: (inout SLACSettings) -> Void) -> Probe<TestEVSE> {
    var probe = evseProbe { change(&$0.settings) }
    probe.plugIn()
    probe.attenuate()
    probe.respond()
    probe.match()
    probe.actions.removeAll()
    probe.linkUp = true
    return probe
  }

  private func map(_ octet: UInt8) -> CM_AMP_MAP_REQ {
    CM_AMP_MAP_REQ(reductions: [UInt8](repeating: octet, count: 459))
  }

  private func toModem<M>(_ probe: Probe<M>) -> [CM_AMP_MAP_REQ] {
    probe.actions.compactMap {
      guard case .send(let frame) = $0.action, frame.destination == ManagementFrame.localModem,
        case .ampMapReq(let request) = frame.message
      else { return nil }
      return request
    }
  }

  @Test func the_modem_keeps_to_the_lower_power_of_both_maps() {
    var probe = matched { $0.amplitudeMap = map(0x31) }
    probe.advance(.milliseconds(250))
    #expect(toModem(probe) == [map(0x31)])
    #expect(probe.takeSentTypes() == [.CM_AMP_MAP_REQ], "at once when the link is up")
    probe.receive(.ampMapCnf(CM_AMP_MAP_CNF()), from: evMAC)
    probe.receive(.ampMapReq(map(0x12)), from: evMAC)
    #expect(toModem(probe) == [map(0x32)])
    #expect(probe.takeSent() == [.ampMapCnf(CM_AMP_MAP_CNF())])
    probe.advance(.seconds(2))
    #expect(probe.takeSent().isEmpty)
  }

  @Test func a_map_of_another_length_or_from_another_station_is_ignored() {
    var probe = matched { _ in }
    probe.advance(.milliseconds(500))
    #expect(probe.machine.phase == .matched)
    probe.actions.removeAll()
    probe.receive(.ampMapReq(CM_AMP_MAP_REQ(carriers: 916, reductions: map(0).reductions)), from: evMAC)
    probe.receive(.ampMapReq(CM_AMP_MAP_REQ(reductions: [1, 2, 3])), from: evMAC)
    probe.receive(.ampMapReq(map(0)), from: otherEV)
    #expect(probe.actions.isEmpty)
  }

  @Test func an_unanswered_or_refused_map_is_sent_three_times_and_holds_nothing_up() {
    for refuses in [false, true] {
      var probe = matched { $0.amplitudeMap = map(1) }
      var sent = 0
      for _ in 0..<20 {
        probe.advance(.milliseconds(100))
        let maps = probe.takeSentTypes().filter { $0 == .CM_AMP_MAP_REQ }.count
        sent += maps
        if maps > 0, refuses { probe.receive(.ampMapCnf(CM_AMP_MAP_CNF(result: 1)), from: evMAC) }
      }
      #expect(sent == 3)
      #expect(probe.machine.phase == .matched)
    }
  }
}
