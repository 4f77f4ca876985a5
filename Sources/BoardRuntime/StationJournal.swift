import Journal
import Node
import Safety
import Wire

/// Keeps the events of a station that must not be lost, and tells of a connector what was kept before the start.
final class StationJournal {
  /// Between two meter values of a session.
  static let meterInterval = Duration.seconds(30)

  private let journal: EventJournal?
  private var openSessions: Set<Int> = []
  /// Energy of a session so far, Wh.
  private var energy: [Int: Int] = [:]
  /// What is told to others, in the order in which it happened: some of it waits for the medium, some need not.
  private var told = InOrder()
  private var meterDue: [Int: Instant] = [:]
  /// Latched by another version of this program, under names that this one does not know.
  private var foreign: [Int: [String]] = [:]

  /// `nil`: nothing is kept, and everything counts as kept.
  init(_ journal: EventJournal?) { self.journal = journal }

  /// Why the journal does not keep events now.
  var failure: String? { journal?.failure }

  /// Keeps an event; `done` when it is on the medium. A journal that fails is told in the log and holds nothing up: a
  /// station without a journal is better than none.
  func keep(_ event: JournalEvent, connector: Int, done: @escaping () -> Void) {
    guard let journal else { return done() }
    // A rotation waits for the medium, for which a contactor may not wait.
    let mayRotate = openSessions.isEmpty
    journal.append(event, connector: UInt16(clamping: connector), mayRotate: mayRotate) { _ in done() }
  }

  /// Keeps what a trace tells, if it is of that kind, and calls `done` when everything may be told to others.
  func keep(
    _ trace: NodeTrace, connector: Int, meterWattHours: Int, at now: Instant, done: @escaping () -> Void
  ) {
    var done = done
    switch trace {
    case .safety, .ended: done = told.turn(done)
    default: break
    }
    switch trace {
    case .phase(.idle): end(connector, ok: false, wattHours: energy[connector] ?? 0, done)
    case .phase(let phase) where phase > .idle && openSessions.insert(connector).inserted:
      energy[connector] = nil
      keep(.sessionStarted, connector: connector, done: done)
    case .ended(.completed(_, let wattHours)): end(connector, ok: true, wattHours: wattHours, done)
    // A plug that is pulled ends a session so, and what it took was taken.
    case .ended(.failed): end(connector, ok: false, wattHours: energy[connector] ?? 0, done)
    case .energy(let reading):
      energy[connector] = reading.wattHours
      if let due = meterDue[connector], now < due { return done() }
      // The first one of a session tells what the meter showed when it began.
      if meterDue[connector] == nil, reading.wattHours > 0 {
        keep(.meter(wattHours: Int64(meterWattHours) - Int64(reading.wattHours)), connector: connector) {}
      }
      meterDue[connector] = now + Self.meterInterval
      keep(.meter(wattHours: Int64(meterWattHours)), connector: connector, done: done)
    case .safety(.fault(let fault)) where fault.latch != .none:
      keep(.faultLatched(name: fault.name), connector: connector, done: done)
    case .safety(.cleared(let fault)):
      // Who looked at the charger looked at all of it.
      if fault.latch == .service {
        for name in foreign.removeValue(forKey: connector) ?? [] {
          keep(.faultCleared(name: name), connector: connector) {}
        }
      }
      keep(.faultCleared(name: fault.name), connector: connector, done: done)
    default: done()
    }
  }

  private func end(_ connector: Int, ok: Bool, wattHours: Int, _ done: @escaping () -> Void) {
    guard openSessions.remove(connector) != nil else { return done() }
    (meterDue[connector], energy[connector]) = (nil, nil)
    keep(.sessionEnded(ok: ok, wattHours: Int64(wattHours)), connector: connector, done: done)
  }

  /// What was left by the last run.
  struct Legacy: Hashable {
    /// Faults that wait for a person.
    var faults: [SafetyFault] = []
    /// Names of faults that this version does not know. They hold the connector as the gravest would.
    var unknown: [String] = []
    var wasCutOff = false
  }

  /// Faults that wait for a person, and a session that was cut off. The rest of its faults ended with it, and would be
  /// found again.
  func takeOver(connector: Int) -> Legacy {
    guard let journal, let kept = journal.state.connectors[UInt16(clamping: connector)] else {
      return Legacy()
    }
    var left = Legacy(wasCutOff: kept.isSessionOpen)
    for name in kept.latched.sorted() {
      if let fault = SafetyFault(serviceName: name) {
        left.faults.append(fault)
      } else if SafetyFault.endsByItself(name: name) {
        keep(.faultCleared(name: name), connector: connector) {}
      } else {
        left.unknown.append(name)
      }
    }
    if !left.unknown.isEmpty {
      foreign[connector] = left.unknown
      if left.faults.isEmpty { left.faults = [.contactorWelded] }
    }
    if kept.isSessionOpen {
      keep(.sessionEnded(ok: false, wattHours: kept.sessionWattHours), connector: connector) {}
    }
    return left
  }

  func start() { keep(.started, connector: 0) {} }

  /// For the very end: waits for the medium.
  func stop() {
    keep(.stopped, connector: 0) {}
    journal?.flush()
  }
}
