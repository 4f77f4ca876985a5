import Glibc
import HAL
import LinuxHardware
import LinuxRuntime
import Node
import SafetyLinks
import SimulatedController
import Testing
import Wire

@testable import BoardRuntime

/// Controllers of each kind, as boards have them.
enum ControllerKind: String, CaseIterable, CustomTestStringConvertible {
  case chargebyte, yeti, phyverso, chargebridge

  var testDescription: String { rawValue }
  var hasLock: Bool { self != .chargebyte }
  /// phyVERSO's second one, so that both are in use.
  var connector: Int { self == .phyverso ? 2 : 1 }
}

/// What an outlet tells its node, and what it is told.
final class RecordingPort: OutletPort {
  let inner: LinkOutlet
  private(set) var events: [ChargerEvent] = []
  private(set) var commands: [OutletCommand] = []

  init(_ inner: LinkOutlet) { self.inner = inner }

  func start(_ reading: @escaping (ChargerEvent) -> Void) throws(BoardFailure) {
    try inner.start { [unowned self] in
      events.append($0)
      reading($0)
    }
  }

  func perform(_ command: OutletCommand) {
    commands.append(command)
    inner.perform(command)
  }

  func repeatReadings() { inner.repeatReadings() }
  func makeSafe() { inner.makeSafe() }
  var derated: ((Int) -> Void)? {
    get { inner.derated }
    set { inner.derated = newValue }
  }
  var readsProximity: Bool { inner.readsProximity }
  var readsResidualCurrent: Bool { inner.readsResidualCurrent }
  var temperatureEnds: [Int] { inner.temperatureEnds }
  var samplesPilot: Bool { inner.samplesPilot }
  var diodeProof: Duration { inner.diodeProof }
  var trouble: String? { inner.trouble }
  var isBroken: Bool { inner.isBroken }
  var feedbackMax: Duration { inner.feedbackMax }

  var contactor: [Bool] {
    events.compactMap { if case .contactorFeedback(let closed) = $0 { closed } else { nil } }
  }
  var locks: [Bool] { events.compactMap { if case .lock(let locked) = $0 { locked } else { nil } } }
  var stops: [Bool] { events.compactMap { if case .emergencyStop(let on) = $0 { on } else { nil } } }
  var earth: [Bool] { events.compactMap { if case .earth(let ok) = $0 { ok } else { nil } } }
}

/// A charger's node behind a controller that is played at the other end of a real line, on one loop, in real time.
///
/// Everybody plugs in: what is tried is the electrical side.
final class LinkRig {
  let kind: ControllerKind
  let loop: EventLoop
  let controller: PlayedController
  let link: ControllerLink
  let port: RecordingPort
  let connector: ConnectorRuntime
  let hardware: BoardHardware
  let description: SafetyLinkDescription
  /// Path of the line; `nil` for UDP.
  let path: String
  private(set) var log: [LogLine] = []
  private(set) var traces: [NodeTrace] = []
  /// What the controller drove at the pilot, in order, 0.01 %.
  private(set) var duties: [UInt32] = []

  static let silence = Duration.milliseconds(280)

  /// `present`: a controller is there. `proximity`: what the socket reads.
  init(
    _ kind: ControllerKind, present: Bool = true, proximity: ProximityCode? = nil,
    silence: Duration = LinkRig.silence, heartbeat: Duration = .milliseconds(50)
  ) throws {
    self.kind = kind
    let loop = try EventLoop()
    self.loop = loop
    path = "/tmp/coupler-link-\(getpid())-\(UInt64.random(in: 0 ... .max))"
    var outlet = Outlet(
      current: .ac, hasLock: kind.hasLock, isVentilated: false, milliampsMax: 32_000,
      recloseIntervalMin: .zero,
      receiverLossDecibels: 0,
      hardware: .link(
        LinkDrivenOutlet(
          link: "safety", connector: kind.connector, proximity: proximity, lock: kind.hasLock ? .link : .none)
      ),
      monitoring: OutletMonitoring(residualCurrent: .link))
    if kind == .chargebyte { outlet.monitoring.residualCurrent = .none }
    let played = Self.played(kind)
    let transport: SafetyLinkTransport
    switch kind {
    case .chargebyte: transport = .serial(device: path, baud: 115_200, .chargebyte)
    case .yeti: transport = .serial(device: path, baud: 115_200, .yeti)
    case .phyverso: transport = .serial(device: path, baud: 115_200, .phyverso)
    case .chargebridge: transport = .chargeBridge(host: "127.0.0.1", port: 0)
    }
    var description = SafetyLinkDescription(
      name: "safety", transport: transport, heartbeat: heartbeat, silenceMax: silence)
    if kind == .chargebridge {
      controller = try Self.pair { (port) throws(LinuxError) in
        try PlayedController(played, address: "127.0.0.1", management: port, pilot: port + 1, loop: loop)
      }
      if case .datagrams(let port, _) = controller.place {
        description.transport = .chargeBridge(host: "127.0.0.1", port: port)
      }
    } else {
      controller = try PlayedController(played, link: path, loop: loop)
    }
    let reset = LineDescription(.named("RESET"))
    if kind == .chargebyte {
      description.reset = .init(OutputDescription(reset, crash: .held), pulse: .milliseconds(50))
    }
    self.description = description
    let board = BoardDescription(
      name: "fake", summary: "a board behind a controller", matches: [], outlets: [outlet],
      links: [description], crashSafety: .linkTimeout(.seconds(1), words: "none"), trial: .simulated)
    var devices = BoardDevices()
    let line = ResetLine(controller, isPowered: present)
    devices.output = { (_, _, _) throws(LinuxError) in line }
    hardware = try BoardHardware(board, devices: devices, purpose: .start)
    link = try ControllerLink(
      description, kind: board.kind(of: description), hardware: hardware, loop: loop
    ) { configuration in
      (configuration.timers.startUp, configuration.timers.safeState) = (.milliseconds(100), .seconds(1))
      (configuration.timers.statusSilence, configuration.timers.retry) = (Self.silence, .milliseconds(200))
    }
    guard case .link(let driven) = outlet.hardware else { throw BoardFailure("no link") }
    port = RecordingPort(
      try LinkOutlet(driven, of: outlet, link: link, hardware: hardware, loop: loop))
    var plan = ConnectorPlan()
    plan.interface = "none-such"
    plan.digital = .beside
    var trace: (NodeTrace) -> Void = { _ in }
    connector = ConnectorRuntime(
      plan, outlet: outlet, port: port, loop: loop,
      handlers: ConnectorRuntime.Handlers(
        trace: { new, _ in trace(new) }, authorizationNeeded: {}, log: { _ in }))
    trace = { [unowned self] in traces.append($0) }
    link.log = { [unowned self] in log.append($0) }
    let own = kind.connector
    controller.told = { [weak self] action in
      if case .outputs(let outputs, own) = action, outputs.duty != self?.duties.last {
        self?.duties.append(outputs.duty)
      }
    }
    if present { controller.handle(.reset) }
  }

