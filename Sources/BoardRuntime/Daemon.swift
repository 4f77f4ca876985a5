import CLinux
import Glibc
import HAL
import LinuxHardware
import Node
import SiteFile
import Wire

/// `couplerd`: connectors, signals, service manager, log.
public final class Daemon {
  /// Exit statuses.
  public enum Status {
    public static let ok: Int32 = 0
    public static let badSite: Int32 = 1
    public static let failed: Int32 = 2
    public static let misuse: Int32 = 64
  }

  public static let version = ProgramVersion.text

  /// How long a stop in order may take until it is done without order. Below the unit's TimeoutStopSec of 30 s.
  static let stopPatience = Duration.seconds(15)

  private let loop: EventLoop
  private let log: Log
  private let manager = ServiceManager()
  private let options: DaemonOptions
  private var connectors: [any ChargingPoint] = []
  private var journal = StationJournal(nil)
  private var desk: ControlDesk?
  private var control: ControlSocket?
  private var site: SitePlan?
  private var stopTimer: LoopTimer?
  private var watchdogTimer: LoopTimer?
  private var hardwareWatchdog: HardwareWatchdog?
  private var isStopping = false
  private var startedAt = Instant.zero
  private let restarts = RestartRule(folder: SafeStateBoard.folder)
  private var toldJournalFailure: String?
  private var status = Status.ok

  /// Runs the program and gives its exit status.
  public static func main(_ arguments: [String]) -> Int32 {
    _ = signal(SIGPIPE, SIG_IGN)
    let options: DaemonOptions
    do throws(DaemonOptions.Misuse) {
      options = try DaemonOptions(arguments.dropFirst())
    } catch {
      complain("couplerd: \(error)")
      return Status.misuse
    }
    switch options.task {
    case .help:
      say(DaemonOptions.help)
      return Status.ok
    case .version:
      say("couplerd \(version)\n")
      return Status.ok
    case .check, .safeState, .run: break
    }
    do throws(LinuxError) {
      let daemon = try Daemon(options)
      return daemon.perform()
    } catch {
      complain("couplerd: \(error)")
      return Status.failed
    }
  }

  private init(_ options: DaemonOptions) throws(LinuxError) {
    self.options = options
    let loop = try EventLoop()
    self.loop = loop
    log = Log(now: { loop.now })
    if options.isVerbose { log.threshold = .trace }
  }

  private func perform() -> Int32 {
    let site: SitePlan
    do throws(SitePlan.Problems) {
      site = try options.task == .safeState ? SitePlan(safeState: options) : SitePlan(options)
    } catch {
      for line in error.description.split(separator: "\n") { complain(String(line)) }
      return Status.badSite
    }
    do throws(BoardFailure) {
      switch options.task {
      case .check:
        say("\(site.name): ok\n")
        return Status.ok
      case .safeState: return try makeSafe(site)
      case .run: return try run(site)
      case .help, .version: return Status.ok
      }
    } catch {
      // Standard error may be nobody's where the log is journald's.
      if log.isJournal { tell(.critical, "start", "\(error)") } else { complain("couplerd: \(error)") }
      return Status.failed
    }
  }

  /// Drives every output of the board to its stop value; tells those it could not.
  private func makeSafe(_ site: SitePlan) throws(BoardFailure) -> Int32 {
    let hardware = try SiteHardware(site, devices: BoardDevices(), purpose: .safeState, loop: loop)
    hardware.makeSafe()
    for failure in hardware.failures { complain("couplerd: not driven: \(failure)") }
    return hardware.failures.isEmpty ? Status.ok : Status.failed
  }

  // MARK: running

