import V2GTransport
import Wire

/// The rules of the SECC. Read first: ISO 15118-2 clause 8.8 (sequences and response codes) and 8.7
/// (timing, and the control pilot in 8.7.4).
///
/// Methods leave what has to happen in `actions` and the one answer of a turn in `answer`; `flush` hands both
/// over. Both keep their storage, so the charge loop does not allocate.
struct SECCSession: Sendable {
  let configuration: SECCConfiguration
  var state = SECCState.Idle
  var paused: PausedSession?
  /// The id a new session would get; drawn anew for each connection.
  var candidateID = SessionID.zero
  var conditions = EVSEConditions()

  // MARK: this connection

  var id = SessionID.zero
  var mode: EnergyMode?
  /// The paused session that was taken up again.
  var resumed: PausedSession?
  var scheduleTupleID: UInt8 = 1
  /// PowerDelivery(Start) was answered OK, and no Renegotiate since.
  var hasStarted = false
  var energy = EnergyCommand.none
  var vehicle = VehicleReport()
  /// A request whose answer waits for the charger.
  var waiting: Waiting?
  /// How the session is going to end, once known.
  var outcome: SessionOutcome?
  var stopReason: SECCStopReason?
  /// ReNegotiation is not announced again until the host has taken it back once.
  var renegotiationFollowed = false
  /// The EV left C and D under DC: no energy again without a new insulation test.
  var energyWasCut = false
  /// `conditions.isolation` belongs to the insulation test that was asked for last.
  var isolationIsFresh = false
  /// EVSECurrent/Voltage/PowerLimitAchieved of the last CurrentDemandReq.
  var limitsAchieved = LimitsAchieved()

  // MARK: timers

  var sequenceDeadline: Instant?
  var setupDeadline: Instant?
  /// End of the present run of Ongoing answers.
  var ongoingDeadline: Instant?
  /// The EV should have stopped by then.
  var stopDeadline: Instant?
  var closeDeadline: Instant?

  // MARK: what leaves this turn

  var actions: [SECCAction] = []
  var codec = SessionCodec()

  struct LimitsAchieved: Equatable, Sendable {
    var current = false
    var voltage = false
    var power = false
  }

  /// A request that cannot be answered yet, what it waits for, and until when.
  struct Waiting: Sendable {
    enum For: Sendable { case pilotReady, pilotNotReady, contactorClosed, contactorOpen }
    var request: SessionRequest
    var event: For
    var deadline: Instant
    /// The response is due (performance time).
    var latest: Instant
  }

  init(configuration: SECCConfiguration) {
    self.configuration = configuration
    actions.reserveCapacity(16)
  }

  var timers: SessionTimers { configuration.timers }
  var quirks: SessionQuirks { configuration.quirks }
  var isDC: Bool { mode?.isDC ?? configuration.modes.first?.isDC ?? true }

  var deadline: Instant? {
    earliest(sequenceDeadline, setupDeadline, stopDeadline, closeDeadline, waiting?.deadline)
  }

  /// Hands over what this turn brought.
  mutating func flush(into output: inout OutputBuffer, perform: (SECCAction) -> Void) {
    codec.flush(into: &output)
    for action in actions { perform(action) }
    actions.removeAll(keepingCapacity: true)
  }

  // MARK: events

  mutating func handle(_ event: SECCEvent, at now: Instant) {
    switch event {
    case .linkReady:
      if state == .Idle { setupDeadline = now + timers.seccCommunicationSetup }
    case .connected: connected(at: now)
    case .disconnected: disconnected()
    case .transportBroken:
      guard state != .Idle else { return }
      end(
        SessionFailure(
          .transport, fault: .peer, layer: .v2gtp, expected: "V2GTP messages", clause: "ISO 15118-2 7.8.3"),
        .immediately)
    case .conditions(let new): update(new, at: now)
    case .stop(let reason): stop(reason, at: now)
    case .timeout: timeout(at: now)
    }
  }

  private mutating func connected(at now: Instant) {
    // A vehicle may be back before the old connection has run out its time.
    if state == .WaitForDisconnect { finish() }
    guard state == .Idle else { return }
    let setup = setupDeadline
    forgetConnection()
    setupDeadline = setup ?? now + timers.seccCommunicationSetup
    sequenceDeadline = now + timers.seccSequence
    enter(.WaitForSupportedAppProtocolReq)
  }

  private mutating func disconnected() {
    switch state {
    // The link is gone: nobody waits for the connection any more.
    case .Idle: setupDeadline = nil
    case .WaitForDisconnect: finish()
    default:
      let failure = SessionFailure(
        .disconnected, fault: .line, layer: .tcp, expected: "a connection until SessionStopRes",
        clause: "ISO 15118-2 clause 8.8")
      outcome = .failed(failure)
      actions.append(.trace(.failure(failure)))
      finish()
    }
  }

