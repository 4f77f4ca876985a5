import HAL
import LinuxHardware
import SafetyLinks
import Wire

/// A safety controller on its line, for all outlets behind it.
final class ControllerLink {
  /// After a line was lost it is opened again so often.
  static let reopenPeriod = Duration.seconds(1)
  /// A controller whose word was lost is left so long before a duty is taken from a vehicle for it; on a line that stays
  /// noisy it is started anew no oftener.
  static let askAgainPeriod = Duration.seconds(30)

  private let description: SafetyLinkDescription
  private let place: ControllerPlace
  private let reset: (any OutputPin)?
  private let loop: EventLoop
  private var machine: SafetyLink
  private var wire: (any ControllerWire)?
  private var timer: LoopTimer?
  private var resetUntil: Instant?
  private var reopenDue: Instant?
  private var outlets: [Int: (SafetyReport) -> Void] = [:]
  /// What people were told is wrong, by connector.
  private var toldFaults: [Int: SafetyFaults] = [:]
  /// When the controller last said anything sound.
  private(set) var heardAt = Instant.zero
  /// When something came that was not whole.
  private var refusedAt: Instant?
  /// When it was last started anew for that.
  private var askedAgainAt: Instant?
  private var phase = Phase.new
  private var lineTrouble: String?
  private var linkTrouble: String? = "the safety controller has not answered yet"
  /// Told what people should know.
  var log: (LogLine) -> Void = { _ in }

  private enum Phase { case new, started, stopped }

  /// `configure` may change what the description does not say.
  init(
    _ description: SafetyLinkDescription, kind: SafetyLinkKind, hardware: BoardHardware, loop: EventLoop,
    configure: (inout SafetyLinkConfiguration) -> Void = { _ in }
  ) throws(BoardFailure) {
    self.description = description
    self.loop = loop
    guard var configuration = SafetyLinkConfiguration(description, kind: kind) else {
      throw BoardFailure(
        "links[\(description.name)]: speaks \(description.transport.protocolID), not \(kind.name)")
    }
    configure(&configuration)
    machine = SafetyLink(configuration)
    do throws(LinuxError) {
      place = try ControllerPlace(description.transport, roots: hardware.devices.roots)
      reset = if let reset = description.reset { try hardware.pin(reset.output) } else { nil }
    } catch {
      throw BoardFailure("links[\(description.name)]: \(error)")
    }
    timer = loop.addTimer { [weak self] in self?.elapse() }
  }

  /// Why the controller cannot be relied on; `nil` where it can. A line that failed hides what follows from it.
  var trouble: String? { lineTrouble ?? linkTrouble }
  var kind: SafetyLinkKind { machine.configuration.kind }
  /// Why the last word, which makes it safe, did not go out; it is left to the controller's own time then.
  private(set) var untold: String?

  /// Reports of one connector from now on; counted from 1.
  func attach(connector: Int, told: @escaping (SafetyReport) -> Void) { outlets[connector] = told }

  /// Starts the controller; more than once is once.
  func start() {
    guard phase == .new else { return }
    phase = .started
    open()
    handle(.start)
  }

  func command(_ command: SafetyCommand, connector: Int) {
    handle(.command(command, connector: connector))
  }

  /// Where a controller tells changes only, and one since `start` may have been lost: starts it anew, so that it tells
  /// everything. False where that is not so, or where energy may flow at another outlet.
  func askAgain(since start: Instant) -> Bool {
    guard kind.tellsChangesOnly, let refusedAt, refusedAt >= start, !machine.allowsPower else { return false }
    askAgain()
    return true
  }

  private func askAgain() {
    askedAgainAt = loop.now
    tell(.warning, "reset", "what it said was not whole; it is started anew")
    handle(.reset)
  }

  /// When a controller that tells changes only is asked for all of it: what was lost may have been that a vehicle left, and
  /// nothing else would say so. At once where that takes nothing from anybody, never while energy may flow.
  private var askAgainDue: Instant? {
    guard kind.tellsChangesOnly, let refusedAt, machine.isUp, !machine.allowsPower else { return nil }
    let due = machine.isAtRest ? refusedAt : refusedAt + Self.askAgainPeriod
    return max(due, askedAgainAt.map { $0 + Self.askAgainPeriod } ?? due)
  }

  /// One outlet is used no more, and made safe; the last one ends the link.
  func release(connector: Int) {
    outlets[connector] = nil
    command(.allowPower(false), connector: connector)
    command(.duty(.steadyLow), connector: connector)
    if outlets.isEmpty { stop() }
  }

