import HAL
import LinuxHardware
import Node
import Safety
import Testing
import Wire

@testable import BoardRuntime

@Suite struct LineOutletTests {
  /// An outlet on a fake board, and what it told.
  final class Rig {
    let description: BoardDescription
    let board: FakeBoard
    let loop: EventLoop
    let hardware: BoardHardware
    let outlet: LineOutlet
    private(set) var events: [ChargerEvent] = []

    init(_ change: (inout BoardDescription) -> Void = { _ in }) throws {
      var description = FakeBoard.board
      change(&description)
      self.description = description
      board = try FakeBoard()
      try board.setVoltage(0, 12_000)
      try board.setVoltage(1, 12_000)
      try board.setVoltage(2, 3_000)
      try board.setVoltage(3, 3_000)
      loop = try EventLoop()
      hardware = try BoardHardware(description, devices: board.devices, purpose: .start)
      guard case .lines(let lines) = description.outlets[0].hardware else { throw BoardFailure("no lines") }
      outlet = try LineOutlet(lines, of: description.outlets[0], hardware: hardware, loop: loop)
    }

    func start() throws { try outlet.start { [unowned self] in events.append($0) } }

    func run(_ time: Duration) throws {
      let end = loop.now + time
      while loop.now < end { try loop.step(until: end) }
    }

    func output(_ name: String) throws -> FakeBoard.Output {
      try #require(board.outputs[FakeBoard.line(name)])
    }
    func input(_ name: String) throws -> FakeBoard.Input {
      try #require(board.inputs[FakeBoard.line(name)])
    }
    func levels() -> [PilotLevels] {
      events.compactMap { if case .pilot(let levels) = $0 { levels } else { nil } }
    }
    func contactor() -> [Bool] {
      events.compactMap { if case .contactorFeedback(let closed) = $0 { closed } else { nil } }
    }
    func stops() -> [Bool] {
      events.compactMap { if case .emergencyStop(let pressed) = $0 { pressed } else { nil } }
    }
    func residualCurrents() -> [Bool] {
      events.compactMap { if case .residualCurrent(let ok) = $0 { ok } else { nil } }
    }
    func stuckLocks() -> [Bool] {
      events.compactMap { if case .lockStuck(let stuck) = $0 { stuck } else { nil } }
    }
    func locks() -> [Bool] { events.compactMap { if case .lock(let locked) = $0 { locked } else { nil } } }
  }

  @Test func the_board_starts_and_ends_with_the_values_it_names() throws {
    let rig = try Rig()
    #expect(try rig.output("LED").value)
    #expect(try !rig.output("COIL").value)
    #expect(try rig.output("CP_ENABLE").value)
    #expect(rig.board.duty == 1_000_000, "+12 V until somebody decides")
    rig.outlet.perform(.contactor(close: true))
    #expect(try rig.output("COIL").value)
    rig.outlet.makeSafe()
    rig.hardware.makeSafe()
    #expect(try !rig.output("COIL").value)
    #expect(try !rig.output("LED").value)
    #expect(rig.board.duty == 0, "-12 V")
  }

