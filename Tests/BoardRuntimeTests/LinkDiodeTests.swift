import HAL
import SafetyLinks
import SimulatedController
import Testing
import Wire

@testable import BoardRuntime

/// What is plugged in and shows state C without a vehicle's diode: a hand, a wet plug. The controller finds it, but not
/// in the moment in which the oscillation begins.
@Suite(.serialized) struct LinkDiodeTests {
  /// In C before anything is offered.
  private func offering(_ kind: ControllerKind, silence: Duration = LinkRig.silence) throws -> LinkRig {
    let rig = try LinkRig.up(kind, silence: silence)
    rig.tell(.pilot(.C, connector: kind.connector))
    try #require(
      try rig.waits { rig.outputs.duty > 0 && rig.outputs.duty < 10_000 || rig.outputs.allowsPower },
      "\(rig.situation)")
    return rig
  }

  @Test(arguments: ControllerKind.allCases)
  func a_missing_diode_that_is_told_late_is_never_energized(kind: ControllerKind) throws {
    let rig = try offering(kind)
    var hadPower = rig.outputs.allowsPower
    _ = try rig.waits(.milliseconds(150)) {
      hadPower = hadPower || rig.outputs.allowsPower
      return false
    }
    #expect(!hadPower, "closed before the controller could know")
    rig.tell(.faults(.diode, connector: kind.connector))
    _ = try rig.waits(.seconds(2)) {
      hadPower = hadPower || rig.outputs.allowsPower
      return false
    }
    #expect(!hadPower, "\(rig.situation)")
  }

  @Test(arguments: ControllerKind.allCases)
  func a_vehicle_that_is_in_C_before_the_offer_is_served_in_the_time_of_IEC_61851(kind: ControllerKind) throws
  {
    let rig = try offering(kind)
    let start = rig.loop.now
    #expect(try rig.waits(.seconds(3)) { rig.isClosed }, "\(rig.situation)")
    #expect(rig.loop.now - start >= .milliseconds(400))
  }

  @Test(arguments: [ControllerKind.yeti, .phyverso])
  func a_controller_that_is_not_heard_since_the_offer_has_seen_no_diode(kind: ControllerKind) throws {
    let rig = try offering(kind, silence: .seconds(5))
    rig.controller.setMute(true)
    #expect(try !rig.waits(.seconds(2)) { rig.outputs.allowsPower }, "\(rig.situation)")
    rig.controller.setMute(false)
    #expect(try rig.waits(.seconds(2)) { rig.isClosed }, "\(rig.situation)")
  }
}
