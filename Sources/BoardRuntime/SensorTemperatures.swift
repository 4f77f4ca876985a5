import HAL
import LinuxHardware

/// The temperature sensors of an outlet or an inlet, and what their tables leave of its current.
struct SensorTemperatures {
  /// Readings that fail before a sensor counts as broken.
  static let failuresMax = 3
  static let period = Duration.seconds(1)

  private struct Sensor {
    var source: TemperatureReader
    var derating: [DeratingPoint]
    var percent = 100
    var failures = 0
  }

  private var sensors: [Sensor] = []
  private var percent = 100

  /// Those that a safety controller reads are left out.
  init(_ descriptions: [TemperatureSensor], _ roots: DeviceRoots) throws(LinuxError) {
    for description in descriptions {
      guard let reader = try TemperatureReader(description.source, roots) else { continue }
      sensors.append(Sensor(source: reader, derating: description.derating))
    }
  }

  var isEmpty: Bool { sensors.isEmpty }

  /// Asks all: m°C by sensor, `nil` for one that is broken; and the share of the current that is left, percent, where it
  /// changed. Who is told may ask again at once.
  mutating func read() -> (readings: [(sensor: Int, millicelsius: Int?)], share: Int?) {
    var readings: [(sensor: Int, millicelsius: Int?)] = []
    for index in sensors.indices {
      do throws(LinuxError) {
        let millicelsius = try sensors[index].source.millicelsius()
        sensors[index].failures = 0
        sensors[index].percent = sensors[index].derating.percent(
          millicelsius: millicelsius, last: sensors[index].percent)
        readings.append((index, millicelsius))
      } catch {
        sensors[index].failures += 1
        if sensors[index].failures >= Self.failuresMax { readings.append((index, nil)) }
      }
    }
    let new = sensors.map(\.percent).min() ?? 100
    defer { percent = new }
    return (readings, new == percent ? nil : new)
  }
}
