import Testing
import V2GTransport
import Wire

@Suite struct SDPMessageTests {
  /// Seen on a wire: a vehicle that asks for no TLS.
  static let request: [UInt8] = [0x01, 0xFE, 0x90, 0x00, 0, 0, 0, 2, 0x10, 0x00]
  static let response: [UInt8] =
    [0x01, 0xFE, 0x90, 0x01, 0, 0, 0, 0x14, 0xFE, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFE, 0, 0, 0xE1]
    + [0xC3, 0x50, 0x10, 0x00]

  @Test func a_request_is_read_and_written() throws {
    let message = try SDPRequest(parsing: Self.request.span.bytes)
    #expect(message == SDPRequest(security: .noTLS))
    var output = OutputBuffer()
    message.encode(into: &output)
    #expect(output.octets == Self.request)
  }

  @Test func a_response_is_read_and_written() throws {
    let message = try SDPResponse(parsing: Self.response.span.bytes)
    #expect(message.address.description == "fe80::ff:fe00:e1")
    #expect(message.port == 50000)
    #expect(message.security == .noTLS)
    var output = OutputBuffer()
    message.encode(into: &output)
    #expect(output.octets == Self.response)
  }

  @Test func every_other_length_of_a_datagram_is_refused() {
    for whole in [Self.request, Self.response] {
      for count in 0..<whole.count {
        let part = Array(whole.prefix(count))
        #expect(throws: SDPError.self) { try SDPRequest(parsing: part.span.bytes) }
        #expect(throws: SDPError.self) { try SDPResponse(parsing: part.span.bytes) }
      }
    }
    let longer = Self.request + [0]
    #expect(throws: SDPError.datagramLength(11, expected: 10)) { try SDPRequest(parsing: longer.span.bytes) }
  }

  /// CMN_V2GTPSDP_002...005 and the reserved values.
  @Test(
    arguments: [
      (0, 0xFF, .header(.version(0xFF))), (1, 0xFF, .header(.inverseVersion(0xFF))),
      (3, 0x01, .payloadType(.sdpResponse, expected: .sdpRequest)), (7, 0, .payloadLength(0, expected: 2)),
      (7, 3, .payloadLength(3, expected: 2)), (4, 1, .payloadLength(0x0100_0002, expected: 2)),
      (8, 0x11, .security(SDPSecurity(rawValue: 0x11))), (9, 0x10, .transport(SDPTransport(rawValue: 0x10))),
    ] as [(Int, UInt8, SDPError)])
  func a_wrong_octet_is_refused_by_its_name(at: Int, value: UInt8, error: SDPError) {
    var octets = Self.request
    octets[at] = value
    #expect(throws: error) { try SDPRequest(parsing: octets.span.bytes) }
    #expect(!error.description.isEmpty)
  }

  @Test func what_is_accepted_after_mutation_encodes_to_the_same_octets() {
    for seed in 0..<UInt64(300) {
      var random = SeededGenerator(seed: seed)
      for whole in [Self.request, Self.response] {
        var octets = whole
        for _ in 0...Int(random.next() % 3) {
          octets[Int.random(in: 0..<octets.count, using: &random)] = UInt8(random.next() & 0xFF)
        }
        if random.chance(perMille: 200) {
          octets.removeLast(Int.random(in: 0...octets.count, using: &random))
        }
        var output = OutputBuffer()
        if let message = try? SDPRequest(parsing: octets.span.bytes) { message.encode(into: &output) }
        if let message = try? SDPResponse(parsing: octets.span.bytes) { message.encode(into: &output) }
        #expect(output.isEmpty || output.octets == octets, "seed \(seed)")
      }
    }
  }
}
