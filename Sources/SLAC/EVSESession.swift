import HomePlug
import Wire

/// One matching process of one EV, seen from the EVSE. Each state owns its data and its own wait.
///
///     waitStart -START-> sounding -all profiles or TT_EVSE_match_MNBC-> waitResponse -RSP-> waitMatch
///     waitMatch -VALIDATE.REQ-> waitToggles -VALIDATE.REQ step 2-> counting -window over-> validated or waitMatch
///
/// CM_SLAC_MATCH.REQ ends it from waitMatch on.
struct EVSESession: Hashable, Sendable {
  let number: EVNumber
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
    /// CM_VALIDATE.CNF of step 1 is out: ready.
    case waitToggles(Validation)
    case counting(ToggleCount, Validation)
    /// CM_VALIDATE.CNF of step 2 is out: success.
    case validated(Validation)
  }

  struct WaitResponse: Hashable, Sendable {
    let report: CM_ATTEN_CHAR_IND
    var repetitions = 0
    var until: Instant
  }

  /// The latest CM_VALIDATE.CNF, repeated until the EV goes on.
  struct Validation: Hashable, Sendable {
    var confirmation: CM_VALIDATE_CNF
    var repetitions = 0
    var until: Instant
    /// TT_EVSE_match_session, which goes on meanwhile: no validation is begun after it.
    let sessionUntil: Instant
  }

  var deadline: Instant {
    switch state {
    case .waitStart(let until), .waitMatch(let until): until
    case .sounding(let sounding): sounding.until
    case .waitResponse(let wait): wait.until
    case .waitToggles(let validation), .validated(let validation): validation.until
    case .counting(let count, _): count.until
    }
  }

  /// A validation of this EV runs: the pilot belongs to it, and any other has to wait.
  var isValidating: Bool {
    switch state {
    case .waitToggles, .counting: true
    case .waitStart, .sounding, .waitResponse, .waitMatch, .validated: false
    }
  }

  /// Nothing but CM_SLAC_PARM.REQ came.
  var onlyAsked: Bool { if case .waitStart = state { true } else { false } }

  /// The report was answered, so that CM_VALIDATE and CM_SLAC_MATCH may follow.
  var mayMatch: Bool {
    switch state {
    case .waitMatch, .waitToggles, .counting, .validated: true
    case .waitStart, .sounding, .waitResponse: false
    }
  }

  /// Every field of CM_START_ATTEN_CHAR.IND as Table A.4 wants it.
  func accepts(_ start: CM_START_ATTEN_CHAR_IND, from source: MACAddress) -> Bool {
    source == ev && start.runID == runID && start.applicationType == 0 && start.securityType == 0
      && start.soundCount != 0 && start.timeOut != 0 && start.responseType == 1
      && start.forwardingStation == ev
  }

  /// Every field of CM_ATTEN_CHAR.RSP.
  func accepts(
    _ response: CM_ATTEN_CHAR_RSP, from source: MACAddress, _ tolerances: SLACTolerances
  ) -> Bool {
    source == ev && response.runID == runID && response.applicationType == 0 && response.securityType == 0
      && response.sourceAddress == ev && response.result == 0
      && (tolerances.contains(.stationIdentifiers)
        || (response.sourceID == .zero && response.responseID == .zero))
  }

  /// Every field of CM_SLAC_MATCH.REQ.
  func accepts(
    _ request: CM_SLAC_MATCH_REQ, from source: MACAddress, own: MACAddress, _ tolerances: SLACTolerances
  ) -> Bool {
    source == ev && request.runID == runID && request.applicationType == 0 && request.securityType == 0
      && request.length == CM_SLAC_MATCH_REQ.lengthOfFields && request.evMAC == ev && request.evseMAC == own
      && (tolerances.contains(.stationIdentifiers) || (request.evID == .zero && request.evseID == .zero))
  }
}

/// Names an EV before it is matched: in the order in which they asked, anew each time the EVSE begins to listen.
///
/// Its address stays in the machine until then: EVs in the neighbourhood are heard too, and whose they are is nobody's
/// business.
public struct EVNumber: Hashable, Sendable, CustomStringConvertible {
  public let value: Int

  public init(_ value: Int) { self.value = value }

  public var description: String { "EV \(value)" }
}

/// The B-C-B toggles of a validation.
struct ToggleCount: Hashable, Sendable {
  /// A C that long is a half of a toggle: TP_EV_vald_state_duration and 50 ms more or less for the way through the
  /// debouncing.
  static let half: ClosedRange<Duration> = .milliseconds(150) ... .milliseconds(450)

  let until: Instant
  private(set) var toggles = 0
  private var since: Instant?

  /// The pilot may show what the frame that announces it has yet to tell: `asksSince` is when it last went to C, if it
  /// is there.
  init(at now: Instant, until: Instant, asksSince: Instant?) {
    self.until = until
    // T_vald_detect_time.
    if let asksSince, now - asksSince <= .milliseconds(200) { since = asksSince }
  }

  /// The pilot went to C or D, or back to B, at `instant`.
  mutating func add(asksForEnergy: Bool, at instant: Instant) {
    if asksForEnergy {
      since = since ?? instant
    } else if let begin = since {
      since = nil
      if Self.half.contains(instant - begin) { toggles = min(toggles + 1, 255) }
    }
  }
}

/// The sounds of one EV being averaged.
struct Sounding: Hashable, Sendable {
  let expected: Int
  let begin: Instant
  var until: Instant
  private(set) var profiles = 0
  private(set) var sums: [UInt32]

  init(expected: UInt8, begin: Instant, until: Instant) {
    self.expected = Int(expected)
    self.begin = begin
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
