import HomePlug
import PLCModem
import Wire

// MARK: the own modem

extension EVSEMatcher {
  /// Power-up, or the end of a sleep: which modem is it, and a key for it.
  mutating func wake(at now: Instant, perform: (MatchAction) -> Void) {
    isAsleep = false
    isStarting = true
    guard modem.isUnknown(settings) else { return setKey(at: now, failed: false, perform: perform) }
    let detection = ModemDetection(at: now, timers: timers.modem)
    state = .detecting(detection)
    for request in detection.requests { perform(configuration.ask(request)) }
  }

  mutating func expire(_ detection: ModemDetection, at now: Instant, perform: (MatchAction) -> Void) {
    var detection = detection
    let step = detection.timeout(at: now, timers: timers.modem)
    state = .detecting(detection)
    switch step {
    case .wait: break
    case .ask: for request in detection.requests { perform(configuration.ask(request)) }
    case .silent:
      perform(.trace(.modem(nil)))
      setKey(at: now, failed: false, perform: perform)
    }
  }

  /// Takes in what only the own modem says; false for anything else.
  mutating func receiveFromModem(
    _ frame: ManagementFrame, at now: Instant, perform: (MatchAction) -> Void
  ) -> Bool {
    if case .mmeErrorInd(let error) = frame.message {
      perform(.trace(.messageRejected(error.type, reason: error.reason)))
      return true
    }
    if let identity = ModemDetection.identity(in: frame.message, from: frame.source) {
      if isAnswer(frame) { identified(identity, at: now, perform: perform) }
      return true
    }
    if case .attenProfileInd = frame.message { return !modem.sent(frame) }
    guard frame.message.isOfOwnModem else { return false }
    guard isAnswer(frame) else { return true }
    if case .setKeyCnf(let confirmation) = frame.message {
      guard case .keySetup(var setup) = state else { return true }
      let verdict = modem.verdict(on: confirmation, from: frame.source, settings: settings)
      let step = setup.dialogue.confirmed(verdict, at: now, timers: timers.modem)
      perform(.trace(.keySet(key.nid, result: confirmation.result)))
      keyStep(step, setup, at: now, perform: perform)
      return true
    }
    if let networks = modem.driver.membership(in: frame.message) {
      guard case .keySetup(var setup) = state else { return true }
      let step = setup.dialogue.member(of: networks, at: now, timers: timers.modem)
      keyStep(step, setup, at: now, perform: perform)
      return true
    }
    if let isUp = modem.driver.isLinkUp(in: frame.message) {
      linkStatus(isUp, at: now, perform: perform)
    }
    return true
  }

  /// What the own modem says to us alone: nobody else on the line speaks for it.
  private func isAnswer(_ frame: ManagementFrame) -> Bool {
    frame.destination == configuration.address && modem.sent(frame)
  }

  private mutating func identified(
    _ identity: ModemIdentity, at now: Instant, perform: (MatchAction) -> Void
  ) {
    // Whoever is known stays: nobody on the line talks us out of our own modem.
    guard modem.identify(identity, settings: settings) else { return }
    perform(.trace(.modem(identity)))
    if case .detecting = state { setKey(at: now, failed: false, perform: perform) }
  }

  /// It did not say who it is while it was asked first; it may have been starting.
  private func askIdentity(_ perform: (MatchAction) -> Void) {
    guard modem.isUnknown(settings) else { return }
    for request in ModemDetection.allRequests { perform(configuration.ask(request)) }
  }

  /// What to say of a modem that does not take its key.
  func modemFailure(_ failure: KeyDialogue.Failure) -> MatchFailure {
    modem.identity?.unfitness(for: .evse).map { .modemUnfit($0) } ?? MatchFailure(failure)
  }

  mutating func setKey(at now: Instant, failed: Bool, perform: (MatchAction) -> Void) {
    let proves = modem.driver.membershipRequest != nil
    let dialogue = KeyDialogue(
      key: key, proves: proves, patience: isStarting ? timers.modem.startPatience : .zero, at: now,
      timers: timers.modem)
    state = .keySetup(KeySetup(dialogue: dialogue, failed: failed))
    perform(configuration.setKey(key))
  }

  mutating func keyStep(
    _ step: KeyDialogue.Step, _ setup: KeySetup, at now: Instant, perform: (MatchAction) -> Void
  ) {
    state = .keySetup(setup)
    switch step {
    case .wait: break
    case .send:
      perform(.trace(.keyRetry(attempt: setup.dialogue.attempts)))
      askIdentity(perform)
      perform(configuration.setKey(key))
    case .prove:
      guard let request = modem.driver.membershipRequest else { return }
      // The two forms of VS_NW_INFO in turn: which firmware answers which is not sure.
      let version: UInt8? = request == .networkInfoReq && setup.asksNarrow ? 0 : nil
      var setup = setup
      setup.asksNarrow.toggle()
      state = .keySetup(setup)
      perform(configuration.ask(request, version: version))
    case .failed(let failure):
      // Told also where no vehicle waits for it.
      perform(.trace(.modemFailed(modemFailure(failure))))
      perform(.failed(modemFailure(failure)))
      if failure == .silent { modem.forget(configuration) }
      if setup.thenSleeps {
        state = .off
        isAsleep = true
      }
    case .done(let proven):
      isStarting = false
      askIdentity(perform)
      if proven {
        modem.keyIsProven()
        perform(.trace(.keyProven(key.nid)))
      }
      if setup.thenSleeps {
        state = .off
        isAsleep = true
      } else if setup.failed {
        state = .failed
      } else {
        state = .unmatched
        if vehiclePresent { listen(at: now, perform: perform) }
      }
    }
  }

  private mutating func linkStatus(_ isUp: Bool, at now: Instant, perform: (MatchAction) -> Void) {
    switch state {
    case .waitLink(var wait):
      // Asked for, or it is somebody else's word.
      guard wait.watch.unanswered > 0 else { return }
      let cameUp = wait.watch.answer(isUp: isUp, at: now)
      if cameUp { linkCameUp(&wait, assumed: false, at: now, perform: perform) }
      state = .waitLink(wait)
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

  mutating func linkCameUp(
    _ wait: inout WaitLink, assumed: Bool, at now: Instant, perform: (MatchAction) -> Void
  ) {
    if !assumed { modem.keyIsProven() }
    perform(.trace(.linkUp(assumed: assumed)))
    wait.amplitude.begin(with: wait.session.ev, configuration, at: now, perform: perform)
  }

  /// The link is gone under a session: leave, and listen again if the vehicle is still there (option B of
  /// the connection-loss handling; a control pilot E/F from above makes it option A).
  mutating func lose(_ loss: LinkLoss, at now: Instant, perform: (MatchAction) -> Void) {
    perform(.linkLost(loss))
    leave(at: now, perform: perform)
  }

  /// Leaves the network: a new random key is the only way out (TP_match_leave: within 1 s).
  mutating func leave(at now: Instant, failed: Bool = false, perform: (MatchAction) -> Void) {
    perform(.trace(.leaving))
    key = keys.networkKey()
    setKey(at: now, failed: failed, perform: perform)
  }
}
