import HAL
public import ISO15118
public import LinuxHardware
public import Node
public import SLAC
public import SimulatedHardware
public import Wire

/// Where the charger's end of the cable is.
public enum ChargerSource {
  /// A charger that is played here: 5 % as soon as the plug is in, energy when the session wants it, for peers
  /// that have no pilot.
  case played
  /// In another process.
  case cable(CableSocket)
}

/// When a vehicle has had enough.
public struct ChargingGoal: Sendable {
  /// Percent.
  public var soc = 80
  public var wattHours: Int?
  /// From the first energy on.
  public var duration: Duration?

  public init() {}
}

/// Runs a vehicle on real sockets, with a simulated electrical side.
public final class VehicleRuntime<Keys: NetworkKeySource> {
  public typealias Node = VehicleNode<Keys>

  /// What the program around it is told.
  public struct Handlers {
    public var trace: (NodeTrace, Instant) -> Void
    public var report: (LinuxError) -> Void

    public init(trace: @escaping (NodeTrace, Instant) -> Void, report: @escaping (LinuxError) -> Void) {
      self.trace = trace
      self.report = report
    }
  }

  public private(set) var node: Node
  private var needs: EVConditions
  private let goal: ChargingGoal
  private var bench: ChargingBench
  private let loop: EventLoop
  private let clock: BoardClock
  private let source: ChargerSource
  private let handlers: Handlers
  private var edge: NetworkEdge?
  private var timer: LoopTimer?
  private var turns = NodeTurns<Node.Event>()
  private var wanted: [Node.Action] = []
  /// What the node waited for when it was last asked: after every turn.
  private var nodeDue: Instant?

  private var cableEnd = VehicleEnd()
  private var repeatDue: Instant?
  private var heardUntil: Instant?
  private var plugInDue: Instant?
  private var goalDue: Instant?
  private var signal = PilotSignal.none

  /// `interface`: `nil` for a vehicle without a modem, whose node has the link policy `.absent`.
  public init(
    _ node: Node, needs: EVConditions, goal: ChargingGoal, bench: ChargingBench,
    charger source: ChargerSource,
    interface: NetworkInterface?, loop: EventLoop, handlers: Handlers
  ) throws(LinuxError) {
    self.node = node
    self.needs = needs
    self.goal = goal
    self.bench = bench
    self.source = source
    self.loop = loop
    self.handlers = handlers
    clock = BoardClock(start: loop.now)
    let matching = if case .slac = node.configuration.link { true } else { false }
    if let interface {
      edge = try NetworkEdge(
        interface, role: .vehicle, matching: matching, loop: loop,
        handlers: NetworkEdge.Handlers(
          event: { [weak self] in self?.post(.network($0)) },
          octets: { [weak self] in self?.receive($0) },
          report: handlers.report))
    }
    timer = loop.addTimer { [weak self] in self?.elapse() }
  }

  /// Starts the vehicle and plugs it in after `delay`.
  public func start(plugInAfter delay: Duration = .milliseconds(300)) throws(LinuxError) {
    if case .cable(let cable) = source {
      try cable.attach(to: loop) { [weak self] octets in
        guard let self, let message = ChargerEnd(parsing: octets) else { return }
        self.hear(message)
      }
      repeatDue = loop.now
    }
    try edge?.start()
    post(.start)
    post(.conditions(needs))
    plugInDue = loop.now + delay
    elapse()
  }

  /// Frames that were of no use since the start: to the node, and to the socket below it.
  public var uselessFrames: UselessFrames {
    UselessFrames(
      counters: node.frameCounters, undeliverable: edge?.undeliverableFrames ?? 0,
      overruns: edge?.overruns ?? 0)
  }

  /// Pulls the plug.
  public func unplug() {
    cableEnd.isPlugged = false
    if case .played = source { bench.unplug() }
    tell()
    post(.proximity(.open))
  }

  /// Ends charging in order.
  public func stop() {
    needs.wish = .stop
    post(.conditions(needs))
  }

  private func post(_ event: Node.Event) {
    turns.add(event)
    runTurns()
  }

  private func runTurns() {
    guard !turns.isRunning else { return }
    while let event = turns.next() {
      turn { node.handle(event, at: loop.now, perform: $0) }
    }
    rearm()
  }

  private func receive(_ octets: RawSpan) {
    turn { node.receive(octets, at: loop.now, perform: $0) }
    runTurns()
  }

  /// One turn of the node: what it wants is carried out after it has returned.
  private func turn(_ body: ((Node.Action) -> Void) -> Void) {
    turns.begin()
    // The list of the last turn again: its place is large, and turns are many.
    var actions = wanted
    wanted = []
    body { actions.append($0) }
    for action in actions { perform(action) }
    actions.removeAll(keepingCapacity: true)
    wanted = actions
    turns.end()
  }

