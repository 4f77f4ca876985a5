public import Wire

/// Whom and what an SECC's discovery server answers.
public struct SDPPolicy: Hashable, Sendable {
  /// What the SECC does with the security a vehicle asks for.
  public enum Security: Hashable, Sendable {
    /// TLS to those who ask for it, plain TCP to the others.
    case acceptOffer
    /// TLS to everyone.
    case enforceTLS
    /// Plain TCP to everyone; also the only choice of an SECC without a certificate (CMN_SDP_007).
    case enforceNoTLS
  }

  public var security: Security
  /// The station SLAC matched. A request that is known to come from another one is not answered: on a shared
  /// power line it belongs to the neighbour's charger. `nil` answers everyone.
  public var matchedPeer: MACAddress?
  /// What to do with a request whose link-layer source is not known, while `matchedPeer` is.
  public var answersUnknownSource: Bool

  public init(
    security: Security = .acceptOffer, matchedPeer: MACAddress? = nil, answersUnknownSource: Bool = true
  ) {
    self.security = security
    self.matchedPeer = matchedPeer
    self.answersUnknownSource = answersUnknownSource
  }
}

/// SECC side of discovery: answers requests while it is enabled.
///
/// Enable it when the data link is up and the TCP server listens; disable it when a session begins and when the
/// link goes down. Left alone it falls silent after V2G_SECC_CommunicationSetup_Timeout (CMN_SDP_004...006).
///
///     disabled --enable--> answering --disable / timeout--> disabled
public struct SDPServer: Machine, Sendable {
  public enum Event: Sendable {
    /// Announce this TCP server. Given again, it replaces endpoint and policy and starts the time anew.
    case enable(V2GEndpoint, SDPPolicy)
    case disable
    /// A datagram on port 15118. `mac` is the link-layer source where the driver knows it.
    case request([UInt8], from: V2GEndpoint, mac: MACAddress?)
    case timeout
  }

  public enum Action: Hashable, Sendable {
    case respond([UInt8], to: V2GEndpoint)
    case trace(SDPServerTrace)
    /// No session came about in time; the server is disabled and the link should be left.
    case expired
  }

  private enum State: Sendable {
    case disabled
    case answering(V2GEndpoint, SDPPolicy, until: Instant)
  }

  private let timers: TransportTimers
  private var state = State.disabled

  public init(timers: TransportTimers = .standard) { self.timers = timers }

  public var isEnabled: Bool {
    if case .answering = state { true } else { false }
  }

  public var deadline: Instant? {
    if case .answering(_, _, let until) = state { until } else { nil }
  }

  public mutating func handle(_ event: Event, at now: Instant, perform: (Action) -> Void) {
    switch (event, state) {
    case (.enable(let endpoint, let policy), _):
      state = .answering(endpoint, policy, until: now + timers.seccCommunicationSetup)
    case (.disable, _):
      state = .disabled
    case (.request(_, let source, _), .disabled):
      perform(.trace(.refused(.notEnabled, from: source)))
    case (.request(let datagram, let source, let mac), .answering(let endpoint, let policy, let until)):
      guard now < until else { return expire(perform) }
      answer(datagram, from: source, mac: mac, endpoint: endpoint, policy: policy, perform)
    case (.timeout, .answering(_, _, let until)) where now >= until:
      expire(perform)
    case (.timeout, _):
      break
    }
  }

  private mutating func expire(_ perform: (Action) -> Void) {
    state = .disabled
    perform(.expired)
  }

  private func answer(
    _ datagram: [UInt8], from source: V2GEndpoint, mac: MACAddress?, endpoint: V2GEndpoint,
    policy: SDPPolicy, _ perform: (Action) -> Void
  ) {
    if let matched = policy.matchedPeer {
      if let mac, mac != matched { return perform(.trace(.refused(.notMatched(mac), from: source))) }
      if mac == nil, !policy.answersUnknownSource {
        return perform(.trace(.refused(.sourceUnknown, from: source)))
      }
    }
    let request: SDPRequest
    do {
      request = try unsafe SDPRequest(parsing: datagram.span.bytes)
    } catch {
      return perform(.trace(.refused(.malformed(error), from: source)))
    }
    guard source.address.isLinkLocal, source.port != 0 else {
      return perform(.trace(.refused(.notLinkLocal, from: source)))
    }
    let security: SDPSecurity =
      switch policy.security {
      case .acceptOffer: request.security
      case .enforceTLS: .tls
      case .enforceNoTLS: .noTLS
      }
    var output = OutputBuffer(reserving: V2GTPHeader.size + SDPResponse.payloadLength)
    SDPResponse(address: endpoint.address, port: endpoint.port, security: security).encode(into: &output)
    perform(.respond(output.octets, to: source))
    perform(.trace(.answered(asked: request.security, given: security, to: source)))
  }
}

/// What a timeline shows of the server.
public enum SDPServerTrace: Hashable, Sendable {
  case answered(asked: SDPSecurity, given: SDPSecurity, to: V2GEndpoint)
  case refused(Reason, from: V2GEndpoint)

  public enum Reason: Hashable, Sendable {
    /// No link, a session is running, or the time for one has passed.
    case notEnabled
    case malformed(SDPError)
    /// Known to come from a station other than the matched one.
    case notMatched(MACAddress)
    /// Its station is not known, and the policy wants to know.
    case sourceUnknown
    /// An answer could not stay on the link.
    case notLinkLocal
  }
}
