/// A value of a YAML document, with the place it stands at.
struct YAMLNode {
  enum Content {
    case scalar(String)
    case sequence([YAMLNode])
    case mapping([Member])
  }

  struct Member {
    var key: String
    var line: Int
    var column: Int
    var value: YAMLNode
  }

  /// From 1.
  var line: Int
  var column: Int
  var content: Content

  /// What it is, for messages.
  var kind: String {
    switch content {
    case .scalar(""): "empty"
    case .scalar(let text): "'\(shown(text))'"
    case .sequence: "a list"
    case .mapping: "a mapping (keys and values)"
    }
  }
}

/// A text of the file as a message may show it: bounded, and without what a terminal would obey.
func shown(_ text: String) -> String {
  var result = ""
  for scalar in text.unicodeScalars.prefix(60) {
    let isHarmful =
      scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value)
      || scalar.properties.isDefaultIgnorableCodePoint
    result.unicodeScalars.append(isHarmful ? "?" : scalar)
  }
  return text.unicodeScalars.count > 60 ? result + "..." : result
}
