import Cryptography
import Foundation
import HomePlug
import SLAC
import Testing
import Wire

/// Every state meets every event; the result is compared with committed text. A cell is the state after the
/// event, followed by what was done: `+` something was sent to the line, `k` a key to the modem, `p` a poll,
/// `R` D-LINK_READY up, `L` D-LINK_READY down, `F` failed. `.` means the state stays and nothing is done.
@Suite struct TransitionTableTests {
  private func cell(_ before: String, _ after: String, _ actions: [MatchAction]) -> String {
    var marks = ""
    for action in actions {
      switch action {
      case .send(let frame):
        switch frame.message {
        case .setKeyReq: marks += "k"
        case .linkStatusReq: marks += "p"
        default: marks += "+"
        }
      case .linkReady: marks += "R"
      case .linkLost: marks += "L"
      case .toggle: marks += "t"
      case .failed: marks += "F"
      case .trace: break
      }
    }
    let state = before == after ? "" : after
    return state + marks == "" ? "." : state + (marks.isEmpty ? "" : "[\(marks)]")
  }

  private func row<M: Machine>(
    _ name: String, _ probe: Probe<M>, _ events: [(String, M.Event)], phase: (M) -> String
  ) -> String where M.Action == MatchAction, M.Event: MatchEvent {
    var line = name + ":"
    for (label, event) in events {
      var machine = probe.machine
      var actions: [MatchAction] = []
      // A timeout comes when it is due; everything else right away.
      let at = label == "timeout" ? max(machine.deadline ?? probe.now, probe.now) : probe.now
      machine.handle(event, at: at) { actions.append($0) }
      line += " \(label)>\(cell(phase(probe.machine), phase(machine), actions))"
    }
    return line
  }

  private func frame(_ message: ManagementMessage, from source: MACAddress, to: MACAddress) -> ManagementFrame
  {
    ManagementFrame(destination: to, source: source, message: message)
  }

  @Test func every_state_of_the_EVSE_meets_every_event() {
    func received(_ message: ManagementMessage, from source: MACAddress = evMAC) -> EVSEMatchEvent {
      .received(frame(message, from: source, to: evseMAC))
    }
    let events: [(String, EVSEMatchEvent)] = [
      ("start", .start), ("connected", .vehicleConnected), ("disconnected", .vehicleDisconnected),
      ("pilotError", .pilotError), ("terminate", .terminate), ("error", .error), ("pause", .pause),
      ("resume", .resume), ("sleep", .sleep), ("C", .asksForEnergy(true, since: .zero)),
      ("timeout", .timeout),
      ("SET_KEY.CNF", received(.setKeyCnf(CM_SET_KEY_CNF(result: 1)), from: testModem)),
      ("link-up", received(.linkStatusCnf(VS_PL_LNK_STATUS_CNF(linkStatus: 1)), from: testModem)),
      ("link-down", received(.linkStatusCnf(VS_PL_LNK_STATUS_CNF(linkStatus: 0)), from: testModem)),
      ("PARM.REQ", received(.slacParmReq(CM_SLAC_PARM_REQ(runID: run)))),
      ("START", received(.startAttenCharInd(CM_START_ATTEN_CHAR_IND(forwardingStation: evMAC, runID: run)))),
      ("SOUND", received(.mnbcSoundInd(CM_MNBC_SOUND_IND(remaining: 0, runID: run, random: .zero)))),
      (
        "PROFILE",
        received(
          .attenProfileInd(CM_ATTEN_PROFILE_IND(evMAC: evMAC, profile: AttenuationProfile(repeating: 20))))
      ),
      ("ATTEN.RSP", received(.attenCharRsp(CM_ATTEN_CHAR_RSP(sourceAddress: evMAC, runID: run)))),
      ("VALIDATE.REQ", received(.validateReq(CM_VALIDATE_REQ(timer: 0)))),
      ("VALIDATE.REQ2", received(.validateReq(CM_VALIDATE_REQ(timer: 6)))),
      ("AMP_MAP.REQ", received(.ampMapReq(CM_AMP_MAP_REQ(reductions: [UInt8](repeating: 0, count: 459))))),
      (
        "MATCH.REQ",
        received(.slacMatchReq(CM_SLAC_MATCH_REQ(evMAC: evMAC, evseMAC: evseMAC, runID: run)))
      ),
    ]
    let off = evseProbe()
    var detecting = evseProbe()
    detecting.modemAnswers = false
    detecting.handle(.start)
    var keySetup = evseProbe { $0.settings.modem = .qualcomm }
    keySetup.modemAnswers = false
    keySetup.handle(.start)
    var unmatched = evseProbe()
    unmatched.handle(.start)
    var matching = unmatched
    matching.plugIn()
    var waitStart = matching
    waitStart.parm()
    var sounding = waitStart
    sounding.start()
    for remaining in 1..<10 { sounding.sound(UInt8(remaining)) }
    var waitResponse = sounding
    waitResponse.sound(0)
    var waitMatch = waitResponse
    waitMatch.respond()
    var waitToggles = waitMatch
    waitToggles.receive(.validateReq(CM_VALIDATE_REQ(timer: 0)), from: evMAC)
    var counting = waitToggles
    counting.receive(.validateReq(CM_VALIDATE_REQ(timer: 6)), from: evMAC)
    var validated = counting
    validated.handle(.asksForEnergy(true, since: validated.now))
    validated.now += .milliseconds(250)
    validated.handle(.asksForEnergy(false, since: validated.now))
    validated.advance(.milliseconds(500))
    var waitLink = waitMatch
    waitLink.match()
    waitLink.modemAnswers = false
    waitLink.advance(.milliseconds(250))
    var matched = waitLink
    matched.modemAnswers = true
    matched.linkUp = true
    matched.advance(.milliseconds(500))
    matched.modemAnswers = false  // a question for the link is out
    matched.advance(.seconds(1))
    var failed = matching
    failed.advance(.seconds(41))
    let rows = [
      ("off", off), ("detecting", detecting), ("keySetup", keySetup), ("unmatched", unmatched),
      ("matching", matching),
      ("matching.waitStart", waitStart), ("matching.sounding", sounding),
      ("matching.waitResponse", waitResponse), ("matching.waitMatch", waitMatch),
      ("matching.waitToggles", waitToggles), ("matching.counting", counting),
      ("matching.validated", validated),
      ("waitLink", waitLink),
      ("matched", matched), ("failed", failed),
    ]
    let table = rows.map { row($0.0, $0.1, events) { $0.phase.rawValue } }
    compare(table, with: "slac-EVSEMatcher.txt")
  }

