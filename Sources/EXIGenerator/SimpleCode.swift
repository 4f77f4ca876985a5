/// How a simple type looks in Swift: its type, and the calls that read and write it.
struct SimpleCode {
  private enum Coding {
    case boolean, enumeration, integer
    case bounded(bits: Int, min: Int64, max: UInt64)
    case unsigned(max: UInt64)
    case signed(min: Int64, max: UInt64)
    case string(limits: String)
    case binary(limits: String)
  }

  /// The Swift type.
  let swiftType: String
  private let coding: Coding

  private static let integers = [
    "byte": "Int8", "unsignedByte": "UInt8", "short": "Int16", "unsignedShort": "UInt16", "int": "Int32",
    "unsignedInt": "UInt32", "long": "Int64", "unsignedLong": "UInt64",
  ]

  init(_ type: SimpleType, enumerationName: String) throws(SchemaError) {
    switch type.kind {
    case .boolean: (swiftType, coding) = ("Bool", .boolean)
    case .enumeration: (swiftType, coding) = (enumerationName, .enumeration)
    case .string(let min, let max):
      (swiftType, coding) = ("EXIString", .string(limits: Self.limits(min, max)))
    case .binary(_, let min, let max):
      (swiftType, coding) = ("EXIBinary", .binary(limits: Self.limits(min, max)))
    case .integer(let base, let min, let max):
      guard let min, let max else {
        guard min == nil && max == nil else {
          throw SchemaError("type \(type.name.local): an integer with one limit only")
        }
        (swiftType, coding) = ("EXIInteger", .integer)
        return
      }
      swiftType = Self.integers[base] ?? "Int64"
      let range = max &- UInt64(bitPattern: min)
      if range < 4096 {
        coding = .bounded(bits: UInt64.bitWidth - range.leadingZeroBitCount, min: min, max: range)
      } else {
        coding = min >= 0 ? .unsigned(max: max) : .signed(min: min, max: max)
      }
    }
  }

  /// Plain values can be compared and moved without the stream they came from.
  var isScalar: Bool {
    switch coding {
    case .boolean, .enumeration, .bounded, .unsigned, .signed: true
    case .integer, .string, .binary: false
    }
  }

  /// True when the type has limits that its Swift type alone does not check.
  var hasLimits: Bool {
    switch coding {
    case .string(let limits), .binary(let limits): !limits.isEmpty
    default: false
    }
  }

  /// True when the item of a list can be read by its Swift type alone.
  var isListable: Bool {
    guard case .bounded(let bits, let min, let max) = coding else {
      if case .unsigned(let max) = coding { return max == Self.largest[swiftType] }
      return true
    }
    return bits == 8 && max == 255 && (min == 0 || min == -128)
  }

  private static let largest: [String: UInt64] = [
    "UInt16": 65535, "UInt32": UInt64(UInt32.max), "UInt64": UInt64.max,
  ]

  /// The bits of a value of fixed width.
  func fixedBits(enumerationValues: Int) -> Int? {
    switch coding {
    case .boolean: 1
    case .enumeration: enumerationValues < 2 ? 0 : codeBits(enumerationValues - 1)
    case .bounded(let bits, _, _): bits
    default: nil
    }
  }

  /// The expression that takes the value out of `fields`, with `shift` bits behind it.
  func take(from fields: String, shift: Int) -> String {
    switch coding {
    case .boolean: return "\(fields) & 0x\(String(1 << shift, radix: 16)) != 0"
    case .enumeration: return "reader.enumeration(in: \(fields), shift: \(shift))"
    case .bounded(let bits, let min, let max):
      let offset = min == 0 ? "" : min < 0 ? " &- \(-min)" : " &+ \(min)"
      return
        "\(swiftType)(truncatingIfNeeded: reader.bounded(in: \(fields), shift: \(shift), bits: \(bits), max: \(max))\(offset))"
    default: return ""
    }
  }

  /// The expression of the bits of `value`, shifted to their place.
  func bits(_ value: String, shift: Int) -> String {
    let place = shift == 0 ? "" : " &<< \(shift)"
    switch coding {
    case .boolean: return "\(value) ? 0x\(String(1 << shift, radix: 16)) : 0"
    case .enumeration: return "UInt64(\(value).rawValue)\(place)"
    case .bounded(_, let min, let max):
      let offset = min == 0 ? "" : min < 0 ? " &+ \(-min)" : " &- \(min)"
      return "writer.checked(Int64(\(value))\(offset), max: \(max))\(place)"
    default: return ""
    }
  }

