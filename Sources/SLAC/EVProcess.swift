import HomePlug
import Wire

/// One matching process of the EV: a RunID and the EVSEs that answered to it.
struct EVProcess: Hashable, Sendable {
  /// An EVSE that confirmed, with its report once it came.
  struct Candidate: Hashable, Sendable {
    let evse: MACAddress
    var attenuation: Attenuation?
  }

  let runID: RunID
  /// 1 for the first process after the control pilot became ready.
  let attempt: Int
  private(set) var candidates: [Candidate] = []
  /// TT_EV_atten_results, running since the first CM_START_ATTEN_CHAR.IND.
  var resultsUntil: Instant?

  init(runID: RunID, attempt: Int) {
    self.runID = runID
    self.attempt = attempt
  }

  /// Every field of CM_SLAC_PARM.CNF as Table A.3 wants it. NUM_SOUNDS 0 would mean sounding nothing.
  func accepts(_ confirmation: CM_SLAC_PARM_CNF, own: MACAddress, settings: SLACSettings) -> Bool {
    confirmation.runID == runID && confirmation.soundTarget == .broadcast && confirmation.timeOut != 0
      && confirmation.soundCount != 0
      && (confirmation.responseType == 1
        || (settings.tolerances.contains(.responseTypeZero) && confirmation.responseType == 0))
      && confirmation.forwardingStation == own && confirmation.applicationType == 0
      && confirmation.securityType == 0
  }

  /// Every field of CM_ATTEN_CHAR.IND.
  func accepts(_ report: CM_ATTEN_CHAR_IND, own: MACAddress) -> Bool {
    report.runID == runID && report.applicationType == 0 && report.securityType == 0
      && report.sourceAddress == own && report.sourceID == .zero && report.responseID == .zero
      && report.profile.count != 0 && report.soundCount != 0
  }

  /// Every field of CM_SLAC_MATCH.CNF.
  func accepts(_ confirmation: CM_SLAC_MATCH_CNF, own: MACAddress, evse: MACAddress) -> Bool {
    confirmation.runID == runID && confirmation.applicationType == 0 && confirmation.securityType == 0
      && confirmation.length == CM_SLAC_MATCH_CNF.lengthOfFields && confirmation.evID == .zero
      && confirmation.evMAC == own && confirmation.evseID == .zero && confirmation.evseMAC == evse
  }

  /// Remembers an EVSE; false if it is known already or the list is full.
  mutating func add(_ evse: MACAddress, max limit: Int) -> Bool {
    guard !evse.isGroup, candidates.count < Swift.max(limit, 1),
      !candidates.contains(where: { $0.evse == evse })
    else { return false }
    candidates.append(Candidate(evse: evse))
    return true
  }

  /// Stores the first report of an EVSE; false for a repetition or one that is not on the list.
  mutating func store(_ attenuation: Attenuation, from evse: MACAddress) -> Bool {
    guard let index = candidates.firstIndex(where: { $0.evse == evse }),
      candidates[index].attenuation == nil
    else { return false }
    candidates[index].attenuation = attenuation
    return true
  }

  var everyoneReported: Bool { candidates.allSatisfy { $0.attenuation != nil } }

  /// The EVSEs that reported, the one with the lowest average first.
  var ranking: [(evse: MACAddress, attenuation: Attenuation)] {
    var ranking: [(evse: MACAddress, attenuation: Attenuation)] = []
    for candidate in candidates {
      guard let attenuation = candidate.attenuation else { continue }
      // Behind its equals: whoever answered first stays first.
      let place = ranking.firstIndex { attenuation < $0.attenuation } ?? ranking.count
      ranking.insert((candidate.evse, attenuation), at: place)
    }
    return ranking
  }

  func attenuation(of evse: MACAddress) -> Attenuation? {
    candidates.first { $0.evse == evse }?.attenuation
  }
}

/// What is still to be sounded.
struct SoundPlan: Hashable, Sendable {
  let soundCount: UInt8
  let timeOut: UInt8
  private(set) var startsLeft: Int
  private(set) var soundsLeft: Int
  /// When the next message may go out.
  var next: Instant

  init(soundCount: UInt8, timeOut: UInt8, starts: Int, at now: Instant) {
    self.soundCount = soundCount
    self.timeOut = timeOut
    startsLeft = starts
    soundsLeft = Int(soundCount)
    next = now
  }

  var isDone: Bool { startsLeft == 0 && soundsLeft == 0 }

  /// Takes the next message off the plan.
  mutating func take(_ process: EVProcess, own: MACAddress, random: () -> Octets16) -> ManagementMessage? {
    if startsLeft > 0 {
      startsLeft -= 1
      return .startAttenCharInd(
        CM_START_ATTEN_CHAR_IND(
          soundCount: soundCount, timeOut: timeOut, forwardingStation: own, runID: process.runID))
    }
    guard soundsLeft > 0 else { return nil }
    soundsLeft -= 1
    return .mnbcSoundInd(
      CM_MNBC_SOUND_IND(remaining: UInt8(soundsLeft), runID: process.runID, random: random()))
  }
}
