import ControlPilot
import HAL
import LinuxHardware
import Wire

/// Reads what is on a vehicle's pilot, from the edges of a comparator or from a timer that measures.
///
/// Edges come in batches, so that an oscillating pilot wakes the process 200 times a second and not 2,000 times. Silence is
/// judged only when the next batch would have been there.
final class DutyReader {
  /// Between two batches; a queue of 16 edges (libgpiod 1.x) is full after 8 ms.
  static let gathering = Duration.milliseconds(5)
  /// Added to the meter's deadlines: a batch, and a loop that is late by as much as it may be.
  static let patience = Duration.milliseconds(7)

  private enum Source {
    case edges(any InputPin)
    case capture(PWMCapture)
  }

  private let source: Source
  private let loop: EventLoop
  private let told: (PilotSignal) -> Void
  private let failed: (LinuxError) -> Void
  private var meter = EdgeDutyMeter()
  private var timer: LoopTimer?
  private var last: PilotSignal?
  /// When edges were last read. Silence needs a queue that stays empty from then on: one that ran over (libgpiod 1.x keeps 16
  /// edges and drops the newest) says nothing of the time before.
  private var heardAt: Instant?
  private var isStopped = false
  /// Without a plug a pilot that stands still is told once, and nobody wakes up for it again.
  private var isPlugged = true

  init(
    _ source: PilotDutySource, hardware: BoardHardware, loop: EventLoop,
    told: @escaping (PilotSignal) -> Void,
    failed: @escaping (LinuxError) -> Void
  ) throws(LinuxError) {
    switch source {
    case .edges(let line): self.source = .edges(try hardware.devices.input(line, Self.gathering))
    case .capture(let pwm): self.source = .capture(try PWMCapture(pwm, roots: hardware.devices.roots))
    }
    self.loop = loop
    self.told = told
    self.failed = failed
  }

  func start() throws(LinuxError) {
    let failed: (LinuxError) -> Void = { [weak self] in self?.fail($0) }
    switch source {
    case .edges(let line):
      try line.watch(on: loop, edges: { [weak self] in self?.take($0) }, failed: failed)
      // Behind the line's own: of a turn that comes late, the batch that is due counts before the silence.
      timer = loop.addTimer { [weak self] in self?.elapse() }
      begin(high: try line.isActive())
    case .capture(let timer):
      try timer.attach(to: loop, told: { [weak self] in self?.tell($0) }, failed: failed)
    }
  }

  /// The plug is in, or is not.
  func plugged(_ new: Bool) {
    guard new != isPlugged, !isStopped else { return }
    isPlugged = new
    guard new, case .edges(let line) = source else { return }
    do throws(LinuxError) { begin(high: try line.isActive()) } catch { fail(error) }
  }

  /// As three measurements: one alone never decides.
  func repeatLast() { if let last { for _ in 0..<3 { told(last) } } }

  func stop() {
    isStopped = true
    timer?.deadline = nil
    if case .capture(let timer) = source { timer.detach() }
  }

  // MARK: edges

  /// From the level as it is, without an edge.
  private func begin(high: Bool) { feed(.level(high: high), loop.now) }

  private func take(_ edges: [EdgeEvent]) {
    guard !isStopped else { return }
    heardAt = loop.now
    for edge in edges { feed(.edge(rising: edge.rising, missed: edge.missed > 0), edge.at) }
  }

  private func elapse() {
    guard !isStopped else { return }
    // What waited was no silence; it has set the timer anew.
    if case .edges(let line) = source, line.deliver() > 0 { return }
    guard !isStopped else { return }
    feed(.timeout, loop.now)
  }

  private func feed(_ event: EdgeDutyMeter.Event, _ instant: Instant) {
    var signals: [PilotSignal] = []
    meter.handle(event, at: instant) { action in
      if case .measured(let signal) = action { signals.append(signal) }
    }
    if let signal = signals.last { last = signal }
    rearm()
    for signal in signals { tell(signal) }
  }

  private func rearm() {
    let isAsleep = !isPlugged && last == .steadyLow
    let listened = heardAt.map { $0 + EdgeDutyMeter.steadyAfter } ?? .zero
    timer?.deadline =
      isAsleep || isStopped ? nil : meter.deadline.map { max($0 + Self.patience, loop.now, listened) }
  }

  private func tell(_ signal: PilotSignal) {
    guard !isStopped else { return }
    last = signal
    told(signal)
  }

  /// Silence is -12 V in the vehicle's machine: S2 opens whether or not this can be mended.
  private func fail(_ error: LinuxError) {
    stop()
    failed(error)
  }
}
