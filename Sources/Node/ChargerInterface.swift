public import HAL
public import ISO15118

// Not nested in the node, which is generic: each list of them would be of a type made at run time.

/// What can happen to a charger.
public enum ChargerEvent: Sendable {
  /// Power is on and the drivers are up.
  case start
  case network(NetworkEvent)
  /// Levels on the pilot, each time they were sampled.
  case pilot(PilotLevels)
  case contactorFeedback(closed: Bool)
  case lock(locked: Bool)
  /// Protective earth and residual-current monitoring.
  case earth(ok: Bool)
  case emergencyStop(Bool)
  /// Output of the DC power stage, or what the meter of an AC outlet sees.
  case output(PowerReading, wattHours: Int)
  case insulation(InsulationStatus)
  /// The host's answer to `authorizationNeeded`. A grant nobody asked for is not kept for whoever comes next.
  case authorization(EVSEConditions.Authorization)
  /// A customer was identified by external means (EIM: card, app, free of charge), or is not any more; for the vehicle
  /// that is plugged in, or the next one, until the plug is out. It answers the session's question for authorization. On
  /// AC the vehicle is also offered a nominal duty, see `ChargerCoupling`; the contactor closes for a session alone.
  case identified(Bool)
  /// Limits of the outlet changed.
  case limits(EVSELimits)
  /// End the session in order, also one that has yet to come from the vehicle that is plugged in.
  case stop(SECCStopReason)
  /// Wake a vehicle that paused its session.
  case resume
  /// A person has looked at the charger: a fault that waits for that is cleared.
  case serviceReset
  case timeout
}

/// What a charger wants done.
public enum ChargerAction: Sendable {
  case network(NetworkAction)
  case setDuty(PilotDuty)
  case contactor(close: Bool)
  case lock(Bool)
  case powerStage(enabled: Bool)
  /// Set points of the power stage; only meaningful while it is enabled.
  case setPoint(PowerReading)
  /// Start the insulation test.
  case insulationTest
  /// Ask the customer; answer by `authorization`.
  case authorizationNeeded
  /// Switch the modem off or on. Where that cannot be done nothing need be: a modem that stayed on is ready the sooner.
  case modemPower(on: Bool)
  case trace(NodeTrace)
}
