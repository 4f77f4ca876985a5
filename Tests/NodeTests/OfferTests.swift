import HAL
import HomePlug
import ISO15118
import Node
import SLAC
import Simulation
import Testing
import Wire

/// What the charger offers on the pilot while nobody, somebody or the wrong one matches: ISO 15118-3 clause 6.5,
/// requirements V2G3-M06-05 to -09, cases SECC_AC CmSlacParm.
@Suite struct OfferTests {
  /// AC, and a nominal duty is expected.
  private func rig(_ change: (inout SiteDescription) -> Void = { _ in }) -> Rig {
    var rig = Rig(.ac, change)
    rig.watch.permitsNominalDuty = true
    rig.run(for: .seconds(1))
    return rig
  }

  /// A vehicle that cannot communicate.
  private func plugInMute(_ rig: inout Rig) {
    rig.plugIn()
    rig.site.killVehicle()
    rig.run(for: .milliseconds(100))
  }

  @Test func no_request_leads_twice_through_F_back_to_5_percent_and_then_to_X1_M06_07() {
    var rig = rig()
    plugInMute(&rig)
    rig.run(for: .seconds(200))
    #expect(
      rig.duties == [
        .digital, .steadyLow, .steadyHigh, .digital, .steadyLow, .steadyHigh, .digital, .steadyHigh,
      ])
    let driven = rig.driven
    for step in driven where step.duty == .steadyLow { #expect(step.lasted == .seconds(4)) }
    // TT_EVSE_SLAC_init starts anew with each 5 %.
    for step in driven where step.duty == .digital { #expect(step.lasted == .seconds(40)) }
    #expect(rig.couplings == [.errorStep(.retry), .errorStep(.retry)])
    let answered = rig.isAnswered()
    #expect(!answered, "the charger has given up")
    rig.rest()
    rig.chargeAgain()
  }

  @Test(arguments: SiteDescription.Current.allCases, [PilotLoad.b, .c, .d])
  func five_percent_and_SLAC_are_there_in_B_C_and_D(current: SiteDescription.Current, load: PilotLoad) throws
  {
    // SECC_CMN CmSlacParm_001 to _003 and _009.
    var rig = Rig(current) { $0.isVentilated = true }
    rig.run(for: .seconds(1))
    let plugged = rig.site.now
    rig.plugIn()
    rig.site.killVehicle()
    rig.site.change { $0.apply(.setLoad(load)) }
    rig.run(for: .milliseconds(100))
    let digital = try #require(rig.driven.first)
    #expect(digital.duty == .digital)
    #expect(digital.at - plugged < .seconds(8), "T_conn_max_comm")
    rig.run(for: .seconds(5))
    rig.expectAnswered()
    #expect(!rig.site.bench.contactor.isCoilOn)
  }

  @Test func a_toggle_wakes_a_charger_that_has_given_up() {
    var rig = rig()
    plugInMute(&rig)
    rig.run(for: .seconds(200))
    #expect(rig.duties.last == .steadyHigh)
    for held in [60, 900, 300] {
      rig.site.change { $0.apply(.setLoad(.c)) }
      rig.run(for: .milliseconds(Int64(held)))
      rig.site.change { $0.apply(.setLoad(.b)) }
      rig.run(for: .seconds(2))
      #expect(rig.duties.last == (held == 300 ? .digital : .steadyHigh), "\(held) ms")
    }
    rig.expectAnswered()
    #expect(rig.couplings.last == .wakes(byVehicle: true))
    rig.rest()
    #expect(rig.watch.violations == [])
  }

  @Test func an_invalid_request_does_not_stop_the_wait_for_a_valid_one() {
    var rig = rig()
    plugInMute(&rig)
    rig.run(for: .seconds(39))
    rig.site.injectFrame(invalidRequest, to: .charger)
    rig.run(for: .seconds(2))
    #expect(rig.duties.last == .steadyLow)
  }

  @Test(arguments: [ChargerCoupling.InitialDuty.digital, .steadyHigh])
  func identified_before_anybody_asked_goes_through_F_to_a_nominal_duty_M06_08(
    initial: ChargerCoupling.InitialDuty
  ) {
    var rig = rig { $0.chargerCoupling.initialDuty = initial }
    plugInMute(&rig)
    rig.run(for: .seconds(10))
    let before: [PilotDuty] = initial == .digital ? [.digital] : []
    #expect(rig.duties == before)
    rig.tellCharger(.identified(true))
    rig.run(for: .seconds(10))
    #expect(rig.duties == before + [.steadyLow, .steadyHigh, .nominal32])
    let step = rig.driven.first { $0.duty == .steadyLow }
    #expect(step?.lasted == .seconds(4), "T_step_EF, 4...8 s")
    // HLC stays possible for as long as the duty is on, and asks for no more steps.
    rig.run(for: .seconds(200))
    rig.expectAnswered()
    rig.run(for: .seconds(200))
    #expect(rig.duties == before + [.steadyLow, .steadyHigh, .nominal32])
    rig.expectAnswered(run: 8)
    #expect(!rig.site.bench.contactor.isCoilOn, "the vehicle stays in B")
    rig.rest()
    #expect(rig.watch.violations == [])
    rig.site.energyWanted = rig.site.sessionWattHours + 5
    rig.chargeAgain()
    #expect(rig.duties.contains(.digital), "the next customer is not identified")
  }

  @Test func a_vehicle_that_can_communicate_matches_after_the_step_and_charges_at_a_nominal_duty() {
    // EVCC_AC CmSlacParm_002: nominal duty after state F.
    var rig = rig { $0.authorizesAfter = nil }
    rig.plugIn()
    rig.run(for: .milliseconds(50))
    rig.tellCharger(.identified(true))
    rig.run { $0.isFinal }
    #expect(rig.outcome?.isCompleted == true, "\(rig.failures.text)")
    #expect(rig.duties.prefix(4) == [.digital, .steadyLow, .steadyHigh, .nominal32])
    #expect(rig.notes.outcomes.count == 1)
    rig.rest()
    #expect(rig.watch.violations == [])
  }

  @Test func identified_before_plug_in_finds_a_nominal_duty_and_may_match_on_it() {
    // SECC_AC CmSlacParm_004, EVCC_AC CmSlacParm_001.
    var rig = rig { $0.authorizesAfter = nil }
    rig.tellCharger(.identified(true))
    rig.run(for: .seconds(1))
    #expect(rig.duties == [])
    rig.plugIn()
    let plugged = rig.site.now
    rig.run { $0.isFinal }
    #expect(rig.outcome?.isCompleted == true, "\(rig.failures.text)")
    #expect(rig.duties.first == .nominal32)
    #expect(!rig.duties.contains(.steadyLow) && !rig.duties.contains(.digital))
    #expect((rig.requests.first ?? plugged + .seconds(99)) - plugged < .seconds(8), "T_conn_max_comm")
    rig.rest()
    #expect(rig.watch.violations == [])
  }

  @Test func identified_while_matching_runs_goes_through_X1_and_never_through_F_M06_06() {
    var rig = rig { $0.chargerCoupling.identificationWhileMatching = .switchesToNominal }
    plugInMute(&rig)
    rig.run(for: .seconds(2))
    #expect(!rig.site.charger.isMatching, "listening is not matching")
    rig.expectAnswered()
    #expect(rig.site.charger.isMatching, "it begins with the first valid request")
    rig.tellCharger(.identified(true))
    rig.run(for: .seconds(10))
    #expect(rig.duties == [.digital, .steadyHigh, .nominal32])
    #expect(rig.driven[1].lasted == .seconds(3), "T_step_X1")
    rig.rest()
    #expect(rig.watch.violations == [])
  }

  @Test func identified_once_matched_goes_through_X1_and_the_link_stays_M06_06() {
    var rig = rig { $0.chargerCoupling.identificationWhileMatching = .switchesToNominal }
    // Without an address the vehicle stays matched and asks for no SECC.
    rig.site.schedule(VehicleEvent.network(.address(nil)), at: rig.site.now)
    rig.plugIn()
    rig.reach(.discovery)
    rig.tellCharger(.identified(true))
    rig.run(for: .seconds(5))
    #expect(rig.duties == [.digital, .steadyHigh, .nominal32])
    #expect(rig.driven[1].lasted == .seconds(3))
    #expect(rig.site.line.areJoined(0, 1, at: rig.site.now))
    let left = rig.notes.traces.contains {
      if case .slac(.leaving) = $0.trace, $0.at > rig.driven[1].at { true } else { false }
    }
    #expect(!left)
  }

  @Test func identified_while_matching_runs_authorizes_the_session_that_comes() {
    var rig = rig { $0.authorizesAfter = nil }
    rig.plugIn()
    rig.run { !$0.requests.isEmpty }
    rig.tellCharger(.identified(true))
    rig.run { $0.isFinal }
    #expect(rig.outcome?.isCompleted == true, "\(rig.failures.text)")
    #expect(!rig.duties.contains(.nominal32))
    rig.rest()
    #expect(rig.watch.violations == [])
  }

  @Test func a_match_that_fails_leaves_an_identified_customer_with_a_nominal_duty() {
    var rig = rig()
    plugInMute(&rig)
    rig.run(for: .seconds(2))
    rig.expectAnswered()
    rig.tellCharger(.identified(true))
    #expect(rig.duties == [.digital])
    // The session fails after TT_match_sequence, the wait for another after TT_EVSE_SLAC_init.
    rig.run(for: .seconds(60))
    #expect(rig.duties == [.digital, .steadyLow, .steadyHigh, .nominal32])
    rig.rest()
    #expect(rig.watch.violations == [])
  }

  @Test func five_percent_that_was_given_up_is_followed_by_a_nominal_duty_for_who_is_identified_later() {
    var rig = rig()
    plugInMute(&rig)
    rig.run(for: .seconds(200))
    #expect(rig.duties.last == .steadyHigh)
    rig.tellCharger(.identified(true))
    rig.run(for: .seconds(10))
    #expect(rig.duties.suffix(3) == [.steadyLow, .steadyHigh, .nominal32])
    rig.expectAnswered()
  }

  @Test func other_limits_change_a_nominal_duty_but_not_more_often_than_every_5_s() {
    var rig = rig()
    rig.tellCharger(.identified(true))
    plugInMute(&rig)
    #expect(rig.duties == [.nominal32])
    rig.tellCharger(.limits(.ac(milliamps: 16_000, phases: 3)))
    rig.run(for: .seconds(6))
    #expect(rig.duties == [.nominal32, .pwm(permille: 266)])
    #expect(rig.driven[0].lasted == .seconds(5))
    rig.tellCharger(.identified(false))
    rig.run(for: .seconds(5))
    #expect(
      rig.duties == [.nominal32, .pwm(permille: 266), .steadyHigh, .digital], "V2G3-M06-06 the other way")
    #expect(rig.driven[2].lasted == .seconds(3))
  }

