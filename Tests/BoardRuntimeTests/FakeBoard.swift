import Foundation
import HAL
import LinuxHardware
import Wire

@testable import BoardRuntime

/// Lines without a kernel; PWM and ADC as plain files.
final class FakeBoard {
  final class Output: OutputPin {
    var value: Bool
    var history: [Bool] = []
    var fails = false
    /// On-time of the PWM, ns, when it was last driven, and for how long it had been at that.
    private(set) var dutyWhenSet: Int?
    private(set) var waited = Duration.zero
    private let duty: () -> (nanoseconds: Int?, for: Duration)
    var changed: (Bool) -> Void = { _ in }
    init(_ value: Bool, duty: @escaping () -> (nanoseconds: Int?, for: Duration) = { (nil, .zero) }) {
      self.value = value
      self.duty = duty
    }
    func set(_ new: Bool) throws(LinuxError) {
      if fails { throw LinuxError("drive a line", code: EIO) }
      (dutyWhenSet, waited) = duty()
      value = new
      history.append(new)
      changed(new)
    }
  }

  final class Input: InputPin {
    private(set) var value = false
    private var listeners: [([EdgeEvent]) -> Void] = []
    private func edges(_ events: [EdgeEvent]) { for listener in listeners { listener(events) } }
    private var failed: ((LinuxError) -> Void)?
    private(set) var watchers = 0
    private var isBroken = false
    var refusesWatching = false
    func isActive() throws(LinuxError) -> Bool {
      if isBroken { throw LinuxError("read a line", code: EIO) }
      return value
    }
    func watch(
      on loop: EventLoop, edges: @escaping ([EdgeEvent]) -> Void, failed: @escaping (LinuxError) -> Void
    ) throws(LinuxError) {
      if refusesWatching { throw LinuxError("watch a line", code: EBUSY) }
      listeners.append(edges)
      self.failed = failed
      watchers += 1
    }
    /// There and back before anybody looks.
    func flick(at now: Instant) {
      let edge = { (rising: Bool) in EdgeEvent(rising: rising, at: now, sequence: 1, missed: 0) }
      edges([edge(!value), edge(value)])
    }
    func deliver() -> Int { 0 }
    func fail() {
      isBroken = true
      failed?(LinuxError("read a line", code: EIO))
    }
    func set(_ new: Bool, at now: Instant) {
      guard new != value else { return }
      value = new
      edges([EdgeEvent(rising: new, at: now, sequence: 1, missed: 0)])
    }
  }

  let folder: URL
  private(set) var outputs: [LineDescription: Output] = [:]
  private(set) var inputs: [LineDescription: Input] = [:]
  /// What outputs were driven to, in the order in which it was done.
  private(set) var order: [(line: LineDescription, value: Bool)] = []
  /// Lines on an oscillating wire, put here before they are taken.
  var wires: [LineDescription: FakeWire] = [:]

