/// What the types of one Swift module are called and which there are.
final class ModuleModel {
  /// Complex types that documents can contain, in the order they are met.
  private(set) var types: [ComplexType] = []
  /// Enumerations among the simple types, by Swift name.
  private(set) var enumerations: [(name: String, type: SimpleType, values: [String])] = []
  /// Substitution groups, by head.
  private(set) var groups: [(head: QName, members: [ElementDeclaration])] = []
  /// For each type, enumeration and group (by Swift name) the messages that use it.
  private(set) var users: [String: Set<String>] = [:]

  private var known: [QName: ObjectIdentifier] = [:]
  /// The documents and what is directly in them: used in one place, and worth putting there.
  private var inlined: Set<ObjectIdentifier> = []
  private var scalars: [ObjectIdentifier: Bool] = [:]
  private var fragments: Set<ObjectIdentifier> = []

  let set: MessageSet
  /// The names of this module.
  let book: NameBook
  /// Namespaces that other modules own.
  private let foreign: [String: NameBook]
  private let ownNamespace: String

  /// What is below `roots`, the messages of `set` or what stands in for them.
  init(
    _ set: MessageSet, roots: [ElementDeclaration], ownNamespace: String, book: NameBook,
    foreign: [String: NameBook]
  ) throws(SchemaError) {
    self.set = set
    self.book = book
    self.foreign = foreign
    self.ownNamespace = ownNamespace
    for root in roots {
      guard case .complex(let type) = root.type else {
        throw SchemaError("\(root.name.local): a simple message")
      }
      note(root)
      try visit(type, trail: [])
      // Many messages would each carry a copy.
      if roots.count > 2 { continue }
      inlined.insert(ObjectIdentifier(type))
      for part in try StructGrammar(type).parts {
        guard case .element(let alternatives, _) = part.kind, !part.isRepeated,
          case .complex(let child) = alternatives[0].type, alternatives.count == 1
        else { continue }
        inlined.insert(ObjectIdentifier(child))
      }
    }
    for type in types where Self.isMessage(type.name.local) {
      try mark(type, user: swiftName(of: type))
    }
  }

  /// The names of the module that a namespace belongs to.
  private func home(of namespace: String) -> NameBook { foreign[namespace] ?? book }

  /// True when this module declares the types of the namespace.
  func owns(_ namespace: String) -> Bool { foreign[namespace] == nil }

  /// True for the requests and responses of a protocol.
  static func isMessage(_ type: String) -> Bool {
    ["Req", "Res", "ReqType", "ResType"].contains { type.hasSuffix($0) }
  }
  /// The name that a request and its response share.
  static func group(_ name: String) -> String { String(name.dropLast(3)) }

  private func visit(_ type: ComplexType, trail: [ComplexType]) throws(SchemaError) {
    if trail.contains(where: { $0 === type }) { throw SchemaError("type \(type.name.local) contains itself") }
    if let known = known[type.name] {
      if known != ObjectIdentifier(type) { throw SchemaError("two types \(type.name.local)") }
      return
    }
    known[type.name] = ObjectIdentifier(type)
    let home = home(of: type.name.namespace)
    if home !== book && !home.contains(type.name) {
      throw SchemaError("type \(type.name.local) is not in module \(home.module)")
    }
    _ = try home.name(of: type.name)
    for part in try StructGrammar(type).parts {
      switch part.kind {
      case .attribute(let attribute): try visit(attribute.type)
      case .text(let simple): try visit(simple)
      case .content(let grammar):
        for case .element(let element) in grammar.items { try visit(element, trail: trail + [type]) }
      case .element(let alternatives, let head):
        if let head, alternatives.count > 1, !groups.contains(where: { $0.head == head }) {
          groups.append((head, alternatives))
        }
        for alternative in alternatives where !isAbstract(alternative) {
          try visit(alternative, trail: trail + [type])
        }
      }
    }
    types.append(type)
    _ = try home.number(of: type.name)
  }

  private func visit(_ element: ElementDeclaration, trail: [ComplexType]) throws(SchemaError) {
    note(element)
    switch element.type {
    case .simple(let simple): try visit(simple)
    case .complex(let type): try visit(type, trail: trail)
    }
  }

  private func visit(_ simple: SimpleType) throws(SchemaError) {
    guard case .enumeration(let values) = simple.kind else { return }
    let name = swiftName(of: simple)
    if let known = enumerations.first(where: { $0.name == name }) {
      if known.values != values { throw SchemaError("two enumerations named \(name)") }
      return
    }
    enumerations.append((name, simple, values))
  }

