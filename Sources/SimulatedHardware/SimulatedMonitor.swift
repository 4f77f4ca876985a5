public import Wire

/// A residual-current monitor with a test input, and with the faults monitors have.
public struct SimulatedResidualCurrentMonitor: Hashable, Sendable {
  public enum Fault: Hashable, Sendable, CaseIterable {
    case none
    /// It trips no more, whatever flows.
    case deaf
    /// Once tripped it stays so.
    case stuck
  }

  /// From current to trip, and from its end to no fault.
  public var tripDelay: Duration
  public var returnDelay: Duration
  public var fault = Fault.none
  /// A real leak.
  public var isLeaking = false
  /// The test input.
  public private(set) var isUnderTest = false
  /// What it reports.
  public private(set) var isTripped = false
  private var changeDue: Instant?
  private var now = Instant.zero

  public init(tripDelay: Duration = .milliseconds(40), returnDelay: Duration = .milliseconds(100)) {
    self.tripDelay = tripDelay
    self.returnDelay = returnDelay
  }

  /// Drives the test input at the time of the last `advance`.
  public mutating func test(_ on: Bool) {
    isUnderTest = on
    advance(to: now)
  }

  /// Lets time pass.
  public mutating func advance(to instant: Instant) {
    now = max(now, instant)
    let sees = isUnderTest || isLeaking
    let target: Bool =
      switch fault {
      case .none: sees
      case .deaf: false
      case .stuck: sees || isTripped
      }
    guard target != isTripped else { return changeDue = nil }
    let due = changeDue ?? now + (target ? tripDelay : returnDelay)
    changeDue = due
    guard now >= due else { return }
    isTripped = target
    changeDue = nil
  }
}
