import HAL
import ISO15118
import Node
import SLAC
import Simulation
import Testing
import Wire

/// The end, the loss and the pause of the data link: ISO 15118-3 clauses 7.6 and 8, cases PLCLinkStatus.
@Suite struct LinkTests {
  private func leavings(_ rig: Rig, _ side: SiteSide) -> [Instant] {
    rig.notes.traces.compactMap {
      if case (side, .slac(.leaving)) = ($0.side, $0.trace) { $0.at } else { nil }
    }
  }

  /// When a side's modem took a key last.
  private func rekeyed(_ rig: Rig, _ side: SiteSide, after: Instant) -> Duration? {
    let keyed = rig.notes.traces.first {
      if case (side, .slac(.keySet)) = ($0.side, $0.trace) { $0.at >= after } else { false }
    }
    return keyed.map { $0.at - after }
  }

  // MARK: loss

  @Test(arguments: SiteDescription.Current.allCases)
  func a_lost_link_is_left_and_state_F_makes_both_sides_match_again_option_A(
    current: SiteDescription.Current
  ) {
    var rig = Rig(current, wattHours: 1000)
    rig.plugIn()
    rig.reach(.energy)
    let first = rig.site.line.network(ofPort: 1)
    rig.site.cutLine(true)
    rig.run(for: .seconds(3)) { $0.outcome != nil }
    #expect(leavings(rig, .charger).count == 1)
    #expect(rig.site.line.network(ofPort: 1) != first, "a fresh key is the only way out")
    rig.site.cutLine(false)
    rig.reach(.energy)
    let step = rig.driven.first { $0.duty == .steadyLow }
    #expect(step?.lasted == .seconds(4))
    #expect(rig.requests.count == 2)
    rig.rest()
    #expect(rig.watch.violations == [])
  }

  @Test(arguments: SiteDescription.Current.allCases)
  func a_lost_link_is_left_and_another_match_waited_for_with_the_oscillator_on_option_B(
    current: SiteDescription.Current
  ) throws {
    var rig = Rig(current, wattHours: 1000) {
      $0.chargerCoupling.connectionLoss = .rematch
      $0.vehicleSLAC.rematchAfterLoss = .seconds(5)
    }
    rig.plugIn()
    rig.reach(.energy)
    let first = rig.site.line.network(ofPort: 1)
    rig.notes.traces.removeAll()
    rig.site.cutLine(true)
    rig.run(for: .seconds(8)) { $0.outcome != nil }
    let lost = rig.site.now
    #expect(rig.site.line.network(ofPort: 1) != first)
    rig.site.cutLine(false)
    rig.reach(.energy)
    #expect(rig.couplings == [.rematch])
    #expect(!rig.duties.contains(.steadyLow) && !rig.duties.contains(.steadyHigh), "\(rig.duties)")
    let again = try #require(rig.requests.first)
    #expect(again - lost < .seconds(15), "T_conn_resetup")
    rig.rest()
    #expect(rig.watch.violations == [])
  }

  @Test func option_B_without_another_match_ends_in_the_error_steps_of_5_percent() {
    var rig = Rig(.ac, wattHours: 1000) { $0.chargerCoupling.connectionLoss = .rematch }
    rig.plugIn()
    rig.reach(.energy)
    rig.site.killVehicle()
    rig.site.cutLine(true)
    rig.notes.traces.removeAll()
    rig.run(for: .seconds(60))
    #expect(rig.couplings == [.rematch, .errorStep(.retry)])
    #expect(rig.watch.violations == [])
  }

  @Test(arguments: SiteDescription.Current.allCases, [NodePhase.discovery, .setup, .energy])
  func a_vehicle_that_sees_state_F_leaves_within_a_second_and_matches_again(
    current: SiteDescription.Current, phase: NodePhase
  ) throws {
    // EVCC_CMN PLCLinkStatus_007.
    var rig = Rig(current, wattHours: 20)
    rig.plugIn()
    rig.reach(phase)
    rig.notes.traces.removeAll()
    let now = rig.site.now
    rig.site.change { $0.apply(.setDuty(.steadyLow)) }
    rig.run(for: .seconds(2))
    let left = try #require(rekeyed(rig, .vehicle, after: now))
    #expect(left <= .seconds(1), "TP_match_leave")
    rig.run { $0.outcome?.isCompleted == true }
    #expect(rig.requests.count >= 1, "\(rig.failures.text)")
    #expect(rig.outcome?.isCompleted == true, "\(rig.failures.text)")
    rig.rest()
    #expect(rig.watch.violations == [])
  }

