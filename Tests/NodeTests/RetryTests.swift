import ControlPilot
import HAL
import ISO15118
import Node
import SLAC
import Simulation
import Testing
import V2GTransport
import Wire

/// State E/F as a second and third try (ISO 15118-3 V2G3-M06-07), and what a try may not bring along.
@Suite struct RetryTests {
  @Test func a_vehicle_that_never_matches_gets_two_error_steps_of_four_seconds_and_then_X1() {
    var rig = Rig(.dc)
    rig.run(for: .seconds(1))
    rig.plugIn()
    rig.site.killVehicle()
    rig.run { $0.isFinal }
    #expect(rig.notes.outcomes.count == 3)
    for failure in rig.failures {
      if case .slac(.noRequest) = failure {} else { Issue.record("\(failure)") }
    }
    var fellAt: Instant?
    var steps: [Duration] = []
    for case (.charger, .duty(let duty), let at) in rig.notes.traces {
      if duty == .steadyLow { fellAt = at }
      if duty != .steadyLow, let begin = fellAt {
        steps.append(at - begin)
        fellAt = nil
      }
    }
    #expect(steps == [.seconds(4), .seconds(4)])
    #expect(rig.site.charger.pilotDuty == .steadyHigh)
    rig.run(for: .seconds(100))
    #expect(rig.notes.outcomes.count == 3, "it is left alone")
    rig.rest()
    rig.chargeAgain()
  }

  @Test(arguments: SiteDescription.Current.allCases)
  func a_second_try_asks_for_its_own_authorization(current: SiteDescription.Current) {
    var rig = Rig(current, wattHours: 1000)
    rig.plugIn()
    rig.reach(.energy)
    rig.site.authorizesAfter = nil
    rig.site.resetConnection(at: rig.site.now)
    rig.run { $0.phase == .matching }
    rig.run(for: .seconds(30))
    #expect(rig.phase == .setup)
    #expect(!rig.site.bench.contactor.isCoilOn)
    rig.rest()
    #expect(rig.watch.violations == [])
  }

  @Test func nobody_finds_the_charger_while_a_session_runs() {
    var rig = Rig(.dc)
    rig.plugIn()
    rig.reach(.energy)
    var request = OutputBuffer()
    SDPRequest(security: .noTLS).encode(into: &request)
    rig.notes.traces.removeAll()
    let source = V2GEndpoint(IPv6Address.vehicle, port: 61_001)
    rig.site.schedule(
      ChargerEvent.network(.datagram(request.octets, from: source, mac: nil)), at: rig.site.now)
    rig.run(for: .milliseconds(1))
    let isRefused = rig.notes.traces.contains {
      if case .sdpServer(.refused(.notEnabled, _)) = $0.trace { true } else { false }
    }
    #expect(isRefused)
  }

  @Test func a_limit_that_shrinks_does_not_wait_for_the_vehicle() {
    var rig = Rig(.dc, wattHours: 1000)
    rig.plugIn()
    rig.reach(.energy)
    rig.run(for: .seconds(5))
    rig.site.killVehicle()
    #expect(rig.milliamps > 50_000)
    var limits = EVSELimits()
    limits.maximumMilliamps = 10_000
    rig.site.schedule(ChargerEvent.limits(limits), at: rig.site.now)
    rig.run(for: .seconds(2))
    #expect(rig.milliamps <= 10_000)
    #expect(rig.milliamps > 5_000)
    limits.maximumMilliamps = 100_000
    limits.maximumWatts = 2_000
    rig.site.schedule(ChargerEvent.limits(limits), at: rig.site.now)
    rig.run(for: .seconds(2))
    #expect(rig.milliamps <= 6_000)
  }

  @Test(arguments: SiteDescription.Current.allCases)
  func a_charger_told_early_late_and_twice_of_its_time_does_the_same(current: SiteDescription.Current) {
    var plain = Rig(current)
    plain.plugIn()
    plain.run { $0.isFinal }
    var nagged = Rig(current)
    nagged.plugIn()
    var count = 0
    nagged.run {
      count += 1
      return $0.isFinal
    } nagging: { rig in
      rig.site.schedule(ChargerEvent.timeout, at: rig.site.now + .microseconds(100))
      rig.site.schedule(VehicleEvent.timeout, at: rig.site.now + .microseconds(150))
    }
    #expect(nagged.vehicleMessages == plain.vehicleMessages)
    #expect(nagged.watch.violations == [])
  }

  @Test func a_fault_before_closing_is_named() {
    var rig = Rig(.ac)
    rig.plugIn()
    rig.reach(.setup)
    rig.site.change { $0.earthOK = false }
    rig.run { $0.isFinal }
    guard case .failed(.safety(.earthLost))? = rig.outcome else {
      Issue.record("\(String(describing: rig.outcome))")
      return
    }
  }
}

extension Rig {
  /// What the power stage delivers.
  fileprivate var milliamps: Int {
    if case .dc(let path) = site.bench.path { path.stage.output().milliamps } else { 0 }
  }

  /// As `run(until:)`, with something done after each second step.
  fileprivate mutating func run(until condition: (Rig) -> Bool, nagging: (inout Rig) -> Void) {
    let end = site.now + .seconds(100)
    var isOdd = false
    while !condition(self), site.step(until: end) {
      watch.look(at: site)
      isOdd.toggle()
      if isOdd { nagging(&self) }
    }
  }
}
