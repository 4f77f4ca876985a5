import HAL
import SimulatedHardware
import Testing
import Wire

@testable import Safety

/// When the plug is let go.
@Suite struct LockTests {
  @Test func an_emergency_stop_lets_the_plug_go_once_the_contacts_read_open() {
    var station = Station.chargingAC()
    station.supervise(.emergencyStop(true))
    #expect(station.takeLog().first == "open")
    station.run(.milliseconds(15))
    #expect(station.lock.isLocked(), "the contacts have not moved yet")
    station.run(.milliseconds(200))
    #expect(station.takeLog().contains("unlock"))
    #expect(!station.lock.isLocked() && station.supervisor.facts.isEmergencyStopPressed)
  }

  @Test func an_emergency_stop_with_welded_contacts_holds_the_plug() {
    var station = Station.chargingAC()
    station.path.contactor.fault = .welded
    station.supervise(.emergencyStop(true))
    station.run(.seconds(60))
    #expect(station.lock.isLocked())
    station.path.contactor.fault = .none
    station.run(.seconds(1))
    #expect(!station.lock.isLocked(), "open at last, whatever else waits for a person")
  }

  @Test func an_emergency_stop_in_state_E_holds_the_plug_for_5_s() {
    var station = Station.chargingAC()
    station.plug(.c, faults: .shortToEarth)
    station.supervise(.emergencyStop(true))
    station.run(.milliseconds(4_900))
    #expect(station.lock.isLocked())
    station.run(.milliseconds(500))
    #expect(!station.lock.isLocked())
  }

  private func actions(_ supervisor: inout SafetySupervisor, _ event: SafetySupervisor.Event) -> [String] {
    var log: [String] = []
    supervisor.handle(event, at: .zero) { log.append(text($0)) }
    return log
  }

  @Test func a_plug_that_was_locked_before_the_start_is_let_go_with_open_contacts() {
    var supervisor = SafetySupervisor(settings: .relaxed(.ac))
    #expect(actions(&supervisor, .lock(locked: true)) == [])
    #expect(actions(&supervisor, .pilot(.B, .steadyHigh)) == [], "nobody knows the contacts yet")
    #expect(actions(&supervisor, .contactorFeedback(closed: false)) == ["unlock"])
    #expect(actions(&supervisor, .contactorFeedback(closed: false)) == [], "once")
  }

  @Test func a_bolt_found_locked_proves_nothing_before_it_was_asked_to_hold() {
    var supervisor = SafetySupervisor(settings: .relaxed(.ac))
    _ = actions(&supervisor, .lock(locked: true))
    _ = actions(&supervisor, .earth(ok: true))
    _ = actions(&supervisor, .pilot(.C, .digital))
    _ = actions(&supervisor, .diode(proven: true))
    _ = actions(&supervisor, .energyRequested(.ac))
    #expect(actions(&supervisor, .contactorFeedback(closed: false)) == ["unlock"])
    #expect(actions(&supervisor, .authorized(true)) == ["lock"])
    #expect(actions(&supervisor, .lock(locked: true)) == ["close"], "asked, and confirmed")
  }

  @Test func contacts_that_are_welded_at_the_start_hold_the_plug() {
    var supervisor = SafetySupervisor(settings: .relaxed(.ac))
    #expect(!actions(&supervisor, .contactorFeedback(closed: true)).contains("unlock"))
    #expect(actions(&supervisor, .contactorFeedback(closed: false)).contains("unlock"))
  }

  @Test func a_fault_that_was_kept_over_the_start_holds_no_plug_behind_open_contacts() {
    var supervisor = SafetySupervisor(settings: .relaxed(.ac))
    supervisor.restore(.contactorWelded)
    #expect(actions(&supervisor, .contactorFeedback(closed: false)) == ["unlock"])
  }
}
