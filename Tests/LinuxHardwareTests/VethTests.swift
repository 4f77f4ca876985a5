import Glibc
import LinuxHardware
import Testing
import V2GTransport
import Wire

/// What only a kernel can show: frames, addresses, multicast and connections over a veth pair.
@Suite(.serialized, .enabled(if: NamespacePair.areAvailable, NamespacePair.areNot))
struct VethTests {
  private func interface(_ namespace: String) throws -> NetworkInterface {
    try NamespacePair.inside(namespace) { try NetworkInterface("plc0") }
  }

  @Test func frames_go_to_and_fro_and_are_padded() throws {
    let pair = try NamespacePair()
    try pair.upForFrames()
    let loop = try EventLoop()
    let homePlug = PacketSocket.Filter.etherType(0x88E1)
    let one = try NamespacePair.inside(pair.left) { try PacketSocket(NetworkInterface("plc0"), homePlug) }
    let two = try NamespacePair.inside(pair.right) { try PacketSocket(NetworkInterface("plc0"), homePlug) }
    let watch = try NamespacePair.inside(pair.left) { try PacketSocket(NetworkInterface("plc0"), .capture) }
    var answers: [[UInt8]] = []
    var watched: [PacketSocket.Direction] = []
    try two.attach(
      to: loop,
      receive: { frame, direction in
        #expect(direction == .incoming)
        var octets = frame.withUnsafeBytes { Array($0) }
        octets.replaceSubrange(0..<6, with: octets[6..<12])
        do { try two.send(octets) } catch { Issue.record(error) }
      }, failed: { Issue.record($0) })
    try one.attach(
      to: loop, receive: { frame, _ in answers.append(frame.withUnsafeBytes { Array($0) }) },
      failed: { Issue.record($0) })
    try watch.attach(
      to: loop,
      receive: { frame, direction in
        let isHomePlug = frame.withUnsafeBytes { $0[12] == 0x88 && $0[13] == 0xE1 }
        if isHomePlug { watched.append(direction) }
      }, failed: { Issue.record($0) })
    let frame = MACAddress.broadcast.octets + one.interface.macAddress.octets + [0x88, 0xE1, 1, 0x64, 0x60]
    for _ in 0..<3 { try one.send(frame) }
    // Another protocol does not pass the filter.
    try one.send(MACAddress.broadcast.octets + one.interface.macAddress.octets + [0x88, 0xB5, 1])
    try loop.run { answers.count >= 3 && watched.count >= 6 }
    #expect(answers.count == 3)
    #expect(answers.allSatisfy { $0.count == 60 && Array($0[12..<17]) == [0x88, 0xE1, 1, 0x64, 0x60] })
    #expect(watched.filter { $0 == .outgoing }.count == 3)
    #expect(watched.filter { $0 == .incoming }.count == 3)
  }

  @Test func frames_that_come_faster_than_they_are_read_are_counted() throws {
    let pair = try NamespacePair()
    try pair.upForFrames()
    let homePlug = PacketSocket.Filter.etherType(0x88E1)
    let one = try NamespacePair.inside(pair.left) { try PacketSocket(NetworkInterface("plc0"), homePlug) }
    let two = try NamespacePair.inside(pair.right) { try PacketSocket(NetworkInterface("plc0"), homePlug) }
    #expect(two.overruns == 0)
    let frame = MACAddress.broadcast.octets + one.interface.macAddress.octets + [0x88, 0xE1, 1, 0x64, 0x60]
    for _ in 0..<20_000 { try one.send(frame) }
    var read = 0
    while try two.receive({ _, _ in read += 1 }) {}
    #expect(two.overruns > 0)
    #expect(read + two.overruns == 20_000)
    #expect(read + two.overruns == 20_000, "asked again the kernel has no more to tell")
  }

