/// One inlet of a vehicle.
public struct Inlet: Hashable, Sendable {
  public var current: OutletCurrent
  /// Current the inlet may carry per phase or pole, mA; 6000...1 000 000.
  public var milliampsMax: Int
  /// The inlet has a lock for the plug.
  public var hasLock: Bool
  public var hardware: InletHardware
  public var temperatures: [TemperatureSensor]
  /// The power-line modem; `nil` where the vehicle charges without digital communication only.
  public var modem: ModemDescription?

  public init(
    current: OutletCurrent, milliampsMax: Int, hasLock: Bool, hardware: InletHardware = .simulated,
    temperatures: [TemperatureSensor] = [], modem: ModemDescription? = nil
  ) {
    self.current = current
    self.milliampsMax = milliampsMax
    self.hasLock = hasLock
    self.hardware = hardware
    self.temperatures = temperatures
    self.modem = modem
  }
}

/// Who drives an inlet.
public enum InletHardware: Hashable, Sendable {
  case simulated
  case lines(LineDrivenInlet)
  /// A controller on a link, which measures the duty and switches S2.
  case link(LinkDrivenInlet)
}

/// An inlet that Linux drives.
public struct LineDrivenInlet: Hashable, Sendable {
  public var duty: PilotDutySource
  /// Closes S2: state C.
  public var stateC: OutputDescription
  /// Puts the 270 ohm of state D in parallel instead; `nil` for a vehicle that needs no ventilation.
  public var stateD: OutputDescription?
  public var proximity: ProximitySource
  /// The vehicle's own contactors; `nil` where the battery management has them.
  public var contactor: ContactorDescription?
  public var lock: LockDescription

  public init(
    duty: PilotDutySource, stateC: OutputDescription, stateD: OutputDescription? = nil,
    proximity: ProximitySource = .none, contactor: ContactorDescription? = nil, lock: LockDescription = .none
  ) {
    self.duty = duty
    self.stateC = stateC
    self.stateD = stateD
    self.proximity = proximity
    self.contactor = contactor
    self.lock = lock
  }
}

/// An inlet behind a controller.
public struct LinkDrivenInlet: Hashable, Sendable {
  /// Name of the `SafetyLinkDescription`.
  public var link: String
  /// The controller reads the proximity contact, and which; `nil` where it does not.
  public var proximity: ProximityCode?
  /// The controller drives the inlet's lock.
  public var drivesLock: Bool

  public init(link: String, proximity: ProximityCode? = nil, drivesLock: Bool = false) {
    self.link = link
    self.proximity = proximity
    self.drivesLock = drivesLock
  }
}
