import QCA7000SPI
import SimulatedHardware
import Wire

/// Keeps the books of one rig: each frame offered is handed over as it was, or missing; and what is missing has to be
/// explained by what driver and chip counted meanwhile.
struct Ledger {
  /// Sums over all episodes.
  struct Totals {
    var offered = 0
    var intact = 0
    /// Handed over with other content: a bit was flipped inside a frame, which SPI cannot notice.
    var damaged = 0
    /// Missing and counted by the driver as refused or dropped.
    var refusedByDriver = 0
    /// Missing and counted by the chip.
    var countedByChip = 0
    /// Missing and counted by the driver's framing.
    var countedByFraming = 0
    /// Missing and counted by nobody.
    var silent = 0
    var twice = 0
    var episodes = 0
    /// Episodes after which frames went both ways again, and those where the first did.
    var recovered = 0
    var recoveredAtOnce = 0

    static func + (a: Totals, b: Totals) -> Totals {
      Totals(
        offered: a.offered + b.offered, intact: a.intact + b.intact, damaged: a.damaged + b.damaged,
        refusedByDriver: a.refusedByDriver + b.refusedByDriver,
        countedByChip: a.countedByChip + b.countedByChip,
        countedByFraming: a.countedByFraming + b.countedByFraming, silent: a.silent + b.silent,
        twice: a.twice + b.twice, episodes: a.episodes + b.episodes, recovered: a.recovered + b.recovered,
        recoveredAtOnce: a.recoveredAtOnce + b.recoveredAtOnce)
    }
  }

  var rig: SPIRig
  private(set) var totals = Totals()
  private var generator: SeededGenerator
  private var number: UInt64 = 0
  private var toLine: [UInt64: [UInt8]] = [:]
  private var toHost: [UInt64: [UInt8]] = [:]
  private var damagedToLine = 0
  private var damagedToHost = 0

  init(seed: UInt64, lane: Int) {
    generator = SeededGenerator(seed: seed)
    rig = SPIRig(
      seed: seed,
      driver: {
        $0.legacyMode = lane % 4 == 3
        $0.writeVerifications = lane % 3
        $0.pollInterval = lane % 5 == 4 ? .milliseconds(3) : nil
        $0.burstLength = lane % 2 == 0 ? 3900 : 500
      },
      chip: {
        $0.legacyMode = lane % 4 == 3
        $0.bootTime = .milliseconds(50)
        $0.holdsPacketAvailable = lane % 2 == 1
        $0.faults.staleSignature = lane % 3 == 1
      })
    rig.start()
    rig.run(.seconds(10)) { $0.driver.isInSync }
  }

  /// A time with faults, a rest without, and the settling of accounts. `chance` is each fault's, per million chip
  /// selects.
  mutating func episode(steps: Int, chance: Int) {
    let (driver, framing, chip) = (rig.driver.counters, rig.driver.framing, rig.chip.counters)
    let stale = rig.chip.faults.staleSignature
    rig.chip.faults = .all(perMillion: chance)
    // A chip that is polled has to live long enough to boot.
    rig.chip.faults.resets = chance / 10
    rig.chip.faults.staleSignature = stale
    for _ in 0..<steps {
      offer(toLine: generator.next() % 2 == 0)
      rig.run(.microseconds(Int64(generator.next() % 2500)))
      // Mostly the traffic waits for the chip: frames that are refused for want of it show little.
      if !rig.driver.isInSync, generator.next() % 16 != 0 { rig.run(.seconds(20)) { $0.driver.isInSync } }
      collect()
    }
    rig.chip.faults = .none
    rig.chip.faults.staleSignature = stale
    settle()
    // In step again: one frame each way arrives as it is. A transfer that was cut short shows in the chip only when
    // the next one is announced, and costs that one too.
    for attempt in 0..<3 {
      let before = totals.intact
      offer(toLine: true)
      offer(toLine: false)
      settle()
      guard totals.intact == before + 2 else { continue }
      totals.recovered += 1
      if attempt == 0 { totals.recoveredAtOnce += 1 }
      break
    }
    totals.episodes += 1

    balance(rig.driver.counters, driver, rig.driver.framing - framing, rig.chip.counters, chip)
  }

  private mutating func offer(toLine isToLine: Bool) {
    number += 1
    totals.offered += 1
    let count = generator.next() % 16 == 0 ? 1518 : 60 + Int(generator.next() % 120)
    let octets = frame(number, count: count)
    if isToLine {
      toLine[number] = octets
      rig.send(octets)
    } else {
      toHost[number] = octets
      rig.receive(octets)
    }
  }

  /// Until nothing is on its way. A frame whose interrupt was missed after a rest waits for the next occasion.
  private mutating func settle() {
    for _ in 0..<5 {
      rig.run(.seconds(20)) {
        $0.driver.isInSync && $0.driver.queued == 0 && !$0.driver.isTransferring && $0.chip.isEmpty
          && ($0.driver.deadline == nil || $0.driver.configuration.pollInterval != nil)
      }
      // A driver that polls never rests; the rest of a frame is given up after 20 ms.
      rig.run(.milliseconds(25))
      collect()
      if rig.chip.isEmpty, rig.driver.isInSync { return }
      rig.toDriver(.interrupt)
    }
  }

  private mutating func collect() {
    for octets in rig.transmitted { Self.sort(octets, number, &toLine, &damagedToLine, &totals) }
    for octets in rig.delivered { Self.sort(octets, number, &toHost, &damagedToHost, &totals) }
    rig.transmitted.removeAll(keepingCapacity: true)
    rig.delivered.removeAll(keepingCapacity: true)
  }

  private static func sort(
    _ octets: [UInt8], _ last: UInt64, _ outstanding: inout [UInt64: [UInt8]], _ damaged: inout Int,
    _ totals: inout Totals
  ) {
    let number = octets[14..<22].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    if outstanding[number] == octets {
      outstanding[number] = nil
      totals.intact += 1
    } else if octets == frame(number, count: octets.count), number <= last {
      totals.twice += 1
    } else {
      damaged += 1
      totals.damaged += 1
    }
  }

  private mutating func balance(
    _ driver: QCA7000Counters, _ driverBefore: QCA7000Counters, _ framing: QCA7000Deframer.Counters,
    _ chip: QCA7000ChipCounters, _ chipBefore: QCA7000ChipCounters
  ) {
    // Host to line.
    var missing = max(0, toLine.count - damagedToLine)
    Self.take(&missing, Int(driver.refused - driverBefore.refused), &totals.refusedByDriver)
    Self.take(&missing, chip.fromHostLost - chipBefore.fromHostLost, &totals.countedByChip)
    totals.silent += missing
    // Line to host. The shortest frame takes 74 octets.
    missing = max(0, toHost.count - damagedToHost)
    Self.take(&missing, chip.fromLineLost - chipBefore.fromLineLost, &totals.countedByChip)
    Self.take(&missing, framing.errors > 0 ? Int(framing.skippedOctets) / 74 : 0, &totals.countedByFraming)
    totals.silent += missing
    toLine.removeAll(keepingCapacity: true)
    toHost.removeAll(keepingCapacity: true)
    (damagedToLine, damagedToHost) = (0, 0)
  }

  private static func take(_ missing: inout Int, _ counted: Int, _ total: inout Int) {
    let explained = min(missing, max(counted, 0))
    missing -= explained
    total += explained
  }
}
