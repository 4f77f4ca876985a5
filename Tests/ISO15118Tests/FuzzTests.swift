import Foundation
import Testing
import Wire

@testable import ISO15118

/// Seeded fuzzing of both sides with mutated real messages: never a trap, always an end or a session that goes
/// on, and no energy after the end.
@Suite struct FuzzTests {
  /// Rounds per test; `COUPLER_FUZZ_ROUNDS` makes a long run.
  static let rounds = Int(ProcessInfo.processInfo.environment["COUPLER_FUZZ_ROUNDS"] ?? "") ?? 1500

  @Test(arguments: [true, false]) func the_secc_survives_mutated_requests_in_every_state(dc: Bool) {
    let states = SECCDriver.states(dc: dc)
    let corpus = Self.corpus(from: .evcc, dc: dc)
    var random = SeededGenerator(seed: dc ? 11 : 12)
    for _ in 0..<Self.rounds {
      var driver = states[Int(random.next() % UInt64(states.count))].1
      for _ in 0..<3 {
        let octets = Self.mutate(corpus[Int(random.next() % UInt64(corpus.count))], corpus, &random)
        driver.rig.receive(octets, by: .secc)
      }
      Self.check(driver.rig)
      driver.rig.run(for: .seconds(80))
      #expect(driver.rig.seccOutcomes.count == 1)
      #expect(driver.rig.secc.state == .Idle && driver.rig.secc.deadline == nil)
      Self.check(driver.rig)
    }
  }

  @Test(arguments: [true, false]) func the_evcc_survives_mutated_responses_at_every_step(dc: Bool) {
    let corpus = Self.corpus(from: .secc, dc: dc)
    var random = SeededGenerator(seed: dc ? 21 : 22)
    var snapshots: [SessionRig] = []
    var rig = Self.rig(dc: dc)
    rig.connect()
    for number in 1..<200 {
      guard rig.run(until: { $0.messages.count >= number }), rig.evccEnded == nil else { break }
      snapshots.append(rig)
    }
    #expect(snapshots.count > 20)
    for _ in 0..<Self.rounds {
      var copy = snapshots[Int(random.next() % UInt64(snapshots.count))]
      copy.tamper = { _, _, _ in [] }
      let octets = Self.mutate(corpus[Int(random.next() % UInt64(corpus.count))], corpus, &random)
      copy.receive(octets, by: .evcc)
      copy.give(EVCCEvent.timeout)
      copy.run(for: .seconds(120))
      #expect(copy.evccOutcomes.count == 1)
      #expect(copy.evcc.state == .Idle && copy.evcc.deadline == nil)
      #expect(copy.vehicle.pilot == .B && !copy.vehicle.contactorClosed)
    }
  }

  @Test func random_octets_are_no_messages() {
    var random = SeededGenerator(seed: 31)
    let states = SECCDriver.states(dc: true)
    for length in 0..<400 {
      var driver = states[length % states.count].1
      driver.rig.receive((0..<length).map { _ in UInt8(truncatingIfNeeded: random.next()) }, by: .secc)
      Self.check(driver.rig)
    }
  }

  @Test func every_truncation_of_every_request_is_undecodable() {
    for dc in [true, false] {
      for (state, driver) in SECCDriver.states(dc: dc) where state != .WaitForSupportedAppProtocolReq {
        for message in Requests.all where state.admits(message) {
          let octets = Requests.octets(message, driver.session) { $0.dc = dc }
          for length in 1..<octets.count {
            var copy = driver
            copy.rig.receive(Array(octets.prefix(length)), by: .secc)
            guard case .failed(let failure)? = copy.rig.seccOutcomes.first else {
              // Octets behind the document are padding: nothing was lost.
              #expect(length == octets.count - 1, "\(message) cut to \(length)")
              continue
            }
            #expect(failure.cause == .undecodable)
          }
        }
      }
    }
  }

  // MARK: helpers

  private static func rig(dc: Bool) -> SessionRig {
    var rig = dc ? SessionRig.dc() : SessionRig.ac()
    rig.cableCheckTime = .milliseconds(300)
    rig.after(.milliseconds(3200)) { $0.setVehicle { $0.wish = .stop } }
    return rig
  }

  private static func corpus(from side: SessionRig.Side, dc: Bool) -> [[UInt8]] {
    var rig = rig(dc: dc)
    rig.connect()
    rig.runToEnd()
    return rig.messages.filter { $0.from == side }.map { Array($0.octets.dropFirst(8)) }
  }

  private static func mutate(_ octets: [UInt8], _ corpus: [[UInt8]], _ random: inout SeededGenerator)
    -> [UInt8]
  {
    var result = octets
    for _ in 0...(random.next() % 3) {
      guard !result.isEmpty else { return result }
      let at = Int(random.next() % UInt64(result.count))
      switch random.next() % 7 {
      case 0, 1, 2: result[at] ^= 1 << UInt8(random.next() % 8)
      case 3: result[at] = UInt8(truncatingIfNeeded: random.next())
      case 4: result.removeLast(result.count - at)
      case 5: result.insert(UInt8(truncatingIfNeeded: random.next()), at: at)
      default:
        let other = corpus[Int(random.next() % UInt64(corpus.count))]
        result = Array(result.prefix(at)) + other.dropFirst(min(at, other.count))
      }
    }
    return result
  }

  private static func check(_ rig: SessionRig) {
    #expect(rig.seccOutcomes.count <= 1)
    if rig.secc.state == .Idle || rig.secc.state == .WaitForDisconnect {
      #expect(rig.energies.last ?? .none == EnergyCommand.none)
    }
  }
}
