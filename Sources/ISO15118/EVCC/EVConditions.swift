/// What the session has to know about its vehicle. The host hands in the whole struct whenever something in
/// it changed.
public struct EVConditions: Equatable, Sendable {
  /// What the vehicle wants.
  public enum Wish: String, Sendable { case charge, stop, pause, renegotiate }

  /// DC_EVErrorCodeType.
  public enum ErrorCode: String, CaseIterable, Sendable {
    case NO_ERROR, FAILED_RESSTemperatureInhibit, FAILED_EVShiftPosition, FAILED_ChargerConnectorLockFault
    case FAILED_EVRESSMalfunction, FAILED_ChargingCurrentdifferential, FAILED_ChargingVoltageOutOfRange
    case FAILED_ChargingSystemIncompatibility, NoData
  }

  public var wish: Wish = .charge
  /// The battery is full enough: same as the wish to stop, and told to the charger.
  public var chargingComplete = false
  /// EVRESSSOC in percent, 0...100.
  public var socPercent = 50
  /// Voltage of the battery, in millivolts: the target of PreCharge.
  public var batteryMillivolts = 400_000
  /// Voltage at the inlet, in millivolts: ends WeldingDetection.
  public var inletMillivolts = 0
  /// EVTargetVoltage of CurrentDemand, in millivolts.
  public var targetMillivolts = 420_000
  /// EVTargetCurrent of CurrentDemand, in milliamperes.
  public var targetMilliamps = 100_000
  /// Highest voltage the vehicle stands, in millivolts.
  public var maximumMillivolts = 450_000
  /// Highest current, in milliamperes (per phase in AC).
  public var maximumMilliamps = 125_000
  /// Lowest current the onboard charger works with (AC), in milliamperes.
  public var minimumMilliamps = 6_000
  /// Highest power in W.
  public var maximumWatts = 50_000
  /// Energy wanted, in Wh (EAmount, EVEnergyRequest).
  public var energyRequestWattHours = 20_000
  /// What the onboard charger takes now (AC), in milliamperes per phase; nil: nobody measures it.
  public var onboardMilliamps: Int?
  /// Seconds until departure; nil: none known.
  public var departureSeconds: UInt32?
  /// The vehicle's own contactors (DC) are closed.
  public var contactorClosed = false
  /// The state the vehicle holds on the pilot.
  public var pilot: PilotLetter = .B
  public var error: ErrorCode = .NO_ERROR

  public init() {}
}

/// What the charger says while charging, each time a response brought it.
public struct EVProgress: Equatable, Sendable {
  /// EVSEPresentVoltage in millivolts (DC).
  public var presentMillivolts = 0
  /// EVSEPresentCurrent in milliamperes (DC).
  public var presentMilliamps = 0
  /// EVSEMaxCurrent per phase (AC) or EVSEMaximumCurrentLimit (DC), in milliamperes.
  public var maximumMilliamps: Int?
  /// MeterReading in Wh.
  public var meterWattHours: UInt64?
  public var notification = SessionNotification.None

  public init() {}
}
