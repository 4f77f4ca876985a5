import ControlAPI
import ControlPilot
import HAL
import ISO15118
import LinuxHardware
import LinuxRuntime
import Node
import SLAC
import Safety
import Wire

/// One inlet: a vehicle's node on its electrical side, on the network of its modem, and on its battery.
///
/// The electrical side is there from the start. The interface may come later, go and come back, and so may the battery's
/// management: while it is silent nothing is closed.
final class InletRuntime {
  typealias Node = VehicleNode<FirmwareKeys>
  /// A battery that fell silent: so long after the session was asked to end, the contactors open whether or not it has.
  static let silentStopMax = Duration.seconds(3)
  /// After contactors opened for a silent battery, of whose inlet nobody knows the voltage, the plug stays locked so long: the
  /// charger's output has discharged by then (`SafetySettings.dischargeMax`).
  static let dischargeMax = Duration.seconds(5)

  private(set) var plan: InletPlan
  let inlet: Inlet
  var state: ConnectorState
  /// Held back by the control socket.
  private(set) var isPaused = false
  private(set) var wanted = InletStatus()
  var node: Node
  let port: any InletPort
  let loop: EventLoop
  private let handlers: ConnectorRuntime.Handlers
  let network: NodeNetwork
  private var timer: LoopTimer?
  private var turns = NodeTurns<VehicleEvent>()
  private var actions: [VehicleAction] = []
  private var nodeDue: Instant?
  private var isStarted = false
  /// The program ends (`Unloading`); until then its current falls.
  var isLeaving = false
  var loadedUntil: Instant?
  /// Why it could not be started.
  var startFailure: String?
  private var restored: [SafetyFault] = []
  private var isNodeOutdated = false
  /// What the control socket narrowed.
  private var narrowed = ControlLimits()
  /// What heat leaves of the inlet's current, percent.
  private var heatShare = 100
  private var report: BatteryReport?
  /// When the battery counts as silent, and when its contactors open for that.
  private var silenceDue: Instant?
  private var openDue: Instant?
  private var isSilent = true
  /// The client of the control socket that speaks for it.
  var speaker: ControlClientID?
  /// A battery that is silent for long knows nothing of the inlet's voltage any more: the contacts alone count.
  private var isVoltageForgotten = false
  private var forgetDue: Instant?
  private var isStopWanted = false
  private var told: EVConditions?

  init(
    _ plan: InletPlan, inlet: Inlet, port: any InletPort, loop: EventLoop,
    handlers: ConnectorRuntime.Handlers, roots: DeviceRoots = DeviceRoots()
  ) {
    self.plan = plan
    self.inlet = inlet
    self.port = port
    self.loop = loop
    self.handlers = handlers
    state = ConnectorState(hasLock: plan.hasLock ?? inlet.hasLock, usesSLAC: plan.usesSLAC)
    let link = plan.link(inlet)
    let modem =
      link == .absent ? nil : ModemInterface(name: plan.interface, modem: inlet.modem, roots: roots)
    network = NodeNetwork(modem, role: .vehicle, matching: link == .slac, loop: loop)
    node = Self.node(plan, inlet, network.address, port)
  }

  private static func node(
    _ plan: InletPlan, _ inlet: Inlet, _ address: MACAddress?, _ port: any InletPort
  ) -> Node {
    var matching = SLACConfiguration(
      address: address ?? MACAddress(0), timers: plan.isRelaxed ? .relaxed : .standard)
    matching.settings = plan.matching
    return Node(
      configuration: plan.configuration(inlet, port, address),
      matcher: EVMatcher(configuration: matching, keys: FirmwareKeys()))
  }

  func begin() throws(BoardFailure) {
    isStarted = true
    for fault in restored { turn { node.restore(fault, perform: $0) } }
    post(.start)
    port.derated = { [weak self] in self?.derate(to: $0) }
    if hasOwnBattery { port.battery = { [weak self] in self?.hear($0) } }
    tellConditions()
    try port.start { [weak self] event in self?.post(event) }
    // Behind the port's timers: of a turn that comes late, the samples that are due count before the time that is up.
    timer = loop.addTimer { [weak self] in self?.elapse() }
    rearm()
    do throws(LinuxError) {
      try network.start(
        NodeNetwork.Handlers(
          event: { [weak self] in self?.post(.network($0)) },
          octets: { [weak self] in self?.receive($0) },
          moved: { [weak self] in self?.moved() },
          tell: { [weak self] in self?.tell($0, $1, $2) }))
    } catch {
      throw BoardFailure("inlet \(plan.name): \(error)")
    }
  }

