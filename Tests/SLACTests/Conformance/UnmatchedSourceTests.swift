import Cryptography
import HomePlug
import SLAC
import Testing
import Wire

/// Once a session is on, nobody but the matched peer is answered, and nobody else changes anything.
@Suite struct UnmatchedSourceTests {
  static let stranger = MACAddress(0x0200_0000_0BAD)

  /// Every message there is, in the words of somebody who knows all that was said so far.
  static func messages(_ runID: RunID, own: MACAddress, peer: MACAddress) -> [ManagementMessage] {
    let profile = AttenuationProfile(repeating: 1)
    let map = CM_AMP_MAP_REQ(reductions: [UInt8](repeating: 0xFF, count: 459))
    var messages: [ManagementMessage] = []
    for source in [stranger, peer, own] {
      messages += [
        .slacParmReq(CM_SLAC_PARM_REQ(runID: runID)), .slacParmReq(CM_SLAC_PARM_REQ(runID: RunID(77))),
        .slacParmCnf(CM_SLAC_PARM_CNF(forwardingStation: source, runID: runID)),
        .startAttenCharInd(CM_START_ATTEN_CHAR_IND(forwardingStation: source, runID: runID)),
        .mnbcSoundInd(CM_MNBC_SOUND_IND(remaining: 0, runID: runID, random: .zero)),
        .attenProfileInd(CM_ATTEN_PROFILE_IND(evMAC: source, profile: profile)),
        .attenCharInd(
          CM_ATTEN_CHAR_IND(sourceAddress: source, runID: runID, soundCount: 10, profile: profile)),
        .attenCharRsp(CM_ATTEN_CHAR_RSP(sourceAddress: source, runID: runID)),
        .slacMatchReq(CM_SLAC_MATCH_REQ(evMAC: source, evseMAC: own, runID: runID)),
        .slacMatchCnf(CM_SLAC_MATCH_CNF(evMAC: own, evseMAC: source, runID: runID, key: testKey)),
      ]
    }
    messages += ([0, 1, 2, 3, 4] as [UInt8]).flatMap { result -> [ManagementMessage] in
      let result = ValidateResult(rawValue: result)
      return [
        .validateReq(CM_VALIDATE_REQ(timer: 0, result: result)),
        .validateReq(CM_VALIDATE_REQ(timer: 10, result: result)),
        .validateCnf(CM_VALIDATE_CNF(toggleCount: 1, result: result)),
      ]
    }
    messages += [
      .setKeyReq(CM_SET_KEY_REQ(key: testKey)), .setKeyCnf(CM_SET_KEY_CNF(result: 0)),
      .setKeyCnf(CM_SET_KEY_CNF(result: 1)), .getKeyReq(CM_GET_KEY_REQ(nid: testKey.nid)),
      .getKeyCnf(CM_GET_KEY_CNF(key: testKey)), .ampMapReq(map), .ampMapCnf(CM_AMP_MAP_CNF(result: 0)),
      .ampMapCnf(CM_AMP_MAP_CNF(result: 1)), .nwStatsReq, .nwStatsCnf(CM_NW_STATS_CNF(stations: [])),
      .mmeErrorInd(CM_MME_ERROR_IND(reason: 1, version: 1, type: .CM_SLAC_MATCH_CNF, fieldOffset: 0)),
      .softwareVersionReq,
      .softwareVersionCnf(VS_SW_VER_CNF(deviceClass: 0x20, version: Array("MAC-QCA7420".utf8))),
      .networkInfoReq, .networkInfoCnf(VS_NW_INFO_CNF(networks: [])), .linkStatusReq,
      .linkStatusCnf(VS_PL_LNK_STATUS_CNF(linkStatus: 0)),
      .linkStatusCnf(VS_PL_LNK_STATUS_CNF(status: 1, linkStatus: 1)),
      .unknown(UnknownMessage(type: .VS_RS_DEV_REQ, payload: [0x00, 0xB0, 0x52])),
      .unknown(UnknownMessage(type: ManagementType(0x6072), payload: [0])),
    ]
    return messages
  }

