import CLinux
import Foundation
import Glibc
import LinuxHardware
import Testing
import Wire

/// One end of a Unix connection and all that was told about it.
private final class UnixEnd {
  var connection: UnixStreamConnection?
  var received: [UInt8] = []
  var sent = 0
  var finished = 0
  var closed: [LinuxError?] = []

  func start(_ connection: UnixStreamConnection) throws {
    self.connection = connection
    try connection.start(
      .init(
        received: { [unowned self] octets in octets.withUnsafeBytes { received += Array($0) } },
        sent: { [unowned self] in sent += 1 }, peerFinished: { [unowned self] in finished += 1 },
        closed: { [unowned self] error in closed.append(error) }))
  }
}

/// A folder of its own, so that permissions and paths are the test's alone.
private final class Folder {
  let path: String
  init() throws {
    path = NSTemporaryDirectory() + "coupler-\(UUID().uuidString.prefix(8))"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
  }
  deinit { try? FileManager.default.removeItem(atPath: path) }
  var socket: String { path + "/s" }
}

@Suite struct UnixStreamTests {
  /// A listener whose connections are kept.
  private final class Server {
    let listener: UnixStreamListener
    var ends: [UnixEnd] = []

    init(_ path: String, _ loop: EventLoop, mode: UInt32 = 0o600) throws {
      listener = try UnixStreamListener(path: path, mode: mode)
      try listener.attach(to: loop) { [unowned self] connection in
        let end = UnixEnd()
        ends.append(end)
        do { try end.start(connection) } catch { Issue.record(error) }
      }
    }
  }

  private func run(_ loop: EventLoop, _ condition: () -> Bool) throws {
    let end = loop.now + .seconds(10)
    while !condition() {
      try #require(loop.now < end, "nothing more happens")
      try loop.step(until: min(end, loop.now + .milliseconds(50)))
    }
  }

