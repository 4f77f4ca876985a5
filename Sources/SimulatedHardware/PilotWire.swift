public import HAL

/// The control pilot as a circuit: the station's +-12 V behind 1 kohm, the vehicle's diode and resistors
/// (IEC 61851-1 Annex A, Tables A.2 and A.3), and what can go wrong with the wire.
///
/// Pure: it has no time, its levels are settled ones.
public struct PilotWire: Hashable, Sendable {
  /// What is broken.
  public struct Faults: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    /// The wire is cut between station and vehicle: the station sees no vehicle, the vehicle no pilot.
    public static let cableCut = Faults(rawValue: 1)
    /// The wire touches protective earth on the station's side of any cut.
    public static let shortToEarth = Faults(rawValue: 2)
    /// The vehicle's diode is shorted.
    public static let diodeMissing = Faults(rawValue: 4)
  }

  /// What the station drives.
  public var duty: PilotDuty
  /// What the vehicle puts on the wire.
  public var load: PilotLoad
  public var faults: Faults

  /// Source resistance, ohm.
  static let sourceOhms = 1000.0
  /// Open-circuit level, V.
  static let sourceVolts = 12.0
  /// Forward drop of the diode, V.
  static let diodeVolts = 0.7

  public init(duty: PilotDuty = .steadyHigh, load: PilotLoad = .detached, faults: Faults = []) {
    self.duty = duty
    self.load = load
    self.faults = faults
  }

  /// What the station measures at its output.
  public var levels: PilotLevels {
    let high = level(positive: true)
    let low = level(positive: false)
    return switch duty {
    case .steadyHigh: PilotLevels(highMillivolts: high, lowMillivolts: high)
    case .steadyLow: PilotLevels(highMillivolts: low, lowMillivolts: low)
    case .pwm: PilotLevels(highMillivolts: high, lowMillivolts: low)
    }
  }

  /// What the vehicle measures at its inlet.
  public var signal: PilotSignal {
    if load == .detached || !faults.isDisjoint(with: [.cableCut, .shortToEarth]) { return .none }
    return switch duty {
    case .steadyHigh: .steadyHigh
    case .steadyLow: .steadyLow
    case .pwm(let permille): .pwm(permille: permille)
    }
  }

  /// One half wave, mV.
  private func level(positive: Bool) -> Int {
    if faults.contains(.shortToEarth) { return 0 }
    let volts = positive ? Self.sourceVolts : -Self.sourceVolts
    guard !faults.contains(.cableCut), let ohms = loadOhms else { return Int(volts * 1000) }
    let hasDiode = !faults.contains(.diodeMissing)
    // A sound diode blocks the negative half wave and drops 0.7 V of the positive one.
    if hasDiode, !positive { return Int(volts * 1000) }
    let drop = hasDiode ? Self.diodeVolts : 0
    return Int(((volts - drop) * ohms / (ohms + Self.sourceOhms) + drop) * 1000)
  }

  /// R2, with R3 in parallel where S2 is closed.
  private var loadOhms: Double? {
    switch load {
    case .detached: nil
    case .b: 2740
    case .c: 2740 * 1300 / (2740 + 1300)
    case .d: 2740 * 270 / (2740 + 270)
    }
  }
}
