import HAL
import ISO15118
import Node
import SLAC
import Simulation
import Testing
import Wire

/// SessionStop(Pause) and what may follow it (ISO 15118-2 8.4.2, ISO 15118-3 clause 7.6).
@Suite struct PauseTests {
  /// A site whose vehicle has paused, with the pilot at X1.
  private func paused(_ current: SiteDescription.Current) -> Rig {
    var rig = Rig(current, wattHours: 1000)
    rig.plugIn()
    rig.reach(.energy)
    rig.run(for: .seconds(3))
    rig.site.needs.wish = .pause
    rig.site.schedule(VehicleEvent.conditions(rig.site.needs), at: rig.site.now)
    rig.run { $0.isFinal }
    rig.run(for: .seconds(5))
    guard case .completed(.paused, _)? = rig.outcome else {
      Issue.record("\(String(describing: rig.outcome))")
      return rig
    }
    return rig
  }

  /// Runs on to the second energy phase and looks whether the session of before was joined.
  private func expectResumed(_ rig: inout Rig) {
    rig.notes.traces.removeAll()
    rig.reach(.energy)
    let resumed = rig.notes.traces.contains {
      if case (.charger, .session(.session(_, resumed: true))) = ($0.side, $0.trace) { true } else { false }
    }
    #expect(resumed)
    let rematched = rig.notes.traces.contains { if case .slac(.request) = $0.trace { true } else { false } }
    #expect(!rematched, "a pause keeps the link")
    rig.run(for: .seconds(5))
    #expect(rig.site.bench.contactor.areContactsClosed)
  }

  @Test(arguments: SiteDescription.Current.allCases)
  func a_pause_goes_to_X1_keeps_the_link_and_a_toggle_of_the_vehicle_ends_it(
    current: SiteDescription.Current
  ) {
    var rig = paused(current)
    #expect(rig.site.charger.pilotDuty == .steadyHigh)
    #expect(rig.site.line.areJoined(0, 1, at: rig.site.now))
    #expect(!rig.site.bench.contactor.isCoilOn)
    rig.run(for: .seconds(600))
    #expect(rig.site.line.areJoined(0, 1, at: rig.site.now))
    rig.site.needs.wish = .charge
    rig.site.schedule(VehicleEvent.conditions(rig.site.needs), at: rig.site.now)
    expectResumed(&rig)
    rig.rest()
    #expect(rig.watch.violations == [])
  }

  @Test func the_charger_wakes_a_paused_vehicle_by_5_percent() {
    var rig = paused(.ac)
    rig.site.needs.wish = .charge
    // The wish alone would toggle; here the charger is first.
    rig.site.schedule(ChargerEvent.resume, at: rig.site.now)
    rig.run(for: .milliseconds(50))
    rig.site.schedule(VehicleEvent.conditions(rig.site.needs), at: rig.site.now)
    expectResumed(&rig)
    rig.rest()
    #expect(rig.watch.violations == [])
  }

  @Test(arguments: SiteDescription.Current.allCases)
  func a_paused_session_is_forgotten_with_its_vehicle(current: SiteDescription.Current) {
    var rig = paused(current)
    rig.rest()
    #expect(rig.phase == .idle)
    rig.site.needs.wish = .charge
    rig.site.schedule(VehicleEvent.conditions(rig.site.needs), at: rig.site.now)
    rig.run(for: .seconds(1))
    rig.site.energyWanted = rig.site.sessionWattHours + 20
    rig.notes.traces.removeAll()
    rig.chargeAgain()
    let resumed = rig.notes.traces.contains {
      if case .session(.session(_, resumed: true)) = $0.trace { true } else { false }
    }
    #expect(!resumed)
  }

  @Test func a_short_or_long_touch_of_state_C_is_no_wake_up() {
    for held in [60, 900] {
      var rig = paused(.ac)
      rig.site.change { $0.apply(.setLoad(.c)) }
      rig.run(for: .milliseconds(Int64(held)))
      rig.site.change { $0.apply(.setLoad(.b)) }
      rig.run(for: .seconds(2))
      #expect(rig.site.charger.pilotDuty == .steadyHigh, "\(held) ms")
    }
  }

  @Test func a_vehicle_that_sleeps_through_the_wake_up_gets_the_error_step() {
    var rig = paused(.ac)
    // It stays paused by its own wish: nobody asks for a SECC.
    rig.site.schedule(VehicleEvent.network(.address(nil)), at: rig.site.now)
    rig.site.schedule(ChargerEvent.resume, at: rig.site.now)
    rig.run(for: .seconds(30)) { $0.site.charger.isRetrying }
    #expect(rig.site.charger.isRetrying)
    #expect(rig.watch.violations == [])
  }
}
