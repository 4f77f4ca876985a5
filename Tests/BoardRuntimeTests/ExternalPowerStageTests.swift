import ControlAPI
import HAL
import Node
import Safety
import Testing
import Wire

@testable import BoardRuntime

/// A power stage of another program, in virtual time: who has it, whether it is in time, whether it does what it is told.
@Suite struct ExternalPowerStageTests {
  /// The machine, and what it wanted.
  struct Rig {
    var stage: ExternalPowerStage
    var now = Instant.zero
    var told: [String] = []
    var commands: [PowerCommand] = []
    var notes: [String] = []
    static let first = ControlClientID(1)
    static let second = ControlClientID(2)

    init(
      _ kind: ExternalPowerStage.Kind = .source,
      _ change: (inout ExternalPowerStage.Settings) -> Void = { _ in }
    ) {
      var settings = ExternalPowerStage.Settings(kind: kind, millivoltsMax: 500_000, milliampsMax: 200_000)
      change(&settings)
      stage = ExternalPowerStage(settings)
    }

    mutating func take(_ action: ExternalPowerStage.Action) {
      switch action {
      case .tell(.powerStage(let ready, let trouble)):
        told.append((ready ? "ready" : "not ready") + (trouble.map { " \($0.rawValue)" } ?? ""))
      case .tell(.output(let reading, let wattHours)):
        told.append("\(reading.millivolts / 1000) V \(reading.milliamps / 1000) A \(wattHours) Wh")
      case .tell(.insulation(let status)): told.append("insulation \(status.rawValue)")
      case .tell: told.append("?")
      case .command(let command): commands.append(command)
      case .limits: told.append("limits \(stage.limits.milliamps.map { "\($0)" } ?? "-")")
      case .note(_, let text): notes.append(text)
      }
    }

    mutating func handle(_ event: ExternalPowerStage.Event) {
      var actions: [ExternalPowerStage.Action] = []
      stage.handle(event, at: now) { actions.append($0) }
      for action in actions { take(action) }
    }

    /// The code of what was refused.
    @discardableResult
    mutating func report(
      _ volts: Int = 0, _ amps: Int = 0, from client: ControlClientID = first,
      _ change: (inout PowerReport) -> Void = { _ in }
    ) -> ControlFailure.Code? {
      var report = PowerReport(millivolts: volts * 1000, milliamps: amps * 1000)
      change(&report)
      var actions: [ExternalPowerStage.Action] = []
      defer { for action in actions { take(action) } }
      do throws(ControlFailure) {
        try stage.take(report, from: client, at: now) { actions.append($0) }
        return nil
      } catch { return error.code }
    }

    /// Time passes; the machine is called when it asked to be, and no oftener.
    mutating func run(_ duration: Duration) {
      let end = now + duration
      while let due = stage.deadline, due <= end {
        now = max(now, due)
        handle(.timeout)
      }
      now = end
    }

    /// Reports every 100 ms.
    mutating func report(
      for duration: Duration, _ volts: Int, _ amps: Int, _ change: (inout PowerReport) -> Void = { _ in }
    ) {
      let end = now + duration
      while now < end {
        report(volts, amps, change)
        run(.milliseconds(100))
      }
    }

    mutating func takeTold() -> [String] {
      defer { told = [] }
      return told
    }

    mutating func deliver(_ volts: Int, _ amps: Int) {
      handle(.command(.setPoint(PowerReading(millivolts: volts * 1000, milliamps: amps * 1000))))
      handle(.command(.powerStage(enabled: true)))
    }
  }

  @Test func what_was_never_heard_is_absent_and_sleeps() {
    let rig = Rig()
    #expect(rig.stage.status.state == .absent)
    #expect(rig.stage.deadline == nil)
  }

  @Test func a_report_makes_it_ready_before_it_makes_a_reading() {
    var rig = Rig()
    #expect(rig.report(400, 0) == nil)
    #expect(rig.takeTold() == ["ready", "400 V 0 A 0 Wh"])
    #expect(rig.stage.status.state == .ready)
    rig.report(400, 0) { $0.isReady = false }
    #expect(rig.takeTold().first == "not ready")
    #expect(rig.stage.status.state == .notReady)
  }

