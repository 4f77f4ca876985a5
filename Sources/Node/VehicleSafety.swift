/// What a vehicle's inlet has beside pilot and proximity contact, and so what has to be sound before its contactors close.
public struct VehicleSafety: Hashable, Sendable {
  /// The inlet has a lock: it has to confirm before a session begins and before S2 closes.
  public var hasLock = false
  /// From its command to the lock's end position, repetitions included.
  public var lockMax: Duration = .seconds(5)
  /// Feedback of the contactors that disagrees with the command for so long is a fault; `nil` where nobody judges it.
  public var feedbackMax: Duration?
  /// Above these nothing may flow, m°C: one for each sensor of the inlet. Until every one of them was read nothing closes.
  public var temperatureEnds: [Int] = []
  /// A sensor that was too hot has to fall this far below its end, m°C.
  public var temperatureHysteresis = 5_000
  /// Somebody tells by `VehicleEvent.battery` whether the contactors may be closed; until then they may not.
  public var asksBattery = false
  /// DC: contactors under current open so long after S2, which makes the charger end it: 30 ms to 5 A (IEC 61851-23). Short
  /// enough for 100 ms from a duty that is lost or a button that is pressed.
  public var openDelay: Duration = .milliseconds(50)
  /// Below this current nothing waits, mA.
  public var openMilliampsMax = 5_000
  /// DC: the plug stays locked while the inlet is above this voltage, mV.
  public var unlockMillivoltsMax = 60_000

  public init() {}
}
