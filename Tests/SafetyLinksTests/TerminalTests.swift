import Glibc
import HAL
import LinuxHardware
import SafetyLinks
import SimulatedController
import Testing
import Wire

/// A session in real time: the link on a serial port of this machine, the controller at the other end of it.
private final class Terminal {
  let loop: EventLoop
  let port: SerialPort
  let end: Int32
  var link: SafetyLink
  var controller: SimulatedController
  var reports: [SafetyReport] = []
  private var timer: LoopTimer?

  init(_ kind: SafetyLinkKind) throws {
    var (near, far): (Int32, Int32) = (-1, -1)
    try #require(openpty(&near, &far, nil, nil, nil) == 0)
    end = near
    // Not ttyname: its buffer is everybody's, and tests run beside each other.
    var name = [CChar](repeating: 0, count: 64)
    try #require(ttyname_r(far, &name, name.count) == 0)
    let path = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    try #require(fcntl(end, F_SETFL, O_RDWR | O_NONBLOCK) == 0)
    loop = try EventLoop()
    port = try SerialPort(path: path, baud: 115_200)
    close(far)
    var configuration = SafetyLinkConfiguration(kind)
    // A simulated controller starts at once.
    configuration.timers.startUp = .milliseconds(200)
    link = SafetyLink(configuration)
    controller = SimulatedController(kind)
    timer = loop.addTimer { [weak self] in self?.elapse() }
    _ = try loop.add(end, .read) { [weak self] _ in self?.controllerReads() }
    try port.attach(
      to: loop, received: { [weak self] in self?.linkReads($0) }, failed: { Issue.record("\($0)") })
  }

  deinit { close(end) }

  func tell(_ event: SimulatedControllerEvent) {
    controller.handle(event, at: loop.now, perform: perform)
    arm()
  }

  func handle(_ event: SafetyLinkEvent) {
    link.handle(event, at: loop.now, perform: perform)
    arm()
  }

  /// Noise, as if the controller had sent it.
  func spoil(_ octets: [UInt8]) { _ = write(end, octets, octets.count) }

  func run(_ limit: Duration, until isDone: () -> Bool) throws {
    let end = loop.now + limit
    while !isDone(), loop.now < end { try loop.step(until: end) }
  }

  private func elapse() {
    if isDue(controller.deadline, at: loop.now) { tell(.timeout) }
    if isDue(link.deadline, at: loop.now) { handle(.timeout) }
    arm()
  }

  private func arm() { timer?.deadline = earliest(link.deadline, controller.deadline) }

  private func linkReads(_ octets: [UInt8]) {
    link.receive(octets.span.bytes, at: loop.now, perform: perform)
    arm()
  }

  private func controllerReads() {
    let octets = [UInt8](unsafeUninitializedCapacity: 4096) {
      $1 = max(read(end, $0.baseAddress, $0.count), 0)
    }
    controller.receive(octets.span.bytes, at: loop.now, perform: perform)
    arm()
  }

  private func perform(_ action: SafetyLinkAction) {
    switch action {
    case .send(let octets, _): #expect(throws: Never.self) { try port.send(octets) }
    case .report(let report, connector: 1): reports.append(report)
    case .report, .pulseReset: break
    }
  }

  private func perform(_ action: SimulatedControllerAction) {
    if case .send(let octets, _) = action { _ = write(end, octets, octets.count) }
  }
}

@Suite(.serialized) struct TerminalTests {
  @Test(arguments: allKinds.filter { $0.serves(.serial) })
  func a_session_over_a_terminal(kind: SafetyLinkKind) throws {
    let terminal = try Terminal(kind)
    terminal.tell(.reset)
    terminal.tell(.pilot(.C, connector: 1))
    terminal.handle(.start)
    try terminal.run(.seconds(8)) { terminal.link.isUp && terminal.link.readings[0].pilot == .C }
    #expect(terminal.link.isUp)
    terminal.handle(.command(.duty(.digital), connector: 1))
    terminal.handle(.command(.allowPower(true), connector: 1))
    try terminal.run(.seconds(3)) { terminal.link.readings[0].contactor == .closed }
    #expect(terminal.controller.closed[0] && terminal.controller.outputs[0].duty == 500)
    #expect(terminal.link.readings[0].contactor == .closed)
    // Noise in between costs nothing.
    let before = terminal.reports.count
    terminal.spoil([0xA5, 0x07, 0x00, 0x99, 0x00, 0xA5])
    try terminal.run(.milliseconds(300)) { false }
    #expect(terminal.link.isUp && terminal.reports.count == before)
    #expect(terminal.link.counters.refused > 0)
    terminal.handle(.stop)
    try terminal.run(.seconds(2)) {
      !terminal.controller.closed[0] && terminal.controller.outputs[0].duty == 0
    }
    #expect(!terminal.controller.closed[0] && terminal.controller.outputs[0].duty == 0)
  }
}
