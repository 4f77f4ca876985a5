import Wire

/// Writes EXI by the tables. Strict: whatever the schema does not allow is refused.
struct TableWriter {
  private let tables: SchemaTables
  private var output = BitOutput()

  init(tables: SchemaTables) { self.tables = tables }

  // MARK: document and fragment

  mutating func document(_ root: DocumentNode) throws(ConversionError) -> [UInt8] {
    guard let code = tables.globals.firstIndex(where: { matches(tables.elements[$0].name, root) }) else {
      throw ConversionError(
        "no document \(root.name) in namespace \(root.namespace); expected namespace "
          + listed(documentNamespaces), line: root.line)
    }
    output.put(0x80, 8)
    output.put(UInt64(code), codeBits(tables.globals.count))
    try element(root, tables.globals[code])
    return output.octets
  }

  mutating func fragment(_ root: DocumentNode) throws(ConversionError) -> [UInt8] {
    guard let code = tables.fragments.firstIndex(where: { matches($0.name, root) }) else {
      throw ConversionError("no element \(root.name) in namespace \(root.namespace)", line: root.line)
    }
    let width = codeBits(tables.fragments.count + 1)
    output.put(0x80, 8)
    output.put(UInt64(code), width)
    if let number = tables.fragments[code].element { try element(root, number) } else { try relaxed(root) }
    output.put(UInt64(tables.fragments.count + 1), width)
    return output.octets
  }

  private var documentNamespaces: [String] {
    tables.globals.map { tables.elements[$0].name.namespace }.reduce(into: []) { all, namespace in
      if !all.contains(namespace) { all.append(namespace) }
    }
  }

  private func matches(_ name: SchemaTables.Name, _ element: DocumentNode) -> Bool {
    name.local == element.name && name.namespace == element.namespace
  }

  // MARK: elements

  private mutating func element(_ node: DocumentNode, _ number: Int) throws(ConversionError) {
    let declaration = tables.elements[number]
    do throws(ConversionError) {
      if declaration.isAbstract {
        throw ConversionError("an abstract element; expected one that stands for it")
      }
      switch declaration.type {
      case .simple(let type):
        if let other = node.attributes.first {
          throw ConversionError("attribute \(other.name) is not declared; expected no attribute")
        }
        output.put(0, 1)
        try value(try text(of: node), tables.simples[type])
        output.put(0, 1)
      case .complex(let type): try complex(node, tables.types[type])
      }
    } catch {
      throw error.inside(declaration.name.local, line: node.line)
    }
  }

  /// The text of an element that has no child elements.
  private func text(of node: DocumentNode) throws(ConversionError) -> String {
    if let child = node.children.first {
      throw ConversionError("element \(child.name) may not stand here; expected a value", line: child.line)
    }
    return node.text
  }

  private mutating func complex(_ node: DocumentNode, _ type: SchemaTables.Complex) throws(ConversionError) {
    // The attributes that are there, in declaration order, with the code of each.
    var next = 0
    var written = 0
    for (index, attribute) in type.attributes.enumerated() {
      guard
        let found = node.attributes.first(where: {
          $0.name == attribute.name.local && $0.namespace == attribute.name.namespace
        })
      else {
        if attribute.isRequired {
          try refuseOthers(node, type)
          throw ConversionError("attribute \(attribute.name.local) is missing")
        }
        continue
      }
      output.put(UInt64(index - next), codeBits(productions(type, from: next)))
      do throws(ConversionError) {
        try value(found.value, tables.simples[attribute.type])
      } catch {
        throw error.inside("@" + attribute.name.local)
      }
      next = index + 1
      written += 1
    }
    if written != node.attributes.count { try refuseOthers(node, type) }
    let optional = type.attributes.count - next
    switch type.content {
    case .value(let simple):
      output.put(UInt64(optional), codeBits(optional + 1))
      try value(try text(of: node), tables.simples[simple])
      output.put(0, 1)
    case .particles(let particle, let mixed):
      try content(node, particle: particle, mixed: mixed, offset: optional)
    }
  }

