import Wire

/// The self-test of the residual-current monitor, made before each closing: a monitor that does not trip any more
/// watches nothing, and nobody would know (IEC 62955 clause 9.11; IEC 61851-1 clause 8.5).
///
/// ```
///        all else is proven          trips            reads sound            closes
///   due ------------------> tripping ------> returning -----------> passed --------> due
///                              | in time?       | in time?
///                              v                v
///                          did not trip      did not return
/// ```
///
/// It is made last, when only it keeps the contactor open, so that what it proved is not older than the closing. A
/// closing that is given up meanwhile ends the test without a result: the monitor still has to return.
enum MonitorTest: Hashable, Sendable {
  case due
  /// The test output is on.
  case tripping(until: Instant)
  /// The test output is off again. `counts` is false once the closing was given up.
  case returning(until: Instant, counts: Bool)
  case passed

  /// What the monitor says now is an answer to the test.
  var isUnderWay: Bool { until != nil }

  /// The test output is on.
  var isOutputOn: Bool { if case .tripping = self { true } else { false } }

  /// When its answer is too late.
  var until: Instant? {
    switch self {
    case .due, .passed: nil
    case .tripping(let until), .returning(let until, _): until
    }
  }
}

extension SafetySupervisor {
  /// Before a permit is asked for. Ends with `due` or `passed`, or waits for the monitor.
  mutating func advanceTest(_ now: Instant, _ perform: (Action) -> Void) {
    guard settings.testsResidualCurrent else { return }
    let isOpen = if case .open = phase { true } else { false }
    let isWanted = isOpen && facts.lacksOnlyTest(settings, latched: latched, at: now)
    let hasTripped = facts.isResidualCurrentSound == false
    switch facts.test {
    case .due, .passed:
      facts.test = .due
      guard isWanted else { return }
      facts.test = .tripping(until: now + settings.monitorTripMax)
      perform(.residualCurrentTest(true))
    case .tripping(let until):
      guard hasTripped || !isWanted || now >= until else { return }
      perform(.residualCurrentTest(false))
      if !hasTripped, isWanted { return failTest(.didNotTrip, perform) }
      facts.test = .returning(until: now + settings.monitorReturnMax, counts: isWanted)
      // One that was given up before it tripped has nothing to return from.
      if !hasTripped { facts.test = .due }
    case .returning(let until, let counts):
      if !hasTripped {
        facts.test = counts && isWanted ? .passed : .due
      } else if now >= until {
        failTest(.didNotReturn, perform)
      } else {
        facts.test = .returning(until: until, counts: counts && isWanted)
      }
    }
  }

  private mutating func failTest(_ failure: MonitorTestFailure, _ perform: (Action) -> Void) {
    facts.test = .due
    raise(.residualCurrentTest(failure), perform)
  }
}
