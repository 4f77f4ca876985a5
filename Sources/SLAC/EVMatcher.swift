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
  private var repetitionUntil = Instant.zero
  private var attempts = 0

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
  private mutating func pilotReady(at now: Instant, perform: (MatchAction) -> Void) {
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

  private mutating func stop(_ loss: LinkLoss, at now: Instant, perform: (MatchAction) -> Void) {
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

  private mutating func setPaused(_ isPaused: Bool, at now: Instant) {
    guard case .matched(var matched) = state, matched.isPaused != isPaused else { return }
    matched.isPaused = isPaused
    if !isPaused { matched.watch = LinkWatch(firstPoll: now, upSince: now) }
    state = .matched(matched)
  }

  /// Leaves whatever network the modem is in: a new random key is the only way out (TP_match_leave: 1 s).
  private mutating func leave(rematchAt: Instant?, at now: Instant, perform: (MatchAction) -> Void) {
    perform(.trace(.leaving))
    let key = keys.networkKey()
    state = .leaving(
      Leaving(dialogue: KeyDialogue(key: key, at: now, timers: timers), rematchAt: rematchAt))
    perform(configuration.setKey(key))
  }
}

// MARK: processes

extension EVMatcher {
  private mutating func begin(at now: Instant, perform: (MatchAction) -> Void) {
    attempts += 1
    let process = EVProcess(runID: keys.runID(), attempt: attempts)
    state = .parmWait(ParmWait(process: process, until: now + timers.matchResponse))
    perform(.trace(.process(attempt: attempts, runID: process.runID)))
    perform(request(process))
  }

  private func request(_ process: EVProcess) -> MatchAction {
    broadcast(.slacParmReq(CM_SLAC_PARM_REQ(runID: process.runID)))
  }

  private func broadcast(_ message: ManagementMessage) -> MatchAction {
    .send(ManagementFrame(destination: .broadcast, source: configuration.address, message: message))
  }

  private func unicast(_ message: ManagementMessage, to evse: MACAddress) -> MatchAction {
    .send(ManagementFrame(destination: evse, source: configuration.address, message: message))
  }

  /// The process failed; another begins after TT_matching_rate, or the higher layer hears of it.
  private mutating func fail(_ failure: MatchFailure, at now: Instant, perform: (MatchAction) -> Void) {
    perform(.trace(.processFailed(attempt: attempts, failure)))
    let next = now + timers.matchingRate
    let rematchAt = attempts < timers.processesMax && next < repetitionUntil ? next : nil
    if rematchAt == nil { perform(.failed(failure)) }
    if case .join = state {
      leave(rematchAt: rematchAt, at: now, perform: perform)
    } else if let rematchAt {
      state = .rateWait(until: rematchAt)
    } else {
      state = .unmatched
    }
  }

  private mutating func startSounding(
    _ wait: ParmWait, at now: Instant, perform: (MatchAction) -> Void
  ) {
    var process = wait.process
    process.resultsUntil = now + timers.attenResults
    let plan = SoundPlan(
      soundCount: min(wait.soundCount, soundsMax), timeOut: wait.timeOut,
      starts: max(timers.startIndications, 1), at: now)
    state = .sounding(process, plan)
    sound(at: now, perform: perform)
  }

  /// As many sounds as fit into TT_EV_atten_results with the STARTs before them; more would never be averaged
  /// in time, whatever an EVSE asks for.
  private var soundsMax: UInt8 {
    let gap = max(timers.soundGap.milliseconds, 1)
    let fit = timers.attenResults.milliseconds / 2 / gap - Int64(timers.startIndications)
    return UInt8(min(max(fit, 1), 255))
  }

  private mutating func sound(at now: Instant, perform: (MatchAction) -> Void) {
    guard case .sounding(let process, var plan) = state else { return }
    if let resultsUntil = process.resultsUntil, now >= resultsUntil {
      return decide(process, at: now, perform: perform)
    }
    guard now >= plan.next else { return }
    // Counted from now, not from the plan: a late timer must not make the next gap shorter than 20 ms.
    plan.next = now + timers.soundGap
    var octets = Octets16.zero
    if plan.startsLeft == 0 { octets = keys.soundOctets() }
    if let message = plan.take(process, own: configuration.address, random: { octets }) {
      perform(broadcast(message))
    }
    guard plan.isDone else {
      state = .sounding(process, plan)
      return
    }
    state = .results(process)
    if process.everyoneReported { decide(process, at: now, perform: perform) }
  }

  /// Section A.9.3: the lowest average wins, if it is low enough. TP_EV_match_session: at once.
  private mutating func decide(_ process: EVProcess, at now: Instant, perform: (MatchAction) -> Void) {
    guard let best = process.best else { return fail(.noAttenuation, at: now, perform: perform) }
    let isDirect = best.attenuation <= settings.attenuationDirectMax
    let isPotential = best.attenuation <= settings.attenuationIndirectMax
    guard isDirect || (isPotential && settings.matchesPotentiallyFound) else {
      return fail(.notFound(best: best.attenuation), at: now, perform: perform)
    }
    perform(.trace(.chosen(evse: best.evse, best.attenuation, direct: isDirect)))
    state = .match(Match(process: process, evse: best.evse, until: now + timers.matchResponse))
    perform(matchRequest(process, evse: best.evse))
  }

  private func matchRequest(_ process: EVProcess, evse: MACAddress) -> MatchAction {
    unicast(
      .slacMatchReq(
        CM_SLAC_MATCH_REQ(evMAC: configuration.address, evseMAC: evse, runID: process.runID)),
      to: evse)
  }
}

// MARK: frames

extension EVMatcher {
  private mutating func receive(
    _ frame: ManagementFrame, at now: Instant, perform: (MatchAction) -> Void
  ) {
    switch frame.message {
    case .slacParmCnf(let confirmation):
      confirmed(confirmation, by: frame.source, at: now, perform: perform)
    case .attenCharInd(let report):
      reported(report, by: frame.source, at: now, perform: perform)
    case .slacMatchCnf(let confirmation):
      guard case .match(let match) = state, frame.source == match.evse,
        match.process.accepts(confirmation, own: configuration.address, evse: match.evse)
      else { return }
      join(match, confirmation.key, at: now, perform: perform)
    case .setKeyCnf(let confirmation):
      keyConfirmed(confirmation, at: now, perform: perform)
    case .linkStatusCnf(let status):
      linkStatus(status.isUp, at: now, perform: perform)
    default:
      break  // Other EVs' broadcasts among them, which an EV never answers.
    }
  }

  private mutating func confirmed(
    _ confirmation: CM_SLAC_PARM_CNF, by evse: MACAddress, at now: Instant,
    perform: (MatchAction) -> Void
  ) {
    let own = configuration.address
    switch state {
    case .parmWait(var wait):
      guard wait.process.accepts(confirmation, own: own, settings: settings),
        wait.process.add(evse, max: settings.evsesMax)
      else { return }
      wait.soundCount = max(wait.soundCount, confirmation.soundCount)
      wait.timeOut = max(wait.timeOut, confirmation.timeOut)
      state = .parmWait(wait)
      perform(.trace(.confirmation(evse: evse)))
      if !settings.collectConfirmations { startSounding(wait, at: now, perform: perform) }
    case .sounding(var process, let plan):
      guard process.accepts(confirmation, own: own, settings: settings),
        process.add(evse, max: settings.evsesMax)
      else { return }
      state = .sounding(process, plan)
      perform(.trace(.confirmation(evse: evse)))
    default: break
    }
  }

  /// Answers the report of every EVSE, repeated ones too, until TT_EV_atten_results is over.
  private mutating func reported(
    _ report: CM_ATTEN_CHAR_IND, by evse: MACAddress, at now: Instant, perform: (MatchAction) -> Void
  ) {
    guard var process = runningProcess, let until = process.resultsUntil, now < until,
      process.accepts(report, own: configuration.address), let mean = Attenuation(meanOf: report.profile)
    else { return }
    perform(
      unicast(
        .attenCharRsp(
          CM_ATTEN_CHAR_RSP(sourceAddress: configuration.address, runID: process.runID)), to: evse))
    let attenuation = mean - settings.transmitCalibration
    // An EVSE whose CM_SLAC_PARM.CNF was lost is as good a candidate as any.
    _ = process.add(evse, max: settings.evsesMax)
    guard process.store(attenuation, from: evse) else { return }
    switch state {
    case .sounding(_, let plan):
      state = .sounding(process, plan)
      perform(.trace(.attenuation(peer: evse, attenuation, sounds: Int(report.soundCount))))
    case .results:
      state = .results(process)
      perform(.trace(.attenuation(peer: evse, attenuation, sounds: Int(report.soundCount))))
      if process.everyoneReported { decide(process, at: now, perform: perform) }
    default: break
    }
  }

  private var runningProcess: EVProcess? {
    switch state {
    case .sounding(let process, _), .results(let process): process
    case .match(let match): match.process
    case .join(let join): join.process
    default: nil
    }
  }

  private mutating func join(
    _ match: Match, _ key: NetworkKey, at now: Instant, perform: (MatchAction) -> Void
  ) {
    perform(.trace(.matched(peer: match.evse, key.nid)))
    state = .join(
      Join(
        process: match.process, peer: match.evse, key: key, until: now + timers.matchJoin,
        dialogue: KeyDialogue(key: key, at: now, timers: timers),
        watch: LinkWatch(firstPoll: now + timers.linkPollJoining)))
    perform(configuration.setKey(key))
  }
}

// MARK: modem

extension EVMatcher {
  private mutating func keyConfirmed(
    _ confirmation: CM_SET_KEY_CNF, at now: Instant, perform: (MatchAction) -> Void
  ) {
    switch state {
    case .leaving(var leaving):
      let step = leaving.dialogue.confirmed(at: now, timers: timers)
      perform(.trace(.keySet(leaving.dialogue.key.nid, result: confirmation.result)))
      leavingStep(step, leaving, at: now, perform: perform)
    case .join(var join):
      guard var dialogue = join.dialogue else { return }
      let step = dialogue.confirmed(at: now, timers: timers)
      join.dialogue = dialogue
      perform(.trace(.keySet(join.key.nid, result: confirmation.result)))
      joinStep(step, join, at: now, perform: perform)
    default: break
    }
  }

  private mutating func leavingStep(
    _ step: KeyDialogue.Step, _ leaving: Leaving, at now: Instant, perform: (MatchAction) -> Void
  ) {
    state = .leaving(leaving)
    switch step {
    case .wait: break
    case .send:
      perform(.trace(.keyRetry(attempt: leaving.dialogue.attempts)))
      perform(configuration.setKey(leaving.dialogue.key))
    case .silent: perform(.failed(.modemSilent))
    case .done:
      guard let rematchAt = leaving.rematchAt else {
        state = .unmatched
        return
      }
      if rematchAt <= now {
        begin(at: now, perform: perform)
      } else {
        state = .rateWait(until: rematchAt)
      }
    }
  }

  private mutating func joinStep(
    _ step: KeyDialogue.Step, _ join: Join, at now: Instant, perform: (MatchAction) -> Void
  ) {
    var join = join
    switch step {
    case .wait: break
    case .send:
      perform(.trace(.keyRetry(attempt: join.dialogue?.attempts ?? 0)))
      perform(configuration.setKey(join.key))
    case .silent:
      state = .join(join)
      return fail(.modemSilent, at: now, perform: perform)
    case .done:
      join.dialogue = nil
      join.watch = LinkWatch(firstPoll: now + timers.linkPollJoining)
    }
    state = .join(join)
  }

  private mutating func linkStatus(_ isUp: Bool, at now: Instant, perform: (MatchAction) -> Void) {
    switch state {
    case .join(var join):
      guard join.dialogue == nil else { return }
      let cameUp = join.watch.answer(isUp: isUp, at: now)
      state = .join(join)
      if cameUp { perform(.trace(.linkUp)) }
    case .matched(var matched):
      _ = matched.watch.answer(isUp: isUp, at: now)
      state = .matched(matched)
      if !isUp, !matched.isPaused { lose(.linkDown, at: now, perform: perform) }
    default: break
    }
  }

  /// Connection-loss handling, option A: leave and wait for a new trigger; another `pilotReady` from above
  /// after T_conn_resetup makes it option B.
  private mutating func lose(_ loss: LinkLoss, at now: Instant, perform: (MatchAction) -> Void) {
    perform(.linkLost(loss))
    leave(rematchAt: nil, at: now, perform: perform)
  }
}

// MARK: time

extension EVMatcher {
  private mutating func expire(at now: Instant, perform: (MatchAction) -> Void) {
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

  private mutating func expire(_ join: Join, at now: Instant, perform: (MatchAction) -> Void) {
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
