/// What is wrong on the pilot, as the charging station sees it. Told once, when the state becomes E or `fault`.
public enum PilotFault: Error, Hashable, Sendable {
  /// The negative part of the pilot is loaded: the vehicle's diode is missing or shorted. Holds until the plug
  /// is out.
  case diodeMissing(lowMillivolts: Int)
  /// The pilot is at 0 V.
  case shortToEarth
  /// The level belongs to no state.
  case levelOutOfRange(millivolts: Int)
  /// The pilot is at -12 V though it is not driven there.
  case generatorStuckLow
  /// In C or D, levels kept changing too fast to be read.
  case unsettled
  /// The sampler went silent.
  case senseLost
}

extension PilotFault {
  /// Its case, for traces and machine-readable reports.
  public var name: String {
    switch self {
    case .diodeMissing: "diodeMissing"
    case .shortToEarth: "shortToEarth"
    case .levelOutOfRange: "levelOutOfRange"
    case .generatorStuckLow: "generatorStuckLow"
    case .unsettled: "unsettled"
    case .senseLost: "senseLost"
    }
  }
}

extension PilotFault: CustomStringConvertible {
  /// What happened, and what a person can do.
  public var description: String {
    switch self {
    case .diodeMissing(let low):
      "the vehicle loads the negative pilot to \(low) mV (IEC 61851-1 A.2.2 wants -13000...-11000): its diode is "
        + "missing or shorted; have the vehicle's inlet checked"
    case .shortToEarth:
      "the pilot is at 0 V: shorted to protective earth; check plug, cable and inlet for water and damage"
    case .levelOutOfRange(let level):
      "the pilot is at \(level) mV, between the states of IEC 61851-1 Table A.4; check the pilot wire's contacts"
    case .generatorStuckLow:
      "the pilot is at -12 V though the station does not drive it there; check the pilot driver's supply"
    case .unsettled: "the pilot level keeps jumping while energy flows; check the pilot wire's contacts"
    case .senseLost: "no pilot level was measured in time; check the converter and the load of the processor"
    }
  }
}
