import ControlPilot
import HAL
import LinuxHardware
import Node
import Wire

/// Sensors of an inlet that have to be asked: proximity and temperatures.
final class InletSensors {
  /// With S2 closed: the button of an SAE plug has to end the current within 100 ms, and two readings decide.
  static let busyPeriod = Duration.milliseconds(20)
  static let pluggedPeriod = Duration.milliseconds(100)
  static let idlePeriod = Duration.milliseconds(250)

  private let loop: EventLoop
  private let told: (VehicleEvent) -> Void
  private let derated: (Int) -> Void
  private let proximity: ProximityADC?
  private var temperatures: SensorTemperatures
  private var timer: LoopTimer?
  private var proximityDue: Instant?
  private var temperatureDue: Instant?
  private var failures = 0
  /// Two equal readings count, two of anything else are a plug that is not in, and so is a contact that chatters.
  private var contact = ProximityReader()
  private var lastReading: Proximity?
  private var isBusy = false

  /// `derated` is told the share of the current that the board's table allows, percent, when it changes.
  init(
    _ inlet: Inlet, proximity source: ProximitySource, hardware: BoardHardware, loop: EventLoop,
    told: @escaping (VehicleEvent) -> Void, derated: @escaping (Int) -> Void
  ) throws(LinuxError) {
    self.loop = loop
    self.told = told
    self.derated = derated
    let roots = hardware.devices.roots
    proximity = try ProximityADC(source, roots)
    temperatures = try SensorTemperatures(inlet.temperatures, roots)
    timer = loop.addTimer { [weak self] in self?.elapse() }
  }

  /// There is a contact to ask.
  var readsProximity: Bool { proximity != nil }

  func start() {
    readTemperatures()
    if proximity != nil { proximityDue = loop.now }
    temperatureDue = temperatures.isEmpty ? nil : loop.now + SensorTemperatures.period
    elapse()
  }

  func repeatLast() {
    readTemperatures()
    if let proximity = contact.proximity { told(.proximity(proximity)) }
  }

  /// S2 is closed, or was opened.
  func drives(_ load: PilotLoad) {
    isBusy = load != .b
    guard isBusy, proximity != nil else { return }
    proximityDue = loop.now
    timer?.deadline = earliest(proximityDue, temperatureDue)
  }

  func stop() { timer?.deadline = nil }

  private func elapse() {
    let now = loop.now
    if isDue(proximityDue, at: now) {
      readProximity()
      let isPlugged = contact.proximity != nil && contact.proximity != .open
      let isUndecided = lastReading != contact.proximity
      proximityDue =
        now + (isBusy || isUndecided ? Self.busyPeriod : isPlugged ? Self.pluggedPeriod : Self.idlePeriod)
    }
    if isDue(temperatureDue, at: now) {
      readTemperatures()
      temperatureDue = now + SensorTemperatures.period
    }
    timer?.deadline = earliest(proximityDue, temperatureDue)
  }

  private func readProximity() {
    guard let proximity else { return }
    let new: Proximity
    do throws(LinuxError) {
      new = try proximity.read()
      failures = 0
    } catch {
      failures += 1
      guard failures >= SensorTemperatures.failuresMax else { return }
      new = .fault
    }
    lastReading = new
    if let change = contact.read(new) { told(.proximity(change)) }
  }

  private func readTemperatures() {
    let (readings, share) = temperatures.read()
    for reading in readings {
      told(.temperature(sensor: reading.sensor, millicelsius: reading.millicelsius))
    }
    if let share { derated(share) }
  }
}
