/// The name of a schema component. Ordered as EXI orders event codes: by local name, then by namespace, each by
/// code point.
struct QName: Hashable, Comparable {
  var namespace: String
  var local: String

  static func < (a: QName, b: QName) -> Bool {
    if a.local != b.local { return a.local.utf8.lexicographicallyPrecedes(b.local.utf8) }
    return a.namespace.utf8.lexicographicallyPrecedes(b.namespace.utf8)
  }
}

/// A simple type, reduced to what decides its coding and its limits.
struct SimpleType {
  enum Kind {
    case boolean
    /// Values in schema order.
    case enumeration([String])
    /// `nil` is no limit; `base` is the built-in type it comes from.
    case integer(base: String, min: Int64?, max: UInt64?)
    case string(min: Int, max: Int?)
    case binary(hexadecimal: Bool, min: Int, max: Int?)
  }
  /// The named type that decides the kind; for enumerations the name of the Swift type.
  var name: QName
  var kind: Kind
}

enum TypeReference {
  case simple(SimpleType)
  case complex(ComplexType)
}

/// An element declaration.
final class ElementDeclaration {
  let name: QName
  let isAbstract: Bool
  let isGlobal: Bool
  let substitutionHead: QName?
  var type: TypeReference

  init(name: QName, isAbstract: Bool, isGlobal: Bool, substitutionHead: QName?, type: TypeReference) {
    self.name = name
    self.isAbstract = isAbstract
    self.isGlobal = isGlobal
    self.substitutionHead = substitutionHead
    self.type = type
  }
}

struct AttributeUse {
  var name: QName
  var type: SimpleType
  var isRequired: Bool
}

/// A particle of a content model.
struct Particle {
  indirect enum Term {
    /// The alternatives of a reference: the element itself and what may substitute it, in code order.
    case element([ElementDeclaration], head: QName?)
    case wildcard
    case sequence([Particle])
    case choice([Particle])
  }
  var term: Term
  var min: Int
  /// `nil` is unbounded.
  var max: Int?
}

/// A complex type.
final class ComplexType {
  enum Content {
    case simple(SimpleType)
    case particles([Particle], mixed: Bool)
  }
  /// The type's own name, or that of the element around an anonymous type.
  let name: QName
  var isAbstract = false
  var attributes: [AttributeUse] = []
  var content: Content = .particles([], mixed: false)

  init(name: QName) { self.name = name }
}

/// What is wrong with a schema, or not understood by the generator.
public struct SchemaError: Error, CustomStringConvertible {
  public let description: String
  init(_ description: String) { self.description = description }
}