  private func run(_ site: SitePlan) throws(BoardFailure) -> Int32 {
    do throws(Log.Refusal) { try log.write(to: site.log.target) } catch { throw BoardFailure("\(error)") }
    let hardware = try SiteHardware(site, devices: BoardDevices(), purpose: .start, loop: loop)
    // From here on every way out leaves the outputs safe.
    defer { hardware.makeSafe() }
    SafeStateBoard.remember(site.board)
    hardware.log = { [weak self] in self?.log.write($0) }
    self.site = site
    if !options.isVerbose { log.threshold = LogPriority(site.log.level) }
    let rights = [("real-time scheduling", becomeRealTime()), ("memory held", clinux_hold_memory() != 0)]
    if rights.contains(where: \.1) {
      let names = rights.filter(\.1).map(\.0).joined(separator: " and ")
      tell(.info, "start", "\(names), as the unit allows it")
    }
    try openJournal(site)
    for (plan, port) in zip(site.connectors, hardware.ports) {
      connectors.append(connector(plan, site, port))
    }
    for (plan, port) in zip(site.inlets, hardware.inletPorts) {
      connectors.append(
        InletRuntime(
          plan, inlet: site.board.inlets[plan.inlet], port: port, loop: loop, handlers: handlers(plan.number))
      )
    }
    serving: do throws(LinuxError) {
      try loop.onSignals([SIGINT, SIGTERM, SIGQUIT, SIGHUP]) { [weak self] in self?.signalled($0) }
      for connector in connectors { try start(connector) }
      guard connectors.contains(where: { !$0.isUnstarted }) else {
        // As where its devices cannot be opened: whoever started this program starts it again.
        tell(.critical, "failure", "nothing could be started")
        status = Status.failed
        break serving
      }
      let desk = ControlDesk(loop: loop, board: site.board.name, journal: journal, connectors: connectors)
      self.desk = desk
      desk.log = { [weak self] in
        self?.log.write($0)
        self.map { $0.manager.status($0.summary) }
      }
      openControl(site, desk)
      loop.beforeWaiting = { [weak self] in
        desk.tellNews()
        self?.tellJournal()
        self?.stopIfDue()
      }
      stopTimer = loop.addTimer { [weak self] in self?.stopNow("sessions did not end in time") }
      try watch(site)
      tell(
        .notice, "start",
        "couplerd \(Self.version), board \(site.board.name), \(connectors.count) \(site.inlets.isEmpty ? "connector(s)" : "inlet(s)")"
      )
      manager.ready(summary)
      try loop.run()
    } catch {
      tell(.critical, "failure", "\(error)")
      status = Status.failed
    }
    manager.stopping("outputs safe")
    isStopping = true
    Unloading.run(connectors, on: loop)
    for connector in connectors { connector.makeSafe() }
    hardware.makeSafe()
    for failure in hardware.failures { tell(.critical, "stop", "not safe: \(failure)") }
    if !hardware.failures.isEmpty { status = Status.failed }
    journal.stop()
    // Safe outputs need no reset. After a failure the board gets one all the same.
    if status == Status.ok { hardwareWatchdog?.disarm() }
    let isSafe = hardware.failures.isEmpty
    tell(isSafe ? .notice : .critical, "stop", isSafe ? "outputs are safe" : "outputs may be live")
    return status
  }

  /// Where the journal cannot be kept, the station does not start: what it promises it could not hold.
  private func openJournal(_ site: SitePlan) throws(BoardFailure) {
    guard let folder = site.journalFolder else { return }
    let events = try EventJournal(folder: folder, loop: loop, now: unixMilliseconds)
    let recovery = events.recovery
    if recovery.tornOctets > 0 || recovery.damagedOctets > 0 {
      tell(
        .warning, "journal",
        "\(recovery.records) records found; \(recovery.tornOctets) octets of a torn one were cut off, "
          + "\(recovery.damagedOctets) octets are damaged")
    }
    if !events.state.stoppedInOrder { tell(.warning, "journal", "the last run did not stop in order") }
    journal = StationJournal(events)
    journal.start()
  }

  /// A journal that fails holds nothing up, but it is not kept quiet either.
  private func tellJournal() {
    guard journal.failure != toldJournalFailure else { return }
    toldJournalFailure = journal.failure
    if let failure = journal.failure {
      tell(.critical, "journal", "\(failure): events are not kept until this is mended")
    } else {
      tell(.notice, "journal", "events are kept again")
    }
  }

