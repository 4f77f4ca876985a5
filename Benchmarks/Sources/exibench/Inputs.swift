import Foundation
import Wire

/// A message to measure, with what libcbv2g takes for it.
struct Input {
  let name: String
  let set: String
  let octets: [UInt8]

  /// Instructions of libcbv2g at -O2 to decode and to encode the message.
  var reference: (decode: Int, encode: Int)? {
    switch name {
    case "bench-sap-req": (19661, 19810)
    case "bench-iso2-session-setup-req": (4060, 4001)
    case "bench-iso2-charge-parameter-discovery-res": (39487, 36510)
    case "bench-iso2-current-demand-req": (11970, 11120)
    case "bench-iso2-current-demand-res": (18247, 17423)
    case "bench-iso2-authorization-req-signed": (55092, 57766)
    case "bench-iso2-certificate-installation-res": (804_636, 853_989)
    default: nil
    }
  }

  private struct Line: Decodable {
    let name: String
    let set: String
    let exi: String
  }

  /// The messages of `Tests/Fixtures/bench-part-a.jsonl`.
  static func all() throws -> [Input] {
    var root = URL(fileURLWithPath: #filePath)
    for _ in 0..<4 { root.deleteLastPathComponent() }
    let text = try String(
      contentsOf: root.appendingPathComponent("Tests/Fixtures/bench-part-a.jsonl"), encoding: .utf8)
    return try text.split(separator: "\n").map {
      let line = try JSONDecoder().decode(Line.self, from: Data($0.utf8))
      return Input(name: line.name, set: line.set, octets: Wire.octets(hexadecimal: line.exi) ?? [])
    }
  }
}
