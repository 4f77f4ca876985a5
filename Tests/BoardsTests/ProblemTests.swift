import Boards
import HAL
import Testing

/// A sound description, one change, and the field that has to be named.
struct Broken: Sendable, CustomTestStringConvertible {
  let base: String
  let field: String
  let change: @Sendable (inout BoardDescription) -> Void

  init(_ base: String, _ field: String, _ change: @escaping @Sendable (inout BoardDescription) -> Void) {
    self.base = base
    self.field = field
    self.change = change
  }

  var testDescription: String { "\(base): \(field)" }
}

extension BoardDescription {
  /// Changes the first outlet's lines.
  fileprivate mutating func lines(_ change: (inout LineDrivenOutlet) -> Void) {
    guard case .lines(var hardware) = outlets[0].hardware else { return }
    change(&hardware)
    outlets[0].hardware = .lines(hardware)
  }

  /// Changes an outlet's place behind a safety controller.
  fileprivate mutating func linked(_ index: Int, _ change: (inout LinkDrivenOutlet) -> Void) {
    guard case .link(var hardware) = outlets[index].hardware else { return }
    change(&hardware)
    outlets[index].hardware = .link(hardware)
  }

  /// Changes the first inlet's lines.
  fileprivate mutating func inlet(_ change: (inout LineDrivenInlet) -> Void) {
    guard case .lines(var hardware) = inlets[0].hardware else { return }
    change(&hardware)
    inlets[0].hardware = .lines(hardware)
  }
}

private let tarragon = "chargebyte-tarragon"
private let som = "chargebyte-charge-som"
private let verso = "phytec-phyverso"
private let pi = "raspberrypi-qca7000"
private let ev = "raspberrypi-qca7000-ev"

private func output(
  _ name: String, start: Bool = false, stop: Bool = false,
  crash: CrashValue<Bool> = .heldUntilReset(to: false)
) -> OutputDescription {
  OutputDescription(LineDescription(.named(name)), start: start, stop: stop, crash: crash)
}

private let adc = ADCDescription(device: "2198000.adc", channel: 5, numerator: 3300, denominator: 4096)

private let identity: [Broken] = [
  Broken(tarragon, "name") { $0.name = "my board" },
  Broken(tarragon, "name") { $0.name = "" },
  Broken(tarragon, "summary") { $0.summary = "two\nlines" },
  Broken(tarragon, "matches[0]") { $0.matches[0] = .model("") },
  Broken(tarragon, "matches[1]") { $0.matches[1] = $0.matches[0] },
  Broken(som, "outlets") { board in
    board.outlets = []
    board.links = []
    board.powerOn = []
  },
  Broken(tarragon, "auxiliaries[1].name") { $0.auxiliaries[1].name = $0.auxiliaries[0].name },
  Broken(tarragon, "auxiliaries[0].name") { $0.auxiliaries[0].name = "relay 2" },
  Broken(tarragon, "steadyPWMs[0].permille") { $0.steadyPWMs[0].permille = 1001 },
  Broken(tarragon, "steadyPWMs[0].name") { $0.steadyPWMs[0].name = "" },
]

