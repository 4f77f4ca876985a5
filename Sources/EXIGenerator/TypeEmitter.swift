/// Writes the Swift of one complex type: the struct, its decoder and its encoder.
struct TypeEmitter {
  let module: ModuleModel
  let usage: Usage
  let isListed: Bool
  let type: ComplexType
  let grammar: StructGrammar
  let name: String
  let fields: [Field]

  /// The property a part becomes.
  struct Field {
    let name: String
    /// The Swift type of one occurrence.
    let item: String
    /// The simple coding of the only alternative, if it has one.
    let code: SimpleCode?
    /// The declared type of the property.
    let declaration: String
    let initialValue: String?
  }

  init(
    _ type: ComplexType, in module: ModuleModel, usage: Usage, isListed: Bool
  ) throws(SchemaError) {
    self.module = module
    self.usage = usage
    self.isListed = isListed
    self.type = type
    name = module.swiftName(of: type)
    grammar = try StructGrammar(type)
    var fields: [Field] = []
    for part in grammar.parts { fields.append(try Self.field(part, of: name, in: module)) }
    self.fields = fields
  }

  private static func field(
    _ part: StructGrammar.Part, of type: String, in module: ModuleModel
  ) throws(SchemaError) -> Field {
    let name: String
    let item: String
    var code: SimpleCode?
    switch part.kind {
    case .attribute(let attribute):
      name = Naming.property(attribute.name.local)
      code = try module.code(attribute.type)
      item = code?.swiftType ?? ""
    case .text(let simple):
      name = "value"
      code = try module.code(simple)
      item = code?.swiftType ?? ""
    case .content:
      return Field(
        name: "content", item: "Item", code: nil, declaration: "EXIContent<Item>",
        initialValue: "EXIContent()")
    case .element(let alternatives, let head):
      if alternatives.count == 1 {
        name = Naming.property(alternatives[0].name.local)
        (item, code) = try module.swiftType(of: alternatives[0])
      } else if let head {
        name = Naming.property(head.local)
        item = module.groupName(head)
      } else {
        let choice = module.choiceName(alternatives)
        name = Naming.property(Naming.choice(alternatives.map(\.name.local)))
        item = choice
      }
    }
    if part.isRepeated {
      return Field(
        name: name, item: item, code: code, declaration: "EXIList<\(item)>",
        initialValue: part.isOptional ? "EXIList()" : nil)
    }
    return Field(
      name: name, item: item, code: code, declaration: part.isOptional ? "\(item)?" : item,
      initialValue: part.isOptional ? "nil" : nil)
  }

  /// True for what may be signed, whose place in the stream is therefore kept.
  var isSigned: Bool { type.attributes.contains { $0.name.local == "Id" } || module.isFragment(type) }

  // MARK: the struct

  func emit(into text: inout SourceText) throws(SchemaError) {
    text.add("/// \(documentation)")
    text.add(contentsOf: usage.note(name))
    // Only items of lists are used through the protocol; a conformance keeps the code of a type in every program.
    let item = isListed ? "EXIElement" : "Sendable"
    text.add("public struct \(name): \(item)\(module.isComparable(type) ? ", Equatable" : "") {")
    for (part, field) in zip(grammar.parts, fields) {
      text.add("/// \(note(part))")
      let value = part.isOptional && !part.isRepeated ? "" : field.initialValue.map { " = \($0)" } ?? ""
      text.add("public var \(field.name): \(field.declaration)\(value)")
    }
    if isSigned {
      text.add("/// Where the element lies in the stream it was decoded from, for the digest of a signature.")
      text.add("public var receivedBits = EXIBits.none")
    }
    if !fields.isEmpty || isSigned { text.add("") }
    text.list(
      "public init(",
      fields.map {
        "\(Naming.unescaped($0.name)): \($0.declaration)\($0.initialValue.map { " = \($0)" } ?? "")"
      }, ") {")
    for field in fields { text.add("self.\(Naming.unescaped(field.name)) = \(field.name)") }
    text.add("}", "")
    try emitDecoder(into: &text)
    text.add("")
    try emitEncoder(into: &text)
    for part in grammar.parts {
      switch part.kind {
      case .element(let alternatives, nil) where alternatives.count > 1:
        text.add("")
        try emitChoice(module.choiceName(alternatives), alternatives, into: &text)
      case .content(let content):
        text.add("")
        try ContentEmitter(module: module, grammar: content).emit(into: &text)
      default: break
      }
    }
    text.add("}", "")
  }

