import Foundation
import Glibc
import HomePlug
import LinuxHardware
import Testing
import V2GTransport
import Wire

/// `coupler line` between two namespaces, in a third of its own.
private final class Line {
  /// The command as it was built beside the tests.
  static let executable: String? = {
    let tests = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    guard let folder = tests.map({ URL(filePath: $0).deletingLastPathComponent() }) else { return nil }
    let path = folder.appending(path: "coupler").path
    return access(path, X_OK) == 0 ? path : nil
  }()

  static let isAvailable = NamespacePair.areAvailable && executable != nil
  static let isNot: Comment = "not run as root, no ip command, or coupler not built: the line was not tried"

  let evcc: String
  let secc: String
  private let middle: String
  private let process = Process()
  private let output = Pipe()
  private(set) var text = ""

  init(_ arguments: String...) throws {
    let name = "coupler-\(getpid())-\(UInt16.random(in: 0...UInt16.max))"
    (evcc, secc, middle) = (name + "e", name + "s", name + "m")
    for namespace in [evcc, secc, middle] { try NamespacePair.run("netns", "add", namespace) }
    for (namespace, end) in [(evcc, "line-ev"), (secc, "line-se")] {
      try NamespacePair.run(
        "-n", middle, "link", "add", end, "type", "veth", "peer", "name", "plc0", "netns", namespace)
      try NamespacePair.acceptAddressesAtOnce(namespace)
      try NamespacePair.run("-n", middle, "link", "set", end, "up")
      try NamespacePair.run("-n", namespace, "link", "set", "plc0", "up")
    }
    process.executableURL = URL(filePath: try #require(Self.executable))
    process.arguments = ["line", "line-ev", "line-se"] + arguments
    process.standardOutput = output
    try NamespacePair.inside(middle) { try process.run() }
  }

  deinit {
    if process.isRunning { process.terminate() }
    for namespace in [evcc, secc, middle] { try? NamespacePair.run("netns", "del", namespace) }
  }

  /// Reads the command's lines until one contains `wanted`.
  func wait(for wanted: String, loop: EventLoop) throws -> Bool {
    let descriptor = output.fileHandleForReading.fileDescriptor
    let registration = try loop.add(descriptor, .read) { [unowned self] _ in
      var buffer = [UInt8](repeating: 0, count: 4096)
      let got = read(descriptor, &buffer, buffer.count)
      if got > 0 { text += String(decoding: buffer[..<got], as: UTF8.self) }
    }
    defer { loop.remove(registration) }
    try loop.run { text.contains(wanted) }
    return text.contains(wanted)
  }

  /// Interrupts the command and gives its exit status.
  func stop() -> Int32 {
    process.terminate()
    process.waitUntilExit()
    text += String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
    return process.terminationStatus
  }
}

@Suite(.serialized, .enabled(if: Line.isAvailable, Line.isNot))
struct LineCommandTests {
  /// A host with a packet socket that keeps what it hears.
  private final class Host {
    let socket: PacketSocket
    var heard: [ManagementMessage] = []

    init(_ namespace: String, _ loop: EventLoop) throws {
      socket = try NamespacePair.inside(namespace) {
        try PacketSocket(NetworkInterface("plc0"), .etherType(ManagementFrame.etherType))
      }
      try socket.attach(
        to: loop,
        receive: { [unowned self] frame, _ in
          do { heard.append(try ManagementFrame(parsing: frame).message) } catch { Issue.record(error) }
        }, failed: { Issue.record($0) })
    }

    func send(_ message: ManagementMessage, to destination: MACAddress) throws {
      var output = OutputBuffer()
      ManagementFrame(destination: destination, source: socket.interface.macAddress, message: message)
        .encode(into: &output)
      try socket.send(output.octets)
    }

    func setKey(_ octet: UInt8) throws {
      let nmk = NMK(Octets16([UInt8](repeating: octet, count: 16)))
      let nid = NID([octet, 2, 3, 4, 5, 6, 7])
      try send(
        .setKeyReq(CM_SET_KEY_REQ(myNonce: 1, key: NetworkKey(nmk: nmk, nid: nid))),
        to: ManagementFrame.localModem)
    }
  }

  @Test func hosts_match_join_talk_over_TCP_and_part() throws {
    let loop = try EventLoop()
    let line = try Line("--join-delay", "0.1", "--verbose")
    #expect(try line.wait(for: "line ready: line-ev <-> line-se\n", loop: loop))
    let (evcc, secc) = (try Host(line.evcc, loop), try Host(line.secc, loop))

    // SLAC's broadcasts pass between modems that have no network.
    try evcc.send(.slacParmReq(CM_SLAC_PARM_REQ(runID: RunID(7))), to: .broadcast)
    try loop.run { secc.heard.count == 1 }
    guard case .slacParmReq(let request) = secc.heard.first else {
      Issue.record("\(secc.heard)")
      return
    }
    #expect(request.runID == RunID(7))

    // Data does not.
    try usableAddress(line.evcc, loop)
    try usableAddress(line.secc, loop)
    let (client, server) = try datagramSockets(line)
    var datagrams = 0
    try server.attach(to: loop) { _, _ in datagrams += 1 }
    let everyone = V2GEndpoint(.allNodes, port: V2GEndpoint.sdpPort)
    try client.send([1, 2, 3], to: everyone)
    try loop.run(upTo: .milliseconds(300)) { false }
    #expect(datagrams == 0)

    try evcc.setKey(0x11)
    try secc.setKey(0x11)
    #expect(try line.wait(for: "joined: line-ev <-> line-se, NID 11020304050607\n", loop: loop))
    #expect(secc.heard.contains { if case .setKeyCnf = $0 { true } else { false } })
    try client.send([1, 2, 3], to: everyone)
    try loop.run { datagrams == 1 }
    #expect(datagrams == 1)
    try connect(line, loop)

    try evcc.setKey(0x22)
    #expect(try line.wait(for: "left: line-ev <-> line-se\n", loop: loop))
    #expect(line.stop() == 0)
    #expect(line.text.contains("from line-ev: CM_SLAC_PARM.REQ, 60 octets\n"))
    #expect(line.text.contains("line stopped"))
  }

