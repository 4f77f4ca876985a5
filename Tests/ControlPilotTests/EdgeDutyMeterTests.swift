import ControlPilot
import HAL
import Testing
import Wire

/// Duty and presence from edges at 1 kHz: recorded ones, and made ones with jitter, gaps and an inverting input stage. A
/// duty is right within half a percentage point, and what the pilot is shows within one debounce time.
@Suite struct EdgeDutyMeterTests {
  static let duties = [50, 100, 530, 960]

  /// Half a percentage point.
  private func expect(_ run: EdgeRun, _ permille: Int, atLeast count: Int, _ comment: Comment) {
    #expect(run.duties.count >= count, comment)
    for duty in run.duties { #expect(abs(duty - permille) <= 5, comment) }
  }

  /// What a vehicle must make of it: nothing but this offer.
  private func expectedOffer(_ permille: Int) -> PilotOffer { PilotOffer(permille: permille) }

  @Test(arguments: duties)
  func a_clean_pilot_is_measured_to_the_permille(permille: Int) {
    var stream = EdgeStream()
    stream.pwm(permille: permille, periods: 200)
    let run = EdgeRun(stream)
    #expect(run.duties.count >= 17)
    #expect(run.duties.allSatisfy { $0 == permille })
    #expect(run.offers.map(\.offer) == [expectedOffer(permille)])
    #expect(run.meter.rejected == 0)
  }

  @Test(arguments: duties)
  func edges_recorded_on_a_real_machine_give_the_duty_within_half_a_point(permille: Int) throws {
    let stream = try EdgeStream(recorded: "edges-\(permille).txt")
    let run = EdgeRun(stream)
    expect(run, permille, atLeast: 30, "\(permille)")
    let kinds = run.offers.map(\.offer)
    #expect(kinds.allSatisfy { $0 == .digital } == (permille == 50), "\(kinds)")
    #expect(!kinds.contains(.error) && !kinds.contains(.invalid), "\(kinds)")
  }

  @Test(arguments: [530, 960])
  func edges_of_a_loaded_machine_with_gaps_of_milliseconds_never_give_a_wrong_duty(permille: Int) throws {
    // What was missed is told in one case, as by sequence numbers, and has to be found in the other.
    let stream = try EdgeStream(recorded: "edges-loaded-\(permille).txt")
    let run = EdgeRun(stream)
    expect(run, permille, atLeast: 5, "\(permille)")
    #expect(stream.edges.count < 800, "the recording has gaps")
  }

  @Test(arguments: duties, 1...25 as ClosedRange<UInt64>)
  func an_interrupt_up_to_20_us_late_does_not_move_the_duty_by_half_a_point(permille: Int, seed: UInt64) {
    var stream = EdgeStream()
    stream.pwm(
      permille: permille, periods: 300, latencyMicroseconds: 20, outlierMicroseconds: 200, seed: seed)
    var far = 0
    let run = EdgeRun(stream)
    #expect(run.duties.count >= 20)
    for duty in run.duties.dropFirst(3) where abs(duty - permille) > 5 { far += 1 }
    #expect(far == 0, "seed \(seed)")
    // One period alone would be off by two points and call 6 A for 5 %.
    #expect(run.offers.allSatisfy { $0.offer == .digital } == (permille == 50), "seed \(seed)")
  }

  @Test(arguments: duties, [true, false])
  func missing_edges_cost_periods_and_nothing_else(permille: Int, tells: Bool) {
    for seed in 1...20 as ClosedRange<UInt64> {
      var stream = EdgeStream()
      stream.pwm(permille: permille, periods: 400, latencyMicroseconds: 5, seed: seed)
      stream.lose(perMille: 100, tells: tells, seed: seed)
      let run = EdgeRun(stream)
      // Every fifth period has lost an edge, and with it its neighbour.
      expect(run, permille, atLeast: 15, "\(permille), seed \(seed), told \(tells)")
    }
  }

  @Test(arguments: duties)
  func an_inverting_input_stage_is_a_flag_of_the_board(permille: Int) {
    var stream = EdgeStream()
    stream.pwm(permille: permille, periods: 100)
    stream.invert()
    expect(EdgeRun(stream, isInverted: true, level: true), permille, atLeast: 7, "\(permille)")
    let wrong = EdgeRun(stream, level: true)
    #expect(wrong.duties.allSatisfy { abs($0 - (1000 - permille)) <= 5 }, "without the flag it is the rest")
  }

  @Test func what_the_pilot_is_shows_within_one_debounce_time() throws {
    var stream = EdgeStream()
    stream.silence(.milliseconds(50))
    let plugged = stream.end
    stream.pwm(permille: 50, periods: 200, latencyMicroseconds: 5)
    let nominal = stream.end
    stream.pwm(permille: 530, periods: 200, latencyMicroseconds: 5, seed: 2)
    let off = stream.end
    stream.silence(.milliseconds(300))
    let run = EdgeRun(stream, level: true)

    // From the steady level before: 20 periods and no more.
    let digital = try #require(run.first(after: plugged) { $0 == .pwm(permille: 50) })
    #expect(digital - plugged <= .milliseconds(25))
    // A change of duty: half the window and one report.
    let changed = try #require(
      run.first(after: nominal) { if case .pwm(let permille) = $0 { permille > 500 } else { false } })
    #expect(changed - nominal <= .milliseconds(35))
    // Steady: three periods, and told again 10 ms later.
    let steady = try #require(run.first(after: off) { $0 == .steadyLow })
    #expect(steady - off <= .milliseconds(4))

    // And the vehicle's pilot, which takes three measurements for a duty, and 0 V or -12 V at once.
    let times = run.offers.map(\.offer)
    #expect(times.count == 3 && times.first == .digital && times.last == .error, "\(times)")
    #expect(run.offers[0].at - plugged <= .milliseconds(50))
    #expect(run.offers[1].at - nominal <= .milliseconds(60))
    #expect(run.offers[2].at - off <= .milliseconds(5))
  }

