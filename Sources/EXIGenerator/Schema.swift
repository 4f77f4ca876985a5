import XMLTree

/// Reads the octets of a schema file, given its path below the schema folder.
public typealias SchemaSource = (String) throws -> [UInt8]

/// A schema and everything it imports.
final class Schema {
  /// One schema file.
  private struct Document {
    let path: String
    let root: XMLElement
    let targetNamespace: String
    let namespaces: [String: String]
    let qualifiesElements: Bool
    let qualifiesAttributes: Bool
  }

  private static let xsd = "http://www.w3.org/2001/XMLSchema"
  private var documents: [Document] = []
  private var globalNodes: [QName: (XMLElement, Int)] = [:]
  private var typeNodes: [QName: (XMLElement, Int)] = [:]
  private var complexTypes: [QName: ComplexType] = [:]
  private var elements: [QName: ElementDeclaration] = [:]
  private var substitutions: [QName: [QName]] = [:]

  /// Global elements of the whole closure, in code order.
  private(set) var globalNames: [QName] = []
  /// Every element declared anywhere, with the types it is declared with, in code order.
  private(set) var declaredElements: [(name: QName, types: Set<String>)] = []
  /// Every attribute declared anywhere, in code order.
  private(set) var declaredAttributes: [QName] = []

  init(entry: String, source: SchemaSource) throws {
    try load(entry, source: source)
    index()
  }

  /// The namespace of the entry file.
  var ownNamespace: String { documents.first?.targetNamespace ?? "" }

  /// The file that declares a namespace.
  func file(of namespace: String) -> String? {
    documents.first { $0.targetNamespace == namespace }?.path
  }

  // MARK: files

  private func load(_ path: String, source: SchemaSource) throws {
    var pending = [path]
    var seen: Set<String> = []
    while let next = pending.popLast() {
      guard seen.insert(next).inserted else { continue }
      let root: XMLElement
      do {
        root = try XMLElement(parsing: source(next), documentType: .skipped)
      } catch {
        throw SchemaError("\(next): \(error)")
      }
      guard root.name == "schema", root.namespace == Self.xsd else {
        throw SchemaError("\(next): not a schema")
      }
      documents.append(
        Document(
          path: next, root: root, targetNamespace: root["targetNamespace"] ?? "",
          namespaces: root.declaredNamespaces,
          qualifiesElements: root["elementFormDefault"] == "qualified",
          qualifiesAttributes: root["attributeFormDefault"] == "qualified"))
      let folder = next.split(separator: "/").dropLast().joined(separator: "/")
      for child in root.children where child.name == "import" || child.name == "include" {
        guard let location = child["schemaLocation"] else { continue }
        pending.append(folder.isEmpty ? location : "\(folder)/\(location)")
      }
    }
  }

  private func index() {
    var types: [QName: Set<String>] = [:]
    var attributes: Set<QName> = []
    for (number, document) in documents.enumerated() {
      for child in document.root.children {
        guard let name = child["name"] else { continue }
        let qname = QName(namespace: document.targetNamespace, local: name)
        switch child.name {
        case "element":
          globalNodes[qname] = (child, number)
          if let head = child["substitutionGroup"] {
            substitutions[resolve(head, in: document), default: []].append(qname)
          }
        case "complexType", "simpleType": typeNodes[qname] = (child, number)
        default: break
        }
        scan(child, isGlobal: true, in: document, types: &types, attributes: &attributes)
      }
    }
    globalNames = globalNodes.keys.sorted()
    declaredElements = types.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    declaredAttributes = attributes.sorted()
  }

  /// Collects the names of elements and attributes declared at and below `node`.
  private func scan(
    _ node: XMLElement, isGlobal: Bool, in document: Document, types: inout [QName: Set<String>],
    attributes: inout Set<QName>
  ) {
    if let name = node["name"] {
      if node.name == "element" {
        let qname = elementName(name, node, isGlobal: isGlobal, in: document)
        let type = node["type"].map { resolve($0, in: document) }
        types[qname, default: []].insert(type.map { "\($0.namespace) \($0.local)" } ?? "line \(node.line)")
      } else if node.name == "attribute" {
        attributes.insert(attributeName(name, node, isGlobal: isGlobal, in: document))
      }
    }
    for child in node.children {
      scan(child, isGlobal: false, in: document, types: &types, attributes: &attributes)
    }
  }

  // MARK: names

  private func resolve(_ reference: String, in document: Document) -> QName {
    let parts = reference.split(separator: ":", maxSplits: 1)
    let prefix = parts.count == 2 ? String(parts[0]) : ""
    return QName(namespace: document.namespaces[prefix] ?? "", local: String(parts.last ?? ""))
  }

  private func elementName(
    _ name: String, _ node: XMLElement, isGlobal: Bool, in document: Document
  ) -> QName {
    let qualified = isGlobal || (node["form"].map { $0 == "qualified" } ?? document.qualifiesElements)
    return QName(namespace: qualified ? document.targetNamespace : "", local: name)
  }

