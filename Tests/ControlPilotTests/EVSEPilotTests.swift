import HAL
import SimulatedHardware
import Testing
import Wire

@testable import ControlPilot

/// A station's pilot on a wire, in virtual time: it is sampled every 5 ms and gets its timeouts when due.
struct PilotBench {
  var pilot: EVSEPilot
  var wire = PilotWire()
  var now = Instant.zero
  var log: [String] = []
  /// The converter works.
  var isSampling = true

  init(timers: PilotTimers = .standard) { pilot = EVSEPilot(timers: timers) }

  mutating func request(_ request: PilotRequest) { handle(.request(request)) }

  /// Lets time pass in steps of 5 ms.
  mutating func run(_ duration: Duration) {
    let end = now + duration
    while now < end {
      now += .milliseconds(5)
      if let due = pilot.deadline, due <= now { handle(.timeout) }
      if isSampling { handle(.sampled(wire.levels)) }
    }
  }

  mutating func handle(_ event: EVSEPilot.Event) {
    var actions: [EVSEPilot.Action] = []
    pilot.handle(event, at: now) { actions.append($0) }
    for action in actions {
      switch action {
      case .setDuty(let duty):
        wire.duty = duty
        log.append("duty \(duty)")
      case .stateChanged(let from, let to, _): log.append("\(from)>\(to)")
      case .fault(let fault): log.append("fault \(fault.name)")
      }
    }
  }

  /// What happened since the last call.
  mutating func takeLog() -> [String] {
    defer { log = [] }
    return log
  }

  /// A bench with a vehicle that is offered 5 %.
  static func digital(_ load: PilotLoad = .b) -> PilotBench {
    var bench = PilotBench()
    bench.wire.load = .b
    bench.run(.milliseconds(20))
    bench.request(.digital)
    bench.wire.load = load
    bench.run(.milliseconds(30))
    bench.log = []
    return bench
  }
}

@Suite struct EVSEPilotTests {
  @Test func plugging_in_offering_and_unplugging() {
    var bench = PilotBench()
    bench.wire.load = .b
    bench.run(.milliseconds(20))
    #expect(bench.takeLog() == ["A>B"])
    bench.request(.digital)
    bench.run(.milliseconds(20))
    bench.wire.load = .c
    bench.run(.milliseconds(20))
    #expect(bench.takeLog() == ["duty 5.0 %", "B>C"])
    bench.wire.load = .detached
    bench.run(.milliseconds(20))
    #expect(bench.takeLog() == ["duty +12 V", "C>A"])
  }

  @Test func one_sample_decides_nothing() {
    var bench = PilotBench.digital(.c)
    bench.wire.load = .b
    bench.run(.milliseconds(5))
    bench.wire.load = .c
    bench.run(.milliseconds(100))
    #expect(bench.takeLog() == [])
  }

  @Test func two_samples_at_the_same_time_count_as_one() {
    var bench = PilotBench.digital(.c)
    bench.wire.load = .b
    bench.now += .milliseconds(5)
    for _ in 0..<10 { bench.handle(.sampled(bench.wire.levels)) }
    #expect(bench.takeLog() == [])
    bench.now += .milliseconds(4)
    bench.handle(.sampled(bench.wire.levels))
    #expect(bench.takeLog() == ["C>B"])
  }

  @Test func a_change_is_stamped_with_its_first_sample() {
    var pilot = EVSEPilot()
    var stamps: [Instant] = []
    let vehicle = PilotWire(load: .b).levels
    for milliseconds in [0, 5, 10] {
      pilot.handle(.sampled(vehicle), at: .zero + .milliseconds(milliseconds)) {
        if case .stateChanged(_, _, let since) = $0 { stamps.append(since) }
      }
    }
    #expect(stamps == [.zero])
  }

  @Test func every_state_is_left_within_30_ms_for_every_other() {
    for from in [PilotLoad.b, .c, .d] {
      for to in PilotLoad.allCases where to != from {
        var bench = PilotBench.digital(from)
        let before = bench.pilot.state
        bench.wire.load = to
        bench.run(.milliseconds(15))
        #expect(bench.pilot.state != before, "\(from) to \(to)")
      }
    }
  }

  @Test func a_duty_change_does_not_delay_a_real_change_beyond_30_ms() {
    var bench = PilotBench.digital(.c)
    bench.wire.load = .b
    bench.run(.milliseconds(5))
    bench.request(.x1)
    bench.run(.milliseconds(25))
    #expect(bench.pilot.state == .B)
  }