  @Test func octets_pass_both_ways_and_the_peer_is_known() throws {
    let (loop, folder) = (try EventLoop(), try Folder())
    let server = try Server(folder.socket, loop)
    let client = UnixEnd()
    try client.start(UnixStreamConnection(connectingTo: folder.socket, loop: loop))
    #expect(client.connection?.send([1, 2, 3]) == true)
    try run(loop) { server.ends.first?.received == [1, 2, 3] }
    #expect(
      server.ends[0].connection?.peer
        == PeerCredentials(processID: getpid(), userID: getuid(), groupID: getgid()))
    #expect(client.connection?.peer?.processID == getpid())
    #expect(server.ends[0].connection?.send([4]) == true)
    try run(loop) { client.received == [4] }
  }

  @Test func several_clients_are_served_and_each_end_is_told() throws {
    let (loop, folder) = (try EventLoop(), try Folder())
    let server = try Server(folder.socket, loop)
    let clients = [UnixEnd(), UnixEnd(), UnixEnd()]
    for client in clients { try client.start(UnixStreamConnection(connectingTo: folder.socket, loop: loop)) }
    try run(loop) { server.ends.count == 3 }
    clients[1].connection?.close()
    try run(loop) { server.ends.contains { !$0.closed.isEmpty } }
    #expect(server.ends.map(\.closed.count).sorted() == [0, 0, 1])
    #expect(server.ends.allSatisfy { $0.closed.allSatisfy { $0 == nil } })
    #expect(clients.allSatisfy { $0.closed.isEmpty }, "who closes is not told")
  }

  @Test func who_finishes_still_hears_the_answer() throws {
    let (loop, folder) = (try EventLoop(), try Folder())
    let server = try Server(folder.socket, loop)
    let client = UnixEnd()
    try client.start(UnixStreamConnection(connectingTo: folder.socket, loop: loop))
    _ = client.connection?.send([1])
    client.connection?.finish()
    #expect(client.connection?.send([2]) == false)
    try run(loop) { server.ends.first?.finished == 1 }
    #expect(server.ends[0].received == [1] && server.ends[0].closed.isEmpty)
    let wakeUps = loop.wakeUps
    try loop.step(until: loop.now + .milliseconds(50))
    #expect(loop.wakeUps == wakeUps + 1, "an end that is half closed keeps the loop awake")
    #expect(server.ends[0].connection?.send([3]) == true)
    server.ends[0].connection?.close()
    try run(loop) { !client.closed.isEmpty }
    #expect(client.received == [3] && client.closed == [nil])
  }

  @Test func a_peer_that_does_not_read_is_waited_for_without_turning() throws {
    let (loop, folder) = (try EventLoop(), try Folder())
    let server = try Server(folder.socket, loop)
    // Not started: it reads nothing.
    let raw = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(raw) }
    #expect(connectPlain(raw, folder.socket) == 0)
    try run(loop) { server.ends.count == 1 }
    let much = [UInt8](repeating: 7, count: 4_000_000)
    #expect(server.ends[0].connection?.send(much) == false)
    let wakeUps = loop.wakeUps
    try loop.step(until: loop.now + .milliseconds(50))
    #expect(loop.wakeUps == wakeUps + 1)
    #expect(server.ends[0].sent == 0 && server.ends[0].connection?.pendingOctets ?? 0 > 0)
    var got = 0
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while got < much.count {
      let count = recv(raw, &buffer, buffer.count, Int32(MSG_DONTWAIT))
      if count > 0 { got += count } else { try loop.step(until: loop.now + .milliseconds(20)) }
    }
    try run(loop) { server.ends[0].sent == 1 }
    #expect(server.ends[0].connection?.pendingOctets == 0)
  }

  @Test func permissions_are_as_asked_for_whatever_the_mask_says() throws {
    let folder = try Folder()
    let old = umask(0)
    defer { umask(old) }
    for mode in [0o600, 0o660, 0o640] as [UInt32] {
      let listener = try UnixStreamListener(path: folder.socket, mode: mode)
      var status = stat()
      #expect(lstat(folder.socket, &status) == 0 && status.st_mode & 0o777 == mode)
      withExtendedLifetime(listener) {}
    }
    #expect(access(folder.socket, F_OK) != 0, "the file goes with the listener")
  }

  @Test func a_socket_left_behind_is_replaced_and_a_served_one_is_not() throws {
    let (loop, folder) = (try EventLoop(), try Folder())
    let raw = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    #expect(bindPlain(raw, folder.socket) == 0)
    close(raw)
    let server = try Server(folder.socket, loop)
    let error = #expect(throws: LinuxError.self) { try UnixStreamListener(path: folder.socket, mode: 0o600) }
    #expect(error?.code == EADDRINUSE)
    #expect(error?.description.contains("is the daemon already running?") == true)
    // The refused one took nothing away.
    let client = UnixEnd()
    try client.start(UnixStreamConnection(connectingTo: folder.socket, loop: loop))
    try run(loop) { server.ends.contains { $0.connection?.peer != nil && $0.closed.isEmpty } }
  }

  @Test func what_is_no_socket_is_left_alone() throws {
    let folder = try Folder()
    try Data("precious".utf8).write(to: URL(fileURLWithPath: folder.socket))
    let error = #expect(throws: LinuxError.self) { try UnixStreamListener(path: folder.socket, mode: 0o600) }
    #expect(error?.code == EEXIST)
    #expect(try String(contentsOfFile: folder.socket, encoding: .utf8) == "precious")
  }

  @Test func a_successor_keeps_its_socket_when_the_old_listener_goes() throws {
    let folder = try Folder()
    var old: UnixStreamListener? = try UnixStreamListener(path: folder.socket, mode: 0o600)
    unlink(folder.socket)
    let new = try UnixStreamListener(path: folder.socket, mode: 0o600)
    old = nil
    #expect(old == nil && access(folder.socket, F_OK) == 0)
    withExtendedLifetime(new) {}
  }

  @Test func errors_name_cause_and_remedy() throws {
    let (loop, folder) = (try EventLoop(), try Folder())
    func text(_ body: () throws -> Void) -> String {
      do { try body() } catch { return "\(error)" }
      return "no error"
    }
    #expect(
      text { _ = try UnixStreamListener(path: folder.path + "/no/s", mode: 0o600) }.hasSuffix(
        "No such file or directory; its folder does not exist; make it, or choose another path"))
    #expect(
      text { _ = try UnixStreamListener(path: "/" + String(repeating: "x", count: 120), mode: 0o600) }
        .contains("107 octets"))
    let missing = #expect(throws: LinuxError.self) {
      try UnixStreamConnection(connectingTo: folder.socket, loop: loop)
    }
    #expect(missing?.code == ENOENT)
    let raw = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    #expect(bindPlain(raw, folder.socket) == 0)
    close(raw)
    let refused = #expect(throws: LinuxError.self) {
      try UnixStreamConnection(connectingTo: folder.socket, loop: loop)
    }
    #expect(refused?.code == ECONNREFUSED)
  }

  @Test func letting_go_closes() throws {
    let (loop, folder) = (try EventLoop(), try Folder())
    let server = try Server(folder.socket, loop)
    var client: UnixEnd? = UnixEnd()
    try client?.start(UnixStreamConnection(connectingTo: folder.socket, loop: loop))
    try run(loop) { server.ends.count == 1 }
    client = nil
    try run(loop) { server.ends[0].closed.count == 1 }
  }
}

private func address(_ path: String) -> sockaddr_un {
  var address = sockaddr_un()
  address.sun_family = sa_family_t(AF_UNIX)
  withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
  return address
}

private func withAddress(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
  withUnsafePointer(to: address(path)) { pointer in
    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
    }
  }
}

private func bindPlain(_ raw: Int32, _ path: String) -> Int32 { withAddress(path) { bind(raw, $0, $1) } }
private func connectPlain(_ raw: Int32, _ path: String) -> Int32 {
  withAddress(path) { connect(raw, $0, $1) }
}