  @Test func safe_state_drives_every_output_that_can_be_had() throws {
    let board = try FakeBoard()
    var devices = board.devices
    let take = devices.output
    devices.output = { (line, initial, safe) throws(LinuxError) in
      if line == FakeBoard.line("LOCK") { throw LinuxError("take a line", code: 16) }
      return try take(line, initial, safe)
    }
    let hardware = try BoardHardware(FakeBoard.board, devices: devices, purpose: .safeState)
    hardware.makeSafe()
    #expect(board.outputs[FakeBoard.line("COIL")]?.value == false)
    #expect(board.outputs[FakeBoard.line("LED")]?.value == false, "not its start value for a moment")
    #expect(hardware.failures.count == 1)
    #expect(throws: BoardFailure.self) {
      _ = try BoardHardware(FakeBoard.board, devices: devices, purpose: .start)
    }
  }

  @Test func a_stop_button_of_the_board_stops_every_outlet_and_is_read_once() throws {
    let rig = try Rig { $0.stopButtons = [FakeBoard.line("STOP ALL")] }
    guard case .lines(let lines) = rig.description.outlets[0].hardware else { return }
    let other = try LineOutlet(lines, of: rig.description.outlets[0], hardware: rig.hardware, loop: rig.loop)
    var heard: [Bool] = []
    try rig.start()
    try other.start { if case .emergencyStop(let pressed) = $0 { heard.append(pressed) } }
    #expect(rig.stops() == [false] && heard == [false])
    let button = try rig.input("STOP ALL")
    button.set(true, at: rig.loop.now)
    #expect(rig.stops() == [false, true] && heard == [false, true])
    try rig.input("STOP").set(true, at: rig.loop.now)
    button.set(false, at: rig.loop.now)
    #expect(rig.stops() == [false, true], "its own is still pressed")
    #expect(heard == [false, true])
    try rig.input("STOP").set(false, at: rig.loop.now)
    #expect(rig.stops() == [false, true, false] && heard == [false, true, false])
    #expect(button.watchers == 1)
  }

  @Test func a_button_that_was_pressed_and_let_go_was_pressed() throws {
    let rig = try Rig { $0.stopButtons = [FakeBoard.line("STOP ALL")] }
    try rig.start()
    try rig.input("STOP ALL").flick(at: rig.loop.now)
    #expect(rig.stops() == [false, true, false])
    try rig.input("STOP").flick(at: rig.loop.now)
    #expect(rig.stops() == [false, true, false, true, false])
    try rig.input("RCD").flick(at: rig.loop.now)
    #expect(rig.residualCurrents() == [true, false, true])
  }

  @Test func a_stop_button_of_the_board_that_cannot_be_read_takes_every_outlet_out_of_service() throws {
    let rig = try Rig { $0.stopButtons = [FakeBoard.line("STOP ALL")] }
    try rig.start()
    try rig.input("STOP ALL").fail()
    #expect(rig.outlet.trouble != nil)
  }

  @Test func the_pilot_is_asked_seldom_without_a_vehicle_and_often_with_one() throws {
    let rig = try Rig()
    try rig.start()
    try rig.run(.milliseconds(100))
    let before = rig.levels().count
    try rig.run(.milliseconds(600))
    let idle = rig.levels().count - before
    #expect((1...22).contains(idle), "every 30 ms or later on a busy machine, was \(idle) in 600 ms")
    try rig.board.setVoltage(0, 9_000)
    rig.outlet.perform(.setDuty(.digital))
    try rig.board.setVoltage(1, -12_000)
    try rig.run(.milliseconds(60))
    let there = rig.levels().count
    let start = rig.loop.now
    let end = start + .seconds(20)
    while rig.levels().count < there + 40, rig.loop.now < end { try rig.loop.step(until: end) }
    #expect(rig.levels().count >= there + 40)
    #expect(rig.loop.now - start >= .milliseconds(150), "no oftener than every 5 ms")
    #expect(rig.levels().last == PilotLevels(highMillivolts: 9_000, lowMillivolts: -12_000))
    #expect(rig.board.duty == 50_000)
  }

  @Test func mirror_contacts_tell_closed_open_and_welded() throws {
    let rig = try Rig()
    try rig.start()
    #expect(rig.contactor() == [false])
    rig.outlet.perform(.contactor(close: true))
    #expect(rig.contactor() == [false], "the coil is no contact")
    try rig.input("MIRROR").set(true, at: rig.loop.now)
    #expect(rig.contactor() == [false, true])
    rig.outlet.perform(.contactor(close: false))
    #expect(try !rig.output("COIL").value)
    #expect(rig.contactor() == [false, true], "welded: still closed")
    try rig.input("MIRROR").set(false, at: rig.loop.now)
    #expect(rig.contactor() == [false, true, false])
  }

  @Test func a_lock_is_driven_for_its_pulse_never_both_ways_and_tells_its_position() throws {
    let rig = try Rig()
    try rig.start()
    #expect(rig.locks() == [false])
    rig.outlet.perform(.lock(true))
    #expect(try rig.output("LOCK").value && !rig.output("UNLOCK").value)
    try rig.board.setVoltage(3, 300)
    try rig.run(.milliseconds(40))
    #expect(try !rig.output("LOCK").value && !rig.output("UNLOCK").value, "no current at rest")
    #expect(rig.locks() == [false, true])
    // Pulled by hand.
    try rig.board.setVoltage(3, 2_000)
    try rig.run(.milliseconds(300))
    #expect(rig.locks() == [false, true, false])
  }

  @Test func a_lock_that_does_not_move_is_tried_again_and_then_told() throws {
    let rig = try Rig()
    try rig.start()
    rig.outlet.perform(.lock(true))
    try rig.run(.milliseconds(100))
    #expect(try rig.output("LOCK").history.filter { $0 }.count == 2, "once, and one repetition")
    #expect(rig.locks() == [false])
  }

  @Test func residual_current_and_stop_button_are_told_at_once() throws {
    let rig = try Rig()
    try rig.start()
    try rig.input("RCD").set(true, at: rig.loop.now)
    try rig.input("STOP").set(true, at: rig.loop.now)
    let told = rig.events.contains { if case .residualCurrent(ok: false) = $0 { true } else { false } }
    let stopped = rig.events.contains { if case .emergencyStop(true) = $0 { true } else { false } }
    #expect(told && stopped)
  }

  @Test func a_line_that_fails_takes_the_outlet_out_of_service_with_the_contactor_open() throws {
    let rig = try Rig()
    try rig.start()
    rig.outlet.perform(.contactor(close: true))
    try rig.output("LOCK").fails = true
    rig.outlet.perform(.lock(true))
    #expect(rig.outlet.trouble != nil)
    #expect(try !rig.output("COIL").value)
    #expect(rig.board.duty == 0)
    rig.outlet.perform(.contactor(close: true))
    #expect(try !rig.output("COIL").value, "stays out of service")
  }

  @Test func the_plug_of_an_outlet_that_failed_is_let_go_once_the_contacts_read_open() throws {
    let rig = try Rig()
    try rig.start()
    rig.outlet.perform(.lock(true))
    try rig.board.setVoltage(3, 300)
    try rig.run(.milliseconds(40))
    rig.outlet.perform(.contactor(close: true))
    try rig.input("MIRROR").set(true, at: rig.loop.now)
    // The pilot's converter goes.
    try rig.board.write("nonsense", "bus/iio/devices/iio:device0/in_voltage0_raw")
    rig.outlet.perform(.setDuty(.digital))
    try rig.run(.milliseconds(100))
    #expect(rig.outlet.trouble != nil)
    #expect(try !rig.output("COIL").value)
    try rig.run(.milliseconds(5_200))
    #expect(try rig.output("UNLOCK").history.contains(true) == false, "the contacts are welded")
    try rig.input("MIRROR").set(false, at: rig.loop.now)
    try rig.board.setVoltage(3, 3_000)
    try rig.run(.milliseconds(400))
    #expect(try rig.output("UNLOCK").history.filter { $0 }.count == 1)
    #expect(try !rig.output("UNLOCK").value)
    #expect(rig.locks() == [false, true, false])
  }

  @Test func contacts_that_cannot_be_read_hold_the_plug_of_an_outlet_that_failed() throws {
    let rig = try Rig()
    try rig.start()
    rig.outlet.perform(.lock(true))
    try rig.board.setVoltage(3, 300)
    try rig.run(.milliseconds(40))
    // Told last as open; then the coil goes on, and the contact's line is gone before anybody heard of it.
    rig.outlet.perform(.contactor(close: true))
    try rig.input("MIRROR").fail()
    #expect(rig.outlet.trouble != nil)
    #expect(try !rig.output("COIL").value)
    try rig.run(.milliseconds(5_500))
    #expect(try rig.output("UNLOCK").history.contains(true) == false)
  }

  @Test func a_coil_that_could_not_be_switched_off_is_switched_off_again() throws {
    let rig = try Rig()
    try rig.start()
    rig.outlet.perform(.contactor(close: true))
    try rig.input("MIRROR").set(true, at: rig.loop.now)
    try rig.output("COIL").fails = true
    rig.outlet.perform(.contactor(close: false))
    #expect(rig.outlet.trouble != nil)
    #expect(try rig.output("COIL").value)
    try rig.output("COIL").fails = false
    try rig.run(.milliseconds(250))
    #expect(try !rig.output("COIL").value)
    // And by the supervisor, at any time.
    try rig.output("COIL").set(true)
    rig.outlet.perform(.contactor(close: false))
    #expect(try !rig.output("COIL").value)
  }

  @Test func a_plug_that_is_being_let_go_is_not_locked() throws {
    let rig = try Rig()
    try rig.start()
    rig.outlet.perform(.lock(true))
    try rig.board.setVoltage(3, 300)
    try rig.run(.milliseconds(40))
    #expect(rig.locks() == [false, true])
    rig.outlet.perform(.lock(false))
    #expect(rig.locks() == [false, true, false], "with the command, and not when the motor stops")
    rig.outlet.perform(.lock(true))
    #expect(try rig.output("LOCK").value && !rig.output("UNLOCK").value)
    #expect(rig.locks() == [false, true, false])
    try rig.run(.milliseconds(40))
    #expect(rig.locks() == [false, true, false, true])
  }

  @Test func a_movement_that_the_buffer_is_too_low_for_stops_the_one_before_and_waits() throws {
    let rig = try Rig {
      $0.lines { lines in
        guard case .positioned(var motor, _) = lines.lock else { return }
        motor.buffer = LockBuffer(FakeBoard.adc(3), millivoltsMin: 2_000)
        lines.lock = .timed(motor)
      }
    }
    try rig.start()
    rig.outlet.perform(.lock(false))
    #expect(try rig.output("UNLOCK").value)
    try rig.board.setVoltage(3, 1_000)
    rig.outlet.perform(.lock(true))
    #expect(try !rig.output("LOCK").value && !rig.output("UNLOCK").value)
    try rig.run(.milliseconds(300))
    #expect(try !rig.output("LOCK").value && !rig.output("UNLOCK").value)
    #expect(rig.locks() == [false], "nothing moved")
    try rig.board.setVoltage(3, 3_000)
    try rig.run(.milliseconds(400))
    #expect(rig.locks() == [false, true])
  }

  @Test func no_outlet_runs_beside_a_stop_button_that_cannot_be_watched() throws {
    let rig = try Rig { $0.stopButtons = [FakeBoard.line("STOP ALL")] }
    guard case .lines(let lines) = rig.description.outlets[0].hardware else { return }
    let other = try LineOutlet(lines, of: rig.description.outlets[0], hardware: rig.hardware, loop: rig.loop)
    try rig.input("STOP ALL").refusesWatching = true
    #expect(throws: BoardFailure.self) { try rig.start() }
    #expect(throws: BoardFailure.self) { try other.start { _ in } }
  }

  @Test func a_program_that_ends_moves_no_bolt() throws {
    let rig = try Rig()
    try rig.start()
    rig.outlet.perform(.lock(true))
    rig.outlet.makeSafe()
    #expect(try !rig.output("LOCK").value && !rig.output("UNLOCK").value, "no current in the motor")
    rig.hardware.makeSafe()
    #expect(try rig.output("UNLOCK").history.contains(true) == false)
  }

  @Test func a_bolt_that_does_not_let_go_is_told_as_locked_and_tried_again() throws {
    let rig = try Rig()
    try rig.start()
    rig.outlet.perform(.lock(true))
    try rig.board.setVoltage(3, 300)
    try rig.run(.milliseconds(40))
    rig.outlet.perform(.lock(false))
    try rig.run(.milliseconds(200))
    #expect(try rig.output("UNLOCK").history.filter { $0 }.count == 2, "once, and one repetition")
    #expect(rig.locks() == [false, true, false, true], "it is locked, whatever was asked for")
    #expect(rig.stuckLocks() == [true])
    try rig.run(.milliseconds(5_100))
    #expect(try rig.output("UNLOCK").history.filter { $0 }.count >= 3)
    try rig.board.setVoltage(3, 3_000)
    try rig.run(.milliseconds(5_200))
    #expect(rig.locks().last == false)
    #expect(rig.stuckLocks() == [true, false], "seen free")
  }

  /// A broken wire of the sensor reads 0 mV, which is "locked" on both boards with a position.
  @Test func a_position_that_says_locked_whatever_happens_is_told_and_nothing_closes_behind_it() throws {
    let rig = try Rig()
    try rig.board.setVoltage(3, 0)
    try rig.start()
    // At the start nobody knows where the bolt was left: the supervisor draws it back.
    var supervisor = SafetySupervisor(settings: SafetySettings(current: .ac, hasLock: true))
    var told: [SafetyFault] = []
    var order: [Bool] = []
    func hand(_ event: SafetySupervisor.Event) {
      supervisor.handle(event, at: rig.loop.now) { action in
        if case .lock(let locked) = action { order.append(locked) }
        if case .fault(let fault) = action { told.append(fault) }
      }
    }
    hand(.contactorFeedback(closed: false))
    #expect(order == [false])
    rig.outlet.perform(.lock(false))
    try rig.run(.milliseconds(200))
    for event in rig.events {
      if case .lock(let locked) = event { hand(.lock(locked: locked)) }
      if case .lockStuck(let stuck) = event { hand(.lockStuck(stuck)) }
    }
    #expect(told == [.lockStuck])
    hand(.pilot(.B, .digital))
    hand(.authorized(true))
    #expect(order == [false] && supervisor.obstacles(at: rig.loop.now).contains(.notLocked))
    #expect(supervisor.obstacles(at: rig.loop.now).contains(.faultLatched))
  }

  @Test func the_stage_of_the_pilot_is_enabled_after_it_has_settled() throws {
    let start = ContinuousClock.now
    let rig = try Rig {
      $0.lines { lines in lines.generator.enable?.settle = .milliseconds(60) }
    }
    #expect(ContinuousClock.now - start >= .milliseconds(60))
    let enable = try rig.output("CP_ENABLE")
    #expect(enable.value && enable.dutyWhenSet == 1_000_000, "+12 V before, during and after")
    #expect(enable.waited >= .milliseconds(60))
    #expect(rig.board.duty == 1_000_000)
  }

  @Test func a_stage_that_is_enabled_from_the_start_begins_as_the_board_says() throws {
    let rig = try Rig {
      $0.lines { lines in
        lines.generator.start = .steadyLow
        lines.generator.enable?.output.start = true
        lines.generator.enable?.output.stop = true
      }
    }
    #expect(rig.board.duty == 0, "-12 V, and never +12 V")
    #expect(try rig.output("CP_ENABLE").history == [])
  }

  @Test func the_test_of_the_residual_current_monitor_is_driven_and_ends_with_the_program() throws {
    let rig = try Rig {
      $0.outlets[0].monitoring.residualCurrent = .line(
        FakeBoard.line("RCD"), test: FakeBoard.output("RCD_TEST"))
    }
    try rig.start()
    #expect(rig.outlet.testsResidualCurrent && rig.outlet.readsResidualCurrent)
    rig.outlet.perform(.residualCurrentTest(true))
    #expect(try rig.output("RCD_TEST").value)
    try rig.input("RCD").set(true, at: rig.loop.now)
    rig.outlet.perform(.residualCurrentTest(false))
    #expect(try !rig.output("RCD_TEST").value)
    try rig.input("RCD").set(false, at: rig.loop.now)
    #expect(rig.residualCurrents() == [true, false, true])
    rig.outlet.perform(.residualCurrentTest(true))
    rig.outlet.makeSafe()
    #expect(try !rig.output("RCD_TEST").value)
    #expect(try !Rig().outlet.testsResidualCurrent)
  }

  @Test func no_sample_is_taken_from_an_adc_that_is_gone() throws {
    let rig = try Rig()
    try rig.start()
    try rig.run(.milliseconds(50))
    try rig.board.write("nonsense", "bus/iio/devices/iio:device0/in_voltage0_raw")
    let count = rig.levels().count
    try rig.run(.milliseconds(100))
    #expect(rig.outlet.trouble != nil)
    #expect(rig.levels().count <= count + 1)
    #expect(rig.board.duty == 0)
  }
}

