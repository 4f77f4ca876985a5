public import HomePlug
public import Wire

// ISO 15118-3 Annex A.9, the EV side, with the modem dialogue it needs.
//
//   off -start-> Leaving -CNF-> Unmatched -5 % seen-> ParmWait -CNF-> Sounding -> Results -best-> Match
//                   ^                                     ^                                        | CNF
//                   |        (TT_matching_rate) RateWait -+                                        v
//                   +-- CP lost, terminate, error, link lost ------ Matched <-link up-- Join <-----+
//
// A failed process goes to RateWait while TT_matching_repetition runs and C_conn_max_match is not reached,
// else to Unmatched.
//
// Deviations, on purpose:
// - An EVSE that is only potentially found is matched without CM_VALIDATE, or not at all (by setting).
// - CM_AMP_MAP is neither sent nor answered.

/// The EV's matching machine: asks, sounds, chooses the nearest EVSE, joins its network, watches the link and
/// leaves it.
public struct EVMatcher<Keys: NetworkKeySource>: Machine {
  public typealias Event = EVMatchEvent
  public typealias Action = MatchAction

  /// Where the machine is, as the standard and the tables name it.
  public enum Phase: String, CaseIterable, Sendable {
    case off, leaving, unmatched, parmWait, sounding, results, match, join, matched, rateWait
  }

  enum State {
    case off
    case leaving(Leaving)
    case unmatched
    case parmWait(ParmWait)
    case sounding(EVProcess, SoundPlan)
    case results(EVProcess)
    case match(Match)
    case join(Join)
    case matched(Matched)
    case rateWait(until: Instant)
  }

  struct Leaving {
    var dialogue: KeyDialogue
    /// When a new process may begin; `nil`: rest once left.
    var rematchAt: Instant?
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
    let key: NetworkKey
    let until: Instant
    /// `nil` once the modem has the key.
    var dialogue: KeyDialogue?
    var watch: LinkWatch
  }

  struct Matched {
    let peer: MACAddress
    let nid: NID
    var watch: LinkWatch
    var isPaused = false
  }

  var state = State.off
  let configuration: SLACConfiguration
  var keys: Keys
  /// TT_matching_repetition and the processes begun in it; they outlast the processes.
  var repetitionUntil = Instant.zero
  var attempts = 0

  var timers: SLACTimers { configuration.timers }
  var settings: SLACSettings { configuration.settings }

  public init(configuration: SLACConfiguration, keys: Keys) {
    self.configuration = configuration
    self.keys = keys
  }

