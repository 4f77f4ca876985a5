import EXITools
import Foundation
import TestSupport
import Testing
import Wire

/// Whatever comes in is a document or an error, soon.
@Suite struct HostileInputTests {
  private static func samples(_ step: Int) throws -> [Vector] {
    try Vector.files.flatMap { try Vector.all($0) }.enumerated()
      .filter { $0.offset % step == 0 && $0.element.exi.utf8.count < 2000 }.map(\.element)
  }

  @Test func random_octets_never_trap() throws {
    var dice = SeededGenerator(seed: 11)
    var converters = Converters()
    var reader = MessageReader(.automatic)
    for _ in 0..<4000 {
      var octets = (0..<dice.below(80)).map { _ in UInt8(truncatingIfNeeded: dice.next()) }
      if !octets.isEmpty && dice.below(10) > 0 { octets[0] = 0x80 }
      let set = DocumentConverter.setNames[dice.below(DocumentConverter.setNames.count)]
      let converter = try converters.converter(set)
      _ = try? converter.decode(octets)
      _ = try? converter.decode(octets, fragment: true)
      _ = try? reader.read(octets)
      _ = try? reader.read(framed(UInt16(0x8001 + dice.below(7)), octets))
    }
  }

  /// What is accepted is the same document by every way out and in.
  @Test func flipped_bits_are_refused_or_make_a_document() throws {
    var dice = SeededGenerator(seed: 12)
    var converters = Converters()
    var readers: [String: MessageReader] = [:]
    var accepted = 0
    var refused = 0
    for vector in try Self.samples(14) {
      let set = try #require(MessageSet(rawValue: vector.setName))
      let converter = try converters.converter(vector.setName)
      var reader = readers[vector.setName] ?? MessageReader(.fixed(set, hasHeader: false))
      for _ in 0..<6 {
        var octets = vector.octets
        for _ in 0...dice.below(3) {
          let bit = 8 + dice.below(octets.count * 8 - 8)
          octets[bit >> 3] ^= 0x80 >> UInt8(bit & 7)
        }
        guard let document = try? converter.decode(octets, fragment: vector.isFragment) else {
          refused += 1
          continue
        }
        accepted += 1
        let again = try converter.encode(json: document.json, fragment: vector.isFragment)
        #expect(
          try converter.decode(again, fragment: vector.isFragment) == document,
          "\(vector.setName) \(hexadecimal(octets))")
        let message = try reader.read(octets, fragment: vector.isFragment)
        let cutter = reader.cutter(for: message)
        _ = try? cutter.fragments(FragmentSelection())
        _ = try? cutter.digests(FragmentSelection())
      }
      readers[vector.setName] = reader
    }
    #expect(accepted > 100)
    #expect(refused > 100)
  }

  @Test func truncated_streams_are_refused() throws {
    var converters = Converters()
    for vector in try Self.samples(301) {
      let converter = try converters.converter(vector.setName)
      for count in 0..<vector.octets.count {
        #expect(throws: ConversionError.self) {
          try converter.decode(Array(vector.octets.prefix(count)), fragment: vector.isFragment)
        }
      }
    }
  }

  /// Text with a few characters changed, doubled, dropped or swapped with parts of itself.
  private static func damaged(_ text: String, _ dice: inout SeededGenerator) -> String {
    var octets = Array(text.utf8)
    let marks = Array("<>/&\"'{}[]:,\\0-9@$#\u{0}\u{7f}e ".utf8)
    for _ in 0...dice.below(3) where !octets.isEmpty {
      let place = dice.below(octets.count)
      switch dice.below(5) {
      case 0: octets[place] = marks[dice.below(marks.count)]
      case 1: octets.remove(at: place)
      case 2: octets.insert(marks[dice.below(marks.count)], at: place)
      case 3: octets.removeSubrange(place..<min(place + dice.below(40), octets.count))
      default:
        let other = dice.below(octets.count)
        octets.insert(contentsOf: Array(octets[other..<min(other + dice.below(60), octets.count)]), at: place)
      }
    }
    return String(decoding: octets, as: UTF8.self)
  }

  @Test func damaged_json_and_xml_never_trap_and_what_is_accepted_is_valid() throws {
    var dice = SeededGenerator(seed: 13)
    var converters = Converters()
    var accepted = 0
    var refused = 0
    for vector in try Self.samples(23) {
      let converter = try converters.converter(vector.setName)
      let document = try converter.decode(vector.octets, fragment: vector.isFragment)
      for _ in 0..<6 {
        for isJSON in [true, false] {
          let text = Self.damaged(isJSON ? document.json : document.xml, &dice)
          let made =
            isJSON
            ? try? converter.encode(json: text, fragment: vector.isFragment)
            : try? converter.encode(xml: text, fragment: vector.isFragment)
          guard let made else {
            refused += 1
            continue
          }
          accepted += 1
          #expect(throws: Never.self, "\(text)") { try converter.decode(made, fragment: vector.isFragment) }
        }
      }
    }
    #expect(accepted > 20)
    #expect(refused > 100)
  }

  @Test func random_text_never_traps() throws {
    var dice = SeededGenerator(seed: 14)
    var converters = Converters()
    let words = [
      "{", "}", "[", "]", ":", ",", "\"", "\"a\"", "1", "-", "1e9", "true", "null", "<", ">", "/", "a", "&",
      "=", "'",
      "\"V2G_Message\"", "\"$\"", "\"$content\"", "\"@Id\"", "\"Body\"", "\\u0000", "\\ud800", "<!--", "]]>",
    ]
    let converter = try converters.converter("iso2")
    for _ in 0..<3000 {
      let text = (0..<dice.below(30)).map { _ in words[dice.below(words.count)] }.joined()
      _ = try? converter.encode(json: text)
      _ = try? converter.encode(xml: text)
      _ = try? HexText.octets(text)
    }
  }

  /// Values whose reading could take long: numbers without a limit, lists and strings that announce much.
  @Test func time_is_bounded_by_what_was_sent() throws {
    let converter = try #require(DocumentConverter(set: "xmldsig"))
    let number = String(repeating: "9", count: 200_000)
    let issuer =
      "<X509IssuerSerial xmlns='http://www.w3.org/2000/09/xmldsig#'><X509IssuerName>a</X509IssuerName>"
      + "<X509SerialNumber>"
    let end = "</X509SerialNumber></X509IssuerSerial>"
    let clock = ContinuousClock()
    let time = try clock.measure {
      #expect(throws: ConversionError.self) {
        try converter.encode(xml: issuer + number + end, fragment: true)
      }
      let longest = try converter.encode(xml: issuer + number.prefix(1078) + end, fragment: true)
      #expect(try converter.decode(longest, fragment: true).xml.contains(number.prefix(1078)))
      // The serial number of this stream, without its end, and then all of it groups that announce more.
      let start = try converter.encode(xml: issuer + "1" + end, fragment: true)
      let endless = Array(start.dropLast(3)) + [UInt8](repeating: 0xFF, count: 200_000)
      #expect(throws: ConversionError.self) { try converter.decode(endless, fragment: true) }
      let json = "{\"X509IssuerSerial\":[" + String(repeating: "{\"a\":1},", count: 20_000) + "1]}"
      #expect(throws: ConversionError.self) { try converter.encode(json: json, fragment: true) }
    }
    #expect(time < .seconds(60))
  }

  @Test func errors_of_negative_streams_name_bit_and_cause() throws {
    var converters = Converters()
    var count = 0
    for vector in try Vector.all("exi-negative") {
      let converter = try converters.converter(vector.setName)
      do {
        _ = try converter.decode(vector.octets)
        Issue.record("accepted \(vector.exi)")
      } catch {
        #expect(error.bit != nil, "\(error)")
        #expect(!error.problem.isEmpty)
        count += 1
      }
    }
    #expect(count > 250)
  }
}
