import HAL
public import ISO15118
public import Node
public import SLAC
public import SimulatedHardware
import V2GTransport
public import Wire

/// One of the two ends of the cable.
public enum SiteSide: Int, Sendable, CaseIterable {
  /// The vehicle is on port 0 of the power line, the charger on port 1.
  case vehicle = 0
  case charger = 1

  public var other: SiteSide { self == .vehicle ? .charger : .vehicle }
}

/// What an observer of a site is told.
public enum SiteEvent: Sendable {
  case trace(SiteSide, NodeTrace)
  /// An Ethernet frame left or reached a host.
  case frame(SiteSide, [UInt8], outgoing: Bool)
  /// A datagram of discovery, as it arrives.
  case datagram([UInt8], from: SiteSide, source: V2GEndpoint, destination: V2GEndpoint)
  case connection(SiteConnectionEvent)
}

/// Life of the simulated connection, for a recording.
public enum SiteConnectionEvent: Sendable {
  case opened(client: V2GEndpoint, server: V2GEndpoint)
  case octets([UInt8], from: SiteSide)
  case closed(by: SiteSide)
}

/// A charger and a vehicle on one cable, with everything between them, in virtual time.
///
/// One clock, one seed: a run is repeated exactly by its seed and plan. `step` goes to the next moment at which
/// anything happens, so that a session that takes minutes takes milliseconds.
public struct SimulatedSite<Keys: NetworkKeySource> {
  public private(set) var now = Instant.zero
  public private(set) var charger: ChargerNode<Keys, SeededGenerator>
  public private(set) var vehicle: VehicleNode<Keys>
  public private(set) var bench: ChargingBench
  /// What the vehicle's controller tells its session; battery and inlet are filled in from the bench.
  public var needs = EVConditions()
  public private(set) var line: PowerLine
  /// Answer of the customer and how long it takes; `nil` never answers.
  public var authorizesAfter: Duration? = .seconds(1)
  /// The vehicle stops at this state of charge, in percent.
  public var targetSoC = 80
  /// The vehicle stops when it has got this much, in Wh.
  public var energyWanted = Int.max
  /// How long the charger's modem takes from power to its first answer.
  public var modemBoot: Duration = .seconds(3)
  /// Since when, or from when on, the charger's modem works; `nil` while it is switched off.
  private var chargerModemReady: Instant? = .zero
  /// Steps made so far.
  public private(set) var steps = 0
  /// Time stands still: some machine's deadline has passed and it does not move it. A defect of that machine.
  public var isStuck: Bool { stepsAtThisInstant > 10_000 }
  private var stepsAtThisInstant = 0

  private let plan: FaultPlan
  private var draw: SeededGenerator
  private var queue = EventQueue<SiteHappening>()
  private var connection = SimulatedConnection()
  private var vehicleIsDead = false
  /// Deadlines of the two nodes. Only an event moves them, and a step asks more than once.
  private var chargerDue: Instant?
  private var vehicleDue: Instant?
  /// Frames, datagrams and messages the vehicle has sent.
  public private(set) var vehicleSent = 0
  /// Messages of the session the vehicle has sent since it was plugged in.
  private var messagesSent = 0
  /// Changes what the vehicle says: the number of its message since it was plugged in, from 0, and its octets, to
  /// those that travel instead.
  public var tamper: ((Int, [UInt8]) -> [UInt8])?
  /// The charger's messages do not arrive.
  public var chargerIsMute = false
  /// The vehicle as it was made, for the one that comes after it died.
  private let newVehicle: VehicleNode<Keys>
  private var observer: (SiteEvent, Instant) -> Void
  private let addresses: [IPv6Address]
  private let listenPort: UInt16 = 50_000
  private let clientPort: UInt16 = 61_000

