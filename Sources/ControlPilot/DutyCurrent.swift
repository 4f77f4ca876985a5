public import HAL

// Duty cycle and current, IEC 61851-1 Tables A.7 (what a station sends) and A.8 (what a vehicle reads). A vehicle
// must accept more than a station may send.

extension PilotDuty {
  /// The duty that offers a current per phase, rounded down so that no vehicle reads more than there is.
  ///
  /// Below 6 A nothing can be offered, which is steady +12 V; above 80 A the offer stays at 80 A. Between 51 A
  /// and 52.5 A, where the two formulas meet with a step, it stays at 51 A.
  public static func nominal(milliamps: Int) -> PilotDuty {
    switch milliamps {
    case ..<6_000: .steadyHigh
    case ...51_000: .pwm(permille: milliamps / 60)  // D = I / 0.6 A
    case ...80_000: .pwm(permille: max(850, milliamps / 250 + 640))  // D = I / 2.5 A + 64
    default: .pwm(permille: 960)
    }
  }
}

/// What a station offers, as the vehicle reads it.
public enum PilotOffer: Hashable, Sendable {
  /// No pilot, or steady +12 V: nothing now.
  case none
  /// 5 %: digital communication decides.
  case digital
  /// Current the vehicle may draw per phase, mA; the cable's rating included where it is known.
  case amps(milliamps: Int)
  /// An oscillation whose duty stands for nothing.
  case invalid
  /// 0 V or -12 V while the plug is in: states E and F.
  case error

  /// What a duty stands for (IEC 61851-1 Table A.8).
  /// - Parameter permille: share of the positive part.
  public init(permille: Int) {
    switch permille {
    case 30...70: self = .digital
    case 80..<100: self = .amps(milliamps: 6_000)
    case 100...850: self = .amps(milliamps: permille * 60)
    case 851...960: self = .amps(milliamps: (permille - 640) * 250)
    case 961...970: self = .amps(milliamps: 80_000)
    default: self = .invalid
    }
  }

  /// Energy may be taken on it: by digital communication or directly.
  public var permitsEnergy: Bool {
    switch self {
    case .digital, .amps: true
    case .none, .invalid, .error: false
    }
  }
}

extension PilotOffer: CustomStringConvertible {
  public var description: String {
    switch self {
    case .none: "none"
    case .digital: "digital"
    case .amps(let milliamps): "\(milliamps / 1000).\(milliamps % 1000 / 100) A"
    case .invalid: "invalid"
    case .error: "error"
    }
  }
}