  @Test func X1_as_the_first_offer_becomes_5_percent_with_the_match() {
    // EVCC_CMN CmSlacParm_013: the vehicle asks although the oscillator is off.
    var rig = rig { $0.chargerCoupling.initialDuty = .steadyHigh }
    rig.plugIn()
    let plugged = rig.site.now
    rig.run { $0.isFinal }
    #expect(rig.outcome?.isCompleted == true, "\(rig.failures.text)")
    #expect(rig.duties.first == .digital)
    #expect((rig.requests.first ?? plugged + .seconds(99)) - plugged < .seconds(10), "TP_EV_SLAC_init")
    rig.rest()
    #expect(rig.watch.violations == [])
  }

  @Test func X1_that_nobody_asks_on_stays_X1() {
    var rig = rig { $0.chargerCoupling.initialDuty = .steadyHigh }
    plugInMute(&rig)
    rig.run(for: .seconds(200))
    #expect(rig.duties == [], "there is no 5 % whose loss would tell the vehicle anything")
    guard case .failed(.slac(.noRequest))? = rig.outcome else {
      Issue.record("\(String(describing: rig.outcome))")
      return
    }
  }

  @Test(arguments: SiteDescription.Current.allCases)
  func a_modem_that_cannot_serve_a_charger_is_told_and_no_step_through_F_follows(
    current: SiteDescription.Current
  ) {
    var rig = Rig(current)
    rig.watch.permitsNominalDuty = true
    // It says so before the simulated one does.
    let version = VS_SW_VER_CNF(deviceClass: 0x30, version: Array("MAC-QCA7420-1.4.0.21-00-SIMULATED".utf8))
    let identity = ManagementFrame(
      destination: SiteDescription.chargerAddress, source: MACAddress(0x00B0_5200_00C1),
      message: .softwareVersionCnf(version))
    rig.site.schedule(ChargerEvent.network(.frame(identity.octets)), at: .zero)
    rig.run(for: .seconds(1))
    plugInMute(&rig)
    rig.run(for: .seconds(20))
    guard case .failed(.slac(.modemUnfit))? = rig.outcome else {
      Issue.record("\(String(describing: rig.outcome))")
      return
    }
    #expect(rig.notes.outcomes.count == 1)
    #expect(rig.duties == [.digital, .steadyHigh])
    guard current == .ac else { return }
    // Without a usable modem the customer still gets an offer.
    rig.tellCharger(.identified(true))
    rig.run(for: .seconds(10))
    #expect(rig.duties.suffix(3) == [.steadyLow, .steadyHigh, .nominal32])
    #expect(rig.couplings.contains(.offerStands(.modemUnfit(.reportsNoAttenuation))))
    #expect(rig.couplings.last == .basicCharging(true), "the duty is all it takes")
  }

  @Test func DC_knows_5_percent_alone() {
    var rig = Rig(.dc) {
      $0.authorizesAfter = nil
      $0.chargerCoupling.initialDuty = .steadyHigh
      $0.chargerCoupling.identificationWhileMatching = .switchesToNominal
    }
    rig.tellCharger(.identified(true))
    rig.plugIn()
    rig.run { $0.isFinal }
    #expect(rig.outcome?.isCompleted == true, "\(rig.failures.text)")
    #expect(rig.duties == [.digital] || rig.duties == [.digital, .steadyHigh])
    rig.rest()
    #expect(rig.watch.violations == [])
  }
}