private let outletFields: [Broken] = [
  Broken(tarragon, "outlets[0].milliampsMax") { $0.outlets[0].milliampsMax = 5_999 },
  Broken(tarragon, "outlets[0].milliampsMax") { $0.outlets[0].milliampsMax = 80_001 },
  Broken(tarragon, "outlets[0].recloseIntervalMin") { $0.outlets[0].recloseIntervalMin = .seconds(-1) },
  Broken(tarragon, "outlets[0].receiverLossDecibels") { $0.outlets[0].receiverLossDecibels = 256 },
  Broken(som, "outlets[0].hasLock") { $0.outlets[0].hasLock = true },
  Broken(som, "outlets[0].lock") { $0.outlets[0].hasLock = true },
  Broken(tarragon, "outlets[0].limits.supply") { $0.outlets[0].limits = .dc },
  Broken(som, "outlets[0].limits.supply") { $0.outlets[0].limits = .threePhase },
  Broken(tarragon, "outlets[0].limits.supply.phases") {
    $0.outlets[0].limits.supply = .ac(phases: 4, canSwitch: false)
  },
  Broken(tarragon, "outlets[0].limits.supply.canSwitch") {
    $0.outlets[0].limits.supply = .ac(phases: 3, canSwitch: true)
  },
  Broken(tarragon, "outlets[0].limits.milliampsMin") { $0.outlets[0].limits.milliampsMin = 5_000 },
  Broken(tarragon, "outlets[0].limits.exportMilliampsMax") { $0.outlets[0].limits.exportMilliampsMax = -1 },
  Broken(som, "outlets[0].limits.supply") {
    $0.outlets[0].limits.supply = .dc(millivoltsMin: 500_000, millivoltsMax: 400_000, wattsMax: 1)
  },
  Broken(tarragon, "outlets[0].monitoring.insulation") {
    $0.outlets[0].monitoring.insulation = .line(LineDescription(.named("IMD")), test: nil)
  },
  Broken(som, "outlets[0].monitoring.insulation") { $0.outlets[0].monitoring.insulation = .none },
  Broken(tarragon, "outlets[0].monitoring.residualCurrent") {
    $0.outlets[0].monitoring.residualCurrent = .link
  },
  Broken(pi, "outlets[0].monitoring.residualCurrent.test.start") {
    $0.outlets[0].monitoring.residualCurrent = .line(
      LineDescription(.named("RCD")), test: output("RCD_TEST", start: true))
  },
  Broken(pi, "outlets[0].monitoring.temperatures[0].derating") {
    $0.outlets[0].monitoring.temperatures[0].derating[2].percent = 10
  },
  Broken(pi, "outlets[0].monitoring.temperatures[0].derating") {
    $0.outlets[0].monitoring.temperatures[0].derating[1].decidegrees = 700
  },
  Broken(pi, "outlets[0].monitoring.temperatures[0].source") {
    $0.outlets[0].monitoring.temperatures[0].source = .link(channel: 1)
  },
  Broken(som, "outlets[0].monitoring.temperatures[1].name") {
    $0.outlets[0].monitoring.temperatures[1].name = "dc-plus"
  },
  Broken(som, "outlets[0].monitoring.temperatures[0].source.channel") {
    $0.outlets[0].monitoring.temperatures[0].source = .link(channel: 5)
  },
]

