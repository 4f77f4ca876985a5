import HAL
import ISO15118
public import LinuxHardware
public import Node
public import SLAC
public import SimulatedHardware
import Simulation
public import Wire

/// Where the vehicle's end of the cable is.
public enum VehicleSource {
  /// A vehicle that is played here: it plugs in after `plugInAfter` and works S2 as the session asks, for peers
  /// that have no pilot.
  case played(plugInAfter: Duration)
  /// In another process.
  case cable(CableSocket)
}

/// Runs a charger on real sockets, with a simulated electrical side.
public final class ChargerRuntime<Keys: NetworkKeySource, Random: RandomNumberGenerator> {
  public typealias Node = ChargerNode<Keys, Random>

  /// What the program around it is told.
  public struct Handlers {
    public var trace: (NodeTrace, Instant) -> Void
    /// Ask the customer; answer by `post(.authorization(...))`.
    public var authorizationNeeded: () -> Void
    public var report: (LinuxError) -> Void

    public init(
      trace: @escaping (NodeTrace, Instant) -> Void, authorizationNeeded: @escaping () -> Void,
      report: @escaping (LinuxError) -> Void
    ) {
      self.trace = trace
      self.authorizationNeeded = authorizationNeeded
      self.report = report
    }
  }

  public private(set) var node: Node
  private var bench: ChargingBench
  private let loop: EventLoop
  private let clock: BoardClock
  private let source: VehicleSource
  private let handlers: Handlers
  private var edge: NetworkEdge?
  private var timer: LoopTimer?
  private var turns = NodeTurns<Node.Event>()
  private var wanted: [Node.Action] = []
  /// What the node waited for when it was last asked: after every turn.
  private var nodeDue: Instant?

  // The vehicle's end of the cable.
  private var signal = PilotSignal.none
  private var battery: ChargingBench.BatteryReading?
  private var heardUntil: Instant?
  private var repeatDue: Instant?
  private var plugInDue: Instant?
  private var unplugDue: Instant?
  private var batteryAdopted = false

  /// `interface`: `nil` for a charger without a modem, whose node has the link policy `.absent`.
  public init(
    _ node: Node, bench: ChargingBench, vehicle source: VehicleSource, interface: NetworkInterface?,
    port: UInt16?, loop: EventLoop, handlers: Handlers
  ) throws(LinuxError) {
    self.node = node
    self.bench = bench
    self.source = source
    self.loop = loop
    self.handlers = handlers
    clock = BoardClock(start: loop.now)
    let matching = if case .slac = node.configuration.link { true } else { false }
    if let interface {
      edge = try NetworkEdge(
        interface, role: .charger(port: port), matching: matching, loop: loop,
        handlers: NetworkEdge.Handlers(
          event: { [weak self] in self?.post(.network($0)) },
          octets: { [weak self] in self?.receive($0) },
          report: handlers.report))
    }
    timer = loop.addTimer { [weak self] in self?.elapse() }
  }

  /// Starts the charger.
  public func start() throws(LinuxError) {
    switch source {
    case .played(let delay): plugInDue = loop.now + delay
    case .cable(let cable):
      try cable.attach(to: loop) { [weak self] octets in
        guard let self, let message = VehicleEnd(parsing: octets) else { return }
        self.hear(message)
      }
    }
    try edge?.start()
    post(.start)
    elapse()
  }

  /// Frames that were of no use since the start: to the node, and to the socket below it.
  public var uselessFrames: UselessFrames {
    UselessFrames(
      counters: node.frameCounters, undeliverable: edge?.undeliverableFrames ?? 0,
      overruns: edge?.overruns ?? 0)
  }

