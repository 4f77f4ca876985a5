import HAL
import SafetyLinks
import Wire

// What goes to the host, by kind.

extension SimulatedController {
  func say(_ message: [UInt8], _ perform: (SimulatedControllerAction) -> Void) {
    if !isMute { perform(.send(PacketFraming.octets(of: message), on: .serial)) }
  }

  mutating func sayLifeSign(_ now: Instant, _ perform: (SimulatedControllerAction) -> Void) {
    let identity = ControllerIdentity(version: "1.2", hardware: 1, revision: 2)
    switch kind {
    case .chargebyte(let contactors, _):
      guard isRunning, !isMute, let own = connectors.first else { return }
      perform(.send(chargeState(own, contactors: contactors).octets, on: .serial))
    case .yeti: say(YetiReport.keepAlive(ControllerKeepAlive(identity: identity)).octets, perform)
    case .phyVERSO:
      let isConfigured = settings != nil
      let message = ControllerKeepAlive(identity: identity, isConfigured: isConfigured)
      say(PhyVERSOReport.keepAlive(message).octets, perform)
    case .chargeBridge: break
    }
  }

  private func chargeState(_ own: Connector, contactors: Int) -> ControllerFrame {
    let layout = ChargeStateLayout(major: firmware.major, minor: firmware.minor, build: firmware.build)
    let blank = ControllerFrame(kind: ControllerFrame.Kind.chargeState, word: 0)
    guard var state = ChargeState(blank, layout: layout) else { return blank }
    let isSafe = !safeState.isEmpty
    state.isPilotOn = !isSafe
    state.permille = Int(own.outputs.duty / 10)
    state.pilot = PilotState.allCases.firstIndex(of: isSafe ? .F : own.pilot).map { UInt8($0 + 1) } ?? 0
    switch own.proximity {
    case .open: state.proximity = 0
    case .plugged(13_000): state.proximity = 1
    case .plugged(20_000): state.proximity = 2
    case .plugged(32_000): state.proximity = 3
    case .plugged(63_000): state.proximity = 4
    case .plugged: state.proximity = 5
    case .buttonPressed: state.proximity = 6
    case .fault: state.proximity = 7
    }
    state.contactors = Array(repeating: own.isClosed ? .closed : .open, count: contactors)
    state.hasDiodeFault = own.faults.contains(.diode)
    state.isPilotShort = own.faults.contains(.pilotShort)
    state.hasContactorFault = own.faults.contains(.contactor)
    state.emergencyStops = [isStopPressed]
    state.reason = Self.reason(of: safeState)
    return state.frame(layout)
  }

  /// Why it is in its safe state, as the frame says it.
  private static func reason(of faults: SafetyFaults) -> UInt8 {
    let reasons: [(SafetyFaults, UInt8)] = [
      (.hostSilent, 2), (.temperatureSensor, 3), (.overTemperature, 7), (.proximity, 11), (.pilotSignal, 12),
      (.pilotShort, 13), (.diode, 14), (.contactor, 15), (.emergencyStop, 16), (.residualCurrent, 20),
      (.residualCurrentTest, 21),
    ]
    return reasons.first { faults.contains($0.0) }?.1 ?? (faults.isEmpty ? 0 : 1)
  }

  /// What changed since it was told, where the kind tells changes.
  mutating func tell(_ index: Int, always: Bool, _ perform: (SimulatedControllerAction) -> Void) {
    let own = connectors[index]
    let new = Told(
      pilot: own.pilot, proximity: own.proximity, faults: own.faults, isClosed: own.isClosed,
      isLocked: own.outputs.isLocked)
    guard new != own.told || always else { return }
    connectors[index].told = new
    switch kind {
    case .chargebyte: break
    case .yeti: for report in yetiReports(new, since: own.told) { say(report.octets, perform) }
    case .phyVERSO:
      for report in phyVERSOReports(new, since: own.told, connector: index + 1) {
        say(report.octets, perform)
      }
    case .chargeBridge: if !isMute { perform(.send(status(own).octets, on: .pilot)) }
    }
  }

  private func yetiReports(_ new: Told, since old: Told?) -> [YetiReport] {
    var reports: [YetiReport] = []
    if old?.faults != new.faults { reports.append(.faults(new.faults)) }
    if old?.pilot != new.pilot { reports.append(.pilot(new.pilot)) }
    if old?.isClosed != new.isClosed { reports.append(.relay(isClosed: new.isClosed)) }
    if old?.proximity != new.proximity { reports.append(.proximity(new.proximity)) }
    if old?.isLocked != new.isLocked { reports.append(.lock(new.isLocked ? .locked : .unlocked)) }
    return reports
  }

  private func phyVERSOReports(_ new: Told, since old: Told?, connector: Int) -> [PhyVERSOReport] {
    let coil: PhyVERSOCoil = settings?.outlets[connector - 1].port == .dc ? .dc1 : .ac
    var reports: [PhyVERSOReport] = []
    if old?.faults != new.faults { reports.append(.faults(new.faults, connector: connector)) }
    if old?.pilot != new.pilot { reports.append(.pilot(new.pilot, connector: connector)) }
    if old?.isClosed != new.isClosed {
      reports.append(.coil(coil, isOn: new.isClosed, connector: connector))
    }
    if old?.proximity != new.proximity { reports.append(.proximity(new.proximity, connector: connector)) }
    if old?.isLocked != new.isLocked {
      reports.append(.lock(new.isLocked ? .locked : .unlocked, connector: connector))
    }
    return reports
  }

  private func status(_ own: Connector) -> ChargeBridgeStatus {
    var status = ChargeBridgeStatus()
    status.pilot = ChargeBridgeStatus.Pilot(own.pilot, hasDiodeFault: own.faults.contains(.diode))
    if own.faults.contains(.pilotSignal) { status.pilot = .invalid }
    status.isRelayClosed = own.isClosed
    status.lock = own.outputs.isLocked ? .locked : .unlocked
    status.isStopRequested = isStopPressed
    status.proximityType2 = UInt8(own.proximity.number)
    for (bit, fault) in Self.bits where own.faults.contains(fault) { status.errors |= 1 << bit }
    return status
  }

  private static let bits: [(UInt32, SafetyFaults)] = [
    (2, .proximity), (4, .overTemperature), (5, .emergencyStop), (6, .contactor), (9, .supply),
    (13, .configuration), (14, .overVoltage),
  ]
}

extension Proximity {
  /// As ChargeBridge numbers cables of type 2.
  fileprivate var number: Int {
    switch self {
    case .open: 0
    case .plugged(13_000): 1
    case .plugged(20_000): 2
    case .plugged(32_000): 3
    case .plugged(63_000): 4
    case .plugged, .buttonPressed, .fault: 5
    }
  }
}

extension ChargeBridgeStatus.Pilot {
  fileprivate init(_ state: PilotState, hasDiodeFault: Bool) {
    if hasDiodeFault {
      self = .diodeFault
      return
    }
    switch state {
    case .A: self = .a
    case .B: self = .b
    case .C: self = .c
    case .D: self = .d
    case .E: self = .e
    case .F: self = .f
    case .fault: self = .invalid
    }
  }
}
