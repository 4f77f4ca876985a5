/// The grammar of a message set, from which any document is read and written without generated types.
///
/// `exigen` writes the text that this is made from. It knows nothing of the generated codec, so that each can be
/// checked against the other.
final class SchemaTables {
  struct Name: Hashable {
    let namespace: String
    let local: String
  }

  enum Simple {
    case boolean
    case enumeration([String])
    case integer(min: Int64?, max: UInt64?)
    case string(min: Int, max: Int)
    case binary(hexadecimal: Bool, min: Int, max: Int)

    /// True when an empty value is possible.
    var canBeEmpty: Bool {
      switch self {
      case .string, .binary: true
      default: false
      }
    }
  }

  enum Reference {
    case simple(Int)
    case complex(Int)
  }

  struct Element {
    let name: Name
    let type: Reference
    let isAbstract: Bool
  }

  struct Attribute {
    let name: Name
    let type: Int
    let isRequired: Bool
  }

  enum Term {
    case wildcard
    /// Numbers of elements: the declared one, or a substitution group.
    case one([Int])
    /// Numbers of particles.
    case sequence([Int])
    case choice([Int])
  }

  struct Particle {
    let term: Term
    let min: Int
    /// `Int.max` is unbounded.
    let max: Int
  }

  enum Content {
    case value(Int)
    case particles(Int, mixed: Bool)
  }

  struct Complex {
    let attributes: [Attribute]
    let content: Content
  }

  private(set) var simples: [Simple] = []
  private(set) var elements: [Element] = []
  private(set) var types: [Complex] = []
  private(set) var particles: [Particle] = []
  /// Global elements in code order.
  private(set) var globals: [Int] = []
  /// All element names in code order; without an element where declarations differ.
  private(set) var fragments: [(name: Name, element: Int?)] = []
  /// All attribute names in code order.
  private(set) var attributes: [Name] = []
  private var namespaces: [String] = []
  /// What is known of the order in particles, by number; filled as it is asked for.
  var plainParticles: [Int: Bool] = [:]

  /// Reads the text that `exigen` wrote.
  init(_ text: String) {
    for line in text.split(separator: "\n") {
      var words = Words(line)
      switch words.next() {
      case "namespace":
        let name = words.next()
        namespaces.append(name == "-" ? "" : String(name))
      case "simple": simples.append(simple(&words))
      case "element":
        let name = name(&words)
        let type: Reference = words.next() == "simple" ? .simple(words.number()) : .complex(words.number())
        elements.append(Element(name: name, type: type, isAbstract: words.next() == "abstract"))
      case "type": types.append(type(&words))
      case "global": globals.append(words.number())
      case "fragment": fragments.append((name(&words), words.limit()))
      case "attribute": attributes.append(name(&words))
      default: break
      }
    }
  }

  /// The words of a line.
  private struct Words {
    private var rest: Substring
    init(_ line: Substring) { rest = line }

    mutating func next() -> Substring {
      let word = rest.prefix { $0 != " " }
      rest = rest.dropFirst(word.count + 1)
      return word
    }
    mutating func number() -> Int { Int(next()) ?? 0 }
    /// A number, or a word for none.
    mutating func limit() -> Int? { Int(next()) }
    /// The rest; `%20` is a space inside of a word.
    mutating func all() -> [String] {
      rest.split(separator: " ").map { word in
        word.split(separator: "%20", omittingEmptySubsequences: false).joined(separator: " ")
      }
    }
  }

  private func name(_ words: inout Words) -> Name {
    let local = String(words.next())
    return Name(namespace: namespaces[words.number()], local: local)
  }

  private func simple(_ words: inout Words) -> Simple {
    switch words.next() {
    case "enumeration": return .enumeration(words.all())
    case "integer":
      let min = Int64(words.next())
      return .integer(min: min, max: UInt64(words.next()))
    case "string":
      let min = words.number()
      return .string(min: min, max: words.limit() ?? 0xFFFF)
    case "hexadecimal":
      let min = words.number()
      return .binary(hexadecimal: true, min: min, max: words.limit() ?? 0xFFFF)
    case "base64":
      let min = words.number()
      return .binary(hexadecimal: false, min: min, max: words.limit() ?? 0xFFFF)
    default: return .boolean
    }
  }

  private func type(_ words: inout Words) -> Complex {
    _ = words.next()  // its name, for the reader of the table
    var attributes: [Attribute] = []
    for _ in 0..<words.number() {
      let name = name(&words)
      let type = words.number()
      attributes.append(Attribute(name: name, type: type, isRequired: words.next() == "required"))
    }
    switch words.next() {
    case "value": return Complex(attributes: attributes, content: .value(words.number()))
    case "mixed": return Complex(attributes: attributes, content: .particles(particle(&words), mixed: true))
    default: return Complex(attributes: attributes, content: .particles(particle(&words), mixed: false))
    }
  }

  /// Reads a particle with all below it; its number.
  private func particle(_ words: inout Words) -> Int {
    let word = words.next()
    let min = words.number()
    let max = words.limit() ?? Int.max
    var term = Term.wildcard
    if word != "any" {
      let count = words.number()
      switch word {
      case "one": term = .one((0..<count).map { _ in words.number() })
      case "sequence": term = .sequence((0..<count).map { _ in particle(&words) })
      default: term = .choice((0..<count).map { _ in particle(&words) })
      }
    }
    particles.append(Particle(term: term, min: min, max: max))
    return particles.count - 1
  }
}
