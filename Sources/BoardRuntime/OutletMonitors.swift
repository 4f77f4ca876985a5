import HAL
import LinuxHardware
import Node
import Wire

/// What stops an outlet beside its pilot: residual current, insulation, stop buttons.
final class OutletMonitors {
  private let outlet: Outlet
  private let loop: EventLoop
  private let told: (ChargerEvent) -> Void
  private let failed: (LinuxError) -> Void
  private let residualCurrent: (any InputPin)?
  private let insulation: (any InputPin)?
  private let stopButtons: [any InputPin]
  private var lastEarth: Bool?
  private var lastResidualCurrent: Bool?
  private var lastStop: Bool?
  private var lastInsulation: InsulationStatus?

  init(
    _ outlet: Outlet, hardware: BoardHardware, loop: EventLoop,
    told: @escaping (ChargerEvent) -> Void, failed: @escaping (LinuxError) -> Void
  ) throws(LinuxError) {
    self.outlet = outlet
    self.loop = loop
    self.told = told
    self.failed = failed
    let devices = hardware.devices
    func input(_ fault: FaultInput) throws(LinuxError) -> (any InputPin)? {
      guard case .line(let line, _) = fault else { return nil }
      return try devices.input(line, .zero)
    }
    residualCurrent = try input(outlet.monitoring.residualCurrent)
    insulation = try input(outlet.monitoring.insulation)
    var buttons: [any InputPin] = []
    for line in outlet.monitoring.stopButtons { buttons.append(try devices.input(line, .zero)) }
    stopButtons = buttons
  }

  func start() throws(LinuxError) {
    let changed: ([EdgeEvent]) -> Void = { [weak self] _ in self?.look() }
    try residualCurrent?.watch(on: loop, edges: changed, failed: failed)
    try insulation?.watch(on: loop, edges: changed, failed: failed)
    for button in stopButtons { try button.watch(on: loop, edges: changed, failed: failed) }
    look()
  }

  func repeatLast() {
    if let lastEarth { told(.earth(ok: lastEarth)) }
    if let lastResidualCurrent { told(.residualCurrent(ok: lastResidualCurrent)) }
    if let lastStop { told(.emergencyStop(lastStop)) }
    if let lastInsulation { told(.insulation(lastInsulation)) }
  }

  /// The monitor measures all the time; what it says now is the result.
  func testInsulation() {
    guard outlet.current == .dc else { return }
    lastInsulation = nil
    look()
  }

  private func look() {
    do throws(LinuxError) {
      // Protective earth itself is proven by the pilot, whose current returns through it.
      if lastEarth == nil {
        lastEarth = true
        told(.earth(ok: true))
      }
      if let residualCurrent {
        let isSound = try !residualCurrent.isActive()
        if isSound != lastResidualCurrent {
          lastResidualCurrent = isSound
          told(.residualCurrent(ok: isSound))
        }
      }
      var isPressed = false
      for button in stopButtons where try button.isActive() { isPressed = true }
      if isPressed != lastStop {
        lastStop = isPressed
        told(.emergencyStop(isPressed))
      }
      if outlet.current == .dc, let insulation {
        let status: InsulationStatus = try insulation.isActive() ? .fault : .valid
        if status != lastInsulation {
          lastInsulation = status
          told(.insulation(status))
        }
      }
    } catch {
      failed(error)
    }
  }
}
