import HAL
import HomePlug
import ISO15118
import SLAC
import V2GTransport
import Wire

extension VehicleNode {
  // MARK: SLAC and network

  mutating func match(
    _ event: EVMatcher<Keys>.Event, _ now: Instant, _ perform: (Action) -> Void
  ) {
    guard case .slac = configuration.link else { return }
    var actions: [EVMatcher<Keys>.Action] = []
    matcher.handle(event, at: now) { actions.append($0) }
    for action in actions {
      switch action {
      case .send(let frame):
        var buffer = OutputBuffer(reserving: 128)
        frame.encode(into: &buffer)
        perform(.network(.frame(buffer.octets)))
      case .linkReady(let peer): linkReady(peer: peer, now, perform)
      case .linkLost(let loss): linkLost(loss, now, perform)
      case .failed(let failure): matchingFailed(failure, now, perform)
      case .toggle(let times): drive(.request(.toggle(times)), now, perform)
      case .trace(.messageRejected): break  // Counted, and told once: see `FrameLog`.
      case .trace(let trace):
        perform(.trace(.slac(trace)))
        if case .matched = trace { enter(.joining, perform) }
      }
    }
  }

  /// The link is gone. Option B: the matcher matches again by itself after T_conn_resetup.
  private mutating func linkLost(_ loss: LinkLoss, _ now: Instant, _ perform: (Action) -> Void) {
    switch loss {
    case .linkDown, .modemSilent:
      guard matcher.rematchesAfterLoss, !plug.ended, permitsCommunication(plug.offer) else { break }
      let offer = plug.offer
      end(.failed(.linkLost(loss)), now, perform)
      disconnect(now, perform)
      plug = PlugIn()
      plug.offer = offer
      plug.announced = true
      enter(.matching, perform)
      return
    case .pilot, .terminated, .error: break
    }
    fail(.linkLost(loss), now, perform)
  }

  /// Matching ended without a link. Without 5 % that is no end: the offer stands, and 5 % may yet come.
  private mutating func matchingFailed(
    _ failure: MatchFailure, _ now: Instant, _ perform: (Action) -> Void
  ) {
    guard plug.offer != .digital, failure.party != .ownModem, !plug.ended, plug.announced else {
      return fail(.slac(failure), now, perform)
    }
    plug.announced = false
    if case .amps = plug.offer { plug.isBasicKnown = true }
    enter(.pilot, perform)
  }

  mutating func linkReady(peer: MACAddress?, _ now: Instant, _ perform: (Action) -> Void) {
    guard !plug.ended else { return }
    plug.linkUp = true
    plug.peer = peer
    enter(.discovery, perform)
    converse(.linkReady, now, perform)
    ask(now, perform)
  }

  mutating func network(_ event: NetworkEvent, _ now: Instant, _ perform: (Action) -> Void) {
    switch event {
    case .frame(let octets):
      let frame = frames.read(octets) { perform(.trace(.frame($0))) }
      if let frame { match(.received(frame), now, perform) }
    case .address(let new):
      address = new
      if let new { perform(.trace(.address(new))) }
      ask(now, perform)
    case .datagram(let octets, let source, let mac):
      discover(.response(octets, from: source, mac: mac), now, perform)
    case .connected(let peer):
      // The one there is stays; whoever hands in a second one has to close it.
      guard !plug.connected else { return perform(.trace(.connection(.refused(peer)))) }
      guard plug.connecting, !plug.ended else {
        perform(.trace(.connection(.refused(peer))))
        perform(.network(.close))
        return
      }
      plug.connecting = false
      plug.connected = true
      stream = V2GTPStream(payloadMax: configuration.payloadMax)
      perform(.trace(.connection(.opened(peer))))
      enter(.setup, perform)
      converse(.connected, now, perform)
    case .disconnected:
      if plug.connecting {
        plug.connecting = false
        fail(.connection, now, perform)
      } else if plug.connected {
        plug.connected = false
        perform(.trace(.connection(.closed)))
        converse(.disconnected, now, perform)
      }
    case .listening: break
    }
  }

  mutating func ask(_ now: Instant, _ perform: (Action) -> Void) {
    // With the plug locked: a session that is under way has 250 ms for S2.
    guard plug.linkUp, address != nil, !plug.connected, !plug.connecting, !plug.ended, !discovery.isAsking,
      keeper.isPlugHeld
    else { return }
    discover(.start(SDPDemand(security: .noTLS, matchedPeer: plug.peer)), now, perform)
  }