  /// Names the first attribute that the type does not have.
  private func refuseOthers(_ node: DocumentNode, _ type: SchemaTables.Complex) throws(ConversionError) {
    for attribute in node.attributes {
      let isDeclared = type.attributes.contains {
        $0.name.local == attribute.name && $0.name.namespace == attribute.namespace
      }
      if isDeclared { continue }
      let expected = type.attributes.map { attribute in
        let namespace = attribute.name.namespace
        return namespace.isEmpty ? attribute.name.local : "\(attribute.name.local) in namespace \(namespace)"
      }
      let own = attribute.namespace.isEmpty ? "" : " in namespace \(attribute.namespace)"
      throw ConversionError(
        "attribute \(attribute.name)\(own) is not declared; expected "
          + (expected.isEmpty ? "no attribute" : listed(expected)))
    }
  }

  /// The number of productions when attribute `next` and everything behind may come.
  private func productions(_ type: SchemaTables.Complex, from next: Int) -> Int {
    var count = 0
    for attribute in type.attributes[next...] {
      count += 1
      if attribute.isRequired { return count }
    }
    switch type.content {
    case .value: return count + 1
    case .particles(let particle, let mixed):
      return count + GrammarState(particle).productions(in: tables, mixed: mixed).count
    }
  }

  private mutating func content(
    _ node: DocumentNode, particle: Int, mixed: Bool, offset: Int
  ) throws(ConversionError) {
    var state = GrammarState(particle)
    var offset = offset
    for item in node.content {
      let productions = state.productions(in: tables, mixed: mixed)
      let width = codeBits(offset + productions.count)
      switch item {
      case .text(let text):
        if text.utf8.allSatisfy(ValueText.isSpace) { continue }
        guard mixed else {
          throw ConversionError("text where only elements are declared; expected \(expected(productions))")
        }
        output.put(UInt64(offset + productions.count - 1), width)
        try string(text, min: 0, max: 0xFFFF)
      case .element(let child):
        var found: (code: Int, number: Int, rest: GrammarState)?
        for (code, production) in productions.enumerated() {
          if case .element(let number, let rest) = production, matches(tables.elements[number].name, child) {
            found = (code, number, rest)
          }
        }
        guard let found else {
          throw ConversionError(
            "element \(child.name) may not stand here\(hint(child, productions)); expected "
              + expected(productions), line: child.line)
        }
        output.put(UInt64(offset + found.code), width)
        try element(child, found.number)
        state = found.rest
      }
      offset = 0
    }
    let productions = state.productions(in: tables, mixed: mixed)
    let end = productions.firstIndex { if case .end = $0 { true } else { false } }
    guard let end else {
      throw ConversionError("an element is missing at the end; expected \(expected(productions))")
    }
    output.put(UInt64(offset + end), codeBits(offset + productions.count))
  }

  private func expected(_ productions: [GrammarState.Production]) -> String {
    listed(
      productions.compactMap { production in
        switch production {
        case .element(let number, _):
          tables.elements[number].isAbstract ? nil : tables.elements[number].name.local
        case .end: "the end"
        case .wildcard, .text: nil
        }
      })
  }

  /// For an element that is right but for its namespace.
  private func hint(_ child: DocumentNode, _ productions: [GrammarState.Production]) -> String {
    for case .element(let number, _) in productions {
      let name = tables.elements[number].name
      if name.local == child.name {
        return " in " + (child.namespace.isEmpty ? "no namespace" : "namespace \(child.namespace)")
          + ", only in " + (name.namespace.isEmpty ? "none" : name.namespace)
      }
    }
    return ""
  }

  private mutating func relaxed(_ node: DocumentNode) throws(ConversionError) {
    let attributes = tables.attributes.count
    let others = tables.fragments.count + 1
    let width = codeBits(attributes + 1 + others + 2)
    for attribute in node.attributes.sorted(by: { ($0.name, $0.namespace) < ($1.name, $1.namespace) }) {
      let code = tables.attributes.firstIndex {
        $0.local == attribute.name && $0.namespace == attribute.namespace
      }
      guard let code else { throw ConversionError("attribute \(attribute.name) is not declared anywhere") }
      output.put(UInt64(code), width)
      try string(attribute.value, min: 0, max: 0xFFFF)
    }
    output.put(UInt64(attributes + 1 + others + 1), width)
    try string(try text(of: node), min: 0, max: 0xFFFF)
    output.put(UInt64(others), codeBits(others + 2))
  }

  // MARK: values

