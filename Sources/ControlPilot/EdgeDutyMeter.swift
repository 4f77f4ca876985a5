public import HAL
public import Wire

/// Presence and duty of the pilot from the time stamps of its edges, as a vehicle's comparator on a GPIO line sees them.
///
/// One period never decides: an interrupt that comes 20 us late is two percentage points, the way from 5 % to 7 %. A
/// duty is the median of at least 20 periods; periods outside 950...1050 us, and those of which an edge was missed, do
/// not count. The median rather than a mean, as while a duty changes a mean would show currents that nobody offers.
///
/// Hand in what the driver's buffer holds before `timeout`: a line whose edges wait to be read is not a steady one.
/// An edge that lies behind an earlier one in time counts as missed.
public struct EdgeDutyMeter: Machine, Sendable {
  public enum Event: Hashable, Sendable {
    /// The level, without an edge: read once at the start, and whenever the driver had to begin anew.
    case level(high: Bool)
    /// An edge, at the time of its stamp. `missed`: edges before it were lost (sequence numbers, or a full buffer).
    case edge(rising: Bool, missed: Bool)
    case timeout
  }

  public enum Action: Hashable, Sendable {
    /// For `EVPilot`. Never `.none`, which a comparator cannot tell from steady -12 V.
    case measured(PilotSignal)
  }

  /// Fewer valid periods than this tell no duty.
  public static let periodsMin = 20
  /// A duty is told after so many valid periods.
  public static let periodsPerReport = 10
  /// Periods that count, 1 kHz +-5 %.
  public static let periods = 950_000...1_050_000 as ClosedRange<Int64>
  /// No edge for this long is a steady level: three periods.
  public static let steadyAfter = Duration.milliseconds(3)
  /// A steady level is told again after this long, so that two in a row are soon there ...
  public static let confirmAfter = Duration.milliseconds(10)
  /// ... and then so often, as a sign of life.
  public static let repeatAfter = Duration.milliseconds(100)

  /// The input stage inverts.
  public let isInverted: Bool
  /// Periods that did not count, since the start.
  public private(set) var rejected = 0

  private var level: Bool?
  private var lastEdge: Instant?
  /// The rising edge of the period under way; `nil` when it was missed.
  private var rise: Instant?
  /// The falling edge of the period under way.
  private var fall: Instant?
  private var window = PeriodWindow()
  private var sinceReport = 0
  private var rejectedInARow = 0
  private var steadyDue: Instant?
  private var steadyReports = 0

  public init(isInverted: Bool = false) { self.isInverted = isInverted }

  public var deadline: Instant? { steadyDue }

  public mutating func handle(_ event: Event, at now: Instant, perform: (Action) -> Void) {
    switch event {
    case .level(let high):
      level = high != isInverted
      lastEdge = now
      forget()
      steadyReports = 0
      steadyDue = now + Self.steadyAfter
    case .edge(let rising, let missed): take(rising != isInverted, missed, now, perform)
    case .timeout: if let due = steadyDue, now >= due { tellSteady(now, perform) }
    }
  }

  private mutating func take(_ rising: Bool, _ missed: Bool, _ now: Instant, _ perform: (Action) -> Void) {
    // The silence before this edge, where nobody handed in a timeout. Edges that were lost leave a gap that is none.
    if !missed, let due = steadyDue, now > due { tellSteady(due, perform) }
    let isBackwards = lastEdge.map { now < $0 } ?? false
    if missed || isBackwards || level == rising {
      // Which edge is gone nobody knows: what was under way is no period.
      rise = nil
      fall = nil
    }
    level = rising
    lastEdge = now
    steadyReports = 0
    steadyDue = now + Self.steadyAfter
    guard rising else {
      fall = now
      return
    }
    if let rise, let fall { count(period: now - rise, high: fall - rise, perform) }
    rise = now
    fall = nil
  }

  private mutating func count(period: Duration, high: Duration, _ perform: (Action) -> Void) {
    guard Self.periods.contains(period.nanoseconds) else {
      rejected += 1
      rejectedInARow += 1
      // An oscillation that is none: what was measured before it says nothing any more.
      if rejectedInARow >= Self.periodsMin { window.removeAll() }
      return
    }
    rejectedInARow = 0
    // To the nearest permille; below 1 and above 999 there would be no edges.
    let permille = (high.nanoseconds * 1000 + period.nanoseconds / 2) / period.nanoseconds
    window.append(Int(min(max(permille, 1), 999)))
    sinceReport += 1
    guard window.count >= Self.periodsMin, sinceReport >= Self.periodsPerReport else { return }
    sinceReport = 0
    perform(.measured(.pwm(permille: window.median)))
  }

  private mutating func tellSteady(_ now: Instant, _ perform: (Action) -> Void) {
    guard let level else { return }
    forget()
    steadyReports = min(steadyReports + 1, 2)
    steadyDue = now + (steadyReports == 1 ? Self.confirmAfter : Self.repeatAfter)
    perform(.measured(level ? .steadyHigh : .steadyLow))
  }

  private mutating func forget() {
    rise = nil
    fall = nil
    window.removeAll()
    sinceReport = 0
    rejectedInARow = 0
  }
}

/// The last duties, permille, and their median.
struct PeriodWindow: Sendable {
  static let capacity = 41

  private var values: [41 of UInt16] = .init(repeating: 0)
  private(set) var count = 0
  private var next = 0

  mutating func append(_ permille: Int) {
    values[next] = UInt16(clamping: permille)
    next = (next + 1) % Self.capacity
    count = min(count + 1, Self.capacity)
  }

  mutating func removeAll() {
    count = 0
    next = 0
  }

  /// The middle value, the lower of the two in the middle of an even number; 0 when empty.
  var median: Int {
    guard count > 0 else { return 0 }
    var sorted = values
    for i in 1..<max(count, 1) {
      var j = i
      while j > 0, sorted[j - 1] > sorted[j] {
        sorted.swapAt(j - 1, j)
        j -= 1
      }
    }
    return Int(sorted[(count - 1) / 2])
  }
}