  @Test func reports_in_time_keep_it_and_silence_is_told_to_the_millisecond() {
    var rig = Rig()
    for _ in 0..<10 {
      rig.report(400, 10)
      rig.run(.milliseconds(999))
    }
    #expect(!rig.takeTold().contains("not ready silent"))
    rig.report(400, 10)
    let last = rig.now
    _ = rig.takeTold()
    rig.run(.milliseconds(999))
    #expect(rig.takeTold() == [])
    #expect(rig.stage.deadline == last + .seconds(1))
    rig.run(.milliseconds(1))
    #expect(rig.takeTold() == ["not ready silent"])
    #expect(rig.stage.status.state == .silent && rig.stage.deadline == nil)
  }

  /// Whoever wakes late finds the silence before the report that ended it.
  @Test func a_report_that_comes_late_does_not_hide_the_silence() {
    var rig = Rig()
    rig.report(400, 10)
    _ = rig.takeTold()
    rig.now += .milliseconds(1500)
    rig.report(400, 10)
    #expect(rig.takeTold() == ["not ready silent", "ready", "400 V 10 A 1 Wh"])
  }

  @Test func a_timeout_that_comes_early_or_twice_does_nothing() {
    var rig = Rig()
    rig.report(400, 10)
    _ = rig.takeTold()
    rig.now += .milliseconds(10)
    rig.handle(.timeout)
    rig.handle(.timeout)
    #expect(rig.takeTold() == [])
    rig.run(.seconds(5))
    rig.handle(.timeout)
    #expect(rig.takeTold() == ["not ready silent"])
  }

  @Test func a_client_that_disconnects_loses_it_at_once() {
    var rig = Rig()
    rig.report(400, 0)
    _ = rig.takeTold()
    rig.handle(.gone(Rig.second))
    #expect(rig.takeTold() == [])
    rig.handle(.gone(Rig.first))
    #expect(rig.takeTold() == ["not ready silent"])
    #expect(rig.stage.status.state == .absent)
  }

  @Test func the_first_client_has_it_until_it_is_gone_or_silent() {
    var rig = Rig()
    rig.report(400, 0)
    _ = rig.takeTold()
    #expect(rig.report(10, 0, from: Rig.second) == .wrongState)
    #expect(rig.takeTold() == [], "what a stranger says is not told")
    rig.run(.milliseconds(900))
    // Refused reports are no sign of life of the first.
    #expect(rig.report(10, 0, from: Rig.second) == .wrongState)
    rig.run(.milliseconds(100))
    #expect(rig.report(10, 0, from: Rig.second) == nil)
    #expect(rig.report(400, 0, from: Rig.first) == .wrongState)
    rig.handle(.gone(Rig.second))
    #expect(rig.report(400, 0, from: Rig.first) == nil)
  }

  @Test func what_cannot_be_measured_is_refused_and_no_sign_of_life() {
    for (volts, amps) in [(551, 0), (0, 221), (10_000, 10_000)] {
      var rig = Rig()
      rig.report(400, 10)
      _ = rig.takeTold()
      rig.run(.milliseconds(500))
      #expect(rig.report(volts, amps) == .outOfRange)
      #expect(rig.takeTold() == ["ready disobeying"])
      rig.run(.milliseconds(500))
      #expect(rig.takeTold() == ["not ready silent"])
    }
    var rig = Rig()
    #expect(rig.report(551, 0) == .outOfRange)
    #expect(rig.stage.status.state == .absent, "nobody has it by a report that was refused")
    #expect(rig.report(550, 220) == nil)
  }

  @Test func a_fault_is_told_with_its_words() {
    var rig = Rig()
    rig.report(400, 10)
    _ = rig.takeTold()
    rig.report(400, 10) { $0.fault = "module 3 overheated" }
    #expect(rig.takeTold().first == "ready faulty")
    #expect(rig.notes.last == "power stage: module 3 overheated")
    #expect(rig.stage.status.state == .faulty && rig.stage.status.fault == "module 3 overheated")
    rig.report(400, 10)
    #expect(rig.takeTold().first == "ready")
  }

