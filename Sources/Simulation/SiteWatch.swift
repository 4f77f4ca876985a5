import HAL
import Node
public import SLAC
import Safety
import SimulatedHardware
import Wire

/// Watches a site from outside, step by step, for what must hold whatever happens. It looks at wire, contacts and
/// coil, not at what the machines believe.
public struct SiteWatch: Sendable {
  private var leftEnergyStateAt: Instant?
  private var unpluggedAt: Instant?
  private var stageOnAt = Instant.zero
  /// What did not hold, in words; empty after a sound run.
  public private(set) var violations: [String] = []

  /// A customer may be identified by external means: then a nominal duty is offered.
  public var permitsNominalDuty = false

  public init() {}

  /// IEC 61851-1: from leaving C or D to the open contactor.
  public static let openingMax = Duration.milliseconds(100)
  /// From the power stage that is switched off to the open contactor of an ordinary end.
  public static let unloadMax = Duration.milliseconds(310)
  /// Debouncing, before a duty may be taken off an empty wire.
  public static let dutyMax = Duration.milliseconds(100)

  /// After every step.
  public mutating func look<Keys: NetworkKeySource>(at site: SimulatedSite<Keys>) {
    let wire = site.bench.wire
    let now = site.now
    let contactor = site.bench.contactor
    let asksForEnergy = site.bench.isPlugged && (wire.load == .c || wire.load == .d)
    leftEnergyStateAt = asksForEnergy ? nil : leftEnergyStateAt ?? now
    unpluggedAt = site.bench.isPlugged ? nil : unpluggedAt ?? now

    if site.bench.isPowerStageEnabled { stageOnAt = now }

    if contactor.fault != .welded, contactor.areContactsClosed, let left = leftEnergyStateAt,
      now - left > Self.openingMax
    {
      violations.append("\(now): contacts closed \((now - left).milliseconds) ms after the vehicle left C/D")
    }
    if contactor.isCoilOn {
      if let left = leftEnergyStateAt, now - left > Self.openingMax {
        violations.append("\(now): coil on \((now - left).milliseconds) ms after the vehicle left C/D")
      }
      if !site.charger.pilotState.asksForEnergy {
        violations.append("\(now): coil on in state \(site.charger.pilotState)")
      }
      if !(NodePhase.setup ... .stopping).contains(site.charger.phase), !isUnloading(site) {
        violations.append("\(now): coil on in phase \(site.charger.phase), without a session")
      }
    }
    if site.bench.isPowerStageEnabled, !contactor.isCoilOn {
      violations.append("\(now): power stage enabled with the contactor commanded open")
    }
    if wire.duty.isOscillating, let out = unpluggedAt, now - out > Self.dutyMax {
      violations.append("\(now): \(wire.duty) \((now - out).milliseconds) ms after the plug came out")
    }
    if wire.duty.isOscillating, wire.duty != .digital, !permitsNominalDuty {
      violations.append("\(now): \(wire.duty) is not a duty this session may have")
    }
    for broken in site.charger.safety.invariants(at: now) {
      violations.append("\(now): the supervisor's own invariant is broken: \(broken.rawValue)")
    }
  }

  /// The contactor of a DC session that has ended waits for the current to fall.
  private func isUnloading<Keys: NetworkKeySource>(_ site: SimulatedSite<Keys>) -> Bool {
    guard case .dc = site.bench.path else { return false }
    return site.now - stageOnAt <= Self.unloadMax
  }

  /// What must hold once the plug is out and everything has come to rest.
  public mutating func lookAtRest<Keys: NetworkKeySource>(_ site: SimulatedSite<Keys>) {
    look(at: site)
    if site.isStuck { violations.append("stuck: \(site.charger.deadlines)") }
    // A welded contactor keeps the pilot in state F until somebody has looked, and hides the plug coming out.
    let isOutOfService = site.charger.safety.latched?.latch == .service
    if isOutOfService, site.bench.wire.duty != .steadyLow {
      violations.append("at rest: out of service, yet \(site.bench.wire.duty)")
    }
    if site.charger.phase != .idle, !isOutOfService {
      violations.append("at rest: charger in phase \(site.charger.phase)")
    }
    if site.bench.contactor.isCoilOn { violations.append("at rest: coil on") }
    if site.bench.isPowerStageEnabled { violations.append("at rest: power stage enabled") }
    if site.bench.wire.duty.isOscillating { violations.append("at rest: \(site.bench.wire.duty)") }
  }
}
