public import HomePlug
public import PLCModem
public import Wire

// ISO 15118-3 Annex A.9, the EVSE side, with the modem dialogue it needs.
//
//   off -start-> Detecting -> KeySetup -CNF-> Unmatched -plugged-> Matching -MATCH.REQ-> WaitLink -link up-> Matched
//                               ^                                    | TT_EVSE_SLAC_init    | TT_match_join   |
//                               |                                    v                      v                 |
//                               +---- CP A, E, F, terminate, error, link lost -------- Failed <--             |
//                               +-------------------------------------------------------------------------- --+
//
// Deviations, on purpose:
// - Unmatched/Matching to Unmatched without a new key when no CM_SLAC_MATCH.CNF went out: nobody knows the
//   key, and some modems write every key to flash.
// - What `SLACTolerances` overlooks.

/// The EVSE's matching machine: answers EVs, averages their sounds, validates, hands out the key of one network,
/// watches the link, and leaves it.
public struct EVSEMatcher<Keys: NetworkKeySource>: Machine {
  public typealias Event = EVSEMatchEvent
  public typealias Action = MatchAction

  /// Where the machine is, as the standard and the tables name it.
  public enum Phase: String, CaseIterable, Sendable {
    case off, detecting, keySetup, unmatched, matching, waitLink, matched, failed
  }

  enum State {
    case off
    case detecting(ModemDetection)
    case keySetup(KeySetup)
    case unmatched
    case matching(Matching)
    case waitLink(WaitLink)
    case matched(Matched)
    case failed
  }

  struct KeySetup {
    var dialogue: KeyDialogue
    /// Matching has failed: rest there until the control pilot moves.
    var failed: Bool
    /// Sleep once the network is left.
    var thenSleeps = false
    /// The next question for the network has the header of the older firmware.
    var asksNarrow = false
  }

  struct Matching {
    /// TT_EVSE_SLAC_init; runs only while there is no session.
    var initDeadline: Instant?
    var restarts = 0
    var sessions: [EVSESession] = []
    /// Sessions opened so far.
    var opened = 0
    /// The own modem sends VS_ATTENUATION_CHARACTERISTICS.
    var hearsHomePlug = false
    /// More EVs than any place has: somebody floods, and the log shall not drown with us.
    var isQuiet: Bool { opened >= 200 }
  }

  struct WaitLink {
    let session: EVSESession
    let confirmation: ManagementFrame
    let until: Instant
    /// When a modem that cannot be asked is taken to have joined.
    let assumedAt: Instant?
    var watch: LinkWatch
    var amplitude = AmplitudeExchange()
  }

  struct Matched {
    let peer: MACAddress
    var watch: LinkWatch
    var amplitude: AmplitudeExchange
    var isPaused = false
    /// T_conn_resume: after a pause the link may take so long to come back.
    var resumeUntil: Instant?
    /// Nothing is asked: the modem has no answer.
    var isAssumed = false
  }

  var state = State.off
  let configuration: SLACConfiguration
  var keys: Keys
  /// The key the modem holds, or is being given.
  var key: NetworkKey
  var modem: OwnModem
  /// Control pilot in B, C or D: outlasts the states, because it may come while a key is being set.
  var vehiclePresent = false
  /// The modem was just switched on, and has taken no key since.
  var isStarting = false
  /// Since when the control pilot is in C or D.
  var asksSince: Instant?
  /// Went to `off` by `sleep`: a vehicle wakes it.
  var isAsleep = false

  var timers: SLACTimers { configuration.timers }
  var settings: SLACSettings { configuration.settings }

  public init(configuration: SLACConfiguration, keys: Keys) {
    self.configuration = configuration
    self.keys = keys
    modem = OwnModem(configuration)
    key = self.keys.networkKey()
  }

  public var phase: Phase {
    switch state {
    case .off: .off
    case .detecting: .detecting
    case .keySetup: .keySetup
    case .unmatched: .unmatched
    case .matching: .matching
    case .waitLink: .waitLink
    case .matched: .matched
    case .failed: .failed
    }
  }

  /// A matching process runs. The control pilot logic must know [V2G3-M06-08]: it begins with the first valid
  /// CM_SLAC_PARM.REQ, not when the machine starts to listen.
  public var isMatching: Bool {
    switch state {
    case .matching(let matching): !matching.sessions.isEmpty
    case .waitLink: true
    default: false
    }
  }

  /// Sessions in progress.
  public var sessionCount: Int {
    if case .matching(let matching) = state { return matching.sessions.count }
    return 0
  }

  /// The network handed out, once matched or joining.
  public var network: NID? {
    switch state {
    case .waitLink, .matched: key.nid
    default: nil
    }
  }

  /// The other side, once the key was exchanged.
  public var peer: MACAddress? {
    switch state {
    case .waitLink(let wait): wait.session.ev
    case .matched(let matched): matched.peer
    default: nil
    }
  }

  /// Who the own modem says it is; `nil` where it does not.
  public var modemIdentity: ModemIdentity? { modem.identity }

