import HAL
import ISO15118
import Node
import Safety
import Simulation
import Testing
import V2GTransport
import Wire

/// What a try ended with names the layer and the cause, whatever went first inside the node.
@Suite struct OutcomeTests {
  static let unplugPhases: [NodePhase] = [
    .matching, .joining, .discovery, .setup, .preparation, .energy,
  ]

  @Test(arguments: unplugPhases, SiteDescription.Current.allCases)
  func a_plug_that_is_pulled_is_called_that_on_both_sides(
    phase: NodePhase, current: SiteDescription.Current
  ) {
    var rig = Rig(current)
    rig.plugIn()
    rig.reach(phase)
    rig.rest()
    guard case .failed(.unplugged(let told))? = rig.outcome else {
      Issue.record("charger: \(String(describing: rig.outcome))")
      return
    }
    #expect(told == phase)
    // Right after the pilot's first change the vehicle has nothing that could end.
    if case .failed(.unplugged)? = rig.vehicleOutcome {
    } else {
      Issue.record("vehicle: \(String(describing: rig.vehicleOutcome))")
    }
    #expect(rig.watch.violations == [])
    rig.chargeAgain()
    #expect(rig.watch.violations == [])
  }

  @Test func a_short_circuit_of_the_pilot_is_told_as_such_and_the_contactor_opens_first() throws {
    var rig = Rig(.dc, wattHours: 1000)
    rig.plugIn()
    rig.reach(.energy)
    rig.notes.traces.removeAll()
    rig.site.change { $0.breakWire(.shortToEarth) }
    rig.run(for: .seconds(1))
    guard case .failed(.pilot(.shortToEarth))? = rig.outcome else {
      Issue.record("\(String(describing: rig.outcome))")
      return
    }
    let told = rig.notes.traces.filter { $0.side == .charger }.map { "\($0.trace)" }
    let opened = try #require(told.firstIndex { $0.contains("contactor") })
    let ended = try #require(told.firstIndex { $0.contains("failed") })
    #expect(opened < ended, "\(told)")
    #expect(rig.watch.violations == [])
  }

  @Test func without_an_address_the_outcome_says_so() {
    var rig = Rig(.dc)
    rig.site.schedule(ChargerEvent.network(.address(nil)), at: .zero + .milliseconds(1))
    rig.plugIn()
    rig.run { !$0.notes.outcomes.isEmpty }
    guard case .failed(.noAddress)? = rig.outcome else {
      Issue.record("\(String(describing: rig.outcome))")
      return
    }
  }
}

/// What is left of one try or vehicle must not reach the next.
@Suite struct LeftoverTests {
  @Test func an_emergency_stop_pressed_and_released_without_a_vehicle_spoils_no_session() {
    var rig = Rig(.ac)
    rig.run(for: .seconds(2))
    rig.site.schedule(ChargerEvent.emergencyStop(true), at: rig.site.now)
    rig.run(for: .seconds(1))
    rig.site.schedule(ChargerEvent.emergencyStop(false), at: rig.site.now)
    rig.run(for: .seconds(1))
    rig.chargeAgain()
    #expect(rig.failures.isEmpty, "\(rig.failures.text)")
  }

  @Test func an_authorization_that_comes_when_its_vehicle_has_left_is_not_the_next_ones() {
    var rig = Rig(.ac) { $0.authorizesAfter = nil }
    rig.run(for: .seconds(2))
    rig.site.schedule(ChargerEvent.authorization(.granted), at: rig.site.now)
    rig.run(for: .seconds(1))
    rig.plugIn()
    rig.run(for: .seconds(30))
    #expect(rig.phase == .setup)
    #expect(rig.site.sessionWattHours == 0)
  }

  @Test func the_set_up_time_of_a_try_that_ended_does_not_end_the_next() {
    // The vehicle never asks for a SECC, leaves after 15 s, and another plugs in: the old 20 s end in its matching.
    var rig = Rig(.ac)
    rig.site.schedule(VehicleEvent.network(.address(nil)), at: .zero + .milliseconds(1))
    rig.plugIn()
    rig.reach(.discovery)
    rig.run(for: .milliseconds(17_000))
    rig.unplug()
    rig.run(for: .milliseconds(2_000))
    rig.site.schedule(VehicleEvent.network(.address(IPv6Address.vehicle)), at: rig.site.now)
    rig.notes.outcomes.removeAll()
    rig.plugIn()
    rig.run { $0.isFinal }
    #expect(rig.failures.isEmpty, "\(rig.failures.text)")
    #expect(rig.outcome?.isCompleted == true)
  }

