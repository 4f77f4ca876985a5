public import Wire

/// When the pilot is sampled: the clock of a converter, in virtual time.
///
/// A real converter never rests. A simulation of a long charge may let it: with `rests`, sampling stops after
/// enough samples of an unchanged wire to outlast blanking and debouncing, and starts again with `wireChanged`.
/// The machines then need `PilotTimers.relaxed`, which do not watch for silence.
public struct PilotSampler: Hashable, Sendable {
  /// Between two samples; 4...10 ms at a station.
  public let period: Duration
  /// Stop when nothing changes.
  public let rests: Bool
  /// Samples of an unchanged wire before it rests: 40 ms at the default period.
  static let samplesBeforeRest = 8

  private var samplesLeft = samplesBeforeRest
  /// When to take the next sample; `nil` while resting.
  public private(set) var deadline: Instant?

  public init(period: Duration = .milliseconds(5), rests: Bool, from start: Instant = .zero) {
    self.period = period
    self.rests = rests
    deadline = start
  }

  /// The wire's duty, load or faults have changed.
  public mutating func wireChanged(at now: Instant) {
    samplesLeft = Self.samplesBeforeRest
    if deadline == nil { deadline = now + period }
  }

  /// True where a sample is due now; then the next one is set.
  public mutating func isDue(at now: Instant) -> Bool {
    guard let due = deadline, now >= due else { return false }
    samplesLeft -= 1
    deadline = rests && samplesLeft <= 0 ? nil : now + period
    return true
  }
}
