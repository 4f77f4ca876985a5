import HomePlug
import SLAC
import Wire

// The tester plays an EVSE (or two) against one of our EVs.

protocol EVUnderTest: UnderTest {}

extension Probe: EVUnderTest where M == TestEV {}

extension EVUnderTest {
  mutating func confirmRequest(
    _ runID: RunID, by evse: MACAddress = evseMAC, _ change: (inout CM_SLAC_PARM_CNF) -> Void = { _ in }
  ) {
    var confirmation = CM_SLAC_PARM_CNF(forwardingStation: own, runID: runID)
    change(&confirmation)
    deliver(.slacParmCnf(confirmation), from: evse)
  }

  mutating func sendReport(
    _ runID: RunID, by evse: MACAddress = evseMAC, decibels: UInt8 = 20,
    _ change: (inout CM_ATTEN_CHAR_IND) -> Void = { _ in }
  ) {
    var report = CM_ATTEN_CHAR_IND(
      sourceAddress: own, runID: runID, soundCount: 10, profile: AttenuationProfile(repeating: decibels))
    change(&report)
    deliver(.attenCharInd(report), from: evse)
  }

  mutating func sendMatch(
    _ runID: RunID, by evse: MACAddress = evseMAC, _ change: (inout CM_SLAC_MATCH_CNF) -> Void = { _ in }
  ) {
    var confirmation = CM_SLAC_MATCH_CNF(evMAC: own, evseMAC: evse, runID: runID, key: testKey)
    change(&confirmation)
    deliver(.slacMatchCnf(confirmation), from: evse)
  }

  mutating func confirmValidation(
    _ result: ValidateResult, toggles: UInt8 = 0, signalType: UInt8 = 0, by evse: MACAddress = evseMAC
  ) {
    deliver(
      .validateCnf(CM_VALIDATE_CNF(signalType: signalType, toggleCount: toggles, result: result)), from: evse)
  }

  /// What came to the line until a message of this type did, that one last; nothing after it is lost. Whatever is
  /// there when the time is over, if it does not come.
  mutating func line(
    until type: ManagementType, within limit: Duration, step: Duration = .milliseconds(5)
  ) -> [Sent] {
    var sent = takeLine()
    let end = now + limit
    while now < end, !sent.contains(where: { $0.type == type }) {
      advance(step)
      sent += takeLine()
    }
    return sent
  }

  /// The RunID of the next CM_SLAC_PARM.REQ.
  mutating func awaitRequest(within limit: Duration = .seconds(10)) -> RunID? {
    line(until: .CM_SLAC_PARM_REQ, within: limit).runID
  }

  /// Confirms the run by these EVSEs, hears the sounds and reports for each; the last report is just delivered.
  mutating func characterize(_ runID: RunID, by evses: [(evse: MACAddress, decibels: UInt8)]) {
    for (evse, _) in evses { confirmRequest(runID, by: evse) }
    advance(.milliseconds(700))
    forget()
    for (evse, decibels) in evses { sendReport(runID, by: evse, decibels: decibels) }
  }
}

/// The key the tester's EVSEs hand out.
let testKey = NetworkKey(derivingFrom: NMK(Octets16(high: 0x0102_0304_0506_0708, low: 0x1112_1314_1516_1718)))

extension Probe where M == TestEV {
  /// A vehicle whose modem has left its old network, not plugged in yet. To the letter of the standard.
  static func started(_ change: (inout SLACConfiguration) -> Void = { _ in }) -> Probe<TestEV> {
    var probe = evProbe {
      $0.settings.tolerances = .conformant
      change(&$0)
    }
    probe.handle(.start)
    probe.advance(.seconds(1))
    probe.forget()
    return probe
  }

  /// Plugged in, and asking with this RunID.
  static func asking(_ change: (inout SLACConfiguration) -> Void = { _ in }) -> (Probe<TestEV>, RunID) {
    var probe = started(change)
    probe.handle(.pilotReady)
    let runID = probe.awaitRequest() ?? RunID(0)
    return (probe, runID)
  }

  /// Attenuation reported by one EVSE; what the EV does about it is still to be taken.
  static func characterized(
    decibels: UInt8 = 20, _ change: (inout SLACConfiguration) -> Void = { _ in }
  ) -> (Probe<TestEV>, RunID) {
    var (probe, runID) = asking(change)
    probe.characterize(runID, by: [(evseMAC, decibels)])
    return (probe, runID)
  }

  /// The key is in the modem, which does not see its peer yet.
  static func joining(_ change: (inout SLACConfiguration) -> Void = { _ in }) -> Probe<TestEV> {
    var (probe, runID) = characterized(change)
    _ = probe.line(until: .CM_SLAC_MATCH_REQ, within: .milliseconds(500))
    probe.sendMatch(runID)
    return probe
  }

  static func linked(_ change: (inout SLACConfiguration) -> Void = { _ in }) -> Probe<TestEV> {
    var probe = joining(change)
    probe.linkUp = true
    probe.advance(.seconds(3))
    return probe
  }
}

extension [Sent] {
  /// RunID of the first CM_SLAC_PARM.REQ.
  var runID: RunID? {
    for sent in self { if case .slacParmReq(let request) = sent.message { return request.runID } }
    return nil
  }

  func of(_ type: ManagementType) -> [Sent] { filter { $0.type == type } }
}