  /// Takes over a fault of before the start that waits for a person. Before `start`.
  func restore(_ fault: SafetyFault) { restored.append(fault) }

  /// Safe values on every output, whatever the node thinks. Nothing is commanded after it.
  func makeSafe() {
    isStarted = false
    nodeDue = nil
    port.makeSafe()
  }

  /// Why this inlet cannot charge now; `nil` where it can.
  var trouble: String? {
    if let trouble = startFailure ?? port.trouble { return trouble }
    if let trouble = network.trouble { return trouble }
    return isSilent ? "the battery's management is silent" : nil
  }

  /// No deadline was missed and the contactors opened when they had to: what the watchdog is fed for.
  func isHealthy(at now: Instant) -> Bool {
    guard isStarted else { return true }
    if let since = port.liveSince, now - since > ConnectorRuntime.liveMax { return false }
    return nodeDue.map { now - $0 < .seconds(1) } ?? true
  }

  /// A device of the electrical side failed, and stays as it is until a new start.
  var isBroken: Bool { startFailure != nil || isStarted && port.isBroken }

  var isUnstarted: Bool { startFailure != nil }

  // MARK: the battery

  /// The electrical side speaks for the battery.
  var hasOwnBattery: Bool { plan.battery == .board && port.hasBattery }

  /// What the battery says, with what is wanted of it in return.
  func hear(_ new: BatteryReport) {
    if isSilent { tell(.info, "heard", "its management is heard, \(new.socPercent) %", layer: "battery") }
    isSilent = false
    isVoltageForgotten = false
    forgetDue = nil
    silenceDue = hasOwnBattery ? nil : loop.now + plan.batterySilence
    openDue = nil
    let old = report
    report = new
    if new != old { state.isNew = true }
    if old?.isReady != new.isReady || !isBatteryTold {
      isBatteryTold = true
      post(.battery(ready: new.isReady))
    }
    if port.feedbackMax == nil, let closed = new.contactorClosed, closed != old?.contactorClosed {
      post(.contactorFeedback(closed: closed))
    }
    tellConditions()
    rearm()
  }

  /// The node knows of `report.isReady`.
  private var isBatteryTold = false

  func fallSilent(_ cause: String) {
    guard !isSilent else { return }
    isSilent = true
    silenceDue = nil
    state.isNew = true
    openDue = loop.now + Self.silentStopMax
    tell(
      .error, "silent",
      "\(cause): charging ends, the contactors open in \(Self.silentStopMax) at the latest", layer: "battery")
    tellConditions()
    noteWanted()
    rearm()
  }

  /// What the session is told: what battery, site, heat and people leave.
  private func tellConditions() {
    let limits = presentLimits
    let milliamps = limits.milliamps ?? 0
    var new = EVConditions()
    if let report {
      new.wish =
        switch report.wish {
        case .charge: .charge
        case .pause: .pause
        case .stop: .stop
        }
      new.socPercent = report.socPercent
      new.chargingComplete = report.isFull || report.socPercent >= plan.socMax
      new.batteryMillivolts = report.millivolts
      new.inletMillivolts = isVoltageForgotten ? 0 : report.inletMillivolts
      // What was said before the silence is no reason to open S2 early.
      new.onboardMilliamps = isSilent ? nil : report.onboardMilliamps
      new.maximumMillivolts = min(report.millivoltsMax ?? .max, limits.millivolts ?? plan.millivoltsMax)
      new.maximumMilliamps = min(report.milliampsMax ?? .max, milliamps)
      new.targetMillivolts = min(report.targetMillivolts, new.maximumMillivolts)
      new.targetMilliamps = min(
        report.targetMilliamps, new.maximumMilliamps, ampsWithin(limits.watts, report))
      new.departureSeconds = report.departureSeconds.map { UInt32(clamping: $0) }
      new.energyRequestWattHours = min(report.requestWattHours ?? 60_000, plan.wattHoursMax ?? .max)
    }
    new.maximumWatts = limits.watts ?? plan.wattsMax
    if let most = plan.wattHoursMax, node.wattHours >= most { new.chargingComplete = true }
    if isPaused { new.wish = .pause }
    if report == nil || isSilent || isStopWanted { new.wish = .stop }
    guard new != told else { return }
    told = new
    post(.conditions(new))
  }