private let pilot: [Broken] = [
  Broken(tarragon, "outlets[0].generator.pwm.periodNanoseconds") {
    $0.lines { $0.generator.pwm.periodNanoseconds = 2_000_000 }
  },
  Broken(tarragon, "outlets[0].generator.pwm.device") { $0.lines { $0.generator.pwm.device = "pwmchip0" } },
  Broken(tarragon, "outlets[0].generator.dutyMinPermille") { $0.lines { $0.generator.dutyMinPermille = 60 } },
  Broken(tarragon, "outlets[0].generator.dutyMaxPermille") {
    $0.lines { $0.generator.dutyMaxPermille = 900 }
  },
  Broken(tarragon, "outlets[0].generator.start") { $0.lines { $0.generator.start = .digital } },
  Broken(tarragon, "outlets[0].generator.stop") { $0.lines { $0.generator.stop = .digital } },
  Broken(tarragon, "outlets[0].generator.crash") { $0.lines { $0.generator.crash = .held } },
  Broken(tarragon, "outlets[0].generator.enable.settle") {
    $0.lines { $0.generator.enable?.settle = .seconds(1) }
  },
  Broken(tarragon, "outlets[0].generator.enable.stop") {
    $0.lines { $0.generator.enable?.output.stop = false }
  },
  Broken(tarragon, "outlets[0].levels.reset") {
    $0.lines {
      guard case .peakDetectors(let high, let low, var reset?) = $0.levels else { return }
      reset.settle = .milliseconds(9)
      $0.levels = .peakDetectors(high: high, low: low, reset: reset)
    }
  },
  Broken(tarragon, "outlets[0].levels.high.denominator") {
    $0.lines {
      guard case .peakDetectors(var high, let low, let reset) = $0.levels else { return }
      high.denominator = 0
      $0.levels = .peakDetectors(high: high, low: low, reset: reset)
    }
  },
  Broken(tarragon, "outlets[0].levels.low") {
    $0.lines {
      guard case .peakDetectors(let high, _, let reset) = $0.levels else { return }
      $0.levels = .peakDetectors(high: high, low: high, reset: reset)
    }
  },
  Broken(tarragon, "outlets[0].levels.trigger") {
    $0.lines {
      guard case .peakDetectors(let high, let low, _) = $0.levels else { return }
      $0.levels = .triggered(high: high, low: low, trigger: "")
    }
  },
  Broken(tarragon, "outlets[0].levels") {
    $0.lines {
      guard case .peakDetectors(let high, var low, _) = $0.levels else { return }
      low.device = "other.adc"
      $0.levels = .triggered(high: high, low: low, trigger: "pilot-mid")
    }
  },
  Broken(tarragon, "outlets[0].proximity") {
    $0.lines {
      guard case .peakDetectors(let high, let low, _) = $0.levels else { return }
      $0.levels = .triggered(high: high, low: low, trigger: "pilot-mid")
    }
  },
  Broken(tarragon, "outlets[0].contactor.poles[0].duty") {
    $0.outlets[0].current = .dc
    $0.lines { $0.contactor.poles[0].duty = .preCharge }
  },
  Broken(tarragon, "outlets[0].limits.supply.canSwitch") {
    $0.lines {
      $0.contactor = ContactorDescription(
        poles: [
          ContactorPole(
            .mains, coil: output("K1"), feedback: .normallyOpen(LineDescription(.named("K1_SENSE")))),
          ContactorPole(
            .firstPhase, coil: output("K2"), feedback: .normallyOpen(LineDescription(.named("K2_SENSE")))),
        ], order: .mutual)
    }
  },
  Broken(tarragon, "outlets[0].limits.supply.phases") {
    $0.lines { $0.contactor.poles[0].duty = .firstPhase }
  },
  Broken(tarragon, "outlets[0].limits.exportMilliampsMax") {
    $0.outlets[0].limits.exportMilliampsMax = 16_000
  },
  Broken(tarragon, "outlets[0].modem.firmware") {
    $0.outlets[0].modem?.firmware = .hostLoaded(files: ["MAC-QCA7000.nvm"])
  },
  Broken(tarragon, "outlets[0].levels.comparators") {
    $0.lines { $0.levels = comparators([1_500, 7_500, 4_500, 10_500, -5_000]) }
  },
  Broken(tarragon, "outlets[0].levels.comparators") {
    $0.lines { $0.levels = comparators([-5_000, 4_500, 10_500]) }
  },
  Broken(tarragon, "outlets[0].proximity.thresholds") {
    $0.lines {
      $0.proximity = .thresholds(
        adc, .iec,
        [
          ProximityThreshold(from: 1000, .open),
          ProximityThreshold(from: 1100, .plugged(cableMilliamps: 13_000)),
        ])
    }
  },
  Broken(tarragon, "outlets[0].proximity.thresholds") {
    $0.lines { $0.proximity = .thresholds(adc, .iec, [ProximityThreshold(from: 1000, .open)]) }
  },
  Broken(tarragon, "outlets[0].proximity.thresholds") {
    $0.lines {
      $0.proximity = .thresholds(
        adc, .iec,
        [
          ProximityThreshold(from: 1000, .open),
          ProximityThreshold(from: 500, .plugged(cableMilliamps: 17_000)),
        ])
    }
  },
  Broken(tarragon, "outlets[0].proximity.thresholds") {
    $0.lines {
      $0.proximity = .thresholds(
        adc, .sae,
        [
          ProximityThreshold(from: 1000, .open),
          ProximityThreshold(from: 0, .plugged(cableMilliamps: 13_000)),
        ])
    }
  },
  Broken(tarragon, "outlets[0].proximity") { $0.lines { $0.proximity = .none } },
  Broken(pi, "outlets[0].proximity.pullUpOhms") {
    $0.lines {
      $0.proximity = .pullUp(adc, .iec, ProximityPullUp(supplyMillivolts: 3300, pullUpOhms: 0))
    }
  },
]

