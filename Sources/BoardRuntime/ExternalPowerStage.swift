import ControlAPI
import HAL
import Node
import Safety
import Wire

/// The power stage of a DC outlet that a client of the control socket drives, or the meter of an AC outlet that it reads.
///
///     absent --first report--> heard --disconnected--> absent
///                               |  ^
///                       silence v  | report of anybody
///                              silent
///
/// It decides nothing about the energy: it tells the charger's node how the stage is, and the safety supervisor cuts what
/// has to be cut. What is read here: who has the stage, whether it is in time, whether it does what it was told.
struct ExternalPowerStage: Machine {
  enum Kind: Hashable, Sendable {
    /// It delivers, and nothing flows without it.
    case source
    /// It only measures, and everything goes on without it.
    case meter
  }

  struct Settings: Hashable, Sendable {
    var kind: Kind
    var silenceMax: Duration = .seconds(1)
    /// What the outlet carries: a tenth above it nothing is measured that is true.
    var millivoltsMax: Int
    var milliampsMax: Int
    /// Phases that `milliamps` stands for where they are not told one by one.
    var phases = 1
    /// The board reads a monitor of its own, whose results count.
    var hasInsulationMonitor = false
    /// Longest time above what was commanded: a set point that falls takes a moment.
    var obeyMax: Duration = .seconds(2)
    /// An enabled stage is told to lag after this time, and one second more for each 20 A (IEC 61851-23: at least 20 A/s).
    var reachMax: Duration = .seconds(5)
  }

  enum Event: Hashable, Sendable {
    /// A command of the node.
    case command(OutletCommand)
    /// A client's connection is gone.
    case gone(ControlClientID)
    /// The session is over: what it wanted is wanted no more.
    case ended
    /// The node is another one, which knows nothing.
    case renewed
    case timeout
  }

  enum Action: Sendable {
    case tell(ChargerEvent)
    /// What the stage has to do, on each change.
    case command(PowerCommand)
    /// What it can give has changed: `limits`.
    case limits
    case note(LogPriority, String)
  }

  private enum Test: Hashable {
    case none
    /// Asked for; what is reported may be of before.
    case wanted
    case running
    /// The result is told, and what it becomes.
    case watched(InsulationStatus)
  }

  let settings: Settings
  private(set) var command = PowerCommand()
  /// What it can give now.
  private(set) var limits = ControlLimits()
  private var owner: ControlClientID?
  private var report: PowerReport?
  private var heardAt: Instant?
  private var isSilent = false
  private var isOn = false
  private var setPoint = PowerReading.zero
  private var test = Test.none
  private var overSince: Instant?
  private var shortSince: Instant?
  private var isImpossible = false
  private var isDisobeying = false
  private var isLagging = false
  private var told: Told?
  private var wattHours = 0
  /// What the client's meter showed last, of which differences alone count: a counter that begins anywhere, with another
  /// program or later than its first report, is no energy of this charge.
  private var lastMeter: Int?
  /// Energy below a watt hour, nJ.
  private var nanojoules: Int64 = 0

  private struct Told: Hashable {
    var ready: Bool
    var trouble: PowerStageTrouble?
  }

  init(_ settings: Settings) { self.settings = settings }

  /// Somebody has it.
  var isHeard: Bool { owner != nil }

  var status: PowerStageStatus {
    var status = PowerStageStatus()
    status.fault = report?.fault
    status.insulation = report?.insulation
    status.isLagging = isLagging
    (status.millivoltsMax, status.milliampsMax) = (limits.millivolts, limits.milliamps)
    status.wattsMax = limits.watts
    status.state =
      switch trouble {
      case .silent?: isSilent ? .silent : .absent
      case .faulty?: .faulty
      case .disobeying?: .disobeying
      case nil: report?.isReady ?? false ? .ready : .notReady
      }
    return status
  }

  private var trouble: PowerStageTrouble? {
    guard owner != nil, let report else { return .silent }
    if report.fault != nil { return .faulty }
    return isImpossible || isDisobeying ? .disobeying : nil
  }

  var deadline: Instant? {
    earliest(
      owner == nil ? nil : heardAt.map { $0 + settings.silenceMax },
      isDisobeying ? nil : overSince.map { $0 + settings.obeyMax },
      isLagging ? nil : shortSince.map { $0 + reachMax })
  }

  private var reachMax: Duration { settings.reachMax + .milliseconds(setPoint.milliamps / 20) }

