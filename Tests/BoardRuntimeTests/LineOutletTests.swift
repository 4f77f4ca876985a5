import HAL
import LinuxHardware
import Node
import Testing
import Wire

@testable import BoardRuntime

@Suite struct LineOutletTests {
  /// An outlet on a fake board, and what it told.
  final class Rig {
    let board: FakeBoard
    let loop: EventLoop
    let hardware: BoardHardware
    let outlet: LineOutlet
    private(set) var events: [ChargerEvent] = []

    init() throws {
      board = try FakeBoard()
      try board.setVoltage(0, 12_000)
      try board.setVoltage(1, 12_000)
      try board.setVoltage(2, 3_000)
      try board.setVoltage(3, 3_000)
      loop = try EventLoop()
      let description = FakeBoard.board
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

  @Test func a_stop_button_of_the_board_that_nobody_reads_forbids_the_start() throws {
    let board = try FakeBoard()
    var description = FakeBoard.board
    description.stopButtons = [FakeBoard.line("STOP")]
    let failure = #expect(throws: BoardFailure.self) {
      _ = try BoardHardware(description, devices: board.devices, purpose: .start)
    }
    #expect(failure?.description.hasPrefix("stopButtons: ") == true)
    _ = try BoardHardware(description, devices: board.devices, purpose: .safeState)
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
  }
}
