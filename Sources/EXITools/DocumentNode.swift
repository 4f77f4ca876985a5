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
  /// May come more than once in its parent.
  var isRepeated = false
  var form = Form.string
  /// Has a value rather than elements.
  var isLeaf = false

  public struct Attribute: Equatable, Sendable {
    public let name: String
    public let namespace: String
    public let value: String
  }

  init(_ name: SchemaTables.Name) {
    self.name = name.local
    namespace = name.namespace
  }

  /// Equal by names, attributes in any order, and content.
  public static func == (a: Self, b: Self) -> Bool {
    func sorted(_ attributes: [Attribute]) -> [Attribute] {
      attributes.sorted { ($0.name, $0.namespace) < ($1.name, $1.namespace) }
    }
    return a.name == b.name && a.namespace == b.namespace && a.content == b.content
      && sorted(a.attributes) == sorted(b.attributes)
  }
}

/// Why a document could not be converted.
public struct ConversionError: Error, Equatable, CustomStringConvertible {
  /// What is wrong.
  public let problem: String
  /// The elements around it, outermost first.
  public var path: [String]

  init(_ problem: String, path: [String] = []) {
    self.problem = problem
    self.path = path
  }

  /// `value 9 is above 6 at bit 77 (in V2G_Message/Body/CurrentDemandReq)`
  public var description: String { path.isEmpty ? problem : "\(problem) (in \(path.joined(separator: "/")))" }

  func inside(_ element: String) -> ConversionError { ConversionError(problem, path: [element] + path) }
}
