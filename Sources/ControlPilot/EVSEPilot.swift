public import HAL
public import Wire

/// The control pilot of a charging station: it drives the oscillator and says which state the wire is in.
///
/// Read first: IEC 61851-1 Annex A, Tables A.4 (levels), A.6 (sequences), A.7 (duties); ISO 15118-3 clause 6.5
/// (5 %, the steps between 5 % and a nominal duty).
///
/// ```
///              request .digital / .nominal
///   offering ------------------------------> offering       x1 to any, nominal to nominal (5 s apart)
///   offering ---- 5 % <-> nominal ---------> stepX1  -- 3 s --> offering
///   any ---------- .errorStep -------------> stepF   -- 4 s --> pauseX1 -- 0.75 s --> offering
///   any ---------- .stateF ----------------> stateF  -- any other request, 0.3 s --> pauseX1 -- 0.75 s --> ...
///   any but stepF, stateF: A, E or fault seen -> offering x1, requests forgotten
/// ```
///
/// State F is only ever our own, so E/F steps use F: a board that can also disconnect the pilot gains nothing.
/// While the pilot is at -12 V no level is classified, as peak detectors hold stale values; that a vehicle left
/// shows in `pauseX1`.
public struct EVSEPilot: Machine, Sendable {
  public enum Event: Hashable, Sendable {
    /// Two levels of one period, every 4...10 ms.
    case sampled(PilotLevels)
    case request(PilotRequest)
    case timeout
  }

  public enum Action: Hashable, Sendable {
    /// Drive the oscillator.
    case setDuty(PilotDuty)
    /// Always the last action of an event. `since` is the first sample that differed, before debouncing.
    case stateChanged(from: PilotState, to: PilotState, since: Instant)
    /// Why the state is E, F or `fault`. Comes before that change and the duty it brings.
    case fault(PilotFault)
  }

  enum Phase: Hashable, Sendable {
    case offering
    case stepX1(until: Instant)
    case stepF(until: Instant)
    case stateF(since: Instant)
    case pauseX1(until: Instant)
  }

  struct Candidate: Hashable, Sendable {
    /// First sample that differed from the state, whatever it showed.
    var differsSince: Instant
    /// First of the samples in a row that agree.
    var agreesSince: Instant
    var state: PilotState
    var fault: PilotFault?
  }

  public let timers: PilotTimers
  /// The debounced state. A before the first sample.
  public private(set) var state: PilotState = .A
  /// What is driven now.
  public private(set) var duty: PilotDuty = .steadyHigh
  /// What shall be driven once no step is under way.
  public private(set) var goal: PilotGoal = .x1

  private(set) var phase: Phase = .offering
  private var candidate: Candidate?
  private var blankedUntil: Instant?
  private var lastSample: Instant?
  /// The last sample that showed the state that is held.
  private var lastAgreed: Instant?
  private var lastNominal: Instant?
  /// Whether the vehicle was last offered 5 % or a nominal duty, and since when it is not any more.
  private var lastOffer: (isDigital: Bool, until: Instant?)?
  /// The vehicle's diode was seen on the pilot as it oscillates now: two samples of a connected vehicle, with a sound
  /// negative level, since the oscillation began. Nothing may be closed before, as a steady pilot shows no diode.
  public private(set) var isDiodeProven = false
  /// The first of the two.
  private var soundSince: Instant?
  /// The first of two samples that show F although something else is driven, and whether that was told.
  private var stuckSince: Instant?
  private var isStuckTold = false
  /// Set by a failed diode check, cleared by the plug coming out.
  private var diodeMissing = false
  /// A change of state to be told at the end of the event.
  private var change: (from: PilotState, since: Instant)?

  public init(timers: PilotTimers = .standard) { self.timers = timers }

  public mutating func handle(_ event: Event, at now: Instant, perform: (Action) -> Void) {
    switch event {
    case .sampled(let levels): sample(levels, now, perform)
    case .request(let request): take(request, now, perform)
    case .timeout: break
    }
    elapse(now, perform)
    // News comes last: a host that answers it at once must not be overtaken by a duty decided before.
    if let told = change {
      change = nil
      perform(.stateChanged(from: told.from, to: state, since: told.since))
    }
  }

