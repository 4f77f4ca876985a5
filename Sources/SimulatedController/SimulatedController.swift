public import HAL
public import SafetyLinks
public import Wire

/// What happens to a `SimulatedController`. What the host sends comes in through `receive`.
public enum SimulatedControllerEvent: Hashable, Sendable {
  /// Power comes, or the reset line falls back: it starts, which takes `startUp`.
  case reset
  /// The reset line is held, or power goes: nothing is driven, said or heard.
  case hold
  /// What the controller measures at the pilot of a connector.
  case pilot(PilotState, connector: Int)
  case proximity(Proximity, connector: Int)
  case faults(SafetyFaults, connector: Int)
  case stopButton(Bool)
  /// The contacts stay as they are, whatever the coil does.
  case contactsStuck(Bool, connector: Int)
  case timeout
}

/// What a `SimulatedController` does.
public enum SimulatedControllerAction: Hashable, Sendable {
  case send([UInt8], on: SafetyChannel)
  /// Its outputs of a connector changed.
  case outputs(ControllerOutputs, connector: Int)
}

/// What a controller drives.
public struct ControllerOutputs: Hashable, Sendable {
  /// 0.01 %; 0 is -12 V, 10000 is +12 V.
  public var duty: UInt32 = 0
  /// The host allows power.
  public var allowsPower = false
  /// The coil is driven: power is allowed, and the vehicle asks for it.
  public var isClosing = false
  public var isLocked = false
  /// Yeti: one phase or three.
  public var hasThreePhases = true

  public init() {}
}

/// The other end of a `SafetyLink`, in virtual time: a controller of each kind with its outputs, life signs and the wait
/// after which it no longer believes its host.
///
/// It closes its contactor as the makers' do: while power is allowed and the vehicle asks, with no fault. chargebyte's
/// says nothing until it has heard a control frame, and after any fault rests in state F until it is reset, as its
/// manual has it.
public struct SimulatedController: Machine {
  enum Phase: Hashable {
    case off
    case starting(until: Instant)
    /// chargebyte: waits for the first control frame.
    case initialized
    case running
  }

  struct Connector {
    var outputs = ControllerOutputs()
    var outputsTold = ControllerOutputs()
    var pilot = PilotState.A
    var proximity = Proximity.open
    var faults: SafetyFaults = []
    var isStuck = false
    var isClosed = false
    /// What the host was told; `nil` before that.
    var told: Told?
  }

  struct Told: Hashable {
    var pilot: PilotState
    var proximity: Proximity
    var faults: SafetyFaults
    var isClosed: Bool
    var isLocked: Bool
  }

  public let kind: SafetyLinkKind
  /// chargebyte: the version that is told when asked.
  public var firmware = ControllerFirmware(major: 0, minor: 2, build: 3, platform: 0x81)
  /// Without a word of the host for so long, everything is switched off.
  public var hostSilence: Duration
  /// From the end of a reset until it hears anything.
  public var startUp: Duration
  /// Between life signs.
  public var lifeSigns: Duration
  /// It hears, but says nothing.
  public var isMute = false
  /// Settings of a phyVERSO that the host gave.
  public internal(set) var settings: PhyVERSOConfiguration?
  public var counters: LinkCounters { frames.counters + packets.counters }
  /// Messages whose content was refused.
  public internal(set) var refused = 0

  var connectors: [Connector]
  var frames = ControllerDeframer()
  var packets = PacketDeframer()
  var phase = Phase.off
  var isStopPressed = false
  var startedAt = Instant.zero
  /// chargebyte: why it rests in state F until it is reset.
  var safeState: SafetyFaults = []
  private var lifeSignAt: Instant?
  private var hostAt: Instant?

  public init(_ kind: SafetyLinkKind) {
    self.kind = kind
    if case .chargebyte = kind {
      (hostSilence, startUp, lifeSigns) = (.milliseconds(500), .milliseconds(300), .milliseconds(100))
    } else {
      (hostSilence, startUp, lifeSigns) = (.seconds(5), .zero, .seconds(1))
    }
    connectors = Array(repeating: Connector(), count: kind.connectors)
  }

  public var deadline: Instant? {
    switch phase {
    case .off: nil
    case .starting(let until): until
    case .initialized, .running: earliest(lifeSignAt, hostAt)
    }
  }

  /// It hears and drives.
  public var isRunning: Bool { phase == .running }
  /// It has switched off because it did not hear its host.
  public var isHostSilent: Bool {
    safeState.contains(.hostSilent) || connectors.contains { $0.faults.contains(.hostSilent) }
  }
  /// What it drives, connector 1 first.
  public var outputs: [ControllerOutputs] { connectors.map(\.outputs) }
  /// Contacts that are closed, connector 1 first.
  public var closed: [Bool] { connectors.map(\.isClosed) }

