public import HomePlug
public import PLCModem
public import Wire

// ISO 15118-3 Annex A.9, the EV side, with the modem dialogue it needs.
//
//   off -start-> Detecting -> Leaving -CNF-> Unmatched -5 % seen-> ParmWait -CNF-> Sounding -> Results -best-> Match
//                                ^                                    ^                  (Validate) ^-----+     | CNF
//                                |       (TT_matching_rate) RateWait -+                                         v
//                                +-- CP lost, terminate, error, link lost --------- Matched <-link up-- Join <--+
//
// A failed process goes to RateWait while TT_matching_repetition runs and C_conn_max_match is not reached,
// else to Unmatched. What `SLACTolerances` overlooks deviates, on purpose.

/// The EV's matching machine: asks, sounds, chooses the nearest EVSE, validates it where that is in doubt, joins its
/// network, watches the link and leaves it.
public struct EVMatcher<Keys: NetworkKeySource>: Machine {
  public typealias Event = EVMatchEvent
  public typealias Action = MatchAction

  /// Where the machine is, as the standard and the tables name it.
  public enum Phase: String, CaseIterable, Sendable {
    case off, detecting, leaving, unmatched, parmWait, sounding, results, validate, match, join, matched
    case rateWait
  }

  enum State {
    case off
    /// `ready`: the control pilot is, too.
    case detecting(ModemDetection, ready: Bool)
    case leaving(Leaving)
    case unmatched
    case parmWait(ParmWait)
    case sounding(EVProcess, SoundPlan)
    case results(EVProcess)
    case validate(Validation)
    case match(Match)
    case join(Join)
    case matched(Matched)
    case rateWait(until: Instant)
  }

  struct Leaving {
    var dialogue: KeyDialogue
    /// When a new process may begin; `nil`: rest once left.
    var rematchAt: Instant?
    /// Sleep once the network is left.
    var thenSleeps = false
  }

  struct ParmWait {
    var process: EVProcess
    var repetitions = 0
    var until: Instant
    /// The largest NUM_SOUNDS and TIME_OUT confirmed so far.
    var soundCount: UInt8 = 0
    var timeOut: UInt8 = 0
  }

  struct Match {
    var process: EVProcess
    let evse: MACAddress
    var repetitions = 0
    var until: Instant
  }

  struct Join {
    let process: EVProcess
    let peer: MACAddress
    var key: NetworkKey
    /// The same NMK under its own name, for a modem that did not apply the first, and when to try it.
    var second: (at: Instant, key: NetworkKey)?
    let until: Instant
    /// `nil` once the modem has the key.
    var dialogue: KeyDialogue?
    var watch: LinkWatch
    /// When a modem that cannot be asked is taken to have joined.
    var assumedAt: Instant?
    var amplitude = AmplitudeExchange()
  }

  struct Matched {
    let peer: MACAddress
    let nid: NID
    var watch: LinkWatch
    var amplitude: AmplitudeExchange
    var isPaused = false
    /// T_conn_resume: after a pause the link may take so long to come back.
    var resumeUntil: Instant?
    /// Nothing is asked: the modem has no answer.
    var isAssumed = false
  }

  var state = State.off
  let configuration: SLACConfiguration
  var keys: Keys
  var modem: OwnModem
  /// The modem was just switched on, and has taken no key since.
  var isStarting = false
  /// TT_matching_repetition and the processes begun in it; they outlast the processes. `nil` until the first begins.
  var repetitionUntil: Instant?
  var attempts = 0

  var timers: SLACTimers { configuration.timers }
  var settings: SLACSettings { configuration.settings }

  public init(configuration: SLACConfiguration, keys: Keys) {
    self.configuration = configuration
    self.keys = keys
    modem = OwnModem(configuration)
  }

  public var phase: Phase {
    switch state {
    case .off: .off
    case .detecting: .detecting
    case .leaving: .leaving
    case .unmatched: .unmatched
    case .parmWait: .parmWait
    case .sounding: .sounding
    case .results: .results
    case .validate: .validate
    case .match: .match
    case .join: .join
    case .matched: .matched
    case .rateWait: .rateWait
    }
  }

  /// The network joined or being joined.
  public var network: NID? {
    switch state {
    case .join(let join): join.key.nid
    case .matched(let matched): matched.nid
    default: nil
    }
  }

  /// The other side, once the key was exchanged.
  public var peer: MACAddress? {
    switch state {
    case .join(let join): join.peer
    case .matched(let matched): matched.peer
    default: nil
    }
  }

  /// After a lost link it matches again by itself.
  public var rematchesAfterLoss: Bool { settings.rematchAfterLoss != nil }
  /// Who the own modem says it is; `nil` where it does not.
  public var modemIdentity: ModemIdentity? { modem.identity }

  public var deadline: Instant? {
    switch state {
    case .off, .unmatched: return nil
    case .detecting(let detection, _): return detection.deadline
    case .leaving(let leaving): return leaving.dialogue.deadline
    case .parmWait(let wait): return wait.until
    case .sounding(let process, let plan): return earliest(plan.next, process.resultsUntil)
    case .results(let process): return process.resultsUntil
    case .validate(let validation): return validation.until
    case .match(let match): return match.until
    case .join(let join):
      guard let upSince = join.watch.upSince else {
        let isTold = join.dialogue != nil || join.watch.hasAnswered
        return earliest(
          earliest(join.until, join.dialogue?.deadline, join.watch.nextPoll), join.second?.at,
          isTold ? nil : join.assumedAt)
      }
      return earliest(
        join.watch.nextPoll, upSince + timers.linkReadyNotification, join.amplitude.until)
    case .matched(let matched):
      let poll = matched.isPaused || matched.isAssumed ? nil : matched.watch.nextPoll
      return earliest(poll, matched.amplitude.until)
    case .rateWait(let until): return until
    }
  }

