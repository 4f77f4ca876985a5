import HAL
import SimulatedHardware
import Testing
import Wire

@Suite struct EnergyPathTests {
  static func at(_ milliseconds: Int) -> Instant { .zero + .milliseconds(milliseconds) }

  @Test func contacts_follow_the_coil_after_their_delay() {
    var contactor = SimulatedContactor(closingDelay: .milliseconds(20), openingDelay: .milliseconds(30))
    contactor.advance(to: Self.at(5))
    contactor.command(closed: true)
    #expect(contactor.deadline == Self.at(25))
    contactor.advance(to: Self.at(24))
    #expect(!contactor.isClosed())
    contactor.advance(to: Self.at(25))
    #expect(contactor.isClosed())
    contactor.command(closed: false)
    contactor.advance(to: Self.at(54))
    #expect(contactor.isClosed())
    contactor.advance(to: Self.at(55))
    #expect(!contactor.isClosed() && contactor.closings == 1)
  }

  @Test func the_stage_ramps_regulates_and_discharges() {
    var stage = SimulatedPowerStage()
    stage.set(PowerReading(volts: 400, amps: 2))
    stage.enable(true)
    stage.advance(to: Self.at(100), load: .open)
    #expect(abs(stage.volts - 200) < 0.001)
    stage.advance(to: Self.at(1000), load: .open)
    #expect(stage.volts == 400 && stage.amps == 0)
    stage.enable(false)
    stage.advance(to: Self.at(1350), load: .open)
    #expect(stage.volts < 60)
  }

  @Test func the_stage_falls_below_5_A_in_30_ms() {
    var stage = SimulatedPowerStage()
    let battery = DCLoad.battery(volts: 350, ohms: 0.08)
    stage.set(PowerReading(volts: 420, amps: 150))
    stage.enable(true)
    stage.advance(to: Self.at(5000), load: battery)
    #expect(stage.amps == 150)
    stage.enable(false)
    stage.advance(to: Self.at(5030), load: battery)
    #expect(stage.amps < 5)
  }

  @Test func the_stage_keeps_its_limits() {
    var stage = SimulatedPowerStage()
    stage.set(PowerReading(volts: 5000, amps: 5000))
    stage.enable(true)
    stage.advance(to: Self.at(20_000), load: .battery(volts: 400, ohms: 0.1))
    #expect(stage.amps <= 200 && stage.amps * 400 <= 60_001)
    #expect(stage.target == PowerReading(volts: 920, amps: 200))
  }

  @Test func what_the_meter_counts_is_what_the_battery_takes_and_the_cable_loses() {
    var path = SimulatedDCPath()
    path.isPlugged = true
    path.contactor.command(closed: true)
    path.vehicleContactor.command(closed: true)
    let start = path.battery.stateOfCharge
    path.stage.set(path.battery.request)
    path.stage.enable(true)
    path.advance(to: Self.at(360_000))
    let taken = (path.battery.stateOfCharge - start) * path.battery.capacityWattHours
    let metered = Double(path.meter.wattHours())
    #expect(metered > 4000, "\(metered) Wh in six minutes")
    #expect(taken < metered && taken > 0.95 * metered)
  }

  @Test func nothing_flows_through_an_open_contactor() {
    var path = SimulatedDCPath()
    path.isPlugged = true
    path.vehicleContactor.command(closed: true)
    path.stage.set(path.battery.request)
    path.stage.enable(true)
    path.advance(to: Self.at(60_000))
    #expect(path.meter.wattSeconds == 0)
  }

  @Test func one_big_step_is_the_sum_of_small_ones() {
    var once = SimulatedACPath()
    once.isPlugged = true
    once.ampsAllowed = 16
    once.contactor.command(closed: true)
    var often = once
    once.advance(to: Self.at(60_000))
    for step in 1...6000 { often.advance(to: Self.at(step * 10)) }
    #expect(abs(once.meter.wattSeconds - often.meter.wattSeconds) < 1)
    #expect(once.meter.wattHours() >= 180)
  }

  @Test(arguments: [(5_000_000.0, InsulationStatus.valid), (300_000, .warning), (50_000, .fault)])
  func the_insulation_monitor_judges_ohms_per_volt(ohms: Double, status: InsulationStatus) {
    var monitor = SimulatedInsulationMonitor(ohms: ohms)
    monitor.begin()
    monitor.advance(to: Self.at(1499))
    #expect(monitor.status() == .invalid)
    monitor.advance(to: Self.at(1500))
    #expect(monitor.status() == status)
  }

  @Test func a_battery_takes_less_when_it_is_nearly_full() {
    var battery = SimulatedBattery(stateOfCharge: 0.5)
    #expect(battery.ampsLimit == 150)
    battery.charge(ampereSeconds: 1e9)
    #expect(battery.stateOfCharge == 1)
    #expect(abs(battery.ampsLimit - 15) < 0.001)
    battery.charge(ampereSeconds: .nan)
    #expect(battery.stateOfCharge == 1)
  }
}
