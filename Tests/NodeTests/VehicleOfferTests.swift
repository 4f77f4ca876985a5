import ControlPilot
import HAL
import ISO15118
import Node
import SLAC
import Simulation
import Testing
import Wire

/// When a vehicle begins to match and what the pilot may do meanwhile: ISO 15118-3 clauses 6.5 and 8, cases EVCC CmSlacParm
/// and PLCLinkStatus. The pilot is driven behind the charger's back, as a tester does.
@Suite struct VehicleOfferTests {
  /// CM_SLAC_PARM.REQ of the vehicle, in order.
  private func requests(_ rig: Rig) -> [Instant] {
    rig.notes.sent.filter { $0.side == .vehicle && $0.type == .CM_SLAC_PARM_REQ }.map(\.at)
  }

  /// A rig whose charger is deaf to SLAC, so that the vehicle's own pace shows.
  private func deaf(
    _ current: SiteDescription.Current, _ change: (inout SiteDescription) -> Void = { _ in }
  ) -> Rig {
    var rig = Rig(current, change)
    rig.watch.permitsNominalDuty = true
    rig.run(for: .seconds(1))
    rig.site.cutLine(true)
    return rig
  }

  /// Holds a duty on the wire for so long.
  private func hold(_ duty: PilotDuty, for duration: Duration, _ rig: inout Rig) {
    let end = rig.site.now + duration
    rig.site.change { $0.apply(.setDuty(duty)) }
    while rig.site.step(until: end) { rig.site.change { $0.apply(.setDuty(duty)) } }
  }

  @Test(arguments: SiteDescription.Current.allCases)
  func the_first_request_follows_200_ms_of_5_percent(current: SiteDescription.Current) throws {
    var rig = deaf(current)
    rig.plugIn()
    let plugged = rig.site.now
    rig.run(for: .seconds(5))
    let first = try #require(requests(rig).first)
    #expect(first - plugged >= .milliseconds(200), "T_conn_init_HLC")
    #expect(first - plugged < .milliseconds(300))
  }

  @Test(arguments: [PilotDuty.pwm(permille: 100), .pwm(permille: 533), .pwm(permille: 960)])
  func a_nominal_duty_is_matched_on_in_AC(duty: PilotDuty) throws {
    var rig = deaf(.ac)
    rig.plugIn()
    hold(duty, for: .seconds(3), &rig)
    #expect(!requests(rig).isEmpty)
    var plain = deaf(.ac) { $0.vehicleCoupling.matchesAtNominalDuty = false }
    plain.plugIn()
    hold(duty, for: .seconds(3), &plain)
    #expect(requests(plain).isEmpty)
  }

  @Test func a_nominal_duty_is_not_matched_on_in_DC() {
    var rig = deaf(.dc)
    rig.plugIn()
    hold(.pwm(permille: 533), for: .seconds(20), &rig)
    #expect(requests(rig).isEmpty)
  }

  @Test func without_a_duty_AC_asks_within_TP_EV_SLAC_init_and_DC_waits() throws {
    for current in SiteDescription.Current.allCases {
      var rig = deaf(current)
      rig.plugIn()
      let plugged = rig.site.now
      hold(.steadyHigh, for: .seconds(9), &rig)
      if current == .dc {
        #expect(requests(rig).isEmpty)
      } else {
        let first = try #require(requests(rig).first)
        #expect((.milliseconds(200) ... .seconds(10)).contains(first - plugged))
      }
    }
  }

  @Test(arguments: [true, false])
  func after_state_F_matching_starts_with_and_without_a_duty(oscillates: Bool) throws {
    // EVCC_CMN CmSlacParm_012 and _014.
    var rig = deaf(.ac)
    rig.plugIn()
    hold(.steadyLow, for: .seconds(4), &rig)
    #expect(requests(rig).isEmpty)
    let back = rig.site.now
    hold(oscillates ? .digital : .steadyHigh, for: .seconds(8), &rig)
    let first = try #require(requests(rig).first)
    #expect((.milliseconds(200) ... .seconds(10)).contains(first - back))
  }

