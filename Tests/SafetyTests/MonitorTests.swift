import HAL
import SimulatedHardware
import Testing
import Wire

@testable import Safety

/// The self-test of the residual-current monitor before each closing.
@Suite struct MonitorTests {
  private func ready() -> Station { .readyAC(Station.allSettings) }

  @Test func the_monitor_trips_and_returns_before_each_closing() {
    var station = ready()
    for round in 1...3 {
      station.supervise(.energyRequested(.ac))
      #expect(station.takeLog() == ["test on"], "round \(round): nothing closes yet")
      station.run(.milliseconds(200))
      #expect(station.takeLog() == ["test off", "close", "live"], "round \(round)")
      station.supervise(.energyRequested(nil))
      station.run(.milliseconds(200))
      station.log = []
    }
    #expect(station.closings.count == 3)
  }

  @Test func the_test_is_made_last() {
    var station = ready()
    station.supervise(.lock(locked: false))
    station.supervise(.energyRequested(.ac))
    #expect(station.takeLog() == [])
    #expect(station.supervisor.obstacles(at: station.now).contains(.monitorNotTested))
    station.supervise(.lock(locked: true))
    #expect(station.takeLog() == ["test on"])
    #expect(station.supervisor.obstacles(at: station.now) == [.monitorNotTested])
  }

  @Test func a_monitor_that_has_not_reported_is_not_tested() {
    var settings = Station.allSettings
    settings.hasResidualCurrentInput = false
    var station = Station.readyAC(settings)
    station.supervise(.residualCurrent(ok: false))
    station.supervise(.energyRequested(.ac))
    #expect(station.takeLog() == [])
  }

  @Test func a_monitor_that_does_not_trip_waits_for_a_person() {
    var station = ready()
    station.monitor.fault = .deaf
    station.supervise(.energyRequested(.ac))
    station.run(.milliseconds(490))
    #expect(station.takeLog() == ["test on"])
    station.run(.milliseconds(20))
    let fault = SafetyFault.residualCurrentTest(.didNotTrip)
    #expect(station.takeLog().prefix(3) == ["test off", "fault \(fault.name)", "force F"])
    #expect(station.supervisor.latched == fault && fault.latch == .service)
    // It works again, and the next vehicle comes: nobody has looked at it.
    station.monitor.fault = .none
    station.plug(.detached)
    station.run(.seconds(10))
    #expect(station.supervisor.latched == fault)
    station.supervise(.serviceReset)
    #expect(station.supervisor.latched == nil)
    #expect(station.closings == [])
    #expect(SafetyFault(serviceName: fault.name) == fault, "kept over a restart")
  }

  @Test func a_monitor_that_does_not_return_ends_the_plug_in() {
    var station = ready()
    station.monitor.fault = .stuck
    station.supervise(.energyRequested(.ac))
    station.run(.milliseconds(200))
    #expect(station.takeLog() == ["test on", "test off"])
    station.run(.milliseconds(1_400))
    let fault = SafetyFault.residualCurrentTest(.didNotReturn)
    #expect(station.takeLog().prefix(2) == ["fault \(fault.name)", "force X1"])
    #expect(fault.latch == .unplugged)
    station.plug(.detached)
    station.run(.seconds(1))
    #expect(station.supervisor.latched == fault, "the cause is there still")
    station.monitor.fault = .none
    station.run(.seconds(1))
    #expect(station.supervisor.latched == nil && station.closings == [])
  }

  @Test func a_leak_that_comes_with_the_test_is_no_return() {
    var station = ready()
    station.supervise(.energyRequested(.ac))
    station.run(.milliseconds(20))
    station.monitor.isLeaking = true
    station.run(.seconds(3))
    #expect(station.supervisor.latched == .residualCurrentTest(.didNotReturn))
    #expect(station.closings == [])
  }

  @Test(arguments: [10, 60, 100])
  func a_closing_that_is_given_up_ends_the_test_and_the_next_one_has_its_own(after milliseconds: Int64) {
    var station = ready()
    station.supervise(.energyRequested(.ac))
    station.run(.milliseconds(milliseconds))
    station.plug(.b)
    station.run(.milliseconds(20))
    #expect(!station.monitor.isUnderTest)
    station.run(.seconds(1))
    #expect(!station.log.contains { $0.hasPrefix("fault") } && station.closings == [])
    station.log = []
    station.plug(.c)
    station.run(.milliseconds(300))
    #expect(station.takeLog() == ["test on", "test off", "close", "live"])
  }

