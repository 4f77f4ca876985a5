/// The contactor of an outlet: its poles, and in which order they move.
public struct ContactorDescription: Hashable, Sendable {
  /// How poles follow each other when closing. Opening is always all at once.
  public enum Order: Hashable, Sendable {
    case simultaneous
    /// In the order of the list, each so long after the one before; above 0, at most 5 s.
    case serial(delay: Duration)
    /// Only one at a time: one phase or three, as `OutletLimits.Supply.ac(canSwitch: true)` says.
    case mutual
  }
  /// 1...6 poles.
  public var poles: [ContactorPole]
  public var order: Order
  /// Feedback that disagrees with the command for so long is a fault; above 0, at most 1 s. In series it counts from the
  /// last pole on.
  public var feedbackMax: Duration
  /// Holds the coils at less than their closing current; `nil` where they are simply on.
  public var economiser: Economiser?

  public init(
    poles: [ContactorPole], order: Order = .simultaneous, feedbackMax: Duration = .milliseconds(200),
    economiser: Economiser? = nil
  ) {
    self.poles = poles
    self.order = order
    self.feedbackMax = feedbackMax
    self.economiser = economiser
  }
}

extension ContactorDescription {
  /// It can close one phase or three.
  public var switchesPhases: Bool { poles(closingThree: true) != poles(closingThree: false) }

  /// Places of the poles that close for three phases, or for one, in their order. All of them where nothing can be chosen.
  public func poles(closingThree three: Bool) -> [Int] {
    let duties = poles.map(\.duty)
    let left: ContactorPole.Duty? =
      if case .mutual = order { three ? .firstPhase : .mains } else { three ? nil : .otherPhases }
    return duties.indices.filter { duties[$0] != left }
  }

  /// From the command to close to the last pole's coil.
  public var closingSteps: Duration {
    if case .serial(let delay) = order { delay * max(0, poles.count - 1) } else { .zero }
  }
}

/// One coil and the contact that moves with it.
public struct ContactorPole: Hashable, Sendable {
  /// What it switches.
  public enum Duty: String, Hashable, Sendable, CaseIterable {
    /// All conductors of an AC outlet.
    case mains
    /// Phase 1 and neutral alone, and the other two phases.
    case firstPhase, otherPhases
    case dcPlus, dcMinus
    /// The resistor around a DC pole.
    case preCharge

    /// What flows through it.
    public var current: OutletCurrent {
      switch self {
      case .mains, .firstPhase, .otherPhases: .ac
      case .dcPlus, .dcMinus, .preCharge: .dc
      }
    }
  }
  public var duty: Duty
  public var coil: OutputDescription
  public var feedback: ContactorFeedback

  public init(_ duty: Duty, coil: OutputDescription, feedback: ContactorFeedback) {
    self.duty = duty
    self.coil = coil
    self.feedback = feedback
  }
}

/// A mirror contact (IEC 60947-4-1 Annex F).
public enum ContactorFeedback: Hashable, Sendable {
  /// Only a pre-charge pole may have none: a welded contact could not be told.
  case none
  /// The line is true while the pole is closed.
  case normallyOpen(LineDescription)
  /// The line is true while the pole is open.
  case normallyClosed(LineDescription)

  public var line: LineDescription? {
    switch self {
    case .none: nil
    case .normallyOpen(let line), .normallyClosed(let line): line
    }
  }
}

/// A PWM that holds coils with less current.
public struct Economiser: Hashable, Sendable {
  public var pwm: PWMDescription
  /// Full current for so long after closing; above 0, at most 5 s.
  public var pullIn: Duration
  /// Share of the time the coil is driven afterwards, permille; 50...1000.
  public var holdPermille: Int

  public init(pwm: PWMDescription, pullIn: Duration, holdPermille: Int) {
    self.pwm = pwm
    self.pullIn = pullIn
    self.holdPermille = holdPermille
  }
}

/// The lock of a socket or an inlet.
public enum LockDescription: Hashable, Sendable {
  case none
  /// A motor on an H-bridge that is driven for a fixed time; nothing tells where it ended.
  case timed(LockMotor)
  /// A motor whose position is a voltage.
  case positioned(LockMotor, LockPosition)

  public var motor: LockMotor? {
    switch self {
    case .none: nil
    case .timed(let motor), .positioned(let motor, _): motor
    }
  }
}

/// A lock motor between two half bridges. Both lines false: no current. Never both true.
public struct LockMotor: Hashable, Sendable {
  /// Drives towards locked, and towards unlocked.
  public var lock: OutputDescription
  public var unlock: OutputDescription
  /// True where the driver reports a fault; `nil` where it cannot.
  public var fault: LineDescription?
  /// Time it is driven; 1 ms...4 s.
  public var pulse: Duration
  /// A movement that failed is tried again so often; 0...10.
  public var repetitions: Int
  /// Supply that is buffered, so that a movement that began ends when mains are lost. Nobody tells of that loss: what opens the
  /// lock then is the board's own circuit, or the next start.
  public var buffer: LockBuffer?

  public init(
    lock: OutputDescription, unlock: OutputDescription, fault: LineDescription? = nil,
    pulse: Duration = .milliseconds(600), repetitions: Int = 2, buffer: LockBuffer? = nil
  ) {
    self.lock = lock
    self.unlock = unlock
    self.fault = fault
    self.pulse = pulse
    self.repetitions = repetitions
    self.buffer = buffer
  }
}

/// The buffer capacitor of a lock.
public struct LockBuffer: Hashable, Sendable {
  public var adc: ADCDescription
  /// The lock is not driven below this, mV; above 0.
  public var millivoltsMin: Int

  public init(_ adc: ADCDescription, millivoltsMin: Int) {
    self.adc = adc
    self.millivoltsMin = millivoltsMin
  }
}

/// Windows of a lock's position, mV. They must not meet; between them the lock is nowhere.
public struct LockPosition: Hashable, Sendable {
  public var adc: ADCDescription
  public var locked: ClosedRange<Int>
  public var unlocked: ClosedRange<Int>

  public init(_ adc: ADCDescription, locked: ClosedRange<Int>, unlocked: ClosedRange<Int>) {
    self.adc = adc
    self.locked = locked
    self.unlocked = unlocked
  }
}
