import HAL
import LinuxHardware
import Testing
import Wire

@testable import BoardRuntime

/// The insulation monitor of a DC outlet: what its line says, and what it has to prove before that counts.
@Suite struct InsulationMonitorTests {
  /// A monitor on a fake line, which has 50 ms to answer a test.
  private final class Rig {
    static let input = FakeBoard.line("IMD")
    static let test = FakeBoard.output("IMD_TEST")

    let board: FakeBoard
    let loop: EventLoop
    let monitor: InsulationMonitor
    private(set) var told: [InsulationStatus] = []
    private(set) var failures: [LinuxError] = []

    init(hasTest: Bool = true) throws {
      var description = FakeBoard.board
      description.outlets[0].current = .dc
      description.outlets[0].monitoring.insulation = .line(Self.input, test: hasTest ? Self.test : nil)
      board = try FakeBoard()
      loop = try EventLoop()
      let hardware = try BoardHardware(description, devices: board.devices, purpose: .start)
      var failed: (LinuxError) -> Void = { _ in }
      monitor = try #require(
        try InsulationMonitor(
          description.outlets[0], hardware: hardware, loop: loop, responseMax: .milliseconds(50),
          failed: { failed($0) }))
      failed = { [unowned self] in failures.append($0) }
      try monitor.start { [unowned self] in told.append($0) }
    }

    func take() -> [InsulationStatus] {
      defer { told = [] }
      return told
    }
    func run(_ time: Duration) throws {
      let end = loop.now + time
      while loop.now < end { try loop.step(until: end) }
    }
    func input() throws -> FakeBoard.Input { try #require(board.inputs[Self.input]) }
    func test() throws -> FakeBoard.Output { try #require(board.outputs[Self.test.line]) }
    func trip(_ isTripped: Bool) throws { try input().set(isTripped, at: loop.now) }
  }

  @Test func without_a_test_input_its_word_counts() throws {
    let rig = try Rig(hasTest: false)
    #expect(rig.take() == [.valid])
    rig.monitor.test()
    #expect(rig.take() == [.invalid, .valid], "asked, it is a result of this session's")
    try rig.trip(true)
    #expect(rig.take() == [.fault])
    try rig.trip(false)
    #expect(rig.take() == [.valid])
  }

  @Test func with_a_test_input_it_counts_only_after_it_tripped_and_returned() throws {
    let rig = try Rig()
    #expect(rig.take() == [.invalid])
    rig.monitor.test()
    #expect(try rig.test().value)
    #expect(rig.take() == [.invalid])
    try rig.trip(true)
    #expect(try !rig.test().value, "the test ends with the trip")
    #expect(rig.take() == [])
    try rig.trip(false)
    #expect(rig.take() == [.valid])
    try rig.trip(true)
    #expect(rig.take() == [.fault], "a real one")
  }

  @Test func a_trip_shorter_than_a_look_passes_the_test() throws {
    let rig = try Rig()
    rig.monitor.test()
    _ = rig.take()
    try rig.input().flick(at: rig.loop.now)
    #expect(rig.take() == [.valid])
    #expect(try !rig.test().value)
  }

  @Test(arguments: [false, true])
  func one_that_does_not_trip_or_not_return_is_a_fault(trips: Bool) throws {
    let rig = try Rig()
    rig.monitor.test()
    if trips { try rig.trip(true) }
    _ = rig.take()
    try rig.run(.milliseconds(80))
    #expect(rig.take() == [.fault])
    #expect(try !rig.test().value, "nothing stays under test")
    // What it says then counts for nothing.
    try rig.trip(!trips)
    try rig.trip(trips)
    #expect(rig.take() == [])
    rig.monitor.test()
    #expect(rig.take().first == .invalid, "until the next test")
  }

  @Test func the_end_of_the_program_ends_the_test() throws {
    let rig = try Rig()
    rig.monitor.test()
    rig.monitor.release()
    #expect(try !rig.test().value)
    _ = rig.take()
    try rig.trip(true)
    try rig.trip(false)
    try rig.run(.milliseconds(80))
    #expect(rig.take() == [])
  }

  @Test func lines_that_fail_are_told() throws {
    let rig = try Rig()
    try rig.test().fails = true
    rig.monitor.test()
    #expect(rig.failures.count == 1)
    let other = try Rig()
    try other.input().fail()
    #expect(other.failures.count == 1)
  }
}
