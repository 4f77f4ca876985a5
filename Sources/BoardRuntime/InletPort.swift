public import ControlAPI
public import HAL
public import Node
public import Wire

/// What a node tells the electrical side of its inlet.
public enum InletCommand: Hashable, Sendable {
  case setLoad(PilotLoad)
  /// The vehicle's own contactors (DC).
  case contactor(close: Bool)
  case lock(Bool)
  /// The onboard charger may take this much per phase, mA (AC).
  case charger(milliamps: Int)
}

/// The electrical side of one inlet: takes commands, tells readings, and has timers of its own on the loop.
///
/// Promised by each: after `start` every reading that the node waits for is told once; `makeSafe` may be called at any time,
/// also before `start` and more than once, and does not wait for anything.
public protocol InletPort: AnyObject {
  /// Begins to measure. Readings come as events of a vehicle, also from within `perform`: a caller that is busy queues
  /// them.
  func start(_ reading: @escaping (VehicleEvent) -> Void) throws(BoardFailure)
  func perform(_ command: InletCommand)
  /// Told the share of the current that heat leaves by the board's table, percent, when it changes.
  var derated: ((Int) -> Void)? { get set }
  /// Told what the battery says, where this side has one (simulation).
  var battery: ((BatteryReport) -> Void)? { get set }
  /// This side has a battery; else somebody else speaks for it.
  var hasBattery: Bool { get }
  /// Feedback of its own contactors that disagrees with the command for so long is a fault; `nil` where it has none.
  var feedbackMax: Duration? { get }
  /// Above these temperatures nothing may flow, m°C: one for each sensor, in the order of its readings.
  var temperatureEnds: [Int] { get }
  /// Tells all readings once more, for a node that starts anew.
  func repeatReadings()
  /// Contactors open, S2 open, no current in the lock's motor. What fails is left to the supply of the coils.
  func makeSafe()
  /// It tells the pilot again and again: longer silence is a pilot that is gone. `nil` where it tells changes only.
  var pilotSilenceMax: Duration? { get }
  /// Why this side cannot be relied on now; `nil` where it can.
  var trouble: String? { get }
  /// The trouble stays until the devices are opened anew.
  var isBroken: Bool { get }
  /// Since when its contactors, told to open, could not be seen to have opened; `nil` where they are as they were told.
  var liveSince: Instant? { get }
}

extension InletPort {
  public var derated: ((Int) -> Void)? {
    get { nil }
    set {}
  }
  public var battery: ((BatteryReport) -> Void)? {
    get { nil }
    set {}
  }
  public var isBroken: Bool { false }
  public var liveSince: Instant? { nil }
  public var hasBattery: Bool { false }
  public var feedbackMax: Duration? { nil }
  public var temperatureEnds: [Int] { [] }
}
