import Foundation
import LinuxHardware
import Node
import Testing
import Wire

@testable import BoardRuntime
@testable import Journal

@Suite struct JournalTests {
  static let events: [(UInt16, JournalEvent)] = [
    (0, .started), (1, .sessionStarted), (1, .authorization(granted: true, token: "customer 7")),
    (1, .meter(wattHours: 123_456)), (2, .faultLatched(name: "contactorWelded")),
    (1, .sessionEnded(ok: true, wattHours: 4711)), (2, .faultCleared(name: "contactorWelded")),
    (2, .faultLatched(name: "contactorWelded")),
  ]

  static var octets: [UInt8] {
    events.enumerated().flatMap { index, entry in
      JournalRecord(
        sequence: UInt64(index + 1), unixMilliseconds: 1_700_000_000_000 + Int64(index), connector: entry.0,
        event: entry.1
      ).octets
    }
  }

  private func folder() throws -> String {
    let path = FileManager.default.temporaryDirectory.appending(path: "coupler-journal-\(UUID())").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    return path
  }

  @Test func every_kind_of_record_reads_as_it_was_written() throws {
    for (index, entry) in (Self.events + [(0, .stopped)]).enumerated() {
      let record = JournalRecord(
        sequence: UInt64(index), unixMilliseconds: -5, connector: entry.0, event: entry.1)
      let octets = record.octets
      let (read, count) = try #require(JournalRecord.parse(octets[...]))
      #expect(read == record)
      #expect(count == octets.count)
    }
  }

  /// A power cut may stop a write at any octet: whatever was whole before it is there, and the file takes new records.
  @Test func a_tail_torn_at_any_octet_costs_the_last_record_alone() throws {
    let octets = Self.octets
    var ends: [Int] = [0]
    while let last = ends.last, let (_, count) = JournalRecord.parse(octets[last...]) {
      ends.append(last + count)
    }
    #expect(ends.count == Self.events.count + 1)
    for cut in 0...octets.count {
      let path = try folder()
      defer { try? FileManager.default.removeItem(atPath: path) }
      let file = "\(path)/events"
      try Data(octets[..<cut]).write(to: URL(filePath: file))
      let whole = ends.lastIndex { $0 <= cut } ?? 0
      do {
        let journal = try EventJournal(folder: path, loop: nil, now: { 0 })
        #expect(journal.recovery.records == whole, "cut at \(cut)")
        #expect(journal.recovery.tornOctets == cut - ends[whole])
        #expect(journal.recovery.damagedOctets == 0)
        #expect(journal.state.nextSequence == UInt64(whole + 1))
        var kept = false
        journal.append(.stopped) { kept = $0 }
        #expect(kept)
      }
      let again = try EventJournal(folder: path, loop: nil, now: { 0 })
      #expect(again.recovery == JournalReader.Recovery(records: whole + 1))
    }
  }