  @Test func a_host_that_never_stops_changing_the_duty_cannot_blind_the_pilot() {
    var bench = PilotBench.digital(.c)
    bench.wire.load = .b
    var waited = Duration.zero
    while bench.pilot.state == .C, waited < .milliseconds(200) {
      bench.request(.x1)
      bench.request(.digital)
      bench.run(.milliseconds(5))
      waited += .milliseconds(5)
    }
    #expect(waited <= .milliseconds(50))
  }

  @Test func a_missing_diode_is_a_fault_until_the_plug_is_out() {
    var bench = PilotBench()
    bench.wire = PilotWire(load: .b, faults: .diodeMissing)
    bench.run(.milliseconds(30))
    bench.request(.digital)
    bench.run(.milliseconds(30))
    #expect(bench.takeLog() == ["A>B", "duty 5.0 %", "fault diodeMissing", "duty +12 V", "B>fault"])
    bench.request(.digital)
    bench.run(.seconds(1))
    #expect(bench.takeLog() == [])
    bench.wire.load = .detached
    bench.run(.milliseconds(30))
    bench.wire = PilotWire(load: .b)
    bench.run(.milliseconds(30))
    #expect(bench.takeLog() == ["fault>A", "A>B"])
  }

  @Test func a_short_to_earth_ends_the_offer_and_its_end_shows_the_vehicle_again() {
    var bench = PilotBench.digital(.c)
    bench.wire.faults = .shortToEarth
    bench.run(.milliseconds(30))
    #expect(bench.takeLog() == ["fault shortToEarth", "duty +12 V", "C>E"])
    bench.wire.faults = []
    bench.run(.milliseconds(30))
    #expect(bench.takeLog() == ["E>C"])
  }

  @Test func silence_of_the_sampler_is_a_fault_within_40_ms() {
    var bench = PilotBench.digital(.c)
    bench.isSampling = false
    bench.run(.milliseconds(40))
    #expect(bench.takeLog() == ["fault senseLost", "duty +12 V", "C>fault"])
    bench.isSampling = true
    bench.run(.milliseconds(20))
    #expect(bench.takeLog() == ["fault>C"])
  }

  @Test func levels_that_never_agree_while_energy_may_flow_are_a_fault() {
    var bench = PilotBench.digital(.c)
    let loads: [PilotLoad] = [.b, .d]
    for step in 0..<10 {
      bench.wire.load = loads[step % 2]
      bench.run(.milliseconds(5))
    }
    #expect(bench.takeLog().prefix(3) == ["fault unsettled", "duty +12 V", "C>fault"])
  }

