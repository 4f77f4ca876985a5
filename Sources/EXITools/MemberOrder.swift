/// The order in which the members of a JSON object become elements.
///
/// JSON groups elements by name and has no order among names; the grammar has one. Only where a group repeats
/// (in parts of XML signature) can a document stand in an order that its names do not tell.
extension SchemaTables {
  /// What the members of an object give.
  enum Arrangement {
    /// Numbers of elements, in the order of the grammar.
    case complete([Int])
    /// These may come next, and one must.
    case incomplete(after: [Int], expected: [GrammarState.Production])
  }

  /// Takes elements by name, always the first that the grammar offers and that is left. Those that are left over
  /// are still in `available` then.
  func arrange(_ available: inout [String: Int], particle: Int, mixed: Bool) -> Arrangement {
    var state = GrammarState(particle)
    var result: [Int] = []
    while true {
      let productions = state.productions(in: self, mixed: mixed)
      var canEnd = false
      var next: (number: Int, rest: GrammarState)?
      for production in productions {
        switch production {
        case .end: canEnd = true
        case .element(let number, let rest):
          if next == nil && !elements[number].isAbstract
            && available[elements[number].name.local, default: 0] > 0
          {
            next = (number, rest)
          }
        case .wildcard, .text: break
        }
      }
      guard let next else {
        return canEnd ? .complete(result) : .incomplete(after: result, expected: productions)
      }
      available[elements[next.number].name.local, default: 0] -= 1
      result.append(next.number)
      state = next.rest
    }
  }

  /// True when `children`, grouped by name, can be put back into their order.
  func namesTellOrder(of children: [DocumentNode], in particle: Int) -> Bool {
    if isPlain(particle) { return true }
    var available: [String: Int] = [:]
    for child in children { available[child.name, default: 0] += 1 }
    guard case .complete(let numbers) = arrange(&available, particle: particle, mixed: false),
      numbers.count == children.count
    else { return false }
    return zip(numbers, children).allSatisfy { elements[$0].name.local == $1.name }
  }

  /// True for a sequence of single elements and lists of one element, each name once: it has one order only.
  private func isPlain(_ particle: Int) -> Bool {
    if let known = plainParticles[particle] { return known }
    var names: Set<String> = []
    let result = isPlain(particle, &names)
    plainParticles[particle] = result
    return result
  }

  private func isPlain(_ particle: Int, _ names: inout Set<String>) -> Bool {
    let repeats = particles[particle].max > 1
    switch particles[particle].term {
    case .wildcard: return true
    case .one(let alternatives):
      return (!repeats || alternatives.count == 1)
        && alternatives.allSatisfy { names.insert(elements[$0].name.local).inserted }
    case .sequence(let children), .choice(let children):
      return !repeats && children.allSatisfy { isPlain($0, &names) }
    }
  }

  /// `type: name` wherever two elements of one local name and different namespaces may stand in one element.
  var ambiguousNames: [String] {
    var result: [String] = []
    for (number, type) in types.enumerated() {
      guard case .particles(let particle, _) = type.content else { continue }
      var known: [String: Name] = [:]
      var open = [particle]
      while let next = open.popLast() {
        switch particles[next].term {
        case .wildcard: break
        case .sequence(let children), .choice(let children): open += children
        case .one(let alternatives):
          for alternative in alternatives {
            let name = elements[alternative].name
            if let other = known[name.local], other != name { result.append("\(number): \(name.local)") }
            known[name.local] = name
          }
        }
      }
    }
    return result
  }
}
