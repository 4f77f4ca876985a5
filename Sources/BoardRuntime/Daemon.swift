import BoardSimulation
import Glibc
import HAL
import LinuxHardware
import Node
import SimulatedHardware
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

  public static let version = "0.1.0"

  /// How long a stop in order may take until it is done without order. Below systemd's TimeoutStopSec of 90 s.
  static let stopPatience = Duration.seconds(15)

  private let loop: EventLoop
  private let log: Log
  private let manager = ServiceManager()
  private let options: DaemonOptions
  private var connectors: [ConnectorRuntime] = []
  private var stopTimer: LoopTimer?
  private var watchdogTimer: LoopTimer?
  private var isStopping = false
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
    if options.isVerbose { log.threshold = .debug }
  }

  private func perform() -> Int32 {
    do throws(BoardFailure) {
      let site = try SitePlan(options)
      switch options.task {
      case .check:
        say("ok\n")
        return Status.ok
      case .safeState:
        for port in try site.ports(loop: loop) { port.makeSafe() }
        return Status.ok
      case .run: return try run(site)
      case .help, .version: return Status.ok
      }
    } catch {
      complain("couplerd: \(error)")
      return Status.failed
    }
  }

  // MARK: running

  private func run(_ site: SitePlan) throws(BoardFailure) -> Int32 {
    let ports = try site.ports(loop: loop)
    // From here on every way out leaves the outputs safe.
    defer { for port in ports { port.makeSafe() } }
    for (settings, port) in zip(site.connectors, ports) {
      connectors.append(connector(settings, site, port))
    }
    do throws(LinuxError) {
      try loop.onSignals([SIGINT, SIGTERM, SIGQUIT, SIGHUP]) { [weak self] in self?.signalled($0) }
      for connector in connectors { try start(connector) }
      stopTimer = loop.addTimer { [weak self] in self?.stopNow("sessions did not end in time") }
      watch()
      tell(
        .notice, "start",
        "couplerd \(Self.version), board \(site.board.name), \(connectors.count) connector(s)")
      manager.ready(summary)
      try loop.run()
    } catch {
      tell(.critical, "failure", "\(error)")
      status = Status.failed
    }
    manager.stopping("outputs safe")
    for connector in connectors { connector.makeSafe() }
    tell(.notice, "stop", "outputs are safe")
    return status
  }

  private func start(_ connector: ConnectorRuntime) throws(LinuxError) {
    do throws(BoardFailure) {
      try connector.start()
    } catch {
      // One broken connector is no reason to take the others away; it stays safe.
      connector.makeSafe()
      tell(.critical, "connector", "connector \(connector.settings.name) is out of service: \(error)")
    }
  }

  private func connector(
    _ settings: ConnectorPlan, _ site: SitePlan, _ port: any OutletPort
  ) -> ConnectorRuntime {
    let name = settings.name
    return ConnectorRuntime(
      settings, outlet: site.outlet(settings), port: port, loop: loop,
      handlers: ConnectorRuntime.Handlers(
        trace: { [weak self] trace, _ in self?.note(trace, of: name) },
        authorizationNeeded: { [weak self] in self?.authorizationNeeded(name) },
        log: { [weak self] in self?.log.write($0) }))
  }

  private func note(_ trace: NodeTrace, of name: String) {
    log.write(
      LogLine(trace.priority, connector: name, layer: trace.layer, event: trace.event, "\(trace)"))
    switch trace {
    case .phase, .ended: manager.status(summary)
    default: break
    }
    if isStopping { stopIfAtRest() }
  }

  private func authorizationNeeded(_ name: String) {
    log.write(
      LogLine(.notice, connector: name, layer: "site", event: "authorization", "waiting for an authorization")
    )
  }

  private var summary: String {
    connectors.map { "\($0.settings.name): \($0.trouble ?? "\($0.phase)")" }.joined(separator: ", ")
  }

  // MARK: watchdog

  private func watch() {
    guard let interval = manager.watchdogInterval else { return }
    watchdogTimer = loop.addTimer { [weak self] in
      guard let self else { return }
      watchdogTimer?.deadline = loop.now + interval
      // Silence is the only thing that systemd understands as ill.
      if connectors.allSatisfy({ $0.isHealthy(at: self.loop.now) }) { manager.alive() }
    }
    watchdogTimer?.deadline = loop.now
  }

  // MARK: stopping

  private func signalled(_ number: Int32) {
    if number == SIGHUP { return reload() }
    if isStopping || number == SIGQUIT { return stopNow("signal \(number)") }
    isStopping = true
    tell(.notice, "stop", "signal \(number): sessions are ended in order; a second one stops at once")
    manager.stopping("ending sessions")
    for connector in connectors { connector.post(.stop(.site)) }
    stopTimer?.deadline = loop.now + Self.stopPatience
    stopIfAtRest()
  }

  private func stopIfAtRest() {
    if connectors.allSatisfy(\.isAtRest) { loop.stop() }
  }

  private func stopNow(_ reason: String) {
    tell(.warning, "stop", "stopping at once: \(reason)")
    loop.stop()
  }

  private func reload() {
    manager.reloading(at: loop.now)
    do throws(BoardFailure) {
      let site = try SitePlan(options)
      for connector in connectors {
        guard let new = site.connectors.first(where: { $0.name == connector.settings.name }) else { continue }
        connector.adopt(new)
      }
      tell(.notice, "reload", "site file read again; limits and authorization are in force")
    } catch {
      tell(.error, "reload", "site file not taken, the old one stays in force: \(error)")
    }
    manager.ready(summary)
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
    case .ended, .safety, .pilot, .phase, .coupling: .info
    case .connection, .address, .sdpServer, .energy: .info
    case .duty, .offer, .slac, .frame, .sdpClient, .session: .debug
    }
  }
}

private func say(_ text: String) {
  let octets = Array(text.utf8)
  _ = write(1, octets, octets.count)
}

private func complain(_ text: String) {
  let octets = Array("\(text.onOneLine)\n".utf8)
  _ = write(2, octets, octets.count)
}
