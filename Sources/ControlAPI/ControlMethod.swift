/// The methods of the control socket, by their names on the wire.
public enum ControlMethod: String, CaseIterable, Sendable {
  case info, status, values, errors, authorize, stop, pause, resume, limit, clear, power, battery, subscribe,
    unsubscribe
}

/// What a client wants to hear of.
public struct ControlSubscription: Hashable, Sendable {
  public var kinds: Set<ControlEvent.Kind>
  /// `nil`: all connectors.
  public var connector: Int?

  public init(kinds: Set<ControlEvent.Kind> = Set(ControlEvent.Kind.allCases), connector: Int? = nil) {
    self.kinds = kinds
    self.connector = connector
  }

  func covers(_ event: ControlEvent) -> Bool {
    kinds.contains(event.kind) && (connector ?? event.connector) == event.connector
  }
}

/// A call with its parameters: those a station answers, and those its server does by itself.
enum ControlCall: Hashable {
  case request(ControlRequest)
  case subscribe(ControlSubscription)
  case unsubscribe

  /// The numbers a connector can have.
  static let connectors = 1...255
  /// How many errors can be asked for.
  static let errorCounts = 1...1000
  /// Octets of the name of a customer.
  static let tokenMax = 64

  init(_ method: ControlMethod, _ fields: inout JSONFields) throws(JSONMismatch) {
    switch method {
    case .info: self = .request(.info)
    case .status: self = .request(.status(connector: try fields.integer("connector", Self.connectors)))
    case .values: self = .request(.values(connector: try fields.integer("connector", Self.connectors)))
    case .errors:
      self = .request(
        .errors(
          connector: try fields.integer("connector", Self.connectors),
          count: try fields.integer("count", Self.errorCounts) ?? 100))
    case .authorize:
      self = .request(
        .authorize(
          connector: try Self.connector(&fields), granted: try fields.bool("granted") ?? true,
          token: try fields.string("token", octetsMax: Self.tokenMax)))
    case .stop:
      self = .request(
        .stop(
          connector: try Self.connector(&fields),
          reason: try fields.word("reason", ControlRequest.StopReason.self) ?? .user))
    case .pause: self = .request(.pause(connector: try Self.connector(&fields)))
    case .resume: self = .request(.resume(connector: try Self.connector(&fields)))
    case .limit:
      let connector = try Self.connector(&fields)
      let limits = try ControlLimits(&fields)
      guard limits != ControlLimits() else {
        throw JSONMismatch(path: fields.path, text: "must name one of milliamps, millivolts, watts, phases")
      }
      guard limits.phases != 2 else { throw fields.mismatch("phases", "must be 1 or 3, is 2") }
      self = .request(.limit(connector: connector, limits))
    case .clear: self = .request(.clear(connector: try Self.connector(&fields)))
    case .power:
      let connector = try Self.connector(&fields)
      let report = try PowerReport(&fields)
      try Self.check(report.phaseMilliamps, fields)
      self = .request(.power(connector: connector, report))
    case .battery:
      self = .request(.battery(connector: try Self.connector(&fields), try BatteryReport(&fields)))
    case .subscribe:
      var subscription = ControlSubscription()
      subscription.connector = try fields.integer("connector", Self.connectors)
      if let kinds = try Self.kinds(&fields) { subscription.kinds = kinds }
      self = .subscribe(subscription)
    case .unsubscribe: self = .unsubscribe
    }
    try fields.finish()
  }

  private static func connector(_ fields: inout JSONFields) throws(JSONMismatch) -> Int {
    try fields.required("connector", fields.integer("connector", connectors))
  }

  private static func check(_ phases: [Int]?, _ fields: JSONFields) throws(JSONMismatch) {
    guard let phases else { return }
    guard (1...3).contains(phases.count), phases.allSatisfy(PowerReport.range.contains) else {
      throw fields.mismatch("phaseMilliamps", "must be 1 to 3 currents of 0 mA or more, one for each phase")
    }
  }

  private static func kinds(_ fields: inout JSONFields) throws(JSONMismatch) -> Set<ControlEvent.Kind>? {
    guard let value = fields.value("events") else { return nil }
    guard let items = value.array else {
      throw fields.mismatch("events", "must be an array of names, is \(value.kind)")
    }
    var kinds: Set<ControlEvent.Kind> = []
    for item in items {
      guard let kind = item.string.flatMap({ ControlEvent.Kind(rawValue: $0) }) else {
        let known = ControlEvent.Kind.allCases.map(\.rawValue).joined(separator: ", ")
        throw fields.mismatch("events", "must name some of \(known); \(item.text.prefix(40)) is none")
      }
      kinds.insert(kind)
    }
    guard !kinds.isEmpty else {
      throw fields.mismatch("events", "must not be empty; leave it out to hear of everything")
    }
    return kinds
  }

  // MARK: a client's side

