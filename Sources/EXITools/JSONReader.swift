/// Makes nodes from JSON by the tables: finds each name's namespace and puts members in the grammar's order.
struct JSONReader {
  private let tables: SchemaTables
  /// The member that gives the namespace of the root, where its name is not enough.
  private static let namespaceMember = "@xmlns"

  init(tables: SchemaTables) { self.tables = tables }

  // MARK: document and fragment

  func document(_ value: JSONValue) throws(ConversionError) -> DocumentNode {
    try root(value, among: tables.globals.map { (tables.elements[$0].name, $0) }, what: "document")
  }

  func fragment(_ value: JSONValue) throws(ConversionError) -> DocumentNode {
    try root(value, among: tables.fragments.map { ($0.name, $0.element) }, what: "element")
  }

  private func root(
    _ value: JSONValue, among names: [(name: SchemaTables.Name, element: Int?)], what: String
  ) throws(ConversionError) -> DocumentNode {
    guard case .object(let members) = value, members.count == 1, let (name, inner) = members.first else {
      throw ConversionError("\(value.kind); expected an object with one member, the \(what)'s name")
    }
    var candidates = names.filter { $0.name.local == name }
    var content = inner
    if case .object(var members) = inner, let given = members.removeValue(forKey: Self.namespaceMember) {
      guard case .string(let namespace) = given else {
        throw ConversionError("\(given.kind); expected a namespace", path: [name, Self.namespaceMember])
      }
      candidates.removeAll { $0.name.namespace != namespace }
      content = .object(members)
    }
    guard let first = candidates.first else { throw ConversionError("no \(what) \(name) in this set") }
    guard candidates.count == 1 else {
      let namespaces = candidates.map { $0.name.namespace.isEmpty ? "\"\"" : $0.name.namespace }
      throw ConversionError(
        "\(name) is in several namespaces; expected the member \(Self.namespaceMember): \(listed(namespaces))"
      )
    }
    guard let element = first.element else {
      do throws(ConversionError) {
        return try relaxed(content, first.name)
      } catch {
        throw error.inside(name)
      }
    }
    return try self.element(content, element)
  }

  // MARK: elements

  private func element(_ value: JSONValue, _ number: Int) throws(ConversionError) -> DocumentNode {
    let declaration = tables.elements[number]
    do throws(ConversionError) {
      switch declaration.type {
      case .simple(let type):
        var node = DocumentNode(declaration.name)
        try setValue(plain(value), tables.simples[type], of: &node)
        return node
      case .complex(let type): return try complex(value, declaration.name, tables.types[type])
      }
    } catch {
      throw error.inside(declaration.name.local)
    }
  }

  /// A value, or an object with nothing but one.
  private func plain(_ value: JSONValue) throws(ConversionError) -> JSONValue {
    guard case .object(let members) = value else { return value }
    if let other = members.keys.sorted().first(where: { $0 != "$" }) {
      throw ConversionError("member \(other) may not stand here; expected a value")
    }
    guard let inner = members["$"] else { throw ConversionError("an object without $; expected a value") }
    return inner
  }

  private func complex(
    _ value: JSONValue, _ name: SchemaTables.Name, _ type: SchemaTables.Complex
  ) throws(ConversionError) -> DocumentNode {
    var node = DocumentNode(name)
    var members: [String: JSONValue]
    switch (value, type.content) {
    case (.object(let given), _): members = given
    case (_, .value): members = ["$": value]
    default: throw ConversionError("\(value.kind); expected an object")
    }
    for attribute in type.attributes {
      guard let given = members.removeValue(forKey: "@" + attribute.name.local) else { continue }
      guard case .string(let text) = given else {
        throw ConversionError("\(given.kind); expected a string", path: ["@" + attribute.name.local])
      }
      node.attributes.append(
        DocumentNode.Attribute(name: attribute.name.local, namespace: attribute.name.namespace, value: text))
    }
    if let other = members.keys.sorted().first(where: { $0.hasPrefix("@") }) {
      throw ConversionError(
        "attribute \(other) is not declared; expected "
          + (type.attributes.isEmpty ? "none" : listed(type.attributes.map { "@" + $0.name.local })))
    }
    switch type.content {
    case .value(let simple): try setValue(plain(.object(members)), tables.simples[simple], of: &node)
    case .particles(let particle, let mixed):
      if let ordered = members["$content"] {
        guard members.count == 1 else { throw ConversionError("members beside $content") }
        node.content = try content(ordered, particle: particle, mixed: mixed)
      } else if mixed, members.count == 1, case .string(let text)? = members["$"] {
        node.content = [.text(text)]
      } else {
        node.content = try content(members, particle: particle, mixed: mixed)
      }
    }
    return node
  }

