import HomePlug
import PLCModem
import Wire

// MARK: the own modem

extension EVMatcher {
  /// Power-up, or the end of a sleep: which modem is it, and a fresh key, so that it is in no old network.
  mutating func wake(at now: Instant, perform: (MatchAction) -> Void) {
    isStarting = true
    guard modem.isUnknown(settings) else { return leave(rematchAt: nil, at: now, perform: perform) }
    let detection = ModemDetection(at: now, timers: timers.modem)
    state = .detecting(detection, ready: false)
    for request in detection.requests { perform(configuration.ask(request)) }
  }

  mutating func expire(
    _ detection: ModemDetection, ready: Bool, at now: Instant, perform: (MatchAction) -> Void
  ) {
    var detection = detection
    let step = detection.timeout(at: now, timers: timers.modem)
    state = .detecting(detection, ready: ready)
    switch step {
    case .wait: break
    case .ask: for request in detection.requests { perform(configuration.ask(request)) }
    case .silent:
      perform(.trace(.modem(nil)))
      detected(ready: ready, at: now, perform: perform)
    }
  }

  private mutating func detected(ready: Bool, at now: Instant, perform: (MatchAction) -> Void) {
    leave(rematchAt: nil, at: now, perform: perform)
    if ready { pilotReady(at: now, perform: perform) }
  }

  /// Takes in what only the own modem says; false for anything else.
  mutating func receiveFromModem(
    _ frame: ManagementFrame, at now: Instant, perform: (MatchAction) -> Void
  ) -> Bool {
    if case .mmeErrorInd(let error) = frame.message {
      perform(.trace(.messageRejected(error.type, reason: error.reason)))
      return true
    }
    guard frame.message.isOfOwnModem else { return false }
    // What it says to us alone: nobody else on the line speaks for it.
    guard frame.destination == configuration.address, modem.sent(frame) else { return true }
    if let identity = ModemDetection.identity(in: frame.message, from: frame.source) {
      identified(identity, at: now, perform: perform)
    } else if case .setKeyCnf(let confirmation) = frame.message {
      let verdict = modem.verdict(on: confirmation, from: frame.source, settings: settings)
      keyConfirmed(confirmation, verdict, at: now, perform: perform)
    } else if let isUp = modem.driver.isLinkUp(in: frame.message) {
      linkStatus(isUp, at: now, perform: perform)
    }
    return true
  }

  private mutating func identified(
    _ identity: ModemIdentity, at now: Instant, perform: (MatchAction) -> Void
  ) {
    // Whoever is known stays: nobody on the line talks us out of our own modem.
    guard modem.identify(identity, settings: settings) else { return }
    perform(.trace(.modem(identity)))
    if case .detecting(_, let ready) = state { detected(ready: ready, at: now, perform: perform) }
  }

  /// It did not say who it is while it was asked first; it may have been starting.
  private func askIdentity(_ perform: (MatchAction) -> Void) {
    guard modem.isUnknown(settings) else { return }
    for request in ModemDetection.allRequests { perform(configuration.ask(request)) }
  }

  /// What to say of a modem that does not take its key.
  func modemFailure(_ failure: KeyDialogue.Failure) -> MatchFailure {
    modem.identity?.unfitness(for: .ev).map { .modemUnfit($0) } ?? MatchFailure(failure)
  }

  private mutating func keyConfirmed(
    _ confirmation: CM_SET_KEY_CNF, _ verdict: KeyVerdict, at now: Instant, perform: (MatchAction) -> Void
  ) {
    switch state {
    case .leaving(var leaving):
      let step = leaving.dialogue.confirmed(verdict, at: now, timers: timers.modem)
      perform(.trace(.keySet(leaving.dialogue.key.nid, result: confirmation.result)))
      leavingStep(step, leaving, at: now, perform: perform)
    case .join(var join):
      guard var dialogue = join.dialogue else { return }
      let step = dialogue.confirmed(verdict, at: now, timers: timers.modem)
      join.dialogue = dialogue
      perform(.trace(.keySet(join.key.nid, result: confirmation.result)))
      joinStep(step, join, at: now, perform: perform)
    default: break
    }
  }