  // MARK: commands

  @Test func a_set_point_counts_only_while_it_is_enabled() {
    var rig = Rig()
    rig.report()
    rig.handle(.command(.setPoint(PowerReading(millivolts: 400_000, milliamps: 1000))))
    #expect(rig.commands == [])
    rig.handle(.command(.powerStage(enabled: true)))
    #expect(rig.commands.last?.isEnabled == true && rig.commands.last?.millivolts == 400_000)
    rig.handle(.command(.setPoint(PowerReading(millivolts: 400_000, milliamps: 90_000))))
    #expect(rig.commands.last?.milliamps == 90_000)
    rig.handle(.command(.powerStage(enabled: false)))
    #expect(rig.commands.last == PowerCommand() && rig.commands.count == 3)
  }

  @Test func an_opening_contactor_switches_it_off_whatever_came_before() {
    var rig = Rig()
    rig.report()
    rig.deliver(400, 100)
    rig.handle(.command(.contactor(close: false)))
    #expect(rig.commands.last == PowerCommand())
  }

  @Test func too_much_current_or_voltage_is_told_after_two_seconds() {
    for (volts, amps, name) in [(400, 106, "current"), (426, 90, "voltage")] {
      var rig = Rig()
      rig.report()
      rig.deliver(400, 100)
      rig.report(for: .milliseconds(1900), volts, amps)
      #expect(!rig.takeTold().contains("ready disobeying"), "\(name)")
      rig.report(for: .milliseconds(100), volts, amps)
      #expect(rig.takeTold().contains("ready disobeying"), "\(name)")
      rig.report(400, 100)
      #expect(rig.takeTold().first == "ready", "\(name)")
    }
  }

  @Test func what_the_regulator_may_be_off_by_is_nothing() {
    for (volts, amps) in [(420, 105), (400, 100), (380, 0)] {
      var rig = Rig()
      rig.report()
      rig.deliver(400, 100)
      rig.report(for: .seconds(60), volts, amps)
      #expect(!rig.takeTold().contains("ready disobeying"))
      #expect(rig.stage.status.isLagging == false, "\(volts) V \(amps) A")
    }
  }

  @Test func current_with_the_stage_off_is_told() {
    var rig = Rig()
    rig.report(for: .milliseconds(2200), 400, 3)
    #expect(rig.stage.status.state == .disobeying)
  }

  @Test func a_set_point_that_falls_leaves_it_time_to_follow() {
    var rig = Rig()
    rig.report()
    rig.deliver(400, 100)
    rig.report(for: .seconds(10), 400, 100)
    rig.handle(.command(.setPoint(PowerReading(millivolts: 400_000, milliamps: 10_000))))
    rig.report(for: .milliseconds(1500), 400, 50)
    rig.report(for: .seconds(3), 400, 10)
    #expect(!rig.takeTold().contains { $0.contains("disobeying") })
  }

  @Test func a_stage_that_does_not_reach_its_set_point_lags() {
    var rig = Rig()
    rig.report()
    rig.deliver(400, 100)
    // 5 s, and 5 s more for 100 A.
    rig.report(for: .seconds(9), 350, 40)
    #expect(!rig.stage.status.isLagging)
    rig.report(for: .seconds(2), 350, 40)
    #expect(rig.stage.status.isLagging && rig.stage.status.state == .ready)
    #expect(rig.notes.last?.hasPrefix("power stage does not follow: told 400000 mV and 100000 mA") == true)
    // The battery's voltage is below the set point: the current is what it regulates.
    rig.report(350, 100)
    #expect(!rig.stage.status.isLagging && rig.notes.last == "power stage follows")
  }

  // MARK: insulation

