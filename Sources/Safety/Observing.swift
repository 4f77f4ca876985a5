import HAL
import Wire

// Events become facts here; what follows from them is `SafetySupervisor.settle`.

extension SafetySupervisor {
  mutating func observe(_ event: Event, _ now: Instant, _ perform: (Action) -> Void) {
    switch event {
    case .pilot(let state, let duty): observe(state, duty, now, perform)
    case .diode(let proven):
      facts.isDiodeProven = proven && facts.duty.isOscillating && facts.pilot.isConnected
    case .authorized(let authorized):
      // While a fault is latched there is no session to authorize; it has to ask anew.
      facts.isAuthorized = authorized && latched == nil
      // What was demanded and tested was so for the session that ends.
      if !authorized { (facts.demand, facts.insulation) = (nil, .invalid) }
    case .energyRequested(let demand): observe(demand, now, perform)
    case .contactorFeedback(let closed):
      if closed != facts.isLive { perform(.energized(closed)) }
      (facts.contactorReadsClosed, facts.isLive) = (closed, closed)
    case .contactorUnknown: facts.contactorReadsClosed = nil
    case .earth(let ok): facts.isEarthSound = ok
    case .residualCurrent(let ok): facts.isResidualCurrentSound = ok
    case .phases(let three): phases.wantsThree = three
    case .proximity(let proximity):
      facts.isCableSeen = if case .plugged = proximity { true } else { false }
    case .lock(let locked): facts.isLocked = locked && !facts.isLockStuck
    case .lockStuck(let stuck):
      let wasStuck = facts.isLockStuck
      facts.isLockStuck = stuck
      if stuck, !wasStuck {
        facts.isLocked = false
        openForFault(.lockStuck, now, perform)
      }
    case .insulation(let status): facts.insulation = status
    case .powerStage(let reading): facts.output = reading
    case .powerStageTrouble(let trouble): observe(trouble, perform)
    case .emergencyStop(let pressed):
      let wasPressed = facts.isEmergencyStopPressed
      facts.isEmergencyStopPressed = pressed
      if pressed, !wasPressed { openForFault(.emergencyStop, now, perform) }
    case .heartbeat:
      facts.lastHeartbeat = now
      clear(.heartbeat, perform)
    case .serviceReset:
      if facts.contactorReadsClosed == false { clear(.service, perform) }
    case .timeout: break
    }
  }

  private mutating func observe(
    _ state: PilotState, _ duty: PilotDuty, _ now: Instant, _ perform: (Action) -> Void
  ) {
    let previous = facts.pilot
    if !duty.isOscillating || !facts.duty.isOscillating || !state.isConnected { facts.isDiodeProven = false }
    facts.pilot = state
    facts.duty = duty
    guard state != previous else { return }
    switch state {
    case .A, .E, .fault:
      // Another vehicle, or the same one starting anew, needs a session of its own.
      facts.isAuthorized = false
      facts.demand = nil
      facts.insulation = .invalid
    case .D:
      // Until energy is wanted there is nothing wrong: no power, and the plug stays locked. Where the contactor is
      // closed, `settle` opens it and tells then.
      if !settings.isVentilated, !isContactorCommandedClosed, facts.demand != nil {
        raise(.ventilationMissing, perform)
      }
    case .B, .C, .F: break
    }
    // Table A.6 sequence 9: F and E may be a loose wire, so the plug stays locked for a while.
    waits.pilotLost = state == .E || state == .F || state == .fault ? waits.pilotLost ?? now : nil
  }

  private mutating func observe(_ demand: EnergyDemand?, _ now: Instant, _ perform: (Action) -> Void) {
    facts.lastHeartbeat = now
    guard let demand else {
      facts.demand = nil
      return
    }
    guard demand.current == settings.current else {
      facts.demand = nil
      openForFault(.wrongDemand, now, perform)
      return
    }
    // A demand that arrives after its vehicle left must not wait for the next one.
    guard latched == nil, facts.pilot.isConnected || facts.pilot == .F else { return }
    let isNew = facts.demand == nil
    facts.demand = demand
    if isNew, facts.pilot == .D, !settings.isVentilated { raise(.ventilationMissing, perform) }
    if isNew { refuseDemand(perform) }
  }
}
