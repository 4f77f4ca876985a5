// The members of each type, once for both directions. `docs/control-api.md` lists them.

extension ConnectorStatus.Role: JSONWord {}
extension SLACStatus.State: JSONWord {}
extension SessionStatus.Authorization: JSONWord {}
extension ControlFault.Latch: JSONWord {}

extension StationInfo: JSONCoded {
  static var blank: StationInfo {
    StationInfo(name: "", version: "", board: "", processID: 0, uptimeSeconds: 0, connectors: [])
  }

  mutating func shape<Form: JSONForm>(_ form: inout Form) throws(Form.Failure) {
    try form.member("name", &name)
    try form.member("version", &version)
    try form.member("api", &api)
    try form.member("board", &board)
    try form.member("processID", &processID)
    try form.member("uptimeSeconds", &uptimeSeconds)
    try form.member("connectors", &connectors)
  }
}

extension ConnectorStatus: JSONCoded {
  static var blank: ConnectorStatus { ConnectorStatus(connector: 0, evseID: "", current: "", interface: "") }

  mutating func shape<Form: JSONForm>(_ form: inout Form) throws(Form.Failure) {
    try form.member("connector", &connector)
    try form.member("role", &role)
    try form.member("evseID", &evseID)
    try form.member("evccID", &evccID)
    try form.member("current", &current)
    try form.member("interface", &interface)
    try form.member("pilot", &pilot)
    try form.member("slac", &slac)
    try form.member("session", &session)
    try form.member("outputs", &outputs)
    try form.member("power", &power)
    try form.member("limits", &limits)
    try form.member("paused", &isPaused)
    try form.member("stage", &stage)
    try form.member("inlet", &inlet)
    try form.member("trouble", &trouble)
    try form.member("fault", &fault)
  }
}

extension PilotStatus: JSONCoded {
  static var blank: PilotStatus { PilotStatus() }

  mutating func shape<Form: JSONForm>(_ form: inout Form) throws(Form.Failure) {
    try form.member("state", &state)
    try form.member("dutyPermille", &dutyPermille)
    try form.member("offeredMilliamps", &offeredMilliamps)
    try form.member("cableMilliamps", &cableMilliamps)
    try form.member("fault", &fault)
  }
}

extension SLACStatus: JSONCoded {
  static var blank: SLACStatus { SLACStatus() }

  mutating func shape<Form: JSONForm>(_ form: inout Form) throws(Form.Failure) {
    try form.member("state", &state)
    try form.member("peer", &peer)
    try form.member("attenuationDecidecibels", &attenuationDecidecibels)
    try form.member("cause", &cause)
  }
}

extension SessionStatus: JSONCoded {
  static var blank: SessionStatus { SessionStatus() }

  mutating func shape<Form: JSONForm>(_ form: inout Form) throws(Form.Failure) {
    try form.member("phase", &phase)
    try form.member("protocol", &protocolName)
    try form.member("authorization", &authorization)
    try form.member("seconds", &seconds)
    try form.member("wattHours", &wattHours)
    try form.member("socPercent", &socPercent)
    try form.member("outcome", &outcome)
  }
}

extension OutputStatus: JSONCoded {
  static var blank: OutputStatus { OutputStatus() }

  mutating func shape<Form: JSONForm>(_ form: inout Form) throws(Form.Failure) {
    try form.member("contactorClosed", &contactorClosed)
    try form.member("contactorFeedback", &contactorFeedback)
    try form.member("locked", &locked)
    try form.member("powerStageEnabled", &powerStageEnabled)
  }
}

extension PowerValues: JSONCoded {
  static var blank: PowerValues { PowerValues() }

  mutating func shape<Form: JSONForm>(_ form: inout Form) throws(Form.Failure) {
    try form.member("millivolts", &millivolts)
    try form.member("milliamps", &milliamps)
    try form.member("phases", &phases)
    try form.member("phaseMilliamps", &phaseMilliamps)
    try form.member("watts", &watts)
    try form.member("targetMillivolts", &targetMillivolts)
    try form.member("targetMilliamps", &targetMilliamps)
    try form.member("temperatureDecidegrees", &temperatureDecidegrees)
  }
}