  private func openControl(_ site: SitePlan, _ desk: ControlDesk) {
    guard let settings = site.control else { return }
    do throws(LinuxError) {
      control = try ControlSocket(settings, desk: desk, loop: loop) { [weak self] in
        self?.tell(.info, "control", $0)
      }
    } catch {
      // A station charges without those who watch it.
      tell(.error, "control", "no control socket: \(error)")
    }
  }

  private func start(_ connector: any ChargingPoint) throws(LinuxError) {
    let kept = journal.takeOver(connector: connector.number)
    for name in kept.unknown {
      tell(
        .critical, "journal",
        "\(connector.role.word) \(connector.number): another version latched '\(name)', which this one does not "
          + "know; held as the gravest until somebody clears it")
    }
    for fault in kept.faults {
      connector.restore(fault)
      tell(
        .critical, "journal", "\(connector.role.word) \(connector.number): latched before the start: \(fault)"
      )
    }
    if kept.wasCutOff {
      tell(
        .warning, "journal",
        "\(connector.role.word) \(connector.number): the last run was cut off in a session")
    }
    do throws(BoardFailure) {
      try connector.start()
    } catch {
      // One broken connector is no reason to take the others away; it stays safe.
      connector.makeSafe()
      tell(.critical, "connector", "\(connector.role.word) \(connector.number) is out of service: \(error)")
    }
  }

  private func connector(
    _ plan: ConnectorPlan, _ site: SitePlan, _ port: any OutletPort
  ) -> ConnectorRuntime {
    ConnectorRuntime(
      plan, outlet: site.outlet(plan), port: port, loop: loop, handlers: handlers(plan.number))
  }

  private func handlers(_ number: Int) -> ConnectorRuntime.Handlers {
    ConnectorRuntime.Handlers(
      trace: { [weak self] trace, _ in self?.note(trace, of: number) },
      authorizationNeeded: { [weak self] in self?.authorizationNeeded(number) },
      log: { [weak self] in self?.log.write($0) })
  }

  private func note(_ trace: NodeTrace, of number: Int) {
    // Nobody is told of an event before it is kept; the log is for people who look for faults, and may run ahead.
    let place = connectors.first { $0.number == number }
    let wattHours = place?.values.wattHours ?? 0
    journal.keep(trace, connector: number, meterWattHours: place?.meterWattHours ?? 0, at: loop.now) {
      [weak self] in self?.desk?.note(trace, of: number, wattHours: wattHours)
    }
    guard trace.priority <= log.threshold else { return afterTrace(trace) }
    log.write(
      LogLine(trace.priority, connector: "\(number)", layer: trace.layer, event: trace.event, "\(trace)"))
    afterTrace(trace)
  }

  private func afterTrace(_ trace: NodeTrace) {
    switch trace {
    case .phase, .ended: manager.status(summary)
    default: break
    }
  }

  private func authorizationNeeded(_ number: Int) {
    log.write(
      LogLine(
        .notice, connector: "\(number)", layer: "site", event: "authorization", "waiting for an authorization"
      )
    )
  }

  private var summary: String {
    connectors.map { "\($0.number): \($0.trouble ?? "\($0.phase)")" }.joined(separator: ", ")
  }

  // MARK: watchdog

  /// Feeds both watchdogs, the service manager's and the hardware's: only while the loop turns and no connector missed
  /// what was due. Silence is the only thing that they understand as ill.
  private func watch(_ site: SitePlan) throws(LinuxError) {
    startedAt = loop.now
    let hardware = try site.watchdog.map { (settings) throws(LinuxError) in try HardwareWatchdog(settings) }
    hardwareWatchdog = hardware
    if let concern = hardware?.concern { tell(.critical, "watchdog", concern) }
    guard let interval = [manager.watchdogInterval, hardware?.interval].compactMap({ $0 }).min() else {
      return
    }
    watchdogTimer = loop.addTimer { [weak self] in
      guard let self else { return }
      watchdogTimer?.deadline = loop.now + interval
      guard connectors.allSatisfy({ $0.isHealthy(at: self.loop.now) }) else { return }
      if manager.watchdogInterval != nil { manager.alive() }
      hardware?.pet()
    }
    watchdogTimer?.deadline = loop.now
  }