  public var deadline: Instant? {
    var due = earliest(silenceDue, candidateDue)
    switch phase {
    case .offering: due = earliest(due, pendingNominalDue)
    case .stepX1(let until), .stepF(let until), .pauseX1(let until): due = earliest(due, until)
    case .stateF: break
    }
    return due
  }

  // MARK: levels

  private mutating func sample(_ levels: PilotLevels, _ now: Instant, _ perform: (Action) -> Void) {
    // A blanked sample does not count as one: a host that never stops changing the duty must not blind us.
    if let blanked = blankedUntil, now < blanked { return }
    lastSample = now
    if duty == .steadyLow { return }

    let (read, fault) = classify(levels)
    if read == state {
      candidate = nil
      lastAgreed = now
      proveDiode(now)
      findStuck(now, perform)
      return
    }
    guard let earlier = candidate else {
      // The state is left when two agree; until then the older one stands.
      candidate = Candidate(differsSince: now, agreesSince: now, state: read, fault: fault)
      return
    }
    if earlier.state != read {
      candidate = Candidate(differsSince: earlier.differsSince, agreesSince: now, state: read, fault: fault)
    } else if now - earlier.agreesSince >= timers.debounce {
      confirm(read, fault, since: earlier.differsSince, now, perform)
    }
  }

  /// `classify` has seen the negative level.
  private mutating func proveDiode(_ now: Instant) {
    guard duty.isOscillating, state.isConnected, !isDiodeProven else { return }
    let first = soundSince ?? now
    soundSince = first
    isDiodeProven = now - first >= max(timers.debounce, timers.diodeProof)
  }

  /// Back from an own F the state is still F: a generator that stays at -12 V would be told by nobody.
  private mutating func findStuck(_ now: Instant, _ perform: (Action) -> Void) {
    guard state == .F, !isStuckTold else { return }
    let first = stuckSince ?? now
    stuckSince = first
    guard now - first >= timers.debounce else { return }
    isStuckTold = true
    perform(.fault(.generatorStuckLow))
  }

  private mutating func forgetDiode() {
    isDiodeProven = false
    soundSince = nil
  }

  private func classify(_ levels: PilotLevels) -> (PilotState, PilotFault?) {
    let read = pilotState(millivolts: levels.highMillivolts, previous: state)
    switch read {
    case .B, .C, .D:
      if diodeMissing { return (.fault, nil) }
      if duty.isOscillating, !isNegativeLevelSound(millivolts: levels.lowMillivolts) {
        return (.fault, .diodeMissing(lowMillivolts: levels.lowMillivolts))
      }
      return (read, nil)
    case .A: return (read, nil)
    case .E: return (read, .shortToEarth)
    case .F: return (read, .generatorStuckLow)
    case .fault: return (read, .levelOutOfRange(millivolts: levels.highMillivolts))
    }
  }

  private mutating func confirm(
    _ new: PilotState, _ fault: PilotFault?, since: Instant, _ now: Instant, _ perform: (Action) -> Void
  ) {
    candidate = nil
    lastAgreed = now
    if case .diodeMissing = fault { diodeMissing = true }
    if new == .F { isStuckTold = true }
    if new == .A { diodeMissing = false }
    if let fault { perform(.fault(fault)) }
    enter(new, since: since)
    if !new.isConnected {
      // Whoever asked for a duty asked it for the vehicle that was there.
      goal = .x1
      phase = .offering
      drive(.steadyHigh, now, perform)
      lastOffer = nil
    }
  }

  private mutating func enter(_ new: PilotState, since: Instant) {
    guard new != state else { return }
    if !new.isConnected { forgetDiode() }
    change = (from: change?.from ?? state, since: since)
    state = new
  }

  // MARK: requests

  private mutating func take(_ request: PilotRequest, _ now: Instant, _ perform: (Action) -> Void) {
    switch request {
    case .x1: aim(.x1, now)
    case .digital: aim(.digital, now)
    case .nominal(let milliamps): aim(.nominal(milliamps: milliamps), now)
    case .stateF:
      goal = .x1
      if case .stateF = phase { return }
      phase = .stateF(since: now)
      driveF(now, perform)
    case .errorStep:
      if case .stepF = phase { return }
      phase = .stepF(until: now + timers.stepEF)
      driveF(now, perform)
    }
  }

