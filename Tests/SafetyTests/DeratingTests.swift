import Safety
import Testing

@Suite struct DeratingTests {
  let curve = Derating(startMillicelsius: 60_000, endMillicelsius: 80_000, fullMilliamps: 32_000)

  @Test(arguments: [
    (-40_000, 32_000), (60_000, 32_000), (65_000, 25_500), (70_000, 19_000), (80_000, 6_000), (80_001, 0),
    (150_000, 0),
  ])
  func the_limit_sinks_between_the_two_temperatures_and_ends_above(millicelsius: Int, milliamps: Int) {
    #expect(curve.milliamps(at: millicelsius) == milliamps)
  }

  @Test func the_limit_never_rises_with_the_temperature() {
    var last = Int.max
    for millicelsius in stride(from: 50_000, through: 90_000, by: 37) {
      let milliamps = curve.milliamps(at: millicelsius)
      #expect(milliamps <= last)
      last = milliamps
    }
  }

  @Test func the_hottest_sensor_decides() {
    var limit = TemperatureLimit([
      curve, Derating(startMillicelsius: 40_000, endMillicelsius: 50_000, fullMilliamps: 32_000),
    ])
    #expect(limit.milliamps == 0, "nothing was read yet")
    limit.read(0, millicelsius: 20_000)
    #expect(limit.milliamps == 0, "the other one was not read yet")
    limit.read(1, millicelsius: 20_000)
    #expect(limit.milliamps == 32_000)
    limit.read(1, millicelsius: 45_000)
    #expect(limit.milliamps == 19_000)
    limit.read(0, millicelsius: 79_000)
    #expect(limit.milliamps == 7_300)
  }

  @Test func what_is_off_stays_off_until_it_has_cooled_down() {
    var limit = TemperatureLimit([curve])
    for (millicelsius, milliamps) in [
      (79_000, 7_300), (80_500, 0), (79_000, 0), (75_001, 0), (75_000, 12_500), (79_000, 7_300),
    ] {
      limit.read(0, millicelsius: millicelsius)
      #expect(limit.milliamps == milliamps, "\(millicelsius)")
    }
  }

  @Test(arguments: [nil, -50_001, 200_001, Int.max, Int.min])
  func a_sensor_that_cannot_be_read_leaves_nothing(millicelsius: Int?) {
    var limit = TemperatureLimit([curve])
    limit.read(0, millicelsius: 20_000)
    limit.read(0, millicelsius: millicelsius)
    #expect(limit.milliamps == 0)
  }

  @Test func an_outlet_without_sensors_has_no_limit_by_them() {
    var limit = TemperatureLimit([])
    limit.read(0, millicelsius: 20_000)
    limit.read(-1, millicelsius: 20_000)
    #expect(limit.milliamps == nil)
  }

  @Test func a_curve_that_is_a_step_does_not_trap() {
    let step = Derating(startMillicelsius: 70_000, endMillicelsius: 70_000, fullMilliamps: 32_000)
    #expect(step.milliamps(at: 70_000) == 32_000)
    #expect(step.milliamps(at: 70_001) == 0)
  }
}
