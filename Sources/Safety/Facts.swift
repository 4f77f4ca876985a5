import HAL
import Wire

/// What the supervisor was told last. Unknown counts as unsafe.
struct Facts: Hashable, Sendable {
  var pilot: PilotState = .A
  var duty: PilotDuty = .steadyHigh
  /// The vehicle's diode was seen on the pilot as it oscillates now.
  var isDiodeProven = false
  /// What the lock was commanded last; `nil` before anything was.
  var lockCommand: Bool?
  var isAuthorized = false
  var demand: EnergyDemand?
  /// What the mirror contacts say; `nil` before the first reading.
  var contactorReadsClosed: Bool?
  /// What they said last.
  var isLive = false
  var isEarthSound = false
  /// What the residual-current monitor says; `nil` before it has reported.
  var isResidualCurrentSound: Bool?
  /// How far its self-test is.
  var test = MonitorTest.due
  /// The socket reads a cable whose rating is known.
  var isCableSeen = false
  var isLocked = false
  /// It was told to let go and did not: whatever its position says is no proof that it holds.
  var isLockStuck = false
  var isEmergencyStopPressed = false
  var insulation = InsulationStatus.invalid
  var output = PowerReading.zero
  /// Of a power stage that another program drives: silent until it was heard.
  var stageTrouble: PowerStageTrouble? = .silent
  var lastHeartbeat: Instant?
  /// When the contactor was last commanded closed.
  var lastClosing: Instant?
}

/// What still keeps the contactor from closing, for people and traces.
public enum ClosingObstacle: String, Hashable, Sendable, CaseIterable {
  case pilotNotInC2OrD2 = "pilot not in C2 or D2"
  case diodeNotProven = "vehicle's diode not seen yet"
  case notAuthorized = "session not authorized"
  case nothingDemanded = "no energy demanded"
  case earthNotSound = "protective earth not proven"
  case residualCurrentNotSound = "residual-current monitor not sound"
  case monitorNotTested = "residual-current monitor not tested"
  case noCable = "no sound cable read by the proximity contact"
  case notLocked = "plug not locked"
  case powerStageNotSound = "power stage silent or faulty"
  case insulationNotProven = "insulation not tested"
  case contactorNotOpen = "contactor does not read open"
  case resting = "closed too recently"
  case faultLatched = "fault latched"
}
