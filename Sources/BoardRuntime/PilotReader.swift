import HAL
import LinuxHardware
import Wire

/// Reads the levels of a pilot as often as the board needs it.
///
/// Converters are asked: every 5 ms while a vehicle is there, every 30 ms while not, which is below the silence that counts
/// as a fault. Comparators tell edges, so that nobody wakes up for a pilot that stands still.
final class PilotReader {
  static let busyPeriod = Duration.milliseconds(5)
  static let idlePeriod = Duration.milliseconds(30)
  /// Readings of an unchanged pilot after a change, so that it outlasts blanking and debouncing.
  static let readingsAfterChange = 8

  private enum Source {
    case converters(high: ADCBox, low: ADCBox, reset: Reset?)
    case scan(ADCScan)
    case comparators(ComparatorBank)
  }

  private struct Reset {
    var high: any OutputPin
    var low: any OutputPin
    var hold: Duration
    var settle: Duration
  }

  /// Peak detectors forget, then see at least one period, then are read.
  private enum Phase { case resting, holding, settling }

  private let source: Source
  private let loop: EventLoop
  private let told: (PilotLevels) -> Void
  private let failed: (LinuxError) -> Void
  private var timer: LoopTimer?
  private var phase = Phase.resting
  private var began = Instant.zero
  /// When the comparators were last looked at.
  private var looked: Instant?
  private var duty = PilotDuty.steadyHigh
  private var last: PilotLevels?
  private var readingsLeft = 0
  private var isStopped = false

  init(
    _ description: PilotLevelSource, hardware: BoardHardware, loop: EventLoop,
    told: @escaping (PilotLevels) -> Void, failed: @escaping (LinuxError) -> Void
  ) throws(LinuxError) {
    self.loop = loop
    self.told = told
    self.failed = failed
    let roots = hardware.devices.roots
    switch description {
    case .peakDetectors(let high, let low, let reset):
      var lines: Reset?
      if let reset {
        lines = Reset(
          high: try hardware.pin(reset.high), low: try hardware.pin(reset.low), hold: reset.hold,
          settle: reset.settle)
      }
      source = .converters(high: try ADCBox(high, roots), low: try ADCBox(low, roots), reset: lines)
    case .triggered(let high, let low, let trigger):
      source = .scan(try ADCScan([high, low], trigger: trigger, roots: roots))
    case .comparators(let comparators):
      source = .comparators(try ComparatorBank(comparators, hardware.devices))
    }
    timer = loop.addTimer { [weak self] in self?.elapse() }
  }

  /// Levels come again and again.
  var samples: Bool { if case .comparators = source { false } else { true } }

  func start() throws(LinuxError) {
    if case .comparators(let bank) = source {
      try bank.watch(on: loop, changed: { [weak self] in self?.changed() }, failed: failed)
    }
    changed()
  }

  /// What the wire is driven to from now on.
  func drives(_ new: PilotDuty) {
    if new.isOscillating, !duty.isOscillating { looked = loop.now }
    duty = new
    changed()
  }

  func repeatLast() { if let last { told(last) } }

  func stop() {
    isStopped = true
    timer?.deadline = nil
  }

  private func changed() {
    readingsLeft = Self.readingsAfterChange
    guard !isStopped, phase == .resting else { return }
    timer?.deadline = earliest(timer?.deadline, max(loop.now, windowEnd ?? .zero))
  }

  /// Comparators of an oscillating pilot have nothing to tell before.
  private var windowEnd: Instant? {
    guard case .comparators = source, duty.isOscillating else { return nil }
    return looked.map { $0 + ComparatorBank.window }
  }

  private var isVehicleThere: Bool { last.map { $0.highMillivolts < 10_500 } ?? true }

  private func elapse() {
    guard !isStopped else { return }
    do throws(LinuxError) {
      switch source {
      case .comparators(let bank):
        if let windowEnd, loop.now < windowEnd {
          timer?.deadline = windowEnd
          return
        }
        looked = loop.now
        let levels = try bank.levels(duty)
        guard !isStopped else { return }
        tell(levels)
        // While the pilot oscillates its edges keep this going.
        if readingsLeft > 0 { timer?.deadline = loop.now + Self.busyPeriod }
      case .scan(let scan): try take(scan)
      case .converters(let high, let low, let reset): try convert(high, low, reset)
      }
    } catch {
      // Silence is a fault in the pilot's machine: the contactor opens whether or not this can be mended.
      isStopped = true
      failed(error)
    }
  }

  private func convert(_ high: ADCBox, _ low: ADCBox, _ reset: Reset?) throws(LinuxError) {
    if let reset, phase == .resting {
      began = loop.now
      try reset.high.set(true)
      try reset.low.set(true)
      phase = .holding
      timer?.deadline = began + reset.hold
      return
    }
    if let reset, phase == .holding {
      try reset.high.set(false)
      try reset.low.set(false)
      phase = .settling
      timer?.deadline = loop.now + reset.settle
      return
    }
    if reset == nil { began = loop.now }
    phase = .resting
    let levels = PilotLevels(highMillivolts: try high.millivolts(), lowMillivolts: try low.millivolts())
    tell(duty.isOscillating ? levels : levels.steady(duty))
    waitForNext()
  }

  /// A trigger that does not come is silence, and that a fault in the pilot's machine.
  private func take(_ scan: ADCScan) throws(LinuxError) {
    began = loop.now
    if let millivolts = try scan.newest(), millivolts.count == 2 {
      let levels = PilotLevels(highMillivolts: millivolts[0], lowMillivolts: millivolts[1])
      tell(duty.isOscillating ? levels : levels.steady(duty))
    }
    waitForNext()
  }

  private func waitForNext() {
    let period = isVehicleThere || readingsLeft > 0 ? Self.busyPeriod : Self.idlePeriod
    timer?.deadline = max(began + period, loop.now)
  }

  private func tell(_ levels: PilotLevels) {
    if let last, abs(last.highMillivolts - levels.highMillivolts) > 500 {
      readingsLeft = Self.readingsAfterChange
    } else {
      readingsLeft = max(0, readingsLeft - 1)
    }
    last = levels
    told(levels)
  }
}

extension PilotLevels {
  /// A pilot that stands still has one level; the other detector shows nothing of it.
  fileprivate func steady(_ duty: PilotDuty) -> PilotLevels {
    let level = duty == .steadyLow ? lowMillivolts : highMillivolts
    return PilotLevels(highMillivolts: level, lowMillivolts: level)
  }
}
