extension DocumentNode {
  // MARK: XML

  /// The document as one line of XML; prefixes n0, n1 ... are declared on the root.
  public var xml: String {
    var namespaces: [String] = []
    collect(&namespaces)
    var text = ""
    write(into: &text, namespaces: namespaces, isRoot: true)
    return text
  }

  private func collect(_ namespaces: inout [String]) {
    func note(_ namespace: String) {
      if !namespace.isEmpty && !namespaces.contains(namespace) { namespaces.append(namespace) }
    }
    note(namespace)
    for attribute in attributes { note(attribute.namespace) }
    for case .element(let child) in content { child.collect(&namespaces) }
  }

  private func write(into text: inout String, namespaces: [String], isRoot: Bool) {
    func qualified(_ name: String, _ namespace: String) -> String {
      namespaces.firstIndex(of: namespace).map { "n\($0):\(name)" } ?? name
    }
    let tag = qualified(name, namespace)
    text += "<\(tag)"
    if isRoot {
      for (index, uri) in namespaces.enumerated() { text += " xmlns:n\(index)=\"\(Self.escaped(uri))\"" }
    }
    for attribute in attributes {
      text += " \(qualified(attribute.name, attribute.namespace))=\"\(Self.escaped(attribute.value))\""
    }
    if content.isEmpty {
      text += "/>"
      return
    }
    text += ">"
    for item in content {
      switch item {
      case .text(let more): text += Self.escaped(more)
      case .element(let child): child.write(into: &text, namespaces: namespaces, isRoot: false)
      }
    }
    text += "</\(tag)>"
  }

  private static func escaped(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result.append(contentsOf: "&amp;".unicodeScalars)
      case "<": result.append(contentsOf: "&lt;".unicodeScalars)
      case ">": result.append(contentsOf: "&gt;".unicodeScalars)
      case "\"": result.append(contentsOf: "&quot;".unicodeScalars)
      case "\n", "\r", "\t": result.append(contentsOf: "&#\(scalar.value);".unicodeScalars)
      default: result.append(scalar)
      }
    }
    return String(result)
  }

  // MARK: JSON

  /// The document as one line of JSON: elements as members, repeated ones as arrays, attributes as members with
  /// `@`, a value beside attributes as the member `$`. Namespaces are left out. Numbers and booleans are JSON's;
  /// a number beyond 2^53 - 1 is a string, because most readers of JSON would round it. Text among elements, and
  /// elements in an order that their names do not tell, are the array `$content`.
  public var json: String {
    "{\(Self.quoted(name)):\(jsonValue(namespace: isAmbiguous ? namespace : nil))}"
  }

  private func jsonValue(namespace: String? = nil) -> String {
    var members = namespace.map { ["\"@xmlns\":\(Self.quoted($0))"] } ?? []
    for attribute in attributes {
      members.append("\(Self.quoted("@" + attribute.name)):\(Self.quoted(attribute.value))")
    }
    if isLeaf {
      let value = jsonText
      return members.isEmpty ? value : "{\((members + ["\"$\":\(value)"]).joined(separator: ","))}"
    }
    let texts = content.count { if case .text = $0 { true } else { false } }
    if isOrdered || texts > 1 || texts == 1 && content.count > 1 {
      let items = content.map { item in
        switch item {
        case .text(let text): Self.quoted(text)
        case .element(let child): "{\(Self.quoted(child.name)):\(child.jsonValue())}"
        }
      }
      members.append("\"$content\":[\(items.joined(separator: ","))]")
    } else if texts == 1 {
      members.append("\"$\":\(Self.quoted(text))")
    } else {
      members += jsonGroups
    }
    return "{\(members.joined(separator: ","))}"
  }

  private var jsonText: String {
    switch form {
    case .string: Self.quoted(text)
    case .boolean: text
    case .number: Self.isExact(text) ? text : Self.quoted(text)
    }
  }

  /// True for an integer that a double holds.
  private static func isExact(_ text: String) -> Bool {
    guard let number = Int64(text) else { return false }
    return number.magnitude < 1 << 53
  }

  /// The child elements as members, by name.
  private var jsonGroups: [String] {
    var groups: [(name: String, isArray: Bool, items: [String])] = []
    var numbers: [String: Int] = [:]
    for child in children {
      if let index = numbers[child.name] {
        groups[index].items.append(child.jsonValue())
      } else {
        numbers[child.name] = groups.count
        groups.append((child.name, child.isRepeated, [child.jsonValue()]))
      }
    }
    return groups.map { group in
      let items =
        group.isArray || group.items.count > 1 ? "[\(group.items.joined(separator: ","))]" : group.items[0]
      return "\(Self.quoted(group.name)):\(items)"
    }
  }

  /// A string of JSON.
  static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case _ where scalar.value < 32:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
