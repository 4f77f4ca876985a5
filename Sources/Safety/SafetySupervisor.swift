public import HAL
public import Wire

/// Decides alone whether energy may flow: the only one that closes a contactor, enables a power stage or lets the
/// plug go. It knows the pilot, the site and what the session wants, but no message.
///
/// Read first: IEC 61851-1 Tables A.4 and A.6 (100 ms from leaving C or D to the open contactor), clause 6.3.1;
/// IEC 61851-23 clause 6.4.3 (DC).
///
/// ```
///          permit              reads closed             demand ends (DC)
///   open ----------> closing ----------------> closed -------------------> unloading
///    ^                  | any reason to stop     | any reason to stop          | < 5 A, 300 ms,
///    |  reads open      v                        v                             v any reason to stop
///    +-------------- opening <------------------------------------------------+
/// ```
///
/// It fails to off. Whatever was never reported counts as unsafe. A reason to stop acts in the very event that
/// brings it, power stage first, contactor next. After a fault the session's authorization and demand are
/// forgotten, so that nothing closes again by itself. `invariants` is checked at the end of every event; a broken
/// one opens everything before it is told.
public struct SafetySupervisor: Machine, Sendable {
  public enum Event: Hashable, Sendable {
    /// On each change of either. The state is the debounced one.
    case pilot(PilotState, PilotDuty)
    /// Whether the vehicle's diode was seen on the pilot as it oscillates now, on each change. Forgotten by itself when the
    /// oscillation ends or begins.
    case diode(proven: Bool)
    /// The session's authorization, given or withdrawn.
    case authorized(Bool)
    /// What the session wants now; `nil` ends it in the ordinary way. Counts as a heartbeat.
    case energyRequested(EnergyDemand?)
    /// The mirror contacts, on each change and once at start.
    case contactorFeedback(closed: Bool)
    /// They cannot be read any more. What is closed is opened after `feedbackMax`; nothing closes until they say open
    /// again, and the plug is held.
    case contactorUnknown
    /// Protective earth and residual-current monitors, on each change and once at start.
    case earth(ok: Bool)
    /// A residual-current monitor that reports by itself, on each change and once at start.
    case residualCurrent(ok: Bool)
    /// How many phases the host wants closed; see `isChangingPhases`. Of no effect without `SafetySettings.switchesPhases`.
    case phases(three: Bool)
    /// What the socket reads of the cable, debounced, on each change and once at start.
    case proximity(Proximity)
    case lock(locked: Bool)
    /// It does not let go for all its repetitions; `false` when it has been seen free.
    case lockStuck(Bool)
    case insulation(InsulationStatus)
    /// Measured at the power stage's output.
    case powerStage(PowerReading)
    /// What is wrong with a power stage that another program drives, on each change; `nil` while it is heard and well.
    case powerStageTrouble(PowerStageTrouble?)
    case emergencyStop(Bool)
    /// The session's host is alive. At least every second while it demands energy.
    case heartbeat
    /// A person has looked at the charger.
    case serviceReset
    case timeout
  }

  public enum Action: Hashable, Sendable {
    case contactor(close: Bool)
    case powerStage(enabled: Bool)
    case lock(Bool)
    /// The test output of the residual-current monitor. On only while the contactor is commanded open.
    case residualCurrentTest(Bool)
    /// The contactor closes these phases from its next closing on. Only while it reads open.
    case phases(three: Bool)
    /// Overrules whatever the session asks of the pilot; see `isPilotForced`.
    case forcePilot(ForcedPilot)
    case fault(SafetyFault)
    /// A latched fault no longer holds.
    case cleared(SafetyFault)
    /// The outlet is live, by the mirror contacts.
    case energized(Bool)
  }

  /// What a fault does to the pilot.
  public enum ForcedPilot: Hashable, Sendable {
    /// Nothing is offered, and the plug coming out can be seen.
    case x1
    /// Not available.
    case stateF
  }

  enum Phase: Hashable, Sendable {
    case open
    case closing(Closing)
    case closed(Closing)
    case unloading(Closing, until: Instant)
    /// A contactor caught while closing still reads open: believe it only from `believeFrom` on.
    case opening(believeFrom: Instant)
  }

