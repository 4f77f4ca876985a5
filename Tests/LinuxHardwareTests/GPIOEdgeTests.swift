import CGPIOD
import Glibc
import HAL
import LinuxHardware
import Testing
import Wire

extension GPIOTests {
  /// Edges of the kernel's simulated lines.
  @Suite struct Edges {
    @Test func edges_come_in_order_with_the_time_they_happened() throws {
      let chip = try SimulatedChip("chip", ["CP"])
      let loop = try EventLoop()
      let line = try GPIOEdges(LineDescription(.named("CP")))
      let log = EdgeLog()
      try log.attach(line, to: loop)
      var spans: [ClosedRange<Instant>] = []
      for round in 0..<20 {
        let before = monotonicNow()
        try chip.pull(0, round % 2 == 0)
        waitForEdge()
        spans.append(before...monotonicNow())
        if round % 7 == 6 { try log.listen(loop, for: .milliseconds(1)) }
      }
      try log.listen(loop, for: .milliseconds(20))
      try #require(log.edges.count == 20)
      for (index, edge) in log.edges.enumerated() {
        #expect(edge.rising == (index % 2 == 0))
        #expect(spans[index].contains(edge.at), "edge \(index)")
        #expect(edge.sequence == UInt32(index + 1))
        #expect(edge.missed == 0)
      }
      #expect(line.missed == 0)
      #expect(log.batches < 20, "waiting edges come together")
    }

    @Test func edges_of_an_active_low_line_are_logical() throws {
      let chip = try SimulatedChip("chip", ["STOP_N"])
      try chip.pull(0, true)
      let loop = try EventLoop()
      let line = try GPIOEdges(LineDescription(.named("STOP_N"), isActiveLow: true))
      let log = EdgeLog()
      try log.attach(line, to: loop)
      #expect(try !line.level())
      try chip.pull(0, false)
      try log.listen(loop, for: .milliseconds(20))
      #expect(log.edges.map(\.rising) == [true])
      #expect(try line.level())
    }

    @Test func edges_that_did_not_fit_are_counted() throws {
      let chip = try SimulatedChip("chip", ["CP"])
      let loop = try EventLoop()
      let line = try GPIOEdges(LineDescription(.named("CP")))
      let log = EdgeLog()
      try log.attach(line, to: loop)
      // Version 2 keeps 1,024 edges and then drops the oldest, version 1 keeps 16 and then drops the newest. One more edge
      // after the reading, for version 1: only two equal edges in a row give the loss away.
      let isCounted = cgpio_library_major() == 2
      let lost = 11
      let total = (isCounted ? 1024 : 16) + lost
      for round in 0..<total {
        try chip.pull(0, round % 2 == 0)
        waitForEdge()
      }
      try log.listen(loop, for: .milliseconds(20))
      try chip.pull(0, total % 2 == 0)
      try log.listen(loop, for: .milliseconds(20))
      #expect(log.edges.count == total + 1 - lost)
      #expect(line.missed == (isCounted ? UInt64(lost) : 1))
      let marked = log.edges.filter { $0.missed > 0 }
      #expect(marked.count == 1)
      #expect(marked.first == (isCounted ? log.edges.first : log.edges.last))
    }

    @Test func a_debounced_line_tells_only_what_lasts() throws {
      let chip = try SimulatedChip("chip", ["CP_STATE"])
      let loop = try EventLoop()
      let line = try GPIOEdges(LineDescription(.named("CP_STATE"), debounce: .milliseconds(30)))
      let log = EdgeLog()
      try log.attach(line, to: loop)
      for _ in 0..<5 {
        for level in [true, false] {
          try chip.pull(0, level)
          try log.listen(loop, for: .milliseconds(5))
        }
      }
      try log.listen(loop, for: .milliseconds(60))
      #expect(log.edges.isEmpty, "flutter ended where it began: \(log.edges)")
      let before = monotonicNow()
      for level in [true, false, true] {
        try chip.pull(0, level)
        try log.listen(loop, for: .milliseconds(5))
      }
      try log.listen(loop, for: .milliseconds(80))
      try #require(log.edges.map(\.rising) == [true])
      let lasted = log.edges[0].at - before
      #expect(lasted >= .milliseconds(38) && lasted < .milliseconds(70), "\(lasted)")
      try chip.pull(0, false)
      try log.listen(loop, for: .milliseconds(80))
      #expect(log.edges.map(\.rising) == [true, false])
      #expect(line.missed == 0)
    }