private func comparators(_ thresholds: [Int]) -> PilotLevelSource {
  .comparators(
    thresholds.enumerated().map { PilotComparator(LineDescription(.named("CP_\($0)")), above: $1) })
}

private let switching: [Broken] = [
  Broken(tarragon, "outlets[0].contactor.poles[0].feedback") {
    $0.lines { $0.contactor.poles[0].feedback = .none }
  },
  Broken(tarragon, "outlets[0].contactor.poles") { $0.lines { $0.contactor.poles = [] } },
  Broken(tarragon, "outlets[0].contactor.poles[0].duty") {
    $0.lines { $0.contactor.poles[0].duty = .dcPlus }
  },
  Broken(tarragon, "outlets[0].contactor.poles[0].coil.start") {
    $0.lines { $0.contactor.poles[0].coil.start = true }
  },
  Broken(tarragon, "outlets[0].contactor.poles[0].coil.stop") {
    $0.lines { $0.contactor.poles[0].coil.stop = true }
  },
  Broken(tarragon, "outlets[0].contactor.poles[0].coil.crash") {
    $0.lines { $0.contactor.poles[0].coil.crash = .held }
  },
  Broken(tarragon, "outlets[0].contactor.feedbackMax") { $0.lines { $0.contactor.feedbackMax = .zero } },
  Broken(tarragon, "outlets[0].contactor.order") { $0.lines { $0.contactor.order = .mutual } },
  Broken(tarragon, "outlets[0].contactor.order") {
    $0.lines { $0.contactor.order = .serial(delay: .milliseconds(100)) }
  },
  Broken(tarragon, "outlets[0].contactor.poles") {
    $0.lines { $0.contactor.poles[0].duty = .otherPhases }
  },
  Broken(tarragon, "outlets[0].contactor.economiser.holdPermille") {
    $0.lines {
      $0.contactor.economiser = Economiser(
        pwm: PWMDescription(device: "x.pwm", channel: 0, periodNanoseconds: 50_000),
        pullIn: .milliseconds(200), holdPermille: 10)
    }
  },
  Broken(ev, "inlets[0].contactor.poles") { $0.inlet { $0.contactor?.poles.removeLast() } },
  Broken(tarragon, "outlets[0].lock") { $0.lines { $0.lock = .none } },
  Broken(tarragon, "outlets[0].lock") { $0.outlets[0].hasLock = false },
  Broken(tarragon, "outlets[0].lock.pulse") {
    $0.lines {
      guard var motor = $0.lock.motor else { return }
      motor.pulse = .seconds(5)
      $0.lock = .timed(motor)
    }
  },
  Broken(tarragon, "outlets[0].lock.position") {
    $0.lines {
      guard case .positioned(let motor, var position) = $0.lock else { return }
      position.unlocked = 700...3300
      $0.lock = .positioned(motor, position)
    }
  },
  Broken(tarragon, "outlets[0].lock.lock.start") {
    $0.lines {
      guard var motor = $0.lock.motor else { return }
      motor.lock.start = true
      $0.lock = .timed(motor)
    }
  },
  Broken(ev, "inlets[0].stateC.crash") { $0.inlet { $0.stateC.crash = .released(to: true) } },
  Broken(ev, "inlets[0].lock") { $0.inlet { $0.lock = .none } },
  Broken(ev, "inlets[0].milliampsMax") { $0.inlets[0].milliampsMax = 0 },
]

