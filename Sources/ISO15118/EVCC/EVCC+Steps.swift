import Wire

/// What follows on each response (ISO 15118-2 8.7.3).
extension EVCC {
  /// The vehicle has a reason to end the charging.
  var stopIsWanted: Bool {
    evseWantsStop || conditions.chargingComplete || conditions.error != .NO_ERROR || conditions.wish == .stop
      || conditions.wish == .pause
  }

  /// Checks that hold for every response, in the order type, session, EVSE status, response code.
  func refusal(of response: SessionResponse, to request: EVRequest) -> SessionFailure? {
    let message = response.message
    guard message == request.message.response else {
      return SessionFailure(
        .sequence, fault: .peer, layer: .message, expected: "the response of our request", message: message,
        clause: "ISO 15118-2 8.7.3")
    }
    switch request {
    case .supportedAppProtocol:
      if response.code == .Failed_NoNegotiation {
        return SessionFailure(
          .noNegotiation, fault: .peerRefused, layer: .application, expected: "a protocol in common",
          message: message, code: response.code, clause: "ISO 15118-2 [V2G2-172]")
      }
      return nil
    case .sessionSetup: break
    default:
      guard response.session == sessionID else {
        return SessionFailure(
          .unknownSession, fault: .peer, layer: .message, expected: "the SessionID of SessionSetupRes",
          message: message, code: response.code, clause: "ISO 15118-2 [V2G2-460]")
      }
    }
    switch response.status {
    case .emergencyShutdown, .malfunction, .utilityInterruptEvent:
      return SessionFailure(
        .emergency, fault: .peerRefused, layer: .hardware, expected: "EVSEStatusCode EVSE_Ready",
        message: message, code: response.code, clause: "ISO 15118-2 table 111")
    case .running, .shutdown: break
    }
    guard response.code.isFailure, quirks.endOnFailure || response.code == .FAILED_SequenceError else {
      return nil
    }
    return SessionFailure(
      .refused, fault: .peerRefused, layer: .message, expected: "ResponseCode OK", message: message,
      code: response.code, clause: "ISO 15118-2 [V2G2-539]")
  }

  mutating func advance(_ request: EVRequest, _ response: SessionResponse, at now: Instant) {
    if response.notification == .StopCharging || response.status == .shutdown { evseWantsStop = true }
    switch request {
    case .supportedAppProtocol: negotiated(response, at: now)
    case .sessionSetup: sessionIsSetUp(response, at: now)
    case .serviceDiscovery: servicesAreKnown(response, at: now)
    case .paymentServiceSelection: proceed(.authorization, at: now)
    case .authorization:
      guard response.processing == .Finished else { return repeatOngoing(request, response, at: now) }
      phase = nil
      proceed(.chargeParameterDiscovery, at: now)
    case .chargeParameterDiscovery: parametersAreKnown(response, at: now)
    case .cableCheck: cableIsChecked(response, at: now)
    case .preCharge: preCharged(response, at: now)
    case .powerDelivery(.start): started(at: now)
    case .powerDelivery(.renegotiate):
      if isDC { openContactor() }
      proceed(.chargeParameterDiscovery, at: now)
    case .powerDelivery(.stop): stopped(at: now)
    case .chargingStatus, .currentDemand:
      progress(response)
      if response.notification == .ReNegotiation { wantsRenegotiation = true }
      let pace = request == .chargingStatus ? timers.chargingStatusPace : timers.currentDemandPace
      loop(request, until: now + pace, at: now, presentMilliamps: response.presentMilliamps)
    case .weldingDetection: weldingIsKnown(response, at: now)
    case .sessionStop(let pause): sessionIsStopped(pause: pause)
    }
  }

  // MARK: setup

  private mutating func negotiated(_ response: SessionResponse, at now: Instant) {
    // SchemaID counts our protocols from 1 in the order of the configuration.
    let index = Int(response.schemaID ?? 0) - 1
    guard configuration.protocols.indices.contains(index) else {
      return failParameter("a SchemaID of ours", response, "ISO 15118-2 8.2.3")
    }
    actions.append(.trace(.negotiated(configuration.protocols[index], response.code)))
    resuming = paused
    sessionID = resuming?.id ?? .zero
    send(.sessionSetup, at: now)
  }

