/// Where types are used, over all sets of a module.
struct Usage {
  /// For each type, by Swift name, the messages that contain it.
  private(set) var users: [String: Set<String>] = [:]
  /// Types that are items of lists, as `Module.Type`.
  private(set) var listed: Set<String> = []

  mutating func add(_ model: ModuleModel) throws(SchemaError) {
    for (name, messages) in model.users { users[name, default: []].formUnion(messages) }
    for type in model.types {
      for part in try StructGrammar(type).parts where part.isRepeated {
        guard case .element(let alternatives, _) = part.kind else { continue }
        for case .complex(let item) in alternatives.map(\.type) {
          listed.insert(model.qualifiedName(of: item))
        }
      }
    }
  }

  /// The lines of a comment that say where `type` occurs; none for a message itself.
  func note(_ type: String) -> [String] {
    let messages = (users[type] ?? []).sorted()
    if messages.isEmpty || messages == [type] { return [] }
    let count = Set(users.values.joined()).count
    if messages.count == count { return ["/// Part of every message."] }
    if messages.count > 6 { return ["/// Part of \(messages.count) messages."] }
    var lines: [String] = []
    var line = "/// Part of"
    for (index, message) in messages.enumerated() {
      let separator = index + 1 == messages.count ? "." : index + 2 == messages.count ? " and" : ","
      if line.count + message.count + separator.count > 108 {
        lines.append(line)
        line = "///"
      }
      line += " \(message)\(separator)"
    }
    return lines + [line]
  }
}
