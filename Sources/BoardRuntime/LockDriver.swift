import HAL
import LinuxHardware
import Wire

/// A lock with a motor on two half bridges. Repeats a movement that failed; tells positions, not commands.
final class LockDriver {
  static let pollPeriod = Duration.milliseconds(250)
  /// A bolt that does not let go - somebody pulls at the plug - is tried again after this time, so often ...
  static let unlockAgain = Duration.seconds(5)
  static let unlockRounds = 12
  /// ... and then this often, for whoever was called to free it.
  static let unlockLater = Duration.seconds(60)

  private let motor: LockMotor
  private let toLock: any OutputPin
  private let toUnlock: any OutputPin
  private let fault: (any InputPin)?
  private let buffer: ADCBox?
  private let position: (adc: ADCBox, description: LockPosition)?
  private let loop: EventLoop
  private let told: (Bool) -> Void
  private let stuck: (Bool) -> Void
  private let failed: (LinuxError) -> Void
  private var timer: LoopTimer?
  /// What was asked for; `nil` before anybody asked.
  private var wanted: Bool?
  private var triesLeft = 0
  private var roundsLeft = 0
  private var againDue: Instant?
  private var movingUntil: Instant?
  /// The buffer is looked at again then.
  private var bufferDue: Instant?
  /// The last movement ended where it should.
  private var isAtRest = false
  private var last: Bool?
  /// The bolt did not let go for all repetitions, or its position says locked whatever it does.
  private var isStuck = false
  private var isStopped = false

  /// `nil` for an outlet without a lock. `stuck` is told when the bolt did not let go for all repetitions, and when it has
  /// been seen free afterwards.
  init?(
    _ description: LockDescription, hardware: BoardHardware, loop: EventLoop,
    told: @escaping (Bool) -> Void, stuck: @escaping (Bool) -> Void, failed: @escaping (LinuxError) -> Void
  ) throws(LinuxError) {
    guard let motor = description.motor else { return nil }
    self.motor = motor
    toLock = try hardware.pin(motor.lock)
    toUnlock = try hardware.pin(motor.unlock)
    fault = if let line = motor.fault { try hardware.devices.input(line, .zero) } else { nil }
    let roots = hardware.devices.roots
    buffer = if let buffer = motor.buffer { try ADCBox(buffer.adc, roots) } else { nil }
    position =
      if case .positioned(_, let window) = description { (try ADCBox(window.adc, roots), window) } else {
        nil
      }
    self.loop = loop
    self.told = told
    self.stuck = stuck
    self.failed = failed
    timer = loop.addTimer { [weak self] in self?.elapse() }
  }

  func start() {
    // A lock that tells nothing is taken for open, as nothing is closed behind it yet.
    report(position == nil ? false : isLockedByPosition ?? false)
  }

  func repeatLast() {
    if isStuck { stuck(true) }
    if let last { told(last) }
  }

  func command(locked: Bool) {
    wanted = locked
    triesLeft = motor.repetitions
    roundsLeft = locked ? 0 : Self.unlockRounds
    (againDue, bufferDue) = (nil, nil)
    move()
  }

  /// No current in the motor, wherever it is. The bolt stays where it is: a movement takes longer than a program has that
  /// ends, and half of one leaves it nowhere.
  func release() {
    isStopped = true
    timer?.deadline = nil
    stopMotor()
  }

  private func move() {
    guard let wanted, !isStopped else { return }
    do throws(LinuxError) {
      // Never both at once, and nothing goes on that is not wanted any more.
      try toLock.set(false)
      try toUnlock.set(false)
      movingUntil = nil
      // A plug that is being let go, or whose bolt was stopped on its way, is not locked.
      report(wanted && isAtRest && (last ?? false))
      isAtRest = false
      if let buffer, try buffer.millivolts() < motor.buffer?.millivoltsMin ?? 0 {
        // Half a movement is worse than none: the buffer has to be full enough for all of it.
        bufferDue = loop.now + Self.pollPeriod
        timer?.deadline = bufferDue
        return
      }
      try (wanted ? toLock : toUnlock).set(true)
      movingUntil = loop.now + motor.pulse
      timer?.deadline = movingUntil
    } catch {
      stopMotor()
      failed(error)
    }
  }

  private func elapse() {
    guard !isStopped else { return }
    if movingUntil == nil {
      if let due = bufferDue {
        guard loop.now >= due else { return }
        bufferDue = nil
        return move()
      }
      if let due = againDue, loop.now >= due {
        againDue = nil
        roundsLeft = max(roundsLeft - 1, 0)
        triesLeft = motor.repetitions
        return move()
      }
      poll()
      return
    }
    movingUntil = nil
    do throws(LinuxError) {
      try toLock.set(false)
      try toUnlock.set(false)
      let isFaulty = try fault?.isActive() ?? false
      let reached: Bool? = position == nil ? (isFaulty ? nil : wanted) : isLockedByPosition
      isAtRest = reached == wanted
      if reached == wanted, let reached {
        if !reached { note(isStuck: false) }
        report(reached)
      } else if triesLeft > 0 {
        triesLeft -= 1
        return move()
      } else {
        // Nowhere counts as not locked; the supervisor draws its conclusion from the silence.
        report(reached ?? false)
        if wanted == false {
          againDue = loop.now + (roundsLeft > 0 ? Self.unlockAgain : Self.unlockLater)
          note(isStuck: true)
        }
      }
    } catch {
      stopMotor()
      failed(error)
    }
    poll()
  }

  private func stopMotor() {
    movingUntil = nil
    try? toLock.set(false)
    try? toUnlock.set(false)
  }

  /// A locked plug is looked at from time to time; an unlocked one may rest.
  private func poll() {
    guard position != nil, wanted == true else {
      timer?.deadline = againDue
      return
    }
    report(isLockedByPosition ?? false)
    timer?.deadline = loop.now + Self.pollPeriod
  }

  private var isLockedByPosition: Bool? {
    guard let position, let millivolts = try? position.adc.millivolts() else { return nil }
    if position.description.locked.contains(millivolts) { return true }
    if position.description.unlocked.contains(millivolts) { return false }
    return nil
  }

  private func note(isStuck new: Bool) {
    guard new != isStuck else { return }
    isStuck = new
    stuck(new)
  }

  private func report(_ isLocked: Bool) {
    guard isLocked != last else { return }
    last = isLocked
    told(isLocked)
  }
}

/// A channel that several owners read.
final class ADCBox {
  private let input: ADCInput
  init(_ description: ADCDescription, _ roots: DeviceRoots) throws(LinuxError) {
    input = try ADCInput(description, roots: roots)
  }
  func millivolts() throws(LinuxError) -> Int { try input.millivolts() }
}