  @Test(arguments: [NodePhase.joining, .discovery, .setup, .energy])
  func state_A_leaves_the_network_on_both_sides_within_a_second(phase: NodePhase) throws {
    // SECC_CMN PLCLinkStatus_003, EVCC_CMN PLCLinkStatus_002.
    var rig = Rig(.ac)
    rig.plugIn()
    rig.reach(phase)
    let now = rig.site.now
    rig.site.unplug(at: now)
    rig.run(for: .seconds(3))
    for side in SiteSide.allCases {
      let left = try #require(rekeyed(rig, side, after: now), "\(side)")
      #expect(left <= .seconds(1), "\(side): TP_match_leave")
    }
    #expect(!rig.site.line.areJoined(0, 1, at: rig.site.now + .seconds(10)))
  }

  // MARK: the end

  @Test(arguments: SiteDescription.Current.allCases)
  func after_the_session_the_vehicle_leaves_by_itself_whatever_the_pilot_does(
    current: SiteDescription.Current
  ) throws {
    var rig = Rig(current, wattHours: 5)
    rig.plugIn()
    rig.run { $0.vehicleOutcome != nil }
    #expect(rig.vehicleOutcome?.isCompleted == true)
    let ended = rig.site.now
    #expect(rig.site.bench.wire.duty == .digital)
    let left = rig.run(for: .seconds(3)) { rekeyed($0, .vehicle, after: ended) != nil }
    #expect(left)
    // Time for the last octets, then TP_match_leave.
    #expect(rig.site.now - ended <= .milliseconds(1500))
    #expect(rig.site.now - ended >= .milliseconds(500))
    rig.rest()
    #expect(rig.outcome?.isCompleted == true)
    #expect(rig.watch.violations == [])
  }

  @Test func D_LINK_TERMINATE_takes_the_charger_out_of_the_network_within_a_second() throws {
    // A vehicle that stays in the network: the charger is not to leave for want of a peer.
    var rig = Rig(.ac, wattHours: 5) { $0.vehicleCoupling.leavesAfter = .seconds(60) }
    rig.plugIn()
    rig.run { $0.outcome != nil }
    #expect(rig.outcome?.isCompleted == true)
    rig.run(untilDriven: .steadyHigh)
    // V2G_SECC_CPOscillator_Retain_Time is over: D-LINK_TERMINATE.request.
    let terminated = rig.site.now
    rig.run(for: .seconds(2))
    let left = try #require(rekeyed(rig, .charger, after: terminated))
    #expect(left <= .seconds(1))
  }

  // MARK: pause and wake-up

  /// A rig whose vehicle has paused.
  private func paused(_ current: SiteDescription.Current) -> Rig {
    var rig = Rig(current, wattHours: 1000)
    rig.plugIn()
    rig.reach(.energy)
    rig.run(for: .seconds(3))
    rig.site.needs.wish = .pause
    rig.site.schedule(VehicleEvent.conditions(rig.site.needs), at: rig.site.now)
    rig.run { $0.isFinal }
    rig.run(for: .seconds(5))
    rig.notes.traces.removeAll()
    return rig
  }

  private func wake(_ rig: inout Rig) {
    rig.site.needs.wish = .charge
    rig.site.schedule(VehicleEvent.conditions(rig.site.needs), at: rig.site.now)
  }

