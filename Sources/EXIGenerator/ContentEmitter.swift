/// Writes the item type of content that is no plain sequence: its cases and its states.
struct ContentEmitter {
  let module: ModuleModel
  let grammar: ContentGrammar

  func emit(into text: inout SourceText) throws(SchemaError) {
    var names: [String] = []
    var payloads: [String] = []
    var codes: [SimpleCode?] = []
    for item in grammar.items {
      switch item {
      case .text:
        names.append("text")
        payloads.append("EXIString")
        codes.append(nil)
      case .element(let element):
        let (payload, code) = try module.swiftType(of: element)
        names.append(Naming.property(element.name.local))
        payloads.append(payload)
        codes.append(code)
      }
    }
    text.add("/// What may stand in the content, in an order that `production` allows.")
    text.add("public enum Item: EXIContentItem {")
    for (name, payload) in zip(names, payloads) { text.add("case \(name)(\(payload))") }
    text.add("")
    emitStates(into: &text)
    text.add("", "public var kind: UInt8 {", "switch self {")
    for (index, name) in names.enumerated() { text.add("case .\(name): \(index)") }
    text.add("}", "}", "")
    text.add("public init(kind: UInt8, from reader: inout BitReader) {", "switch kind {")
    for index in names.indices {
      let value: String
      if case .text = grammar.items[index] {
        value = "reader.text()"
      } else {
        value = codes[index]?.read(lead: 1) ?? "\(payloads[index])(from: &reader)"
      }
      let label = index == names.count - 1 ? "default" : "case \(index)"
      text.add("\(label): self = .\(names[index])(\(value))")
    }
    text.add("}", "}", "")
    text.add("public func encode(to writer: inout BitWriter) {", "switch self {")
    for index in names.indices {
      let statement: String
      if case .text = grammar.items[index] {
        statement = "writer.text(item)"
      } else {
        statement = codes[index]?.write("item", lead: 1) ?? "item.encode(to: &writer)"
      }
      text.add("case .\(names[index])(let item): \(statement)")
    }
    text.add("}", "}", "}")
  }

  private func emitStates(into text: inout SourceText) {
    text.add("public static func bitWidth(state: UInt8) -> Int {")
    let widths = grammar.states.map { codeBits($0.count) }
    if Set(widths).count == 1 {
      text.add("\(widths[0])")
    } else {
      text.add("switch state {")
      for (state, width) in widths.dropLast().enumerated() { text.add("case \(state): \(width)") }
      text.add("default: \(widths[widths.count - 1])", "}")
    }
    text.add("}", "")
    text.add("public static func production(state: UInt8, code: UInt32) -> EXIProduction {")
    text.add("switch (state, code) {")
    for (state, productions) in grammar.states.enumerated() {
      for (code, production) in productions.enumerated() {
        let result =
          switch production {
          case .item(let kind, let next): ".item(kind: \(kind), next: \(next))"
          case .wildcard: ".wildcard"
          case .end: ".end"
          }
        text.add("case (\(state), \(code)): \(result)")
      }
    }
    text.add("default: .invalid", "}", "}")
  }
}
