import HomePlug
import Wire

/// One key on its way into the own modem: request, confirmation, repetition.
///
/// Unless the settings name the result that means acceptance, the confirmation's arrival counts as one:
/// firmware disagrees. Whether the key works is proven by the link status afterwards.
struct KeyDialogue: Hashable, Sendable {
  enum Step {
    /// Nothing to do yet.
    case wait
    /// Send the request (again).
    case send
    /// The attempts are used up, reported once. Slow attempts go on.
    case silent
    /// The modem has the key.
    case done
  }

  let key: NetworkKey
  private(set) var attempts = 1
  private(set) var isSilent = false
  private var phase: Phase

  private enum Phase: Hashable {
    case awaitingConfirmation(until: Instant)
    case backingOff(until: Instant)
    case settling(until: Instant)
  }

  /// The caller sends the first request.
  init(key: NetworkKey, at now: Instant, timers: SLACTimers) {
    self.key = key
    phase = .awaitingConfirmation(until: now + timers.setKeyConfirmation)
  }

  var deadline: Instant {
    switch phase {
    case .awaitingConfirmation(let until), .backingOff(let until), .settling(let until): until
    }
  }

  /// A CM_SET_KEY.CNF arrived.
  mutating func confirmed(
    _ confirmation: CM_SET_KEY_CNF, at now: Instant, timers: SLACTimers, settings: SLACSettings
  ) -> Step {
    if case .settling = phase { return .wait }
    if let accepted = settings.acceptedKeyResult, confirmation.result != accepted {
      return backOff(at: now, timers: timers)
    }
    guard timers.modemSettle > .zero else { return .done }
    phase = .settling(until: now + timers.modemSettle)
    return .wait
  }

  mutating func timeout(at now: Instant, timers: SLACTimers) -> Step {
    guard now >= deadline else { return .wait }
    switch phase {
    case .settling:
      return .done
    case .backingOff:
      attempts += 1
      phase = .awaitingConfirmation(until: now + timers.setKeyConfirmation)
      return .send
    case .awaitingConfirmation:
      return backOff(at: now, timers: timers)
    }
  }

  private mutating func backOff(at now: Instant, timers: SLACTimers) -> Step {
    let exhausted = attempts >= timers.setKeyAttempts
    phase = .backingOff(until: now + (exhausted ? timers.silentModemRetry : timers.setKeyRetry))
    guard exhausted, !isSilent else { return .wait }
    isSilent = true
    return .silent
  }
}

/// Polling of the link status, and the edges in its answers.
struct LinkWatch: Hashable, Sendable {
  /// When the next VS_PL_LNK_STATUS.REQ is due.
  private(set) var nextPoll: Instant
  /// Polls since the last answer.
  private(set) var unanswered = 0
  /// Since when the modem has seen its peer without a break.
  private(set) var upSince: Instant?

  init(firstPoll: Instant, upSince: Instant? = nil) {
    nextPoll = firstPoll
    self.upSince = upSince
  }

  /// True when a request is due; the next one is then due after `interval`.
  mutating func poll(at now: Instant, interval: Duration) -> Bool {
    guard now >= nextPoll else { return false }
    nextPoll = now + interval
    unanswered += 1
    return true
  }

  /// Takes an answer in; true when the link has just come up.
  mutating func answer(isUp: Bool, at now: Instant) -> Bool {
    unanswered = 0
    guard isUp else {
      upSince = nil
      return false
    }
    guard upSince == nil else { return false }
    upSince = now
    return true
  }
}

extension SLACConfiguration {
  /// CM_SET_KEY.REQ to the own modem.
  func setKey(_ key: NetworkKey) -> MatchAction {
    .send(
      ManagementFrame(
        destination: modem, source: address, message: .setKeyReq(CM_SET_KEY_REQ(key: key))))
  }

  /// VS_PL_LNK_STATUS.REQ to the own modem.
  var pollLink: MatchAction {
    .send(ManagementFrame(destination: modem, source: address, message: .linkStatusReq))
  }

  /// Frames for us: addressed to us or to a group, and not our own come back.
  func isForUs(_ frame: ManagementFrame) -> Bool {
    frame.source != address && (frame.destination == address || frame.destination.isGroup)
  }
}
