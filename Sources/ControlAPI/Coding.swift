/// A value that has a form in JSON: an object. `docs/control-api.md` lists the members.
protocol JSONCoded {
  init(_ fields: inout JSONFields) throws(JSONMismatch)
  func write(_ members: inout JSONMembers)
}

extension JSONCoded {
  var json: JSONValue { JSONMembers.object(write) }

  static func read(_ fields: inout JSONFields) throws(JSONMismatch) -> Self { try Self(&fields) }

  init(_ value: JSONValue, at path: String) throws(JSONMismatch) {
    var fields = try JSONFields(value, at: path)
    try self.init(&fields)
  }
}

extension StationInfo: JSONCoded {
  init(_ fields: inout JSONFields) throws(JSONMismatch) {
    let numbers = try fields.required("connectors", fields.value("connectors")?.array)
    let connectors = numbers.compactMap { $0.integer.flatMap { Int(exactly: $0) } }
    guard connectors.count == numbers.count else {
      throw fields.mismatch("connectors", "must be whole numbers")
    }
    self.init(
      name: try fields.required("name", fields.string("name")),
      version: try fields.required("version", fields.string("version")),
      board: try fields.required("board", fields.string("board")),
      processID: try fields.required("processID", fields.integer("processID")),
      uptimeSeconds: try fields.required("uptimeSeconds", fields.integer("uptimeSeconds")),
      connectors: connectors)
    api = try fields.required("api", fields.integer("api"))
  }

  func write(_ members: inout JSONMembers) {
    members.add("name", name)
    members.add("version", version)
    members.add("api", api)
    members.add("board", board)
    members.add("processID", processID)
    members.add("uptimeSeconds", uptimeSeconds)
    members.add("connectors", .array(connectors.map { .integer($0) }))
  }
}

extension ConnectorStatus: JSONCoded {
  init(_ fields: inout JSONFields) throws(JSONMismatch) {
    let role = try fields.word("role", Role.self) ?? .charger
    let evseID = try fields.string("evseID")
    self.init(
      connector: try fields.required("connector", fields.integer("connector")),
      evseID: role == .vehicle ? "" : try fields.required("evseID", evseID),
      current: try fields.required("current", fields.string("current")),
      interface: try fields.required("interface", fields.string("interface")))
    pilot = try fields.required("pilot", fields.object("pilot", PilotStatus.read))
    slac = try fields.required("slac", fields.object("slac", SLACStatus.read))
    session = try fields.required("session", fields.object("session", SessionStatus.read))
    outputs = try fields.required("outputs", fields.object("outputs", OutputStatus.read))
    power = try fields.required("power", fields.object("power", PowerValues.read))
    limits = try fields.required("limits", fields.object("limits", ControlLimits.read))
    isPaused = try fields.required("paused", fields.bool("paused"))
    fault = try fields.object("fault", ControlFault.read)
    self.role = role
    evccID = try fields.string("evccID")
    inlet = try fields.object("inlet", InletStatus.read)
  }

  func write(_ members: inout JSONMembers) {
    members.add("connector", connector)
    members.add("role", role.rawValue)
    members.add("evseID", role == .charger ? evseID : nil)
    members.add("evccID", evccID)
    members.add("current", current)
    members.add("interface", interface)
    members.add("pilot", pilot.json)
    members.add("slac", slac.json)
    members.add("session", session.json)
    members.add("outputs", outputs.json)
    members.add("power", power.json)
    members.add("limits", limits.json)
    members.add("paused", isPaused)
    if let fault { members.add("fault", fault.json) }
    if let inlet { members.add("inlet", inlet.json) }
  }
}

extension PilotStatus: JSONCoded {
  init(_ fields: inout JSONFields) throws(JSONMismatch) {
    state = try fields.required("state", fields.string("state"))
    dutyPermille = try fields.integer("dutyPermille")
    offeredMilliamps = try fields.integer("offeredMilliamps")
    cableMilliamps = try fields.integer("cableMilliamps")
  }

