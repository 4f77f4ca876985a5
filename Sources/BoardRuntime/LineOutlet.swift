public import HAL
public import LinuxHardware
public import Node
import Wire

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
        told: { [weak self] in self?.tell(.lock(locked: $0)) }, failed: failed)
      monitors = try OutletMonitors(
        outlet, hardware: hardware, loop: loop, told: { [weak self] in self?.tell($0) }, failed: failed)
      sensors = try OutletSensors(
        outlet, proximity: description.proximity, hardware: hardware, loop: loop,
        told: { [weak self] in self?.tell($0) }, derated: { [weak self] in self?.derated?($0) })
    } catch {
      throw BoardFailure("\(error)")
    }
  }

  public var samplesPilot: Bool { levels?.samples ?? true }
  public var readsProximity: Bool { description.proximity.adc != nil }
  public var readsResidualCurrent: Bool {
    if case .line = outlet.monitoring.residualCurrent { true } else { false }
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
    guard trouble == nil else { return }
    do throws(LinuxError) {
      switch command {
      case .setDuty(let duty):
        try generator.drive(duty)
        levels?.drives(duty)
      case .contactor(let close):
        if close { try contactor?.command(closed: true) } else { try contactor?.open() }
      case .lock(let locked): lock?.command(locked: locked)
      case .insulationTest: monitors?.testInsulation()
      // The board has no power stage: `BoardDescription` knows none behind lines.
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
    // The contactor first: everything else can wait.
    try? contactor?.open()
    try? generator.drive(description.generator.stop)
    levels?.stop()
    lock?.release()
  }

  private func tell(_ event: ChargerEvent) {
    if case .pilot(let levels) = event { sensors?.vehicle(isThere: levels.highMillivolts < 10_500) }
    reading?(event)
  }

  private func fail(_ error: LinuxError) {
    guard trouble == nil else { return }
    trouble = "\(error)"
    makeSafe()
    // Whatever the node thinks of the pilot, nothing of it is known any more.
    reading?(.earth(ok: false))
  }
}

/// The oscillator and the line that enables its output stage.
final class PilotDriver {
  private var pwm: PWMOutput
  private let enable: (any OutputPin)?

  init(_ description: PilotGeneratorDescription, hardware: BoardHardware) throws(LinuxError) {
    pwm = try PWMOutput(description.pwm, initial: description.start, roots: hardware.devices.roots)
    try pwm.drive(description.start)
    if let line = description.enable {
      // The stage holds +12 V until it is enabled: a PWM at +12 V makes the first falling edge its own.
      try pwm.drive(.steadyHigh)
      enable = try hardware.pin(line.output)
      try enable?.set(true)
      try pwm.drive(description.start)
    } else {
      enable = nil
    }
  }

  func drive(_ duty: PilotDuty) throws(LinuxError) { try pwm.drive(duty) }
}
