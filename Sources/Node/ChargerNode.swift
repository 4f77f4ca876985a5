public import ControlPilot
public import HAL
import HomePlug
import ISO15118
public import SLAC
public import Safety
import V2GTransport
public import Wire

/// A charger with one outlet: which machine gets which event.
///
/// Order within one event: the pilot is classified, the supervisor judges and acts, and only then SLAC, discovery
/// and session learn of it. So nothing in the protocol stack can delay the opening of the contactor.
public struct ChargerNode<Keys: NetworkKeySource, Random: RandomNumberGenerator> {
  public typealias Event = ChargerEvent
  public typealias Action = ChargerAction

  public let configuration: ChargerConfiguration
  var pilot: EVSEPilot
  var supervisor: SafetySupervisor
  var matcher: EVSEMatcher<Keys>
  var discovery: SDPServer
  var stream: V2GTPStream
  var session: SECC<Random>
  var output = OutputBuffer(reserving: 8192)

  var conditions = EVSEConditions()
  /// What the session was told last.
  var told: EVSEConditions?
  /// What is on the wire: the pilot may have decided on another duty that is yet to be driven.
  var drivenDuty = PilotDuty.steadyHigh
  /// What is wrong on the pilot, until it reads sound again.
  public internal(set) var pilotFault: PilotFault?
  /// What the supervisor was told of the vehicle's diode.
  var isDiodeTold = false
  /// Pilot and safety come first; what they bring waits here until they are done.
  var news: [News] = []
  var isTellingNews = false
  var address: IPv6Address?
  var endpoint: V2GEndpoint?
  var plug = PlugIn()
  /// Tried again so often through state E/F since the vehicle was plugged in.
  var retries = 0
  /// The vehicle paused an authorized session, which it may take up again without asking.
  var mayResume = false
  /// Went through state E/F since the vehicle was plugged in.
  var hasStepped = false
  /// Limits as the host set them; `conditions` has those that cable and temperature leave.
  var hostLimits = EVSELimits()
  var cable = ProximityReader()
  var temperature: TemperatureLimit
  /// A temperature leaves nothing.
  var isTooHot = false
  /// A customer was identified by external means, for the vehicle that is or will be plugged in.
  var isIdentified = false
  /// Nominal duties are held back until another number of phases was taken.
  var isHeldForPhases = false
  /// When the modem may be switched off.
  var sleepDue: Instant?
  var isAsleep = false
  var frames = FrameLog()

  /// What follows from a pilot or a supervisor that has already acted.
  enum News {
    case pilot(EVSEPilot.Action)
    case fault(SafetyFault)
  }

  struct Verdict {
    var failure: NodeFailure
    var phase: NodePhase
    var due: Instant
  }

  /// What one try of a plug-in went through.
  struct PlugIn {
    var phase = NodePhase.idle
    /// SLAC was told that a vehicle is there.
    var announced = false
    var linkUp = false
    var peer: MACAddress?
    var connected = false
    var ended = false
    /// The try failed, and state E/F makes the vehicle start anew.
    var isRetrying = false
    /// That state is due as soon as the contactor is open.
    var hasStepDue = false
    /// The session ended by a pause: link and address are kept for the next one.
    var isPaused = false
    /// The host was asked to authorize.
    var authorizationAsked = false
    /// The host wants this vehicle's session to end.
    var stop: SECCStopReason?
    /// The stop was taken back while it was under way.
    var startsAnew = false
    /// Whom discovery answered, the latest last.
    var discovered: [IPv6Address] = []
    /// The pilot went to C during a pause: the first half of a B-C-B toggle.
    var wakeSince: Instant?
    /// A nominal duty was offered before the pause, and not 5 %.
    var pausedAtNominal = false
    /// A vehicle that was woken has to show until then.
    var wakeUntil: Instant?
    /// The line went dead: what to call it, unless the pilot shows until then that the plug is out.
    var verdict: Verdict?
    /// Until when a session that was cut off may tell its vehicle why.
    var farewellUntil: Instant?
    var command = EnergyCommand.none
    var basic = BasicCharging.off
    /// The vehicle was in C or D while it might charge by its duty: energy is demanded for it.
    var basicDemands = false
    /// Energy flowed by the duty alone.
    var hasChargedBasic = false
    /// A vehicle that does not react to its nominal duty is woken then.
    var legacyWakeDue: Instant?
    var wattHoursAtStart: Int?
    var wattHours = 0
    var lastEnergyTrace: Instant?
    /// When the pilot goes to X1 after a session that ended in order.
    var retainUntil: Instant?
    var heartbeatDue: Instant?

