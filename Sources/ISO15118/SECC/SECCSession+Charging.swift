import Wire

/// From the charge parameters to SessionStop (ISO 15118-2 8.4.3.8 to 8.4.5.5).
extension SECCSession {
  var pilotIsReady: Bool { quirks.pilotNotWired || conditions.pilot.isReady }

  /// The EV is back in B, or gone.
  var pilotIsNotReady: Bool {
    quirks.pilotNotWired || quirks.pilotMayStayReady || !conditions.pilot.isReady
  }

  // MARK: ChargeParameterDiscovery

  mutating func chargeParameterDiscovery(
    _ request: SessionRequest, _ parameters: SessionRequest.ChargeParameters, at now: Instant
  ) {
    guard isOffered(parameters) else {
      let failure = SessionFailure(
        .parameter, fault: .peer, layer: .application,
        expected: "an EnergyTransferMode of ServiceDiscoveryRes and its EVChargeParameter",
        message: request.message, code: .FAILED_WrongEnergyTransferMode, clause: "ISO 15118-2 [V2G2-476]")
      return fail(request, .FAILED_WrongEnergyTransferMode, failure, at: now)
    }
    guard isSane(parameters) else {
      let failure = SessionFailure(
        .parameter, fault: .peer, layer: .application, expected: "limits above zero that fit the EVSE's",
        message: request.message, code: .FAILED_WrongChargeParameter, clause: "ISO 15118-2 [V2G2-477]")
      return fail(request, .FAILED_WrongChargeParameter, failure, at: now)
    }
    mode = parameters.mode
    report(parameters)
    guard conditions.powerStageReady else {
      guard mayStayOngoing(timers.seccOngoing, at: now) else { return failOngoing(request, at: now) }
      return answer(
        SessionAnswer(message: .ChargeParameterDiscoveryRes, code: .OK, processing: .Ongoing), next: state,
        at: now)
    }
    answer(
      SessionAnswer(message: .ChargeParameterDiscoveryRes, code: .OK, processing: .Finished),
      next: isDC ? .WaitForCableCheckReq : .WaitForPowerDeliveryReq, at: now)
  }

  private func isOffered(_ parameters: SessionRequest.ChargeParameters) -> Bool {
    guard parameters.isDC == parameters.mode.isDC else { return false }
    // A resumed session and a renegotiation keep the kind of current they had ([V2G2-741]).
    if let mode, mode.isDC != parameters.mode.isDC { return false }
    return configuration.modes.contains(parameters.mode)
  }

  private func isSane(_ parameters: SessionRequest.ChargeParameters) -> Bool {
    guard !parameters.hasWrongUnit, let volts = parameters.maximumMillivolts,
      let amps = parameters.maximumMilliamps, volts > 0, amps > 0, parameters.maximumWatts ?? 1 > 0,
      parameters.minimumMilliamps ?? 0 >= 0, parameters.minimumMilliamps ?? 0 <= amps,
      parameters.energyWattHours ?? 0 >= 0
    else { return false }
    return !parameters.isDC || volts >= conditions.limits.minimumMillivolts
  }

  private mutating func report(_ parameters: SessionRequest.ChargeParameters) {
    vehicle.mode = parameters.mode
    vehicle.socPercent = parameters.socPercent
    vehicle.maximumMillivolts = parameters.maximumMillivolts
    vehicle.maximumMilliamps = parameters.maximumMilliamps
    vehicle.minimumMilliamps = parameters.minimumMilliamps
    vehicle.maximumWatts = parameters.maximumWatts
    vehicle.energyRequestWattHours = parameters.energyWattHours
    // Zero is how EVs say "as soon as possible".
    vehicle.departureSeconds = parameters.departureSeconds == 0 ? nil : parameters.departureSeconds
    actions.append(.vehicle(vehicle))
  }

  private mutating func report(_ status: SessionRequest.DCStatus) {
    guard vehicle.socPercent != status.socPercent else { return }
    vehicle.socPercent = status.socPercent
    actions.append(.vehicle(vehicle))
  }

  mutating func failOngoing(_ request: SessionRequest, at now: Instant) {
    let failure = SessionFailure(
      .ongoingTimeout, fault: .equipment, layer: .timer, expected: "EVSEProcessing Finished",
      message: request.message, code: .FAILED,
      clause: "ISO 15118-2 table 110, V2G_SECC_Ongoing_Performance_Time")
    fail(request, .FAILED, failure, at: now)
  }

