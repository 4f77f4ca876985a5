import Wire

/// The way out, and requests whose answer waits for the charger or the pilot.
extension SECCSession {
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

  mutating func wait(
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
        message: pending.request.message, code: .FAILED, clause: "DC_EVSEStatusCodeType")
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

  mutating func failPilot(
    _ request: SessionRequest, _ code: SessionResponseCode, _ expected: StaticString, at now: Instant
  ) {
    let failure = SessionFailure(
      .pilot, fault: .peer, layer: .hardware, expected: expected, message: request.message, code: code,
      clause: "ISO 15118-2 [V2G2-847], [V2G2-848]")
    fail(request, code, failure, at: now)
  }

  mutating func failError(_ request: SessionRequest, at now: Instant) {
    let failure = SessionFailure(
      .refused, fault: .peerRefused, layer: .application, expected: "EVErrorCode NO_ERROR",
      message: request.message, code: .FAILED, clause: "DC_EVErrorCodeType")
    fail(request, .FAILED, failure, at: now)
  }
}