  private var documentation: String { "`\(type.name.local)` of `\(type.name.namespace)`." }

  /// The schema's name of a part, and what the schema says about it that its Swift type does not.
  private func note(_ part: StructGrammar.Part) -> String {
    var simple: SimpleType?
    var note: String
    var unit: String?
    switch part.kind {
    case .content: return "Elements and text, in an order that `Item.production` allows."
    case .attribute(let attribute):
      simple = attribute.type
      note = "Attribute `\(attribute.name.local)`"
    case .text(let type):
      simple = type
      note = "The text of the element"
    case .element(let alternatives, let head):
      if alternatives.count == 1, case .simple(let type) = alternatives[0].type { simple = type }
      note =
        alternatives.count == 1
        ? "`\(alternatives[0].name.local)`"
        : head.map { "`\($0.local)`" } ?? alternatives.map { "`\($0.name.local)`" }.joined(separator: " or ")
      if alternatives.count == 1 { unit = Units.unit(of: alternatives[0]) }
    }
    if let unit { note += ", \(unit)" }
    if part.isRepeated {
      note += ", " + (part.max.map { "\(part.min)...\($0) items" } ?? "\(part.min) items or more")
    }
    let each = part.isRepeated ? " each" : ""
    switch simple?.kind {
    case .string(let min, let max?):
      note += (min == max ? ", \(min) characters" : ", \(min)...\(max) characters") + each
    case .binary(_, let min, let max?):
      note += (min == max ? ", \(min) octets" : ", \(min)...\(max) octets") + each
    case .integer(let base, let min?, let max?):
      let whole = SimpleType.Kind.integerRange(base)
      if whole?.0 != min || whole?.1 != max { note += ", \(min)...\(max)" + each }
    default: break
    }
    return note + "."
  }

  private func emitChoice(
    _ choice: String, _ alternatives: [ElementDeclaration], into text: inout SourceText
  ) throws(SchemaError) {
    text.add("/// One of the elements that may stand here.")
    text.add("public enum \(choice): Sendable {")
    for alternative in alternatives {
      let (item, _) = try module.swiftType(of: alternative)
      text.add("case \(Naming.property(alternative.name.local))(\(item))")
    }
    text.add("}")
  }

  // MARK: values of fixed width side by side

  /// Required elements of fixed width, one after another, that are read or written in one go.
  struct Run {
    let fields: Range<Int>
    /// The bits of each value; before it stand two event bits, behind it one.
    let widths: [Int]
    /// The end-element of the type itself follows and is taken along.
    let takesEnd: Bool

    var bits: Int { widths.reduce(takesEnd ? 1 : 0) { $0 + $1 + 3 } }
    /// The number of bits behind the value of each field.
    var shifts: [Int] {
      var shift = bits
      return widths.map { width in
        shift -= width + 3
        return shift + 1
      }
    }
    /// The event bits among all.
    var events: UInt64 {
      zip(widths, shifts).reduce(UInt64(1) << UInt64(bits) - 1) { mask, field in
        mask & ~((UInt64(1) << UInt64(field.0) - 1) << UInt64(field.1))
      }
    }
  }

  /// The run that begins with part `index`, if it is worth it.
  func fixedRun(from index: Int, limit: Int) -> Run? {
    var widths: [Int] = []
    var total = 0
    for next in index..<grammar.parts.count {
      guard let width = fixedWidth(next), total + width + 3 <= limit else { break }
      widths.append(width)
      total += width + 3
    }
    let end = index + widths.count
    let takesEnd = !widths.isEmpty && end == grammar.parts.count && total < limit
    guard widths.count > 1 || takesEnd else { return nil }
    return Run(fields: index..<end, widths: widths, takesEnd: takesEnd)
  }

