/// What the charging station drives onto the control pilot (IEC 61851-1 Annex A).
public enum PilotDuty: Hashable, Sendable {
  /// Steady +12 V: states A1, B1, C1, D1. No current is offered.
  case steadyHigh
  /// 1 kHz between +12 V and -12 V. `permille` is the share of the +12 V part, 1...999; 50 asks for digital
  /// communication.
  case pwm(permille: Int)
  /// Steady -12 V: state F, the station is not available.
  case steadyLow

  /// 5 %: energy only by digital communication (ISO 15118, DIN 70121).
  public static let digital = PilotDuty.pwm(permille: 50)

  /// True while the oscillator runs: suffix 2 of the state names.
  @inlinable public var isOscillating: Bool {
    if case .pwm = self { true } else { false }
  }
}

extension PilotDuty: CustomStringConvertible {
  /// `+12 V`, `5.0 %`, `-12 V`
  public var description: String {
    switch self {
    case .steadyHigh: "+12 V"
    case .steadyLow: "-12 V"
    case .pwm(let permille): "\(permille / 10).\(permille % 10) %"
    }
  }
}

/// The two levels of the control pilot against protective earth, measured at the station's output.
///
/// With a steady pilot both are that level. The board's front end has removed the power-line signal that rides
/// on the wire and has not sampled within 10 us of an edge.
public struct PilotLevels: Hashable, Sendable {
  /// Level of the positive part, mV.
  public var highMillivolts: Int
  /// Level of the negative part, mV.
  public var lowMillivolts: Int

  @inlinable public init(highMillivolts: Int, lowMillivolts: Int) {
    self.highMillivolts = highMillivolts
    self.lowMillivolts = lowMillivolts
  }
}

/// What the pilot says about vehicle and wire (IEC 61851-1 Table A.4), spelled as the standard prints it.
public enum PilotState: String, Hashable, Sendable, CaseIterable, CustomStringConvertible {
  /// No vehicle.
  case A
  /// Vehicle connected, not ready for energy.
  case B
  /// Vehicle ready for energy.
  case C
  /// Vehicle ready for energy where the place is ventilated.
  case D
  /// Pilot at 0 V: shorted to protective earth, or the station lost power.
  case E
  /// Pilot at -12 V, which only the station does.
  case F
  /// No state of the standard: a level between the bands, or a vehicle without the diode.
  case fault

  /// A vehicle is on the wire and the wire is sound: B, C or D.
  @inlinable public var isConnected: Bool { self == .B || self == .C || self == .D }
  /// The vehicle asks for energy: C or D.
  @inlinable public var asksForEnergy: Bool { self == .C || self == .D }

  public var description: String { rawValue }
}

/// What the vehicle puts onto the pilot wire.
public enum PilotLoad: String, Hashable, Sendable, CaseIterable, CustomStringConvertible {
  /// Nothing: the plug is out.
  case detached
  /// 2740 ohm: connected, S2 open.
  case b
  /// S2 closed, 1300 ohm in parallel: ready.
  case c
  /// S2 closed, 270 ohm in parallel: ready, ventilation required.
  case d

  public var description: String { rawValue }
}

/// What the vehicle sees on the pilot.
public enum PilotSignal: Hashable, Sendable {
  /// About 0 V.
  case none
  /// Steady positive level: state X1. Reported only after at least three periods (3 ms) without an edge.
  case steadyHigh
  /// Steady negative level: state F. Reported only after at least three periods (3 ms) without an edge.
  case steadyLow
  /// A plausible oscillation (950...1050 Hz) with the given share of the positive part, 1...999.
  case pwm(permille: Int)
}

/// The proximity contact, as the vehicle's inlet or the station's socket reads it.
public enum Proximity: Hashable, Sendable {
  /// No plug.
  case open
  /// Plug in and latched. `cableMilliamps` is the cable's rating where its resistor tells one
  /// (IEC 61851-1 Table B.2: 13, 20, 32, 63 A).
  case plugged(cableMilliamps: Int?)
  /// SAE J1772: the release button is pressed, the plug is about to come out.
  case buttonPressed
  /// A resistance that stands for nothing.
  case fault
}
