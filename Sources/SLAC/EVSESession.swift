import HomePlug
import Wire

/// One matching process of one EV, seen from the EVSE. Each state owns its data and its own wait.
///
///     waitStart -START-> sounding -all profiles or TT_EVSE_match_MNBC-> waitResponse -RSP-> waitMatch
struct EVSESession: Hashable, Sendable {
  let ev: MACAddress
  let runID: RunID
  var state: State

  enum State: Hashable, Sendable {
    /// CM_SLAC_PARM.CNF is out.
    case waitStart(until: Instant)
    case sounding(Sounding)
    /// CM_ATTEN_CHAR.IND is out.
    case waitResponse(WaitResponse)
    case waitMatch(until: Instant)
  }

  struct WaitResponse: Hashable, Sendable {
    let report: CM_ATTEN_CHAR_IND
    var repetitions = 0
    var until: Instant
  }

  var deadline: Instant {
    switch state {
    case .waitStart(let until), .waitMatch(let until): until
    case .sounding(let sounding): sounding.until
    case .waitResponse(let wait): wait.until
    }
  }

  /// Every field of CM_START_ATTEN_CHAR.IND as Table A.4 wants it.
  func accepts(_ start: CM_START_ATTEN_CHAR_IND, from source: MACAddress) -> Bool {
    source == ev && start.runID == runID && start.applicationType == 0 && start.securityType == 0
      && start.soundCount != 0 && start.timeOut != 0 && start.responseType == 1
      && start.forwardingStation == ev
  }

  /// Every field of CM_ATTEN_CHAR.RSP.
  func accepts(_ response: CM_ATTEN_CHAR_RSP, from source: MACAddress) -> Bool {
    source == ev && response.runID == runID && response.applicationType == 0 && response.securityType == 0
      && response.sourceAddress == ev && response.sourceID == .zero && response.responseID == .zero
      && response.result == 0
  }

  /// Every field of CM_SLAC_MATCH.REQ.
  func accepts(_ request: CM_SLAC_MATCH_REQ, from source: MACAddress, own: MACAddress) -> Bool {
    source == ev && request.runID == runID && request.applicationType == 0 && request.securityType == 0
      && request.length == CM_SLAC_MATCH_REQ.lengthOfFields && request.evID == .zero
      && request.evMAC == ev && request.evseID == .zero && request.evseMAC == own
  }
}

/// The sounds of one EV being averaged.
struct Sounding: Hashable, Sendable {
  let expected: Int
  let until: Instant
  private(set) var profiles = 0
  private(set) var sums: [UInt32]

  init(expected: UInt8, until: Instant) {
    self.expected = Int(expected)
    self.until = until
    sums = [UInt32](repeating: 0, count: AttenuationProfile.groupsMax)
  }

  var isComplete: Bool { profiles >= expected }

  mutating func add(_ profile: AttenuationProfile) {
    guard profile.count == AttenuationProfile.groupsMax, !isComplete else { return }
    for group in sums.indices { sums[group] += UInt32(profile[group]) }
    profiles += 1
  }

  /// The rounded mean less the receive path's loss, in 0...255 dB per group; `nil` without any profile.
  func average(receiverLoss: AttenuationProfile) -> AttenuationProfile? {
    guard profiles > 0 else { return nil }
    var average = AttenuationProfile()
    for group in sums.indices {
      let mean = (Int(sums[group]) + profiles / 2) / profiles
      average.append(UInt8(min(max(mean - Int(receiverLoss[group]), 0), 255)))
    }
    return average
  }
}
