import HAL
import LinuxHardware
import Node
import SafetyLinks
import Wire

/// An outlet behind a safety controller, which makes the pilot, knows its state and opens the contactor by itself.
///
/// It tells changes once; the pilot's machine here wants to see a level a few times before it believes it, so each is
/// said again every 5 ms for as long as debouncing takes.
final class LinkOutlet: OutletPort {
  static let period = Duration.milliseconds(5)
  static let repetitions = 8
  static let proximityPeriod = Duration.milliseconds(250)
  /// After an own state F, so long until an F that is still read is the wire's.
  static let staleMax = Duration.milliseconds(1500)
  /// To open is said so often until the contacts are, at most for `openingEnd`: a packet may be lost.
  static let openingPeriod = Duration.milliseconds(50)
  static let openingEnd = Duration.seconds(3)
  /// A contactor that does not open within this time may be one whose controller is gone.
  static let openingMax = Duration.milliseconds(300)

  private let description: LinkDrivenOutlet
  private let outlet: Outlet
  private let link: ControllerLink
  private let loop: EventLoop
  private var monitors: OutletMonitors?
  private var lock: LockDriver?
  private var reading: ((ChargerEvent) -> Void)?
  private var timer: LoopTimer?
  private var levelDue: Instant?
  private var levelsLeft = 0
  private var proximityDue: Instant?
  private var duty = PilotDuty.steadyHigh
  private var wantsLock: Bool?
  private var wantsThreePhases: Bool?
  private var isCommandedClosed = false
  private var isUp = false
  /// The controller has answered, or was given up; before that nothing of it is wrong.
  private var isKnown = false
  /// When the contactor was commanded open.
  private var openedAt: Instant?
  private var openingDue: Instant?
  /// Until then an F that it measures may be its own of before.
  private var staleUntil: Instant?
  private var isDoubted = false
  private var pilot: PilotState?
  /// What was last told of it.
  private var shown: PilotState?
  private var diode: DiodeWatch
  private var proximity: Proximity?
  private var faults: SafetyFaults = []
  private var contactor = ContactorReading.unknown
  private var lockReading = LockReading.unknown
  private var isStopRequested = false
  private var isButtonPressed = false
  private var isSafe = false
  private var failure: String?
  var derated: ((Int) -> Void)?
  private var share = 100

  init(
    _ description: LinkDrivenOutlet, of outlet: Outlet, link: ControllerLink, hardware: BoardHardware,
    loop: EventLoop
  ) throws(BoardFailure) {
    self.description = description
    self.outlet = outlet
    self.link = link
    self.loop = loop
    if case .chargebyte = link.kind {
      diode = DiodeWatch(tellsDuty: true)
    } else {
      diode = DiodeWatch(tellsDuty: false)
    }
    do throws(LinuxError) {
      let failed: (LinuxError) -> Void = { [weak self] in self?.fail($0) }
      monitors = try OutletMonitors(
        outlet, hardware: hardware, loop: loop, told: { [weak self] in self?.monitored($0) }, failed: failed)
      if case .lines(let lines) = description.lock {
        lock = try LockDriver(
          lines, hardware: hardware, loop: loop,
          told: { [weak self] in self?.reading?(.lock(locked: $0)) },
          stuck: { [weak self] in self?.reading?(.lockStuck($0)) }, failed: failed)
      }
    } catch {
      throw BoardFailure("\(error)")
    }
    timer = loop.addTimer { [weak self] in self?.elapse() }
    link.attach(connector: description.connector) { [weak self] in self?.heard($0) }
  }

  var trouble: String? { failure ?? link.trouble ?? silentContacts }
  /// A controller that is away comes back by itself; that the program starts anew would not bring it.
  var isBroken: Bool { failure != nil }
  /// With the controller's period, its contactor, and its period again.
  var feedbackMax: Duration {
    if case .chargeBridge = link.kind { .milliseconds(1500) } else { .milliseconds(500) }
  }
  var samplesPilot: Bool { false }
  var diodeProof: Duration { DiodeWatch.proof }
  var switchesPhases: Bool {
    guard case .ac(_, canSwitch: true) = outlet.limits.supply else { return false }
    return link.kind.switchesPhases
  }
  var readsProximity: Bool { description.proximity != nil }
  var testsResidualCurrent: Bool { monitors?.testsResidualCurrent ?? false }
  var readsResidualCurrent: Bool { if case .none = outlet.monitoring.residualCurrent { false } else { true } }
  var temperatureEnds: [Int] { sensors.map { $0.sensor.derating.endMillicelsius ?? 150_000 } }

  private var silentContacts: String? {
    isUp && contactor == .unknown
      ? "the safety controller does not tell its contacts: nothing is closed" : nil
  }

  /// Sensors of the controller, with their channels.
  private var sensors: [(sensor: TemperatureSensor, channel: Int)] {
    outlet.monitoring.temperatures.compactMap { sensor in
      if case .link(let channel) = sensor.source { (sensor, channel) } else { nil }
    }
  }

