import HAL
import SimulatedHardware
import Testing
import Wire

@testable import ControlPilot

/// What has to be seen on an oscillating pilot before anything may close, and what a station finds of its own generator.
@Suite struct ProofTests {
  @Test func a_diode_is_proven_by_two_samples_after_the_oscillation_has_begun() {
    var bench = PilotBench()
    bench.wire.load = .c
    bench.run(.milliseconds(50))
    #expect(bench.pilot.state == .C && !bench.pilot.isDiodeProven, "a steady pilot shows none")
    bench.request(.nominal(milliamps: 16_000))
    #expect(!bench.pilot.isDiodeProven)
    bench.run(.milliseconds(10))
    #expect(!bench.pilot.isDiodeProven, "one sample after blanking")
    bench.run(.milliseconds(5))
    #expect(bench.pilot.isDiodeProven)
  }

  @Test func a_proof_lasts_as_long_as_the_oscillation_and_the_vehicle() {
    var bench = PilotBench.digital()
    bench.run(.milliseconds(20))
    #expect(bench.pilot.isDiodeProven)
    bench.wire.load = .c
    bench.run(.milliseconds(30))
    #expect(bench.pilot.isDiodeProven, "from B to C")
    bench.request(.x1)
    #expect(!bench.pilot.isDiodeProven)
    bench.request(.digital)
    bench.run(.milliseconds(30))
    #expect(bench.pilot.isDiodeProven)
    bench.wire.load = .detached
    bench.run(.milliseconds(30))
    #expect(!bench.pilot.isDiodeProven)
  }

  @Test func a_resistor_without_a_diode_is_never_proven() {
    var bench = PilotBench()
    bench.wire.load = .c
    bench.wire.faults = .diodeMissing
    bench.run(.milliseconds(50))
    #expect(bench.pilot.state == .C)
    bench.request(.nominal(milliamps: 16_000))
    for _ in 0..<100 {
      bench.run(.milliseconds(5))
      #expect(!bench.pilot.isDiodeProven)
    }
    #expect(bench.pilot.state == .fault)
  }

  @Test func a_generator_that_stays_low_after_an_own_F_is_told_once() {
    var bench = PilotBench.digital()
    bench.request(.stateF)
    bench.run(.seconds(1))
    bench.request(.x1)
    bench.isSampling = false
    bench.log = []
    for _ in 0..<100 {
      bench.run(.milliseconds(5))
      bench.handle(.sampled(PilotLevels(highMillivolts: -12_000, lowMillivolts: -12_000)))
    }
    #expect(bench.log.filter { $0 == "fault generatorStuckLow" }.count == 1)
  }

  @Test func without_a_vehicle_a_late_sample_is_no_fault() {
    var bench = PilotBench()
    bench.run(.milliseconds(50))
    bench.isSampling = false
    bench.run(.milliseconds(190))
    #expect(bench.pilot.state == .A)
    bench.run(.milliseconds(20))
    #expect(bench.pilot.state == .fault, "but a converter that is gone is")
  }
}
