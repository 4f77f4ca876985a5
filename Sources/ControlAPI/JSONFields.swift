import Wire

/// A value that is not what was asked for: where it stands, what it is, what it should be.
struct JSONMismatch: Error {
  var path: String
  var text: String
}

extension JSONMismatch: CustomStringConvertible {
  var description: String { "\(path) \(text)" }
}

/// Reads the members of an object one after the other, and knows at the end which nobody asked for.
struct JSONFields {
  let path: String
  private let members: [JSONMember]
  private var known: [String] = []

  init(_ value: JSONValue, at path: String) throws(JSONMismatch) {
    guard case .object(let members) = value else {
      throw JSONMismatch(path: path, text: "must be an object, is \(value.kind)")
    }
    self.path = path
    self.members = members
  }

  /// The member of that name; `nil` where it is absent or null.
  mutating func value(_ name: String) -> JSONValue? {
    known.append(name)
    guard let value = members.first(where: { $0.name == name })?.value, value != .null else { return nil }
    return value
  }

  func mismatch(_ name: String, _ text: String) -> JSONMismatch {
    JSONMismatch(path: "\(path).\(name)", text: text)
  }

  func required<Value>(_ name: String, _ value: Value?) throws(JSONMismatch) -> Value {
    guard let value else { throw mismatch(name, "is missing") }
    return value
  }

  mutating func string(_ name: String, octetsMax: Int = .max) throws(JSONMismatch) -> String? {
    guard let text = try content(name, String.self) else { return nil }
    guard text.utf8.count <= octetsMax else {
      throw mismatch(name, "must have at most \(octetsMax) octets, has \(text.utf8.count)")
    }
    return text
  }

  mutating func bool(_ name: String) throws(JSONMismatch) -> Bool? {
    try content(name, Bool.self)
  }

  mutating func integer(
    _ name: String, _ range: ClosedRange<Int> = .min ... .max
  ) throws(JSONMismatch) -> Int? {
    guard let number = try content(name, Int.self) else { return nil }
    guard range.contains(number) else {
      throw mismatch(name, "must be \(range.lowerBound)...\(range.upperBound), is \(number)")
    }
    return number
  }

  mutating func long(_ name: String) throws(JSONMismatch) -> Int64? {
    try content(name, Int64.self)
  }

  /// One of the words of an enumeration.
  mutating func word<Word: RawRepresentable<String> & CaseIterable>(
    _ name: String, _ type: Word.Type
  ) throws(JSONMismatch) -> Word? {
    guard let text = try string(name) else { return nil }
    guard let word = Word(rawValue: text) else {
      throw JSONMismatch(noWordOf: Word.self, text, at: "\(path).\(name)")
    }
    return word
  }

  /// An object inside this one.
  mutating func object<Value>(
    _ name: String, _ read: (inout JSONFields) throws(JSONMismatch) -> Value
  ) throws(JSONMismatch) -> Value? {
    guard let value = value(name) else { return nil }
    var fields = try JSONFields(value, at: "\(path).\(name)")
    return try read(&fields)
  }

  /// Refuses what nobody asked for. Not for what a server sends: a newer one may say more.
  func finish() throws(JSONMismatch) {
    guard let member = members.first(where: { !known.contains($0.name) }) else { return }
    let meant = nearestWord(to: member.name, among: known).map { "; did you mean '\($0)'?" }
    let takes = known.isEmpty ? "; it takes none" : "; it takes \(known.joined(separator: ", "))"
    throw JSONMismatch(
      path: path, text: "has a member '\(member.name.prefix(40))' that is not known\(meant ?? takes)")
  }
}

/// Collects the members of an object; what is `nil` is left out.
struct JSONMembers {
  private(set) var members: [JSONMember] = []

  mutating func add(_ name: String, _ value: JSONValue) { members.append(JSONMember(name, value)) }
  mutating func add(_ name: String, _ value: String?) { if let value { add(name, .string(value)) } }
  mutating func add(_ name: String, _ value: Int?) { if let value { add(name, .integer(value)) } }
  mutating func add(_ name: String, _ value: Bool?) { if let value { add(name, .bool(value)) } }

  var object: JSONValue { .object(members) }

  static func object(_ fill: (inout JSONMembers) -> Void) -> JSONValue {
    var members = JSONMembers()
    fill(&members)
    return members.object
  }
}