  private func attributeName(
    _ name: String, _ node: XMLElement, isGlobal: Bool, in document: Document
  ) -> QName {
    let qualified = isGlobal || (node["form"].map { $0 == "qualified" } ?? document.qualifiesAttributes)
    return QName(namespace: qualified ? document.targetNamespace : "", local: name)
  }

  // MARK: elements

  /// The global element of this name.
  func element(_ name: QName) throws(SchemaError) -> ElementDeclaration {
    if let known = elements[name] { return known }
    guard let (node, number) = globalNodes[name] else { throw SchemaError("no element \(name.local)") }
    let document = documents[number]
    let declaration = ElementDeclaration(
      name: name, isAbstract: node["abstract"] == "true", isGlobal: true,
      substitutionHead: node["substitutionGroup"].map { resolve($0, in: document) },
      type: try type(of: node, name: name, in: document))
    elements[name] = declaration
    return declaration
  }

  /// A global element by its local name alone.
  func element(local: String) throws(SchemaError) -> ElementDeclaration {
    guard let name = globalNames.first(where: { $0.local == local }) else {
      throw SchemaError("no element \(local)")
    }
    return try element(name)
  }

  /// The head and all its direct and indirect substitutes, in code order.
  private func members(of head: QName) throws(SchemaError) -> [ElementDeclaration] {
    var names: Set<QName> = [head]
    var pending = [head]
    while let next = pending.popLast() {
      for member in substitutions[next] ?? [] where names.insert(member).inserted { pending.append(member) }
    }
    var result: [ElementDeclaration] = []
    for name in names.sorted() { result.append(try element(name)) }
    return result
  }

  private func type(of node: XMLElement, name: QName, in document: Document) throws(SchemaError)
    -> TypeReference
  {
    if let reference = node["type"] { return try type(resolve(reference, in: document)) }
    for child in node.children {
      if child.name == "complexType" {
        let type = ComplexType(name: name)
        try fill(type, from: child, in: document)
        return .complex(type)
      }
      if child.name == "simpleType" { return .simple(try simpleType(child, name: name, in: document)) }
    }
    throw SchemaError("element \(name.local) has no type the generator understands")
  }

  private func type(_ name: QName) throws(SchemaError) -> TypeReference {
    if let known = complexTypes[name] { return .complex(known) }
    if name.namespace == Self.xsd { return .simple(try builtIn(name)) }
    guard let (node, number) = typeNodes[name] else { throw SchemaError("no type \(name.local)") }
    if node.name == "simpleType" { return .simple(try simpleType(node, name: name, in: documents[number])) }
    let type = ComplexType(name: name)
    complexTypes[name] = type
    try fill(type, from: node, in: documents[number])
    return .complex(type)
  }

  /// Every element declared anywhere whose declarations agree, for fragments.
  func allDeclarations() throws(SchemaError) -> [QName: ElementDeclaration] {
    var result: [QName: ElementDeclaration] = [:]
    let agreeing = Set(declaredElements.filter { $0.types.count == 1 }.map(\.name))
    for document in documents {
      var pending = document.root.children.map { ($0, true) }
      while let (node, isGlobal) = pending.popLast() {
        pending += node.children.map { ($0, false) }
        guard node.name == "element", let local = node["name"] else { continue }
        let name = elementName(local, node, isGlobal: isGlobal, in: document)
        if !agreeing.contains(name) || result[name] != nil { continue }
        if globalNodes[name] != nil {
          result[name] = try element(name)
        } else {
          result[name] = ElementDeclaration(
            name: name, isAbstract: false, isGlobal: false, substitutionHead: nil,
            type: try type(of: node, name: name, in: document))
        }
      }
    }
    return result
  }

  // MARK: complex types

  private func fill(_ type: ComplexType, from node: XMLElement, in document: Document) throws(SchemaError) {
    type.isAbstract = node["abstract"] == "true"
    var particles: [Particle] = []
    var simple: SimpleType?
    var nodes = node.children
    var isExtended = true
    while isExtended {
      isExtended = false
      for child in nodes where child.name == "complexContent" || child.name == "simpleContent" {
        guard let derivation = child.children.first(where: { $0.name != "annotation" }),
          derivation.name == "extension", let base = derivation["base"]
        else { throw SchemaError("type \(type.name.local): only extensions are understood") }
        switch try self.type(resolve(base, in: document)) {
        case .simple(let base): simple = base
        case .complex(let base):
          type.attributes += base.attributes
          switch base.content {
          case .simple(let base): simple = base
          case .particles(let base, _): particles += base
          }
        }
        nodes = derivation.children
        isExtended = true
      }
    }
    for child in nodes {
      switch child.name {
      case "sequence", "choice": particles.append(try particle(child, in: document))
      case "attribute": type.attributes.append(try attribute(child, in: document))
      case "annotation": break
      default: throw SchemaError("type \(type.name.local): \(child.name) is not understood")
      }
    }
    type.attributes.sort { $0.name < $1.name }
    type.content = simple.map { .simple($0) } ?? .particles(particles, mixed: node["mixed"] == "true")
  }

