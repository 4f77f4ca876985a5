import HomePlug
import PLCModem
import Wire

// The session table of the EVSE in state Matching. PARM.REQ, START and SOUND are broadcast and couple into
// neighbouring cables: every EV heard gets its session, the EV decides, and only one match comes out.

extension EVSEMatcher {
  mutating func receiveWhileMatching(
    _ frame: ManagementFrame, at now: Instant, perform: (MatchAction) -> Void
  ) {
    guard case .matching(var matching) = state else { return }
    // Moved out, so that the table is changed in place and not copied for every frame heard.
    state = .unmatched
    let chosen = take(frame, in: &matching, at: now, perform: perform)
    state = .matching(matching)
    if let chosen { match(chosen, at: now, perform: perform) }
  }

  /// Takes a frame in; the session whose EV asks to be matched.
  private mutating func take(
    _ frame: ManagementFrame, in matching: inout Matching, at now: Instant, perform: (MatchAction) -> Void
  ) -> EVSESession? {
    let tolerances = settings.tolerances
    switch frame.message {
    case .slacParmReq(let request):
      open(request, from: frame.source, in: &matching, at: now, perform: perform)
    case .startAttenCharInd(let start):
      guard
        matching.sessions.contains(where: { $0.onlyAsked && $0.accepts(start, from: frame.source) }),
        makeRoomToSound(in: &matching, perform: perform),
        let index = matching.sessions.firstIndex(where: {
          $0.onlyAsked && $0.accepts(start, from: frame.source)
        })
      else { return nil }
      let window = min(.milliseconds(100 * Int64(start.timeOut)), timers.soundWindowMax)
      matching.sessions[index].state = .sounding(
        Sounding(expected: start.soundCount, begin: now, until: now + window))
      perform(.trace(.sounding(matching.sessions[index].number)))
    case .attenProfileInd(let report):
      collect(report, in: &matching, at: now, perform: perform)
    case .attenCharRsp(let response):
      guard
        let index = matching.sessions.firstIndex(where: {
          $0.accepts(response, from: frame.source, tolerances)
        }), case .waitResponse = matching.sessions[index].state
      else { return nil }
      matching.sessions[index].state = .waitMatch(until: now + timers.matchSession)
    case .validateReq(let request):
      validate(request, from: frame.source, in: &matching, at: now, perform: perform)
    case .slacMatchReq(let request):
      let own = configuration.address
      guard
        let session = matching.sessions.first(where: {
          $0.accepts(request, from: frame.source, own: own, tolerances)
        })
      else { return nil }
      if session.mayMatch { return session }
      if case .waitResponse = session.state, tolerances.contains(.missingResponse) { return session }
    case .unknown(let unknown) where unknown.type == .VS_ATTENUATION_CHARACTERISTICS:
      matching.hearsHomePlug = true
    default:
      break  // CM_MNBC_SOUND.IND among them: the modem's profile counts, which may come before or after it.
    }
    return nil
  }

  /// CM_SLAC_PARM.REQ: a new session, or the same one from the start [V2G3-A09-16].
  private func open(
    _ request: CM_SLAC_PARM_REQ, from ev: MACAddress, in matching: inout Matching, at now: Instant,
    perform: (MatchAction) -> Void
  ) {
    guard request.applicationType == 0, request.securityType == 0, !ev.isGroup else { return }
    let patience = configuration.tolerates(.lateStart) ? timers.lateStart : timers.matchSequence
    let waitStart = EVSESession.State.waitStart(until: now + patience)
    let existing = matching.sessions.firstIndex { $0.ev == ev && $0.runID == request.runID }
    let number: EVNumber
    if let existing {
      matching.sessions[existing].state = waitStart
      number = matching.sessions[existing].number
    } else {
      guard makeRoom(for: ev, in: &matching, perform: perform) else {
        if matching.isQuiet { return }
        return perform(.trace(.requestRefused))
      }
      matching.opened &+= 1
      number = EVNumber(matching.opened)
      matching.sessions.append(EVSESession(number: number, ev: ev, runID: request.runID, state: waitStart))
    }
    matching.initDeadline = nil
    let confirmation = CM_SLAC_PARM_CNF(
      soundCount: timers.sounds, timeOut: timers.soundTimeOut, forwardingStation: ev, runID: request.runID)
    perform(.send(frame(.slacParmCnf(confirmation), to: ev)))
    if !matching.isQuiet { perform(.trace(.request(number, again: existing != nil))) }
  }

  /// Runs of one EV at a time: it began again, and may not know that its last run is still going.
  private static var runsPerEV: Int { 4 }

  /// Drops the oldest of those that only asked, once they are too many; an EV that asks again and again displaces only
  /// itself. False where all its runs sound or are past it.
  private func makeRoom(
    for ev: MACAddress, in matching: inout Matching, perform: (MatchAction) -> Void
  ) -> Bool {
    var runs = 0
    var asking = 0
    for session in matching.sessions {
      if session.ev == ev { runs += 1 }
      if session.onlyAsked { asking += 1 }
    }
    let displacesItself = runs >= Self.runsPerEV
    guard displacesItself || asking >= max(settings.requestsMax, 1) else { return true }
    guard
      let index = matching.sessions.firstIndex(where: { $0.onlyAsked && (!displacesItself || $0.ev == ev) })
    else { return false }
    let dropped = matching.sessions.remove(at: index)
    if !matching.isQuiet { perform(.trace(.sessionFailed(dropped.number, .evicted))) }
    return true
  }

