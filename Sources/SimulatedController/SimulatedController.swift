public import HAL
public import SafetyLinks
public import Wire

/// What happens to a `SimulatedController`. What the host sends comes in through `receive`.
public enum SimulatedControllerEvent: Hashable, Sendable {
  /// Power comes, or the reset line falls back.
  case reset
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

  public init() {}
}

/// The other end of a `SafetyLink`, in virtual time: a controller of each kind with its outputs, life signs and the wait
/// after which it no longer believes its host.
///
/// It closes its contactor as the makers' do: while power is allowed and the vehicle asks, with no fault.
public struct SimulatedController: Machine {
  struct Connector {
    var outputs = ControllerOutputs()
    var outputsTold = ControllerOutputs()
    var pilot = PilotState.A
    var proximity = Proximity.open
    var faults: SafetyFaults = []
    var isStuck = false
    var isClosed = false
    var pilotTold: PilotState?
    var proximityTold: Proximity?
    var faultsTold: SafetyFaults?
    var closedTold: Bool?
    var lockTold: Bool?
  }

  public let kind: SafetyLinkKind
  /// chargebyte: the version that is told when asked.
  public var firmware = ControllerFirmware(major: 0, minor: 2, build: 3, platform: 0x81)
  /// Without a word of the host for so long, everything is switched off.
  public var hostSilence: Duration
  /// It hears, but says nothing.
  public var isMute = false
  /// Settings of a phyVERSO that the host gave.
  public private(set) var settings: PhyVERSOConfiguration?
  public var counters: LinkCounters { frames.counters + packets.counters }
  /// Messages whose content was refused.
  public private(set) var refused = 0

  var connectors: [Connector]
  private var frames = ControllerDeframer()
  private var packets = PacketDeframer()
  private var isRunning = false
  private var isStopPressed = false
  private var startedAt = Instant.zero
  private var lifeSignAt: Instant?
  private var hostAt: Instant?

  public init(_ kind: SafetyLinkKind) {
    self.kind = kind
    if case .chargebyte = kind { hostSilence = .milliseconds(500) } else { hostSilence = .seconds(5) }
    connectors = Array(repeating: Connector(), count: kind.connectors)
  }

  public var deadline: Instant? { isRunning ? earliest(lifeSignAt, hostAt) : nil }

  /// What it drives, connector 1 first.
  public var outputs: [ControllerOutputs] { connectors.map(\.outputs) }
  /// Contacts that are closed, connector 1 first.
  public var closed: [Bool] { connectors.map(\.isClosed) }

  private var period: Duration {
    if case .chargebyte = kind { .milliseconds(100) } else { .seconds(1) }
  }

  public mutating func handle(
    _ event: SimulatedControllerEvent, at now: Instant, perform: (SimulatedControllerAction) -> Void
  ) {
    switch event {
    case .reset: start(now, perform)
    case .pilot(let state, let connector): change(connector) { $0.pilot = state }
    case .proximity(let proximity, let connector): change(connector) { $0.proximity = proximity }
    case .faults(let faults, let connector): change(connector) { $0.faults = faults }
    case .contactsStuck(let isStuck, let connector): change(connector) { $0.isStuck = isStuck }
    case .stopButton(let isPressed): isStopPressed = isPressed
    case .timeout:
      guard isRunning else { return }
      if isDue(hostAt, at: now) {
        hostAt = nil
        for index in connectors.indices {
          connectors[index].outputs.allowsPower = false
          connectors[index].outputs.duty = 0
          connectors[index].faults.insert(.hostSilent)
        }
      }
      if isDue(lifeSignAt, at: now) {
        lifeSignAt = now + period
        sayLifeSign(now, perform)
      }
    }
    guard isRunning else { return }
    settle(perform)
  }

  private mutating func change(_ connector: Int, _ body: (inout Connector) -> Void) {
    if connectors.indices.contains(connector &- 1) { body(&connectors[connector &- 1]) }
  }

  private mutating func start(_ now: Instant, _ perform: (SimulatedControllerAction) -> Void) {
    isRunning = true
    (startedAt, lifeSignAt, hostAt, settings) = (now, now + period, nil, nil)
    (frames, packets) = (ControllerDeframer(), PacketDeframer())
    for index in connectors.indices {
      let old = connectors[index]
      var new = Connector()
      (new.pilot, new.proximity, new.isStuck, new.isClosed) = (
        old.pilot, old.proximity, old.isStuck, old.isClosed
      )
      new.faults = old.faults.subtracting(.hostSilent)
      // The bolt stays where it is without current.
      new.outputs.isLocked = old.outputs.isLocked
      new.outputsTold = old.outputsTold
      connectors[index] = new
    }
    switch kind {
    case .yeti: say(YetiReport.restarted(.asked).octets, perform)
    case .phyVERSO:
      say(PhyVERSOReport.restarted(.asked).octets, perform)
      say(PhyVERSOReport.configurationRequest.octets, perform)
    case .chargebyte, .chargeBridge: break
    }
  }

  // MARK: outputs

