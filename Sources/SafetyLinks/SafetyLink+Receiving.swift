internal import HAL
public import Wire

// What comes from the controller, by kind.

extension SafetyLink {
  /// Takes octets in that came over a channel: any piece of a serial line, or one whole datagram.
  public mutating func receive(
    _ octets: RawSpan, from channel: SafetyChannel = .serial, at now: Instant,
    perform: (SafetyLinkAction) -> Void
  ) {
    guard state != .stopped else { return }
    switch (configuration.kind, channel) {
    case (.chargebyte, .serial):
      var found: [ControllerFrame] = []
      let (refused, sightings) = (frames.counters.refused, frames.sightings)
      frames.receive(octets) { found.append($0) }
      if isUp, frames.sightings != sightings { heard(now) }
      if frames.counters.refused != refused { noisyUntil = now + configuration.timers.noise }
      for frame in found { take(frame, now, perform) }
    case (.yeti, .serial):
      var found: [Result<YetiReport, LinkRefused>] = []
      packets.receive(octets) { found.append(YetiReport.read($0)) }
      for report in found { if let report = accepted(report) { take(report, now, perform) } }
    case (.phyVERSO(let settings), .serial):
      var found: [Result<PhyVERSOReport, LinkRefused>] = []
      packets.receive(octets) { found.append(PhyVERSOReport.read($0)) }
      for report in found { if let report = accepted(report) { take(report, settings, now, perform) } }
    case (.chargeBridge, .management):
      if let sign = accepted(ChargeBridgeLifeSign.read(octets)) {
        messages.frames += 1
        take(sign, now, perform)
      }
    case (.chargeBridge(let settings), .pilot):
      if let status = accepted(ChargeBridgeStatus.read(octets)) {
        messages.frames += 1
        take(status, settings, now, perform)
      }
    default: messages.count(.kind)
    }
  }

  private mutating func accepted<Value>(_ result: Result<Value, LinkRefused>) -> Value? {
    switch result {
    case .success(let value): return value
    case .failure(let refused):
      messages.count(refused.reason)
      return nil
    }
  }

  /// While the controller starts, it may still say what was true before.
  private var isListening: Bool { if case .waking = state { false } else { true } }

  // MARK: chargebyte

  private mutating func take(
    _ frame: ControllerFrame, _ now: Instant, _ perform: (SafetyLinkAction) -> Void
  ) {
    guard isListening else { return }
    switch frame.kind {
    case ControllerFrame.Kind.firmwareVersion:
      guard let firmware = ControllerFirmware(frame) else { return }
      take(firmware, now, perform)
    case ControllerFrame.Kind.chargeState:
      // How to read it is in the version.
      guard let layout else { return }
      guard let charge = ChargeState(frame, layout: layout) else { return messages.count(.value) }
      heard(now)
      // Eight bits of checksum miss one in 256 badly broken frames: on a noisy line, what brings energy closer has to
      // come twice.
      let isNew = frame != lastState
      lastState = frame
      let isNoisy = noisyUntil.map { now < $0 } ?? false
      if isNoisy, isNew, charge.pilotState?.asksForEnergy == true, charge.faults.isEmpty { return }
      take(charge, layout, now, perform)
      rise(now, perform)
    case ControllerFrame.Kind.temperatures:
      guard let temperatures = ControllerTemperatures(frame) else { return }
      temperatureFaults = []
      for channel in temperatures.channels where channel.tenths != nil {
        if channel.hasStopped { temperatureFaults.insert(.overTemperature) }
        if channel.hasTestFailed { temperatureFaults.insert(.temperatureSensor) }
      }
      let faults = stateFaults.union(temperatureFaults)
      update(1, perform) { readings in
        readings.temperatures = temperatures.channels.map { $0.hasTestFailed ? nil : $0.tenths }
        readings.faults = faults
      }
    case ControllerFrame.Kind.errorMessage:
      guard isUp else { return }
      let report = SafetyReport.message(
        module: UInt16(frame.bits(48, 15)), reason: UInt16(frame.bits(32, 16)), isActive: frame.bit(63))
      perform(.report(report, connector: 1))
    case ControllerFrame.Kind.gitHash: break
    // What only a host says comes back from a line that is shorted; the rest is not known here.
    default: messages.count(.kind)
    }
  }

