public import Wire

/// What can happen to a control client.
public enum ControlClientEvent: Sendable {
  /// Octets of the server, cut anywhere.
  case received([UInt8])
  /// The connection is gone.
  case disconnected
  case timeout
}

/// What a control client wants done, or tells.
public enum ControlClientAction: Sendable {
  case send([UInt8])
  /// The answer to the call of that number.
  case answer(Int64, Result<ControlResult, ControlFailure>)
  case event(ControlEvent)
  /// Nothing more comes: close the connection. Told once, and last.
  case failed(ControlClientFailure)
}

/// Why a client cannot go on.
public enum ControlClientFailure: Error, Hashable, Sendable {
  /// The server closed the connection, with the reason it gave.
  case disconnected(reason: String?)
  /// No answer within `ControlClient.patience`.
  case silent(method: String)
  /// What came is not this protocol.
  case foreign(String)
}

extension ControlClientFailure: CustomStringConvertible {
  public var description: String {
    switch self {
    case .disconnected(let reason?): "the daemon closed the connection: \(reason)"
    case .disconnected(nil): "the daemon closed the connection; look at its log: journalctl -u couplerd"
    case .silent(let method):
      "the daemon does not answer '\(method)' within \(ControlClient.patience.milliseconds / 1000) s; "
        + "it hangs, or is being debugged"
    case .foreign(let text):
      "what answers on this socket is no Coupler daemon, or another version: \(text)"
    }
  }
}

/// The client's end of the control socket.
public struct ControlClient: Machine {
  public typealias Event = ControlClientEvent
  public typealias Action = ControlClientAction

  /// How long an answer may take. The server answers from what it knows and waits for nothing.
  public static let patience: Duration = .seconds(5)
  /// Octets of one line: the longest list of errors fits.
  public static let lineMax = 1 << 20

  private var splitter = LineSplitter(lineMax: lineMax)
  private var waiting: [Int64: (method: ControlMethod, due: Instant)] = [:]
  private var last: Int64 = 0
  private var farewell: String?
  private var hasFailed = false

  public init() {}

  public var deadline: Instant? { waiting.values.reduce(nil) { earliest($0, $1.due) } }

  /// Asks; the answer has the number that is returned.
  @discardableResult
  public mutating func call(
    _ request: ControlRequest, at now: Instant, perform: (Action) -> Void
  ) -> Int64 {
    send(.request(request), now, perform)
  }

  /// Asks for events from now on, in place of what was subscribed before. The answer is `.done`.
  @discardableResult
  public mutating func subscribe(
    _ subscription: ControlSubscription = ControlSubscription(), at now: Instant, perform: (Action) -> Void
  ) -> Int64 {
    send(.subscribe(subscription), now, perform)
  }

  /// Asks for no events any more.
  @discardableResult
  public mutating func unsubscribe(at now: Instant, perform: (Action) -> Void) -> Int64 {
    send(.unsubscribe, now, perform)
  }

  private mutating func send(_ call: ControlCall, _ now: Instant, _ perform: (Action) -> Void) -> Int64 {
    last += 1
    guard !hasFailed else { return last }
    waiting[last] = (call.method, now + Self.patience)
    perform(.send(RPC.request(call, id: last).octets + [UInt8(ascii: "\n")]))
    return last
  }

  public mutating func handle(_ event: Event, at now: Instant, perform: (Action) -> Void) {
    guard !hasFailed else { return }
    switch event {
    case .received(let octets):
      var splitter = splitter
      splitter.take(octets) { line($0, perform) }
      self.splitter = splitter
      if splitter.isOverlong { fail(.foreign("a line of more than \(Self.lineMax) octets"), perform) }
    case .disconnected: fail(.disconnected(reason: farewell), perform)
    case .timeout:
      let late = waiting.filter { isDue($0.value.due, at: now) }
      if let first = late.min(by: { $0.key < $1.key }) {
        fail(.silent(method: first.value.method.rawValue), perform)
      }
    }
  }

  private mutating func fail(_ failure: ControlClientFailure, _ perform: (Action) -> Void) {
    guard !hasFailed else { return }
    hasFailed = true
    waiting = [:]
    perform(.failed(failure))
  }

  private mutating func line(_ octets: ArraySlice<UInt8>, _ perform: (Action) -> Void) {
    guard !hasFailed, !octets.isBlank else { return }
    do {
      let message = try JSONValue.parse(octets, octetsMax: Self.lineMax)
      do {
        try take(message, perform)
      } catch { fail(.foreign("\(error)"), perform) }
    } catch { fail(.foreign("\(error)"), perform) }
  }

  private mutating func take(_ message: JSONValue, _ perform: (Action) -> Void) throws(JSONMismatch) {
    guard message["jsonrpc"]?.string == "2.0" else {
      throw JSONMismatch(path: "a line", text: "is no JSON-RPC 2.0")
    }
    if let method = message["method"]?.string {
      switch method {
      case "event": perform(.event(try ControlEvent(message["params"] ?? .null, at: "params")))
      case "closing": farewell = message["params"]?["reason"]?.string
      default: break  // Of a newer server.
      }
      return
    }
    var fields = try JSONFields(message, at: "the answer")
    let failure = try fields.object("error") { (error) throws(JSONMismatch) in try ControlFailure(&error) }
    guard let id = message["id"]?.integer, let call = waiting.removeValue(forKey: id) else {
      // An answer to nothing: the server could not read what it got, or will not serve.
      if let failure {
        farewell = failure.remedy.isEmpty ? failure.cause : "\(failure.cause); \(failure.remedy)"
      }
      return
    }
    if let failure { return perform(.answer(id, .failure(failure))) }
    let result = try fields.required("result", fields.value("result"))
    perform(.answer(id, .success(try ControlResult(call.method, result))))
  }
}