  private mutating func value(_ text: String, _ simple: SchemaTables.Simple) throws(ConversionError) {
    let trimmed = Self.trimmed(text)
    switch simple {
    case .boolean:
      switch trimmed {
      case "true", "1": output.put(1, 1)
      case "false", "0": output.put(0, 1)
      default: throw ConversionError("'\(shortened(trimmed))' is no boolean; expected true or false")
      }
    case .enumeration(let values):
      guard let index = values.firstIndex(of: trimmed) else {
        throw ConversionError(
          "'\(shortened(trimmed))' is no value; expected \(values.joined(separator: ", "))")
      }
      output.put(UInt64(index), values.count < 2 ? 0 : codeBits(values.count - 1))
    case .string(let min, let max): try string(text, min: min, max: max)
    case .binary(let hexadecimal, let min, let max):
      let octets = hexadecimal ? Wire.octets(hexadecimal: trimmed) : ValueText.octets(base64: trimmed)
      guard let octets else {
        throw ConversionError("'\(shortened(trimmed))' is not \(hexadecimal ? "hexadecimal" : "base64")")
      }
      guard octets.count >= min, octets.count <= max else {
        throw ConversionError("\(octets.count) octets, not \(min)...\(max)")
      }
      output.unsigned(UInt64(octets.count))
      for octet in octets { output.put(UInt64(octet), 8) }
    case .integer(let min, let max): try integer(trimmed, min: min, max: max)
    }
  }

  private static func trimmed(_ text: String) -> String {
    let octets = text.utf8.drop(while: ValueText.isSpace)
    guard let last = octets.lastIndex(where: { !ValueText.isSpace($0) }) else { return "" }
    return String(Substring(octets[...last]))
  }

  private mutating func integer(_ text: String, min: Int64?, max: UInt64?) throws(ConversionError) {
    guard let min, let max else {
      // The conversion takes the square of the length.
      guard text.utf8.count <= 3 * ValueText.maxGroups else {
        throw ConversionError(
          "an integer of \(text.utf8.count) digits; at most \(7 * ValueText.maxGroups) bits")
      }
      guard let (groups, isNegative) = ValueText.groups(decimal: text) else {
        throw ConversionError("'\(shortened(text))' is no integer")
      }
      guard groups.count <= ValueText.maxGroups else {
        throw ConversionError("an integer of more than \(7 * ValueText.maxGroups) bits")
      }
      output.put(isNegative ? 1 : 0, 1)
      for (index, group) in groups.enumerated() {
        output.put(UInt64(group) | (index + 1 < groups.count ? 128 : 0), 8)
      }
      return
    }
    let range = max &- UInt64(bitPattern: min)
    if min >= 0 {
      guard let number = UInt64(text) else {
        throw ConversionError("'\(shortened(text))' is no integer of \(min)...\(max)")
      }
      guard number >= UInt64(min), number <= max else {
        throw ConversionError("value \(number) outside \(min)...\(max)")
      }
      if range < 4096 {
        output.put(number - UInt64(min), codeBits(Int(range)))
      } else {
        output.unsigned(number)
      }
      return
    }
    guard let number = Int64(text) else {
      throw ConversionError("'\(shortened(text))' is no integer of \(min)...\(max)")
    }
    guard number >= min, number < 0 || UInt64(number) <= max else {
      throw ConversionError("value \(number) outside \(min)...\(max)")
    }
    if range < 4096 {
      output.put(UInt64(number - min), codeBits(Int(range)))
    } else {
      output.put(number < 0 ? 1 : 0, 1)
      output.unsigned(UInt64(bitPattern: number ^ (number >> 63)))
    }
  }

  private mutating func string(_ text: String, min: Int, max: Int) throws(ConversionError) {
    let count = text.unicodeScalars.count
    guard text.unicodeScalars.allSatisfy(ValueText.isCharacter) else {
      throw ConversionError("a character XML cannot carry")
    }
    guard count >= min, count <= max else {
      throw ConversionError("\(count) characters, not \(min)...\(max)")
    }
    output.unsigned(UInt64(count + 2))
    for scalar in text.unicodeScalars { output.unsigned(UInt64(scalar.value)) }
  }
}

/// A value for an error's text.
func shortened(_ text: String) -> String { text.count > 40 ? text.prefix(40) + "..." : text }
