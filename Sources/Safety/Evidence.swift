import HAL
import Wire

// What must be true before a contactor closes is a value that only its prover, in this file, can make, and that
// closing consumes. A path to the closed contactor that forgets one of them does not compile: the phases in which
// the coil is energized carry a `Closing`, a `Closing` is made from a `ClosingPermit`, and that from the proofs.

/// The pilot is in C2, or in D2 where that may be served (IEC 61851-1 Table A.4).
struct PilotProven: ~Copyable { fileprivate init() {} }

/// The vehicle has a diode, seen on the pilot as it oscillates now (IEC 61851-1 Table A.4): what has none is no vehicle.
struct DiodeProven: ~Copyable { fileprivate init() {} }

/// A session is authorized, and demands energy this outlet has.
struct SessionProven: ~Copyable { fileprivate init() {} }

/// Protective earth and the residual-current monitors are sound, those that report by themselves included.
struct EarthProven: ~Copyable { fileprivate init() {} }

/// The residual-current monitor has tripped under test and returned since the last closing, or has no test.
struct MonitorProven: ~Copyable { fileprivate init() {} }

/// A cable is in, where that can be read, and its plug cannot be pulled, or it is not ours to lock.
struct PlugProven: ~Copyable { fileprivate init() {} }

/// The insulation is tested, or is what the contactor closes to test, or the outlet is AC.
struct InsulationProven: ~Copyable { fileprivate init() {} }

/// The power stage is heard and well, or the board's own.
struct PowerStageProven: ~Copyable { fileprivate init() {} }

/// The contactor reads open and has rested.
struct ContactorProven: ~Copyable { fileprivate init() {} }

/// No fault is latched and no emergency stop pressed.
struct NoFaultProven: ~Copyable { fileprivate init() {} }

/// All of it. Consumed by closing.
struct ClosingPermit: ~Copyable {
  init(
    pilot: consuming PilotProven, diode: consuming DiodeProven, session: consuming SessionProven,
    earth: consuming EarthProven, monitor: consuming MonitorProven, plug: consuming PlugProven,
    powerStage: consuming PowerStageProven, insulation: consuming InsulationProven,
    contactor: consuming ContactorProven, noFault: consuming NoFaultProven
  ) {}
}

/// The coil is energized, by a permit, since `commanded`.
struct Closing: Hashable, Sendable {
  let commanded: Instant

  init(_ permit: consuming ClosingPermit, at now: Instant) { commanded = now }
}

extension Facts {
  /// C, or D at a ventilated place.
  func isPilotReady(_ settings: SafetySettings) -> Bool {
    pilot == .C || (pilot == .D && settings.isVentilated)
  }

  /// What is demanded may meet the insulation there is.
  var isInsulationSufficient: Bool {
    switch demand {
    case .ac, nil: true
    case .dcInsulationTest: insulation != .fault
    case .dcPreCharge, .dcDelivery: insulation.permitsEnergy
    }
  }

  func provePilot(_ settings: SafetySettings) -> PilotProven? {
    isPilotReady(settings) && duty.isOscillating ? PilotProven() : nil
  }

  func proveDiode() -> DiodeProven? { isDiodeProven ? DiodeProven() : nil }

  func proveSession(_ settings: SafetySettings) -> SessionProven? {
    isAuthorized && demand?.current == settings.current ? SessionProven() : nil
  }

  /// The residual-current monitor has no objection; unheard counts as one where there is a monitor.
  func isResidualCurrentFine(_ settings: SafetySettings) -> Bool {
    isResidualCurrentSound ?? !settings.hasResidualCurrentInput
  }

  /// It has passed its self-test since the last closing, or has none.
  func isMonitorTested(_ settings: SafetySettings) -> Bool { test == .passed || !settings.testsResidualCurrent }

  /// A cable is in, where the socket can tell.
  func isCableFine(_ settings: SafetySettings) -> Bool { isCableSeen || !settings.readsProximity }

  /// What is wrong with a power stage that another program drives; `nil` also where there is none.
  func stageTrouble(_ settings: SafetySettings) -> PowerStageTrouble? {
    settings.hasExternalPowerStage ? stageTrouble : nil
  }

