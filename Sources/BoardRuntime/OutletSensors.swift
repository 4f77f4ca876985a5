import ControlPilot
import Glibc
import HAL
import LinuxHardware
import Node
import Wire

/// Sensors of an outlet that have to be asked: proximity and temperatures. Nobody asks them without a vehicle.
final class OutletSensors {
  static let proximityPeriod = Duration.milliseconds(250)
  /// The contact is looked at so often after a vehicle left, so that the next one does not find the last one's cable.
  static let looksAfter = 8

  private let loop: EventLoop
  private let told: (ChargerEvent) -> Void
  private let derated: (Int) -> Void
  private let proximity: ProximityADC?
  private var temperatures: SensorTemperatures
  private var timer: LoopTimer?
  private var proximityDue: Instant?
  private var temperatureDue: Instant?
  private var looksLeft = 0
  private var proximityFailures = 0
  private var isVehicleThere = false

  /// `derated` is told the share of the current that the board's table allows, percent, when it changes.
  init(
    _ outlet: Outlet, proximity source: ProximitySource, hardware: BoardHardware, loop: EventLoop,
    told: @escaping (ChargerEvent) -> Void, derated: @escaping (Int) -> Void
  ) throws(LinuxError) {
    self.loop = loop
    self.told = told
    self.derated = derated
    let roots = hardware.devices.roots
    proximity = try ProximityADC(source, roots)
    temperatures = try SensorTemperatures(outlet.monitoring.temperatures, roots)
    timer = loop.addTimer { [weak self] in self?.elapse() }
  }

  func start() { readTemperatures() }

  func repeatLast() {
    readTemperatures()
    if proximity != nil { readProximity() }
  }

  func vehicle(isThere: Bool) {
    guard isThere != isVehicleThere else { return }
    isVehicleThere = isThere
    looksLeft = Self.looksAfter
    if proximity != nil { proximityDue = loop.now }
    if isThere, !temperatures.isEmpty { temperatureDue = loop.now }
    timer?.deadline = earliest(proximityDue, temperatureDue)
  }

  private func elapse() {
    let now = loop.now
    if let due = proximityDue, now >= due {
      readProximity()
      if !isVehicleThere { looksLeft -= 1 }
      proximityDue = isVehicleThere || looksLeft > 0 ? now + Self.proximityPeriod : nil
    }
    if let due = temperatureDue, now >= due {
      readTemperatures()
      temperatureDue = isVehicleThere ? now + SensorTemperatures.period : nil
    }
    timer?.deadline = earliest(proximityDue, temperatureDue)
  }

  private func readProximity() {
    guard let proximity else { return }
    do throws(LinuxError) {
      told(.proximity(try proximity.read()))
      proximityFailures = 0
    } catch {
      proximityFailures += 1
      if proximityFailures >= SensorTemperatures.failuresMax { told(.proximity(.fault)) }
    }
  }

  private func readTemperatures() {
    let (readings, share) = temperatures.read()
    for reading in readings {
      told(.temperature(sensor: reading.sensor, millicelsius: reading.millicelsius))
    }
    if let share { derated(share) }
  }
}

extension [DeratingPoint] {
  /// How far a sensor has to fall below a point before its share is taken back, m°C.
  static let hysteresis = 3_000

  /// The share at a temperature, percent. It falls at once and rises only well below the point.
  func percent(millicelsius: Int, last: Int) -> Int {
    func share(_ millicelsius: Int) -> Int {
      self.last { $0.decidegrees * 100 <= millicelsius }?.percent ?? 100
    }
    let now = share(millicelsius)
    return now < last ? now : Swift.max(last, share(millicelsius + Self.hysteresis))
  }

  /// Where nothing may flow any more, m°C.
  var endMillicelsius: Int? { first { $0.percent == 0 }.map { $0.decidegrees * 100 } }
}

/// The proximity contact through an ADC.
struct ProximityADC {
  private let adc: ADCBox
  private let source: ProximitySource

  /// `nil` where there is none.
  init?(_ source: ProximitySource, _ roots: DeviceRoots) throws(LinuxError) {
    guard let adc = source.adc else { return nil }
    self.adc = try ADCBox(adc, roots)
    self.source = source
  }

  func read() throws(LinuxError) -> Proximity { source.meaning(millivolts: try adc.millivolts()) }
}

extension ProximitySource {
  /// What a voltage stands for.
  func meaning(millivolts: Int) -> Proximity {
    switch self {
    case .none: .open
    case .thresholds(_, _, let table): table.first { millivolts >= $0.millivolts }?.meaning ?? .fault
    case .pullUp(_, let code, let resistors):
      resistors.ohms(millivolts: millivolts).map { code.meaning(ohms: $0) } ?? .open
    }
  }
}

extension ProximityCode {
  /// IEC 61851-1 Table B.2 with its tolerances; SAE J1772 by the resistance of the plug.
  func meaning(ohms: Int) -> Proximity {
    switch self {
    case .iec: Proximity(type2Ohms: ohms)
    case .sae:
      switch ohms {
      case 100...250: .plugged(cableMilliamps: nil)
      case 350...650: .buttonPressed
      case 2_000...: .open
      default: .fault
      }
    }
  }
}

/// A temperature through the kernel.
struct TemperatureReader {
  private enum Source {
    case file(String)
    case table(ADCBox, [TemperaturePoint])
  }
  private let source: Source

  /// `nil` for one that a safety controller reads.
  init?(_ source: TemperatureSensor.Source, _ roots: DeviceRoots) throws(LinuxError) {
    switch source {
    case .link: return nil
    case .voltage(let adc, let table): self.source = .table(try ADCBox(adc, roots), table)
    case .celsius(let device, let channel):
      self.source = .file(try Self.file(device, channel, roots))
    }
  }

  func millicelsius() throws(LinuxError) -> Int {
    switch source {
    case .file(let path):
      guard let text = smallFile(path), let value = Int(text) else {
        throw LinuxError("read the temperature", on: path, code: EIO)
      }
      return value
    case .table(let adc, let table):
      guard let value = table.millicelsius(millivolts: try adc.millivolts()) else {
        throw LinuxError("read the temperature: the voltage is beyond its table", code: ERANGE)
      }
      return value
    }
  }

  private static func file(_ device: String, _ channel: UInt32, _ roots: DeviceRoots) throws(LinuxError)
    -> String
  {
    // The kernel numbers its devices without gaps, but takes some away again.
    for index in 0..<64 {
      let folder = "\(roots.sys)/bus/iio/devices/iio:device\(index)"
      guard smallFile("\(folder)/name") == device else { continue }
      return "\(folder)/in_temp\(channel)_input"
    }
    throw LinuxError("find the temperature sensor", on: device, code: ENODEV)
  }
}

extension [TemperaturePoint] {
  /// Between two rows in a straight line; `nil` beyond the table, where a wire is broken or shorted.
  func millicelsius(millivolts: Int) -> Int? {
    for (a, b) in zip(self, dropFirst()) {
      let (low, high) = a.millivolts < b.millivolts ? (a, b) : (b, a)
      guard (low.millivolts...high.millivolts).contains(millivolts) else { continue }
      let span = Int64(high.millivolts - low.millivolts)
      let rise = Int64(high.decidegrees - low.decidegrees) * 100
      return low.decidegrees * 100 + Int(Int64(millivolts - low.millivolts) * rise / Swift.max(span, 1))
    }
    return nil
  }
}
