import ControlPilot
import HAL
import HomePlug
import ISO15118
public import SLAC
import V2GTransport
public import Wire

/// A vehicle at one inlet: which machine gets which event.
public struct VehicleNode<Keys: NetworkKeySource> {
  public typealias Event = VehicleEvent
  public typealias Action = VehicleAction

  public let configuration: VehicleConfiguration
  private var pilot: EVPilot
  private var matcher: EVMatcher<Keys>
  private var discovery: SDPClient
  private var stream: V2GTPStream
  private var session: EVCC
  private var output = OutputBuffer(reserving: 4096)
  private var conditions = EVConditions()
  private var address: IPv6Address?
  private var plug = PlugIn()

  private struct PlugIn {
    var phase = NodePhase.idle
    var offer = PilotOffer.none
    /// When 5 % has been seen for T_conn_init_HLC.
    var communicationDue: Instant?
    /// When a session whose offer went to X1 has heard long enough of why.
    var offerLostUntil: Instant?
    /// What the session lets the onboard charger take, mA.
    var chargerMilliamps = 0
    var announced = false
    var linkUp = false
    /// The session ended by a pause: the link is kept for the next one.
    var isPaused = false
    var peer: MACAddress?
    var connecting = false
    var connected = false
    var ended = false
    var wattHoursAtStart: UInt64?
    var wattHours = 0
    var lastEnergyTrace: Instant?
  }

  public init(configuration: VehicleConfiguration, matcher: EVMatcher<Keys>) {
    self.configuration = configuration
    self.matcher = matcher
    pilot = EVPilot(timers: configuration.pilot)
    discovery = SDPClient(timers: configuration.transport)
    stream = V2GTPStream(payloadMax: configuration.payloadMax)
    session = EVCC(configuration: configuration.session)
  }

  public var phase: NodePhase { plug.phase }
  public var hasEnded: Bool { plug.ended }
  /// Energy of this session so far by the charger's meter, in Wh; 0 without one.
  public var wattHours: Int { plug.wattHours }

  public var deadline: Instant? {
    earliest(
      pilot.deadline, matcher.deadline, discovery.deadline, session.deadline, plug.communicationDue,
      plug.offerLostUntil)
  }

  public mutating func handle(_ event: Event, at now: Instant, perform: (Action) -> Void) {
    switch event {
    case .start: match(.start, now, perform)
    case .proximity(let proximity): plugged(proximity, now, perform)
    case .pilot(let signal): drive(.measured(signal), now, perform)
    case .conditions(var new):
      new.pilot = conditions.pilot
      new.contactorClosed = conditions.contactorClosed
      let wakes = plug.isPaused && conditions.wish != .charge && new.wish == .charge
      conditions = new
      // B-C-B: the charger offers 5 % again (ISO 15118-3 clause 7.6).
      if wakes, plug.offer == .none { drive(.request(.toggle(1)), now, perform) }
    case .contactorFeedback(let closed): conditions.contactorClosed = closed
    case .network(let event): network(event, now, perform)
    case .timeout: timeout(now, perform)
    }
    if plug.connected { converse(.conditions(conditions), now, perform) }
  }

  /// Octets of the session's connection.
  public mutating func receive(_ octets: RawSpan, at now: Instant, perform: (Action) -> Void) {
    guard plug.connected else { return }
    var actions: [EVCCAction] = []
    do throws(V2GTPError) {
      try Self.read(octets, &stream, &session, &output, at: now) { actions.append($0) }
    } catch {
      perform(.trace(.connection(.broken(error))))
      session.handle(.transportBroken, at: now, output: &output) { actions.append($0) }
    }
    flush(perform)
    for action in actions { act(action, now, perform) }
  }

  /// Cuts octets into messages and hands each to the session. Static, as the span of a message borrows from the
  /// stream while the session changes.
  private static func read(
    _ octets: RawSpan, _ stream: inout V2GTPStream, _ session: inout EVCC, _ output: inout OutputBuffer,
    at now: Instant, perform: (EVCCAction) -> Void
  ) throws(V2GTPError) {
    var rest = octets
    repeat {
      rest = rest.extracting(droppingFirst: stream.append(rest))
      while let message = try stream.next() {
        session.receive(
          stream.payload, type: message.payloadType, at: now, output: &output, perform: perform)
      }
    } while rest.byteCount > 0
  }

  private mutating func timeout(_ now: Instant, _ perform: (Action) -> Void) {
    drive(.timeout, now, perform)
    if let due = plug.communicationDue, now >= due {
      plug.communicationDue = nil
      announce(now, perform)
    }
    if let due = plug.offerLostUntil, now >= due { offerIsLost(now, perform) }
    match(.timeout, now, perform)
    discover(.timeout, now, perform)
    converse(.timeout, now, perform)
  }

