/// A message set: a schema with everything it imports, whose messages form one codec.
public struct MessageSet: Sendable {
  /// What the command line calls it.
  public let name: String
  /// The module the Swift goes to; without one there are only tables for the host tools.
  public let module: String?
  /// Start of the names of what belongs to the whole set.
  public let prefix: String
  /// The entry file, below the schema folder.
  public let entry: String
  /// The root elements that are messages.
  public let documents: [String]
  /// Elements without an Id that are coded as fragments all the same, by local name.
  public let fragments: [String]
  /// Elements that are also coded in the fragment grammar of another schema alone.
  public let standalone: [(element: String, entry: String)]
  /// Types that would otherwise be called like those of another set which is used beside it.
  public let renamed: [String: String]

  public init(
    name: String, module: String?, prefix: String, entry: String, documents: [String],
    fragments: [String] = [], standalone: [(element: String, entry: String)] = [],
    renamed: [String: String] = [:]
  ) {
    self.name = name
    self.module = module
    self.prefix = prefix
    self.entry = entry
    self.documents = documents
    self.fragments = fragments
    self.standalone = standalone
    self.renamed = renamed
  }
}

/// The one place that knows which sets there are. Everything else follows from the schemas.
public let messageSets: [MessageSet] = [
  MessageSet(
    name: "appprotocol", module: "AppProtocolMessages", prefix: "AppProtocol",
    entry: "appprotocol/V2G_CI_AppProtocol.xsd",
    documents: ["supportedAppProtocolReq", "supportedAppProtocolRes"],
    renamed: ["responseCodeType": "AppProtocolResponseCode"]),
  MessageSet(
    name: "iso2", module: "ISO15118_2Messages", prefix: "ISO15118_2",
    entry: "iso15118-2/V2G_CI_MsgDef.xsd", documents: ["V2G_Message"],
    standalone: [("SignedInfo", "iso15118-2/xmldsig-core-schema.xsd")]),
  MessageSet(
    name: "din", module: nil, prefix: "DIN70121", entry: "din70121/V2G_CI_MsgDef.xsd", documents: []),
  MessageSet(
    name: "iso20Common", module: nil, prefix: "ISO15118_20Common",
    entry: "iso15118-20/V2G_CI_CommonMessages.xsd", documents: []),
  MessageSet(
    name: "iso20AC", module: nil, prefix: "ISO15118_20AC", entry: "iso15118-20/V2G_CI_AC.xsd", documents: []),
  MessageSet(
    name: "iso20DC", module: nil, prefix: "ISO15118_20DC", entry: "iso15118-20/V2G_CI_DC.xsd", documents: []),
  MessageSet(
    name: "iso20ACDP", module: nil, prefix: "ISO15118_20ACDP", entry: "iso15118-20/V2G_CI_ACDP.xsd",
    documents: []),
  MessageSet(
    name: "iso20WPT", module: nil, prefix: "ISO15118_20WPT", entry: "iso15118-20/V2G_CI_WPT.xsd",
    documents: []),
  MessageSet(
    name: "xmldsig", module: nil, prefix: "XMLSignature", entry: "xmldsig/xmldsig-core-schema.xsd",
    documents: []),
]
