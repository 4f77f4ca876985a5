import EXI
import ISO15118_2Messages
import XMLSignatureMessages
import Testing
import Wire

@Suite struct SlotTests {
  @Test func lists_are_iterated_indexed_and_searched() throws {
    var arena = EXIArena()
    let values = (0..<5).map { ParameterSet(parameterSetID: $0, parameter: EXIList()) }
    #expect(values.count == 5)
    let services = arena.list((1...5).map { SelectedService(serviceID: $0, parameterSetID: nil) })
    #expect(services.count == 5)
    var seen: [UInt16] = []
    services.forEach(in: arena.span) { seen.append($0.serviceID) }
    #expect(seen == [1, 2, 3, 4, 5])
    #expect(services[4, in: arena.span]?.serviceID == 5)
    #expect(services[5, in: arena.span] == nil)
    #expect(services[-1, in: arena.span] == nil)
    #expect(services.first(in: arena.span, where: { $0.serviceID > 2 })?.serviceID == 3)
  }

  @Test(arguments: [0, 1, -1, 127, 128, -128, -129, 16383, 16384, Int64.max, Int64.min])
  func integers_without_limit_hold_64_bits(value: Int64) throws {
    var arena = EXIArena()
    let slot = arena.integer(value)
    #expect(slot.int64(in: arena.span) == value)
    let magnitude = slot.magnitude(in: arena.span).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    #expect(magnitude == value.magnitude)
  }

  @Test(
    arguments: [[0], [1], [0x7F], [0x80], [0, 0, 5], [0xFF, 0xFF], Array(repeating: 0xA5, count: 20)]
      as [[UInt8]])
  func serial_numbers_keep_their_octets(octets: [UInt8]) throws {
    var arena = EXIArena()
    let slot = arena.integer(bigEndian: octets)
    #expect(slot.magnitude(in: arena.span) == Array(octets.drop { $0 == 0 }))
    // As an element and back, behind an odd number of bits.
    let issuer = X509IssuerSerial(x509IssuerName: arena.string("CN=ü"), x509SerialNumber: slot)
    let items = KeyInfo(
      content: arena.content([.x509Data(X509Data(content: arena.content([.x509IssuerSerial(issuer)])))]))
    var output = OutputBuffer()
    try ISO15118_2Fragment.keyInfo(items).encode(into: &output, source: arena.span)
    let bytes = output.octets.span.bytes
    guard case .keyInfo(let read) = try ISO15118_2Fragment(decoding: bytes),
      case .x509Data(let data)? = read.content.items(in: bytes).first,
      case .x509IssuerSerial(let serial)? = data.content.items(in: bytes).first
    else {
      Issue.record("no serial number")
      return
    }
    #expect(serial.x509IssuerName.string(in: bytes) == "CN=ü")
    #expect(serial.x509SerialNumber.magnitude(in: bytes) == Array(octets.drop { $0 == 0 }))
  }

  @Test func content_in_an_order_the_grammar_forbids_is_refused() {
    var arena = EXIArena()
    let key = arena.binary([1])
    _ = arena.content([PGPData.Item.pgpKeyPacket(key), .pgpKeyID(key)])
    #expect(arena.failure?.kind == .listCount)
  }

  @Test func characters_outside_ascii_survive() throws {
    var arena = EXIArena()
    let text = "Zähler №7 🔌\t\u{10FFFD}"
    let slot = arena.string(text)
    #expect(slot.string(in: arena.span) == text)
    #expect(Int(slot.count) == text.unicodeScalars.count)
    var copy: [UInt8] = []
    slot.copy(from: arena.span, into: &copy)
    #expect(copy == Array(text.utf8))
  }

  @Test(arguments: ["\u{0}", "\u{B}", "\u{FFFE}"])
  func characters_that_xml_cannot_carry_are_refused(text: String) {
    var arena = EXIArena()
    _ = arena.string(text)
    #expect(arena.failure?.kind == .invalidCharacter)
  }

  /// An empty value coded as an end-element, inside content and inside a list, is written with characters.
  @Test func empty_values_inside_content_are_rewritten() throws {
    var arena = EXIArena()
    let data = X509Data(
      content: arena.content([.x509SKI(EXIBinary()), .x509SubjectName(arena.string("CN"))]))
    var output = OutputBuffer()
    try ISO15118_2Fragment.keyInfo(KeyInfo(content: arena.content([.x509Data(data)]))).encode(
      into: &output, source: arena.span)
    let plain = output.octets
    // The X509SKI element follows its code in the stream: characters 0, length 00000000, end 0 becomes 1000.
    let bits = plain.flatMap { octet in (0..<8).map { octet >> (7 - $0) & 1 } }
    let start = try #require((8..<bits.count).first { try Self.isEmptyValue(at: $0, of: bits) })
    let other = Self.octets(bits[..<start] + [1, 0, 0, 0] + bits[(start + 10)...])
    guard case .keyInfo(let info) = try ISO15118_2Fragment(decoding: other.span.bytes) else { return }
    var again = OutputBuffer()
    try ISO15118_2Fragment.keyInfo(info).encode(into: &again, source: other.span.bytes)
    #expect(hexadecimal(again.octets) == hexadecimal(plain))
  }

  private static func octets(_ bits: some Sequence<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    for (index, bit) in bits.enumerated() {
      if index % 8 == 0 { result.append(0) }
      result[result.count - 1] |= bit << (7 - UInt8(index % 8))
    }
    return result
  }

  /// True where replacing ten zero bits by the other form of an empty value gives a valid stream.
  private static func isEmptyValue(at start: Int, of bits: [UInt8]) throws -> Bool {
    guard start + 10 < bits.count, bits[start..<(start + 10)].allSatisfy({ $0 == 0 }) else { return false }
    let octets = octets(bits[..<start] + [1, 0, 0, 0] + bits[(start + 10)...])
    guard case .keyInfo(let info)? = try? ISO15118_2Fragment(decoding: octets.span.bytes),
      case .x509Data(let data)? = info.content.items(in: octets.span.bytes).first
    else { return false }
    return data.content.count == 2
  }
}