    var deadline: Instant? {
      earliest(retainUntil, heartbeatDue, farewellUntil, verdict?.due, wakeUntil, legacyWakeDue)
    }
  }

  public init(configuration: ChargerConfiguration, matcher: EVSEMatcher<Keys>, random: Random) {
    self.configuration = configuration
    self.matcher = matcher
    pilot = EVSEPilot(timers: configuration.pilot)
    supervisor = SafetySupervisor(settings: configuration.safety)
    temperature = TemperatureLimit(configuration.temperatureSensors)
    discovery = SDPServer(timers: configuration.transport)
    stream = V2GTPStream(payloadMax: configuration.payloadMax)
    session = SECC(configuration: configuration.session, random: random)
    // Until its program was heard.
    conditions.powerStageReady = !configuration.safety.hasExternalPowerStage
  }

  public var phase: NodePhase { plug.phase }
  /// The last try failed and another one follows through state E/F.
  public var isRetrying: Bool { plug.isRetrying }
  /// What each machine waits for, for the log of a rig that hangs.
  public var deadlines: [(machine: StaticString, at: Instant?)] {
    [
      ("pilot", pilot.deadline), ("safety", supervisor.deadline), ("slac", matcher.deadline),
      ("sdp", discovery.deadline), ("v2g", session.deadline), ("retain", plug.retainUntil),
      ("heartbeat", plug.heartbeatDue), ("farewell", plug.farewellUntil), ("verdict", plug.verdict?.due),
      ("wakeUp", plug.wakeUntil), ("legacy", plug.legacyWakeDue), ("sleep", sleepDue),
    ]
  }
  /// State and duty of the pilot as this charger sees them.
  public var pilotState: PilotState { pilot.state }
  public var pilotDuty: PilotDuty { pilot.duty }
  /// A matching process runs: it begins with the first valid CM_SLAC_PARM.REQ (V2G3-M06-08).
  public var isMatching: Bool { matcher.isMatching }
  /// Frames that were of no use, since the start.
  public var frameCounters: FrameCounters { frames.total }
  /// For observers and tests: the supervisor with its invariants.
  public var safety: SafetySupervisor { supervisor }

  public var deadline: Instant? {
    earliest(
      pilot.deadline, supervisor.deadline, matcher.deadline, discovery.deadline, session.deadline,
      plug.deadline, sleepDue)
  }

