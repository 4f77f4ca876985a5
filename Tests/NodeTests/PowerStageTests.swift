import HAL
import ISO15118
import Node
import SimulatedHardware
import Simulation
import Testing
import Wire

@testable import Safety

/// A DC charger whose power stage another program drives, with the whole session of a vehicle.
@Suite struct PowerStageTests {
  private func rig(ready: Bool = true, wattHours: Int = 150) -> Rig {
    var rig = Rig(.dc, wattHours: wattHours) { $0.isStageExternal = true }
    if ready { rig.tellCharger(.powerStage(ready: true, trouble: nil)) }
    return rig
  }

  @Test func a_stage_that_is_well_charges_as_the_boards_own() {
    var rig = rig(wattHours: 20)
    rig.chargeAgain()
  }

  @Test(arguments: PowerStageTrouble.allCases)
  func trouble_while_energy_flows_ends_the_session_at_once(trouble: PowerStageTrouble) {
    var rig = rig()
    rig.plugIn()
    rig.reach(.energy)
    rig.run(for: .seconds(1))
    #expect(rig.site.bench.isPowerStageEnabled && rig.site.bench.contactor.isClosed())
    rig.tellCharger(.powerStage(ready: true, trouble: trouble))
    #expect(!rig.site.bench.isPowerStageEnabled)
    rig.run(for: .milliseconds(100))
    #expect(!rig.site.bench.contactor.isClosed())
    rig.run { $0.isFinal && $0.vehicleOutcome != nil }
    #expect(rig.failures.map(\.description).first == NodeFailure.safety(.powerStage(trouble)).description)
    // EVSE_Malfunction: the vehicle's way out in an emergency.
    guard case .failed(.session(let failure))? = rig.vehicleOutcome else {
      Issue.record("\(String(describing: rig.vehicleOutcome))")
      return
    }
    #expect(failure.cause == .emergency, "\(failure)")
    // Well again with the plug out: the next vehicle charges.
    rig.tellCharger(.powerStage(ready: true, trouble: nil))
    rig.rest()
    rig.chargeAgain()
  }

  @Test func silence_in_the_cable_check_is_told_by_its_name() {
    var rig = rig()
    rig.plugIn()
    rig.reach(.preparation)
    rig.tellCharger(.powerStage(ready: false, trouble: .silent))
    rig.run { $0.isFinal }
    #expect(rig.failures.map(\.description) == [NodeFailure.safety(.powerStage(.silent)).description])
    #expect(!rig.site.bench.isPowerStageEnabled && !rig.site.bench.contactor.isClosed())
  }

  @Test func a_vehicle_waits_for_a_stage_that_is_not_there_yet() {
    var rig = rig(ready: false, wattHours: 20)
    rig.plugIn()
    rig.reach(.setup)
    rig.run(for: .seconds(20))
    #expect(rig.phase == .setup && !rig.site.bench.contactor.isClosed(), "EVSE_NotReady, Ongoing")
    rig.tellCharger(.powerStage(ready: true, trouble: nil))
    rig.run { $0.isFinal }
    #expect(rig.outcome?.isCompleted == true, "\(rig.failures.text)")
  }

  @Test func a_stage_that_cannot_go_on_ends_the_charge_in_order() {
    var rig = rig()
    rig.plugIn()
    rig.reach(.energy)
    rig.run(for: .seconds(1))
    rig.tellCharger(.powerStage(ready: false, trouble: nil))
    rig.run { $0.isFinal }
    #expect(rig.outcome?.isCompleted == true, "\(rig.failures.text)")
    #expect(rig.vehicleOutcome?.isCompleted == true)
  }

  @Test func an_insulation_fault_cuts_cable_check_and_energy() {
    for phase in [NodePhase.preparation, .energy] {
      var rig = rig()
      rig.plugIn()
      rig.reach(phase)
      rig.run(for: .milliseconds(200))
      rig.tellCharger(.insulation(.fault))
      #expect(!rig.site.bench.isPowerStageEnabled, "\(phase)")
      rig.run(for: .milliseconds(100))
      #expect(!rig.site.bench.contactor.isClosed(), "\(phase)")
      rig.run { $0.isFinal }
      #expect(
        rig.failures.map(\.description).first == NodeFailure.safety(.insulation(.fault)).description,
        "\(phase)")
    }
  }
}
