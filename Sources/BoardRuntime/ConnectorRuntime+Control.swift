public import ControlAPI
import ControlPilot
import HAL
import ISO15118
import Node
import Safety
public import Wire

extension ConnectorRuntime {
  /// All of it, for the control socket.
  public func status(at now: Instant) -> ConnectorStatus {
    var status = ConnectorStatus(
      connector: plan.number, evseID: plan.evseID, current: outlet.current.rawValue,
      interface: interfaceName ?? plan.interface ?? "")
    status.pilot = pilotStatus
    status.slac = state.slac
    status.session = state.session(at: now)
    status.outputs = state.outputs
    status.power = state.power
    status.limits = controlLimits
    status.isPaused = isPaused
    status.stage = stageStatus
    status.trouble = trouble
    status.fault = fault.map { ControlFault($0) }
    return status
  }

  public var pilotStatus: PilotStatus {
    var offered: Int?
    if case .pwm(let permille) = pilotDuty, case .amps(let milliamps) = PilotOffer(permille: permille) {
      offered = milliamps
    }
    var status = PilotStatus(pilotState, pilotDuty, offeredMilliamps: offered)
    status.cableMilliamps = cableRating
    status.fault = pilotFault.map { "\($0)" }
    return status
  }

  public var values: ConnectorValues {
    ConnectorValues(connector: plan.number, power: state.power, wattHours: state.session.wattHours)
  }

  /// What holds now.
  public var controlLimits: ControlLimits {
    let limits = presentLimits
    return ControlLimits(
      milliamps: limits.maximumMilliamps, millivolts: outlet.current == .dc ? limits.maximumMillivolts : nil,
      watts: limits.maximumWatts, phases: outlet.current == .ac ? closedPhases : nil)
  }

  /// Narrows the limits, within those of site and board; what is `nil` stays as it is.
  public func narrow(_ new: ControlLimits) throws(ControlFailure) {
    let widest = plan.limits(outlet)
    func check(_ value: Int?, _ most: Int, _ name: String, _ unit: String) throws(ControlFailure) {
      guard let value, !(0...most).contains(value) else { return }
      throw ControlFailure(
        .outOfRange, "\(name) has to be 0 to \(most) \(unit) here, is \(value)",
        remedy: "stay within the site file's limits, or widen those")
    }
    try check(new.milliamps, widest.maximumMilliamps, "current", "mA")
    try check(new.watts, widest.maximumWatts, "power", "W")
    if outlet.current == .dc {
      try check(new.millivolts, widest.maximumMillivolts, "voltage", "mV")
    } else if new.millivolts != nil {
      throw ControlFailure(.unsupported, "an AC outlet has the voltage of the mains")
    }
    try checkPhases(new.phases)
    take(new)
  }

  private func checkPhases(_ wanted: Int?) throws(ControlFailure) {
    guard let wanted, outlet.current == .dc || !port.switchesPhases || plan.phases != 3 else { return }
    guard outlet.current == .ac else { throw ControlFailure(.unsupported, "a DC outlet has no phases") }
    guard wanted == plan.phases else {
      throw ControlFailure(
        .unsupported, "this outlet closes \(plan.phases) phase(s) and cannot switch",
        remedy: "only a board whose contactor has a phase of its own can; see coupler board show")
    }
  }

  /// Ends the session, and lets none begin until `resume`.
  public func pause() {
    setPaused(true)
    if phase != .idle { post(.stop(.backend)) }
  }

  public func resume() {
    setPaused(false)
    post(.resume)
  }

  /// A person has looked at the charger.
  public func clear() throws(ControlFailure) {
    guard let before = fault, before.latch == .service else {
      throw ControlFailure(
        .wrongState, "no fault waits for a person here",
        remedy: fault.map { "the fault \($0.name) ends when the plug is out and its cause is gone" } ?? "")
    }
    post(.serviceReset)
    guard let after = fault else { return }
    throw ControlFailure(
      .faultPersists, "\(after)", remedy: "the contactor has to read open before the fault can be cleared")
  }
}