  @Test func the_monitor_follows_an_interface_from_nowhere_to_a_usable_address_and_back() throws {
    let pair = try NamespacePair(detectsDuplicates: true)
    let loop = try EventLoop()
    let monitor = try NamespacePair.inside(pair.left) { try LinkLocalMonitor(interface: "plc0") }
    var states: [LinkLocalState] = []
    try monitor.attach(to: loop) { states.append($0) }
    try loop.run { !states.isEmpty }
    #expect(states == [.down])
    try pair.up()
    let begin = loop.now
    try loop.run(upTo: .milliseconds(300)) { false }
    // Of an address under test the kernel only tells who asks.
    let late = try NamespacePair.inside(pair.left) { try LinkLocalMonitor(interface: "plc0") }
    var lateStates: [LinkLocalState] = []
    try late.attach(to: loop) { lateStates.append($0) }
    try loop.run { !lateStates.isEmpty }
    try loop.run { if case .usable = states.last { true } else { false } }
    let took = loop.now - begin
    let mac = try interface(pair.left)
    let address = IPv6Address(linkLocalFor: mac.macAddress)
    let usable = LinkLocalState.usable(address, interfaceIndex: mac.index)
    #expect(states == [.down, .noAddress, usable])
    #expect(lateStates == [.tentative(address), usable])
    #expect(took < .seconds(4))
    // While nothing changes, the loop sleeps.
    let before = loop.wakeUps
    try loop.step(until: loop.now + .milliseconds(300))
    #expect(loop.wakeUps <= before + 2)
    try NamespacePair.run("-n", pair.left, "link", "del", "plc0")
    try loop.run { states.last == .missing }
    #expect(states.last == .missing)
  }

