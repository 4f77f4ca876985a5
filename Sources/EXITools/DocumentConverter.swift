import XMLTree

/// Converts documents of one message set between EXI and text.
public struct DocumentConverter {
  private let tables: SchemaTables

  /// The names of the sets.
  public static let setNames = [
    "appprotocol", "din", "iso2", "iso20-common", "iso20-ac", "iso20-dc", "iso20-acdp", "iso20-wpt",
    "xmldsig",
  ]

  /// A converter for the set of this name, or `nil`.
  public init?(set: String) {
    switch set {
    case "appprotocol": tables = SchemaTables(SchemaTables.appprotocol)
    case "din": tables = SchemaTables(SchemaTables.din)
    case "iso20-common": tables = SchemaTables(SchemaTables.iso20Common)
    case "iso20-ac": tables = SchemaTables(SchemaTables.iso20AC)
    case "iso20-dc": tables = SchemaTables(SchemaTables.iso20DC)
    case "iso20-acdp": tables = SchemaTables(SchemaTables.iso20ACDP)
    case "iso20-wpt": tables = SchemaTables(SchemaTables.iso20WPT)
    case "iso2": tables = SchemaTables(SchemaTables.iso2)
    case "xmldsig": tables = SchemaTables(SchemaTables.xmldsig)
    default: return nil
    }
  }

  /// Reads an EXI document, or a fragment. Octets behind the end are ignored.
  public func decode(_ octets: [UInt8], fragment: Bool = false) throws(ConversionError) -> DocumentNode {
    var reader = TableReader(octets, tables: tables)
    return try fragment ? reader.fragment() : reader.document()
  }

  /// Writes XML as an EXI document, or as a fragment. Document types and entities are refused, and whatever the
  /// schema does not allow.
  public func encode(xml: String, fragment: Bool = false) throws(ConversionError) -> [UInt8] {
    let root: XMLElement
    do {
      root = try XMLElement(parsing: Array(xml.utf8))
    } catch {
      throw ConversionError(error.description)
    }
    var writer = TableWriter(tables: tables)
    return try fragment ? writer.fragment(root) : writer.document(root)
  }
}
