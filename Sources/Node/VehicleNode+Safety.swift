public import ControlPilot
public import HAL
public import ISO15118
public import Safety
import Wire

// Contactors close on the session's wish and on everything else that has to agree; they open as soon as one of these no
// longer does, before any other machine acts on it. No way leads from a message to a contactor but through here.

/// Why nothing may flow any more during this plug-in.
enum VehicleBar: Hashable, Sendable {
  /// The pilot's offer went, the plug's button was pressed, or S2 opened.
  case pilot
  case lock
  case battery
  case equipment
  case heat
  case fault

  /// What the charger is told (DC); `nil`: only that the vehicle stops.
  var error: EVConditions.ErrorCode? {
    switch self {
    case .pilot, .equipment: nil
    case .lock: .FAILED_ChargerConnectorLockFault
    case .heat: .FAILED_RESSTemperatureInhibit
    case .battery, .fault: .FAILED_EVRESSMalfunction
    }
  }
}

extension VehicleNode {
  /// What keeps the contactors open until it is cleared.
  public var fault: SafetyFault? { keeper.latched }
  /// The contactors are commanded closed.
  public var isContactorCommanded: Bool { keeper.isCommanded }
  /// What S2 is driven to.
  public var load: PilotLoad { pilot.load }
  /// What the charger offers.
  public var offer: PilotOffer { plug.offer }
  /// What the charger said last of what it gives; zeros without a session.
  public var progress: EVProgress { plug.progress }
  /// The inlet's lock confirmed.
  public var isPlugLocked: Bool { keeper.isLocked }

  /// Takes over a fault that was latched before the start and waits for a person. Before the first event.
  public mutating func restore(_ fault: SafetyFault, perform: (Action) -> Void) {
    keeper.latch(fault)
    if keeper.latched == fault { perform(.trace(.safety(.fault(fault)))) }
  }

  /// The conditions as the session is told them.
  var presentConditions: EVConditions {
    guard let bar = plug.bar else { return conditions }
    var present = conditions
    if present.wish != .pause { present.wish = .stop }
    if let error = bar.error, present.error == .NO_ERROR { present.error = error }
    return present
  }

  /// The session's wish; it is followed when everything agrees.
  mutating func want(contactor close: Bool, _ now: Instant, _ perform: (Action) -> Void) {
    keeper.isWanted = close
    if close { return keepSafe(now, perform) }
    if !keeper.isCommanded { perform(.contactor(close: false)) }
    open(now, perform)
  }

  /// After every event, before the session hears of it.
  mutating func keepSafe(_ now: Instant, _ perform: (Action) -> Void) {
    if let fault = keeper.overdue(at: now) { raise(fault, now, perform) }
    if keeper.openDue != nil { open(now, perform) }
    if keeper.openDue == nil, let cause = cause {
      open(now, perform)
      if cause == .lock { raise(.lockLost, now, perform) }
      stop(for: cause, now, perform)
    } else if keeper.isTooHot, isUnderWay {
      stop(for: .heat, now, perform)
    } else if keeper.isWanted, !keeper.isCommanded, mayClose {
      keeper.command(closed: true, at: now)
      perform(.contactor(close: true))
      perform(.trace(.safety(.contactor(closed: true))))
    }
    if let fault = keeper.latched, plug.phase != .idle, !plug.ended, !plug.connected {
      fail(.safety(fault), now, perform)
    }
    keepPlug(now, perform)
  }

  /// Energy flows, or is about to.
  private var isUnderWay: Bool { keeper.isCommanded || plug.chargerMilliamps > 0 || pilot.load != .b }

  /// What no longer agrees with closed contactors, or with a current the onboard charger takes, also while it goes down.
  private var cause: VehicleBar? {
    guard keeper.isCommanded || plug.chargerMilliamps > 0 || releaseDue != nil else { return nil }
    if keeper.isCommanded, !isPilotAgreed { return .pilot }
    if !keeper.isPlugHeld { return .lock }
    if !keeper.isBatteryReady { return .battery }
    if !keeper.isEquipmentSound { return .equipment }
    return keeper.latched == nil ? nil : .fault
  }

  private var isPilotAgreed: Bool {
    pilot.isAttached && plug.offer == .digital && (pilot.load == .c || pilot.load == .d)
  }

