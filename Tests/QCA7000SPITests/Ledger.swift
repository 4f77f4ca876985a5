import QCA7000SPI
import SimulatedHardware
import Wire

/// Keeps the books of one rig, station by station: each frame offered is refused or goes on, exactly; each frame on
/// the bus is taken by the chip, or the chip counts in the very message that carried it; each octet that the driver
/// reads is part of a frame handed over, or counted. What does not add up is a frame lost silently.
struct Ledger {
  /// Sums over all episodes.
  struct Totals {
    var offered = 0
    var intact = 0
    /// Handed over with other content: a bit was flipped inside a frame, which SPI cannot notice.
    var damaged = 0
    /// Host's frames that did not go to the chip.
    var refusedByDriver = 0
    /// Host's frames that the chip did not take, and those it lost in a reset.
    var refusedByChip = 0
    var lostInReset = 0
    /// Line's frames that found no room or no processor.
    var droppedByChip = 0
    /// Line's frames that were read and were none any more.
    var refusedByFraming = 0
    /// What does not add up, and where.
    var silent = 0
    var findings: [String] = []
    var twice = 0
    var episodes = 0
    /// Episodes after which frames went both ways again, and those where the first did.
    var recovered = 0
    var recoveredAtOnce = 0

    static func + (a: Totals, b: Totals) -> Totals {
      Totals(
        offered: a.offered + b.offered, intact: a.intact + b.intact, damaged: a.damaged + b.damaged,
        refusedByDriver: a.refusedByDriver + b.refusedByDriver,
        refusedByChip: a.refusedByChip + b.refusedByChip, lostInReset: a.lostInReset + b.lostInReset,
        droppedByChip: a.droppedByChip + b.droppedByChip,
        refusedByFraming: a.refusedByFraming + b.refusedByFraming, silent: a.silent + b.silent,
        findings: a.findings + b.findings,
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
  /// Offered and handed over in this episode.
  private var flow = Flow()

  private struct Flow {
    var offeredToLine = 0
    var offeredToHost = 0
    var arrivedOnLine = 0
    var arrivedAtHost = 0
    /// Octets that the frames at the host took on the bus.
    var octetsAtHost = 0
  }

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
    let before = rig
    flow = Flow()
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

    balance(since: before)
  }

  private mutating func offer(toLine isToLine: Bool) {
    number += 1
    totals.offered += 1
    let count = generator.next() % 16 == 0 ? 1518 : 60 + Int(generator.next() % 120)
    let octets = frame(number, count: count)
    if isToLine {
      flow.offeredToLine += 1
      toLine[number] = octets
      rig.send(octets)
    } else {
      flow.offeredToHost += 1
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
    flow.arrivedOnLine += rig.transmitted.count
    flow.arrivedAtHost += rig.delivered.count
    for octets in rig.delivered { flow.octetsAtHost += octets.count + 14 }
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

  private mutating func balance(since before: SPIRig) {
    let (driver, driverBefore) = (rig.driver.counters, before.driver.counters)
    let (chip, chipBefore) = (rig.chip.counters, before.chip.counters)
    let framing = rig.driver.framing - before.driver.framing

    // Host to line.
    let refused = Int(driver.refused - driverBefore.refused)
    let accepted = chip.accepted - chipBefore.accepted
    let lost = chip.writeLostInReset - chipBefore.writeLostInReset
    let crossed = Int(driver.crossedTransfers - driverBefore.crossedTransfers)
    expect(
      flow.offeredToLine - Int(driver.sent - driverBefore.sent) - refused,
      "offered to the line, neither sent nor refused")
    // What the chip took for a read it cannot count; the driver has, and kept the frame among the refused.
    if crossed == 0 { expect(rig.unexplained - before.unexplained, "on the bus, neither taken nor refused") }
    expect(accepted - lost - flow.arrivedOnLine, "taken, neither on the line nor lost in a reset")
    let missingToLine = max(0, toLine.count - damagedToLine)
    totals.refusedByDriver += min(refused, missingToLine)
    totals.lostInReset += min(lost, max(0, missingToLine - refused))
    totals.refusedByChip += max(0, missingToLine - refused - lost)

    // Line to host.
    let dropped = chip.fromLineRefused - chipBefore.fromLineRefused
    let lostUnread = chip.readLostInReset - chipBefore.readLostInReset
    let readOut = chip.readOut - chipBefore.readOut
    expect(
      flow.offeredToHost - dropped - (chip.toHost - chipBefore.toHost),
      "offered to the host, neither kept nor dropped")
    expect(
      chip.toHost - chipBefore.toHost - lostUnread - readOut,
      "kept for the host, neither read nor lost in a reset")
    let octets = rig.octetsRead - before.octetsRead
    let skipped = Int(framing.skippedOctets)
    if crossed == 0 {
      expect(octets - flow.octetsAtHost - skipped, "octets read, neither in frames nor skipped")
    }
    // Each frame read and not handed over takes 74 octets or more of those that were skipped; octets that the chip
    // did not drive explain nothing.
    let unread = max(0, octets - (chip.octetsRead - chipBefore.octetsRead))
    let unframed = max(0, readOut - flow.arrivedAtHost)
    if crossed == 0 {
      expect(max(0, unframed - max(0, skipped - unread) / 74), "read, neither handed over nor skipped")
    }
    if framing.errors == 0 { expect(unframed, "read and not handed over, without an error of framing") }
    let missingToHost = max(0, toHost.count - damagedToHost)
    totals.droppedByChip += min(dropped, missingToHost)
    totals.lostInReset += min(lostUnread, max(0, missingToHost - dropped))
    totals.refusedByFraming += max(0, missingToHost - dropped - lostUnread)

    toLine.removeAll(keepingCapacity: true)
    toHost.removeAll(keepingCapacity: true)
    (damagedToLine, damagedToHost) = (0, 0)
  }
  /// What should be nought.
  private mutating func expect(_ difference: Int, _ what: @autoclosure () -> String) {
    guard difference != 0 else { return }
    totals.silent += abs(difference)
    totals.findings.append("\(difference) \(what()), episode \(totals.episodes), \(rig.now)")
  }
}
