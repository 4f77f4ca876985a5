/// One JSON object on one line, its members in the order they were added.
struct JSONLine {
  private var members: [String] = []

  mutating func add(_ name: String, _ value: String) { members.append("\(quote(name)):\(quote(value))") }
  mutating func add(_ name: String, _ value: Int) { members.append("\(quote(name)):\(value)") }
  mutating func add(_ name: String, _ value: Bool) { members.append("\(quote(name)):\(value)") }
  /// Seconds with three decimals.
  mutating func add(_ name: String, milliseconds value: Int64) {
    members.append("\(quote(name)):\(seconds(milliseconds: value))")
  }
  mutating func add(_ name: String, _ value: JSONLine) { members.append("\(quote(name)):\(value.text)") }
  mutating func add(_ name: String, _ values: [JSONLine]) {
    members.append("\(quote(name)):[\(values.map(\.text).joined(separator: ","))]")
  }

  var text: String { "{" + members.joined(separator: ",") + "}" }
}

/// Milliseconds as seconds with three decimals.
func seconds(milliseconds value: Int64) -> String {
  let digits = String(value.magnitude % 1000)
  let sign = value < 0 ? "-" : ""
  return "\(sign)\(value.magnitude / 1000)." + String(repeating: "0", count: 3 - digits.count) + digits
}

private func quote(_ text: String) -> String {
  var result = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"": result += "\\\""
    case "\\": result += "\\\\"
    case "\n": result += "\\n"
    case "\t": result += "\\t"
    case _ where scalar.value < 32:
      let digits = String(scalar.value, radix: 16)
      result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result + "\""
}
