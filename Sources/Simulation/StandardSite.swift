public import ISO15118
public import SLAC
public import SimulatedHardware
public import Wire
import BoardSimulation
import HAL
public import Node
public import Safety

/// What a simulated site consists of, in the words of a person who wants one.
public struct SiteDescription: Sendable {
  /// What flows.
  public enum Current: String, Sendable, CaseIterable { case dc, ac }

  public var current: Current
  /// Attenuation between the two modems, in dB.
  public var attenuation = 12
  /// From the same key in both modems to a network; a real pair takes 1 to 4 s.
  public var joinDelay: Duration = .seconds(1)
  /// State of charge of the vehicle when it arrives, in percent.
  public var stateOfCharge = 35
  /// The vehicle stops when it has got this much, in Wh.
  public var energyWanted = 150
  /// How long the customer takes to authorize; `nil`: never does.
  public var authorizesAfter: Duration? = .milliseconds(800)
  /// The place is ventilated: state D is served. Without, it is a fault.
  public var isVentilated = false
  /// Where each side's link comes from.
  public var chargerLink = LinkPolicy.slac
  public var vehicleLink = LinkPolicy.slac
  /// The contactor rests this long between two closings; `nil` as the board has it.
  public var recloseInterval: Duration?
  /// The socket reads the cable: `ChargerEvent.proximity` has to come.
  public var readsProximity = false
  /// The outlet has a residual-current monitor that is tested before each closing: `ChargerEvent.residualCurrent` has to
  /// come once, then it answers by itself.
  public var testsResidualCurrent = false
  /// The outlet can close one phase or three.
  public var switchesPhases = false
  /// The power stage is another program's: `ChargerEvent.powerStage` has to come.
  public var isStageExternal = false
  /// The insulation monitor tells a fault within this time; zero for the simulated one, which tells the result of a test.
  public var insulationResponse = Duration.zero
  /// Temperature sensors of the outlet: `ChargerEvent.temperature` has to come.
  public var temperatureSensors: [Derating] = []
  /// How pilot and SLAC go together at the charger, and at the vehicle.
  public var chargerCoupling = ChargerCoupling()
  public var vehicleCoupling = VehicleCoupling()
  /// What of the vehicle's inlet has to be sound: lock, heat and battery are told by events.
  public var vehicleSafety = VehicleSafety()
  /// Matching: tolerances, thresholds, validation of either side.
  public var chargerSLAC = SLACSettings()
  public var vehicleSLAC = SLACSettings()
  public var faults = FaultPlan.none
  public var seed: UInt64 = 1

  public static let vehicleAddress = MACAddress(0x0200_0000_00E1)
  public static let chargerAddress = MACAddress(0x0200_0000_00C1)

  public init(_ current: Current) { self.current = current }
}

extension SiteDescription {
  /// Energy transfer modes both sides offer.
  public var modes: [EnergyMode] { current == .dc ? [.DC_extended] : [.AC_three_phase_core] }

  /// The simulation board's outlet for this current.
  var outlet: Outlet {
    let kind: OutletCurrent = current == .dc ? .dc : .ac
    let outlets = SimulationBoard.board.outlets
    return outlets.first { $0.current == kind }
      ?? Outlet(
        current: kind, hasLock: false, isVentilated: false, milliampsMax: 6000, recloseIntervalMin: .zero,
        receiverLossDecibels: 0)
  }

  /// AttnRxEVSE as the board has it, in dB.
  public var receiverLossDecibels: Int { outlet.receiverLossDecibels }

  /// Limits of the charger's outlet.
  public var limits: EVSELimits {
    switch current {
    case .dc:
      var limits = EVSELimits()
      limits.maximumMillivolts = 920_000
      limits.minimumMillivolts = 150_000
      limits.maximumMilliamps = outlet.milliampsMax
      limits.maximumWatts = 60_000
      return limits
    case .ac: return .ac(milliamps: outlet.milliampsMax, phases: 3)
    }
  }