  /// The bits of a required element of fixed width.
  func fixedWidth(_ index: Int) -> Int? {
    let part = grammar.parts[index]
    guard case .element(let alternatives, _) = part.kind, alternatives.count == 1, part.min == 1,
      part.max == 1,
      case .simple(let simple) = alternatives[0].type, let code = fields[index].code
    else { return nil }
    var values = 0
    if case .enumeration(let names) = simple.kind { values = names.count }
    return code.fixedBits(enumerationValues: values)
  }

  /// True for a required element that is the last part.
  func endsStruct(_ index: Int) -> Bool {
    let part = grammar.parts[index]
    guard case .element(let alternatives, _) = part.kind else { return false }
    return index + 1 == grammar.parts.count && part.min == 1 && part.max == 1 && alternatives.count == 1
  }

  private func emitRun(_ run: Run, name: String, into text: inout SourceText) {
    text.add("let \(name) = reader.fields(bits: \(run.bits), events: 0x\(String(run.events, radix: 16)))")
    for (index, shift) in zip(run.fields, run.shifts) {
      text.add("\(fields[index].name) = \(fields[index].code?.take(from: name, shift: shift) ?? "")")
    }
  }

  // MARK: decoding

  /// What is in one place is put there; items of lists are called, because each list would carry a copy.
  func emitInlining(into text: inout SourceText) {
    if module.isInlined(type) {
      text.add("@inline(__always)")
    } else if isListed && !module.isComparable(type) {
      text.add("@inline(never)")
    }
  }

  private func emitDecoder(into text: inout SourceText) throws(SchemaError) {
    emitInlining(into: &text)
    text.add("public init(from reader: inout BitReader) {")
    text.add("let entry = reader.position")
    var eventIsRead = false
    var declaresEvent = false

    func event(_ index: Int, satisfied: Bool = false) -> String {
      let start = grammar.starts[index]
      return (start == 0 ? "" : "\(start) &+ ")
        + "reader.event(bits: \(grammar.bits(from: index, satisfied: satisfied)))"
    }

    var next = 0
    var runs = 0
    var endIsRead = false
    for (index, part) in grammar.parts.enumerated() {
      if index < next { continue }
      let field = fields[index]
      let start = grammar.starts[index]
      if !eventIsRead, let run = fixedRun(from: index, limit: 57) {
        runs += 1
        emitRun(run, name: runs == 1 ? "fields" : "fields\(runs)", into: &text)
        next = run.fields.upperBound
        endIsRead = run.takesEnd
        continue
      }
      if !eventIsRead && endsStruct(index), let code = field.code, code.canEndParent {
        text.add("\(field.name) = \(code.read(lead: 2, ends: 2))")
        endIsRead = true
        continue
      }
      if !eventIsRead && !part.isOptional && !part.isRepeated && part.productions == 1,
        let single = try readSingle(part, field)
      {
        text.add(contentsOf: single)
        continue
      }
      if !eventIsRead {
        text.add(
          "\(declaresEvent || !needsVariable(from: index) ? (declaresEvent ? "" : "let ") : "var ")event = \(event(index))"
        )
        declaresEvent = true
        eventIsRead = true
      }
      if part.isOptional {
        text.add(
          part.productions == 1 ? "if event == \(start) {" : "if event < \(grammar.starts[index + 1]) {")
      }
      if part.isRepeated {
        try emitList(part, field, index: index, event: event, into: &text)
      } else {
        try emitOne(part, field, index: index, into: &text)
        if part.isOptional { text.add("event = \(event(index + 1))") }
      }
      if part.isOptional { text.add("}") } else if !part.isRepeated { eventIsRead = false }
    }
    if eventIsRead {
      text.add("if event != \(grammar.end) { reader.fail(.unexpectedEvent) }")
    } else if !grammar.endsWithPart && !endIsRead {
      text.add("reader.end()")
    }
    if isSigned { text.add("receivedBits = reader.bits(from: entry)") }
    text.add("if reader.failed { reader.note(\(module.number(ofType: type)), entry: entry) }")
    text.add("}")
  }

