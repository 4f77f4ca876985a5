import Node
import Simulation
import Testing
import Wire

/// The host ends a session and takes that back: the vehicle that is still plugged in charges again.
@Suite struct StopTakenBackTests {
  private func stopped(_ current: SiteDescription.Current) -> Rig {
    var rig = Rig(current, wattHours: 1000)
    rig.plugIn()
    rig.reach(.energy)
    rig.run(for: .seconds(2))
    rig.tellCharger(.stop(.backend))
    return rig
  }

  @Test(arguments: SiteDescription.Current.allCases)
  func after_the_end_the_vehicle_starts_anew(current: SiteDescription.Current) {
    var rig = stopped(current)
    rig.run { $0.isFinal }
    rig.run(for: .seconds(30))
    #expect(rig.phase == .finished, "nothing begins by itself")
    rig.tellCharger(.resume)
    rig.reach(.energy)
    rig.rest()
    #expect(rig.watch.violations == [])
  }

  @Test func while_the_session_ends_it_ends_first() {
    var rig = stopped(.dc)
    rig.tellCharger(.resume)
    rig.run { $0.outcome != nil }
    #expect(rig.outcome?.isCompleted == true, "\(rig.failures.text)")
    rig.reach(.energy)
  }

  @Test func the_last_word_counts() {
    var rig = stopped(.dc)
    rig.tellCharger(.resume)
    rig.tellCharger(.stop(.user))
    rig.run { $0.isFinal }
    rig.run(for: .seconds(30))
    #expect(rig.phase == .finished && rig.notes.outcomes.count == 1)
  }

  @Test func before_a_session_nothing_is_lost() {
    var rig = Rig(.dc, wattHours: 20)
    rig.plugIn()
    rig.tellCharger(.stop(.backend))
    rig.tellCharger(.resume)
    rig.run { $0.isFinal }
    #expect(rig.outcome?.isCompleted == true, "\(rig.failures.text)")
  }

  @Test func without_a_stop_it_does_nothing() {
    var rig = Rig(.dc, wattHours: 20)
    rig.plugIn()
    rig.run { $0.isFinal }
    rig.tellCharger(.resume)
    rig.run(for: .seconds(30))
    #expect(rig.phase == .finished && rig.notes.outcomes.count == 1)
  }
}
