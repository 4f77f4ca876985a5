public import Wire

/// The DC path from power stage to battery: stage, station's contactor, cable, vehicle's contactor, battery, and the
/// station's meter and insulation monitor.
public struct SimulatedDCPath: Hashable, Sendable {
  public var stage: SimulatedPowerStage
  public var contactor = SimulatedContactor()
  public var vehicleContactor = SimulatedContactor()
  public var battery: SimulatedBattery
  public var meter = SimulatedMeter()
  public var insulation = SimulatedInsulationMonitor()
  /// The plug is in.
  public var isPlugged = false
  private var now: Instant = .zero

  public init(
    stage: SimulatedPowerStage = SimulatedPowerStage(), battery: SimulatedBattery = SimulatedBattery()
  ) {
    self.stage = stage
    self.battery = battery
  }

  /// The battery is what the stage works on.
  public var isConnected: Bool {
    isPlugged && contactor.areContactsClosed && vehicleContactor.areContactsClosed
  }

  /// V at the vehicle's inlet, on the cable's side of its contactor.
  public var inletVolts: Double {
    if vehicleContactor.areContactsClosed {
      return max(battery.openCircuitVolts, isConnected ? stage.volts : 0)
    }
    return isPlugged && contactor.areContactsClosed ? stage.volts : 0
  }

  /// When a contactor or the insulation monitor is done. Voltages and currents move all the time between.
  public var deadline: Instant? {
    earliest(contactor.deadline, vehicleContactor.deadline, insulation.deadline)
  }

  /// Lets time pass, stopping where a contactor moves on the way.
  public mutating func advance(to instant: Instant) {
    while let stop = earliest(contactor.deadline, vehicleContactor.deadline), stop < instant {
      run(to: stop)
    }
    run(to: instant)
  }

  private mutating func run(to instant: Instant) {
    if instant > now {
      let load: DCLoad =
        isConnected ? .battery(volts: battery.openCircuitVolts, ohms: battery.ohms) : .open
      let charge = stage.advance(to: instant, load: load)
      battery.charge(ampereSeconds: charge)
      meter.add(wattSeconds: charge * stage.volts)
      now = instant
    }
    contactor.advance(to: instant)
    vehicleContactor.advance(to: instant)
    insulation.advance(to: instant)
  }
}

/// The AC path from mains to battery: station's contactor, meter, the vehicle's charger, battery.
public struct SimulatedACPath: Hashable, Sendable {
  public var contactor = SimulatedContactor()
  public var charger: SimulatedOnboardCharger
  public var battery: SimulatedBattery
  public var meter = SimulatedMeter()
  /// The plug is in.
  public var isPlugged = false
  /// A per phase the vehicle may take now; 0 where it takes nothing.
  public var ampsAllowed = 0.0
  private var now: Instant = .zero

  public init(
    charger: SimulatedOnboardCharger = SimulatedOnboardCharger(),
    battery: SimulatedBattery = SimulatedBattery()
  ) {
    self.charger = charger
    self.battery = battery
  }

  /// Mains reach the vehicle.
  public var isLive: Bool { isPlugged && contactor.areContactsClosed }

  /// When the contactor is done.
  public var deadline: Instant? { contactor.deadline }

  /// Lets time pass, stopping where the contactor moves on the way.
  public mutating func advance(to instant: Instant) {
    while let stop = contactor.deadline, stop < instant { run(to: stop) }
    run(to: instant)
  }

  private mutating func run(to instant: Instant) {
    if instant > now {
      let energy = charger.advance(to: instant, limit: ampsAllowed, isLive: isLive)
      meter.add(wattSeconds: energy)
      battery.charge(ampereSeconds: energy * charger.efficiency / max(battery.openCircuitVolts, 1))
      now = instant
    }
    contactor.advance(to: instant)
  }
}