  private mutating func enter(_ phase: NodePhase, _ perform: (Action) -> Void) {
    guard phase != plug.phase else { return }
    plug.phase = phase
    perform(.trace(.phase(phase)))
  }

  // MARK: control pilot

  private mutating func plugged(_ proximity: Proximity, _ now: Instant, _ perform: (Action) -> Void) {
    if case .plugged = proximity, plug.phase == .idle {
      plug = PlugIn()
      enter(.pilot, perform)
    }
    if case .open = proximity, plug.phase != .idle {
      // The cause first: the offer is lost because the plug is out. S2 and contactors open with it.
      if !plug.ended { end(.failed(.unplugged(during: plug.phase)), now, perform) }
      leave(now, perform)
      drive(.proximity(proximity), now, perform)
      session.paused = nil
      plug = PlugIn()
      perform(.trace(.phase(.idle)))
    } else {
      drive(.proximity(proximity), now, perform)
    }
  }

  private mutating func drive(_ event: EVPilot.Event, _ now: Instant, _ perform: (Action) -> Void) {
    var actions: [EVPilot.Action] = []
    pilot.handle(event, at: now) { actions.append($0) }
    for action in actions {
      switch action {
      case .setLoad(let load):
        conditions.pilot = PilotLetter(load)
        perform(.setLoad(load))
      case .offer(let offer): offered(offer, now, perform)
      case .attached: break  // The host told us first.
      }
    }
  }

  private mutating func offered(_ offer: PilotOffer, _ now: Instant, _ perform: (Action) -> Void) {
    guard offer != plug.offer else { return }
    let old = plug.offer
    plug.offer = offer
    perform(.trace(.offer(offer)))
    if offer == .digital {
      if plug.offerLostUntil != nil {
        plug.offerLostUntil = nil
        perform(.charger(milliamps: plug.chargerMilliamps))
      }
      if plug.ended {
        if plug.isPaused {
          // The pause is over: the link is still there, and the session is taken up again over it.
          let peer = plug.peer
          plug = PlugIn()
          plug.isPaused = true
          plug.linkUp = true
          plug.peer = peer
        } else {
          // The charger starts anew (state E/F, then 5 %): so does the vehicle.
          leave(now, perform)
          plug = PlugIn()
        }
        plug.offer = offer
        enter(.pilot, perform)
      }
      plug.communicationDue = now + configuration.communicationDelay
    } else if old == .digital || offer == .error {
      lost(offer, now, perform)
    }
  }

  private mutating func lost(_ offer: PilotOffer, _ now: Instant, _ perform: (Action) -> Void) {
    plug.communicationDue = nil
    if plug.isPaused, plug.ended, offer == .none { return }
    if offer == .none, plug.connected, !plug.ended {
      // X1: nothing is drawn any more, but the session may still hear why.
      perform(.charger(milliamps: 0))
      plug.offerLostUntil = now + configuration.offerLossPatience
      return
    }
    offerIsLost(now, perform)
  }

  private mutating func offerIsLost(_ now: Instant, _ perform: (Action) -> Void) {
    plug.offerLostUntil = nil
    plug.isPaused = false
    if plug.phase != .idle, !plug.ended { end(.failed(.pilotLost(during: plug.phase)), now, perform) }
    leave(now, perform)
  }

  private mutating func announce(_ now: Instant, _ perform: (Action) -> Void) {
    guard !plug.announced, !plug.ended else { return }
    plug.announced = true
    if plug.isPaused {
      plug.isPaused = false
      match(.resume, now, perform)
      if !plug.ended { linkReady(peer: plug.peer, now, perform) }
      return
    }
    switch configuration.link {
    case .slac:
      enter(.matching, perform)
      match(.pilotReady, now, perform)
    case .assumed: linkReady(peer: nil, now, perform)
    }
  }

  /// Drops connection and link, whatever there is of them.
  private mutating func leave(_ now: Instant, _ perform: (Action) -> Void) {
    discover(.stop, now, perform)
    if plug.connected || plug.connecting {
      plug.connected = false
      plug.connecting = false
      perform(.network(.close))
    }
    // Also without a connection: the time for one may be running.
    converse(.disconnected, now, perform)
    if plug.announced || plug.linkUp {
      plug.announced = false
      match(.pilotLost, now, perform)
    }
    plug.linkUp = false
  }

  // MARK: SLAC and network