  @Test func data_may_be_carried_without_keys() throws {
    let loop = try EventLoop()
    let line = try Line("--always-joined", "--json")
    #expect(try line.wait(for: "\"event\":\"ready\"", loop: loop))
    try connect(line, loop)
    #expect(line.stop() == 0)
  }

  @Test func a_lossy_line_still_carries_a_connection() throws {
    let loop = try EventLoop()
    let line = try Line("--join-delay", "0", "--loss", "30", "--seed", "5")
    #expect(try line.wait(for: "line ready", loop: loop))
    let (evcc, secc) = (try Host(line.evcc, loop), try Host(line.secc, loop))
    try evcc.setKey(0x11)
    try secc.setKey(0x11)
    #expect(try line.wait(for: "joined", loop: loop))
    try connect(line, loop)
    #expect(line.stop() == 0)
  }

  @Test func each_interface_gets_the_modem_asked_for() throws {
    let loop = try EventLoop()
    let line = try Line(
      "--modem", "line-se=cg5317", "--fault", "line-ev=inverted-result", "--fault", "line-ev=no-link-status",
      "--restart", "0.2")
    #expect(try line.wait(for: "line ready", loop: loop))
    let (evcc, secc) = (try Host(line.evcc, loop), try Host(line.secc, loop))
    // Each answers its own vendor's question only.
    for host in [evcc, secc] {
      try host.send(.softwareVersionReq, to: ManagementFrame.localModem)
      try host.send(.lumissil(.versionReq(LMSHeader())), to: ManagementFrame.localModem)
    }
    try loop.run { evcc.heard.count + secc.heard.count == 2 }
    #expect(evcc.heard.map(\.type) == [.VS_SW_VER_CNF])
    #expect(secc.heard.map(\.type) == [.NSCM_GET_VERSION_CNF])

    try evcc.setKey(0x11)
    try loop.run { evcc.heard.count == 2 }
    #expect(evcc.heard.last == .setKeyCnf(CM_SET_KEY_CNF(result: 0, myNonce: 1)))
    // It is restarting, and then still keeps its link to itself.
    try evcc.send(.networkInfoReq, to: ManagementFrame.localModem)
    try loop.run(upTo: .milliseconds(300)) { false }
    try evcc.send(.linkStatusReq, to: ManagementFrame.localModem)
    try evcc.send(.networkInfoReq, to: ManagementFrame.localModem)
    try loop.run { evcc.heard.count == 3 }
    #expect(evcc.heard.last?.type == .VS_NW_INFO_CNF)
    #expect(line.stop() == 0)
  }

  @Test(arguments: [
    (["--modem", "a=abc"], "'abc' is none of qca7000, qca7005"),
    (["--modem", "cg5317"], "lacks an interface"),
    (["--modem", "c=cg5317"], "'c', which is not on the line"),
    (["--modem", "a=cg5317", "--modem", "a=generic"], "names an interface twice"),
    (["--fault", "a=tired"], "'tired' is none of silent"),
    (["--restart=-1"], "--restart is 0 to 600 s"), (["--restart", "601"], "--restart is 0 to 600 s"),
  ])
  func a_wrong_option_is_explained(arguments: [String], text: String) throws {
    let process = Process()
    let notes = Pipe()
    process.executableURL = URL(filePath: try #require(Line.executable))
    process.arguments = ["line", "a", "b"] + arguments
    process.standardError = notes
    try process.run()
    let output = String(decoding: notes.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 64)
    #expect(output.contains(text), "\(output)")
  }

  private func datagramSockets(_ line: Line) throws -> (client: UDPSocket6, server: UDPSocket6) {
    (
      try NamespacePair.inside(line.evcc) { try UDPSocket6(clientOn: NetworkInterface("plc0")) },
      try NamespacePair.inside(line.secc) { try UDPSocket6(serverOn: NetworkInterface("plc0")) }
    )
  }

  /// A real TCP connection, with writes so large that the kernel leaves checksums and segmentation to the
  /// interface.
  private func connect(_ line: Line, _ loop: EventLoop) throws {
    try usableAddress(line.evcc, loop)
    let address = try usableAddress(line.secc, loop)
    let listener = try NamespacePair.inside(line.secc) {
      try TCPListener6(NetworkInterface("plc0"), address: address)
    }
    let (secc, evcc) = (Peer(), Peer())
    try listener.attach(to: loop) { connection in try? secc.start(connection) }
    let connection = try NamespacePair.inside(line.evcc) {
      let interface = try NetworkInterface("plc0")
      var target = listener.endpoint
      target.scope = interface.index
      return try TCPConnection6(connectingTo: target, on: interface, loop: loop)
    }
    try evcc.start(connection)
    let octets = (0..<50_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    connection.send(octets)
    try loop.run(upTo: .seconds(15)) { secc.received.count == octets.count }
    // Not inside the macro: printing two such arrays takes a minute.
    let seccHeard = secc.received == octets
    #expect(seccHeard)
    secc.connection?.send(octets)
    try loop.run(upTo: .seconds(15)) { evcc.received.count == octets.count }
    let evccHeard = evcc.received == octets
    #expect(evccHeard)
  }
}
