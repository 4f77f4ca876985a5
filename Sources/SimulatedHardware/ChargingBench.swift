public import HAL
public import Wire

/// The electrical side of one charge, both ends of the cable in one place: pilot wire, lock, contactors, energy
/// path, battery.
///
/// Pure, in virtual time. A simulated site advances it by its own clock; a process that plays a charger without
/// hardware advances it by the kernel's.
public struct ChargingBench: Sendable {
  /// What flows.
  public enum EnergyPath: Sendable {
    case dc(SimulatedDCPath)
    case ac(SimulatedACPath)
  }

  /// What the charger's board is told.
  public enum OutletCommand: Sendable {
    case setDuty(PilotDuty)
    case contactor(close: Bool)
    case lock(Bool)
    case powerStage(enabled: Bool)
    case setPoint(PowerReading)
    case insulationTest
  }

  /// What the charger's board measures, each when it changed.
  public enum OutletReading: Hashable, Sendable {
    case pilot(PilotLevels)
    case contactor(closed: Bool)
    case lock(locked: Bool)
    case earth(ok: Bool)
    case output(PowerReading, wattHours: Int)
    case insulation(InsulationStatus)
  }

  /// What the vehicle's board is told.
  public enum InletCommand: Sendable {
    case setLoad(PilotLoad)
    case contactor(close: Bool)
    /// Current per phase the onboard charger may take, mA.
    case charger(milliamps: Int)
  }

  /// What the vehicle's board measures, each when it changed.
  public enum InletReading: Hashable, Sendable {
    case pilot(PilotSignal)
    case contactor(closed: Bool)
    case battery(BatteryReading)
  }

  /// Battery and inlet, as the vehicle's own controller knows them.
  public struct BatteryReading: Hashable, Sendable {
    public var batteryMillivolts: Int
    public var inletMillivolts: Int
    /// Percent.
    public var soc: Int
    /// What it would take from a DC charger now.
    public var request: PowerReading
    /// What the onboard charger takes per phase, mA; `nil` without one (DC).
    public var onboardMilliamps: Int?

    public init(
      batteryMillivolts: Int, inletMillivolts: Int, soc: Int, request: PowerReading,
      onboardMilliamps: Int? = nil
    ) {
      self.batteryMillivolts = batteryMillivolts
      self.inletMillivolts = inletMillivolts
      self.soc = soc
      self.request = request
      self.onboardMilliamps = onboardMilliamps
    }
  }

  /// How often voltages and currents are reported while they may move.
  public static let reportInterval = Duration.milliseconds(50)

  public private(set) var wire = PilotWire()
  public private(set) var path: EnergyPath
  public private(set) var lock = SimulatedLock()
  /// The plug is in.
  public private(set) var isPlugged = false
  /// Protective earth is sound.
  public var earthOK = true

  private var now = Instant.zero
  private var stationSampler: PilotSampler
  private var vehicleSampler: PilotSampler
  private var reportDue: Instant?
  /// Load the vehicle would put on the wire if it were plugged in.
  private var vehicleLoad = PilotLoad.b
  private var outletReported = OutletReported()
  private var inletReported = InletReported()

  private struct OutletReported {
    var contactor: Bool?
    var locked: Bool?
    var earth: Bool?
    var output: OutletReading?
    var insulation: InsulationStatus?
  }

  private struct InletReported {
    var contactor: Bool?
    var battery: BatteryReading?
  }

  /// A bench whose time starts at the origin.
  public init(_ path: EnergyPath) {
    self.path = path
    stationSampler = PilotSampler(rests: true)
    vehicleSampler = PilotSampler(rests: true)
    reportDue = .zero
  }

  // MARK: what an observer sees

  /// The station's contactor.
  public var contactor: SimulatedContactor {
    switch path {
    case .dc(let dc): dc.contactor
    case .ac(let ac): ac.contactor
    }
  }

  /// The DC power stage regulates; false for AC.
  public var isPowerStageEnabled: Bool {
    if case .dc(let dc) = path { dc.stage.isEnabled } else { false }
  }