  /// True when a later part in this decoder assigns `event` again.
  private func needsVariable(from index: Int) -> Bool {
    // The variable is declared once; it is constant only when this is the last time an event is read.
    let part = grammar.parts[index]
    if part.isOptional || part.isRepeated { return true }
    var previousReads = false
    for later in grammar.parts[(index + 1)...] {
      if later.isOptional || later.isRepeated || later.productions > 1 { previousReads = true }
    }
    return previousReads
  }

  /// The statements for a required part that is alone in its state.
  private func readSingle(_ part: StructGrammar.Part, _ field: Field) throws(SchemaError) -> [String]? {
    switch part.kind {
    case .attribute: return ["\(field.name) = \(try field.code?.readAttribute(lead: 1) ?? "")"]
    case .text: return ["\(field.name) = \(field.code?.read(lead: 1) ?? "")"]
    case .content: return nil
    case .element(let alternatives, _):
      if alternatives[0].isAbstract { return nil }
      if let code = field.code { return ["\(field.name) = \(code.read(lead: 2))"] }
      return ["reader.expectZero(bits: 1)", "\(field.name) = \(field.item)(from: &reader)"]
    }
  }

  /// One occurrence of a part whose event is in `event`.
  private func emitOne(
    _ part: StructGrammar.Part, _ field: Field, index: Int, into text: inout SourceText
  ) throws(SchemaError) {
    let start = grammar.starts[index]
    switch part.kind {
    case .attribute:
      if !part.isOptional { text.add("if event != \(start) { reader.fail(.unexpectedEvent) }") }
      text.add("\(field.name) = \(try field.code?.readAttribute(lead: 0) ?? "")")
    case .text:
      guard let code = field.code else { return }
      if code.canBeEmpty {
        text.add("if event == \(start + 1) {")
        text.add("reader.emptyValue()", "\(field.name) = \(field.item)()")
        if case .text(let simple) = part.kind, simple.minimumLength > 0 {
          text.add("reader.fail(.lengthOutOfRange)")
        }
        text.add("} else {")
        text.add("if event != \(start) { reader.fail(.unexpectedEvent) }")
        text.add("\(field.name) = \(code.read(lead: 0))")
        text.add("}")
      } else {
        text.add("if event != \(start) { reader.fail(.unexpectedEvent) }")
        text.add("\(field.name) = \(code.read(lead: 0))")
      }
    case .content:
      text.add("content = EXIContent(firstCode: event\(start == 0 ? "" : " &- \(start)"), from: &reader)")
    case .element(let alternatives, _):
      if alternatives.count == 1 && !alternatives[0].isAbstract {
        if !part.isOptional { text.add("if event != \(start) { reader.fail(.unexpectedEvent) }") }
        text.add("\(field.name) = \(field.code?.read(lead: 1) ?? "\(field.item)(from: &reader)")")
        return
      }
      try emitSwitch(part, field, alternatives, start: start, into: &text)
    }
  }

  private func emitSwitch(
    _ part: StructGrammar.Part, _ field: Field, _ alternatives: [ElementDeclaration], start: Int,
    into text: inout SourceText
  ) throws(SchemaError) {
    func value(_ alternative: ElementDeclaration) throws(SchemaError) -> String {
      let (item, code) = try module.swiftType(of: alternative)
      let value = code?.read(lead: 1) ?? "\(item)(from: &reader)"
      return alternatives.count == 1
        ? value : ".\(Naming.property(alternative.name.local))(\(value))"
    }
    let concrete = alternatives.filter { !module.isAbstract($0) }
    guard let fallback = concrete.first else {
      throw SchemaError("\(name): nothing may stand in for \(field.name)")
    }
    text.add("switch event {")
    for (offset, alternative) in alternatives.enumerated() where !module.isAbstract(alternative) {
      text.add("case \(start + offset): \(field.name) = \(try value(alternative))")
    }
    let abstract = alternatives.indices.filter { module.isAbstract(alternatives[$0]) }.map { start + $0 }
    text.add("default:")
    let kind =
      abstract.isEmpty
      ? ".unexpectedEvent"
      : "event == \(abstract.map(String.init).joined(separator: " || event == ")) ? .abstractElement : .unexpectedEvent"
    text.under("reader.fail(\(kind))")
    if !part.isOptional { text.under("\(field.name) = \(try value(fallback))") }
    text.add("}")
  }

