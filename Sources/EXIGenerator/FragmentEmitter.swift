/// Writes the fragments of a set: the streams that signatures are made over.
struct FragmentEmitter {
  let part: ModuleEmitter.Part

  private var names: String { ModuleEmitter.namesFunction(part.set.module) }

  private var set: MessageSet { part.set }
  private var schema: Schema { part.schema }
  private var model: ModuleModel { part.model }

  /// An element that can be signed.
  private struct Item {
    let name: QName
    let type: ComplexType
    let code: Int
    /// Declared with different types: coded with the relaxed grammar.
    let isRelaxed: Bool
  }

  func emit(into text: inout SourceText) throws {
    let items = try items()
    if items.isEmpty { return }
    let count = schema.declaredElements.count
    let width = codeBits(count + 1)
    let name = "\(set.prefix)Fragment"
    text.add(
      "/// An element with an Id as a stream of its own (EXI fragment), which is what a signature covers.")
    text.add("public enum \(name): Sendable {")
    for item in items { text.add("case \(Naming.property(item.name.local))(\(swiftType(item)))") }
    text.add("", "/// The codes around the element.")
    text.add("public static let grammar = EXIFragmentGrammar(codeBits: \(width), endCode: \(count + 1))")
    text.add("", "/// The code of an element.", "public enum Code: UInt32, Sendable {")
    for item in items { text.add("case \(Naming.property(item.name.local)) = \(item.code)") }
    text.add("}", "")
    for item in items where item.isRelaxed { try emitRelaxed(item, into: &text) }
    text.add("public init(decoding bytes: RawSpan) throws(EXIError) {")
    text.add("var reader = BitReader(bytes)")
    text.add("switch Code(rawValue: reader.start(codeBits: \(width))) {")
    for item in items {
      text.add("case .\(Naming.property(item.name.local)): self = \(read(item))")
    }
    let first = items[0]
    text.add("case nil:")
    text.under("reader.fail(.unexpectedDocument)")
    text.under("self = \(read(first))")
    text.add("}")
    text.add("if reader.event(bits: \(width)) != \(count + 1) { reader.fail(.unexpectedEvent) }")
    text.add("try reader.finish(\(names))", "}", "")
    text.add("/// The code of this element.", "public var code: Code {", "switch self {")
    for item in items {
      text.add("case .\(Naming.property(item.name.local)): .\(Naming.property(item.name.local))")
    }
    text.add("}", "}", "")
    text.add(
      "/// Appends the fragment to `output`; slots point into `source`. The number of octets appended.")
    text.add(
      "@discardableResult", "public func encode(",
      "into output: inout OutputBuffer, source: RawSpan = RawSpan(), limits: PeerLimits? = nil")
    text.add(") throws(EXIError) -> Int {")
    text.add(
      "try encodeStream(into: &output, source: source, limits: limits, names: \(names)) { writer in")
    text.add(
      "writer.put(0x80, bits: 8)", "writer.put(UInt64(code.rawValue), bits: \(width))", "switch self {")
    for item in items {
      let name = Naming.property(item.name.local)
      let grammar = item.isRelaxed ? ", grammar: Self.\(name)Grammar" : ""
      text.add("case .\(name)(let item): item.encode(to: &writer\(grammar))")
    }
    text.add("}", "writer.put(\(count + 1), bits: \(width))", "}", "}", "}", "")
    for element in set.standalone { try emitStandalone(element, into: &text) }
  }

  private func swiftType(_ item: Item) -> String {
    item.isRelaxed ? "EXIRelaxedElement" : model.swiftName(of: item.type)
  }

  /// The expression that reads the element as a case.
  private func read(_ item: Item) -> String {
    let name = Naming.property(item.name.local)
    let grammar = item.isRelaxed ? ", grammar: Self.\(name)Grammar" : ""
    return ".\(name)(\(swiftType(item))(from: &reader\(grammar)))"
  }

