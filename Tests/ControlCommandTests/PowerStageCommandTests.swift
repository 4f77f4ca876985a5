import ControlAPI
import Testing
import Wire

@testable import coupler

/// The power stage that `coupler power --simulate` plays, in virtual time.
@Suite struct SimulatedStageTests {
  private func command(_ volts: Int, _ amps: Int, enabled: Bool = true, test: Bool = false) -> PowerCommand {
    var command = PowerCommand()
    command.isEnabled = enabled
    (command.millivolts, command.milliamps) = (volts * 1000, amps * 1000)
    command.wantsInsulationTest = test
    return command
  }

  /// Runs to `seconds` by reports every 100 ms; the last one.
  private func run(_ stage: inout SimulatedStage, from start: Double, to seconds: Double) -> PowerReport {
    var report = PowerReport()
    var time = start
    while time < seconds {
      time += 0.1
      report = stage.report(at: .zero + .milliseconds(Int64((time * 1000).rounded())))
    }
    return report
  }

  @Test func it_follows_voltage_and_then_current_with_ramps() {
    var stage = SimulatedStage(at: .zero)
    #expect(stage.report(at: .zero).millivolts == 0)
    stage.obey(command(400, 2), at: .zero)
    let early = stage.report(at: .zero + .milliseconds(100))
    #expect((100_000...300_000).contains(early.millivolts), "\(early.millivolts) mV after 100 ms at 2 kV/s")
    #expect(run(&stage, from: 0.1, to: 1).millivolts == 400_000)
    stage.obey(command(450, 100), at: .zero + .seconds(1))
    let rising = run(&stage, from: 1, to: 1.5)
    #expect((20_000...80_000).contains(rising.milliamps), "\(rising.milliamps) mA after 0.5 s at 100 A/s")
    let there = run(&stage, from: 1.5, to: 20)
    #expect(there.milliamps == 100_000 && (400_000...410_000).contains(there.millivolts))
    #expect((150...250).contains(there.wattHours ?? 0), "\(there.wattHours ?? 0) Wh for 40 kW and 18 s")
    stage.obey(command(0, 0, enabled: false), at: .zero + .seconds(20))
    #expect(stage.report(at: .zero + .milliseconds(20_050)).milliamps == 0)
  }

  @Test func its_insulation_is_tested_when_that_is_wanted() {
    var stage = SimulatedStage(at: .zero)
    #expect(stage.report(at: .zero).insulation == .invalid)
    stage.obey(command(400, 1, test: true), at: .zero)
    #expect(stage.report(at: .zero + .milliseconds(1400)).insulation == .testing)
    #expect(stage.report(at: .zero + .milliseconds(1600)).insulation == .valid)
  }

  @Test(arguments: SimulatedStage.Trouble.allCases)
  func it_goes_wrong_when_it_is_told_to(trouble: SimulatedStage.Trouble) {
    var stage = SimulatedStage(at: .zero)
    stage.trouble = (trouble, .seconds(5))
    _ = run(&stage, from: 0, to: 20)
    #expect(!stage.isSilent, "it counts from the first time it was enabled")
    stage.obey(command(400, 2), at: .zero + .seconds(20))
    _ = run(&stage, from: 20, to: 21)
    stage.obey(command(450, 50), at: .zero + .seconds(21))
    let before = run(&stage, from: 21, to: 24.8)
    #expect(before.isReady && before.fault == nil && before.insulation != .fault && !stage.isSilent)
    let after = run(&stage, from: 24.8, to: 27)
    switch trouble {
    case .fault: #expect(after.fault != nil && after.milliamps == 0)
    case .silent: #expect(stage.isSilent)
    case .insulation: #expect(after.insulation == .fault)
    case .notReady: #expect(!after.isReady)
    case .tooMuch: #expect(after.milliamps > before.milliamps + 10_000)
    }
  }
}
