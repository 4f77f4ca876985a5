import ControlPilot
import HAL
import ISO15118
import SLAC
import Wire

extension VehicleNode {
  // MARK: control pilot

  mutating func plugged(_ proximity: Proximity, _ now: Instant, _ perform: (Action) -> Void) {
    let arrives = if case .plugged = proximity { plug.phase == .idle } else { false }
    if arrives {
      plug = PlugIn()
      enter(.pilot, perform)
      waitWithoutDuty(now)
    }
    if case .fault = proximity { plug.isLoose = true }
    if case .open = proximity, plug.phase != .idle {
      plug.isLoose = true
      // The cause first: the offer is lost because the plug is out. S2 and contactors open with it.
      if !plug.ended { end(.failed(.unplugged(during: plug.phase)), now, perform) }
      leave(.pilotLost, now, perform)
      drive(.proximity(proximity), now, perform)
      session.paused = nil
      plug = PlugIn()
      perform(.trace(.phase(.idle)))
    } else {
      drive(.proximity(proximity), now, perform)
      // What was read on the pilot before the contact told of the plug: it is not told again.
      if arrives, pilot.offer != plug.offer { offered(pilot.offer, now, perform) }
    }
  }

  mutating func drive(_ event: EVPilot.Event, _ now: Instant, _ perform: (Action) -> Void) {
    if case .request = event { releaseDue = nil }
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

  mutating func offered(_ offer: PilotOffer, _ now: Instant, _ perform: (Action) -> Void) {
    guard offer != plug.offer else { return }
    let old = plug.offer
    plug.offer = offer
    perform(.trace(.offer(offer)))
    if plug.isBasic, basicFollows(offer, now, perform) { return }
    if permitsCommunication(offer) {
      mayCommunicate(now, after: old, perform)
    } else if permitsCommunication(old) || offer == .error {
      lost(offer, now, perform)
    } else {
      plug.communicationDue = nil
      if offer == .none { waitWithoutDuty(now) }
      // A vehicle that does not match at a nominal duty starts anew with it all the same.
      if case .amps = offer, plug.ended, isAC, configuration.coupling.basicCharging { restart(now, perform) }
    }
  }

  var isAC: Bool { !(configuration.session.modes.first?.isDC ?? true) }

  func permitsCommunication(_ offer: PilotOffer) -> Bool {
    switch offer {
    case .digital: true
    case .amps: isAC && configuration.coupling.matchesAtNominalDuty
    case .none, .invalid, .error: false
    }
  }

  /// 5 %, or a nominal duty: the vehicle may match, goes on with what it does, or starts anew.
  private mutating func mayCommunicate(
    _ now: Instant, after old: PilotOffer, _ perform: (Action) -> Void
  ) {
    if permitsCommunication(old) {
      // From 5 % to a nominal duty and back, or to another one: no matter to SLAC. With energy under way the pilot has
      // opened S2 where the kind has changed.
      let isOtherKind = (old == .digital) != (plug.offer == .digital)
      if isOtherKind, !plug.ended, plug.phase > .setup { offerIsLost(now, perform) }
      return
    }
    if plug.offerLostUntil != nil {
      plug.offerLostUntil = nil
      perform(.charger(milliamps: plug.chargerMilliamps))
    }
    if plug.ended { restart(now, perform) }
    guard !plug.announced, !(plug.isBasicKnown && plug.offer != .digital) else { return }
    plug.communicationDue = now + configuration.communicationDelay
  }

  /// The charger offers again after an end: the pause is over, or both sides start anew.
  private mutating func restart(_ now: Instant, _ perform: (Action) -> Void) {
    let old = plug
    if old.isPaused {
      // The link is still there, and the session is taken up again over it.
      plug = PlugIn()
      plug.isPaused = true
      plug.linkUp = true
      plug.peer = old.peer
    } else {
      leave(.pilotLost, now, perform)
      plug = PlugIn()
    }
    plug.offer = old.offer
    enter(.pilot, perform)
  }

  /// The oscillator is off, at plug-in, after state E/F or after a duty that stands for nothing: on AC a vehicle that can
  /// communicate asks all the same.
  private mutating func waitWithoutDuty(_ now: Instant) {
    guard case .slac = configuration.link, isAC, !plug.isPaused,
      let delay = configuration.coupling.matchesWithoutDuty
    else { return }
    plug.communicationDue = now + delay
  }

  private mutating func lost(_ offer: PilotOffer, _ now: Instant, _ perform: (Action) -> Void) {
    plug.communicationDue = nil
    plug.waitsForWish = false
    if plug.isPaused, plug.ended, offer == .none { return }
    if offer == .none, !plug.ended {
      if plug.connected {
        // X1: nothing is drawn any more, but the session may still hear why.
        perform(.charger(milliamps: 0))
        plug.offerLostUntil = now + configuration.offerLossPatience
        return
      }
      // Matched: only state A, E or F ends the link (a charger goes through X1 to a nominal duty).
      if plug.linkUp { return }
    }
    offerIsLost(now, perform)
  }

  mutating func offerIsLost(_ now: Instant, _ perform: (Action) -> Void) {
    plug.offerLostUntil = nil
    plug.isPaused = false
    plug.wakeDue = nil
    if plug.phase != .idle, !plug.ended { end(.failed(.pilotLost(during: plug.phase)), now, perform) }
    leave(.pilotLost, now, perform)
  }

  mutating func announce(_ now: Instant, _ perform: (Action) -> Void) {
    // X1 after state E/F was seen for long enough.
    if plug.ended, plug.offer == .none { restart(now, perform) }
    guard !plug.announced, !plug.ended else { return }
    if case .absent = configuration.link { return }
    // One that paused is woken by the duty: what it wants then it says in the session.
    guard conditions.wish != .stop else {
      plug.waitsForWish = true
      return
    }
    plug.announced = true
    if plug.isPaused {
      plug.isPaused = false
      match(.resume, now, perform)
      guard !plug.ended else { return }
      var isLinked = true
      if case .slac = configuration.link { isLinked = matcher.phase == .matched }
      // Without a link to take up: from the start.
      if isLinked { return linkReady(peer: plug.peer, now, perform) }
    }
    switch configuration.link {
    case .slac:
      enter(.matching, perform)
      match(.pilotReady, now, perform)
    case .assumed: linkReady(peer: nil, now, perform)
    case .absent: break
    }
  }

  /// B-C-B: the charger offers 5 % again (ISO 15118-3 clause 7.6). One that sleeps deeply is woken more than once.
  mutating func wake(_ now: Instant, _ perform: (Action) -> Void) {
    plug.wakeDue = nil
    guard plug.isPaused, plug.ended, plug.offer == .none else { return }
    plug.wakeUps += 1
    if plug.wakeUps < configuration.coupling.wakeUpsMax {
      plug.wakeDue = now + configuration.coupling.wakeUpPatience
    }
    drive(.request(.toggle(configuration.coupling.wakeUpToggles)), now, perform)
  }

  /// Drops connection and link, whatever there is of them.
  mutating func leave(
    _ event: EVMatcher<Keys>.Event, _ now: Instant, _ perform: (Action) -> Void
  ) {
    plug.leaveDue = nil
    disconnect(now, perform)
    if plug.announced || plug.linkUp {
      plug.announced = false
      match(event, now, perform)
    }
    plug.linkUp = false
  }

  /// Drops the connection and what would lead to one.
  mutating func disconnect(_ now: Instant, _ perform: (Action) -> Void) {
    discover(.stop, now, perform)
    if plug.connected || plug.connecting {
      plug.connected = false
      plug.connecting = false
      perform(.network(.close))
    }
    // Also without a connection: the time for one may be running.
    converse(.disconnected, now, perform)
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
