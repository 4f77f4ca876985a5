import HomePlug
import Wire

// MARK: modem

extension EVMatcher {
  mutating func keyConfirmed(
    _ confirmation: CM_SET_KEY_CNF, at now: Instant, perform: (MatchAction) -> Void
  ) {
    switch state {
    case .leaving(var leaving):
      let step = leaving.dialogue.confirmed(confirmation, at: now, timers: timers, settings: settings)
      perform(.trace(.keySet(leaving.dialogue.key.nid, result: confirmation.result)))
      leavingStep(step, leaving, at: now, perform: perform)
    case .join(var join):
      guard var dialogue = join.dialogue else { return }
      let step = dialogue.confirmed(confirmation, at: now, timers: timers, settings: settings)
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

  mutating func joinStep(
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

  mutating func linkStatus(_ isUp: Bool, at now: Instant, perform: (MatchAction) -> Void) {
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
  mutating func lose(_ loss: LinkLoss, at now: Instant, perform: (MatchAction) -> Void) {
    perform(.linkLost(loss))
    leave(rematchAt: nil, at: now, perform: perform)
  }
}
