import Testing
import V2GTransport
import Wire

@Suite struct V2GTPHeaderTests {
  /// A header in front of a 46-octet EXI message, both ways.
  static let literal: [UInt8] = [0x01, 0xFE, 0x80, 0x01, 0x00, 0x00, 0x00, 0x2E]

  @Test func a_header_is_read() throws {
    let header = try V2GTPHeader(parsing: Self.literal.span.bytes)
    #expect(header == V2GTPHeader(.exi, payloadLength: 46))
    #expect(header.payloadType.description == "0x8001 EXI")
  }

  @Test func a_header_is_written() {
    var output = OutputBuffer()
    V2GTPHeader(.exi, payloadLength: 46).encode(into: &output)
    #expect(output.octets == Self.literal)
  }

  @Test func every_shorter_prefix_is_refused() {
    for count in 0..<8 {
      let part = Array(Self.literal.prefix(count))
      #expect(throws: V2GTPError.shortHeader(octets: count)) { try V2GTPHeader(parsing: part.span.bytes) }
    }
  }

  @Test func version_and_inverse_are_told_apart() {
    var bytes = Self.literal
    bytes[0] = 0xFF
    #expect(throws: V2GTPError.version(0xFF)) { try V2GTPHeader(parsing: bytes.span.bytes) }
    bytes = Self.literal
    bytes[1] = 0xFF
    #expect(throws: V2GTPError.inverseVersion(0xFF)) { try V2GTPHeader(parsing: bytes.span.bytes) }
  }

  @Test func all_types_and_lengths_survive_the_round_trip() throws {
    for type in stride(from: 0, through: 0xFFFF, by: 1) {
      let header = V2GTPHeader(
        V2GTPPayloadType(rawValue: UInt16(type)), payloadLength: UInt32(truncatingIfNeeded: type &* 0x1_0001))
      var output = OutputBuffer()
      header.encode(into: &output)
      let again = try V2GTPHeader(parsing: output.octets.span.bytes)
      guard header == again else {
        Issue.record("\(header) became \(again)")
        return
      }
    }
  }

  @Test(arguments: [
    (0x8001, true, false), (0x8006, true, false), (0x8104, true, false), (0x7001, false, false),
    (0x8007, false, false), (0x9000, false, true), (0x9005, false, true), (0xA000, false, false),
  ])
  func only_session_types_are_for_a_session(raw: Int, isSession: Bool, isDiscovery: Bool) {
    let type = V2GTPPayloadType(rawValue: UInt16(raw))
    #expect(type.isSession == isSession)
    #expect(type.isDiscovery == isDiscovery)
    #expect(type.isManufacturerSpecific == (raw >= 0xA000))
  }
}
