import ControlAPI
import Foundation
import Glibc
import LinuxHardware
import Wire

/// A station that is nothing but its control socket: the server's machine on a real socket, with answers that a test
/// chooses. It runs on a thread of its own and is steered through a mutex, one call at a time.
final class FakeStation {
  let socket: String
  private let folder: String
  private let thread: Thread
  private let mailbox: Mailbox

  /// What the test wants of the thread.
  private final class Mailbox: @unchecked Sendable {
    let lock = NSLock()
    var events: [ControlEvent] = []
    var requests: [ControlRequest] = []
    var isOver = false
    var hasEnded = false
    var subscribers = false
  }

  init(
    mode: UInt32 = 0o600, clientsMax: Int = 16, inPlaceOf former: FakeStation? = nil,
    answer: @escaping @Sendable (ControlRequest) -> Result<ControlResult, ControlFailure>?
  ) throws {
    folder = former?.folder ?? NSTemporaryDirectory() + "coupler-\(UUID().uuidString.prefix(8))"
    if former == nil {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    }
    socket = folder + "/control.sock"
    let mailbox = Mailbox()
    self.mailbox = mailbox
    let path = socket
    let isReady = DispatchSemaphore(value: 0)
    thread = Thread {
      Self.serve(path, mode, clientsMax, mailbox, isReady, answer)
      mailbox.lock.withLock { mailbox.hasEnded = true }
    }
    thread.start()
    isReady.wait()
  }

  deinit {
    end()
    try? FileManager.default.removeItem(atPath: folder)
  }

  var requests: [ControlRequest] { mailbox.lock.withLock { mailbox.requests } }
  var hasSubscribers: Bool { mailbox.lock.withLock { mailbox.subscribers } }
  func publish(_ event: ControlEvent) { mailbox.lock.withLock { mailbox.events.append(event) } }

  /// As a daemon that ends: connections are closed, the socket's file goes.
  func end() {
    mailbox.lock.withLock { mailbox.isOver = true }
    while !mailbox.lock.withLock({ mailbox.hasEnded }) { usleep(5000) }
  }

  private static func serve(
    _ path: String, _ mode: UInt32, _ clientsMax: Int, _ mailbox: Mailbox, _ isReady: DispatchSemaphore,
    _ answer: @escaping (ControlRequest) -> Result<ControlResult, ControlFailure>?
  ) {
    guard let loop = try? EventLoop(), let listener = try? UnixStreamListener(path: path, mode: mode) else {
      return _ = isReady.signal()
    }
    let server = StationSocket(loop, clientsMax: clientsMax) { request in
      mailbox.lock.withLock { mailbox.requests.append(request) }
      return answer(request)
    }
    try? listener.attach(to: loop) { server.add($0) }
    isReady.signal()
    while !mailbox.lock.withLock({ mailbox.isOver }) {
      _ = try? loop.step(until: loop.now + .milliseconds(5))
      let events = mailbox.lock.withLock {
        defer { mailbox.events = [] }
        mailbox.subscribers = server.hasSubscribers
        return mailbox.events
      }
      for event in events { server.handle(.publish(event)) }
    }
  }
}

/// Connections of a listener, joined to the server's machine: what a daemon does.
private final class StationSocket {
  private var server: ControlServer
  private let loop: EventLoop
  private let answer: (ControlRequest) -> Result<ControlResult, ControlFailure>?
  private var connections: [ControlClientID: UnixStreamConnection] = [:]
  private var last: UInt64 = 0
  private var timer: LoopTimer?

  init(
    _ loop: EventLoop, clientsMax: Int,
    answer: @escaping (ControlRequest) -> Result<ControlResult, ControlFailure>?
  ) {
    server = ControlServer(clientsMax: clientsMax)
    self.loop = loop
    self.answer = answer
    timer = loop.addTimer { [weak self] in self?.handle(.timeout) }
  }

  var hasSubscribers: Bool { server.hasSubscribers }

  func add(_ connection: UnixStreamConnection) {
    last += 1
    let id = ControlClientID(last)
    connections[id] = connection
    try? connection.start(
      .init(
        received: { [weak self] octets in self?.handle(.received(id, octets.withUnsafeBytes { Array($0) })) },
        sent: { [weak self] in self?.handle(.sent(id)) },
        peerFinished: { [weak self] in self?.handle(.finished(id)) },
        closed: { [weak self] _ in
          self?.connections[id] = nil
          self?.handle(.disconnected(id))
        }))
    handle(.connected(id))
  }

  func handle(_ event: ControlServerEvent) {
    var actions: [ControlServerAction] = []
    server.handle(event, at: loop.now) { actions.append($0) }
    for action in actions {
      switch action {
      case .send(let id, let octets):
        if connections[id]?.send(octets) == true { handle(.sent(id)) }
      case .close(let id, _): connections.removeValue(forKey: id)?.close()
      case .call(let call, let request, _):
        if let result = answer(request) { handle(.answer(call, result)) }
      }
    }
    timer?.deadline = server.deadline
  }
}
