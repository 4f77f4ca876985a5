public import V2GTransport
public import Wire

/// The vehicle's side of an ISO 15118-2 session over one connection at a time: supportedAppProtocol, then AC
/// or DC charging with external payment.
///
/// It is handed events, whole V2GTP payloads and the time; it appends whole V2GTP messages to the caller's
/// output and says what it wants by actions. Read first: ISO 15118-2 clause 8.8 (sequences) and 8.7
/// (timing, and the control pilot in 8.7.4).
public struct EVCC: Sendable {
  public let configuration: EVCCConfiguration
  /// The step by the response it waits for; also while it paces itself before the next request.
  public internal(set) var state = EVCCState.Idle
  /// A session to resume at the next connection. Set when a session was paused; the host may clear it.
  public var paused: PausedSession?
  /// The id of the session; zero before SessionSetup.
  public internal(set) var sessionID = SessionID.zero

  var conditions = EVConditions()

  // MARK: this connection

  /// What the session waits for now.
  enum Step: Equatable, Sendable {
    case nothing
    /// The response to this request, until then.
    case response(EVRequest, until: Instant)
    /// The time to send this request.
    case pace(EVRequest, until: Instant)
    /// The vehicle's own pilot to be ready, or not ready, before this request.
    case pilot(EVRequest, ready: Bool, until: Instant)
  }
  var step = Step.nothing
  var mode: EnergyMode?
  var resuming: PausedSession?
  var schedule = SessionResponse.Schedule(tupleID: 1, watts: 0)
  var evseMilliamps: Int?
  /// The charger asked to stop, or reports that it shuts down.
  var evseWantsStop = false
  var wantsRenegotiation = false
  /// The current goes down before this PowerDelivery; nil: it does not.
  var ramp: Ramp?
  /// What was last asked of the vehicle, so that a failure undoes it.
  var pilotAsked = PilotLetter.B
  var contactorAsked = false
  var chargerMilliamps = 0

  struct Ramp: Equatable, Sendable {
    var progress: SessionRequest.Progress
    var until: Instant
  }

  // MARK: timers

  var setupDeadline: Instant?
  /// End of a phase that repeats one request, and what it means to reach it.
  var phase: Phase?
  var weldingDeadline: Instant?

  struct Phase: Equatable, Sendable {
    var cause: SessionFailure.Cause
    var message: SessionMessage
    var until: Instant
  }

  // MARK: what leaves this turn

  var actions: [EVCCAction] = []
  var codec = SessionCodec()

  public init(configuration: EVCCConfiguration) {
    self.configuration = configuration
    actions.reserveCapacity(16)
  }

  var timers: SessionTimers { configuration.timers }
  var quirks: SessionQuirks { configuration.quirks }
  var isDC: Bool { mode?.isDC ?? false }

  /// When it wants `timeout`, if nothing else happens before.
  public var deadline: Instant? {
    let own: Instant? =
      switch step {
      case .nothing: nil
      case .response(_, let until), .pace(_, let until), .pilot(_, _, let until): until
      }
    return earliest(own, setupDeadline, phase?.until)
  }

  /// Takes one event in. The next request may be appended to `output`.
  public mutating func handle(
    _ event: EVCCEvent, at now: Instant, output: inout OutputBuffer, perform: (EVCCAction) -> Void
  ) {
    handle(event, at: now)
    flush(into: &output, perform: perform)
  }

  /// Takes one V2GTP payload in. `type` may be any; types that do not belong here are ignored.
  public mutating func receive(
    _ payload: RawSpan, type: V2GTPPayloadType, at now: Instant, output: inout OutputBuffer,
    perform: (EVCCAction) -> Void
  ) {
    receive(payload, type: type, at: now)
    flush(into: &output, perform: perform)
  }

  private mutating func flush(into output: inout OutputBuffer, perform: (EVCCAction) -> Void) {
    codec.flush(into: &output)
    for action in actions { perform(action) }
    actions.removeAll(keepingCapacity: true)
  }

  // MARK: events

