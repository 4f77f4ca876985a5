import HAL
import LinuxHardware
import Wire

/// The insulation monitor of a DC outlet on a line, and its self-test (IEC 61557-8 clause 4.4).
///
/// It measures all the time. What it says when it is asked is the result; where it has a test input, only after it has
/// tripped under test and returned. One that does not is a fault, as `InsulationStatus.fault` says.
final class InsulationMonitor {
  /// Longest time to trip under test, and to return: the response time of IEC 61557-8. Together they are half of what a
  /// vehicle waits for the cable check (V2G_EV_CableCheck_Timeout, 40 s).
  static let responseMax = Duration.seconds(10)

  private enum Phase {
    /// It says what it measures; with a test input only once it has passed its test.
    case resting(isProven: Bool)
    case tripping(until: Instant)
    case returning(until: Instant)
    /// Until the next test what it says counts for nothing.
    case failed
  }

  private let input: any InputPin
  private let output: (any OutputPin)?
  private let loop: EventLoop
  private let responseMax: Duration
  private let failed: (LinuxError) -> Void
  private var told: (InsulationStatus) -> Void = { _ in }
  private var timer: LoopTimer?
  private var phase: Phase

  /// `nil` for an outlet without one on a line.
  init?(
    _ outlet: Outlet, hardware: BoardHardware, loop: EventLoop, responseMax: Duration = responseMax,
    failed: @escaping (LinuxError) -> Void
  ) throws(LinuxError) {
    guard outlet.current == .dc, case .line(let line, let test) = outlet.monitoring.insulation else {
      return nil
    }
    input = try hardware.devices.input(line, .zero)
    output = if let test { try hardware.pin(test) } else { nil }
    phase = .resting(isProven: test == nil)
    self.loop = loop
    self.responseMax = responseMax
    self.failed = failed
    timer = loop.addTimer { [weak self] in self?.look() }
  }

  func start(_ told: @escaping (InsulationStatus) -> Void) throws(LinuxError) {
    self.told = told
    try input.watch(on: loop, edges: { [weak self] in self?.changed($0) }, failed: failed)
    look()
  }

  /// Begins the test; the result is told.
  func test() {
    told(.invalid)
    guard let output else { return look() }
    do throws(LinuxError) { try output.set(true) } catch { return failed(error) }
    phase = .tripping(until: loop.now + responseMax)
    look()
  }

  func release() {
    phase = .failed
    timer?.deadline = nil
    try? output?.set(false)
  }

  private func changed(_ edges: [EdgeEvent]) {
    // A trip that is over when it is looked at was one all the same.
    if edges.contains(where: \.rising) { noteTrip() }
    look()
  }

  private func noteTrip() {
    guard case .tripping = phase else { return }
    do throws(LinuxError) { try output?.set(false) } catch { return failed(error) }
    phase = .returning(until: loop.now + responseMax)
  }

  private func look() {
    do throws(LinuxError) {
      let isTripped = try input.isActive()
      if isTripped { noteTrip() }
      switch phase {
      case .resting(let isProven): told(isTripped ? .fault : isProven ? .valid : .invalid)
      case .failed: break
      case .tripping(let until):
        if loop.now >= until { try giveUp() } else { timer?.deadline = until }
      case .returning(let until):
        if !isTripped {
          phase = .resting(isProven: true)
          timer?.deadline = nil
          told(.valid)
        } else if loop.now >= until {
          try giveUp()
        } else {
          timer?.deadline = until
        }
      }
    } catch {
      failed(error)
    }
  }

  private func giveUp() throws(LinuxError) {
    phase = .failed
    timer?.deadline = nil
    try output?.set(false)
    told(.fault)
  }
}
