import ControlPilot
import HAL
import SimulatedHardware
import Wire

@testable import Safety

/// A charging station without a session: pilot on a wire, supervisor, contactor, lock, power stage and battery, in
/// virtual time. The pilot is sampled every 5 ms; the host beats every 500 ms unless it is `isHostDead`.
struct Station {
  var pilot = EVSEPilot()
  var supervisor: SafetySupervisor
  var wire = PilotWire()
  var path = SimulatedDCPath()
  var lock = SimulatedLock(travel: .milliseconds(100))
  var monitor = SimulatedResidualCurrentMonitor()
  /// What the contactor closes.
  var closesThree = true
  /// Another number of phases was taken under load, or while something was offered.
  var wrongChanges = 0
  var now = Instant.zero
  var isHostDead = false
  /// What the host keeps from the pilot while the supervisor forces it.
  var log: [String] = []

  // What an observer with a stopwatch sees; it knows nothing of the machines.
  /// Since when the wire itself has not been in C or D.
  var notReadySince: Instant? = .zero
  /// When the wire was last in C or D.
  var lastReady: Instant?
  var lastHeartbeat = Instant.zero
  /// Time and state of every closing.
  var closings: [Instant] = []
  var openedAt: Instant?
  private var reportedClosed: Bool?
  private var reportedLocked: Bool?
  private var reportedTripped: Bool?
  private var isDiodeTold = false

  init(_ settings: SafetySettings) {
    supervisor = SafetySupervisor(settings: settings)
    path.vehicleContactor.command(closed: false)
    supervise(.earth(ok: true))
    run(.milliseconds(50))
    log = []
  }

  /// As the constructor, and a power stage that another program drives is heard.
  static func ready(_ settings: SafetySettings) -> Station {
    var station = Station(settings)
    if settings.hasExternalPowerStage { station.supervise(.powerStageTrouble(nil)) }
    return station
  }

  mutating func supervise(_ event: SafetySupervisor.Event) {
    if case .heartbeat = event { lastHeartbeat = now }
    if case .energyRequested = event { lastHeartbeat = now }
    var actions: [SafetySupervisor.Action] = []
    supervisor.handle(event, at: now) { actions.append($0) }
    for action in actions {
      log.append(text(action))
      switch action {
      case .contactor(let close):
        path.contactor.command(closed: close)
        if close { closings.append(now) } else { openedAt = now }
      case .powerStage(let enabled):
        path.stage.enable(enabled)
        if enabled { path.stage.set(path.battery.request) }
      case .lock(let locked): lock.command(locked: locked)
      case .residualCurrentTest(let on): monitor.test(on)
      case .phases(let three):
        closesThree = three
        let mayOffer = wire.duty.isOscillating && wire.load != .detached
        if path.contactor.areContactsClosed || path.contactor.isCoilOn || mayOffer { wrongChanges += 1 }
      case .forcePilot(let forced): drive(.request(forced == .x1 ? .x1 : .stateF))
      case .fault, .cleared, .energized: break
      }
    }
  }

  mutating func drive(_ event: EVSEPilot.Event) {
    var actions: [EVSEPilot.Action] = []
    pilot.handle(event, at: now) { actions.append($0) }
    for action in actions {
      switch action {
      case .setDuty(let duty):
        wire.duty = duty
        supervise(.pilot(pilot.state, duty))
      case .stateChanged(_, let state, _): supervise(.pilot(state, pilot.duty))
      case .fault: break
      }
    }
    if pilot.isDiodeProven != isDiodeTold {
      isDiodeTold = pilot.isDiodeProven
      supervise(.diode(proven: isDiodeTold))
    }
    observeWire()
  }

  mutating func request(_ request: PilotRequest) {
    if !supervisor.isPilotForced { drive(.request(request)) }
  }

  mutating func plug(_ load: PilotLoad, faults: PilotWire.Faults = []) {
    wire.load = load
    wire.faults = faults
    path.isPlugged = load != .detached
    observeWire()
  }

  /// What the wire is, not what anybody thinks it is.
  var isWireReady: Bool {
    guard wire.load == .c || wire.load == .d, wire.duty != .steadyLow else { return false }
    // A missing diode shows only while the pilot oscillates.
    let visible = wire.duty.isOscillating ? wire.faults : wire.faults.subtracting(.diodeMissing)
    return visible.isEmpty
  }