  // MARK: CableCheck, PreCharge (DC)

  mutating func cableCheck(_ request: SessionRequest, _ status: SessionRequest.DCStatus, at now: Instant) {
    report(status)
    guard status.error == .NO_ERROR else { return failError(request, at: now) }
    guard pilotIsReady else {
      return wait(request, for: .pilotReady, timers.seccPilotDetection, at: now)
    }
    if case .cableCheck = energy {
    } else {
      isolationIsFresh = conditions.isolation == .unchecked
      energyWasCut = false
      command(.cableCheck(millivolts: cableCheckMillivolts))
    }
    switch isolationIsFresh ? conditions.isolation : .unchecked {
    case .unchecked:
      guard mayStayOngoing(timers.seccCableCheck, at: now) else { return failOngoing(request, at: now) }
      answer(
        SessionAnswer(message: .CableCheckRes, code: .OK, processing: .Ongoing), next: state, at: now)
    case .valid, .warning:
      answer(
        SessionAnswer(message: .CableCheckRes, code: .OK, processing: .Finished), next: .WaitForPreChargeReq,
        at: now)
    case .fault, .noIMD:
      let failure = SessionFailure(
        .isolation, fault: .equipment, layer: .hardware, expected: "insulation Valid or Warning",
        message: request.message, code: .FAILED, clause: "ISO 15118-2 8.4.5.2, IEC 61851-23 CC.4.1")
      fail(request, .FAILED, failure, at: now)
    }
  }

  /// The vehicle's highest voltage, inside what the charger can do and the site allows.
  private var cableCheckMillivolts: Int {
    min(
      configuration.cableCheckMillivolts, conditions.limits.maximumMillivolts,
      vehicle.maximumMillivolts ?? configuration.cableCheckMillivolts)
  }

  mutating func preCharge(
    _ request: SessionRequest, _ status: SessionRequest.DCStatus, _ target: SessionRequest.DCTarget,
    at now: Instant
  ) {
    report(status)
    guard status.error == .NO_ERROR else { return failError(request, at: now) }
    guard pilotIsReady, !energyWasCut else { return failPilot(request, .FAILED, "C or D", at: now) }
    guard let volts = target.millivolts, let amps = target.milliamps, volts >= 0, amps >= 0,
      volts <= conditions.limits.maximumMillivolts
    else {
      let failure = SessionFailure(
        .parameter, fault: .peer, layer: .application, expected: "EVTargetVoltage inside the EVSE's limits",
        message: request.message, code: .FAILED, clause: "ISO 15118-2 8.4.5.3")
      return fail(request, .FAILED, failure, at: now)
    }
    // IEC 61851-23 CC.5.2: no more than 2 A before the vehicle has closed its contactors.
    command(.preCharge(millivolts: volts, milliamps: min(amps, 2000)))
    answer(
      SessionAnswer(message: .PreChargeRes, code: .OK), next: .WaitForPreChargeOrPowerDeliveryReq, at: now)
  }

  // MARK: PowerDelivery

  mutating func powerDelivery(
    _ request: SessionRequest, _ delivery: SessionRequest.PowerDelivery, at now: Instant
  ) {
    guard delivery.tupleID == scheduleTupleID else {
      let failure = SessionFailure(
        .parameter, fault: .peer, layer: .application, expected: "an SAScheduleTupleID that was offered",
        message: request.message, code: .FAILED_TariffSelectionInvalid, clause: "ISO 15118-2 [V2G2-479]")
      return fail(request, .FAILED_TariffSelectionInvalid, failure, at: now)
    }
    if delivery.hasWrongUnit || delivery.profileWatts ?? 0 > conditions.limits.maximumWatts {
      let failure = SessionFailure(
        .parameter, fault: .peer, layer: .application, expected: "a ChargingProfile below PMax",
        message: request.message, code: .FAILED_ChargingProfileInvalid, clause: "ISO 15118-2 [V2G2-225]")
      return fail(request, .FAILED_ChargingProfileInvalid, failure, at: now)
    }
    switch delivery.progress {
    case .start: start(request, at: now)
    case .stop: stopDelivery(request, at: now)
    case .renegotiate: renegotiate(request, at: now)
    }
  }

