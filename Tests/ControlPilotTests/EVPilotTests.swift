import ControlPilot
import HAL
import Testing
import Wire

/// A vehicle's pilot whose driver measures every 20 ms.
struct VehicleBench {
  var pilot = EVPilot()
  var signal = PilotSignal.none
  var now = Instant.zero
  var log: [String] = []
  var isMeasuring = true

  mutating func handle(_ event: EVPilot.Event) {
    var actions: [EVPilot.Action] = []
    pilot.handle(event, at: now) { actions.append($0) }
    for action in actions {
      switch action {
      case .setLoad(let load): log.append("load \(load)")
      case .offer(let offer): log.append("offer \(offer)")
      case .attached(let attached): log.append(attached ? "attached" : "detached")
      }
    }
  }

  mutating func run(_ duration: Duration) {
    let end = now + duration
    while now < end {
      now += .milliseconds(10)
      if let due = pilot.deadline, due <= now { handle(.timeout) }
      if isMeasuring, now.nanoseconds % 20_000_000 == 0 { handle(.measured(signal)) }
    }
  }

  mutating func takeLog() -> [String] {
    defer { log = [] }
    return log
  }

  /// A plugged-in vehicle that sees `signal` and has asked for `request`.
  static func plugged(_ signal: PilotSignal, _ request: VehicleRequest? = nil) -> VehicleBench {
    var bench = VehicleBench()
    bench.handle(.proximity(.plugged(cableMilliamps: nil)))
    bench.signal = signal
    bench.run(.milliseconds(100))
    if let request { bench.handle(.request(request)) }
    bench.log = []
    return bench
  }
}

@Suite struct EVPilotTests {
  @Test func S2_closes_on_a_request_and_an_offer() {
    var bench = VehicleBench.plugged(.steadyHigh, .c)
    bench.run(.seconds(1))
    #expect(bench.takeLog() == [])
    bench.signal = .pwm(permille: 50)
    bench.run(.milliseconds(100))
    #expect(bench.takeLog() == ["offer digital", "load c"])
    bench.handle(.request(.b))
    #expect(bench.takeLog() == ["load b"])
  }

  @Test func one_period_never_decides() {
    var bench = VehicleBench.plugged(.pwm(permille: 50), .c)
    for wrong in [PilotSignal.pwm(permille: 90), .pwm(permille: 980), .pwm(permille: 1), .steadyHigh] {
      bench.handle(.measured(wrong))
      bench.run(.milliseconds(100))
      #expect(bench.takeLog() == [], "\(wrong)")
    }
  }

  @Test func an_offer_takes_three_measurements() {
    var bench = VehicleBench.plugged(.steadyHigh)
    bench.handle(.measured(.pwm(permille: 90)))
    bench.handle(.measured(.pwm(permille: 50)))
    #expect(bench.takeLog() == [])
    bench.handle(.measured(.pwm(permille: 50)))
    #expect(bench.takeLog() == ["offer digital"])
  }

  @Test func jitter_of_two_percentage_points_keeps_the_offer() {
    var random = SeededGenerator(seed: 3)
    var bench = VehicleBench.plugged(.pwm(permille: 50), .c)
    for _ in 0..<2000 {
      bench.signal = .pwm(permille: 50 + Int(random.next() % 41) - 20)
      bench.run(.milliseconds(20))
    }
    #expect(bench.takeLog() == [])
  }

  @Test(arguments: [PilotSignal.none, .steadyLow])
  func it_stops_at_once_on_0_V_and_minus_12_V(signal: PilotSignal) {
    var bench = VehicleBench.plugged(.pwm(permille: 266), .c)
    bench.handle(.measured(signal))
    #expect(bench.takeLog() == ["load b", "offer error"])
    bench.signal = .pwm(permille: 266)
    bench.run(.seconds(1))
    #expect(bench.takeLog() == ["offer 15.9 A"], "nothing closes S2 again by itself")
  }

  @Test func it_opens_S2_within_3_s_of_a_lost_duty() {
    var bench = VehicleBench.plugged(.pwm(permille: 266), .c)
    bench.signal = .steadyHigh
    bench.run(.milliseconds(60))
    #expect(bench.takeLog() == ["offer none"])
    bench.run(.milliseconds(2400))
    #expect(bench.takeLog() == [])
    bench.run(.milliseconds(400))
    #expect(bench.takeLog() == ["load b"])
  }

  @Test func a_duty_that_is_back_in_time_keeps_S2_closed() {
    var bench = VehicleBench.plugged(.pwm(permille: 266), .c)
    bench.signal = .steadyHigh
    bench.run(.seconds(2))
    bench.signal = .pwm(permille: 266)
    bench.run(.seconds(4))
    #expect(bench.takeLog() == ["offer none", "offer 15.9 A"])
  }

  @Test func a_driver_that_falls_silent_is_0_V() {
    var bench = VehicleBench.plugged(.pwm(permille: 50), .c)
    bench.isMeasuring = false
    bench.run(.milliseconds(310))
    #expect(bench.takeLog() == ["load b", "offer error"])
  }

