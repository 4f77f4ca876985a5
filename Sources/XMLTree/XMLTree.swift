import CLibXML2

/// One element of a parsed document, with namespaces resolved.
public struct XMLElement: Sendable {
  /// What stands between the tags, in order.
  public enum Node: Sendable {
    case element(XMLElement)
    case text(String)
  }

  public struct Attribute: Sendable {
    public let name: String
    /// Empty when the attribute has no prefix.
    public let namespace: String
    public let value: String
  }

  public let name: String
  /// Empty when the element is in no namespace.
  public let namespace: String
  public let attributes: [Attribute]
  public let nodes: [Node]
  /// Prefixes declared on this element itself.
  public let declaredNamespaces: [String: String]
  public let line: Int

  /// The child elements.
  public var children: [XMLElement] {
    nodes.compactMap { node in
      guard case .element(let element) = node else { return nil }
      return element
    }
  }

  /// All text directly inside.
  public var text: String {
    nodes.reduce(into: "") { text, node in
      if case .text(let more) = node { text += more }
    }
  }

  /// The value of an attribute without namespace.
  public subscript(name: String) -> String? {
    attributes.first { $0.name == name && $0.namespace.isEmpty }?.value
  }
}

/// Why a document was refused.
public struct XMLError: Error, Equatable, CustomStringConvertible {
  public let description: String
  /// Where, from 1, when that is known.
  public let line: Int?
  public init(_ description: String, line: Int? = nil) {
    self.description = description
    self.line = line
  }
}

extension XMLElement {
  /// What to do with a document type declaration. Nothing it names is ever loaded and no entity is expanded.
  public enum DocumentType: Sendable { case refused, skipped }

  /// Elements inside each other that are taken.
  public static let maxDepth = 64
  /// Elements of a document that are taken.
  public static let maxElements = 200_000

  /// Parses a document of at most `maxOctets` and gives its root. There is no network access and no access to other
  /// files. Where a document type is refused, parsing stops at its first line: nothing that it declares is read.
  public init(
    parsing octets: [UInt8], documentType: DocumentType = .refused, maxOctets: Int = 1 << 28
  ) throws(XMLError) {
    guard octets.count <= min(maxOctets, Int(Int32.max)) else {
      throw XMLError("a document of more than \(maxOctets) octets")
    }
    guard !octets.isEmpty else { throw XMLError("no document") }
    let options =
      XML_PARSE_NONET.rawValue | XML_PARSE_NOERROR.rawValue | XML_PARSE_NOWARNING.rawValue
      | XML_PARSE_BIG_LINES.rawValue
    guard let context = xmlNewParserCtxt() else { throw XMLError("no memory for a parser") }
    defer { xmlFreeParserCtxt(context) }
    if documentType == .refused {
      context.pointee.sax.pointee.internalSubset = { context, _, _, _ in
        guard let context = context?.assumingMemoryBound(to: xmlParserCtxt.self) else { return }
        xmlStopParser(context)
      }
    }
    let document = octets.withUnsafeBytes {
      xmlCtxtReadMemory(
        context, $0.baseAddress?.assumingMemoryBound(to: CChar.self), Int32($0.count), nil, nil,
        Int32(options))
    }
    defer { if let document { xmlFreeDoc(document) } }
    if context.pointee.errNo == Int32(XML_ERR_USER_STOP.rawValue) {
      throw XMLError("a document type declaration is not accepted")
    }
    guard let document, context.pointee.nsWellFormed == 1 else { throw Self.problem(context) }
    guard let root = xmlDocGetRootElement(document) else { throw XMLError("no root element") }
    var count = 0
    self = try Self.convert(root, depth: 0, count: &count)
  }

  private static func problem(_ context: xmlParserCtxtPtr) -> XMLError {
    guard let error = xmlCtxtGetLastError(context), let message = error.pointee.message else {
      return XMLError("not well-formed")
    }
    var text = String(cString: message)
    while text.last?.isWhitespace == true { text.removeLast() }
    return XMLError("not well-formed: \(text)", line: Int(error.pointee.line))
  }

  private static func string(_ text: UnsafePointer<xmlChar>?) -> String {
    guard let text else { return "" }
    return String(cString: text)
  }

  private static func convert(
    _ node: xmlNodePtr, depth: Int, count: inout Int
  ) throws(XMLError) -> XMLElement {
    let line = Int(xmlGetLineNo(node))
    guard depth < maxDepth else { throw XMLError("elements nested deeper than \(maxDepth)", line: line) }
    count += 1
    guard count <= maxElements else { throw XMLError("more than \(maxElements) elements", line: line) }
    var attributes: [Attribute] = []
    var attribute = node.pointee.properties
    while let current = attribute {
      var value = ""
      var part = current.pointee.children
      while let text = part {
        guard text.pointee.type == XML_TEXT_NODE else {
          throw XMLError("entities are not accepted", line: line)
        }
        value += string(text.pointee.content)
        part = text.pointee.next
      }
      attributes.append(
        Attribute(
          name: string(current.pointee.name), namespace: string(current.pointee.ns?.pointee.href),
          value: value))
      attribute = current.pointee.next
    }
    var namespaces: [String: String] = [:]
    var declaration = node.pointee.nsDef
    while let current = declaration {
      namespaces[string(current.pointee.prefix)] = string(current.pointee.href)
      declaration = current.pointee.next
    }
    var nodes: [Node] = []
    var child = node.pointee.children
    while let current = child {
      switch current.pointee.type {
      case XML_ELEMENT_NODE: nodes.append(.element(try convert(current, depth: depth + 1, count: &count)))
      case XML_TEXT_NODE, XML_CDATA_SECTION_NODE: nodes.append(.text(string(current.pointee.content)))
      case XML_ENTITY_REF_NODE: throw XMLError("entities are not accepted", line: line)
      default: break  // comments and processing instructions
      }
      child = current.pointee.next
    }
    return XMLElement(
      name: string(node.pointee.name), namespace: string(node.pointee.ns?.pointee.href),
      attributes: attributes, nodes: nodes, declaredNamespaces: namespaces, line: line)
  }
}
