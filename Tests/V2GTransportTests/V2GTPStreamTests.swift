import Testing
import V2GTransport
import Wire

/// A whole message as octets.
func message(_ type: V2GTPPayloadType, _ payload: [UInt8]) -> [UInt8] {
  var output = OutputBuffer()
  V2GTPHeader(type, payloadLength: UInt32(payload.count)).encode(into: &output)
  output.append(contentsOf: payload)
  return output.octets
}

/// What a stream hands out, copied.
struct Delivered: Hashable {
  var message: V2GTPMessage
  var payload: [UInt8]
}

extension V2GTPStream {
  /// Takes a segment and collects what it completes, and the error.
  mutating func feed(_ octets: [UInt8], into list: inout [Delivered]) -> V2GTPError? {
    var got: [Delivered] = []
    var failure: V2GTPError?
    do throws(V2GTPError) {
      try receive(octets.span.bytes) { message, payload in
        got.append(Delivered(message: message, payload: payload.withUnsafeBytes { Array($0) }))
      }
    } catch {
      failure = error
    }
    list += got
    return failure
  }
}

@Suite struct V2GTPStreamTests {
  @Test func one_segment_may_carry_several_messages_and_the_beginning_of_another() {
    var stream = V2GTPStream()
    var got: [Delivered] = []
    let octets = message(.exi, [1, 2, 3]) + message(.iso20DC, [4]) + message(.exi, [5, 6])
    #expect(stream.feed(Array(octets.dropLast(1)), into: &got) == nil)
    #expect(got.map(\.payload) == [[1, 2, 3], [4]])
    #expect(got.map(\.message.payloadType) == [.exi, .iso20DC])
    #expect(stream.bufferedOctets == 9)
    #expect(stream.feed([6], into: &got) == nil)
    #expect(got.last?.payload == [5, 6])
    #expect(stream.bufferedOctets == 0)
  }

  @Test func single_octets_give_the_same_message() {
    var stream = V2GTPStream()
    var got: [Delivered] = []
    for octet in message(.exi, [0x80, 0x9A, 0x02]) {
      #expect(got.isEmpty)
      #expect(stream.feed([octet], into: &got) == nil)
    }
    #expect(got.map(\.payload) == [[0x80, 0x9A, 0x02]])
  }