    @Test func a_debounced_line_can_be_asked_without_being_attached() throws {
      let chip = try SimulatedChip("chip", ["SENSE"])
      let line = try GPIOEdges(LineDescription(.named("SENSE"), debounce: .milliseconds(20)))
      #expect(try !line.level())
      try chip.pull(0, true)
      waitForEdge()
      #expect(try !line.level())
      usleep(40_000)
      #expect(try line.level())
      let loop = try EventLoop()
      let log = EdgeLog()
      try log.attach(line, to: loop)
      try log.listen(loop, for: .milliseconds(10))
      #expect(log.edges.map(\.rising) == [true], "what was not told yet is told")
    }

    @Test func gathering_tells_edges_together_and_loses_none() throws {
      let chip = try SimulatedChip("chip", ["CP"])
      let loop = try EventLoop()
      let line = try GPIOEdges(LineDescription(.named("CP")), gathering: .milliseconds(30))
      let log = EdgeLog()
      try log.attach(line, to: loop)
      for round in 0..<60 {
        try chip.pull(0, round % 2 == 0)
        // Without waiting: what the loop does is looked at, not when it wakes up.
        waitForEdge()
        try loop.step(until: loop.now)
      }
      try log.listen(loop, for: .milliseconds(100))
      #expect(log.edges.count == 60)
      #expect(log.edges.map(\.at) == log.edges.map(\.at).sorted())
      #expect(line.missed == 0)
      #expect(log.batches <= 10, "\(log.batches) batches in about 200 ms")
      let wakeUps = loop.wakeUps
      try log.listen(loop, for: .milliseconds(100))
      #expect(loop.wakeUps - wakeUps == 1, "a line that rests lets the loop rest")
      try chip.pull(0, true)
      try log.listen(loop, for: .milliseconds(15))
      #expect(log.edges.count == 61, "the first edge after a rest is told at once")
    }

    @Test func nothing_is_told_after_detaching() throws {
      let chip = try SimulatedChip("chip", ["CP"])
      let loop = try EventLoop()
      let line = try GPIOEdges(LineDescription(.named("CP")))
      let log = EdgeLog()
      try log.attach(line, to: loop)
      line.detach()
      try chip.pull(0, true)
      try log.listen(loop, for: .milliseconds(20))
      #expect(log.edges.isEmpty)
      try log.attach(line, to: loop)
      try log.listen(loop, for: .milliseconds(20))
      #expect(log.edges.map(\.rising) == [true], "it had waited")
    }

    @Test func a_chip_that_is_gone_ends_the_edges() throws {
      let chip = try SimulatedChip("chip", ["CP"])
      let loop = try EventLoop()
      let line = try GPIOEdges(LineDescription(.named("CP")))
      let log = EdgeLog()
      try log.attach(line, to: loop)
      try chip.unplug()
      try log.listen(loop, for: .milliseconds(50))
      let level = #expect(throws: LinuxError.self) { _ = try line.level() }
      #expect(level?.code == ENODEV)
      // Kernels before 6.6 do not end a wait that has begun, so whoever must know asks for the level now and then.
      if let failure = log.failure { #expect(failure.code == ENODEV) }
      print("the loop \(log.failure == nil ? "was not told" : "was told") that the chip is gone")
      let wakeUps = loop.wakeUps
      try log.listen(loop, for: .milliseconds(50))
      #expect(loop.wakeUps - wakeUps <= 2, "it does not spin on the dead descriptor")
    }
  }
}
