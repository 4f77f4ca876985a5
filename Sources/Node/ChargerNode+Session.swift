import HAL
import HomePlug
import ISO15118
import SLAC
import Safety
import V2GTransport
import Wire

extension ChargerNode {
  // MARK: SLAC

  mutating func match(_ event: EVSEMatcher<Keys>.Event, _ now: Instant, _ perform: (Action) -> Void) {
    guard case .slac = configuration.link else { return }
    var actions: [EVSEMatcher<Keys>.Action] = []
    matcher.handle(event, at: now) { actions.append($0) }
    for action in actions {
      switch action {
      case .send(let frame):
        var buffer = OutputBuffer(reserving: 128)
        frame.encode(into: &buffer)
        perform(.network(.frame(buffer.octets)))
      case .linkReady(let peer): linkReady(peer: peer, now, perform)
      case .linkLost(let loss): fail(.linkLost(loss), now, perform)
      case .failed(let failure): fail(.slac(failure), now, perform)
      case .trace(let trace):
        perform(.trace(.slac(trace)))
        if case .matched = trace { enter(.joining, perform) }
      }
    }
  }

  mutating func linkReady(peer: MACAddress?, _ now: Instant, _ perform: (Action) -> Void) {
    plug.linkUp = true
    plug.peer = peer
    enter(.discovery, perform)
    // Without SLAC there is no D-LINK_READY to count from: the set-up timer then starts with the connection.
    if case .slac = configuration.link { converse(.linkReady, now, perform) }
    perform(.network(.listen(true)))
    openDiscovery(now, perform)
  }

  // MARK: network

  mutating func network(_ event: NetworkEvent, _ now: Instant, _ perform: (Action) -> Void) {
    switch event {
    case .frame(let octets):
      if let frame = try? ManagementFrame(parsing: octets.span.bytes) {
        match(.received(frame), now, perform)
      }
    case .address(let new):
      address = new
      if let new { perform(.trace(.address(new))) }
      openDiscovery(now, perform)
    case .listening(let place):
      endpoint = place
      perform(.trace(.connection(.listening(place))))
      openDiscovery(now, perform)
    case .datagram(let octets, let source, let mac):
      discover(.request(octets, from: source, mac: mac), now, perform)
    case .connected(let peer):
      guard plug.linkUp, !plug.connected, !plug.ended else {
        perform(.trace(.connection(.refused(peer))))
        perform(.network(.close))
        return
      }
      plug.connected = true
      stream = V2GTPStream(payloadMax: configuration.payloadMax)
      perform(.trace(.connection(.opened(peer))))
      enter(.setup, perform)
      discover(.disable, now, perform)
      // One connection per session (ISO 15118-2 7.7.3): the listener goes until the next plug-in.
      perform(.network(.listen(false)))
      converse(.connected, now, perform)
    case .disconnected:
      guard plug.connected else { return }
      plug.connected = false
      perform(.trace(.connection(.closed)))
      converse(.disconnected, now, perform)
    }
  }

  /// SDP is answered once link, address and listener are there.
  private mutating func openDiscovery(_ now: Instant, _ perform: (Action) -> Void) {
    guard plug.linkUp, !plug.connected, !plug.ended, let address, let endpoint else { return }
    var announced = endpoint
    if announced.address == .unspecified { announced.address = address }
    discover(
      .enable(announced, SDPPolicy(security: .enforceNoTLS, matchedPeer: plug.peer)), now, perform)
  }

  mutating func discover(_ event: SDPServer.Event, _ now: Instant, _ perform: (Action) -> Void) {
    var actions: [SDPServer.Action] = []
    discovery.handle(event, at: now) { actions.append($0) }
    for action in actions {
      switch action {
      case .respond(let octets, let to): perform(.network(.datagram(octets, to: to)))
      case .trace(let trace): perform(.trace(.sdpServer(trace)))
      case .expired: break  // The session's own communication-setup timer ends the try.
      }
    }
  }

  // MARK: session

  mutating func converse(_ event: SECCEvent, _ now: Instant, _ perform: (Action) -> Void) {
    var actions: [SECCAction] = []
    session.handle(event, at: now, output: &output) { actions.append($0) }
    flush(perform)
    for action in actions { act(action, now, perform) }
  }

  mutating func flush(_ perform: (Action) -> Void) {
    guard !output.isEmpty else { return }
    perform(.network(.send(output.octets)))
    output.removeAll()
  }

  mutating func act(_ action: SECCAction, _ now: Instant, _ perform: (Action) -> Void) {
    switch action {
    case .authorizationNeeded: perform(.authorizationNeeded)
    case .vehicle: break
    case .energy(let command): demand(command, now, perform)
    case .trace(let trace): perform(.trace(.session(trace)))
    case .close: perform(.network(.close))
    case .ended(let outcome):
      switch outcome {
      case .failed(let failure): fail(.session(failure), now, perform)
      case .terminated, .paused: end(.completed(outcome, wattHours: plug.wattHours), now, perform)
      }
    }
  }

  // MARK: the end of a try

  /// Something went wrong. The first cause is the one that is told; what follows from it is not.
  mutating func fail(_ failure: NodeFailure, _ now: Instant, _ perform: (Action) -> Void) {
    guard plug.phase != .idle, !plug.ended else { return }
    end(.failed(failure), now, perform)
    guard pilot.state.isConnected else { return }
    match(.error, now, perform)
    // V2G3-M06-07: state E/F for T_step_EF makes the vehicle start anew; after C_sequ_retry it is left in X1.
    if retries < configuration.retries, failure.mayRetry {
      retries += 1
      drive(.request(.errorStep), now, perform)
      offerDigital(now, perform)
    } else {
      drive(.request(.x1), now, perform)
    }
  }

  mutating func end(_ outcome: NodeOutcome, _ now: Instant, _ perform: (Action) -> Void) {
    guard !plug.ended else { return }
    plug.ended = true
    demand(.none, now, perform)
    supervise(.energyRequested(nil), now, perform)
    supervise(.authorized(false), now, perform)
    conditions.authorization = .pending
    conditions.isolation = .unchecked
    conditions.fault = nil
    discover(.disable, now, perform)
    perform(.network(.listen(false)))
    if plug.connected, case .failed(let failure) = outcome {
      // The session answers or closes by itself where the cause was its own.
      if case .session = failure {
      } else {
        plug.connected = false
        perform(.network(.close))
        converse(.disconnected, now, perform)
      }
    }
    enter(.finished, perform)
    perform(.trace(.ended(outcome)))
    if case .completed = outcome { plug.retainUntil = now + configuration.oscillatorRetain }
  }
}

extension NodeFailure {
  /// A vehicle that starts anew could do better.
  public var mayRetry: Bool {
    switch self {
    case .slac, .linkLost, .session, .connection, .discovery, .noAddress: true
    case .pilot, .safety, .unplugged, .pilotLost, .stuck: false
    }
  }
}