  public let settings: SafetySettings
  /// The fault that keeps the contactor open.
  public internal(set) var latched: SafetyFault?
  /// Others that were told, latch as well, and are no graver: each is told when it is over, too.
  var lesserFaults: [SafetyFault] = []
  var facts = Facts()
  var phase: Phase = .open
  var isPowerStageOn = false
  var phases = PhaseSelection()
  var waits = Waits()

  public init(settings: SafetySettings) { self.settings = settings }

  /// The coil is energized.
  public var isContactorCommandedClosed: Bool {
    switch phase {
    case .closing, .closed, .unloading: true
    case .open, .opening: false
    }
  }

  var isLockCommanded: Bool { facts.lockCommand ?? false }

  /// While true, the host must not hand the session's requests to the pilot.
  public var isPilotForced: Bool { latched != nil }

  /// Why the contactor is not closed; empty where it is, or would be with the next event.
  public func obstacles(at now: Instant) -> [ClosingObstacle] {
    isContactorCommandedClosed ? [] : facts.obstacles(settings, latched: latched, at: now)
  }

  public mutating func handle(_ event: Event, at now: Instant, perform: (Action) -> Void) {
    observe(event, now, perform)
    checkWaits(now, perform)
    releaseLatch(perform)
    settle(now, perform)
    noteWaits(now)
    enforceInvariants(now, perform)
  }

  // MARK: acting

  /// Why the contactor has to open, where it has to.
  private enum Stop {
    /// Power stage off, contactor when the current has fallen.
    case ordinary
    /// Everything at once; with the fault to tell, unless it was told already.
    case atOnce(SafetyFault?)
  }

  private func reasonToStop(_ now: Instant) -> Stop? {
    if latched != nil || facts.isEmergencyStopPressed { return .atOnce(nil) }
    if !facts.isEarthSound { return .atOnce(.earthLost) }
    if !facts.isResidualCurrentFine(settings) { return .atOnce(.residualCurrent) }
    switch facts.pilot {
    case .C: break
    case .D: if !settings.isVentilated { return .atOnce(.ventilationMissing) }
    case .B: return .atOnce(nil)
    case .A, .E, .F, .fault: return .atOnce(.pilotLost(facts.pilot))
    }
    if !facts.isCableFine(settings) { return .atOnce(.proximityLost) }
    if settings.hasLock, !facts.isLocked { return .atOnce(.lockLost) }
    if !facts.isInsulationSufficient || (settings.current == .dc && facts.insulation == .fault) {
      return .atOnce(.insulation(facts.insulation))
    }
    if let trouble = facts.stageTrouble(settings) { return .atOnce(.powerStage(trouble)) }
    if let due = waits.offerless.map({ $0 + settings.drawWithoutOfferMax }), now >= due {
      return .atOnce(.vehicleIgnoredStop)
    }
    guard facts.demand == nil || !facts.isAuthorized else { return nil }
    return settings.current == .dc ? .ordinary : .atOnce(nil)
  }

  private mutating func settle(_ now: Instant, _ perform: (Action) -> Void) {
    if case .opening(let from) = phase, facts.contactorReadsClosed == false, now >= from { phase = .open }
    advancePhases(now, perform)
    advanceTest(now, perform)
    switch phase {
    case .open:
      if let permit = facts.permit(settings, latched: latched, at: now) { close(permit, now, perform) }
    case .closing(let closing):
      if let stop = reasonToStop(now) {
        open(because: stop, now, perform)
      } else if facts.contactorReadsClosed == true {
        phase = .closed(closing)
      }
    case .closed(let closing):
      switch reasonToStop(now) {
      case nil: break
      case .ordinary?:
        drivePowerStage(false, perform)
        phase = .unloading(closing, until: now + settings.unloadMax)
        openUnloaded(now, perform)
      case let stop?: open(because: stop, now, perform)
      }
    case .unloading(let closing, _):
      switch reasonToStop(now) {
      case nil: phase = .closed(closing)
      case .ordinary?: openUnloaded(now, perform)
      case let stop?: open(because: stop, now, perform)
      }
    case .opening: break
    }
    drivePowerStage(mayPowerStageRun, perform)
    driveLock(now, perform)
  }

