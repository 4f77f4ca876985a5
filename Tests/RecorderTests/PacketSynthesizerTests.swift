import Recorder
import Testing
import V2GTransport
import Wire

private let evccMAC = MACAddress(0x02, 0, 0, 0, 0, 0xE1)
private let seccMAC = MACAddress(0x02, 0, 0, 0, 0, 0x5E)
private let evcc = NetworkStation(evccMAC, V2GEndpoint(IPv6Address(linkLocalFor: evccMAC), port: 49200))
private let secc = NetworkStation(seccMAC, V2GEndpoint(IPv6Address(linkLocalFor: seccMAC), port: 50000))
private let everyone = NetworkStation(.zero, V2GEndpoint(.allNodes, port: V2GEndpoint.sdpPort))

/// The checksum of a frame's upper layer, computed the slow way: 0xffff when it is right.
private func upperLayerSum(_ frame: [UInt8]) -> Int {
  let packet = Array(frame[54...])
  var octets = Array(frame[22..<54])
  octets += [UInt8(packet.count >> 8), UInt8(packet.count & 0xFF), 0, frame[20]] + packet
  if octets.count % 2 == 1 { octets.append(0) }
  var sum = 0
  for index in stride(from: 0, to: octets.count, by: 2) {
    sum += Int(octets[index]) * 256 + Int(octets[index + 1])
  }
  while sum > 0xFFFF { sum = (sum & 0xFFFF) + (sum >> 16) }
  return sum
}

@Suite struct PacketSynthesizerTests {
  @Test func a_multicast_request_goes_to_the_group_address() {
    let frame = PacketSynthesizer.udp([1, 2, 3], from: evcc, to: everyone)
    #expect(Array(frame[..<14]) == [0x33, 0x33, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0xE1, 0x86, 0xDD])
    #expect(frame.count == 14 + 40 + 8 + 3)
    #expect(upperLayerSum(frame) == 0xFFFF)
  }

  @Test func checksums_are_right_for_every_length_and_content() {
    var random = SeededGenerator(seed: 1)
    for length in 0..<400 {
      let payload = (0..<length).map { _ in UInt8(random.next() & 0xFF) }
      #expect(upperLayerSum(PacketSynthesizer.udp(payload, from: evcc, to: secc)) == 0xFFFF)
      var conversation = TCPConversation(client: evcc, server: secc)
      for frame in conversation.send(payload, from: .client) {
        #expect(upperLayerSum(frame.octets) == 0xFFFF)
      }
    }
    #expect(
      PacketSynthesizer.udp([UInt8](repeating: 0xFF, count: 65_527), from: evcc, to: secc).count == 65_589)
    #expect(PacketSynthesizer.udp([UInt8](repeating: 0, count: 65_528), from: evcc, to: secc).isEmpty)
  }

  @Test func a_conversation_opens_once_and_ends_once() {
    var conversation = TCPConversation(client: evcc, server: secc)
    #expect(conversation.finish(from: .client).isEmpty)
    #expect(conversation.open().map(\.sender) == [.client, .server, .client])
    #expect(conversation.open().isEmpty)
    #expect(conversation.send([1], from: .server).map(\.sender) == [.server, .client])
    #expect(conversation.finish(from: .client).count == 2)
    #expect(conversation.send([1], from: .client).isEmpty)
    #expect(conversation.finish(from: .client).isEmpty)
    #expect(conversation.send([2], from: .server).count == 2)
    #expect(conversation.finish(from: .server).count == 2)
    #expect(conversation.reset(from: .server).isEmpty)
  }

  /// A discovery and a conversation with a message longer than a segment.
  private static func recording() -> [UInt8] {
    let writer = PcapngWriter(clock: .virtual)
    let plc = writer.addInterface(name: "plc0")
    var now = Instant.zero
    let record = { (frame: [UInt8], outbound: Bool) in
      now += .milliseconds(1)
      writer.record(frame, on: plc, at: now, direction: outbound ? .outbound : .inbound)
    }
    record(PacketSynthesizer.udp([1, 0xFE, 0x90, 0, 0, 0, 0, 2, 0x10, 0], from: evcc, to: everyone), false)
    record(PacketSynthesizer.udp([1, 0xFE, 0x90, 1, 0, 0, 0, 0], from: secc, to: evcc), true)
    var conversation = TCPConversation(client: evcc, server: secc)
    let frames =
      conversation.open() + conversation.send([UInt8](repeating: 0x41, count: 100), from: .client)
      + conversation.send([UInt8](repeating: 0x42, count: 4124), from: .server)
      + conversation.finish(from: .client) + conversation.finish(from: .server)
    for frame in frames { record(frame.octets, frame.sender == .server) }
    return writer.octets
  }

  @Test(.enabled(if: Tshark.path != nil, Tshark.isAbsent))
  func tshark_finds_no_fault_with_a_conversation() throws {
    let checks = [
      "-o", "tcp.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE", "-o",
      "tcp.analyze_sequence_numbers:TRUE",
    ]
    let recording = Self.recording()
    let bad =
      "tcp.checksum.status==\"Bad\" || udp.checksum.status==\"Bad\" || tcp.analysis.flags || _ws.malformed"
    #expect(try Tshark.lines(recording, checks + ["-Y", bad]) == [])
    let good = try Tshark.lines(
      recording, checks + ["-Y", "tcp.checksum.status==\"Good\" || udp.checksum.status==\"Good\""])
    #expect(good.count == 15)
    let followed = try Tshark.lines(recording, ["-q", "-z", "follow,tcp,raw,0"])
    let text = followed.joined()
    #expect(text.contains(String(repeating: "41", count: 100)))
    #expect(text.filter { $0 == "2" }.count >= 4124)
  }
}