  public var deadline: Instant? {
    switch state {
    case .off, .unmatched, .failed:
      return nil
    case .detecting(let detection):
      return detection.deadline
    case .keySetup(let setup):
      return setup.dialogue.deadline
    case .matching(let matching):
      var first = matching.initDeadline
      for session in matching.sessions { first = earliest(first, session.deadline) }
      return first
    case .waitLink(let wait):
      guard let upSince = wait.watch.upSince else {
        return earliest(wait.until, wait.watch.nextPoll, wait.watch.hasAnswered ? nil : wait.assumedAt)
      }
      return earliest(
        wait.watch.nextPoll, upSince + timers.linkReadyNotification, wait.amplitude.until)
    case .matched(let matched):
      let poll = matched.isPaused || matched.isAssumed ? nil : matched.watch.nextPoll
      return earliest(poll, matched.amplitude.until)
    }
  }

  public mutating func handle(_ event: EVSEMatchEvent, at now: Instant, perform: (MatchAction) -> Void) {
    switch event {
    case .start:
      if case .off = state { wake(at: now, perform: perform) }
    case .sleep: sleep()
    case .vehicleConnected:
      vehiclePresent = true
      connected(at: now, perform: perform)
    case .vehicleDisconnected, .pilotError:
      vehiclePresent = false
      asksSince = nil
      disconnected(.pilot, at: now, perform: perform)
    case .terminate:
      vehiclePresent = false
      disconnected(.terminated, at: now, perform: perform)
    case .error:
      vehiclePresent = false
      disconnected(.error, at: now, perform: perform)
    case .asksForEnergy(let asks, let since): countToggle(asks, since: since)
    case .pause: setPaused(true, at: now)
    case .resume: setPaused(false, at: now)
    case .received(let frame):
      if configuration.isForUs(frame) { receive(frame, at: now, perform: perform) }
    case .timeout: expire(at: now, perform: perform)
    }
    invariants()
  }

  /// Our own promises, checked after every event.
  private func invariants() {
    if case .matching(let matching) = state {
      precondition(
        matching.sessions.isEmpty == (matching.initDeadline != nil),
        "matching waits for a request or has sessions: \(matching.sessions.count)")
      precondition(
        matching.sessions.count <= max(settings.sessionsMax, 1) + max(settings.requestsMax, 1),
        "\(matching.sessions.count) sessions")
    }
    assert(isResting || deadline != nil, "\(phase) waits for nothing")
  }

  /// States only an event from above or from the control pilot ends.
  private var isResting: Bool {
    switch state {
    case .off, .unmatched, .failed: true
    case .matched(let matched): matched.isPaused || matched.isAssumed
    case .detecting, .keySetup, .matching, .waitLink: false
    }
  }
}

// MARK: control pilot and D-LINK

extension EVSEMatcher {
  private mutating func connected(at now: Instant, perform: (MatchAction) -> Void) {
    switch state {
    case .unmatched, .failed:
      listen(at: now, perform: perform)
    case .keySetup(var setup):
      setup.failed = false
      setup.thenSleeps = false
      state = .keySetup(setup)
      // Whoever waits for this match must hear why nothing happens.
      if let failure = setup.dialogue.failure { perform(.failed(modemFailure(failure))) }
    case .off:
      if isAsleep { wake(at: now, perform: perform) }
    case .detecting, .matching, .waitLink, .matched:
      break
    }
  }

  private mutating func disconnected(_ loss: LinkLoss, at now: Instant, perform: (MatchAction) -> Void) {
    switch state {
    case .off, .detecting, .unmatched: break
    case .keySetup(var setup):
      setup.failed = false
      state = .keySetup(setup)
    case .matching, .failed: state = .unmatched
    case .waitLink: leave(at: now, perform: perform)
    case .matched:
      perform(.linkLost(loss))
      leave(at: now, perform: perform)
    }
  }

  private mutating func setPaused(_ isPaused: Bool, at now: Instant) {
    guard case .matched(var matched) = state, matched.isPaused != isPaused else { return }
    matched.isPaused = isPaused
    if isPaused {
      matched.amplitude.cancel()
    } else {
      matched.watch = LinkWatch(firstPoll: now, upSince: now)
      matched.resumeUntil = now + timers.resume
    }
    state = .matched(matched)
  }

  /// Only where no vehicle is: the modem of any other state is needed.
  private mutating func sleep() {
    switch state {
    case .detecting, .unmatched, .failed:
      guard !vehiclePresent else { return }
      state = .off
      isAsleep = true
    case .keySetup(var setup):
      // The network has to be left first, unless the modem does not hear of it anyway.
      guard !vehiclePresent else { return }
      setup.thenSleeps = setup.dialogue.failure == nil
      isAsleep = !setup.thenSleeps
      state = setup.thenSleeps ? .keySetup(setup) : .off
    case .off, .matching, .waitLink, .matched: break
    }
  }

  mutating func listen(at now: Instant, perform: (MatchAction) -> Void) {
    if let unfitness = modem.identity?.unfitness(for: .evse) {
      state = .failed
      return perform(.failed(.modemUnfit(unfitness)))
    }
    state = .matching(Matching(initDeadline: now + timers.evseSlacInit))
    perform(.trace(.listening))
  }
}

