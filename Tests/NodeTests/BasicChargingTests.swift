import ControlPilot
import HAL
import ISO15118
import Node
import SLAC
import Safety
import SimulatedHardware
import Simulation
import Testing
import Wire

/// Charging by the nominal duty alone: IEC 61851-1 mode 3, by a vehicle that does not communicate. The contactor follows
/// S2, for an identified customer and nobody else.
@Suite struct BasicChargingTests {
  /// An AC site whose charger has (`link`) a modem or none, and a vehicle that has none.
  private func rig(
    _ link: LinkPolicy = .slac, vehicle: LinkPolicy = .absent,
    _ change: (inout SiteDescription) -> Void = { _ in }
  ) -> Rig {
    var rig = Rig(.ac) {
      $0.chargerLink = link
      $0.vehicleLink = vehicle
      change(&$0)
    }
    rig.watch.permitsNominalDuty = true
    rig.run(for: .seconds(1))
    return rig
  }

  private func amps(_ rig: Rig) -> Double {
    guard case .ac(let path) = rig.site.bench.path else { return 0 }
    return path.charger.amps
  }

  private func isClosed(_ rig: Rig) -> Bool { rig.site.bench.contactor.areContactsClosed }

  @Test func what_keeps_the_contactor_open_is_told() {
    var rig = Rig(.ac) {
      $0.chargerLink = .absent
      $0.vehicleLink = .absent
      $0.testsResidualCurrent = true
    }
    rig.watch.permitsNominalDuty = true
    rig.run(for: .seconds(1))
    rig.tellCharger(.residualCurrent(ok: false))
    rig.tellCharger(.identified(true))
    rig.plugIn()
    func told(_ rig: Rig) -> [[ClosingObstacle]] {
      rig.notes.traces.compactMap { if case .safety(.waiting(let list)) = $0.trace { list } else { nil } }
    }
    #expect(rig.run(for: .seconds(5)) { $0.phase == .preparation })
    #expect(rig.run(for: .seconds(3)) { !told($0).isEmpty })
    #expect(told(rig).last?.contains(.residualCurrentNotSound) == true)
    let count = told(rig).count
    rig.run(for: .seconds(60))
    #expect(told(rig).count == count, "once, until it changes")
    rig.tellCharger(.residualCurrent(ok: true))
    rig.run(for: .seconds(5)) { isClosed($0) }
    #expect(isClosed(rig))
    #expect("\(SafetyTrace.waiting([.resting, .noCable]))".contains("closed too recently, no sound cable"))
  }

  @Test(arguments: [true, false])
  func a_vehicle_without_communication_charges_once_the_customer_is_identified(hasModem: Bool) {
    var rig = rig(hasModem ? .slac : .absent)
    rig.tellCharger(.identified(true))
    rig.plugIn()
    let closed = rig.run(for: .seconds(3)) { isClosed($0) }
    #expect(closed, "within 3 s of C2")
    #expect(rig.site.bench.lock.isLocked())
    rig.run(for: .seconds(5))
    #expect(rig.phase == .energy && rig.site.vehicle.phase == .energy)
    #expect(abs(amps(rig) - 16) < 0.1, "what the vehicle can take, of the 32 A offered")
    rig.run(for: .seconds(30)) { rig in !isClosed(rig) }
    #expect(!isClosed(rig), "it has enough and opens S2")
    #expect(rig.site.bench.lock.isLocked(), "until the plug is out")
    rig.rest()
    #expect(rig.outcome?.isCompleted == true, "\(rig.failures.text)")
    #expect(rig.vehicleOutcome?.isCompleted == true)
    guard case .completed(_, let wattHours)? = rig.outcome else { return }
    #expect((20...25).contains(wattHours), "measured: \(wattHours) Wh")
    #expect(rig.watch.violations == [])
  }

