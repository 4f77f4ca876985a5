import EXITools
import Foundation
import Testing
import Wire

/// One line of a vector file: a document or fragment as XML and as EXI.
struct Vector: Decodable, Sendable {
  let set: String
  let message: String?
  let kind: String
  let profile: String?
  let name: String?
  let xml: String?
  let exi: String
  /// The other form of empty values; decoders take both.
  let exi_ee: String?
  let from: String?
  let note: String?

  /// The set as the command line calls it.
  var setName: String { self.set == "din70121" ? "din" : self.set }
  var octets: [UInt8] { Wire.octets(hexadecimal: exi) ?? [] }
  var otherOctets: [UInt8]? { exi_ee.flatMap { Wire.octets(hexadecimal: $0) } }
  var isFragment: Bool { kind == "fragment" }

  /// The files with documents and fragments of each set.
  static let files = [
    "exi-appprotocol", "exi-din70121", "exi-iso2", "exi-iso20-common", "exi-iso20-ac", "exi-iso20-dc",
    "exi-iso20-acdp", "exi-iso20-wpt", "exi-xmldsig",
  ]

  /// The lines of `Tests/Fixtures/<name>.jsonl`.
  static func all(_ name: String) throws -> [Vector] {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let text = try String(
      contentsOf: folder.appendingPathComponent("Fixtures/\(name).jsonl"), encoding: .utf8)
    return try text.split(separator: "\n").map { try JSONDecoder().decode(Vector.self, from: Data($0.utf8)) }
  }
}

/// Converters by set; reading the tables takes a while in debug builds.
struct Converters {
  private var known: [String: DocumentConverter] = [:]

  mutating func converter(_ set: String) throws -> DocumentConverter {
    if let known = known[set] { return known }
    let new = try #require(DocumentConverter(set: set))
    known[set] = new
    return new
  }
}

/// Random numbers that a seed repeats (SplitMix64).
struct Dice: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }

  mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(max(limit, 1))) }
}
