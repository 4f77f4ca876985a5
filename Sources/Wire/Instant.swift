/// A point on a monotonic time line, in nanoseconds since an arbitrary origin.
///
/// Cores are handed instants and never ask a clock: in a simulation the origin is the start of the run,
/// on a board it is the kernel's `CLOCK_MONOTONIC`.
public struct Instant: Hashable, Comparable, Sendable {
  /// Nanoseconds since the origin; may be negative for instants before it.
  public var nanoseconds: Int64

  /// The origin.
  public static let zero = Instant(nanoseconds: 0)

  @inlinable public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  @inlinable public static func < (a: Instant, b: Instant) -> Bool { a.nanoseconds < b.nanoseconds }

  /// The instant `duration` later; saturates at the ends of the time line instead of trapping.
  @inlinable public static func + (instant: Instant, duration: Duration) -> Instant {
    let (sum, overflow) = instant.nanoseconds.addingReportingOverflow(duration.nanoseconds)
    if overflow { return Instant(nanoseconds: duration.nanoseconds < 0 ? .min : .max) }
    return Instant(nanoseconds: sum)
  }

  @inlinable public static func - (instant: Instant, duration: Duration) -> Instant {
    instant + .nanoseconds(0 &- duration.nanoseconds)
  }

  /// Time from `earlier` to `later`; saturates.
  @inlinable public static func - (later: Instant, earlier: Instant) -> Duration {
    let (difference, overflow) = later.nanoseconds.subtractingReportingOverflow(earlier.nanoseconds)
    if overflow { return .nanoseconds(later.nanoseconds < 0 ? Int64.min : Int64.max) }
    return .nanoseconds(difference)
  }

  @inlinable public static func += (instant: inout Instant, duration: Duration) {
    instant = instant + duration
  }
}

extension Duration {
  /// The duration in whole nanoseconds, rounded toward zero and saturated to 64 bits (292 years).
  @inlinable public var nanoseconds: Int64 {
    // Not by `components`, which takes ten times as long.
    Int64(clamping: attoseconds / 1_000_000_000)
  }

  /// The duration in whole milliseconds, rounded toward zero.
  @inlinable public var milliseconds: Int64 { nanoseconds / 1_000_000 }
}

/// Whether a deadline has been reached; `nil` never is.
@inlinable public func isDue(_ deadline: Instant?, at now: Instant) -> Bool {
  guard let deadline else { return false }
  return deadline <= now
}

/// The earlier of two deadlines, `nil` meaning "none".
@inlinable public func earliest(_ a: Instant?, _ b: Instant?) -> Instant? {
  guard let a else { return b }
  guard let b else { return a }
  return min(a, b)
}

/// The earliest of some deadlines, `nil` meaning "none". Not variadic: that would make an array, at every step of
/// every machine.
@inlinable public func earliest(
  _ a: Instant?, _ b: Instant?, _ c: Instant?, _ d: Instant? = nil, _ e: Instant? = nil,
  _ f: Instant? = nil, _ g: Instant? = nil, _ h: Instant? = nil
) -> Instant? {
  earliest(
    earliest(earliest(a, b), earliest(c, d)), earliest(earliest(e, f), earliest(g, h)))
}
