import HAL
import ISO15118
import Node
import SLAC
import Simulation
import Testing
import Wire

/// Defects once found by reading: offers and links around a pause, limits that change, modems that start late.
@Suite struct FoundDefectTests {
  /// AC, a session at the nominal duty of an identified customer.
  private func nominalSession() -> Rig {
    var rig = Rig(.ac, wattHours: 1000)
    rig.watch.permitsNominalDuty = true
    rig.tellCharger(.identified(true))
    rig.plugIn()
    rig.reach(.energy)
    #expect(rig.site.charger.pilotDuty == .nominal32)
    return rig
  }

  private func pause(_ rig: inout Rig) {
    rig.site.needs.wish = .pause
    rig.site.schedule(VehicleEvent.conditions(rig.site.needs), at: rig.site.now)
    rig.run { $0.isFinal }
    rig.run(for: .seconds(5))
    #expect(rig.site.charger.pilotDuty == .steadyHigh)
  }

  private func wake(_ rig: inout Rig) {
    rig.site.needs.wish = .charge
    rig.site.schedule(VehicleEvent.conditions(rig.site.needs), at: rig.site.now)
  }

  @Test func a_limit_that_shrank_during_a_pause_holds_for_the_duty_after_it() {
    var rig = nominalSession()
    pause(&rig)
    rig.tellCharger(.limits(.ac(milliamps: 10_000, phases: 3)))
    rig.run(for: .seconds(1))
    wake(&rig)
    rig.run(for: .seconds(20)) { $0.site.charger.pilotDuty.isOscillating }
    #expect(rig.site.charger.pilotDuty == .pwm(permille: 166), "10 A, not the 32 A of before the pause")
  }

  @Test func limits_change_a_nominal_duty_also_where_the_identification_was_taken_back() {
    var rig = nominalSession()
    rig.tellCharger(.identified(false))
    rig.tellCharger(.limits(.ac(milliamps: 10_000, phases: 3)))
    rig.run(for: .seconds(6))
    #expect(rig.site.charger.pilotDuty == .pwm(permille: 166), "\(rig.site.charger.pilotDuty)")
  }

  @Test func a_customer_identified_while_a_neighbour_matches_is_not_left_waiting_once_that_ended_M06_08() {
    var rig = Rig(.ac)
    rig.watch.permitsNominalDuty = true
    rig.run(for: .seconds(1))
    rig.plugIn()
    rig.site.killVehicle()
    rig.run(for: .seconds(2))
    // A foreign vehicle, heard through cross-talk; it never sounds here.
    rig.expectAnswered()
    rig.tellCharger(.identified(true))
    rig.run(for: .seconds(5))
    #expect(!rig.site.charger.isMatching)
    rig.run(for: .seconds(10))
    #expect(rig.site.charger.pilotDuty == .nominal32, "no matching process runs: E/F, then the duty")
  }

  @Test func a_link_lost_between_the_pause_and_X1_is_no_link_after_the_pause() {
    var rig = Rig(.ac, wattHours: 1000)
    rig.plugIn()
    rig.reach(.energy)
    rig.run(for: .seconds(3))
    rig.site.needs.wish = .pause
    rig.site.schedule(VehicleEvent.conditions(rig.site.needs), at: rig.site.now)
    rig.run { $0.outcome != nil }
    guard case .completed(.paused, _)? = rig.outcome else {
      Issue.record("\(String(describing: rig.outcome))")
      return
    }
    // The vehicle's modem sleeps at once; the charger still polls until X1.
    rig.site.cutLine(true)
    rig.run(for: .seconds(60))
    rig.site.cutLine(false)
    let paused = rig.notes.traces.contains {
      if case (.charger, .slac(.leaving)) = ($0.side, $0.trace) { true } else { false }
    }
    #expect(!paused, "keys and state are kept from D-LINK_PAUSE on")
    rig.notes.traces.removeAll()
    let woken = rig.site.now
    wake(&rig)
    rig.run(for: .seconds(60)) { $0.phase == .setup }
    #expect(
      rig.site.now - woken < .seconds(8),
      "T_conn_resume: 6 s; took \(rig.site.now - woken), \(rig.failures.text)")
  }

  @Test(arguments: [4, 6, 10])
  func a_vehicle_that_is_there_before_the_modem_has_started_charges_in_the_end(seconds: Int) {
    var rig = Rig(.ac) { $0.chargerCoupling.sleepsAfter = .seconds(5) }
    // CG5317 without flash: up to 10 s. QCA7000: 1 s and up to 3 s.
    rig.site.modemBoot = .seconds(seconds)
    rig.run(for: .seconds(30))
    #expect(!rig.site.isChargerModemOn)
    rig.plugIn()
    rig.run(for: .seconds(240)) { $0.outcome?.isCompleted == true }
    #expect(rig.outcome?.isCompleted == true, "\(rig.failures.text)")
  }
}
