import ControlPilot
import Cryptography
import HAL
import ISO15118
import Node
import SLAC
import Safety
import SimulatedHardware
import Wire

/// A charger without a modem on a pilot wire, with contactor and lock, sampled every 5 ms as hardware is. Small and quick: for
/// walks by the ten thousand.
struct OutletRig {
  typealias Node = ChargerNode<SeededNetworkKeys, SeededGenerator>

  var node: Node
  var wire = PilotWire()
  /// 50 ms to drop out: what the budget of 100 ms leaves to a slow contactor.
  var contactor = SimulatedContactor(closingDelay: .milliseconds(30), openingDelay: .milliseconds(50))
  var lock = SimulatedLock(travel: .milliseconds(100))
  var monitor = SimulatedResidualCurrentMonitor()
  /// Monitor with a test before each closing, and contactors for one phase or three.
  let hasEverything: Bool
  var closesThree = true
  var now = Instant.zero
  let isVentilated: Bool
  /// What the sampler shows instead of the wire, until then.
  var shown: (levels: PilotLevels, until: Instant)?
  /// The sampler shows nothing until then.
  var isBlindUntil = Instant.zero
  /// A vehicle has been plugged in with the oscillator on for so long, for the sampler to see.
  private var offeredFor = Duration.zero
  /// Every other sample shows this.
  var bounce: (levels: PilotLevels, until: Instant)?
  var observer: OutletObserver
  /// Faults that were told, by name, and how often.
  var told: [String: Int] = [:]
  private var reportedClosed: Bool?
  private var reportedLocked: Bool?
  private var reportedTripped: Bool?
  private var tick = 0

  static let sampling = Duration.milliseconds(5)
  /// Longer than any debouncing: what is on the wire for so long, the node knows.
  static let believedAfter = Duration.milliseconds(100)

  init(
    isVentilated: Bool = false, hasLock: Bool = true, recloseMin: Duration = .zero,
    hasEverything: Bool = false
  ) {
    self.isVentilated = isVentilated
    var safety = SafetySettings(current: .ac, hasLock: hasLock, isVentilated: isVentilated)
    safety.recloseMin = recloseMin
    self.hasEverything = hasEverything
    safety.hasResidualCurrentInput = hasEverything
    safety.testsResidualCurrent = hasEverything
    safety.switchesPhases = hasEverything
    let configuration = ChargerConfiguration(
      link: .absent, safety: safety, session: SECCConfiguration(modes: [.AC_three_phase_core]))
    node = ChargerNode(
      configuration: configuration,
      matcher: EVSEMatcher(
        configuration: SLACConfiguration(address: MACAddress(0x0200_0000_00C1)),
        keys: SeededNetworkKeys(seed: 1)),
      random: SeededGenerator(seed: 1))
    observer = OutletObserver(hasLock: hasLock, testsMonitor: hasEverything)
    tell(.start)
    tell(.limits(.ac(milliamps: 32_000, phases: 3)))
    tell(.earth(ok: true))
    run(.milliseconds(20))
  }

  mutating func tell(_ event: ChargerEvent) {
    var actions: [ChargerAction] = []
    node.handle(event, at: now) { actions.append($0) }
    for action in actions {
      switch action {
      case .setDuty(let duty): wire.duty = duty
      case .contactor(let close): contactor.command(closed: close)
      case .lock(let locked): lock.command(locked: locked)
      case .trace(.safety(.fault(let fault))): told[fault.name, default: 0] += 1
      case .residualCurrentTest(let on): monitor.test(on)
      case .phases(let three):
        observer.phasesChange(
          isLive: contactor.areContactsClosed || contactor.isCoilOn,
          isOffered: offeredFor >= Self.believedAfter, at: now)
        closesThree = three
      case .network, .powerStage, .setPoint, .insulationTest, .authorizationNeeded, .modemPower, .trace: break
      }
    }
  }

  /// What the sampler sees now.
  private var levels: PilotLevels? {
    if now < isBlindUntil { return nil }
    if let shown, now < shown.until { return shown.levels }
    if let bounce, now < bounce.until, tick.isMultiple(of: 2) { return bounce.levels }
    return wire.levels
  }

  /// The sampler does not show the wire: nobody can know what is on it.
  private var isDeceived: Bool {
    now < isBlindUntil || (shown.map { now < $0.until } ?? false) || (bounce.map { now < $0.until } ?? false)
  }

  /// The wire is in C, or in D where that is served, by its levels alone: Table A.4, from the middle of each band.
  private func isWireReady(_ levels: PilotLevels) -> Bool {
    let isOscillating = wire.duty.isOscillating
    guard wire.duty != .steadyLow, !isOscillating || (-13_000 ... -11_000).contains(levels.lowMillivolts)
    else {
      return false
    }
    switch levels.highMillivolts {
    case 5_000...7_000: return true
    case 2_000..<4_000: return isVentilated
    default: return false
    }
  }

  mutating func run(_ duration: Duration) {
    let end = now + duration
    while now < end {
      now += Self.sampling
      tick += 1
      contactor.advance(to: now)
      lock.advance(to: now)
      monitor.advance(to: now)
      if hasEverything, monitor.isTripped != reportedTripped {
        reportedTripped = monitor.isTripped
        tell(.residualCurrent(ok: !monitor.isTripped))
      }
      if contactor.isClosed() != reportedClosed {
        reportedClosed = contactor.isClosed()
        tell(.contactorFeedback(closed: contactor.isClosed()))
      }
      if lock.isLocked() != reportedLocked {
        reportedLocked = lock.isLocked()
        tell(.lock(locked: lock.isLocked()))
      }
      if let levels { tell(.pilot(levels)) }
      if let due = node.deadline, due <= now { tell(.timeout) }
      look()
      let isOffered = wire.duty.isOscillating && wire.load != .detached && !isDeceived
      offeredFor = isOffered ? offeredFor + Self.sampling : .zero
    }
  }

  private mutating func look() {
    // Who sees nothing knows of nothing: blindness is a state that is not C.
    let isReady = levels.map { isWireReady($0) } ?? false
    observer.look(
      OutletObserver.Sight(
        isReady: isReady, isCoilOn: contactor.isCoilOn, areContactsClosed: contactor.areContactsClosed,
        isBoltOut: lock.isLocked(),
        isStuck: contactor.areContactsClosed && !contactor.isCoilOn && contactor.deadline == nil,
        isDiodeMissing: wire.faults.contains(.diodeMissing) && !isDeceived, isUnderTest: monitor.isUnderTest,
        isTripped: monitor.isTripped), at: now)
  }

  /// A vehicle that charges by the duty.
  mutating func charge() {
    tell(.identified(true))
    wire.load = .b
    run(.milliseconds(300))
    wire.load = .c
    run(.milliseconds(hasEverything ? 300 : 100))
  }

  /// A person repairs the contactor, and says so.
  mutating func service() {
    contactor.fault = .none
    monitor.fault = .none
    run(.milliseconds(10))
    tell(.serviceReset)
    observer.service()
  }
}
