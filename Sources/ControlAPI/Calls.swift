/// What a client can ask of a station, its parameters read and checked for form. Whether a connector of that number
/// exists and what a limit may be is for whoever answers.
///
/// `subscribe` and `unsubscribe` do not stand here: the server machine answers them by itself.
public enum ControlRequest: Hashable, Sendable {
  /// Answer: `.info`.
  case info
  /// Answer: `.status` of one connector or, with `nil`, of all.
  case status(connector: Int?)
  /// Answer: `.values`.
  case values(connector: Int?)
  /// The latest errors, the newest last, at most `count` (1...1000). Answer: `.errors`.
  case errors(connector: Int?, count: Int)
  /// Lets the vehicle that is plugged in, or comes next, charge, or refuses it. `token` names the customer, for the
  /// journal. Answer: `.done`.
  case authorize(connector: Int, granted: Bool, token: String?)
  /// Ends the session in order. Answer: `.done`, as soon as that began.
  case stop(connector: Int, reason: StopReason)
  /// Ends the session in order and lets none begin until `resume`. Answer: `.done`.
  case pause(connector: Int)
  /// Takes `pause` back, and wakes a vehicle that sleeps. Answer: `.done`.
  case resume(connector: Int)
  /// Narrows what the vehicle may take, within the site file's limits; lasts until the next `limit` or restart.
  /// Answer: `.limits` as they are now.
  case limit(connector: Int, ControlLimits)
  /// A person has looked at the charger: clears faults that wait for that. Answer: `.done`.
  case clear(connector: Int)
  /// Present values of the power stage or meter, from the program that drives it. Answer: `.powerCommand`, what it has to
  /// do now.
  case power(connector: Int, PowerReport)
  /// A vehicle's battery management tells how it is. Answer: `.inlet`.
  case battery(connector: Int, BatteryReport)

  /// Who wants a session to end; as the session's own reasons.
  public enum StopReason: String, CaseIterable, Sendable { case user, backend, site }
}

/// Answer to a request.
public enum ControlResult: Hashable, Sendable {
  case info(StationInfo)
  case status([ConnectorStatus])
  case values([ConnectorValues])
  case errors([ErrorEntry])
  case limits(ControlLimits)
  case powerCommand(PowerCommand)
  case inlet(InletStatus)
  case done
}

/// Why a request was not done: an error object of JSON-RPC with cause and remedy.
public struct ControlFailure: Error, Hashable, Sendable {
  public enum Code: Int, CaseIterable, Sendable {
    // JSON-RPC 2.0, section 5.1.
    case parseError = -32700
    case invalidRequest = -32600
    case methodNotFound = -32601
    case invalidParameters = -32602
    case internalError = -32603
    // Ours.
    /// No connector of that number.
    case unknownConnector = 1
    /// It cannot be done in the state the connector is in: `authorize` with no vehicle that asks, `clear` with no fault.
    case wrongState = 2
    /// A limit outside of what site file and board allow.
    case outOfRange = 3
    /// The board or the vehicle cannot do that.
    case unsupported = 4
    /// Too many calls of this client are waiting for an answer.
    case busy = 5
    /// The fault cannot be cleared: its cause is still there.
    case faultPersists = 6
  }

  public var code: Code
  /// What happened, for people.
  public var cause: String
  /// What helps; empty where nothing is known to.
  public var remedy: String

  public init(_ code: Code, _ cause: String, remedy: String = "") {
    self.code = code
    self.cause = cause
    self.remedy = remedy
  }
}

/// Equality on the code: the words are for people.
extension ControlFailure {
  public static func == (a: ControlFailure, b: ControlFailure) -> Bool { a.code == b.code }
  public func hash(into hasher: inout Hasher) { hasher.combine(code) }
}

/// News of a station, for those who subscribed.
public struct ControlEvent: Hashable, Sendable {
  public enum Kind: String, CaseIterable, Sendable {
    case pilot, slac, session, outputs, power, limits, stage, powerCommand, inlet, paused, trouble, fault,
      cleared, ended
  }

  public enum Content: Hashable, Sendable {
    case pilot(PilotStatus)
    case slac(SLACStatus)
    case session(SessionStatus)
    case outputs(OutputStatus)
    case power(PowerValues)
    case limits(ControlLimits)
    /// The power stage of another program, as the station sees it.
    case stage(PowerStageStatus)
    /// What the program that drives the power stage has to do.
    case powerCommand(PowerCommand)
    case paused(Bool)
    /// What keeps it out of service; empty as soon as nothing does.
    case trouble(String)
    /// Something failed.
    case fault(ControlFault)
    /// The fault of that name is over.
    case cleared(name: String)
    /// A plug-in ended: in order or not, and how, for people.
    case ended(ok: Bool, text: String, wattHours: Int)
    /// What a vehicle wants of its battery.
    case inlet(InletStatus)
  }

  public var connector: Int
  /// Since the daemon started, ms.
  public var milliseconds: Int64
  public var content: Content

  public init(connector: Int, milliseconds: Int64, _ content: Content) {
    self.connector = connector
    self.milliseconds = milliseconds
    self.content = content
  }

  public var kind: Kind {
    switch content {
    case .pilot: .pilot
    case .slac: .slac
    case .session: .session
    case .outputs: .outputs
    case .power: .power
    case .limits: .limits
    case .stage: .stage
    case .powerCommand: .powerCommand
    case .paused: .paused
    case .trouble: .trouble
    case .fault: .fault
    case .cleared: .cleared
    case .ended: .ended
    case .inlet: .inlet
    }
  }

  /// It tells a present state as a whole: for a reader who is slow, a newer one of the same kind and connector stands
  /// for it. The others are told one by one.
  public var isState: Bool {
    switch content {
    case .pilot, .slac, .session, .outputs, .power, .limits, .stage, .powerCommand, .inlet, .paused,
      .trouble:
      true
    case .fault, .cleared, .ended: false
    }
  }
}
