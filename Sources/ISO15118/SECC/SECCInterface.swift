/// What can happen to a SECC. Received messages come by `SECC.receive`.
public enum SECCEvent: Sendable {
  /// The data link is up (D-LINK_READY). Starts V2G_SECC_CommunicationSetup_Timeout; optional: without it the
  /// timer starts with the connection.
  case linkReady
  /// The one TCP connection of the session was accepted (after its TLS handshake, if there is one).
  case connected
  /// The connection is gone, by either side.
  case disconnected
  /// Bytes came that no V2GTP parser can step over; the connection has to go.
  case transportBroken
  case conditions(EVSEConditions)
  /// The host wants the session to end: in the charge loop by EVSENotification=StopCharging, elsewhere by a
  /// FAILED answer.
  case stop(SECCStopReason)
  case timeout
}

/// Who wants the SECC to stop.
public enum SECCStopReason: String, Sendable {
  /// The person at the charger.
  case user
  /// The back end or the authorization service.
  case backend
  /// The charger itself: less power than its minimum, maintenance.
  case site
}

/// What a SECC wants done.
public enum SECCAction: Equatable, Sendable {
  /// Find out whether the customer may charge, and answer by `EVSEConditions.authorization`.
  case authorizationNeeded
  /// What the EV told about itself, each time something new is known.
  case vehicle(VehicleReport)
  /// The energy the session wants from here on. The safety supervisor decides whether it flows.
  case energy(EnergyCommand)
  case trace(SessionTrace)
  /// Close the connection. No `disconnected` is needed back, though it does no harm.
  case close(SessionEnd)
  /// The session is over; the SECC waits for the next connection.
  case ended(SessionOutcome)
}

/// What the session wants from the power electronics.
public enum EnergyCommand: Equatable, Sendable {
  /// Nothing: output off, contactor open.
  case none
  /// Insulation test at this voltage; result by `EVSEConditions.isolation`.
  case cableCheck(millivolts: Int)
  /// Bring the output to the vehicle's voltage with the contactor closed and next to no current.
  case preCharge(millivolts: Int, milliamps: Int)
  /// Deliver, already clamped to the limits in `EVSEConditions`.
  case deliver(millivolts: Int, milliamps: Int)
  /// Close the AC contactor.
  case closeAC
}

/// What the EV told about itself.
public struct VehicleReport: Equatable, Sendable {
  /// EVCCID, usually the MAC address of the EVCC; first octet most significant.
  public var evccID: UInt64 = 0
  /// Octets of EVCCID.
  public var evccIDCount = 0
  public var mode: EnergyMode?
  /// State of charge in percent (DC).
  public var socPercent: Int?
  public var maximumMillivolts: Int?
  public var maximumMilliamps: Int?
  public var minimumMilliamps: Int?
  public var maximumWatts: Int?
  public var energyRequestWattHours: Int?
  /// Seconds until the customer leaves.
  public var departureSeconds: UInt32?

  public init() {}
}

/// A session that was paused and can be taken up again with its id.
public struct PausedSession: Equatable, Sendable {
  public var id: SessionID
  public var mode: EnergyMode
  public var scheduleTupleID: UInt8

  public init(id: SessionID, mode: EnergyMode, scheduleTupleID: UInt8) {
    self.id = id
    self.mode = mode
    self.scheduleTupleID = scheduleTupleID
  }
}

/// What a charger says about itself and how it behaves.
public struct SECCConfiguration: Equatable, Sendable {
  /// EVSEID such as DE*ABC*E123, 7...37 characters.
  public var evseID = "DE*CPL*E00001"
  /// SupportedEnergyTransferMode, 1...6 entries; all AC or all DC.
  public var modes: [EnergyMode]
  /// ChargeService/FreeService.
  public var freeService = false
  /// MeterID, up to 32 characters; sent with every reading the conditions carry.
  public var meterID = "COUPLER-METER"
  /// The insulation test uses this voltage at most, in millivolts.
  public var cableCheckMillivolts = 500_000
  /// How far the schedule reaches, in seconds: 24 h ([V2G2-304]).
  public var scheduleSeconds: UInt32 = 86_400
  public var timers = SessionTimers.standard
  public var quirks = SessionQuirks.standard

  public init(modes: [EnergyMode]) { self.modes = modes }
}