  mutating func receive(_ payload: RawSpan, type: V2GTPPayloadType, at now: Instant) {
    guard type == .exi, payload.byteCount > 0 else {
      actions.append(.trace(.ignoredPayload(type: type.rawValue)))
      return
    }
    switch state {
    case .Idle, .WaitForDisconnect: actions.append(.trace(.ignoredMessage))
    case .WaitForSupportedAppProtocolReq: negotiate(payload, at: now)
    default:
      switch codec.request(payload) {
      case .request(let request): receive(request, at: now)
      case .notARequest: endUndecodable(.sequence, got: "a response or an empty body", layer: .message)
      case .undecodable: endUndecodable(.undecodable, got: "octets outside the grammar", layer: .exi)
      }
    }
  }

  /// An EXI stream that is no request has no answer in the standard: close.
  mutating func endUndecodable(
    _ cause: SessionFailure.Cause, got: StaticString, layer: SessionFailure.Layer
  ) {
    end(
      SessionFailure(
        cause, fault: .peer, layer: layer, expected: "a request in EXI", got: got,
        clause: "ISO 15118-2 clause 7.9 (EXI)"),
      .immediately)
  }

  /// Checks what holds for every request, then gives it to its handler.
  private mutating func receive(_ request: SessionRequest, at now: Instant) {
    actions.append(.trace(.received(request.message)))
    sequenceDeadline = nil
    guard waiting == nil, isAdmitted(request.message) else {
      waiting = nil
      return fail(
        request, .FAILED_SequenceError,
        SessionFailure(
          .sequence, fault: .peer, layer: .message, expected: state.expectation,
          message: request.message, code: .FAILED_SequenceError, clause: "ISO 15118-2 [V2G2-538]"), at: now)
    }
    guard request.message == .SessionSetupReq || (request.session == id && !id.isZero) else {
      return fail(
        request, .FAILED_UnknownSession,
        SessionFailure(
          .unknownSession, fault: .peer, layer: .message, expected: "the SessionID of SessionSetupRes",
          message: request.message, code: .FAILED_UnknownSession,
          clause: "ISO 15118-2 clause 8.8, FAILED_UnknownSession"), at: now)
    }
    if let failure = refusal(of: request) { return fail(request, .FAILED, failure, at: now) }
    process(request, at: now)
  }

  private func isAdmitted(_ message: SessionMessage) -> Bool {
    if state.admits(message) { return true }
    return quirks.sessionStopInLoop && message == .SessionStopReq && state.isLoop
  }

  /// Faults and wishes to stop come before the request's own checks.
  private func refusal(of request: SessionRequest) -> SessionFailure? {
    if request.message == .SessionStopReq { return nil }
    if conditions.fault != nil {
      return SessionFailure(
        .emergency, fault: .equipment, layer: .hardware, expected: "an EVSE without a fault",
        message: request.message, code: .FAILED, clause: "DC_EVSEStatusCodeType")
    }
    guard stopReason != nil else { return nil }
    switch state {
    case _ where state.isLoop:
      if stopDeadline != nil || request.message == .PowerDeliveryReq { return nil }
    case .WaitForWeldingDetectionOrSessionStopReq, .WaitForSessionStopReq: return nil
    default: break
    }
    return SessionFailure(
      .stopped, fault: .user, layer: .application, expected: "the end of the session",
      message: request.message, code: .FAILED, clause: "ISO 15118-2 clause 8.8")
  }

  private mutating func process(_ request: SessionRequest, at now: Instant) {
    switch (request.message, request.content) {
    case (_, .sessionSetup(let evccID, let count)):
      sessionSetup(request, evccID: evccID, count: count, at: now)
    case (.ServiceDiscoveryReq, _): serviceDiscovery(request, at: now)
    case (_, .serviceDetail(let id)): serviceDetail(request, id, at: now)
    case (_, .paymentServiceSelection(let external, let charge, let foreign)):
      paymentServiceSelection(request, external: external, charge: charge, foreign: foreign, at: now)
    case (.AuthorizationReq, _): authorization(request, at: now)
    case (_, .chargeParameterDiscovery(let parameters)):
      chargeParameterDiscovery(request, parameters, at: now)
    case (.CableCheckReq, .status(let status)): cableCheck(request, status, at: now)
    case (_, .preCharge(let status, let target)): preCharge(request, status, target, at: now)
    case (_, .powerDelivery(let delivery)): powerDelivery(request, delivery, at: now)
    case (_, .currentDemand(let status, let target)): currentDemand(request, status, target, at: now)
    case (.ChargingStatusReq, _): chargingStatus(request, at: now)
    case (.WeldingDetectionReq, .status(let status)): weldingDetection(request, status, at: now)
    case (_, .sessionStop(let pause)): sessionStop(request, pause: pause, at: now)
    default: endUndecodable(.sequence, got: "a request without its content", layer: .message)
    }
  }
}
