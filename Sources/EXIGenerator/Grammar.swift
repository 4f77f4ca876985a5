/// Bits of an event code in a state of `productions` productions: one code more, the escape to deviations,
/// because the grammars are not strict.
func codeBits(_ productions: Int) -> Int { Int.bitWidth - productions.leadingZeroBitCount }

/// A complex type as a row of parts, which generated code walks through.
///
/// All productions of the type are numbered through, in schema order, the end-element last. A state is then
/// its first reachable production, and an event is the state's number plus the code.
struct StructGrammar {
  struct Part {
    enum Kind {
      case attribute(AttributeUse)
      /// The characters of simple content.
      case text(SimpleType)
      /// One of some elements.
      case element([ElementDeclaration], head: QName?)
      /// Content that is no plain sequence, its states unrolled.
      case content(ContentGrammar)
    }
    var kind: Kind
    var min: Int
    var max: Int?

    /// Productions this part brings in.
    var productions: Int {
      switch kind {
      case .attribute, .text: 1
      case .element(let alternatives, _): alternatives.count
      case .content(let grammar): grammar.states[0].count
      }
    }
    var isOptional: Bool { min == 0 }
    var isRepeated: Bool { max != 1 }
  }

  let parts: [Part]
  /// The number of each part's first production; one more entry for the end-element.
  let starts: [Int]

  init(_ type: ComplexType) throws(SchemaError) {
    var parts = type.attributes.map { Part(kind: .attribute($0), min: $0.isRequired ? 1 : 0, max: 1) }
    switch type.content {
    case .simple(let simple): parts.append(Part(kind: .text(simple), min: 1, max: 1))
    case .particles(let particles, let mixed):
      if !mixed, let flat = Self.flatten(particles) {
        parts += flat
      } else {
        parts.append(
          Part(kind: .content(try ContentGrammar(particles, mixed: mixed, of: type)), min: 1, max: 1))
      }
    }
    self.parts = parts
    starts = parts.reduce(into: [0]) { starts, part in starts.append((starts.last ?? 0) + part.productions) }
  }

  /// The particles as parts, if they are a plain sequence of elements and simple choices.
  private static func flatten(_ particles: [Particle]) -> [Part]? {
    var parts: [Part] = []
    for particle in particles {
      switch particle.term {
      case .wildcard: return nil
      case .element(let alternatives, let head):
        if particle.max != 1 && alternatives.count > 1 { return nil }
        parts.append(Part(kind: .element(alternatives, head: head), min: particle.min, max: particle.max))
      case .sequence(let children):
        guard particle.min == 1, particle.max == 1, let flat = flatten(children) else { return nil }
        parts += flat
      case .choice(let children):
        var alternatives: [ElementDeclaration] = []
        for child in children {
          guard case .element(let more, _) = child.term, child.min == 1, child.max == 1 else { return nil }
          alternatives += more
        }
        guard particle.max == 1 else { return nil }
        parts.append(Part(kind: .element(alternatives, head: nil), min: particle.min, max: 1))
      }
    }
    return parts
  }

  /// The last production that can come when part `index` is next; `satisfied` when that part has reached its
  /// minimum already.
  func last(from index: Int, satisfied: Bool = false) -> Int {
    for next in index..<parts.count {
      if !parts[next].isOptional && !(satisfied && next == index) { return starts[next + 1] - 1 }
    }
    return starts[parts.count]
  }

  /// Bits of the event code when part `index` is next.
  func bits(from index: Int, satisfied: Bool = false) -> Int {
    codeBits(last(from: index, satisfied: satisfied) - starts[index] + 1)
  }

  /// The number of the end-element event.
  var end: Int { starts[parts.count] }

  /// True when the last part takes the end-element along.
  var endsWithPart: Bool {
    switch parts.last?.kind {
    case .text, .content: true
    default: false
    }
  }
}

/// The states of content that is no plain sequence.
struct ContentGrammar {
  enum Production: Equatable {
    /// An index into `items` and the state after it.
    case item(Int, next: Int)
    case wildcard
    case end
  }
  enum Item {
    case element(ElementDeclaration)
    /// Untyped text between the elements.
    case text
  }