  @Test func silence_and_levels_that_never_agree_do_not_add_up() {
    var bench = PilotBench.digital(.c)
    bench.isSampling = false
    bench.run(.milliseconds(30))
    bench.isSampling = true
    let loads: [PilotLoad] = [.b, .d]
    for step in 0..<3 {
      #expect(bench.takeLog() == [])
      bench.wire.load = loads[step % 2]
      bench.run(.milliseconds(5))
    }
    #expect(
      bench.takeLog().prefix(3) == ["fault unsettled", "duty +12 V", "C>fault"], "45 ms after the last C")
  }

  @Test func from_5_percent_to_a_nominal_duty_it_goes_through_X1_for_3_s() {
    var bench = PilotBench.digital()
    bench.request(.nominal(milliamps: 16_000))
    #expect(bench.takeLog() == ["duty +12 V"])
    bench.run(.milliseconds(2990))
    #expect(bench.takeLog() == [])
    bench.run(.milliseconds(10))
    #expect(bench.takeLog() == ["duty 26.6 %"])
  }

  @Test func an_own_X1_does_not_shorten_the_3_s() {
    var bench = PilotBench.digital()
    bench.request(.x1)
    bench.run(.milliseconds(1000))
    bench.request(.nominal(milliamps: 16_000))
    bench.run(.milliseconds(1990))
    #expect(bench.takeLog() == ["duty +12 V"])
    bench.run(.milliseconds(10))
    #expect(bench.takeLog() == ["duty 26.6 %"])
  }

  @Test func an_error_step_is_4_s_of_F_and_750_ms_of_X1() {
    var bench = PilotBench.digital()
    bench.request(.errorStep)
    bench.request(.nominal(milliamps: 10_000))
    #expect(bench.takeLog() == ["duty -12 V", "B>F"])
    bench.run(.milliseconds(3995))
    #expect(bench.takeLog() == [])
    bench.run(.milliseconds(5))
    #expect(bench.takeLog() == ["duty +12 V"])
    bench.run(.milliseconds(745))
    #expect(bench.takeLog() == ["F>B"])
    bench.run(.milliseconds(5))
    #expect(bench.takeLog() == ["duty 16.6 %"])
  }

  @Test func a_vehicle_that_leaves_during_F_is_not_offered_anything() {
    var bench = PilotBench.digital()
    bench.request(.errorStep)
    bench.run(.seconds(1))
    bench.wire.load = .detached
    bench.run(.seconds(10))
    #expect(bench.takeLog() == ["duty -12 V", "B>F", "duty +12 V", "F>A"])
  }

  @Test func state_F_stays_until_something_else_is_asked_for() {
    var bench = PilotBench.digital(.c)
    bench.request(.stateF)
    bench.run(.seconds(60))
    #expect(bench.takeLog() == ["duty -12 V", "C>F"])
    bench.request(.x1)
    bench.run(.milliseconds(30))
    #expect(bench.takeLog() == ["duty +12 V", "F>C"])
  }

  @Test func state_F_stays_even_when_the_sampler_is_silent() {
    var bench = PilotBench.digital(.c)
    bench.request(.stateF)
    bench.isSampling = false
    bench.run(.seconds(5))
    #expect(bench.takeLog() == ["duty -12 V", "C>F"])
  }

  @Test func a_nominal_duty_changes_at_most_every_5_s() {
    var bench = PilotBench()
    bench.wire.load = .b
    bench.run(.milliseconds(20))
    bench.request(.nominal(milliamps: 16_000))
    bench.run(.seconds(1))
    bench.request(.nominal(milliamps: 10_000))
    bench.request(.nominal(milliamps: 6_000))
    bench.run(.milliseconds(3990))
    #expect(bench.takeLog() == ["A>B", "duty 26.6 %"])
    bench.run(.milliseconds(20))
    #expect(bench.takeLog() == ["duty 10.0 %"])
  }

  @Test func nothing_is_offered_to_nobody() {
    var bench = PilotBench()
    bench.run(.milliseconds(20))
    bench.request(.digital)
    bench.request(.nominal(milliamps: 16_000))
    bench.run(.seconds(1))
    bench.wire.load = .b
    bench.run(.seconds(1))
    #expect(bench.takeLog() == ["A>B"])
  }

  @Test func a_simplified_vehicle_goes_from_A_to_C() {
    var bench = PilotBench()
    bench.wire.load = .c
    bench.run(.milliseconds(20))
    #expect(bench.takeLog() == ["A>C"])
  }

  /// Whatever is asked for, the duty fits the state: an oscillation only for a connected vehicle, -12 V only in F,
  /// and every wait ends.
  @Test(arguments: 1...4 as ClosedRange<UInt64>)
  func a_walk_of_10_000_steps_keeps_the_rules(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var bench = PilotBench()
    let requests: [PilotRequest] = [
      .x1, .digital, .nominal(milliamps: 16_000), .nominal(milliamps: 3_000), .stateF, .errorStep,
    ]
    var lastOscillation = Instant.zero
    for _ in 0..<10_000 {
      switch random.next() % 10 {
      case 0: bench.wire.load = PilotLoad.allCases[Int(random.next() % 4)]
      case 1:
        bench.wire.faults = PilotWire.Faults(
          rawValue: random.chance(perMille: 300) ? UInt8(random.next() % 8) : 0)
      case 2: bench.isSampling = !random.chance(perMille: 50)
      case 3, 4: bench.request(requests[Int(random.next() % UInt64(requests.count))])
      case 5: bench.handle(.timeout)
      case 6: bench.run(.milliseconds(Int(random.next() % 800)))
      default: bench.run(.milliseconds(Int(random.next() % 40)))
      }
      let pilot = bench.pilot
      #expect(!pilot.duty.isOscillating || pilot.state.isConnected, "seed \(seed)")
      #expect((pilot.duty == .steadyLow) == (pilot.state == .F) || pilot.duty == .steadyHigh, "seed \(seed)")
      #expect(pilot.deadline.map { $0 > bench.now } ?? true, "seed \(seed): a deadline in the past")
      if pilot.duty == .steadyHigh, pilot.goal != .x1, pilot.goal.duty.isOscillating {
        #expect(pilot.deadline != nil || pilot.state == .F, "seed \(seed): a wait without end")
      }
      if pilot.duty.isOscillating { lastOscillation = bench.now }
      bench.log = []
    }
    #expect(lastOscillation > .zero, "the walk never offered anything")
  }
}
