/// Writes the tables from which the host tools read and write any document of a set.
///
/// One component per line, each known by its number of order among its kind; `EXITools` parses the text.
struct TableEmitter {
  let set: MessageSet
  let schema: Schema

  /// `iso20-ac` -> `iso20AC`.
  private static func identifier(_ name: String) -> String {
    let parts = name.split(separator: "-")
    return (parts.first ?? "")
      + parts.dropFirst().map { $0.count <= 4 ? $0.uppercased() : $0.prefix(1).uppercased() + $0.dropFirst() }
      .joined()
  }

  func file() throws(SchemaError) -> GeneratedFile {
    var builder = Builder()
    let declarations = try schema.allDeclarations()
    for name in schema.globalNames { builder.globals.append(try builder.number(of: schema.element(name))) }
    for (name, _) in schema.declaredElements {
      let element = try declarations[name].map { element throws(SchemaError) in
        try builder.number(of: element)
      }
      builder.fragments.append((name, element))
    }
    while let type = builder.nextType() { try builder.describe(type) }
    var lines = ModuleEmitter.head(set.entry)
    lines += [
      "extension SchemaTables {",
      "  /// The grammar of `\(set.entry)`, one component per line; `SchemaTables.init` reads it.",
      "  static let \(Self.identifier(set.name)) = \"\"\"",
    ]
    lines += builder.lines(attributes: schema.declaredAttributes).map { "    " + $0 }
    lines += ["    \"\"\"", "}"]
    return GeneratedFile(
      path: "EXITools/Generated/\(set.prefix)Tables.swift", text: lines.joined(separator: "\n") + "\n")
  }
}

/// Numbers the components.
private struct Builder {
  var globals: [Int] = []
  var fragments: [(QName, Int?)] = []
  private var namespaces: [String] = []
  private var simples: [String] = []
  private var elements: [String] = []
  private var elementNumbers: [ObjectIdentifier: Int] = [:]
  private var types: [ComplexType] = []
  private var typeNumbers: [ObjectIdentifier: Int] = [:]
  private var described: [String] = []

  mutating func nextType() -> ComplexType? { described.count < types.count ? types[described.count] : nil }

  private mutating func number(of namespace: String) -> Int {
    if let known = namespaces.firstIndex(of: namespace) { return known }
    namespaces.append(namespace)
    return namespaces.count - 1
  }

  private mutating func name(_ name: QName) -> String { "\(name.local) \(number(of: name.namespace))" }

  mutating func number(of element: ElementDeclaration) throws(SchemaError) -> Int {
    if let known = elementNumbers[ObjectIdentifier(element)] { return known }
    let number = elements.count
    elementNumbers[ObjectIdentifier(element)] = number
    elements.append("")
    var abstract = element.isAbstract
    let type: String
    switch element.type {
    case .simple(let simple): type = "simple \(self.number(of: simple))"
    case .complex(let complex):
      type = "type \(self.number(of: complex))"
      abstract = abstract || complex.isAbstract
    }
    elements[number] = "element \(name(element.name)) \(type)\(abstract ? " abstract" : "")"
    return number
  }

  private mutating func number(of type: ComplexType) -> Int {
    if let known = typeNumbers[ObjectIdentifier(type)] { return known }
    typeNumbers[ObjectIdentifier(type)] = types.count
    types.append(type)
    return types.count - 1
  }

  private mutating func number(of simple: SimpleType) -> Int {
    func limit(_ value: (some BinaryInteger)?) -> String { value.map { "\($0)" } ?? "-" }
    let line: String
    switch simple.kind {
    case .boolean: line = "simple boolean"
    case .enumeration(let values):
      // Words are divided by spaces, and one value of WPT has a space of its own.
      let words = values.map { $0.split(separator: " ", omittingEmptySubsequences: false) }
      line = "simple enumeration " + words.map { $0.joined(separator: "%20") }.joined(separator: " ")
    case .integer(_, let min, let max): line = "simple integer \(limit(min)) \(limit(max))"
    case .string(let min, let max): line = "simple string \(min) \(limit(max))"
    case .binary(let hexadecimal, let min, let max):
      line = "simple \(hexadecimal ? "hexadecimal" : "base64") \(min) \(limit(max))"
    }
    if let known = simples.firstIndex(of: line) { return known }
    simples.append(line)
    return simples.count - 1
  }

  mutating func describe(_ type: ComplexType) throws(SchemaError) {
    var line = "type \(type.name.local) \(type.attributes.count)"
    for attribute in type.attributes {
      line +=
        " \(name(attribute.name)) \(number(of: attribute.type)) \(attribute.isRequired ? "required" : "optional")"
    }
    switch type.content {
    case .simple(let simple): line += " value \(number(of: simple))"
    case .particles(let particles, let mixed):
      line += mixed ? " mixed" : " elements"
      line += try term(Particle(term: .sequence(particles), min: 1, max: 1))
    }
    described.append(line)
  }

  private mutating func term(_ particle: Particle) throws(SchemaError) -> String {
    let occurrence = "\(particle.min) \(particle.max.map(String.init) ?? "-")"
    switch particle.term {
    case .wildcard: return " any \(occurrence)"
    case .element(let alternatives, _):
      var text = " one \(occurrence) \(alternatives.count)"
      for alternative in alternatives { text += " \(try number(of: alternative))" }
      return text
    case .sequence(let children), .choice(let children):
      var word = "choice"
      if case .sequence = particle.term { word = "sequence" }
      var text = " \(word) \(occurrence) \(children.count)"
      for child in children { text += try term(child) }
      return text
    }
  }

  mutating func lines(attributes: [QName]) -> [String] {
    var lines: [String] = []
    for (name, element) in fragments {
      lines.append("fragment \(self.name(name)) \(element.map(String.init) ?? "relaxed")")
    }
    for attribute in attributes { lines.append("attribute \(name(attribute))") }
    return namespaces.map { "namespace \($0.isEmpty ? "-" : $0)" } + simples + elements + described
      + globals.map { "global \($0)" } + lines
  }
}
