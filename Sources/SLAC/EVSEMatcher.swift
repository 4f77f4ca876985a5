public import HomePlug
public import Wire

// ISO 15118-3 Annex A.9, the EVSE side, with the modem dialogue it needs.
//
//   off -start-> KeySetup -CNF-> Unmatched -plugged-> Matching -MATCH.REQ-> WaitLink -link up-> Matched
//                   ^                                    | TT_EVSE_SLAC_init    | TT_match_join   |
//                   |                                    v                      v                 |
//                   +---- CP A, E, F, terminate, error, link lost -------- Failed <--             |
//                   +-------------------------------------------------------------------------- --+
//
// Deviations, on purpose:
// - Unmatched/Matching to Unmatched without a new key when no CM_SLAC_MATCH.CNF went out: nobody knows the
//   key, and some modems write every key to flash.
// - CM_VALIDATE is answered ("failure" or "not required" by setting) but not carried out.
// - CM_AMP_MAP is not answered.
// - A new run of the EV just matched ends WaitLink, see `receive(_:whileJoining:at:perform:)`.

/// The EVSE's matching machine: answers EVs, averages their sounds, hands out the key of one network, watches
/// the link, and leaves it.
public struct EVSEMatcher<Keys: NetworkKeySource>: Machine {
  public typealias Event = EVSEMatchEvent
  public typealias Action = MatchAction

  /// Where the machine is, as the standard and the tables name it.
  public enum Phase: String, CaseIterable, Sendable {
    case off, keySetup, unmatched, matching, waitLink, matched, failed
  }

  enum State {
    case off
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
  }

  struct Matching {
    /// TT_EVSE_SLAC_init; runs only while there is no session.
    var initDeadline: Instant?
    var restarts = 0
    var sessions: [EVSESession] = []
  }

  struct WaitLink {
    let session: EVSESession
    let confirmation: ManagementFrame
    let until: Instant
    var watch: LinkWatch
  }

  struct Matched {
    let peer: MACAddress
    var watch: LinkWatch
    var isPaused = false
  }

  var state = State.off
  let configuration: SLACConfiguration
  private var keys: Keys
  /// The key the modem holds, or is being given.
  private(set) var key: NetworkKey
  /// Control pilot in B, C or D: outlasts the states, because it may come while a key is being set.
  private var vehiclePresent = false

  var timers: SLACTimers { configuration.timers }
  var settings: SLACSettings { configuration.settings }

  public init(configuration: SLACConfiguration, keys: Keys) {
    self.configuration = configuration
    self.keys = keys
    key = self.keys.networkKey()
  }

  public var phase: Phase {
    switch state {
    case .off: .off
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

  public var deadline: Instant? {
    switch state {
    case .off, .unmatched, .failed:
      return nil
    case .keySetup(let setup):
      return setup.dialogue.deadline
    case .matching(let matching):
      var first = matching.initDeadline
      for session in matching.sessions { first = earliest(first, session.deadline) }
      return first
    case .waitLink(let wait):
      return earliest(
        wait.until, wait.watch.nextPoll, wait.watch.upSince.map { $0 + timers.linkReadyNotification })
    case .matched(let matched):
      return matched.isPaused ? nil : matched.watch.nextPoll
    }
  }

  public mutating func handle(_ event: EVSEMatchEvent, at now: Instant, perform: (MatchAction) -> Void) {
    switch event {
    case .start:
      if case .off = state { setKey(at: now, failed: false, perform: perform) }
    case .vehicleConnected:
      vehiclePresent = true
      connected(at: now, perform: perform)
    case .vehicleDisconnected, .pilotError:
      vehiclePresent = false
      disconnected(.pilot, at: now, perform: perform)
    case .terminate:
      vehiclePresent = false
      disconnected(.terminated, at: now, perform: perform)
    case .error:
      vehiclePresent = false
      disconnected(.error, at: now, perform: perform)
    case .pause: setPaused(true, at: now)
    case .resume: setPaused(false, at: now)
    case .sleep: break
    case .asksForEnergy: break
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
        matching.sessions.count <= max(settings.sessionsMax, 1), "\(matching.sessions.count) sessions")
    }
    precondition(state.isResting || deadline != nil, "\(phase) waits for nothing")
  }
}

extension EVSEMatcher.State {
  /// States only an event from above or from the control pilot ends.
  fileprivate var isResting: Bool {
    switch self {
    case .off, .unmatched, .failed: true
    case .matched(let matched): matched.isPaused
    case .keySetup, .matching, .waitLink: false
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
      state = .keySetup(setup)
      // Whoever waits for this match must hear why nothing happens.
      if setup.dialogue.isSilent { perform(.failed(.modemSilent)) }
    case .off, .matching, .waitLink, .matched:
      break
    }
  }

