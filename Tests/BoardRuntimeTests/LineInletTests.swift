import ControlAPI
import Foundation
import HAL
import LinuxHardware
import Node
import Safety
import Testing
import Wire

@testable import BoardRuntime

/// An inlet of lines on the fake board, alone and with the daemon's part above it.
@Suite struct LineInletTests {
  @Test(arguments: [50, 100, 533, 960])
  func the_duty_is_measured_from_edges(permille: Int) throws {
    let rig = try InletRig()
    try rig.start()
    try rig.run(.milliseconds(100), permille: permille)
    // Until then the wire stood still.
    #expect(rig.signals.last == .pwm(permille: permille))
  }

  @Test func a_pilot_that_stops_is_told_within_50_ms_and_one_that_stands_still_goes_on_to_be() throws {
    let rig = try InletRig()
    try rig.start()
    try rig.run(.milliseconds(100), permille: 50)
    // The last edge was falling: -12 V.
    rig.forget()
    rig.halt()
    while !rig.signals.contains(where: { $0 != .pwm(permille: 50) }) { try rig.step(.milliseconds(5)) }
    #expect(rig.signals.last == .steadyLow)
    if InletRig.isTimed { #expect(rig.loop.now - rig.quiet < .milliseconds(50)) }
    rig.forget()
    while rig.signals.count < 4 { try rig.step(.milliseconds(50)) }
    #expect(Set(rig.signals) == [.steadyLow], "a sign of life")
  }

  /// 5 ms late is nothing, and 300 ms are the compressor of a log on a board without real-time rights.
  @Test(arguments: [(8, false), (8, true), (20, false), (20, true), (300, false), (300, true)])
  func a_loop_that_is_late_reads_no_silence_from_edges_that_wait(late: Int, isOfVersion1: Bool) throws {
    let rig = try InletRig()
    rig.wire.isOfVersion1 = isOfVersion1
    try rig.start()
    try rig.run(.milliseconds(100), permille: 50)
    rig.forget()
    var times = 0
    var blocker: LoopTimer?
    blocker = rig.loop.addTimer { [loop = rig.loop] in
      times += 1
      usleep(UInt32(late) * 1000)
      blocker?.deadline = loop.now + .milliseconds(23)
    }
    blocker?.deadline = rig.loop.now
    while times < (late > 100 ? 6 : 20) { try rig.step(.milliseconds(5)) }
    blocker = nil
    try rig.run(.milliseconds(100))
    #expect(Set(rig.signals) == [.pwm(permille: 50)])
  }

  @Test func without_a_plug_a_steady_pilot_wakes_nobody() throws {
    let rig = try InletRig()
    try rig.board.setVoltage(0, InletRig.unplugged)
    try rig.start()
    try rig.run(.milliseconds(600))
    rig.forget()
    try rig.run(.milliseconds(500))
    #expect(rig.signals.isEmpty)
    try rig.board.setVoltage(0, InletRig.latched)
    try rig.run(.milliseconds(600))
    #expect(!rig.signals.isEmpty, "measured again from plug-in on")
  }

  @Test func the_outputs_are_those_of_the_state() throws {
    let rig = try InletRig()
    #expect(try !rig.output("S2").value && !rig.output("S2D").value)
    rig.inlet.perform(.setLoad(.c))
    #expect(try rig.output("S2").value && !rig.output("S2D").value)
    rig.inlet.perform(.setLoad(.d))
    #expect(try !rig.output("S2").value && rig.output("S2D").value)
    rig.inlet.perform(.setLoad(.b))
    #expect(try !rig.output("S2").value && !rig.output("S2D").value)
  }

  @Test func poles_close_in_their_order_and_open_together() throws {
    let rig = try InletRig()
    try rig.start()
    rig.inlet.perform(.contactor(close: true))
    #expect(try rig.output("MINUS").value && !rig.output("PRE").value && !rig.output("PLUS").value)
    try rig.run(.milliseconds(30))
    #expect(try rig.output("PRE").value && !rig.output("PLUS").value)
    try rig.run(.milliseconds(30))
    #expect(try rig.output("PLUS").value)
    rig.inlet.perform(.contactor(close: false))
    for name in ["MINUS", "PRE", "PLUS"] { #expect(try !rig.output(name).value, "\(name)") }
    #expect(rig.inlet.feedbackMax == .milliseconds(240), "two poles later, and its own time")
  }

  @Test func the_button_is_told_within_100_ms_while_S2_is_closed() throws {
    let rig = try InletRig()
    try rig.start()
    try rig.run(.milliseconds(600))
    #expect(rig.proximities.last == .plugged(cableMilliamps: nil))
    rig.inlet.perform(.setLoad(.c))
    try rig.run(.milliseconds(50))
    try rig.board.setVoltage(0, InletRig.pressed)
    let start = rig.loop.now
    while rig.proximities.last != .buttonPressed { try rig.step(.milliseconds(5)) }
    if InletRig.isTimed { #expect(rig.loop.now - start < .milliseconds(100)) }
  }

  @Test func one_odd_reading_of_the_contact_is_no_button() throws {
    let rig = try InletRig()
    try rig.start()
    try rig.run(.milliseconds(600))
    rig.inlet.perform(.setLoad(.c))
    let count = rig.proximities.count
    try rig.board.setVoltage(0, InletRig.pressed)
    rig.inlet.perform(.setLoad(.c))
    try rig.step(.milliseconds(1))
    try rig.board.setVoltage(0, InletRig.latched)
    try rig.run(.milliseconds(100))
    #expect(rig.proximities.count == count)
  }

  @Test func a_contact_that_cannot_be_read_is_a_fault() throws {
    let rig = try InletRig()
    try rig.start()
    try rig.run(.milliseconds(300))
    try rig.board.write("nonsense", "bus/iio/devices/iio:device0/in_voltage0_raw")
    try rig.run(.milliseconds(700))
    #expect(rig.proximities.last == .fault)
  }

  @Test func heat_is_told_and_narrows_in_steps() throws {
    let rig = try InletRig()
    var shares: [Int] = []
    rig.inlet.derated = { shares.append($0) }
    try rig.start()
    #expect(rig.temperatures.last == .some(25_000))
    try rig.board.setVoltage(1, 850)
    try rig.run(.milliseconds(1100))
    #expect(rig.temperatures.last == .some(85_000) && shares == [50])
    #expect(rig.inlet.temperatureEnds == [90_000])
  }

  @Test func a_line_that_fails_opens_everything_and_stays_out_of_service() throws {
    let rig = try InletRig()
    try rig.start()
    rig.inlet.perform(.setLoad(.c))
    rig.inlet.perform(.contactor(close: true))
    try rig.output("S2D").fails = true
    rig.inlet.perform(.setLoad(.c))
    #expect(rig.inlet.trouble != nil)
    #expect(try !rig.output("S2").value && !rig.output("MINUS").value)
    rig.inlet.perform(.contactor(close: true))
    #expect(try !rig.output("MINUS").value)
    let isTold = rig.events.contains { if case .equipment(ok: false) = $0 { true } else { false } }
    #expect(isTold)
  }

  @Test func a_contactor_that_could_not_be_opened_is_opened_again_and_told_until_then() throws {
    let rig = try InletRig()
    try rig.start()
    rig.inlet.perform(.setLoad(.c))
    rig.inlet.perform(.contactor(close: true))
    #expect(rig.inlet.liveSince == nil)
    try rig.output("MINUS").fails = true
    rig.inlet.perform(.contactor(close: false))
    #expect(rig.inlet.trouble != nil && rig.inlet.liveSince != nil)
    #expect(try rig.output("MINUS").value && !rig.output("S2").value)
    try rig.output("MINUS").fails = false
    try rig.run(.milliseconds(250))
    #expect(try !rig.output("MINUS").value)
    // And by the node, at any time.
    try rig.output("MINUS").set(true)
    rig.inlet.perform(.contactor(close: false))
    #expect(try !rig.output("MINUS").value)
  }

  @Test func a_timer_that_measures_tells_the_duty_and_one_that_is_not_there_is_named() throws {
    var description = InletRig.board
    guard case .lines(var lines) = description.inlets[0].hardware else { return }
    lines.duty = .capture(PWMDescription(device: "pwm.0", channel: 0))
    description.inlets[0].hardware = .lines(lines)
    let missing = #expect(throws: BoardFailure.self) { _ = try InletRig(description) }
    #expect(missing?.description.contains("capture") == true)
    let rig = try InletRig(description) { try $0.write("1000000 533000", "class/pwm/pwmchip0/pwm0/capture") }
    try rig.start()
    while rig.signals.count < 3 { try rig.step(.milliseconds(20)) }
    #expect(rig.signals.last == .pwm(permille: 533))
    #expect(rig.inlet.pilotSilenceMax == .milliseconds(60))
    rig.inlet.makeSafe()
    rig.forget()
    try rig.run(.milliseconds(100))
    #expect(rig.signals.isEmpty)
  }

  @Test func S2_opens_before_the_contactors_it_takes_the_current_off() throws {
    let rig = try InletRig()
    try rig.start()
    rig.inlet.perform(.setLoad(.c))
    rig.inlet.perform(.contactor(close: true))
    let count = rig.board.order.count
    rig.inlet.makeSafe()
    let opened = rig.board.order.dropFirst(count).map(\.line)
    let S2 = try #require(opened.firstIndex(of: FakeBoard.line("S2")))
    let minus = try #require(opened.firstIndex(of: FakeBoard.line("MINUS")))
    #expect(S2 < minus)
  }

  @Test func safe_is_everything_open_with_or_without_a_start() throws {
    let rig = try InletRig()
    rig.inlet.perform(.setLoad(.c))
    rig.inlet.perform(.contactor(close: true))
    rig.inlet.makeSafe()
    rig.inlet.makeSafe()
    rig.hardware.makeSafe()
    for (line, output) in rig.board.outputs { #expect(!output.value, "\(line)") }
  }
}

/// The daemon's part above an inlet of lines: AC by the duty alone, as there is no modem.
@Suite struct InletRuntimeTests {
  @Test func a_vehicle_charges_by_the_duty_and_tells_its_battery() throws {
    let rig = try RuntimeRig()
    try rig.start()
    try rig.charge()
    #expect(try rig.inlet.output("S2").value)
    #expect(rig.runtime.wanted.chargerMilliamps == 16_000, "the inlet's limit, below the duty's 32 A")
    #expect(rig.runtime.wanted.isBatteryHeard && rig.runtime.wanted.socPercent == 40)
    let status = rig.runtime.status(at: rig.inlet.loop.now)
    #expect(status.role == .vehicle && status.pilot.state == "C" && status.pilot.offeredMilliamps == 31_980)
    #expect(status.outputs.locked == true)
  }

  @Test func a_silent_battery_ends_the_charge_and_one_that_speaks_again_is_heard() throws {
    let rig = try RuntimeRig()
    try rig.start()
    try rig.charge()
    // Silence, and what the onboard charger has for going down.
    try rig.run(.milliseconds(5300), permille: 533, reports: false)
    #expect(try !rig.inlet.output("S2").value)
    #expect(rig.runtime.wanted.chargerMilliamps == 0 && !rig.runtime.wanted.isBatteryHeard)
    #expect(rig.runtime.trouble?.contains("silent") == true)
    try rig.run(.milliseconds(100), permille: 533)
    #expect(rig.runtime.wanted.isBatteryHeard)
  }

  @Test func a_battery_that_forbids_it_ends_the_charge_at_once() throws {
    let rig = try RuntimeRig()
    try rig.start()
    try rig.charge()
    var report = RuntimeRig.report
    report.isReady = false
    rig.runtime.hear(report)
    #expect(try !rig.inlet.output("S2").value)
    #expect(rig.runtime.wanted.chargerMilliamps == 0)
  }

  @Test func limits_of_the_socket_and_of_heat_narrow_the_current() throws {
    let rig = try RuntimeRig()
    try rig.start()
    try rig.charge()
    try rig.runtime.narrow(ControlLimits(milliamps: 10_000))
    #expect(rig.runtime.wanted.chargerMilliamps == 10_000)
    #expect(throws: ControlFailure.self) { try rig.runtime.narrow(ControlLimits(milliamps: 17_000)) }
    #expect(throws: ControlFailure.self) { try rig.runtime.narrow(ControlLimits(millivolts: 400_000)) }
    try rig.inlet.board.setVoltage(1, 850)
    try rig.run(.milliseconds(1200), permille: 533)
    #expect(rig.runtime.wanted.chargerMilliamps == 8_000, "half of what the inlet carries")
  }

  @Test func a_stop_opens_S2_unlocks_and_comes_to_rest() throws {
    let rig = try RuntimeRig()
    try rig.start()
    try rig.charge()
    #expect(!rig.runtime.isAtRest)
    rig.runtime.stop(.user)
    try rig.run(.milliseconds(200), permille: 533)
    #expect(try rig.inlet.output("S2").value && rig.runtime.wanted.chargerMilliamps == 0)
    try rig.run(.milliseconds(2000), permille: 533)
    #expect(try !rig.inlet.output("S2").value)
    #expect(rig.runtime.isAtRest)
  }

  @Test func a_program_that_ends_tells_the_onboard_charger_before_it_opens_S2() throws {
    let rig = try RuntimeRig()
    try rig.start()
    try rig.charge()
    _ = rig.runtime.takeNews()
    let start = rig.inlet.loop.now
    Unloading.run([rig.runtime], on: rig.inlet.loop)
    #expect(rig.inlet.loop.now - start >= .milliseconds(300))
    #expect(rig.runtime.wanted.chargerMilliamps == 0 && rig.runtime.takeNews())
    #expect(try rig.inlet.output("S2").value, "the station's contactor parts what S2 leaves")
    rig.runtime.makeSafe()
    #expect(try !rig.inlet.output("S2").value)
  }

  @Test func a_program_that_ends_opens_S2_of_DC_50_ms_before_the_contactors() throws {
    let rig = try RuntimeRig(.dc)
    try rig.start()
    // The plug is found.
    try rig.run(.milliseconds(600), permille: 50)
    rig.runtime.command(.setLoad(.c))
    rig.runtime.command(.contactor(close: true))
    let start = rig.inlet.loop.now
    Unloading.run([rig.runtime], on: rig.inlet.loop)
    #expect(try !rig.inlet.output("S2").value && rig.inlet.output("MINUS").value)
    #expect(rig.inlet.loop.now - start >= .milliseconds(50))
    rig.runtime.makeSafe()
    #expect(try !rig.inlet.output("MINUS").value)
  }

  @Test func after_makeSafe_nothing_is_driven() throws {
    let rig = try RuntimeRig()
    try rig.start()
    try rig.charge()
    rig.runtime.makeSafe()
    try rig.run(.milliseconds(300), permille: 533)
    for (line, output) in rig.inlet.board.outputs { #expect(!output.value, "\(line)") }
  }

  @Test func the_button_ends_the_current_within_100_ms() throws {
    let rig = try RuntimeRig()
    try rig.start()
    try rig.charge()
    try rig.inlet.board.setVoltage(0, InletRig.pressed)
    let start = rig.inlet.loop.now
    while try rig.inlet.output("S2").value { try rig.run(.milliseconds(5), permille: 533) }
    if InletRig.isTimed { #expect(rig.inlet.loop.now - start < .milliseconds(100)) }
    #expect(rig.runtime.wanted.chargerMilliamps == 0)
  }

  @Test func a_pilot_that_is_gone_opens_S2_within_100_ms() throws {
    let rig = try RuntimeRig()
    try rig.start()
    try rig.charge()
    rig.inlet.halt()
    let end = rig.inlet.quiet + .seconds(20)
    while try rig.inlet.output("S2").value, rig.inlet.loop.now < end {
      rig.runtime.hear(RuntimeRig.report)
      try rig.inlet.step(.milliseconds(5))
    }
    #expect(try !rig.inlet.output("S2").value)
    if InletRig.isTimed { #expect(rig.inlet.loop.now - rig.inlet.quiet < .milliseconds(100)) }
  }

  @Test func a_fault_of_before_the_start_keeps_everything_open_until_a_person_has_looked() throws {
    let rig = try RuntimeRig()
    rig.runtime.restore(.contactorWelded)
    try rig.start()
    try rig.run(.milliseconds(1500), permille: 533)
    #expect(try !rig.inlet.output("S2").value && !rig.inlet.output("LOCK").history.contains(true))
    #expect(rig.runtime.status(at: rig.inlet.loop.now).fault?.name == "contactorWelded")
    try rig.runtime.clear()
    #expect(rig.runtime.status(at: rig.inlet.loop.now).fault == nil)
    #expect(throws: ControlFailure.self) { try rig.runtime.clear() }
  }

  @Test func the_desk_knows_what_an_inlet_can_do_and_who_speaks_for_its_battery() throws {
    let rig = try RuntimeRig()
    try rig.start()
    let desk = ControlDesk(
      loop: rig.inlet.loop, board: "fake-ev", journal: StationJournal(nil), connectors: [rig.runtime])
    let (first, second) = (ControlClientID(1), ControlClientID(2))
    func ask(_ request: ControlRequest, _ client: ControlClientID) -> Result<ControlResult, ControlFailure>? {
      var answer: Result<ControlResult, ControlFailure>?
      desk.answer(request, of: client) { answer = $0 }
      return answer
    }
    func code(_ request: ControlRequest, _ client: ControlClientID) -> ControlFailure.Code? {
      if case .failure(let failure)? = ask(request, client) { failure.code } else { nil }
    }
    #expect(code(.authorize(connector: 1, granted: true, token: nil), first) == .unsupported)
    #expect(code(.power(connector: 1, PowerReport()), first) == .unsupported)
    #expect(code(.stop(connector: 1, reason: .user), first) == .wrongState)
    #expect(code(.battery(connector: 2, RuntimeRig.report), first) == .unknownConnector)
    guard case .success(.inlet(let wanted))? = ask(.battery(connector: 1, RuntimeRig.report), first) else {
      Issue.record("the battery is not heard")
      return
    }
    #expect(wanted.isBatteryHeard && !wanted.closeContactor)
    #expect(code(.battery(connector: 1, RuntimeRig.report), second) == .wrongState)
    desk.isGone(second)
    #expect(rig.runtime.wanted.isBatteryHeard, "another client's end is nobody's silence")
    desk.isGone(first)
    #expect(!rig.runtime.wanted.isBatteryHeard)
    #expect(code(.battery(connector: 1, RuntimeRig.report), second) == nil)
  }

  @Test func a_controller_cannot_serve_an_inlet_and_says_why() throws {
    let plan = InletPlan()
    let link = Inlet(
      current: .dc, milliampsMax: 32_000, hasLock: false, hardware: .link(LinkDrivenInlet(link: "mcu")))
    let site = try SitePlan(DaemonOptions(["--board", "simulation-ev"]))
    let loop = try EventLoop()
    let hardware = try SiteHardware(site, devices: BoardDevices(), purpose: .start, loop: loop)
    let failure = #expect(throws: BoardFailure.self) { _ = try hardware.inletPort(plan, link, loop) }
    #expect(failure?.description.contains("S2") == true)
  }
}

/// The runtime of an AC inlet without a modem.
private final class RuntimeRig {
  let inlet: InletRig
  let runtime: InletRuntime
  var lines: [LogLine] = []

  static var report: BatteryReport {
    BatteryReport(
      isReady: true, socPercent: 40, millivolts: 380_000, inletMillivolts: 230_000, targetMillivolts: 0,
      targetMilliamps: 0)
  }

  init(_ current: OutletCurrent = .ac) throws {
    var description = InletRig.board
    description.inlets[0].current = current
    inlet = try InletRig(description)
    var plan = InletPlan()
    plan.milliampsMax = 16_000
    plan.battery = .control
    plan.batterySilence = .seconds(3)
    runtime = InletRuntime(
      plan, inlet: description.inlets[0], port: inlet.inlet, loop: inlet.loop,
      handlers: ConnectorRuntime.Handlers(
        trace: { _, _ in }, authorizationNeeded: {}, log: { _ in }))
  }

  func start() throws { try runtime.start() }

  /// Lets time pass with a duty on the wire and a battery that speaks.
  func run(_ time: Duration, permille: Int, reports: Bool = true) throws {
    let end = inlet.loop.now + time
    while inlet.loop.now < end {
      if reports { runtime.hear(Self.report) }
      try inlet.run(min(.milliseconds(20), end - inlet.loop.now), permille: permille)
    }
  }

  func charge(sourceLocation: SourceLocation = #_sourceLocation) throws {
    let end = inlet.loop.now + .seconds(5)
    while runtime.wanted.chargerMilliamps == 0, inlet.loop.now < end {
      try run(.milliseconds(20), permille: 533)
    }
    #expect(runtime.wanted.chargerMilliamps > 0, "\(runtime.phase)", sourceLocation: sourceLocation)
  }
}

/// An inlet on a fake board, and what it told.
final class InletRig {
  let board: FakeBoard
  let loop: EventLoop
  let hardware: BoardHardware
  let inlet: LineInlet
  private(set) var events: [VehicleEvent] = []
  /// The pilot.
  let wire: FakeWire

  static let (latched, pressed, unplugged) = (1_531, 2_765, 4_455)

  init(
    _ description: BoardDescription = InletRig.board, _ prepare: (FakeBoard) throws -> Void = { _ in }
  ) throws {
    board = try FakeBoard()
    try prepare(board)
    try board.setVoltage(0, Self.latched)
    try board.setVoltage(1, 250)
    loop = try EventLoop()
    wire = FakeWire(loop)
    board.wires[FakeBoard.line("CP")] = wire
    hardware = try BoardHardware(description, devices: board.devices, purpose: .start)
    guard case .lines(let lines) = description.inlets[0].hardware else { throw BoardFailure("no lines") }
    inlet = try LineInlet(lines, of: description.inlets[0], hardware: hardware, loop: loop)
  }

  func start() throws { try inlet.start { [unowned self] in events.append($0) } }

  func forget() { events = [] }

  func step(_ time: Duration) throws { try loop.step(until: loop.now + time) }

  /// Lets time pass; with a duty, the wire oscillates from now on.
  func run(_ time: Duration, permille: Int? = nil) throws {
    if let permille { wire.drive(permille: permille) }
    let end = loop.now + time
    while loop.now < end { try loop.step(until: end) }
  }

  /// The wire stands still at -12 V from now on.
  func halt() { wire.drive(permille: 0) }

  /// The last edge so far.
  var quiet: Instant { wire.lastEdge }

  /// How long after it something may be seen; judged only where asked to, as the machine may be busy.
  static let isTimed = ProcessInfo.processInfo.environment["COUPLER_TIMING"] != nil

  func output(_ name: String) throws -> FakeBoard.Output { try #require(board.outputs[FakeBoard.line(name)]) }

  var signals: [PilotSignal] {
    events.compactMap { if case .pilot(let signal) = $0 { signal } else { nil } }
  }
  var proximities: [Proximity] {
    events.compactMap { if case .proximity(let proximity) = $0 { proximity } else { nil } }
  }
  var temperatures: [Int?] {
    events.compactMap { if case .temperature(_, let millicelsius) = $0 { millicelsius } else { nil } }
  }

  /// A DC inlet with everything that lines can do.
  static var board: BoardDescription {
    let lock = LockMotor(
      lock: FakeBoard.output("LOCK"), unlock: FakeBoard.output("UNLOCK"), pulse: .milliseconds(20))
    let contactor = ContactorDescription(
      poles: [
        ContactorPole(
          .dcMinus, coil: FakeBoard.output("MINUS"), feedback: .normallyOpen(FakeBoard.line("MINUS_MIRROR"))),
        ContactorPole(.preCharge, coil: FakeBoard.output("PRE"), feedback: .none),
        ContactorPole(
          .dcPlus, coil: FakeBoard.output("PLUS"), feedback: .normallyOpen(FakeBoard.line("PLUS_MIRROR"))),
      ], order: .serial(delay: .milliseconds(20)))
    let lines = LineDrivenInlet(
      duty: .edges(FakeBoard.line("CP")), stateC: FakeBoard.output("S2"), stateD: FakeBoard.output("S2D"),
      proximity: .pullUp(
        FakeBoard.adc(0), .sae,
        ProximityPullUp(supplyMillivolts: 5000, pullUpOhms: 330, parallelOhms: 2700)),
      contactor: contactor, lock: .timed(lock))
    let inlet = Inlet(
      current: .dc, milliampsMax: 16_000, hasLock: true, hardware: .lines(lines),
      temperatures: [
        TemperatureSensor(
          "inlet",
          .voltage(
            FakeBoard.adc(1),
            [
              TemperaturePoint(millivolts: 0, decidegrees: 0),
              TemperaturePoint(millivolts: 1000, decidegrees: 1000),
            ]),
          derating: [DeratingPoint(from: 800, percent: 50), DeratingPoint(from: 900, percent: 0)])
      ])
    return BoardDescription(
      name: "fake-ev", summary: "a vehicle of files", matches: [], outlets: [], inlets: [inlet],
      crashSafety: .nothingToDrive, trial: .simulated)
  }
}