  /// Members in the grammar's order.
  private func content(
    _ members: [String: JSONValue], particle: Int, mixed: Bool
  ) throws(ConversionError) -> [DocumentNode.Content] {
    var items: [String: ArraySlice<JSONValue>] = [:]
    for (name, value) in members {
      if case .array(let several) = value { items[name] = several[...] } else { items[name] = [value] }
    }
    var available = items.mapValues(\.count)
    let arrangement = tables.arrange(&available, particle: particle, mixed: mixed)
    let left = available.filter { $0.value > 0 }.keys.sorted()
    switch arrangement {
    case .incomplete(_, let expected):
      let other =
        left.first { !mayContain($0, particle) }.map { "member \($0) is not declared here, and " } ?? ""
      throw ConversionError("\(other)an element is missing; expected \(names(expected))")
    case .complete(let numbers):
      if let name = left.first {
        let many = mayContain(name, particle)
        throw ConversionError(
          many
            ? "\(name) may not stand here as often, or not beside the others"
            : "member \(name) is not declared here; expected \(listed(declared(particle)))")
      }
      var result: [DocumentNode.Content] = []
      for number in numbers {
        let name = tables.elements[number].name.local
        if let item = items[name]?.popFirst() { result.append(.element(try element(item, number))) }
      }
      return result
    }
  }

  /// The array `$content`, in its own order.
  private func content(
    _ value: JSONValue, particle: Int, mixed: Bool
  ) throws(ConversionError) -> [DocumentNode.Content] {
    guard case .array(let items) = value else {
      throw ConversionError("\(value.kind); expected an array", path: ["$content"])
    }
    var state = GrammarState(particle)
    var result: [DocumentNode.Content] = []
    for item in items {
      if mixed, case .string(let text) = item {
        result.append(.text(text))
        continue
      }
      guard case .object(let members) = item, members.count == 1, let (name, inner) = members.first else {
        throw ConversionError(
          "\(item.kind); expected an object with one member\(mixed ? ", or a string" : "")",
          path: ["$content"])
      }
      let productions = state.productions(in: tables, mixed: mixed)
      var found: (number: Int, rest: GrammarState)?
      for case .element(let number, let rest) in productions where tables.elements[number].name.local == name
      {
        found = (number, rest)
      }
      guard let found else {
        throw ConversionError(
          "element \(name) may not stand here; expected \(names(productions))", path: ["$content"])
      }
      result.append(.element(try element(inner, found.number)))
      state = found.rest
    }
    return result
  }

  private func relaxed(_ value: JSONValue, _ name: SchemaTables.Name) throws(ConversionError) -> DocumentNode
  {
    var node = DocumentNode(name)
    var members: [String: JSONValue] = ["$": value]
    if case .object(let given) = value { members = given }
    for key in members.keys.sorted() where key.hasPrefix("@") {
      let local = String(key.dropFirst())
      guard let attribute = tables.relaxedAttribute(local, of: name) else {
        throw ConversionError("attribute \(key) is not declared anywhere")
      }
      guard case .string(let text)? = members.removeValue(forKey: key) else {
        throw ConversionError("no string", path: [key])
      }
      node.attributes.append(
        DocumentNode.Attribute(name: attribute.local, namespace: attribute.namespace, value: text))
    }
    try setValue(plain(.object(members)), .string(min: 0, max: 0xFFFF), of: &node)
    return node
  }

  // MARK: names

  private func names(_ productions: [GrammarState.Production]) -> String {
    listed(
      productions.compactMap { production in
        guard case .element(let number, _) = production, !tables.elements[number].isAbstract else {
          return nil
        }
        return tables.elements[number].name.local
      })
  }

  private func declared(_ particle: Int) -> [String] {
    switch tables.particles[particle].term {
    case .wildcard: []
    case .one(let alternatives):
      alternatives.compactMap {
        tables.elements[$0].isAbstract ? nil : tables.elements[$0].name.local
      }
    case .sequence(let children), .choice(let children): children.flatMap(declared)
    }
  }

  private func mayContain(_ name: String, _ particle: Int) -> Bool { declared(particle).contains(name) }

  // MARK: values

  private func setValue(
    _ value: JSONValue, _ simple: SchemaTables.Simple, of node: inout DocumentNode
  ) throws(ConversionError) {
    let text: String
    switch (value, simple) {
    case (.string(let given), _): text = given
    case (.integer(let digits), .integer): text = digits
    case (.boolean(let truth), .boolean): text = truth ? "true" : "false"
    default: throw ConversionError("\(value.kind); expected \(Self.kind(simple))")
    }
    if !text.isEmpty { node.content = [.text(text)] }
  }

  private static func kind(_ simple: SchemaTables.Simple) -> String {
    switch simple {
    case .boolean: "true or false"
    case .enumeration(let values): values.joined(separator: ", ")
    case .integer: "an integer"
    case .string: "a string"
    case .binary(let hexadecimal, _, _): hexadecimal ? "a string of hexadecimal" : "a string of base64"
    }
  }
}

extension SchemaTables {
  /// The attribute of this local name that a relaxed element has: the one that a declaration of the element has,
  /// or else the first of the name.
  func relaxedAttribute(_ local: String, of element: Name) -> Name? {
    for declaration in elements where declaration.name == element {
      guard case .complex(let type) = declaration.type else { continue }
      if let found = types[type].attributes.first(where: { $0.name.local == local }) { return found.name }
    }
    return attributes.first { $0.local == local }
  }
}