  private var mayClose: Bool {
    isPilotAgreed && keeper.isSound && keeper.isHeatKnown && !keeper.isTooHot && plug.bar == nil
      && !plug.ended
      && (keeper.isClosed != true || keeper.safety.feedbackMax == nil)
  }

  /// Opens the contactors: S2 first where a current flows that the charger can still end, so that they do not part with it.
  private mutating func open(_ now: Instant, _ perform: (Action) -> Void) {
    keeper.isWanted = false
    guard keeper.isCommanded else { return }
    if isHeardByCharger {
      if let due = keeper.openDue {
        if now < due { return }
      } else if plug.progress.presentMilliamps >= keeper.safety.openMilliampsMax {
        keeper.openDue = now + keeper.safety.openDelay
        return drive(.request(.b), now, perform)
      }
    }
    keeper.command(closed: false, at: now)
    perform(.contactor(close: false))
    perform(.trace(.safety(.contactor(closed: false))))
  }

  /// The charger sees S2 open, and can end the current. One that answers with E or F has seen it.
  private var isHeardByCharger: Bool {
    (plug.offer != .error || keeper.openDue != nil) && !plug.isLoose && keeper.isEquipmentSound
  }

  private mutating func stop(for cause: VehicleBar, _ now: Instant, _ perform: (Action) -> Void) {
    guard plug.bar == nil || plug.bar == .heat && cause != .heat else { return }
    plug.bar = cause
    if cause == .heat { return }
    if plug.chargerMilliamps > 0 { stopCharger(now, perform) }
    drive(.request(.b), now, perform)
  }

  // MARK: the onboard charger and S2

  /// The onboard charger takes nothing from now on.
  mutating func stopCharger(_ now: Instant, _ perform: (Action) -> Void) {
    if plug.chargerMilliamps > 0 {
      let isIdle = conditions.onboardMilliamps ?? .max < 1000
      drawsUntil = isIdle ? nil : now + configuration.session.timers.onboardRampDown
    }
    plug.chargerMilliamps = 0
    perform(.charger(milliamps: 0))
  }

  /// Opens S2 in order: at once where nothing flows, otherwise when the onboard charger is down, as the station opens its
  /// contactor 100 ms after S2 (IEC 61851-1 Table A.6). What cannot wait drives the pilot itself.
  mutating func release(_ now: Instant, _ perform: (Action) -> Void) {
    if let until = drawsUntil, now < until, pilot.load != .b, pilot.offer != .error, pilot.isAttached {
      releaseDue = until
      return
    }
    releaseDue = nil
    drawsUntil = nil
    drive(.request(.b), now, perform)
  }

  mutating func raise(_ fault: SafetyFault, _ now: Instant, _ perform: (Action) -> Void) {
    perform(.trace(.safety(.fault(fault))))
    keeper.latch(fault)
    open(now, perform)
    if plug.phase != .idle, !plug.ended { stop(for: fault == .lockLost ? .lock : .fault, now, perform) }
  }

  mutating func resetByService(_ perform: (Action) -> Void) {
    if let fault = keeper.clear(service: true) { perform(.trace(.safety(.cleared(fault)))) }
  }

  // MARK: the plug

  /// Locks from plug-in to the end, and unlocks when nothing is live any more.
  private mutating func keepPlug(_ now: Instant, _ perform: (Action) -> Void) {
    if plug.phase == .idle, let fault = keeper.clear(service: false) {
      perform(.trace(.safety(.cleared(fault))))
    }
    guard keeper.safety.hasLock else { return }
    let present = presentConditions
    let wantsPlug =
      plug.phase != .idle && (!plug.ended || plug.isPaused) && plug.bar == nil && keeper.latched == nil
      && present.wish != .stop && !present.chargingComplete
    // Before it was told anything nobody knows where it is: an earlier run may have left it out.
    let isHeld = keeper.lockCommand ?? true
    if wantsPlug, keeper.lockCommand != true {
      keeper.command(locked: true, at: now)
      perform(.lock(true))
      perform(.trace(.safety(.lock(true))))
    } else if !wantsPlug, isHeld, mayUnlock {
      keeper.command(locked: false, at: now)
      perform(.lock(false))
      perform(.trace(.safety(.lock(false))))
    }
  }

  private var mayUnlock: Bool {
    keeper.readsOpen && pilot.load == .b && plug.chargerMilliamps == 0 && !plug.connected
      && (isAC || conditions.inletMillivolts <= keeper.safety.unlockMillivoltsMax)
  }
}
