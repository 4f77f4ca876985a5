/// How schema names become Swift names.
enum Naming {
  /// Words that stand in front of further capitals and are lowered as one, and whole names that the rule would
  /// spell badly.
  private static let exceptions = [
    "EVSEID": "evseID", "EVCCID": "evccID", "EVRESSSOC": "evRESSSOC", "EMAID": "emaid", "SECCID": "seccID",
    "DHpublickey": "dhPublickey", "EIM": "eim",
  ]
  private static let keywords: Set<String> = [
    "associatedtype", "class", "deinit", "enum", "extension", "fileprivate", "func", "import", "init",
    "inout",
    "internal", "let", "open", "operator", "private", "protocol", "public", "rethrows", "static", "struct",
    "subscript", "typealias", "var", "break", "case", "continue", "default", "defer", "do", "else",
    "fallthrough", "for", "guard", "if", "in", "repeat", "return", "switch", "where", "while", "as", "catch",
    "false", "is", "nil", "super", "self", "Self", "throw", "throws", "true", "try",
  ]

  /// `responseCodeType` -> `ResponseCode`.
  static func type(_ schemaName: String) -> String {
    var name = Substring(schemaName)
    if name.hasSuffix("Type") && name.count > 4 { name = name.dropLast(4) }
    return name.prefix(1).uppercased() + name.dropFirst()
  }

  /// `DC_EVStatus` -> `dcEVStatus`: the leading run of capitals is lowered as a word, underscores are dropped.
  static func property(_ schemaName: String) -> String {
    var name = ""
    for (index, part) in schemaName.split(separator: "_").enumerated() {
      if index > 0 {
        name += part
        continue
      }
      let run = part.prefix { $0.isUppercase }
      let rest = part.dropFirst(run.count)
      if let exception = exceptions[String(part)] {
        name += exception
      } else if let next = rest.first, next.isLowercase, run.count > 1, schemaName != "eMAID" {
        // The last capital begins the next word.
        name += run.dropLast().lowercased() + String(run.suffix(1)) + rest
      } else {
        name += run.lowercased() + rest
      }
    }
    return escaped(name)
  }

  /// An enumeration value, kept as the schema spells it.
  static func enumerationCase(_ value: String) -> String {
    var name = String(value.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
    if name.first?.isNumber ?? true { name = "_" + name }
    return escaped(name)
  }

  /// A property for a choice: what the names of its alternatives end with, if that is a word.
  static func choice(_ alternatives: [String]) -> String {
    guard let first = alternatives.first else { return "Content" }
    var suffix = Substring(first)
    for name in alternatives.dropFirst() {
      while !name.hasSuffix(suffix) { suffix = suffix.dropFirst() }
    }
    if alternatives.count == 1 || suffix.count < first.count {
      suffix = suffix.drop { !$0.isUppercase }
    }
    return suffix.count >= 4 ? type(String(suffix) + "Type") : "Content"
  }

  static func escaped(_ name: String) -> String { keywords.contains(name) ? "`\(name)`" : name }

  static func unescaped(_ name: String) -> String { name.filter { $0 != "`" } }
}