  var method: ControlMethod {
    switch self {
    case .subscribe: .subscribe
    case .unsubscribe: .unsubscribe
    case .request(let request):
      switch request {
      case .info: .info
      case .status: .status
      case .values: .values
      case .errors: .errors
      case .authorize: .authorize
      case .stop: .stop
      case .pause: .pause
      case .resume: .resume
      case .limit: .limit
      case .clear: .clear
      case .power: .power
      case .battery: .battery
      }
    }
  }

  /// Parameters, or `nil` where there are none to tell.
  var parameters: JSONValue? {
    var members = JSONMembers()
    switch self {
    case .unsubscribe, .request(.info): break
    case .subscribe(let subscription):
      members.add("connector", subscription.connector)
      let kinds = ControlEvent.Kind.allCases.filter { subscription.kinds.contains($0) }
      if kinds.count < ControlEvent.Kind.allCases.count {
        members.add("events", .array(kinds.map { .string($0.rawValue) }))
      }
    case .request(.status(let connector)), .request(.values(let connector)):
      members.add("connector", connector)
    case .request(.errors(let connector, let count)):
      members.add("connector", connector)
      members.add("count", count)
    case .request(.authorize(let connector, let granted, let token)):
      members.add("connector", connector)
      members.add("granted", granted)
      members.add("token", token)
    case .request(.stop(let connector, let reason)):
      members.add("connector", connector)
      members.add("reason", reason.rawValue)
    case .request(.pause(let connector)), .request(.resume(let connector)), .request(.clear(let connector)):
      members.add("connector", connector)
    case .request(.limit(let connector, let limits)):
      members.add("connector", connector)
      limits.write(&members)
    case .request(.power(let connector, let report)):
      members.add("connector", connector)
      report.write(&members)
    case .request(.battery(let connector, let report)):
      members.add("connector", connector)
      report.write(&members)
    }
    return members.members.isEmpty ? nil : members.object
  }
}

extension ControlResult {
  var json: JSONValue {
    switch self {
    case .info(let info): info.json
    case .status(let list): .object([JSONMember("connectors", .array(list.map(\.json)))])
    case .values(let list): .object([JSONMember("connectors", .array(list.map(\.json)))])
    case .errors(let list): .object([JSONMember("errors", .array(list.map(\.json)))])
    case .limits(let limits): limits.json
    case .powerCommand(let command): command.json
    case .inlet(let status): status.json
    case .done: .object([])
    }
  }

  /// The answer to a call of `method`.
  init(_ method: ControlMethod, _ value: JSONValue) throws(JSONMismatch) {
    var fields = try JSONFields(value, at: "result")
    switch method {
    case .info: self = .info(try StationInfo(&fields))
    case .status: self = .status(try Self.list("connectors", &fields))
    case .values: self = .values(try Self.list("connectors", &fields))
    case .errors: self = .errors(try Self.list("errors", &fields))
    case .limit: self = .limits(try ControlLimits(&fields))
    case .power: self = .powerCommand(try PowerCommand(&fields))
    case .battery: self = .inlet(try InletStatus(&fields))
    case .authorize, .stop, .pause, .resume, .clear, .subscribe, .unsubscribe: self = .done
    }
  }
}

extension ControlResult {
  private static func list<Item: JSONContent>(
    _ name: String, _ fields: inout JSONFields
  ) throws(JSONMismatch) -> [Item] {
    try fields.required(name, fields.content(name, [Item].self))
  }
}

extension ControlFailure {
  /// The error object of JSON-RPC 2.0, section 5.1; what helps stands in its data.
  var json: JSONValue {
    JSONMembers.object {
      $0.add("code", code.rawValue)
      $0.add("message", cause)
      $0.add(
        "data",
        JSONMembers.object {
          $0.add("name", "\(code)")
          $0.add("remedy", remedy.isEmpty ? nil : remedy)
        })
    }
  }

  init(_ fields: inout JSONFields) throws(JSONMismatch) {
    let number = try fields.required("code", fields.integer("code"))
    let data = fields.value("data")
    // A code of a newer server is still an error.
    self.init(
      Code(rawValue: number) ?? .internalError,
      try fields.required("message", fields.string("message")), remedy: data?["remedy"]?.string ?? "")
  }
}

// MARK: for those who pass it on

extension ControlResult {
  /// As it stands in an answer, on one line.
  public var jsonText: String { json.text }
}

extension ControlEvent {
  /// As it stands in a notification, on one line.
  public var jsonText: String { json.text }
}

extension PowerReport {
  /// As it stands in the parameters of `power`, on one line.
  public var jsonText: String { json.text }
}

extension PowerStageStatus {
  /// As it stands in `ConnectorStatus`, on one line.
  public var jsonText: String { json.text }
}

extension ControlFailure {
  /// As it stands in an answer, on one line.
  public var jsonText: String { json.text }
}