  @Test func a_pressed_emergency_stop_ends_the_test() {
    var station = ready()
    station.supervise(.energyRequested(.ac))
    station.supervise(.emergencyStop(true))
    #expect(!station.monitor.isUnderTest)
    station.run(.seconds(5))
    #expect(station.closings == [] && station.supervisor.latched == .emergencyStop)
  }

  @Test func a_monitor_that_trips_under_load_opens_at_once_and_is_tested_before_the_next_closing() {
    var station = Station.chargingAC(Station.allSettings)
    station.monitor.isLeaking = true
    station.run(.milliseconds(50))
    #expect(station.takeLog().prefix(2) == ["open", "fault residualCurrent"])
  }

  @Test func the_slowest_monitor_that_passes_leaves_a_second_of_the_three_from_C2_to_closed() {
    var station = ready()
    station.monitor.tripDelay = .milliseconds(480)
    station.monitor.returnDelay = .milliseconds(1_480)
    let start = station.now
    station.supervise(.energyRequested(.ac))
    station.run(.milliseconds(2_100))
    #expect(station.closings.count == 1)
    #expect(station.closings.allSatisfy { $0 - start <= .seconds(2) })
  }
}

/// One phase or three.
@Suite struct PhaseTests {
  @Test func without_a_vehicle_phases_change_at_once() {
    var station = Station(Station.allSettings)
    station.supervise(.phases(three: false))
    #expect(station.takeLog() == ["one phase"])
    #expect(!station.supervisor.closesThreePhases && !station.supervisor.isChangingPhases)
    station.supervise(.phases(three: false))
    #expect(station.takeLog() == [], "once")
    station.supervise(.phases(three: true))
    #expect(station.takeLog() == ["three phases"])
  }

  @Test func a_board_that_cannot_switch_is_not_asked_to() {
    var station = Station(.relaxed(.ac))
    station.supervise(.phases(three: false))
    #expect(station.takeLog() == [])
    #expect(!station.supervisor.isChangingPhases && station.supervisor.closesThreePhases)
  }

  @Test func a_vehicle_is_left_alone_before_phases_change() {
    var station = Station.chargingAC(Station.allSettings)
    station.supervise(.phases(three: false))
    station.run(.seconds(20))
    #expect(station.takeLog() == [], "never under load")
    station.request(.x1)
    station.run(.seconds(1))
    #expect(station.takeLog() == [], "C1: the vehicle has S2 closed")
    station.plug(.b)
    station.run(.milliseconds(200))
    #expect(station.takeLog() == ["open", "dead"])
    station.run(.milliseconds(9_700))
    #expect(station.takeLog() == [])
    station.run(.milliseconds(300))
    #expect(station.takeLog() == ["one phase"])
    station.request(.nominal(milliamps: 16_000))
    station.run(.seconds(4))
    station.supervise(.authorized(true))
    station.supervise(.energyRequested(.ac))
    station.plug(.c)
    station.run(.milliseconds(500))
    #expect(station.path.contactor.areContactsClosed && station.wrongChanges == 0)
  }

  @Test func an_offer_that_comes_back_puts_the_change_off() {
    var station = Station.readyAC(Station.allSettings)
    station.plug(.b)
    station.request(.x1)
    station.run(.milliseconds(100))
    station.supervise(.phases(three: false))
    station.run(.seconds(9))
    station.request(.digital)
    station.run(.seconds(5))
    #expect(!station.log.contains("one phase"))
    station.request(.x1)
    station.run(.milliseconds(9_900))
    #expect(!station.log.contains("one phase"))
    station.run(.milliseconds(200))
    #expect(station.log.contains("one phase") && station.wrongChanges == 0)
  }

  @Test func a_wish_that_is_taken_back_changes_nothing() {
    var station = Station.readyAC(Station.allSettings)
    station.plug(.b)
    station.request(.x1)
    station.supervise(.phases(three: false))
    station.run(.seconds(5))
    station.supervise(.phases(three: true))
    #expect(!station.supervisor.isChangingPhases)
    station.run(.seconds(20))
    #expect(!station.log.contains("one phase") && !station.log.contains("three phases"))
  }

  @Test func welded_contacts_change_no_phases() {
    var station = Station.chargingAC(Station.allSettings)
    station.path.contactor.fault = .welded
    station.supervise(.phases(three: false))
    station.plug(.detached)
    station.run(.seconds(30))
    #expect(!station.log.contains("one phase"))
  }
}
