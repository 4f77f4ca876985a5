import ControlAPI
import Wire

/// A server, its clients' ends and a station that answers, without sockets: octets are kept per client.
struct ServerRig {
  var server: ControlServer
  var now = Instant.zero
  /// Octets that a client has been handed and not yet read off.
  var outputs: [ControlClientID: [UInt8]] = [:]
  var closed: [ControlClientID: ControlServerCloseReason] = [:]
  var calls: [(id: ControlCallID, request: ControlRequest, client: ControlClientID)] = []
  /// Clients that read nothing: what is sent to them stays on its way.
  var stuck: Set<ControlClientID> = []
  /// `nil`: calls are collected and not answered.
  var answer: ((ControlRequest) -> Result<ControlResult, ControlFailure>)?

  init(clientsMax: Int = 16) { server = ControlServer(clientsMax: clientsMax) }

  mutating func handle(_ event: ControlServerEvent) {
    var waiting = [event]
    while !waiting.isEmpty {
      var actions: [ControlServerAction] = []
      server.handle(waiting.removeFirst(), at: now) { actions.append($0) }
      for action in actions {
        switch action {
        case .send(let client, let octets):
          outputs[client, default: []] += octets
          if !stuck.contains(client) { waiting.append(.sent(client)) }
        case .close(let client, let reason): closed[client] = reason
        case .call(let id, let request, let client):
          calls.append((id, request, client))
          if let answer { waiting.append(.answer(id, answer(request))) }
        }
      }
    }
  }

  mutating func connect(_ number: UInt64) -> ControlClientID {
    let id = ControlClientID(number)
    handle(.connected(id))
    return id
  }

  mutating func send(_ text: String, from client: ControlClientID) {
    handle(.received(client, Array(text.utf8)))
  }

  /// Lines the client got since it was last asked.
  mutating func lines(of client: ControlClientID) -> [String] {
    let octets = outputs.removeValue(forKey: client) ?? []
    return String(decoding: octets, as: UTF8.self).split(separator: "\n").map(String.init)
  }

  /// Sends a line and gives what comes back.
  mutating func ask(_ text: String, from client: ControlClientID) -> [String] {
    send(text + "\n", from: client)
    return lines(of: client)
  }
}

enum Samples {
  static let station = StationInfo(
    name: "couplerd", version: "0.1.0", board: "simulation", processID: 4711, uptimeSeconds: 86_400,
    connectors: [1, 2])

  /// Everything that can be said is said.
  static var status: ConnectorStatus {
    var status = ConnectorStatus(
      connector: 1, evseID: "DE*CPL*E00001", current: "dc", interface: "plc0")
    status.pilot.state = "C"
    status.pilot.dutyPermille = 50
    status.pilot.offeredMilliamps = 16_000
    status.pilot.cableMilliamps = 32_000
    status.pilot.fault = "the pilot is at 0 V"
    status.slac.state = .matched
    status.slac.peer = "02:00:00:00:00:01"
    status.slac.attenuationDecidecibels = 205
    status.slac.cause = "the link was lost once"
    status.session.phase = "energy"
    status.session.protocolName = "iso15118-2"
    status.session.authorization = .granted
    status.session.seconds = 754
    status.session.wattHours = 12_345
    status.session.socPercent = 61
    status.session.outcome = "completed"
    status.outputs.contactorClosed = true
    status.outputs.contactorFeedback = true
    status.outputs.locked = true
    status.outputs.powerStageEnabled = true
    status.power.millivolts = 398_200
    status.power.milliamps = 120_500
    status.power.phaseMilliamps = [16_000, 15_900]
    status.power.watts = 47_983
    status.power.targetMillivolts = 400_000
    status.power.targetMilliamps = 121_000
    status.power.temperatureDecidegrees = 415
    status.limits = ControlLimits(milliamps: 125_000, millivolts: 500_000, watts: 50_000, phases: 3)
    status.stage = stage
    status.evccID = "02:00:00:00:00:e1"
    status.inlet = inlet
    status.trouble = "read in_voltage2_raw: EIO"
    status.fault = fault
    return status
  }

