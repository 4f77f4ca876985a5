public import HAL
public import Wire

/// A traction battery: a voltage that rises with its charge, and a current limit that falls when it is nearly full.
public struct SimulatedBattery: Hashable, Sendable {
  /// Wh from empty to full.
  public var capacityWattHours: Double
  /// 0...1.
  public private(set) var stateOfCharge: Double
  /// Open-circuit voltage, empty and full.
  public var emptyVolts: Double
  public var fullVolts: Double
  /// Inner resistance with cable and contactors, ohm.
  public var ohms: Double
  /// What it takes below 80 %, A.
  public var ampsMax: Double

  public init(
    capacityWattHours: Double = 60_000, stateOfCharge: Double = 0.2, emptyVolts: Double = 320,
    fullVolts: Double = 400, ohms: Double = 0.08, ampsMax: Double = 150
  ) {
    self.capacityWattHours = max(capacityWattHours, 1)
    self.stateOfCharge = min(max(stateOfCharge, 0), 1)
    self.emptyVolts = emptyVolts
    self.fullVolts = fullVolts
    self.ohms = ohms
    self.ampsMax = ampsMax
  }

  /// Steep near empty, flat in the middle, as lithium cells are.
  public var openCircuitVolts: Double {
    let knee = 0.1
    let share =
      stateOfCharge < knee
      ? stateOfCharge / knee * 0.4 : 0.4 + (stateOfCharge - knee) / (1 - knee) * 0.6
    return emptyVolts + (fullVolts - emptyVolts) * share
  }

  /// What it takes now, A: less and less from 80 % on, a tenth when full.
  public var ampsLimit: Double {
    stateOfCharge <= 0.8 ? ampsMax : ampsMax * (1 - 0.9 * (stateOfCharge - 0.8) / 0.2)
  }

  /// The voltage it must not be charged above: full, with the last tenth of the current flowing.
  public var voltsLimit: Double { fullVolts + ampsMax * ohms * 0.1 }

  /// What it would ask a DC charger for now.
  public var request: PowerReading {
    PowerReading(volts: min(voltsLimit, openCircuitVolts + ampsLimit * ohms), amps: ampsLimit)
  }

  /// Takes up a charge, ampere seconds.
  public mutating func charge(ampereSeconds: Double) {
    guard ampereSeconds.isFinite else { return }
    let wattHours = ampereSeconds * openCircuitVolts / 3600
    stateOfCharge = min(max(stateOfCharge + wattHours / capacityWattHours, 0), 1)
  }
}

/// An energy meter: the integral of what flows.
public struct SimulatedMeter: Meter, Hashable, Sendable {
  /// Ws so far; never falls.
  public private(set) var wattSeconds = 0.0

  public init() {}

  public mutating func add(wattSeconds more: Double) {
    if more.isFinite, more > 0 { wattSeconds += more }
  }

  public func wattHours() -> Int64 { Int64(wattSeconds / 3600) }
}

/// The charger in a vehicle that takes mains.
public struct SimulatedOnboardCharger: Hashable, Sendable {
  /// Conductors it uses, 1 or 3.
  public var phases: Int
  /// A per phase it can take.
  public var ampsMax: Double
  /// Mains, V to neutral.
  public var volts = 230.0
  /// How fast its current rises and falls, A/s.
  public var ampsPerSecond = 10.0
  /// Battery energy per mains energy.
  public var efficiency = 0.9
  /// A per phase now.
  public private(set) var amps = 0.0
  private var now: Instant = .zero

  public init(phases: Int = 3, ampsMax: Double = 16) {
    self.phases = phases
    self.ampsMax = ampsMax
  }

  /// W from the mains now.
  public var watts: Double { amps * volts * Double(phases) }

  /// Lets time pass.
  /// - Parameters:
  ///   - limit: A per phase it may take, by the pilot or by digital communication; 0 ends charging.
  ///   - isLive: the mains are there.
  /// - Returns: energy from the mains, Ws.
  @discardableResult
  public mutating func advance(to instant: Instant, limit: Double, isLive: Bool) -> Double {
    guard now < instant else { return 0 }
    let seconds = Double((instant - now).nanoseconds) / 1e9
    now = instant
    guard isLive else {
      amps = 0
      return 0
    }
    let goal = min(max(limit, 0), ampsMax)
    let before = amps
    // A straight ramp, then flat.
    let ramping = min(abs(goal - before) / max(ampsPerSecond, 0.001), seconds)
    amps = ramping < seconds ? goal : before + (goal > before ? 1 : -1) * ampsPerSecond * ramping
    let ampereSeconds = (before + amps) / 2 * ramping + amps * (seconds - ramping)
    return ampereSeconds * volts * Double(phases)
  }
}