  private mutating func take(
    _ firmware: ControllerFirmware, _ now: Instant, _ perform: (SafetyLinkAction) -> Void
  ) {
    guard firmware.application == ControllerFirmware.firmware else {
      lose(.notFirmware(application: firmware.application), perform)
      return rest(now)
    }
    guard !isUp, case .chargebyte(_, let told) = configuration.kind else { return }
    identity = ControllerIdentity(
      version: "\(firmware.major).\(firmware.minor).\(firmware.build)", hardware: UInt32(firmware.platform))
    layout = told ?? ChargeStateLayout(major: firmware.major, minor: firmware.minor, build: firmware.build)
    // The question is answered; what is awaited now comes by itself.
    if case .asking(let attempt, _) = state {
      state = .asking(attempt: attempt, until: now + configuration.timers.silence)
    }
  }

  private mutating func take(
    _ charge: ChargeState, _ layout: ChargeStateLayout, _ now: Instant,
    _ perform: (SafetyLinkAction) -> Void
  ) {
    guard case .chargebyte(let contactors, _) = configuration.kind else { return }
    stateFaults = charge.faults
    watchSafeState(charge, contactors, now)
    let faults = stateFaults.union(temperatureFaults)
    update(1, perform) { readings in
      readings.faults = faults
      readings.isStopRequested = charge.emergencyStops.contains(true)
      readings.pilot = charge.pilotState
      readings.proximity = charge.proximityContact
      readings.contactor = charge.contactor(of: contactors)
      readings.duty = charge.isPilotOn ? PilotDuty(permille: charge.permille) : nil
    }
  }

  /// In its safe state it has to be reset, or it never leaves it. Seldomer each time, as what brought it there may last;
  /// never where its contactor failed, of which nobody else may know.
  private mutating func watchSafeState(_ charge: ChargeState, _ contactors: Int, _ now: Instant) {
    // Layouts without a reason show state F alone.
    let rests = !charge.faults.isEmpty || (charge.pilotState == .F && targets[0].duty != .steadyLow)
    guard rests else {
      soundSince = soundSince ?? now
      if let since = soundSince, now - since > configuration.timers.safeState { resets = 0 }
      return resetAt = nil
    }
    soundSince = nil
    guard configuration.hasResetLine, !charge.faults.contains(.contactor),
      charge.contactor(of: contactors) == .open
    else { return resetAt = nil }
    resetAt = resetAt ?? now + configuration.timers.safeState * (1 << min(resets, 6))
  }

  // MARK: Yeti

  private mutating func take(_ report: YetiReport, _ now: Instant, _ perform: (SafetyLinkAction) -> Void) {
    if case .restarted(let reason) = report { return hasRestarted(reason, now, perform) }
    guard isListening else { return }
    switch report {
    case .restarted: break
    case .keepAlive(let message): awake(message, now, perform)
    case .pilot(let state): update(1, perform) { $0.pilot = state }
    case .relay(let isClosed): update(1, perform) { $0.contactor = isClosed ? .closed : .open }
    case .faults(let faults): update(1, perform) { $0.faults = faults }
    case .levels(let levels): update(1, perform) { $0.levels = levels }
    case .proximity(let proximity): update(1, perform) { $0.proximity = proximity }
    case .lock(let lock): update(1, perform) { $0.lock = lock }
    case .meter(let meter): if isUp { perform(.report(.meter(meter), connector: 1)) }
    }
  }

  /// Asked for, it shortens the wait. By itself, it ends all that was agreed.
  private mutating func hasRestarted(
    _ reason: RestartReason, _ now: Instant, _ perform: (SafetyLinkAction) -> Void
  ) {
    if isUp { lose(.restarted(reason), perform) }
    settingsSent = 0
    sawRestart = true
    switch state {
    case .asking(let attempt, _) where attempt <= configuration.attempts: break
    default: ask(1, now, perform)
    }
  }

