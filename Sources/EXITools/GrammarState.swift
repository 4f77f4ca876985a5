/// What may still come inside an element: particles with the number of their occurrences so far.
struct GrammarState {
  private struct Entry {
    let particle: Int
    let count: Int
  }

  enum Production {
    case element(Int, GrammarState)
    case wildcard
    case end
    /// Untyped text in mixed content.
    case text
  }

  private var entries: [Entry]

  /// The state before everything that `particle` describes.
  init(_ particle: Int) { entries = [Entry(particle: particle, count: 0)] }

  private init(_ entries: [Entry]) { self.entries = entries }

  /// The productions in the order of their codes.
  func productions(in tables: SchemaTables, mixed: Bool) -> [Production] {
    var result: [Production] = []
    var seen: Set<SchemaTables.Name> = []
    var hasWildcard = false
    let (steps, canEnd) = Self.first(entries[...], in: tables)
    for (term, rest) in steps {
      guard case .one(let alternatives) = term else {
        hasWildcard = true
        continue
      }
      for element in alternatives where seen.insert(tables.elements[element].name).inserted {
        result.append(.element(element, GrammarState(rest)))
      }
    }
    if hasWildcard { result.append(.wildcard) }
    if canEnd { result.append(.end) }
    if mixed { result.append(.text) }
    return result
  }

  private typealias Steps = [(term: SchemaTables.Term, rest: [Entry])]

  private static func first(_ entries: ArraySlice<Entry>, in tables: SchemaTables) -> (Steps, canEnd: Bool) {
    var steps: Steps = []
    for index in entries.indices {
      let (more, canEnd) = first(entries[index], in: tables)
      steps += more.map { ($0.term, $0.rest + entries[(index + 1)...]) }
      if !canEnd { return (steps, false) }
    }
    return (steps, true)
  }

  private static func first(_ entry: Entry, in tables: SchemaTables) -> (Steps, canEnd: Bool) {
    let particle = tables.particles[entry.particle]
    if entry.count >= particle.max { return ([], true) }
    // An unbounded particle past its minimum need not be counted.
    let count = particle.max == Int.max && entry.count >= particle.min ? entry.count : entry.count + 1
    let again = count < particle.max ? [Entry(particle: entry.particle, count: count)] : []
    let satisfied = entry.count >= particle.min
    switch particle.term {
    case .wildcard, .one: return ([(particle.term, again)], satisfied)
    case .sequence(let children):
      let (steps, canEnd) = first(children.map { Entry(particle: $0, count: 0) }[...], in: tables)
      return (steps.map { ($0.term, $0.rest + again) }, satisfied || canEnd)
    case .choice(let children):
      var steps: Steps = []
      var canEnd = children.isEmpty
      for child in children {
        let (more, isEmpty) = first(Entry(particle: child, count: 0), in: tables)
        steps += more.map { ($0.term, $0.rest + again) }
        canEnd = canEnd || isEmpty
      }
      return (steps, satisfied || canEnd)
    }
  }

  /// True when `element` may come more than once in a row or in all, so that JSON shows it as an array.
  static func isRepeated(_ element: SchemaTables.Name, in particle: Int, of tables: SchemaTables) -> Bool {
    let repeats = tables.particles[particle].max > 1
    switch tables.particles[particle].term {
    case .wildcard: return false
    case .one(let alternatives):
      return repeats && alternatives.contains { tables.elements[$0].name == element }
    case .sequence(let children), .choice(let children):
      return children.contains {
        isRepeated(element, in: $0, of: tables) || repeats && contains(element, in: $0, of: tables)
      }
    }
  }

  private static func contains(_ element: SchemaTables.Name, in particle: Int, of tables: SchemaTables)
    -> Bool
  {
    switch tables.particles[particle].term {
    case .wildcard: false
    case .one(let alternatives): alternatives.contains { tables.elements[$0].name == element }
    case .sequence(let children), .choice(let children):
      children.contains { contains(element, in: $0, of: tables) }
    }
  }
}