  /// Contacts follow coils, and what changed is told.
  private mutating func settle(_ perform: (SimulatedControllerAction) -> Void) {
    for index in connectors.indices {
      var own = connectors[index]
      let harmless: SafetyFaults = [.hostSilent]
      own.outputs.isClosing =
        own.outputs.allowsPower && own.pilot.asksForEnergy && own.faults.subtracting(harmless).isEmpty
        && !isStopPressed
      if !own.isStuck { own.isClosed = own.outputs.isClosing }
      let isNew = own.outputs != own.outputsTold
      own.outputsTold = own.outputs
      connectors[index] = own
      if isNew { perform(.outputs(own.outputs, connector: index + 1)) }
      tell(index, perform)
    }
  }

  private mutating func drive(_ connector: Int, _ body: (inout ControllerOutputs) -> Void) {
    change(connector) { body(&$0.outputs) }
  }

  private mutating func heard(_ now: Instant) {
    hostAt = now + hostSilence
    for index in connectors.indices { connectors[index].faults.remove(.hostSilent) }
  }

  // MARK: from the host

  public mutating func receive(
    _ octets: RawSpan, from channel: SafetyChannel = .serial, at now: Instant,
    perform: (SimulatedControllerAction) -> Void
  ) {
    guard isRunning else { return }
    switch (kind, channel) {
    case (.chargebyte, .serial):
      var found: [ControllerFrame] = []
      frames.receive(octets) { found.append($0) }
      for frame in found {
        take(frame, now, perform)
        settle(perform)
      }
    case (.yeti, .serial):
      var found: [Result<YetiCommand, LinkRefused>] = []
      packets.receive(octets) { found.append(YetiCommand.read($0)) }
      for command in found {
        guard case .success(let command) = command else {
          refused += 1
          continue
        }
        take(command, now, perform)
        settle(perform)
      }
    case (.phyVERSO, .serial):
      var found: [Result<PhyVERSOCommand, LinkRefused>] = []
      packets.receive(octets) { found.append(PhyVERSOCommand.read($0)) }
      for command in found {
        guard case .success(let command) = command else {
          refused += 1
          continue
        }
        take(command, now, perform)
        settle(perform)
      }
    case (.chargeBridge, .management):
      guard octets.byteCount == ChargeBridgeSettings.size + 2 else { return refused += 1 }
      heard(now)
      var sign = ChargeBridgeLifeSign()
      sign.uptimeMilliseconds = Int32(clamping: (now - startedAt).milliseconds)
      if !isMute { perform(.send(sign.octets, on: .management)) }
    case (.chargeBridge, .pilot):
      guard let control = ChargeBridgeControl(octets) else { return refused += 1 }
      drive(1) { outputs in
        (outputs.duty, outputs.allowsPower) = (control.duty, control.allowsPower)
        outputs.isLocked = control.isLocked
      }
    default: refused += 1
    }
    settle(perform)
  }

  private mutating func take(
    _ frame: ControllerFrame, _ now: Instant, _ perform: (SimulatedControllerAction) -> Void
  ) {
    if frame == .inquiry(ControllerFrame.Kind.firmwareVersion) {
      if !isMute { perform(.send(firmware.frame.octets, on: .serial)) }
      return
    }
    guard let control = ChargeControl(frame) else { return refused += 1 }
    heard(now)
    drive(1) { outputs in
      outputs.duty = control.isPilotOn ? UInt32(control.permille) * 10 : 0
      outputs.allowsPower = control.contactors != 0
    }
  }

  private mutating func take(
    _ command: YetiCommand, _ now: Instant, _ perform: (SimulatedControllerAction) -> Void
  ) {
    switch command {
    case .keepAlive: heard(now)
    case .lock(let locked): drive(1) { $0.isLocked = locked }
    case .duty(let duty): drive(1) { $0.duty = duty }
    case .allowPower(let allowed): drive(1) { $0.allowsPower = allowed }
    case .reset: start(now, perform)
    case .firmwareUpdate, .threePhases: break
    }
  }

  private mutating func take(
    _ command: PhyVERSOCommand, _ now: Instant, _ perform: (SimulatedControllerAction) -> Void
  ) {
    switch command {
    case .keepAlive: heard(now)
    case .configuration(let given): settings = given
    case .reset: start(now, perform)
    // Unconfigured, it drives nothing.
    case .lock(let locked, let connector): if settings != nil { drive(connector) { $0.isLocked = locked } }
    case .duty(let duty, let connector): if settings != nil { drive(connector) { $0.duty = duty } }
    case .coil(_, let isOn, let connector):
      if settings != nil { drive(connector) { $0.allowsPower = isOn } }
    case .firmwareUpdate, .residualCurrent: break
    }
  }

  func say(_ message: [UInt8], _ perform: (SimulatedControllerAction) -> Void) {
    if !isMute { perform(.send(PacketFraming.octets(of: message), on: .serial)) }
  }
}

// MARK: to the host