  /// True for integers of variable length, which can take the end of their parent along.
  var canEndParent: Bool {
    switch coding {
    case .unsigned, .signed: true
    default: false
    }
  }

  /// True when an empty value is possible on the wire.
  var canBeEmpty: Bool {
    switch coding {
    case .string, .binary: true
    default: false
    }
  }

  private static func limits(_ min: Int, _ max: Int?) -> String {
    (min > 0 ? ", min: \(min)" : "") + (max.map { ", max: \($0)" } ?? "")
  }

  /// Digits in groups of three.
  static func number(_ value: some BinaryInteger) -> String {
    let digits = String(value.magnitude)
    var text = ""
    for (index, digit) in digits.enumerated() {
      if index > 0 && digits.count > 6 && (digits.count - index) % 3 == 0 { text += "_" }
      text.append(digit)
    }
    return (value < 0 ? "-" : "") + text
  }

  /// The expression that reads a value behind `lead` zero bits.
  func read(lead: Int, ends: Int = 1) -> String {
    let end = ends == 1 ? "" : ", ends: \(ends)"
    switch coding {
    case .boolean: return "reader.boolean(lead: \(lead))"
    case .enumeration: return "reader.enumeration(lead: \(lead))"
    case .integer: return "reader.integer(lead: \(lead))"
    case .bounded(let bits, let min, let max):
      let offset = min == 0 ? "" : min < 0 ? " &- \(-min)" : " &+ \(min)"
      return
        "\(swiftType)(truncatingIfNeeded: reader.bounded(lead: \(lead), bits: \(bits), max: \(max))\(offset))"
    case .unsigned(let max):
      let call = "reader.unsigned(lead: \(lead), max: \(max == .max ? ".max" : Self.number(max))\(end))"
      return swiftType == "UInt64" ? call : "\(swiftType)(truncatingIfNeeded: \(call))"
    case .signed(let min, let max):
      let call =
        swiftType == "Int64" && min == .min
        ? "reader.signed(lead: \(lead), min: .min, max: .max\(end))"
        : "reader.signed(lead: \(lead), min: \(Self.number(min)), max: \(Self.number(max))\(end))"
      return swiftType == "Int64" ? call : "\(swiftType)(truncatingIfNeeded: \(call))"
    case .string(let limits): return "reader.string(lead: \(lead)\(limits))"
    case .binary(let limits): return "reader.binary(lead: \(lead)\(limits))"
    }
  }

  /// The expression that reads the value of an attribute.
  func readAttribute(lead: Int) throws(SchemaError) -> String {
    switch coding {
    case .string(let limits): return "reader.attribute(lead: \(lead)\(limits))"
    case .enumeration: return "reader.attributeEnumeration(lead: \(lead))"
    default: throw SchemaError("an attribute that is neither string nor enumeration")
    }
  }

  func writeAttribute(_ value: String, lead: Int) -> String {
    switch coding {
    case .string(let limits): "writer.attribute(\(value), lead: \(lead)\(limits))"
    default: "writer.attributeEnumeration(\(value), lead: \(lead))"
    }
  }

  /// The statement that writes `value`.
  func write(_ value: String, lead: Int, ends: Int = 1) -> String {
    let end = ends == 1 ? "" : ", ends: \(ends)"
    switch coding {
    case .boolean: return "writer.boolean(\(value), lead: \(lead))"
    case .enumeration: return "writer.enumeration(\(value), lead: \(lead))"
    case .integer: return "writer.integer(\(value), lead: \(lead))"
    case .bounded(let bits, let min, let max):
      let offset = min == 0 ? "" : min < 0 ? " &+ \(-min)" : " &- \(min)"
      return "writer.bounded(Int64(\(value))\(offset), lead: \(lead), bits: \(bits), max: \(max))"
    case .unsigned(let max):
      let number = swiftType == "UInt64" ? value : "UInt64(\(value))"
      return
        "writer.unsigned(\(number), lead: \(lead), max: \(max == .max ? ".max" : Self.number(max))\(end))"
    case .signed(let min, let max):
      if swiftType == "Int64" && min == .min {
        return "writer.signed(\(value), lead: \(lead), min: .min, max: .max\(end))"
      }
      return
        "writer.signed(Int64(\(value)), lead: \(lead), min: \(Self.number(min)), max: \(Self.number(max))\(end))"
    case .string(let limits): return "writer.string(\(value), lead: \(lead)\(limits))"
    case .binary(let limits): return "writer.binary(\(value), lead: \(lead)\(limits))"
    }
  }
}