  @Test(arguments: SiteDescription.Current.allCases)
  func a_toggle_of_the_vehicle_brings_communication_back_within_T_conn_resume_with_the_keys_of_before(
    current: SiteDescription.Current
  ) throws {
    var rig = paused(current)
    let network = rig.site.line.network(ofPort: 1)
    rig.run(for: .seconds(60))
    let woken = rig.site.now
    wake(&rig)
    rig.run(for: .seconds(6)) { $0.phase == .setup }
    #expect(rig.phase == .setup)
    #expect(rig.site.now - woken <= .seconds(6), "T_conn_resume")
    #expect(rig.couplings == [.wakes(byVehicle: true)])
    #expect(rig.site.line.network(ofPort: 1) == network)
    #expect(leavings(rig, .charger) == [] && leavings(rig, .vehicle) == [])
    rig.rest()
    #expect(rig.watch.violations == [])
  }

  @Test(arguments: SiteDescription.Current.allCases)
  func a_vehicle_that_does_not_react_to_5_percent_is_woken_by_state_F_after_T_conn_resume(
    current: SiteDescription.Current
  ) {
    var rig = paused(current)
    rig.site.killVehicle()
    rig.tellCharger(.resume)
    #expect(rig.duties == [.digital], "X1 to X2 at once")
    rig.run(for: .seconds(12))
    #expect(rig.duties == [.digital, .steadyLow, .steadyHigh, .digital])
    #expect(rig.driven[0].lasted == .seconds(6))
    #expect(rig.driven[1].lasted == .seconds(4))
    #expect(rig.couplings == [.wakes(byVehicle: false), .errorStep(.wakeUp)])
    rig.rest()
    #expect(rig.watch.violations == [])
    rig.site.needs.wish = .charge
    rig.site.energyWanted = rig.site.sessionWattHours + 5
    rig.chargeAgain()
  }

  @Test func a_vehicle_that_reacts_is_not_stepped_through_state_F() {
    var rig = paused(.ac)
    rig.site.needs.wish = .charge
    rig.tellCharger(.resume)
    wake(&rig)
    rig.reach(.energy)
    rig.run(for: .seconds(10))
    #expect(rig.duties == [.digital])
    rig.rest()
    #expect(rig.watch.violations == [])
  }

  @Test func a_pause_at_a_nominal_duty_ends_at_a_nominal_duty() {
    var rig = Rig(.ac, wattHours: 1000)
    rig.watch.permitsNominalDuty = true
    rig.tellCharger(.identified(true))
    rig.plugIn()
    rig.reach(.energy)
    rig.site.needs.wish = .pause
    rig.site.schedule(VehicleEvent.conditions(rig.site.needs), at: rig.site.now)
    rig.run { $0.isFinal }
    rig.run(for: .seconds(5))
    #expect(rig.site.bench.wire.duty == .steadyHigh)
    rig.notes.traces.removeAll()
    wake(&rig)
    rig.reach(.energy)
    #expect(rig.duties == [.nominal32])
    #expect(rig.requests == [], "the link was kept")
    rig.rest()
    #expect(rig.watch.violations == [])
  }

  // MARK: sleep

  @Test(arguments: SiteDescription.Current.allCases)
  func a_modem_that_slept_after_plug_out_is_ready_within_T_conn_max_comm(
    current: SiteDescription.Current
  ) throws {
    // SECC_CMN CmSlacParm_008 and _009.
    var rig = Rig(current) { $0.chargerCoupling.sleepsAfter = .seconds(5) }
    for _ in 0..<2 {
      rig.run(for: .seconds(30))
      #expect(!rig.site.isChargerModemOn)
      #expect(rig.site.charger.deadline == nil, "no wake-up while asleep: \(rig.site.charger.deadlines)")
      rig.notes.traces.removeAll()
      rig.notes.outcomes.removeAll()
      rig.site.energyWanted = rig.site.sessionWattHours + 5
      rig.plugIn()
      let plugged = rig.site.now
      rig.run { $0.isFinal }
      #expect(rig.outcome?.isCompleted == true, "\(rig.failures.text)")
      let digital = try #require(rig.driven.first { $0.duty == .digital })
      #expect(digital.at - plugged <= .seconds(8))
      let request = try #require(rig.requests.first)
      #expect(request - plugged <= .seconds(8))
      rig.rest()
      #expect(rig.watch.violations == [])
    }
  }
}
