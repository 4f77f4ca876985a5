import HomePlug
import Wire

// The EV's matching processes: asking, sounding, choosing, and the frames that come back.

// MARK: processes

extension EVMatcher {
  mutating func begin(at now: Instant, perform: (MatchAction) -> Void) {
    if let unfitness = modem.identity?.unfitness(for: .ev) {
      state = .unmatched
      return perform(.failed(.modemUnfit(unfitness)))
    }
    attempts += 1
    repetitionUntil = repetitionUntil ?? now + timers.matchingRepetition
    let process = EVProcess(runID: keys.runID(), attempt: attempts)
    state = .parmWait(ParmWait(process: process, until: now + timers.matchResponse))
    perform(.trace(.process(attempt: attempts, process.runID)))
    perform(request(process))
  }

  func request(_ process: EVProcess) -> MatchAction {
    broadcast(.slacParmReq(CM_SLAC_PARM_REQ(runID: process.runID)))
  }

  func broadcast(_ message: ManagementMessage) -> MatchAction {
    .send(ManagementFrame(destination: .broadcast, source: configuration.address, message: message))
  }

  func unicast(_ message: ManagementMessage, to evse: MACAddress) -> MatchAction {
    .send(ManagementFrame(destination: evse, source: configuration.address, message: message))
  }

  /// The process failed; another begins after TT_matching_rate, or the higher layer hears of it.
  mutating func fail(_ failure: MatchFailure, at now: Instant, perform: (MatchAction) -> Void) {
    perform(.trace(.processFailed(attempt: attempts, failure)))
    let next = now + timers.matchingRate
    let rematchAt = attempts < timers.processesMax && next < repetitionUntil ?? now ? next : nil
    if rematchAt == nil { perform(.failed(failure)) }
    if case .join = state {
      leave(rematchAt: rematchAt, at: now, perform: perform)
    } else if let rematchAt {
      state = .rateWait(until: rematchAt)
    } else {
      state = .unmatched
    }
  }

  mutating func startSounding(
    _ wait: ParmWait, at now: Instant, perform: (MatchAction) -> Void
  ) {
    var process = wait.process
    process.resultsUntil = now + timers.attenResults
    let plan = SoundPlan(
      soundCount: min(wait.soundCount, soundsMax), timeOut: wait.timeOut,
      starts: max(timers.startIndications, 1), at: now)
    state = .sounding(process, plan)
    sound(at: now, perform: perform)
  }

  /// As many sounds as fit into TT_EV_atten_results with the STARTs before them; more would never be averaged
  /// in time, whatever an EVSE asks for.
  private var soundsMax: UInt8 {
    let gap = max(timers.soundGap.milliseconds, 1)
    let fit = timers.attenResults.milliseconds / 2 / gap - Int64(timers.startIndications)
    return UInt8(min(max(fit, 1), 255))
  }

  mutating func sound(at now: Instant, perform: (MatchAction) -> Void) {
    guard case .sounding(let process, var plan) = state else { return }
    if let resultsUntil = process.resultsUntil, now >= resultsUntil {
      return decide(process, at: now, perform: perform)
    }
    guard now >= plan.next else { return }
    // Counted from now, not from the plan: a late timer must not make the next gap shorter than 20 ms.
    plan.next = now + timers.soundGap
    var octets = Octets16.zero
    if plan.startsLeft == 0 { octets = keys.soundOctets() }
    if let message = plan.take(process, own: configuration.address, random: { octets }) {
      perform(broadcast(message))
    }
    guard plan.isDone else {
      state = .sounding(process, plan)
      return
    }
    state = .results(process)
    if process.everyoneReported { decide(process, at: now, perform: perform) }
  }

  /// Section A.9.3: the lowest average wins, if it is low enough, or is validated. TP_EV_match_session: at once.
  mutating func decide(_ process: EVProcess, at now: Instant, perform: (MatchAction) -> Void) {
    let ranking = process.ranking
    guard let best = ranking.first else { return fail(.noAttenuation, at: now, perform: perform) }
    if best.attenuation <= settings.attenuationDirectMax {
      return choose(best.evse, .found, process, at: now, perform: perform)
    }
    let potential = ranking.filter { $0.attenuation <= settings.attenuationIndirectMax }
    guard !potential.isEmpty else {
      return fail(.notFound(best: best.attenuation), at: now, perform: perform)
    }
    let validation = Validation(process: process, candidates: potential.map(\.evse))
    validateNext(validation, at: now, perform: perform)
  }

  mutating func choose(
    _ evse: MACAddress, _ choice: SLACTrace.Choice, _ process: EVProcess, at now: Instant,
    perform: (MatchAction) -> Void
  ) {
    perform(.trace(.chosen(evse: evse, process.attenuation(of: evse), choice)))
    state = .match(Match(process: process, evse: evse, until: now + timers.matchResponse))
    perform(matchRequest(process, evse: evse))
  }

