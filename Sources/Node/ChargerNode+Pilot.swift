import ControlPilot
import HAL
import ISO15118
import SLAC
import Safety
import Wire

extension ChargerNode {
  // MARK: control pilot

  mutating func drive(_ event: EVSEPilot.Event, _ now: Instant, _ perform: (Action) -> Void) {
    var isNews = false
    var actions: [EVSEPilot.Action] = []
    pilot.handle(event, at: now) { actions.append($0) }
    for action in actions {
      isNews = true
      news.append(.pilot(action))
    }
    // The supervisor knows of a duty before it is on the wire, and of a state before anybody else.
    if isNews { supervise(.pilot(pilot.state, pilot.duty), now, perform) }
    guard pilot.isDiodeProven != isDiodeTold else { return }
    isDiodeTold = pilot.isDiodeProven
    supervise(.diode(proven: isDiodeTold), now, perform)
  }

  /// Tells the upper layers what pilot and supervisor have brought, in the order in which it came. What they do
  /// about it may bring more, which then comes last: nobody acts on a state that is already past.
  private mutating func tellNews(_ now: Instant, _ perform: (Action) -> Void) {
    guard !isTellingNews else { return }
    isTellingNews = true
    while !news.isEmpty {
      switch news.removeFirst() {
      case .pilot(.setDuty(let duty)):
        // The supervisor may have changed it again: never drive an old one.
        guard duty == pilot.duty else { continue }
        drivenDuty = duty
        perform(.setDuty(duty))
        perform(.trace(.duty(duty)))
        if pilot.state.isConnected { announce(now, perform) }
      case .pilot(.stateChanged(let old, let new, let since)):
        if new == .A || new.isConnected { pilotFault = nil }
        conditions.pilot = PilotLetter(pilot.state)
        perform(.trace(.pilot(from: old, to: new)))
        pilotChanged(from: old, to: new, since: since, now, perform)
      case .pilot(.fault(let fault)):
        pilotFault = fault
        // A generator that is stuck, or a short with no vehicle there, ends nothing that would tell of it.
        if plug.phase == .idle || plug.ended { perform(.trace(.pilotFault(fault))) }
        fail(.pilot(fault), now, perform)
      case .fault(.pilotLost(.A)): break  // Unplugged, which the change of state tells.
      // Told already, and no end of a charge by the duty alone: it waits for C, and for the duty to come back.
      case .fault(.ventilationMissing) where plug.basic == .offered: break
      case .fault(.vehicleIgnoredStop) where plug.basic != .off: break
      case .fault(let fault):
        conditions.fault = fault == .emergencyStop ? .emergencyShutdown : .malfunction
        fail(.safety(fault), now, perform)
      }
    }
    isTellingNews = false
  }

  private mutating func pilotChanged(
    from old: PilotState, to new: PilotState, since: Instant, _ now: Instant, _ perform: (Action) -> Void
  ) {
    switch new {
    case .A:
      // First the cause, then what follows from it: the link is lost because the plug is out.
      unplugged(from: old, now, perform)
      match(.vehicleDisconnected, now, perform)
    case .B, .C, .D:
      if !old.isConnected {
        if old != .F { retries = 0 }
        arrived(now, perform)
      } else {
        if plug.isPaused || isAtRest { watchToggle(from: old, to: new, since: since, now, perform) }
        // The toggles of CM_VALIDATE.
        if new.asksForEnergy != old.asksForEnergy {
          match(.asksForEnergy(new.asksForEnergy, since: since), now, perform)
        }
      }
      announce(now, perform)
    case .E, .F, .fault:
      forgetBasic(perform)
      plug.announced = false
      plug.isPaused = false
      match(.pilotError, now, perform)
    }
  }

  /// A vehicle, or the same one starting anew.
  mutating func arrived(_ now: Instant, _ perform: (Action) -> Void) {
    wakeModem(now, perform)
    forgetConnection(now, perform)
    begin(.pilot, perform)
    conditions.fault = nil
    if let fault = supervisor.latched { return fail(.safety(fault), now, perform) }
    ask(offer, now, perform)
  }

  /// A new try: everything of the last one is forgotten.
  mutating func begin(_ phase: NodePhase, _ perform: (Action) -> Void) {
    if phase == .pilot { plug = PlugIn() }
    enter(phase, perform)
  }

  mutating func enter(_ phase: NodePhase, _ perform: (Action) -> Void) {
    guard phase != plug.phase else { return }
    // Communication that begins beside a charge by the duty alone does not hide it.
    if plug.basic == .offered, plug.phase >= .preparation, phase < .preparation { return }
    plug.phase = phase
    perform(.trace(.phase(phase)))
  }

  mutating func forgetConnection(_ now: Instant, _ perform: (Action) -> Void) {
    plug.farewellUntil = nil
    if plug.connected {
      plug.connected = false
      perform(.network(.close))
    }
    // Also without a connection: the time for one may be running.
    converse(.disconnected, now, perform)
  }

  private mutating func unplugged(from old: PilotState, _ now: Instant, _ perform: (Action) -> Void) {
    if plug.hasChargedBasic, old == .B, !plug.ended {
      // S2 was open: that is how a charge by the duty alone ends.
      end(.completed(.terminated, wattHours: plug.wattHours), now, perform)
    } else if plug.phase != .idle, !plug.ended {
      end(.failed(.unplugged(during: plug.verdict?.phase ?? plug.phase)), now, perform)
    }
    forgetConnection(now, perform)
    plug = PlugIn()
    retries = 0
    hasStepped = false
    mayResume = false
    // Whoever was identified was so for the vehicle that leaves.
    isIdentified = false
    scheduleSleep(now)
    conditions.authorization = .pending
    conditions.fault = nil
    inform(now, perform)
    perform(.trace(.phase(.idle)))
  }

