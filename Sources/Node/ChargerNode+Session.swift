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
    let wasMatching = matcher.isMatching
    matcher.handle(event, at: now) { actions.append($0) }
    defer { if wasMatching, !matcher.isMatching { matchingEnded(now, perform) } }
    for action in actions {
      switch action {
      case .send(let frame):
        var buffer = OutputBuffer(reserving: 128)
        frame.encode(into: &buffer)
        perform(.network(.frame(buffer.octets)))
      case .linkReady(let peer): linkReady(peer: peer, now, perform)
      case .linkLost(let loss): fail(.linkLost(loss), now, perform)
      case .failed(let failure): matchingFailed(failure, now, perform)
      case .toggle: break  // Only an EV's.
      case .trace(.messageRejected): break  // Counted, and told once: see `FrameLog`.
      case .trace(let trace):
        perform(.trace(.slac(trace)))
        follow(trace, now, perform)
      }
    }
  }

  mutating func linkReady(peer: MACAddress?, _ now: Instant, _ perform: (Action) -> Void) {
    guard !plug.ended else { return }
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
      let frame = frames.read(octets) { perform(.trace(.frame($0))) }
      if let frame { match(.received(frame), now, perform) }
    case .address(let new):
      address = new
      // What listened on another address listens no more.
      if let place = endpoint?.address, place != .unspecified, place != new { endpoint = nil }
      if let new { perform(.trace(.address(new))) } else { discover(.disable, now, perform) }
      openDiscovery(now, perform)
    case .listening(let place):
      endpoint = place
      perform(.trace(.connection(.listening(place))))
      openDiscovery(now, perform)
    case .datagram(let octets, let source, let mac):
      discover(.request(octets, from: source, mac: mac), now, perform)
    case .connected(let peer): connected(peer, now, perform)
    case .disconnected:
      guard plug.connected else { return }
      plug.connected = false
      perform(.trace(.connection(.closed)))
      converse(.disconnected, now, perform)
      if plug.farewellUntil != nil { partWithVehicle(now, perform) }
    }
  }

  private mutating func connected(_ peer: V2GEndpoint, _ now: Instant, _ perform: (Action) -> Void) {
    guard !plug.connected else {
      // The one there is stays; whoever hands in a second one has to close it.
      return perform(.trace(.connection(.refused(peer))))
    }
    // Who connects is who asked, where anybody asked: no other station of the link takes the vehicle's place.
    let isExpected = plug.discovered.isEmpty || plug.discovered.contains(peer.address)
    guard plug.linkUp, !plug.ended, plug.verdict == nil, isExpected else {
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
    stopListening(perform)
    converse(.connected, now, perform)
    inform(now, perform)
    if let reason = plug.stop { converse(.stop(reason), now, perform) }
  }

  private mutating func stopListening(_ perform: (Action) -> Void) {
    perform(.network(.listen(false)))
    // The next listener may stand elsewhere: nobody is sent to this one any more.
    endpoint = nil
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
      case .respond(let octets, let to):
        perform(.network(.datagram(octets, to: to)))
        plug.discovered.removeAll { $0 == to.address }
        if plug.discovered.count >= 8 { plug.discovered.removeFirst() }
        plug.discovered.append(to.address)
      case .trace(let trace): perform(.trace(.sdpServer(trace)))
      case .expired:
        // With SLAC the session's own communication-setup timer ends the try; without, nothing does.
        if case .assumed = configuration.link { openDiscovery(now, perform) }
      }
    }
  }

  // MARK: session

  mutating func converse(_ event: SECCEvent, _ now: Instant, _ perform: (Action) -> Void) {
    var actions: [SECCAction] = []
    session.handle(event, at: now, output: &output) { actions.append($0) }
    carryOut(actions, now, perform)
  }

  /// Energy first, then the answer, then the rest.
  mutating func carryOut(_ actions: [SECCAction], _ now: Instant, _ perform: (Action) -> Void) {
    let fails = actions.contains { if case .ended(.failed) = $0 { true } else { false } }
    for case .energy(let command) in actions { demand(command, fails: fails, now, perform) }
    flush(perform)
    for action in actions { act(action, now, perform) }
  }

  /// The session sees new conditions.
  mutating func inform(_ now: Instant, _ perform: (Action) -> Void) {
    guard conditions != told else { return }
    told = conditions
    converse(.conditions(conditions), now, perform)
  }

  mutating func flush(_ perform: (Action) -> Void) {
    guard !output.isEmpty else { return }
    perform(.network(.send(output.octets)))
    output.removeAll()
  }

  mutating func act(_ action: SECCAction, _ now: Instant, _ perform: (Action) -> Void) {
    switch action {
    case .authorizationNeeded:
      guard !plug.ended else { return }
      plug.authorizationAsked = true
      // Who was identified by other means is not asked again.
      if isIdentified { return authorized(.granted, now, perform) }
      perform(.authorizationNeeded)
    case .vehicle, .energy: break
    case .trace(let trace):
      perform(.trace(.session(trace)))
      follow(trace, now, perform)
    case .close:
      plug.connected = false
      perform(.network(.close))
      if plug.farewellUntil != nil { partWithVehicle(now, perform) }
    case .ended(let outcome):
      switch outcome {
      case .failed(let failure): fail(.session(failure), now, perform)
      case .terminated, .paused: end(.completed(outcome, wattHours: plug.wattHours), now, perform)
      }
    }
  }

  private mutating func follow(_ trace: SessionTrace, _ now: Instant, _ perform: (Action) -> Void) {
    switch trace {
    case .session(_, let resumed):
      // A resumed session is the authorized one of before; any other has to ask.
      if resumed, mayResume {
        plug.authorizationAsked = true
        authorized(.granted, now, perform)
      } else {
        // Who charges by the duty goes on until the session wants energy itself.
        supervise(
          .authorized(conditions.authorization == .granted || plug.basic == .offered), now, perform)
      }
      mayResume = false
    case .sent(.SessionStopRes, .OK, _):
      if !plug.ended { plug.retainUntil = now + configuration.oscillatorRetain }
    default: break
    }
  }

  /// A session runs for a customer who was granted it.
  public var isSessionAuthorized: Bool {
    plug.connected && !plug.ended && conditions.authorization == .granted
  }

  mutating func authorized(
    _ decision: EVSEConditions.Authorization, _ now: Instant, _ perform: (Action) -> Void
  ) {
    guard decision != .granted || (plug.authorizationAsked && !plug.ended) else { return }
    if plug.basic != .off, !plug.connected {
      // Nobody asked, and whoever charges by the duty was identified by other means. A refusal ends it in order.
      if decision == .refused { stop(.backend, now, perform) }
      return
    }
    // A session that was granted already ends in order, its contacts without current.
    if decision == .refused, isSessionAuthorized { return stop(.backend, now, perform) }
    conditions.authorization = decision
    supervise(.authorized(decision == .granted), now, perform)
  }

  mutating func stop(_ reason: SECCStopReason, _ now: Instant, _ perform: (Action) -> Void) {
    guard plug.phase != .idle else { return }
    plug.stop = reason
    plug.startsAnew = false
    if plug.basic == .offered {
      // The energy flows by the duty: a session that has only begun beside it goes first.
      forgetConnection(now, perform)
      return stopBasic(now, perform)
    }
    if plug.connected { converse(.stop(reason), now, perform) }
  }

  // MARK: the end of a try

  /// Something went wrong. The first cause is the one that is told; what follows from it is not.
  mutating func fail(_ failure: NodeFailure, _ now: Instant, _ perform: (Action) -> Void) {
    guard plug.phase != .idle, !plug.ended else { return }
    if chargesOn(after: failure, now, perform) { return }
    guard failure.mayBeThePlug, pilot.state.isConnected else { return conclude(failure, now, perform) }
    guard plug.verdict == nil else { return }
    plug.verdict = Verdict(failure: failure, phase: plug.phase, due: now + configuration.unplugDetection)
    cutEnergy(now, perform)
  }

  /// The try has failed, and this is the cause.
  mutating func conclude(_ cause: NodeFailure, _ now: Instant, _ perform: (Action) -> Void) {
    var failure = cause
    // Who had no address was not found; that the other side then gave up is what followed.
    if address == nil, plug.phase == .discovery, cause.isSilence { failure = .noAddress }
    // A contactor that did not close because it must not: what kept it open is the cause.
    if case .session(let session) = cause, session.cause == .contactor {
      let obstacles = supervisor.obstacles(at: now)
      if obstacles.contains(.earthNotSound) { failure = .safety(.earthLost) }
      if obstacles.contains(.residualCurrentNotSound) { failure = .safety(.residualCurrent) }
      if obstacles.contains(.noCable) { failure = .safety(.proximityLost) }
      if obstacles.contains(.notLocked), configuration.safety.hasLock { failure = .safety(.lockNotConfirmed) }
    }
    plug.verdict = nil
    // In X1 there is no 5 % whose loss would tell the vehicle anything.
    let isOffering = pilot.goal != .x1
    let rematches = mayRematch(after: failure)
    end(.failed(failure), now, perform)
    guard pilot.state.isConnected else { return }
    if plug.farewellUntil == nil { match(.error, now, perform) }
    if rematches { return rematch(now, perform) }
    // V2G3-M06-07: state E/F for T_step_EF makes the vehicle start anew; after C_sequ_retry it is left in X1.
    if isOffering, retries < configuration.retries, failure.mayRetry, plug.stop == nil,
      !supervisor.isPilotForced
    {
      retries += 1
      stepThroughError(.retry, now, perform)
    } else if offer == .digital || !failure.mayRetry || plug.stop != nil {
      ask(.x1, now, perform)
    } else {
      // What needs no communication stays.
      ask(offer, now, perform)
    }
  }

  mutating func end(_ outcome: NodeOutcome, _ now: Instant, _ perform: (Action) -> Void) {
    guard !plug.ended else { return }
    plug.ended = true
    plug.verdict = nil
    if case .completed(.paused, _) = outcome {
      // The plug stays locked: the supervisor goes on to know that the session is an authorized one.
      mayResume = conditions.authorization == .granted
      plug.isPaused = true
      plug.pausedAtNominal = isNominalOffered
      // Keys and state are kept from now on, also if the vehicle's modem sleeps at once.
      match(.pause, now, perform)
    }
    cutEnergy(now, perform)
    discover(.disable, now, perform)
    stopListening(perform)
    if case .failed(let failure) = outcome { endSession(because: failure, now, perform) }
    enter(.finished, perform)
    frames.summarize { perform(.trace(.frame($0))) }
    perform(.trace(.ended(outcome)))
    if case .completed = outcome, plug.retainUntil == nil {
      // The pilot is in X1 already, or was never told when the session stopped.
      ask(.x1, now, perform)
      releaseLink(now, perform)
    }
  }

  /// The try ends without an outcome: another one takes its place.
  mutating func abandon(_ now: Instant, _ perform: (Action) -> Void) {
    plug.ended = true
    plug.verdict = nil
    cutEnergy(now, perform)
    discover(.disable, now, perform)
    stopListening(perform)
    forgetConnection(now, perform)
  }

  private mutating func cutEnergy(_ now: Instant, _ perform: (Action) -> Void) {
    forgetBasic(perform)
    demand(.none, fails: true, now, perform)
    supervise(.energyRequested(nil), now, perform)
    if !plug.isPaused { supervise(.authorized(false), now, perform) }
    plug.authorizationAsked = false
    conditions.authorization = .pending
    conditions.isolation = .unchecked
  }

  private mutating func endSession(because failure: NodeFailure, _ now: Instant, _ perform: (Action) -> Void)
  {
    switch failure {
    case .session: break  // It answers or closes by itself where the cause was its own.
    case .safety where plug.connected:
      // The energy is off. The vehicle hears why in the answer to its next request, then the connection goes.
      plug.farewellUntil = now + configuration.farewell
    default:
      if plug.connected {
        plug.connected = false
        perform(.network(.close))
      }
      // Also without a connection: the time for one may be running.
      converse(.disconnected, now, perform)
    }
  }

  /// The vehicle was told why, or did not ask in time.
  mutating func partWithVehicle(_ now: Instant, _ perform: (Action) -> Void) {
    plug.farewellUntil = nil
    if plug.connected {
      plug.connected = false
      perform(.network(.close))
    }
    converse(.disconnected, now, perform)
    if pilot.state.isConnected { match(.error, now, perform) }
  }

  /// After a session that ended in order: the network is left, or kept for the rest of a paused one.
  mutating func releaseLink(_ now: Instant, _ perform: (Action) -> Void) {
    match(plug.isPaused ? .pause : .terminate, now, perform)
  }
}

extension NodeFailure {
  /// A vehicle that starts anew could do better.
  public var mayRetry: Bool {
    switch self {
    // The same modem again: no other vehicle would fare better.
    case .slac(.modemUnfit): false
    case .slac, .linkLost, .connection, .discovery, .noAddress: true
    case .session(let failure):
      switch failure.fault {
      case .peer, .line: true
      // A customer who was slow may be quicker; one who wants to stop is not asked again.
      case .user: failure.cause == .authorizationTimeout
      // The same again, as long as nobody changes either side.
      case .peerRefused, .equipment, .site: false
      }
    case .pilot, .safety, .unplugged, .pilotLost, .stuck: false
    }
  }
}

extension NodeFailure {
  /// A plug that is pulled shows on connection and link before the pilot is debounced.
  var mayBeThePlug: Bool {
    switch self {
    case .linkLost: true
    case .session(let failure): failure.cause == .disconnected
    default: false
    }
  }

  /// The other side was not heard.
  var isSilence: Bool {
    switch self {
    case .linkLost: true
    case .session(let failure): failure.cause == .communicationSetupTimeout
    default: false
    }
  }
}