  private mutating func handle(_ event: EVCCEvent, at now: Instant) {
    switch event {
    case .linkReady:
      if state == .Idle { setupDeadline = now + timers.evccCommunicationSetup }
    case .connected:
      guard state == .Idle else { return }
      let setup = setupDeadline
      forgetConnection()
      setupDeadline = setup ?? now + timers.evccCommunicationSetup
      send(.supportedAppProtocol, at: now)
    case .disconnected:
      // Without a session the link is gone: nobody waits for the connection any more.
      guard state != .Idle else { return setupDeadline = nil }
      fail(
        SessionFailure(
          .disconnected, fault: .line, layer: .tcp, expected: "a connection until SessionStopRes",
          clause: "ISO 15118-2 clause 8.8"), close: false)
    case .transportBroken:
      guard state != .Idle else { return }
      fail(
        SessionFailure(
          .transport, fault: .peer, layer: .v2gtp, expected: "V2GTP messages", clause: "ISO 15118-2 7.8.3"))
    case .conditions(let new): update(new, at: now)
    case .timeout: timeout(at: now)
    }
  }

  private mutating func receive(_ payload: RawSpan, type: V2GTPPayloadType, at now: Instant) {
    guard type == .exi, payload.byteCount > 0 else {
      actions.append(.trace(.ignoredPayload(type: type.rawValue)))
      return
    }
    guard case .response(let request, _) = step else {
      actions.append(.trace(.ignoredMessage))
      return
    }
    let received =
      request == .supportedAppProtocol ? codec.protocolAnswer(payload) : codec.response(payload)
    guard let response = received else {
      return fail(
        SessionFailure(
          .undecodable, fault: .peer, layer: .exi, expected: "a response in EXI",
          got: "octets outside the grammar", message: request.message.response,
          clause: "ISO 15118-2 clause 7.9 (EXI)"))
    }
    actions.append(.trace(.answered(response.message, response.code, response.processing)))
    if let failure = refusal(of: response, to: request) { return fail(failure) }
    step = .nothing
    advance(request, response, at: now)
  }

  private mutating func update(_ new: EVConditions, at now: Instant) {
    if new.wish == .renegotiate, conditions.wish != .renegotiate { wantsRenegotiation = true }
    if new.wish != .renegotiate { wantsRenegotiation = false }
    conditions = new
    switch step {
    case .pilot(let request, let ready, _):
      if conditions.pilot.isReady == ready { send(request, at: now) }
    case .pace(.chargingStatus, let until):
      // A wish to stop need not wait for the pace of the loop.
      if stopIsWanted || wantsRenegotiation || ramp != nil { loop(.chargingStatus, until: until, at: now) }
    default: break
    }
  }

  private mutating func timeout(at now: Instant) {
    if let due = setupDeadline, due <= now {
      let failure = SessionFailure(
        .communicationSetupTimeout, fault: .peer, layer: .timer, expected: "SessionSetupRes",
        clause: "ISO 15118-2 clause 8.7, V2G_EVCC_CommunicationSetup_Timeout")
      guard state == .Idle else { return fail(failure) }
      setupDeadline = nil
      actions.append(.trace(.failure(failure)))
      actions.append(.ended(.failed(failure)))
      return
    }
    if let over = phase, over.until <= now {
      return fail(
        SessionFailure(
          over.cause, fault: .peer, layer: .timer, expected: "the end of the phase", message: over.message,
          clause: "ISO 15118-2 clause 8.7"))
    }
    switch step {
    case .nothing: break
    case .response(let request, let until):
      guard until <= now else { return }
      fail(
        SessionFailure(
          .messageTimeout, fault: .peer, layer: .timer, expected: "a response",
          message: request.message.response, clause: "ISO 15118-2 clause 8.7, message timeout"))
    case .pace(let request, let until):
      guard until <= now else { return }
      if request == .chargingStatus, let ramp, ramp.until <= now {
        return loop(request, until: until, at: now)
      }
      send(request, at: now)
    case .pilot(let request, let ready, let until):
      guard until <= now else { return }
      // Back to B late is the charger's to judge; not reaching C means our own pilot is broken.
      if ready, !quirks.pilotNotWired {
        fail(
          SessionFailure(
            .pilot, fault: .equipment, layer: .hardware, expected: "our pilot in C or D",
            message: request.message, clause: "ISO 15118-2 [V2G2-847]"))
      } else {
        send(request, at: now)
      }
    }
  }
}
