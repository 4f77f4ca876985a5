/// One outlet: a socket or a cable with its plug.
public struct Outlet: Hashable, Sendable {
  public var current: OutletCurrent
  /// True for a socket with a lock of its own; false for a tethered cable, whose plug the vehicle locks.
  public var hasLock: Bool
  /// True where the place is ventilated, so that state D may be served.
  public var isVentilated: Bool
  /// Current the outlet may carry per phase or pole, mA; 6000 or more, with AC at most 80 000 (IEC 61851-1 Table A.8), with DC
  /// at most 1 000 000.
  public var milliampsMax: Int
  /// Shortest time between two closings, relay wear. 0 where nothing wears; at most 1 h.
  public var recloseIntervalMin: Duration
  /// AttnRxEVSE (ISO 15118-3 A.9.2): what the power-line signal loses between the plug and the modem's receiver, dB, 0...255.
  /// Measured with a known signal at the plug. 0 where it was not: vehicles then hear of more attenuation than the cable has.
  public var receiverLossDecibels: Int
  /// Pilot, proximity, contactor and lock.
  public var hardware: OutletHardware
  /// What stops it beside the pilot.
  public var monitoring: OutletMonitoring
  /// The power-line modem; `nil` where the outlet charges without digital communication only.
  public var modem: ModemDescription?
  /// What else bounds it.
  public var limits: OutletLimits

  public init(
    current: OutletCurrent, hasLock: Bool, isVentilated: Bool, milliampsMax: Int,
    recloseIntervalMin: Duration, receiverLossDecibels: Int, hardware: OutletHardware = .simulated,
    monitoring: OutletMonitoring = OutletMonitoring(), modem: ModemDescription? = nil,
    limits: OutletLimits? = nil
  ) {
    self.current = current
    self.hasLock = hasLock
    self.isVentilated = isVentilated
    self.milliampsMax = milliampsMax
    self.recloseIntervalMin = recloseIntervalMin
    self.receiverLossDecibels = receiverLossDecibels
    self.hardware = hardware
    self.monitoring = monitoring
    self.modem = modem
    self.limits = limits ?? (current == .ac ? .threePhase : .dc)
  }
}

/// Who drives an outlet. A board with a safety controller cannot also say which lines make the pilot.
public enum OutletHardware: Hashable, Sendable {
  /// The simulated bench: no hardware is touched.
  case simulated
  /// Linux, by lines, PWM and ADC.
  case lines(LineDrivenOutlet)
  /// A safety controller, which makes the pilot and opens the contactor by itself.
  case link(LinkDrivenOutlet)
}

/// An outlet whose pilot and contactor Linux drives.
public struct LineDrivenOutlet: Hashable, Sendable {
  public var generator: PilotGeneratorDescription
  public var levels: PilotLevelSource
  public var proximity: ProximitySource
  public var contactor: ContactorDescription
  public var lock: LockDescription

  public init(
    generator: PilotGeneratorDescription, levels: PilotLevelSource, proximity: ProximitySource = .none,
    contactor: ContactorDescription, lock: LockDescription = .none
  ) {
    self.generator = generator
    self.levels = levels
    self.proximity = proximity
    self.contactor = contactor
    self.lock = lock
  }
}

/// An outlet behind a safety controller.
public struct LinkDrivenOutlet: Hashable, Sendable {
  /// Who drives the lock of a socket.
  public enum Lock: Hashable, Sendable {
    case none
    /// The controller.
    case link
    /// Linux, as the link's protocol has no word for it.
    case lines(LockDescription)
  }
  /// How the contactor's mirror contact is wired to the controller.
  public struct Feedback: Hashable, Sendable {
    /// Its line is low while the contacts are closed.
    public var isActiveLow: Bool
    /// `.asIs` leaves it to the controller, which for phyVERSO is none.
    public var bias: LineDescription.Bias

    public init(isActiveLow: Bool, bias: LineDescription.Bias = .disabled) {
      self.isActiveLow = isActiveLow
      self.bias = bias
    }
  }
  /// How the controller reads the position of its lock.
  public enum LockKind: Hashable, Sendable {
    /// Nobody said; the controller finds out or assumes.
    case unknown
    /// A motor with an end switch, as those of Hella.
    case hella
    /// A motor with a potentiometer.
    case potentiometer
  }

  /// Name of the `SafetyLinkDescription`.
  public var link: String
  /// Which of the controller's connectors, counted from 1 as its protocol does; 1...2.
  public var connector: Int
  /// The controller reads a proximity contact, and which; `nil` for a tethered cable.
  public var proximity: ProximityCode?
  public var lock: Lock
  /// Contactors of the controller that are closed and read as one, 1...3: two where the poles of a DC outlet have one each.
  /// More than one with `chargebyte` alone; the others have one for each outlet.
  public var contactors = 1
  /// Told to a controller that asks for it (`phyverso`).
  public var feedback = Feedback(isActiveLow: false)
  /// The same.
  public var lockKind = LockKind.unknown

  public init(link: String, connector: Int = 1, proximity: ProximityCode? = nil, lock: Lock = .none) {
    self.link = link
    self.connector = connector
    self.proximity = proximity
    self.lock = lock
  }
}

/// What bounds an outlet beside its current.
public struct OutletLimits: Hashable, Sendable {
  /// What the wiring behind the contactor is.
  public enum Supply: Hashable, Sendable {
    /// Mains. `phases` 1...3; `canSwitch` where the station may go from three to one and back in a session.
    case ac(phases: Int, canSwitch: Bool)
    /// A power stage: mV and W; voltages 0...1 500 000, minimum below maximum, power above 0.
    case dc(millivoltsMin: Int, millivoltsMax: Int, wattsMax: Int)
  }
  public var supply: Supply
  /// Smallest current offered to a vehicle, mA; with AC 6000 or more (IEC 61851-1 Table A.8). Less is a pause in X1.
  public var milliampsMin: Int
  /// Current the outlet may take from a vehicle, mA. 0: no session of this program does, so anything else is refused.
  public var exportMilliampsMax: Int
  /// The station can take its pilot away, which the vehicle sees as state E. For people and tools: this program goes through
  /// state F wherever E or F will do, as every vehicle starts anew from either.
  public var canDriveE: Bool

  public static let threePhase = OutletLimits(supply: .ac(phases: 3, canSwitch: false))
  public static let singlePhase = OutletLimits(supply: .ac(phases: 1, canSwitch: false))
  public static let dc = OutletLimits(
    supply: .dc(millivoltsMin: 150_000, millivoltsMax: 920_000, wattsMax: 60_000), milliampsMin: 0)

  public init(
    supply: Supply, milliampsMin: Int = 6_000, exportMilliampsMax: Int = 0, canDriveE: Bool = false
  ) {
    self.supply = supply
    self.milliampsMin = milliampsMin
    self.exportMilliampsMax = exportMilliampsMax
    self.canDriveE = canDriveE
  }
}
