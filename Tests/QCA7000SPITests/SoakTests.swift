import Foundation
import QCA7000SPI
import SimulatedHardware
import Testing
import Wire

/// Frames both ways over a bus with faults of every kind: bits flipped on both wires, chip selects that end early,
/// bits slipped, resets, missed interrupts, stale signatures; in burst and legacy mode, with and without interrupt
/// line and read-back.
///
/// `make spi-soak` runs a million frames. COUPLER_SPI_FRAMES sets their number, COUPLER_SEED repeats a run.
@Suite struct SoakTests {
  @Test func no_frame_is_lost_silently_and_sync_comes_back_after_every_fault() throws {
    let environment = ProcessInfo.processInfo.environment
    let frames = environment["COUPLER_SPI_FRAMES"].flatMap(Int.init) ?? 12_000
    let seed = environment["COUPLER_SEED"].flatMap(UInt64.init) ?? UInt64.random(in: 0...UInt64.max)
    print("seed \(seed)")
    let start = Date()
    var generator = SeededGenerator(seed: seed)
    let lanes = 12
    var totals = Ledger.Totals()
    var (messages, octets, faults, resets) = (0, 0, 0, 0)
    var losses: [String: UInt64] = [:]
    var framing = QCA7000Deframer.Counters()
    for lane in 0..<lanes {
      var ledger = Ledger(seed: generator.next(), lane: lane)
      while ledger.totals.offered < frames / lanes {
        let chance = [0, 200, 1000, 5000, 30_000][Int(generator.next() % 5)]
        ledger.episode(steps: 10 + Int(generator.next() % 90), chance: chance)
        if ledger.totals.silent + ledger.totals.twice > 0 { break }
      }
      let counted = ledger.rig.driver.counters
      #expect(ledger.totals.silent == 0, "lane \(lane): \(counted), \(ledger.rig.chip.counters)")
      #expect(ledger.totals.twice == 0, "lane \(lane)")
      #expect(ledger.totals.recovered == ledger.totals.episodes, "lane \(lane): \(counted)")
      totals = totals + ledger.totals
      messages += ledger.rig.messages
      octets += ledger.rig.octets
      faults += ledger.rig.chip.counters.faults
      resets += ledger.rig.chip.counters.resets
      for (name, value) in [
        ("signature", counted.badSignatures), ("device reset", counted.deviceResets),
        ("RDBUF_ERR", counted.readBufferErrors), ("WRBUF_ERR", counted.writeBufferErrors),
        ("buffer available", counted.bufferAvailableErrors), ("write verify", counted.writeVerifyErrors),
        ("TX timeout", counted.transmitTimeouts), ("crossed", counted.crossedTransfers),
      ] { losses[name, default: 0] += value }
      framing.noHead += ledger.rig.driver.framing.noHead
      framing.invalidLength += ledger.rig.driver.framing.invalidLength
      framing.noTail += ledger.rig.driver.framing.noTail
      framing.truncated += ledger.rig.driver.framing.truncated
    }
    #expect(
      totals.offered == totals.intact + totals.damaged + totals.refusedByDriver + totals.refusedByChip
        + totals.lostInReset + totals.droppedByChip + totals.refusedByFraming)
    // A run in which nothing went wrong shows nothing.
    #expect(faults > frames / 100)
    #expect(totals.intact > totals.offered / 3)
    let seconds = Date().timeIntervalSince(start)
    print(
      """
      frames \(totals.offered): intact \(totals.intact), damaged inside \(totals.damaged), refused by the driver \
      \(totals.refusedByDriver), by the chip \(totals.refusedByChip), by the framing \
      \(totals.refusedByFraming), dropped by the chip \(totals.droppedByChip), lost in a reset \
      \(totals.lostInReset), lost silently \(totals.silent), twice \(totals.twice)
      faults \(faults), episodes \(totals.episodes), in step after \(totals.recovered), \(totals.recoveredAtOnce) at \
      once; resets of the chip \(resets)
      sync lost: \(losses.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", "))
      framing: NOHEAD \(framing.noHead), INVLEN \(framing.invalidLength), NOTAIL \(framing.noTail), truncated \
      \(framing.truncated)
      \(messages) messages, \(octets) octets on the bus; \(seconds) s
      """)
  }
}
