/// What the session has to know about its charger. The host hands in the whole struct whenever something
/// in it changed.
public struct EVSEConditions: Equatable, Sendable {
  /// EIM, as the host sees it.
  public enum Authorization: String, Sendable { case pending, granted, refused }

  /// Result of the insulation test (isolationLevelType; `unchecked` is sent as Invalid).
  public enum Isolation: String, Sendable { case unchecked, valid, warning, fault, noIMD }

  /// A fault that stops the energy by itself; the session only reports it (DC_EVSEStatusCodeType).
  public enum Fault: String, Sendable { case emergencyShutdown, malfunction, utilityInterruptEvent }

  /// Vehicle state on the control pilot.
  public var pilot: PilotLetter = .A
  /// Feedback of the EVSE's contactor.
  public var contactorClosed = false
  public var authorization: Authorization = .pending
  /// The power stage (DC) or the supply (AC) could deliver. While false, AuthorizationRes stays Ongoing once
  /// authorized, and ChargeParameterDiscoveryRes does too.
  public var powerStageReady = true
  /// On `EnergyCommand.cableCheck` the host sets `unchecked` until the new result is there: the session takes
  /// no result that was there before it asked.
  public var isolation: Isolation = .unchecked
  /// Voltage at the connector, in millivolts (DC).
  public var presentMillivolts = 0
  /// Current at the connector, in milliamperes (DC).
  public var presentMilliamps = 0
  /// What may be delivered now. May shrink and grow while charging.
  public var limits = EVSELimits()
  /// Meter reading in Wh; nil when there is no meter.
  public var meterWattHours: UInt64?
  public var fault: Fault?
  /// The residual-current device has tripped (AC_EVSEStatus/RCD).
  public var residualCurrentTripped = false
  /// What the EV is asked to do. `StopCharging` can also be had by the event `stop`.
  public var notification: SessionNotification = .None
  /// NotificationMaxDelay in seconds: how long the EV has to follow.
  public var notificationMaxDelay: UInt16 = 0
  /// Seconds since 1970 for EVSETimeStamp and TMeter; nil leaves them out.
  public var unixSeconds: Int64?

  public init() {}
}

/// What a charger can deliver, in thousandths of V and A, and in W.
public struct EVSELimits: Equatable, Sendable {
  /// Highest voltage (DC) or nominal voltage phase to neutral (AC), in millivolts.
  public var maximumMillivolts = 500_000
  /// Lowest voltage (DC), in millivolts.
  public var minimumMillivolts = 150_000
  /// Highest current (DC), or highest current per phase (AC), in milliamperes.
  public var maximumMilliamps = 125_000
  /// Lowest current (DC), in milliamperes.
  public var minimumMilliamps = 0
  /// Highest power in W, all phases together.
  public var maximumWatts = 50_000
  /// EVSEPeakCurrentRipple (DC), in milliamperes.
  public var peakRippleMilliamps = 500

  public init() {}

  /// 230 V, `milliamps` on each of `phases`.
  public static func ac(milliamps: Int, phases: Int) -> EVSELimits {
    var limits = EVSELimits()
    limits.maximumMillivolts = 230_000
    limits.minimumMillivolts = 0
    limits.maximumMilliamps = milliamps
    limits.maximumWatts = 230 * milliamps * phases / 1000
    return limits
  }
}
