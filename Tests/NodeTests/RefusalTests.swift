import Cryptography
import HAL
import HomePlug
import ISO15118
import SLAC
import Safety
import SimulatedHardware
import Simulation
import Testing
import Wire

@testable import Node

/// A customer who was granted the charge and is refused later, and one who is known before anybody plugs in.
@Suite struct RefusalTests {
  @Test(arguments: [SiteDescription.Current.ac, .dc])
  func a_session_that_has_its_grant_ends_in_order_when_it_is_refused(current: SiteDescription.Current) {
    var rig = Rig(current, wattHours: 5000)
    rig.plugIn()
    rig.reach(.energy)
    rig.run(for: .seconds(5))
    #expect(rig.site.charger.isSessionAuthorized)
    rig.tellCharger(.authorization(.refused))
    #expect(rig.site.bench.contactor.isCoilOn, "the vehicle is asked to stop first")
    #expect(rig.run(for: .seconds(30)) { $0.isFinal })
    guard case .completed(.terminated, _)? = rig.outcome else {
      Issue.record("\(String(describing: rig.outcome))")
      return
    }
    #expect(!rig.site.bench.contactor.isClosed() && !rig.site.charger.isSessionAuthorized)
    #expect(rig.watch.violations == [])
  }

  @Test func whoever_was_identified_before_plugging_in_is_so_for_the_node_that_takes_over() {
    var settings = SafetySettings(current: .ac, hasLock: false)
    settings.switchesPhases = true
    let configuration = ChargerConfiguration(
      link: .absent, safety: settings, session: SECCConfiguration(modes: [.AC_three_phase_core]))
    func node() -> OutletRig.Node {
      OutletRig.Node(
        configuration: configuration,
        matcher: EVSEMatcher(
          configuration: SLACConfiguration(address: MACAddress(0x0200_0000_00C1)),
          keys: SeededNetworkKeys(seed: 1)),
        random: SeededGenerator(seed: 1))
    }
    var before = node()
    for event: ChargerEvent in [
      .start, .contactorFeedback(closed: false), .phases(three: false), .identified(true),
    ] {
      before.handle(event, at: .zero) { _ in }
    }
    #expect(!before.safety.closesThreePhases)
    var after = node()
    after.inherit(before)
    #expect(after.isIdentified)
    #expect(!after.safety.closesThreePhases && !after.safety.isChangingPhases)
  }
}
