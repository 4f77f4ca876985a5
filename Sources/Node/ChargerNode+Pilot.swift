import ControlPilot
import HAL
import ISO15118
import SLAC
import Safety
import Wire

extension ChargerNode {
  // MARK: control pilot

  mutating func drive(_ event: EVSEPilot.Event, _ now: Instant, _ perform: (Action) -> Void) {
    var actions: [EVSEPilot.Action] = []
    pilot.handle(event, at: now) { actions.append($0) }
    for action in actions {
      switch action {
      case .setDuty(let duty):
        // The supervisor knows of a duty before it is on the wire, and may have opened because of it.
        supervise(.pilot(pilot.state, duty), now, perform)
        // What the supervisor made of it may have changed the duty again: never drive an old one.
        guard duty == pilot.duty else { continue }
        perform(.setDuty(duty))
        perform(.trace(.duty(duty)))
        if pilot.state.isConnected { announce(now, perform) }
      case .stateChanged(let old, let new, _):
        supervise(.pilot(new, pilot.duty), now, perform)
        conditions.pilot = PilotLetter(new)
        perform(.trace(.pilot(from: old, to: new)))
        pilotChanged(from: old, to: new, now, perform)
      case .fault(let fault):
        fail(.pilot(fault), now, perform)
      }
    }
  }

  private mutating func pilotChanged(
    from old: PilotState, to new: PilotState, _ now: Instant, _ perform: (Action) -> Void
  ) {
    switch new {
    case .A:
      match(.vehicleDisconnected, now, perform)
      unplugged(now, perform)
    case .B, .C, .D:
      if !old.isConnected {
        if old != .F { retries = 0 }
        forgetConnection(now, perform)
        begin(.pilot, perform)
        offerDigital(now, perform)
      }
      announce(now, perform)
    case .E, .F, .fault:
      plug.announced = false
      match(.pilotError, now, perform)
    }
  }

  /// 5 %, unless the supervisor holds the pilot.
  mutating func offerDigital(_ now: Instant, _ perform: (Action) -> Void) {
    guard !supervisor.isPilotForced else { return }
    drive(.request(.digital), now, perform)
  }

  /// Tells SLAC that a vehicle is there, once 5 % is on.
  private mutating func announce(_ now: Instant, _ perform: (Action) -> Void) {
    guard pilot.duty == .digital, !plug.announced, !plug.ended else { return }
    plug.announced = true
    switch configuration.link {
    case .slac:
      begin(.matching, perform)
      match(.vehicleConnected, now, perform)
    case .assumed: linkReady(peer: nil, now, perform)
    }
  }

  /// A new try: everything of the last one is forgotten.
  private mutating func begin(_ phase: NodePhase, _ perform: (Action) -> Void) {
    if phase == .pilot { plug = PlugIn() }
    enter(phase, perform)
  }

  mutating func enter(_ phase: NodePhase, _ perform: (Action) -> Void) {
    guard phase != plug.phase else { return }
    plug.phase = phase
    perform(.trace(.phase(phase)))
  }

  private mutating func forgetConnection(_ now: Instant, _ perform: (Action) -> Void) {
    guard plug.connected else { return }
    plug.connected = false
    perform(.network(.close))
    converse(.disconnected, now, perform)
  }

  private mutating func unplugged(_ now: Instant, _ perform: (Action) -> Void) {
    if plug.phase != .idle, !plug.ended {
      end(.failed(.unplugged(during: plug.phase)), now, perform)
    }
    forgetConnection(now, perform)
    plug = PlugIn()
    retries = 0
    perform(.trace(.phase(.idle)))
  }

  // MARK: safety

  mutating func supervise(_ event: SafetySupervisor.Event, _ now: Instant, _ perform: (Action) -> Void) {
    var actions: [SafetySupervisor.Action] = []
    supervisor.handle(event, at: now) { actions.append($0) }
    for action in actions {
      switch action {
      case .contactor(let close):
        perform(.contactor(close: close))
        perform(.trace(.safety(.contactor(closed: close))))
      case .powerStage(let enabled):
        perform(.powerStage(enabled: enabled))
        perform(.trace(.safety(.powerStage(enabled: enabled))))
      case .lock(let lock):
        perform(.lock(lock))
        perform(.trace(.safety(.lock(lock))))
      case .energized(let live): perform(.trace(.safety(.energized(live))))
      case .cleared(let fault): perform(.trace(.safety(.cleared(fault))))
      case .forcePilot(let forced): drive(.request(forced == .x1 ? .x1 : .stateF), now, perform)
      case .fault(let fault):
        perform(.trace(.safety(.fault(fault))))
        conditions.fault = .malfunction
        fail(.safety(fault), now, perform)
      }
    }
  }

  // MARK: energy

  mutating func demand(_ command: EnergyCommand, _ now: Instant, _ perform: (Action) -> Void) {
    guard command != plug.command else { return }
    let previous = plug.command
    plug.command = command
    supervise(.energyRequested(command.demand), now, perform)
    switch command {
    case .none, .closeAC: break
    case .cableCheck(let millivolts):
      perform(.setPoint(PowerReading(millivolts: millivolts, milliamps: 1000)))
      if case .cableCheck = previous {
      } else {
        // A result of an earlier test never counts for this one.
        conditions.isolation = .unchecked
        perform(.insulationTest)
      }
      enter(.preparation, perform)
    case .preCharge(let millivolts, let milliamps), .deliver(let millivolts, let milliamps):
      perform(.setPoint(PowerReading(millivolts: millivolts, milliamps: milliamps)))
    }
    switch command {
    case .deliver, .closeAC: enter(.energy, perform)
    case .none: if plug.phase == .energy { enter(.stopping, perform) }
    case .cableCheck, .preCharge: break
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
      phases: configuration.session.modes.contains(.AC_three_phase_core) ? 3 : 1, wattHours: plug.wattHours)
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
