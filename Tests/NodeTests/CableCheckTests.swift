import HAL
import ISO15118
import SimulatedHardware
import Simulation
import Testing
import Wire

@testable import Node

/// An insulation monitor that says "no fault" says it also where there is no voltage yet by which to see one.
@Suite struct CableCheckTests {
  private func rig(_ change: (inout SiteDescription) -> Void = { _ in }) -> Rig {
    Rig(.dc, wattHours: 20) {
      $0.insulationResponse = .seconds(10)
      change(&$0)
    }
  }

  @Test func the_cable_check_lasts_as_long_as_the_monitor_may_take_at_the_voltage_of_the_test() {
    var rig = rig()
    rig.plugIn()
    rig.reach(.preparation)
    rig.tellCharger(.insulation(.valid))
    #expect(!rig.run(for: .seconds(10)) { $0.vehicleMessages.contains("PreChargeReq") })
    #expect(rig.site.bench.contactor.isClosed() && rig.site.bench.isPowerStageEnabled)
    #expect(rig.run(for: .seconds(4)) { $0.vehicleMessages.contains("PreChargeReq") })
    rig.run { $0.isFinal }
    #expect(rig.outcome?.isCompleted == true, "\(rig.failures.text)")
    #expect(rig.watch.violations == [])
  }

  @Test func a_fault_in_the_cable_check_counts_at_once() {
    var rig = rig()
    rig.plugIn()
    rig.reach(.preparation)
    rig.run(for: .seconds(5))
    rig.tellCharger(.insulation(.fault))
    #expect(!rig.site.bench.isPowerStageEnabled && !rig.site.bench.contactor.isCoilOn)
    rig.run { $0.isFinal }
    #expect(rig.outcome?.isCompleted == false)
  }

  @Test func an_early_result_is_none_where_the_contacts_stay_open() {
    var rig = Rig(.dc) { $0.faults.contactorStaysOpen = true }
    rig.plugIn()
    rig.reach(.preparation)
    rig.tellCharger(.insulation(.valid))
    rig.run(for: .seconds(60)) { $0.isFinal }
    #expect(rig.outcome?.isCompleted == false)
    #expect(!rig.vehicleMessages.contains("PreChargeReq"))
  }

  @Test func time_counts_only_with_voltage_closed_contacts_and_no_fault() {
    var check = CableCheck(response: .seconds(10))
    func look(_ seconds: Int, volts: Int = 460, closed: Bool = true) -> Bool {
      check.look(contactorClosed: closed, millivolts: volts * 1000, at: .zero + .seconds(seconds))
    }
    check.report(.valid)
    #expect(!look(0) && !look(20) && check.result == .invalid, "nothing is tested")
    check.begin(millivolts: 500_000)
    #expect(!look(20, volts: 449) && !look(40, closed: false))
    #expect(!look(41) && check.deadline == .zero + .seconds(51))
    #expect(!look(45, volts: 0) && !look(50), "from the beginning")
    check.report(.invalid)
    #expect(!look(61))
    check.report(.warning)
    #expect(!look(62) && !look(71) && check.result == .invalid)
    #expect(look(72) && check.result == .warning && check.deadline == nil)
    check.end(passed: true)
    check.report(.valid)
    #expect(check.result == .valid, "energy flows")
    check.report(.fault)
    #expect(check.result == .fault)
    check.report(.valid)
    check.end(passed: false)
    #expect(check.result == .invalid)
  }
}