  func provePowerStage(_ settings: SafetySettings) -> PowerStageProven? {
    stageTrouble(settings) == nil ? PowerStageProven() : nil
  }

  func proveEarth(_ settings: SafetySettings) -> EarthProven? {
    isEarthSound && isResidualCurrentFine(settings) ? EarthProven() : nil
  }

  func proveMonitor(_ settings: SafetySettings) -> MonitorProven? {
    isMonitorTested(settings) ? MonitorProven() : nil
  }

  /// The lock confirms, and was asked to: a bolt found locked, or on its way back, holds nothing.
  func isPlugHeld(_ settings: SafetySettings) -> Bool {
    !settings.hasLock || (isLocked && lockCommand == true)
  }

  func provePlug(_ settings: SafetySettings) -> PlugProven? {
    isCableFine(settings) && isPlugHeld(settings) ? PlugProven() : nil
  }

  func proveInsulation() -> InsulationProven? { isInsulationSufficient ? InsulationProven() : nil }

  func proveContactor(_ settings: SafetySettings, at now: Instant) -> ContactorProven? {
    guard contactorReadsClosed == false else { return nil }
    if let lastClosing, now < lastClosing + settings.recloseMin { return nil }
    return ContactorProven()
  }

  func proveNoFault(latched: SafetyFault?) -> NoFaultProven? {
    latched == nil && !isEmergencyStopPressed ? NoFaultProven() : nil
  }

  /// The permit, where every proof can be made now.
  func permit(_ settings: SafetySettings, latched: SafetyFault?, at now: Instant) -> ClosingPermit? {
    guard let pilot = provePilot(settings), let diode = proveDiode(), let session = proveSession(settings),
      let earth = proveEarth(settings), let monitor = proveMonitor(settings),
      let plug = provePlug(settings), let powerStage = provePowerStage(settings),
      let insulation = proveInsulation(), let contactor = proveContactor(settings, at: now),
      let noFault = proveNoFault(latched: latched)
    else { return nil }
    return ClosingPermit(
      pilot: pilot, diode: diode, session: session, earth: earth, monitor: monitor, plug: plug,
      powerStage: powerStage, insulation: insulation,
      contactor: contactor, noFault: noFault)
  }

  /// What the permit lacks, in words. The same conditions, for people.
  func obstacles(_ settings: SafetySettings, latched: SafetyFault?, at now: Instant) -> [ClosingObstacle] {
    var found: [ClosingObstacle] = []
    eachObstacle(settings, latched: latched, at: now) { found.append($0) }
    return found
  }

  /// Nothing but the self-test, which is made last, keeps the contactor open.
  func lacksOnlyTest(_ settings: SafetySettings, latched: SafetyFault?, at now: Instant) -> Bool {
    var lacksMore = false
    eachObstacle(settings, latched: latched, at: now) { obstacle in
      if obstacle != .monitorNotTested { lacksMore = true }
    }
    return !lacksMore
  }

  private func eachObstacle(
    _ settings: SafetySettings, latched: SafetyFault?, at now: Instant,
    _ found: (ClosingObstacle) -> Void
  ) {
    if !isPilotReady(settings) || !duty.isOscillating { found(.pilotNotInC2OrD2) }
    if !isDiodeProven { found(.diodeNotProven) }
    if !isAuthorized { found(.notAuthorized) }
    if demand?.current != settings.current { found(.nothingDemanded) }
    if !isEarthSound { found(.earthNotSound) }
    // Under test it is meant to trip.
    if !test.isUnderWay, !isResidualCurrentFine(settings) { found(.residualCurrentNotSound) }
    if !isMonitorTested(settings) { found(.monitorNotTested) }
    if !isCableFine(settings) { found(.noCable) }
    if !isPlugHeld(settings) { found(.notLocked) }
    if stageTrouble(settings) != nil { found(.powerStageNotSound) }
    if !isInsulationSufficient { found(.insulationNotProven) }
    if contactorReadsClosed != false { found(.contactorNotOpen) }
    if let lastClosing, now < lastClosing + settings.recloseMin { found(.resting) }
    if latched != nil || isEmergencyStopPressed { found(.faultLatched) }
  }
}