  @Test func a_duty_that_changes_never_shows_one_that_nobody_offers() {
    var stream = EdgeStream()
    for duty in [50, 530, 100, 960, 50, 266] { stream.pwm(permille: duty, periods: 70) }
    let seen = Set(EdgeRun(stream).duties)
    #expect(seen.isSubset(of: [50, 530, 100, 960, 266]), "\(seen)")
  }

  @Test func steady_levels_are_told_after_three_periods_and_repeated_as_a_sign_of_life() {
    var stream = EdgeStream()
    stream.silence(.seconds(1))
    for level in [true, false] {
      let run = EdgeRun(stream, level: level)
      let signal: PilotSignal = level ? .steadyHigh : .steadyLow
      #expect(run.measured.allSatisfy { $0.signal == signal })
      let times: [Int64] = run.measured.prefix(3).map { ($0.at - Instant.zero).milliseconds }
      #expect(times == [3, 13, 113])
      #expect(run.measured.count == 11)
    }
  }

  @Test(arguments: [940_000, 1_060_000, 500_000, 2_000_000])
  func an_oscillation_that_is_not_1_kHz_is_no_duty(period: Int) {
    var stream = EdgeStream()
    stream.pwm(permille: 530, periods: 200, periodNanoseconds: period)
    let run = EdgeRun(stream)
    #expect(run.duties == [])
    #expect(run.meter.rejected > 150)
  }

  @Test func a_duty_from_before_is_forgotten_when_the_frequency_goes_wrong() {
    var stream = EdgeStream()
    stream.pwm(permille: 530, periods: 100)
    stream.pwm(permille: 530, periods: 30, periodNanoseconds: 1_200_000)
    stream.pwm(permille: 100, periods: 19)
    #expect(EdgeRun(stream).duties.allSatisfy { $0 == 530 }, "19 periods tell nothing yet")
  }

  @Test func twenty_periods_decide_and_nineteen_do_not() {
    var stream = EdgeStream()
    stream.pwm(permille: 100, periods: 20)
    #expect(EdgeRun(stream).duties == [], "20 rising edges enclose 19 periods")
    stream.pwm(permille: 100, periods: 1)
    #expect(EdgeRun(stream).duties == [100])
  }

  @Test(arguments: 1...200 as ClosedRange<UInt64>)
  func whatever_the_edges_are_nothing_traps_and_a_deadline_is_never_behind(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var meter = EdgeDutyMeter(isInverted: random.chance(perMille: 500))
    var now = Instant.zero
    for _ in 0..<2_000 {
      let step = Int64(random.next() % 3_000_000) * (random.chance(perMille: 20) ? 1_000_000 : 1)
      if random.chance(perMille: 950) { now += .nanoseconds(step) }
      let event: EdgeDutyMeter.Event =
        switch random.next() % 8 {
        case 0: .timeout
        case 1: .level(high: random.chance(perMille: 500))
        default: .edge(rising: random.chance(perMille: 500), missed: random.chance(perMille: 50))
        }
      // Stamps may run backwards where two lines are read.
      let stamp = random.chance(perMille: 30) ? Instant.zero : now
      meter.handle(event, at: stamp) { action in
        if case .measured(.pwm(let permille)) = action {
          #expect((1...999).contains(permille), "seed \(seed)")
        }
      }
      if event == .timeout { #expect(meter.deadline.map { $0 > stamp } ?? true, "seed \(seed)") }
    }
  }
}
