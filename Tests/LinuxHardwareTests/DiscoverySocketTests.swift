import Glibc
import Testing
import V2GTransport
import Wire

@testable import LinuxHardware

private func parse(_ frame: [UInt8]) -> DatagramHeader? { DatagramHeader(parsing: frame.span.bytes) }

@Suite struct DatagramHeaderTests {
  /// An SDP request in its frame, and two octets that do not belong to it.
  static let frame: [UInt8] =
    [0x33, 0x33, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0xE1, 0x86, 0xDD, 0x60, 0, 0, 0, 0, 18, 17, 1]
    + [0xFE, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFE, 0, 0, 0xE1]
    + [0xFF, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]
    + [0xEA, 0x60, 0x3B, 0x0E, 0, 18, 0x3A, 0xF5] + [1, 0xFE, 0x90, 0, 0, 0, 0, 2, 0x10, 0] + [0, 0]

  @Test func source_station_and_payload_are_found() throws {
    let header = try #require(parse(Self.frame))
    #expect(header.station.description == "02:00:00:00:00:e1")
    #expect(header.source.description == "fe80::ff:fe00:e1")
    #expect(header.sourcePort == 60000)
    #expect(header.destinationPort == 15118)
    #expect(header.payload == 62..<72)
  }

  @Test func every_truncation_and_every_flipped_bit_that_counts_is_refused() {
    for count in 0..<72 {
      #expect(parse(Array(Self.frame.prefix(count))) == nil)
    }
    for index in 22..<72 {
      for bit in 0..<8 {
        var octets = Self.frame
        octets[index] ^= 1 << bit
        #expect(parse(octets) == nil, "octet \(index), bit \(bit)")
      }
    }
  }

  @Test func random_frames_are_survived() {
    var random = SeededGenerator(seed: 9)
    for _ in 0..<5000 {
      var octets = Self.frame
      for _ in 0...Int(random.next() % 6) {
        octets[12 + Int(random.next() % UInt64(octets.count - 12))] = UInt8(random.next() & 0xFF)
      }
      octets.removeLast(Int(random.next() % 20))
      _ = parse(octets)
    }
  }
}

@Suite(.serialized, .enabled(if: NamespacePair.areAvailable, NamespacePair.areNot))
struct DiscoverySocketTests {
  @Test func the_station_of_a_request_and_of_an_answer_is_known() throws {
    let pair = try NamespacePair()
    try pair.up()
    let loop = try EventLoop()
    try usableAddress(pair.left, loop)
    try usableAddress(pair.right, loop)
    let client = try NamespacePair.inside(pair.left) {
      try DiscoverySocket(clientOn: NetworkInterface("plc0"))
    }
    let server = try NamespacePair.inside(pair.right) {
      try DiscoverySocket(serverOn: NetworkInterface("plc0"))
    }
    #expect(client.knowsStations && server.knowsStations)
    var asked: [MACAddress?] = []
    var answered: [(MACAddress?, [UInt8])] = []
    try server.attach(to: loop) { datagram, source, station in
      asked.append(station)
      let octets = datagram.withUnsafeBytes { Array($0) }
      do { try server.send(octets.reversed(), to: source) } catch { Issue.record(error) }
    }
    try client.attach(to: loop) { datagram, source, station in
      #expect(source.port == V2GEndpoint.sdpPort)
      #expect(source.scope == client.interface.index)
      answered.append((station, datagram.withUnsafeBytes { Array($0) }))
    }
    for number in 1...3 as ClosedRange<UInt8> {
      try client.send([number, 0, 0], to: V2GEndpoint(.allNodes, port: V2GEndpoint.sdpPort))
    }
    try loop.run { answered.count == 3 }
    #expect(asked == [MACAddress?](repeating: client.interface.macAddress, count: 3))
    #expect(answered.map(\.0) == [MACAddress?](repeating: server.interface.macAddress, count: 3))
    #expect(answered.map(\.1) == [[0, 0, 1], [0, 0, 2], [0, 0, 3]])
    // Nothing is heard twice, and nothing piles up in the UDP socket.
    let before = loop.wakeUps
    try loop.step(until: loop.now + .milliseconds(200))
    #expect(loop.wakeUps == before + 1)
    #expect(answered.count == 3)
  }
}