  /// The files of one PWM channel 0 of `pwm.0` and of ADC `adc.0` with channels 0...3.
  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "coupler-board-\(UUID())")
    let pwm = folder.appending(path: "class/pwm/pwmchip0/pwm0")
    try FileManager.default.createDirectory(at: pwm, withIntermediateDirectories: true)
    for (name, value) in [
      ("period", "0"), ("duty_cycle", "0"), ("enable", "0"), ("polarity", "normal"), ("../npwm", "1"),
    ] { try write(value, "class/pwm/pwmchip0/pwm0/\(name)") }
    try FileManager.default.createSymbolicLink(
      atPath: folder.appending(path: "class/pwm/pwmchip0/device").path,
      withDestinationPath: "../../../devices/pwm.0")
    try FileManager.default.createDirectory(
      at: folder.appending(path: "bus/iio/devices/iio:device0"), withIntermediateDirectories: true)
    try write("adc.0", "bus/iio/devices/iio:device0/name")
    for channel in 0..<4 { try setVoltage(channel, 0) }
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  func write(_ text: String, _ path: String) throws {
    try Data("\(text)\n".utf8).write(to: folder.appending(path: path))
  }

  func setVoltage(_ channel: Int, _ millivolts: Int) throws {
    try write("\(millivolts)", "bus/iio/devices/iio:device0/in_voltage\(channel)_raw")
  }

  /// ns
  var duty: Int? {
    let path = folder.appending(path: "class/pwm/pwmchip0/pwm0/duty_cycle")
    return (try? String(contentsOf: path, encoding: .utf8)).flatMap {
      Int($0.trimmingCharacters(in: .whitespacesAndNewlines))
    }
  }

  /// Since the duty was last written.
  var dutyAge: Duration {
    let path = folder.appending(path: "class/pwm/pwmchip0/pwm0/duty_cycle")
    let date = try? FileManager.default.attributesOfItem(atPath: path.path)[.modificationDate] as? Date
    return .seconds(date.map { Date.now.timeIntervalSince($0) } ?? 0)
  }

  var devices: BoardDevices {
    var devices = BoardDevices(roots: DeviceRoots(sys: folder.path, dev: folder.path))
    devices.output = { [self] (line, initial, _) throws(LinuxError) in
      let pin = Output(initial) { [weak self] in (self?.duty, self?.dutyAge ?? .zero) }
      pin.changed = { [weak self] in self?.order.append((line, $0)) }
      outputs[line] = pin
      return pin
    }
    devices.input = { [self] (line, gathering) throws(LinuxError) in
      if let wire = wires[line] {
        wire.gathering = gathering
        return wire
      }
      let pin = inputs[line] ?? Input()
      inputs[line] = pin
      return pin
    }
    return devices
  }

  static func line(_ name: String) -> LineDescription { LineDescription(.named(name)) }
  static func adc(_ channel: UInt32) -> ADCDescription {
    ADCDescription(device: "adc.0", channel: channel, numerator: 1, denominator: 1)
  }
  static func output(_ name: String) -> OutputDescription {
    OutputDescription(line(name), crash: .released(to: false))
  }

  /// An AC socket with everything that lines can do.
  static var board: BoardDescription {
    let lock = LockMotor(
      lock: output("LOCK"), unlock: output("UNLOCK"), pulse: .milliseconds(20), repetitions: 1)
    let hardware = LineDrivenOutlet(
      generator: PilotGeneratorDescription(
        pwm: PWMDescription(device: "pwm.0", channel: 0),
        enable: PilotGeneratorDescription.Enable(output("CP_ENABLE")), crash: .held),
      levels: .peakDetectors(high: adc(0), low: adc(1), reset: nil),
      proximity: .thresholds(
        adc(2), .iec,
        [
          ProximityThreshold(from: 2459, .open),
          ProximityThreshold(from: 1170, .plugged(cableMilliamps: 20_000)),
        ]),
      contactor: ContactorDescription(poles: [
        ContactorPole(.mains, coil: output("COIL"), feedback: .normallyOpen(line("MIRROR")))
      ]),
      lock: .positioned(lock, LockPosition(adc(3), locked: 0...700, unlocked: 2900...3300)))
    let outlet = Outlet(
      current: .ac, hasLock: true, isVentilated: false, milliampsMax: 32_000, recloseIntervalMin: .zero,
      receiverLossDecibels: 0, hardware: .lines(hardware),
      monitoring: OutletMonitoring(
        residualCurrent: .line(line("RCD"), test: nil), stopButtons: [line("STOP")]))
    return BoardDescription(
      name: "fake", summary: "a board of files", matches: [], outlets: [outlet],
      auxiliaries: [
        AuxiliaryLine(
          "led", .output(OutputDescription(line("LED"), start: true, stop: false, crash: .held)))
      ],
      crashSafety: .nothingToDrive, trial: .simulated)
  }
}

extension BoardDescription {
  /// Changes the lines of its first outlet.
  mutating func lines(_ change: (inout LineDrivenOutlet) -> Void) {
    guard case .lines(var lines) = outlets[0].hardware else { return }
    change(&lines)
    outlets[0].hardware = .lines(lines)
  }
}