  func write(_ members: inout JSONMembers) {
    members.add("state", state)
    members.add("dutyPermille", dutyPermille)
    members.add("offeredMilliamps", offeredMilliamps)
    members.add("cableMilliamps", cableMilliamps)
  }
}

extension SLACStatus: JSONCoded {
  init(_ fields: inout JSONFields) throws(JSONMismatch) {
    state = try fields.required("state", fields.word("state", State.self))
    peer = try fields.string("peer")
    attenuationDecidecibels = try fields.integer("attenuationDecidecibels")
    cause = try fields.string("cause")
  }

  func write(_ members: inout JSONMembers) {
    members.add("state", state.rawValue)
    members.add("peer", peer)
    members.add("attenuationDecidecibels", attenuationDecidecibels)
    members.add("cause", cause)
  }
}

extension SessionStatus: JSONCoded {
  init(_ fields: inout JSONFields) throws(JSONMismatch) {
    phase = try fields.required("phase", fields.string("phase"))
    protocolName = try fields.string("protocol")
    authorization = try fields.required("authorization", fields.word("authorization", Authorization.self))
    seconds = try fields.integer("seconds")
    wattHours = try fields.required("wattHours", fields.integer("wattHours"))
    socPercent = try fields.integer("socPercent")
    outcome = try fields.string("outcome")
  }

  func write(_ members: inout JSONMembers) {
    members.add("phase", phase)
    members.add("protocol", protocolName)
    members.add("authorization", authorization.rawValue)
    members.add("seconds", seconds)
    members.add("wattHours", wattHours)
    members.add("socPercent", socPercent)
    members.add("outcome", outcome)
  }
}

extension OutputStatus: JSONCoded {
  init(_ fields: inout JSONFields) throws(JSONMismatch) {
    contactorClosed = try fields.required("contactorClosed", fields.bool("contactorClosed"))
    contactorFeedback = try fields.bool("contactorFeedback")
    locked = try fields.bool("locked")
    powerStageEnabled = try fields.required("powerStageEnabled", fields.bool("powerStageEnabled"))
  }

  func write(_ members: inout JSONMembers) {
    members.add("contactorClosed", contactorClosed)
    members.add("contactorFeedback", contactorFeedback)
    members.add("locked", locked)
    members.add("powerStageEnabled", powerStageEnabled)
  }
}

extension PowerValues: JSONCoded {
  init(_ fields: inout JSONFields) throws(JSONMismatch) {
    millivolts = try fields.required("millivolts", fields.integer("millivolts"))
    milliamps = try fields.required("milliamps", fields.integer("milliamps"))
    phases = try fields.required("phases", fields.integer("phases"))
    watts = try fields.required("watts", fields.integer("watts"))
    targetMillivolts = try fields.integer("targetMillivolts")
    targetMilliamps = try fields.integer("targetMilliamps")
    temperatureDecidegrees = try fields.integer("temperatureDecidegrees")
  }

  func write(_ members: inout JSONMembers) {
    members.add("millivolts", millivolts)
    members.add("milliamps", milliamps)
    members.add("phases", phases)
    members.add("watts", watts)
    members.add("targetMillivolts", targetMillivolts)
    members.add("targetMilliamps", targetMilliamps)
    members.add("temperatureDecidegrees", temperatureDecidegrees)
  }
}

extension ControlLimits: JSONCoded {
  /// Above anything that is built: 10 kA, 10 kV, 10 MW. Finer bounds are the station's own.
  static let milliampsRange = 0...10_000_000
  static let millivoltsRange = 0...10_000_000
  static let wattsRange = 0...10_000_000

  init(_ fields: inout JSONFields) throws(JSONMismatch) {
    milliamps = try fields.integer("milliamps", Self.milliampsRange)
    millivolts = try fields.integer("millivolts", Self.millivoltsRange)
    watts = try fields.integer("watts", Self.wattsRange)
  }

  func write(_ members: inout JSONMembers) {
    members.add("milliamps", milliamps)
    members.add("millivolts", millivolts)
    members.add("watts", watts)
  }
}

