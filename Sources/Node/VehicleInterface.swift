public import HAL
public import ISO15118

// Not nested in the node, which is generic: each list of them would be of a type made at run time.

/// What can happen to a vehicle.
public enum VehicleEvent: Sendable {
  /// Power is on and the drivers are up.
  case start
  case network(NetworkEvent)
  /// The plug goes in, or comes out.
  case proximity(Proximity)
  /// What is on the pilot, each time it was measured.
  case pilot(PilotSignal)
  /// Battery, inlet and wishes. `pilot` and `contactorClosed` in it are kept by the node itself.
  case conditions(EVConditions)
  case contactorFeedback(closed: Bool)
  /// End position of the inlet's lock: each change, and once at the start.
  case lock(locked: Bool)
  /// The lock does not let go for all its repetitions; `false` when it has been seen free.
  case lockStuck(Bool)
  /// Sensors of `VehicleSafety.temperatureEnds`, each reading; `nil` where it cannot be read.
  case temperature(sensor: Int, millicelsius: Int?)
  /// The battery's management permits closed contactors, or no longer does: they open at once.
  case battery(ready: Bool)
  /// The inlet's electrical side can be relied on, or no longer can.
  case equipment(ok: Bool)
  /// A person has looked at the vehicle: clears a welded contactor, where it reads open.
  case serviceReset
  case timeout
}

/// What a vehicle wants done.
public enum VehicleAction: Sendable {
  case network(NetworkAction)
  case setLoad(PilotLoad)
  /// The vehicle's own contactors (DC).
  case contactor(close: Bool)
  /// The inlet's lock.
  case lock(Bool)
  /// The onboard charger may take this much per phase, in mA (AC).
  case charger(milliamps: Int)
  case trace(NodeTrace)
}