  /// Hands in an event of the program around: authorization, limits, stop.
  public func post(_ event: Node.Event) {
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
    case .setDuty(let duty): command(.setDuty(duty))
    case .contactor(let close): command(.contactor(close: close))
    case .lock(let lock): command(.lock(lock))
    case .powerStage(let enabled): command(.powerStage(enabled: enabled))
    case .setPoint(let reading): setPoint(reading)
    case .insulationTest: command(.insulationTest)
    case .authorizationNeeded: handlers.authorizationNeeded()
    // The bench has no monitor to test and one contactor for all phases; no board switches a modem.
    case .modemPower, .residualCurrentTest, .phases: break
    case .trace(let trace):
      if case .played = source { play(trace) }
      handlers.trace(trace, loop.now)
    }
  }

  private func command(_ command: ChargingBench.OutletCommand) {
    advanceBench()
    bench.apply(command)
  }

  private func setPoint(_ reading: PowerReading) {
    // A foreign vehicle's battery is not ours to know: the played one has the voltage it asks for first.
    if case .played = source, !batteryAdopted, case .preparation = node.phase, reading.milliamps > 1000 {
      batteryAdopted = true
      bench.adoptBattery(millivolts: reading.millivolts)
    }
    command(.setPoint(reading))
  }

  // MARK: time

  private func elapse() {
    let now = loop.now
    if let due = plugInDue, now >= due {
      plugInDue = nil
      bench.plugIn()
    }
    if let due = unplugDue, now >= due {
      unplugDue = nil
      bench.unplug()
    }
    if let until = heardUntil, now >= until {
      heardUntil = nil
      bench.unplug()
    }
    if let due = bench.deadline, clock.kernel(due) <= now { advanceBench() }
    if let due = repeatDue, now >= due { tell() }
    if isDue(nodeDue, at: now) { turns.add(.timeout) }
    runTurns()
  }

  private func rearm() {
    nodeDue = nextDeadline(of: &node)
    timer?.deadline = earliest(
      nodeDue, bench.deadline.map { clock.kernel($0) }, plugInDue, unplugDue, heardUntil,
      repeatDue)
  }

  private func advanceBench() {
    var readings: [ChargingBench.OutletReading] = []
    var changed = false
    bench.advance(
      to: clock.bench(loop.now), outlet: { readings.append($0) },
      inlet: { reading in
        switch reading {
        case .pilot(let new):
          changed = changed || new != signal
          signal = new
        case .battery(let new): battery = new
        case .contactor: break
        }
      })
    if changed { tell() }
    // Queued, as a command may be under way.
    for reading in readings { turns.add(Node.Event(reading)) }
    if !turns.isEmpty { runTurns() }
  }

  // MARK: a vehicle in another process

  private func hear(_ message: VehicleEnd) {
    heardUntil = loop.now + CableSocket.silenceMax
    if repeatDue == nil { tell() }
    if message.isPlugged, !bench.isPlugged { bench.plugIn() }
    if !message.isPlugged, bench.isPlugged { bench.unplug() }
    bench.apply(.setLoad(message.load))
    bench.apply(ChargingBench.InletCommand.contactor(close: message.contactorClosed))
    bench.apply(.charger(milliamps: message.milliamps))
    advanceBench()
    rearm()
  }

  private func tell() {
    guard case .cable(let cable) = source else { return }
    // With nobody at the other end there is nothing to repeat: a charger without a vehicle sleeps.
    repeatDue = heardUntil == nil ? nil : loop.now + CableSocket.interval
    var message = ChargerEnd()
    message.signal = bench.wire.signal
    if let battery { message.battery = battery }
    cable.send(message)
  }

  // MARK: a vehicle that is played

  /// Works S2 and the vehicle's contactor as the session's messages tell.
  private func play(_ trace: NodeTrace) {
    switch trace {
    case .session(.received(.CableCheckReq)), .session(.received(.ChargingStatusReq)): switchLoad(.c)
    case .session(.received(.PowerDeliveryReq)):
      if node.phase < .energy {
        switchLoad(.c)
        bench.apply(ChargingBench.InletCommand.contactor(close: true))
        bench.apply(.charger(milliamps: 16_000))
      }
    case .session(.sent(.PowerDeliveryRes, _, _)):
      if node.phase > .energy { switchLoad(.b) }
    case .session(.received(.WeldingDetectionReq)), .session(.received(.SessionStopReq)), .ended:
      switchLoad(.b)
      bench.apply(ChargingBench.InletCommand.contactor(close: false))
      bench.apply(.charger(milliamps: 0))
      if case .ended = trace {
        batteryAdopted = false
        unplugDue = loop.now + .seconds(3)
        plugInDue = loop.now + .seconds(4)
      }
    // Without a network it follows the duty, as a vehicle without communication does.
    case .coupling(.basicCharging(let may)):
      guard case .absent = node.configuration.link else { return }
      switchLoad(may ? .c : .b)
      bench.apply(.charger(milliamps: may ? 16_000 : 0))
    default: break
    }
  }

  private func switchLoad(_ load: PilotLoad) {
    advanceBench()
    bench.apply(.setLoad(load))
  }
}