  public mutating func handle(_ event: EVMatchEvent, at now: Instant, perform: (MatchAction) -> Void) {
    switch event {
    case .start:
      if case .off = state { wake(at: now, perform: perform) }
    case .pilotReady: pilotReady(at: now, perform: perform)
    case .pilotLost: stop(.pilot, at: now, perform: perform)
    case .terminate: stop(.terminated, at: now, perform: perform)
    case .error: stop(.error, at: now, perform: perform)
    case .pause: setPaused(true, at: now)
    case .resume: setPaused(false, at: now)
    case .sleep: sleep()
    case .received(let frame):
      if configuration.isForUs(frame) { receive(frame, at: now, perform: perform) }
    case .timeout: expire(at: now, perform: perform)
    }
    assert(isResting || deadline != nil, "\(phase) waits for nothing")
  }

  /// States only an event from above or from the control pilot ends.
  private var isResting: Bool {
    switch state {
    case .off, .unmatched: true
    case .matched(let matched): matched.isPaused || matched.isAssumed
    default: false
    }
  }
}

// MARK: control pilot and D-LINK

extension EVMatcher {
  mutating func pilotReady(at now: Instant, perform: (MatchAction) -> Void) {
    switch state {
    case .unmatched:
      repetitionUntil = nil
      attempts = 0
      begin(at: now, perform: perform)
    case .leaving(var leaving):
      repetitionUntil = nil
      attempts = 0
      leaving.rematchAt = now
      leaving.thenSleeps = false
      state = .leaving(leaving)
      // Whoever waits for this match must hear why nothing happens.
      if let failure = leaving.dialogue.failure { perform(.failed(modemFailure(failure))) }
    case .detecting(let detection, _): state = .detecting(detection, ready: true)
    case .off, .parmWait, .sounding, .results, .validate, .match, .join, .matched, .rateWait: break
    }
  }

  mutating func stop(_ loss: LinkLoss, at now: Instant, perform: (MatchAction) -> Void) {
    switch state {
    case .off, .unmatched: break
    case .leaving(var leaving):
      leaving.rematchAt = nil
      state = .leaving(leaving)
    case .detecting(let detection, _): state = .detecting(detection, ready: false)
    case .parmWait, .sounding, .results, .validate, .match, .rateWait: state = .unmatched
    case .join: leave(rematchAt: nil, at: now, perform: perform)
    case .matched:
      perform(.linkLost(loss))
      leave(rematchAt: nil, at: now, perform: perform)
    }
  }

  mutating func setPaused(_ isPaused: Bool, at now: Instant) {
    guard case .matched(var matched) = state, matched.isPaused != isPaused else { return }
    matched.isPaused = isPaused
    if isPaused {
      matched.amplitude.cancel()
    } else {
      matched.watch = LinkWatch(firstPoll: now, upSince: now)
      matched.resumeUntil = now + timers.resume
    }
    state = .matched(matched)
  }

  /// Only where nothing is being matched: the modem of any other state is needed.
  private mutating func sleep() {
    switch state {
    case .detecting(_, ready: false), .unmatched: state = .off
    case .leaving(var leaving) where leaving.rematchAt == nil:
      // The network has to be left first, unless the modem does not hear of it anyway.
      leaving.thenSleeps = leaving.dialogue.failure == nil
      state = leaving.thenSleeps ? .leaving(leaving) : .off
    default: break
    }
  }

  /// Leaves whatever network the modem is in: a new random key is the only way out (TP_match_leave: 1 s).
  mutating func leave(rematchAt: Instant?, at now: Instant, perform: (MatchAction) -> Void) {
    perform(.trace(.leaving))
    let key = keys.networkKey()
    state = .leaving(
      Leaving(
        dialogue: KeyDialogue(
          key: key, proves: false, patience: isStarting ? timers.modem.startPatience : .zero, at: now,
          timers: timers.modem),
        rematchAt: rematchAt))
    perform(configuration.setKey(key))
  }
}

// MARK: time

extension EVMatcher {
  mutating func expire(at now: Instant, perform: (MatchAction) -> Void) {
    guard let deadline, now >= deadline else { return }
    switch state {
    case .off, .unmatched: break
    case .detecting(let detection, let ready): expire(detection, ready: ready, at: now, perform: perform)
    case .leaving(var leaving):
      let step = leaving.dialogue.timeout(at: now, timers: timers.modem)
      leavingStep(step, leaving, at: now, perform: perform)
    case .parmWait(var wait):
      if !wait.process.candidates.isEmpty { return startSounding(wait, at: now, perform: perform) }
      guard wait.repetitions < timers.retriesMax else {
        return fail(.noConfirmation, at: now, perform: perform)
      }
      wait.repetitions += 1
      wait.until = now + timers.matchResponse
      state = .parmWait(wait)
      perform(request(wait.process))
    case .sounding: sound(at: now, perform: perform)
    case .results(let process): decide(process, at: now, perform: perform)
    case .validate(let validation): expire(validation, at: now, perform: perform)
    case .match(var match):
      guard match.repetitions < timers.retriesMax else {
        return fail(.noMatchConfirmation, at: now, perform: perform)
      }
      match.repetitions += 1
      match.until = now + timers.matchResponse
      state = .match(match)
      perform(matchRequest(match.process, evse: match.evse))
    case .join(let join): expire(join, at: now, perform: perform)
    case .matched(let matched): expire(matched, at: now, perform: perform)
    case .rateWait: begin(at: now, perform: perform)
    }
  }
}