  private func attribute(_ node: XMLElement, in document: Document) throws(SchemaError) -> AttributeUse {
    guard let name = node["name"], let reference = node["type"],
      case .simple(let type) = try type(resolve(reference, in: document))
    else { throw SchemaError("line \(node.line): an attribute without name or type") }
    return AttributeUse(
      name: attributeName(name, node, isGlobal: false, in: document), type: type,
      isRequired: node["use"] == "required")
  }

  private func particle(_ node: XMLElement, in document: Document) throws(SchemaError) -> Particle {
    let min = node["minOccurs"].flatMap { Int($0) } ?? 1
    let limit = node["maxOccurs"] ?? "1"
    let max = limit == "unbounded" ? nil : Int(limit)
    switch node.name {
    case "element":
      if let reference = node["ref"] {
        let head = resolve(reference, in: document)
        let members = try members(of: head)
        return Particle(term: .element(members, head: members.count > 1 ? head : nil), min: min, max: max)
      }
      guard let local = node["name"] else { throw SchemaError("line \(node.line): an element without name") }
      let name = elementName(local, node, isGlobal: false, in: document)
      let declaration = ElementDeclaration(
        name: name, isAbstract: false, isGlobal: false, substitutionHead: nil,
        type: try type(of: node, name: name, in: document))
      return Particle(term: .element([declaration], head: nil), min: min, max: max)
    case "any": return Particle(term: .wildcard, min: min, max: max)
    case "sequence", "choice":
      var children: [Particle] = []
      for child in node.children where child.name != "annotation" {
        children.append(try particle(child, in: document))
      }
      return Particle(
        term: node.name == "sequence" ? .sequence(children) : .choice(children), min: min, max: max)
    default: throw SchemaError("line \(node.line): \(node.name) is not understood")
    }
  }

  // MARK: simple types

  private func simpleType(_ node: XMLElement, name: QName, in document: Document) throws(SchemaError)
    -> SimpleType
  {
    guard let restriction = node.children.first(where: { $0.name == "restriction" }),
      let base = restriction["base"], case .simple(var type) = try type(resolve(base, in: document))
    else { throw SchemaError("simple type \(name.local): only restrictions are understood") }
    let values = restriction.children.filter { $0.name == "enumeration" }.compactMap { $0["value"] }
    if !values.isEmpty { return SimpleType(name: name, kind: .enumeration(values)) }
    if case .enumeration = type.kind { return type }
    type.name = name
    for facet in restriction.children where facet.name != "annotation" {
      guard let value = facet["value"], let number = Int64(value) else {
        throw SchemaError("simple type \(name.local): facet \(facet.name) is not understood")
      }
      type.kind = try Self.restrict(type.kind, facet.name, number, type: name)
    }
    return type
  }

  private static func restrict(
    _ kind: SimpleType.Kind, _ facet: String, _ value: Int64, type: QName
  ) throws(SchemaError) -> SimpleType.Kind {
    switch (kind, facet) {
    case (.integer(let base, _, let max), "minInclusive"): return .integer(base: base, min: value, max: max)
    case (.integer(let base, let min, _), "maxInclusive"):
      guard value >= 0 else { break }
      return .integer(base: base, min: min, max: UInt64(value))
    case (.string(_, let max), "minLength"): return .string(min: Int(value), max: max)
    case (.string(let min, _), "maxLength"): return .string(min: min, max: Int(value))
    case (.string, "length"): return .string(min: Int(value), max: Int(value))
    case (.binary(let hex, _, let max), "minLength"):
      return .binary(hexadecimal: hex, min: Int(value), max: max)
    case (.binary(let hex, let min, _), "maxLength"):
      return .binary(hexadecimal: hex, min: min, max: Int(value))
    case (.binary(let hex, _, _), "length"):
      return .binary(hexadecimal: hex, min: Int(value), max: Int(value))
    default: break
    }
    throw SchemaError("simple type \(type.local): facet \(facet) is not understood")
  }

  private func builtIn(_ name: QName) throws(SchemaError) -> SimpleType {
    func integer(_ min: Int64?, _ max: UInt64?) -> SimpleType {
      SimpleType(name: name, kind: .integer(base: name.local, min: min, max: max))
    }
    switch name.local {
    case "boolean": return SimpleType(name: name, kind: .boolean)
    case "byte": return integer(-128, 127)
    case "unsignedByte": return integer(0, 255)
    case "short": return integer(-32768, 32767)
    case "unsignedShort": return integer(0, 65535)
    case "int": return integer(Int64(Int32.min), UInt64(Int32.max))
    case "unsignedInt": return integer(0, UInt64(UInt32.max))
    case "long": return integer(Int64.min, UInt64(Int64.max))
    case "unsignedLong": return integer(0, UInt64.max)
    case "integer": return integer(nil, nil)
    case "string", "anyURI", "ID", "IDREF", "NCName", "token", "normalizedString":
      return SimpleType(name: name, kind: .string(min: 0, max: nil))
    case "base64Binary": return SimpleType(name: name, kind: .binary(hexadecimal: false, min: 0, max: nil))
    case "hexBinary": return SimpleType(name: name, kind: .binary(hexadecimal: true, min: 0, max: nil))
    default: throw SchemaError("built-in type \(name.local) is not understood")
    }
  }
}
