import Glibc
public import HAL
public import LinuxHardware
public import Node
import Safety
public import Wire

/// An outlet whose pilot, contactor and lock Linux drives by lines, PWM and ADC.
///
/// A device that fails once is not tried again: the outlet goes to its safe values and stays out of service until the
/// daemon starts anew.
public final class LineOutlet: OutletPort {
  private let description: LineDrivenOutlet
  private let outlet: Outlet
  private let hardware: BoardHardware
  private let loop: EventLoop
  private var generator: PilotDriver
  private var levels: PilotReader?
  private var contactor: ContactorDriver?
  private var lock: LockDriver?
  private var monitors: OutletMonitors?
  private var sensors: OutletSensors?
  public var derated: ((Int) -> Void)?
  private var reading: ((ChargerEvent) -> Void)?
  public private(set) var trouble: String?
  public var isBroken: Bool { trouble != nil }
  private var isStarted = false
  /// After a failure the contactor is opened again and again until it reads so.
  static let openAgain = Duration.milliseconds(100)
  private var openDue: Instant?
  public private(set) var liveSince: Instant?
  public private(set) var unsafe: String?
  /// After a failure the plug is let go then, with open contacts.
  private var unlockDue: Instant?
  private var troubleTimer: LoopTimer?

  public init(
    _ description: LineDrivenOutlet, of outlet: Outlet, hardware: BoardHardware, loop: EventLoop
  ) throws(BoardFailure) {
    self.description = description
    self.outlet = outlet
    self.hardware = hardware
    self.loop = loop
    do throws(LinuxError) {
      generator = try PilotDriver(description.generator, hardware: hardware)
      let failed: (LinuxError) -> Void = { [weak self] in self?.fail($0) }
      levels = try PilotReader(
        description.levels, hardware: hardware, loop: loop,
        told: { [weak self] in self?.tell(.pilot($0)) }, failed: failed)
      contactor = try ContactorDriver(
        description.contactor, hardware: hardware, loop: loop,
        told: { [weak self] in self?.tell(.contactorFeedback(closed: $0)) }, failed: failed)
      lock = try LockDriver(
        description.lock, hardware: hardware, loop: loop,
        told: { [weak self] in self?.tell(.lock(locked: $0)) },
        stuck: { [weak self] in self?.tell(.lockStuck($0)) }, failed: failed)
      monitors = try OutletMonitors(
        outlet, hardware: hardware, loop: loop, told: { [weak self] in self?.tell($0) }, failed: failed)
      sensors = try OutletSensors(
        outlet, proximity: description.proximity, hardware: hardware, loop: loop,
        told: { [weak self] in self?.tell($0) }, derated: { [weak self] in self?.derated?($0) })
    } catch {
      throw BoardFailure("\(error)")
    }
    troubleTimer = loop.addTimer { [weak self] in self?.mendTrouble() }
  }

  public var samplesPilot: Bool { levels?.samples ?? true }
  public var readsProximity: Bool { description.proximity.adc != nil }
  public var readsResidualCurrent: Bool {
    if case .line = outlet.monitoring.residualCurrent { true } else { false }
  }
  public var feedbackMax: Duration { description.contactor.feedbackMax }
  public var testsResidualCurrent: Bool { monitors?.testsResidualCurrent ?? false }
  public var switchesPhases: Bool {
    if case .ac(_, canSwitch: true) = outlet.limits.supply {
      description.contactor.switchesPhases
    } else {
      false
    }
  }
  public var temperatureEnds: [Int] {
    outlet.monitoring.temperatures.compactMap { sensor in
      if case .link = sensor.source { nil } else { sensor.derating.endMillicelsius ?? 150_000 }
    }
  }

  public func start(_ reading: @escaping (ChargerEvent) -> Void) throws(BoardFailure) {
    self.reading = reading
    isStarted = true
    do throws(LinuxError) {
      try contactor?.start()
      lock?.start()
      try monitors?.start()
      sensors?.start()
      try levels?.start()
    } catch {
      throw BoardFailure("\(error)")
    }
  }