  public init(
    charger: ChargerNode<Keys, SeededGenerator>, vehicle: VehicleNode<Keys>, bench: ChargingBench,
    line: PowerLine, addresses: (vehicle: MACAddress, charger: MACAddress),
    plan: FaultPlan = .none, seed: UInt64, observer: @escaping (SiteEvent, Instant) -> Void = { _, _ in }
  ) {
    self.charger = charger
    self.vehicle = vehicle
    newVehicle = vehicle
    self.bench = bench
    self.line = line
    self.plan = plan
    self.observer = observer
    self.addresses = [
      IPv6Address(linkLocalFor: addresses.vehicle), IPv6Address(linkLocalFor: addresses.charger),
    ]
    draw = SeededGenerator(seed: seed ^ 0x517E)
    queue.add(.charger(.start), at: now)
    queue.add(.vehicle(.start), at: now)
    queue.add(.charger(.network(.address(self.addresses[1]))), at: now)
    queue.add(.vehicle(.network(.address(self.addresses[0]))), at: now)
    if let at = plan.unplugAt { queue.add(.unplug, at: at) }
    if let at = plan.vehicleDiesAt { queue.add(.vehicleDies, at: at) }
    if let at = plan.emergencyStopAt { queue.add(.charger(.emergencyStop(true)), at: at) }
    if let at = plan.resetAt { queue.add(.resetConnection, at: at) }
  }

  /// The vehicle is plugged in at `time`.
  public mutating func plugIn(at time: Instant) { queue.add(.plugIn, at: time) }

  /// Somebody pulls the plug at `time`.
  public mutating func unplug(at time: Instant) { queue.add(.unplug, at: time) }

  /// Anything else that happens to the charger.
  public mutating func schedule(_ event: ChargerEvent, at time: Instant) {
    queue.add(.charger(event), at: time)
  }

  /// Anything else that happens to the vehicle.
  public mutating func schedule(_ event: VehicleEvent, at time: Instant) {
    queue.add(.vehicle(event), at: time)
  }

  /// Hands and faults at the cable, now.
  public mutating func change(_ change: (inout ChargingBench) -> Void) {
    exchange()
    change(&bench)
    exchange()
  }

  /// The vehicle's electronics die now.
  public mutating func killVehicle() { vehicleIsDead = true }

  /// The connection is reset at `time`, if there is one.
  public mutating func resetConnection(at time: Instant) { queue.add(.resetConnection, at: time) }

  /// The power line carries nothing between the two, or as before.
  public mutating func cutLine(_ isCut: Bool) {
    line.setAttenuation(isCut ? nil : line.configuration.attenuation, between: 0, and: 1)
  }

  /// Attenuation between the two modems from now on, in dB.
  public mutating func attenuate(_ decibels: Int) { line.setAttenuation(decibels, between: 0, and: 1) }

  /// From now on no management frame is lost or late.
  public mutating func soundLine() { line.faults = .none }

  /// A frame reaches one side's host as it is.
  public mutating func injectFrame(_ octets: [UInt8], to side: SiteSide) {
    observer(.frame(side, octets, outgoing: false), now)
    let event = NetworkEvent.frame(octets)
    queue.add(side == .charger ? .charger(.network(event)) : .vehicle(.network(event)), at: now)
  }

  /// Octets reach one side as if the other had sent them, over the connection there is.
  public mutating func inject(_ octets: [UInt8], to side: SiteSide) {
    queue.add(.octets(octets, to: side, generation: connection.generation), at: now)
  }

  /// When something happens next; `nil` when nothing ever will.
  public var deadline: Instant? {
    earliest(queue.next, chargerDue, vehicleIsDead ? nil : vehicleDue, line.deadline, bench.deadline)
  }

