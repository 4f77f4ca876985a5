import CLibYAML

/// Reads one YAML document through libyaml's event parser into nodes, bounded in size, depth and number.
///
/// A site file needs little of YAML. Anchors and aliases, tags, several documents and keys that are no plain words are
/// refused: with them a short text can stand for a huge one, or for something else than it seems to.
struct YAMLReader {
  static let octetsMax = 64 * 1024
  static let depthMax = 8
  static let nodesMax = 4096

  private let parser: UnsafeMutablePointer<yaml_parser_t>
  private let octets: Slice<UnsafeBufferPointer<UInt8>>
  private var nodes = 0

  /// A problem that ends the reading.
  private struct Stop: Error {
    var problem: SiteProblem
    init(_ mark: yaml_mark_t, _ text: String) {
      self.init(line: Int(clamping: mark.line) + 1, column: Int(clamping: mark.column) + 1, text)
    }
    init(line: Int, column: Int, _ text: String) {
      problem = SiteProblem(line: line, column: column, key: "", text: text)
    }
  }

  /// The document's only value, or what is wrong with it. An empty file has none, which is wrong as well.
  static func read(_ octets: [UInt8]) -> Result<YAMLNode, SiteProblem> {
    guard octets.count <= octetsMax else {
      return .failure(
        SiteProblem(
          line: 0, column: 0, key: "",
          text:
            "the file has \(octets.count) octets; a site file has at most \(octetsMax). Is it the right file?"
        ))
    }
    let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
    defer { parser.deallocate() }
    guard yaml_parser_initialize(parser) == 1 else {
      return .failure(SiteProblem(line: 0, column: 0, key: "", text: "there is no memory to read the file"))
    }
    defer { yaml_parser_delete(parser) }
    return octets.withUnsafeBufferPointer { buffer in
      // Without this the first octets could make it UTF-16. A byte order mark of UTF-8 is passed over.
      let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
      let start = buffer.starts(with: mark) ? mark.count : 0
      yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
      yaml_parser_set_input_string(parser, buffer.baseAddress.map { $0 + start }, buffer.count - start)
      var reader = YAMLReader(parser: parser, octets: buffer[start...])
      do throws(Stop) { return .success(try reader.document()) } catch { return .failure(error.problem) }
    }
  }

  private init(parser: UnsafeMutablePointer<yaml_parser_t>, octets: Slice<UnsafeBufferPointer<UInt8>>) {
    self.parser = parser
    self.octets = octets
  }

  // MARK: events

  /// Calls `body` with the next event, which is only valid there.
  private mutating func next<Value>(
    _ body: (inout YAMLReader, yaml_event_t) throws(Stop) -> Value
  ) throws(Stop) -> Value {
    var event = yaml_event_t()
    guard yaml_parser_parse(parser, &event) == 1 else { throw syntaxError() }
    defer { yaml_event_delete(&event) }
    return try body(&self, event)
  }

  private mutating func expect(_ type: yaml_event_type_t, _ otherwise: String) throws(Stop) {
    try next { (_, event) throws(Stop) in
      guard event.type == type else { throw Stop(event.start_mark, otherwise) }
    }
  }

  private mutating func document() throws(Stop) -> YAMLNode {
    try expect(YAML_STREAM_START_EVENT, "the file cannot be read as a YAML stream")
    try next { (_, event) throws(Stop) in
      guard event.type == YAML_DOCUMENT_START_EVENT else {
        throw Stop(event.start_mark, "the file is empty; it needs at least board and connectors")
      }
    }
    guard let root = try node(depth: 0) else { throw Stop(parser.pointee.mark, "the file is empty") }
    try expect(YAML_DOCUMENT_END_EVENT, "something follows the document")
    try expect(
      YAML_STREAM_END_EVENT,
      "a second document begins here; a site file is one document, so take the '---' out")
    return root
  }