private let devices: [Broken] = [
  // No line twice, wherever the two are.
  Broken(tarragon, "outlets[0].contactor.poles[0].feedback") {
    $0.lines {
      $0.contactor.poles[0].feedback = .normallyOpen(LineDescription(.named("RELAY_1_ENABLE")))
    }
  },
  Broken(tarragon, "auxiliaries[0]") { $0.auxiliaries[0].use = .output(output("CP_INVERT")) },
  Broken(tarragon, "steadyPWMs[0]") { $0.steadyPWMs[0].pwm.device = "20fc000.pwm" },
  Broken(pi, "stopButtons[0]") { $0.stopButtons[0].place = .offset(chip: "gpiochip0", 26) },
  Broken(pi, "stopButtons[0]") { $0.stopButtons[0].place = .offset(chip: "pinctrl-bcm2711", 5000) },
  Broken(pi, "stopButtons[0]") { $0.stopButtons[0].place = .device(path: "/sys/devices/x", 1) },
  Broken(pi, "stopButtons[0]") { $0.stopButtons[0].place = .named("") },
  Broken(pi, "stopButtons[0].drive") { $0.stopButtons[0].drive = .openDrain },
  Broken(pi, "stopButtons[0].debounce") { $0.stopButtons[0].debounce = .seconds(2) },
  Broken(tarragon, "outlets[0].contactor.poles[0].coil.debounce") {
    $0.lines { $0.contactor.poles[0].coil.line.debounce = .milliseconds(1) }
  },
  Broken(pi, "outlets[0].proximity.device") {
    $0.lines {
      $0.proximity = .pullUp(
        ADCDescription(device: "iio:device0", channel: 2, numerator: 1, denominator: 1), .iec,
        ProximityPullUp(supplyMillivolts: 3300, pullUpOhms: 1000))
    }
  },
]

private let modems: [Broken] = [
  Broken(tarragon, "outlets[0].modem.role") { $0.outlets[0].modem?.role = .vehicle },
  Broken(ev, "inlets[0].modem.role") { $0.inlets[0].modem?.role = .chargingStation },
  Broken(tarragon, "outlets[0].modem.reset.pulse") { $0.outlets[0].modem?.reset?.pulse = .zero },
  Broken(tarragon, "outlets[0].modem.reset.stop") { $0.outlets[0].modem?.reset?.output.stop = true },
  Broken(tarragon, "outlets[0].modem.bootStrap") { $0.outlets[0].modem?.reset = nil },
  Broken(tarragon, "outlets[0].modem.interface") {
    $0.outlets[0].modem?.interface = .named("much-too-long-for-a-name")
  },
  Broken(tarragon, "outlets[0].modem.interface") {
    $0.outlets[0].modem?.interface = .addressPrefix(0x01_0000)
  },
  Broken(tarragon, "outlets[0].modem.interface.mtu") {
    $0.outlets[0].modem?.interface = .tap(name: "cb_plc", mtu: 9000)
  },
  Broken(tarragon, "outlets[0].modem.firmware") { $0.outlets[0].modem?.firmware = .box },
  Broken(tarragon, "outlets[0].modem.firmware") {
    $0.outlets[0].modem?.firmware = .hostLoaded(files: ["../../etc/shadow"])
  },
  Broken(verso, "outlets[1].modem.interface") { $0.outlets[1].modem = $0.outlets[0].modem },
]