  // MARK: reports

  /// Takes a report in; what it throws is for the client, and leaves whoever has the stage as it was.
  mutating func take(
    _ new: PowerReport, from client: ControlClientID, at now: Instant, perform: (Action) -> Void
  ) throws(ControlFailure) {
    expire(now, perform)
    guard owner ?? client == client else {
      throw ControlFailure(
        .wrongState, "another client reports for this \(name)",
        remedy: "end it; the first that reports has it until it disconnects or falls silent")
    }
    guard isPossible(new) else {
      if owner != nil {
        isImpossible = true
        update(now, perform)
      }
      throw ControlFailure(
        .outOfRange,
        "this outlet carries \(settings.millivoltsMax) mV and \(settings.milliampsMax) mA at most, and no more can be "
          + "measured than a tenth above",
        remedy: "look at the units, which are mV and mA, and at the meter")
    }
    if owner == nil { perform(.note(.notice, "\(name) is reported by client \(client.number)")) }
    sumUp(now)
    if report?.fault != new.fault, let fault = new.fault { perform(.note(.error, "\(name): \(fault)")) }
    count(new.wattHours, isFirst: heardAt == nil)
    owner = client
    report = new
    heardAt = now
    isSilent = false
    isImpossible = false
    // How it is before what it measures: a reading alone proves nothing.
    update(now, perform)
    perform(
      .tell(
        .output(
          PowerReading(millivolts: new.millivolts, milliamps: new.milliamps), wattHours: wattHours)))
    read(new.insulation, perform)
    publish(perform)
  }

  private var name: String { settings.kind == .source ? "power stage" : "meter" }

  private func isPossible(_ report: PowerReport) -> Bool {
    let currents = (report.phaseMilliamps ?? []) + [report.milliamps]
    return report.millivolts <= settings.millivoltsMax + settings.millivoltsMax / 10
      && currents.allSatisfy { $0 <= settings.milliampsMax + settings.milliampsMax / 10 }
  }

  /// Takes what a meter counted since it was last read. One that was there from the first report on gives the origin, too.
  private mutating func count(_ meter: Int?, isFirst: Bool) {
    guard let meter else { return lastMeter = nil }
    if isFirst { wattHours = meter }
    // A meter does not count down.
    if let last = lastMeter { add(max(0, meter - last)) }
    lastMeter = max(meter, lastMeter ?? meter)
  }

  /// Saturates: no order of reports may end the daemon.
  private mutating func add(_ more: Int) { wattHours += min(more, .max - wattHours) }

  /// Energy since the last report, where no meter counts it.
  private mutating func sumUp(_ now: Instant) {
    guard let report, lastMeter == nil, let last = heardAt, owner != nil else { return }
    let currents = report.phaseMilliamps?.reduce(0, +) ?? report.milliamps * settings.phases
    // mV * mA * ms = nJ, below 2^63 for 10 MW and a day.
    let time = min(now - last, settings.silenceMax).milliseconds
    nanojoules += Int64(report.millivolts) * Int64(currents) * time
    add(Int(clamping: nanojoules / 3_600_000_000_000))
    nanojoules %= 3_600_000_000_000
  }

  private mutating func read(_ reported: PowerReport.Insulation?, _ perform: (Action) -> Void) {
    guard settings.kind == .source, let reported else { return }
    guard !settings.hasInsulationMonitor else {
      if reported == .fault, test != .watched(.fault), isOn {
        test = .watched(.fault)
        perform(.tell(.insulation(.fault)))
      }
      return
    }
    switch test {
    case .none: break
    case .wanted: if reported == .testing { test = .running }
    case .running:
      guard let result = InsulationStatus(result: reported) else { return }
      test = .watched(result)
      perform(.tell(.insulation(result)))
    case .watched(let last):
      let now = reported == .invalid ? .invalid : InsulationStatus(result: reported)
      guard let now, now != last else { return }
      test = .watched(now)
      perform(.tell(.insulation(now)))
    }
  }

  // MARK: events

  mutating func handle(_ event: Event, at now: Instant, perform: (Action) -> Void) {
    switch event {
    case .command(let wish): obey(wish, now, perform)
    case .gone(let client):
      guard client == owner else { break }
      isSilent = false
      lose(.warning, "\(name): its client disconnected", now, perform)
    case .ended:
      test = .none
      setPoint = .zero
    case .renewed:
      told = nil
      if let report {
        perform(
          .tell(
            .output(
              PowerReading(millivolts: report.millivolts, milliamps: report.milliamps), wattHours: wattHours))
        )
      }
    case .timeout: break
    }
    expire(now, perform)
    update(now, perform)
    publish(perform)
  }