  /// A life sign of a controller that tells changes only. What it said at its start has to have been heard; where it was
  /// not, it is started again, but not for ever.
  private mutating func awake(
    _ message: ControllerKeepAlive, _ now: Instant, _ perform: (SafetyLinkAction) -> Void
  ) {
    if !isUp, !sawRestart, restartsUnheard < configuration.attempts {
      restartsUnheard += 1
      return restart(now, perform)
    }
    identity = message.identity
    heard(now)
    rise(now, perform)
  }

  // MARK: phyVERSO

  private mutating func take(
    _ report: PhyVERSOReport, _ settings: PhyVERSOConfiguration, _ now: Instant,
    _ perform: (SafetyLinkAction) -> Void
  ) {
    switch report {
    case .restarted(let reason): return hasRestarted(reason, now, perform)
    case .configurationRequest:
      // It forgets its settings only when it starts.
      if isUp { hasRestarted(.watchdog, now, perform) }
      return sendSettings(settings, perform)
    default: break
    }
    guard isListening else { return }
    switch report {
    case .restarted, .configurationRequest, .fan: break
    case .keepAlive(let message):
      guard message.isConfigured else {
        if isUp { hasRestarted(.watchdog, now, perform) }
        return sendSettings(settings, perform)
      }
      awake(message, now, perform)
    case .pilot(let state, let connector): update(connector, perform) { $0.pilot = state }
    case .coil(_, let isOn, let connector):
      update(connector, perform) { $0.contactor = isOn ? .closed : .open }
    case .faults(let faults, let connector): update(connector, perform) { $0.faults = faults }
    case .levels(let levels, let connector): update(connector, perform) { $0.levels = levels }
    case .proximity(let proximity, let connector): update(connector, perform) { $0.proximity = proximity }
    case .lock(let lock, let connector): update(connector, perform) { $0.lock = lock }
    }
  }

  private mutating func sendSettings(
    _ settings: PhyVERSOConfiguration, _ perform: (SafetyLinkAction) -> Void
  ) {
    settingsSent += 1
    if settingsSent > configuration.attempts { lose(.settingsRefused, perform) }
    send(PhyVERSOCommand.configuration(settings).octets, perform)
  }

  // MARK: ChargeBridge

  private mutating func take(
    _ sign: ChargeBridgeLifeSign, _ now: Instant, _ perform: (SafetyLinkAction) -> Void
  ) {
    let hasRestarted = uptime.map { sign.uptimeMilliseconds < $0 } ?? false
    if hasRestarted {
      if isUp { lose(.restarted(.watchdog), perform) }
      ask(1, now, perform)
    }
    uptime = sign.uptimeMilliseconds
    update(1, perform) { readings in
      readings.levels = sign.levels
      readings.temperatures = sign.plugDegrees.map { $0 * 10 }
    }
    heard(now)
    // Only now that it is known to be the same that power was allowed to.
    if isUp { sendControl(perform) }
    // Both ports have to answer.
    if statusSilentAt != nil { rise(now, perform) }
  }

  private mutating func take(
    _ status: ChargeBridgeStatus, _ settings: ChargeBridgeSettings, _ now: Instant,
    _ perform: (SafetyLinkAction) -> Void
  ) {
    statusSilentAt = now + configuration.timers.statusSilence
    update(1, perform) { readings in
      readings.faults = status.faults
      readings.isStopRequested = status.isStopRequested
      readings.pilot = status.pilotState
      readings.contactor = status.isRelayClosed ? .closed : .open
      readings.lock = status.lock
      switch settings.proximity {
      case .disabled: readings.proximity = nil
      case .type2: readings.proximity = Proximity(controllerValue: UInt32(status.proximityType2))
      case .type1:
        readings.proximity =
          switch status.proximityType1 {
          case 0: .open
          case 1: .buttonPressed
          case 2: .plugged(cableMilliamps: nil)
          default: .fault
          }
      }
    }
  }
}