  private mutating func observeWire() {
    if isWireReady {
      notReadySince = nil
      lastReady = now
    } else {
      notReadySince = notReadySince ?? now
    }
  }

  mutating func run(_ duration: Duration) {
    let end = now + duration
    while now < end {
      now += .milliseconds(5)
      step()
    }
  }

  private mutating func step() {
    path.advance(to: now)
    lock.advance(to: now)
    monitor.advance(to: now)
    if supervisor.settings.hasResidualCurrentInput, monitor.isTripped != reportedTripped {
      reportedTripped = monitor.isTripped
      supervise(.residualCurrent(ok: !monitor.isTripped))
    }
    if path.contactor.isClosed() != reportedClosed {
      reportedClosed = path.contactor.isClosed()
      supervise(.contactorFeedback(closed: path.contactor.isClosed()))
    }
    if lock.isLocked() != reportedLocked {
      reportedLocked = lock.isLocked()
      supervise(.lock(locked: lock.isLocked()))
    }
    if !isHostDead, now.nanoseconds % 500_000_000 == 0 { supervise(.heartbeat) }
    if now.nanoseconds % 20_000_000 == 0 { supervise(.powerStage(path.stage.output())) }
    if let due = pilot.deadline, due <= now { drive(.timeout) }
    drive(.sampled(wire.levels))
    if let due = supervisor.deadline, due <= now { supervise(.timeout) }
  }

  mutating func takeLog() -> [String] {
    defer { log = [] }
    return log
  }

  /// AC in C2 with everything given: the contactor is closed.
  static func chargingAC(_ settings: SafetySettings = .relaxed(.ac)) -> Station {
    var station = readyAC(settings)
    station.supervise(.energyRequested(.ac))
    station.run(.milliseconds(200))
    station.log = []
    return station
  }

  /// AC in C2, authorized and locked; nothing demanded.
  static func readyAC(_ settings: SafetySettings = .relaxed(.ac)) -> Station {
    var station = Station(settings)
    station.plug(.b)
    station.run(.milliseconds(50))
    station.supervise(.authorized(true))
    station.request(.digital)
    station.plug(.c)
    station.run(.milliseconds(300))
    station.log = []
    return station
  }

  /// AC with a monitor that is tested before each closing, and contactors for one phase or three.
  static let allSettings: SafetySettings = {
    var settings = SafetySettings.relaxed(.ac)
    settings.hasResidualCurrentInput = true
    settings.testsResidualCurrent = true
    settings.switchesPhases = true
    return settings
  }()

  /// DC in C2 in the insulation test.
  static func testingDC(_ settings: SafetySettings = .relaxed(.dc)) -> Station {
    var station = ready(settings)
    station.plug(.b)
    station.run(.milliseconds(50))
    station.supervise(.authorized(true))
    station.request(.digital)
    station.plug(.c)
    station.run(.milliseconds(100))
    station.supervise(.energyRequested(.dcInsulationTest))
    station.run(.milliseconds(200))
    station.log = []
    return station
  }

  /// DC with current.
  static func chargingDC(_ settings: SafetySettings = .relaxed(.dc)) -> Station {
    var station = testingDC(settings)
    station.supervise(.insulation(.valid))
    station.supervise(.energyRequested(.dcPreCharge))
    station.run(.milliseconds(500))
    station.path.vehicleContactor.command(closed: true)
    station.run(.milliseconds(100))
    station.supervise(.energyRequested(.dcDelivery))
    station.run(.seconds(2))
    station.log = []
    return station
  }
}

func text(_ action: SafetySupervisor.Action) -> String {
  switch action {
  case .contactor(let close): close ? "close" : "open"
  case .powerStage(let enabled): enabled ? "power on" : "power off"
  case .lock(let lock): lock ? "lock" : "unlock"
  case .residualCurrentTest(let on): on ? "test on" : "test off"
  case .phases(let three): three ? "three phases" : "one phase"
  case .forcePilot(.x1): "force X1"
  case .forcePilot(.stateF): "force F"
  case .fault(let fault): "fault \(fault.name)"
  case .cleared(let fault): "cleared \(fault.name)"
  case .energized(let live): live ? "live" : "dead"
  }
}