@Suite struct ReadingTests {
  @Test(arguments: [
    (3_000, Proximity.open), (2_459, .open), (2_458, .plugged(cableMilliamps: 20_000)), (1_169, .fault),
    (0, .fault),
  ])
  func a_table_of_voltages_gives_the_cable(millivolts: Int, meaning: Proximity) {
    guard case .lines(let lines) = FakeBoard.board.outlets[0].hardware else { return }
    #expect(lines.proximity.meaning(millivolts: millivolts) == meaning)
  }

  @Test(arguments: [
    (1500, Proximity.plugged(cableMilliamps: 13_000)), (680, .plugged(cableMilliamps: 20_000)),
    (220, .plugged(cableMilliamps: 32_000)), (100, .plugged(cableMilliamps: 63_000)), (10_000, .open),
    (350, .fault),
    (3000, .fault), (50, .fault),
  ])
  func resistors_of_a_plug_are_known(ohms: Int, meaning: Proximity) {
    #expect(ProximityCode.iec.meaning(ohms: ohms) == meaning)
  }

  @Test func heat_takes_at_once_and_gives_back_late() {
    let table = [DeratingPoint(from: 600, percent: 50), DeratingPoint(from: 800, percent: 0)]
    #expect(table.percent(millicelsius: 59_900, last: 100) == 100)
    #expect(table.percent(millicelsius: 60_000, last: 100) == 50)
    #expect(table.percent(millicelsius: 80_000, last: 50) == 0)
    #expect(table.percent(millicelsius: 79_000, last: 0) == 0)
    #expect(table.percent(millicelsius: 76_900, last: 0) == 50)
    #expect(table.percent(millicelsius: 58_000, last: 50) == 50)
    #expect(table.percent(millicelsius: 56_900, last: 50) == 100)
    #expect(table.endMillicelsius == 80_000)
  }