  /// mA at the battery's voltage that stay within a power, W.
  private func ampsWithin(_ watts: Int?, _ report: BatteryReport) -> Int {
    guard inlet.current == .dc, let watts else { return .max }
    let millivolts = max(report.millivolts, report.targetMillivolts, 1)
    return Int(clamping: Int64(watts) * 1_000_000 / Int64(millivolts))
  }

  private func derate(to percent: Int) {
    tell(
      .warning, "derating", "limited to \(percent) % of the inlet's current by its temperature", layer: "heat"
    )
    heatShare = percent
    state.isNew = true
    tellConditions()
  }

  /// The limits that hold now: the site's, narrowed by heat and the control socket.
  var presentLimits: ControlLimits {
    var milliamps = min(plan.milliamps(inlet), narrowed.milliamps ?? .max)
    // mA * percent, in 64 bits for targets with a 32-bit Int.
    if heatShare < 100 {
      milliamps = min(milliamps, Int(clamping: Int64(inlet.milliampsMax) * Int64(heatShare) / 100))
    }
    return ControlLimits(
      milliamps: milliamps,
      millivolts: inlet.current == .dc ? min(plan.millivoltsMax, narrowed.millivolts ?? .max) : nil,
      watts: min(plan.wattsMax, narrowed.watts ?? .max))
  }

  var isHeldBack: Bool { isPaused || narrowed != ControlLimits() }
  /// A vehicle asks nobody.
  var isGranted: Bool { false }

  func take(_ new: ControlLimits) {
    narrowed.milliamps = new.milliamps ?? narrowed.milliamps
    narrowed.millivolts = new.millivolts ?? narrowed.millivolts
    narrowed.watts = new.watts ?? narrowed.watts
    state.isNew = true
    tellConditions()
  }

  /// The modem's interface, where it is there.
  var interfaceName: String? { network.interfaceName }

  /// True once after something changed.
  func takeNews() -> Bool {
    defer { state.isNew = false }
    return state.isNew
  }

  /// Limits as a changed site file has them; the rest needs a restart.
  func adopt(_ new: InletPlan) {
    plan.milliampsMax = new.milliampsMax
    plan.millivoltsMax = new.millivoltsMax
    plan.wattsMax = new.wattsMax
    plan.wattHoursMax = new.wattHoursMax
    plan.socMax = new.socMax
    state.isNew = true
    tellConditions()
  }

  /// Ends the session in order; with `pause` until `resume`.
  func end(pause: Bool) {
    if pause { isPaused = true } else { isStopWanted = true }
    state.isNew = true
    tellConditions()
  }

  func resume() {
    isPaused = false
    isStopWanted = false
    state.isNew = true
    tellConditions()
  }

  // MARK: turns

  /// Hands in an event of the program around, or of the electrical side.
  func post(_ event: VehicleEvent) {
    state.note(event)
    turns.add(event)
    runTurns()
  }

  private func runTurns() {
    guard !turns.isRunning else { return }
    while let event = turns.next() { turn { node.handle(event, at: loop.now, perform: $0) } }
    noteWanted()
    rearm()
  }

  private func receive(_ octets: RawSpan) {
    turn { node.receive(octets, at: loop.now, perform: $0) }
    // What the session asked of pilot and contactors may be done already, and it goes on when it hears so.
    if let told { turns.add(.conditions(told)) }
    runTurns()
  }