  /// Goes to the next moment at which something happens and lets it happen. False when nothing is left, or not
  /// before `limit`; the clock then stands at `limit`.
  public mutating func step(until limit: Instant) -> Bool {
    guard let next = deadline, next <= limit else {
      now = max(now, limit)
      return false
    }
    stepsAtThisInstant = next > now ? 0 : stepsAtThisInstant + 1
    guard !isStuck else { return false }
    now = max(now, next)
    steps += 1
    exchange()
    while let happening = queue.take(until: now) { take(happening) }
    if let due = line.deadline, due <= now { carry(.timeout) }
    exchangeAgain()
    if let due = chargerDue, due <= now { toCharger(.timeout) }
    if let due = vehicleDue, due <= now { toVehicle(.timeout) }
    exchangeAgain()
    return true
  }

  // MARK: what happens

  private mutating func take(_ happening: SiteHappening) {
    switch happening {
    case .charger(let event): toCharger(event)
    case .vehicle(let event): toVehicle(event)
    case .plugIn:
      replaceDeadVehicle()
      messagesSent = 0
      bench.plugIn()
      toVehicle(.proximity(.plugged(cableMilliamps: nil)))
    case .unplug:
      bench.unplug()
      toVehicle(.proximity(.open))
    case .vehicleDies: vehicleIsDead = true
    case .resetConnection:
      guard connection.state != .closed else { return }
      let generation = connection.generation
      connection.state = .closed
      queue.add(.disconnected(.charger, generation: generation), at: now)
      queue.add(.disconnected(.vehicle, generation: generation), at: now)
    case .opened(let generation):
      guard generation == connection.generation, connection.state == .opening else { return }
      connection.state = .open
      let client = V2GEndpoint(addresses[0], port: clientPort)
      let server = V2GEndpoint(addresses[1], port: listenPort)
      observer(.connection(.opened(client: client, server: server)), now)
      toCharger(.network(.connected(client)))
      toVehicle(.network(.connected(server)))
    case .octets(let octets, let side, let generation):
      guard generation == connection.generation else { return }
      receive(octets, at: side)
    case .disconnected(let side, let generation):
      guard generation == connection.generation else { return }
      side == .charger ? toCharger(.network(.disconnected)) : toVehicle(.network(.disconnected))
    }
  }

  /// Who comes after a vehicle that died is another one.
  private mutating func replaceDeadVehicle() {
    guard vehicleIsDead else { return }
    vehicleIsDead = false
    vehicle = newVehicle
    bench.apply(.setLoad(.b))
    bench.apply(ChargingBench.InletCommand.contactor(close: false))
    bench.apply(.charger(milliamps: 0))
    toVehicle(.start)
    toVehicle(.network(.address(addresses[0])))
    toVehicle(.conditions(needs))
  }

  private mutating func receive(_ octets: [UInt8], at side: SiteSide) {
    switch side {
    case .charger:
      var actions: [ChargerAction] = []
      charger.receive(octets.span.bytes, at: now) { actions.append($0) }
      chargerDue = charger.deadline
      for action in actions { perform(action) }
    case .vehicle:
      guard !vehicleIsDead else { return }
      var actions: [VehicleAction] = []
      vehicle.receive(octets.span.bytes, at: now) { actions.append($0) }
      vehicleDue = vehicle.deadline
      for action in actions { perform(action) }
    }
  }

  private mutating func toCharger(_ event: ChargerEvent) {
    var actions: [ChargerAction] = []
    charger.handle(event, at: now) { actions.append($0) }
    chargerDue = charger.deadline
    for action in actions { perform(action) }
  }

  private mutating func toVehicle(_ event: VehicleEvent) {
    guard !vehicleIsDead else { return }
    var actions: [VehicleAction] = []
    vehicle.handle(event, at: now) { actions.append($0) }
    vehicleDue = vehicle.deadline
    for action in actions { perform(action) }
  }

  // MARK: the cable

  /// Lets voltages, currents and contacts follow the clock, and tells both sides what they measure.
  private mutating func exchange() {
    var measured: [ChargingBench.OutletReading] = []
    var sensed: [ChargingBench.InletReading] = []
    bench.advance(to: now, outlet: { measured.append($0) }, inlet: { sensed.append($0) })
    for reading in measured { toCharger(ChargerEvent(reading)) }
    for reading in sensed { sense(reading) }
  }

