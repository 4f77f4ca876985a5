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

/// One phase or three, and the self-test of the residual-current monitor, in whole charges.
@Suite struct PhasesTests {
  private func rig(_ link: LinkPolicy = .absent, _ change: (inout SiteDescription) -> Void = { _ in }) -> Rig {
    var rig = Rig(.ac, wattHours: 2_000) {
      $0.chargerLink = link
      $0.vehicleLink = link
      $0.switchesPhases = true
      change(&$0)
    }
    rig.watch.permitsNominalDuty = true
    rig.run(for: .seconds(1))
    return rig
  }

  private func isClosed(_ rig: Rig) -> Bool { rig.site.bench.contactor.areContactsClosed }

  private func changes(_ rig: Rig) -> [Bool] {
    rig.couplings.compactMap { if case .phases(let three) = $0 { three } else { nil } }
  }

  private func phasesTold(_ rig: Rig) -> Int? {
    rig.notes.traces.last { if case .energy = $0.trace { $0.side == .charger } else { false } }.flatMap {
      if case .energy(let reading) = $0.trace { reading.phases } else { nil }
    }
  }

  @Test func without_a_vehicle_they_change_at_once() {
    var rig = rig()
    rig.tellCharger(.phases(three: false))
    #expect(changes(rig) == [false])
    rig.tellCharger(.identified(true))
    rig.plugIn()
    rig.run(for: .seconds(5))
    #expect(isClosed(rig) && phasesTold(rig) == 1)
    rig.rest()
    #expect(rig.watch.violations == [])
  }

  @Test func a_charge_by_the_duty_is_interrupted_for_them_and_goes_on() {
    var rig = rig()
    rig.tellCharger(.identified(true))
    rig.plugIn()
    rig.run(for: .seconds(20))
    #expect(isClosed(rig) && phasesTold(rig) == 3)
    let asked = rig.site.now
    rig.tellCharger(.phases(three: false))
    #expect(rig.duties.last == .steadyHigh && isClosed(rig), "the vehicle is asked first")
    rig.run(for: .seconds(7)) { !isClosed($0) }
    #expect(rig.site.now - asked < .seconds(3), "it opens S2, Table A.6 sequence 9.2")
    #expect(changes(rig) == [])
    let opened = rig.site.now
    rig.run(for: .seconds(20)) { changes($0) == [false] }
    #expect((.milliseconds(9_900) ... .milliseconds(10_200)).contains(rig.site.now - opened), "phaseRest")
    #expect(!isClosed(rig) && rig.site.bench.lock.isLocked())
    rig.run(for: .seconds(10)) { isClosed($0) }
    #expect(isClosed(rig) && rig.outcome == nil, "an interruption is no end")
    rig.run(for: .seconds(5))
    #expect(phasesTold(rig) == 1)
    rig.tellCharger(.phases(three: true))
    rig.run(for: .seconds(30))
    #expect(changes(rig) == [false, true] && isClosed(rig) && phasesTold(rig) == 3)
    rig.rest()
    #expect(rig.watch.violations == [])
  }

  @Test func a_vehicle_that_ignores_X1_is_cut_off_after_6_s_and_left_alone_before_they_change() {
    var rig = rig()
    rig.tellCharger(.identified(true))
    rig.plugIn()
    rig.site.killVehicle()
    rig.site.change { $0.apply(.setLoad(.c)) }
    rig.run(for: .seconds(3))
    #expect(isClosed(rig))
    let asked = rig.site.now
    rig.tellCharger(.phases(three: false))
    rig.run(for: .seconds(10)) { !isClosed($0) }
    #expect((.seconds(6) ... .milliseconds(6_100)).contains(rig.site.now - asked))
    rig.run(for: .seconds(9))
    #expect(changes(rig) == [] && !isClosed(rig))
    rig.run(for: .seconds(3))
    #expect(changes(rig) == [false] && isClosed(rig))
    rig.rest()
    #expect(rig.watch.violations == [])
  }

