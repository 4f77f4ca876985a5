import ControlPilot
import HAL
import Testing

@Suite struct ProximityCodingTests {
  @Test(arguments: [
    (1500, 13_000), (1100, 13_000), (2460, 13_000), (680, 20_000), (400, 20_000), (936, 20_000),
    (220, 32_000),
    (164, 32_000), (308, 32_000), (100, 63_000), (80, 63_000), (140, 63_000),
  ])
  func each_resistor_of_table_B_2_tells_its_rating(ohms: Int, milliamps: Int) {
    #expect(Proximity(type2Ohms: ohms) == .plugged(cableMilliamps: milliamps))
  }

  @Test(arguments: [0, 79, 141, 163, 309, 399, 937, 1099, 2461, 4499, -1])
  func what_lies_between_the_bands_is_a_fault(ohms: Int) { #expect(Proximity(type2Ohms: ohms) == .fault) }

  @Test(arguments: [nil, 4_500, 100_000]) func no_resistor_is_no_plug(ohms: Int?) {
    #expect(Proximity(type2Ohms: ohms) == .open)
  }

  @Test func no_resistance_is_read_as_a_larger_cable_than_the_next_smaller_resistor() {
    var last = Int.max
    for ohms in 0...5_000 {
      guard case .plugged(let rating?) = Proximity(type2Ohms: ohms) else { continue }
      #expect(rating <= last, "\(ohms) ohm")
      last = rating
    }
  }

  @Test(arguments: [3_300, 5_000, 12_000])
  func the_three_levels_of_type_1_scale_with_their_supply(supply: Int) {
    // 330 ohm to the supply, 2700 ohm to earth, and the plug's resistor beside it.
    func level(_ plug: Double?) -> Int {
      let down = plug.map { 2700 * $0 / (2700 + $0) } ?? 2700
      return Int(Double(supply) * down / (down + 330))
    }
    #expect(Proximity(type1Millivolts: level(nil), supplyMillivolts: supply) == .open)
    #expect(Proximity(type1Millivolts: level(480), supplyMillivolts: supply) == .buttonPressed)
    #expect(Proximity(type1Millivolts: level(150), supplyMillivolts: supply) == .plugged(cableMilliamps: nil))
    for level in [0, supply / 7, supply * 42 / 100, supply * 7 / 10, supply] {
      #expect(Proximity(type1Millivolts: level, supplyMillivolts: supply) == .fault, "\(level) mV")
    }
  }

  @Test func a_supply_that_is_not_there_is_a_fault() {
    #expect(Proximity(type1Millivolts: 1_530, supplyMillivolts: 0) == .fault)
    #expect(Proximity(type1Millivolts: -1, supplyMillivolts: 5_000) == .fault)
  }

  @Test(arguments: [1500, 680, 220, 100])
  func ohms_come_back_from_the_level_a_pull_up_makes(ohms: Int) throws {
    for down in [nil, 4_700] {
      let frontEnd = PullUpFrontEnd(supplyMillivolts: 3_300, pullUpOhms: 330, pullDownOhms: down)
      let seen = down.map { ohms * $0 / (ohms + $0) } ?? ohms
      let millivolts = 3_300 * seen / (seen + 330)
      let read = try #require(frontEnd.ohms(millivolts: millivolts))
      #expect(abs(read - ohms) * 100 <= ohms * 2, "\(ohms) with \(String(describing: down)): \(read)")
      #expect(Proximity(type2Ohms: read) == Proximity(type2Ohms: ohms))
    }
  }

  @Test func an_open_contact_and_levels_out_of_range_do_not_trap() {
    let frontEnd = PullUpFrontEnd(supplyMillivolts: 3_300, pullUpOhms: 330, pullDownOhms: 4_700)
    #expect(frontEnd.ohms(millivolts: 3_300) == nil)
    #expect(frontEnd.ohms(millivolts: 3_300 * 4_700 / 5_030) == nil)
    #expect(frontEnd.ohms(millivolts: .max / 4) == nil)
    #expect(frontEnd.ohms(millivolts: .min) == 0)
  }

  @Test(arguments: [
    ([Proximity.open, .fault, .open, .fault], 2),
    ([.fault, .plugged(cableMilliamps: 13_000), .fault, .plugged(cableMilliamps: 13_000)], 4),
    ([.fault, .plugged(cableMilliamps: 13_000), .plugged(cableMilliamps: 13_000), .open], nil),
  ])
  func a_cable_that_comes_and_goes_is_a_fault(readings: [Proximity], count: Int?) {
    var reader = ProximityReader()
    for _ in 0..<2 { _ = reader.read(.plugged(cableMilliamps: 13_000)) }
    let found = readings.firstIndex { reader.read($0) == .fault }
    #expect(found.map { $0 + 1 } == count)
    #expect(reader.proximity == (count == nil ? .plugged(cableMilliamps: 13_000) : .fault))
  }

  @Test func a_cable_may_become_thinner_and_never_thicker_while_it_is_in() {
    func cable(_ amps: Int) -> Proximity { .plugged(cableMilliamps: amps * 1000) }
    var reader = ProximityReader()
    func read(_ reading: Proximity) -> Proximity? {
      _ = reader.read(reading)
      _ = reader.read(reading)
      return reader.proximity
    }
    #expect(read(cable(20)) == cable(20))
    #expect(read(cable(13)) == cable(13))
    #expect(read(cable(20)) == .fault, "water lies beside the resistor")
    #expect(read(cable(13)) == cable(13))
    #expect(read(.fault) == .fault)
    #expect(read(cable(32)) == .fault, "whatever came between")
    #expect(read(.open) == .open)
    #expect(read(cable(32)) == cable(32), "another one")
  }

  @Test func a_change_counts_after_two_equal_readings() {
    var reader = ProximityReader()
    #expect(reader.read(.open) == nil)
    #expect(reader.read(.open) == .open)
    #expect(reader.read(.plugged(cableMilliamps: 20_000)) == nil)
    #expect(reader.read(.fault) == nil)
    #expect(reader.read(.plugged(cableMilliamps: 32_000)) == nil)
    #expect(reader.proximity == .open)
    #expect(reader.read(.plugged(cableMilliamps: 32_000)) == .plugged(cableMilliamps: 32_000))
    #expect(reader.read(.plugged(cableMilliamps: 32_000)) == nil)
  }
}
