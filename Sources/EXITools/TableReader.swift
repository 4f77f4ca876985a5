import Wire

/// Reads EXI by the tables, into nodes that know their bits.
struct TableReader {
  private let tables: SchemaTables
  private let octets: [UInt8]
  /// Bits read so far.
  private(set) var position = 0

  init(_ octets: [UInt8], tables: SchemaTables) {
    self.octets = octets
    self.tables = tables
  }

  // MARK: bits

  private func fail(_ problem: String) -> ConversionError { ConversionError(problem, bit: position) }

  private mutating func bits(_ count: Int) throws(ConversionError) -> UInt64 {
    guard count <= octets.count * 8 - position else { throw fail("the stream ends early") }
    var value: UInt64 = 0
    for _ in 0..<count {
      value = value << 1 | UInt64(octets[position >> 3] >> UInt8(7 - position & 7) & 1)
      position += 1
    }
    return value
  }

  private mutating func unsigned() throws(ConversionError) -> UInt64 {
    var value: UInt64 = 0
    var shift = 0
    while true {
      let octet = try bits(8)
      if shift > 63 || shift == 63 && octet & 127 > 1 { throw fail("an integer of more than 64 bits") }
      value |= (octet & 127) << UInt64(shift)
      if octet & 128 == 0 { return value }
      shift += 7
    }
  }

  // MARK: document and fragment

  mutating func document() throws(ConversionError) -> DocumentNode {
    try header()
    let code = Int(try bits(codeBits(tables.globals.count)))
    guard code < tables.globals.count else { throw fail("no document with code \(code)") }
    var root = try element(tables.globals[code])
    root.isAmbiguous = tables.globals.filter { tables.elements[$0].name.local == root.name }.count > 1
    return root
  }

  mutating func fragment() throws(ConversionError) -> DocumentNode {
    try header()
    let width = codeBits(tables.fragments.count + 1)
    let code = Int(try bits(width))
    guard code < tables.fragments.count else { throw fail("no element with code \(code)") }
    let name = tables.fragments[code].name
    var node: DocumentNode
    if let number = tables.fragments[code].element {
      node = try element(number)
    } else {
      do throws(ConversionError) { node = try relaxed(name) } catch { throw error.inside(name.local) }
    }
    node.isAmbiguous = tables.fragments.filter { $0.name.local == name.local }.count > 1
    let end = Int(try bits(width))
    guard end == tables.fragments.count + 1 else { throw fail("no end of the fragment, but code \(end)") }
    return node
  }

  private mutating func header() throws(ConversionError) {
    guard !octets.isEmpty else { throw fail("no octets") }
    let first = try bits(8)
    guard first == 0x80 else {
      throw fail("the first octet is 0x\(hexadecimal(UInt8(first))), not the EXI header 0x80")
    }
  }

  // MARK: elements

  private mutating func element(_ number: Int) throws(ConversionError) -> DocumentNode {
    let declaration = tables.elements[number]
    do throws(ConversionError) {
      if declaration.isAbstract { throw fail("an abstract element, which is never sent") }
      let start = position
      var node =
        switch declaration.type {
        case .simple(let type): try simpleElement(declaration.name, type: type)
        case .complex(let type): try complexElement(declaration.name, type: tables.types[type])
        }
      node.bits = start..<position
      return node
    } catch {
      throw error.inside(declaration.name.local)
    }
  }

  /// Reads the code of one of `count` productions; `nil` for an empty value in place of characters.
  private mutating func code(_ count: Int, isValue: Bool = false) throws(ConversionError) -> Int? {
    let code = Int(try bits(codeBits(count)))
    if code < count { return code }
    guard code == count, isValue, try bits(3) == 0 else { throw fail("undeclared event \(code) of \(count)") }
    return nil
  }