  /// Sets the goal, by way of X1 where the vehicle has to restart (V2G3-M06-06). `elapse` drives.
  private mutating func aim(_ new: PilotGoal, _ now: Instant) {
    // A duty needs a vehicle. In F nobody knows whether one is there; `pauseX1` will tell.
    if new != .x1, !state.isConnected, state != .F { return }
    goal = new
    if case .stateF(let since) = phase { phase = .stepF(until: since + timers.stateFMin) }
    guard phase == .offering, new != .x1, let lastOffer, lastOffer.isDigital != new.isDigital else { return }
    phase = .stepX1(until: (lastOffer.until ?? now) + timers.stepX1)
  }

  // MARK: time

  private var silenceDue: Instant? {
    // In F nothing is classified, so nothing is missed; and what was asked to be F must stay F.
    guard let lastSample, let silence = timers.sampleSilenceMax, state != .fault, duty != .steadyLow else {
      return nil
    }
    // Without a vehicle nothing is closed, and a late turn of the loop is no reason to forget who is about to plug in.
    return lastSample + (state == .A ? silence * 5 : silence)
  }

  private var candidateDue: Instant? {
    guard let candidate, state.asksForEnergy else { return nil }
    // Silence and jumping levels one after the other must not take longer together than either may.
    var due = candidate.differsSince + timers.unsettledMax
    if let lastAgreed, let silence = timers.sampleSilenceMax {
      due = max(candidate.differsSince, min(due, lastAgreed + silence + timers.debounce))
    }
    return due
  }

  private var pendingNominalDue: Instant? {
    // Only from one duty to another: to offer nothing at all never waits.
    guard case .nominal = goal, goal.duty != duty, goal.duty.isOscillating, duty.isOscillating,
      let lastNominal
    else { return nil }
    return lastNominal + timers.nominalChangeMin
  }

  /// Does all that is due, then drives what the phase stands for.
  private mutating func elapse(_ now: Instant, _ perform: (Action) -> Void) {
    if let due = candidateDue, now >= due, let since = candidate?.differsSince {
      confirm(.fault, .unsettled, since: since, now, perform)
    }
    if let due = silenceDue, now >= due, let since = lastSample {
      confirm(.fault, .senseLost, since: since, now, perform)
    }
    switch phase {
    case .stepF(let until):
      if now >= until { phase = .pauseX1(until: now + timers.pauseX1) }
    case .stepX1(let until):
      if now >= until || goal == .x1 { phase = .offering }
    case .pauseX1(let until):
      if now >= until || goal == .x1 { phase = .offering }
    case .offering, .stateF: break
    }
    switch phase {
    case .stepX1, .pauseX1: drive(.steadyHigh, now, perform)
    case .stepF, .stateF: drive(.steadyLow, now, perform)
    case .offering:
      if let due = pendingNominalDue, now < due { return }
      drive(state.isConnected ? goal.duty : .steadyHigh, now, perform)
    }
  }

  private mutating func driveF(_ now: Instant, _ perform: (Action) -> Void) {
    drive(.steadyLow, now, perform)
    lastOffer = nil
    enter(.F, since: now)
  }

  private mutating func drive(_ new: PilotDuty, _ now: Instant, _ perform: (Action) -> Void) {
    guard new != duty else { return }
    if duty == .steadyLow || new == .steadyLow { candidate = nil }
    if duty == .steadyLow { lastSample = now }
    if !new.isOscillating || !duty.isOscillating { forgetDiode() }
    if duty == .steadyLow { (stuckSince, isStuckTold) = (nil, false) }
    if new.isOscillating {
      lastOffer = (isDigital: goal.isDigital, until: nil)
      if !goal.isDigital { lastNominal = now }
    } else if duty.isOscillating {
      lastOffer?.until = now
    }
    duty = new
    blankedUntil = now + timers.blanking
    perform(.setDuty(new))
  }
}
