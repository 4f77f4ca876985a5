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

  /// The document as one line of JSON: elements as members, repeated ones as arrays, attributes as members
  /// with `@`, text beside attributes as the member `$`. Numbers and booleans are JSON's; namespaces are left out.
  public var json: String { "{\(Self.quoted(name)):\(jsonValue)}" }

  private var jsonValue: String {
    var text = ""
    var groups: [(name: String, isArray: Bool, items: [String])] = []
    for item in content {
      switch item {
      case .text(let more): text += more
      case .element(let child):
        if let index = groups.firstIndex(where: { $0.name == child.name }) {
          groups[index].items.append(child.jsonValue)
        } else {
          groups.append((child.name, child.isRepeated, [child.jsonValue]))
        }
      }
    }
    let value = form == .string ? Self.quoted(text) : text
    if isLeaf && attributes.isEmpty { return value }
    var members = attributes.map { "\(Self.quoted("@" + $0.name)):\(Self.quoted($0.value))" }
    if isLeaf || !text.isEmpty { members.append("\"$\":\(value)") }
    for group in groups {
      let items =
        group.isArray || group.items.count > 1 ? "[\(group.items.joined(separator: ","))]" : group.items[0]
      members.append("\(Self.quoted(group.name)):\(items)")
    }
    return "{\(members.joined(separator: ","))}"
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
