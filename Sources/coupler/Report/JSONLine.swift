/// One JSON object on one line, its members in the order they were added.
struct JSONLine {
  private var members = ""

  mutating func add(_ name: String, _ value: String) {
    begin(name)
    append(quoted: value)
  }
  mutating func add(_ name: String, _ value: Int) {
    begin(name)
    members += value.description
  }
  mutating func add(_ name: String, _ value: Bool) {
    begin(name)
    members += value.description
  }
  /// Seconds with three decimals.
  mutating func add(_ name: String, milliseconds value: Int64) {
    begin(name)
    members += seconds(milliseconds: value)
  }
  mutating func add(_ name: String, _ value: JSONLine) {
    begin(name)
    members += value.text
  }
  mutating func add(_ name: String, _ values: [JSONLine]) {
    begin(name)
    members += "[\(values.map(\.text).joined(separator: ","))]"
  }
  mutating func add(_ name: String, _ values: [String]) {
    begin(name)
    members += "["
    for (index, value) in values.enumerated() {
      if index > 0 { members += "," }
      append(quoted: value)
    }
    members += "]"
  }

  var text: String { "{" + members + "}" }

  private mutating func begin(_ name: String) {
    if !members.isEmpty { members += "," }
    append(quoted: name)
    members += ":"
  }

  private mutating func append(quoted text: String) {
    members += "\""
    // Most texts need no escape and are taken whole.
    if text.utf8.contains(where: { $0 < 32 || $0 == 0x22 || $0 == 0x5C }) {
      for scalar in text.unicodeScalars { append(escaping: scalar) }
    } else {
      members += text
    }
    members += "\""
  }

  private mutating func append(escaping scalar: Unicode.Scalar) {
    switch scalar {
    case "\"": members += "\\\""
    case "\\": members += "\\\\"
    case "\n": members += "\\n"
    case "\t": members += "\\t"
    case _ where scalar.value < 32:
      let digits = String(scalar.value, radix: 16)
      members += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    default: members.unicodeScalars.append(scalar)
    }
  }
}

/// Milliseconds as seconds with three decimals.
func seconds(milliseconds value: Int64) -> String {
  let digits = String(value.magnitude % 1000)
  let sign = value < 0 ? "-" : ""
  return "\(sign)\(value.magnitude / 1000)." + String(repeating: "0", count: 3 - digits.count) + digits
}