  mutating func discover(_ event: SDPClient.Event, _ now: Instant, _ perform: (Action) -> Void) {
    var actions: [SDPClient.Action] = []
    discovery.handle(event, at: now) { actions.append($0) }
    for action in actions {
      switch action {
      case .send(let octets): perform(.network(.datagram(octets, to: nil)))
      case .found(let endpoint, _):
        plug.connecting = true
        perform(.trace(.connection(.connecting(endpoint))))
        perform(.network(.connect(endpoint)))
      case .failed(let failure): fail(.discovery(failure), now, perform)
      case .trace(let trace): perform(.trace(.sdpClient(trace)))
      }
    }
  }

  // MARK: session

  mutating func converse(_ event: EVCCEvent, _ now: Instant, _ perform: (Action) -> Void) {
    var actions: [EVCCAction] = []
    session.handle(event, at: now, output: &output) { actions.append($0) }
    flush(perform)
    for action in actions { act(action, now, perform) }
  }

  mutating func flush(_ perform: (Action) -> Void) {
    guard !output.isEmpty else { return }
    perform(.network(.send(output.octets)))
    output.removeAll()
  }

  mutating func act(_ action: EVCCAction, _ now: Instant, _ perform: (Action) -> Void) {
    switch action {
    case .pilot(let letter):
      guard letter.isReady, plug.bar == nil else { return release(now, perform) }
      drive(.request(.c), now, perform)
    case .contactor(let close): want(contactor: close, now, perform)
    case .charger(let milliamps):
      guard milliamps > 0 else { return stopCharger(now, perform) }
      guard plug.bar == nil else { return }
      plug.chargerMilliamps = milliamps
      if plug.offerLostUntil == nil { perform(.charger(milliamps: milliamps)) }
    case .progress(let progress): report(progress, now, perform)
    case .trace(let trace):
      perform(.trace(.session(trace)))
      if case .evcc(let state) = trace { follow(state, perform) }
    case .close:
      plug.connected = false
      perform(.network(.close))
    case .ended(let outcome):
      switch outcome {
      case .failed(let failure): fail(.session(failure), now, perform)
      case .terminated, .paused: end(.completed(outcome, wattHours: plug.wattHours), now, perform)
      }
    }
  }

  mutating func follow(_ state: EVCCState, _ perform: (Action) -> Void) {
    switch state {
    case .WaitForCableCheckRes, .WaitForPreChargeRes, .WaitForPowerDeliveryStartRes:
      enter(.preparation, perform)
    case .WaitForCurrentDemandRes, .WaitForChargingStatusRes: enter(.energy, perform)
    case .WaitForPowerDeliveryStopRes, .WaitForWeldingDetectionRes, .WaitForSessionStopRes:
      enter(.stopping, perform)
    default: break
    }
  }

  mutating func report(_ progress: EVProgress, _ now: Instant, _ perform: (Action) -> Void) {
    if let meter = progress.meterWattHours {
      let start = plug.wattHoursAtStart ?? meter
      plug.wattHoursAtStart = start
      plug.wattHours = Int(clamping: meter) - Int(clamping: start)
    }
    plug.progress = progress
    guard plug.phase == .energy else { return }
    if let last = plug.lastEnergyTrace, now - last < .seconds(1) { return }
    plug.lastEnergyTrace = now
    let energy = EnergyReading(
      millivolts: progress.presentMillivolts, milliamps: progress.presentMilliamps,
      wattHours: plug.wattHours, socPercent: conditions.socPercent)
    perform(.trace(.energy(energy)))
  }

  // MARK: the end of a try

  mutating func fail(_ failure: NodeFailure, _ now: Instant, _ perform: (Action) -> Void) {
    guard plug.phase != .idle, !plug.ended else { return }
    let failure = address == nil && failure.isSilence ? .noAddress : failure
    end(.failed(failure), now, perform)
    if case .session = failure {
      // It has closed its connection. The network is left a little later, or the last octets would be lost.
      guard plug.connecting else { return }
    }
    leave(.pilotLost, now, perform)
  }

  mutating func end(_ outcome: NodeOutcome, _ now: Instant, _ perform: (Action) -> Void) {
    guard !plug.ended else { return }
    plug.ended = true
    plug.isBasic = false
    plug.communicationDue = nil
    plug.offerLostUntil = nil
    switch outcome {
    case .completed(.paused, _):
      plug.isPaused = true
      match(.pause, now, perform)
    case .completed, .failed(.session): plug.leaveDue = now + configuration.coupling.leavesAfter
    case .failed: break
    }
    stopCharger(now, perform)
    want(contactor: false, now, perform)
    plug.progress = EVProgress()
    release(now, perform)
    discover(.stop, now, perform)
    enter(.finished, perform)
    frames.summarize { perform(.trace(.frame($0))) }
    perform(.trace(.ended(outcome)))
  }
}
