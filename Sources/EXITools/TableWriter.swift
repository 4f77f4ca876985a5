import Wire
import XMLTree

/// Writes EXI by the tables, from XML. Strict: whatever the schema does not allow is refused.
struct TableWriter {
  private let tables: SchemaTables
  private var octets: [UInt8] = []
  private var free = 0

  init(tables: SchemaTables) { self.tables = tables }

  // MARK: bits

  private mutating func put(_ value: UInt64, _ count: Int) {
    for index in stride(from: count - 1, through: 0, by: -1) {
      if free == 0 {
        octets.append(0)
        free = 8
      }
      free -= 1
      octets[octets.count - 1] |= UInt8(value >> UInt64(index) & 1) << UInt8(free)
    }
  }

  private mutating func unsigned(_ value: UInt64) {
    var value = value
    while value >= 128 {
      put(value & 127 | 128, 8)
      value >>= 7
    }
    put(value, 8)
  }

  // MARK: document and fragment

  mutating func document(_ root: XMLElement) throws(ConversionError) -> [UInt8] {
    guard let code = tables.globals.firstIndex(where: { matches(tables.elements[$0].name, root) }) else {
      throw ConversionError("no document \(root.name) in namespace \(root.namespace)")
    }
    put(0x80, 8)
    put(UInt64(code), codeBits(tables.globals.count))
    try element(root, tables.globals[code])
    return octets
  }

  mutating func fragment(_ root: XMLElement) throws(ConversionError) -> [UInt8] {
    guard let code = tables.fragments.firstIndex(where: { matches($0.name, root) }) else {
      throw ConversionError("no element \(root.name) in namespace \(root.namespace)")
    }
    let width = codeBits(tables.fragments.count + 1)
    put(0x80, 8)
    put(UInt64(code), width)
    if let number = tables.fragments[code].element { try element(root, number) } else { try relaxed(root) }
    put(UInt64(tables.fragments.count + 1), width)
    return octets
  }

  private func matches(_ name: SchemaTables.Name, _ element: XMLElement) -> Bool {
    name.local == element.name && name.namespace == element.namespace
  }

  // MARK: elements

  private mutating func element(_ node: XMLElement, _ number: Int) throws(ConversionError) {
    let declaration = tables.elements[number]
    do throws(ConversionError) {
      if declaration.isAbstract { throw ConversionError("an abstract element") }
      switch declaration.type {
      case .simple(let type):
        if let other = node.attributes.first {
          throw ConversionError("no attribute \(other.name) is declared")
        }
        put(0, 1)
        try value(try text(of: node), tables.simples[type])
        put(0, 1)
      case .complex(let type): try complex(node, tables.types[type])
      }
    } catch {
      throw error.inside(declaration.name.local)
    }
  }

  /// The text of an element that has no child elements.
  private func text(of node: XMLElement) throws(ConversionError) -> String {
    if let child = node.children.first { throw ConversionError("no element \(child.name) is declared") }
    return node.text
  }

