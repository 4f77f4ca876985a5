import Glibc
import HAL
import LinuxHardware
import LinuxRuntime
import SafetyLinks
import SimulatedController
import Wire

/// A played controller with its orders.
final class ControllerRig {
  /// Exit status.
  private(set) var status: Int32 = 0
  private let player: PlayedController
  private let report: ControllerReport
  private let loop: EventLoop
  private var orders: ControllerOrders
  private var cable: ControllerCable?
  private var timer: LoopTimer?
  private var resumeDue: Instant?
  private var expectation: (closed: Bool, connector: Int, due: Instant)?
  private var input: EventLoop.Registration?
  private var unread: [UInt8] = []
  private var random: SeededGenerator

  init(
    _ player: PlayedController, _ report: ControllerReport, _ orders: ControllerOrders, seed: UInt64,
    loop: EventLoop
  ) {
    (self.player, self.report, self.orders, self.loop) = (player, report, orders, loop)
    random = SeededGenerator(seed: seed)
    timer = loop.addTimer { [weak self] in self?.carryOn() }
    player.told = { [weak self] action in
      guard let self else { return }
      report.tell(action)
      guard case .outputs = action else { return }
      cable?.outputsChanged()
      if expectation != nil { timer?.deadline = self.loop.now }
    }
    player.heard = { [weak self] _ in self?.report.noteHost() }
  }

  func plugIn(_ path: String, connector: Int) throws(LinuxError) {
    cable = try ControllerCable(path: path, connector: connector, controller: player, loop: loop)
  }

  func start() {
    report.ready()
    player.handle(.reset)
    carryOn()
  }

  /// Orders as they come. What cannot be waited for, such as a file, is read at once. A terminal that another program has in
  /// front is not read: the first key pressed there would stop this one.
  func readStandardInput() {
    if isatty(STDIN_FILENO) != 0, tcgetpgrp(STDIN_FILENO) != getpgrp() { return }
    input = try? loop.add(STDIN_FILENO, .read) { [weak self] _ in self?.readMore() }
    while input == nil, readMore() {}
  }

  @discardableResult
  private func readMore() -> Bool {
    let octets = [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
      count = max(Glibc.read(STDIN_FILENO, buffer.baseAddress, buffer.count), 0)
    }
    if octets.isEmpty, let input {
      loop.remove(input)
      self.input = nil
    }
    unread += octets
    while let end = unread.firstIndex(of: 10) {
      take(String(decoding: unread[..<end], as: UTF8.self)[...])
      unread.removeFirst(end + 1)
    }
    // A line without an end is none.
    if unread.count > 4096 { unread = [] }
    carryOn()
    return !octets.isEmpty
  }

  private func take(_ line: Substring) {
    do throws(ControllerOrder.Misread) {
      try orders.add(line)
    } catch {
      complain("coupler: order \(orders.lines): \(error)")
      // People type the next one; a script has to hear of it at the end.
      if isatty(STDIN_FILENO) == 0 { status = 64 }
    }
  }

  // MARK: orders

  private func carryOn() {
    let now = loop.now
    if let wanted = expectation {
      if isMet(wanted.closed, wanted.connector) {
        expectation = nil
      } else if now >= wanted.due {
        return end(
          1, "contacts of connector \(wanted.connector) are not \(wanted.closed ? "closed" : "open") in time")
      } else {
        timer?.deadline = wanted.due
        return
      }
    }
    if let due = resumeDue {
      guard now >= due else {
        timer?.deadline = due
        return
      }
      resumeDue = nil
    }
    while resumeDue == nil, expectation == nil, let order = orders.next() { carryOut(order) }
    if let due = earliest(resumeDue, expectation?.due) { timer?.deadline = due }
  }

  private func isMet(_ closed: Bool, _ connector: Int) -> Bool {
    let contacts = player.machine.closed
    return contacts.indices.contains(connector &- 1) && contacts[connector &- 1] == closed
  }

  private func carryOut(_ order: ControllerOrder) {
    switch order {
    case .event(let event): player.handle(event)
    case .mute(let isMute): player.setMute(isMute)
    case .lose(let count): player.lose(count)
    case .spoil(let count): player.spoilNext(count)
    case .unplugLine: player.unplug()
    case .plugLine:
      do throws(LinuxError) {
        try player.plugIn()
        report.ready()
      } catch {
        end(2, "\(error)")
      }
    case .garbage(let count):
      let octets = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
      for channel in [SafetyChannel.serial, .management, .pilot] { player.spoil(octets, on: channel) }
    case .wait(let time): resumeDue = loop.now + time
    case .expect(let closed, let connector, let time):
      if !isMet(closed, connector) { expectation = (closed, connector, loop.now + time) }
    case .quit: loop.stop()
    }
  }

  private func end(_ code: Int32, _ text: String) {
    complain("coupler: \(text)")
    status = code
    loop.stop()
  }
}

/// Says what a played controller is told to drive, for people or for scripts.
final class ControllerReport {
  private let player: PlayedController
  private let json: Bool
  private let loop: EventLoop
  private let start: Instant
  private var isHostSilent: Bool?

  init(_ player: PlayedController, json: Bool, loop: EventLoop) {
    (self.player, self.json, self.loop) = (player, json, loop)
    start = loop.now
  }

  func ready() {
    switch player.place {
    case .terminal(let path): say("ready", "controller ready: \(path)") { $0.add("path", path) }
    case .datagrams(let management, let pilot):
      say("ready", "controller ready: UDP ports \(management) and \(pilot)") {
        $0.add("management", Int(management))
        $0.add("pilot", Int(pilot))
      }
    case nil: break
    }
  }

  /// A word of the host.
  func noteHost() {
    guard isHostSilent != false else { return }
    isHostSilent = false
    say("host", "the host speaks") { $0.add("silent", false) }
  }

  func tell(_ action: SimulatedControllerAction) {
    if isHostSilent == false, player.machine.isHostSilent {
      isHostSilent = true
      say("host", "the host is silent: everything is switched off") { $0.add("silent", true) }
    }
    guard case .outputs(let outputs, let connector) = action else { return }
    let contacts = player.machine.closed
    let isClosed = contacts.indices.contains(connector - 1) && contacts[connector - 1]
    let duty = "\(outputs.duty / 100).\(outputs.duty / 10 % 10) %"
    let text =
      "connector \(connector): duty \(duty), power \(outputs.allowsPower ? "allowed" : "not allowed"), "
      + "contacts \(isClosed ? "closed" : "open"), lock \(outputs.isLocked ? "locked" : "open")"
    say("outputs", text) {
      $0.add("connector", connector)
      $0.add("permille", Int(outputs.duty / 10))
      $0.add("allowsPower", outputs.allowsPower)
      $0.add("closed", isClosed)
      $0.add("locked", outputs.isLocked)
      $0.add("phases", outputs.hasThreePhases ? 3 : 1)
    }
  }

  private func say(_ event: String, _ text: String, _ fill: (inout JSONLine) -> Void) {
    let milliseconds = (loop.now - start).milliseconds
    guard json else {
      return coupler.say(event == "ready" ? text : "\(seconds(milliseconds: milliseconds))  \(text)")
    }
    var line = JSONLine()
    line.add("time", milliseconds: milliseconds)
    line.add("event", event)
    fill(&line)
    coupler.say(line.text)
  }
}