  /// C or D, then the contactor: [V2G2-847], [V2G2-860]. In DC it is closed since the insulation test.
  private mutating func start(_ request: SessionRequest, at now: Instant) {
    guard !energyWasCut else { return failPilot(request, .FAILED_PowerDeliveryNotApplied, "C or D", at: now) }
    guard pilotIsReady else {
      return wait(request, for: .pilotReady, timers.seccPilotDetection, at: now)
    }
    if !isDC { command(.closeAC) }
    guard conditions.contactorClosed else {
      return wait(request, for: .contactorClosed, timers.seccContactor, at: now)
    }
    hasStarted = true
    answer(
      SessionAnswer(message: .PowerDeliveryRes, code: .OK),
      next: isDC ? .WaitForCurrentDemandReq : .WaitForChargingStatusReq, at: now)
  }

  private mutating func stopDelivery(_ request: SessionRequest, at now: Instant) {
    command(.none)
    guard !conditions.contactorClosed else {
      return wait(request, for: .contactorOpen, timers.seccContactorOpen, at: now)
    }
    hasStarted = false
    answer(
      SessionAnswer(message: .PowerDeliveryRes, code: .OK),
      next: isDC ? .WaitForWeldingDetectionOrSessionStopReq : .WaitForSessionStopReq, at: now)
  }

  /// Only after a Start ([V2G2-812], [V2G2-813]), and the next one has to be a Start ([V2G2-842]). AC keeps
  /// its contactor closed; DC goes through CableCheck and PreCharge again ([V2G2-565]).
  private mutating func renegotiate(_ request: SessionRequest, at now: Instant) {
    guard hasStarted else {
      let failure = SessionFailure(
        .sequence, fault: .peer, layer: .application, expected: "ChargeProgress Start before Renegotiate",
        message: request.message, code: .FAILED, clause: "ISO 15118-2 [V2G2-812]")
      return fail(request, .FAILED, failure, at: now)
    }
    hasStarted = false
    renegotiationFollowed = true
    if isDC { command(.none) }
    answer(
      SessionAnswer(message: .PowerDeliveryRes, code: .OK), next: .WaitForChargeParameterDiscoveryReq, at: now
    )
  }

  // MARK: charge loop

  mutating func currentDemand(
    _ request: SessionRequest, _ status: SessionRequest.DCStatus, _ target: SessionRequest.DCTarget,
    at now: Instant
  ) {
    report(status)
    guard pilotIsReady, !energyWasCut else { return failPilot(request, .FAILED, "C or D", at: now) }
    guard let volts = target.millivolts, let amps = target.milliamps else {
      let failure = SessionFailure(
        .parameter, fault: .peer, layer: .application, expected: "EVTargetVoltage in V, EVTargetCurrent in A",
        message: request.message, code: .FAILED, clause: "ISO 15118-2 8.4.5.4")
      return fail(request, .FAILED, failure, at: now)
    }
    deliver(millivolts: max(volts, 0), milliamps: status.error == .NO_ERROR ? max(amps, 0) : 0)
    answer(
      SessionAnswer(message: .CurrentDemandRes, code: .OK), next: .WaitForCurrentDemandOrPowerDeliveryReq,
      at: now)
  }

  /// Clamps the targets to the limits and remembers which limit was the one.
  private mutating func deliver(millivolts: Int, milliamps: Int) {
    let limits = conditions.limits
    let volts = min(millivolts, limits.maximumMillivolts)
    var amps = min(milliamps, limits.maximumMilliamps)
    var isPowerLimited = false
    if volts > 0 {
      // W * 10^6 / mV = mA, in 64 bits for targets with a 32-bit Int.
      let byPower = Int64(limits.maximumWatts) * 1_000_000 / Int64(volts)
      if Int64(amps) > byPower {
        amps = Int(byPower)
        isPowerLimited = true
      }
    }
    limitsAchieved = LimitsAchieved(
      current: milliamps > limits.maximumMilliamps, voltage: millivolts > limits.maximumMillivolts,
      power: isPowerLimited)
    command(.deliver(millivolts: volts, milliamps: amps))
  }

