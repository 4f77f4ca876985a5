/// How much current a temperature leaves: everything up to `startMillicelsius`, less and less from there on, and nothing
/// above `endMillicelsius`.
///
/// Hardware for high currents gets hot at contacts and cables, and a limit that sinks in time keeps a charge going that a
/// thermal fuse would end. Once it is off it stays off until the sensor is `hysteresisMillicelsius` below the end, so
/// that nothing closes and opens by turns.
public struct Derating: Hashable, Sendable {
  /// Up to here there is no limit, m°C.
  public var startMillicelsius: Int
  /// Above this nothing may flow, m°C. More than the start.
  public var endMillicelsius: Int
  /// What may flow at `startMillicelsius` and below, mA.
  public var fullMilliamps: Int
  /// What may flow at `endMillicelsius` itself, mA.
  public var endMilliamps: Int
  /// How far below the end the sensor has to be before anything may flow again, m°C.
  public var hysteresisMillicelsius = 5_000

  public init(
    startMillicelsius: Int, endMillicelsius: Int, fullMilliamps: Int, endMilliamps: Int = 6_000
  ) {
    self.startMillicelsius = startMillicelsius
    self.endMillicelsius = endMillicelsius
    self.fullMilliamps = fullMilliamps
    self.endMilliamps = endMilliamps
  }

  /// What a sensor on a board can read at all, m°C. Anything else is a sensor that is broken or not there.
  public static let plausible = -50_000...200_000

  /// What may flow at this temperature, mA; linear between the two temperatures, rounded down.
  public func milliamps(at millicelsius: Int) -> Int {
    if millicelsius > endMillicelsius { return 0 }
    guard millicelsius > startMillicelsius, endMillicelsius > startMillicelsius else { return fullMilliamps }
    // In 64 bits for targets with a 32-bit Int.
    let share = Int64(millicelsius - startMillicelsius) * Int64(fullMilliamps - endMilliamps)
    let width = Int64(endMillicelsius - startMillicelsius)
    return fullMilliamps - Int(clamping: (share + width - 1) / width)
  }
}

/// The limit all temperature sensors of an outlet leave together.
///
/// It fails to off: a sensor that has not been heard, or reads what no board can be at, leaves nothing.
public struct TemperatureLimit: Hashable, Sendable {
  private var sensors: [Sensor]

  private struct Sensor: Hashable {
    var derating: Derating
    var millicelsius: Int?
    var isOff = false

    var milliamps: Int {
      guard let millicelsius, !isOff else { return 0 }
      return derating.milliamps(at: millicelsius)
    }
  }

  /// - Parameter sensors: one curve for each sensor, in the order of the board.
  public init(_ sensors: [Derating]) { self.sensors = sensors.map { Sensor(derating: $0) } }

  /// Takes in a reading.
  /// - Parameters:
  ///   - sensor: its number, from 0; one that does not exist changes nothing.
  ///   - millicelsius: m°C; `nil` where the sensor cannot be read.
  public mutating func read(_ sensor: Int, millicelsius: Int?) {
    guard sensors.indices.contains(sensor) else { return }
    var changed = sensors[sensor]
    changed.millicelsius = millicelsius.flatMap { Derating.plausible.contains($0) ? $0 : nil }
    let end = changed.derating.endMillicelsius
    if let read = changed.millicelsius {
      if read > end { changed.isOff = true }
      if read <= end - changed.derating.hysteresisMillicelsius { changed.isOff = false }
    }
    sensors[sensor] = changed
  }

  /// What may flow, mA: the least that any sensor leaves; `nil` without sensors.
  public var milliamps: Int? { sensors.map(\.milliamps).min() }
}