  mutating func leavingStep(
    _ step: KeyDialogue.Step, _ leaving: Leaving, at now: Instant, perform: (MatchAction) -> Void
  ) {
    state = .leaving(leaving)
    switch step {
    case .wait, .prove: break
    case .send:
      perform(.trace(.keyRetry(attempt: leaving.dialogue.attempts)))
      askIdentity(perform)
      perform(configuration.setKey(leaving.dialogue.key))
    case .failed(let failure):
      // Told also where no charger waits for it.
      perform(.trace(.modemFailed(modemFailure(failure))))
      perform(.failed(modemFailure(failure)))
      if failure == .silent { modem.forget(configuration) }
      if leaving.thenSleeps { state = .off }
    case .done:
      isStarting = false
      askIdentity(perform)
      if leaving.thenSleeps {
        state = .off
        return
      }
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
}

// MARK: joining

extension EVMatcher {
  mutating func join(
    _ match: Match, _ key: NetworkKey, second: NetworkKey?, at now: Instant, perform: (MatchAction) -> Void
  ) {
    perform(.trace(.matched(peer: match.evse, key.nid)))
    let half = Duration.nanoseconds(timers.matchJoin.nanoseconds / 2)
    state = .join(
      Join(
        process: match.process, peer: match.evse, key: key, second: second.map { (now + half, $0) },
        until: now + timers.matchJoin,
        dialogue: KeyDialogue(key: key, proves: false, at: now, timers: timers.modem),
        watch: LinkWatch(firstPoll: now + timers.modem.linkPollJoining)))
    perform(configuration.setKey(key))
  }

  mutating func joinStep(
    _ step: KeyDialogue.Step, _ join: Join, at now: Instant, perform: (MatchAction) -> Void
  ) {
    var join = join
    switch step {
    case .wait, .prove: break
    case .send:
      perform(.trace(.keyRetry(attempt: join.dialogue?.attempts ?? 0)))
      perform(configuration.setKey(join.key))
    case .failed(let failure):
      state = .join(join)
      return fail(modemFailure(failure), at: now, perform: perform)
    case .done:
      join.dialogue = nil
      join.watch = LinkWatch(firstPoll: now + timers.modem.linkPollJoining)
      join.assumedAt = settings.linkAssumedAfter.map { now + $0 }
    }
    state = .join(join)
  }

  mutating func expire(_ join: Join, at now: Instant, perform: (MatchAction) -> Void) {
    var join = join
    join.amplitude.timeout(join.peer, configuration, at: now, perform: perform)
    if let upSince = join.watch.upSince, now >= upSince + timers.linkReadyNotification {
      let watch = LinkWatch(firstPoll: now + timers.modem.linkPollMatched, upSince: upSince)
      state = .matched(
        Matched(
          peer: join.peer, nid: join.key.nid, watch: watch, amplitude: join.amplitude,
          isAssumed: !join.watch.hasAnswered))
      return perform(.linkReady(peer: join.peer))
    }
    if now >= join.until, join.watch.upSince == nil {
      state = .join(join)
      return fail(.joinTimeout, at: now, perform: perform)
    }
    if let second = join.second, now >= second.at, join.watch.upSince == nil {
      join.second = nil
      join.key = second.key
      join.dialogue = KeyDialogue(key: join.key, proves: false, at: now, timers: timers.modem)
      state = .join(join)
      return perform(configuration.setKey(join.key))
    }
    if var dialogue = join.dialogue, now >= dialogue.deadline {
      let step = dialogue.timeout(at: now, timers: timers.modem)
      join.dialogue = dialogue
      return joinStep(step, join, at: now, perform: perform)
    }
    if join.dialogue == nil, let assumedAt = join.assumedAt, now >= assumedAt, !join.watch.hasAnswered,
      join.watch.upSince == nil
    {
      join.watch.assume(at: now)
      linkCameUp(&join, assumed: true, at: now, perform: perform)
    }
    if join.watch.poll(at: now, interval: timers.modem.linkPollJoining),
      let request = modem.linkRequest(join.watch)
    {
      perform(configuration.ask(request))
    }
    state = .join(join)
  }

  private mutating func linkCameUp(
    _ join: inout Join, assumed: Bool, at now: Instant, perform: (MatchAction) -> Void
  ) {
    if !assumed { modem.keyIsProven() }
    perform(.trace(.linkUp(assumed: assumed)))
    join.amplitude.begin(with: join.peer, configuration, at: now, perform: perform)
  }

  private mutating func linkStatus(_ isUp: Bool, at now: Instant, perform: (MatchAction) -> Void) {
    switch state {
    case .join(var join):
      // Asked for, or it is somebody else's word.
      guard join.watch.unanswered > 0 else { return }
      // A link proves the key whose confirmation was lost: setting it once more would take the link down again.
      if isUp { join.dialogue = nil }
      let cameUp = join.watch.answer(isUp: isUp, at: now)
      if cameUp { linkCameUp(&join, assumed: false, at: now, perform: perform) }
      state = .join(join)
    case .matched(var matched):
      guard matched.watch.unanswered > 0 else { return }
      _ = matched.watch.answer(isUp: isUp, at: now)
      if isUp { matched.resumeUntil = nil }
      state = .matched(matched)
      if !isUp, !matched.isPaused, now >= matched.resumeUntil ?? now {
        lose(.linkDown, at: now, perform: perform)
      }
    default: break
    }
  }

  mutating func expire(_ matched: Matched, at now: Instant, perform: (MatchAction) -> Void) {
    var matched = matched
    matched.amplitude.timeout(matched.peer, configuration, at: now, perform: perform)
    state = .matched(matched)
    guard !matched.isPaused, !matched.isAssumed, now >= matched.watch.nextPoll else { return }
    // After a pause the modem has T_conn_resume to wake up.
    if let resumeUntil = matched.resumeUntil, now < resumeUntil { matched.watch.forgive() }
    guard matched.watch.unanswered < timers.modem.linkPollMissesMax else {
      return lose(.modemSilent, at: now, perform: perform)
    }
    _ = matched.watch.poll(at: now, interval: timers.modem.linkPollMatched)
    state = .matched(matched)
    if let request = modem.linkRequest(matched.watch) { perform(configuration.ask(request)) }
  }

  /// CM_AMP_MAP of the EVSE we are matched with.
  mutating func exchangeAmplitude(_ frame: ManagementFrame, perform: (MatchAction) -> Void) {
    switch state {
    case .join(var join) where frame.source == join.peer:
      exchange(frame, with: join.peer, &join.amplitude, perform)
      state = .join(join)
    case .matched(var matched) where frame.source == matched.peer:
      exchange(frame, with: matched.peer, &matched.amplitude, perform)
      state = .matched(matched)
    default: break
    }
  }

  private func exchange(
    _ frame: ManagementFrame, with peer: MACAddress, _ amplitude: inout AmplitudeExchange,
    _ perform: (MatchAction) -> Void
  ) {
    switch frame.message {
    case .ampMapReq(let request): amplitude.requested(request, by: peer, configuration, perform: perform)
    case .ampMapCnf(let confirmation): amplitude.confirmed(confirmation, by: peer, perform: perform)
    default: break
    }
  }

  /// Connection-loss handling: leave, and match again after T_conn_resetup (option B), or wait for a new trigger of the
  /// control pilot (option A).
  private mutating func lose(_ loss: LinkLoss, at now: Instant, perform: (MatchAction) -> Void) {
    perform(.linkLost(loss))
    let rematchAt = settings.rematchAfterLoss.map { now + $0 }
    repetitionUntil = nil
    attempts = 0
    leave(rematchAt: rematchAt, at: now, perform: perform)
  }
}