  // MARK: hands and faults

  public mutating func plugIn() {
    isPlugged = true
    setPlugged(true)
    setLoad(vehicleLoad)
  }

  public mutating func unplug() {
    isPlugged = false
    vehicleLoad = .b
    setPlugged(false)
    setLoad(.detached)
  }

  public mutating func breakWire(_ faults: PilotWire.Faults) { changeWire { $0.faults = faults } }

  public mutating func breakContactor(_ fault: SimulatedContactor.Fault) {
    switch path {
    case .dc(var dc):
      dc.contactor.fault = fault
      path = .dc(dc)
    case .ac(var ac):
      ac.contactor.fault = fault
      path = .ac(ac)
    }
  }

  /// The insulation to earth from now on, in ohm.
  public mutating func setInsulation(ohms: Double) {
    guard case .dc(var dc) = path else { return }
    dc.insulation.ohms = ohms
    path = .dc(dc)
  }

  /// Replaces the battery by one that stands at this voltage, for a vehicle that is not simulated.
  public mutating func adoptBattery(millivolts: Int) {
    guard case .dc(var dc) = path else { return }
    let volts = Double(millivolts) / 1000
    dc.battery = SimulatedBattery(emptyVolts: volts - 1, fullVolts: volts + 1)
    path = .dc(dc)
  }

  /// What another program's power stage has at its output, in place of the simulated one.
  public mutating func adopt(_ output: PowerReading) {
    guard case .dc(var dc) = path else { return }
    dc.stage.adopt(output)
    path = .dc(dc)
    reportDue = earliest(reportDue, now)
  }

  // MARK: commands

  public mutating func apply(_ command: OutletCommand) {
    reportDue = earliest(reportDue, now)
    switch (command, path) {
    case (.setDuty(let duty), _): changeWire { $0.duty = duty }
    case (.lock(let locked), _): lock.command(locked: locked)
    case (.contactor(let close), .dc(var dc)):
      dc.contactor.command(closed: close)
      path = .dc(dc)
    case (.contactor(let close), .ac(var ac)):
      ac.contactor.command(closed: close)
      path = .ac(ac)
    case (.powerStage(let enabled), .dc(var dc)):
      dc.stage.enable(enabled)
      path = .dc(dc)
    case (.setPoint(let target), .dc(var dc)):
      dc.stage.set(target)
      path = .dc(dc)
    case (.insulationTest, .dc(var dc)):
      dc.insulation.begin()
      path = .dc(dc)
    case (.powerStage, .ac), (.setPoint, .ac), (.insulationTest, .ac): break
    }
  }

  public mutating func apply(_ command: InletCommand) {
    reportDue = earliest(reportDue, now)
    switch (command, path) {
    case (.setLoad(let load), _):
      vehicleLoad = load
      if isPlugged { setLoad(load) }
    case (.contactor(let close), .dc(var dc)):
      dc.vehicleContactor.command(closed: close)
      path = .dc(dc)
    case (.charger(let milliamps), .ac(var ac)):
      ac.ampsAllowed = Double(milliamps) / 1000
      path = .ac(ac)
    case (.contactor, .ac), (.charger, .dc): break
    }
  }

  private mutating func setLoad(_ load: PilotLoad) { changeWire { $0.load = load } }

  private mutating func changeWire(_ change: (inout PilotWire) -> Void) {
    let before = wire
    change(&wire)
    guard wire != before else { return }
    stationSampler.wireChanged(at: now)
    vehicleSampler.wireChanged(at: now)
  }

  private mutating func setPlugged(_ plugged: Bool) {
    switch path {
    case .dc(var dc):
      dc.isPlugged = plugged
      path = .dc(dc)
    case .ac(var ac):
      ac.isPlugged = plugged
      path = .ac(ac)
    }
    reportDue = earliest(reportDue, now)
  }

  // MARK: time

  /// When something moves or has to be measured next.
  public var deadline: Instant? {
    let pathDeadline: Instant? =
      switch path {
      case .dc(let dc): dc.deadline
      case .ac(let ac): ac.deadline
      }
    return earliest(
      stationSampler.deadline, vehicleSampler.deadline, lock.deadline, pathDeadline, reportDue)
  }