  @Test func a_result_counts_only_after_the_test_began() {
    var rig = Rig()
    rig.report { $0.insulation = .valid }
    _ = rig.takeTold()
    rig.handle(.command(.insulationTest))
    #expect(rig.takeTold() == ["insulation invalid"])
    #expect(rig.commands.last?.wantsInsulationTest == true)
    rig.report { $0.insulation = .valid }
    #expect(!rig.takeTold().contains("insulation valid"), "that was the last vehicle's")
    rig.report { $0.insulation = .testing }
    rig.report { $0.insulation = .warning }
    #expect(rig.takeTold().contains("insulation warning"))
    #expect(rig.commands.last?.wantsInsulationTest == false)
  }

  @Test func what_the_insulation_becomes_while_energy_flows_is_told() {
    var rig = Rig()
    rig.report()
    rig.handle(.command(.insulationTest))
    rig.deliver(400, 1)
    rig.report { $0.insulation = .testing }
    rig.report { $0.insulation = .valid }
    _ = rig.takeTold()
    rig.report { $0.insulation = .testing }
    #expect(!rig.takeTold().contains { $0.hasPrefix("insulation") }, "it tests itself from time to time")
    rig.report { $0.insulation = .fault }
    #expect(rig.takeTold().contains("insulation fault"))
    rig.report { $0.insulation = .invalid }
    #expect(rig.takeTold().contains("insulation invalid"))
  }

  @Test func a_fault_in_the_cable_check_is_its_result() {
    var rig = Rig()
    rig.report()
    rig.handle(.command(.insulationTest))
    rig.report { $0.insulation = .testing }
    rig.report { $0.insulation = .fault }
    #expect(rig.takeTold().last == "insulation fault")
  }

  @Test func a_test_ends_with_its_session() {
    var rig = Rig()
    rig.report()
    rig.handle(.command(.insulationTest))
    rig.handle(.ended)
    #expect(rig.commands.last == PowerCommand())
    rig.report { $0.insulation = .testing }
    rig.report { $0.insulation = .valid }
    #expect(!rig.takeTold().contains("insulation valid"))
  }

  @Test func a_monitor_of_the_board_has_the_word_and_a_fault_counts_all_the_same() {
    var rig = Rig { $0.hasInsulationMonitor = true }
    rig.report()
    rig.handle(.command(.insulationTest))
    #expect(rig.commands == [])
    rig.deliver(400, 1)
    rig.report { $0.insulation = .valid }
    #expect(!rig.takeTold().contains { $0.hasPrefix("insulation") })
    rig.report { $0.insulation = .fault }
    rig.report { $0.insulation = .fault }
    #expect(rig.takeTold().filter { $0.hasPrefix("insulation") } == ["insulation fault"])
  }

  // MARK: limits, energy, meters

  @Test func what_it_can_give_is_known_while_it_is_there() {
    var rig = Rig()
    rig.report { $0.milliampsMax = 80_000 }
    #expect(rig.takeTold().first == "limits 80000")
    rig.report { $0.milliampsMax = 80_000 }
    #expect(!rig.takeTold().contains { $0.hasPrefix("limits") })
    rig.handle(.gone(Rig.first))
    #expect(rig.takeTold().contains("limits -"))
  }

  @Test func energy_is_summed_up_where_no_meter_counts_it() {
    var rig = Rig()
    rig.report(for: .seconds(360), 400, 100)
    #expect(rig.takeTold().last == "400 V 100 A 3998 Wh" || rig.stage.isHeard)
    rig.report(400, 100)
    #expect(rig.takeTold().last == "400 V 100 A 4000 Wh", "40 kW for 6 min")
  }

