import ControlPilot
import HAL
import ISO15118
import SLAC
import Wire

// How the offer on the control pilot and SLAC go together: ISO 15118-3 clauses 6.5 (duties and the steps between them),
// 7.6 (sleep and wake-up) and 8 (set-up, loss and end of the data link).
//
//   5 %, no request in TT_EVSE_SLAC_init    E/F for T_step_EF, 5 % again, C_sequ_retry times, then X1   M06-07
//   identified, no matching process         E/F for T_step_EF, nominal duty, SLAC still answered        M06-08
//   identified, matching or matched         X1 for T_step_X1, nominal duty (by setting)                 M06-06
//   identified before plug-in               nominal duty at once, SLAC still answered; or 5 % first (by setting)
//   link lost                               leave, E/F (option A), or leave and wait in X2 (option B)

extension ChargerNode {
  /// A nominal duty is for AC alone; DC knows 5 %.
  private var isAC: Bool { configuration.safety.current == .ac }

  private var mayOfferNominal: Bool { isAC && configuration.coupling.offersNominal }

  /// What the vehicle that is there shall be offered when it starts anew.
  var offer: PilotRequest {
    guard isAC else { return .digital }
    if mayOfferNominal, isIdentified, !(isDigitalFirst && retries == 0 && !hasStepped) {
      return .nominal(milliamps: nominalMilliamps)
    }
    return offerToStrangers
  }

  /// What nobody identified is offered.
  private var offerToStrangers: PilotRequest {
    if case .absent = configuration.link { return .x1 }
    return configuration.coupling.initialDuty == .digital ? .digital : .x1
  }

  private var isDigitalFirst: Bool {
    if case .absent = configuration.link { false } else { configuration.coupling.digitalFirst }
  }

  var isNominalOffered: Bool {
    if case .nominal = pilot.goal { isAC } else { false }
  }

  /// X1 not as a step or an end but as the offer to begin with.
  private var isInitialX1: Bool {
    isAC && configuration.coupling.initialDuty == .steadyHigh && !(isIdentified && mayOfferNominal)
      && pilot.goal == .x1 && drivenDuty == .steadyHigh
  }

  /// A vehicle may ask for SLAC: 5 % is on, or another offer that permits it.
  private var mayCommunicate: Bool {
    drivenDuty == .digital || (isNominalOffered && drivenDuty.isOscillating) || isInitialX1
  }

  /// Asks the pilot, unless the supervisor holds it.
  mutating func ask(_ request: PilotRequest, _ now: Instant, _ perform: (Action) -> Void) {
    guard !supervisor.isPilotForced else { return }
    drive(.request(request), now, perform)
  }

  /// Tells SLAC that a vehicle is there, once the offer permits to communicate.
  mutating func announce(_ now: Instant, _ perform: (Action) -> Void) {
    guard mayCommunicate, !plug.announced, !plug.ended else { return }
    plug.announced = true
    switch configuration.link {
    case .slac:
      // With another offer than 5 % the vehicle need not ask: matching begins with its first request.
      if drivenDuty == .digital { enter(.matching, perform) }
      match(.vehicleConnected, now, perform)
    case .assumed: linkReady(peer: nil, now, perform)
    case .absent: break
    }
  }

  /// What the coupling does about a matching process that came forward.
  mutating func follow(_ trace: SLACTrace, _ now: Instant, _ perform: (Action) -> Void) {
    switch trace {
    case .request: if plug.phase == .pilot { enter(.matching, perform) }
    case .matched:
      enter(.joining, perform)
      // The vehicle closes S2 only on an oscillation.
      if isInitialX1 { ask(.digital, now, perform) }
    default: break
    }
  }

  /// Matching ended without a link.
  mutating func matchingFailed(_ failure: MatchFailure, _ now: Instant, _ perform: (Action) -> Void) {
    guard isNominalOffered, !plug.ended, !plug.linkUp, pilot.state.isConnected else {
      return fail(.slac(failure), now, perform)
    }
    // The duty says all that a vehicle needs that does not communicate; one that wakes up late may still ask.
    perform(.trace(.coupling(.offerStands(failure))))
    enter(.pilot, perform)
    switch failure {
    case .noRequest, .sessionsFailed, .joinTimeout: match(.vehicleConnected, now, perform)
    // Asked at once, a modem that cannot be used gives the same answer.
    case .modemSilent, .keyNotTaken, .modemUnfit: break
    // Only a vehicle's.
    case .noConfirmation, .noAttenuation, .notFound, .notValidated, .noMatchConfirmation: break
    }
  }

