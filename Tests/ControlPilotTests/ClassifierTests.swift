import ControlPilot
import HAL
import SimulatedHardware
import Testing

@Suite struct ClassifierTests {
  /// IEC 61851-1 Table A.4 with memory, as text: what each level means after each state. Both edges of each band.
  static let table = """
    mV       A     B     C     D     E     F     fault
    13001    fault fault fault fault fault fault fault
    13000    A     A     A     A     A     A     A
    11000    A     A     A     A     A     A     A
    10999    A     B     B     B     B     B     B
    10000    A     B     B     B     B     B     B
    9999     B     B     B     B     B     B     B
    8000     B     B     B     B     B     B     B
    7999     B     B     C     C     C     C     C
    7000     B     B     C     C     C     C     C
    6999     C     C     C     C     C     C     C
    5000     C     C     C     C     C     C     C
    4999     C     C     C     D     D     D     D
    4000     C     C     C     D     D     D     D
    3999     D     D     D     D     D     D     D
    2000     D     D     D     D     D     D     D
    1999     D     D     D     D     E     E     E
    1000     D     D     D     D     E     E     E
    999      E     E     E     E     E     E     E
    -1000    E     E     E     E     E     E     E
    -1001    E     E     E     E     E     fault fault
    -2000    E     E     E     E     E     fault fault
    -2001    fault fault fault fault fault fault fault
    -10000   fault fault fault fault fault fault fault
    -10001   fault fault fault fault fault F     fault
    -11000   fault fault fault fault fault F     fault
    -11001   F     F     F     F     F     F     F
    -13000   F     F     F     F     F     F     F
    -13001   fault fault fault fault fault fault fault
    """

  @Test func each_level_after_each_state_is_what_table_A4_says() throws {
    let rows = Self.table.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    let previous = try #require(rows.first?.dropFirst().map { PilotState(rawValue: $0) })
    for row in rows.dropFirst() {
      let level = try #require(Int(row[0]))
      for (state, expected) in zip(previous, row.dropFirst()) {
        let before = try #require(state)
        #expect(
          pilotState(millivolts: level, previous: before).rawValue == expected, "\(level) mV after \(before)")
      }
    }
  }

  @Test func a_steady_level_settles_in_one_step() {
    for level in stride(from: -14_000, through: 14_000, by: 50) {
      for before in PilotState.allCases {
        let once = pilotState(millivolts: level, previous: before)
        #expect(pilotState(millivolts: level, previous: once) == once, "\(level) mV after \(before)")
      }
    }
  }

  @Test func extreme_readings_are_faults() {
    for level in [Int.min, -100_000, 100_000, Int.max] {
      for before in PilotState.allCases { #expect(pilotState(millivolts: level, previous: before) == .fault) }
    }
  }

  @Test(arguments: [(-12_000, true), (-10_500, true), (-8_790, false), (0, false), (8_980, false)])
  func the_negative_level_tells_a_missing_diode(level: Int, sound: Bool) {
    #expect(isNegativeLevelSound(millivolts: level) == sound)
  }
}

@Suite struct DutyCurrentTests {
  @Test(arguments: [
    (0, nil), (5_999, nil), (6_000, 100), (10_000, 166), (13_000, 216), (16_000, 266), (20_000, 333),
    (32_000, 533), (48_000, 800), (51_000, 850), (52_500, 850), (63_000, 892), (80_000, 960), (125_000, 960),
  ])
  func a_current_gives_the_duty_of_table_A7_rounded_down(milliamps: Int, permille: Int?) {
    #expect(PilotDuty.nominal(milliamps: milliamps) == permille.map { .pwm(permille: $0) } ?? .steadyHigh)
  }

  @Test(arguments: [
    (1, PilotOffer.invalid), (29, .invalid), (30, .digital), (50, .digital), (70, .digital), (71, .invalid),
    (79, .invalid), (80, .amps(milliamps: 6_000)), (99, .amps(milliamps: 6_000)),
    (100, .amps(milliamps: 6_000)), (533, .amps(milliamps: 31_980)), (850, .amps(milliamps: 51_000)),
    (851, .amps(milliamps: 52_750)), (892, .amps(milliamps: 63_000)), (960, .amps(milliamps: 80_000)),
    (961, .amps(milliamps: 80_000)), (970, .amps(milliamps: 80_000)), (971, .invalid), (999, .invalid),
  ])
  func a_duty_offers_what_table_A8_says(permille: Int, offer: PilotOffer) {
    #expect(PilotOffer(permille: permille) == offer)
  }

  @Test func no_vehicle_reads_more_than_the_station_has() {
    for available in stride(from: 6_000, through: 90_000, by: 7) {
      guard case .pwm(let permille) = PilotDuty.nominal(milliamps: available),
        case .amps(let read) = PilotOffer(permille: permille)
      else {
        Issue.record("\(available) mA is not offered")
        continue
      }
      #expect(read <= available)
      // Nor needlessly less: a step of the duty is 60 or 250 mA; 1.5 A where the formulas meet.
      #expect(read >= min(available, 80_000) - ((51_000...53_000).contains(available) ? 1_750 : 250))
    }
  }
}

@Suite struct PilotWireTests {
  @Test(arguments: [(PilotLoad.detached, 12_000), (.b, 8_978), (.c, 5_994), (.d, 2_929)])
  func the_circuit_gives_the_levels_of_annex_A(load: PilotLoad, millivolts: Int) {
    let levels = PilotWire(duty: .digital, load: load).levels
    #expect(abs(levels.highMillivolts - millivolts) <= 5, "\(levels)")
    #expect(levels.lowMillivolts == -12_000)
  }

  @Test func a_missing_diode_loads_the_negative_half_wave() {
    for load in [PilotLoad.b, .c, .d] {
      let low = PilotWire(duty: .digital, load: load, faults: .diodeMissing).levels.lowMillivolts
      #expect(!isNegativeLevelSound(millivolts: low), "\(load): \(low) mV")
    }
  }

  @Test func a_cut_cable_looks_unplugged_from_both_ends() {
    let wire = PilotWire(duty: .digital, load: .c, faults: .cableCut)
    #expect(wire.levels.highMillivolts == 12_000)
    #expect(wire.signal == .none)
  }
}