  /// The same, at an instant at which it was done already: commands since then may have left something due.
  private mutating func exchangeAgain() {
    if let due = bench.deadline, due <= now { exchange() }
  }

  /// Energy that went through the meter, in Wh.
  public var sessionWattHours: Int {
    switch bench.path {
    case .dc(let dc): Int(dc.meter.wattHours())
    case .ac(let ac): Int(ac.meter.wattHours())
    }
  }

  private mutating func sense(_ reading: ChargingBench.InletReading) {
    switch reading {
    case .pilot(let signal): toVehicle(.pilot(signal))
    case .contactor(let closed): toVehicle(.contactorFeedback(closed: closed))
    case .battery(let battery):
      needs.batteryMillivolts = battery.batteryMillivolts
      needs.inletMillivolts = battery.inletMillivolts
      needs.onboardMilliamps = battery.onboardMilliamps
      needs.socPercent = battery.soc
      needs.targetMillivolts = battery.request.millivolts
      needs.targetMilliamps = battery.request.milliamps
      needs.chargingComplete = battery.soc >= targetSoC || sessionWattHours >= energyWanted
      toVehicle(.conditions(needs))
    }
  }

  private mutating func perform(_ action: ChargerAction) {
    switch action {
    case .network(let action): perform(action, of: .charger)
    case .setDuty(let duty): bench.apply(.setDuty(duty))
    case .contactor(let close): bench.apply(ChargingBench.OutletCommand.contactor(close: close))
    case .lock(let lock): bench.apply(.lock(lock))
    case .powerStage(let enabled): bench.apply(.powerStage(enabled: enabled))
    case .setPoint(let reading): bench.apply(.setPoint(reading))
    case .insulationTest: bench.apply(.insulationTest)
    case .authorizationNeeded:
      if let delay = authorizesAfter { queue.add(.charger(.authorization(.granted)), at: now + delay) }
    // A sound monitor trips and returns; one of another kind is for the tests of the supervisor.
    case .residualCurrentTest(let on):
      let delay = Duration.milliseconds(on ? 40 : 100)
      queue.add(.charger(.residualCurrent(ok: !on)), at: now + delay)
    // The bench has one contactor for all phases.
    case .phases: break
    case .modemPower(let on): chargerModemReady = on ? now + modemBoot : nil
    case .trace(let trace): observer(.trace(.charger, trace), now)
    }
  }

  private mutating func perform(_ action: VehicleAction) {
    guard !vehicleIsDead else { return }
    switch action {
    case .network(let action):
      perform(action, of: .vehicle)
      switch action {
      case .frame, .datagram, .send:
        vehicleSent += 1
        if vehicleSent == plan.vehicleDiesAfterSending { vehicleIsDead = true }
      case .listen, .connect, .close: break
      }
    case .setLoad(let load): bench.apply(.setLoad(load))
    case .contactor(let close): bench.apply(ChargingBench.InletCommand.contactor(close: close))
    case .charger(let milliamps): bench.apply(.charger(milliamps: milliamps))
    case .lock: break  // The bench has the outlet's lock alone.
    case .trace(let trace): observer(.trace(.vehicle, trace), now)
    }
  }

  // MARK: the network

  /// The charger's modem has power and has booted.
  public var isChargerModemOn: Bool { chargerModemReady.map { $0 <= now } ?? false }

  private mutating func carry(_ event: PowerLineEvent) {
    if case .frame(_, SiteSide.charger.rawValue) = event, !isChargerModemOn { return }
    var actions: [PowerLineAction] = []
    line.handle(event, at: now) { actions.append($0) }
    for case .deliver(let octets, let port) in actions {
      guard let side = SiteSide(rawValue: port), side == .vehicle || isChargerModemOn else { continue }
      observer(.frame(side, octets, outgoing: false), now)
      queue.add(
        side == .charger
          ? .charger(.network(.frame(octets))) : .vehicle(.network(.frame(octets))), at: now)
    }
  }