private let links: [Broken] = [
  Broken(verso, "outlets[0].link") { $0.linked(0) { $0.link = "other" } },
  Broken(verso, "outlets[1].connector") { $0.linked(1) { $0.connector = 1 } },
  Broken(verso, "outlets[1].connector") { $0.linked(1) { $0.connector = 3 } },
  Broken(verso, "outlets[1].lock") { $0.linked(1) { $0.lock = .none } },
  Broken(verso, "outlets[0].contactors") { $0.linked(0) { $0.contactors = 2 } },
  Broken(verso, "outlets[0].lockKind") { $0.linked(0) { $0.lockKind = .hella } },
  Broken(som, "outlets[0].contactors") { $0.linked(0) { $0.contactors = 4 } },
  Broken(som, "outlets[0].feedback") { $0.linked(0) { $0.feedback.isActiveLow = true } },
  Broken(som, "links[0].revision") { $0.links[0].revision = .b },
  Broken(verso, "outlets[1].proximity") { $0.linked(1) { $0.proximity = nil } },
  // The protocol of the Charge SOM has no word for a lock.
  Broken(verso, "outlets[1].lock") {
    $0.links[0].transport = .serial(device: "/dev/ttyLP2", baud: 115_200, .chargebyte)
  },
  Broken(som, "outlets[0].monitoring.temperatures[1]") {
    $0.outlets[0].monitoring.temperatures[1].source = .celsius(device: "adc", channel: 1)
  },
  Broken(som, "links[0].name") { $0.outlets[0].hardware = .simulated },
  Broken(som, "links[0].transport.device") {
    $0.links[0].transport = .serial(device: "ttyLP2", baud: 115_200, .chargebyte)
  },
  Broken(som, "links[0].transport.baud") {
    $0.links[0].transport = .serial(device: "/dev/ttyLP2", baud: 115_201, .chargebyte)
  },
  Broken(som, "links[0].transport.port") { $0.links[0].transport = .chargeBridge(host: "cb.local", port: 0) },
  Broken(som, "links[0].heartbeat") { $0.links[0].heartbeat = .milliseconds(1) },
  Broken(som, "links[0].silenceMax") { $0.links[0].silenceMax = .milliseconds(100) },
  Broken(som, "links[0].boot") { $0.links[0].boot?.start = true },
  Broken(som, "links[1].transport") { board in
    var second = board.links[0]
    second.name = "second"
    board.links.append(second)
  },
  Broken(som, "links[0].reset.pulse") { $0.links[0].reset?.pulse = .seconds(2) },
]

private let ends: [Broken] = [
  Broken(tarragon, "crashSafety") { $0.crashSafety = .nothingToDrive },
  Broken(tarragon, "crashSafety.words") {
    $0.crashSafety = .hardwareWatchdog(device: "/dev/watchdog0", timeout: .seconds(10), words: "")
  },
  Broken(tarragon, "crashSafety.timeout") {
    $0.crashSafety = .hardwareWatchdog(device: "/dev/watchdog0", timeout: .seconds(600), words: "x")
  },
  Broken(tarragon, "crashSafety.device") {
    $0.crashSafety = .hardwareWatchdog(device: "watchdog", timeout: .seconds(10), words: "x")
  },
  Broken(tarragon, "outlets[0].contactor.poles[0].coil.crash") {
    $0.crashSafety = .hardwareDefault(words: "x")
  },
  Broken(som, "crashSafety") { $0.crashSafety = .hardwareDefault(words: "x") },
  Broken(tarragon, "crashSafety") { $0.crashSafety = .linkTimeout(.seconds(1), words: "x") },
  Broken(som, "powerOn[0]") { $0.powerOn[0] = .startLink("other") },
  Broken(som, "powerOn[1]") { $0.powerOn[1] = .resetModem(outlet: 1) },
  Broken(som, "powerOn[2]") { $0.powerOn.append(.drive(auxiliary: "modem-download-request", true)) },
  Broken(som, "powerOn[2]") { $0.powerOn.append(.drive(auxiliary: "nothing", true)) },
  Broken(som, "powerOn[2]") { $0.powerOn.append(.wait(.seconds(61))) },
]

