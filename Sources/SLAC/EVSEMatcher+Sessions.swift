import HomePlug
import Wire

// The session table of the EVSE in state Matching. PARM.REQ, START and SOUND are broadcast and couple into
// neighbouring cables: every EV heard gets its session, the EV decides, and only one match comes out.

extension EVSEMatcher {
  mutating func receiveWhileMatching(
    _ frame: ManagementFrame, at now: Instant, perform: (MatchAction) -> Void
  ) {
    guard case .matching(var matching) = state else { return }
    switch frame.message {
    case .slacParmReq(let request):
      open(request, from: frame.source, in: &matching, at: now, perform: perform)
    case .startAttenCharInd(let start):
      guard let index = matching.sessions.firstIndex(where: { $0.accepts(start, from: frame.source) }),
        case .waitStart = matching.sessions[index].state
      else { return }
      let window = min(.milliseconds(100 * Int64(start.timeOut)), timers.soundWindowMax)
      matching.sessions[index].state = .sounding(Sounding(expected: start.soundCount, until: now + window))
      perform(.trace(.sounding(ev: frame.source)))
    case .attenProfileInd(let report):
      collect(report, in: &matching, at: now, perform: perform)
    case .attenCharRsp(let response):
      guard let index = matching.sessions.firstIndex(where: { $0.accepts(response, from: frame.source) }),
        case .waitResponse = matching.sessions[index].state
      else { return }
      matching.sessions[index].state = .waitMatch(until: now + timers.matchSession)
    case .validateReq(let request):
      validate(request, from: frame.source, in: matching, perform: perform)
    case .slacMatchReq(let request):
      guard
        let session = matching.sessions.first(where: {
          $0.accepts(request, from: frame.source, own: configuration.address)
        }), case .waitMatch = session.state
      else { return }
      return match(session, request, at: now, perform: perform)
    default:
      return  // CM_MNBC_SOUND.IND among them: the modem's profile counts, which may come before or after it.
    }
    state = .matching(matching)
  }

  /// CM_SLAC_PARM.REQ: a new session, or the same one from the start [V2G3-A09-16].
  private func open(
    _ request: CM_SLAC_PARM_REQ, from ev: MACAddress, in matching: inout Matching, at now: Instant,
    perform: (MatchAction) -> Void
  ) {
    guard request.applicationType == 0, request.securityType == 0, !ev.isGroup else { return }
    let waitStart = EVSESession.State.waitStart(until: now + timers.matchSequence)
    let existing = matching.sessions.firstIndex { $0.ev == ev && $0.runID == request.runID }
    if let existing {
      matching.sessions[existing].state = waitStart
    } else {
      guard makeRoom(in: &matching, perform: perform) else {
        return perform(.trace(.requestRefused(ev: ev)))
      }
      matching.sessions.append(EVSESession(ev: ev, runID: request.runID, state: waitStart))
    }
    matching.initDeadline = nil
    let confirmation = CM_SLAC_PARM_CNF(
      soundCount: timers.sounds, timeOut: timers.soundTimeOut, forwardingStation: ev, runID: request.runID)
    perform(.send(frame(.slacParmCnf(confirmation), to: ev)))
    perform(.trace(.request(ev: ev, runID: request.runID, again: existing != nil)))
  }

  /// Drops the oldest session that only asked, else the oldest that is not sounding; false if all sound.
  private func makeRoom(in matching: inout Matching, perform: (MatchAction) -> Void) -> Bool {
    guard matching.sessions.count >= max(settings.sessionsMax, 1) else { return true }
    let onlyAsked = matching.sessions.firstIndex {
      if case .waitStart = $0.state { true } else { false }
    }
    let notSounding = matching.sessions.firstIndex {
      if case .sounding = $0.state { false } else { true }
    }
    guard let index = onlyAsked ?? notSounding else { return false }
    let dropped = matching.sessions.remove(at: index)
    perform(.trace(.sessionFailed(ev: dropped.ev, .evicted)))
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
    perform(.trace(.attenuation(peer: session.ev, mean, sounds: sounding.profiles)))
    return true
  }

  /// Step 1 is answered by setting, anything else fails; CM_VALIDATE has no RunID, the source names the EV.
  private func validate(
    _ request: CM_VALIDATE_REQ, from ev: MACAddress, in matching: Matching, perform: (MatchAction) -> Void
  ) {
    let isWaiting = matching.sessions.contains {
      if case .waitMatch = $0.state { $0.ev == ev } else { false }
    }
    guard isWaiting, request.signalType == 0 else { return }
    let isStep1 = request.timer == 0 && request.result == .ready
    let result = isStep1 ? settings.validation : .failure
    perform(.send(frame(.validateCnf(CM_VALIDATE_CNF(result: result)), to: ev)))
    perform(.trace(.validation(ev: ev, result)))
  }

  /// The EV chose us: hand out the key, forget all other sessions, wait for the link.
  private mutating func match(
    _ session: EVSESession, _ request: CM_SLAC_MATCH_REQ, at now: Instant, perform: (MatchAction) -> Void
  ) {
    let confirmation = frame(
      .slacMatchCnf(
        CM_SLAC_MATCH_CNF(
          evMAC: session.ev, evseMAC: configuration.address, runID: session.runID, key: key)),
      to: session.ev)
    state = .waitLink(
      WaitLink(
        session: session, confirmation: confirmation, until: now + timers.matchJoin,
        watch: LinkWatch(firstPoll: now + timers.linkPollJoining)))
    perform(.send(confirmation))
    perform(.trace(.matched(peer: session.ev, key.nid)))
  }

  private func frame(_ message: ManagementMessage, to ev: MACAddress) -> ManagementFrame {
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
    var last: EVSESessionFailure?
    for index in matching.sessions.indices.reversed() where matching.sessions[index].deadline <= now {
      guard let failure = expire(index, in: &matching, at: now, perform: perform) else { continue }
      last = failure
      let failed = matching.sessions.remove(at: index)
      perform(.trace(.sessionFailed(ev: failed.ev, failure)))
    }
    if let last, matching.sessions.isEmpty {
      guard matching.restarts < settings.restartsMax else {
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
    case .sounding:
      return report(index, in: &matching, at: now, perform: perform) ? nil : .noProfile
    case .waitResponse(var wait):
      guard wait.repetitions < timers.retriesMax else { return .noResponse }
      wait.repetitions += 1
      wait.until = now + timers.matchResponse
      matching.sessions[index].state = .waitResponse(wait)
      perform(.send(frame(.attenCharInd(wait.report), to: matching.sessions[index].ev)))
      return nil
    case .waitMatch: return .noMatchRequest
    }
  }
}
