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
  static let lanes = 12

  @Test func no_frame_is_lost_silently_and_sync_comes_back_after_every_fault() async throws {
    let environment = ProcessInfo.processInfo.environment
    let frames = environment["COUPLER_SPI_FRAMES"].flatMap(Int.init) ?? 12_000
    let seed = environment["COUPLER_SEED"].flatMap(UInt64.init) ?? UInt64.random(in: 0...UInt64.max)
    print("seed \(seed)")
    let start = Date()
    var results: [Result] = []
    await withTaskGroup(of: Result.self) { group in
      for lane in 0..<Self.lanes {
        group.addTask { Self.run(lane, frames: frames / Self.lanes, seed: seed &+ UInt64(lane)) }
      }
      for await result in group { results.append(result) }
    }
    for result in results {
      let totals = result.totals
      #expect(totals.findings.isEmpty, "lane \(result.lane)")
      #expect(totals.twice == 0, "lane \(result.lane)")
      #expect(totals.recovered == totals.episodes, "lane \(result.lane)")
    }
    let totals = results.reduce(Ledger.Totals()) { $0 + $1.totals }
    #expect(
      totals.offered == totals.intact + totals.damaged + totals.refusedByDriver + totals.refusedByChip
        + totals.lostInReset + totals.droppedByChip + totals.refusedByFraming)
    // A run in which nothing went wrong shows nothing.
    #expect(results.reduce(0) { $0 + $1.faults } > frames / 100)
    #expect(totals.intact > totals.offered / 3)
    report(results, totals, seconds: Date().timeIntervalSince(start))
  }

  private struct Result: Sendable {
    let lane: Int
    let totals: Ledger.Totals
    let counters: QCA7000Counters
    let framing: QCA7000Deframer.Counters
    let faults: Int
    let resets: Int
    let messages: Int
    let octets: Int
  }

  private static func run(_ lane: Int, frames: Int, seed: UInt64) -> Result {
    var generator = SeededGenerator(seed: seed)
    var ledger = Ledger(seed: generator.next(), lane: lane)
    while ledger.totals.offered < frames, ledger.totals.silent + ledger.totals.twice == 0 {
      let chance = [0, 200, 1000, 5000, 30_000][Int(generator.next() % 5)]
      ledger.episode(steps: 10 + Int(generator.next() % 90), chance: chance)
    }
    let chip = ledger.rig.chip.counters
    return Result(
      lane: lane, totals: ledger.totals, counters: ledger.rig.driver.counters,
      framing: ledger.rig.driver.framing,
      faults: chip.faults, resets: chip.resets, messages: ledger.rig.messages, octets: ledger.rig.octets)
  }

  private func report(_ results: [Result], _ totals: Ledger.Totals, seconds: TimeInterval) {
    func sum(_ part: (Result) -> some BinaryInteger) -> Int { results.reduce(0) { $0 + Int(part($1)) } }
    print(
      """
      frames \(totals.offered): intact \(totals.intact), damaged inside \(totals.damaged), refused by the driver \
      \(totals.refusedByDriver), by the chip \(totals.refusedByChip), by the framing \
      \(totals.refusedByFraming), dropped by the chip \(totals.droppedByChip), lost in a reset \
      \(totals.lostInReset), lost silently \(totals.silent), twice \(totals.twice)
      faults \(sum(\.faults)), episodes \(totals.episodes), in step after \(totals.recovered), \
      \(totals.recoveredAtOnce) at once; resets of the chip \(sum(\.resets))
      sync lost: signature \(sum(\.counters.badSignatures)), device reset \(sum(\.counters.deviceResets)), RDBUF_ERR \
      \(sum(\.counters.readBufferErrors)), WRBUF_ERR \(sum(\.counters.writeBufferErrors)), buffer available \
      \(sum(\.counters.bufferAvailableErrors)), write verify \(sum(\.counters.writeVerifyErrors)), TX timeout \
      \(sum(\.counters.transmitTimeouts)), crossed \(sum(\.counters.crossedTransfers))
      framing: NOHEAD \(sum(\.framing.noHead)), INVLEN \(sum(\.framing.invalidLength)), NOTAIL \
      \(sum(\.framing.noTail)), truncated \(sum(\.framing.truncated))
      \(sum(\.messages)) messages, \(sum(\.octets)) octets on the bus; \(Int(seconds)) s
      """)
    for result in results {
      for finding in result.totals.findings { print("lane \(result.lane): \(finding)") }
    }
  }
}
