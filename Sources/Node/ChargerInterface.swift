public import HAL
public import ISO15118
public import Safety

// Not nested in the node, which is generic: each list of them would be of a type made at run time.

/// What can happen to a charger.
public enum ChargerEvent: Sendable {
  /// Power is on and the drivers are up.
  case start
  case network(NetworkEvent)
  /// Levels on the pilot, each time they were sampled.
  case pilot(PilotLevels)
  case contactorFeedback(closed: Bool)
  /// Nobody knows the contacts any more, as behind a safety controller that fell silent.
  case contactorUnknown
  case lock(locked: Bool)
  /// The lock does not let go for all its repetitions; `false` when it has been seen free.
  case lockStuck(Bool)
  /// Protective earth and residual-current monitoring.
  case earth(ok: Bool)
  /// A residual-current monitor that reports by itself; see `SafetySettings.hasResidualCurrentInput`.
  case residualCurrent(ok: Bool)
  /// How many phases the contactor shall close, where the board can do either (`SafetySettings.switchesPhases`): one or
  /// three, at the start three. Changed only with open contacts and nothing offered. A charge by the duty alone is
  /// interrupted for it: X1, open with S2 or after 6 s, `SafetySettings.phaseRest`, the change, and the duty again. A session
  /// that runs, or a vehicle that is offered 5 %, is not disturbed: what is wanted is taken when the session pauses or
  /// ends, and until then the contactor closes what it closed before. `CouplingTrace.phases` tells the change.
  case phases(three: Bool)
  /// What the socket reads of the cable, each time, every 100...500 ms; a change counts after two equal readings. Its
  /// rating bounds the offer. Only with `SafetySettings.readsProximity`.
  case proximity(Proximity)
  /// A reading of one of the sensors of `ChargerConfiguration.temperatureSensors`, by its number there, in m°C. `nil`
  /// where it cannot be read: then nothing may flow, so a driver tries more than once before it says so.
  case temperature(sensor: Int, millicelsius: Int?)
  case emergencyStop(Bool)
  /// Output of the DC power stage, or what the meter of an AC outlet sees.
  case output(PowerReading, wattHours: Int)
  case insulation(InsulationStatus)
  /// How a power stage is that another program drives, on each change: whether it could deliver, and what is wrong with it.
  /// Only with `SafetySettings.hasExternalPowerStage`.
  case powerStage(ready: Bool, trouble: PowerStageTrouble?)
  /// The host's answer to `authorizationNeeded`. A grant nobody asked for is not kept for whoever comes next.
  case authorization(EVSEConditions.Authorization)
  /// A customer was identified by external means (EIM: card, app, free of charge), or is not any more; for the vehicle
  /// that is plugged in, or the next one, until the plug is out. It answers the session's question for authorization. On
  /// AC the vehicle is also offered a nominal duty, see `ChargerCoupling`, and charges by it without a session. Withdrawn
  /// while it does, it is asked to stop by X1.
  case identified(Bool)
  /// Limits of the outlet changed. With a nominal duty less than 6 A is a pause: X1, and the duty again when there is more.
  case limits(EVSELimits)
  /// End the session in order, also one that has yet to come from the vehicle that is plugged in, and a charge by the
  /// duty alone: X1, and the contactor opens when S2 does, or after 6 s.
  case stop(SECCStopReason)
  /// Wake a vehicle that paused its session, or one whose session was ended by `stop`: it starts anew through state E/F.
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
  /// The test output of the residual-current monitor. It has to report a fault, and none again when the output is off.
  case residualCurrentTest(Bool)
  /// Close these phases from the next closing on. Only while the contacts read open.
  case phases(three: Bool)
  /// Ask the customer; answer by `authorization`.
  case authorizationNeeded
  /// Switch the modem off or on. Where that cannot be done nothing need be: a modem that stayed on is ready the sooner.
  case modemPower(on: Bool)
  case trace(NodeTrace)
}
