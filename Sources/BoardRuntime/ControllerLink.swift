import HAL
import LinuxHardware
import SafetyLinks
import Wire

/// A safety controller on its line, for all outlets behind it.
final class ControllerLink {
  /// After a line was lost it is opened again so often.
  static let reopenPeriod = Duration.seconds(5)

  private let description: SafetyLinkDescription
  private let device: String
  private let baud: Int
  private let reset: (any OutputPin)?
  private let loop: EventLoop
  private var machine: SafetyLink
  private var port: SerialPort?
  private var timer: LoopTimer?
  private var resetUntil: Instant?
  private var reopenDue: Instant?
  private var outlets: [Int: (SafetyReport) -> Void] = [:]
  private var isStarted = false
  /// Why the controller cannot be relied on; `nil` where it can.
  private(set) var trouble: String? = "the safety controller has not answered yet"

  init(
    _ description: SafetyLinkDescription, kind: SafetyLinkKind, hardware: BoardHardware, loop: EventLoop
  ) throws(BoardFailure) {
    self.description = description
    self.loop = loop
    guard case .serial(let path, let baud, _) = description.transport else {
      throw BoardFailure(
        "links[\(description.name)]: this daemon speaks to safety controllers over serial lines only")
    }
    let roots = hardware.devices.roots
    device = path.hasPrefix("/dev/") ? roots.dev + path.dropFirst(4) : path
    self.baud = baud
    do throws(LinuxError) {
      reset = if let reset = description.reset { try hardware.pin(reset.output) } else { nil }
    } catch {
      throw BoardFailure("links[\(description.name)].reset: \(error)")
    }
    var configuration = SafetyLinkConfiguration(kind, hasResetLine: description.reset != nil)
    configuration.timers.heartbeat = description.heartbeat
    configuration.timers.silence = description.silenceMax
    if let pulse = description.reset?.pulse { configuration.timers.resetPulse = pulse }
    machine = SafetyLink(configuration)
    timer = loop.addTimer { [weak self] in self?.elapse() }
  }

  /// Reports of one connector from now on; counted from 1.
  func attach(connector: Int, told: @escaping (SafetyReport) -> Void) { outlets[connector] = told }

  /// Starts the controller; more than once is once.
  func start() {
    guard !isStarted else { return }
    isStarted = true
    open()
    handle(.start)
  }

  func command(_ command: SafetyCommand, connector: Int) {
    handle(.command(command, connector: connector))
  }

  /// Takes every command back and ends.
  func stop() {
    if !isStarted {
      // For `--safe-state`: who never spoke to it says the safe values all the same.
      start()
    }
    handle(.stop)
    timer?.deadline = nil
    try? reset?.set(description.reset?.output.stop ?? false)
  }

  private func open() {
    reopenDue = nil
    do throws(LinuxError) {
      let new = try SerialPort(path: device, baud: baud)
      try new.attach(
        to: loop, received: { [weak self] in self?.receive($0) }, failed: { [weak self] in self?.lost($0) })
      port = new
    } catch {
      lost(error)
    }
  }

  private func lost(_ error: LinuxError) {
    port = nil
    trouble = "\(error)"
    reopenDue = loop.now + Self.reopenPeriod
    handle(.lineFailed)
  }

  private func receive(_ octets: [UInt8]) {
    var actions: [SafetyLinkAction] = []
    machine.receive(octets.span.bytes, at: loop.now) { actions.append($0) }
    carryOut(actions)
  }

  private func handle(_ event: SafetyLinkEvent) {
    var actions: [SafetyLinkAction] = []
    machine.handle(event, at: loop.now) { actions.append($0) }
    carryOut(actions)
  }

  private func carryOut(_ actions: [SafetyLinkAction]) {
    for action in actions {
      switch action {
      case .send(let octets, _): send(octets)
      case .pulseReset(let pulse):
        try? reset?.set(true)
        resetUntil = loop.now + pulse
      case .report(let report, let connector):
        switch report {
        case .up: trouble = nil
        case .down(let loss): trouble = "\(loss)"
        default: break
        }
        outlets[connector]?(report)
      }
    }
    rearm()
  }

  private func send(_ octets: [UInt8]) {
    do throws(LinuxError) {
      try port?.send(octets)
    } catch {
      // Told by the next turn: the machine is in the middle of this one.
      port = nil
      trouble = "\(error)"
      reopenDue = loop.now
    }
  }

  private func elapse() {
    let now = loop.now
    if let due = resetUntil, now >= due {
      resetUntil = nil
      try? reset?.set(false)
    }
    if let due = reopenDue, now >= due {
      handle(.lineFailed)
      open()
    }
    if let due = machine.deadline, now >= due { handle(.timeout) }
    rearm()
  }

  private func rearm() { timer?.deadline = earliest(machine.deadline, resetUntil, reopenDue) }
}

extension BoardDescription {
  /// What a link has to be told of the outlets behind it.
  func kind(of link: SafetyLinkDescription) -> SafetyLinkKind {
    guard case .serial(_, _, let spoken) = link.transport else {
      return .chargeBridge(ChargeBridgeSettings())
    }
    switch spoken {
    case .chargebyte: return .chargebyte(contactors: 1)
    case .yeti: return .yeti
    case .phyverso:
      var ports = [
        PhyVERSOConfiguration.Outlet(port: .disabled), PhyVERSOConfiguration.Outlet(port: .disabled),
      ]
      for outlet in outlets {
        guard case .link(let behind) = outlet.hardware, behind.link == link.name,
          ports.indices.contains(behind.connector - 1)
        else { continue }
        let lock: PhyVERSOConfiguration.Lock = if case .link = behind.lock { .unknown } else { .none }
        ports[behind.connector - 1] = PhyVERSOConfiguration.Outlet(
          port: outlet.current == .ac ? .ac : .dc, lock: lock, hasSocket: behind.proximity != nil)
      }
      return .phyVERSO(PhyVERSOConfiguration(outlets: ports))
    }
  }
}
