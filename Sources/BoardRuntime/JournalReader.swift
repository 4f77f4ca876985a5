/// Reads the records of a journal one after another, of a file of any length with little memory.
struct JournalReader {
  private var state = JournalState()
  private var recovery = EventJournal.Recovery()
  /// What is not read yet, and where in the file it begins.
  private var rest: [UInt8] = []
  private var start = 0
  /// Where the last whole record ended, in the file.
  private var end = 0

  /// Octets so far.
  var count: Int { start + rest.count }
  /// Most of them belong to no record.
  var isForeign: Bool { count - end + recovery.damagedOctets > count / 2 }

  /// The next octets of the file.
  mutating func read(_ octets: some Collection<UInt8>) {
    rest += octets
    // A record that begins behind this place may not be there whole yet.
    scan(before: rest.count - JournalRecord.headerSize - JournalRecord.payloadMax + 1)
  }

  /// There are no more octets.
  mutating func finish() -> (state: JournalState, recovery: EventJournal.Recovery, end: Int) {
    scan(before: rest.count)
    recovery.tornOctets = start + rest.count - end
    return (state, recovery, end)
  }

  private mutating func scan(before limit: Int) {
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
