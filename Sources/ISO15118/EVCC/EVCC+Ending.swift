import Wire

/// Sending, failing, ending.
extension EVCC {
  mutating func send(_ request: EVRequest, at now: Instant) {
    step = .response(request, until: now + request.timeout(timers))
    guard encode(request) else {
      return fail(
        SessionFailure(
          .unencodable, fault: .site, layer: .exi, expected: "values inside the schema's bounds",
          message: request.message, clause: "ISO 15118-2 8.5"))
    }
    actions.append(.trace(.sent(request.message, nil, nil)))
    guard request.state != state else { return }
    state = request.state
    actions.append(.trace(.evcc(state)))
  }

  /// Sends the request now or after a while, unless the vehicle wants to leave.
  mutating func proceed(_ request: EVRequest, after pace: Duration = .zero, at now: Instant) {
    if stopIsWanted { return leave(at: now) }
    guard pace > .zero else { return send(request, at: now) }
    step = .pace(request, until: now + pace)
  }

  mutating func openContactor() {
    guard contactorAsked else { return }
    contactorAsked = false
    actions.append(.contactor(close: false))
  }

  mutating func setCharger(milliamps: Int) {
    guard chargerMilliamps != milliamps else { return }
    chargerMilliamps = milliamps
    actions.append(.charger(milliamps: milliamps))
  }

  // MARK: failures

  /// The vehicle stops taking energy at once, then closes; nothing more is sent.
  mutating func fail(_ failure: SessionFailure, close: Bool = true) {
    actions.append(.trace(.failure(failure)))
    end(.failed(failure), close: close ? .immediately : nil)
  }

  mutating func failParameter(
    _ expected: StaticString, _ response: SessionResponse, _ clause: StaticString
  ) {
    fail(
      SessionFailure(
        .parameter, fault: .peerRefused, layer: .application, expected: expected, message: response.message,
        code: response.code, clause: clause))
  }

  mutating func failIsolation(_ response: SessionResponse) {
    fail(
      SessionFailure(
        .isolation, fault: .peerRefused, layer: .hardware, expected: "EVSEIsolationStatus Valid",
        message: response.message, code: response.code, clause: "EVSEIsolationStatus of DC_EVSEStatusType"))
  }

  mutating func end(_ outcome: SessionOutcome, close: SessionEnd?) {
    setCharger(milliamps: 0)
    openContactor()
    if pilotAsked != .B {
      pilotAsked = .B
      actions.append(.pilot(.B))
    }
    if let close { actions.append(.close(close)) }
    forgetConnection()
    state = .Idle
    actions.append(.trace(.evcc(.Idle)))
    actions.append(.ended(outcome))
  }

  mutating func forgetConnection() {
    step = .nothing
    sessionID = .zero
    mode = nil
    resuming = nil
    schedule = SessionResponse.Schedule(tupleID: 1, watts: 0)
    evseMilliamps = nil
    evseWantsStop = false
    wantsRenegotiation = conditions.wish == .renegotiate && wantsRenegotiation
    ramp = nil
    pilotAsked = .B
    contactorAsked = false
    chargerMilliamps = 0
    setupDeadline = nil
    phase = nil
    weldingDeadline = nil
  }
}