  /// CMN_V2GTPSessionSetup_002 and _003
  @Test func messages_to_be_ignored_are_marked_and_do_not_stop_the_stream() {
    var stream = V2GTPStream()
    var got: [Delivered] = []
    let unknown = V2GTPPayloadType(rawValue: 0x7001)
    let octets =
      message(.exi, []) + message(unknown, [1, 2]) + message(.sdpRequest, [0x10, 0]) + message(.exi, [7])
    #expect(stream.feed(octets, into: &got) == nil)
    #expect(
      got.map(\.message.ignored) == [.emptyPayload, .unknownPayloadType, .discoveryOnConnection, nil])
    #expect(got.last?.payload == [7])
  }

  /// CMN_V2GTPSessionSetup_004 and _005: not answered; what follows cannot be framed any more.
  @Test(
    arguments: [
      ([0xFF, 0xFE, 0x80, 0x01, 0, 0, 0, 1, 0x80], V2GTPError.version(0xFF)),
      ([0x01, 0xFF, 0x80, 0x01, 0, 0, 0, 1, 0x80], V2GTPError.inverseVersion(0xFF)),
    ] as [([UInt8], V2GTPError)])
  func a_wrong_version_is_told_once_and_leaves_the_stream_deaf(octets: [UInt8], error: V2GTPError) {
    var stream = V2GTPStream()
    var got: [Delivered] = []
    #expect(stream.feed(message(.exi, [1]) + octets, into: &got) == error)
    #expect(got.map(\.payload) == [[1]])
    #expect(stream.failure == error)
    #expect(stream.feed(message(.exi, [2]), into: &got) == nil)
    #expect(got.count == 1)
    #expect(stream.droppedOctets == octets.count + 9)
  }

  @Test func a_wrong_version_is_told_without_waiting_for_the_header() {
    var stream = V2GTPStream()
    var got: [Delivered] = []
    #expect(stream.feed([0x16], into: &got) == .version(0x16))
    var second = V2GTPStream()
    #expect(second.feed([0x01], into: &got) == nil)
    #expect(second.feed([0x01], into: &got) == .inverseVersion(0x01))
  }

  @Test func a_payload_at_the_bound_is_taken_and_one_beyond_is_refused_by_its_header() {
    var stream = V2GTPStream(payloadMax: 100)
    var got: [Delivered] = []
    let longest = [UInt8](repeating: 0x5A, count: 100)
    #expect(stream.feed(message(.exi, longest) + message(.exi, longest), into: &got) == nil)
    #expect(got.map(\.payload) == [longest, longest])
    let header = Array(message(.exi, longest + [0]).prefix(8))
    #expect(stream.feed(header, into: &got) == .payloadTooLong(announced: 101, max: 100))
    var huge = V2GTPStream(payloadMax: 100)
    #expect(
      huge.feed([1, 0xFE, 0x80, 1, 0xFF, 0xFF, 0xFF, 0xFF], into: &got)
        == .payloadTooLong(announced: .max, max: 100))
  }

  @Test func append_takes_only_what_fits() throws {
    var stream = V2GTPStream(payloadMax: 4)
    let octets = message(.exi, [1, 2, 3, 4]) + message(.exi, [5])
    #expect(stream.append(octets.span.bytes) == 12)
    #expect(stream.append(octets.span.bytes.extracting(droppingFirst: 12)) == 0)
    #expect(try stream.next()?.header.payloadLength == 4)
    #expect(stream.payload.byteCount == 4)
    #expect(try stream.next() == nil)
    #expect(stream.payload.byteCount == 0)
    #expect(stream.append(octets.span.bytes.extracting(droppingFirst: 12)) == 9)
    #expect(try stream.next()?.header.payloadLength == 1)
  }

  @Test func any_segmentation_gives_the_same_messages() {
    for seed in 0..<UInt64(40) {
      var random = SeededGenerator(seed: seed)
      var expected: [Delivered] = []
      var octets: [UInt8] = []
      for _ in 0..<Int.random(in: 1...30, using: &random) {
        let type = V2GTPPayloadType(rawValue: UInt16.random(in: 0...0xFFFF, using: &random))
        let payload = (0..<Int.random(in: 0...300, using: &random)).map { _ in
          UInt8.random(in: 0...255, using: &random)
        }
        octets += message(type, payload)
        expected.append(
          Delivered(
            message: V2GTPMessage(V2GTPHeader(type, payloadLength: UInt32(payload.count))), payload: payload))
      }
      var stream = V2GTPStream(payloadMax: 300)
      var got: [Delivered] = []
      var rest = octets[...]
      while !rest.isEmpty {
        let part = Array(rest.prefix(Int.random(in: 1...700, using: &random)))
        rest = rest.dropFirst(part.count)
        #expect(stream.feed(part, into: &got) == nil)
        #expect(stream.bufferedOctets <= 308)
      }
      #expect(got == expected, "seed \(seed)")
    }
  }

  @Test func random_octets_never_trap_and_stay_bounded() {
    for seed in 0..<UInt64(200) {
      var random = SeededGenerator(seed: seed)
      var stream = V2GTPStream(payloadMax: 64)
      var got: [Delivered] = []
      var errors = 0
      for _ in 0..<50 {
        var part = (0..<Int.random(in: 0...200, using: &random)).map { _ in
          UInt8.random(in: 0...255, using: &random)
        }
        // Random octets hardly ever begin with a version; help them past the first check.
        if random.chance(perMille: 800) { part = message(.exi, Array(part.prefix(64))) }
        if random.chance(perMille: 100), !part.isEmpty {
          part[Int.random(in: 0..<part.count, using: &random)] ^= UInt8(1 << (random.next() % 8))
        }
        if stream.feed(part, into: &got) != nil { errors += 1 }
        #expect(stream.bufferedOctets <= 72)
        #expect(
          got.allSatisfy { $0.payload.count <= 64 && $0.payload.count == $0.message.header.payloadLength })
      }
      #expect(errors <= 1)
      #expect((stream.failure != nil) == (errors == 1))
    }
  }

  @Test func every_truncation_of_a_conversation_gives_a_prefix_of_its_messages() {
    let payloads: [[UInt8]] = [[1], [2, 2], [], [4, 4, 4, 4]]
    let octets = payloads.flatMap { message(.exi, $0) }
    for count in 0...octets.count {
      var stream = V2GTPStream()
      var got: [Delivered] = []
      #expect(stream.feed(Array(octets.prefix(count)), into: &got) == nil)
      #expect(got.map(\.payload) == Array(payloads.prefix(got.count)))
      if count == octets.count { #expect(got.count == 4) }
    }
  }
}
