import ControlPilot
import Cryptography
import HAL
import ISO15118
import Node
import SLAC
import Safety
import SimulatedHardware
import Testing
import Wire

/// What is wrong on the pilot is told where no try ends by it, and who leaves behind an own F has left.
@Suite struct PilotFaultTests {
  /// An outlet without a modem, read every 5 ms.
  private struct Outlet {
    var node: ChargerNode<SeededNetworkKeys, SeededGenerator>
    var now = Instant.zero
    var told: [PilotFault] = []
    var duty = PilotDuty.steadyHigh

    init() {
      let safety = SafetySettings(current: .ac, hasLock: false)
      node = ChargerNode(
        configuration: ChargerConfiguration(
          link: .absent, safety: safety, session: SECCConfiguration(modes: [.AC_three_phase_core])),
        matcher: EVSEMatcher(
          configuration: SLACConfiguration(address: MACAddress(0x0200_0000_00C1)),
          keys: SeededNetworkKeys(seed: 1)),
        random: SeededGenerator(seed: 1))
      for event in [ChargerEvent.start, .limits(.ac(milliamps: 32_000, phases: 3)), .earth(ok: true)] {
        tell(event)
      }
      tell(.contactorFeedback(closed: false))
      see(12_000)
    }

    mutating func tell(_ event: ChargerEvent) {
      var actions: [ChargerAction] = []
      node.handle(event, at: now) { actions.append($0) }
      for action in actions {
        switch action {
        case .trace(.pilotFault(let fault)): told.append(fault)
        case .setDuty(let new): duty = new
        default: break
        }
      }
    }

    /// For a while on the pilot, high level in mV.
    mutating func see(_ millivolts: Int, for duration: Duration = .milliseconds(100)) {
      let end = now + duration
      while now < end {
        now += .milliseconds(5)
        tell(.timeout)
        let low = duty.isOscillating ? -12_000 : millivolts
        let levels = PilotLevels(highMillivolts: millivolts, lowMillivolts: low)
        tell(
          .pilot(duty == .steadyLow ? PilotLevels(highMillivolts: -12_000, lowMillivolts: -12_000) : levels))
      }
    }
  }

  @Test(arguments: [-12_000, 0])
  func a_pilot_that_is_wrong_without_a_vehicle_is_told_once_and_until_it_is_sound(millivolts: Int) {
    var outlet = Outlet()
    #expect(outlet.node.pilotFault == nil)
    outlet.see(millivolts, for: .seconds(1))
    let fault = millivolts == 0 ? PilotFault.shortToEarth : .generatorStuckLow
    #expect(outlet.told == [fault])
    #expect(outlet.node.pilotFault == fault)
    outlet.see(12_000)
    #expect(outlet.node.pilotFault == nil)
  }

  @Test(arguments: [true, false])
  func who_leaves_behind_an_own_F_takes_the_identification_along(leaves: Bool) {
    var rig = Rig(.ac) {
      $0.vehicleLink = .absent
      $0.readsProximity = true
    }
    rig.watch.permitsNominalDuty = true
    rig.run(for: .seconds(1))
    rig.plugIn()
    for _ in 0..<2 { rig.tellCharger(.proximity(.plugged(cableMilliamps: 20_000))) }
    #expect(rig.site.charger.cableRating == 20_000)
    rig.run(for: .seconds(1))
    rig.tellCharger(.identified(true))
    #expect(rig.run(for: .seconds(5)) { $0.site.charger.pilotState == .F })
    // Nothing on the pilot shows who comes and goes now.
    if leaves {
      for reading in [
        Proximity.open, .open, .plugged(cableMilliamps: 20_000), .plugged(cableMilliamps: 20_000),
      ] {
        rig.tellCharger(.proximity(reading))
      }
    }
    let closed = rig.run(for: .seconds(60)) { $0.site.bench.contactor.areContactsClosed }
    #expect(closed == !leaves, "who came was not identified")
  }
}