  func start(_ reading: @escaping (ChargerEvent) -> Void) throws(BoardFailure) {
    self.reading = reading
    do throws(LinuxError) {
      try monitors?.start()
    } catch {
      throw BoardFailure("\(error)")
    }
    lock?.start()
    repeatReadings()
    link.start()
  }

  func perform(_ command: OutletCommand) {
    guard !isSafe, failure == nil else { return }
    switch command {
    case .setDuty(let new):
      staleUntil = duty == .steadyLow && new != .steadyLow ? loop.now + Self.staleMax : nil
      diode.order(new, after: duty, at: loop.now)
      duty = new
      send(.duty(new))
      showPilot()
    case .contactor(let close):
      isCommandedClosed = close
      openedAt = close ? nil : loop.now
      openingDue = openedAt.map { $0 + Self.openingPeriod }
      isDoubted = false
      send(.allowPower(close))
      tellContactor()
      rearm()
    case .lock(let locked):
      wantsLock = locked
      if let lock { lock.command(locked: locked) } else { send(.lock(locked)) }
    case .insulationTest: tellInsulation()
    case .residualCurrentTest(let on): monitors?.testResidualCurrent(on)
    case .phases(let three):
      wantsThreePhases = three
      send(.threePhases(three))
    case .powerStage, .setPoint, .modemPower: break
    }
  }

  func repeatReadings() {
    tellFaults()
    tellContactor()
    tellLock()
    monitors?.repeatLast()
    lock?.repeatLast()
    if readsProximity { tellProximity() }
    showPilot()
  }

  func makeSafe() {
    isSafe = true
    timer?.deadline = nil
    link.release(connector: description.connector)
    lock?.release()
  }

  private func send(_ command: SafetyCommand) { link.command(command, connector: description.connector) }

  private func fail(_ error: LinuxError) {
    guard failure == nil else { return }
    failure = "\(error)"
    makeSafe()
    reading?(.earth(ok: false))
  }

  // MARK: what the controller says

  private func heard(_ report: SafetyReport) {
    switch report {
    case .up:
      // All that it knows follows, faults first.
      (isUp, isKnown) = (true, true)
      // What was wanted before: never the contactor, which the supervisor has to decide anew.
      send(.duty(duty))
      if let wantsThreePhases { send(.threePhases(wantsThreePhases)) }
      if lock == nil, wantsLock == true { send(.lock(true)) }
    case .down:
      // Of a stop button it is only known that it was pressed.
      (isUp, isKnown) = (false, true)
      (pilot, proximity, faults, contactor, lockReading) = (nil, nil, [], .unknown, .unknown)
      tellFaults()
      tellContactor()
      if readsProximity { tellProximity() }
      showPilot()
    case .faults(let new):
      let last = faults
      faults = new
      tellFaults()
      if new.contains(.contactor) != last.contains(.contactor) { tellContactor() }
      if new.contains(.lock) != last.contains(.lock) { tellLock() }
      if readsProximity, new.contains(.proximity) != last.contains(.proximity) { tellProximity() }
      showPilot()
    case .stopRequested(let requested):
      isStopRequested = requested
      tellFaults()
    case .pilot(let new):
      pilot = new
      showPilot()
    case .contactor(let new):
      contactor = new
      tellContactor()
      // A wish that nobody could hear. Open is what it needs.
      if new == .open, lock == nil, wantsLock == false, lockReading == .locked { send(.lock(false)) }
    case .lock(let new):
      lockReading = new
      tellLock()
    case .proximity(let new):
      proximity = new
      if readsProximity { tellProximity() }
    case .temperatures(let tenths): tellTemperatures(tenths)
    case .meter(let meter):
      let output = PowerReading(
        millivolts: meter.millivolts.first ?? 0, milliamps: meter.milliamps.prefix(3).max() ?? 0)
      reading?(.output(output, wattHours: meter.wattHours))
    case .duty(let driven): diode.told = driven
    case .levels, .message: break
    }
  }

  private func tellFaults() {
    // Told as what they are, elsewhere.
    var hidden: SafetyFaults = [.emergencyStop, .pilotShort, .diode, .pilotSignal, .contactor]
    if readsProximity { hidden.insert(.proximity) }
    if outlet.hasLock, lock == nil { hidden.insert(.lock) }
    // State D is the supervisor's own affair, where it does not serve it either.
    if !outlet.isVentilated { hidden.insert(.ventilation) }
    if case .link = outlet.monitoring.residualCurrent { hidden.insert(.residualCurrent) }
    if outlet.current == .dc, case .link = outlet.monitoring.insulation { hidden.insert(.residualCurrent) }
    reading?(.earth(ok: isUp && faults.subtracting(hidden).isEmpty))
    if case .link = outlet.monitoring.residualCurrent {
      reading?(.residualCurrent(ok: isUp && !faults.contains(.residualCurrent)))
    }
    tellStop()
    tellInsulation()
  }

  private func tellStop() {
    reading?(.emergencyStop(isStopRequested || isButtonPressed || faults.contains(.emergencyStop)))
  }

