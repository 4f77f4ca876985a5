/// Which grammar the fragment of SignedInfo has.
public enum SignedInfoGrammar: String, CaseIterable, Sendable {
  /// That of XML signature alone, as the standards say.
  case xmldsig
  /// That of the message's set, as some stacks once did.
  case message
}

/// Which elements of a message to make fragments of.
public struct FragmentSelection: Sendable {
  /// Values of Id.
  public var ids: [String]
  /// Local names, with or without an Id.
  public var elements: [String]
  public var signedInfoGrammar: SignedInfoGrammar

  /// Without `ids` and `elements`: what the signature refers to and SignedInfo, or else every element with an Id.
  public init(
    ids: [String] = [], elements: [String] = [], signedInfoGrammar: SignedInfoGrammar = .xmldsig
  ) {
    self.ids = ids
    self.elements = elements
    self.signedInfoGrammar = signedInfoGrammar
  }

  var isDefault: Bool { ids.isEmpty && elements.isEmpty }
}

/// An element as a signature covers it: an EXI stream of its own.
public struct Fragment: Sendable {
  public let element: String
  public let id: String?
  public let octets: [UInt8]
  /// Where the fragment has the relaxed grammar (eMAID of ISO 15118-2 alone): what a stack makes that codes it as
  /// the ordinary type it has in the document.
  public let ordinary: [UInt8]?
}

/// Cuts fragments out of one message. The bits of an element are the same in document and fragment, so they are
/// copied from what was received; only a relaxed element has to be coded anew.
public struct FragmentCutter {
  static let signatureNamespace = MessageSet.xmldsig.namespace

  public let message: ReceivedMessage
  private let own: SchemaTables
  private let signature: SchemaTables
  let signatureNode: DocumentNode?
  /// The elements by Id.
  let nodesByID: [String: [DocumentNode]]
  /// References that are looked at; no message has more than four.
  static let maxReferences = 64

  init(_ message: ReceivedMessage, own: SchemaTables, signature: SchemaTables) {
    self.message = message
    self.own = own
    self.signature = signature
    signatureNode = Self.find(in: message.root) { $0.isSignaturePart("Signature") }.first
    nodesByID = Dictionary(grouping: Self.find(in: message.root) { $0.id != nil }) { $0.id ?? "" }
  }

  /// The fragments in the order of their elements in the document.
  public func fragments(_ selection: FragmentSelection) throws(ConversionError) -> [Fragment] {
    let nodes = try self.nodes(selection)
    var result: [Fragment] = []
    for node in nodes { result.append(try fragment(of: node, selection.signedInfoGrammar)) }
    return result
  }

  // MARK: choosing

  private static func find(
    in node: DocumentNode, _ isWanted: (DocumentNode) -> Bool
  ) -> [DocumentNode] {
    (isWanted(node) ? [node] : []) + node.children.flatMap { find(in: $0, isWanted) }
  }

  /// The references of the signature, in its order.
  var references: [DocumentNode] {
    signatureNode?.child("SignedInfo")?.children.filter { $0.isSignaturePart("Reference") } ?? []
  }

  private func nodes(_ selection: FragmentSelection) throws(ConversionError) -> [DocumentNode] {
    if selection.isDefault {
      let ids = Set(references.compactMap { $0.attribute("URI").flatMap(Self.id(ofURI:)) })
      let nodes = Self.find(in: message.root) { node in
        if signatureNode == nil { return node.id != nil }
        return node.isSignaturePart("SignedInfo") || node.id.map(ids.contains) ?? false
      }
      guard !nodes.isEmpty else {
        throw ConversionError("no element has an Id; name one with --element")
      }
      return nodes
    }
    for id in selection.ids where nodesByID[id] == nil {
      let known = nodesByID.keys.sorted()
      throw ConversionError(
        "no element has the Id \(id); " + (known.isEmpty ? "none has any" : "there is \(listed(known))"))
    }
    for name in selection.elements where Self.find(in: message.root, { $0.name == name }).isEmpty {
      throw ConversionError("no element \(name) in this document")
    }
    return Self.find(in: message.root) { node in
      node.id.map(selection.ids.contains) ?? false || selection.elements.contains(node.name)
    }
  }

  /// `#id1` -> `id1`.
  static func id(ofURI uri: String) -> String? {
    uri.hasPrefix("#") && uri.utf8.count > 1 ? String(uri.dropFirst()) : nil
  }

  // MARK: cutting

  func fragment(of node: DocumentNode, _ grammar: SignedInfoGrammar) throws(ConversionError) -> Fragment {
    let isAlone = grammar == .xmldsig && node.isSignaturePart("SignedInfo")
    let tables = isAlone ? signature : own
    let name = SchemaTables.Name(namespace: node.namespace, local: node.name)
    guard let code = tables.fragments.firstIndex(where: { $0.name == name }), let bits = node.bits else {
      throw ConversionError("element \(node.name) has no fragment")
    }
    let width = codeBits(tables.fragments.count + 1)
    var output = BitOutput()
    output.put(0x80, 8)
    output.put(UInt64(code), width)
    output.copy(bits, of: message.octets)
    output.put(UInt64(tables.fragments.count + 1), width)
    var ordinary: [UInt8]?
    var octets = output.octets
    // In a fragment that was received, a relaxed element stands in the relaxed form already.
    if tables.fragments[code].element == nil {
      if !message.isFragment { ordinary = octets }
      var writer = TableWriter(tables: tables)
      octets = try writer.fragment(node)
    }
    return Fragment(element: node.name, id: node.id, octets: octets, ordinary: ordinary)
  }
}

extension DocumentNode {
  /// The value of Id, whatever its namespace.
  var id: String? { attribute("Id") }

  func isSignaturePart(_ name: String) -> Bool {
    self.name == name && namespace == FragmentCutter.signatureNamespace
  }
}

extension MessageReader {
  /// What cuts fragments out of a message that this reader has read.
  public mutating func cutter(for message: ReceivedMessage) -> FragmentCutter {
    FragmentCutter(
      message, own: converter(message.set).tables, signature: converter(.xmldsig).tables)
  }
}