  /// The elements with an `Id` among those that documents can contain.
  private func items() throws -> [Item] {
    var found: [QName: ComplexType] = [:]
    func note(_ element: ElementDeclaration) {
      guard case .complex(let type) = element.type, !model.isAbstract(element),
        set.fragments.contains(element.name.local)
          || type.attributes.contains(where: { $0.name.local == "Id" })
      else { return }
      found[element.name] = type
    }
    for root in part.roots { note(root) }
    for type in model.types {
      for part in try StructGrammar(type).parts {
        switch part.kind {
        case .element(let alternatives, _): alternatives.forEach(note)
        case .content(let grammar): for case .element(let element) in grammar.items { note(element) }
        default: break
        }
      }
    }
    return found.sorted { $0.key < $1.key }.compactMap { name, type in
      guard let code = schema.declaredElements.firstIndex(where: { $0.name == name }) else { return nil }
      return Item(
        name: name, type: type, code: code, isRelaxed: schema.declaredElements[code].types.count > 1)
    }
  }

  /// An element whose name is declared with different types has a grammar that lets everything in.
  private func emitRelaxed(_ item: Item, into text: inout SourceText) throws {
    guard case .simple(let simple) = item.type.content, item.type.attributes.count == 1,
      case .string(let min, let max) = simple.kind,
      let attribute = schema.declaredAttributes.firstIndex(of: item.type.attributes[0].name)
    else {
      throw SchemaError("fragment \(item.name.local): a relaxed grammar the generator does not understand")
    }
    let elements = schema.declaredElements.count
    let attributes = schema.declaredAttributes.count
    // First state: attributes, any attribute, elements, any element, end, characters.
    let characters = attributes + 1 + elements + 1 + 1
    text.add("/// The relaxed grammar of `\(item.name.local)`, which is declared with different types.")
    text.add("static let \(Naming.property(item.name.local))Grammar = EXIRelaxedGrammar(")
    text.add(
      "firstBits: \(codeBits(characters + 1)), idCode: \(attribute), charactersCode: \(characters), endBits: \(codeBits(elements + 3)),"
    )
    text.add("endCode: \(elements + 1), min: \(min), max: \(max.map(String.init) ?? "0xFFFF")")
    text.add(")", "")
  }

  /// Entry points of an element that is signed in the grammar of this set, whatever set it came in.
  private func emitStandalone(_ element: String, into text: inout SourceText) throws {
    guard let code = schema.declaredElements.firstIndex(where: { $0.name.local == element }) else {
      throw SchemaError("no element \(element) in \(set.entry)")
    }
    let width = codeBits(schema.declaredElements.count + 1)
    let end = schema.declaredElements.count + 1
    text.add("// `\(element)` as a fragment of its own schema alone, the form that signatures cover")
    text.add("// (ISO 15118-2 annex J).")
    text.add("extension \(Naming.type(element)) {")
    text.add("/// The codes around the element in the grammar of its own schema.")
    text.add("public static let fragmentGrammar = EXIFragmentGrammar(codeBits: \(width), endCode: \(end))")
    text.add("/// Its code there.", "public static let fragmentCode: UInt32 = \(code)", "")
    text.add("public init(decodingFragment bytes: RawSpan) throws(EXIError) {")
    text.add("var reader = BitReader(bytes)")
    text.add("if reader.start(codeBits: \(width)) != \(code) { reader.fail(.unexpectedDocument) }")
    text.add("self.init(from: &reader)")
    text.add("if reader.event(bits: \(width)) != \(end) { reader.fail(.unexpectedEvent) }")
    text.add("try reader.finish(\(names))", "}", "")
    text.add(
      "/// Appends the fragment to `output`; slots point into `source`. The number of octets appended.")
    text.add("@discardableResult", "public func encodeFragment(")
    text.add(
      "into output: inout OutputBuffer, source: RawSpan = RawSpan(), limits: PeerLimits? = nil",
      ") throws(EXIError) -> Int {")
    text.add(
      "try encodeStream(into: &output, source: source, limits: limits, names: \(names)) { writer in")
    text.add("writer.put(0x80, bits: 8)", "writer.put(\(code), bits: \(width))", "encode(to: &writer)")
    text.add("writer.put(\(end), bits: \(width))", "}", "}", "}", "")
  }
}
