public import Wire

extension SafetySupervisor {
  /// The rules that do not hold; empty after every event of a sound supervisor. Allocates only when it is not.
  public func invariants(at now: Instant) -> [SafetyInvariant] {
    var broken: [SafetyInvariant] = []
    func hold(_ invariant: SafetyInvariant, _ holds: Bool) {
      if !holds { broken.append(invariant) }
    }
    if isContactorCommandedClosed {
      let isUnloading = if case .unloading = phase { true } else { false }
      hold(.closedOnlyInCOrD, facts.isPilotReady(settings))
      hold(.closedOnlyForASession, isUnloading || (facts.isAuthorized && facts.demand != nil))
      hold(.closedOnlyWithEarth, facts.isEarthSound && facts.isResidualCurrentFine(settings))
      hold(.closedOnlyPlugged, facts.isCableFine(settings))
      hold(.closedOnlyLocked, facts.isLocked || !settings.hasLock)
      hold(.closedOnlyWithoutFault, latched == nil && !facts.isEmergencyStopPressed)
      hold(.closedOnlyWhileHeard, heartbeatDue.map { now < $0 } ?? false)
    }
    hold(.testedOnlyOpen, !facts.test.isOutputOn || !isContactorCommandedClosed)
    if isPowerStageOn {
      hold(.powerOnlyThroughClosedContactor, isContactorCommandedClosed && facts.contactorReadsClosed == true)
      hold(.powerOnlyWhileStageSound, facts.stageTrouble(settings) == nil)
      hold(.powerOnlyInsulated, facts.demand != nil && facts.isInsulationSufficient)
    }
    if settings.hasLock, phase != .open, facts.contactorReadsClosed == true {
      hold(.unlockedOnlyOpen, isLockCommanded)
    }
    hold(.everyWaitEnds, !isWaiting || deadline != nil)
    return broken
  }

  /// Something is under way that must not last.
  private var isWaiting: Bool {
    switch phase {
    case .closing, .unloading: true
    case .opening: facts.contactorReadsClosed == true && !waits.isMismatchTold
    case .open: waits.locking != nil || facts.test.isUnderWay || phases.restSince != nil
    case .closed: waits.offerless != nil
    }
  }
}