extension SimulatedController {
  private mutating func sayLifeSign(_ now: Instant, _ perform: (SimulatedControllerAction) -> Void) {
    let identity = ControllerIdentity(version: "1.2", hardware: 1, revision: 2)
    switch kind {
    case .chargebyte:
      guard !isMute, let own = connectors.first else { return }
      perform(.send(chargeState(own).octets, on: .serial))
    case .yeti: say(YetiReport.keepAlive(ControllerKeepAlive(identity: identity)).octets, perform)
    case .phyVERSO:
      let isConfigured = settings != nil
      let message = ControllerKeepAlive(identity: identity, isConfigured: isConfigured)
      say(PhyVERSOReport.keepAlive(message).octets, perform)
    case .chargeBridge: break
    }
  }

  private func chargeState(_ own: Connector) -> ControllerFrame {
    let layout = ChargeStateLayout(major: firmware.major, minor: firmware.minor, build: firmware.build)
    let blank = ControllerFrame(kind: ControllerFrame.Kind.chargeState, word: 0)
    guard var state = ChargeState(blank, layout: layout) else { return blank }
    state.isPilotOn = true
    state.permille = Int(own.outputs.duty / 10)
    state.pilot = PilotState.allCases.firstIndex(of: own.pilot).map { UInt8($0 + 1) } ?? 0
    switch own.proximity {
    case .open: state.proximity = 0
    case .plugged(13_000): state.proximity = 1
    case .plugged(20_000): state.proximity = 2
    case .plugged(32_000): state.proximity = 3
    case .plugged(63_000): state.proximity = 4
    case .plugged: state.proximity = 5
    case .buttonPressed: state.proximity = 6
    case .fault: state.proximity = 7
    }
    state.contactors = [own.isClosed ? .closed : .open]
    state.hasDiodeFault = own.faults.contains(.diode)
    state.isPilotShort = own.faults.contains(.pilotShort)
    state.hasContactorFault = own.faults.contains(.contactor)
    state.emergencyStops = [isStopPressed]
    return state.frame(layout)
  }

  /// What changed since it was told, where the kind tells changes.
  private mutating func tell(_ index: Int, _ perform: (SimulatedControllerAction) -> Void) {
    var own = connectors[index]
    let connector = index + 1
    defer { connectors[index] = own }
    let isNew =
      own.pilotTold != own.pilot || own.proximityTold != own.proximity || own.faultsTold != own.faults
      || own.closedTold != own.isClosed || own.lockTold != own.outputs.isLocked
    guard isNew || kind.tellsAlways else { return }
    var reports: [[UInt8]] = []
    switch kind {
    case .chargebyte: break
    case .yeti:
      if own.faultsTold != own.faults { reports.append(YetiReport.faults(own.faults).octets) }
      if own.pilotTold != own.pilot { reports.append(YetiReport.pilot(own.pilot).octets) }
      if own.closedTold != own.isClosed { reports.append(YetiReport.relay(isClosed: own.isClosed).octets) }
      if own.proximityTold != own.proximity { reports.append(YetiReport.proximity(own.proximity).octets) }
      if own.lockTold != own.outputs.isLocked {
        reports.append(YetiReport.lock(own.outputs.isLocked ? .locked : .unlocked).octets)
      }
    case .phyVERSO:
      if own.faultsTold != own.faults {
        reports.append(PhyVERSOReport.faults(own.faults, connector: connector).octets)
      }
      if own.pilotTold != own.pilot {
        reports.append(PhyVERSOReport.pilot(own.pilot, connector: connector).octets)
      }
      if own.closedTold != own.isClosed {
        reports.append(PhyVERSOReport.coil(.ac, isOn: own.isClosed, connector: connector).octets)
      }
      if own.proximityTold != own.proximity {
        reports.append(PhyVERSOReport.proximity(own.proximity, connector: connector).octets)
      }
      if own.lockTold != own.outputs.isLocked {
        let lock = own.outputs.isLocked ? LockReading.locked : .unlocked
        reports.append(PhyVERSOReport.lock(lock, connector: connector).octets)
      }
    case .chargeBridge:
      var status = ChargeBridgeStatus()
      status.pilot = ChargeBridgeStatus.Pilot(own.pilot, hasDiodeFault: own.faults.contains(.diode))
      status.isRelayClosed = own.isClosed
      status.lock = own.outputs.isLocked ? .locked : .unlocked
      status.isStopRequested = isStopPressed
      status.errors = own.faults.contains(.contactor) ? 1 << 6 : 0
      if !isMute { perform(.send(status.octets, on: .pilot)) }
    }
    for report in reports { say(report, perform) }
    (own.pilotTold, own.proximityTold, own.faultsTold) = (own.pilot, own.proximity, own.faults)
    (own.closedTold, own.lockTold) = (own.isClosed, own.outputs.isLocked)
  }
}

extension SafetyLinkKind {
  /// Each control is answered by a status.
  fileprivate var tellsAlways: Bool { if case .chargeBridge = self { true } else { false } }
}

extension ChargeBridgeStatus.Pilot {
  fileprivate init(_ state: PilotState, hasDiodeFault: Bool) {
    if hasDiodeFault {
      self = .diodeFault
      return
    }
    switch state {
    case .A: self = .a
    case .B: self = .b
    case .C: self = .c
    case .D: self = .d
    case .E: self = .e
    case .F: self = .f
    case .fault: self = .invalid
    }
  }
}
