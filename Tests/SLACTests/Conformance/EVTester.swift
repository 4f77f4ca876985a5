import HomePlug
import SLAC
import Wire

// The tester plays an EV (or two) against one of our EVSEs. Attenuation comes from the EVSE's own modem.

/// What else a tester does to an EVSE: the control pilot.
protocol EVSEUnderTest: UnderTest {}

extension Probe: EVSEUnderTest where M == TestEVSE {}

extension EVSEUnderTest {
  /// CM_SLAC_PARM.REQ, then the whole TT_match_response: the tester collects every confirmation.
  mutating func ask(
    _ ev: MACAddress = evMAC, _ runID: RunID = run, _ change: (inout CM_SLAC_PARM_REQ) -> Void = { _ in }
  ) -> [Sent] {
    forget()
    var request = CM_SLAC_PARM_REQ(runID: runID)
    change(&request)
    deliver(.slacParmReq(request), from: ev, to: .broadcast)
    return line(for: Tester.matchResponse)
  }

  /// Three CM_START_ATTEN_CHAR.IND, 30 ms apart.
  mutating func starts(
    _ ev: MACAddress = evMAC, _ runID: RunID = run,
    _ change: (inout CM_START_ATTEN_CHAR_IND) -> Void = { _ in }
  ) {
    var start = CM_START_ATTEN_CHAR_IND(forwardingStation: ev, runID: runID)
    change(&start)
    for _ in 0..<3 {
      deliver(.startAttenCharInd(start), from: ev, to: .broadcast)
      advance(Tester.gap)
    }
  }

  /// One CM_MNBC_SOUND.IND, and what the EVSE's modem measures.
  mutating func soundOnce(
    _ remaining: UInt8, decibels: UInt8 = 20, _ ev: MACAddress = evMAC, _ runID: RunID = run
  ) {
    let octets = Octets16(high: UInt64(remaining) &+ 1, low: runID.value)
    deliver(
      .mnbcSoundInd(CM_MNBC_SOUND_IND(remaining: remaining, runID: runID, random: octets)), from: ev,
      to: .broadcast)
    let profile = CM_ATTEN_PROFILE_IND(evMAC: ev, profile: AttenuationProfile(repeating: decibels))
    deliver(.attenProfileInd(profile), from: testModem)
  }

  /// Ten sounds but those left out, 30 ms apart.
  mutating func sounds(
    _ ev: MACAddress = evMAC, _ runID: RunID = run, without missing: Set<UInt8> = [],
    decibels: (UInt8) -> UInt8 = { _ in 20 }
  ) {
    for remaining in (0..<10 as Range<UInt8>).reversed() {
      if !missing.contains(remaining) { soundOnce(remaining, decibels: decibels(remaining), ev, runID) }
      if remaining > 0 { advance(Tester.gap) }
    }
  }

  /// From CM_SLAC_PARM.REQ to the report, which is returned.
  mutating func characterize(
    _ ev: MACAddress = evMAC, _ runID: RunID = run, decibels: UInt8 = 20
  ) -> CM_ATTEN_CHAR_IND? {
    _ = ask(ev, runID)
    starts(ev, runID)
    sounds(ev, runID) { _ in decibels }
    for sent in takeLine() where sent.frame.destination == ev {
      if case .attenCharInd(let report) = sent.message { return report }
    }
    return nil
  }

  mutating func answerReport(
    _ ev: MACAddress = evMAC, _ runID: RunID = run, _ change: (inout CM_ATTEN_CHAR_RSP) -> Void = { _ in }
  ) {
    var response = CM_ATTEN_CHAR_RSP(sourceAddress: ev, runID: runID)
    change(&response)
    deliver(.attenCharRsp(response), from: ev)
  }

  /// Everything before CM_VALIDATE or CM_SLAC_MATCH.
  mutating func attenuationDone(_ ev: MACAddress = evMAC, _ runID: RunID = run, decibels: UInt8 = 20) {
    _ = characterize(ev, runID, decibels: decibels)
    answerReport(ev, runID)
    forget()
  }

  mutating func requestMatch(
    _ ev: MACAddress = evMAC, _ runID: RunID = run, _ change: (inout CM_SLAC_MATCH_REQ) -> Void = { _ in }
  ) -> [Sent] {
    forget()
    var request = CM_SLAC_MATCH_REQ(evMAC: ev, evseMAC: own, runID: runID)
    change(&request)
    deliver(.slacMatchReq(request), from: ev)
    return line(for: Tester.matchResponse)
  }

  /// CM_VALIDATE.REQ, and what comes back at once.
  mutating func requestValidation(
    _ ev: MACAddress = evMAC, signalType: UInt8 = 0, timer: UInt8 = 0, result: ValidateResult = .ready
  ) -> [Sent] {
    forget()
    deliver(
      .validateReq(CM_VALIDATE_REQ(signalType: signalType, timer: timer, result: result)), from: ev)
    return takeLine()
  }
}

extension Probe where M == TestEVSE {
  /// A charger whose modem has its key, with a vehicle plugged in: state B, 5 % on. To the letter of the standard.
  static func plugged(
    seed: UInt64 = 1, _ change: (inout SLACConfiguration) -> Void = { _ in }
  ) -> Probe<TestEVSE> {
    var probe = evseProbe(seed: seed) {
      $0.settings.tolerances = .conformant
      change(&$0)
    }
    probe.handle(.start)
    probe.advance(.seconds(1))
    probe.handle(.vehicleConnected)
    return probe
  }

  /// S2 goes to C and back so often, each phase of this length.
  mutating func toggle(_ times: Int, phase: Duration = .milliseconds(250)) {
    for _ in 0..<times {
      handle(.asksForEnergy(true, since: now))
      advance(phase)
      handle(.asksForEnergy(false, since: now))
      advance(phase)
    }
  }

  /// Both steps of CM_VALIDATE with two toggles; what came after the second.
  mutating func validate(_ ev: MACAddress = evMAC, toggles: Int = 2) -> [Sent] {
    _ = requestValidation(ev)
    _ = requestValidation(ev, timer: 15)
    toggle(toggles)
    return line(for: .milliseconds(1700) - .milliseconds(500) * toggles)
  }

  /// The key the modem was given last.
  var lastKey: NetworkKey? { keysSet.last }

  /// Matched, with its link up and told to the host.
  static func linked(_ change: (inout SLACConfiguration) -> Void = { _ in }) -> Probe<TestEVSE> {
    var probe = plugged(change)
    probe.attenuationDone()
    _ = probe.requestMatch()
    probe.linkUp = true
    probe.advance(.seconds(3))
    return probe
  }
}

extension [Sent] {
  /// CM_VALIDATE.CNF that came, in order.
  var validations: [CM_VALIDATE_CNF] {
    compactMap { if case .validateCnf(let confirmation) = $0.message { confirmation } else { nil } }
  }

  var matchConfirmations: [CM_SLAC_MATCH_CNF] {
    compactMap { if case .slacMatchCnf(let confirmation) = $0.message { confirmation } else { nil } }
  }

  var reports: [CM_ATTEN_CHAR_IND] {
    compactMap { if case .attenCharInd(let report) = $0.message { report } else { nil } }
  }
}
