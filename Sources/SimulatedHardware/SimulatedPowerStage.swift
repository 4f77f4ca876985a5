public import HAL
public import Wire

/// What a DC source works on.
public enum DCLoad: Hashable, Sendable {
  /// Nothing, or a cable.
  case open
  /// A battery: its open-circuit voltage and inner resistance.
  case battery(volts: Double, ohms: Double)
}

/// A DC power stage: a voltage and current regulator with ramps, limits, and an output that discharges itself.
public struct SimulatedPowerStage: PowerSource, Hashable, Sendable {
  /// What the hardware can do. All above 0.
  public struct Limits: Hashable, Sendable {
    public var volts = 920.0
    public var amps = 200.0
    public var watts = 60_000.0
    /// How fast the unloaded output rises, V/s.
    public var voltsPerSecond = 2000.0
    /// How fast the current rises and follows, A/s.
    public var ampsPerSecond = 100.0
    /// How fast the current falls when disabled, A/s: 200 A in 20 ms (IEC 61851-23: below 5 A in 30 ms).
    public var shutdownAmpsPerSecond = 10_000.0
    /// How fast the unloaded output falls, V/s: 920 V to 60 V in less than a second.
    public var dischargeVoltsPerSecond = 1000.0

    public init() {}
  }

  public let limits: Limits
  public private(set) var isEnabled = false
  /// What it regulates to, bounded by the limits.
  public private(set) var target = PowerReading.zero
  /// V at the output.
  public private(set) var volts = 0.0
  /// A out of it.
  public private(set) var amps = 0.0
  private var now: Instant = .zero
  private var isElsewhere = false

  /// The inner step of the simulation. Contactors and set points act between steps.
  static let step = Duration.milliseconds(10)

  public init(limits: Limits = Limits()) { self.limits = limits }

  public mutating func enable(_ enabled: Bool) { isEnabled = enabled }

  public mutating func set(_ target: PowerReading) {
    self.target = PowerReading(
      volts: min(max(target.volts, 0), limits.volts), amps: min(max(target.amps, 0), limits.amps))
  }

  public func output() -> PowerReading { PowerReading(volts: volts, amps: amps) }

  /// Stands for a stage that is elsewhere and tells what it has at its output: nothing is regulated here any more.
  public mutating func adopt(_ output: PowerReading) {
    isElsewhere = true
    (volts, amps) = (output.volts, output.amps)
  }

  /// Lets time pass with this load, and returns the charge that went out, ampere seconds.
  @discardableResult
  public mutating func advance(to instant: Instant, load: DCLoad) -> Double {
    var charge = 0.0
    if isElsewhere {
      charge = amps * Double(max(0, (instant - now).nanoseconds)) / 1e9
      now = max(now, instant)
      if case .open = load { return 0 }
      return charge
    }
    // At rest there is nothing to follow step by step.
    if case .open = load, !isEnabled, volts == 0, amps == 0 { now = max(now, instant) }
    while now < instant {
      let next = min(now + Self.step, instant)
      let seconds = Double((next - now).nanoseconds) / 1e9
      let before = amps
      run(seconds, load)
      charge += (before + amps) / 2 * seconds
      now = next
    }
    return charge
  }

  private mutating func run(_ seconds: Double, _ load: DCLoad) {
    switch load {
    case .open:
      amps = 0
      let goal = isEnabled ? target.volts : 0
      volts = approach(
        volts, goal, up: limits.voltsPerSecond, down: limits.dischargeVoltsPerSecond, seconds)
    case .battery(let batteryVolts, let ohms):
      if isEnabled {
        let wanted = max(0, (target.volts - batteryVolts) / max(ohms, 0.001))
        let bound = min(wanted, target.amps, limits.watts / max(batteryVolts, 1))
        amps = approach(amps, bound, up: limits.ampsPerSecond, down: limits.ampsPerSecond, seconds)
      } else {
        amps = approach(amps, 0, up: 0, down: limits.shutdownAmpsPerSecond, seconds)
      }
      volts = batteryVolts + amps * ohms
    }
  }

  private func approach(_ value: Double, _ goal: Double, up: Double, down: Double, _ seconds: Double)
    -> Double
  {
    goal > value ? min(goal, value + up * seconds) : max(goal, value - down * seconds)
  }
}

/// The insulation monitor of a DC output: a test that takes a while and judges a resistance.
public struct SimulatedInsulationMonitor: InsulationSense, Hashable, Sendable {
  /// The worse of the two resistances to earth, ohm.
  public var ohms: Double
  /// The voltage the system is rated for; the standard's limits are ohms per volt of it.
  public var ratedVolts: Double
  /// Length of self-test and measurement.
  public var duration: Duration
  private var result = InsulationStatus.invalid
  /// When the test is done.
  public private(set) var deadline: Instant?
  private var now: Instant = .zero

  public init(
    ohms: Double = 5_000_000, ratedVolts: Double = 920, duration: Duration = .milliseconds(1500)
  ) {
    self.ohms = ohms
    self.ratedVolts = ratedVolts
    self.duration = duration
  }

  public mutating func begin() {
    result = .invalid
    deadline = now + duration
  }

  /// Lets time pass.
  public mutating func advance(to instant: Instant) {
    now = max(now, instant)
    guard let due = deadline, now >= due else { return }
    deadline = nil
    // IEC 61851-23 Annex CC.4.1: fault at 100 ohm/V or less, warning up to 500 ohm/V.
    let perVolt = ohms / max(ratedVolts, 1)
    result = perVolt <= 100 ? .fault : perVolt <= 500 ? .warning : .valid
  }

  public func status() -> InsulationStatus { result }
}
