import HAL
import LinuxHardware
import Node
import Wire

extension Proximity {
  fileprivate var isPlugged: Bool { if case .plugged = self { true } else { false } }
}

/// Sensors of an inlet that have to be asked: proximity and temperatures.
final class InletSensors {
  /// With S2 closed: the button of an SAE plug has to end the current within 100 ms, and two readings decide.
  static let busyPeriod = Duration.milliseconds(20)
  static let pluggedPeriod = Duration.milliseconds(100)
  static let idlePeriod = Duration.milliseconds(250)
  static let temperaturePeriod = Duration.seconds(1)
  /// Readings that fail before a sensor counts as broken.
  static let failuresMax = 3

  private struct Temperature {
    var source: TemperatureReader
    var derating: [DeratingPoint]
    var percent = 100
    var failures = 0
  }

  private let loop: EventLoop
  private let told: (VehicleEvent) -> Void
  private let derated: (Int) -> Void
  private let proximity: ProximityReader?
  private var temperatures: [Temperature] = []
  private var timer: LoopTimer?
  private var proximityDue: Instant?
  private var temperatureDue: Instant?
  private var percent = 100
  private var failures = 0
  /// What the last two readings agreed on, and the last one.
  private var settled: Proximity?
  private var candidate: Proximity?
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
    proximity = try ProximityReader(source, roots)
    for sensor in inlet.temperatures {
      guard let reader = try TemperatureReader(sensor.source, roots) else { continue }
      temperatures.append(Temperature(source: reader, derating: sensor.derating))
    }
    timer = loop.addTimer { [weak self] in self?.elapse() }
  }

  /// There is a contact to ask.
  var readsProximity: Bool { proximity != nil }

  func start() {
    readTemperatures()
    if proximity != nil { proximityDue = loop.now }
    temperatureDue = temperatures.isEmpty ? nil : loop.now + Self.temperaturePeriod
    elapse()
  }

  func repeatLast() {
    readTemperatures()
    if let settled { told(.proximity(settled)) }
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
      let isPlugged = settled != nil && settled != .open
      let isUndecided = candidate != settled
      proximityDue =
        now + (isBusy || isUndecided ? Self.busyPeriod : isPlugged ? Self.pluggedPeriod : Self.idlePeriod)
    }
    if isDue(temperatureDue, at: now) {
      readTemperatures()
      temperatureDue = now + Self.temperaturePeriod
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
      guard failures >= Self.failuresMax else { return }
      new = .fault
    }
    defer { candidate = new }
    // Out, pressed or unreadable, in whatever turns: two of them are a plug that is not in.
    let agrees = new == candidate || !(new.isPlugged || candidate?.isPlugged ?? true)
    guard agrees, new != settled else { return }
    settled = new
    told(.proximity(new))
  }

  private func readTemperatures() {
    for index in temperatures.indices {
      do throws(LinuxError) {
        let millicelsius = try temperatures[index].source.millicelsius()
        temperatures[index].failures = 0
        temperatures[index].percent = temperatures[index].derating.percent(
          millicelsius: millicelsius, last: temperatures[index].percent)
        told(.temperature(sensor: index, millicelsius: millicelsius))
      } catch {
        temperatures[index].failures += 1
        if temperatures[index].failures >= Self.failuresMax {
          told(.temperature(sensor: index, millicelsius: nil))
        }
      }
    }
    let new = temperatures.map(\.percent).min() ?? 100
    guard new != percent else { return }
    percent = new
    derated(new)
  }
}
