import Wire

/// From CableCheck to SessionStop (ISO 15118-2 8.4.3.9 to 8.4.5.5).
extension EVCC {
  // MARK: before the loop (DC)

  mutating func cableIsChecked(_ response: SessionResponse, at now: Instant) {
    guard response.processing == .Finished else {
      return proceed(.cableCheck, after: timers.repeatPace, at: now)
    }
    switch response.isolation {
    case .valid, .warning: break
    case nil where quirks.isolationMayBeAbsent: break
    default: return failIsolation(response)
    }
    phase = Phase(cause: .preChargeTimeout, message: .PreChargeRes, until: now + timers.evccPreCharge)
    proceed(.preCharge, at: now)
  }

  mutating func preCharged(_ response: SessionResponse, at now: Instant) {
    if response.isolation == .fault { return failIsolation(response) }
    progress(response)
    let difference = (response.presentMillivolts ?? 0) - conditions.batteryMillivolts
    if difference.magnitude <= UInt(configuration.preChargeToleranceMillivolts), !contactorAsked {
      contactorAsked = true
      actions.append(.contactor(close: true))
    }
    if contactorAsked, conditions.contactorClosed {
      phase = nil
      return proceed(.powerDelivery(.start), at: now)
    }
    proceed(.preCharge, after: timers.repeatPace, at: now)
  }

  // MARK: loop

  mutating func started(at now: Instant) {
    ramp = nil
    if isDC { return send(.currentDemand, at: now) }
    setCharger(milliamps: min(evseMilliamps ?? 0, conditions.maximumMilliamps))
    send(.chargingStatus, at: now)
  }

  mutating func progress(_ response: SessionResponse) {
    if let milliamps = response.maximumMilliamps { evseMilliamps = milliamps }
    var news = EVProgress()
    news.presentMillivolts = response.presentMillivolts ?? 0
    news.presentMilliamps = response.presentMilliamps ?? 0
    news.maximumMilliamps = evseMilliamps
    news.meterWattHours = response.meterWattHours
    news.notification = response.notification
    actions.append(.progress(news))
    if !isDC, ramp == nil, chargerMilliamps > 0 {
      setCharger(milliamps: min(evseMilliamps ?? 0, conditions.maximumMilliamps))
    }
  }

  /// The next turn of the charge loop: go on, bring the current down, or leave the loop.
  mutating func loop(_ request: EVRequest, until: Instant, at now: Instant, presentMilliamps: Int? = nil) {
    guard stopIsWanted || wantsRenegotiation || ramp != nil else {
      step = .pace(request, until: until)
      return
    }
    let progress: SessionRequest.Progress = stopIsWanted ? .stop : ramp?.progress ?? .renegotiate
    // An onboard charger may go on while the schedule is negotiated anew.
    guard isDC || progress == .stop else { return leaveLoop(progress, at: now) }
    // Contactors and S2 open below 1 A.
    let isFirst = ramp == nil
    let isDrawing = isDC || chargerMilliamps > 0 || !isFirst
    var down =
      ramp ?? Ramp(progress: progress, until: now + (isDC ? timers.rampDown : timers.onboardRampDown))
    down.progress = progress
    ramp = down
    let isDown = isDC ? !isFirst && presentMilliamps ?? 0 < 1000 : conditions.onboardMilliamps ?? .max < 1000
    if !isDC { setCharger(milliamps: 0) }
    if isDown || !isDrawing || down.until <= now { return leaveLoop(progress, at: now) }
    if isDC, isFirst { return send(.currentDemand, at: now) }
    step = .pace(request, until: isDC ? until : min(until, down.until))
  }

  private mutating func leaveLoop(_ progress: SessionRequest.Progress, at now: Instant) {
    ramp = nil
    wantsRenegotiation = false
    send(.powerDelivery(progress), at: now)
  }

  // MARK: the end

  mutating func stopped(at now: Instant) {
    openContactor()
    let next: EVRequest =
      isDC && configuration.detectsWelding
      ? .weldingDetection : .sessionStop(pause: conditions.wish == .pause)
    goNotReady(before: next, at: now)
  }

  /// Ends a session that is not in the charge loop.
  mutating func leave(at now: Instant) {
    phase = nil
    setCharger(milliamps: 0)
    openContactor()
    goNotReady(before: .sessionStop(pause: conditions.wish == .pause), at: now)
  }

  /// B before WeldingDetection and SessionStop, within 250 ms ([V2G2-848]).
  private mutating func goNotReady(before request: EVRequest, at now: Instant) {
    if pilotAsked != .B {
      pilotAsked = .B
      actions.append(.pilot(.B))
    }
    if !conditions.pilot.isReady || quirks.pilotNotWired { return send(request, at: now) }
    step = .pilot(request, ready: false, until: now + timers.evccPilotChange)
  }

  mutating func weldingIsKnown(_ response: SessionResponse, at now: Instant) {
    let end = weldingDeadline ?? now + timers.evccWelding
    weldingDeadline = end
    // Our contactors are open and the voltage on the charger's side is gone: none of them is welded.
    let isProven = response.presentMillivolts ?? 0 < 60_000 && !conditions.contactorClosed
    if isProven || end <= now {
      return send(.sessionStop(pause: conditions.wish == .pause), at: now)
    }
    step = .pace(.weldingDetection, until: now + timers.repeatPace)
  }

  mutating func sessionIsStopped(pause: Bool) {
    if pause, let mode {
      paused = PausedSession(id: sessionID, mode: mode, scheduleTupleID: schedule.tupleID)
      end(.paused(sessionID), close: .afterOutput)
    } else {
      end(.terminated, close: .afterOutput)
    }
  }
}
