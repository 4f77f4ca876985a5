public import SafetyLinks
public import Wire

// What comes from the host, by kind.

extension SimulatedController {
  /// Takes octets in that came over a channel: any piece of a serial line, or one whole datagram.
  public mutating func receive(
    _ octets: RawSpan, from channel: SafetyChannel = .serial, at now: Instant,
    perform: (SimulatedControllerAction) -> Void
  ) {
    guard phase == .initialized || phase == .running else { return }
    switch (kind, channel) {
    case (.chargebyte, .serial):
      var found: [ControllerFrame] = []
      frames.receive(octets) { found.append($0) }
      for frame in found {
        take(frame, now, perform)
        settle(perform)
      }
    case (.yeti, .serial):
      receive(octets, YetiCommand.read, perform) { $0.take($1, now, perform) }
    case (.phyVERSO, .serial):
      receive(octets, PhyVERSOCommand.read, perform) { $0.take($1, now, perform) }
    case (.chargeBridge, .management): takeLifeSign(octets, now, perform)
    case (.chargeBridge, .pilot): takeControl(octets, perform)
    default: refused += 1
    }
  }

  /// Packets of either protobuf protocol.
  private mutating func receive<Command>(
    _ octets: RawSpan, _ read: (RawSpan) -> Result<Command, LinkRefused>,
    _ perform: (SimulatedControllerAction) -> Void, take: (inout SimulatedController, Command) -> Void
  ) {
    var found: [Result<Command, LinkRefused>] = []
    packets.receive(octets) { found.append(read($0)) }
    for command in found {
      guard case .success(let command) = command else {
        refused += 1
        continue
      }
      take(&self, command)
      settle(perform)
    }
  }

  private mutating func take(
    _ frame: ControllerFrame, _ now: Instant, _ perform: (SimulatedControllerAction) -> Void
  ) {
    if frame == .inquiry(ControllerFrame.Kind.firmwareVersion) {
      if !isMute { perform(.send(firmware.frame.octets, on: .serial)) }
      return
    }
    guard let control = ChargeControl(frame) else { return refused += 1 }
    phase = .running
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
    case .threePhases(let three): drive(1) { $0.hasThreePhases = three }
    case .reset: start(now, perform)
    case .firmwareUpdate: break
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

  private mutating func takeLifeSign(
    _ octets: RawSpan, _ now: Instant, _ perform: (SimulatedControllerAction) -> Void
  ) {
    guard octets.byteCount == ChargeBridgeSettings.size + 2 else { return refused += 1 }
    heard(now)
    var sign = ChargeBridgeLifeSign()
    sign.uptimeMilliseconds = Int32(clamping: (now - startedAt).milliseconds)
    if !isMute { perform(.send(sign.octets, on: .management)) }
    settle(perform)
  }

  /// Each control is answered by a status.
  private mutating func takeControl(
    _ octets: RawSpan, _ perform: (SimulatedControllerAction) -> Void
  ) {
    guard let control = ChargeBridgeControl(octets) else { return refused += 1 }
    drive(1) { outputs in
      (outputs.duty, outputs.allowsPower) = (control.duty, control.allowsPower)
      outputs.isLocked = control.isLocked
    }
    settle(perform)
    tell(0, always: true, perform)
  }
}
