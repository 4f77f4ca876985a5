import Wire

/// One direction of the way between a value and an object: reads its members, or writes them.
///
/// A type says its members once, in `shape`, for both directions.
protocol JSONForm {
  associatedtype Failure: Error

  /// A member that is always there.
  mutating func member<Value: JSONContent>(_ name: String, _ value: inout Value) throws(Failure)
  /// A member that is there where it is known or applies.
  mutating func member<Value: JSONContent>(_ name: String, _ value: inout Value?) throws(Failure)
  /// As above, within bounds that a reader holds to.
  mutating func member(_ name: String, _ value: inout Int, in range: ClosedRange<Int>) throws(Failure)
  mutating func member(_ name: String, _ value: inout Int?, in range: ClosedRange<Int>) throws(Failure)
  mutating func member(_ name: String, _ value: inout String?, octetsMax: Int) throws(Failure)
}

/// What a member can be.
protocol JSONContent {
  static func read(_ value: JSONValue, at path: String) throws(JSONMismatch) -> Self
  var json: JSONValue { get }
}

/// A value whose form is an object. `docs/control-api.md` lists the members.
protocol JSONCoded: JSONContent {
  /// To be read into: every member that is always there is overwritten.
  static var blank: Self { get }
  mutating func shape<Form: JSONForm>(_ form: inout Form) throws(Form.Failure)
}

/// One of the words of an enumeration.
protocol JSONWord: JSONContent, RawRepresentable, CaseIterable where RawValue == String {}

// MARK: the two directions

extension JSONFields: JSONForm {
  mutating func member<Value: JSONContent>(_ name: String, _ value: inout Value) throws(JSONMismatch) {
    value = try required(name, content(name, Value.self))
  }

  mutating func member<Value: JSONContent>(_ name: String, _ value: inout Value?) throws(JSONMismatch) {
    value = try content(name, Value.self)
  }

  mutating func member(
    _ name: String, _ value: inout Int, in range: ClosedRange<Int>
  ) throws(JSONMismatch) {
    value = try required(name, integer(name, range))
  }

  mutating func member(
    _ name: String, _ value: inout Int?, in range: ClosedRange<Int>
  ) throws(JSONMismatch) {
    value = try integer(name, range)
  }

  mutating func member(_ name: String, _ value: inout String?, octetsMax: Int) throws(JSONMismatch) {
    value = try string(name, octetsMax: octetsMax)
  }

  /// The member of that name; `nil` where it is absent or null.
  mutating func content<Value: JSONContent>(
    _ name: String, _ type: Value.Type
  ) throws(JSONMismatch) -> Value? {
    guard let value = value(name) else { return nil }
    return try Value.read(value, at: "\(path).\(name)")
  }
}

extension JSONMembers: JSONForm {
  typealias Failure = Never

  mutating func member<Value: JSONContent>(_ name: String, _ value: inout Value) { add(name, value.json) }
  mutating func member<Value: JSONContent>(_ name: String, _ value: inout Value?) {
    if let value { add(name, value.json) }
  }
  mutating func member(_ name: String, _ value: inout Int, in range: ClosedRange<Int>) { add(name, value) }
  mutating func member(_ name: String, _ value: inout Int?, in range: ClosedRange<Int>) { add(name, value) }
  mutating func member(_ name: String, _ value: inout String?, octetsMax: Int) { add(name, value) }
}

extension JSONCoded {
  var json: JSONValue { JSONMembers.object(write) }

  /// Adds the members to those of an object that has more.
  func write(_ members: inout JSONMembers) {
    var copy = self
    copy.shape(&members)
  }

  init(_ fields: inout JSONFields) throws(JSONMismatch) {
    self = .blank
    try shape(&fields)
  }

  init(_ value: JSONValue, at path: String) throws(JSONMismatch) {
    var fields = try JSONFields(value, at: path)
    try self.init(&fields)
  }

  static func read(_ value: JSONValue, at path: String) throws(JSONMismatch) -> Self {
    try Self(value, at: path)
  }
}

// MARK: scalars and lists

extension String: JSONContent {
  static func read(_ value: JSONValue, at path: String) throws(JSONMismatch) -> String {
    guard case .string(let text) = value else {
      throw JSONMismatch(path: path, text: "must be a string, is \(value.kind)")
    }
    return text
  }
  var json: JSONValue { .string(self) }
}

extension Bool: JSONContent {
  static func read(_ value: JSONValue, at path: String) throws(JSONMismatch) -> Bool {
    guard case .bool(let flag) = value else {
      throw JSONMismatch(path: path, text: "must be true or false, is \(value.kind)")
    }
    return flag
  }
  var json: JSONValue { .bool(self) }
}

extension JSONContent where Self: FixedWidthInteger {
  static func read(_ value: JSONValue, at path: String) throws(JSONMismatch) -> Self {
    guard let wide = value.integer, let number = Self(exactly: wide) else {
      throw JSONMismatch(path: path, text: "must be a whole number, is \(value.kind)")
    }
    return number
  }
  var json: JSONValue { .integer(self) }
}

extension Int: JSONContent {}
extension Int64: JSONContent {}

extension JSONWord {
  static func read(_ value: JSONValue, at path: String) throws(JSONMismatch) -> Self {
    let text = try String.read(value, at: path)
    guard let word = Self(rawValue: text) else { throw JSONMismatch(noWordOf: Self.self, text, at: path) }
    return word
  }
  var json: JSONValue { .string(rawValue) }
}

extension JSONMismatch {
  init<Word: RawRepresentable<String> & CaseIterable>(
    noWordOf type: Word.Type, _ text: String, at path: String
  ) {
    let words = Word.allCases.map(\.rawValue)
    let meant = nearestWord(to: text, among: words).map { "; did you mean '\($0)'?" } ?? ""
    self.init(path: path, text: "must be \(words.joined(separator: ", ")), is '\(text.prefix(40))'\(meant)")
  }
}

extension Array: JSONContent where Element: JSONContent {
  static func read(_ value: JSONValue, at path: String) throws(JSONMismatch) -> [Element] {
    guard case .array(let values) = value else {
      throw JSONMismatch(path: path, text: "must be an array, is \(value.kind)")
    }
    var items: [Element] = []
    for (index, value) in values.enumerated() {
      items.append(try Element.read(value, at: "\(path)[\(index)]"))
    }
    return items
  }
  var json: JSONValue { .array(map(\.json)) }
}