  // MARK: identification

  /// A customer was identified by external means, or is not any more.
  mutating func identify(_ positive: Bool, _ now: Instant, _ perform: (Action) -> Void) {
    // A paused session of before is not taken up again without asking.
    if !positive { mayResume = false }
    guard positive != isIdentified else { return }
    isIdentified = positive
    perform(.trace(.coupling(.identified(positive))))
    if positive, plug.authorizationAsked { authorized(.granted, now, perform) }
    if !positive, plug.basic == .offered, supervisor.isContactorCommandedClosed {
      return stop(.user, now, perform)
    }
    // The charge that is ending ends, with its energy, before another one begins.
    if plug.basic == .stopping {
      plug.startsAnew = positive
      return
    }
    // A pause ends as it began; a session that runs takes the identification as its authorization, or goes on.
    guard mayOfferNominal, !plug.isPaused, !plug.connected else { return }
    guard positive else {
      if isNominalOffered { ask(offerToStrangers, now, perform) }
      return
    }
    guard pilot.state.isConnected else {
      // In the middle of an E/F step: what follows it is another offer.
      if pilot.state == .F { ask(offer, now, perform) }
      return
    }
    // A vehicle that was never offered 5 % has nothing to start anew from.
    if case .absent = configuration.link { return beginBasicOnly(now, perform) }
    // The vehicle has its 5 %, and as long to ask for SLAC as any.
    if isDigitalFirst, !plug.ended, pilot.goal == .digital { return }
    guard matcher.isMatching || (plug.linkUp && !plug.ended) else {
      return stepThroughError(.identified, now, perform)
    }
    // V2G3-M06-06: the pilot goes through X1 for T_step_X1 by itself.
    if configuration.coupling.identificationWhileMatching == .switchesToNominal { ask(offer, now, perform) }
  }

  /// The matching process during which a customer was identified has ended without a match: now none runs (V2G3-M06-08).
  mutating func matchingEnded(_ now: Instant, _ perform: (Action) -> Void) {
    guard mayOfferNominal, isIdentified, !isNominalOffered, !plug.linkUp, !plug.ended, !plug.isPaused,
      plug.announced,
      pilot.state.isConnected
    else { return }
    stepThroughError(.identified, now, perform)
  }

  /// Other limits change a nominal duty.
  mutating func limitsChanged(_ now: Instant, _ perform: (Action) -> Void) {
    if isNominalOffered { ask(.nominal(milliamps: nominalMilliamps), now, perform) }
  }

  /// What a nominal duty may offer, mA: nothing while another number of phases is waited for, and nothing below the least
  /// that the outlet offers at all.
  private var nominalMilliamps: Int {
    let most = conditions.limits.maximumMilliamps
    return supervisor.isChangingPhases || most < hostLimits.minimumMilliamps ? 0 : most
  }

  /// After every event: the duty goes and comes back with the change of phases.
  mutating func holdForPhases(_ now: Instant, _ perform: (Action) -> Void) {
    guard supervisor.isChangingPhases != isHeldForPhases else { return }
    isHeldForPhases = supervisor.isChangingPhases
    limitsChanged(now, perform)
  }

  // MARK: state E/F

  /// State E/F for T_step_EF makes the vehicle start anew; what is offered then is decided when it is back.
  mutating func stepThroughError(_ step: CouplingTrace.Step, _ now: Instant, _ perform: (Action) -> Void) {
    guard !supervisor.isPilotForced else { return }
    hasStepped = true
    perform(.trace(.coupling(.errorStep(step))))
    if !plug.ended { abandon(now, perform) }
    plug.isRetrying = true
    plug.hasStepDue = true
    stepWhereOpen(now, perform)
  }

  /// F opens at once whatever is closed, so a DC contactor that waits for the current to fall is waited for.
  mutating func stepWhereOpen(_ now: Instant, _ perform: (Action) -> Void) {
    guard plug.hasStepDue, !supervisor.isContactorCommandedClosed else { return }
    plug.hasStepDue = false
    guard !supervisor.isPilotForced, pilot.state.isConnected || pilot.state == .F else { return }
    drive(.request(.errorStep), now, perform)
    ask(offer, now, perform)
  }

