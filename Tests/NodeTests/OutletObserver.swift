import Wire

/// Somebody with a stopwatch who sees wire, coil, contacts and bolt, and knows nothing of what any machine believes.
struct OutletObserver {
  /// What there is to see.
  struct Sight {
    /// The wire itself is in C, or in D where that may be served.
    var isReady: Bool
    var isCoilOn: Bool
    var areContactsClosed: Bool
    var isBoltOut: Bool
    /// The contacts stick, whatever the coil does.
    var isStuck = false
    /// There is no vehicle's diode between wire and earth, whether or not it can be seen now.
    var isDiodeMissing = false
    /// The residual-current monitor.
    var isUnderTest = false
    var isTripped = false
  }

  /// IEC 61851-1 Table A.6: from leaving C or D to open contacts.
  static let openingMax = Duration.milliseconds(100)
  /// What of it is left to the machine, with a contactor that takes 50 ms to drop out.
  static let coilMax = Duration.milliseconds(50)
  /// A coil may be switched on so long after the wire has left: sampling and debouncing.
  static let blindness = Duration.milliseconds(30)
  /// Contacts that are still closed so long after the coil went off are welded: drop-out and 200 ms of feedback.
  static let weldedAfter = Duration.milliseconds(300)

  let hasLock: Bool
  /// The first rule that was broken, with its time.
  private(set) var violation: String?
  private(set) var closings = 0
  private(set) var openings = 0
  private(set) var welds = 0
  /// The longest time from leaving C or D to open contacts.
  private(set) var slowest = Duration.zero
  /// Welded contacts were seen, and nobody has looked at them since.
  private(set) var isOutOfService = false
  private var notReadySince: Instant?
  private var noDiodeSince: Instant?
  private var coilOffSince: Instant?
  private var last: Sight?

  /// Every closing has to be preceded by a test of the monitor.
  let testsMonitor: Bool
  /// What the monitor did since the last closing.
  private var hasTripped = false
  private var hasReturned = false
  private(set) var changes = 0

  init(hasLock: Bool, testsMonitor: Bool = false) {
    self.hasLock = hasLock
    self.testsMonitor = testsMonitor
  }

  /// Another number of phases is taken.
  mutating func phasesChange(isLive: Bool, isOffered: Bool, at now: Instant) {
    changes += 1
    if isLive || isOffered, violation == nil {
      violation = "\(now): phases changed \(isLive ? "under load" : "with an offer")"
    }
  }

  /// After every step.
  mutating func look(_ sight: Sight, at now: Instant) {
    notReadySince = sight.isReady ? nil : notReadySince ?? now
    noDiodeSince = sight.isDiodeMissing ? noDiodeSince ?? now : nil
    coilOffSince = sight.isCoilOn ? nil : coilOffSince ?? now
    func rule(_ holds: Bool, _ text: @autoclosure () -> String) {
      if !holds, violation == nil { violation = "\(now): \(text())" }
    }
    let isWelded = sight.areContactsClosed && (coilOffSince.map { now - $0 > Self.weldedAfter } ?? false)
    if sight.areContactsClosed {
      if let left = notReadySince, !isOutOfService, !isWelded, !sight.isStuck {
        rule(now - left <= Self.openingMax, "closed \((now - left).milliseconds) ms after leaving C and D")
        slowest = max(slowest, now - left)
      }
      rule(sight.isBoltOut || !hasLock, "live and not locked")
    }
    // The test output goes off in the very moment of the trip.
    if last?.isUnderTest == true, sight.isTripped { hasTripped = true }
    if hasTripped, !sight.isTripped { hasReturned = true }
    rule(!sight.isUnderTest || !sight.isCoilOn, "monitor under test with the coil on")
    if sight.isCoilOn, last?.isCoilOn != true {
      closings += 1
      rule(hasReturned || !testsMonitor, "coil on without a test of the monitor")
      (hasTripped, hasReturned) = (false, false)
      rule(!isOutOfService, "coil on after a weld")
      if let gone = noDiodeSince { rule(now - gone <= Self.blindness, "coil on without a diode") }
      if let left = notReadySince {
        rule(now - left <= Self.blindness, "coil on \((now - left).milliseconds) ms after leaving C and D")
      }
    }
    if sight.isCoilOn, let left = notReadySince {
      rule(now - left <= Self.coilMax, "coil on \((now - left).milliseconds) ms after leaving C and D")
    }
    if last?.areContactsClosed == true, !sight.areContactsClosed { openings += 1 }
    if isWelded, !isOutOfService {
      welds += 1
      isOutOfService = true
    }
    last = sight
  }

  /// A person has looked at the contactor.
  mutating func service() { if last?.areContactsClosed == false { isOutOfService = false } }
}
