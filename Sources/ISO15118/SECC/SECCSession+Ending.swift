import Wire

/// Answers, failures, timers and the end.
extension SECCSession {
  mutating func enter(_ next: SECCState) {
    guard next != state else { return }
    state = next
    ongoingDeadline = nil
    actions.append(.trace(.secc(next)))
  }

  mutating func command(_ next: EnergyCommand) {
    guard next != energy else { return }
    energy = next
    actions.append(.energy(next))
  }

  /// Sends the response and moves on.
  mutating func answer(_ answer: SessionAnswer, next: SECCState, at now: Instant) {
    waiting = nil
    guard send(answer) else { return }
    sequenceDeadline = now + timers.seccSequence
    enter(next)
  }

  private mutating func send(_ answer: SessionAnswer) -> Bool {
    guard encode(answer) else {
      end(
        SessionFailure(
          .unencodable, fault: .site, layer: .exi, expected: "values inside the schema's bounds",
          message: answer.message, clause: "ISO 15118-2 8.5"), .immediately)
      return false
    }
    actions.append(.trace(.sent(answer.message, answer.code, answer.processing)))
    return true
  }

  mutating func fail(
    _ request: SessionRequest, _ code: SessionResponseCode, _ failure: SessionFailure, at now: Instant
  ) {
    var service: UInt16 = 1
    if case .serviceDetail(let id) = request.content { service = id }
    fail(request.message, code, failure, service: service, at: now)
  }

  /// Energy off first, then the answer of the request's own type, then the connection goes: the EV has a
  /// moment to close it.
  mutating func fail(
    _ message: SessionMessage, _ code: SessionResponseCode, _ failure: SessionFailure, service: UInt16 = 1,
    at now: Instant
  ) {
    command(.none)
    actions.append(.trace(.failure(failure)))
    outcome = .failed(failure)
    waiting = nil
    guard let response = message.response,
      send(
        SessionAnswer(
          message: response, code: code, processing: response.carriesProcessing ? .Finished : nil,
          serviceID: service))
    else { return }
    waitForDisconnect(timers.tcpCloseAfterFailure, at: now)
  }

  mutating func waitForDisconnect(_ patience: Duration, at now: Instant) {
    sequenceDeadline = nil
    setupDeadline = nil
    stopDeadline = nil
    closeDeadline = now + patience
    enter(.WaitForDisconnect)
  }

  /// Ends without an answer.
  mutating func end(_ failure: SessionFailure, _ how: SessionEnd) {
    command(.none)
    actions.append(.trace(.failure(failure)))
    outcome = .failed(failure)
    actions.append(.close(how))
    finish()
  }

  /// The connection is gone or about to go.
  mutating func finish() {
    command(.none)
    let result = outcome ?? .terminated
    forgetConnection()
    enter(.Idle)
    actions.append(.ended(result))
  }

  mutating func forgetConnection() {
    id = .zero
    mode = nil
    resumed = nil
    scheduleTupleID = 1
    hasStarted = false
    vehicle = VehicleReport()
    waiting = nil
    outcome = nil
    stopReason = nil
    renegotiationFollowed = false
    energyWasCut = false
    limitsAchieved = LimitsAchieved()
    sequenceDeadline = nil
    setupDeadline = nil
    ongoingDeadline = nil
    stopDeadline = nil
    closeDeadline = nil
  }

  // MARK: timers

  mutating func timeout(at now: Instant) {
    if let due = closeDeadline, due <= now {
      actions.append(.close(.afterOutput))
      return finish()
    }
    if let due = setupDeadline, due <= now { return setupTimeout() }
    if let due = sequenceDeadline, due <= now {
      return end(
        SessionFailure(
          .sequenceTimeout, fault: .peer, layer: .timer, expected: state.expectation,
          clause: "ISO 15118-2 [V2G2-443] V2G_SECC_Sequence_Timeout"), .immediately)
    }
    if let due = stopDeadline, due <= now {
      // The EV did not follow StopCharging: no more energy, and the next request is refused.
      stopDeadline = nil
      command(.none)
    }
    if let pending = waiting, pending.deadline <= now { waitIsOver(pending, at: now) }
  }

  private mutating func setupTimeout() {
    let failure = SessionFailure(
      .communicationSetupTimeout, fault: .peer, layer: .timer, expected: "SessionSetupReq",
      clause: "ISO 15118-2 [V2G2-714] V2G_SECC_CommunicationSetup_Timeout")
    guard state == .Idle else { return end(failure, .immediately) }
    setupDeadline = nil
    actions.append(.trace(.failure(failure)))
    actions.append(.ended(.failed(failure)))
  }

  // MARK: the host

  mutating func stop(_ reason: SECCStopReason, at now: Instant) {
    guard state != .Idle, state != .WaitForDisconnect, stopReason == nil else { return }
    stopReason = reason
    if state.isLoop {
      stopDeadline = now + .seconds(Int64(conditions.notificationMaxDelay)) + timers.seccStopGrace
    } else if let pending = waiting, pending.event != .contactorOpen, pending.event != .pilotNotReady {
      let code: SessionResponseCode =
        pending.request.message == .PowerDeliveryReq ? .FAILED_PowerDeliveryNotApplied : .FAILED
      let failure = SessionFailure(
        .stopped, fault: .user, layer: .application, expected: "the end of the session",
        message: pending.request.message, code: code, clause: "ISO 15118-2 8.8.4")
      fail(pending.request, code, failure, at: now)
    }
  }

  mutating func update(_ new: EVSEConditions, at now: Instant) {
    let old = conditions
    conditions = new
    // The vehicle has left: the next one has no business with its session.
    if new.pilot == .A, old.pilot != .A { paused = nil }
    if new.isolation != old.isolation { isolationIsFresh = true }
    if new.notification != .ReNegotiation { renegotiationFollowed = false }
    guard state != .Idle else { return }
    if new.fault != nil { command(.none) }
    // A DC output is not brought back without a new PreCharge: leaving C or D ends the flow.
    if isDC, !pilotIsReady, energy != .none {
      command(.none)
      energyWasCut = true
    }
    if let pending = waiting { resume(pending, at: now) }
  }
}

extension SessionMessage {
  /// The response has EVSEProcessing.
  var carriesProcessing: Bool {
    switch self {
    case .AuthorizationRes, .ChargeParameterDiscoveryRes, .CableCheckRes: true
    default: false
    }
  }
}
