public import HAL

/// What a safety controller says is wrong, in one set for all of them. What each names differently is brought to the
/// nearest of these; a set of none means that it sees no fault.
public struct SafetyFaults: OptionSet, Hashable, Sendable {
  public let rawValue: UInt32
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// The pilot is shorted.
  public static let pilotShort = SafetyFaults(rawValue: 1 << 0)
  /// The vehicle's diode is missing or shorted.
  public static let diode = SafetyFaults(rawValue: 1 << 1)
  /// The pilot is at no level that stands for a state.
  public static let pilotSignal = SafetyFaults(rawValue: 1 << 2)
  /// The proximity contact stands for nothing.
  public static let proximity = SafetyFaults(rawValue: 1 << 3)
  /// A contactor does not follow: welded, or not closing.
  public static let contactor = SafetyFaults(rawValue: 1 << 4)
  /// The residual current device or the insulation monitor has tripped.
  public static let residualCurrent = SafetyFaults(rawValue: 1 << 5)
  /// That device failed its own test.
  public static let residualCurrentTest = SafetyFaults(rawValue: 1 << 6)
  public static let lock = SafetyFaults(rawValue: 1 << 7)
  public static let overCurrent = SafetyFaults(rawValue: 1 << 8)
  public static let overVoltage = SafetyFaults(rawValue: 1 << 9)
  /// State D without ventilation.
  public static let ventilation = SafetyFaults(rawValue: 1 << 10)
  public static let overTemperature = SafetyFaults(rawValue: 1 << 11)
  /// A temperature sensor failed its test.
  public static let temperatureSensor = SafetyFaults(rawValue: 1 << 12)
  public static let emergencyStop = SafetyFaults(rawValue: 1 << 13)
  /// A supply of the controller is out of range.
  public static let supply = SafetyFaults(rawValue: 1 << 14)
  /// The controller's settings are damaged or were refused.
  public static let configuration = SafetyFaults(rawValue: 1 << 15)
  /// The controller did not hear this side in time.
  public static let hostSilent = SafetyFaults(rawValue: 1 << 16)
  /// The controller is in its safe state for a reason of its own.
  public static let other = SafetyFaults(rawValue: 1 << 17)

  static let names: [(SafetyFaults, String)] = [
    (.pilotShort, "pilot shorted"), (.diode, "no diode in the vehicle"), (.pilotSignal, "pilot signal"),
    (.proximity, "proximity contact"), (.contactor, "contactor does not follow"),
    (.residualCurrent, "residual current"), (.residualCurrentTest, "test of the residual current device"),
    (.lock, "lock"), (.overCurrent, "overcurrent"), (.overVoltage, "overvoltage"),
    (.ventilation, "no ventilation"), (.overTemperature, "over-temperature"),
    (.temperatureSensor, "temperature sensor"), (.emergencyStop, "emergency stop"),
    (.supply, "controller's supply"), (.configuration, "controller's settings"),
    (.hostSilent, "controller did not hear the host"), (.other, "controller in its safe state"),
  ]
}

extension SafetyFaults: CustomStringConvertible {
  /// `diode missing, lock`; `none` for an empty set.
  public var description: String {
    isEmpty ? "none" : Self.names.filter { contains($0.0) }.map(\.1).joined(separator: ", ")
  }
}

/// What a controller says about the contacts of an outlet.
public enum ContactorReading: String, Hashable, Sendable {
  case unknown, open, closed
  /// Poles differ.
  case divided
}

/// What a controller says about the lock of a plug.
public enum LockReading: String, Hashable, Sendable {
  case unknown, unlocked, locked, moving
}

/// All that a controller said about one connector. Each is unknown until it was said, and again when the link is lost.
public struct SafetyReadings: Hashable, Sendable {
  /// `nil` where it is unknown.
  public var pilot: PilotState?
  /// Levels of the pilot, where the controller tells them. For people, not for decisions: `pilot` is what it decided.
  public var levels: PilotLevels?
  /// What the controller says it drives.
  public var duty: PilotDuty?
  public var proximity: Proximity?
  public var contactor = ContactorReading.unknown
  public var lock = LockReading.unknown
  public var faults: SafetyFaults = []
  /// A stop button is pressed, or an emergency stop tripped.
  public var isStopRequested = false
  /// 0.1 degC of each sensor; `nil` for one that is not used or has failed.
  public var temperatures: [Int?] = []

  public init() {}
}

/// What a controller says about itself.
public struct ControllerIdentity: Hashable, Sendable {
  /// As the controller tells it, such as `0.2.5`; printable characters only, 64 at most.
  public var version: String
  /// A number of the maker's for the board; 0 where none is told.
  public var hardware: UInt32
  /// A number of the maker's for its revision; 0 where none is told.
  public var revision: UInt32

  public init(version: String, hardware: UInt32 = 0, revision: UInt32 = 0) {
    self.version = Self.printable(version)
    self.hardware = hardware
    self.revision = revision
  }

  /// What a line can say goes into logs and terminals.
  private static func printable(_ text: String) -> String {
    String(
      decoding: text.utf8.prefix(64).map { (32...126).contains($0) ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
  }
}

/// What a controller with a meter measured.
public struct MeterReading: Hashable, Sendable {
  /// L1, L2, L3.
  public var millivolts: [Int]
  /// L1, L2, L3, N.
  public var milliamps: [Int]
  /// L1, L2, L3.
  public var milliwatts: [Int]
  /// All phases, since the meter was made.
  public var wattHours: Int

  public init(millivolts: [Int], milliamps: [Int], milliwatts: [Int], wattHours: Int) {
    self.millivolts = millivolts
    self.milliamps = milliamps
    self.milliwatts = milliwatts
    self.wattHours = wattHours
  }
}

extension PilotLevels {
  /// The nominal levels of a state (IEC 61851-1 Table A.4), for a controller that tells states and no voltages.
  /// `nil` where there is no such state, as for a pilot fault.
  public init?(nominal state: PilotState, isOscillating: Bool) {
    let high: Int
    switch state {
    case .A: high = 12_000
    case .B: high = 9_000
    case .C: high = 6_000
    case .D: high = 3_000
    case .E: high = 0
    case .F: high = -12_000
    case .fault: return nil
    }
    // A short pulls both levels to 0 V.
    self.init(highMillivolts: high, lowMillivolts: isOscillating && state != .E ? -12_000 : high)
  }
}