  // MARK: safety

  mutating func supervise(_ event: SafetySupervisor.Event, _ now: Instant, _ perform: (Action) -> Void) {
    var actions: [SafetySupervisor.Action] = []
    supervisor.handle(event, at: now) { actions.append($0) }
    for action in actions {
      switch action {
      case .contactor(let close):
        // The supervisor may have thought better of it meanwhile: never close by an old decision.
        guard !close || supervisor.isContactorCommandedClosed else { continue }
        perform(.contactor(close: close))
        perform(.trace(.safety(.contactor(closed: close))))
      case .powerStage(let enabled):
        perform(.powerStage(enabled: enabled))
        perform(.trace(.safety(.powerStage(enabled: enabled))))
      case .lock(let lock):
        perform(.lock(lock))
        perform(.trace(.safety(.lock(lock))))
      case .residualCurrentTest(let on): perform(.residualCurrentTest(on))
      case .phases(let three):
        perform(.phases(three: three))
        perform(.trace(.coupling(.phases(three: three))))
      case .energized(let live): perform(.trace(.safety(.energized(live))))
      case .cleared(let fault):
        if supervisor.latched == nil { conditions.fault = nil }
        perform(.trace(.safety(.cleared(fault))))
      case .forcePilot(let forced): drive(.request(forced == .x1 ? .x1 : .stateF), now, perform)
      case .fault(let fault):
        perform(.trace(.safety(.fault(fault))))
        news.append(.fault(fault))
      }
    }
    tellNews(now, perform)
  }

  // MARK: energy

  /// `fails`: the session ends with it, in the phase it was in.
  mutating func demand(
    _ command: EnergyCommand, fails: Bool = false, _ now: Instant, _ perform: (Action) -> Void
  ) {
    // What ended wants nothing any more.
    guard command != plug.command, command == .none || !plug.ended else { return }
    // The session takes over, without a gap.
    if command != .none { forgetBasic(perform) }
    let previous = plug.command
    plug.command = command
    supervise(.energyRequested(command.demand), now, perform)
    guard plug.command == command else { return }
    setPoint(command, perform)
    switch command {
    case .cableCheck:
      if case .cableCheck = previous {
      } else {
        // A result of an earlier test never counts for this one.
        conditions.isolation = .unchecked
        perform(.insulationTest)
      }
      enter(.preparation, perform)
    case .closeAC: enter(conditions.contactorClosed ? .energy : .preparation, perform)
    case .deliver: enter(.energy, perform)
    case .none: if plug.phase == .energy, !fails, plug.verdict == nil { enter(.stopping, perform) }
    case .preCharge: break
    }
  }

  /// Set points of the power stage, inside the limits as they are now: a limit that shrinks does not wait for
  /// the vehicle's next message.
  func setPoint(_ command: EnergyCommand, _ perform: (Action) -> Void) {
    let limits = conditions.limits
    switch command {
    case .none, .closeAC: break
    case .cableCheck(let millivolts):
      perform(.setPoint(PowerReading(millivolts: millivolts, milliamps: 1000)))
    case .preCharge(let millivolts, let milliamps), .deliver(let millivolts, let milliamps):
      let volts = min(millivolts, max(0, limits.maximumMillivolts))
      var amps = min(milliamps, max(0, limits.maximumMilliamps))
      // W * 10^6 / mV = mA, in 64 bits for targets with a 32-bit Int.
      if volts > 0 {
        amps = min(amps, Int(clamping: Int64(max(0, limits.maximumWatts)) * 1_000_000 / Int64(volts)))
      }
      perform(.setPoint(PowerReading(millivolts: volts, milliamps: amps)))
    }
  }

  mutating func measured(
    _ reading: PowerReading, _ wattHours: Int, _ now: Instant, _ perform: (Action) -> Void
  ) {
    conditions.presentMillivolts = reading.millivolts
    conditions.presentMilliamps = reading.milliamps
    conditions.meterWattHours = UInt64(max(0, wattHours))
    supervise(.powerStage(reading), now, perform)
    guard plug.phase >= .preparation else { return }
    let start = plug.wattHoursAtStart ?? wattHours
    plug.wattHoursAtStart = start
    plug.wattHours = wattHours - start
    guard plug.phase == .energy else { return }
    if let last = plug.lastEnergyTrace, now - last < .seconds(1) { return }
    plug.lastEnergyTrace = now
    let energy = EnergyReading(
      millivolts: reading.millivolts, milliamps: reading.milliamps,
      phases: configuration.session.modes.contains(.AC_three_phase_core) && supervisor.closesThreePhases
        ? 3 : 1, wattHours: plug.wattHours)
    perform(.trace(.energy(energy)))
  }
}

extension PilotLetter {
  init(_ state: PilotState) {
    switch state {
    case .A: self = .A
    case .B: self = .B
    case .C: self = .C
    case .D: self = .D
    case .E, .fault: self = .E
    case .F: self = .F
    }
  }
}

extension EnergyCommand {
  /// What it means to the supervisor.
  var demand: EnergyDemand? {
    switch self {
    case .none: nil
    case .cableCheck: .dcInsulationTest
    case .preCharge: .dcPreCharge
    case .deliver: .dcDelivery
    case .closeAC: .ac
    }
  }
}