  @Test func a_wish_that_is_taken_back_gives_the_duty_back_at_once() {
    var rig = rig()
    rig.tellCharger(.identified(true))
    rig.plugIn()
    rig.run(for: .seconds(10))
    rig.tellCharger(.phases(three: false))
    rig.run(for: .seconds(5))
    #expect(!isClosed(rig))
    rig.tellCharger(.phases(three: true))
    rig.run(for: .seconds(2))
    #expect(isClosed(rig) && changes(rig) == [])
    rig.rest()
    #expect(rig.watch.violations == [])
  }

  @Test func a_session_is_not_disturbed_and_they_change_after_it() {
    var rig = rig(.slac) { $0.energyWanted = 60 }
    rig.plugIn()
    rig.reach(.energy)
    rig.tellCharger(.phases(three: false))
    rig.run(for: .seconds(5))
    #expect(isClosed(rig) && changes(rig) == [])
    rig.run { $0.isFinal }
    #expect(rig.outcome?.isCompleted == true, "\(rig.failures.text)")
    rig.run(for: .seconds(20))
    #expect(changes(rig) == [false])
    rig.rest()
    #expect(rig.watch.violations == [])
  }

  @Test func they_change_between_two_vehicles_whatever_the_first_one_did() {
    var rig = rig(.slac) { $0.energyWanted = 60 }
    rig.plugIn()
    rig.reach(.energy)
    rig.tellCharger(.phases(three: false))
    rig.rest()
    #expect(changes(rig) == [false])
    #expect(rig.watch.violations == [])
  }

  @Test func an_outlet_that_cannot_switch_goes_on() {
    var rig = rig { $0.switchesPhases = false }
    rig.tellCharger(.identified(true))
    rig.plugIn()
    rig.run(for: .seconds(10))
    rig.tellCharger(.phases(three: false))
    rig.run(for: .seconds(30))
    #expect(isClosed(rig) && changes(rig) == [] && phasesTold(rig) == 3)
  }

  @Test(arguments: [SiteDescription.Current.ac, .dc])
  func sessions_are_as_ever_with_a_monitor_that_is_tested_before_each_closing(current: SiteDescription.Current) {
    var rig = Rig(current) { $0.testsResidualCurrent = true }
    rig.tellCharger(.residualCurrent(ok: true))
    for _ in 0..<2 {
      rig.tellCharger(.residualCurrent(ok: true))
      rig.chargeAgain()
    }
  }

  @Test func a_charge_by_the_duty_closes_within_3_s_with_a_monitor_that_is_tested() {
    var rig = rig { $0.testsResidualCurrent = true }
    rig.tellCharger(.residualCurrent(ok: true))
    rig.tellCharger(.identified(true))
    rig.plugIn()
    let closed = rig.run(for: .seconds(3)) { isClosed($0) }
    #expect(closed, "within 3 s of C2")
    rig.rest()
    #expect(rig.watch.violations == [])
  }

  @Test func a_monitor_that_trips_no_more_ends_a_charge_with_its_own_reason() {
    var rig = OutletRig(hasEverything: true)
    rig.monitor.fault = .deaf
    rig.charge()
    rig.run(.seconds(2))
    #expect(rig.told["residualCurrentTest(didNotTrip)"] == 1)
    #expect(rig.wire.duty == .steadyLow && rig.observer.closings == 0)
    rig.wire.load = .detached
    rig.run(.seconds(10))
    rig.monitor.fault = .none
    rig.charge()
    rig.run(.seconds(2))
    #expect(rig.observer.closings == 0, "a person has to look at it")
    rig.wire.load = .detached
    rig.run(.seconds(1))
    rig.service()
    rig.run(.seconds(2))
    rig.charge()
    rig.run(.seconds(2))
    #expect(rig.observer.closings == 1 && rig.observer.violation == nil)
  }
}