  private mutating func simpleElement(_ name: SchemaTables.Name, type: Int) throws(ConversionError)
    -> DocumentNode
  {
    var node = DocumentNode(name)
    let simple = tables.simples[type]
    node.form = Self.form(simple)
    node.isLeaf = true
    if try code(1, isValue: simple.canBeEmpty) == nil {
      try checkEmpty(simple)
      return node
    }
    let text = try value(simple)
    if !text.isEmpty { node.content = [.text(text)] }
    _ = try code(1)
    return node
  }

  private func checkEmpty(_ simple: SchemaTables.Simple) throws(ConversionError) {
    switch simple {
    case .string(let min, _) where min > 0, .binary(_, let min, _) where min > 0: throw fail("an empty value")
    default: break
    }
  }

  private mutating func complexElement(
    _ name: SchemaTables.Name, type: SchemaTables.Complex
  ) throws(ConversionError) -> DocumentNode {
    var node = DocumentNode(name)
    var next = 0
    while true {
      var optional = 0
      while next + optional < type.attributes.count && !type.attributes[next + optional].isRequired {
        optional += 1
      }
      let blocked = next + optional < type.attributes.count
      let attributes = blocked ? optional + 1 : optional
      switch type.content {
      case .value(let number):
        let simple = tables.simples[number]
        let code = try code(attributes + (blocked ? 0 : 1), isValue: !blocked && simple.canBeEmpty)
        if let code, code < attributes {
          next = try attribute(next + code, of: type, into: &node)
          continue
        }
        node.form = Self.form(simple)
        node.isLeaf = true
        if code == nil {
          try checkEmpty(simple)
        } else {
          let text = try value(simple)
          if !text.isEmpty { node.content = [.text(text)] }
          _ = try self.code(1)
        }
        return node
      case .particles(let particle, let mixed):
        var state = GrammarState(particle)
        var productions = blocked ? [] : state.productions(in: tables, mixed: mixed)
        guard var code = try code(attributes + productions.count) else { throw fail("an undeclared event") }
        if code < attributes {
          next = try attribute(next + code, of: type, into: &node)
          continue
        }
        code -= attributes
        while try step(productions[code], state: &state, particle: particle, into: &node) {
          productions = state.productions(in: tables, mixed: mixed)
          guard let following = try self.code(productions.count) else { throw fail("an undeclared event") }
          code = following
        }
        node.isOrdered = !tables.namesTellOrder(of: node.children, in: particle)
        return node
      }
    }
  }

  private mutating func attribute(
    _ index: Int, of type: SchemaTables.Complex, into node: inout DocumentNode
  ) throws(ConversionError) -> Int {
    let attribute = type.attributes[index]
    let text = try value(tables.simples[attribute.type])
    node.attributes.append(
      DocumentNode.Attribute(name: attribute.name.local, namespace: attribute.name.namespace, value: text))
    return index + 1
  }

  /// Takes one production; false at the end of the element.
  private mutating func step(
    _ production: GrammarState.Production, state: inout GrammarState, particle: Int,
    into node: inout DocumentNode
  ) throws(ConversionError) -> Bool {
    switch production {
    case .end: return false
    case .wildcard: throw fail("an element that no schema declares")
    case .text:
      let text = try string(min: 0, max: 0xFFFF)
      if !text.isEmpty { node.content.append(.text(text)) }
    case .element(let number, let rest):
      var child = try element(number)
      let name = tables.elements[number].name
      child.isRepeated = GrammarState.isRepeated(name, in: particle, of: tables)
      node.content.append(.element(child))
      state = rest
    }
    return true
  }

  /// An element with differing declarations: any attribute, then text.
  private mutating func relaxed(_ name: SchemaTables.Name) throws(ConversionError) -> DocumentNode {
    var node = DocumentNode(name)
    node.isLeaf = true
    let start = position
    let attributes = tables.attributes.count
    let others = tables.fragments.count + 1
    while true {
      let code = Int(try bits(codeBits(attributes + 1 + others + 2)))
      if code < attributes {
        let attribute = tables.attributes[code]
        let text = try string(min: 0, max: 0xFFFF)
        if node.attributes.contains(where: {
          $0.name == attribute.local && $0.namespace == attribute.namespace
        }) {
          throw fail("an attribute twice")
        }
        node.attributes.append(
          DocumentNode.Attribute(name: attribute.local, namespace: attribute.namespace, value: text))
        continue
      }
      guard code == attributes + 1 + others + 1 else { throw fail("an undeclared event") }
      let text = try string(min: 0, max: 0xFFFF)
      if !text.isEmpty { node.content = [.text(text)] }
      guard Int(try bits(codeBits(others + 2))) == others else { throw fail("an undeclared event") }
      node.bits = start..<position
      return node
    }
  }