  /// The host takes its stop back: the vehicle that is still plugged in may charge again.
  mutating func startAnew(_ now: Instant, _ perform: (Action) -> Void) {
    guard plug.stop != nil else { return }
    guard plug.ended else {
      // A session that has not begun is not stopped; one that is ending ends first.
      if plug.connected || plug.basic == .stopping { plug.startsAnew = true } else { plug.stop = nil }
      return
    }
    guard pilot.state.isConnected, supervisor.latched == nil else { return }
    plug.stop = nil
    plug.startsAnew = false
    retries = 0
    stepThroughError(.resumed, now, perform)
  }

  // MARK: connection loss

  /// Option B: the oscillator stays on, and the vehicle may match again whenever it likes.
  mutating func rematch(_ now: Instant, _ perform: (Action) -> Void) {
    perform(.trace(.coupling(.rematch)))
    forgetConnection(now, perform)
    begin(.pilot, perform)
    announce(now, perform)
  }

  /// A lost link is waited out where the setting says so and the pilot still offers something.
  func mayRematch(after failure: NodeFailure) -> Bool {
    guard case .linkLost = failure, configuration.coupling.connectionLoss == .rematch else { return false }
    return drivenDuty.isOscillating && !supervisor.isPilotForced && plug.stop == nil
  }

  // MARK: pause and wake-up

  /// In X1 after an end, whatever it was: a vehicle may ask for another session.
  var isAtRest: Bool {
    plug.ended && !plug.isRetrying && plug.stop == nil && pilot.goal == .x1 && drivenDuty == .steadyHigh
      && supervisor.latched == nil
  }

  /// Each half of a B-C-B toggle lasts 200...400 ms (ISO 15118-3 T_vald_state_duration), and 50 ms more or less
  /// for the way through the debouncing.
  mutating func watchToggle(
    from old: PilotState, to new: PilotState, since: Instant, _ now: Instant, _ perform: (Action) -> Void
  ) {
    guard let begin = plug.wakeSince else {
      // From D to C is no beginning: a session that ended in D opens S2 soon after.
      plug.wakeSince = old == .B && new.asksForEnergy ? since : nil
      return
    }
    guard new == .B else { return }
    plug.wakeSince = nil
    guard (.milliseconds(150) ... .milliseconds(450)).contains(since - begin) else { return }
    if plug.isPaused { return resume(byVehicle: true, now, perform) }
    perform(.trace(.coupling(.wakes(byVehicle: true))))
    retries = 0
    arrived(now, perform)
  }

  /// The offer of before the pause again, over the link that was kept (ISO 15118-3 V2G3-M08-05 and following: no
  /// new matching).
  mutating func resume(byVehicle: Bool, _ now: Instant, _ perform: (Action) -> Void) {
    let peer = plug.peer
    let offer: PilotRequest =
      plug.pausedAtNominal ? .nominal(milliamps: nominalMilliamps) : .digital
    perform(.trace(.coupling(.wakes(byVehicle: byVehicle))))
    begin(.pilot, perform)
    plug.announced = true
    if !byVehicle { plug.wakeUntil = now + configuration.coupling.wakeUpPatience }
    ask(offer, now, perform)
    match(.resume, now, perform)
    guard !plug.ended else { return }
    if case .slac = configuration.link, matcher.phase != .matched {
      // There is no link any more to take up: from the start.
      plug.announced = false
      return announce(now, perform)
    }
    linkReady(peer: peer, now, perform)
  }

  /// A vehicle that was woken and has not said anything in T_conn_resume.
  mutating func wakeUpExpired(_ now: Instant, _ perform: (Action) -> Void) {
    plug.wakeUntil = nil
    guard !plug.connected, plug.discovered.isEmpty, !plug.ended, retries < configuration.retries else {
      return
    }
    retries += 1
    stepThroughError(.wakeUp, now, perform)
  }

  // MARK: sleep

  /// The plug is out, or never was in: the modem may be switched off after a while.
  mutating func scheduleSleep(_ now: Instant) {
    guard !isAsleep, case .slac = configuration.link else { return }
    sleepDue = configuration.coupling.sleepsAfter.map { now + max($0, .seconds(1)) }
  }

  mutating func sleep(_ now: Instant, _ perform: (Action) -> Void) {
    sleepDue = nil
    guard plug.phase == .idle else { return }
    isAsleep = true
    match(.sleep, now, perform)
    perform(.trace(.coupling(.modem(on: false))))
    perform(.modemPower(on: false))
  }

  mutating func wakeModem(_ now: Instant, _ perform: (Action) -> Void) {
    sleepDue = nil
    guard isAsleep else { return }
    isAsleep = false
    perform(.trace(.coupling(.modem(on: true))))
    perform(.modemPower(on: true))
    match(.start, now, perform)
  }
}
