import ControlAPI
import ControlPilot
public import HAL
public import LinuxHardware
import ISO15118
import LinuxRuntime
public import Node
import SLAC
public import Safety
public import Wire

/// One connector: a charger's node on its electrical side and on the network of its modem.
///
/// The electrical side is there from the start. The interface may come later, go and come back: meanwhile the node
/// works without a network, and what it sends is lost as on a wire that is cut.
public final class ConnectorRuntime {
  typealias Node = ChargerNode<FirmwareKeys, SystemRandomNumberGenerator>

  /// What the daemon around it is told.
  public struct Handlers {
    public var trace: (NodeTrace, Instant) -> Void
    /// Ask the customer; answer by `post(.authorization(...))`.
    public var authorizationNeeded: () -> Void
    public var log: (LogLine) -> Void

    public init(
      trace: @escaping (NodeTrace, Instant) -> Void, authorizationNeeded: @escaping () -> Void,
      log: @escaping (LogLine) -> Void
    ) {
      self.trace = trace
      self.authorizationNeeded = authorizationNeeded
      self.log = log
    }
  }

  /// A contactor that was told to open and cannot be seen to have opened for so long is a case for the watchdog.
  static let liveMax = Duration.milliseconds(500)

  public private(set) var plan: ConnectorPlan
  public let outlet: Outlet
  public internal(set) var state: ConnectorState
  /// Held back by the control socket.
  public private(set) var isPaused = false
  /// Goes up with each vehicle that leaves and each refusal: a grant of before either counts no more.
  private(set) var epoch = 0
  /// What the control socket narrowed.
  private var narrowed = ControlLimits()
  /// The contactor closes one phase of three.
  private var hasOnePhase = false
  /// The power stage that a client of the control socket drives, or the meter it reads; `nil` where the board has its own.
  var stage: ExternalPowerStage?
  /// Told each time that power stage has something else to do.
  var commanded: (PowerCommand) -> Void = { _ in }
  /// What heat leaves of the outlet's current, percent.
  private var heatShare = 100
  private var node: Node
  let port: any OutletPort
  let loop: EventLoop
  private let handlers: Handlers
  private let network: NodeNetwork
  private var timer: LoopTimer?
  var stageTimer: LoopTimer?
  private var turns = NodeTurns<ChargerEvent>()
  private var wanted: [ChargerAction] = []
  private var nodeDue: Instant?
  private var isStarted = false
  /// The program ends (`Unloading`).
  var isLeaving = false
  /// Why it could not be started.
  var startFailure: String?
  /// Faults of before the start that wait for a person.
  private var restored: [SafetyFault] = []

  public init(
    _ plan: ConnectorPlan, outlet: Outlet, port: any OutletPort, loop: EventLoop, handlers: Handlers,
    roots: DeviceRoots = DeviceRoots()
  ) {
    self.plan = plan
    self.outlet = outlet
    self.port = port
    self.loop = loop
    self.handlers = handlers
    state = ConnectorState(hasLock: outlet.hasLock, usesSLAC: plan.usesSLAC)
    state.isFree = plan.authorization == .free
    network = NodeNetwork(
      plan.link == .absent ? nil : ModemInterface(name: plan.interface, modem: outlet.modem, roots: roots),
      role: .charger(port: plan.port), matching: plan.usesSLAC, loop: loop)
    node = Self.node(plan, outlet, network.address, port)
    stage = ExternalPowerStage(plan, outlet, port)
  }

  private static func node(
    _ plan: ConnectorPlan, _ outlet: Outlet, _ address: MACAddress?, _ port: any OutletPort
  ) -> Node {
    var matching = SLACConfiguration(
      address: address ?? MACAddress(0), timers: plan.isRelaxed ? .relaxed : .standard)
    matching.settings = plan.matching(outlet)
    return Node(
      configuration: plan.configuration(outlet, port),
      matcher: EVSEMatcher(configuration: matching, keys: FirmwareKeys()),
      random: SystemRandomNumberGenerator())
  }

  func begin() throws(BoardFailure) {
    isStarted = true
    for fault in restored { turn { node.restore(fault, at: loop.now, perform: $0) } }
    post(.start)
    post(.limits(presentLimits))
    port.derated = { [weak self] in self?.derate(to: $0) }
    stageTimer = loop.addTimer { [weak self] in self?.runStage(.timeout) }
    try port.start { [weak self] event in self?.read(event) }
    // Behind the port's timers: of a turn that comes late, the samples that are due count before the time that is up.
    timer = loop.addTimer { [weak self] in self?.elapse() }
    rearm()
    offerToEverybody()
    do throws(LinuxError) {
      try network.start(
        NodeNetwork.Handlers(
          event: { [weak self] in self?.post(.network($0)) },
          octets: { [weak self] in self?.receive($0) },
          moved: { [weak self] in self?.moved() },
          tell: { [weak self] in self?.tell($0, $1, $2) }))
    } catch {
      throw BoardFailure("connector \(plan.name): \(error)")
    }
  }

