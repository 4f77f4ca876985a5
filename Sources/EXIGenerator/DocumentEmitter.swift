/// Writes the documents of a set: entry points that take and give whole streams.
struct DocumentEmitter {
  let part: ModuleEmitter.Part

  private var names: String { ModuleEmitter.namesFunction(part.set.module) }

  private var model: ModuleModel { part.model }

  func emit(into text: inout SourceText) throws {
    let width = codeBits(part.schema.globalNames.count)
    if part.documents.isEmpty { return }
    if part.documents.count > 1 { try emitEnumeration(width: width, into: &text) }
    // Of many messages the enumeration is the only way in, so that each codec is there once.
    if part.documents.count > 2 { return }
    for root in part.documents {
      let (type, _) = try model.swiftType(of: root)
      let code = code(of: root)
      text.add("extension \(type) {")
      text.add("/// Decodes a document. Octets behind its end are ignored.")
      text.add("public init(decoding bytes: RawSpan) throws(EXIError) {")
      text.add("var consumed = 0", "try self.init(decoding: bytes, consumed: &consumed)", "}", "")
      text.add("/// Decodes a document and tells how many octets it takes.")
      text.add("public init(decoding bytes: RawSpan, consumed: inout Int) throws(EXIError) {")
      text.add("var reader = BitReader(bytes)")
      text.add("if reader.start(codeBits: \(width)) != \(code) { reader.fail(.unexpectedDocument) }")
      text.add(
        "self.init(from: &reader)", "try reader.finish(\(names))", "consumed = reader.consumed", "}", "")
      text.add(
        "/// Appends the document to `output`; slots point into `source`. The number of octets appended.",
        "/// Refuses what the schema does not allow, and what the peer's `limits` do not.")
      text.add("@discardableResult")
      text.add("public func encode(")
      text.add("into output: inout OutputBuffer, source: RawSpan = RawSpan(), limits: PeerLimits? = nil")
      text.add(") throws(EXIError) -> Int {")
      text.add(
        "try encodeStream(into: &output, source: source, limits: limits, names: \(names)) { writer in")
      text.add("writer.put(0x80, bits: 8)", "writer.put(\(code), bits: \(width))", "encode(to: &writer)")
      text.add("}", "}", "}", "")
    }
  }

  private func code(of root: ElementDeclaration) -> Int {
    part.schema.globalNames.firstIndex(of: root.name) ?? 0
  }

  private func emitEnumeration(width: Int, into text: inout SourceText) throws {
    text.add("/// Any document of the set.", "public enum \(part.set.prefix)Document: Sendable {")
    var cases: [(name: String, type: String, code: Int)] = []
    for root in part.documents {
      let (type, _) = try model.swiftType(of: root)
      cases.append((Naming.property(root.name.local), type, code(of: root)))
    }
    for item in cases { text.add("case \(item.name)(\(item.type))") }
    text.add("", "/// Decodes a document. Octets behind its end are ignored.")
    text.add("public init(decoding bytes: RawSpan) throws(EXIError) {")
    text.add("var consumed = 0", "try self.init(decoding: bytes, consumed: &consumed)", "}", "")
    text.add("/// Decodes a document and tells how many octets it takes.")
    text.add("public init(decoding bytes: RawSpan, consumed: inout Int) throws(EXIError) {")
    text.add("var reader = BitReader(bytes)", "switch reader.start(codeBits: \(width)) {")
    for item in cases.dropFirst() {
      text.add("case \(item.code): self = .\(item.name)(\(item.type)(from: &reader))")
    }
    text.add("case let code:")
    text.under("if code != \(cases[0].code) { reader.fail(.unexpectedDocument) }")
    text.under("self = .\(cases[0].name)(\(cases[0].type)(from: &reader))")
    text.add("}", "try reader.finish(\(names))", "consumed = reader.consumed", "}", "")
    text.add(
      "/// Appends the document to `output`; slots point into `source`. The number of octets appended.",
      "/// Refuses what the schema does not allow, and what the peer's `limits` do not.")
    text.add("@discardableResult")
    text.add(
      "public func encode(",
      "into output: inout OutputBuffer, source: RawSpan = RawSpan(), limits: PeerLimits? = nil")
    text.add(") throws(EXIError) -> Int {")
    text.add(
      "try encodeStream(into: &output, source: source, limits: limits, names: \(names)) { writer in")
    text.add("writer.put(0x80, bits: 8)", "switch self {")
    for item in cases {
      text.add("case .\(item.name)(let item):")
      text.under(item.code == 0 ? "writer.zero(bits: \(width))" : "writer.put(\(item.code), bits: \(width))")
      text.under("item.encode(to: &writer)")
    }
    text.add("}", "}", "}", "}", "")
  }
}
