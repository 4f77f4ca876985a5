import AppProtocolMessages
import DIN70121Messages
import EXI
import ISO15118_20Messages
import ISO15118_2Messages
import Testing
import Wire
import XMLSignatureMessages

/// Decodes with the generated types and encodes what came out.
func typedRoundTrip(_ octets: [UInt8], set: String, fragment: Bool) throws(EXIError) -> [UInt8] {
  let bytes = octets.span.bytes
  var output = OutputBuffer()
  switch (set, fragment) {
  case ("appprotocol", false):
    try AppProtocolDocument(decoding: bytes).encode(into: &output, source: bytes)
  case ("din", false):
    try DIN70121Messages.V2G_Message(decoding: bytes).encode(into: &output, source: bytes)
  case ("din", true): try DIN70121Fragment(decoding: bytes).encode(into: &output, source: bytes)
  case ("iso2", false):
    try ISO15118_2Messages.V2G_Message(decoding: bytes).encode(into: &output, source: bytes)
  case ("iso2", true): try ISO15118_2Fragment(decoding: bytes).encode(into: &output, source: bytes)
  case ("iso20-common", false):
    try ISO15118_20CommonDocument(decoding: bytes).encode(into: &output, source: bytes)
  case ("iso20-common", true):
    try ISO15118_20CommonFragment(decoding: bytes).encode(into: &output, source: bytes)
  case ("iso20-ac", false): try ISO15118_20ACDocument(decoding: bytes).encode(into: &output, source: bytes)
  case ("iso20-ac", true): try ISO15118_20ACFragment(decoding: bytes).encode(into: &output, source: bytes)
  case ("iso20-dc", false): try ISO15118_20DCDocument(decoding: bytes).encode(into: &output, source: bytes)
  case ("iso20-dc", true): try ISO15118_20DCFragment(decoding: bytes).encode(into: &output, source: bytes)
  case ("iso20-acdp", false):
    try ISO15118_20ACDPDocument(decoding: bytes).encode(into: &output, source: bytes)
  case ("iso20-acdp", true):
    try ISO15118_20ACDPFragment(decoding: bytes).encode(into: &output, source: bytes)
  case ("iso20-wpt", false): try ISO15118_20WPTDocument(decoding: bytes).encode(into: &output, source: bytes)
  case ("iso20-wpt", true): try ISO15118_20WPTFragment(decoding: bytes).encode(into: &output, source: bytes)
  case ("xmldsig", true): try XMLSignatureFragment(decoding: bytes).encode(into: &output, source: bytes)
  default: throw EXIError(.unexpectedDocument, position: 0)
  }
  return output.octets
}

@Suite struct TypedCodecTests {
  @Test(arguments: Vector.files + ["exi-fragments-bench", "bench"])
  func what_is_decoded_encodes_to_the_same_octets(file: String) throws {
    for (number, vector) in try Vector.all(file).enumerated() {
      do {
        let again = try typedRoundTrip(vector.octets, set: vector.setName, fragment: vector.isFragment)
        #expect(hexadecimal(again) == vector.exi, "line \(number + 1), \(vector.message ?? "")")
      } catch {
        Issue.record("line \(number + 1), \(vector.message ?? ""): \(error)")
      }
    }
  }

  @Test func empty_values_in_either_form_decode_to_the_same_message() throws {
    var count = 0
    for file in Vector.files {
      for (number, vector) in try Vector.all(file).enumerated() {
        guard let other = vector.otherOctets else { continue }
        count += 1
        do {
          let again = try typedRoundTrip(other, set: vector.setName, fragment: vector.isFragment)
          #expect(hexadecimal(again) == vector.exi, "\(file), line \(number + 1), \(vector.message ?? "")")
        } catch {
          Issue.record("\(file), line \(number + 1), \(vector.message ?? ""): \(error)")
        }
      }
    }
    #expect(count > 400)
  }

  @Test func negative_streams_are_refused() throws {
    for (number, vector) in try Vector.all("exi-negative").enumerated() {
      #expect(throws: EXIError.self, "line \(number + 1), \(vector.kind): \(vector.note ?? "")") {
        _ = try typedRoundTrip(vector.octets, set: vector.setName, fragment: false)
      }
    }
  }
}
