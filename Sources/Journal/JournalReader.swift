/// Reads the records of a journal one after another, of a file of any length with little memory.
public struct JournalReader {
  /// What of a file was no record.
  public struct Recovery: Hashable, Sendable {
    public var records = 0
    /// Octets at the end that were no whole record: one that was being written when the power went.
    public var tornOctets = 0
    /// Octets before the last record that belong to none.
    public var damagedOctets = 0
  }

  private var state = JournalState()
  private var recovery = Recovery()
  /// What is not read yet, and where in the file it begins.
  private var rest: [UInt8] = []
  private var start = 0
  /// Where the last whole record ended, in the file.
  private var end = 0

  public init() {}

  /// Octets so far.
  public var count: Int { start + rest.count }
  /// Most of them belong to no record.
  public var isForeign: Bool { count - end + recovery.damagedOctets > count / 2 }

  /// The next octets of the file; `each` record of them that is understood.
  public mutating func read(_ octets: some Collection<UInt8>, each: (JournalRecord) -> Void = { _ in }) {
    rest += octets
    // A record that begins behind this place may not be there whole yet.
    scan(before: rest.count - JournalRecord.headerSize - JournalRecord.payloadMax + 1, each)
  }

  /// There are no more octets.
  public mutating func finish(
    each: (JournalRecord) -> Void = { _ in }
  ) -> (state: JournalState, recovery: Recovery, end: Int) {
    scan(before: rest.count, each)
    recovery.tornOctets = start + rest.count - end
    return (state, recovery, end)
  }

  private mutating func scan(before limit: Int, _ each: (JournalRecord) -> Void) {
    var position = 0
    while position < limit {
      guard let count = JournalRecord.wholeSize(rest[position...]) else {
        position += 1
        continue
      }
      recovery.damagedOctets += start + position - end
      // A whole record of a kind that only a later version knows is kept, not understood.
      if let (record, _) = JournalRecord.parse(rest[position...]) {
        state.apply(record)
        recovery.records += 1
        each(record)
      } else {
        state.pass(JournalRecord.sequence(rest[position...]))
      }
      position += count
      end = start + position
    }
    rest.removeFirst(position)
    start += position
  }
}
