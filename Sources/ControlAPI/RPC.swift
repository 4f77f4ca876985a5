import Wire

// JSON-RPC 2.0 (www.jsonrpc.org/specification), sections 4 to 6. Parameters go by name only. One message is one line.

/// Names a request for its answer (section 4, `id`).
enum RPCID: Hashable {
  /// In answers to what could not be understood.
  case null
  case number(Int64)
  case string(String)

  /// Octets of an id that is a string.
  static let octetsMax = 256

  var json: JSONValue {
    switch self {
    case .null: .null
    case .number(let number): .integer(number)
    case .string(let text): .string(text)
    }
  }

  /// A fraction is none: it could come back in another form than it was sent.
  init?(_ value: JSONValue) {
    switch value {
    case .null: self = .null
    case .number(let number):
      guard let integer = number.integer else { return nil }
      self = .number(integer)
    case .string(let text):
      guard text.utf8.count <= Self.octetsMax else { return nil }
      self = .string(text)
    default: return nil
    }
  }
}

/// A request, or a notification where there is no id.
struct RPCRequest {
  var id: RPCID?
  var method: String
  var parameters: JSONValue

  static let known = ["jsonrpc", "method", "params", "id"]

  /// Reads one; what it throws goes back under `id` as far as that could be read.
  static func read(_ value: JSONValue) -> Result<RPCRequest, RPCRefusal> {
    guard case .object(let members) = value else {
      return .failure(RPCRefusal(.null, .invalidRequest, "a request must be an object, is \(value.kind)"))
    }
    var id: RPCID?
    if let value = value["id"] {
      guard let known = RPCID(value) else {
        return .failure(
          RPCRefusal(
            .null, .invalidRequest,
            "id must be a whole number or a string of at most 256 octets, is \(value.kind)"))
      }
      id = known
    }
    func refusal(_ text: String, remedy: String = "") -> Result<RPCRequest, RPCRefusal> {
      .failure(RPCRefusal(id ?? .null, .invalidRequest, text, remedy: remedy))
    }
    guard value["jsonrpc"]?.string == "2.0" else {
      return refusal("the request does not say \"jsonrpc\":\"2.0\"", remedy: "add it to every request")
    }
    guard let method = value["method"] else { return refusal("the request names no method") }
    guard let name = method.string else { return refusal("method must be a string, is \(method.kind)") }
    // Not in the standard, but a misspelt "params" would ask for something else than was meant.
    if let stranger = members.first(where: { !known.contains($0.name) }) {
      return refusal(
        "the request has a member '\(stranger.name.prefix(40))'",
        remedy: "it takes \(known.joined(separator: ", "))")
    }
    var parameters = value["params"] ?? .object([])
    if case .array(let items) = parameters {
      guard items.isEmpty else {
        return .failure(
          RPCRefusal(
            id ?? .null, .invalidParameters, "parameters go by name here, not by place",
            remedy: "write \"params\":{\"connector\":1}"))
      }
      parameters = .object([])
    }
    return .success(RPCRequest(id: id, method: name, parameters: parameters))
  }

  /// The call it stands for.
  func call() throws(ControlFailure) -> ControlCall {
    guard let method = ControlMethod(rawValue: method) else {
      let names = ControlMethod.allCases.map(\.rawValue)
      let meant = nearestWord(to: method, among: names).map { "did you mean '\($0)'?" }
      throw ControlFailure(
        .methodNotFound, "there is no method '\(method.prefix(40))'",
        remedy: meant ?? "the methods are \(names.joined(separator: ", "))")
    }
    do {
      var fields = try JSONFields(parameters, at: "params")
      return try ControlCall(method, &fields)
    } catch {
      throw ControlFailure(.invalidParameters, "\(method): \(error)")
    }
  }
}

/// A request that could not be understood.
struct RPCRefusal: Error {
  var id: RPCID
  var failure: ControlFailure

  init(_ id: RPCID, _ code: ControlFailure.Code, _ text: String, remedy: String = "") {
    self.id = id
    failure = ControlFailure(code, text, remedy: remedy)
  }
}

enum RPC {
  private static let version = JSONMember("jsonrpc", .string("2.0"))

  static func response(_ id: RPCID, _ result: Result<ControlResult, ControlFailure>) -> JSONValue {
    switch result {
    case .success(let value):
      .object([version, JSONMember("id", id.json), JSONMember("result", value.json)])
    case .failure(let failure):
      .object([version, JSONMember("id", id.json), JSONMember("error", failure.json)])
    }
  }

  static func request(_ call: ControlCall, id: Int64) -> JSONValue {
    var members = [
      version, JSONMember("id", .integer(id)), JSONMember("method", .string(call.method.rawValue)),
    ]
    if let parameters = call.parameters { members.append(JSONMember("params", parameters)) }
    return .object(members)
  }

  static func notification(_ method: String, _ parameters: JSONValue) -> JSONValue {
    .object([version, JSONMember("method", .string(method)), JSONMember("params", parameters)])
  }
}

/// Cuts what comes in into lines, of bounded length.
struct LineSplitter {
  private var rest: [UInt8] = []
  private(set) var isOverlong = false
  let lineMax: Int

  init(lineMax: Int) { self.lineMax = lineMax }

  /// Hands each complete line to `body`, without its end. Nothing more after an overlong one.
  mutating func take(_ octets: [UInt8], _ body: (ArraySlice<UInt8>) -> Void) {
    var start = octets.startIndex
    while !isOverlong, let end = octets[start...].firstIndex(of: UInt8(ascii: "\n")) {
      if rest.isEmpty, end - start <= lineMax {
        body(octets[start..<end])
      } else if append(octets[start..<end]) {
        let line = rest
        rest = []
        body(line[...])
      }
      start = end + 1
    }
    if !isOverlong { _ = append(octets[start...]) }
  }

  /// What came after the last end of a line, once nothing follows.
  mutating func finish(_ body: (ArraySlice<UInt8>) -> Void) {
    let line = rest
    rest = []
    if !isOverlong, !line.isEmpty { body(line[...]) }
  }

  private mutating func append(_ octets: ArraySlice<UInt8>) -> Bool {
    guard rest.count + octets.count <= lineMax else {
      isOverlong = true
      rest = []
      return false
    }
    rest.append(contentsOf: octets)
    return true
  }
}

extension ArraySlice<UInt8> {
  /// Nothing but spaces.
  var isBlank: Bool { allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D } }
}