  /// Hands in an event of the program around, or of the electrical side.
  public func post(_ event: ChargerEvent) {
    state.note(event)
    turns.add(event)
    runTurns()
  }

  private func derate(to percent: Int) {
    tell(
      .warning, "derating", "limited to \(percent) % of the outlet's current by its temperature",
      layer: "heat")
    heatShare = percent
    state.isNew = true
    post(.limits(presentLimits))
  }

  /// Where nobody has to ask, whoever plugs in next is identified already.
  private func offerToEverybody() {
    if plan.authorization == .free { turns.add(.identified(true)) }
    runTurns()
  }

  /// The customer may charge, or may not: the vehicle that is plugged in or comes next.
  func authorize(_ granted: Bool) {
    if !granted { epoch += 1 }
    if state.session.authorization == .needed {
      post(.authorization(granted ? .granted : .refused))
    } else {
      post(.identified(granted))
      // Withdrawn from a session that has it: that one ends in order.
      if !granted, node.isSessionAuthorized { post(.authorization(.refused)) }
    }
  }

  /// Limits and authorization as a changed site file has them; the rest needs a restart.
  public func adopt(_ new: ConnectorPlan) {
    plan.milliampsMax = new.milliampsMax
    plan.milliampsMin = new.milliampsMin
    plan.millivoltsMax = new.millivoltsMax
    plan.millivoltsMin = new.millivoltsMin
    plan.wattsMax = new.wattsMax
    let wasFree = plan.authorization == .free
    plan.authorization = new.authorization
    state.isFree = plan.authorization == .free
    if !wasFree {
      offerToEverybody()
    } else if plan.authorization != .free, node.phase == .idle {
      post(.identified(false))
    }
    state.isNew = true
    post(.limits(presentLimits))
  }

  /// The limits that hold now: the site's, narrowed by the control socket.
  var presentLimits: EVSELimits {
    var limits = plan.limits(outlet)
    if let most = narrowed.milliamps { limits.maximumMilliamps = min(limits.maximumMilliamps, most) }
    if let most = narrowed.watts { limits.maximumWatts = min(limits.maximumWatts, most) }
    if outlet.current == .ac {
      let most = plan.milliamps(
        ofWatts: limits.maximumWatts, at: limits.maximumMillivolts, phases: closedPhases)
      limits.maximumMilliamps = min(limits.maximumMilliamps, most)
    }
    bound(&limits)
    if heatShare < 100 {
      // mA * percent, in 64 bits for targets with a 32-bit Int.
      let left = Int64(outlet.milliampsMax) * Int64(heatShare) / 100
      limits.maximumMilliamps = min(limits.maximumMilliamps, Int(clamping: left))
    }
    if outlet.current == .dc, let most = narrowed.millivolts {
      limits.maximumMillivolts = min(limits.maximumMillivolts, most)
    }
    if outlet.current == .ac {
      // What the current leaves: mV * mA / 10^6 = W, in 64 bits for targets with a 32-bit Int.
      let square = Int64(limits.maximumMillivolts) * Int64(closedPhases)
      let watts = square * Int64(limits.maximumMilliamps) / 1_000_000
      limits.maximumWatts = min(limits.maximumWatts, Int(clamping: watts))
    }
    return limits
  }

  func take(_ new: ControlLimits) {
    narrowed.milliamps = new.milliamps ?? narrowed.milliamps
    narrowed.millivolts = new.millivolts ?? narrowed.millivolts
    narrowed.watts = new.watts ?? narrowed.watts
    narrowed.phases = new.phases ?? narrowed.phases
    state.isNew = true
    if let phases = new.phases, port.switchesPhases { post(.phases(three: phases == 3)) }
    post(.limits(presentLimits))
  }

  /// The contactor closes another number of phases from now on.
  private func closes(three: Bool) {
    (hasOnePhase, state.isNew) = (!three, true)
    turns.add(.limits(presentLimits))
  }

  /// AC: phases that the contactor closes.
  var closedPhases: Int { hasOnePhase ? 1 : plan.phases }

  var isHeldBack: Bool { isPaused || narrowed != ControlLimits() }
  /// Where everybody may charge, a new start lets everybody charge again.
  var isGranted: Bool { plan.authorization != .free && state.session.authorization == .granted }

  func setPaused(_ paused: Bool) {
    isPaused = paused
    state.isNew = true
  }

  /// True once after something changed.
  func takeNews() -> Bool {
    defer { state.isNew = false }
    return state.isNew
  }

  /// Takes over a fault of before the start that waits for a person. Before `start`.
  func restore(_ fault: SafetyFault) { restored.append(fault) }

  /// Safe values on every output, whatever the node thinks. Nothing is commanded after it.
  public func makeSafe() {
    isStarted = false
    runStage(.command(.powerStage(enabled: false)))
    nodeDue = nil
    port.makeSafe()
  }

  /// Nothing flows, nothing is closed and nobody waits for an answer: a stop interrupts nothing.
  public var isAtRest: Bool {
    !state.isContactorClosed && !state.isLocked && !node.safety.isContactorCommandedClosed
      && (node.phase == .idle || node.phase == .finished || node.phase == .pilot)
  }