  /// A place among those that sound: the oldest that neither sounds nor validates gives way; false if all do.
  private func makeRoomToSound(in matching: inout Matching, perform: (MatchAction) -> Void) -> Bool {
    let busy = matching.sessions.reduce(0) { $1.onlyAsked ? $0 : $0 + 1 }
    guard busy >= max(settings.sessionsMax, 1) else { return true }
    let place = matching.sessions.firstIndex {
      switch $0.state {
      case .waitStart, .sounding, .waitToggles, .counting, .validated: false
      case .waitResponse, .waitMatch: true
      }
    }
    guard let place else { return false }
    let dropped = matching.sessions.remove(at: place)
    if !matching.isQuiet { perform(.trace(.sessionFailed(dropped.number, .evicted))) }
    return true
  }

  /// CM_ATTEN_PROFILE.IND carries no RunID: it belongs to whatever that EV is sounding.
  private func collect(
    _ report: CM_ATTEN_PROFILE_IND, in matching: inout Matching, at now: Instant,
    perform: (MatchAction) -> Void
  ) {
    for index in matching.sessions.indices where matching.sessions[index].ev == report.evMAC {
      guard case .sounding(var sounding) = matching.sessions[index].state else { continue }
      sounding.add(report.profile)
      matching.sessions[index].state = .sounding(sounding)
      if sounding.isComplete { self.report(index, in: &matching, at: now, perform: perform) }
    }
  }

  /// Averages what came and sends it (TP_EVSE_avg_atten_calc). False without any profile: an average of
  /// nothing would read as a perfect line, so nothing is sent.
  @discardableResult
  private func report(
    _ index: Int, in matching: inout Matching, at now: Instant, perform: (MatchAction) -> Void
  ) -> Bool {
    let session = matching.sessions[index]
    guard case .sounding(let sounding) = session.state,
      let average = sounding.average(receiverLoss: settings.receiverLoss),
      let mean = Attenuation(meanOf: average)
    else { return false }
    let report = CM_ATTEN_CHAR_IND(
      sourceAddress: session.ev, runID: session.runID, soundCount: UInt8(min(sounding.profiles, 255)),
      profile: average)
    matching.sessions[index].state = .waitResponse(
      EVSESession.WaitResponse(report: report, until: now + timers.matchResponse))
    perform(.send(frame(.attenCharInd(report), to: session.ev)))
    perform(.trace(.reported(session.number, mean, sounds: sounding.profiles)))
    return true
  }

  /// The EV chose us: hand out the key, forget all other sessions, wait for the link.
  private mutating func match(_ session: EVSESession, at now: Instant, perform: (MatchAction) -> Void) {
    let confirmation = frame(
      .slacMatchCnf(
        CM_SLAC_MATCH_CNF(
          evMAC: session.ev, evseMAC: configuration.address, runID: session.runID, key: key)),
      to: session.ev)
    state = .waitLink(
      WaitLink(
        session: session, confirmation: confirmation, until: now + timers.matchJoin,
        assumedAt: settings.linkAssumedAfter.map { now + $0 },
        watch: LinkWatch(firstPoll: now + timers.modem.linkPollJoining)))
    perform(.send(confirmation))
    perform(.trace(.matched(peer: session.ev, key.nid)))
  }

  func frame(_ message: ManagementMessage, to ev: MACAddress) -> ManagementFrame {
    ManagementFrame(destination: ev, source: configuration.address, message: message)
  }

  // MARK: time

  mutating func expireSessions(at now: Instant, perform: (MatchAction) -> Void) {
    guard case .matching(var matching) = state else { return }
    if let initDeadline = matching.initDeadline {
      guard now >= initDeadline else { return }
      state = .failed
      return perform(.failed(.noRequest))
    }
    state = .unmatched
    var last: EVSESessionFailure?
    for index in matching.sessions.indices.reversed() where matching.sessions[index].deadline <= now {
      guard let failure = expire(index, in: &matching, at: now, perform: perform) else { continue }
      last = failure
      let failed = matching.sessions.remove(at: index)
      perform(.trace(.sessionFailed(failed.number, failure)))
    }
    if let last, matching.sessions.isEmpty {
      guard configuration.tolerates(.repeatedSessions), matching.restarts < settings.restartsMax else {
        state = .failed
        return perform(.failed(.sessionsFailed(last)))
      }
      matching.restarts += 1
      matching.initDeadline = now + timers.evseSlacInit
    }
    state = .matching(matching)
  }

  /// One session's wait is over: repeats, goes on, or names why it failed.
  private func expire(
    _ index: Int, in matching: inout Matching, at now: Instant, perform: (MatchAction) -> Void
  ) -> EVSESessionFailure? {
    switch matching.sessions[index].state {
    case .waitStart: return .noStart
    case .sounding(var sounding):
      if report(index, in: &matching, at: now, perform: perform) { return nil }
      let stretched = sounding.begin + timers.soundWindowMax
      if configuration.tolerates(.lateProfiles), now < stretched {
        sounding.until = stretched
        matching.sessions[index].state = .sounding(sounding)
        return nil
      }
      return matching.hearsHomePlug ? .homePlugProfile : .noProfile
    case .waitResponse(var wait):
      guard wait.repetitions < timers.retriesMax else { return .noResponse }
      wait.repetitions += 1
      wait.until = now + timers.matchResponse
      matching.sessions[index].state = .waitResponse(wait)
      perform(.send(frame(.attenCharInd(wait.report), to: matching.sessions[index].ev)))
      return nil
    case .waitMatch: return .noMatchRequest
    case .waitToggles, .validated: return repeatValidation(index, in: &matching, at: now, perform: perform)
    case .counting: return concludeCount(index, in: &matching, at: now, perform: perform)
    }
  }
}
