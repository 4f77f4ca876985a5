import XMLTree

/// Converts documents of one message set between EXI and text.
public struct DocumentConverter {
  let tables: SchemaTables

  /// A document with what is around it.
  public struct Decoded {
    public let root: DocumentNode
    /// Octets behind the document. Vehicles send some; they mean nothing.
    public let trailing: Int
  }

  /// The names of the sets.
  public static let setNames = MessageSet.allCases.map(\.rawValue)
  /// Octets of XML that are taken: several times the longest message.
  public static let maxTextOctets = 1 << 22

  public init(_ set: MessageSet) { tables = SchemaTables(set.tableText) }

  /// A converter for the set of this name, or `nil`.
  public init?(set: String) {
    guard let set = MessageSet(rawValue: set) else { return nil }
    self.init(set)
  }

  func hasDocument(_ name: String, in namespace: String) -> Bool {
    tables.globals.contains {
      tables.elements[$0].name == SchemaTables.Name(namespace: namespace, local: name)
    }
  }

  /// Names that JSON could not resolve within their element; there are none in the sets there are.
  var ambiguousNames: [String] { tables.ambiguousNames }

  // MARK: from EXI

  /// Reads an EXI document, or a fragment. Octets behind the end are ignored.
  public func decode(_ octets: [UInt8], fragment: Bool = false) throws(ConversionError) -> DocumentNode {
    try read(octets, fragment: fragment).root
  }

  /// Reads an EXI document, or a fragment, and counts the octets behind its end.
  public func read(_ octets: [UInt8], fragment: Bool = false) throws(ConversionError) -> Decoded {
    var reader = TableReader(octets, tables: tables)
    let root = try fragment ? reader.fragment() : reader.document()
    return Decoded(root: root, trailing: octets.count - (reader.position + 7) / 8)
  }

  // MARK: to EXI

  /// Writes XML as an EXI document, or as a fragment. Document types and entities are refused, and whatever the
  /// schema does not allow.
  public func encode(xml: String, fragment: Bool = false) throws(ConversionError) -> [UInt8] {
    try encode(Self.parse(xml: xml), fragment: fragment)
  }

  /// Writes JSON, as `DocumentNode.json` writes it, as an EXI document, or as a fragment. Members may stand in any
  /// order.
  public func encode(json: String, fragment: Bool = false) throws(ConversionError) -> [UInt8] {
    try encode(JSONValue.parse(json), fragment: fragment)
  }

  func encode(_ value: JSONValue, fragment: Bool) throws(ConversionError) -> [UInt8] {
    let reader = JSONReader(tables: tables)
    return try encode(fragment ? reader.fragment(value) : reader.document(value), fragment: fragment)
  }

  func encode(_ root: DocumentNode, fragment: Bool) throws(ConversionError) -> [UInt8] {
    var writer = TableWriter(tables: tables)
    return try fragment ? writer.fragment(root) : writer.document(root)
  }

  static func parse(xml: String) throws(ConversionError) -> DocumentNode {
    do {
      return DocumentNode(try XMLElement(parsing: Array(xml.utf8), maxOctets: maxTextOctets))
    } catch {
      throw ConversionError(error.description, line: error.line)
    }
  }
}
