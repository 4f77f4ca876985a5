public import HAL

/// Until when a fault keeps the contactor open.
public enum FaultLatch: Int, Hashable, Sendable, Comparable {
  /// Told, not kept: the next closing is judged anew.
  case none
  /// Until the session's host is heard again.
  case heartbeat
  /// Until the plug is out and the cause is gone.
  case unplugged
  /// Until a person has looked at the charger and resets it.
  case service

  public static func < (a: FaultLatch, b: FaultLatch) -> Bool { a.rawValue < b.rawValue }
}

/// Why the supervisor opened, or will not close, in terms a person can act on.
public enum SafetyFault: Error, Hashable, Sendable {
  /// The contactor's feedback says closed though it is commanded open.
  case contactorWelded
  /// The contactor's feedback did not say closed in time.
  case contactorDidNotClose
  /// The contactor's feedback said open while it is commanded closed.
  case contactorDropped
  /// Protective earth, or a residual-current or similar monitor, is no longer sound.
  case earthLost
  /// The residual-current monitor tripped.
  case residualCurrent
  /// The residual-current monitor failed the self-test that is made before each closing.
  case residualCurrentTest(MonitorTestFailure)
  /// The proximity contact no longer reads a cable, or one that stands for nothing, while the contactor was closed.
  case proximityLost
  /// An emergency stop is pressed.
  case emergencyStop
  /// The session's host fell silent.
  case heartbeatLost
  /// The lock did not confirm in time.
  case lockNotConfirmed
  /// The lock let go while the contactor was closed.
  case lockLost
  /// The lock did not come back after all its repetitions, or its position says locked for ever: then it said so before it was
  /// locked, too, and proves nothing.
  case lockStuck
  /// The pilot went to this state - A, E, F or fault - while the contactor was closed.
  case pilotLost(PilotState)
  /// The vehicle kept S2 closed without an offer; the contactor opened under load.
  case vehicleIgnoredStop
  /// Energy is wanted in state D, at a place that is not ventilated.
  case ventilationMissing
  /// The insulation of the DC output is not good enough for what was asked.
  case insulation(InsulationStatus)
  /// The power stage that another program drives cannot be relied on while energy is demanded of it.
  case powerStage(PowerStageTrouble)
  /// A DC demand at an AC outlet, or the reverse.
  case wrongDemand
  /// The DC output stays above 60 V with the power stage off.
  case outputLive(millivolts: Int)
  /// A rule of the supervisor itself is broken: its own error.
  case invariantBroken(SafetyInvariant)

  /// Until when it keeps the contactor open.
  public var latch: FaultLatch {
    switch self {
    // A monitor that did not trip is no better for having tripped the next time.
    case .contactorWelded, .residualCurrentTest(.didNotTrip), .invariantBroken: .service
    case .contactorDidNotClose, .contactorDropped, .earthLost, .residualCurrent,
      .residualCurrentTest(.didNotReturn), .proximityLost, .emergencyStop, .lockNotConfirmed, .lockLost,
      .lockStuck, .insulation, .powerStage:
      .unplugged
    case .heartbeatLost: .heartbeat
    case .pilotLost, .vehicleIgnoredStop, .ventilationMissing, .wrongDemand, .outputLive: .none
    }
  }
}

extension SafetyFault {
  /// Its case, for traces and machine-readable reports.
  public var name: String {
    switch self {
    case .contactorWelded: "contactorWelded"
    case .contactorDidNotClose: "contactorDidNotClose"
    case .contactorDropped: "contactorDropped"
    case .earthLost: "earthLost"
    case .residualCurrent: "residualCurrent"
    case .residualCurrentTest(let failure): "residualCurrentTest(\(failure.rawValue))"
    case .proximityLost: "proximityLost"
    case .emergencyStop: "emergencyStop"
    case .heartbeatLost: "heartbeatLost"
    case .lockNotConfirmed: "lockNotConfirmed"
    case .lockLost: "lockLost"
    case .lockStuck: "lockStuck"
    case .pilotLost(let state): "pilotLost(\(state))"
    case .vehicleIgnoredStop: "vehicleIgnoredStop"
    case .ventilationMissing: "ventilationMissing"
    case .insulation(let status): "insulation(\(status.rawValue))"
    case .powerStage(.silent): "powerStageSilent"
    case .powerStage(.faulty): "powerStageFaulty"
    case .powerStage(.disobeying): "powerStageDisobeying"
    case .wrongDemand: "wrongDemand"
    case .outputLive: "outputLive"
    case .invariantBroken(let invariant): "invariantBroken(\(invariant.rawValue))"
    }
  }
}