  private mutating func complex(_ node: XMLElement, _ type: SchemaTables.Complex) throws(ConversionError) {
    // The attributes that are there, in declaration order, with the code of each.
    var next = 0
    var written = 0
    for (index, attribute) in type.attributes.enumerated() {
      guard
        let found = node.attributes.first(where: {
          $0.name == attribute.name.local && $0.namespace == attribute.name.namespace
        })
      else {
        if attribute.isRequired { throw ConversionError("attribute \(attribute.name.local) is missing") }
        continue
      }
      put(UInt64(index - next), codeBits(productions(type, from: next)))
      try value(found.value, tables.simples[attribute.type])
      next = index + 1
      written += 1
    }
    if written != node.attributes.count { throw ConversionError("an attribute that is not declared") }
    let optional = type.attributes.count - next
    switch type.content {
    case .value(let simple):
      put(UInt64(optional), codeBits(optional + 1))
      try value(try text(of: node), tables.simples[simple])
      put(0, 1)
    case .particles(let particle, let mixed):
      try content(node, particle: particle, mixed: mixed, offset: optional)
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
    _ node: XMLElement, particle: Int, mixed: Bool, offset: Int
  ) throws(ConversionError) {
    var state = GrammarState(particle)
    var offset = offset
    for item in node.nodes {
      let productions = state.productions(in: tables, mixed: mixed)
      let width = codeBits(offset + productions.count)
      switch item {
      case .text(let text):
        if text.allSatisfy({ $0.isWhitespace }) { continue }
        guard mixed else { throw ConversionError("text where only elements are declared") }
        put(UInt64(offset + productions.count - 1), width)
        try string(text, min: 0, max: 0xFFFF)
      case .element(let child):
        var found: (code: Int, number: Int, rest: GrammarState)?
        for (code, production) in productions.enumerated() {
          if case .element(let number, let rest) = production, matches(tables.elements[number].name, child) {
            found = (code, number, rest)
          }
        }
        guard let found else { throw ConversionError("element \(child.name) may not stand here") }
        put(UInt64(offset + found.code), width)
        try element(child, found.number)
        state = found.rest
      }
      offset = 0
    }
    let productions = state.productions(in: tables, mixed: mixed)
    let end = productions.firstIndex { if case .end = $0 { true } else { false } }
    guard let end else { throw ConversionError("an element is missing at the end") }
    put(UInt64(offset + end), codeBits(offset + productions.count))
  }

  private mutating func relaxed(_ node: XMLElement) throws(ConversionError) {
    let attributes = tables.attributes.count
    let others = tables.fragments.count + 1
    let width = codeBits(attributes + 1 + others + 2)
    for attribute in node.attributes.sorted(by: { ($0.name, $0.namespace) < ($1.name, $1.namespace) }) {
      let code = tables.attributes.firstIndex {
        $0.local == attribute.name && $0.namespace == attribute.namespace
      }
      guard let code else { throw ConversionError("an attribute that is not declared") }
      put(UInt64(code), width)
      try string(attribute.value, min: 0, max: 0xFFFF)
    }
    put(UInt64(attributes + 1 + others + 1), width)
    try string(try text(of: node), min: 0, max: 0xFFFF)
    put(UInt64(others), codeBits(others + 2))
  }

  // MARK: values

  private mutating func value(_ text: String, _ simple: SchemaTables.Simple) throws(ConversionError) {
    let trimmed = Self.trimmed(text)
    switch simple {
    case .boolean:
      switch trimmed {
      case "true", "1": put(1, 1)
      case "false", "0": put(0, 1)
      default: throw ConversionError("'\(trimmed)' is no boolean")
      }
    case .enumeration(let values):
      guard let index = values.firstIndex(of: trimmed) else {
        throw ConversionError("'\(trimmed)' is none of \(values.joined(separator: ", "))")
      }
      put(UInt64(index), values.count < 2 ? 0 : codeBits(values.count - 1))
    case .string(let min, let max): try string(text, min: min, max: max)
    case .binary(let hexadecimal, let min, let max):
      let octets = hexadecimal ? Wire.octets(hexadecimal: trimmed) : ValueText.octets(base64: trimmed)
      guard let octets else {
        throw ConversionError("'\(trimmed)' is not \(hexadecimal ? "hexadecimal" : "base64")")
      }
      guard octets.count >= min, octets.count <= max else {
        throw ConversionError("\(octets.count) octets, not \(min)...\(max)")
      }
      unsigned(UInt64(octets.count))
      for octet in octets { put(UInt64(octet), 8) }
    case .integer(let min, let max): try integer(trimmed, min: min, max: max)
    }
  }

  private static func trimmed(_ text: String) -> String {
    let start = text.drop { $0.isWhitespace }
    guard let last = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
    return String(start[...last])
  }

  private mutating func integer(_ text: String, min: Int64?, max: UInt64?) throws(ConversionError) {
    guard let min, let max else {
      guard let (groups, isNegative) = ValueText.groups(decimal: text) else {
        throw ConversionError("'\(text)' is no integer")
      }
      put(isNegative ? 1 : 0, 1)
      for (index, group) in groups.enumerated() {
        put(UInt64(group) | (index + 1 < groups.count ? 128 : 0), 8)
      }
      return
    }
    let range = max &- UInt64(bitPattern: min)
    if min >= 0 {
      guard let number = UInt64(text) else {
        throw ConversionError("'\(text)' is no integer of \(min)...\(max)")
      }
      guard number >= UInt64(min), number <= max else {
        throw ConversionError("value \(number) outside \(min)...\(max)")
      }
      if range < 4096 { put(number - UInt64(min), codeBits(Int(range))) } else { unsigned(number) }
      return
    }
    guard let number = Int64(text) else {
      throw ConversionError("'\(text)' is no integer of \(min)...\(max)")
    }
    guard number >= min, number < 0 || UInt64(number) <= max else {
      throw ConversionError("value \(number) outside \(min)...\(max)")
    }
    if range < 4096 {
      put(UInt64(number - min), codeBits(Int(range)))
    } else {
      put(number < 0 ? 1 : 0, 1)
      unsigned(UInt64(bitPattern: number ^ (number >> 63)))
    }
  }

  private mutating func string(_ text: String, min: Int, max: Int) throws(ConversionError) {
    let count = text.unicodeScalars.count
    guard count >= min, count <= max else {
      throw ConversionError("\(count) characters, not \(min)...\(max)")
    }
    unsigned(UInt64(count + 2))
    for scalar in text.unicodeScalars { unsigned(UInt64(scalar.value)) }
  }
}
