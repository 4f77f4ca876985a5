import HAL
import LinuxHardware
import Node
import Wire

/// What stops an outlet beside its pilot: residual current, insulation, stop buttons of its own and of the whole board.
final class OutletMonitors {
  /// What the safety supervisor has to be told whenever it changes.
  private struct Told: Equatable {
    var earth: Bool?
    var residualCurrent: Bool?
    var stop: Bool?
    var insulation: InsulationStatus?
  }

  private let outlet: Outlet
  private let loop: EventLoop
  private let told: (ChargerEvent) -> Void
  private let failed: (LinuxError) -> Void
  private let residualCurrent: (any InputPin)?
  private let residualCurrentTest: (any OutputPin)?
  private let insulation: InsulationMonitor?
  private let stopButtons: [any InputPin]
  private let boardStop: BoardStop?
  private var isBoardStopped = false
  private var last = Told()

  init(
    _ outlet: Outlet, hardware: BoardHardware, loop: EventLoop,
    told: @escaping (ChargerEvent) -> Void, failed: @escaping (LinuxError) -> Void
  ) throws(LinuxError) {
    self.outlet = outlet
    self.loop = loop
    self.told = told
    self.failed = failed
    let devices = hardware.devices
    switch outlet.monitoring.residualCurrent {
    case .line(let line, let test):
      residualCurrent = try devices.input(line, .zero)
      residualCurrentTest = if let test { try hardware.pin(test) } else { nil }
    case .none, .link: (residualCurrent, residualCurrentTest) = (nil, nil)
    }
    insulation = try InsulationMonitor(outlet, hardware: hardware, loop: loop, failed: failed)
    var buttons: [any InputPin] = []
    for line in outlet.monitoring.stopButtons { buttons.append(try devices.input(line, .zero)) }
    stopButtons = buttons
    boardStop = hardware.stop
  }

  func start() throws(LinuxError) {
    try residualCurrent?.watch(
      on: loop, edges: { [weak self] in self?.residualCurrentChanged($0) }, failed: failed)
    try insulation?.start { [weak self] in self?.tell($0) }
    for button in stopButtons {
      try button.watch(on: loop, edges: { [weak self] in self?.buttonChanged($0) }, failed: failed)
    }
    try boardStop?.attach(
      to: loop,
      told: { [weak self] pressed in
        self?.isBoardStopped = pressed
        self?.look()
      }, failed: failed)
    look()
  }

  func repeatLast() {
    if let earth = last.earth { told(.earth(ok: earth)) }
    if let sound = last.residualCurrent { told(.residualCurrent(ok: sound)) }
    if let pressed = last.stop { told(.emergencyStop(pressed)) }
    if let status = last.insulation { told(.insulation(status)) }
  }

  var testsResidualCurrent: Bool { residualCurrentTest != nil }

  /// The test output. What the monitor answers comes as any of its readings does.
  func testResidualCurrent(_ on: Bool) {
    do throws(LinuxError) { try residualCurrentTest?.set(on) } catch { failed(error) }
  }

  func testInsulation() { insulation?.test() }

  /// No test goes on.
  func release() {
    try? residualCurrentTest?.set(false)
    insulation?.release()
  }

  private func tell(_ status: InsulationStatus) {
    guard status != last.insulation else { return }
    last.insulation = status
    told(.insulation(status))
  }

  /// A trip that is over when it is looked at was one all the same.
  private func residualCurrentChanged(_ edges: [EdgeEvent]) {
    if last.residualCurrent == true, edges.contains(where: \.rising) {
      last.residualCurrent = false
      told(.residualCurrent(ok: false))
    }
    look()
  }

  /// A button that is released when it is looked at was pressed all the same.
  private func buttonChanged(_ edges: [EdgeEvent]) {
    if last.stop == false, edges.contains(where: \.rising) {
      last.stop = true
      told(.emergencyStop(true))
    }
    look()
  }

  private func look() {
    do throws(LinuxError) {
      // Protective earth itself is proven by the pilot, whose current returns through it.
      if last.earth == nil {
        last.earth = true
        told(.earth(ok: true))
      }
      if let residualCurrent {
        let isSound = try !residualCurrent.isActive()
        if isSound != last.residualCurrent {
          last.residualCurrent = isSound
          told(.residualCurrent(ok: isSound))
        }
      }
      var isPressed = isBoardStopped
      for button in stopButtons where try button.isActive() { isPressed = true }
      if isPressed != last.stop {
        last.stop = isPressed
        told(.emergencyStop(isPressed))
      }
    } catch {
      failed(error)
    }
  }
}
