/// Which messages use a type, over all sets of a module.
struct Usage {
  private(set) var users: [String: Set<String>] = [:]

  mutating func add(_ more: [String: Set<String>]) {
    for (name, messages) in more { users[name, default: []].formUnion(messages) }
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