  private mutating func sessionIsSetUp(_ response: SessionResponse, at now: Instant) {
    guard !response.session.isZero else {
      return failParameter("a SessionID other than zero", response, "ISO 15118-2 [V2G2-750]")
    }
    switch response.code {
    case .OK_OldSessionJoined:
      guard let old = resuming, response.session == old.id else {
        return failParameter("OK_NewSessionEstablished", response, "ISO 15118-2 [V2G2-754]")
      }
      schedule.tupleID = old.scheduleTupleID
    default:
      // A new session: everything of the paused one is void ([V2G2-756]).
      resuming = nil
    }
    paused = nil
    setupDeadline = nil
    sessionID = response.session
    actions.append(.trace(.session(sessionID, resumed: resuming != nil)))
    proceed(.serviceDiscovery, at: now)
  }

  private mutating func servicesAreKnown(_ response: SessionResponse, at now: Instant) {
    guard response.offersExternalPayment else {
      return failParameter("ExternalPayment among the payment options", response, "ISO 15118-2 8.4.3.3")
    }
    if let old = resuming, response.modes.contains(old.mode) {
      mode = old.mode
    } else {
      mode = configuration.modes.first { response.modes.contains($0) }
    }
    guard mode != nil else {
      return failParameter("an energy transfer mode of ours", response, "ISO 15118-2 8.4.3.3")
    }
    proceed(.paymentServiceSelection, at: now)
  }

  private mutating func repeatOngoing(_ request: EVRequest, _ response: SessionResponse, at now: Instant) {
    if response.processing == .Ongoing_WaitingForCustomerInteraction {
      phase = nil
    } else if phase == nil {
      phase = Phase(
        cause: .ongoingTimeout, message: response.message, until: now + timers.evccOngoing)
    }
    proceed(request, after: timers.repeatPace, at: now)
  }

  private mutating func parametersAreKnown(_ response: SessionResponse, at now: Instant) {
    guard response.parametersAreDC == isDC else {
      return failParameter("EVSEChargeParameter of the mode we asked for", response, "ISO 15118-2 8.4.3.8")
    }
    if let milliamps = response.maximumMilliamps { evseMilliamps = milliamps }
    guard response.processing == .Finished else {
      return repeatOngoing(.chargeParameterDiscovery, response, at: now)
    }
    phase = nil
    guard let offered = response.schedule else {
      return failParameter("SAScheduleList with EVSEProcessing Finished", response, "ISO 15118-2 [V2G2-302]")
    }
    schedule = offered
    if isDC {
      phase = Phase(
        cause: .cableCheckTimeout, message: .CableCheckRes, until: now + timers.evccCableCheck)
    }
    // C before CableCheck (DC) and before PowerDelivery (AC), within 250 ms ([V2G2-847]).
    goReady(before: isDC ? .cableCheck : .powerDelivery(.start), at: now)
  }

  private mutating func goReady(before request: EVRequest, at now: Instant) {
    if stopIsWanted { return leave(at: now) }
    pilotAsked = .C
    actions.append(.pilot(.C))
    if conditions.pilot.isReady || quirks.pilotNotWired { return send(request, at: now) }
    step = .pilot(request, ready: true, until: now + timers.evccPilotChange)
  }

  // MARK: before the loop (DC)

  private mutating func cableIsChecked(_ response: SessionResponse, at now: Instant) {
    guard response.processing == .Finished else {
      return proceed(.cableCheck, after: timers.repeatPace, at: now)
    }
    switch response.isolation {
    case .valid, .warning: break
    case nil where quirks.isolationMayBeAbsent: break
    default: return failIsolation(response)
    }
    phase = Phase(cause: .preChargeTimeout, message: .PreChargeRes, until: now + timers.evccPreCharge)
    proceed(.preCharge, at: now)
  }

  private mutating func preCharged(_ response: SessionResponse, at now: Instant) {
    if response.isolation == .fault { return failIsolation(response) }
    progress(response)
    let difference = (response.presentMillivolts ?? 0) - conditions.batteryMillivolts
    if difference.magnitude <= UInt(configuration.preChargeToleranceMillivolts), !contactorAsked {
      contactorAsked = true
      actions.append(.contactor(close: true))
    }
    if contactorAsked, conditions.contactorClosed {
      phase = nil
      return proceed(.powerDelivery(.start), at: now)
    }
    proceed(.preCharge, after: timers.repeatPace, at: now)
  }

