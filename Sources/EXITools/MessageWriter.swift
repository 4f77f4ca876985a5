import V2GTransport
import Wire

/// Makes messages from XML or JSON.
public struct MessageWriter {
  private let choice: SetChoice
  private var converters = ConverterStore()

  public init(_ choice: SetChoice) { self.choice = choice }

  public enum Format: String, CaseIterable, Sendable { case xml, json }

  /// The format of a text: JSON begins with a brace.
  public static func format(of text: String) -> Format {
    text.utf8.first { !ValueText.isSpace($0) } == UInt8(ascii: "{") ? .json : .xml
  }

  /// A message that was made.
  public struct Made {
    public let set: MessageSet
    /// The EXI stream alone.
    public let octets: [UInt8]
    let hasHeader: Bool

    /// The EXI stream, behind a V2GTP header where one is wanted.
    public var message: [UInt8] {
      guard hasHeader, let type = set.payloadType else { return octets }
      var output = OutputBuffer()
      V2GTPHeader(type, payloadLength: UInt32(clamping: octets.count)).encode(into: &output)
      return output.octets + octets
    }
  }

  /// Makes one message, or one fragment, from a text.
  ///
  /// With the automatic choice, XML tells the set by the namespace of its root, JSON by the member `set` beside
  /// `document` (as `ReceivedMessage.description` writes them), or by a name that only one set has.
  public mutating func write(
    _ text: String, format: Format? = nil, fragment: Bool = false
  ) throws(ConversionError) -> Made {
    switch format ?? Self.format(of: text) {
    case .xml:
      let root = try DocumentConverter.parse(xml: text)
      let set: MessageSet
      if let fixed { set = fixed } else { set = try Self.recognize(root) }
      return made(set, try converters[set].encode(root, fragment: fragment))
    case .json:
      var value = try JSONValue.parse(text)
      var named: MessageSet?
      if case .object(let members) = value, let document = members["document"] {
        value = document
        if let given = members["set"] {
          guard case .string(let name) = given, let set = MessageSet(rawValue: name) else {
            throw ConversionError(
              "\(given.kind) is no set; expected \(listed(DocumentConverter.setNames))", path: ["set"])
          }
          named = set
        }
      }
      let set: MessageSet
      if let known = fixed ?? named { set = known } else { set = try recognize(value) }
      if let named, named != set {
        throw ConversionError("the document is of set \(named.rawValue), not \(set.rawValue)")
      }
      return made(set, try converters[set].encode(value, fragment: fragment))
    }
  }

  /// The set that was chosen, if it was.
  private var fixed: MessageSet? {
    guard case .fixed(let set, _) = choice else { return nil }
    return set
  }

  private static func recognize(_ root: DocumentNode) throws(ConversionError) -> MessageSet {
    if let set = MessageSet(namespace: root.namespace), set != .xmldsig { return set }
    let known = MessageSet.allCases.filter { $0 != .xmldsig }.map(\.namespace)
    throw ConversionError(
      "namespace \(root.namespace.isEmpty ? "(none)" : root.namespace) of \(root.name) is of no message; "
        + "expected \(known.joined(separator: ", "))", line: root.line)
  }

  private func made(_ set: MessageSet, _ octets: [UInt8]) -> Made {
    switch choice {
    case .automatic: Made(set: set, octets: octets, hasHeader: true)
    case .fixed(_, let hasHeader): Made(set: set, octets: octets, hasHeader: hasHeader)
    }
  }

  /// JSON has no namespaces, but most documents are of one set only.
  private mutating func recognize(_ value: JSONValue) throws(ConversionError) -> MessageSet {
    guard case .object(let members) = value, members.count == 1, let name = members.keys.first else {
      throw ConversionError("\(value.kind); expected an object with one member, the document's name")
    }
    if name == "V2G_Message" {
      throw ConversionError(
        "a V2G_Message is of DIN SPEC 70121 or of ISO 15118-2; say which with --set, or write "
          + #"{"set":"iso2","document":{"V2G_Message":...}}"#)
    }
    for set in [MessageSet.appprotocol, .iso20Common, .iso20AC, .iso20DC, .iso20ACDP, .iso20WPT] {
      if converters[set].hasDocument(name, in: set.namespace) { return set }
    }
    throw ConversionError("\(name) is no document of any set")
  }
}

extension ReceivedMessage {
  /// One line of JSON: the document with all that is known of it.
  public var description: String {
    var members = ["\"set\":\"\(set.rawValue)\""]
    if let payloadType {
      let type = payloadType.rawValue
      let digits = hexadecimal([UInt8(type >> 8), UInt8(truncatingIfNeeded: type)])
      members.append("\"payloadType\":\"0x\(digits)\"")
    }
    members.append("\"octets\":\(octets.count)")
    members.append("\"trailing\":\(trailing)")
    if !notes.isEmpty {
      members.append("\"notes\":[\(notes.map(DocumentNode.quoted).joined(separator: ","))]")
    }
    members.append("\"document\":\(root.json)")
    return "{\(members.joined(separator: ","))}"
  }
}

extension ConversionError {
  /// One line of JSON: `{"error":{"problem":...,"bit":...,"line":...,"path":...}}`.
  public var json: String {
    var members = ["\"problem\":\(DocumentNode.quoted(problem))"]
    if let bit { members.append("\"bit\":\(bit)") }
    if let line { members.append("\"line\":\(line)") }
    if !path.isEmpty { members.append("\"path\":\(DocumentNode.quoted(path.joined(separator: "/")))") }
    return "{\"error\":{\(members.joined(separator: ","))}}"
  }
}
