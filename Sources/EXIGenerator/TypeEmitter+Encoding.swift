// The encoder of a type.
extension TypeEmitter {
  func emitEncoder(into text: inout SourceText) throws(SchemaError) {
    emitInlining(into: &text)
    text.add("public func encode(to writer: inout BitWriter) {")
    text.add("if writer.failed { return }")
    var stateIsKnown = true
    var declaresState = false

    func set(_ state: Int) {
      text.add("\(declaresState ? "" : "var ")state: UInt32 = \(state)".replacingState(declaresState))
      declaresState = true
      stateIsKnown = false
    }

    var following = 0
    var runs = 0
    var endIsWritten = false
    for (index, part) in grammar.parts.enumerated() {
      if index < following { continue }
      let field = fields[index]
      let start = grammar.starts[index]
      if stateIsKnown, let run = fixedRun(from: index, limit: 32) {
        runs += 1
        emitRunEncoder(run, name: runs == 1 ? "fields" : "fields\(runs)", into: &text)
        following = run.fields.upperBound
        endIsWritten = run.takesEnd
        continue
      }
      if stateIsKnown && endsStruct(index), let code = field.code, code.canEndParent {
        text.add(code.write(field.name, lead: 2, ends: 2))
        endIsWritten = true
        continue
      }
      if stateIsKnown && part.isOptional { set(start) }
      let known = stateIsKnown
      let last = grammar.last(from: index)
      func put(_ offset: Int) -> String {
        known
          ? (offset == 0
            ? "writer.zero(bits: \(grammar.bits(from: index)))"
            : "writer.put(\(offset), bits: \(grammar.bits(from: index)))")
          : "writer.event(\(start + offset), from: state, last: \(last))"
      }
      if part.isRepeated {
        try emitListEncoder(part, field, index: index, put: put(0), into: &text)
        let next = grammar.starts[index + 1]
        if part.isOptional {
          text.add(
            part.max.map { "state = \(field.name).count == \($0) ? \(next) : \(start)" } ?? "state = \(start)"
          )
          text.add("}")
        } else {
          let value = part.max.map { "\(field.name).count == \($0) ? \(next) : \(start)" } ?? "\(start)"
          text.add(
            declaresState
              ? "state = \(value)" : "\(needsState(after: index) ? "var" : "let") state: UInt32 = \(value)")
          declaresState = true
          stateIsKnown = false
        }
        continue
      }
      if part.isOptional {
        try emitOptionalEncoder(part, field, put: put, next: grammar.starts[index + 1], into: &text)
      } else {
        try emitRequiredEncoder(part, field, index: index, known: known, put: put, into: &text)
        stateIsKnown = true
      }
    }
    if !stateIsKnown {
      text.add("writer.event(\(grammar.end), from: state, last: \(grammar.end))")
    } else if !grammar.endsWithPart && !endIsWritten {
      text.add("writer.end()")
    }
    text.add("if writer.failed { writer.note(\(module.number(ofType: type))) }")
    text.add("}")
  }

  private func needsState(after index: Int) -> Bool {
    grammar.parts[(index + 1)...].contains { $0.isOptional || $0.isRepeated }
  }

  private func emitRequiredEncoder(
    _ part: StructGrammar.Part, _ field: Field, index: Int, known: Bool, put: (Int) -> String,
    into text: inout SourceText
  ) throws(SchemaError) {
    let start = grammar.starts[index]
    switch part.kind {
    case .attribute:
      guard let code = field.code else { return }
      if !known { text.add(put(0)) }
      text.add(code.writeAttribute(field.name, lead: known ? 1 : 0))
    case .text:
      guard let code = field.code else { return }
      if !known { text.add(put(0)) }
      text.add(code.write(field.name, lead: known ? 1 : 0))
    case .content:
      let bits = grammar.bits(from: index)
      if known {
        text.add("writer.content(content, base: 0, bits: \(bits))")
      } else {
        let last = grammar.last(from: index)
        text.add(
          "writer.content(content, base: \(start) &- state, bits: writer.bits(from: state, last: \(last)))")
      }
    case .element(let alternatives, _):
      if alternatives.count > 1 {
        try emitSwitchEncoder(field.name, alternatives, put: put, into: &text)
      } else if let code = field.code {
        if !known { text.add(put(0)) }
        text.add(code.write(field.name, lead: known ? 2 : 1))
      } else {
        text.add(put(0), "\(field.name).encode(to: &writer)")
      }
    }
  }