  public var phase: Phase {
    switch state {
    case .off: .off
    case .leaving: .leaving
    case .unmatched: .unmatched
    case .parmWait: .parmWait
    case .sounding: .sounding
    case .results: .results
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

  public var deadline: Instant? {
    switch state {
    case .off, .unmatched: return nil
    case .leaving(let leaving): return leaving.dialogue.deadline
    case .parmWait(let wait): return wait.until
    case .sounding(let process, let plan): return earliest(plan.next, process.resultsUntil)
    case .results(let process): return process.resultsUntil
    case .match(let match): return match.until
    case .join(let join):
      let poll = join.dialogue == nil ? join.watch.nextPoll : nil
      return earliest(
        join.until, join.dialogue?.deadline, poll,
        join.watch.upSince.map { $0 + timers.linkReadyNotification })
    case .matched(let matched): return matched.isPaused ? nil : matched.watch.nextPoll
    case .rateWait(let until): return until
    }
  }

  public mutating func handle(_ event: EVMatchEvent, at now: Instant, perform: (MatchAction) -> Void) {
    switch event {
    case .start:
      if case .off = state { leave(rematchAt: nil, at: now, perform: perform) }
    case .pilotReady: pilotReady(at: now, perform: perform)
    case .pilotLost: stop(.pilot, at: now, perform: perform)
    case .terminate: stop(.terminated, at: now, perform: perform)
    case .error: stop(.error, at: now, perform: perform)
    case .pause: setPaused(true, at: now)
    case .resume: setPaused(false, at: now)
    case .sleep: break
    case .received(let frame):
      if configuration.isForUs(frame) { receive(frame, at: now, perform: perform) }
    case .timeout: expire(at: now, perform: perform)
    }
    precondition(isResting || deadline != nil, "\(phase) waits for nothing")
  }

  /// States only an event from above or from the control pilot ends.
  private var isResting: Bool {
    switch state {
    case .off, .unmatched: true
    case .matched(let matched): matched.isPaused
    default: false
    }
  }
}

// MARK: control pilot and D-LINK

extension EVMatcher {
  mutating func pilotReady(at now: Instant, perform: (MatchAction) -> Void) {
    switch state {
    case .unmatched:
      repetitionUntil = now + timers.matchingRepetition
      attempts = 0
      begin(at: now, perform: perform)
    case .leaving(var leaving):
      repetitionUntil = now + timers.matchingRepetition
      attempts = 0
      leaving.rematchAt = now
      state = .leaving(leaving)
      // Whoever waits for this match must hear why nothing happens.
      if leaving.dialogue.isSilent { perform(.failed(.modemSilent)) }
    case .off, .parmWait, .sounding, .results, .match, .join, .matched, .rateWait: break
    }
  }

  mutating func stop(_ loss: LinkLoss, at now: Instant, perform: (MatchAction) -> Void) {
    switch state {
    case .off, .unmatched: break
    case .leaving(var leaving):
      leaving.rematchAt = nil
      state = .leaving(leaving)
    case .parmWait, .sounding, .results, .match, .rateWait: state = .unmatched
    case .join: leave(rematchAt: nil, at: now, perform: perform)
    case .matched:
      perform(.linkLost(loss))
      leave(rematchAt: nil, at: now, perform: perform)
    }
  }

  mutating func setPaused(_ isPaused: Bool, at now: Instant) {
    guard case .matched(var matched) = state, matched.isPaused != isPaused else { return }
    matched.isPaused = isPaused
    if !isPaused { matched.watch = LinkWatch(firstPoll: now, upSince: now) }
    state = .matched(matched)
  }

  /// Leaves whatever network the modem is in: a new random key is the only way out (TP_match_leave: 1 s).
  mutating func leave(rematchAt: Instant?, at now: Instant, perform: (MatchAction) -> Void) {
    perform(.trace(.leaving))
    let key = keys.networkKey()
    state = .leaving(
      Leaving(dialogue: KeyDialogue(key: key, at: now, timers: timers), rematchAt: rematchAt))
    perform(configuration.setKey(key))
  }
}

// MARK: time

extension EVMatcher {
  mutating func expire(at now: Instant, perform: (MatchAction) -> Void) {
    guard let deadline, now >= deadline else { return }
    switch state {
    case .off, .unmatched: break
    case .leaving(var leaving):
      let step = leaving.dialogue.timeout(at: now, timers: timers)
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
    case .match(var match):
      guard match.repetitions < timers.retriesMax else {
        return fail(.noMatchConfirmation, at: now, perform: perform)
      }
      match.repetitions += 1
      match.until = now + timers.matchResponse
      state = .match(match)
      perform(matchRequest(match.process, evse: match.evse))
    case .join(let join): expire(join, at: now, perform: perform)
    case .matched(var matched):
      guard matched.watch.unanswered < timers.linkPollMissesMax else {
        return lose(.modemSilent, at: now, perform: perform)
      }
      if matched.watch.poll(at: now, interval: timers.linkPollMatched) {
        state = .matched(matched)
        perform(configuration.pollLink)
      }
    case .rateWait: begin(at: now, perform: perform)
    }
  }

  mutating func expire(_ join: Join, at now: Instant, perform: (MatchAction) -> Void) {
    var join = join
    if let upSince = join.watch.upSince, now >= upSince + timers.linkReadyNotification {
      let watch = LinkWatch(firstPoll: now + timers.linkPollMatched, upSince: upSince)
      state = .matched(Matched(peer: join.peer, nid: join.key.nid, watch: watch))
      perform(.linkReady(peer: join.peer))
    } else if now >= join.until {
      fail(.joinTimeout, at: now, perform: perform)
    } else if var dialogue = join.dialogue {
      let step = dialogue.timeout(at: now, timers: timers)
      join.dialogue = dialogue
      joinStep(step, join, at: now, perform: perform)
    } else if join.watch.poll(at: now, interval: timers.linkPollJoining) {
      state = .join(join)
      perform(configuration.pollLink)
    }
  }
}