  public func perform(_ command: OutletCommand) {
    guard trouble == nil else {
      // Whatever failed, to open is never too much.
      if case .contactor(close: false) = command { mendTrouble() }
      return
    }
    do throws(LinuxError) {
      switch command {
      case .setDuty(let duty):
        try generator.drive(duty)
        levels?.drives(duty)
      case .contactor(let close):
        if close { try contactor?.command(closed: true) } else { try contactor?.open() }
      case .lock(let locked): lock?.command(locked: locked)
      case .insulationTest: monitors?.testInsulation()
      case .residualCurrentTest(let on): monitors?.testResidualCurrent(on)
      case .phases(let three): contactor?.choose(three: three)
      // Lines drive no power stage: another program does, or there is none.
      case .powerStage, .setPoint, .modemPower: break
      }
    } catch {
      fail(error)
    }
  }

  public func repeatReadings() {
    contactor?.repeatLast()
    lock?.repeatLast()
    monitors?.repeatLast()
    sensors?.repeatLast()
    levels?.repeatLast()
  }

  public func makeSafe() {
    (unlockDue, openDue) = (nil, nil)
    troubleTimer?.deadline = nil
    makeHarmless()
    lock?.release()
  }

  /// All but the lock, which holds the plug until the contacts read open.
  private func makeHarmless() {
    // The contactor first: everything else can wait.
    try? contactor?.open()
    unsafe = nil
    do throws(LinuxError) {
      try generator.drive(description.generator.stop)
    } catch {
      unsafe = "the pilot: \(error)"
    }
    levels?.stop()
    monitors?.release()
  }

  private func tell(_ event: ChargerEvent) {
    if case .pilot(let levels) = event { sensors?.vehicle(isThere: levels.highMillivolts < 10_500) }
    reading?(event)
  }

  /// Opens until every coil was switched off without an error and the contacts read open, read now and not told before;
  /// then, in time, lets the plug go.
  private func mendTrouble() {
    guard trouble != nil, isStarted else { return }
    let now = loop.now
    var isOpen = false
    do throws(LinuxError) {
      try contactor?.open()
      isOpen = contactor?.readsOpen ?? false
    } catch {}
    openDue = isOpen ? nil : now + Self.openAgain
    liveSince = isOpen ? nil : liveSince ?? now
    if isOpen, let due = unlockDue, now >= due {
      unlockDue = nil
      lock?.command(locked: false)
    }
    // Until the plug is let go the contacts are looked at again.
    troubleTimer?.deadline = openDue ?? unlockDue
  }

  private func fail(_ error: LinuxError) {
    guard trouble == nil else { return }
    trouble = "\(error)"
    makeHarmless()
    // The supervisor's commands are not followed any more, so the plug is let go from here: as late as the supervisor would
    // with a pilot that is lost, and as it would only with open contacts.
    unlockDue = loop.now + SafetySettings(outlet).unlockAfterPilotLoss
    openDue = loop.now
    mendTrouble()
    // Whatever the node thinks of the pilot, nothing of it is known any more.
    reading?(.earth(ok: false))
  }
}

/// The oscillator and the line that enables its output stage.
final class PilotDriver {
  private var pwm: PWMOutput
  private let enable: (any OutputPin)?
  private let permilles: ClosedRange<Int>

  init(_ description: PilotGeneratorDescription, hardware: BoardHardware) throws(LinuxError) {
    permilles = description.dutyMinPermille...max(description.dutyMinPermille, description.dutyMaxPermille)
    pwm = try PWMOutput(description.pwm, initial: description.start, roots: hardware.devices.roots)
    try pwm.drive(description.start)
    guard let line = description.enable else {
      enable = nil
      return
    }
    let pin = try hardware.pin(line.output)
    enable = pin
    // Taken enabled: the stage follows the PWM already.
    if line.output.start { return }
    // The stage holds +12 V until it is enabled: a PWM that has been at +12 V makes the first falling edge its own. Before
    // the loop runs, so that waiting is no harm.
    try pwm.drive(.steadyHigh)
    usleep(UInt32(clamping: line.settle.nanoseconds / 1000))
    try pin.set(true)
    try pwm.drive(description.start)
  }

  /// EINVAL for a duty that the stage cannot make; 5 % and those of IEC 61851-1 Table A.8 are none of them.
  func drive(_ duty: PilotDuty) throws(LinuxError) {
    if case .pwm(let permille) = duty, !permilles.contains(permille) {
      throw LinuxError("drive \(permille) permille", on: "the pilot", code: EINVAL)
    }
    try pwm.drive(duty)
  }
}