  func matchRequest(_ process: EVProcess, evse: MACAddress) -> MatchAction {
    unicast(
      .slacMatchReq(
        CM_SLAC_MATCH_REQ(evMAC: configuration.address, evseMAC: evse, runID: process.runID)),
      to: evse)
  }
}

// MARK: frames

extension EVMatcher {
  mutating func receive(
    _ frame: ManagementFrame, at now: Instant, perform: (MatchAction) -> Void
  ) {
    if receiveFromModem(frame, at: now, perform: perform) { return }
    switch frame.message {
    case .slacParmCnf(let confirmation):
      confirmed(confirmation, by: frame.source, at: now, perform: perform)
    case .attenCharInd(let report):
      reported(report, by: frame.source, at: now, perform: perform)
    case .validateCnf(let confirmation):
      guard case .validate(let validation) = state, frame.source == validation.evse else { return }
      answered(confirmation, validation, at: now, perform: perform)
    case .slacMatchCnf(let confirmation):
      guard case .match(let match) = state, frame.source == match.evse,
        match.process.accepts(confirmation, own: configuration.address, evse: match.evse)
      else { return }
      matched(match, confirmation.key, at: now, perform: perform)
    case .ampMapReq, .ampMapCnf:
      exchangeAmplitude(frame, perform: perform)
    default:
      break  // Other EVs' broadcasts among them, which an EV never answers.
    }
  }

  mutating func confirmed(
    _ confirmation: CM_SLAC_PARM_CNF, by evse: MACAddress, at now: Instant,
    perform: (MatchAction) -> Void
  ) {
    let own = configuration.address
    switch state {
    case .parmWait(var wait):
      guard wait.process.accepts(confirmation, own: own, settings: settings),
        wait.process.add(evse, max: settings.evsesMax)
      else { return }
      wait.soundCount = max(wait.soundCount, confirmation.soundCount)
      wait.timeOut = max(wait.timeOut, confirmation.timeOut)
      state = .parmWait(wait)
      perform(.trace(.confirmation(evse: evse)))
      if !settings.collectConfirmations { startSounding(wait, at: now, perform: perform) }
    case .sounding(var process, let plan):
      guard process.accepts(confirmation, own: own, settings: settings),
        process.add(evse, max: settings.evsesMax)
      else { return }
      state = .sounding(process, plan)
      perform(.trace(.confirmation(evse: evse)))
    default: break
    }
  }

  /// Answers the report of every EVSE, repeated ones too, until TT_EV_atten_results is over.
  mutating func reported(
    _ report: CM_ATTEN_CHAR_IND, by evse: MACAddress, at now: Instant, perform: (MatchAction) -> Void
  ) {
    guard var process = runningProcess, let until = process.resultsUntil, now < until,
      process.accepts(report, own: configuration.address), let mean = Attenuation(meanOf: report.profile)
    else { return }
    // With the key of one EVSE nobody else is answered any more.
    if case .join(let join) = state, evse != join.peer { return }
    perform(
      unicast(
        .attenCharRsp(
          CM_ATTEN_CHAR_RSP(sourceAddress: configuration.address, runID: process.runID)), to: evse))
    let attenuation = mean - settings.transmitCalibration
    // An EVSE whose CM_SLAC_PARM.CNF was lost is as good a candidate as any.
    _ = process.add(evse, max: settings.evsesMax)
    guard process.store(attenuation, from: evse) else { return }
    switch state {
    case .sounding(_, let plan):
      state = .sounding(process, plan)
      perform(.trace(.attenuation(evse: evse, attenuation, sounds: Int(report.soundCount))))
    case .results:
      state = .results(process)
      perform(.trace(.attenuation(evse: evse, attenuation, sounds: Int(report.soundCount))))
      if process.everyoneReported { decide(process, at: now, perform: perform) }
    default: break
    }
  }

  var runningProcess: EVProcess? {
    switch state {
    case .sounding(let process, _), .results(let process): process
    case .validate(let validation): validation.process
    case .match(let match): match.process
    case .join(let join): join.process
    default: nil
    }
  }

  /// CM_SLAC_MATCH.CNF: into the network by the name it was given. Where that is not the name of its key, firmware may
  /// have kept to either.
  private mutating func matched(
    _ match: Match, _ received: NetworkKey, at now: Instant, perform: (MatchAction) -> Void
  ) {
    let derived = keys.networkKey(of: received.nmk)
    if derived.nid != received.nid { perform(.trace(.foreignNID(evse: match.evse))) }
    let second = derived.nid != received.nid && configuration.tolerates(.foreignNID) ? derived : nil
    join(match, received, second: second, at: now, perform: perform)
  }
}
