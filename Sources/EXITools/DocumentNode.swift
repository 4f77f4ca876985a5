import XMLTree

/// An element of a decoded document, or of one about to be encoded.
public struct DocumentNode: Equatable, Sendable {
  public enum Content: Equatable, Sendable {
    case element(DocumentNode)
    case text(String)
  }

  /// How a value looks in JSON.
  enum Form: Sendable { case string, number, boolean }

  public let name: String
  public let namespace: String
  public var attributes: [Attribute] = []
  public var content: [Content] = []
  /// The bits from behind the element's start to behind its end, in the stream that it was read from: what a
  /// fragment copies.
  public internal(set) var bits: Range<Int>?
  /// May come more than once in its parent.
  var isRepeated = false
  /// The order of the child elements is not what their names tell.
  var isOrdered = false
  /// Another namespace has an element of this name in the same place.
  var isAmbiguous = false
  var form = Form.string
  /// Has a value rather than elements.
  var isLeaf = false
  /// The line of the text that it was read from.
  var line: Int?

  public struct Attribute: Equatable, Sendable {
    public let name: String
    public let namespace: String
    public let value: String
  }

  init(_ name: SchemaTables.Name) {
    self.name = name.local
    namespace = name.namespace
  }

  private static let instances = "http://www.w3.org/2001/XMLSchema-instance"

  /// From XML. Where a schema lies (`xsi:schemaLocation`) is left out: it is no part of the message.
  init(_ element: XMLElement) {
    name = element.name
    namespace = element.namespace
    line = element.line
    for attribute in element.attributes {
      let isHint =
        attribute.namespace == Self.instances
        && (attribute.name == "schemaLocation" || attribute.name == "noNamespaceSchemaLocation")
      if isHint { continue }
      attributes.append(
        Attribute(name: attribute.name, namespace: attribute.namespace, value: attribute.value))
    }
    for node in element.nodes {
      switch node {
      case .element(let child): content.append(.element(DocumentNode(child)))
      case .text(let text):
        // A comment, left out by now, divides no text.
        if case .text(let before)? = content.last {
          content[content.count - 1] = .text(before + text)
        } else {
          content.append(.text(text))
        }
      }
    }
  }

  /// The child elements.
  public var children: [DocumentNode] {
    content.compactMap { item in
      guard case .element(let child) = item else { return nil }
      return child
    }
  }

  /// All text directly inside.
  public var text: String {
    content.reduce(into: "") { text, item in
      if case .text(let more) = item { text += more }
    }
  }

  /// The first child element of this name.
  func child(_ name: String) -> DocumentNode? { children.first { $0.name == name } }

  /// The value of the attribute of this name, in whatever namespace.
  func attribute(_ name: String) -> String? { attributes.first { $0.name == name }?.value }

  /// Equal by names, attributes in any order, and content.
  public static func == (a: Self, b: Self) -> Bool {
    func sorted(_ attributes: [Attribute]) -> [Attribute] {
      attributes.sorted { ($0.name, $0.namespace) < ($1.name, $1.namespace) }
    }
    return a.name == b.name && a.namespace == b.namespace && a.content == b.content
      && sorted(a.attributes) == sorted(b.attributes)
  }
}