  @Test func every_state_of_the_EV_meets_every_event() {
    func received(_ message: ManagementMessage, from source: MACAddress = evseMAC) -> EVMatchEvent {
      .received(frame(message, from: source, to: evMAC))
    }
    var unmatched = evProbe()
    unmatched.handle(.start)
    var parmWait = unmatched
    parmWait.handle(.pilotReady)
    let runID = parmWait.takeRunID()
    let events: [(String, EVMatchEvent)] = [
      ("start", .start), ("pilotReady", .pilotReady), ("pilotLost", .pilotLost), ("terminate", .terminate),
      ("error", .error), ("pause", .pause), ("resume", .resume), ("sleep", .sleep), ("timeout", .timeout),
      ("SET_KEY.CNF", received(.setKeyCnf(CM_SET_KEY_CNF(result: 1)), from: testModem)),
      ("link-up", received(.linkStatusCnf(VS_PL_LNK_STATUS_CNF(linkStatus: 1)), from: testModem)),
      ("link-down", received(.linkStatusCnf(VS_PL_LNK_STATUS_CNF(linkStatus: 0)), from: testModem)),
      ("PARM.CNF", received(.slacParmCnf(CM_SLAC_PARM_CNF(forwardingStation: evMAC, runID: runID)))),
      (
        "ATTEN.IND",
        received(
          .attenCharInd(
            CM_ATTEN_CHAR_IND(
              sourceAddress: evMAC, runID: runID, soundCount: 10, profile: AttenuationProfile(repeating: 20)))
        )
      ),
      ("VALIDATE.CNF-ready", received(.validateCnf(CM_VALIDATE_CNF(result: .ready)))),
      ("VALIDATE.CNF-failure", received(.validateCnf(CM_VALIDATE_CNF(result: .failure)))),
      ("AMP_MAP.REQ", received(.ampMapReq(CM_AMP_MAP_REQ(reductions: [UInt8](repeating: 0, count: 459))))),
      (
        "MATCH.CNF",
        received(
          .slacMatchCnf(
            CM_SLAC_MATCH_CNF(
              evMAC: evMAC, evseMAC: evseMAC, runID: runID,
              key: NetworkKey(derivingFrom: NMK(Octets16(high: 1, low: 2))))))
      ),
      ("PARM.REQ", received(.slacParmReq(CM_SLAC_PARM_REQ(runID: runID)))),
    ]
    let off = evProbe()
    var detecting = evProbe()
    detecting.modemAnswers = false
    detecting.handle(.start)
    var leaving = evProbe { $0.settings.modem = .qualcomm }
    leaving.modemAnswers = false
    leaving.handle(.start)
    var sounding = parmWait
    sounding.confirm(runID)
    var results = sounding
    results.advance(.milliseconds(300))
    var match = results
    match.report(runID)
    var validate = results
    validate.report(runID, decibels: 50)
    var toggling = validate
    toggling.receive(.validateCnf(CM_VALIDATE_CNF(result: .ready)), from: evseMAC)
    let announced = toggling
    toggling.advance(.milliseconds(50))
    var joinKey = match
    joinKey.modemAnswers = false
    joinKey.confirmMatch(runID)
    var join = match
    join.confirmMatch(runID)
    join.modemAnswers = false
    join.advance(.milliseconds(250))
    var matched = join
    matched.modemAnswers = true
    matched.linkUp = true
    matched.advance(.milliseconds(500))
    matched.modemAnswers = false  // a question for the link is out
    matched.advance(.seconds(1))
    var rateWait = parmWait
    rateWait.advance(.milliseconds(600))
    let rows = [
      ("off", off), ("detecting", detecting), ("leaving", leaving), ("unmatched", unmatched),
      ("parmWait", parmWait),
      ("sounding", sounding), ("results", results), ("validate.ask", validate),
      ("validate.announced", announced), ("validate.toggling", toggling), ("match", match),
      ("join.settingKey", joinKey),
      ("join", join), ("matched", matched), ("rateWait", rateWait),
    ]
    let table = rows.map { row($0.0, $0.1, events) { $0.phase.rawValue } }
    compare(table, with: "slac-EVMatcher.txt")
  }

  /// The committed text lies in `Tests/Fixtures`. With `COUPLER_UPDATE_TABLES` set it is written instead.
  private func compare(_ table: [String], with name: String) {
    let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let file = tests.appending(path: "Fixtures").appending(path: name)
    let text = table.joined(separator: "\n") + "\n"
    if ProcessInfo.processInfo.environment["COUPLER_UPDATE_TABLES"] != nil {
      try? text.write(to: file, atomically: true, encoding: .utf8)
      return
    }
    let committed = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
    let lines = committed.split(separator: "\n").map(String.init)
    #expect(lines.count == table.count)
    for (expected, got) in zip(lines, table) { #expect(got == expected) }
  }
}
