/// A message set: a schema with everything it imports, whose messages form one codec.
public struct MessageSet: Sendable {
  /// Which elements of the entry schema are coded as documents.
  public enum Documents: Sendable {
    case named([String])
    /// Every global element of the entry's own namespace that is called like a request or a response.
    case requestsAndResponses
    /// None, but the types below these elements belong to the set.
    case typesOf([String])
  }

  /// What the command line calls it.
  public let name: String
  /// The module the Swift goes to. Sets in one module share the types of the namespaces they import.
  public let module: String
  /// Start of the names of what belongs to the whole set.
  public let prefix: String
  /// The entry file, below the schema folder.
  public let entry: String
  public let documents: Documents
  /// Elements without an Id that are coded as fragments all the same.
  public let fragments: [String]
  /// Elements that are also signed on their own, in the fragment grammar of this set.
  public let standalone: [String]
  /// Types that would otherwise be called like those of another set which is used beside it.
  public let renamed: [String: String]
  /// Start of the names of substitution groups whose head another namespace declares: each set of a module
  /// has its own members.
  public let groupPrefix: String

  public init(
    name: String, module: String, prefix: String, entry: String, documents: Documents,
    fragments: [String] = [], standalone: [String] = [], renamed: [String: String] = [:],
    groupPrefix: String = ""
  ) {
    self.name = name
    self.module = module
    self.prefix = prefix
    self.entry = entry
    self.documents = documents
    self.fragments = fragments
    self.standalone = standalone
    self.renamed = renamed
    self.groupPrefix = groupPrefix
  }
}

/// The one place that knows which sets there are. Everything else follows from the schemas. Sets that others
/// take types from stand in front of them.
public let messageSets: [MessageSet] = [
  MessageSet(
    name: "xmldsig", module: "XMLSignatureMessages", prefix: "XMLSignature",
    entry: "xmldsig/xmldsig-core-schema.xsd", documents: .typesOf(["Signature"]),
    standalone: ["SignedInfo"]),
  MessageSet(
    name: "appprotocol", module: "AppProtocolMessages", prefix: "AppProtocol",
    entry: "appprotocol/V2G_CI_AppProtocol.xsd", documents: .requestsAndResponses,
    renamed: ["responseCodeType": "AppProtocolResponseCode"]),
  MessageSet(
    name: "din", module: "DIN70121Messages", prefix: "DIN70121", entry: "din70121/V2G_CI_MsgDef.xsd",
    documents: .named(["V2G_Message"]), fragments: ["ContractSignatureCertChain"]),
  MessageSet(
    name: "iso2", module: "ISO15118_2Messages", prefix: "ISO15118_2", entry: "iso15118-2/V2G_CI_MsgDef.xsd",
    documents: .named(["V2G_Message"])),
  MessageSet(
    name: "iso20-common", module: "ISO15118_20Messages", prefix: "ISO15118_20Common",
    entry: "iso15118-20/V2G_CI_CommonMessages.xsd", documents: .requestsAndResponses,
    fragments: ["MeteringConfirmationReq"]),
  MessageSet(
    name: "iso20-ac", module: "ISO15118_20Messages", prefix: "ISO15118_20AC",
    entry: "iso15118-20/V2G_CI_AC.xsd", documents: .requestsAndResponses,
    fragments: ["AC_ChargeParameterDiscoveryRes"], groupPrefix: "AC_"),
  MessageSet(
    name: "iso20-dc", module: "ISO15118_20Messages", prefix: "ISO15118_20DC",
    entry: "iso15118-20/V2G_CI_DC.xsd", documents: .requestsAndResponses,
    fragments: ["DC_ChargeParameterDiscoveryRes"], groupPrefix: "DC_"),
  MessageSet(
    name: "iso20-acdp", module: "ISO15118_20Messages", prefix: "ISO15118_20ACDP",
    entry: "iso15118-20/V2G_CI_ACDP.xsd", documents: .requestsAndResponses, groupPrefix: "ACDP_"),
  MessageSet(
    name: "iso20-wpt", module: "ISO15118_20Messages", prefix: "ISO15118_20WPT",
    entry: "iso15118-20/V2G_CI_WPT.xsd", documents: .requestsAndResponses,
    fragments: ["WPT_ChargeParameterDiscoveryRes"], groupPrefix: "WPT_"),
]

/// Namespaces whose types every set takes from one module.
let sharedNamespaces = ["http://www.w3.org/2000/09/xmldsig#": "XMLSignatureMessages"]