  /// The electrical side, with the plan's faults built in.
  public func bench() -> ChargingBench {
    let battery = SimulatedBattery(stateOfCharge: Double(stateOfCharge) / 100)
    var bench =
      switch current {
      case .dc: ChargingBench(.dc(SimulatedDCPath(battery: battery)))
      case .ac: ChargingBench(.ac(SimulatedACPath(battery: battery)))
      }
    if faults.contactorWelds { bench.breakContactor(.welded) }
    if faults.contactorStaysOpen { bench.breakContactor(.stuckOpen) }
    if faults.insulationFails { bench.setInsulation(ohms: 50_000) }
    return bench
  }

  public func chargerConfiguration() -> ChargerConfiguration {
    var configuration = ChargerConfiguration(
      link: chargerLink, pilot: .relaxed, safety: SafetySettings(outlet),
      session: SECCConfiguration(modes: modes))
    configuration.coupling = chargerCoupling
    configuration.insulationResponse = insulationResponse
    configuration.temperatureSensors = temperatureSensors
    configuration.safety.readsProximity = readsProximity
    configuration.safety.hasResidualCurrentInput = testsResidualCurrent
    configuration.safety.testsResidualCurrent = testsResidualCurrent
    configuration.safety.switchesPhases = switchesPhases
    configuration.safety.hasExternalPowerStage = isStageExternal
    if let recloseInterval { configuration.safety.recloseMin = recloseInterval }
    if isVentilated { configuration.safety.isVentilated = true }
    return configuration
  }

  public func vehicleConfiguration() -> VehicleConfiguration {
    var configuration = VehicleConfiguration(
      link: vehicleLink, pilot: .relaxed,
      session: EVCCConfiguration(evccID: Self.vehicleAddress, modes: modes))
    configuration.coupling = vehicleCoupling
    configuration.safety = vehicleSafety
    configuration.pilot.toggleHalf = vehicleSLAC.validationPhase
    return configuration
  }

  /// What the vehicle wants.
  public func needs() -> EVConditions {
    var needs = EVConditions()
    needs.socPercent = stateOfCharge
    needs.maximumMillivolts = 420_000
    needs.maximumMilliamps = current == .dc ? 150_000 : 16_000
    needs.energyRequestWattHours = min(energyWanted, 60_000)
    return needs
  }

  /// The line between the two modems.
  public func line() -> PowerLine {
    var configuration = PowerLineConfiguration.pair
    configuration.attenuation = attenuation
    configuration.joinDelay = joinDelay
    configuration.faults = faults.line
    return PowerLine(configuration: configuration, seed: seed ^ 0x11E)
  }

  /// Everything together. `keys` makes the two key sources, one for each side.
  public func site<Keys: NetworkKeySource>(
    keys: (SiteSide) -> Keys, observer: @escaping (SiteEvent, Instant) -> Void = { _, _ in }
  ) -> SimulatedSite<Keys> {
    let charger = ChargerNode(
      configuration: chargerConfiguration(),
      matcher: EVSEMatcher(
        configuration: SLACConfiguration(address: Self.chargerAddress, settings: chargerSLAC),
        keys: keys(.charger)),
      random: SeededGenerator(seed: seed ^ 0x5E55))
    let vehicle = VehicleNode(
      configuration: vehicleConfiguration(),
      matcher: EVMatcher(
        configuration: SLACConfiguration(address: Self.vehicleAddress, settings: vehicleSLAC),
        keys: keys(.vehicle)))
    var site = SimulatedSite(
      charger: charger, vehicle: vehicle, bench: bench(), line: line(),
      addresses: (Self.vehicleAddress, Self.chargerAddress), plan: faults, seed: seed, observer: observer)
    site.needs = needs()
    site.energyWanted = energyWanted
    site.authorizesAfter = authorizesAfter
    site.schedule(.limits(limits), at: .zero)
    return site
  }
}
