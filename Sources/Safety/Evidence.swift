import HAL
import Wire

// What must be true before a contactor closes is a value that only its prover, in this file, can make, and that
// closing consumes. A path to the closed contactor that forgets one of them does not compile: the phases in which
// the coil is energized carry a `Closing`, a `Closing` is made from a `ClosingPermit`, and that from the proofs.

/// The pilot is in C2, or in D2 where that may be served (IEC 61851-1 Table A.4).
struct PilotProven: ~Copyable { fileprivate init() {} }

/// A session is authorized, and demands energy this outlet has.
struct SessionProven: ~Copyable { fileprivate init() {} }

/// Protective earth and the residual-current monitors are sound, those that report by themselves included.
struct EarthProven: ~Copyable { fileprivate init() {} }

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
    pilot: consuming PilotProven, session: consuming SessionProven, earth: consuming EarthProven,
    plug: consuming PlugProven, powerStage: consuming PowerStageProven,
    insulation: consuming InsulationProven, contactor: consuming ContactorProven,
    noFault: consuming NoFaultProven
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

  func proveSession(_ settings: SafetySettings) -> SessionProven? {
    isAuthorized && demand?.current == settings.current ? SessionProven() : nil
  }

  /// The residual-current monitor has no objection; unheard counts as one where there is a monitor.
  func isResidualCurrentFine(_ settings: SafetySettings) -> Bool {
    isResidualCurrentSound ?? !settings.hasResidualCurrentInput
  }

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

  func provePlug(_ settings: SafetySettings) -> PlugProven? {
    isCableFine(settings) && (isLocked || !settings.hasLock) ? PlugProven() : nil
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
    guard let pilot = provePilot(settings), let session = proveSession(settings),
      let earth = proveEarth(settings),
      let plug = provePlug(settings), let powerStage = provePowerStage(settings),
      let insulation = proveInsulation(),
      let contactor = proveContactor(settings, at: now), let noFault = proveNoFault(latched: latched)
    else { return nil }
    return ClosingPermit(
      pilot: pilot, session: session, earth: earth, plug: plug, powerStage: powerStage,
      insulation: insulation,
      contactor: contactor, noFault: noFault)
  }

  /// What the permit lacks, in words. The same conditions, for people.
  func obstacles(_ settings: SafetySettings, latched: SafetyFault?, at now: Instant) -> [ClosingObstacle] {
    var found: [ClosingObstacle] = []
    if !isPilotReady(settings) || !duty.isOscillating { found.append(.pilotNotInC2OrD2) }
    if !isAuthorized { found.append(.notAuthorized) }
    if demand?.current != settings.current { found.append(.nothingDemanded) }
    if !isEarthSound { found.append(.earthNotSound) }
    if !isResidualCurrentFine(settings) { found.append(.residualCurrentNotSound) }
    if !isCableFine(settings) { found.append(.noCable) }
    if settings.hasLock, !isLocked { found.append(.notLocked) }
    if stageTrouble(settings) != nil { found.append(.powerStageNotSound) }
    if !isInsulationSufficient { found.append(.insulationNotProven) }
    if contactorReadsClosed != false { found.append(.contactorNotOpen) }
    if let lastClosing, now < lastClosing + settings.recloseMin { found.append(.resting) }
    if latched != nil || isEmergencyStopPressed { found.append(.faultLatched) }
    return found
  }
}
