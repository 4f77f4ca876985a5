/// The fragment of an element that the schema declares with different types, all of them text.
///
/// Such a fragment follows the relaxed element grammar (EXI 1.0 section 8.5.3), which lets every attribute and
/// element of the schemas in everywhere. The only one in V2G is `eMAID` of ISO 15118-2; libcbv2g codes it as an
/// ordinary element, so that its digests differ from everyone else's.
public struct EXIRelaxedElement: Sendable {
  public var id: EXIString?
  public var value: EXIString

  public init(id: EXIString? = nil, value: EXIString) {
    self.id = id
    self.value = value
  }

  /// Reads attributes, characters and end.
  public init(from reader: inout BitReader, grammar: EXIRelaxedGrammar) {
    var event = reader.event(bits: grammar.firstBits)
    if event == grammar.idCode {
      id = reader.attribute(lead: 0)
      event = reader.event(bits: grammar.firstBits)
    }
    if event != grammar.charactersCode { reader.fail(.unexpectedEvent) }
    value = reader.attribute(lead: 0, min: grammar.min, max: grammar.max)
    if reader.event(bits: grammar.endBits) != grammar.endCode { reader.fail(.unexpectedEvent) }
  }

  public func encode(to writer: inout BitWriter, grammar: EXIRelaxedGrammar) {
    if let id {
      writer.put(UInt64(grammar.idCode), bits: grammar.firstBits)
      writer.attribute(id, lead: 0)
    }
    writer.put(UInt64(grammar.charactersCode), bits: grammar.firstBits)
    writer.attribute(value, lead: 0, min: grammar.min, max: grammar.max)
    writer.put(UInt64(grammar.endCode), bits: grammar.endBits)
  }
}

/// The codes of a relaxed element grammar.
public struct EXIRelaxedGrammar: Sendable {
  /// Bits of the codes up to the characters.
  let firstBits: Int
  let idCode: UInt32
  let charactersCode: UInt32
  /// Bits of the code behind the characters.
  let endBits: Int
  let endCode: UInt32
  /// Limits of the characters.
  let min: Int
  let max: Int

  public init(
    firstBits: Int, idCode: UInt32, charactersCode: UInt32, endBits: Int, endCode: UInt32, min: Int, max: Int
  ) {
    self.firstBits = firstBits
    self.idCode = idCode
    self.charactersCode = charactersCode
    self.endBits = endBits
    self.endCode = endCode
    self.min = min
    self.max = max
  }
}
