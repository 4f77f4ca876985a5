import Testing
import Wire

@testable import LinuxHardware

@Suite struct EdgeDebouncerTests {
  static let period = Duration.milliseconds(10)

  /// Levels of a line by the millisecond, from which its edges follow.
  struct Course {
    var levels: [Bool] = []
    var edges: [(at: Int, rising: Bool)] {
      levels.indices.dropFirst().filter { levels[$0] != levels[$0 - 1] }.map { ($0, levels[$0]) }
    }
    /// What has lasted 10 ms, told at its end: written down from the definition, sample by sample.
    var certain: [(at: Int, rising: Bool)] {
      var told: [(Int, Bool)] = []
      var level = levels[0]
      for at in 10..<levels.count where levels[at - 10] != level {
        // The change happened at `at - 10`, and the line has stayed since.
        guard levels[at - 11] == level || at == 10 else { continue }
        if levels[at - 10..<at].allSatisfy({ $0 != level }) {
          told.append((at, !level))
          level.toggle()
        }
      }
      return told
    }
  }

  static func at(_ milliseconds: Int) -> Instant { .zero + .milliseconds(milliseconds) }

  @Test func what_lasts_is_told_and_nothing_else() throws {
    let seed = UInt64.random(in: .min ... .max)
    var random = SeededGenerator(seed: seed)
    for _ in 0..<500 {
      var course = Course()
      var level = Bool.random(using: &random)
      while course.levels.count < 400 {
        let length = Int.random(in: Bool.random(using: &random) ? 1...9 : 10...40, using: &random)
        course.levels += [Bool](repeating: level, count: length)
        level.toggle()
      }
      course.levels += [Bool](repeating: course.levels[course.levels.count - 1], count: 20)
      var debouncer = EdgeDebouncer(level: course.levels[0], period: Self.period)
      var told: [EdgeEvent] = []
      for (index, edge) in course.edges.enumerated() {
        // The timer comes late, early, or not before the next edge.
        if Bool.random(using: &random), let deadline = debouncer.deadline, deadline <= Self.at(edge.at) {
          if let certain = debouncer.settle(at: deadline) { told.append(certain) }
        }
        if let early = debouncer.settle(at: Self.at(0)) { told.append(early) }
        let event = EdgeEvent(
          rising: edge.rising, at: Self.at(edge.at), sequence: UInt32(index + 1), missed: 0)
        if let certain = debouncer.take(event) { told.append(certain) }
      }
      if let last = debouncer.settle(at: Self.at(10_000)) { told.append(last) }
      let expected = course.certain
      #expect(told.map(\.rising) == expected.map(\.rising), "seed \(seed)")
      #expect(told.map(\.at) == expected.map { Self.at($0.at) }, "seed \(seed)")
      #expect(told.map(\.sequence) == (0..<told.count).map { UInt32($0 + 1) }, "seed \(seed)")
    }
  }

  @Test func the_level_that_was_read_wins_over_a_lost_edge() {
    var debouncer = EdgeDebouncer(level: false, period: Self.period)
    let edge = EdgeEvent(rising: true, at: Self.at(5), sequence: 1, missed: 0)
    #expect(debouncer.take(edge) == nil)
    #expect(debouncer.settle(at: Self.at(15), actual: false) == nil, "the falling edge was lost")
    #expect(!debouncer.level)
    #expect(debouncer.deadline == nil)
  }

  @Test func lost_edges_are_told_with_the_next_change() {
    var debouncer = EdgeDebouncer(level: false, period: Self.period)
    _ = debouncer.take(EdgeEvent(rising: true, at: Self.at(1), sequence: 3, missed: 2))
    _ = debouncer.take(EdgeEvent(rising: true, at: Self.at(2), sequence: 5, missed: 1))
    #expect(debouncer.settle(at: Self.at(12))?.missed == 3)
    _ = debouncer.take(EdgeEvent(rising: false, at: Self.at(20), sequence: 6, missed: 0))
    #expect(debouncer.settle(at: Self.at(30))?.missed == 0)
  }

  @Test func readings_change_only_after_the_period() {
    var filter = LevelFilter(false, period: Self.period)
    let readings = [
      (0, true), (5, true), (9, false), (10, true), (19, true), (20, true), (21, false), (31, false),
    ]
    let taken = readings.map { filter.take($0.1, at: Self.at($0.0)) }
    #expect(taken == [false, false, false, false, false, true, true, false])
  }
}