  private func expectSilence<M: Machine>(
    _ probe: Probe<M>, _ name: String, _ runID: RunID, peer: MACAddress, state: (M) -> String
  ) where M.Action == MatchAction, M.Event: MatchEvent {
    for message in Self.messages(runID, own: probe.own, peer: peer) {
      for destination in [probe.own, .broadcast] {
        var probe = probe
        probe.actions.removeAll()
        let before = state(probe.machine)
        for _ in 0..<3 { probe.deliver(message, from: Self.stranger, to: destination) }
        let sent = probe.takeFrames()
        #expect(sent.isEmpty, "\(name): \(message.type) is followed by \(sent.names)")
        #expect(state(probe.machine) == before, "\(name): \(message.type)")
        // Nor later: nothing but questions to the own modem, and the link stays what it is.
        probe.advance(.milliseconds(900))
        let later = probe.takeLine()
        #expect(later.isEmpty, "\(name): \(message.type) is followed by \(later.names)")
        #expect(probe.losses.isEmpty && probe.failures.isEmpty, "\(name): \(message.type)")
        #expect(state(probe.machine) == before, "\(name): \(message.type), later")
      }
    }
  }

  @Test(arguments: [SLACTolerances.conformant, .lenient])
  func an_EVSE_answers_no_stranger(_ tolerances: SLACTolerances) {
    func state(_ machine: TestEVSE) -> String {
      "\(machine.phase) \(machine.peer.map { "\($0)" } ?? "") \(machine.network.map { "\($0)" } ?? "")"
    }
    var joining = Probe.plugged { $0.settings.tolerances = tolerances }
    joining.attenuationDone()
    _ = joining.requestMatch()
    #expect(joining.machine.phase == .waitLink)
    expectSilence(joining, "joining", run, peer: evMAC, state: state)
    var linked = Probe<TestEVSE>.linked { $0.settings.tolerances = tolerances }
    #expect(linked.machine.phase == .matched)
    expectSilence(linked, "matched", run, peer: evMAC, state: state)
    // A question to the own modem is open, which a stranger might answer.
    linked.modemAnswers = false
    linked.advance(.milliseconds(1100))
    linked.modemAnswers = true
    expectSilence(linked, "matched, polling", run, peer: evMAC, state: state)
    linked.handle(.pause)
    expectSilence(linked, "paused", run, peer: evMAC, state: state)
  }

  @Test(arguments: [SLACTolerances.conformant, .lenient])
  func an_EV_answers_no_stranger(_ tolerances: SLACTolerances) {
    func state(_ machine: TestEV) -> String {
      "\(machine.phase) \(machine.peer.map { "\($0)" } ?? "") \(machine.network.map { "\($0)" } ?? "")"
    }
    func change(_ configuration: inout SLACConfiguration) { configuration.settings.tolerances = tolerances }
    var (probe, runID) = Probe<TestEV>.characterized(change)
    _ = probe.line(until: .CM_SLAC_MATCH_REQ, within: .milliseconds(500))
    probe.sendMatch(runID)
    #expect(probe.machine.phase == .join)
    expectSilence(probe, "joining", runID, peer: evseMAC, state: state)
    probe.linkUp = true
    probe.advance(.seconds(3))
    #expect(probe.machine.phase == .matched)
    expectSilence(probe, "matched", runID, peer: evseMAC, state: state)
    probe.modemAnswers = false
    probe.advance(.milliseconds(1100))
    probe.modemAnswers = true
    expectSilence(probe, "matched, polling", runID, peer: evseMAC, state: state)
    probe.handle(.pause)
    expectSilence(probe, "paused", runID, peer: evseMAC, state: state)
  }

  /// A device that answered would be found.
  @Test func the_peer_is_answered() {
    var probe = Probe<TestEVSE>.linked()
    probe.forget()
    let map = CM_AMP_MAP_REQ(reductions: [UInt8](repeating: 0, count: 459))
    probe.deliver(.ampMapReq(map), from: evMAC)
    #expect(probe.takeLine().types == [.CM_AMP_MAP_CNF])
  }
}
