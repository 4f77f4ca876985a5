public import HAL
public import Wire

/// A contactor that takes its time, with mirror contacts, and with the faults contactors have.
public struct SimulatedContactor: Contactor, Hashable, Sendable {
  public enum Fault: Hashable, Sendable, CaseIterable {
    case none
    /// Once closed, the contacts do not open.
    case welded
    /// The contacts do not close.
    case stuckOpen
    /// Closed contacts fall open though the coil is energized.
    case dropsOut
  }

  /// From coil on to contacts closed.
  public var closingDelay: Duration
  /// From coil off to contacts open.
  public var openingDelay: Duration
  /// May be set at any time; works from the next `advance` on.
  public var fault: Fault = .none
  /// The coil, as commanded.
  public private(set) var isCoilOn = false
  /// The main contacts, which the mirror contacts follow.
  public private(set) var areContactsClosed = false
  /// How often the contacts closed: wear.
  public private(set) var closings = 0
  /// When the contacts will follow the coil.
  public private(set) var deadline: Instant?
  private var now: Instant = .zero

  public init(closingDelay: Duration = .milliseconds(20), openingDelay: Duration = .milliseconds(20)) {
    self.closingDelay = closingDelay
    self.openingDelay = openingDelay
  }

  /// Drives the coil at the time of the last `advance`.
  public mutating func command(closed: Bool) {
    guard closed != isCoilOn else { return }
    isCoilOn = closed
    deadline = closed == areContactsClosed ? nil : now + (closed ? closingDelay : openingDelay)
  }

  /// Lets time pass. Earlier times than the last one change nothing.
  public mutating func advance(to instant: Instant) {
    now = max(now, instant)
    if let due = deadline, now >= due {
      deadline = nil
      move(to: isCoilOn)
    }
    if fault == .dropsOut { areContactsClosed = false }
    // A weld that is broken by hand lets the spring open the contacts.
    if fault == .none, deadline == nil, areContactsClosed, !isCoilOn { areContactsClosed = false }
  }

  public func isClosed() -> Bool { areContactsClosed }

  private mutating func move(to closed: Bool) {
    if closed, fault == .stuckOpen || fault == .dropsOut { return }
    if !closed, fault == .welded { return }
    if closed, !areContactsClosed { closings += 1 }
    areContactsClosed = closed
  }
}

/// A connector lock with a motor that takes its time, and may jam.
public struct SimulatedLock: ConnectorLock, Hashable, Sendable {
  /// From command to end position.
  public var travel: Duration
  /// The motor runs, the bolt does not move.
  public var isJammed = false
  /// The bolt holds the plug.
  public private(set) var isBoltOut = false
  /// When the motor is done.
  public private(set) var deadline: Instant?
  private var target = false
  private var now: Instant = .zero

  public init(travel: Duration = .milliseconds(300)) { self.travel = travel }

  /// Starts the motor at the time of the last `advance`.
  public mutating func command(locked: Bool) {
    guard locked != target else { return }
    target = locked
    deadline = locked == isBoltOut ? nil : now + travel
  }

  /// Lets time pass.
  public mutating func advance(to instant: Instant) {
    now = max(now, instant)
    guard let due = deadline, now >= due else { return }
    deadline = nil
    if !isJammed { isBoltOut = target }
  }

  public func isLocked() -> Bool { isBoltOut }
}
