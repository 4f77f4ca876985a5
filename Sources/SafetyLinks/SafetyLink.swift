internal import HAL
public import Wire

/// A link to a safety controller, of whatever kind: the side of the host.
///
/// It keeps the controller awake with life signs, repeats what is safe to repeat, and tells what the controller says.
/// What is not whole and sound changes nothing. Where the controller is silent or starts anew, every command is taken
/// back at once - pilot at -12 V, no power - but the lock is left as it is, since nobody knows whether energy flows.
public struct SafetyLink: Machine {
  enum State: Hashable {
    case stopped
    /// The controller starts.
    case waking(until: Instant)
    /// It has been asked; `attempt` counts from 1 and is one more than allowed between two rounds.
    case asking(attempt: Int, until: Instant)
    case up
  }

  /// What is wanted of one connector.
  struct Target: Hashable {
    var duty = PilotDuty.steadyLow
    var allowsPower = false
    /// `nil` until somebody said.
    var isLocked: Bool?
    /// The same.
    var threePhases: Bool?
  }

  public let configuration: SafetyLinkConfiguration
  /// What the controller said, connector 1 first.
  public internal(set) var readings: [SafetyReadings]
  /// Who the controller is, as far as it said.
  public internal(set) var identity: ControllerIdentity?
  /// Commands that came while the link was down, or that nobody could carry out.
  public private(set) var droppedCommands: UInt64 = 0
  /// What came over the line, and what of it was refused.
  public var counters: LinkCounters { frames.counters + packets.counters + messages }

  var state = State.stopped
  var targets: [Target]
  var frames = ControllerDeframer()
  var packets = PacketDeframer()
  /// Refusals above framing.
  var messages = LinkCounters()
  var heartbeatAt: Instant?
  var silentAt: Instant?
  /// ChargeBridge: its second port is silent.
  var statusSilentAt: Instant?
  /// chargebyte: it rests in its safe state, which only a reset ends.
  var resetAt: Instant?
  /// Resets out of it since it was last sound for a while.
  var resets = 0
  var soundSince: Instant?
  /// People know that the link is down.
  private var isToldDown = false

  // Of single kinds.
  var layout: ChargeStateLayout?
  var stateFaults: SafetyFaults = []
  var temperatureFaults: SafetyFaults = []
  /// The line has been noisy lately.
  var noisyUntil: Instant?
  var lastState: ControllerFrame?
  var settingsSent = 0
  /// Since it was last told to start, the controller said that it did.
  var sawRestart = false
  var restartsUnheard = 0
  var uptime: Int32?

  public init(_ configuration: SafetyLinkConfiguration) {
    self.configuration = configuration
    let connectors = configuration.kind.connectors
    readings = Array(repeating: SafetyReadings(), count: connectors)
    targets = Array(repeating: Target(), count: connectors)
  }

  /// Commands are taken and readings hold.
  public var isUp: Bool { state == .up }
  /// No power is allowed and no duty driven: starting the controller anew takes nothing from a vehicle.
  public var isAtRest: Bool { targets.allSatisfy { !$0.allowsPower && !$0.duty.isOscillating } }
  /// At one connector at least.
  public var allowsPower: Bool { targets.contains { $0.allowsPower } }

  public var deadline: Instant? {
    switch state {
    case .stopped: nil
    case .waking(let until): until
    case .asking(_, let until): earliest(until, heartbeatAt)
    case .up: earliest(heartbeatAt, silentAt, statusSilentAt, resetAt)
    }
  }

  public mutating func handle(
    _ event: SafetyLinkEvent, at now: Instant, perform: (SafetyLinkAction) -> Void
  ) {
    switch event {
    case .start:
      guard state == .stopped else { return }
      isToldDown = false
      restart(now, perform)
    case .command(let command, let connector): take(command, connector, perform)
    case .reset:
      guard state != .stopped else { return }
      lose(.resetting, perform)
      restart(now, perform)
    case .lineFailed:
      guard state != .stopped else { return }
      lose(.lineFailed, perform)
      rest(now)
    case .timeout: lookAtTheTime(now, perform)
    case .stop:
      makeSafe(perform)
      guard state != .stopped else {
        // Whoever spoke before may have left the controller in the middle of something: once more, in step.
        return makeSafe(perform)
      }
      forget()
      state = .stopped
    }
  }

  // MARK: time

  private mutating func lookAtTheTime(_ now: Instant, _ perform: (SafetyLinkAction) -> Void) {
    switch state {
    case .stopped: return
    case .waking(let until):
      if until <= now { ask(1, now, perform) }
    case .asking(let attempt, let until):
      if isDue(heartbeatAt, at: now) {
        heartbeatAt = now + configuration.timers.heartbeat
        sendHeartbeat(perform)
      }
      guard until <= now else { return }
      if attempt < configuration.attempts {
        ask(attempt + 1, now, perform)
      } else if attempt == configuration.attempts {
        lose(.noAnswer, perform)
        rest(now)
      } else {
        restart(now, perform)
      }
    case .up:
      if isDue(silentAt, at: now) {
        lose(.silent(configuration.timers.silence), perform)
        if configuration.kind.tellsChangesOnly { restart(now, perform) } else { ask(1, now, perform) }
      } else if isDue(statusSilentAt, at: now) {
        lose(.silent(configuration.timers.statusSilence), perform)
        ask(1, now, perform)
      } else if isDue(resetAt, at: now) {
        resets += 1
        lose(.resetting, perform)
        restart(now, perform)
      } else if isDue(heartbeatAt, at: now) {
        heartbeatAt = now + configuration.timers.heartbeat
        sendHeartbeat(perform)
      }
    }
  }