  /// All occurrences of a repeated part whose first event is in `event`.
  private func emitList(
    _ part: StructGrammar.Part, _ field: Field, index: Int,
    event: (Int, Bool) -> String, into text: inout SourceText
  ) throws(SchemaError) {
    let start = grammar.starts[index]
    guard case .element(let alternatives, _) = part.kind, !module.isAbstract(alternatives[0]) else {
      throw SchemaError("\(name): a list the generator does not understand")
    }
    if let code = field.code, !code.isListable { throw SchemaError("\(name): a list of bounded integers") }
    let gap = grammar.bits(from: index, satisfied: true)
    if part.isOptional {
    } else {
      text.add("do {")
      text.add("if event != \(start) { reader.fail(.unexpectedEvent) }")
    }
    text.add("let first = reader.position")
    text.add("let deviations = reader.deviations")
    text.add("var end = first")
    text.add("var count = 0")
    text.add("repeat {")
    if let code = field.code {
      text.add(
        code.swiftType.hasPrefix("EXI") || !code.read(lead: 1).hasPrefix("reader.enumeration")
          ? "_ = \(code.read(lead: 1))" : "_ = \(code.read(lead: 1)) as \(field.item)")
    } else {
      text.add("_ = \(field.item)(from: &reader)")
    }
    text.add("end = reader.position", "count &+= 1")
    let again = event(index, true)
    let forced = start == 0 ? "reader.event(bits: 1)" : "\(start) &+ reader.event(bits: 1)"
    if part.min > 1 {
      text.add(
        "if count < \(part.min) {", "event = \(forced)",
        "if event != \(start) { reader.fail(.unexpectedEvent) }")
      if let max = part.max {
        text.add(
          "} else if count < \(max) {", "event = \(again)", "} else {", "event = \(event(index + 1, false))",
          "}")
      } else {
        text.add("} else {", "event = \(again)", "}")
      }
    } else if let max = part.max {
      text.add("event = count < \(max) ? \(again) : \(event(index + 1, false))")
    } else {
      text.add("event = \(again)")
    }
    text.add("} while event == \(start) && !reader.failed")
    if part.max == nil { text.add("if count > 0xFFFF { reader.fail(.capacity) }") }
    text.list(
      "\(field.name) = reader.list(",
      [
        "from: first", "to: end", "count: count", "gap: \(gap)", "minimum: \(max(part.min, 1))",
        "deviations: deviations",
      ],
      ")")
    if !part.isOptional { text.add("}") }
  }
}

extension SimpleType {
  /// The least number of characters or octets.
  var minimumLength: Int {
    switch kind {
    case .string(let min, _), .binary(_, let min, _): min
    default: 0
    }
  }
}

extension SimpleType.Kind {
  /// The range of a built-in integer type.
  static func integerRange(_ base: String) -> (Int64, UInt64)? {
    switch base {
    case "byte": (-128, 127)
    case "unsignedByte": (0, 255)
    case "short": (-32768, 32767)
    case "unsignedShort": (0, 65535)
    case "int": (Int64(Int32.min), UInt64(Int32.max))
    case "unsignedInt": (0, UInt64(UInt32.max))
    case "long": (Int64.min, UInt64(Int64.max))
    case "unsignedLong": (0, UInt64.max)
    default: nil
    }
  }
}

extension SourceText {
  mutating func add(contentsOf lines: [String]) { for line in lines { add(line) } }
}