// MARK: frames and time

extension EVSEMatcher {
  private mutating func receive(
    _ frame: ManagementFrame, at now: Instant, perform: (MatchAction) -> Void
  ) {
    if receiveFromModem(frame, at: now, perform: perform) { return }
    switch state {
    case .matching: receiveWhileMatching(frame, at: now, perform: perform)
    case .waitLink(let wait): receive(frame, whileJoining: wait, at: now, perform: perform)
    case .matched(var matched):
      // Nobody else is answered, and the peer only about this.
      guard frame.source == matched.peer else { return }
      switch frame.message {
      case .ampMapReq(let request):
        matched.amplitude.requested(request, by: matched.peer, configuration, perform: perform)
      case .ampMapCnf(let confirmation):
        matched.amplitude.confirmed(confirmation, by: matched.peer, perform: perform)
      default: return
      }
      state = .matched(matched)
    case .off, .detecting, .keySetup, .unmatched, .failed: break
    }
  }

  private mutating func receive(
    _ frame: ManagementFrame, whileJoining wait: WaitLink, at now: Instant, perform: (MatchAction) -> Void
  ) {
    guard frame.source == wait.session.ev else { return }
    var wait = wait
    switch frame.message {
    case .slacMatchReq(let request):
      guard
        wait.session.accepts(
          request, from: frame.source, own: configuration.address, settings.tolerances)
      else { return }
      // The confirmation was lost: the same one again.
      perform(.send(wait.confirmation))
    case .slacParmReq(let request):
      // A new run of the same EV: every confirmation was lost, and it began again. Waiting for its link until
      // TT_match_join would outlast its TT_matching_repetition; so leave, then listen for its next request.
      guard configuration.tolerates(.newRunWhileJoining), request.runID != wait.session.runID,
        request.applicationType == 0, request.securityType == 0
      else { return }
      leave(at: now, perform: perform)
    case .ampMapReq(let request):
      wait.amplitude.requested(request, by: wait.session.ev, configuration, perform: perform)
      state = .waitLink(wait)
    case .ampMapCnf(let confirmation):
      wait.amplitude.confirmed(confirmation, by: wait.session.ev, perform: perform)
      state = .waitLink(wait)
    default: break
    }
  }

  private mutating func expire(at now: Instant, perform: (MatchAction) -> Void) {
    switch state {
    case .off, .unmatched, .failed: break
    case .detecting(let detection): expire(detection, at: now, perform: perform)
    case .keySetup(var setup):
      let step = setup.dialogue.timeout(at: now, timers: timers.modem)
      keyStep(step, setup, at: now, perform: perform)
    case .matching: expireSessions(at: now, perform: perform)
    case .waitLink(let wait): expire(wait, at: now, perform: perform)
    case .matched(let matched): expire(matched, at: now, perform: perform)
    }
  }

  private mutating func expire(_ wait: WaitLink, at now: Instant, perform: (MatchAction) -> Void) {
    var wait = wait
    wait.amplitude.timeout(wait.session.ev, configuration, at: now, perform: perform)
    if let upSince = wait.watch.upSince, now >= upSince + timers.linkReadyNotification {
      let watch = LinkWatch(firstPoll: now + timers.modem.linkPollMatched, upSince: upSince)
      state = .matched(
        Matched(
          peer: wait.session.ev, watch: watch, amplitude: wait.amplitude, isAssumed: !wait.watch.hasAnswered))
      return perform(.linkReady(peer: wait.session.ev))
    }
    if now >= wait.until, wait.watch.upSince == nil {
      perform(.failed(.joinTimeout))
      return leave(at: now, failed: true, perform: perform)
    }
    if let assumedAt = wait.assumedAt, now >= assumedAt, !wait.watch.hasAnswered, wait.watch.upSince == nil {
      wait.watch.assume(at: now)
      linkCameUp(&wait, assumed: true, at: now, perform: perform)
    }
    if wait.watch.poll(at: now, interval: timers.modem.linkPollJoining),
      let request = modem.linkRequest(wait.watch)
    {
      perform(configuration.ask(request))
    }
    state = .waitLink(wait)
  }

  private mutating func expire(_ matched: Matched, at now: Instant, perform: (MatchAction) -> Void) {
    var matched = matched
    matched.amplitude.timeout(matched.peer, configuration, at: now, perform: perform)
    state = .matched(matched)
    guard !matched.isPaused, !matched.isAssumed, now >= matched.watch.nextPoll else { return }
    // After a pause the modem has T_conn_resume to wake up.
    if let resumeUntil = matched.resumeUntil, now < resumeUntil { matched.watch.forgive() }
    guard matched.watch.unanswered < timers.modem.linkPollMissesMax else {
      return lose(.modemSilent, at: now, perform: perform)
    }
    _ = matched.watch.poll(at: now, interval: timers.modem.linkPollMatched)
    state = .matched(matched)
    if let request = modem.linkRequest(matched.watch) { perform(configuration.ask(request)) }
  }
}
