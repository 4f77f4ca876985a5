import ControlPilot
import HAL
import ISO15118
public import SLAC
import V2GTransport
public import Wire

/// A vehicle at one inlet: which machine gets which event.
public struct VehicleNode<Keys: NetworkKeySource> {
  public typealias Event = VehicleEvent
  public typealias Action = VehicleAction

  public let configuration: VehicleConfiguration
  var pilot: EVPilot
  var matcher: EVMatcher<Keys>
  var discovery: SDPClient
  var stream: V2GTPStream
  var session: EVCC
  var output = OutputBuffer(reserving: 4096)
  var conditions = EVConditions()
  var address: IPv6Address?
  var plug = PlugIn()
  var frames = FrameLog()
  var keeper: VehicleGuard
  /// Until then the onboard charger may still take what it took before it was told to stop.
  var drawsUntil: Instant?
  /// When S2 opens, which waits for that.
  var releaseDue: Instant?

  struct PlugIn {
    var phase = NodePhase.idle
    var offer = PilotOffer.none
    /// When an offer that permits to communicate has been seen for T_conn_init_HLC, or its lack for long enough.
    var communicationDue: Instant?
    /// When a session whose offer went to X1 has heard long enough of why.
    var offerLostUntil: Instant?
    /// What the session lets the onboard charger take, mA.
    var chargerMilliamps = 0
    /// S2 was asked to close for a charge by the duty alone.
    var isBasic = false
    /// This charger was found not to communicate: another nominal duty is charged by at once.
    var isBasicKnown = false
    var announced = false
    var linkUp = false
    /// The session ended by a pause: the link is kept for the next one.
    var isPaused = false
    /// When a charger that was woken and offers nothing is woken again, and how often it was.
    var wakeDue: Instant?
    var wakeUps = 0
    /// When the network is left after a session that has ended.
    var leaveDue: Instant?
    var peer: MACAddress?
    var connecting = false
    var connected = false
    var ended = false
    var wattHoursAtStart: UInt64?
    var wattHours = 0
    var lastEnergyTrace: Instant?
    var progress = EVProgress()
    /// Matching waits for the vehicle to want energy.
    var waitsForWish = false
    /// The plug is out, or nobody knows: nothing waits for a current to go down.
    var isLoose = false
    /// Why nothing may flow any more.
    var bar: VehicleBar?
  }

  public init(configuration: VehicleConfiguration, matcher: EVMatcher<Keys>) {
    self.configuration = configuration
    self.matcher = matcher
    pilot = EVPilot(timers: configuration.pilot)
    discovery = SDPClient(timers: configuration.transport)
    stream = V2GTPStream(payloadMax: configuration.payloadMax)
    session = EVCC(configuration: configuration.session)
    keeper = VehicleGuard(configuration.safety)
  }

  public var phase: NodePhase { plug.phase }
  public var hasEnded: Bool { plug.ended }
  /// Energy of this session so far by the charger's meter, in Wh; 0 without one.
  public var wattHours: Int { plug.wattHours }

  /// Frames that were of no use, since the start.
  public var frameCounters: FrameCounters { frames.total }

  public var deadline: Instant? {
    earliest(
      pilot.deadline, matcher.deadline, discovery.deadline, session.deadline, keeper.deadline,
      earliest(plug.communicationDue, plug.offerLostUntil, plug.wakeDue, plug.leaveDue), releaseDue)
  }

  public mutating func handle(_ event: Event, at now: Instant, perform: (Action) -> Void) {
    switch event {
    case .start: match(.start, now, perform)
    case .proximity(let proximity): plugged(proximity, now, perform)
    case .pilot(let signal): drive(.measured(signal), now, perform)
    case .conditions(var new):
      new.pilot = conditions.pilot
      new.contactorClosed = conditions.contactorClosed
      if new.onboardMilliamps ?? .max < 1000 { drawsUntil = nil }
      let wakes = plug.isPaused && conditions.wish != .charge && new.wish == .charge
      conditions = new
      if plug.waitsForWish, conditions.wish == .charge {
        plug.waitsForWish = false
        if permitsCommunication(plug.offer) { announce(now, perform) }
      }
      if wakes {
        plug.wakeUps = 0
        wake(now, perform)
      }
      if releaseDue != nil { release(now, perform) }
    case .contactorFeedback(let closed):
      conditions.contactorClosed = closed
      keeper.note(closed: closed, at: now)
    case .lock(let locked):
      keeper.note(locked: locked, at: now)
      if locked { ask(now, perform) }
    case .lockStuck(let stuck): if keeper.note(isLockStuck: stuck) { raise(.lockStuck, now, perform) }
    case .temperature(let sensor, let millicelsius): keeper.note(sensor: sensor, millicelsius: millicelsius)
    case .battery(let ready): keeper.isBatteryReady = ready
    case .equipment(let ok): keeper.isEquipmentSound = ok
    case .serviceReset: resetByService(perform)
    case .network(let event): network(event, now, perform)
    case .timeout: timeout(now, perform)
    }
    keepSafe(now, perform)
    updateBasic(now, perform)
    if plug.connected { converse(.conditions(presentConditions), now, perform) }
    keepSafe(now, perform)
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
    keepSafe(now, perform)
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
    // Only who is due: to ask the others is to fetch all their code for nothing.
    if isDue(pilot.deadline, at: now) { drive(.timeout, now, perform) }
    if releaseDue != nil { release(now, perform) }
    if let due = plug.communicationDue, now >= due {
      plug.communicationDue = nil
      announce(now, perform)
    }
    if let due = plug.offerLostUntil, now >= due { offerIsLost(now, perform) }
    if let due = plug.wakeDue, now >= due { wake(now, perform) }
    if let due = plug.leaveDue, now >= due { leave(.terminate, now, perform) }
    if isDue(matcher.deadline, at: now) { match(.timeout, now, perform) }
    if isDue(discovery.deadline, at: now) { discover(.timeout, now, perform) }
    if isDue(session.deadline, at: now) { converse(.timeout, now, perform) }
  }

  mutating func enter(_ phase: NodePhase, _ perform: (Action) -> Void) {
    guard phase != plug.phase else { return }
    plug.phase = phase
    perform(.trace(.phase(phase)))
  }
}
