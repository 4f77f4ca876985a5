import FoundationEssentials

/// A value of JSON. The library that parses is Foundation's; this keeps the digits of integers.
enum JSONValue: Decodable {
  case null
  case boolean(Bool)
  /// An integer of up to 64 bits, as text.
  case integer(String)
  case string(String)
  case array([JSONValue])
  case object([String: JSONValue])

  /// Octets of text that are taken.
  static let maxOctets = 1 << 22
  /// Objects and arrays inside each other that are taken.
  static let maxDepth = 64

  /// Parses a text.
  static func parse(_ text: String) throws(ConversionError) -> JSONValue {
    let shape = try Shape(text)
    let value: JSONValue
    do {
      value = try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
    } catch DecodingError.dataCorrupted(let context) {
      throw ConversionError(Self.problem(context))
    } catch {
      throw ConversionError("no JSON: \(error)")
    }
    // The decoder keeps one of two members of the same name and says nothing.
    guard value.members == shape.members else { throw ConversionError("a member stands twice in an object") }
    return value
  }

  private static func problem(_ context: DecodingError.Context) -> String {
    guard let cause = context.underlyingError as? CocoaError,
      let detail = cause.userInfo["NSDebugDescription"] as? String
    else { return "no JSON: \(context.debugDescription)" }
    return "no JSON: \(detail)"
  }

  /// What is counted before anything is built.
  private struct Shape {
    var members = 0

    init(_ text: String) throws(ConversionError) {
      guard text.utf8.count <= JSONValue.maxOctets else {
        throw ConversionError("JSON of more than \(JSONValue.maxOctets) octets")
      }
      var depth = 0
      var isString = false
      var isEscaped = false
      for character in text.utf8 {
        if isString {
          if isEscaped {
            isEscaped = false
          } else if character == UInt8(ascii: "\\") {
            isEscaped = true
          } else if character == UInt8(ascii: "\"") {
            isString = false
          }
          continue
        }
        switch character {
        case UInt8(ascii: "\""): isString = true
        case UInt8(ascii: ":"): members += 1
        case UInt8(ascii: "{"), UInt8(ascii: "["):
          depth += 1
          if depth > JSONValue.maxDepth {
            throw ConversionError("JSON nested deeper than \(JSONValue.maxDepth)")
          }
        case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
        default: break
        }
      }
    }
  }

  private var members: Int {
    switch self {
    case .object(let members): members.values.reduce(members.count) { $0 + $1.members }
    case .array(let items): items.reduce(0) { $0 + $1.members }
    default: 0
    }
  }

  private struct Name: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  // The kinds in order of how often they occur: a wrong guess costs the making of an error.
  init(from decoder: any Decoder) throws {
    let single = try decoder.singleValueContainer()
    if let text = try? single.decode(String.self) {
      self = .string(text)
    } else if let object = try? decoder.container(keyedBy: Name.self) {
      var members: [String: JSONValue] = [:]
      for key in object.allKeys { members[key.stringValue] = try object.decode(JSONValue.self, forKey: key) }
      self = .object(members)
    } else if let number = try? single.decode(Int64.self) {
      self = .integer(String(number))
    } else if var list = try? decoder.unkeyedContainer() {
      var items: [JSONValue] = []
      while !list.isAtEnd { items.append(try list.decode(JSONValue.self)) }
      self = .array(items)
    } else if let truth = try? single.decode(Bool.self) {
      self = .boolean(truth)
    } else if let number = try? single.decode(UInt64.self) {
      self = .integer(String(number))
    } else if single.decodeNil() {
      self = .null
    } else {
      throw DecodingError.dataCorruptedError(
        in: single,
        debugDescription: "a number that is no integer of 64 bits; write a larger integer as a string")
    }
  }

  /// For an error's text.
  var kind: String {
    switch self {
    case .null: "null"
    case .boolean(let truth): "\(truth)"
    case .integer(let text): text
    case .string(let text): "'\(shortened(text))'"
    case .array: "an array"
    case .object: "an object"
    }
  }
}
