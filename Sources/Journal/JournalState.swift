/// What the records of a journal add up to: what a start must know, and what a rotation carries over.
public struct JournalState: Hashable, Sendable {
  public struct Connector: Hashable, Sendable {
    /// Names of faults that were latched and not cleared.
    public var latched: Set<String> = []
    public var isSessionOpen = false
    /// What the meter showed last, Wh.
    public var meterWattHours: Int64?
    /// ... and when the open session began; `nil` before the first value that was kept of it.
    public var meterAtStart: Int64?

    /// Energy of an open session, as far as it was kept, Wh.
    public var sessionWattHours: Int64 {
      guard isSessionOpen, let now = meterWattHours, let start = meterAtStart else { return 0 }
      let (energy, isBeyond) = now.subtractingReportingOverflow(start)
      return isBeyond ? 0 : max(0, energy)
    }
  }

  public private(set) var connectors: [UInt16: Connector] = [:]
  public private(set) var nextSequence: UInt64 = 1
  /// The last stop was in order.
  public private(set) var stoppedInOrder = true

  public init() {}

  public mutating func apply(_ record: JournalRecord) {
    nextSequence = max(nextSequence, record.sequence &+ 1)
    var connector = connectors[record.connector] ?? Connector()
    switch record.event {
    case .sessionStarted: (connector.isSessionOpen, connector.meterAtStart) = (true, nil)
    case .sessionEnded: (connector.isSessionOpen, connector.meterAtStart) = (false, nil)
    case .meter(let wattHours):
      if connector.isSessionOpen { connector.meterAtStart = connector.meterAtStart ?? wattHours }
      connector.meterWattHours = wattHours
    case .authorization: break
    case .faultLatched(let name): connector.latched.insert(name)
    case .faultCleared(let name): connector.latched.remove(name)
    case .started: stoppedInOrder = false
    case .stopped: stoppedInOrder = true
    }
    connectors[record.connector] = connector
  }

  /// A record that was not understood has this number: none of ours has it again.
  mutating func pass(_ sequence: UInt64) { nextSequence = max(nextSequence, sequence &+ 1) }

  /// Events that make this state out of nothing.
  public var events: [(connector: UInt16, event: JournalEvent)] {
    var events: [(connector: UInt16, event: JournalEvent)] = []
    for (number, connector) in connectors.sorted(by: { $0.key < $1.key }) {
      for name in connector.latched.sorted() { events.append((number, .faultLatched(name: name))) }
      if connector.isSessionOpen {
        events.append((number, .sessionStarted))
        if let start = connector.meterAtStart { events.append((number, .meter(wattHours: start))) }
        if connector.meterAtStart == connector.meterWattHours { continue }
      }
      if let wattHours = connector.meterWattHours { events.append((number, .meter(wattHours: wattHours))) }
    }
    if !stoppedInOrder { events.append((0, .started)) }
    return events
  }
}
