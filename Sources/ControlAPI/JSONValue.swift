/// A JSON text as a value (RFC 8259).
///
/// Numbers are decimals, never binary floating point: what is written is what is read. Members keep their order.
public enum JSONValue: Hashable, Sendable {
  case null
  case bool(Bool)
  case number(JSONNumber)
  case string(String)
  case array([JSONValue])
  case object([JSONMember])
}

/// One name and its value in an object.
public struct JSONMember: Hashable, Sendable {
  public var name: String
  public var value: JSONValue

  public init(_ name: String, _ value: JSONValue) {
    self.name = name
    self.value = value
  }
}

/// `digits` times ten to the power of `exponent`, without trailing zeros in `digits`, so that equal numbers are equal.
public struct JSONNumber: Hashable, Sendable {
  /// Bounds of the exponent: with 19 digits, what a Double holds as well.
  public static let exponents = -290...290

  public let digits: Int64
  public let exponent: Int

  public init(_ value: some BinaryInteger) {
    // The lowest one has no counterpart above zero, and cannot be read back.
    self.init(digits: max(Int64(clamping: value), -.max), exponent: 0)
  }

  init(digits: Int64, exponent: Int) {
    var (digits, exponent) = (digits, exponent)
    while digits != 0, digits % 10 == 0 {
      digits /= 10
      exponent += 1
    }
    self.digits = digits
    self.exponent = digits == 0 ? 0 : exponent
  }

  /// Its value where it is whole and fits.
  public var integer: Int64? {
    guard exponent >= 0, exponent <= 18 else { return nil }
    var value = digits
    for _ in 0..<exponent {
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      if overflow { return nil }
      value = product
    }
    return value
  }
}

extension JSONNumber: CustomStringConvertible {
  public var description: String {
    if let integer { return String(integer) }
    // Plain decimals where they are short, as people write them.
    guard exponent < 0, exponent >= -18 else { return "\(digits)e\(exponent)" }
    let text = String(digits.magnitude)
    let places = -exponent
    let padded = String(repeating: "0", count: max(0, places + 1 - text.utf8.count)) + text
    let cut = padded.utf8.index(padded.startIndex, offsetBy: padded.utf8.count - places)
    return (digits < 0 ? "-" : "") + padded[..<cut] + "." + padded[cut...]
  }
}

// MARK: making and asking

extension JSONValue {
  static func integer(_ value: some BinaryInteger) -> JSONValue { .number(JSONNumber(value)) }

  /// The value of a member of an object.
  public subscript(name: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.name == name }?.value
  }

  public var string: String? { if case .string(let text) = self { text } else { nil } }
  public var integer: Int64? { if case .number(let number) = self { number.integer } else { nil } }
  public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  public var array: [JSONValue]? { if case .array(let items) = self { items } else { nil } }

  /// What it is, for messages: "a string".
  var kind: String {
    switch self {
    case .null: "null"
    case .bool: "true or false"
    case .number(let number): number.integer == nil ? "a number that is not whole or too large" : "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }
}