  private mutating func obey(_ wish: OutletCommand, _ now: Instant, _ perform: (Action) -> Void) {
    guard settings.kind == .source else { return }
    switch wish {
    case .powerStage(let enabled):
      isOn = enabled
      if !enabled { test = .none }
    case .contactor(let close): if !close { (isOn, test) = (false, .none) }
    case .setPoint(let target): setPoint = target
    case .insulationTest:
      guard !settings.hasInsulationMonitor else { return test = .none }
      test = .wanted
      // A result of before counts for nobody.
      perform(.tell(.insulation(.invalid)))
    case .setDuty, .lock, .modemPower, .residualCurrentTest, .phases: break
    }
  }

  private mutating func expire(_ now: Instant, _ perform: (Action) -> Void) {
    guard owner != nil, let heardAt, now >= heardAt + settings.silenceMax else { return }
    isSilent = true
    lose(
      .warning,
      "\(name): nothing heard for \(settings.silenceMax.milliseconds) ms; whoever reports next has it",
      now, perform)
  }

  private mutating func lose(
    _ priority: LogPriority, _ text: String, _ now: Instant, _ perform: (Action) -> Void
  ) {
    sumUp(now)
    lastMeter = nil
    owner = nil
    (overSince, shortSince) = (nil, nil)
    (isDisobeying, isLagging, isImpossible) = (false, false, false)
    perform(.note(priority, text))
    update(now, perform)
    // What a meter does not see may still flow; what a power stage had at its output may still be there.
    if settings.kind == .meter { perform(.tell(.output(.zero, wattHours: wattHours))) }
  }

  // MARK: what follows

  private mutating func update(_ now: Instant, _ perform: (Action) -> Void) {
    watch(now, perform)
    var new = ControlLimits()
    if owner != nil, let report {
      new = ControlLimits(
        milliamps: report.milliampsMax, millivolts: report.millivoltsMax, watts: report.wattsMax)
    }
    if new != limits {
      limits = new
      perform(.limits)
    }
    guard settings.kind == .source else { return }
    let state = Told(ready: owner != nil && report?.isReady ?? false, trouble: trouble)
    guard state != told else { return }
    told = state
    perform(.tell(.powerStage(ready: state.ready, trouble: state.trouble)))
  }

  /// Does it do what it was told? More is a danger, less is worth a line.
  private mutating func watch(_ now: Instant, _ perform: (Action) -> Void) {
    guard settings.kind == .source, owner != nil, let report else { return }
    let target = isOn ? setPoint : .zero
    let isOver =
      report.milliamps > target.milliamps + max(2_500, target.milliamps / 20)
      || (isOn && report.millivolts > target.millivolts + max(5_000, target.millivolts / 20))
    overSince = isOver ? overSince ?? now : nil
    isDisobeying = isDue(overSince.map { $0 + settings.obeyMax }, at: now)
    let isShort =
      isOn && report.millivolts < target.millivolts - max(5_000, target.millivolts / 20)
      && report.milliamps < target.milliamps - max(500, target.milliamps / 20)
    shortSince = isShort ? shortSince ?? now : nil
    let lags = isDue(shortSince.map { $0 + reachMax }, at: now)
    guard lags != isLagging else { return }
    isLagging = lags
    perform(
      .note(
        lags ? .warning : .notice,
        lags
          ? "\(name) does not follow: told \(target.millivolts) mV and \(target.milliamps) mA, gives "
            + "\(report.millivolts) mV and \(report.milliamps) mA" : "\(name) follows"))
  }

  private mutating func publish(_ perform: (Action) -> Void) {
    var new = PowerCommand()
    new.isEnabled = isOn
    if isOn { (new.millivolts, new.milliamps) = (setPoint.millivolts, setPoint.milliamps) }
    new.wantsInsulationTest = test == .wanted || test == .running
    guard new != command else { return }
    command = new
    perform(.command(new))
  }
}

extension InsulationStatus {
  /// The result of a test; `nil` where there is none.
  fileprivate init?(result: PowerReport.Insulation) {
    switch result {
    case .invalid, .testing: return nil
    case .valid: self = .valid
    case .warning: self = .warning
    case .fault: self = .fault
    }
  }
}
