import AppProtocolMessages
import DIN70121Messages
import EXI
import ISO15118_20Messages
import ISO15118_2Messages
import TestSupport
import Testing
import Wire
import XMLSignatureMessages

/// Decodes with the generated types and encodes what came out.
func typedRoundTrip(_ octets: [UInt8], set: String, fragment: Bool) throws(EXIError) -> [UInt8] {
  guard let type = codec(set: set, fragment: fragment) else {
    throw EXIError(.unexpectedDocument, position: 0)
  }
  return try roundTrip(type, octets)
}

private func roundTrip<Codec: AnyCodec>(_: Codec.Type, _ octets: [UInt8]) throws(EXIError) -> [UInt8] {
  let bytes = octets.span.bytes
  var output = OutputBuffer()
  _ = try Codec(decoding: bytes).encode(into: &output, source: bytes, limits: nil)
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