  mutating func chargingStatus(_ request: SessionRequest, at now: Instant) {
    answer(
      SessionAnswer(message: .ChargingStatusRes, code: .OK), next: .WaitForChargingStatusOrPowerDeliveryReq,
      at: now)
  }

  // MARK: the end

  mutating func weldingDetection(
    _ request: SessionRequest, _ status: SessionRequest.DCStatus, at now: Instant
  ) {
    report(status)
    guard pilotIsNotReady else {
      return wait(request, for: .pilotNotReady, timers.seccPilotDetection, at: now)
    }
    answer(SessionAnswer(message: .WeldingDetectionRes, code: .OK), next: state, at: now)
  }

  mutating func sessionStop(_ request: SessionRequest, pause: Bool, at now: Instant) {
    command(.none)
    guard pilotIsNotReady else {
      return wait(request, for: .pilotNotReady, timers.seccPilotDetection, at: now)
    }
    if pause, let mode {
      paused = PausedSession(id: id, mode: mode, scheduleTupleID: scheduleTupleID)
      outcome = .paused(id)
    } else {
      outcome = .terminated
    }
    answer(SessionAnswer(message: .SessionStopRes, code: .OK), next: state, at: now)
    if state != .Idle { waitForDisconnect(timers.tcpClose, at: now) }
  }

  // MARK: answers that wait for the charger

  private mutating func wait(
    _ request: SessionRequest, for event: Waiting.For, _ patience: Duration, at now: Instant
  ) {
    let latest = waiting?.latest ?? now + timers.seccPowerDelivery
    // A change of what is waited for starts its own time, inside the performance time of the message.
    if let already = waiting, already.event == event { return }
    waiting = Waiting(
      request: request, event: event, deadline: min(now + patience, latest), latest: latest)
  }

  /// Takes the request up again; it answers, goes on waiting, or waits for the next thing.
  mutating func resume(_ pending: Waiting, at now: Instant) {
    if conditions.fault != nil, pending.request.message != .SessionStopReq {
      let failure = SessionFailure(
        .emergency, fault: .equipment, layer: .hardware, expected: "an EVSE without a fault",
        message: pending.request.message, code: .FAILED, clause: "ISO 15118-2 table 111, EVSEStatusCode")
      return fail(pending.request, .FAILED, failure, at: now)
    }
    switch (pending.request.message, pending.request.content) {
    case (.CableCheckReq, .status(let status)): cableCheck(pending.request, status, at: now)
    case (.WeldingDetectionReq, .status(let status)): weldingDetection(pending.request, status, at: now)
    case (_, .powerDelivery(let delivery)): powerDelivery(pending.request, delivery, at: now)
    case (_, .sessionStop(let pause)): sessionStop(pending.request, pause: pause, at: now)
    default: waiting = nil
    }
  }

  mutating func waitIsOver(_ pending: Waiting, at now: Instant) {
    let request = pending.request
    switch pending.event {
    case .pilotReady:
      failPilot(
        request, request.message == .PowerDeliveryReq ? .FAILED_PowerDeliveryNotApplied : .FAILED, "C or D",
        at: now)
    case .pilotNotReady: failPilot(request, .FAILED, "B", at: now)
    case .contactorClosed, .contactorOpen:
      let failure = SessionFailure(
        .contactor, fault: .equipment, layer: .hardware,
        expected: pending.event == .contactorClosed ? "a closed contactor" : "an open contactor",
        message: request.message, code: .FAILED_ContactorError, clause: "ISO 15118-2 [V2G2-860]")
      fail(request, .FAILED_ContactorError, failure, at: now)
    }
  }

  private mutating func failPilot(
    _ request: SessionRequest, _ code: SessionResponseCode, _ expected: StaticString, at now: Instant
  ) {
    let failure = SessionFailure(
      .pilot, fault: .peer, layer: .hardware, expected: expected, message: request.message, code: code,
      clause: "ISO 15118-2 [V2G2-847], [V2G2-848]")
    fail(request, code, failure, at: now)
  }

  private mutating func failError(_ request: SessionRequest, at now: Instant) {
    let failure = SessionFailure(
      .refused, fault: .peerRefused, layer: .application, expected: "EVErrorCode NO_ERROR",
      message: request.message, code: .FAILED, clause: "ISO 15118-2 table 95")
    fail(request, .FAILED, failure, at: now)
  }
}
