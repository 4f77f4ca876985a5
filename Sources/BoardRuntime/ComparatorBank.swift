import HAL
import LinuxHardware

/// Comparators on a pilot: one line per threshold, true above it.
///
/// An oscillating pilot makes them flutter at 1 kHz. What a line was at any time since the last look makes the high
/// level, what it was all the time the low one.
final class ComparatorBank {
  private final class Line {
    let pin: any InputPin
    let millivolts: Int
    /// What it was since the last look.
    var sawTrue = false
    var sawFalse = false

    init(_ pin: any InputPin, _ millivolts: Int) {
      self.pin = pin
      self.millivolts = millivolts
    }
  }

  /// Ascending.
  private let lines: [Line]
  /// What lines of an oscillating pilot were is looked at over two periods at least: in a shorter time one that is low for 95 %
  /// of each was never anything else.
  static let window = Duration.milliseconds(2)
  /// Edges of an oscillating pilot come 2,000 times a second; they are looked at 200 times.
  static let gathering = Duration.milliseconds(5)

  init(_ comparators: [PilotComparator], _ devices: BoardDevices) throws(LinuxError) {
    var lines: [Line] = []
    for comparator in comparators.sorted(by: { $0.millivolts < $1.millivolts }) {
      lines.append(Line(try devices.input(comparator.line, Self.gathering), comparator.millivolts))
    }
    self.lines = lines
  }

  func watch(
    on loop: EventLoop, changed: @escaping () -> Void, failed: @escaping (LinuxError) -> Void
  ) throws(LinuxError) {
    for line in lines {
      try line.pin.watch(
        on: loop,
        edges: { edges in
          for edge in edges {
            // The level before an edge was the other one.
            line.sawTrue = true
            line.sawFalse = true
            _ = edge
          }
          changed()
        }, failed: failed)
    }
  }

  /// The levels since the last call. Each line has a batch of its own, told when its time is up: what waits is fetched first, so
  /// that all of them are looked at over the same time.
  func levels(_ duty: PilotDuty) throws(LinuxError) -> PilotLevels {
    var high = -1
    var low = -1
    var isReached = true
    var isUnbroken = true
    for line in lines { line.pin.deliver() }
    for (index, line) in lines.enumerated() {
      let now = try line.pin.isActive()
      // Every threshold below counts, too: a line that is stuck must not lift a level.
      isReached = isReached && (now || (duty.isOscillating && line.sawTrue))
      if isReached { high = index }
      isUnbroken = isUnbroken && now && !(duty.isOscillating && line.sawFalse)
      if isUnbroken { low = index }
      line.sawTrue = false
      line.sawFalse = false
    }
    guard duty.isOscillating else {
      // A steady pilot has one level; where lines contradict each other the lower one counts.
      let level = millivolts(above: duty == .steadyLow || low < high ? low : high, duty)
      return PilotLevels(highMillivolts: level, lowMillivolts: level)
    }
    return PilotLevels(
      highMillivolts: millivolts(above: high, duty), lowMillivolts: millivolts(above: low, duty))
  }

  /// The middle between two thresholds.
  private func millivolts(above index: Int, _ duty: PilotDuty) -> Int {
    guard index >= 0 else {
      // Below all: -12 V where the pilot is driven there, else what lies under the lowest threshold.
      let lowest = lines.first?.millivolts ?? 0
      if duty != .steadyHigh || lowest <= -2_000 { return -12_000 }
      return min(0, lowest - 1_000)
    }
    guard index + 1 < lines.count else { return max(lines[index].millivolts + 500, 12_000) }
    return (lines[index].millivolts + lines[index + 1].millivolts) / 2
  }
}
