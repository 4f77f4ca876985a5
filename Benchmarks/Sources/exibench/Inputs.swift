import Foundation
import Wire

/// A message to measure.
struct Input {
  let name: String
  let set: String
  let octets: [UInt8]

  /// Instructions of libcbv2g at -O2 to decode and to encode the message, for where it cannot be built.
  var reference: (decode: Int, encode: Int)? {
    switch name {
    case "sap-req": (19661, 19810)
    case "iso2-session-setup-req": (4060, 4001)
    case "iso2-charge-parameter-discovery-res": (39487, 36510)
    case "iso2-current-demand-req": (11970, 11120)
    case "iso2-current-demand-res": (18247, 17423)
    case "iso2-authorization-req-signed": (55092, 57766)
    case "iso2-certificate-installation-res": (804_636, 853_989)
    case "iso20-dc-charge-loop-req": (8872, 8577)
    case "iso20-dc-charge-loop-res": (11597, 11216)
    case "iso20-authorization-req-pnc": (432_825, 459_568)
    case "din-current-demand-req": (12348, 11513)
    default: nil
    }
  }

  private struct Line: Decodable {
    let name: String?
    let set: String
    let exi: String
    let exi_ee: String?
    let kind: String
  }

  /// The documents of the vectors of all sets, in both forms of empty values, by file.
  static func vectors() throws -> [(String, [Input])] {
    let files = [
      "appprotocol", "din70121", "iso2", "iso20-common", "iso20-ac", "iso20-dc", "iso20-acdp", "iso20-wpt",
    ]
    return try files.map { file in
      let documents = try lines("exi-\(file)").filter { $0.kind == "document" }.flatMap { line in
        [line.exi, line.exi_ee].compactMap { $0 }.map {
          Input(name: "", set: file, octets: Wire.octets(hexadecimal: $0) ?? [])
        }
      }
      return (file, documents)
    }
  }

  private static func lines(_ file: String) throws -> [Line] {
    var root = URL(fileURLWithPath: #filePath)
    for _ in 0..<4 { root.deleteLastPathComponent() }
    let text = try String(
      contentsOf: root.appendingPathComponent("Tests/Fixtures/\(file).jsonl"), encoding: .utf8)
    return try text.split(separator: "\n").map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
  }

  /// The messages of `Tests/Fixtures/bench.jsonl`.
  static func all() throws -> [Input] {
    try lines("bench").map {
      Input(
        name: ($0.name ?? "").replacingOccurrences(of: "bench-", with: ""), set: $0.set,
        octets: Wire.octets(hexadecimal: $0.exi) ?? [])
    }
  }
}