  // MARK: values

  private static func form(_ simple: SchemaTables.Simple) -> DocumentNode.Form {
    switch simple {
    case .boolean: .boolean
    case .integer: .number
    default: .string
    }
  }

  private mutating func value(_ simple: SchemaTables.Simple) throws(ConversionError) -> String {
    switch simple {
    case .boolean: return try bits(1) == 1 ? "true" : "false"
    case .enumeration(let values):
      let index = Int(try bits(values.count < 2 ? 0 : codeBits(values.count - 1)))
      guard index < values.count else { throw fail("value \(index) of an enumeration of \(values.count)") }
      return values[index]
    case .string(let min, let max): return try string(min: min, max: max)
    case .binary(let hexadecimal, let min, let max):
      let count = try unsigned()
      guard count >= UInt64(min), count <= UInt64(max) else {
        throw fail("\(count) octets, not \(min)...\(max)")
      }
      var data: [UInt8] = []
      for _ in 0..<count { data.append(UInt8(try bits(8))) }
      return hexadecimal ? ValueText.hexadecimal(data) : ValueText.base64(data)
    case .integer(let min, let max): return try integer(min: min, max: max)
    }
  }

  private mutating func integer(min: Int64?, max: UInt64?) throws(ConversionError) -> String {
    guard let min, let max else {
      let isNegative = try bits(1) == 1
      var groups: [UInt8] = []
      var octet: UInt64
      repeat {
        octet = try bits(8)
        groups.append(UInt8(octet & 127))
        if groups.count > ValueText.maxGroups {
          throw fail("an integer of more than \(7 * ValueText.maxGroups) bits")
        }
      } while octet & 128 != 0
      return ValueText.decimal(groups: groups, isNegative: isNegative)
    }
    let range = max &- UInt64(bitPattern: min)
    if range < 4096 {
      let offset = try bits(codeBits(Int(range)))
      guard offset <= range else { throw fail("value \(Int64(offset) + min) above \(max)") }
      return String(Int64(offset) + min)
    }
    if min >= 0 {
      let number = try unsigned()
      guard number <= max, number >= UInt64(min) else {
        throw fail("value \(number) outside \(min)...\(max)")
      }
      return String(number)
    }
    let isNegative = try bits(1) == 1
    let magnitude = try unsigned()
    guard magnitude <= UInt64(Int64.max) else { throw fail("an integer of more than 64 bits") }
    let number = isNegative ? ~Int64(magnitude) : Int64(magnitude)
    guard number >= min, number < 0 || UInt64(number) <= max else {
      throw fail("value \(number) outside \(min)...\(max)")
    }
    return String(number)
  }

  private mutating func string(min: Int, max: Int) throws(ConversionError) -> String {
    let length = try unsigned()
    guard length >= 2 else { throw fail("a string-table hit") }
    guard length - 2 >= UInt64(min), length - 2 <= UInt64(max) else {
      throw fail("\(length - 2) characters, not \(min)...\(max)")
    }
    var text = String.UnicodeScalarView()
    for _ in 0..<(length - 2) {
      let value = try unsigned()
      guard value <= 0x10FFFF, let scalar = Unicode.Scalar(UInt32(value)), ValueText.isCharacter(scalar)
      else {
        throw fail("a character XML cannot carry")
      }
      text.append(scalar)
    }
    return String(text)
  }
}

/// Bits of an event code in a state of `productions` productions and the escape.
func codeBits(_ productions: Int) -> Int { Int.bitWidth - productions.leadingZeroBitCount }