  // MARK: loop

  private mutating func started(at now: Instant) {
    ramp = nil
    if isDC { return send(.currentDemand, at: now) }
    setCharger(milliamps: min(evseMilliamps ?? 0, conditions.maximumMilliamps))
    send(.chargingStatus, at: now)
  }

  private mutating func progress(_ response: SessionResponse) {
    if let milliamps = response.maximumMilliamps { evseMilliamps = milliamps }
    var news = EVProgress()
    news.presentMillivolts = response.presentMillivolts ?? 0
    news.presentMilliamps = response.presentMilliamps ?? 0
    news.maximumMilliamps = evseMilliamps
    news.meterWattHours = response.meterWattHours
    news.notification = response.notification
    actions.append(.progress(news))
    if !isDC, ramp == nil, chargerMilliamps > 0 {
      setCharger(milliamps: min(evseMilliamps ?? 0, conditions.maximumMilliamps))
    }
  }

  /// The next turn of the charge loop: go on, bring the current down, or leave the loop.
  mutating func loop(_ request: EVRequest, until: Instant, at now: Instant, presentMilliamps: Int? = nil) {
    guard stopIsWanted || wantsRenegotiation || ramp != nil else {
      step = .pace(request, until: until)
      return
    }
    let progress: SessionRequest.Progress = stopIsWanted ? .stop : ramp?.progress ?? .renegotiate
    guard isDC else {
      if progress == .stop { setCharger(milliamps: 0) }
      return leaveLoop(progress, at: now)
    }
    // DC: the contactors open below 1 A.
    var down = ramp ?? Ramp(progress: progress, until: now + timers.rampDown)
    down.progress = progress
    let isFirst = ramp == nil
    ramp = down
    if !isFirst, presentMilliamps ?? 0 < 1000 || down.until <= now { return leaveLoop(progress, at: now) }
    if isFirst { return send(.currentDemand, at: now) }
    step = .pace(request, until: until)
  }

  private mutating func leaveLoop(_ progress: SessionRequest.Progress, at now: Instant) {
    ramp = nil
    wantsRenegotiation = false
    send(.powerDelivery(progress), at: now)
  }

  // MARK: the end

  private mutating func stopped(at now: Instant) {
    openContactor()
    let next: EVRequest =
      isDC && configuration.detectsWelding
      ? .weldingDetection : .sessionStop(pause: conditions.wish == .pause)
    goNotReady(before: next, at: now)
  }

  /// Ends a session that is not in the charge loop.
  mutating func leave(at now: Instant) {
    phase = nil
    setCharger(milliamps: 0)
    openContactor()
    goNotReady(before: .sessionStop(pause: conditions.wish == .pause), at: now)
  }

  /// B before WeldingDetection and SessionStop, within 250 ms ([V2G2-848]).
  private mutating func goNotReady(before request: EVRequest, at now: Instant) {
    if pilotAsked != .B {
      pilotAsked = .B
      actions.append(.pilot(.B))
    }
    if !conditions.pilot.isReady || quirks.pilotNotWired { return send(request, at: now) }
    step = .pilot(request, ready: false, until: now + timers.evccPilotChange)
  }

  private mutating func weldingIsKnown(_ response: SessionResponse, at now: Instant) {
    let end = weldingDeadline ?? now + timers.evccWelding
    weldingDeadline = end
    // Our contactors are open and the voltage on the charger's side is gone: none of them is welded.
    let isProven = response.presentMillivolts ?? 0 < 60_000 && !conditions.contactorClosed
    if isProven || end <= now {
      return send(.sessionStop(pause: conditions.wish == .pause), at: now)
    }
    step = .pace(.weldingDetection, until: now + timers.repeatPace)
  }

  private mutating func sessionIsStopped(pause: Bool) {
    if pause, let mode {
      paused = PausedSession(id: sessionID, mode: mode, scheduleTupleID: schedule.tupleID)
      end(.paused(sessionID), close: .afterOutput)
    } else {
      end(.terminated, close: .afterOutput)
    }
  }
}