  @Test(arguments: SiteDescription.Current.allCases)
  func a_duty_that_comes_7_and_a_half_seconds_late_still_leads_to_a_match(current: SiteDescription.Current)
    throws
  {
    // EVCC_CMN PLCLinkStatus_005. A charger that drives 5 % all the time would find the diode missing.
    var rig = Rig(current, wattHours: 5) { $0.chargerCoupling.initialDuty = .steadyHigh }
    rig.run(for: .seconds(1))
    rig.site.cutLine(true)
    rig.plugIn()
    hold(.steadyHigh, for: .milliseconds(7500), &rig)
    rig.site.cutLine(false)
    rig.site.change { $0.apply(.setDuty(.digital)) }
    let late = rig.site.now
    guard current == .ac else {
      rig.run(for: .seconds(1))
      let first = try #require(requests(rig).first)
      #expect(first - late >= .milliseconds(200) && first - late < .milliseconds(300))
      return
    }
    rig.run { $0.isFinal }
    #expect(rig.outcome?.isCompleted == true, "\(rig.failures.text)")
    #expect(rig.notes.vehicleOutcomes.count == 1)
    rig.rest()
    #expect(rig.watch.violations == [])
  }

  @Test func a_match_that_fails_without_a_duty_is_no_end_and_5_percent_begins_another() {
    var rig = deaf(.ac) { $0.chargerCoupling.initialDuty = .steadyHigh }
    rig.plugIn()
    rig.run(for: .seconds(30))
    #expect(!requests(rig).isEmpty)
    #expect(rig.vehicleOutcome == nil)
    rig.site.cutLine(false)
    rig.site.change { $0.apply(.setDuty(.digital)) }
    rig.run { $0.isFinal }
    #expect(rig.outcome?.isCompleted == true, "\(rig.failures.text)")
  }

  @Test func a_charger_that_does_not_answer_a_toggle_is_woken_three_times() {
    var rig = Rig(.ac, wattHours: 1000) { $0.vehicleCoupling.wakeUpToggles = 2 }
    rig.plugIn()
    rig.reach(.energy)
    rig.site.needs.wish = .pause
    rig.site.schedule(VehicleEvent.conditions(rig.site.needs), at: rig.site.now)
    rig.run { $0.isFinal }
    rig.run(for: .seconds(5))
    rig.site.needs.wish = .charge
    rig.site.schedule(VehicleEvent.conditions(rig.site.needs), at: rig.site.now)
    var closings: [Instant] = []
    var wasClosed = false
    let end = rig.site.now + .seconds(60)
    // The charger's oscillator does not reach the vehicle.
    while rig.site.step(until: end) {
      rig.site.change { $0.apply(.setDuty(.steadyHigh)) }
      let isClosed = rig.site.bench.wire.load == .c
      if isClosed, !wasClosed { closings.append(rig.site.now) }
      wasClosed = isClosed
    }
    #expect(closings.count == 6)
    guard closings.count == 6 else { return }
    #expect(closings[1] - closings[0] == .milliseconds(500))
    #expect(closings[2] - closings[0] == .seconds(6), "T_conn_resume")
    #expect(closings[4] - closings[2] == .seconds(6))
    #expect(rig.watch.violations == [])
  }

  @Test func nothing_wakes_a_charger_that_is_idle_and_unplugged() {
    for current in SiteDescription.Current.allCases {
      var rig = Rig(current, wattHours: 5)
      rig.run(for: .seconds(30))
      #expect(rig.site.charger.deadline == nil, "\(rig.site.charger.deadlines)")
      rig.chargeAgain()
      rig.run(for: .seconds(30))
      #expect(rig.site.charger.deadline == nil, "\(rig.site.charger.deadlines)")
      #expect(rig.site.vehicle.deadline == nil)
    }
  }
}