  @Test func damage_in_the_middle_costs_the_record_it_hit_alone() throws {
    let octets = Self.octets
    for position in octets.indices {
      var damaged = octets
      damaged[position] ^= 0x40
      let (state, recovery, end) = EventJournal.recover(damaged)
      // A length that grew may hide a neighbour, never more.
      #expect(recovery.records >= Self.events.count - 2, "at \(position)")
      #expect(
        recovery.records + (recovery.damagedOctets + recovery.tornOctets > 0 ? 0 : 1) <= Self.events.count)
      #expect(end + recovery.tornOctets == octets.count)
      #expect(state.nextSequence >= UInt64(Self.events.count - 1))
    }
  }

  @Test func random_octets_are_no_record_and_never_a_crash() {
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<2000 {
      let octets = (0..<Int.random(in: 0...300, using: &generator)).map { _ in
        UInt8.random(in: 0...255, using: &generator)
      }
      let (_, recovery, end) = EventJournal.recover(octets)
      #expect(recovery.records == 0 && end == 0 && recovery.tornOctets == octets.count)
    }
  }

  @Test func a_latched_welded_contact_survives_restarts_and_rotations() throws {
    let path = try folder()
    defer { try? FileManager.default.removeItem(atPath: path) }
    do {
      let journal = try EventJournal(folder: path, loop: nil, octetsMax: 500, now: { 0 })
      journal.append(.faultLatched(name: "contactorWelded"), connector: 2)
      for count in 0..<200 { journal.append(.meter(wattHours: Int64(count)), connector: 1) }
      #expect(journal.failure == nil)
    }
    for name in ["events", "events.1"] {
      let size = try #require(
        try FileManager.default.attributesOfItem(atPath: "\(path)/\(name)")[.size] as? Int)
      #expect(size < 500 + 136, "\(name) is bounded")
    }
    let journal = try EventJournal(folder: path, loop: nil, octetsMax: 500, now: { 0 })
    #expect(journal.state.connectors[2]?.latched == ["contactorWelded"])
    #expect(journal.state.connectors[1]?.meterWattHours == 199)
    #expect(journal.state.nextSequence > 201)
    journal.append(.faultCleared(name: "contactorWelded"), connector: 2)
    #expect(journal.state.connectors[2]?.latched == [])
  }

  @Test func a_rotation_cut_off_between_its_renames_loses_nothing() throws {
    let path = try folder()
    defer { try? FileManager.default.removeItem(atPath: path) }
    try Data(Self.octets).write(to: URL(filePath: "\(path)/events.new"))
    let journal = try EventJournal(folder: path, loop: nil, now: { 0 })
    #expect(journal.recovery.records == Self.events.count)
  }

  @Test func a_record_of_a_later_version_is_kept_and_its_number_not_used_again() throws {
    let path = try folder()
    defer { try? FileManager.default.removeItem(atPath: path) }
    // Kind 99, sequence number 9.
    var payload: [UInt8] = [9] + [UInt8](repeating: 0, count: 17) + [99, 0, 1, 2, 3]
    let sum = crc32(payload[...])
    payload =
      [UInt8(payload.count), 0, 0, 0] + (0..<4).map { UInt8(truncatingIfNeeded: sum >> (8 * $0)) } + payload
    let octets = Self.octets + payload
    try Data(octets).write(to: URL(fileURLWithPath: "\(path)/events"))
    do {
      let journal = try EventJournal(folder: path, loop: nil, now: { 0 })
      #expect(journal.recovery == JournalReader.Recovery(records: Self.events.count))
      #expect(journal.state.nextSequence == 10)
    }
    #expect(try Data(contentsOf: URL(fileURLWithPath: "\(path)/events")) == Data(octets))
  }

  @Test func a_file_that_is_too_large_to_be_a_journal_is_refused_and_left_whole() throws {
    let path = try folder()
    defer { try? FileManager.default.removeItem(atPath: path) }
    let file = "\(path)/events"
    let count = 70_000
    #expect(FileManager.default.createFile(atPath: file, contents: Data(count: count)))
    let failure = #expect(throws: BoardFailure.self) {
      _ = try EventJournal(folder: path, loop: nil, foreignMax: 20_000, now: { 0 })
    }
    #expect(failure?.description.contains("cannot read") == true)
    #expect(try FileManager.default.attributesOfItem(atPath: file)[.size] as? Int == count)
  }

  /// Each event was told as kept again, and as lost.
  @Test func a_medium_that_refuses_is_told_once_and_until_it_takes_a_record() throws {
    let path = try folder()
    defer { try? FileManager.default.removeItem(atPath: path) }
    let journal = try EventJournal(folder: path, loop: nil, now: { 0 })
    var told: [String?] = []
    func append() -> Bool {
      var kept = false
      journal.append(.meter(wattHours: 1), connector: 1) { kept = $0 }
      if told.last != journal.failure { told.append(journal.failure) }
      return kept
    }
    #expect(append())
    journal.synchronize = { _ in EIO }
    #expect(!append() && !append())
    journal.synchronize = { _ in 0 }
    #expect(append() && append())
    #expect(told.count == 3 && told.first == .some(nil) && told.last == .some(nil), "\(told)")
    #expect(told.dropFirst().first??.contains("to the medium") == true)
  }

  @Test func a_rotation_that_fails_is_told_until_one_succeeds() throws {
    let path = try folder()
    defer { try? FileManager.default.removeItem(atPath: path) }
    let journal = try EventJournal(folder: path, loop: nil, octetsMax: 500, now: { 0 })
    try FileManager.default.createDirectory(atPath: "\(path)/events.new", withIntermediateDirectories: false)
    for _ in 0..<40 { journal.append(.meter(wattHours: 1), connector: 1) { #expect($0) } }
    #expect(journal.failure?.contains("cannot rotate") == true)
    try FileManager.default.removeItem(atPath: "\(path)/events.new")
    for _ in 0..<40 { journal.append(.meter(wattHours: 1), connector: 1) }
    #expect(journal.failure == nil)
    #expect(FileManager.default.fileExists(atPath: "\(path)/events.1"))
  }

  /// One that could not be rotated for long kept the station from starting.
  @Test func a_journal_of_any_length_is_read() throws {
    let path = try folder()
    defer { try? FileManager.default.removeItem(atPath: path) }
    let file = "\(path)/events"
    var octets: [UInt8] = []
    let record = JournalRecord(
      sequence: 1, unixMilliseconds: 0, connector: 1, event: .authorization(granted: true, token: "x"))
    while octets.count <= 70_000 { octets += record.octets }
    let latched = JournalRecord(
      sequence: 7, unixMilliseconds: 0, connector: 2, event: .faultLatched(name: "contactorWelded"))
    try Data(latched.octets + octets).write(to: URL(filePath: file))
    let journal = try EventJournal(folder: path, loop: nil, foreignMax: 20_000, now: { 0 })
    #expect(journal.recovery.records == octets.count / record.octets.count + 1)
    #expect(journal.recovery.tornOctets == 0 && journal.recovery.damagedOctets == 0)
    #expect(journal.state.connectors[2]?.latched == ["contactorWelded"])
  }

  /// As much of a file as comes at once changes nothing.
  @Test func a_journal_reads_the_same_in_any_pieces() {
    let seed = UInt64.random(in: 0 ... .max)
    var random = SeededGenerator(seed: seed)
    for _ in 0..<200 {
      var octets = Self.octets
      for _ in 0..<Int.random(in: 0...3, using: &random) {
        octets[Int.random(in: octets.indices, using: &random)] = .random(in: 0...255, using: &random)
      }
      octets = Array(octets[..<Int.random(in: 0...octets.count, using: &random)])
      let whole = EventJournal.recover(octets)
      var reader = JournalReader()
      var position = 0
      while position < octets.count {
        let next = min(octets.count, position + Int.random(in: 1...90, using: &random))
        reader.read(octets[position..<next])
        position = next
      }
      let pieces = reader.finish()
      #expect(
        pieces.state == whole.state && pieces.recovery == whole.recovery && pieces.end == whole.end,
        "seed \(seed)")
    }
  }

  @Test func two_daemons_do_not_share_a_journal() throws {
    let path = try folder()
    defer { try? FileManager.default.removeItem(atPath: path) }
    let first = try EventJournal(folder: path, loop: nil, now: { 0 })
    #expect(throws: BoardFailure.self) { _ = try EventJournal(folder: path, loop: nil, now: { 0 }) }
    withExtendedLifetime(first) {}
  }

  @Test func a_record_is_acknowledged_by_the_loop_after_it_reached_the_medium() throws {
    let path = try folder()
    defer { try? FileManager.default.removeItem(atPath: path) }
    let loop = try EventLoop()
    let journal = try EventJournal(folder: path, loop: loop, octetsMax: 300, now: { 0 })
    var acknowledged = 0
    // Rotations on the way: the worker must never see a descriptor that was closed meanwhile.
    for count in 0..<50 {
      journal.append(.meter(wattHours: Int64(count)), connector: 1) { if $0 { acknowledged += 1 } }
    }
    #expect(acknowledged == 0, "not before the loop ran")
    let deadline = loop.now + .seconds(10)
    while acknowledged < 50, loop.now < deadline { try loop.step(until: deadline) }
    #expect(acknowledged == 50)
    #expect(journal.failure == nil)
  }

  /// A medium that is slow must cost neither descriptors nor memory without end.
  @Test func writers_that_wait_for_the_medium_share_one_request() throws {
    let path = try folder()
    defer { try? FileManager.default.removeItem(atPath: path) }
    let loop = try EventLoop()
    let journal = try EventJournal(folder: path, loop: loop, octetsMax: 1 << 20, now: { 0 })
    let open = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
    var kept = 0
    var refused = 0
    // Nobody turns the loop meanwhile: for the writers that is a medium that hangs.
    for count in 0..<SyncWorker.waitingMax + 10 {
      journal.append(.meter(wattHours: Int64(count)), connector: 1) {
        if $0 { kept += 1 } else { refused += 1 }
      }
    }
    #expect(refused == 10)
    // Other suites open some of their own at the same time.
    #expect(try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count < open + 500)
    let deadline = loop.now + .seconds(10)
    while kept < SyncWorker.waitingMax, loop.now < deadline { try loop.step(until: deadline) }
    #expect(kept == SyncWorker.waitingMax)
  }

  @Test func a_file_that_is_full_waits_for_the_end_of_the_session() throws {
    let path = try folder()
    defer { try? FileManager.default.removeItem(atPath: path) }
    let journal = StationJournal(try EventJournal(folder: path, loop: nil, octetsMax: 1_000, now: { 0 }))
    let aside = "\(path)/events.1"
    journal.keep(.phase(.matching), connector: 1, meterWattHours: 0, at: .zero) {}
    for count in 0..<40 { journal.keep(.meter(wattHours: Int64(count)), connector: 1) {} }
    #expect(!FileManager.default.fileExists(atPath: aside), "not while somebody charges")
    journal.keep(.phase(.idle), connector: 1, meterWattHours: 0, at: .zero) {}
    journal.keep(.started, connector: 0) {}
    #expect(FileManager.default.fileExists(atPath: aside))
    // A session without an end does not fill the medium.
    journal.keep(.phase(.matching), connector: 1, meterWattHours: 0, at: .zero) {}
    for count in 0..<300 { journal.keep(.meter(wattHours: Int64(count)), connector: 1) {} }
    let size = try FileManager.default.attributesOfItem(atPath: "\(path)/events")[.size] as? Int
    #expect(try #require(size) < 4_500)
  }

  private func records(_ path: String) throws -> [JournalEvent] {
    var octets = [UInt8](try Data(contentsOf: URL(filePath: "\(path)/events")))[...]
    var events: [JournalEvent] = []
    while let (record, count) = JournalRecord.parse(octets) {
      events.append(record.event)
      octets = octets.dropFirst(count)
    }
    return events
  }

  /// 40 kWh that were taken until somebody pulled the plug are 40 kWh.
  @Test func a_session_that_fails_is_kept_with_its_energy() throws {
    let path = try folder()
    defer { try? FileManager.default.removeItem(atPath: path) }
    let journal = StationJournal(try EventJournal(folder: path, loop: nil, now: { 0 }))
    let energy = EnergyReading(millivolts: 400_000, milliamps: 100_000, wattHours: 1234)
    for trace in [
      .phase(.energy), .energy(energy), .ended(.failed(.unplugged(during: .energy))), .phase(.idle),
      .phase(.energy),
      .energy(energy), .phase(.idle), .phase(.energy), .phase(.idle),
    ] as [NodeTrace] { journal.keep(trace, connector: 1, meterWattHours: 5000, at: .zero) {} }
    let ends = try records(path).filter { if case .sessionEnded = $0 { true } else { false } }
    #expect(
      ends == [1234, 1234, 0].map { .sessionEnded(ok: false, wattHours: $0) })
  }

  /// The meter of half a minute before stands in the journal, over rotations, too.
  @Test func a_session_that_a_crash_cut_off_is_kept_with_the_energy_that_was() throws {
    for octetsMax in [256 * 1024, 300] {
      let path = try folder()
      defer { try? FileManager.default.removeItem(atPath: path) }
      do {
        let journal = StationJournal(
          try EventJournal(folder: path, loop: nil, octetsMax: octetsMax, now: { 0 }))
        journal.keep(.meter(wattHours: 77), connector: 1) {}
        journal.keep(.phase(.energy), connector: 1, meterWattHours: 5000, at: .zero) {}
        for minute in 0..<100 {
          let energy = EnergyReading(millivolts: 400_000, milliamps: 1, wattHours: 10 + minute)
          journal.keep(
            .energy(energy), connector: 1, meterWattHours: 5010 + minute, at: .zero + .seconds(60 * minute)
          ) {
          }
        }
      }
      let file = try EventJournal(folder: path, loop: nil, now: { 0 })
      #expect(StationJournal(file).takeOver(connector: 1).wasCutOff)
      #expect(try records(path).last == .sessionEnded(ok: false, wattHours: 109), "\(octetsMax)")
    }
  }

  /// Some wait for the medium and some need not: a fault is told before the end of the session that it caused.
  @Test func events_are_told_in_the_order_in_which_they_happened() throws {
    let path = try folder()
    defer { try? FileManager.default.removeItem(atPath: path) }
    let loop = try EventLoop()
    let journal = StationJournal(try EventJournal(folder: path, loop: loop, now: { 0 }))
    var told: [String] = []
    let traces: [NodeTrace] = [
      .safety(.fault(.contactorWelded)), .ended(.failed(.unplugged(during: .energy))),
      .safety(.cleared(.contactorWelded)),
    ]
    for trace in traces {
      journal.keep(trace, connector: 1, meterWattHours: 0, at: .zero) { told.append("\(trace)") }
    }
    #expect(told == [], "the first waits for the medium, or this test tries nothing")
    let end = loop.now + .seconds(10)
    while told.count < 3, loop.now < end { try loop.step(until: end) }
    #expect(told == traces.map { "\($0)" })
  }

  @Test func a_fault_that_only_another_version_knows_holds_until_somebody_clears_it() throws {
    let path = try folder()
    defer { try? FileManager.default.removeItem(atPath: path) }
    do {
      let journal = try EventJournal(folder: path, loop: nil, now: { 0 })
      for name in ["earthLost", "pilotLost(E)", "contactorOnFire"] {
        journal.append(.faultLatched(name: name), connector: 1)
      }
    }
    do {
      let journal = StationJournal(try EventJournal(folder: path, loop: nil, now: { 0 }))
      let left = journal.takeOver(connector: 1)
      #expect(left == StationJournal.Legacy(faults: [.contactorWelded], unknown: ["contactorOnFire"]))
      let cleared = NodeTrace.safety(.cleared(.contactorWelded))
      journal.keep(cleared, connector: 1, meterWattHours: 0, at: .zero) {}
    }
    let journal = StationJournal(try EventJournal(folder: path, loop: nil, now: { 0 }))
    #expect(journal.takeOver(connector: 1) == StationJournal.Legacy())
  }

  @Test func a_missing_folder_is_told_with_what_helps() throws {
    let error = #expect(throws: BoardFailure.self) {
      _ = try EventJournal(folder: "/nonexistent/coupler", loop: nil, now: { 0 })
    }
    #expect("\(try #require(error))".contains("has to exist"))
    errno = EROFS
    #expect(EventJournal.cause("/mnt/events").contains("ReadWritePaths="))
  }
}