  private mutating func advancePath(to instant: Instant) {
    lock.advance(to: instant)
    switch path {
    case .dc(var dc):
      dc.advance(to: instant)
      path = .dc(dc)
    case .ac(var ac):
      ac.advance(to: instant)
      path = .ac(ac)
    }
  }

  /// Lets time pass and hands out what each side measures.
  public mutating func advance(
    to instant: Instant, outlet: (OutletReading) -> Void, inlet: (InletReading) -> Void
  ) {
    now = max(now, instant)
    advancePath(to: now)
    if stationSampler.isDue(at: now) { outlet(.pilot(wire.levels)) }
    if vehicleSampler.isDue(at: now) { inlet(.pilot(wire.signal)) }
    reportContacts(outlet, inlet)
    if let due = reportDue, now >= due {
      reportDue = isMoving ? now + Self.reportInterval : nil
      reportEnergy(outlet, inlet)
    }
  }

  /// Voltages or currents may change without a command.
  private var isMoving: Bool {
    switch path {
    case .dc(let dc):
      dc.stage.isEnabled || dc.stage.volts > 0.05 || dc.contactor.areContactsClosed
        || dc.vehicleContactor.areContactsClosed
    case .ac(let ac): ac.isLive
    }
  }

  private mutating func reportContacts(
    _ outlet: (OutletReading) -> Void, _ inlet: (InletReading) -> Void
  ) {
    var closed = false
    var vehicleClosed = false
    switch path {
    case .dc(let dc):
      closed = dc.contactor.isClosed()
      vehicleClosed = dc.vehicleContactor.isClosed()
      let status = dc.insulation.status()
      if status != outletReported.insulation {
        outletReported.insulation = status
        outlet(.insulation(status))
      }
    case .ac(let ac): closed = ac.contactor.isClosed()
    }
    if closed != outletReported.contactor {
      outletReported.contactor = closed
      reportDue = earliest(reportDue, now)
      outlet(.contactor(closed: closed))
    }
    if vehicleClosed != inletReported.contactor {
      inletReported.contactor = vehicleClosed
      reportDue = earliest(reportDue, now)
      inlet(.contactor(closed: vehicleClosed))
    }
    if lock.isLocked() != outletReported.locked {
      outletReported.locked = lock.isLocked()
      outlet(.lock(locked: lock.isLocked()))
    }
    if earthOK != outletReported.earth {
      outletReported.earth = earthOK
      outlet(.earth(ok: earthOK))
    }
  }

  private mutating func reportEnergy(
    _ outlet: (OutletReading) -> Void, _ inlet: (InletReading) -> Void
  ) {
    let output: OutletReading
    let battery: BatteryReading
    switch path {
    case .dc(let dc):
      output = .output(dc.stage.output(), wattHours: Int(dc.meter.wattHours()))
      battery = BatteryReading(dc.battery, inletVolts: dc.inletVolts)
    case .ac(let ac):
      let supply = PowerReading(volts: ac.isLive ? ac.charger.volts : 0, amps: ac.charger.amps)
      output = .output(supply, wattHours: Int(ac.meter.wattHours()))
      battery = BatteryReading(
        ac.battery, inletVolts: ac.isLive ? ac.charger.volts : 0, onboardMilliamps: supply.milliamps)
    }
    if output != outletReported.output {
      outletReported.output = output
      outlet(output)
    }
    if battery != inletReported.battery {
      inletReported.battery = battery
      inlet(.battery(battery))
    }
  }
}

extension ChargingBench.BatteryReading {
  init(_ battery: SimulatedBattery, inletVolts: Double, onboardMilliamps: Int? = nil) {
    self.init(
      batteryMillivolts: Int(battery.openCircuitVolts * 1000), inletMillivolts: Int(inletVolts * 1000),
      soc: Int((battery.stateOfCharge * 100).rounded(.down)), request: battery.request,
      onboardMilliamps: onboardMilliamps)
  }
}