extension ControlLimits: JSONCoded {
  /// Above anything that is built: 10 kA, 10 kV, 10 MW. Finer bounds are the station's own.
  static let milliampsRange = 0...10_000_000
  static let millivoltsRange = 0...10_000_000
  static let wattsRange = 0...10_000_000
  static let phasesRange = 1...3

  static var blank: ControlLimits { ControlLimits() }

  mutating func shape<Form: JSONForm>(_ form: inout Form) throws(Form.Failure) {
    try form.member("milliamps", &milliamps, in: Self.milliampsRange)
    try form.member("millivolts", &millivolts, in: Self.millivoltsRange)
    try form.member("watts", &watts, in: Self.wattsRange)
    try form.member("phases", &phases, in: Self.phasesRange)
  }
}

extension ControlFault: JSONCoded {
  static var blank: ControlFault { ControlFault(name: "", text: "", latch: .none) }

  mutating func shape<Form: JSONForm>(_ form: inout Form) throws(Form.Failure) {
    try form.member("name", &name)
    try form.member("text", &text)
    try form.member("latch", &latch)
  }
}

extension ErrorEntry: JSONCoded {
  static var blank: ErrorEntry {
    ErrorEntry(
      number: 0, connector: 0, unixSeconds: 0, layer: "", name: "", text: "", isPresent: false)
  }

  mutating func shape<Form: JSONForm>(_ form: inout Form) throws(Form.Failure) {
    try form.member("number", &number)
    try form.member("connector", &connector)
    try form.member("unixSeconds", &unixSeconds)
    try form.member("layer", &layer)
    try form.member("name", &name)
    try form.member("text", &text)
    try form.member("present", &isPresent)
  }
}

extension ConnectorValues: JSONCoded {
  static var blank: ConnectorValues { ConnectorValues(connector: 0, power: PowerValues(), wattHours: 0) }

  mutating func shape<Form: JSONForm>(_ form: inout Form) throws(Form.Failure) {
    try form.member("connector", &connector)
    try form.member("power", &power)
    try form.member("wattHours", &wattHours)
  }
}

/// By hand: which member it has depends on its kind.
extension ControlEvent {
  var json: JSONValue { JSONMembers.object(write) }

  init(_ value: JSONValue, at path: String) throws(JSONMismatch) {
    var fields = try JSONFields(value, at: path)
    connector = try fields.required("connector", fields.integer("connector"))
    milliseconds = try fields.required("milliseconds", fields.long("milliseconds"))
    let kind = try fields.required("kind", fields.word("kind", Kind.self))
    let name = kind.rawValue
    content =
      switch kind {
      case .pilot: .pilot(try fields.required(name, fields.content(name, PilotStatus.self)))
      case .slac: .slac(try fields.required(name, fields.content(name, SLACStatus.self)))
      case .session: .session(try fields.required(name, fields.content(name, SessionStatus.self)))
      case .outputs: .outputs(try fields.required(name, fields.content(name, OutputStatus.self)))
      case .power: .power(try fields.required(name, fields.content(name, PowerValues.self)))
      case .limits: .limits(try fields.required(name, fields.content(name, ControlLimits.self)))
      case .stage: .stage(try fields.required(name, fields.content(name, PowerStageStatus.self)))
      case .powerCommand: .powerCommand(try fields.required(name, fields.content(name, PowerCommand.self)))
      case .paused: .paused(try fields.required(name, fields.bool(name)))
      case .trouble: .trouble(try fields.required(name, fields.string(name)))
      case .fault: .fault(try fields.required(name, fields.content(name, ControlFault.self)))
      case .cleared: .cleared(name: try fields.required(name, fields.string(name)))
      case .inlet: .inlet(try fields.required(name, fields.content(name, InletStatus.self)))
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
      case .stage(let status): status.json
      case .powerCommand(let command): command.json
      case .paused(let paused): .bool(paused)
      case .trouble(let text): .string(text)
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