  /// Why this connector cannot charge now; `nil` where it can.
  public var trouble: String? {
    if let trouble = startFailure ?? port.trouble { return trouble }
    if let trouble = stageTrouble { return trouble }
    return network.trouble
  }

  /// No deadline was missed and the contactor opened when it had to: what the watchdog is fed for. Other trouble of the
  /// electrical side is none of it: a reset would take the other connectors' charges away.
  public func isHealthy(at now: Instant) -> Bool {
    guard isStarted else { return true }
    if let since = port.liveSince, now - since > Self.liveMax { return false }
    return nodeDue.map { now - $0 < .seconds(1) } ?? true
  }

  /// A device of the electrical side failed, and stays as it is until a new start.
  public var isBroken: Bool { startFailure != nil || isStarted && port.isBroken }

  var isUnstarted: Bool { startFailure != nil }

  /// What keeps the contactor open until it is cleared.
  public var fault: SafetyFault? { node.safety.latched }
  public var phase: NodePhase { node.phase }
  public var pilotState: PilotState { node.pilotState }
  public var pilotDuty: PilotDuty { node.pilotDuty }
  var pilotFault: PilotFault? { node.pilotFault }
  var cableRating: Int? { node.cableRating }

  // MARK: turns

  private func runTurns() {
    guard !turns.isRunning else { return }
    while let event = turns.next() { turn { node.handle(event, at: loop.now, perform: $0) } }
    rearm()
  }

  private func receive(_ octets: RawSpan) {
    turn { node.receive(octets, at: loop.now, perform: $0) }
    runTurns()
  }

  /// One turn of the node: what it wants is carried out after it has returned.
  private func turn(_ body: ((ChargerAction) -> Void) -> Void) {
    turns.begin()
    var actions = wanted
    wanted = []
    body { actions.append($0) }
    for action in actions { perform(action) }
    actions.removeAll(keepingCapacity: true)
    wanted = actions
    turns.end()
  }

  private func perform(_ action: ChargerAction) {
    switch action {
    case .network(let action): network.perform(action)
    case .setDuty(let duty): command(.setDuty(duty))
    case .contactor(let close): command(.contactor(close: close))
    case .lock(let lock): command(.lock(lock))
    case .powerStage(let enabled): command(.powerStage(enabled: enabled))
    case .setPoint(let reading): command(.setPoint(reading))
    case .insulationTest: command(.insulationTest)
    case .modemPower(let on): command(.modemPower(on: on))
    case .residualCurrentTest(let on): command(.residualCurrentTest(on))
    case .phases(let three): command(.phases(three: three))
    case .authorizationNeeded:
      if plan.authorization == .free {
        turns.add(.authorization(.granted))
      } else {
        state.noteAuthorizationNeeded()
        handlers.authorizationNeeded()
      }
    case .trace(let trace):
      state.note(trace, at: loop.now)
      handlers.trace(trace, loop.now)
      if case .ended = trace { runStage(.ended) }
      if case .coupling(.phases(let three)) = trace { closes(three: three) }
      if isPaused, case .phase(.pilot) = trace { turns.add(.stop(.backend)) }
      if case .phase(.idle) = trace {
        epoch += 1
        if plan.authorization == .free { turns.add(.identified(true)) }
        replaceNodeWhereDue()
      }
    }
  }

  func command(_ command: OutletCommand) {
    // After `makeSafe` nothing is driven any more.
    guard isStarted, !isLeaving || command.isHarmless else { return }
    state.note(command)
    // The power stage hears of it before its contactor does.
    runStage(.command(command))
    port.perform(command)
  }

  private func elapse() {
    let now = loop.now
    if let due = nodeDue, now >= due { turns.add(.timeout) }
    runTurns()
  }

  private func rearm() {
    nodeDue = nextDeadline(of: &node)
    timer?.deadline = nodeDue
  }

  // MARK: the interface

  /// Name of the modem's interface, where it is there.
  var interfaceName: String? { network.interfaceName }

  /// The modem's interface came with another address than the node speaks with.
  private var isNodeOutdated = false

  private func moved() {
    isNodeOutdated = true
    if node.phase == .idle { replaceNodeWhereDue() }
  }

  private func replaceNodeWhereDue() {
    guard isNodeOutdated, node.safety.latched == nil, !node.safety.isContactorCommandedClosed else { return }
    isNodeOutdated = false
    let before = node
    node = Self.node(plan, outlet, network.address, port)
    node.inherit(before)
    turns.add(.start)
    if plan.authorization == .free { turns.add(.identified(true)) }
    if narrowed.phases == 1, port.switchesPhases { turns.add(.phases(three: false)) }
    turns.add(.limits(presentLimits))
    port.repeatReadings()
    runStage(.renewed)
    runTurns()
  }

  func tell(_ priority: LogPriority, _ event: String, _ text: String, layer: String = "link") {
    handlers.log(LogLine(priority, connector: plan.name, layer: layer, event: event, text))
  }
}