  private func perform(_ action: Node.Action) {
    switch action {
    case .network(let action): edge?.perform(action)
    case .setLoad(let load):
      cableEnd.load = load
      bench.apply(.setLoad(load))
      tell()
    case .contactor(let close): switchContactor(close)
    case .lock: break  // `coupler ev` has none.
    case .charger(let milliamps):
      cableEnd.milliamps = milliamps
      bench.apply(.charger(milliamps: milliamps))
      if case .played = source {
        bench.apply(ChargingBench.OutletCommand.contactor(close: milliamps > 0))
      }
      tell()
    case .trace(let trace):
      if case .phase(.energy) = trace, let duration = goal.duration { goalDue = loop.now + duration }
      handlers.trace(trace, loop.now)
    }
  }

  private func switchContactor(_ close: Bool) {
    cableEnd.contactorClosed = close
    advanceBench()
    bench.apply(ChargingBench.InletCommand.contactor(close: close))
    if case .played = source {
      // A foreign charger's output is not ours to measure: the played one follows the vehicle's request.
      bench.apply(ChargingBench.OutletCommand.contactor(close: close))
      bench.apply(
        .setPoint(PowerReading(millivolts: needs.targetMillivolts, milliamps: needs.targetMilliamps)))
      bench.apply(.powerStage(enabled: close))
    }
    tell()
  }

  // MARK: time

  private func elapse() {
    let now = loop.now
    if let due = plugInDue, now >= due {
      plugInDue = nil
      cableEnd.isPlugged = true
      if case .played = source {
        bench.plugIn()
        // 32 A (IEC 61851-1 Table A.8) to one that has nothing but the duty.
        if case .absent = node.configuration.link {
          bench.apply(.setDuty(.pwm(permille: 533)))
        } else {
          bench.apply(.setDuty(.digital))
        }
      }
      tell()
      post(.proximity(.plugged(cableMilliamps: nil)))
    }
    if let until = heardUntil, now >= until {
      // The charger's process is gone: so is its signal.
      heardUntil = nil
      measure(.none)
    }
    if let due = goalDue, now >= due {
      goalDue = nil
      needs.chargingComplete = true
      post(.conditions(needs))
    }
    if let due = bench.deadline, clock.kernel(due) <= now { advanceBench() }
    if let due = repeatDue, now >= due { tell() }
    if isDue(nodeDue, at: now) { turns.add(.timeout) }
    runTurns()
  }

  private func rearm() {
    nodeDue = nextDeadline(of: &node)
    timer?.deadline = earliest(
      nodeDue, bench.deadline.map { clock.kernel($0) }, plugInDue, goalDue, repeatDue,
      heardUntil)
  }

  private func advanceBench() {
    var readings: [ChargingBench.InletReading] = []
    bench.advance(to: clock.bench(loop.now), outlet: { _ in }, inlet: { readings.append($0) })
    for reading in readings {
      switch reading {
      case .pilot(let signal): if case .played = source { turns.add(.pilot(signal)) }
      case .contactor(let closed): turns.add(.contactorFeedback(closed: closed))
      case .battery(let battery): if case .played = source { sense(battery) }
      }
    }
    if !turns.isEmpty { runTurns() }
  }

  private func sense(_ battery: ChargingBench.BatteryReading) {
    needs.batteryMillivolts = battery.batteryMillivolts
    needs.inletMillivolts = battery.inletMillivolts
    needs.onboardMilliamps = battery.onboardMilliamps
    needs.socPercent = battery.soc
    needs.targetMillivolts = battery.request.millivolts
    needs.targetMilliamps = battery.request.milliamps
    if battery.soc >= goal.soc { needs.chargingComplete = true }
    if let wanted = goal.wattHours, node.wattHours >= wanted { needs.chargingComplete = true }
    turns.add(.conditions(needs))
  }

  // MARK: a charger in another process

  private func hear(_ message: ChargerEnd) {
    heardUntil = loop.now + CableSocket.silenceMax
    measure(message.signal)
    sense(message.battery)
    if !turns.isEmpty { runTurns() }
  }

  /// Three measurements for each change, as a real one would bring: one alone never decides.
  private func measure(_ new: PilotSignal) {
    guard new != signal else { return }
    signal = new
    for _ in 0..<3 { turns.add(.pilot(new)) }
    runTurns()
  }

  private func tell() {
    guard case .cable(let cable) = source else { return }
    repeatDue = loop.now + CableSocket.interval
    cable.send(cableEnd)
  }
}
