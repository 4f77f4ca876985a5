public import LinuxHardware
import HAL
import SafetyLinks
import SimulatedController
import SimulatedHardware
import Wire

/// A vehicle in another process, plugged into an outlet of a played controller: its switches move the pilot that the
/// controller measures, and it measures what the controller drives.
public final class ControllerCable {
  private let cable: CableSocket
  private let controller: PlayedController
  private let connector: Int
  private let loop: EventLoop
  private var timer: LoopTimer?
  private var state = PilotState.A
  private var load = PilotLoad.detached
  private var heardUntil: Instant?
  private var repeatDue: Instant?

  /// `path` is where `coupler ev --pilot` looks. Moves nothing before a vehicle has been heard.
  public init(
    path: String, connector: Int, controller: PlayedController, loop: EventLoop
  ) throws(LinuxError) {
    cable = try CableSocket(path: path, end: .charger)
    (self.controller, self.connector, self.loop) = (controller, connector, loop)
    timer = loop.addTimer { [weak self] in self?.elapse() }
    try cable.attach(to: loop) { [weak self] octets in
      if let message = VehicleEnd(parsing: octets) { self?.hear(message) }
    }
  }

  /// The controller's outputs changed.
  public func outputsChanged() { if heardUntil != nil { tell() } }

  private func hear(_ message: VehicleEnd) {
    heardUntil = loop.now + CableSocket.silenceMax
    let new: PilotLoad = message.isPlugged ? message.load : .detached
    if new != load || repeatDue == nil {
      plug(new)
      tell()
    }
    rearm()
  }

  private func plug(_ new: PilotLoad) {
    load = new
    let measured: PilotState =
      switch new {
      case .detached: .A
      case .b: .B
      case .c: .C
      case .d: .D
      }
    guard measured != state else { return }
    state = measured
    controller.handle(.pilot(measured, connector: connector))
  }

  private func elapse() {
    let now = loop.now
    if let due = heardUntil, now >= due {
      (heardUntil, repeatDue) = (nil, nil)
      plug(.detached)
    }
    if let due = repeatDue, now >= due { tell() }
    rearm()
  }

  private func rearm() { timer?.deadline = earliest(heardUntil, repeatDue) }

  private func tell() {
    repeatDue = loop.now + CableSocket.interval
    let index = connector - 1
    guard controller.machine.outputs.indices.contains(index) else { return }
    var message = ChargerEnd()
    let wire = PilotWire(duty: PilotDuty(controller.machine.outputs[index]), load: load)
    message.signal = wire.signal
    message.contactorClosed = controller.machine.closed[index]
    // Mains, or none; the battery is the vehicle's own affair.
    message.battery.inletMillivolts = message.contactorClosed ? 230_000 : 0
    message.battery.batteryMillivolts = 350_000
    message.battery.soc = 40
    cable.send(message)
    rearm()
  }
}

extension PilotDuty {
  /// What outputs of a controller put on the wire.
  fileprivate init(_ outputs: ControllerOutputs) {
    self =
      switch outputs.duty {
      case 0: .steadyLow
      case 10_000...: .steadyHigh
      default: .pwm(permille: Int(outputs.duty / 10))
      }
  }
}