  private func emitOptionalEncoder(
    _ part: StructGrammar.Part, _ field: Field, put: (Int) -> String, next: Int, into text: inout SourceText
  ) throws(SchemaError) {
    text.add("if let \(field.name) {")
    switch part.kind {
    case .attribute: text.add(put(0), field.code?.writeAttribute(field.name, lead: 0) ?? "")
    case .element(let alternatives, _) where alternatives.count > 1:
      try emitSwitchEncoder(field.name, alternatives, put: put, into: &text)
    default: text.add(put(0), field.code?.write(field.name, lead: 1) ?? "\(field.name).encode(to: &writer)")
    }
    text.add("state = \(next)", "}")
  }

  private func emitSwitchEncoder(
    _ value: String, _ alternatives: [ElementDeclaration], put: (Int) -> String, into text: inout SourceText
  ) throws(SchemaError) {
    text.add("switch \(value) {")
    for (offset, alternative) in alternatives.enumerated() where !module.isAbstract(alternative) {
      let (_, code) = try module.swiftType(of: alternative)
      text.add("case .\(Naming.property(alternative.name.local))(let item):")
      text.under(put(offset))
      text.under(code?.write("item", lead: 1) ?? "item.encode(to: &writer)")
    }
    text.add("}")
  }

  private func emitListEncoder(
    _ part: StructGrammar.Part, _ field: Field, index: Int, put: String, into text: inout SourceText
  ) throws(SchemaError) {
    let gap = grammar.bits(from: index, satisfied: true)
    var element = field.name
    if case .element(let alternatives, _) = part.kind { element = alternatives[0].name.local }
    let limits = "of: \"\(element)\", min: \(part.min), max: \(part.max.map(String.init) ?? "0xFFFF")"
    if part.isOptional { text.add("if !\(field.name).isEmpty {") }
    text.add(put)
    if let code = field.code, code.hasLimits {
      text.add("let isValid = writer.check(\(field.name), \(limits))", "if isValid {")
      text.add("var items = writer.cursor(\(field.name))", "var index = 0")
      text.add("while let item = items.next() {")
      text.add(
        "if index > 0 { writer.zero(bits: \(part.min > 1 ? "index < \(part.min) ? 1 : \(gap)" : "\(gap)")) }")
      text.add(code.write("item", lead: 1), "index &+= 1", "}")
      text.add("if index != Int(\(field.name).count) { writer.fail(.slotOutsideSource) }", "}")
    } else {
      text.add("writer.list(\(field.name), \(limits), gap: \(gap))")
    }
  }

  private func emitRunEncoder(_ run: Run, name: String, into text: inout SourceText) {
    for (index, shift) in zip(run.fields, run.shifts) {
      let value = fields[index].code?.bits(fields[index].name, shift: shift) ?? ""
      let declaration = run.fields.count == 1 ? "let" : "var"
      text.add(
        index == run.fields.lowerBound ? "\(declaration) \(name): UInt64 = \(value)" : "\(name) |= \(value)")
    }
    text.add("writer.put(\(name), bits: \(run.bits))")
  }
}

extension String {
  /// `state: UInt32 = 3` as a declaration or, later, as an assignment.
  fileprivate func replacingState(_ isDeclared: Bool) -> String {
    guard isDeclared, let equals = firstIndex(of: "=") else { return self }
    return "state " + self[equals...]
  }
}