  // MARK: stopping

  private func signalled(_ number: Int32) {
    if number == SIGHUP { return reload() }
    if isStopping || number == SIGQUIT { return stopNow("signal \(number)") }
    isStopping = true
    RestartRule.forget(folder: SafeStateBoard.folder)
    tell(.notice, "stop", "signal \(number): sessions are ended in order; a second one stops at once")
    manager.stopping("ending sessions")
    for connector in connectors { connector.stop(.site) }
    stopTimer?.deadline = loop.now + Self.stopPatience
    stopIfDue()
  }

  /// Before each wait: not everything that ends a session is traced, such as a bolt that is out.
  private func stopIfDue() {
    if isStopping {
      if connectors.allSatisfy({ $0.isAtRest }) { loop.stop() }
    } else if isRestartDue {
      restarts.remember(folder: SafeStateBoard.folder, ranFor: loop.now - startedAt)
      status = Status.failed
      stopNow("a device failed; nobody charges, and a new start tries it again")
    }
  }

  /// A device that failed is tried again by a new start only, which takes nobody's charge away, and not again and again.
  private var isRestartDue: Bool {
    guard manager.isThere, connectors.contains(where: { $0.isBroken }) else { return false }
    return restarts.isDue(connectors.map(\.restartPlace), sinceStart: loop.now - startedAt)
  }

  private func stopNow(_ reason: String) {
    tell(.warning, "stop", "stopping at once: \(reason)")
    loop.stop()
  }

  private func reload() {
    manager.reloading(at: loop.now)
    defer { manager.ready(summary) }
    do throws(SitePlan.Problems) {
      guard let (new, changes) = try site?.reread(options) else { return }
      guard changes.needRestart.isEmpty else {
        let keys = changes.needRestart.map(\.key).joined(separator: ", ")
        return tell(.error, "reload", "site file not taken: \(keys) changes only with a restart")
      }
      for change in changes.live {
        tell(.notice, "reload", "\(change.key): \(change.old ?? "default") -> \(change.new ?? "default")")
      }
      for connector in connectors { connector.adopt(new) }
      if !options.isVerbose { log.threshold = LogPriority(new.log.level) }
      site = new
      tell(.notice, "reload", "site file read again")
    } catch {
      for line in error.description.split(separator: "\n") { tell(.error, "reload", String(line)) }
      tell(.error, "reload", "site file not taken, the old one stays in force")
    }
  }

  private func tell(_ priority: LogPriority, _ event: String, _ text: String) {
    log.write(LogLine(priority, layer: "daemon", event: event, text))
  }
}

extension NodeTrace {
  /// What an operator wants to see, and what is for those who look for a fault.
  var priority: LogPriority {
    switch self {
    case .ended(.failed): .warning
    case .safety(.fault(let fault)): fault.latch == .service ? .critical : .error
    case .pilotFault: .error
    case .safety(.waiting): .warning
    case .ended, .safety, .pilot, .phase, .coupling: .info
    case .connection, .address, .sdpServer, .energy: .info
    case .offer, .slac, .sdpClient, .session: .debug
    case .duty, .frame: .trace
    }
  }
}

extension LogPriority {
  init(_ level: SiteConfiguration.LogSettings.Level) {
    self =
      switch level {
      case .error: .error
      case .warning: .warning
      case .info: .info
      case .debug: .debug
      case .trace: .trace
      }
  }
}

/// Goes before everything that is not real-time, where the service manager allows it (LimitRTPRIO=): an open contactor
/// must not wait for a compressor of log files.
private func becomeRealTime() -> Bool { clinux_become_realtime(20) != 0 }

private func say(_ text: String) {
  let octets = Array(text.utf8)
  _ = write(1, octets, octets.count)
}

private func complain(_ text: String) {
  let octets = Array("\(text.onOneLine)\n".utf8)
  _ = write(2, octets, octets.count)
}
