import Foundation
import Wire

/// One line of a vector file: a document or fragment as XML and as EXI.
package struct Vector: Decodable, Sendable {
  package let set: String
  package let message: String?
  package let kind: String
  package let profile: String?
  package let name: String?
  package let xml: String?
  package let exi: String
  /// The other form of empty values; decoders take both.
  package let exi_ee: String?
  package let from: String?
  package let note: String?

  /// The set as the command line calls it.
  package var setName: String { self.set == "din70121" ? "din" : self.set }
  package var octets: [UInt8] { Wire.octets(hexadecimal: exi) ?? [] }
  package var otherOctets: [UInt8]? { exi_ee.flatMap { Wire.octets(hexadecimal: $0) } }
  package var isFragment: Bool { kind == "fragment" }

  /// The files with documents and fragments of each set.
  package static let files = [
    "exi-appprotocol", "exi-din70121", "exi-iso2", "exi-iso20-common", "exi-iso20-ac", "exi-iso20-dc",
    "exi-iso20-acdp", "exi-iso20-wpt", "exi-xmldsig",
  ]

  /// The lines of `Tests/Fixtures/<name>.jsonl`.
  package static func all(_ name: String) throws -> [Vector] {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let text = try String(
      contentsOf: folder.appendingPathComponent("Fixtures/\(name).jsonl"), encoding: .utf8)
    return try text.split(separator: "\n").map { try JSONDecoder().decode(Vector.self, from: Data($0.utf8)) }
  }
}