  /// Takes every command back and ends. A controller nobody spoke to, as with `--safe-state`, is told all the same.
  func stop() {
    guard phase != .stopped else { return }
    if wire == nil { open() }
    phase = .stopped
    handle(.stop)
    if let lineTrouble { untold = "links[\(description.name)]: \(lineTrouble)" }
    (resetUntil, reopenDue) = (nil, nil)
    timer?.deadline = nil
    try? reset?.set(description.reset?.output.stop ?? false)
  }

  // MARK: the line

  private func open() {
    reopenDue = nil
    do throws(LinuxError) {
      let new = try place.open()
      try new.attach(
        to: loop, received: { [weak self] in self?.receive($1, $0) },
        failed: { [weak self] in self?.lose($0) })
      wire = new
      if lineTrouble != nil { tell(.notice, "line", "is there again") }
      lineTrouble = nil
    } catch {
      lose(error)
    }
  }

  private func lose(_ error: LinuxError) {
    noteLoss(error, retry: Self.reopenPeriod)
    handle(.lineFailed)
  }

  private func noteLoss(_ error: LinuxError, retry: Duration) {
    wire = nil
    reopenDue = loop.now + retry
    let text = "\(error)"
    if lineTrouble != text { tell(.error, "line", text) }
    lineTrouble = text
  }

  private func receive(_ octets: [UInt8], _ channel: SafetyChannel) {
    var actions: [SafetyLinkAction] = []
    let (frames, refused) = (machine.counters.frames, machine.counters.refused)
    machine.receive(octets.span.bytes, from: channel, at: loop.now) { actions.append($0) }
    if machine.counters.frames != frames { heardAt = loop.now }
    if machine.counters.refused != refused { refusedAt = loop.now }
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
      case .send(let octets, let channel): send(octets, channel)
      case .pulseReset(let pulse):
        drive(reset: true)
        resetUntil = loop.now + pulse
      case .report: break
      }
    }
    // An outlet may answer with a command, which must not be overtaken by what was decided before.
    for case .report(let report, let connector) in actions {
      note(report, connector)
      outlets[connector]?(report)
    }
    rearm()
  }

  private func send(_ octets: [UInt8], _ channel: SafetyChannel) {
    do throws(LinuxError) {
      try wire?.send(octets, on: channel)
    } catch {
      // The machine hears of it in the next turn: it is in the middle of this one.
      noteLoss(error, retry: .zero)
    }
  }

  private func drive(reset value: Bool) {
    do throws(LinuxError) {
      try reset?.set(value)
    } catch {
      tell(.error, "reset", "\(error)")
    }
  }

  private func elapse() {
    let now = loop.now
    if let due = resetUntil, now >= due {
      resetUntil = nil
      drive(reset: false)
    }
    if let due = reopenDue, now >= due {
      handle(.lineFailed)
      open()
    }
    if let due = machine.deadline, now >= due { handle(.timeout) }
    if let due = askAgainDue, now >= due { askAgain() }
    rearm()
  }

  private func rearm() {
    guard phase == .started else { return }
    timer?.deadline = earliest(machine.deadline, resetUntil, reopenDue, askAgainDue)
  }

  // MARK: what people are told

  private func note(_ report: SafetyReport, _ connector: Int) {
    let isFirst = connector == (outlets.keys.min() ?? 1)
    switch report {
    case .up(let identity):
      linkTrouble = nil
      if isFirst { tell(.notice, "up", "answers" + (identity.map { ", version \($0.version)" } ?? "")) }
    case .down(let loss):
      // It tells everything when it is up again.
      refusedAt = nil
      linkTrouble = "\(loss)"
      if isFirst, lineTrouble == nil { tell(.error, "down", "\(loss)") }
    case .faults(let faults) where outlets[connector] != nil && faults != toldFaults[connector] ?? []:
      toldFaults[connector] = faults
      tell(faults.isEmpty ? .info : .error, "faults", "connector \(connector): \(faults)")
    case .stopRequested(true): tell(.warning, "stop", "connector \(connector): stop button")
    case .message(let module, let reason, let isActive):
      tell(.warning, "message", "module \(module) reason \(reason) \(isActive ? "begins" : "ends")")
    default: break
    }
  }

  private func tell(_ priority: LogPriority, _ event: String, _ text: String) {
    log(LogLine(priority, layer: "controller", event: event, "\(description.name): \(text)"))
  }
}