  public mutating func handle(_ event: Event, at now: Instant, perform: (Action) -> Void) {
    switch event {
    case .start:
      applyLimits(now, perform)
      match(.start, now, perform)
      scheduleSleep(now)
    case .pilot(let levels): drive(.sampled(levels), now, perform)
    case .contactorFeedback(let closed):
      conditions.contactorClosed = closed
      supervise(.contactorFeedback(closed: closed), now, perform)
      if closed, plug.command == .closeAC { enter(.energy, perform) }
      showBasic(perform)
    case .contactorUnknown: supervise(.contactorUnknown, now, perform)
    case .lock(let locked): supervise(.lock(locked: locked), now, perform)
    case .lockStuck(let stuck): supervise(.lockStuck(stuck), now, perform)
    case .earth(let ok): supervise(.earth(ok: ok), now, perform)
    case .residualCurrent(let ok): supervise(.residualCurrent(ok: ok), now, perform)
    case .phases(let three): supervise(.phases(three: three), now, perform)
    case .proximity(let reading): readCable(reading, now, perform)
    case .temperature(let sensor, let millicelsius):
      temperature.read(sensor, millicelsius: millicelsius)
      applyLimits(now, perform)
    case .emergencyStop(let pressed): supervise(.emergencyStop(pressed), now, perform)
    case .output(let reading, let wattHours): measured(reading, wattHours, now, perform)
    case .insulation(let status):
      conditions.isolation =
        switch status {
        case .invalid: .unchecked
        case .valid: .valid
        case .warning: .warning
        case .fault: .fault
        }
      supervise(.insulation(status), now, perform)
    case .powerStage(let ready, let trouble): powerStageIs(ready: ready, trouble, now, perform)
    case .authorization(let decision): authorized(decision, now, perform)
    case .identified(let positive): identify(positive, now, perform)
    case .limits(let limits):
      hostLimits = limits
      applyLimits(now, perform)
    case .stop(let reason): stop(reason, now, perform)
    case .resume: if plug.isPaused { resume(byVehicle: false, now, perform) } else { startAnew(now, perform) }
    case .serviceReset:
      supervise(.serviceReset, now, perform)
    case .network(let event): network(event, now, perform)
    case .timeout: timeout(now, perform)
    }
    refresh(now, perform)
  }

  /// Octets of the session's connection.
  public mutating func receive(_ octets: RawSpan, at now: Instant, perform: (Action) -> Void) {
    guard plug.connected else { return }
    var actions: [SECCAction] = []
    do throws(V2GTPError) {
      try Self.read(octets, &stream, &session, &output, at: now) { actions.append($0) }
    } catch {
      perform(.trace(.connection(.broken(error))))
      session.handle(.transportBroken, at: now, output: &output) { actions.append($0) }
    }
    carryOut(actions, now, perform)
    refresh(now, perform)
  }

  /// Cuts octets into messages and hands each to the session. Static, as the span of a message borrows from the
  /// stream while the session changes.
  private static func read(
    _ octets: RawSpan, _ stream: inout V2GTPStream, _ session: inout SECC<Random>,
    _ output: inout OutputBuffer,
    at now: Instant, perform: (SECCAction) -> Void
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
    if isDue(supervisor.deadline, at: now) { supervise(.timeout, now, perform) }
    if isDue(matcher.deadline, at: now) { match(.timeout, now, perform) }
    if isDue(discovery.deadline, at: now) { discover(.timeout, now, perform) }
    if isDue(session.deadline, at: now) { converse(.timeout, now, perform) }
    if let due = plug.retainUntil, now >= due {
      plug.retainUntil = nil
      ask(.x1, now, perform)
      if plug.ended { releaseLink(now, perform) }
    }
    if let verdict = plug.verdict, now >= verdict.due { conclude(verdict.failure, now, perform) }
    if let due = plug.farewellUntil, now >= due { partWithVehicle(now, perform) }
    if let due = plug.wakeUntil, now >= due { wakeUpExpired(now, perform) }
    if let due = plug.legacyWakeDue, now >= due { legacyWakeUpExpired(now, perform) }
    if let due = sleepDue, now >= due { sleep(now, perform) }
  }

  /// What follows from any event: the session sees new conditions, the supervisor that the session lives.
  private mutating func refresh(_ now: Instant, _ perform: (Action) -> Void) {
    holdForPhases(now, perform)
    updateBasic(now, perform)
    if plug.startsAnew, plug.ended { startAnew(now, perform) }
    if plug.hasStepDue { stepWhereOpen(now, perform) }
    inform(now, perform)
    guard plug.connected || plug.basicDemands else {
      plug.heartbeatDue = nil
      // Only a sign of life clears this fault, and here is one.
      if supervisor.latched == .heartbeatLost { supervise(.heartbeat, now, perform) }
      return
    }
    if let due = plug.heartbeatDue, now < due { return }
    plug.heartbeatDue = now + .milliseconds(500)
    supervise(.heartbeat, now, perform)
  }
}