  /// Starts the controller anew, where that can be done, and waits for it.
  mutating func restart(_ now: Instant, _ perform: (SafetyLinkAction) -> Void) {
    forget()
    (settingsSent, sawRestart) = (0, false)
    var start = now
    if configuration.hasResetLine {
      perform(.pulseReset(configuration.timers.resetPulse))
      // It starts when the line falls back.
      start += configuration.timers.resetPulse
    } else if configuration.kind.hasSoftReset {
      sendReset(perform)
    }
    state = .waking(until: start + configuration.timers.startUp)
  }

  mutating func ask(_ attempt: Int, _ now: Instant, _ perform: (SafetyLinkAction) -> Void) {
    state = .asking(attempt: attempt, until: now + configuration.timers.answer)
    // One that hears and is not heard must not go to a safe state that only a reset ends.
    if configuration.kind.wantsControlAlways { heartbeatAt = now + configuration.timers.heartbeat }
    sendQuestion(attempt, perform)
  }

  /// Waits for the next round of questions.
  mutating func rest(_ now: Instant) {
    state = .asking(attempt: configuration.attempts + 1, until: now + configuration.timers.retry)
    if configuration.kind.wantsControlAlways { heartbeatAt = now + configuration.timers.heartbeat }
  }

  // MARK: up and down

  /// The controller gave a life sign that counts, on its first channel.
  mutating func heard(_ now: Instant) { silentAt = now + configuration.timers.silence }

  /// The controller is who it should be and is ready.
  mutating func rise(_ now: Instant, _ perform: (SafetyLinkAction) -> Void) {
    guard case .asking = state else { return }
    state = .up
    (isToldDown, settingsSent, restartsUnheard) = (false, 0, 0)
    heartbeatAt = now + configuration.timers.heartbeat
    for index in targets.indices {
      perform(.report(.up(identity), connector: index + 1))
      tell(from: nil, to: readings[index], connector: index + 1, perform)
      sendOutputs(index, perform)
    }
  }

  /// Takes every command back, and tells why, once.
  mutating func lose(_ reason: SafetyLoss, _ perform: (SafetyLinkAction) -> Void) {
    let wasUp = isUp
    makeSafe(perform)
    forget()
    guard wasUp || !isToldDown else { return }
    isToldDown = true
    for index in targets.indices { perform(.report(.down(reason), connector: index + 1)) }
  }

  private mutating func makeSafe(_ perform: (SafetyLinkAction) -> Void) {
    for index in targets.indices {
      (targets[index].duty, targets[index].allowsPower) = (.steadyLow, false)
      sendOutputs(index, perform)
    }
  }

  /// What was known of the controller is void.
  private mutating func forget() {
    for index in readings.indices { readings[index] = SafetyReadings() }
    (identity, layout, uptime, lastState) = (nil, nil, nil, nil)
    (stateFaults, temperatureFaults) = ([], [])
    (heartbeatAt, silentAt, statusSilentAt, resetAt) = (nil, nil, nil, nil)
    soundSince = nil
  }

  // MARK: commands

  private mutating func take(
    _ command: SafetyCommand, _ connector: Int, _ perform: (SafetyLinkAction) -> Void
  ) {
    let index = connector &- 1
    guard isUp, targets.indices.contains(index) else { return droppedCommands += 1 }
    switch command {
    case .duty(let duty):
      if case .pwm(let permille) = duty, !(1...999).contains(permille) { return droppedCommands += 1 }
      targets[index].duty = duty
      sendDuty(index, perform)
    case .allowPower(let allowed):
      targets[index].allowsPower = allowed
      sendPower(index, perform)
    case .lock(let locked):
      guard configuration.kind.hasLock else { return droppedCommands += 1 }
      targets[index].isLocked = locked
      sendLock(index, perform)
    case .threePhases(let three):
      guard configuration.kind.switchesPhases else { return droppedCommands += 1 }
      targets[index].threePhases = three
      sendPhases(three, perform)
    }
  }

  // MARK: readings

  /// Changes what is known of a connector, and tells it if the link is up.
  mutating func update(
    _ connector: Int, _ perform: (SafetyLinkAction) -> Void, _ change: (inout SafetyReadings) -> Void
  ) {
    let index = connector &- 1
    guard readings.indices.contains(index) else { return }
    let before = readings[index]
    change(&readings[index])
    // What the controller has opened is not closed by the next frame that still allows it.
    if before.contactor == .closed, readings[index].contactor != .closed, targets[index].allowsPower {
      targets[index].allowsPower = false
      sendPower(index, perform)
    }
    if isUp { tell(from: before, to: readings[index], connector: connector, perform) }
  }

  /// What changed, with what is dangerous first; all of it where nothing was told before.
  private func tell(
    from old: SafetyReadings?, to new: SafetyReadings, connector: Int, _ perform: (SafetyLinkAction) -> Void
  ) {
    func say(_ report: SafetyReport) { perform(.report(report, connector: connector)) }
    if old?.faults != new.faults { say(.faults(new.faults)) }
    if old?.isStopRequested != new.isStopRequested { say(.stopRequested(new.isStopRequested)) }
    if old.map({ $0.pilot != new.pilot }) ?? true { say(.pilot(new.pilot)) }
    if old?.contactor != new.contactor { say(.contactor(new.contactor)) }
    if old?.lock != new.lock { say(.lock(new.lock)) }
    if old.map({ $0.proximity != new.proximity }) ?? true { say(.proximity(new.proximity)) }
    if old.map({ $0.duty != new.duty }) ?? true { say(.duty(new.duty)) }
    if old.map({ $0.levels != new.levels }) ?? true { say(.levels(new.levels)) }
    if old.map({ $0.temperatures != new.temperatures }) ?? !new.temperatures.isEmpty {
      say(.temperatures(new.temperatures))
    }
  }
}