  /// One turn of the node: what it wants is carried out after it has returned.
  private func turn(_ body: ((VehicleAction) -> Void) -> Void) {
    turns.begin()
    var actions = actions
    self.actions = []
    body { actions.append($0) }
    for action in actions { perform(action) }
    actions.removeAll(keepingCapacity: true)
    self.actions = actions
    turns.end()
  }

  private func perform(_ action: VehicleAction) {
    switch action {
    case .network(let action): network.perform(action)
    case .setLoad(let load): command(.setLoad(load))
    case .contactor(let close): command(.contactor(close: close))
    case .lock(let lock): command(.lock(lock))
    case .charger(let milliamps): command(.charger(milliamps: milliamps))
    case .trace(let trace):
      state.note(trace, at: loop.now)
      if case .ended(let outcome) = trace { wanted.outcome = "\(outcome)" }
      if case .phase(let phase) = trace {
        // What was asked for ends with the plug-in it was asked for in.
        if phase == .idle { isStopWanted = false }
        if phase == .idle || phase == .finished { replaceNodeWhereDue() }
      }
      handlers.trace(trace, loop.now)
    }
  }

  func command(_ command: InletCommand) {
    // After `makeSafe` nothing is driven any more.
    guard isStarted, !isLeaving || command.isHarmless else { return }
    state.note(command)
    if case .charger(let milliamps) = command { wanted.chargerMilliamps = milliamps }
    port.perform(command)
  }

  /// What the battery is told, as far as it changed.
  private func noteWanted() {
    var new = wanted
    let progress = Self.look(&node, &new)
    new.isBatteryHeard = !isSilent
    new.socPercent = report?.socPercent
    guard new != wanted else { return }
    wanted = new
    state.note(progress, millivolts: report?.inletMillivolts, soc: report?.socPercent)
  }

  /// Inout: a getter on a property of an object would copy the whole node first.
  private static func look(_ node: inout Node, _ status: inout InletStatus) -> EVProgress {
    let progress = node.progress
    status.closeContactor = node.isContactorCommanded
    status.millivolts = progress.presentMillivolts
    status.milliamps = progress.presentMilliamps
    status.milliampsMax = progress.maximumMilliamps
    status.phase = "\(node.phase)"
    return progress
  }

  private func elapse() {
    let now = loop.now
    if isDue(silenceDue, at: now) {
      silenceDue = nil
      fallSilent("its management was silent for \(plan.batterySilence)")
    }
    if isDue(openDue, at: now) {
      openDue = nil
      isBatteryTold = false
      turns.add(.battery(ready: false))
      forgetDue = now + Self.dischargeMax
    }
    if isDue(forgetDue, at: now) {
      forgetDue = nil
      isVoltageForgotten = true
      tellConditions()
    }
    if isDue(nodeDue, at: now) { turns.add(.timeout) }
    runTurns()
    // The energy of this session may be enough by now.
    if plan.wattHoursMax != nil { tellConditions() }
  }

  private func rearm() {
    nodeDue = nextDeadline(of: &node)
    timer?.deadline = earliest(nodeDue, silenceDue, openDue, forgetDue)
  }

  // MARK: the interface

  private func moved() {
    isNodeOutdated = true
    replaceNodeWhereDue()
  }

  /// The modem's interface came with another address than the node speaks with.
  private func replaceNodeWhereDue() {
    guard isNodeOutdated, isNodeFree else { return }
    isNodeOutdated = false
    node = Self.node(plan, inlet, network.address, port)
    turns.add(.start)
    if let told { turns.add(.conditions(told)) }
    if let report, !isSilent { turns.add(.battery(ready: report.isReady)) }
    if port.feedbackMax == nil, let closed = report?.contactorClosed {
      turns.add(.contactorFeedback(closed: closed))
    }
    port.repeatReadings()
    runTurns()
  }

  private var isNodeFree: Bool {
    let phases: [NodePhase] = [.idle, .pilot, .finished]
    return phases.contains(node.phase) && node.fault == nil && !node.isContactorCommanded && node.load == .b
  }

  private func tell(_ priority: LogPriority, _ event: String, _ text: String, layer: String = "link") {
    handlers.log(LogLine(priority, connector: plan.name, layer: layer, event: event, text))
  }
}
