public import HAL
public import LinuxHardware
public import Node
public import Wire

/// An inlet whose S2, contactors and lock Linux drives by lines, and whose pilot and sensors it reads.
///
/// A device that fails once is not tried again: the inlet goes to its safe values and stays out of service until the daemon
/// starts anew. To open is tried until the contacts read open.
public final class LineInlet: InletPort {
  /// Without a proximity contact: a pilot that is gone for so long is a plug that is out. Longer than state F lasts at a
  /// charger that starts anew (T_step_EF, 4 s).
  static let pilotGoneMax = Duration.seconds(10)

  private let description: LineDrivenInlet
  private let inlet: Inlet
  private let loop: EventLoop
  private var stateC: (any OutputPin)?
  private var stateD: (any OutputPin)?
  private var duty: DutyReader?
  private var contactor: ContactorDriver?
  private var lock: LockDriver?
  private var sensors: InletSensors?
  public var derated: ((Int) -> Void)?
  private var reading: ((VehicleEvent) -> Void)?
  public private(set) var trouble: String?
  public var isBroken: Bool { trouble != nil }
  public private(set) var liveSince: Instant?
  private var openTimer: LoopTimer?
  /// Where the pilot stands for the proximity contact: it counts as plugged in until then.
  private var pluggedUntil: Instant?
  private var pilotTimer: LoopTimer?

  public init(
    _ description: LineDrivenInlet, of inlet: Inlet, hardware: BoardHardware, loop: EventLoop
  ) throws(BoardFailure) {
    self.description = description
    self.inlet = inlet
    self.loop = loop
    do throws(LinuxError) {
      stateC = try hardware.pin(description.stateC)
      if let output = description.stateD { stateD = try hardware.pin(output) }
      let failed: (LinuxError) -> Void = { [weak self] in self?.fail($0) }
      duty = try DutyReader(
        description.duty, hardware: hardware, loop: loop,
        told: { [weak self] in self?.measured($0) }, failed: failed)
      if let description = description.contactor {
        contactor = try ContactorDriver(
          description, hardware: hardware, loop: loop,
          told: { [weak self] in self?.reading?(.contactorFeedback(closed: $0)) }, failed: failed)
      }
      lock = try LockDriver(
        description.lock, hardware: hardware, loop: loop,
        told: { [weak self] in self?.reading?(.lock(locked: $0)) },
        stuck: { [weak self] in self?.reading?(.lockStuck($0)) }, failed: failed)
      sensors = try InletSensors(
        inlet, proximity: description.proximity, hardware: hardware, loop: loop,
        told: { [weak self] in self?.sensed($0) }, derated: { [weak self] in self?.derated?($0) })
    } catch {
      throw BoardFailure("\(error)")
    }
  }

  /// Edges: three signs of life of a pilot that stands still. A timer measures every 10 ms, but waits long for edges that do
  /// not come.
  public var pilotSilenceMax: Duration? {
    if case .capture = description.duty { .milliseconds(60) } else { .milliseconds(300) }
  }

  /// With the time that poles need to follow each other.
  public var feedbackMax: Duration? {
    guard let contactor = description.contactor else { return nil }
    guard case .serial(let delay) = contactor.order else { return contactor.feedbackMax }
    return contactor.feedbackMax + delay * (contactor.poles.count - 1)
  }

  public var temperatureEnds: [Int] {
    inlet.temperatures.compactMap { sensor in
      if case .link = sensor.source { nil } else { sensor.derating.endMillicelsius ?? 150_000 }
    }
  }

  public func start(_ reading: @escaping (VehicleEvent) -> Void) throws(BoardFailure) {
    self.reading = reading
    pilotTimer = loop.addTimer { [weak self] in self?.pilotIsGone() }
    openTimer = loop.addTimer { [weak self] in self?.openAgain() }
    do throws(LinuxError) {
      try contactor?.start()
      lock?.start()
      sensors?.start()
      try duty?.start()
    } catch {
      throw BoardFailure("\(error)")
    }
  }

  public func perform(_ command: InletCommand) {
    guard trouble == nil else { return performInTrouble(command) }
    do throws(LinuxError) {
      switch command {
      case .setLoad(let load): try drive(load)
      case .contactor(let close):
        if close { try contactor?.command(closed: true) } else { try contactor?.open() }
      case .lock(let locked): lock?.command(locked: locked)
      // The onboard charger is told with the battery.
      case .charger: break
      }
    } catch {
      fail(error)
    }
  }

  /// Whatever failed, to open is never too much, and a plug behind open contacts is let go.
  private func performInTrouble(_ command: InletCommand) {
    switch command {
    case .contactor(close: false), .setLoad(.b): openAgain()
    case .lock(false) where contactor?.readsOpen ?? true: lock?.command(locked: false)
    default: break
    }
  }

  public func repeatReadings() {
    contactor?.repeatLast()
    lock?.repeatLast()
    sensors?.repeatLast()
    duty?.repeatLast()
  }

  public func makeSafe() {
    openTimer?.deadline = nil
    // S2 first, which ends the charger's current, and in the same moment the contactors: everything else can wait.
    try? drive(.b)
    try? contactor?.open()
    duty?.stop()
    sensors?.stop()
    lock?.release()
  }

  /// From C to D and back the new resistor comes before the old one goes: with neither of them the charger would see B.
  private func drive(_ load: PilotLoad) throws(LinuxError) {
    var failure: LinuxError?
    let outputs = [(stateC, load == .c), (stateD, load == .d)]
    for (pin, isOn) in outputs where isOn { try pin?.set(true) }
    for (pin, isOn) in outputs where !isOn {
      do throws(LinuxError) { try pin?.set(false) } catch { failure = error }
    }
    sensors?.drives(load)
    if let failure { throw failure }
  }

  // MARK: readings

  private func measured(_ signal: PilotSignal) {
    if sensors?.readsProximity == false, signal != .steadyLow, signal != .none {
      if pluggedUntil == nil { sensed(.proximity(.plugged(cableMilliamps: nil))) }
      pluggedUntil = loop.now + Self.pilotGoneMax
      pilotTimer?.deadline = pluggedUntil
    }
    reading?(.pilot(signal))
  }

  private func pilotIsGone() {
    pluggedUntil = nil
    sensed(.proximity(.open))
  }

  private func sensed(_ event: VehicleEvent) {
    if case .proximity(let proximity) = event, sensors?.readsProximity == true {
      duty?.plugged(proximity != .open)
    }
    reading?(event)
  }

  private func fail(_ error: LinuxError) {
    guard trouble == nil else { return }
    trouble = "\(error)"
    makeSafe()
    openAgain()
    reading?(.equipment(ok: false))
  }

  /// Opens until contactors and S2 were switched off without an error and the contacts read open, read now and not told
  /// before.
  private func openAgain() {
    guard trouble != nil, reading != nil else { return }
    var isOpen = true
    do throws(LinuxError) { try contactor?.open() } catch { isOpen = false }
    // S2 as well where the contactors fail: the charger ends the current then.
    do throws(LinuxError) { try drive(.b) } catch { isOpen = false }
    if let contactor, !contactor.readsOpen { isOpen = false }
    liveSince = isOpen ? nil : liveSince ?? loop.now
    openTimer?.deadline = isOpen ? nil : loop.now + LineOutlet.openAgain
  }
}
