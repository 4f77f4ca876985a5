import HAL
import Node
import SimulatedHardware
import Simulation
import Testing
import Wire

/// DC contacts part without current, whatever ends the session (IEC 61851-23: 5 A at most).
@Suite struct UnloadingTests {
  enum Cause: String, CaseIterable { case reset, garbage, linkLost, stopped }

  @Test(arguments: Cause.allCases)
  func a_session_that_fails_under_current_unloads_before_the_contacts_part(cause: Cause) {
    var rig = Rig(.dc, wattHours: 5000)
    rig.plugIn()
    rig.reach(.energy)
    #expect(rig.run(for: .seconds(20)) { $0.amps > 50 }, "\(rig.amps) A")
    // Whoever hears nothing and says nothing: what is tried is the charger alone.
    rig.site.killVehicle()
    switch cause {
    case .reset: rig.tellCharger(.network(.disconnected))
    case .garbage: rig.site.inject([UInt8](repeating: 0xFF, count: 16), to: .charger)
    case .linkLost: rig.site.cutLine(true)
    case .stopped: rig.tellCharger(.stop(.user))
    }
    #expect(rig.run(for: .seconds(100)) { !$0.site.bench.contactor.isCoilOn })
    #expect(rig.amps < 5, "the coil is switched off at \(rig.amps) A")
    #expect(!rig.site.bench.isPowerStageEnabled)
    if cause == .garbage {
      // The next try begins with state F, which would have opened at once.
      #expect(rig.site.charger.pilotDuty == .steadyLow)
    }
    rig.run(for: .seconds(5))
    #expect(rig.watch.violations == [])
  }
}

extension Rig {
  fileprivate var amps: Double {
    if case .dc(let dc) = site.bench.path { dc.stage.amps } else { 0 }
  }
}