  @Test func a_voltage_beyond_its_table_is_no_temperature() {
    let table = [
      TemperaturePoint(millivolts: 3000, decidegrees: -200),
      TemperaturePoint(millivolts: 1000, decidegrees: 800),
    ]
    #expect(table.millicelsius(millivolts: 2000) == 30_000)
    #expect(table.millicelsius(millivolts: 3001) == nil)
    #expect(table.millicelsius(millivolts: 999) == nil)
  }
}

@Suite struct ComparatorTests {
  @Test func comparators_give_the_levels_of_a_steady_and_of_an_oscillating_pilot() throws {
    let thresholds = [-10_000, 1_500, 4_500, 7_500, 10_500]
    let board = try FakeBoard()
    let comparators = thresholds.map { PilotComparator(FakeBoard.line("CMP\($0)"), above: $0) }
    let bank = try ComparatorBank(comparators, board.devices)
    let loop = try EventLoop()
    try bank.watch(on: loop, changed: {}, failed: { _ in })
    func wire(_ millivolts: Int) throws {
      for threshold in thresholds {
        try #require(board.inputs[FakeBoard.line("CMP\(threshold)")]).set(
          millivolts > threshold, at: loop.now)
      }
    }
    for (millivolts, expected) in [(12_000, 12_000), (9_000, 9_000), (6_000, 6_000), (3_000, 3_000)] {
      try wire(millivolts)
      #expect(try bank.levels(.steadyHigh) == PilotLevels(highMillivolts: expected, lowMillivolts: expected))
    }
    try wire(9_000)
    try wire(-12_000)
    try wire(9_000)
    #expect(try bank.levels(.digital) == PilotLevels(highMillivolts: 9_000, lowMillivolts: -12_000))
    // No diode: the negative half is loaded.
    try wire(-8_800)
    try wire(9_000)
    let levels = try bank.levels(.digital)
    #expect(levels.highMillivolts == 9_000 && levels.lowMillivolts > -11_000)
    // Shorted, with a comparator that is stuck above.
    try wire(0)
    try #require(board.inputs[FakeBoard.line("CMP4500")]).set(true, at: loop.now)
    _ = try bank.levels(.digital)
    #expect(try bank.levels(.digital).highMillivolts < 1_500)
  }
}