  /// Remembers that everything below `type` is used by `user`.
  private func mark(_ type: ComplexType, user: String) throws(SchemaError) {
    if !users[swiftName(of: type), default: []].insert(user).inserted { return }
    for part in try StructGrammar(type).parts {
      var elements: [ElementDeclaration] = []
      switch part.kind {
      case .attribute(let attribute): mark(attribute.type, user: user)
      case .text(let simple): mark(simple, user: user)
      case .content(let grammar): for case .element(let element) in grammar.items { elements.append(element) }
      case .element(let alternatives, let head):
        if let head { users[groupName(head), default: []].insert(user) }
        elements = alternatives.filter { !isAbstract($0) }
      }
      for element in elements {
        switch element.type {
        case .simple(let simple): mark(simple, user: user)
        case .complex(let type): try mark(type, user: user)
        }
      }
    }
  }

  private func mark(_ simple: SimpleType, user: String) {
    if case .enumeration = simple.kind { users[swiftName(of: simple), default: []].insert(user) }
  }

  private func note(_ element: ElementDeclaration) {
    if case .complex(let type) = element.type, set.fragments.contains(element.name.local) {
      fragments.insert(ObjectIdentifier(type))
    }
  }

  /// True for types of elements that are fragments without having an Id.
  func isFragment(_ type: ComplexType) -> Bool { fragments.contains(ObjectIdentifier(type)) }

  // MARK: names

  func swiftName(of type: ComplexType) -> String {
    (try? home(of: type.name.namespace).name(of: type.name)) ?? Naming.type(type.name.local)
  }

  /// `Module.Type`.
  func qualifiedName(of type: ComplexType) -> String {
    "\(home(of: type.name.namespace).module).\(swiftName(of: type))"
  }

  private func swiftName(of simple: SimpleType) -> String {
    set.renamed[simple.name.local] ?? Naming.type(simple.name.local)
  }

  /// How a simple type looks in this module.
  func code(_ type: SimpleType) throws(SchemaError) -> SimpleCode {
    try SimpleCode(type, enumerationName: swiftName(of: type))
  }

  /// The number by which the paths of errors know a type.
  func number(ofType type: ComplexType) -> Int {
    (try? home(of: type.name.namespace).number(of: type.name)) ?? 0
  }

  /// The enumeration that a substitution group becomes.
  func groupName(_ head: QName) -> String {
    let name = (head.namespace == ownNamespace ? "" : set.groupPrefix) + Naming.type(head.local + "Type")
    return book.isTaken(name) ? name + "Choice" : name
  }

  /// The enumeration, inside its type, that a choice becomes.
  func choiceName(_ alternatives: [ElementDeclaration]) -> String {
    let name = Naming.choice(alternatives.map(\.name.local))
    let isTaken = book.isTaken(name) || enumerations.contains { $0.name == name }
    return isTaken ? name + "Choice" : name
  }

  /// True for types whose codec is put where it is called.
  func isInlined(_ type: ComplexType) -> Bool { inlined.contains(ObjectIdentifier(type)) }

  /// An element that may not occur itself, because it or its type is abstract.
  func isAbstract(_ element: ElementDeclaration) -> Bool {
    if element.isAbstract { return true }
    if case .complex(let type) = element.type { return type.isAbstract }
    return false
  }

  func swiftType(of element: ElementDeclaration) throws(SchemaError) -> (String, SimpleCode?) {
    switch element.type {
    case .complex(let type): return (swiftName(of: type), nil)
    case .simple(let simple):
      let code = try code(simple)
      return (code.swiftType, code)
    }
  }

  func isScalar(_ element: ElementDeclaration) -> Bool {
    switch element.type {
    case .simple(let simple): (try? code(simple))?.isScalar ?? false
    case .complex(let type): isScalar(type)
    }
  }

  /// True for small values that need nothing from the stream they came from: a number with its unit, a status.
  func isComparable(_ type: ComplexType) -> Bool {
    guard isScalar(type), let parts = try? StructGrammar(type).parts, parts.count <= 4 else { return false }
    return parts.allSatisfy { part in
      guard case .element(let alternatives, _) = part.kind else { return true }
      if alternatives.count > 1 { return false }
      guard case .complex(let child) = alternatives[0].type else { return true }
      return isComparable(child)
    }
  }

  /// True when a value of the type needs nothing from the stream it came from.
  func isScalar(_ type: ComplexType) -> Bool {
    if let known = scalars[ObjectIdentifier(type)] { return known }
    var result = true
    if let grammar = try? StructGrammar(type) {
      for part in grammar.parts {
        switch part.kind {
        case .attribute, .content: result = false
        case .text(let simple): result = result && ((try? code(simple))?.isScalar ?? false)
        case .element(let alternatives, _):
          if part.isRepeated { result = false }
          for alternative in alternatives where !isAbstract(alternative) {
            result = result && isScalar(alternative)
          }
        }
      }
    }
    scalars[ObjectIdentifier(type)] = result
    return result
  }
}
