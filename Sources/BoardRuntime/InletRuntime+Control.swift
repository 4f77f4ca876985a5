import ControlAPI
import ControlPilot
import HAL
import ISO15118
import Node
import Safety
import Wire

extension InletRuntime: ChargingPoint {
  var number: Int { plan.number }
  var role: ConnectorStatus.Role { .vehicle }
  var phase: NodePhase { node.phase }
  var meterWattHours: Int { node.wattHours }
  var troubleLayer: String {
    if isBroken || port.trouble != nil { return "board" }
    return network.trouble == nil ? "battery" : "link"
  }
  func stop(_ reason: SECCStopReason) { end(pause: false) }
  func pause() { end(pause: true) }

  func adopt(_ site: SitePlan) {
    if let plan = site.inlets.first(where: { $0.number == number }) { adopt(plan) }
  }

  var isAtRest: Bool {
    !state.isContactorClosed && !state.isLocked && !node.isContactorCommanded
      && (node.phase == .idle || node.phase == .finished || node.phase == .pilot)
  }

  /// All of it, for the control socket.
  func status(at now: Instant) -> ConnectorStatus {
    var status = ConnectorStatus(
      connector: plan.number, evseID: "", current: inlet.current.rawValue,
      interface: interfaceName ?? plan.interface ?? "")
    status.role = .vehicle
    status.evccID = "\(node.configuration.session.evccID)"
    status.pilot = pilotStatus
    status.slac = state.slac
    status.session = state.session(at: now)
    status.outputs = state.outputs
    status.power = state.power
    status.limits = controlLimits
    status.isPaused = isPaused
    status.trouble = trouble
    status.fault = node.fault.map { ControlFault($0) }
    status.inlet = wanted
    return status
  }

  /// What the vehicle shows on the pilot, and what it reads there.
  private var pilotStatus: PilotStatus {
    var status = PilotStatus()
    status.state =
      switch node.load {
      case .detached: "A"
      case .b: node.phase == .idle ? "A" : "B"
      case .c: "C"
      case .d: "D"
      }
    switch node.offer {
    case .amps(let milliamps): status.offeredMilliamps = milliamps
    case .digital: status.dutyPermille = 50
    case .error: status.state = "E"
    case .none, .invalid: break
    }
    return status
  }

  var values: ConnectorValues {
    ConnectorValues(connector: plan.number, power: state.power, wattHours: state.session.wattHours)
  }

  var controlLimits: ControlLimits { presentLimits }

  /// Narrows the limits, within those of site and board; what is `nil` stays as it is.
  func narrow(_ new: ControlLimits) throws(ControlFailure) {
    func check(_ value: Int?, _ most: Int, _ name: String, _ unit: String) throws(ControlFailure) {
      guard let value, !(0...most).contains(value) else { return }
      throw ControlFailure(
        .outOfRange, "\(name) has to be 0 to \(most) \(unit) here, is \(value)",
        remedy: "stay within the site file's limits, or widen those")
    }
    try check(new.milliamps, plan.milliamps(inlet), "current", "mA")
    try check(new.watts, plan.wattsMax, "power", "W")
    if inlet.current == .dc {
      try check(new.millivolts, plan.millivoltsMax, "voltage", "mV")
    } else if new.millivolts != nil {
      throw ControlFailure(.unsupported, "an AC inlet has the voltage of the mains")
    }
    if new.phases != nil {
      throw ControlFailure(.unsupported, "a vehicle takes the phases that the charger closes")
    }
    take(new)
  }

  /// The battery's management has spoken on the control socket.
  func take(_ report: BatteryReport, from client: ControlClientID) throws(ControlFailure) {
    guard !hasOwnBattery else {
      throw ControlFailure(
        .unsupported, "the battery of inlet \(number) is simulated",
        remedy: "write 'battery: control' into the site file's inlet")
    }
    if inlet.current == .dc, port.feedbackMax == nil, report.contactorClosed == nil {
      throw ControlFailure(
        .invalidParameters,
        "the battery of inlet \(number) has the contactors, and only its management knows whether they are closed",
        remedy: "tell contactorClosed in each call")
    }
    if let speaker, speaker != client, wanted.isBatteryHeard {
      throw ControlFailure(
        .wrongState, "another client speaks for the battery of inlet \(number)",
        remedy: "end that one, or wait until it has been silent for \(plan.batterySilence)")
    }
    speaker = client
    hear(report)
  }

  func clientIsGone(_ client: ControlClientID) {
    guard speaker == client else { return }
    speaker = nil
    fallSilent("its management is gone from the control socket")
  }

  /// A person has looked at the vehicle.
  func clear() throws(ControlFailure) {
    guard let before = node.fault, before.latch == .service else {
      throw ControlFailure(
        .wrongState, "no fault waits for a person here",
        remedy: node.fault.map { "the fault \($0.name) ends when the plug is out and its cause is gone" }
          ?? "")
    }
    post(.serviceReset)
    guard let after = node.fault else { return }
    throw ControlFailure(
      .faultPersists, "\(after)", remedy: "the contactor has to read open before the fault can be cleared")
  }
}

extension ConnectorState {
  mutating func note(_ event: VehicleEvent) {
    switch event {
    case .contactorFeedback(let closed): outputs.contactorFeedback = closed
    case .lock(let locked): note(locked: locked)
    case .temperature(let sensor, let millicelsius): note(sensor: sensor, millicelsius)
    default: return
    }
    isNew = true
  }

  mutating func note(_ command: InletCommand) {
    guard case .contactor(let close) = command else { return }
    outputs.contactorClosed = close
    isNew = true
  }

  /// What the charger says it gives, and what the battery measures.
  mutating func note(_ progress: EVProgress, millivolts: Int?, soc: Int?) {
    power.millivolts = millivolts ?? progress.presentMillivolts
    power.milliamps = progress.presentMilliamps
    power.watts = Int(clamping: Int64(power.millivolts) * Int64(power.milliamps) / 1_000_000)
    session.socPercent = soc ?? session.socPercent
    isNew = true
  }
}