  static var stage: PowerStageStatus {
    var stage = PowerStageStatus()
    stage.state = .faulty
    stage.fault = "module 3 overheated"
    stage.insulation = .warning
    stage.isLagging = true
    stage.millivoltsMax = 500_000
    stage.milliampsMax = 125_000
    stage.wattsMax = 50_000
    return stage
  }

  static var inlet: InletStatus {
    var inlet = InletStatus()
    inlet.closeContactor = true
    inlet.chargerMilliamps = 16_000
    inlet.millivolts = 398_200
    inlet.milliamps = 120_500
    inlet.milliampsMax = 125_000
    inlet.phase = "energy"
    inlet.isBatteryHeard = true
    inlet.socPercent = 61
    inlet.outcome = "completed"
    return inlet
  }

  static var soundPilot: PilotStatus {
    var pilot = status.pilot
    pilot.fault = nil
    return pilot
  }

  static var battery: BatteryReport {
    var report = BatteryReport(
      isReady: true, socPercent: 61, millivolts: 396_000, inletMillivolts: 396_100, targetMillivolts: 400_000,
      targetMilliamps: 120_000)
    report.wish = .pause
    report.isFull = true
    report.millivoltsMax = 420_000
    report.onboardMilliamps = 12_000
    report.milliampsMax = 150_000
    report.requestWattHours = 20_000
    report.departureSeconds = 3600
    report.contactorClosed = true
    return report
  }

  static var report: PowerReport {
    var report = PowerReport(millivolts: 398_200, milliamps: 120_500)
    report.phaseMilliamps = [120_500]
    report.wattHours = 12_345
    report.insulation = .testing
    report.isReady = false
    report.fault = "module 3 overheated"
    report.millivoltsMax = 500_000
    report.milliampsMax = 125_000
    report.wattsMax = 50_000
    return report
  }

  static var command: PowerCommand {
    var command = PowerCommand()
    command.isEnabled = true
    command.millivolts = 400_000
    command.milliamps = 121_000
    return command
  }

  static let fault = ControlFault(
    name: "earthLost", text: "protective earth tripped: find the leak", latch: .unplugged)
  static let entry = ErrorEntry(
    number: 3, connector: 1, unixSeconds: 1_795_000_000, layer: "safety", name: "earthLost",
    text: "protective earth tripped: find the leak", isPresent: true)
  static var values: ConnectorValues {
    ConnectorValues(connector: 1, power: status.power, wattHours: 12_345)
  }

  static let contents: [ControlEvent.Content] = [
    .pilot(soundPilot), .slac(status.slac), .session(status.session), .outputs(status.outputs),
    .power(status.power), .limits(status.limits), .stage(stage),
    .powerCommand(command), .inlet(inlet), .paused(true),
    .trouble("no interface plc0"), .fault(fault), .cleared(name: "earthLost"),
    .ended(ok: true, text: "completed", wattHours: 12_345),
  ]

  static let requests: [ControlRequest] = [
    .info, .status(connector: nil), .status(connector: 2), .values(connector: nil), .values(connector: 1),
    .errors(connector: nil, count: 100), .errors(connector: 1, count: 5),
    .authorize(connector: 1, granted: true, token: nil),
    .authorize(connector: 1, granted: false, token: "04A1B2C3"), .stop(connector: 1, reason: .user),
    .stop(connector: 2, reason: .site), .pause(connector: 1), .resume(connector: 1),
    .limit(connector: 1, ControlLimits(milliamps: 16_000)), .limit(connector: 1, ControlLimits(phases: 1)),
    .limit(connector: 1, ControlLimits(milliamps: 0, millivolts: 400_000, watts: 11_000)),
    .clear(connector: 1), .power(connector: 1, PowerReport()), .power(connector: 2, report),
    .battery(connector: 1, battery),
  ]

  static func answer(_ request: ControlRequest) -> Result<ControlResult, ControlFailure> {
    switch request {
    case .info: .success(.info(station))
    case .status: .success(.status([status]))
    case .values: .success(.values([values]))
    case .errors: .success(.errors([entry]))
    case .limit: .success(.limits(status.limits))
    case .power: .success(.powerCommand(command))
    case .battery: .success(.inlet(inlet))
    case .clear: .failure(ControlFailure(.wrongState, "there is no fault", remedy: "nothing need be done"))
    default: .success(.done)
    }
  }
}