  /// Vehicle, `ended` and journal would be told 12 MWh of one charge.
  @Test func a_meter_that_answers_late_is_no_energy_of_the_charge() {
    var rig = Rig()
    rig.report(for: .seconds(360), 400, 100)
    rig.report(400, 100) { $0.wattHours = 12_345_678 }
    #expect(rig.takeTold().last == "400 V 100 A 4000 Wh")
    rig.report(400, 100) { $0.wattHours = 12_345_688 }
    rig.report(400, 100) { $0.wattHours = 12_345_600 }
    #expect(rig.takeTold().last == "400 V 100 A 4010 Wh", "a meter does not count down")
    rig.report(400, 100) { $0.wattHours = 12_345_690 }
    #expect(rig.takeTold().last == "400 V 100 A 4012 Wh")
    // It is lost and found: what it missed meanwhile is summed up, once.
    rig.report(400, 100)
    rig.run(.milliseconds(900))
    rig.report(400, 100) { $0.wattHours = 12_345_700 }
    #expect(rig.takeTold().last == "400 V 100 A 4022 Wh", "40 kW for 0.9 s")
  }

  /// The sessions in between would have no energy until the new counter had caught up.
  @Test func the_meter_of_another_program_counts_on() {
    var rig = Rig()
    rig.report { $0.wattHours = 5000 }
    #expect(rig.takeTold().last == "0 V 0 A 5000 Wh", "what it shows, where it was there from the first")
    rig.report { $0.wattHours = 5003 }
    rig.handle(.gone(Rig.first))
    rig.report(from: Rig.second) { $0.wattHours = 0 }
    rig.report(from: Rig.second) { $0.wattHours = 10 }
    #expect(rig.takeTold().last == "0 V 0 A 5013 Wh")
    rig.run(.seconds(2))
    rig.report(from: Rig.second) { $0.wattHours = 9_000_000 }
    #expect(rig.takeTold().last == "0 V 0 A 5013 Wh")
  }

  @Test func a_meter_is_neither_commanded_nor_waited_for() {
    var rig = Rig(.meter) { $0.phases = 3 }
    rig.report(for: .seconds(360), 230, 16)
    rig.report(230, 16)
    #expect(rig.takeTold().last == "230 V 16 A 1104 Wh", "3 x 230 V x 16 A for 6 min")
    rig.deliver(400, 100)
    #expect(rig.commands == [])
    rig.run(.seconds(2))
    #expect(rig.takeTold() == ["0 V 0 A 1107 Wh"], "it sees nothing any more; the charge goes on")
  }

  @Test func a_new_node_is_told_all_of_it() {
    var rig = Rig()
    rig.report(400, 10)
    _ = rig.takeTold()
    rig.handle(.renewed)
    #expect(rig.takeTold() == ["400 V 10 A 0 Wh", "ready"])
  }

  /// Whatever comes: it is enabled only by command, an order is told once, time leads to an end.
  @Test func any_order_of_events_leaves_it_sound() {
    for seed in UInt64(1)...200 {
      var random = SeededGenerator(seed: seed)
      var rig = Rig()
      var enabled = false
      for _ in 0..<300 {
        let client = Bool.random(using: &random) ? Rig.first : Rig.second
        switch Int.random(in: 0..<9, using: &random) {
        case 0...2:
          rig.report(
            .random(in: 0...600, using: &random), .random(in: 0...250, using: &random), from: client
          ) {
            $0.insulation = PowerReport.Insulation.allCases.randomElement(using: &random)
            $0.fault = Int.random(in: 0..<8, using: &random) == 0 ? "x" : nil
          }
        case 3: rig.handle(.gone(client))
        case 4:
          enabled = Bool.random(using: &random)
          rig.handle(.command(.powerStage(enabled: enabled)))
        case 5:
          rig.handle(.command(.contactor(close: false)))
          enabled = false
        case 6: rig.handle(.command(.insulationTest))
        case 7: rig.handle(.ended)
        default: rig.run(.milliseconds(.random(in: 0...1500, using: &random)))
        }
        #expect(rig.stage.command.isEnabled == enabled, "seed \(seed)")
        #expect(rig.stage.isHeard == (rig.stage.deadline != nil), "seed \(seed)")
        for (old, new) in zip(rig.commands, rig.commands.dropFirst()) { #expect(old != new, "seed \(seed)") }
      }
      rig.run(.seconds(10))
      #expect(!rig.stage.isHeard && rig.stage.deadline == nil, "seed \(seed)")
    }
  }
}