  @Test func a_duplicate_address_is_told() throws {
    let pair = try NamespacePair(detectsDuplicates: true)
    try NamespacePair.run("-n", pair.left, "link", "set", "plc0", "addrgenmode", "none")
    try pair.up()
    try NamespacePair.run("-n", pair.right, "addr", "add", "fe80::e1/64", "dev", "plc0", "nodad")
    let loop = try EventLoop()
    let monitor = try NamespacePair.inside(pair.left) { try LinkLocalMonitor(interface: "plc0") }
    var states: [LinkLocalState] = []
    try monitor.attach(to: loop) { states.append($0) }
    try loop.run { states.last == .noAddress }
    try NamespacePair.run("-n", pair.left, "addr", "add", "fe80::e1/64", "dev", "plc0")
    let duplicate = LinkLocalState.duplicate(try #require(IPv6Address("fe80::e1")))
    try loop.run { states.last == duplicate }
    #expect(states.last == duplicate)
  }

  @Test func discovery_finds_the_charger_over_multicast_and_a_connection_follows() throws {
    let pair = try NamespacePair()
    try pair.up()
    let loop = try EventLoop()
    let address = try usableAddress(pair.right, loop)
    _ = try usableAddress(pair.left, loop)
    let (evccInterface, seccInterface) = (try interface(pair.left), try interface(pair.right))
    let listener = try NamespacePair.inside(pair.right) { try TCPListener6(seccInterface, address: address) }
    let secc = Peer()
    try listener.attach(to: loop) { connection in try? secc.start(connection) }

    var server = SDPServer()
    server.handle(.enable(listener.endpoint, SDPPolicy()), at: loop.now) { _ in }
    let serverSocket = try NamespacePair.inside(pair.right) { try UDPSocket6(serverOn: seccInterface) }
    try serverSocket.attach(to: loop) { datagram, source in
      server.handle(.request(datagram.withUnsafeBytes { Array($0) }, from: source, mac: nil), at: loop.now) {
        if case .respond(let octets, let target) = $0 { try? serverSocket.send(octets, to: target) }
      }
    }
    let clientSocket = try NamespacePair.inside(pair.left) { try UDPSocket6(clientOn: evccInterface) }
    #expect(V2GEndpoint.dynamicPorts.contains(clientSocket.endpoint.port))
    var client = SDPClient()
    var found: V2GEndpoint?
    let perform = { (action: SDPClient.Action) in
      switch action {
      case .send(let octets):
        try? clientSocket.send(octets, to: V2GEndpoint(.allNodes, port: V2GEndpoint.sdpPort))
      case .found(let endpoint, _): found = endpoint
      case .failed, .trace: break
      }
    }
    try clientSocket.attach(to: loop) { datagram, source in
      client.handle(
        .response(datagram.withUnsafeBytes { Array($0) }, from: source, mac: nil), at: loop.now,
        perform: perform)
    }
    client.handle(.start(SDPDemand(security: .noTLS)), at: loop.now, perform: perform)
    try loop.run { found != nil }
    let endpoint = try #require(found)
    #expect(endpoint == V2GEndpoint(address, port: listener.endpoint.port, scope: evccInterface.index))

    let evcc = Peer()
    let connection = try NamespacePair.inside(pair.left) {
      try TCPConnection6(connectingTo: endpoint, on: evccInterface, loop: loop)
    }
    try evcc.start(connection)
    connection.send([UInt8](repeating: 0x80, count: 5000))
    try loop.run { secc.received.count == 5000 }
    #expect(secc.received.count == 5000)
    #expect(secc.connection?.peer.address.isLinkLocal == true)
    #expect(secc.connection?.peer.scope == seccInterface.index)
    connection.abort()
    try loop.run { secc.closed.count == 1 }
    #expect(secc.closed == [LinuxError("", code: ECONNRESET)])
  }

  @Test func a_cable_that_is_pulled_ends_the_connection_in_time() throws {
    let pair = try NamespacePair()
    try pair.up()
    let loop = try EventLoop()
    let address = try usableAddress(pair.right, loop)
    try usableAddress(pair.left, loop)
    let (evccInterface, seccInterface) = (try interface(pair.left), try interface(pair.right))
    let listener = try NamespacePair.inside(pair.right) { try TCPListener6(seccInterface, address: address) }
    let (secc, evcc) = (Peer(), Peer())
    try listener.attach(to: loop) { connection in try? secc.start(connection) }
    var settings = TCPSettings.standard
    settings.userTimeout = 700
    var target = listener.endpoint
    target.scope = evccInterface.index
    let connection = try NamespacePair.inside(pair.left) {
      try TCPConnection6(connectingTo: target, on: evccInterface, settings: settings, loop: loop)
    }
    try evcc.start(connection)
    try loop.run { evcc.connected == 1 && secc.connected == 1 }
    try NamespacePair.run("-n", pair.right, "link", "set", "plc0", "down")
    let pulled = loop.now
    connection.send([1, 2, 3])
    try loop.run { evcc.closed.count == 1 }
    #expect(evcc.closed.first?.map(\.code) == ETIMEDOUT || evcc.closed.first?.map(\.code) == EHOSTUNREACH)
    #expect(loop.now - pulled < .seconds(3))
  }

  @Test func what_a_packet_socket_shows_of_a_connection_is_what_a_wire_would_carry() throws {
    let pair = try NamespacePair()
    try pair.up()
    let loop = try EventLoop()
    let address = try usableAddress(pair.right, loop)
    _ = try usableAddress(pair.left, loop)
    let (evccInterface, seccInterface) = (try interface(pair.left), try interface(pair.right))
    let listener = try NamespacePair.inside(pair.right) { try TCPListener6(seccInterface, address: address) }
    let secc = Peer()
    try listener.attach(to: loop) { connection in try? secc.start(connection) }
    let watch = try NamespacePair.inside(pair.right) { try PacketSocket(seccInterface, .capture) }
    var frames: [[UInt8]] = []
    try watch.attach(
      to: loop, receive: { frame, _ in frames.append(frame.withUnsafeBytes { Array($0) }) },
      failed: { Issue.record($0) })
    // The listener's scope is the other namespace's; the client's interface has its own number.
    var target = listener.endpoint
    target.scope = evccInterface.index
    let connection = try NamespacePair.inside(pair.left) {
      try TCPConnection6(connectingTo: target, on: evccInterface, loop: loop)
    }
    let evcc = Peer()
    try evcc.start(connection)
    connection.send([UInt8](repeating: 0x42, count: 30_000))
    try loop.run { secc.received.count == 30_000 }
    try loop.step(until: loop.now + .milliseconds(50))
    let segments = frames.filter { $0.count > 54 && $0[12] == 0x86 && $0[13] == 0xDD && $0[20] == 6 }
    #expect(segments.count >= 21 + 3)
    #expect(segments.allSatisfy { $0.count <= 1514 })
    #expect(segments.allSatisfy { upperLayerSum($0) == 0xFFFF })
    #expect(watch.undeliverable == 0)
  }

  @Test func an_interface_that_goes_away_is_told_once() throws {
    let pair = try NamespacePair()
    try pair.up()
    let loop = try EventLoop()
    let packets = try NamespacePair.inside(pair.left) {
      try PacketSocket(NetworkInterface("plc0"), .everything)
    }
    var failures: [LinuxError] = []
    try packets.attach(to: loop, receive: { _, _ in }, failed: { failures.append($0) })
    try NamespacePair.run("-n", pair.left, "link", "del", "plc0")
    try loop.run { !failures.isEmpty }
    try loop.run(upTo: .milliseconds(100)) { false }
    #expect(failures.count >= 1 && failures.count <= 2)
    #expect(throws: LinuxError.self) { try packets.send([UInt8](repeating: 0, count: 60)) }
  }
}