  private mutating func disconnected(_ loss: LinkLoss, at now: Instant, perform: (MatchAction) -> Void) {
    switch state {
    case .off, .unmatched: break
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
    if !isPaused { matched.watch = LinkWatch(firstPoll: now, upSince: now) }
    state = .matched(matched)
  }

  private mutating func listen(at now: Instant, perform: (MatchAction) -> Void) {
    state = .matching(Matching(initDeadline: now + timers.evseSlacInit))
    perform(.trace(.listening))
  }

  /// Leaves the network: a new random key is the only way out (TP_match_leave: within 1 s).
  private mutating func leave(at now: Instant, failed: Bool = false, perform: (MatchAction) -> Void) {
    perform(.trace(.leaving))
    key = keys.networkKey()
    setKey(at: now, failed: failed, perform: perform)
  }

  private mutating func setKey(at now: Instant, failed: Bool, perform: (MatchAction) -> Void) {
    state = .keySetup(KeySetup(dialogue: KeyDialogue(key: key, at: now, timers: timers), failed: failed))
    perform(configuration.setKey(key))
  }
}

// MARK: modem

extension EVSEMatcher {
  private mutating func keyStep(
    _ step: KeyDialogue.Step, _ setup: KeySetup, at now: Instant, perform: (MatchAction) -> Void
  ) {
    state = .keySetup(setup)
    switch step {
    case .wait: break
    case .send:
      perform(.trace(.keyRetry(attempt: setup.dialogue.attempts)))
      perform(configuration.setKey(key))
    case .silent: perform(.failed(.modemSilent))
    case .done:
      if setup.failed {
        state = .failed
      } else {
        state = .unmatched
        if vehiclePresent { listen(at: now, perform: perform) }
      }
    }
  }

  private mutating func linkStatus(_ isUp: Bool, at now: Instant, perform: (MatchAction) -> Void) {
    switch state {
    case .waitLink(var wait):
      let cameUp = wait.watch.answer(isUp: isUp, at: now)
      state = .waitLink(wait)
      if cameUp { perform(.trace(.linkUp)) }
    case .matched(var matched):
      _ = matched.watch.answer(isUp: isUp, at: now)
      state = .matched(matched)
      if !isUp, !matched.isPaused { lose(.linkDown, at: now, perform: perform) }
    default: break
    }
  }

  /// The link is gone under a session: leave, and listen again if the vehicle is still there (option B of
  /// the connection-loss handling; a control pilot E/F from above makes it option A).
  private mutating func lose(_ loss: LinkLoss, at now: Instant, perform: (MatchAction) -> Void) {
    perform(.linkLost(loss))
    leave(at: now, perform: perform)
  }
}

// MARK: frames and time

extension EVSEMatcher {
  private mutating func receive(
    _ frame: ManagementFrame, at now: Instant, perform: (MatchAction) -> Void
  ) {
    switch frame.message {
    case .setKeyCnf(let confirmation):
      guard case .keySetup(var setup) = state else { return }
      let step = setup.dialogue.confirmed(confirmation, at: now, timers: timers, settings: settings)
      perform(.trace(.keySet(key.nid, result: confirmation.result)))
      keyStep(step, setup, at: now, perform: perform)
    case .linkStatusCnf(let status):
      linkStatus(status.isUp, at: now, perform: perform)
    default:
      switch state {
      case .matching: receiveWhileMatching(frame, at: now, perform: perform)
      case .waitLink(let wait): receive(frame, whileJoining: wait, at: now, perform: perform)
      default: break  // Unmatched and Matched must stay silent, the rest has nothing to say.
      }
    }
  }

  private mutating func receive(
    _ frame: ManagementFrame, whileJoining wait: WaitLink, at now: Instant, perform: (MatchAction) -> Void
  ) {
    switch frame.message {
    case .slacMatchReq(let request):
      guard wait.session.accepts(request, from: frame.source, own: configuration.address) else { return }
      // The confirmation was lost: the same one again.
      perform(.send(wait.confirmation))
    case .slacParmReq(let request):
      // A new run of the same EV: every confirmation was lost, and it began again. Waiting for its link until
      // TT_match_join would outlast its TT_matching_repetition; so leave, then listen for its next request.
      guard frame.source == wait.session.ev, request.runID != wait.session.runID,
        request.applicationType == 0, request.securityType == 0
      else { return }
      leave(at: now, perform: perform)
    default: break
    }
  }

  private mutating func expire(at now: Instant, perform: (MatchAction) -> Void) {
    switch state {
    case .off, .unmatched, .failed: break
    case .keySetup(var setup):
      let step = setup.dialogue.timeout(at: now, timers: timers)
      keyStep(step, setup, at: now, perform: perform)
    case .matching: expireSessions(at: now, perform: perform)
    case .waitLink(var wait):
      if let upSince = wait.watch.upSince, now >= upSince + timers.linkReadyNotification {
        let poll = now + timers.linkPollMatched
        state = .matched(
          Matched(peer: wait.session.ev, watch: LinkWatch(firstPoll: poll, upSince: upSince)))
        perform(.linkReady(peer: wait.session.ev))
      } else if now >= wait.until {
        perform(.failed(.joinTimeout))
        leave(at: now, failed: true, perform: perform)
      } else if wait.watch.poll(at: now, interval: timers.linkPollJoining) {
        state = .waitLink(wait)
        perform(configuration.pollLink)
      }
    case .matched(var matched):
      guard !matched.isPaused, now >= matched.watch.nextPoll else { return }
      guard matched.watch.unanswered < timers.linkPollMissesMax else {
        return lose(.modemSilent, at: now, perform: perform)
      }
      _ = matched.watch.poll(at: now, interval: timers.linkPollMatched)
      state = .matched(matched)
      perform(configuration.pollLink)
    }
  }
}