  private func tellInsulation() {
    guard outlet.current == .dc, case .link = outlet.monitoring.insulation else { return }
    let isSound = isUp && faults.isDisjoint(with: [.residualCurrent, .residualCurrentTest])
    reading?(.insulation(isSound ? .valid : isUp ? .fault : .invalid))
  }

  private func monitored(_ event: ChargerEvent) {
    switch event {
    case .emergencyStop(let pressed):
      isButtonPressed = pressed
      tellStop()
    // Earth is what the controller says of it.
    case .earth: break
    default: reading?(event)
    }
  }

  private func tellContactor() {
    // One pole is welded, or one does not close: never what was commanded.
    if contactor == .divided || faults.contains(.contactor) {
      reading?(.contactorFeedback(closed: !isCommandedClosed))
      return
    }
    switch contactor {
    case .unknown, .divided: reading?(.contactorUnknown)
    case .open: reading?(.contactorFeedback(closed: false))
    case .closed: reading?(.contactorFeedback(closed: true))
    }
  }

  private func tellLock() {
    guard lock == nil, outlet.hasLock else { return }
    reading?(.lock(locked: lockReading == .locked && !faults.contains(.lock)))
  }

  private var cable: Proximity { faults.contains(.proximity) ? .fault : proximity ?? .fault }

  private func tellProximity() {
    reading?(.proximity(cable))
    // A change counts after two equal readings.
    proximityDue = loop.now + Self.proximityPeriod
    rearm()
  }

  private func tellTemperatures(_ tenths: [Int?]) {
    var least = 100
    for (index, entry) in sensors.enumerated() {
      let value: Int? = tenths.indices.contains(entry.channel - 1) ? tenths[entry.channel - 1] : nil
      reading?(.temperature(sensor: index, millicelsius: value.map { $0 * 100 }))
      if let value {
        least = min(least, entry.sensor.derating.percent(millicelsius: value * 100, last: share))
      }
    }
    guard least != share else { return }
    share = least
    derated?(least)
  }

  // MARK: the pilot

  private var levels: PilotLevels {
    let nominal = pilot.flatMap { PilotLevels(nominal: $0, isOscillating: duty.isOscillating) }
    // Between the bands: a fault of the pilot.
    guard var levels = nominal, isUp, !faults.contains(.pilotSignal) else {
      return PilotLevels(highMillivolts: -5_000, lowMillivolts: -5_000)
    }
    if faults.contains(.pilotShort) { levels = PilotLevels(highMillivolts: 0, lowMillivolts: 0) }
    if faults.contains(.diode) {
      // One that rests in F for it has no level that shows it.
      if pilot?.isConnected != true { levels.highMillivolts = 9_000 }
      levels.lowMillivolts = -8_000
    }
    return levels
  }

  private func showPilot() {
    guard !isSafe, isKnown else { return }
    levelsLeft = Self.repetitions
    levelDue = loop.now
    if pilot == .F, let staleUntil, loop.now < staleUntil { levelDue = staleUntil }
    rearm()
  }

  private func elapse() {
    guard !isSafe else { return }
    let now = loop.now
    if let due = levelDue, now >= due {
      levelsLeft -= 1
      levelDue = levelsLeft > 0 ? now + Self.period : diode.again(heardAt: link.heardAt, at: now)
      if levelsLeft <= 0 { levelsLeft = 2 }
      tellLevels(now)
    }
    if let due = openingDue, now >= due { insistOnOpening(now) }
    if let due = proximityDue, now >= due {
      proximityDue = nil
      reading?(.proximity(cable))
    }
    rearm()
  }

  private func tellLevels(_ now: Instant) {
    // In F the controller measures what it drives itself.
    guard duty != .steadyLow else {
      reading?(.pilot(PilotLevels(highMillivolts: -12_000, lowMillivolts: -12_000)))
      return
    }
    // What it said before an offer that it has not answered proves no diode.
    let isOld = pilot == shown && faults.isEmpty && diode.lacksAnswer(heardAt: link.heardAt, at: now)
    if isOld, pilot?.isConnected == true { return }
    shown = pilot
    reading?(.pilot(levels))
  }

  private func insistOnOpening(_ now: Instant) {
    openingDue = nil
    guard let openedAt, contactor == .closed, isUp, isDoubted || now < openedAt + Self.openingEnd else {
      return
    }
    openingDue = now + Self.openingPeriod
    send(.allowPower(false))
    guard now >= openedAt + Self.openingMax else { return }
    // That they are open may have been said, and lost.
    if link.askAgain(since: openedAt) { return }
    // What it said last is closed, and it may have died since: welded is only what lives and says so.
    let isUnheard = link.heardAt <= openedAt
    guard isUnheard != isDoubted else { return }
    isDoubted = isUnheard
    if isUnheard { reading?(.contactorUnknown) } else { tellContactor() }
  }

  private func rearm() { timer?.deadline = earliest(levelDue, proximityDue, openingDue) }
}
