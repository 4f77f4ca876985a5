import HAL
import Wire

/// The insulation test of a DC session (IEC 61851-23 CC.4.1): what a monitor says counts only once it could have seen a
/// fault, which takes closed contacts, the voltage of the test and its response time. A fault counts at once.
struct CableCheck {
  /// Longest time in which the monitor tells a fault.
  let response: Duration
  /// What the monitor said last.
  private(set) var reported = InsulationStatus.invalid
  /// The insulation is tested: from now on what the monitor says counts as it comes.
  private(set) var isPassed = false
  /// Voltage of the test under way, mV.
  private var millivolts: Int?
  /// Since when nothing is missing but time.
  private var soundSince: Instant?

  init(response: Duration) { self.response = response }

  var deadline: Instant? { isPassed ? nil : soundSince.map { $0 + response } }

  /// What of the monitor's word may be told on.
  var result: InsulationStatus { isPassed || !reported.permitsEnergy ? reported : .invalid }

  mutating func begin(millivolts: Int) {
    (self.millivolts, isPassed, soundSince) = (millivolts, false, nil)
  }

  /// The session goes on, or is over.
  mutating func end(passed: Bool) {
    (millivolts, soundSince) = (nil, nil)
    if !passed { isPassed = false }
  }

  mutating func report(_ status: InsulationStatus) { reported = status }

  /// After every event. True where it has just been passed.
  mutating func look(contactorClosed: Bool, millivolts output: Int, at now: Instant) -> Bool {
    guard let millivolts, !isPassed else { return false }
    // 90 %, in 64 bits for targets with a 32-bit Int.
    guard reported.permitsEnergy, contactorClosed, Int64(output) * 10 >= Int64(millivolts) * 9 else {
      soundSince = nil
      return false
    }
    let since = soundSince ?? now
    soundSince = since
    isPassed = now >= since + response
    return isPassed
  }
}

extension ChargerNode {
  mutating func insulationIs(_ status: InsulationStatus, _ now: Instant, _ perform: (Action) -> Void) {
    insulation.report(status)
    tellInsulation(now, perform)
  }

  mutating func tellInsulation(_ now: Instant, _ perform: (Action) -> Void) {
    let result = insulation.result
    conditions.isolation =
      switch result {
      case .invalid: .unchecked
      case .valid: .valid
      case .warning: .warning
      case .fault: .fault
      }
    supervise(.insulation(result), now, perform)
  }

  /// After every event.
  mutating func checkInsulation(_ now: Instant, _ perform: (Action) -> Void) {
    let hasPassed = insulation.look(
      contactorClosed: conditions.contactorClosed, millivolts: conditions.presentMillivolts, at: now)
    if hasPassed { tellInsulation(now, perform) }
  }
}
