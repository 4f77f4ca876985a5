public import HomePlug
public import Wire

/// One key on its way into the own modem: request, confirmation, proof, repetition.
///
///     CM_SET_KEY.REQ --CNF--> proving --NID of the key--> done
///          ^                     |
///          +---- back-off <------+ no confirmation, a refusal, another network
///
/// What a confirmation means differs between firmwares (`PLCModemDriver.verdict`). Where the modem can be asked for its
/// network, the answer proves the key; where it cannot, or does not answer, the confirmation has to do, and the link
/// status shows later whether it did.
public struct KeyDialogue: Hashable, Sendable {
  public enum Step: Hashable, Sendable {
    /// Nothing to do yet.
    case wait
    /// Send the request (again).
    case send
    /// Ask for the network: `PLCModemDriver.membershipRequest`.
    case prove
    /// The attempts are used up, reported once. Slow attempts go on.
    case failed(Failure)
    /// The modem has the key.
    case done(proven: Bool)
  }

  public enum Failure: Hashable, Sendable {
    /// No confirmation came.
    case silent
    /// Confirmations came, and they were refusals, or the modem stays in another network.
    case refused
  }

  public let key: NetworkKey
  public private(set) var attempts = 1
  /// Reported already.
  public private(set) var failure: Failure?
  /// The modem shall be asked for its network.
  private let proves: Bool
  /// Nothing is reported before: the modem may be starting.
  private let patientUntil: Instant
  private var lastAttempt = Failure.silent
  /// A confirmation came whose meaning is not sure.
  private var wasUnclear = false
  private var phase: Phase

  private enum Phase: Hashable {
    case awaitingConfirmation(until: Instant)
    case backingOff(until: Instant)
    case settling(until: Instant, KeyVerdict)
    case proving(Proof)
  }

  private struct Proof: Hashable {
    var next: Instant
    let until: Instant
    let verdict: KeyVerdict
    /// The latest answer named other networks. A modem that has yet to restart still names the old one.
    var isElsewhere = false
  }

  /// The caller sends the first request. `proves` where this end of the cable forms the network: a modem that has yet
  /// to join one is in none. A modem that was just switched on is reported after `patience` at the earliest.
  public init(
    key: NetworkKey, proves: Bool, patience: Duration = .zero, at now: Instant, timers: ModemTimers
  ) {
    self.key = key
    self.proves = proves
    patientUntil = now + patience
    phase = .awaitingConfirmation(until: now + timers.setKeyConfirmation)
  }

  public var deadline: Instant {
    switch phase {
    case .awaitingConfirmation(let until), .backingOff(let until), .settling(let until, _): until
    case .proving(let proof): min(proof.next, proof.until)
    }
  }

  /// A CM_SET_KEY.CNF arrived, and the driver says what it means.
  public mutating func confirmed(_ verdict: KeyVerdict, at now: Instant, timers: ModemTimers) -> Step {
    switch phase {
    case .settling, .proving: return .wait
    case .backingOff:
      // Late, and no reason to put the next attempt off.
      if verdict == .refused { return .wait }
    case .awaitingConfirmation: break
    }
    if verdict == .unclear { wasUnclear = true }
    if verdict == .refused {
      lastAttempt = .refused
      return backOff(at: now, timers: timers)
    }
    guard timers.settle > .zero else { return settled(verdict, at: now, timers: timers) }
    phase = .settling(until: now + timers.settle, verdict)
    return .wait
  }

  /// The modem says which networks it is in.
  public mutating func member(of networks: [NID], at now: Instant, timers: ModemTimers) -> Step {
    guard case .proving(var proof) = phase else { return .wait }
    if networks.contains(key.nid) { return .done(proven: true) }
    proof.isElsewhere = !networks.isEmpty
    phase = .proving(proof)
    return .wait
  }

  public mutating func timeout(at now: Instant, timers: ModemTimers) -> Step {
    guard now >= deadline else { return .wait }
    switch phase {
    case .settling(_, let verdict):
      return settled(verdict, at: now, timers: timers)
    case .backingOff:
      attempts += 1
      phase = .awaitingConfirmation(until: now + timers.setKeyConfirmation)
      return .send
    case .awaitingConfirmation:
      lastAttempt = .silent
      return backOff(at: now, timers: timers)
    case .proving(var proof):
      guard now >= proof.until else {
        proof.next = now + timers.proofInterval
        phase = .proving(proof)
        return .prove
      }
      return unproven(proof.isElsewhere ? .refused : proof.verdict, at: now, timers: timers)
    }
  }

  private mutating func settled(_ verdict: KeyVerdict, at now: Instant, timers: ModemTimers) -> Step {
    guard proves else { return unproven(verdict, at: now, timers: timers) }
    phase = .proving(
      Proof(next: now + timers.proofInterval, until: now + timers.proofPatience, verdict: verdict))
    return .prove
  }

  /// Nothing proves it: an acceptance counts, and so does the last of several answers that may be either.
  private mutating func unproven(_ verdict: KeyVerdict, at now: Instant, timers: ModemTimers) -> Step {
    guard verdict == .accepted || (verdict == .unclear && attempts >= timers.setKeyAttempts) else {
      lastAttempt = .refused
      return backOff(at: now, timers: timers)
    }
    return .done(proven: false)
  }

  private mutating func backOff(at now: Instant, timers: ModemTimers) -> Step {
    let exhausted = attempts >= timers.setKeyAttempts && now >= patientUntil
    // It answered, and then fell silent, as a modem does that restarts with its new key.
    if exhausted, lastAttempt == .silent, wasUnclear { return .done(proven: false) }
    phase = .backingOff(until: now + (exhausted ? timers.silentModemRetry : timers.setKeyRetry))
    guard exhausted, failure == nil else { return .wait }
    failure = lastAttempt
    return .failed(lastAttempt)
  }
}