private let all = identity + outletFields + pilot + switching + devices + modems + links + ends

@Suite struct ProblemTests {
  @Test(arguments: all)
  func a_contradiction_is_told_with_its_field(broken: Broken) throws {
    var board = try #require(BoardCatalogue.board(named: broken.base))
    #expect(board.problems == [])
    broken.change(&board)
    let problems = board.problems
    #expect(
      problems.contains { $0.hasPrefix("\(broken.field): ") && $0.count > broken.field.count + 8 },
      "\(broken.field) is not among \(problems)")
  }

  @Test func there_are_more_than_forty() { #expect(all.count > 100, "\(all.count)") }

  @Test func the_second_of_two_uses_of_a_line_names_the_first() throws {
    var board = try #require(BoardCatalogue.board(named: tarragon))
    board.auxiliaries[0].use = .output(output("RELAY_1_ENABLE"))
    #expect(
      board.problems == [
        "auxiliaries[0]: line 'RELAY_1_ENABLE' is already outlets[0].contactor.poles[0].coil"
      ])
  }

  @Test func forms_no_board_of_ours_uses_are_sound_too() throws {
    var board = try #require(BoardCatalogue.board(named: tarragon))
    board.lines { hardware in
      hardware.levels = comparators([-5_000, 1_500, 4_500, 7_500, 10_500])
      hardware.contactor = ContactorDescription(
        poles: [
          ContactorPole(
            .mains, coil: output("K1"), feedback: .normallyOpen(LineDescription(.named("K1_SENSE")))),
          ContactorPole(
            .firstPhase, coil: output("K2"), feedback: .normallyClosed(LineDescription(.named("K2_SENSE")))),
        ], order: .mutual)
      hardware.proximity = .thresholds(
        adc, .sae,
        [
          ProximityThreshold(from: 4000, .open), ProximityThreshold(from: 2200, .buttonPressed),
          ProximityThreshold(from: 1000, .plugged(cableMilliamps: nil)),
        ])
    }
    board.outlets[0].limits.supply = .ac(phases: 3, canSwitch: true)
    board.outlets[0].modem = ModemDescription(
      vendor: .unknown, interface: .tap(name: "cb_plc", mtu: 1438), firmware: .box)
    board.powerOn = [.drive(auxiliary: "relay-2", false), .wait(.milliseconds(50))]
    #expect(board.problems == [])

    var box = try #require(BoardCatalogue.board(named: "pionix-belaybox"))
    box.links[0].transport = .chargeBridge(host: "cb-eval.local", port: 6000)
    #expect(box.problems == [])
  }

  @Test func roles_follow_from_outlets_and_inlets() throws {
    #expect(BoardCatalogue.board(named: tarragon)?.roles == [.chargingStation])
    #expect(BoardCatalogue.board(named: ev)?.roles == [.vehicle])
  }

  @Test(arguments: [
    (1500, 1980), (680, 1335), (220, 595), (100, 300),
  ])
  func a_pull_up_tells_the_resistor(ohms: Int, millivolts: Int) throws {
    let network = ProximityPullUp(supplyMillivolts: 3300, pullUpOhms: 1000)
    let read = try #require(network.ohms(millivolts: millivolts))
    #expect(abs(read - ohms) <= 2)
  }

  @Test func an_inlet_tells_open_pressed_and_latched() throws {
    let inlet = ProximityPullUp(supplyMillivolts: 5000, pullUpOhms: 330, parallelOhms: 2700)
    #expect(inlet.ohms(millivolts: 4456) == nil)
    #expect(abs(try #require(inlet.ohms(millivolts: 2763)) - 480) < 10)
    #expect(abs(try #require(inlet.ohms(millivolts: 1505)) - 150) < 5)
    #expect(inlet.ohms(millivolts: -20) == 0)
    #expect(inlet.ohms(millivolts: 6000) == nil)
    #expect(inlet.ohms(millivolts: .max) == nil)
  }
}
