import Glibc
import LinuxHardware
import Testing
import V2GTransport
import Wire

/// One end of a connection and all that was told about it.
final class Peer {
  var connection: TCPConnection6?
  var connected = 0
  var received: [UInt8] = []
  var finished = 0
  var closed: [LinuxError?] = []

  func start(_ connection: TCPConnection6) throws {
    self.connection = connection
    try connection.start(
      .init(
        connected: { [unowned self] in connected += 1 },
        received: { [unowned self] octets in octets.withUnsafeBytes { received += Array($0) } },
        peerFinished: { [unowned self] in finished += 1 },
        closed: { [unowned self] error in closed.append(error) }))
  }
}

/// A server and a client on the loopback interface, connected.
struct Connected {
  let loop: EventLoop
  let listener: TCPListener6
  let secc = Peer()
  let evcc = Peer()

  init(settings: TCPSettings = .standard) throws {
    loop = try EventLoop()
    let lo = try NetworkInterface("lo")
    listener = try TCPListener6(lo, address: .loopback, settings: settings)
    let (loop, secc, evcc) = (loop, secc, evcc)
    try listener.attach(to: loop) { connection in
      do { try secc.start(connection) } catch { Issue.record(error) }
    }
    try evcc.start(TCPConnection6(connectingTo: listener.endpoint, on: lo, settings: settings, loop: loop))
    try loop.run { evcc.connected == 1 && secc.connected == 1 }
    try #require(evcc.connected == 1 && secc.connected == 1)
  }
}

@Suite struct TCPConnectionTests {
  @Test func ports_are_in_the_range_of_the_standard() throws {
    let both = try Connected()
    #expect(V2GEndpoint.dynamicPorts.contains(both.listener.endpoint.port))
    let source = try #require(both.secc.connection?.peer)
    #expect(source.address == .loopback)
    #expect(V2GEndpoint.dynamicPorts.contains(source.port))
  }

  @Test func a_message_and_its_answer_pass() throws {
    let both = try Connected()
    #expect(both.evcc.connection?.send([1, 2, 3]) == true)
    try both.loop.run { both.secc.received.count == 3 }
    #expect(both.secc.connection?.send([4]) == true)
    try both.loop.run { both.evcc.received.count == 1 }
    #expect(both.secc.received == [1, 2, 3])
    #expect(both.evcc.received == [4])
  }

  @Test func octets_sent_before_the_connection_stands_are_sent_after() throws {
    let loop = try EventLoop()
    let lo = try NetworkInterface("lo")
    let listener = try TCPListener6(lo, address: .loopback)
    let (secc, evcc) = (Peer(), Peer())
    try listener.attach(to: loop) { connection in try? secc.start(connection) }
    let connection = try TCPConnection6(connectingTo: listener.endpoint, on: lo, loop: loop)
    try evcc.start(connection)
    #expect(connection.send([9, 8, 7]))
    try loop.run { secc.received.count == 3 }
    #expect(secc.received == [9, 8, 7])
  }

  @Test func each_side_finishes_by_itself_and_then_the_connection_is_closed_in_order() throws {
    let both = try Connected()
    both.evcc.connection?.send([1])
    both.evcc.connection?.finish()
    #expect(both.evcc.connection?.send([2]) == false)
    try both.loop.run { both.secc.finished == 1 }
    #expect(both.secc.received == [1])
    #expect(both.secc.connection?.send([3, 4]) == true)
    try both.loop.run { both.evcc.received.count == 2 }
    both.secc.connection?.finish()
    try both.loop.run { both.evcc.closed.count == 1 && both.secc.closed.count == 1 }
    #expect(both.evcc.closed == [nil])
    #expect(both.secc.closed == [nil])
    #expect(both.evcc.finished == 1 && both.secc.finished == 1)
  }

  @Test func a_reset_is_an_error_to_the_other_side() throws {
    let both = try Connected()
    both.evcc.connection?.abort()
    try both.loop.run { both.secc.closed.count == 1 }
    #expect(both.secc.closed == [LinuxError("", code: ECONNRESET)])
    #expect(both.evcc.closed.isEmpty, "who closes is not told")
  }

  @Test func letting_go_of_a_connection_closes_it() throws {
    let both = try Connected()
    both.evcc.connection = nil
    try both.loop.run { both.secc.finished == 1 }
    #expect(both.secc.finished == 1)
  }

  @Test func nobody_listening_is_an_error_with_the_address() throws {
    let loop = try EventLoop()
    let lo = try NetworkInterface("lo")
    let port: UInt16
    do {
      let listener = try TCPListener6(lo, address: .loopback)
      port = listener.endpoint.port
    }
    let evcc = Peer()
    try evcc.start(TCPConnection6(connectingTo: V2GEndpoint(.loopback, port: port), on: lo, loop: loop))
    try loop.run { evcc.closed.count == 1 }
    #expect(evcc.closed == [LinuxError("", code: ECONNREFUSED)])
    #expect(evcc.connected == 0)
    let text = evcc.closed.first??.description ?? ""
    #expect(text == "cannot connect to [::1%1]:\(port) on lo: Connection refused")
  }

  @Test func a_peer_that_does_not_read_cannot_make_the_queue_grow() throws {
    var settings = TCPSettings.standard
    settings.outputMax = 64 * 1024
    let both = try Connected(settings: settings)
    let connection = try #require(both.evcc.connection)
    let part = [UInt8](repeating: 7, count: 16 * 1024)
    var accepted = 0
    while connection.send(part) { accepted += part.count }
    #expect(connection.pendingOctets <= 64 * 1024)
    #expect(both.secc.received.isEmpty, "the loop has not run")
    try both.loop.run { both.secc.received.count == accepted }
    #expect(both.secc.received.count == accepted)
    #expect(connection.pendingOctets == 0)
    #expect(connection.send([1]))
  }

  @Test func an_idle_connection_does_not_wake_the_loop() throws {
    let both = try Connected()
    try both.loop.step(until: both.loop.now + .milliseconds(20))
    let before = both.loop.wakeUps
    try both.loop.step(until: both.loop.now + .milliseconds(300))
    #expect(both.loop.wakeUps == before + 1)
  }
}
