import Wire

/// From the handshake to the authorization (ISO 15118-2 8.2, 8.4.3.2 to 8.4.3.7).
extension SECCSession {
  /// supportedAppProtocol: of the protocols we serve the one the EV likes best ([V2G2-169]).
  mutating func negotiate(_ payload: RawSpan, at now: Instant) {
    let offer: ProtocolOffer
    switch codec.protocolOffer(payload, allows2010: quirks.namespace2010) {
    case .undecodable: return endUndecodable(.undecodable, got: "octets outside the grammar", layer: .exi)
    case .nothingInCommon:
      actions.append(.trace(.received(.supportedAppProtocolReq)))
      let failure = SessionFailure(
        .noNegotiation, fault: .peerRefused, layer: .application, expected: "urn:iso:15118:2:2013:MsgDef 2.x",
        message: .supportedAppProtocolReq, code: .Failed_NoNegotiation, clause: "ISO 15118-2 clause 8.2")
      return fail(.supportedAppProtocolReq, .Failed_NoNegotiation, failure, at: now)
    case .offer(let best): offer = best
    }
    actions.append(.trace(.received(.supportedAppProtocolReq)))
    let code: SessionResponseCode =
      offer.versionMinor == offer.name.versionMinor
      ? .OK_SuccessfulNegotiation : .OK_SuccessfulNegotiationWithMinorDeviation
    actions.append(.trace(.negotiated(offer.name, code)))
    answer(
      SessionAnswer(message: .supportedAppProtocolRes, code: code, schemaID: offer.schemaID),
      next: .WaitForSessionSetupReq, at: now)
  }

  /// [V2G2-753] to [V2G2-756]: zero asks for a new session, a paused id joins the old one, and any other id
  /// gets a new session. Zero may have any length: vehicles and the open EVCCs send one octet 00, others eight.
  mutating func sessionSetup(_ request: SessionRequest, evccID: UInt64, count: Int, at now: Instant) {
    vehicle.evccID = evccID
    vehicle.evccIDCount = count
    let code: SessionResponseCode
    if let old = paused, !request.session.isZero, request.session == old.id {
      resumed = old
      mode = old.mode
      scheduleTupleID = old.scheduleTupleID
      id = old.id
      code = .OK_OldSessionJoined
    } else {
      id = candidateID
      code = .OK_NewSessionEstablished
    }
    paused = nil
    setupDeadline = nil
    actions.append(.trace(.session(id, resumed: resumed != nil)))
    actions.append(.vehicle(vehicle))
    answer(
      SessionAnswer(message: .SessionSetupRes, code: code), next: .WaitForServiceDiscoveryReq, at: now)
  }

  mutating func serviceDiscovery(_ request: SessionRequest, at now: Instant) {
    answer(
      SessionAnswer(message: .ServiceDiscoveryRes, code: .OK),
      next: .WaitForServiceDetailOrPaymentServiceSelectionReq, at: now)
  }

  /// We offer no value-added service, so no id is right ([V2G2-425]).
  mutating func serviceDetail(_ request: SessionRequest, _ service: UInt16, at now: Instant) {
    let failure = SessionFailure(
      .parameter, fault: .peer, layer: .application, expected: "a ServiceID of ServiceDiscoveryRes",
      message: request.message, code: .FAILED_ServiceIDInvalid, clause: "ISO 15118-2 [V2G2-425]")
    fail(request, .FAILED_ServiceIDInvalid, failure, at: now)
  }

  mutating func paymentServiceSelection(
    _ request: SessionRequest, external: Bool, charge: Bool, foreign: Bool, at now: Instant
  ) {
    let wrong: (SessionResponseCode, StaticString, StaticString)? =
      if !external {
        (.FAILED_PaymentSelectionInvalid, "ExternalPayment", "ISO 15118-2 8.4.3.5")
      } else if foreign {
        (.FAILED_ServiceSelectionInvalid, "services of ServiceDiscoveryRes", "ISO 15118-2 8.4.3.5")
      } else if !charge {
        (.FAILED_NoChargeServiceSelected, "the ChargeService", "ISO 15118-2 8.4.3.5")
      } else {
        nil
      }
    if let (code, expected, clause) = wrong {
      let failure = SessionFailure(
        .parameter, fault: .peer, layer: .application, expected: expected, message: request.message,
        code: code, clause: clause)
      return fail(request, code, failure, at: now)
    }
    if resumed == nil { actions.append(.authorizationNeeded) }
    answer(
      SessionAnswer(message: .PaymentServiceSelectionRes, code: .OK), next: .WaitForAuthorizationReq, at: now)
  }

  /// EIM: until the customer has identified himself the EV is told to keep asking ([V2G2-854]). A refusal has
  /// no code of its own in this edition: the EV keeps asking until the time is up.
  mutating func authorization(_ request: SessionRequest, at now: Instant) {
    if resumed != nil || conditions.authorization == .granted {
      return answer(
        SessionAnswer(message: .AuthorizationRes, code: .OK, processing: .Finished),
        next: .WaitForChargeParameterDiscoveryReq, at: now)
    }
    guard mayStayOngoing(timers.eimAuthorization, at: now) else {
      let failure = SessionFailure(
        .authorizationTimeout, fault: .user, layer: .timer, expected: "an authorized customer",
        message: request.message, code: .FAILED, clause: "ISO 15118-2 [V2G2-854]")
      return fail(request, .FAILED, failure, at: now)
    }
    answer(
      SessionAnswer(
        message: .AuthorizationRes, code: .OK, processing: .Ongoing_WaitingForCustomerInteraction),
      next: state, at: now)
  }

  /// Starts the time of a run of Ongoing answers with the first of them; false when it is over.
  mutating func mayStayOngoing(_ limit: Duration, at now: Instant) -> Bool {
    if let end = ongoingDeadline { return now < end }
    ongoingDeadline = now + limit
    return true
  }
}