  private mutating func match(
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
      case .linkLost(let loss): fail(.linkLost(loss), now, perform)
      case .failed(let failure): fail(.slac(failure), now, perform)
      case .toggle(let times): drive(.request(.toggle(times)), now, perform)
      case .trace(let trace):
        perform(.trace(.slac(trace)))
        if case .matched = trace { enter(.joining, perform) }
      }
    }
  }

  private mutating func linkReady(peer: MACAddress?, _ now: Instant, _ perform: (Action) -> Void) {
    guard !plug.ended else { return }
    plug.linkUp = true
    plug.peer = peer
    enter(.discovery, perform)
    converse(.linkReady, now, perform)
    ask(now, perform)
  }

  private mutating func network(_ event: NetworkEvent, _ now: Instant, _ perform: (Action) -> Void) {
    switch event {
    case .frame(let octets):
      if let frame = try? ManagementFrame(parsing: octets.span.bytes) {
        match(.received(frame), now, perform)
      }
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

  private mutating func ask(_ now: Instant, _ perform: (Action) -> Void) {
    guard plug.linkUp, address != nil, !plug.connected, !plug.connecting, !plug.ended, !discovery.isAsking
    else { return }
    discover(.start(SDPDemand(security: .noTLS, matchedPeer: plug.peer)), now, perform)
  }

  private mutating func discover(_ event: SDPClient.Event, _ now: Instant, _ perform: (Action) -> Void) {
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

  private mutating func converse(_ event: EVCCEvent, _ now: Instant, _ perform: (Action) -> Void) {
    var actions: [EVCCAction] = []
    session.handle(event, at: now, output: &output) { actions.append($0) }
    flush(perform)
    for action in actions { act(action, now, perform) }
  }

  private mutating func flush(_ perform: (Action) -> Void) {
    guard !output.isEmpty else { return }
    perform(.network(.send(output.octets)))
    output.removeAll()
  }

  private mutating func act(_ action: EVCCAction, _ now: Instant, _ perform: (Action) -> Void) {
    switch action {
    case .pilot(let letter): drive(.request(letter.isReady ? .c : .b), now, perform)
    case .contactor(let close): perform(.contactor(close: close))
    case .charger(let milliamps):
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

  private mutating func follow(_ state: EVCCState, _ perform: (Action) -> Void) {
    switch state {
    case .WaitForCableCheckRes, .WaitForPreChargeRes, .WaitForPowerDeliveryStartRes:
      enter(.preparation, perform)
    case .WaitForCurrentDemandRes, .WaitForChargingStatusRes: enter(.energy, perform)
    case .WaitForPowerDeliveryStopRes, .WaitForWeldingDetectionRes, .WaitForSessionStopRes:
      enter(.stopping, perform)
    default: break
    }
  }

  private mutating func report(_ progress: EVProgress, _ now: Instant, _ perform: (Action) -> Void) {
    if let meter = progress.meterWattHours {
      let start = plug.wattHoursAtStart ?? meter
      plug.wattHoursAtStart = start
      plug.wattHours = Int(clamping: meter) - Int(clamping: start)
    }
    guard plug.phase == .energy else { return }
    if let last = plug.lastEnergyTrace, now - last < .seconds(1) { return }
    plug.lastEnergyTrace = now
    let energy = EnergyReading(
      millivolts: progress.presentMillivolts, milliamps: progress.presentMilliamps,
      wattHours: plug.wattHours, socPercent: conditions.socPercent)
    perform(.trace(.energy(energy)))
  }

  // MARK: the end of a try

  private mutating func fail(_ failure: NodeFailure, _ now: Instant, _ perform: (Action) -> Void) {
    guard plug.phase != .idle, !plug.ended else { return }
    let failure = address == nil && failure.isSilence ? .noAddress : failure
    end(.failed(failure), now, perform)
    if case .session = failure {
      // It has closed its connection. The network is left with the pilot, or the last octets would be lost.
      guard plug.connecting else { return }
    }
    leave(now, perform)
  }

  private mutating func end(_ outcome: NodeOutcome, _ now: Instant, _ perform: (Action) -> Void) {
    guard !plug.ended else { return }
    plug.ended = true
    plug.communicationDue = nil
    plug.offerLostUntil = nil
    if case .completed(.paused, _) = outcome {
      plug.isPaused = true
      match(.pause, now, perform)
    }
    perform(.charger(milliamps: 0))
    perform(.contactor(close: false))
    drive(.request(.b), now, perform)
    discover(.stop, now, perform)
    enter(.finished, perform)
    perform(.trace(.ended(outcome)))
  }
}

extension PilotLetter {
  init(_ load: PilotLoad) {
    switch load {
    case .detached: self = .A
    case .b: self = .B
    case .c: self = .C
    case .d: self = .D
    }
  }
}