  /// Quicker than those of makers, so that tests are.
  static func played(_ kind: ControllerKind) -> SimulatedController {
    var machine: SimulatedController
    switch kind {
    case .chargebyte:
      machine = SimulatedController(.chargebyte())
      machine.firmware.build = 8
    case .yeti: machine = SimulatedController(.yeti)
    case .phyverso: machine = SimulatedController(.phyVERSO(PhyVERSOConfiguration(outlets: [])))
    case .chargebridge: machine = SimulatedController(.chargeBridge(ChargeBridgeSettings()))
    }
    (machine.lifeSigns, machine.hostSilence) = (.milliseconds(100), .milliseconds(500))
    if kind == .chargebyte { machine.startUp = .milliseconds(100) }
    return machine
  }

  /// Two free UDP ports that follow each other.
  static func pair<Value>(_ body: (UInt16) throws(LinuxError) -> Value) throws -> Value {
    for _ in 0..<100 {
      let port = UInt16.random(in: 20_000..<30_000)
      if let value = try? body(port) { return value }
    }
    throw BoardFailure("no two free ports")
  }

  func start() throws { try connector.start() }

  /// A link that is up, with no vehicle.
  static func up(
    _ kind: ControllerKind, proximity: ProximityCode? = nil, silence: Duration = LinkRig.silence,
    heartbeat: Duration = .milliseconds(50)
  ) throws -> LinkRig {
    let rig = try LinkRig(kind, proximity: proximity, silence: silence, heartbeat: heartbeat)
    try rig.start()
    try #require(try rig.waits { rig.port.trouble == nil }, "\(rig.situation)")
    try #require(try rig.waits { rig.outputs.duty == 10_000 }, "\(rig.situation)")
    return rig
  }

  /// Energy flows.
  static func charging(
    _ kind: ControllerKind, proximity: ProximityCode? = nil, silence: Duration = LinkRig.silence,
    heartbeat: Duration = .milliseconds(50)
  ) throws -> LinkRig {
    let rig = try up(kind, proximity: proximity, silence: silence, heartbeat: heartbeat)
    if proximity != nil { rig.tell(.proximity(.plugged(cableMilliamps: 20_000), connector: kind.connector)) }
    try rig.charge()
    return rig
  }

  /// From plug to energy.
  func charge() throws {
    tell(.pilot(.B, connector: kind.connector))
    try #require(try waits { self.outputs.duty > 0 && self.outputs.duty < 10_000 }, "\(situation)")
    #expect(!isClosed, "no energy in state B")
    tell(.pilot(.C, connector: kind.connector))
    try #require(try waits { self.isClosed && self.port.contactor.last == true }, "\(situation)")
    try #require(try waits { self.connector.phase == .energy }, "\(situation)")
  }

  func tell(_ event: SimulatedControllerEvent) { controller.handle(event) }
  var outputs: ControllerOutputs { controller.machine.outputs[kind.connector - 1] }
  var isClosed: Bool { controller.machine.closed[kind.connector - 1] }

  /// Whether it comes to hold, within this time of the wall.
  func waits(_ most: Duration = .seconds(8), until holds: () -> Bool) throws -> Bool {
    let end = loop.now + most
    while !holds() {
      guard loop.now < end else { return false }
      try loop.step(until: min(end, loop.now + .milliseconds(20)))
    }
    return true
  }

  func run(_ time: Duration) throws { _ = try waits(time) { false } }

  var situation: String {
    "\(kind): \(outputs), closed \(isClosed), trouble \(port.trouble ?? "none"), "
      + "phase \(connector.phase), pilot \(connector.pilotState), "
      + "fault \(connector.fault.map(\.name) ?? "none"), log \(log.map(\.plain))"
  }
}

/// The reset line of a played controller.
private final class ResetLine: OutputPin {
  private let controller: PlayedController
  private let isPowered: Bool
  private var isHeld = false

  init(_ controller: PlayedController, isPowered: Bool) {
    self.controller = controller
    self.isPowered = isPowered
  }

  func set(_ value: Bool) throws(LinuxError) {
    guard value != isHeld, isPowered else { return }
    isHeld = value
    controller.handle(value ? .hold : .reset)
  }
}
