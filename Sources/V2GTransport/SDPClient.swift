public import Wire

/// What a vehicle asks of discovery and what it puts up with.
public struct SDPDemand: Hashable, Sendable {
  /// Asked for in the request.
  public var security: SDPSecurity
  /// Go on without TLS when TLS was asked for and the SECC has none. Right for external identification under
  /// ISO 15118-2; wrong for Plug and Charge and for ISO 15118-20.
  public var acceptsNoTLS: Bool
  /// Go on with TLS when it was not asked for.
  public var acceptsTLS: Bool
  /// The station SLAC matched; an answer known to come from another one is refused. `nil` takes any.
  public var matchedPeer: MACAddress?
  /// Take an answer that announces an address outside fe80::/10, or that comes from one. Off by default:
  /// only a link-local address is required of a vehicle.
  public var acceptsGlobalAddress: Bool

  public init(
    security: SDPSecurity, acceptsNoTLS: Bool = true, acceptsTLS: Bool = false,
    matchedPeer: MACAddress? = nil, acceptsGlobalAddress: Bool = false
  ) {
    self.security = security
    self.acceptsNoTLS = acceptsNoTLS
    self.acceptsTLS = acceptsTLS
    self.matchedPeer = matchedPeer
    self.acceptsGlobalAddress = acceptsGlobalAddress
  }
}

/// EVCC side of discovery: asks every 250 ms, at most 50 times, and takes the first acceptable answer.
///
///     idle --start--> asking --acceptable response--> idle (found)
///                       |  ^ '--last wait over--> idle (failed)
///                       '--'  wait over: ask again
///
/// The 20 s of V2G_EVCC_CommunicationSetup_Timeout span more than discovery and are the caller's: it sends
/// `stop`.
public struct SDPClient: Machine, Sendable {
  public enum Event: Sendable {
    /// The data link is up and a link-local address is usable.
    case start(SDPDemand)
    case stop
    /// A datagram on the client's port. `mac` is the link-layer source where the driver knows it.
    case response([UInt8], from: V2GEndpoint, mac: MACAddress?)
    case timeout
  }

  public enum Action: Hashable, Sendable {
    /// To `[ff02::1]:15118` on the link.
    case send([UInt8])
    /// Where to connect. The scope is that of the answer's source.
    case found(V2GEndpoint, SDPSecurity)
    case failed(SDPFailure)
    case trace(SDPClientTrace)
  }

  private struct Asking: Sendable {
    var demand: SDPDemand
    var requests = 0
    var next: Instant
    var lastRefusal: SDPClientTrace.Reason?
  }

  private let timers: TransportTimers
  private var asking: Asking?

  public init(timers: TransportTimers = .standard) { self.timers = timers }

  public var isAsking: Bool { asking != nil }

  public var deadline: Instant? { asking?.next }

  public mutating func handle(_ event: Event, at now: Instant, perform: (Action) -> Void) {
    switch event {
    case .start(let demand):
      asking = Asking(demand: demand, next: now)
      ask(at: now, perform)
    case .stop:
      asking = nil
    case .timeout:
      ask(at: now, perform)
    case .response(let datagram, let source, let mac):
      // After the first acceptable answer the others are cross-talk.
      guard var current = asking else { return }
      switch judge(datagram, from: source, mac: mac, current.demand) {
      case .success(let response):
        asking = nil
        let endpoint = V2GEndpoint(response.address, port: response.port, scope: source.scope)
        perform(.trace(.found(endpoint, response.security, requests: current.requests)))
        perform(.found(endpoint, response.security))
      case .failure(let reason):
        current.lastRefusal = reason
        asking = current
        perform(.trace(.refused(reason, from: source)))
      }
    }
  }

  private mutating func ask(at now: Instant, _ perform: (Action) -> Void) {
    guard var current = asking, now >= current.next else { return }
    guard current.requests < timers.sdpRequestMax else {
      asking = nil
      return perform(.failed(SDPFailure(requests: current.requests, lastRefusal: current.lastRefusal)))
    }
    current.requests += 1
    current.next = now + timers.sdpResponseWait
    asking = current
    var output = OutputBuffer(reserving: V2GTPHeader.size + SDPRequest.payloadLength)
    SDPRequest(security: current.demand.security).encode(into: &output)
    perform(.trace(.asked(current.demand.security, request: current.requests)))
    perform(.send(output.octets))
  }

  private func judge(
    _ datagram: [UInt8], from source: V2GEndpoint, mac: MACAddress?, _ demand: SDPDemand
  ) -> Result<SDPResponse, SDPClientTrace.Reason> {
    if let matched = demand.matchedPeer, let mac, mac != matched { return .failure(.notMatched(mac)) }
    let response: SDPResponse
    do {
      response = try unsafe SDPResponse(parsing: datagram.span.bytes)
    } catch {
      return .failure(.malformed(error))
    }
    guard demand.acceptsGlobalAddress || source.address.isLinkLocal else {
      return .failure(.notLinkLocal(source.address))
    }
    guard !response.address.isMulticast, response.address != .unspecified,
      demand.acceptsGlobalAddress || response.address.isLinkLocal
    else { return .failure(.notLinkLocal(response.address)) }
    // 49152...65535 is recommended; SECCs in the field listen on 50000 and elsewhere, so only 0 is refused.
    guard response.port != 0 else { return .failure(.portZero) }
    if response.security != demand.security {
      let accepted = response.security == .tls ? demand.acceptsTLS : demand.acceptsNoTLS
      guard accepted else { return .failure(.security(response.security, asked: demand.security)) }
    }
    return .success(response)
  }
}

/// Nobody answered acceptably within SDP_request_max_counter.
public struct SDPFailure: Error, Hashable, Sendable {
  /// How often was asked.
  public var requests: Int
  /// Why the last answer was refused; `nil` when there was none at all.
  public var lastRefusal: SDPClientTrace.Reason?

  public init(requests: Int, lastRefusal: SDPClientTrace.Reason?) {
    self.requests = requests
    self.lastRefusal = lastRefusal
  }
}

/// What a timeline shows of the client.
public enum SDPClientTrace: Hashable, Sendable {
  case asked(SDPSecurity, request: Int)
  case found(V2GEndpoint, SDPSecurity, requests: Int)
  case refused(Reason, from: V2GEndpoint)

  public enum Reason: Error, Hashable, Sendable {
    case malformed(SDPError)
    /// Known to come from a station other than the matched one.
    case notMatched(MACAddress)
    /// The source or the announced address is not a link-local unicast address.
    case notLinkLocal(IPv6Address)
    case portZero
    /// The SECC insists on a security the demand does not accept.
    case security(SDPSecurity, asked: SDPSecurity)
  }
}