extension SafetyFault: CustomStringConvertible {
  /// What happened, and what to do about it.
  public var description: String {
    switch self {
    case .contactorWelded:
      "the contactor reads closed though it is commanded open: it is welded, or its mirror contact is wired "
        + "wrong; switch the supply off, replace it, then reset"
    case .contactorDidNotClose:
      "the contactor did not confirm closing in time: check coil supply and mirror contact, then plug in again"
    case .contactorDropped:
      "the contactor fell open by itself: check the coil supply for dips, then plug in again"
    case .earthLost:
      "protective earth or a residual-current monitor tripped: find the leak or the broken earth, then plug in again"
    case .residualCurrent:
      "the residual-current monitor tripped: have vehicle and cable checked for a leak, reset it, then plug in again"
    case .residualCurrentTest(.didNotTrip):
      "the residual-current monitor did not trip under test: it watches nothing; check its wiring, replace it, then reset"
    case .residualCurrentTest(.didNotReturn):
      "the residual-current monitor tripped under test and did not return: look for a leak in the outlet, then plug in again"
    case .proximityLost:
      "the socket lost the cable's proximity resistor under load: look at the plug's contacts, then plug in again"
    case .emergencyStop: "an emergency stop is pressed: release it, then plug in again"
    case .heartbeatLost: "the session's process fell silent: look for its crash or overload in the log"
    case .lockNotConfirmed:
      "the connector lock did not reach its end position: push the plug home, check the lock"
    case .lockLost: "the connector lock opened under voltage: check the lock and its position switch"
    case .lockStuck:
      "the connector lock does not let go, or its position is stuck at locked: relieve the plug of any pull, open the "
        + "bolt by hand, check motor and position switch, then plug in again"
    case .pilotLost(let state):
      "the pilot went to \(state) under load: pulled plug, broken wire or short; look at the plug for damage"
    case .vehicleIgnoredStop:
      "the vehicle drew on after the offer ended (6 s, IEC 61851-1 Table A.6): opened under load, contacts wear"
    case .ventilationMissing: "the vehicle asks for ventilation (state D), which this place does not have"
    case .insulation(let status):
      "the insulation test of the DC output says \(status.rawValue): check cable and vehicle, then plug in again"
    case .powerStage(.silent):
      "the program that drives the power stage fell silent: look for its crash or overload in its log, then plug in again"
    case .powerStage(.faulty):
      "the power stage reports a fault: see what it says with coupler status, mend it, then plug in again"
    case .powerStage(.disobeying):
      "the power stage gives more than it was told to, or tells what cannot be: check its control and its meter, then "
        + "plug in again"
    case .wrongDemand:
      "the session asked for AC at a DC outlet or the reverse: an error of the host's configuration"
    case .outputLive(let millivolts):
      "the DC output is still at \(millivolts / 1000) V with the power stage off: check its discharge circuit"
    case .invariantBroken(let invariant):
      "the supervisor broke its own rule '\(invariant.rawValue)' and opened; please report it with the log"
    }
  }
}

/// How a residual-current monitor failed its self-test.
public enum MonitorTestFailure: String, Hashable, Sendable, CaseIterable {
  /// The test output was on, and it went on reporting no fault.
  case didNotTrip
  /// It tripped, the test output was switched off, and it went on reporting a fault.
  case didNotReturn
}

/// What must hold after every event, whatever happened.
public enum SafetyInvariant: String, Hashable, Sendable, CaseIterable {
  case closedOnlyInCOrD = "closed only in C or D"
  case closedOnlyForASession = "closed only for an authorized session that asked for energy"
  case closedOnlyWithEarth = "closed only while protective earth is sound"
  case closedOnlyPlugged = "closed only while a cable is read, where it can be"
  case closedOnlyLocked = "closed only while the plug is locked"
  case closedOnlyWithoutFault = "closed only without a fault or an emergency stop"
  case closedOnlyWhileHeard = "closed only while the session's host is heard"
  case testedOnlyOpen = "residual-current monitor under test only with the contactor open"
  case powerOnlyThroughClosedContactor = "power stage on only while the contactor reads closed"
  case powerOnlyInsulated = "battery voltage only after the insulation test"
  case powerOnlyWhileStageSound = "power stage on only while it is heard and well"
  case unlockedOnlyOpen = "unlocked only after the contactor reads open"
  case everyWaitEnds = "every wait has a deadline"
}
