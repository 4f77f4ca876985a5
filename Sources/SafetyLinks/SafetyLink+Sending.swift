internal import HAL

extension PilotDuty {
  /// In 0.01 %; 0 is -12 V, 10000 is +12 V.
  var hundredths: UInt32 {
    switch self {
    case .steadyLow: 0
    case .steadyHigh: 10_000
    case .pwm(let permille): UInt32(min(max(permille, 1), 999)) * 10
    }
  }

  /// From 0...1000.
  init(permille: Int) {
    self = permille <= 0 ? .steadyLow : permille >= 1000 ? .steadyHigh : .pwm(permille: permille)
  }
}

// What goes to the controller, by kind.

extension SafetyLink {
  func sendReset(_ perform: (SafetyLinkAction) -> Void) {
    switch configuration.kind {
    case .yeti: send(YetiCommand.reset.octets, perform)
    case .phyVERSO: send(PhyVERSOCommand.reset.octets, perform)
    case .chargebyte, .chargeBridge: break
    }
  }

  /// Asks whether somebody is there. With the outputs, so that a controller that hears and is not heard is safe.
  func sendQuestion(_ attempt: Int, _ perform: (SafetyLinkAction) -> Void) {
    switch configuration.kind {
    case .chargebyte:
      sendControl(perform)
      perform(.send(ControllerFrame.inquiry(ControllerFrame.Kind.firmwareVersion).octets, on: .serial))
    case .yeti, .phyVERSO:
      // A delimiter of its own, so that what the controller took for the beginning of a packet costs nothing.
      if attempt == 1 { perform(.send([0], on: .serial)) }
      sendHeartbeat(perform)
    case .chargeBridge: sendHeartbeat(perform)
    }
  }

  /// A life sign, and what may be said again: the duty, and that power is not allowed; while it is not, also the phases and a
  /// lock that is not where it should be. That power is allowed is said once, so that no repetition closes what the controller
  /// has opened.
  func sendHeartbeat(_ perform: (SafetyLinkAction) -> Void) {
    switch configuration.kind {
    case .chargebyte: sendControl(perform)
    case .yeti, .phyVERSO:
      send(
        configuration.kind == .yeti ? YetiCommand.keepAlive.octets : PhyVERSOCommand.keepAlive.octets, perform
      )
      for index in targets.indices {
        sendDuty(index, perform)
        if !targets[index].allowsPower { repeatAtRest(index, perform) }
      }
    case .chargeBridge(let settings):
      perform(.send(settings.lifeSign, on: .management))
      // A box that is up is told once it has answered: another one would do at once what this one was allowed to.
      if !isUp { sendControl(perform) }
    }
  }

  /// What was said once and may have been lost. Nothing is closed that could be parted under load by it; a bolt is drawn back
  /// behind open contacts only.
  private func repeatAtRest(_ index: Int, _ perform: (SafetyLinkAction) -> Void) {
    sendPower(index, perform)
    let (target, reading) = (targets[index], readings[index])
    if let three = target.threePhases { sendPhases(three, perform) }
    switch target.isLocked {
    case true? where reading.lock != .locked: sendLock(index, perform)
    case false? where reading.lock == .locked && reading.contactor == .open: sendLock(index, perform)
    default: break
    }
  }

  /// All outputs of a connector. A lock is closed again, never opened.
  func sendOutputs(_ index: Int, _ perform: (SafetyLinkAction) -> Void) {
    switch configuration.kind {
    case .chargebyte, .chargeBridge: sendControl(perform)
    case .yeti, .phyVERSO:
      sendPower(index, perform)
      sendDuty(index, perform)
      if targets[index].isLocked == true { sendLock(index, perform) }
    }
  }

  func sendDuty(_ index: Int, _ perform: (SafetyLinkAction) -> Void) {
    let duty = targets[index].duty.hundredths
    switch configuration.kind {
    case .chargebyte, .chargeBridge: sendControl(perform)
    case .yeti: send(YetiCommand.duty(duty).octets, perform)
    case .phyVERSO: send(PhyVERSOCommand.duty(duty, connector: index + 1).octets, perform)
    }
  }

  func sendPower(_ index: Int, _ perform: (SafetyLinkAction) -> Void) {
    let allowed = targets[index].allowsPower
    switch configuration.kind {
    case .chargebyte, .chargeBridge: sendControl(perform)
    case .yeti: send(YetiCommand.allowPower(allowed).octets, perform)
    case .phyVERSO(let settings):
      let coil = settings.isDC(index + 1) ? PhyVERSOCoil.dc1 : .ac
      send(PhyVERSOCommand.coil(coil, isOn: allowed, connector: index + 1).octets, perform)
    }
  }

  func sendLock(_ index: Int, _ perform: (SafetyLinkAction) -> Void) {
    let locked = targets[index].isLocked ?? false
    switch configuration.kind {
    case .chargebyte: break
    case .chargeBridge: sendControl(perform)
    case .yeti: send(YetiCommand.lock(locked).octets, perform)
    case .phyVERSO: send(PhyVERSOCommand.lock(locked, connector: index + 1).octets, perform)
    }
  }

  func sendPhases(_ three: Bool, _ perform: (SafetyLinkAction) -> Void) {
    if configuration.kind == .yeti { send(YetiCommand.threePhases(three).octets, perform) }
  }

  /// The whole of what is wanted, where that is one message.
  func sendControl(_ perform: (SafetyLinkAction) -> Void) {
    guard let target = targets.first else { return }
    switch configuration.kind {
    case .chargebyte(let contactors, _):
      let mask = UInt8(1) << UInt8(min(max(contactors, 1), 3)) - 1
      let control = ChargeControl(
        isPilotOn: true, permille: Int(target.duty.hundredths / 10), contactors: target.allowsPower ? mask : 0
      )
      perform(.send(control.frame.octets, on: .serial))
    case .chargeBridge:
      var control = ChargeBridgeControl()
      control.duty = target.duty.hundredths
      control.allowsPower = target.allowsPower
      // It has to be said either way: nothing moves until somebody wants it, and what is not known is held.
      control.isLocked = target.isLocked ?? (readings.first?.lock != .unlocked)
      perform(.send(control.octets, on: .pilot))
    case .yeti, .phyVERSO: break
    }
  }

  func send(_ message: [UInt8], _ perform: (SafetyLinkAction) -> Void) {
    perform(.send(PacketFraming.octets(of: message), on: .serial))
  }
}
