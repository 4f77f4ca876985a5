import Wire

/// One mapping of the file whose keys are known and stand there once.
struct SiteMapping {
  /// As messages name it: "connectors[1].limits"; "" for the top.
  var path: String
  /// As the schema names it: "connectors[].limits".
  var schema: String
  var line: Int
  var column: Int
  fileprivate var members: [YAMLNode.Member] = []

  func member(_ name: String) -> YAMLNode.Member? { members.first { $0.key == name } }
  func path(of name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }
  fileprivate func key(_ name: String) -> SiteSchema.Key? {
    let whole = schema.isEmpty ? name : "\(schema).\(name)"
    return SiteSchema.keys.first { $0.path == whole }
  }
}

/// Takes nodes for what the schema says they are, and notes everything that is wrong on the way.
struct SiteReader {
  /// A file that is another program's has hundreds; nobody reads them all.
  static let problemsMax = 50

  private(set) var problems: [SiteProblem] = []

  mutating func note(_ line: Int, _ column: Int, _ key: String, _ text: String) {
    problems.append(SiteProblem(line: line, column: column, key: key, text: text))
  }

  /// About a value that is there and readable by itself.
  mutating func note(_ mapping: SiteMapping, _ name: String, _ text: String) {
    let place = mapping.member(name)?.value
    note(place?.line ?? mapping.line, place?.column ?? mapping.column, mapping.path(of: name), text)
  }

  /// A node that has to be a mapping; `nil` where it is none.
  mutating func mapping(_ node: YAMLNode, path: String, schema: String) -> SiteMapping? {
    let keys = SiteSchema.children(of: schema)
    guard case .mapping(let members) = node.content else {
      note(
        node.line, node.column, path,
        "must be keys and values, is \(node.kind); the keys are \(list(keys))")
      return nil
    }
    var result = SiteMapping(path: path, schema: schema, line: node.line, column: node.column)
    // A key that is only misspelt is not told to be missing as well.
    var meant: [String] = []
    for member in members {
      guard keys.contains(where: { $0.name == member.key }) else {
        note(
          member.line, member.column, result.path(of: shown(member.key)), unknown(member.key, keys, &meant))
        continue
      }
      if let first = result.member(member.key) {
        note(
          member.line, member.column, result.path(of: member.key),
          "is given twice, first in line \(first.line); take one of them out")
        continue
      }
      result.members.append(member)
    }
    for key in keys where key.isRequired && result.member(key.name) == nil && !meant.contains(key.name) {
      note(node.line, node.column, result.path(of: key.name), "is missing; write \(key.kind.allowed)")
    }
    return result
  }

  private func list(_ keys: [SiteSchema.Key]) -> String { keys.map(\.name).joined(separator: ", ") }

  /// What is said about a key that is not known; `meant` gets the one it stands for.
  private func unknown(_ name: String, _ keys: [SiteSchema.Key], _ meant: inout [String]) -> String {
    let start = "is not known here"
    if let elsewhere = SiteSchema.keys.first(where: { $0.name == name }) {
      let parent = elsewhere.path.split(separator: ".").dropLast().joined(separator: ".")
      return "\(start); it belongs "
        + (parent.isEmpty ? "at the top, without indentation" : "below \(parent)")
    }
    guard let nearest = nearestWord(to: name, among: keys.map(\.name)) else {
      return "\(start); the keys are \(list(keys))"
    }
    meant.append(nearest)
    return "\(start); did you mean '\(nearest)'?"
  }

  /// A mapping inside another one; `nil` where it is absent or none.
  mutating func mapping(_ name: String, in parent: SiteMapping) -> SiteMapping? {
    guard let member = parent.member(name), let key = parent.key(name) else { return nil }
    return mapping(member.value, path: parent.path(of: name), schema: key.path)
  }

  /// The items of a list; each has to be a mapping.
  mutating func items(_ name: String, in parent: SiteMapping) -> [SiteMapping?] {
    guard let member = parent.member(name), let key = parent.key(name), case .list(let counts) = key.kind
    else {
      return []
    }
    let path = parent.path(of: name)
    guard case .sequence(let nodes) = member.value.content else {
      note(
        member.value.line, member.value.column, path,
        "must be a list, is \(member.value.kind); begin each item with '- '")
      return []
    }
    guard counts.contains(nodes.count) else {
      note(member.value.line, member.value.column, path, "must be \(key.kind.allowed), has \(nodes.count)")
      return []
    }
    var items: [SiteMapping?] = []
    for (index, node) in nodes.enumerated() {
      items.append(mapping(node, path: "\(path)[\(index + 1)]", schema: "\(key.path)[]"))
    }
    return items
  }

  /// A scalar of the schema's kind; `nil` where it is absent or wrong.
  mutating func value(_ name: String, in mapping: SiteMapping) -> SiteValue? {
    guard let member = mapping.member(name), let key = mapping.key(name) else { return nil }
    guard case .scalar(let text) = member.value.content else {
      note(mapping, name, "must be \(key.kind.allowed), is \(member.value.kind)")
      return nil
    }
    guard !text.isEmpty else {
      note(
        mapping, name,
        "has no value; write \(key.kind.allowed)" + (key.isRequired ? "" : ", or leave the key out"))
      return nil
    }
    do throws(SiteRefusal) { return try key.kind.read(text) } catch {
      note(mapping, name, error.text)
      return nil
    }
  }

  mutating func text(_ name: String, in mapping: SiteMapping) -> String? { value(name, in: mapping)?.text }
  mutating func number(_ name: String, in mapping: SiteMapping) -> Int? { value(name, in: mapping)?.number }

  mutating func word<Word: RawRepresentable<String>>(
    _ name: String, in mapping: SiteMapping, _ type: Word.Type
  ) -> Word? {
    text(name, in: mapping).flatMap { Word(rawValue: $0) }
  }
}
