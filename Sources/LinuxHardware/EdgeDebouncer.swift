import Wire

// Debouncing where the kernel does not do it. Both follow the kernel's own: a change counts when the line has kept its new
// level for the whole period, and is dated to the end of it.

/// Debounces edges.
struct EdgeDebouncer {
  let period: Duration
  /// The level that was told last.
  private(set) var level: Bool
  private var candidate: Bool
  /// When the candidate will have lasted; `nil` where nothing is in the air.
  private(set) var deadline: Instant?
  private var sequence: UInt32 = 0
  private var missed: UInt32 = 0

  init(level: Bool, period: Duration) {
    self.level = level
    self.period = period
    candidate = level
  }

  /// Takes a raw edge; gives the change that had become certain before it.
  mutating func take(_ edge: EdgeEvent) -> EdgeEvent? {
    let certain = settle(at: edge.at)
    missed += edge.missed
    candidate = edge.rising
    deadline = edge.at + period
    return certain
  }

  /// The change that is certain by `now`, if there is one. `actual` is the line's level where the caller has read
  /// it: lost edges may have left the candidate wrong.
  mutating func settle(at now: Instant, actual: Bool? = nil) -> EdgeEvent? {
    guard let due = deadline, due <= now else { return nil }
    deadline = nil
    if let actual { candidate = actual }
    guard candidate != level else { return nil }
    level = candidate
    sequence &+= 1
    defer { missed = 0 }
    return EdgeEvent(rising: level, at: due, sequence: sequence, missed: missed)
  }
}

/// Debounces readings.
struct LevelFilter {
  let period: Duration
  private var level: Bool
  private var differsSince: Instant?

  init(_ level: Bool, period: Duration) {
    self.level = level
    self.period = period
  }

  mutating func take(_ value: Bool, at now: Instant) -> Bool {
    guard value != level else {
      differsSince = nil
      return level
    }
    let since = differsSince ?? now
    differsSince = since
    if now - since >= period {
      level = value
      differsSince = nil
    }
    return level
  }
}