  public mutating func handle(
    _ event: SimulatedControllerEvent, at now: Instant, perform: (SimulatedControllerAction) -> Void
  ) {
    switch event {
    case .reset: start(now, perform)
    case .hold: halt()
    case .pilot(let state, let connector): change(connector) { $0.pilot = state }
    case .proximity(let proximity, let connector): change(connector) { $0.proximity = proximity }
    case .faults(let faults, let connector): change(connector) { $0.faults = faults }
    case .contactsStuck(let isStuck, let connector): change(connector) { $0.isStuck = isStuck }
    case .stopButton(let isPressed): isStopPressed = isPressed
    case .timeout: lookAtTheTime(now, perform)
    }
    settle(perform)
  }

  private mutating func lookAtTheTime(_ now: Instant, _ perform: (SimulatedControllerAction) -> Void) {
    if case .starting(let until) = phase, until <= now { begin(now, perform) }
    if isDue(hostAt, at: now) {
      hostAt = nil
      for index in connectors.indices {
        connectors[index].outputs.allowsPower = false
        connectors[index].outputs.duty = 0
        connectors[index].faults.insert(.hostSilent)
      }
    }
    if isDue(lifeSignAt, at: now) {
      lifeSignAt = now + lifeSigns
      sayLifeSign(now, perform)
    }
  }

  mutating func change(_ connector: Int, _ body: (inout Connector) -> Void) {
    if connectors.indices.contains(connector &- 1) { body(&connectors[connector &- 1]) }
  }

  // MARK: starting

  mutating func start(_ now: Instant, _ perform: (SimulatedControllerAction) -> Void) {
    halt()
    if startUp > .zero { phase = .starting(until: now + startUp) } else { begin(now, perform) }
  }

  /// Nothing is driven, but the bolt stays where it is without current, and welded contacts where they are.
  private mutating func halt() {
    phase = .off
    (lifeSignAt, hostAt, settings, safeState) = (nil, nil, nil, [])
    (frames, packets) = (ControllerDeframer(), PacketDeframer())
    for index in connectors.indices {
      let isLocked = connectors[index].outputs.isLocked
      connectors[index].outputs = ControllerOutputs()
      connectors[index].outputs.isLocked = isLocked
      connectors[index].faults.remove(.hostSilent)
      connectors[index].told = nil
    }
  }

  private mutating func begin(_ now: Instant, _ perform: (SimulatedControllerAction) -> Void) {
    startedAt = now
    lifeSignAt = now + lifeSigns
    switch kind {
    case .chargebyte: phase = .initialized
    case .yeti:
      phase = .running
      say(YetiReport.restarted(.asked).octets, perform)
    case .phyVERSO:
      phase = .running
      say(PhyVERSOReport.restarted(.asked).octets, perform)
      say(PhyVERSOReport.configurationRequest.octets, perform)
    case .chargeBridge: phase = .running
    }
  }

  // MARK: outputs

  /// Contacts follow coils, and what changed is told.
  mutating func settle(_ perform: (SimulatedControllerAction) -> Void) {
    if case .chargebyte = kind, isRunning { enterSafeState() }
    for index in connectors.indices {
      var own = connectors[index]
      if !safeState.isEmpty { (own.outputs.duty, own.outputs.allowsPower) = (0, false) }
      own.outputs.isClosing =
        isRunning && own.outputs.allowsPower && own.pilot.asksForEnergy && !isStopPressed
        && own.faults.subtracting(.hostSilent).isEmpty
      if !own.isStuck { own.isClosed = own.outputs.isClosing }
      let isNew = own.outputs != own.outputsTold
      own.outputsTold = own.outputs
      connectors[index] = own
      if isNew { perform(.outputs(own.outputs, connector: index + 1)) }
      if isRunning { tell(index, always: false, perform) }
    }
  }

  private mutating func enterSafeState() {
    guard let own = connectors.first else { return }
    safeState.formUnion(own.faults)
    if isStopPressed { safeState.insert(.emergencyStop) }
  }

  mutating func drive(_ connector: Int, _ body: (inout ControllerOutputs) -> Void) {
    change(connector) { body(&$0.outputs) }
  }

  /// A word of the host that counts as a sign of life.
  mutating func heard(_ now: Instant) {
    hostAt = now + hostSilence
    for index in connectors.indices { connectors[index].faults.remove(.hostSilent) }
  }
}