  /// The next value; `nil` at the end of a list or mapping.
  private mutating func node(depth: Int) throws(Stop) -> YAMLNode? {
    try next { (reader, event) throws(Stop) in
      let (line, column) = (
        Int(clamping: event.start_mark.line) + 1, Int(clamping: event.start_mark.column) + 1
      )
      switch event.type {
      case YAML_SCALAR_EVENT:
        let scalar = event.data.scalar
        try reader.count(event, anchor: scalar.anchor, tag: scalar.tag)
        return YAMLNode(line: line, column: column, content: .scalar(try reader.text(of: event)))
      case YAML_SEQUENCE_START_EVENT:
        try reader.count(event, anchor: event.data.sequence_start.anchor, tag: event.data.sequence_start.tag)
        try reader.check(depth, event)
        var items: [YAMLNode] = []
        while let item = try reader.node(depth: depth + 1) { items.append(item) }
        return YAMLNode(line: line, column: column, content: .sequence(items))
      case YAML_MAPPING_START_EVENT:
        try reader.count(event, anchor: event.data.mapping_start.anchor, tag: event.data.mapping_start.tag)
        try reader.check(depth, event)
        return YAMLNode(
          line: line, column: column, content: .mapping(try reader.members(depth: depth + 1)))
      case YAML_ALIAS_EVENT:
        throw Stop(event.start_mark, "aliases (*name) are not taken here; write the value out")
      default: return nil
      }
    }
  }

  private mutating func members(depth: Int) throws(Stop) -> [YAMLNode.Member] {
    var members: [YAMLNode.Member] = []
    while let key = try node(depth: depth) {
      guard case .scalar(let name) = key.content else {
        throw Stop(line: key.line, column: key.column, "a key must be a word, this is \(key.kind)")
      }
      guard let value = try node(depth: depth) else {
        throw Stop(line: key.line, column: key.column, "'\(shown(name))' has no value")
      }
      members.append(YAMLNode.Member(key: name, line: key.line, column: key.column, value: value))
    }
    return members
  }

  private func check(_ depth: Int, _ event: yaml_event_t) throws(Stop) {
    guard depth < Self.depthMax else {
      throw Stop(event.start_mark, "values are nested more than \(Self.depthMax) deep; a site file needs 4")
    }
  }

  private mutating func count(
    _ event: yaml_event_t, anchor: UnsafeMutablePointer<yaml_char_t>?, tag: UnsafeMutablePointer<yaml_char_t>?
  ) throws(Stop) {
    guard anchor == nil else {
      throw Stop(
        event.start_mark, "anchors (&name) are not taken here; write the value out where it is needed")
    }
    guard tag == nil else { throw Stop(event.start_mark, "tags (!name) are not taken here; leave it out") }
    nodes += 1
    guard nodes <= Self.nodesMax else {
      throw Stop(event.start_mark, "there are more than \(Self.nodesMax) values. Is it the right file?")
    }
  }

  private func text(of event: yaml_event_t) throws(Stop) -> String {
    let scalar = event.data.scalar
    let octets = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
    guard let text = String(validating: octets, as: UTF8.self) else {
      throw Stop(event.start_mark, "this text is not UTF-8")
    }
    return text
  }

  // MARK: what libyaml refuses

  /// Its own words, with what people mostly did.
  private func syntaxError() -> Stop {
    let parser = parser.pointee
    let words = { (pointer: UnsafePointer<CChar>?) in pointer.map { String(cString: $0) } ?? "" }
    let problem = words(parser.problem)
    let mark = parser.problem_mark
    if parser.error == YAML_READER_ERROR {
      // It reads ahead of its marks; of the place it only tells the octet.
      let before = octets.prefix(parser.problem_offset)
      let line = before.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      return Stop(
        line: line.count, column: (line.last?.count ?? 0) + 1,
        "this is no UTF-8 text: \(problem); save the file as UTF-8")
    }
    var text = "this is no YAML: \(problem)"
    let context = words(parser.context)
    if !context.isEmpty {
      text += " \(context)"
      if parser.context_mark.line != mark.line {
        text += ", which begins in line \(parser.context_mark.line + 1)"
      }
    }
    switch problem {
    case "found character that cannot start any token", "found a tab character that violates indentation",
      "found a tab character where an indentation space is expected":
      text += "; indent by spaces, not by tabs, and put texts with special characters in quotes"
    case "did not find expected key", "did not find expected '-' indicator":
      text += "; is the line indented like those above it?"
    case "mapping values are not allowed in this context":
      text +=
        "; is a line above indented otherwise, lacks a line a space after its colon, or a text with ': ' its quotes?"
    case "could not find expected ':'": text += "; a key is followed by a colon and a space"
    case "found unexpected end of stream", "did not find expected ',' or '}'",
      "did not find expected ',' or ']'":
      text += "; are quotes and brackets closed?"
    case "did not find expected alphabetic or numeric character":
      text += "; a text that begins with * or & needs quotes"
    default: break
    }
    return Stop(mark, text)
  }
}
