/// Swift source under construction, indented as the formatter would.
struct SourceText {
  private(set) var lines: [String] = []
  private var depth = 0
  /// What each open brace indents by: a `switch` nothing, because its labels stand below it.
  private var open: [Int] = []

  /// Adds lines; one that ends with an opening brace indents what follows, one that begins with a closing
  /// brace ends that.
  mutating func add(_ text: String...) {
    for line in text {
      if line.hasPrefix("}") || line.hasPrefix(")") { depth -= open.popLast() ?? 0 }
      if line.isEmpty {
        if lines.last != "" { lines.append("") }
      } else {
        append(line, depth: depth)
      }
      if line.hasSuffix("{") || line.hasSuffix("(") || line.hasSuffix("{ writer in") {
        open.append(line.hasPrefix("switch ") ? 0 : 1)
        depth += open.last ?? 0
      }
    }
  }

  /// Adds a line under a `case` label.
  mutating func under(_ text: String) { append(text, depth: depth + 1) }

  /// Appends a line, broken behind a parenthesis if it is too long.
  private mutating func append(_ line: String, depth: Int) {
    let indent = String(repeating: "  ", count: depth)
    guard indent.count + line.count > 110, !line.hasPrefix("//") else {
      lines.append(indent + line)
      return
    }
    if line.hasPrefix("case "), let colon = line.range(of: ": ") {
      lines.append(indent + line[..<colon.lowerBound] + ":")
      append(String(line[colon.upperBound...]), depth: depth + 1)
      return
    }
    let start = line.range(of: " = ")?.upperBound ?? line.startIndex
    guard let open = line[start...].firstIndex(of: "(") else {
      lines.append(indent + line)
      return
    }
    lines.append(indent + line[...open])
    lines.append(indent + "  " + line[line.index(after: open)...])
  }

  /// Adds `before`, the comma-separated `items` and `after`, on one line if they fit, else wrapped.
  mutating func list(_ before: String, _ items: [String], _ after: String) {
    let indent = String(repeating: "  ", count: depth)
    let single = before + items.joined(separator: ", ") + after
    if indent.count + single.count <= 110 {
      add(single)
      return
    }
    lines.append(indent + before)
    var line = ""
    for (index, item) in items.enumerated() {
      let piece = item + (index + 1 < items.count ? "," : "")
      if !line.isEmpty && indent.count + 2 + line.count + 1 + piece.count > 110 {
        lines.append(indent + "  " + line)
        line = ""
      }
      line += (line.isEmpty ? "" : " ") + piece
    }
    if after == ")" {
      lines.append(indent + "  " + line + ")")
      return
    }
    lines.append(indent + "  " + line)
    lines.append(indent + String(after))
    if after.hasSuffix("{") {
      open.append(1)
      depth += 1
    }
  }

  var text: String {
    var all = lines
    while all.last == "" { all.removeLast() }
    return all.joined(separator: "\n") + "\n"
  }
}