  private(set) var items: [Item] = []
  private(set) var states: [[Production]] = []

  /// What is left of the content model: particles with their occurrences so far.
  private typealias Rest = [(particle: Int, count: Int)]
  private struct Node {
    let particle: Particle
    let children: [Int]
  }
  private var nodes: [Node] = []

  init(_ particles: [Particle], mixed: Bool, of type: ComplexType) throws(SchemaError) {
    let root = add(Particle(term: .sequence(particles), min: 1, max: 1))
    var known: [String: Int] = [:]
    var pending: [Rest] = []
    var names: [QName: Int] = [:]

    func state(_ rest: Rest) -> Int {
      let key = rest.map { "\($0.particle).\($0.count)" }.joined(separator: " ")
      if let number = known[key] { return number }
      known[key] = pending.count
      pending.append(rest)
      return pending.count - 1
    }
    _ = state([(root, 0)])
    var index = 0
    while index < pending.count {
      guard pending.count <= 255 else { throw SchemaError("type \(type.name.local): too many states") }
      let (steps, canEnd) = first(pending[index])
      var productions: [Production] = []
      var seen: Set<QName> = []
      var hasWildcard = false
      for (particle, rest) in steps {
        guard case .element(let alternatives, _) = nodes[particle].particle.term else {
          hasWildcard = true
          continue
        }
        for alternative in alternatives where seen.insert(alternative.name).inserted {
          if names[alternative.name] == nil {
            names[alternative.name] = items.count
            items.append(.element(alternative))
          }
          productions.append(.item(names[alternative.name] ?? 0, next: state(rest)))
        }
      }
      if hasWildcard { productions.append(.wildcard) }
      if canEnd { productions.append(.end) }
      if mixed {
        if !items.contains(where: { if case .text = $0 { true } else { false } }) { items.append(.text) }
        let text = items.firstIndex { if case .text = $0 { true } else { false } } ?? 0
        productions.append(.item(text, next: index))
      }
      guard productions.count < 128 else {
        throw SchemaError("type \(type.name.local): too many alternatives")
      }
      states.append(productions)
      index += 1
    }
  }

  private mutating func add(_ particle: Particle) -> Int {
    var children: [Int] = []
    switch particle.term {
    case .sequence(let particles), .choice(let particles):
      for child in particles { children.append(add(child)) }
    case .element, .wildcard: break
    }
    nodes.append(Node(particle: particle, children: children))
    return nodes.count - 1
  }

  /// What can come first, with what is left then; and whether nothing needs to come.
  private func first(_ rest: Rest) -> (steps: [(particle: Int, rest: Rest)], canEnd: Bool) {
    var steps: [(Int, Rest)] = []
    for index in rest.indices {
      let (more, canEnd) = first(particle: rest[index].particle, count: rest[index].count)
      steps += more.map { ($0.particle, $0.rest + rest[(index + 1)...]) }
      if !canEnd { return (steps, false) }
    }
    return (steps, true)
  }

  private func first(particle: Int, count: Int) -> (steps: [(particle: Int, rest: Rest)], canEnd: Bool) {
    let node = nodes[particle]
    let (min, max) = (node.particle.min, node.particle.max)
    if let max, count >= max { return ([], true) }
    let taken = max != nil || count < min ? count + 1 : count
    let again: Rest = max.map { taken < $0 } ?? true ? [(particle, taken)] : []
    let satisfied = count >= min
    switch node.particle.term {
    case .element, .wildcard: return ([(particle, again)], satisfied)
    case .sequence:
      let (steps, canEnd) = first(node.children.map { ($0, 0) })
      return (steps.map { ($0.particle, $0.rest + again) }, satisfied || canEnd)
    case .choice:
      var steps: [(Int, Rest)] = []
      var canEnd = node.children.isEmpty
      for child in node.children {
        let (more, isEmpty) = first(particle: child, count: 0)
        steps += more.map { ($0.particle, $0.rest + again) }
        canEnd = canEnd || isEmpty
      }
      return (steps, satisfied || canEnd)
    }
  }
}