  @Test func the_other_kind_of_duty_restarts_through_B() {
    var bench = VehicleBench.plugged(.pwm(permille: 50), .c)
    bench.signal = .pwm(permille: 266)
    bench.run(.milliseconds(200))
    #expect(bench.takeLog() == ["load b", "offer 15.9 A"])
    bench.handle(.request(.c))
    bench.signal = .pwm(permille: 50)
    bench.run(.milliseconds(200))
    #expect(bench.takeLog() == ["load c", "load b", "offer digital"])
  }

  @Test(arguments: [Proximity.open, .buttonPressed, .fault])
  func it_stops_at_once_when_the_plug_comes_out(proximity: Proximity) {
    var bench = VehicleBench.plugged(.pwm(permille: 266), .c)
    bench.handle(.proximity(proximity))
    #expect(bench.takeLog() == ["load b", "offer none", "detached"])
  }

  @Test func the_cable_bounds_the_offer() {
    var bench = VehicleBench()
    bench.handle(.proximity(.plugged(cableMilliamps: 13_000)))
    bench.signal = .pwm(permille: 533)
    bench.run(.milliseconds(100))
    #expect(bench.takeLog() == ["attached", "offer 13.0 A"])
  }

  @Test func a_cable_that_is_read_under_an_offer_bounds_it() {
    var bench = VehicleBench.plugged(.pwm(permille: 533), .c)
    bench.handle(.proximity(.plugged(cableMilliamps: 13_000)))
    #expect(bench.takeLog() == ["offer 13.0 A"])
    bench.run(.milliseconds(200))
    #expect(bench.takeLog() == [])
    bench.handle(.proximity(.plugged(cableMilliamps: 32_000)))
    #expect(bench.takeLog().count == 1)
  }

  @Test(arguments: [100, 533, 960])
  func a_toggle_goes_on_while_the_station_changes_the_duty(permille: Int) {
    // EVCC_CMN CmValidate_002 and _003.
    var bench = VehicleBench.plugged(.pwm(permille: 50))
    bench.handle(.request(.toggle(2)))
    bench.run(.milliseconds(100))
    bench.signal = .pwm(permille: permille)
    bench.run(.milliseconds(300))
    bench.signal = .pwm(permille: 50)
    bench.run(.milliseconds(900))
    #expect(bench.takeLog().filter { $0.hasPrefix("load") } == ["load c", "load b", "load c", "load b"])
    #expect(bench.pilot.deadline.map { $0 > bench.now } ?? true)
  }

  @Test(arguments: 1...3)
  func a_toggle_wakes_with_pulses_of_250_ms(times: Int) {
    var bench = VehicleBench.plugged(.steadyHigh)
    let start = bench.now
    bench.handle(.request(.toggle(times)))
    var edges: [Int64] = [0]
    var load = bench.pilot.load
    for _ in 0..<400 {
      bench.run(.milliseconds(10))
      if bench.pilot.load != load {
        load = bench.pilot.load
        edges.append((bench.now - start).milliseconds)
      }
    }
    #expect(edges == (0..<(2 * times)).map { Int64($0) * 250 })
    #expect(bench.pilot.load == .b)
  }

  @Test(arguments: [0, 4, -1, Int.max])
  func other_numbers_of_toggles_are_ignored(times: Int) {
    var bench = VehicleBench.plugged(.steadyHigh)
    bench.handle(.request(.toggle(times)))
    #expect(bench.takeLog() == [])
  }

  /// S2 is never closed for longer than 3 s without an offer, and never on 0 V, -12 V or an open plug.
  @Test(arguments: 1...4 as ClosedRange<UInt64>)
  func a_walk_of_10_000_steps_keeps_the_rules(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var bench = VehicleBench()
    let signals: [PilotSignal] = [
      .none, .steadyHigh, .steadyLow, .pwm(permille: 50), .pwm(permille: 75), .pwm(permille: 266),
      .pwm(permille: 533), .pwm(permille: 266), .pwm(permille: 50),
    ]
    let proximities: [Proximity] = [
      .plugged(cableMilliamps: nil), .plugged(cableMilliamps: 32_000), .plugged(cableMilliamps: nil), .open,
      .buttonPressed, .fault,
    ]
    var hasClosed = false
    var offerlessSince: Instant?
    for _ in 0..<10_000 {
      switch random.next() % 8 {
      case 0: bench.signal = signals[Int(random.next() % 9)]
      case 1 where random.chance(perMille: 300): bench.handle(.proximity(proximities[Int(random.next() % 6)]))
      case 2: bench.handle(.request([.b, .c, .d, .c, .toggle(2)][Int(random.next() % 5)]))
      case 3: bench.isMeasuring = !random.chance(perMille: 50)
      case 4: bench.handle(.timeout)
      default: bench.run(.milliseconds(Int(random.next() % 90) * 10))
      }
      let pilot = bench.pilot
      hasClosed = hasClosed || pilot.load == .c
      if pilot.load != .b {
        #expect(pilot.isAttached && pilot.offer != .error, "seed \(seed)")
        #expect(pilot.load != .detached, "seed \(seed)")
      }
      offerlessSince = pilot.load != .b && !pilot.offer.permitsEnergy ? offerlessSince ?? bench.now : nil
      if let since = offerlessSince { #expect(bench.now - since <= .seconds(3), "seed \(seed)") }
      #expect(pilot.deadline.map { $0 > bench.now } ?? true, "seed \(seed): a deadline in the past")
    }
    #expect(hasClosed)
  }
}