  private mutating func perform(_ action: NetworkAction, of side: SiteSide) {
    switch action {
    case .frame(let octets):
      observer(.frame(side, octets, outgoing: true), now)
      carry(.frame(octets, port: side.rawValue))
    case .datagram(let octets, let destination): sendDatagram(octets, from: side, to: destination)
    case .listen(let on):
      if on {
        let endpoint = V2GEndpoint(addresses[1], port: listenPort)
        queue.add(.charger(.network(.listening(endpoint))), at: now)
      }
    case .connect: connect()
    case .send(let octets):
      if side == .vehicle, let tamper {
        send(tamper(messagesSent, octets), from: side)
      } else if side == .vehicle || !chargerIsMute {
        send(octets, from: side)
      }
      if side == .vehicle { messagesSent += 1 }
    case .close: close(by: side)
    }
  }

  private var isJoined: Bool { line.areJoined(0, 1, at: now) && isChargerModemOn }

  private mutating func sendDatagram(_ octets: [UInt8], from side: SiteSide, to destination: V2GEndpoint?) {
    guard isJoined, !draw.chance(perMille: plan.datagramLossPerMille) else { return }
    let port = side == .vehicle ? clientPort : V2GEndpoint.sdpPort
    let source = V2GEndpoint(addresses[side.rawValue], port: port)
    let target = destination ?? V2GEndpoint(.allNodes, port: V2GEndpoint.sdpPort)
    observer(.datagram(octets, from: side, source: source, destination: target), now)
    let event = NetworkEvent.datagram(octets, from: source, mac: nil)
    queue.add(side == .vehicle ? .charger(.network(event)) : .vehicle(.network(event)), at: now + delay())
  }

  private mutating func connect() {
    connection.open()
    let generation = connection.generation
    if isJoined {
      queue.add(.opened(generation: generation), at: now + delay())
    } else {
      connection.state = .closed
      queue.add(.disconnected(.vehicle, generation: generation), at: now + .seconds(3))
    }
  }

  private mutating func send(_ octets: [UInt8], from side: SiteSide) {
    // Without a link nothing arrives, and the session's own timers find out.
    guard connection.state == .open, isJoined else { return }
    observer(.connection(.octets(octets, from: side)), now)
    let arrival = connection.arrival(at: side.other.rawValue, now: now, delay: delay())
    queue.add(.octets(octets, to: side.other, generation: connection.generation), at: arrival)
  }

  private mutating func close(by side: SiteSide) {
    guard connection.state != .closed else { return }
    connection.state = .closed
    observer(.connection(.closed(by: side)), now)
    let arrival = connection.arrival(at: side.other.rawValue, now: now, delay: delay())
    queue.add(.disconnected(side.other, generation: connection.generation), at: arrival)
  }

  /// Half a millisecond, as measured on veth pairs, and what the plan adds.
  private mutating func delay() -> Duration {
    let extra = max(0, plan.streamDelayMax.nanoseconds)
    return .nanoseconds(500_000 + (extra > 0 ? Int64.random(in: 0...extra, using: &draw) : 0))
  }
}

extension ChargerEvent {
  /// What the bench measured at the outlet, as the charger's event.
  public init(_ reading: ChargingBench.OutletReading) {
    switch reading {
    case .pilot(let levels): self = .pilot(levels)
    case .contactor(let closed): self = .contactorFeedback(closed: closed)
    case .lock(let locked): self = .lock(locked: locked)
    case .earth(let ok): self = .earth(ok: ok)
    case .output(let reading, let wattHours): self = .output(reading, wattHours: wattHours)
    case .insulation(let status): self = .insulation(status)
    }
  }
}
