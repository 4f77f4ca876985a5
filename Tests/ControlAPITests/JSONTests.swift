import Foundation
import Testing
import Wire

@testable import ControlAPI

@Suite struct JSONTests {
  private func parsed(_ text: String) throws -> JSONValue { try JSONValue.parse(Array(text.utf8)) }

  private func code(_ text: String) -> JSONError.Code? {
    do {
      _ = try JSONValue.parse(Array(text.utf8))
      return nil
    } catch { return error.code }
  }

  static let taken: [(String, JSONValue)] = [
    ("null", JSONValue.null), ("true", .bool(true)), (" false\n", .bool(false)),
    ("0", .number(JSONNumber(0))), ("-0", .number(JSONNumber(0))), ("12", .number(JSONNumber(12))),
    ("1.0", .number(JSONNumber(1))), ("10e-1", .number(JSONNumber(1))), ("1E2", .number(JSONNumber(100))),
    ("9223372036854775807", .number(JSONNumber(Int64.max))),
    ("\"\"", .string("")), (#""a\"\\\/\b\f\n\r\t""#, .string("a\"\\/\u{8}\u{c}\n\r\t")),
    (#""\u0041\u00e9\u20AC""#, .string("A\u{e9}\u{20ac}")), (#""\uD83D\uDE00""#, .string("\u{1F600}")),
    (#""\u0000""#, .string("\0")),
    ("[]", .array([])), ("[1,[2]]", .array([.integer(1), .array([.integer(2)])])),
    ("{ }", .object([])),
    (#"{"a" : 1 , "b":{}}"#, .object([JSONMember("a", .integer(1)), JSONMember("b", .object([]))])),
  ]

  @Test(arguments: taken)
  func a_text_is_read(text: String, value: JSONValue) throws {
    #expect(try parsed(text) == value)
  }

  static let refused: [(String, JSONError.Code)] = [
    ("", JSONError.Code.end), ("  ", .end), ("[", .end), ("[1", .end), ("{\"a\"", .end), ("\"a", .end),
    ("tru", .end),
    ("-", .badNumber), ("01", .badNumber), ("1.", .badNumber), (".5", .unexpected), ("1e", .badNumber),
    ("+1", .unexpected),
    ("0x10", .trailing), ("1 2", .trailing), ("[1,]", .unexpected), ("[,1]", .unexpected),
    ("{,}", .unexpected),
    ("{\"a\":1,}", .unexpected), ("{a:1}", .unexpected), ("{\"a\" 1}", .unexpected), ("[1 2]", .unexpected),
    ("nul1", .unexpected), ("NaN", .unexpected), ("'a'", .unexpected), ("//", .unexpected),
    ("\"\u{1}\"", .controlCharacter), ("\"a\nb\"", .controlCharacter), (#""\x41""#, .badEscape),
    (#""\u12g4""#, .badEscape), (#""\uD800""#, .loneSurrogate), (#""\uDC00""#, .loneSurrogate),
    (#""\uD800\u0041""#, .loneSurrogate), (#""\uD800x""#, .loneSurrogate),
    (#""\uDC00\uD800""#, .loneSurrogate),
    ("{\"a\":1,\"a\":2}", .duplicateName), (#"{"a":1,"\u0061":2}"#, .duplicateName),
    ("9223372036854775808", .numberTooLong), ("1e291", .numberTooLong),
    ("1e-999999999999999999999", .numberTooLong),
    (String(repeating: "[", count: 17), .tooDeep), (String(repeating: "{\"a\":", count: 17), .tooDeep),
    ("[" + Array(repeating: "0", count: 4097).joined(separator: ",") + "]", .tooManyItems),
    ("{" + (0...256).map { "\"\($0)\":0" }.joined(separator: ",") + "}", .tooManyMembers),
    ("\u{FEFF}1", .unexpected),
  ]

  @Test(arguments: refused)
  func another_text_is_refused(text: String, expected: JSONError.Code) {
    #expect(code(text) == expected, "\(text.prefix(40))")
  }

  @Test(
    arguments: [
      [0x80], [0xC0, 0x80], [0xC3], [0xE2, 0x82], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80],
      [0xF8, 0x88, 0x80, 0x80, 0x80],
      [0xFF], [0xC3, 0x28],
    ] as [[UInt8]])
  func a_string_that_is_not_UTF8_is_refused(octets: [UInt8]) {
    #expect(throws: JSONError(.notUTF8, at: 1)) { try JSONValue.parse([0x22] + octets + [0x22]) }
  }

  @Test func a_text_that_is_too_long_is_refused_unread() {
    #expect(throws: JSONError(.tooLong, at: 8)) { try JSONValue.parse(Array("[1,2,3,4]".utf8), octetsMax: 8) }
  }

  @Test func every_shorter_text_is_refused() throws {
    let text = Array(#"{"a":[1,-2.5e3,"\uD83D\uDE00 é",true,null],"b":{"c":""}}"#.utf8)
    _ = try JSONValue.parse(text)
    for count in 0..<text.count {
      #expect(throws: JSONError.self) { try JSONValue.parse(text[..<count]) }
    }
  }

  @Test func decimals_print_as_people_write_them() throws {
    for (text, printed) in [
      ("0.5", "0.5"), ("-0.05", "-0.05"), ("12.50", "12.5"), ("1e3", "1000"), ("1e-20", "1e-20"),
      ("1e30", "1e30"),
      ("123456789012345678", "123456789012345678"),
    ] {
      #expect(try parsed(text).text == printed)
    }
  }

  @Test func a_line_holds_one_message_whatever_it_says() {
    let value = JSONValue.string("a\nb\r\u{0}\u{1b}[31m\u{7f}\u{2028}\"\\")
    #expect(!value.octets.contains { $0 < 0x20 || $0 == 0x7F })
    #expect(value.text == "\"a\\nb\\u000d\\u0000\\u001b[31m\\u007f\u{2028}\\\"\\\\\"")
  }

  // MARK: properties

  @Test func what_is_written_is_read_back_and_as_Foundation_reads_it() throws {
    let seed = UInt64.random(in: 0..<1 << 32)
    var random = SeededGenerator(seed: seed)
    for round in 0..<1500 {
      let value = randomValue(&random, depth: 5)
      let octets = value.octets
      #expect(try JSONValue.parse(octets) == value, "seed \(seed), round \(round): \(value.text)")
      let theirs = try JSONSerialization.jsonObject(with: Data(octets), options: .fragmentsAllowed)
      #expect(agrees(value, theirs), "seed \(seed), round \(round): \(value.text)")
    }
  }

  /// Whatever is taken here Foundation takes too, and understands alike; what Foundation writes is taken.
  @Test func texts_with_errors_are_judged_no_more_mildly_than_by_Foundation() throws {
    let seed = UInt64.random(in: 0..<1 << 32)
    var random = SeededGenerator(seed: seed)
    let letters = Array("{}[]\":,0123456789.eE+-truefalsnl\\u D8".utf8) + [0x80, 0xC3, 0xA9, 0x1F, 0x0A]
    var taken = 0
    for round in 0..<20_000 {
      var octets = randomValue(&random, depth: 3).octets
      for _ in 0..<Int.random(in: 0...2, using: &random) where !octets.isEmpty {
        let place = Int.random(in: 0..<octets.count, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: octets[place] = letters.randomElement(using: &random) ?? 0
        case 1: octets.remove(at: place)
        default: octets.insert(letters.randomElement(using: &random) ?? 0, at: place)
        }
      }
      guard let ours = try? JSONValue.parse(octets) else { continue }
      taken += 1
      let theirs = try? JSONSerialization.jsonObject(with: Data(octets), options: .fragmentsAllowed)
      guard let theirs else {
        Issue.record("seed \(seed), round \(round): only we take \(String(decoding: octets, as: UTF8.self))")
        continue
      }
      #expect(agrees(ours, theirs), "seed \(seed), round \(round): \(ours.text)")
      #expect(try JSONValue.parse(ours.octets) == ours, "seed \(seed), round \(round): \(ours.text)")
    }
    #expect(taken > 5000)
  }

  @Test func random_octets_are_survived() {
    let seed = UInt64.random(in: 0..<1 << 32)
    var random = SeededGenerator(seed: seed)
    for _ in 0..<20_000 {
      let octets = (0..<Int.random(in: 0...60, using: &random)).map { _ in
        UInt8.random(in: 0...255, using: &random)
      }
      if let value = try? JSONValue.parse(octets) {
        #expect((try? JSONValue.parse(value.octets)) == value, "seed \(seed)")
      }
    }
  }
}

/// Any value the parser would take.
func randomValue(_ random: inout SeededGenerator, depth: Int) -> JSONValue {
  switch Int.random(in: 0..<(depth > 0 ? 7 : 5), using: &random) {
  case 0: return .null
  case 1: return .bool(random.chance(perMille: 500))
  case 2: return .integer(Int64(bitPattern: random.next()) >> Int64.random(in: 0..<64, using: &random))
  case 3:
    return .number(
      JSONNumber(
        digits: Int64.random(in: -99_999...99_999, using: &random),
        exponent: Int.random(in: -25...25, using: &random)))
  case 4: return .string(randomText(&random))
  case 5:
    return .array(
      (0..<Int.random(in: 0...4, using: &random)).map { _ in randomValue(&random, depth: depth - 1) })
  default:
    let names = Set((0..<Int.random(in: 0...4, using: &random)).map { _ in randomText(&random) })
    return .object(names.sorted().map { JSONMember($0, randomValue(&random, depth: depth - 1)) })
  }
}

private func randomText(_ random: inout SeededGenerator) -> String {
  var text = String.UnicodeScalarView()
  for _ in 0..<Int.random(in: 0...8, using: &random) {
    let ranges: [ClosedRange<UInt32>] = [
      0...0x7F, 0x20...0x7E, 0x80...0x7FF, 0xE000...0xFFFD, 0x10000...0x10FFFF,
    ]
    let range = ranges.randomElement(using: &random) ?? 0...0x7F
    // Foundation drops a byte order mark at the beginning of a string.
    if let scalar = Unicode.Scalar(UInt32.random(in: range, using: &random)), scalar != "\u{FEFF}" {
      text.append(scalar)
    }
  }
  return String(text)
}

private func agrees(_ ours: JSONValue, _ theirs: Any) -> Bool {
  switch ours {
  case .null: return theirs is NSNull
  case .bool(let value): return (theirs as? Bool) == value
  case .string(let text): return (theirs as? String).map { Array($0.utf8) == Array(text.utf8) } ?? false
  case .number(let number):
    guard let theirs = theirs as? NSNumber else { return false }
    if let integer = number.integer, integer.magnitude < 1 << 52 { return theirs.int64Value == integer }
    guard let double = Double(number.description) else { return false }
    return abs(theirs.doubleValue - double) <= abs(double) * 1e-12
  case .array(let items):
    guard let theirs = theirs as? [Any], theirs.count == items.count else { return false }
    return zip(items, theirs).allSatisfy { agrees($0, $1) }
  case .object(let members):
    guard let theirs = theirs as? [String: Any], theirs.count == members.count else { return false }
    return members.allSatisfy { member in theirs[member.name].map { agrees(member.value, $0) } ?? false }
  }
}