extension ControlFault: JSONCoded {
  init(_ fields: inout JSONFields) throws(JSONMismatch) {
    name = try fields.required("name", fields.string("name"))
    text = try fields.required("text", fields.string("text"))
    latch = try fields.required("latch", fields.word("latch", Latch.self))
  }

  func write(_ members: inout JSONMembers) {
    members.add("name", name)
    members.add("text", text)
    members.add("latch", latch.rawValue)
  }
}

extension ErrorEntry: JSONCoded {
  init(_ fields: inout JSONFields) throws(JSONMismatch) {
    self.init(
      number: try fields.required("number", fields.integer("number")),
      connector: try fields.required("connector", fields.integer("connector")),
      unixSeconds: try fields.required("unixSeconds", fields.long("unixSeconds")),
      layer: try fields.required("layer", fields.string("layer")),
      name: try fields.required("name", fields.string("name")),
      text: try fields.required("text", fields.string("text")),
      isPresent: try fields.required("present", fields.bool("present")))
  }

  func write(_ members: inout JSONMembers) {
    members.add("number", number)
    members.add("connector", connector)
    members.add("unixSeconds", .integer(unixSeconds))
    members.add("layer", layer)
    members.add("name", name)
    members.add("text", text)
    members.add("present", isPresent)
  }
}

extension ConnectorValues: JSONCoded {
  init(_ fields: inout JSONFields) throws(JSONMismatch) {
    self.init(
      connector: try fields.required("connector", fields.integer("connector")),
      power: try fields.required("power", fields.object("power", PowerValues.read)),
      wattHours: try fields.required("wattHours", fields.integer("wattHours")))
  }

  func write(_ members: inout JSONMembers) {
    members.add("connector", connector)
    members.add("power", power.json)
    members.add("wattHours", wattHours)
  }
}

extension ControlEvent: JSONCoded {
  init(_ fields: inout JSONFields) throws(JSONMismatch) {
    connector = try fields.required("connector", fields.integer("connector"))
    milliseconds = try fields.required("milliseconds", fields.long("milliseconds"))
    let kind = try fields.required("kind", fields.word("kind", Kind.self))
    let name = kind.rawValue
    content =
      switch kind {
      case .pilot: .pilot(try fields.required(name, fields.object(name, PilotStatus.read)))
      case .slac: .slac(try fields.required(name, fields.object(name, SLACStatus.read)))
      case .session: .session(try fields.required(name, fields.object(name, SessionStatus.read)))
      case .outputs: .outputs(try fields.required(name, fields.object(name, OutputStatus.read)))
      case .power: .power(try fields.required(name, fields.object(name, PowerValues.read)))
      case .limits: .limits(try fields.required(name, fields.object(name, ControlLimits.read)))
      case .paused: .paused(try fields.required(name, fields.bool(name)))
      case .fault: .fault(try fields.required(name, fields.object(name, ControlFault.read)))
      case .cleared: .cleared(name: try fields.required(name, fields.string(name)))
      case .inlet: .inlet(try fields.required(name, fields.object(name, InletStatus.read)))
      case .ended:
        try fields.required(
          name,
          fields.object(name) { (ended) throws(JSONMismatch) in
            .ended(
              ok: try ended.required("ok", ended.bool("ok")),
              text: try ended.required("text", ended.string("text")),
              wattHours: try ended.required("wattHours", ended.integer("wattHours")))
          })
      }
  }

  func write(_ members: inout JSONMembers) {
    members.add("connector", connector)
    members.add("milliseconds", .integer(milliseconds))
    members.add("kind", kind.rawValue)
    let value: JSONValue =
      switch content {
      case .pilot(let status): status.json
      case .slac(let status): status.json
      case .session(let status): status.json
      case .outputs(let status): status.json
      case .power(let values): values.json
      case .limits(let limits): limits.json
      case .paused(let paused): .bool(paused)
      case .fault(let fault): fault.json
      case .cleared(let name): .string(name)
      case .inlet(let status): status.json
      case .ended(let ok, let text, let wattHours):
        JSONMembers.object {
          $0.add("ok", ok)
          $0.add("text", text)
          $0.add("wattHours", wattHours)
        }
      }
    members.add(kind.rawValue, value)
  }
}
