import ControlPilot
import HAL
import ISO15118
import Safety
import Wire

/// A charge by the nominal duty alone (IEC 61851-1 mode 3 without ISO 15118).
enum BasicCharging: Hashable, Sendable {
  case off
  /// A nominal duty is on for an identified customer: S2 decides.
  case offered
  /// The host wants an end: X1, and S2 has 6 s to open.
  case stopping
}

// Charging by the duty alone: identified customer, nominal duty, and the contactor follows S2.
//
//   off -- nominal duty driven, identified --> offered -- C --> energy demanded -- B --> not demanded ...
//   offered -- stop, or identification withdrawn while closed --> stopping (X1) -- contactor open --> finished
//   offered -- the session demands energy itself --> off, without a gap
//
// The supervisor closes and opens as ever; here is only decided when energy is wanted. Less than 6 A is X1: the vehicle
// opens S2, or the supervisor opens after 6 s, and the duty comes back with the current.

extension ChargerNode {
  private var isBasicPermitted: Bool {
    isIdentified && isNominalOffered && pilot.state.isConnected && !plug.ended && !plug.isPaused
      && plug.stop == nil && plug.verdict == nil && supervisor.latched == nil
  }

  /// After every event.
  mutating func updateBasic(_ now: Instant, _ perform: (Action) -> Void) {
    switch plug.basic {
    case .off:
      guard configuration.coupling.basicCharging, isBasicPermitted, drivenDuty.isOscillating, !plug.connected,
        plug.command == .none
      else { return }
      plug.basic = .offered
      perform(.trace(.coupling(.basicCharging(true))))
      supervise(.authorized(true), now, perform)
      scheduleLegacyWakeUp(now)
    case .offered:
      guard isBasicPermitted else {
        forgetBasic(perform)
        supervise(.energyRequested(nil), now, perform)
        return supervise(.authorized(conditions.authorization == .granted), now, perform)
      }
    case .stopping:
      guard !supervisor.isContactorCommandedClosed, !conditions.contactorClosed else { return }
      return end(.completed(.terminated, wattHours: plug.wattHours), now, perform)
    }
    guard plug.basic == .offered else { return }
    let demands = pilot.state.asksForEnergy
    if matcher.isMatching || plug.linkUp || demands { plug.legacyWakeDue = nil }
    guard demands != plug.basicDemands else { return }
    plug.basicDemands = demands
    if demands { enter(.preparation, perform) }
    supervise(.energyRequested(demands ? .ac : nil), now, perform)
    showBasic(perform)
  }

  /// The phase follows the contacts.
  mutating func showBasic(_ perform: (Action) -> Void) {
    guard plug.basic == .offered, plug.phase >= .preparation else { return }
    if conditions.contactorClosed, plug.basicDemands { plug.hasChargedBasic = true }
    enter(conditions.contactorClosed ? .energy : .preparation, perform)
  }

  /// Energy is not wanted by the duty any more; whoever calls sees to the supervisor.
  mutating func forgetBasic(_ perform: (Action) -> Void) {
    guard plug.basic != .off else { return }
    plug.basic = .off
    plug.basicDemands = false
    plug.legacyWakeDue = nil
    perform(.trace(.coupling(.basicCharging(false))))
  }

  /// X1 tells the vehicle to open S2; the contactor opens with it, or after 6 s under load (IEC 61851-1 Table A.6).
  mutating func stopBasic(_ now: Instant, _ perform: (Action) -> Void) {
    guard plug.basic == .offered else { return }
    plug.basic = .stopping
    plug.legacyWakeDue = nil
    enter(.stopping, perform)
    ask(.x1, now, perform)
  }