  @Test func nobody_identified_gets_no_energy() {
    for link in [LinkPolicy.slac, .absent] {
      var rig = rig(link)
      rig.plugIn()
      rig.site.change { $0.apply(.setLoad(.c)) }
      rig.run(for: .seconds(300)) { $0.site.bench.contactor.isCoilOn }
      #expect(!rig.site.bench.contactor.isCoilOn)
      if case .absent = link { #expect(rig.duties == [], "X1 as long as nobody is identified") }
      rig.rest()
      #expect(rig.watch.violations == [])
    }
  }

  @Test func the_contactor_follows_S2_as_often_as_it_likes() {
    var rig = rig()
    rig.tellCharger(.identified(true))
    rig.plugIn()
    rig.run(for: .seconds(2))
    for _ in 0..<5 {
      #expect(isClosed(rig))
      rig.site.change { $0.apply(.setLoad(.b)) }
      let opened = rig.site.now
      rig.run(for: .seconds(1)) { !isClosed($0) }
      #expect(rig.site.now - opened <= .milliseconds(100), "IEC 61851-1 Table A.6: 100 ms")
      rig.run(for: .seconds(1))
      #expect(rig.phase == .preparation && rig.site.bench.lock.isLocked())
      rig.site.change { $0.apply(.setLoad(.c)) }
      rig.run(for: .seconds(1))
    }
    #expect(rig.outcome == nil)
    rig.rest()
    #expect(rig.watch.violations == [])
  }

  @Test func relays_rest_10_s_between_two_closings_where_the_board_says_so() {
    var rig = rig { $0.recloseInterval = .seconds(10) }
    rig.tellCharger(.identified(true))
    rig.plugIn()
    rig.run(for: .seconds(3)) { isClosed($0) }
    let first = rig.site.now
    rig.run(for: .seconds(1))
    rig.site.change { $0.apply(.setLoad(.b)) }
    rig.run(for: .milliseconds(200))
    rig.site.change { $0.apply(.setLoad(.c)) }
    rig.run(for: .seconds(20)) { isClosed($0) }
    #expect((.milliseconds(9_900) ... .milliseconds(10_200)).contains(rig.site.now - first))
    rig.rest()
    #expect(rig.watch.violations == [])
  }

  @Test func a_smaller_limit_is_followed_and_less_than_6_A_is_a_pause() {
    var rig = rig { $0.energyWanted = 2_000 }
    rig.tellCharger(.identified(true))
    rig.plugIn()
    rig.run(for: .seconds(10))
    #expect(abs(amps(rig) - 16) < 0.1)
    rig.tellCharger(.limits(.ac(milliamps: 10_000, phases: 3)))
    rig.run(for: .seconds(6))
    #expect(abs(amps(rig) - 9.96) < 0.1, "16.6 % of 60 A: \(amps(rig))")
    #expect(isClosed(rig))
    rig.tellCharger(.limits(.ac(milliamps: 5_000, phases: 3)))
    let paused = rig.site.now
    rig.run(for: .seconds(10)) { !isClosed($0) }
    #expect(rig.duties.last == .steadyHigh)
    #expect(rig.site.now - paused < .seconds(3), "the vehicle opens S2, Table A.6 sequence 9.2")
    #expect(amps(rig) == 0)
    rig.run(for: .seconds(60))
    #expect(rig.outcome == nil, "a pause is no end")
    rig.tellCharger(.limits(.ac(milliamps: 32_000, phases: 3)))
    rig.run(for: .seconds(10))
    #expect(isClosed(rig) && abs(amps(rig) - 16) < 0.1)
    rig.rest()
    #expect(rig.watch.violations == [])
  }

  @Test func a_vehicle_that_ignores_the_pause_is_cut_off_after_6_s_and_charges_again_with_the_duty() {
    var rig = rig { $0.energyWanted = 2_000 }
    rig.tellCharger(.identified(true))
    rig.plugIn()
    rig.site.killVehicle()
    rig.site.change { $0.apply(.setLoad(.c)) }
    rig.run(for: .seconds(3))
    #expect(isClosed(rig))
    rig.tellCharger(.limits(.ac(milliamps: 0, phases: 3)))
    let paused = rig.site.now
    rig.run(for: .seconds(10)) { !isClosed($0) }
    #expect((.seconds(6) ... .milliseconds(6_100)).contains(rig.site.now - paused))
    rig.run(for: .seconds(5))
    #expect(rig.outcome == nil)
    rig.tellCharger(.limits(.ac(milliamps: 16_000, phases: 3)))
    rig.run(for: .seconds(1))
    #expect(isClosed(rig))
    rig.rest()
    #expect(rig.watch.violations == [])
  }

  @Test(arguments: [true, false])
  func an_end_by_the_host_or_the_card_goes_through_X1_and_unlocks(byCard: Bool) {
    var rig = rig { $0.energyWanted = 2_000 }
    rig.tellCharger(.identified(true))
    rig.plugIn()
    rig.run(for: .seconds(5))
    rig.tellCharger(byCard ? .identified(false) : .stop(.user))
    #expect(rig.duties.last == .steadyHigh)
    #expect(isClosed(rig), "the vehicle is asked first")
    rig.run(for: .seconds(4))
    #expect(!isClosed(rig) && !rig.site.bench.lock.isLocked())
    #expect(rig.outcome?.isCompleted == true && rig.phase == .finished)
    rig.run(for: .seconds(60))
    #expect(rig.duties.last == .steadyHigh)
    // The same customer again, without a new plug-in.
    rig.tellCharger(.identified(false))
    rig.tellCharger(.identified(true))
    rig.run(for: .seconds(15))
    #expect(isClosed(rig))
    rig.rest()
    #expect(rig.watch.violations == [])
  }

  @Test func five_percent_first_falls_back_to_a_nominal_duty_through_F() {
    var rig = rig { $0.chargerCoupling.digitalFirst = true }
    rig.tellCharger(.identified(true))
    rig.plugIn()
    rig.run(for: .seconds(39))
    #expect(rig.duties == [.digital] && !rig.site.bench.contactor.isCoilOn)
    rig.run(for: .seconds(10))
    #expect(rig.duties == [.digital, .steadyLow, .steadyHigh, .nominal32])
    #expect(rig.driven.first { $0.duty == .steadyLow }?.lasted == .seconds(4), "T_step_EF")
    #expect(isClosed(rig))
    rig.rest()
    #expect(rig.watch.violations == [])
  }

  @Test func five_percent_first_is_all_a_vehicle_needs_that_communicates() {
    var rig = rig(vehicle: .slac) {
      $0.chargerCoupling.digitalFirst = true
      $0.authorizesAfter = nil
    }
    rig.tellCharger(.identified(true))
    rig.plugIn()
    rig.run { $0.isFinal }
    #expect(rig.outcome?.isCompleted == true, "\(rig.failures.text)")
    #expect(!rig.duties.contains(.nominal32))
    rig.rest()
    #expect(rig.watch.violations == [])
  }

  @Test(arguments: [true, false])
  func five_percent_alone_never_becomes_a_nominal_duty(isIdentifiedFirst: Bool) {
    var rig = rig { $0.chargerCoupling.offersNominal = false }
    if isIdentifiedFirst { rig.tellCharger(.identified(true)) }
    rig.plugIn()
    rig.run(for: .seconds(5))
    if !isIdentifiedFirst { rig.tellCharger(.identified(true)) }
    rig.run(for: .seconds(300))
    #expect(!rig.duties.contains(.nominal32) && rig.duties.last == .steadyHigh)
    #expect(!rig.site.bench.contactor.isCoilOn)
    rig.rest()
    #expect(rig.watch.violations == [])
  }

  @Test func five_percent_alone_charges_a_vehicle_that_communicates() {
    var rig = rig(vehicle: .slac) {
      $0.chargerCoupling.offersNominal = false
      $0.chargerCoupling.initialDuty = .steadyHigh
    }
    rig.tellCharger(.identified(true))
    rig.plugIn()
    rig.run { $0.isFinal }
    #expect(rig.outcome?.isCompleted == true, "\(rig.failures.text)")
    #expect(!rig.duties.contains(.nominal32))
    rig.rest()
    #expect(rig.watch.violations == [])
  }

  @Test func a_vehicle_that_sleeps_is_woken_by_F_once_after_30_s() {
    var rig = rig()
    rig.tellCharger(.identified(true))
    rig.plugIn()
    rig.site.killVehicle()
    rig.run(for: .seconds(300))
    #expect(rig.duties == [.nominal32, .steadyLow, .steadyHigh, .nominal32])
    #expect(rig.driven[0].lasted == .seconds(30))
    #expect(rig.driven[1].lasted == .seconds(4))
    #expect(rig.couplings.filter { $0 == .errorStep(.legacyWakeUp) }.count == 1)
    rig.site.change { $0.apply(.setLoad(.c)) }
    rig.run(for: .seconds(1))
    #expect(isClosed(rig))
    rig.rest()
    #expect(rig.watch.violations == [])
  }

  @Test func state_D_without_ventilation_waits_for_C_and_keeps_the_lock() {
    var rig = rig()
    rig.tellCharger(.identified(true))
    rig.plugIn()
    rig.site.killVehicle()
    rig.site.change { $0.apply(.setLoad(.d)) }
    rig.run(for: .seconds(20))
    #expect(!rig.site.bench.contactor.isCoilOn && rig.site.bench.lock.isLocked())
    #expect(rig.outcome == nil)
    rig.site.change { $0.apply(.setLoad(.c)) }
    rig.run(for: .seconds(1))
    #expect(isClosed(rig))
    rig.site.change { $0.apply(.setLoad(.d)) }
    let left = rig.site.now
    rig.run(for: .seconds(1)) { !isClosed($0) }
    #expect(rig.site.now - left <= .milliseconds(100))
    rig.rest()
    #expect(rig.watch.violations == [])
  }

  @Test(arguments: [LinkPolicy.absent, .slac])
  func a_customer_identified_while_the_charge_of_another_ends_begins_a_charge_of_his_own(link: LinkPolicy) {
    var rig = rig(link) { $0.energyWanted = 2_000 }
    rig.tellCharger(.identified(true))
    rig.plugIn()
    rig.run(for: .seconds(60)) { isClosed($0) }
    rig.run(for: .seconds(10))
    #expect(rig.phase == .energy)
    rig.tellCharger(.identified(false))
    rig.run(for: .milliseconds(500))
    #expect(isClosed(rig) && rig.outcome == nil, "S2 has time to open")
    rig.tellCharger(.identified(true))
    rig.run(for: .seconds(10)) { $0.outcome != nil }
    guard case .completed(_, let wattHours)? = rig.outcome else {
      Issue.record("\(String(describing: rig.outcome))")
      return
    }
    #expect(wattHours > 10, "the first customer's: \(wattHours) Wh")
    #expect(!isClosed(rig))
    #expect(rig.run(for: .seconds(60)) { isClosed($0) }, "\(rig.failures.text)")
    rig.rest()
    #expect(rig.watch.violations == [])
  }

  @Test func the_cable_bounds_the_offer_and_without_one_nothing_closes() {
    var rig = rig { $0.readsProximity = true }
    rig.tellCharger(.identified(true))
    rig.plugIn()
    rig.run(for: .seconds(3))
    #expect(rig.duties == [] && !rig.site.bench.contactor.isCoilOn, "no cable was read yet")
    for _ in 0..<2 { rig.tellCharger(.proximity(.plugged(cableMilliamps: 20_000))) }
    rig.run(for: .seconds(3))
    #expect(rig.duties == [.nominal(milliamps: 20_000)])
    #expect(isClosed(rig))
    rig.tellCharger(.proximity(.fault))
    rig.run(for: .seconds(1))
    #expect(isClosed(rig), "one reading decides nothing")
    rig.tellCharger(.proximity(.fault))
    rig.run(for: .milliseconds(100))
    #expect(!isClosed(rig))
    guard case .failed(.safety(.proximityLost))? = rig.outcome else {
      Issue.record("\(String(describing: rig.outcome))")
      return
    }
    rig.rest()
    #expect(rig.watch.violations == [])
  }

  @Test func heat_takes_current_away_and_gives_it_back() {
    var rig = rig {
      $0.energyWanted = 2_000
      $0.temperatureSensors = [
        Derating(startMillicelsius: 60_000, endMillicelsius: 80_000, fullMilliamps: 32_000)
      ]
    }
    rig.tellCharger(.identified(true))
    rig.plugIn()
    rig.run(for: .seconds(5))
    #expect(rig.duties == [], "the sensor was not read yet")
    for (millicelsius, expected) in [
      (20_000, 16.0), (76_000, 11.2), (81_000, 0), (79_000, 0), (60_000, 16.0),
    ] {
      rig.tellCharger(.temperature(sensor: 0, millicelsius: millicelsius))
      rig.run(for: .seconds(10))
      #expect(abs(amps(rig) - expected) < 0.1, "\(millicelsius) m°C: \(amps(rig)) A")
      #expect(isClosed(rig) == (expected > 0))
    }
    rig.tellCharger(.temperature(sensor: 0, millicelsius: nil))
    rig.run(for: .seconds(10))
    #expect(!isClosed(rig), "a sensor that cannot be read leaves nothing")
    rig.rest()
    #expect(rig.watch.violations == [])
  }

  @Test func communication_that_comes_later_takes_over_and_its_failure_does_not_stop_the_charge() {
    var rig = rig(vehicle: .slac) { $0.energyWanted = 2_000 }
    rig.tellCharger(.identified(true))
    rig.plugIn()
    // It has closed S2 while it still matches.
    rig.site.change { $0.apply(.setLoad(.c)) }
    rig.run(for: .milliseconds(500))
    #expect(isClosed(rig) && rig.phase == .energy)
    rig.run(for: .seconds(30)) { !$0.requests.isEmpty && $0.site.charger.isMatching }
    rig.site.killVehicle()
    rig.run(for: .seconds(100))
    #expect(isClosed(rig) && rig.outcome == nil, "\(rig.failures.text)")
    #expect(!rig.duties.contains(.steadyLow))
    rig.rest()
    #expect(rig.watch.violations == [])
  }

  @Test func a_session_takes_over_from_the_duty_once_the_vehicle_has_opened_S2() {
    var rig = rig(vehicle: .slac) { $0.energyWanted = 100 }
    rig.tellCharger(.identified(true))
    rig.plugIn()
    rig.site.change { $0.apply(.setLoad(.c)) }
    rig.run(for: .seconds(1))
    #expect(isClosed(rig))
    // ISO 15118-2 wants B until PowerDelivery.
    rig.site.change { $0.apply(.setLoad(.b)) }
    rig.run { $0.isFinal }
    #expect(rig.outcome?.isCompleted == true, "\(rig.failures.text)")
    #expect(rig.couplings.contains(.basicCharging(false)))
    #expect(rig.vehicleMessages.contains { $0.contains("PowerDelivery") })
    guard case .ac(let path) = rig.site.bench.path else { return }
    #expect(path.contactor.closings == 2)
    rig.rest()
    #expect(rig.watch.violations == [])
  }

  @Test func a_stop_while_communication_begins_beside_the_charge_asks_the_vehicle_first() {
    var rig = rig(vehicle: .slac) { $0.energyWanted = 100 }
    rig.tellCharger(.identified(true))
    rig.plugIn()
    rig.site.change { $0.apply(.setLoad(.c)) }
    rig.run(for: .seconds(30)) { !$0.vehicleMessages.isEmpty }
    #expect(isClosed(rig))
    rig.tellCharger(.stop(.user))
    #expect(rig.duties.last == .steadyHigh && isClosed(rig))
    rig.run(for: .seconds(7))
    #expect(!isClosed(rig))
    #expect(rig.outcome?.isCompleted == true, "\(rig.failures.text)")
    rig.rest()
    #expect(rig.watch.violations == [])
  }

  @Test func a_vehicle_that_matches_on_5_percent_alone_charges_by_a_nominal_duty_also_after_state_F() {
    var rig = rig(vehicle: .slac) { $0.vehicleCoupling.matchesAtNominalDuty = false }
    rig.plugIn()
    rig.run(for: .milliseconds(50))
    rig.tellCharger(.identified(true))
    rig.run(for: .seconds(20)) { isClosed($0) }
    #expect(isClosed(rig) && rig.duties.last == .nominal32)
    rig.rest()
    #expect(rig.watch.violations == [])
  }

  @Test func a_charge_that_is_pulled_off_under_load_is_told_as_that() {
    var rig = rig()
    rig.tellCharger(.identified(true))
    rig.plugIn()
    rig.run(for: .seconds(3))
    rig.unplug()
    rig.run(for: .seconds(1))
    guard case .failed(.unplugged(during: .energy))? = rig.outcome else {
      Issue.record("\(String(describing: rig.outcome))")
      return
    }
    #expect(rig.watch.violations == [])
  }

  @Test func a_vehicle_with_a_modem_charges_by_the_duty_where_nobody_answers_it() {
    var rig = rig(.absent, vehicle: .slac)
    rig.tellCharger(.identified(true))
    rig.plugIn()
    rig.run(for: .seconds(60)) { isClosed($0) }
    #expect(isClosed(rig))
    rig.run(for: .seconds(60)) { !isClosed($0) }
    rig.rest()
    #expect(rig.outcome?.isCompleted == true, "\(rig.failures.text)")
    #expect(rig.watch.violations == [])
  }
}
