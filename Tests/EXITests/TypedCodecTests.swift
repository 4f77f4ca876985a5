import AppProtocolMessages
import EXI
import ISO15118_2Messages
import Testing
import Wire

/// Decodes with the generated types and encodes what came out.
func typedRoundTrip(_ octets: [UInt8], set: String, fragment: Bool) throws(EXIError) -> [UInt8] {
  let bytes = octets.span.bytes
  var output = OutputBuffer()
  switch (set, fragment) {
  case ("appprotocol", false):
    let document = try AppProtocolDocument(decoding: bytes)
    try document.encode(into: &output, source: bytes)
  case ("iso2", false):
    let message = try V2G_Message(decoding: bytes)
    try message.encode(into: &output, source: bytes)
  case ("iso2", true):
    let element = try ISO15118_2Fragment(decoding: bytes)
    try element.encode(into: &output, source: bytes)
  default:
    let info = try SignedInfo(decodingFragment: bytes)
    try info.encodeFragment(into: &output, source: bytes)
  }
  return output.octets
}

@Suite struct TypedCodecTests {
  @Test(arguments: ["exi-appprotocol", "exi-iso2", "exi-xmldsig", "exi-fragments-bench", "bench-part-a"])
  func what_is_decoded_encodes_to_the_same_octets(file: String) throws {
    for (number, vector) in try Vector.all(file).enumerated() {
      do {
        let again = try typedRoundTrip(vector.octets, set: vector.set, fragment: vector.isFragment)
        #expect(hexadecimal(again) == vector.exi, "line \(number + 1), \(vector.message ?? "")")
      } catch {
        Issue.record("line \(number + 1), \(vector.message ?? ""): \(error)")
      }
    }
  }

  @Test func empty_values_in_either_form_decode_to_the_same_message() throws {
    var count = 0
    for (number, vector) in try Vector.all("exi-iso2").enumerated() {
      guard let other = vector.otherOctets else { continue }
      count += 1
      do {
        let again = try typedRoundTrip(other, set: vector.set, fragment: vector.isFragment)
        #expect(hexadecimal(again) == vector.exi, "line \(number + 1), \(vector.message ?? "")")
      } catch {
        Issue.record("line \(number + 1), \(vector.message ?? ""): \(error)")
      }
    }
    #expect(count > 100)
  }

  @Test func negative_streams_are_refused() throws {
    for (number, vector) in try Vector.all("exi-negative").enumerated() {
      #expect(throws: EXIError.self, "line \(number + 1), \(vector.kind): \(vector.note ?? "")") {
        _ = try typedRoundTrip(vector.octets, set: vector.set, fragment: false)
      }
    }
  }
}