  @Test func a_wish_to_stop_is_not_answered_by_another_try() {
    var rig = Rig(.ac, wattHours: 1000) { $0.authorizesAfter = nil }
    rig.plugIn()
    rig.reach(.setup)
    rig.run(for: .seconds(2))
    rig.site.schedule(ChargerEvent.stop(.user), at: rig.site.now)
    rig.run(for: .seconds(20))
    #expect(rig.isFinal)
    #expect(rig.notes.outcomes.count == 1)
  }

  @Test func a_wish_to_stop_before_the_session_ends_it_when_it_comes() {
    var rig = Rig(.ac, wattHours: 1000)
    rig.plugIn()
    rig.reach(.matching)
    rig.site.schedule(ChargerEvent.stop(.user), at: rig.site.now)
    rig.run(for: .seconds(60))
    #expect(rig.isFinal)
    #expect(rig.site.sessionWattHours == 0)
  }

  @Test func a_welded_contactor_keeps_state_F_though_the_session_ended_in_order() {
    var rig = Rig(.dc)
    rig.plugIn()
    rig.reach(.energy)
    rig.site.change { $0.breakContactor(.welded) }
    rig.run(for: .seconds(60))
    #expect(rig.site.charger.safety.latched == .contactorWelded)
    #expect(rig.site.charger.pilotDuty == .steadyLow)
  }
}

/// Who may take the one connection of the session.
@Suite struct StrangerTests {
  @Test func a_connection_of_another_than_the_one_who_asked_is_refused_and_the_vehicle_still_charges() {
    var rig = Rig(.ac)
    rig.plugIn()
    rig.run { $0.notes.traces.contains { if case .sdpServer(.answered) = $0.trace { true } else { false } } }
    let stranger = V2GEndpoint(IPv6Address.stranger, port: 50_123)
    rig.site.schedule(ChargerEvent.network(.connected(stranger)), at: rig.site.now)
    rig.run(for: .microseconds(1))
    #expect(rig.phase == .discovery)
  }

  @Test func a_second_connection_does_not_close_the_first() {
    var rig = Rig(.ac)
    rig.plugIn()
    rig.reach(.energy)
    let stranger = V2GEndpoint(IPv6Address.stranger, port: 50_123)
    rig.site.schedule(ChargerEvent.network(.connected(stranger)), at: rig.site.now)
    rig.run { $0.isFinal }
    #expect(rig.outcome?.isCompleted == true)
    #expect(rig.failures.isEmpty, "\(rig.failures.text)")
  }

  @Test func a_short_loss_of_the_offer_stops_the_current_and_not_the_session() {
    var rig = Rig(.ac, wattHours: 200)
    rig.plugIn()
    rig.reach(.energy)
    rig.run(for: .seconds(2))
    for _ in 0..<2 { rig.site.schedule(VehicleEvent.pilot(.steadyHigh), at: rig.site.now) }
    rig.run(for: .milliseconds(500))
    #expect(rig.amps == 0)
    for _ in 0..<3 { rig.site.schedule(VehicleEvent.pilot(.pwm(permille: 50)), at: rig.site.now) }
    rig.run(for: .milliseconds(500))
    #expect(rig.amps > 0)
    rig.run { $0.isFinal }
    #expect(rig.outcome?.isCompleted == true, "\(rig.failures.text)")
  }

  @Test func an_emergency_stop_is_told_to_the_session_before_the_connection_closes() {
    var rig = Rig(.dc, wattHours: 1000)
    rig.plugIn()
    rig.reach(.energy)
    rig.run(for: .seconds(2))
    rig.notes.traces.removeAll()
    rig.site.schedule(ChargerEvent.emergencyStop(true), at: rig.site.now)
    rig.run(for: .seconds(5))
    let isTold = rig.notes.traces.contains {
      if case (.charger, .session(.sent(_, .FAILED, _))) = ($0.side, $0.trace) { true } else { false }
    }
    #expect(isTold)
    guard case .failed(.safety(.emergencyStop))? = rig.outcome else {
      Issue.record("\(String(describing: rig.outcome))")
      return
    }
    #expect(rig.watch.violations == [])
  }
}

extension Rig {
  /// What the onboard charger may draw per phase, A.
  fileprivate var amps: Double {
    if case .ac(let path) = site.bench.path { path.ampsAllowed } else { 0 }
  }
}