  /// Communication that fails beside a charge by the duty alone does not disturb it.
  mutating func chargesOn(after failure: NodeFailure, _ now: Instant, _ perform: (Action) -> Void) -> Bool {
    guard plug.basic == .offered, plug.basicDemands, pilot.state.asksForEnergy else { return false }
    switch failure {
    case .slac, .linkLost, .noAddress, .discovery, .connection, .session: break
    case .pilot, .safety, .unplugged, .pilotLost, .stuck: return false
    }
    perform(.trace(.coupling(.chargesOn(after: failure.layer))))
    plug.linkUp = false
    plug.peer = nil
    plug.discovered = []
    discover(.disable, now, perform)
    forgetConnection(now, perform)
    perform(.network(.listen(false)))
    endpoint = nil
    match(.error, now, perform)
    // One that matches again later is answered.
    match(.vehicleConnected, now, perform)
    return true
  }

  /// There is no modem: nothing stands between an identification and the duty.
  mutating func beginBasicOnly(_ now: Instant, _ perform: (Action) -> Void) {
    // After an end this is another charge.
    if plug.ended || plug.stop != nil { begin(.pilot, perform) }
    ask(offer, now, perform)
  }

  // MARK: legacy wake-up

  /// Some vehicles sleep through a duty that comes late. State E/F wakes them; one that has seen it already is not asleep.
  private mutating func scheduleLegacyWakeUp(_ now: Instant) {
    guard !hasStepped, !pilot.state.asksForEnergy else { return }
    plug.legacyWakeDue = configuration.coupling.legacyWakeUp.map { now + $0 }
  }

  mutating func legacyWakeUpExpired(_ now: Instant, _ perform: (Action) -> Void) {
    plug.legacyWakeDue = nil
    guard plug.basic == .offered, pilot.state == .B, !matcher.isMatching, !plug.linkUp else { return }
    stepThroughError(.legacyWakeUp, now, perform)
  }

  // MARK: limits

  /// What the socket reads of the cable.
  mutating func readCable(_ reading: Proximity, _ now: Instant, _ perform: (Action) -> Void) {
    guard configuration.safety.readsProximity, let changed = cable.read(reading) else { return }
    if changed == .open, pilot.state == .F {
      // Behind an own F the pilot does not show that the vehicle left, and who comes next was not identified.
      isIdentified = false
      mayResume = false
    }
    supervise(.proximity(changed), now, perform)
    applyLimits(now, perform)
  }

  /// What host, cable and temperature leave together.
  mutating func applyLimits(_ now: Instant, _ perform: (Action) -> Void) {
    var limits = hostLimits
    let most = max(0, min(limits.maximumMilliamps, cableMilliamps ?? .max, temperature.milliamps ?? .max))
    if most < limits.maximumMilliamps {
      // AC power goes with the current; a DC limit of its own stays.
      if configuration.safety.current == .ac {
        let watts = Int64(limits.maximumWatts) * Int64(most) / Int64(limits.maximumMilliamps)
        limits.maximumWatts = Int(clamping: watts)
      }
      limits.maximumMilliamps = most
      limits.minimumMilliamps = min(limits.minimumMilliamps, most)
    }
    guard limits != conditions.limits else { return }
    let wasTooHot = isTooHot
    isTooHot = temperature.milliamps == 0
    conditions.limits = limits
    setPoint(plug.command, perform)
    limitsChanged(now, perform)
    // A session that may not draw anything ends; one by the duty waits in X1.
    if isTooHot, !wasTooHot, plug.connected { stop(.site, now, perform) }
  }

  /// Rating of the cable in the socket by its coding, per phase, mA; `nil` without one, or where nobody reads it.
  public var cableRating: Int? {
    if case .plugged(let rating)? = cable.proximity { rating } else { nil }
  }

  /// Per phase, mA; 0 for a socket without a sound cable, `nil` where that is not read. The cable of a DC charger is its own.
  private var cableMilliamps: Int? {
    guard configuration.safety.readsProximity, configuration.safety.current == .ac else { return nil }
    guard case .plugged(let rating)? = cable.proximity else { return 0 }
    return rating
  }
}