  private mutating func close(_ permit: consuming ClosingPermit, _ now: Instant, _ perform: (Action) -> Void)
  {
    phase = .closing(Closing(permit, at: now))
    facts.lastClosing = now
    facts.test = .due
    perform(.contactor(close: true))
  }

  private mutating func openUnloaded(_ now: Instant, _ perform: (Action) -> Void) {
    guard case .unloading(_, let until) = phase else { return }
    guard facts.output.milliamps < settings.openingMilliamps || now >= until else { return }
    open(because: .ordinary, now, perform)
  }

  private mutating func open(because stop: Stop, _ now: Instant, _ perform: (Action) -> Void) {
    openEverything(now, perform)
    if case .atOnce(let fault?) = stop { raise(fault, perform) }
    // DC starts again with an insulation test; a battery is not connected by a demand that was left over.
    if settings.current == .dc {
      facts.demand = nil
      facts.insulation = .invalid
    }
  }

  /// Opens, where anything is closed, and latches the fault.
  mutating func openForFault(_ fault: SafetyFault, _ now: Instant, _ perform: (Action) -> Void) {
    if isContactorCommandedClosed { openEverything(now, perform) }
    raise(fault, perform)
  }

  private mutating func openEverything(_ now: Instant, _ perform: (Action) -> Void) {
    drivePowerStage(false, perform)
    let caughtClosing = if case .closing = phase { true } else { false }
    phase = .opening(believeFrom: caughtClosing ? now + settings.feedbackMax : now)
    perform(.contactor(close: false))
  }

  private var mayPowerStageRun: Bool {
    guard case .closed = phase, settings.current == .dc else { return false }
    return facts.contactorReadsClosed == true && facts.demand != nil
  }

  private mutating func drivePowerStage(_ enabled: Bool, _ perform: (Action) -> Void) {
    guard enabled != isPowerStageOn else { return }
    isPowerStageOn = enabled
    perform(.powerStage(enabled: enabled))
  }

  private mutating func driveLock(_ now: Instant, _ perform: (Action) -> Void) {
    guard settings.hasLock else { return }
    let isWanted = facts.pilot.isConnected && facts.isAuthorized && latched == nil
    // At the start nobody knows where the bolt was left: without a session it holds nothing that anybody decided.
    guard isWanted != facts.lockCommand else { return }
    if !isWanted, mustHoldPlug(now) { return }
    facts.lockCommand = isWanted
    perform(.lock(isWanted))
  }

  /// The plug may be live, or was a moment ago.
  private func mustHoldPlug(_ now: Instant) -> Bool {
    if phase != .open || facts.contactorReadsClosed != false { return true }
    if settings.current == .dc, facts.output.millivolts >= settings.touchableMillivolts { return true }
    if let lost = waits.pilotLost, now < lost + settings.unlockAfterPilotLoss { return true }
    return false
  }

  /// Tells a fault and, where it latches, forgets the session.
  mutating func raise(_ fault: SafetyFault, _ perform: (Action) -> Void) {
    perform(.fault(fault))
    guard fault.latch != .none else { return }
    facts.isAuthorized = false
    facts.demand = nil
    guard latch(fault) else { return }
    // F tells a vehicle most clearly, but hides whether the plug comes out, which ends most faults.
    perform(.forcePilot(fault.latch == .unplugged ? .x1 : .stateF))
  }

  /// A rule of our own is broken: open first, tell then, and stay open for a person to look.
  mutating func enforceInvariants(_ now: Instant, _ perform: (Action) -> Void) {
    guard let broken = invariants(at: now).first else { return }
    // Commanded even where it is thought done: what we think is what just proved wrong.
    isPowerStageOn = false
    perform(.powerStage(enabled: false))
    phase = .opening(believeFrom: now + settings.feedbackMax)
    perform(.contactor(close: false))
    if facts.test.isOutputOn { perform(.residualCurrentTest(false)) }
    facts.test = .due
    if latched != .invariantBroken(broken) { raise(.invariantBroken(broken), perform) }
    noteWaits(now)
  }
}
