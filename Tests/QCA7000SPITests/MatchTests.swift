import Cryptography
import HomePlug
import QCA7000SPI
import SLAC
import SimulatedHardware
import Testing
import Wire

/// An EV and an EVSE, each behind a QCA7000 on SPI, and the power line between the two chips.
private struct MatchRig {
  var now = Instant.zero
  var line: PowerLine
  var buses: [SPIRig]
  var ev: EVMatcher<SeededNetworkKeys>
  var evse: EVSEMatcher<SeededNetworkKeys>
  var failures: [MatchFailure] = []
  var refused = 0
  private var toggles: [(at: Instant, asksForEnergy: Bool)] = []
  private var steps = 0

  init(seed: UInt64, chip: (inout QCA7000ChipConfiguration) -> Void = { _ in }) {
    line = PowerLine(configuration: .pair, seed: seed)
    buses = (0..<2).map { SPIRig(seed: seed &+ UInt64($0), chip: chip) }
    ev = EVMatcher(
      configuration: SLACConfiguration(address: MACAddress(0x0200_0000_00E1)),
      keys: SeededNetworkKeys(seed: seed))
    evse = EVSEMatcher(
      configuration: SLACConfiguration(address: MACAddress(0x0200_0000_00C1)),
      keys: SeededNetworkKeys(seed: seed &+ 1))
    for port in buses.indices { buses[port].start() }
    run(.seconds(3)) { $0.buses.allSatisfy(\.driver.isInSync) }
    toEV(.start)
    toEVSE(.start)
  }

  mutating func plug() {
    toEVSE(.vehicleConnected)
    toEV(.pilotReady)
  }

  var isMatched: Bool {
    ev.phase == .matched && evse.phase == .matched && ev.network == evse.network
  }

  mutating func toEV(_ event: EVMatchEvent) {
    var wanted: [MatchAction] = []
    ev.handle(event, at: now) { wanted.append($0) }
    perform(wanted, 0)
  }

  mutating func toEVSE(_ event: EVSEMatchEvent) {
    var wanted: [MatchAction] = []
    evse.handle(event, at: now) { wanted.append($0) }
    perform(wanted, 1)
  }

  private mutating func perform(_ wanted: [MatchAction], _ port: Int) {
    for action in wanted {
      switch action {
      case .send(let frame):
        buses[port].now = now
        buses[port].send(frame.octets)
      case .failed(let failure): failures.append(failure)
      case .toggle(let times):
        for half in 0..<2 * times {
          toggles.append((now + .milliseconds(250 * half), asksForEnergy: half % 2 == 0))
        }
      default: break
      }
    }
  }

  mutating func run(_ duration: Duration, until done: (MatchRig) -> Bool) {
    let end = now + duration
    while steps < 1_000_000, !done(self) {
      var next = earliest(line.deadline, ev.deadline, evse.deadline, toggles.first?.at)
      for bus in buses { next = earliest(next, bus.deadline) }
      guard let next, next <= end else { break }
      now = max(now, next)
      steps += 1
      for port in buses.indices {
        buses[port].now = now
        buses[port].step()
      }
      if let toggle = toggles.first, toggle.at <= now {
        toggles.removeFirst()
        toEVSE(.asksForEnergy(toggle.asksForEnergy, since: now))
      }
      if (ev.deadline.map { $0 <= now }) ?? false { toEV(.timeout) }
      if (evse.deadline.map { $0 <= now }) ?? false { toEVSE(.timeout) }
      carry()
    }
    if !done(self) { now = end }
  }

  /// What the chips hand over goes on, until nothing does.
  private mutating func carry() {
    for port in buses.indices {
      let (transmitted, delivered) = (buses[port].transmitted, buses[port].delivered)
      buses[port].transmitted.removeAll()
      buses[port].delivered.removeAll()
      for frame in transmitted { toLine(.frame(frame, port: port)) }
      for octets in delivered {
        do throws(HomePlugError) {
          let frame = try ManagementFrame(parsing: octets.span.bytes)
          if port == 0 { toEV(.received(frame)) } else { toEVSE(.received(frame)) }
        } catch {
          refused += 1
        }
      }
    }
    if let deadline = line.deadline, deadline <= now { toLine(.timeout) }
  }

  private mutating func toLine(_ event: PowerLineEvent) {
    var due: [PowerLineAction] = []
    line.handle(event, at: now) { due.append($0) }
    for case .deliver(let octets, let port) in due {
      buses[port].now = now
      buses[port].receive(octets)
    }
  }
}

@Suite struct MatchOverSPITests {
  @Test func an_EV_and_an_EVSE_match_over_two_chips() {
    var rig = MatchRig(seed: 1)
    rig.run(.seconds(2)) { $0.evse.phase == .unmatched && $0.ev.phase == .unmatched }
    let plugged = rig.now
    rig.plug()
    rig.run(.seconds(20)) { $0.isMatched }
    #expect(rig.isMatched, "EV \(rig.ev.phase), EVSE \(rig.evse.phase), \(rig.failures)")
    // One second of it is the joining of the network, as the simulated modems do it.
    #expect(rig.now - plugged < .milliseconds(2500))
    #expect(rig.failures.isEmpty)
    #expect(rig.refused == 0)
    for bus in rig.buses {
      #expect(bus.driver.counters.syncLosses == 0)
      #expect(bus.driver.counters.refused == 0)
      #expect(bus.driver.framing.errors == 0)
      #expect(bus.chip.counters.fromHostRefused == 0 && bus.chip.counters.fromLineRefused == 0)
    }
  }

  @Test func it_matches_over_a_bus_with_faults() {
    let seed = UInt64.random(in: 0...UInt64.max)
    print("seed \(seed)")
    var rig = MatchRig(seed: seed)
    for port in rig.buses.indices {
      var faults = QCA7000ChipFaults.all(perMillion: 1000)
      // A reset takes 0.3 s, in which CM_SLAC_MATCH can fail for good; the next try is a new plug-in.
      (faults.resets, faults.slips) = (0, 0)
      rig.buses[port].chip.faults = faults
    }
    for _ in 0..<5 where !rig.isMatched {
      rig.plug()
      rig.run(.seconds(60)) { $0.isMatched }
      if !rig.isMatched {
        rig.toEV(.pilotLost)
        rig.toEVSE(.vehicleDisconnected)
        rig.run(.seconds(2)) { _ in false }
      }
    }
    #expect(rig.isMatched, "EV \(rig.ev.phase), EVSE \(rig.evse.phase), \(rig.failures)")
  }
}
