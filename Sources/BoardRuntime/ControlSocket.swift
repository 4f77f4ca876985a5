import ControlAPI
import LinuxHardware
import SiteFile
import Wire

/// The control socket: octets of clients to the server's machine, its calls to the desk.
final class ControlSocket {
  private var server: ControlServer
  private let listener: UnixStreamListener
  private let desk: ControlDesk
  private let loop: EventLoop
  private let log: (String) -> Void
  private var timer: LoopTimer?
  private var clients: [ControlClientID: UnixStreamConnection] = [:]
  private var lastClient: UInt64 = 0
  /// Events of the machine wait for their turn: what it wants done may bring the next one at once.
  private var waiting: [ControlServerEvent] = []
  private var isHandling = false

  init(
    _ settings: SiteConfiguration.ControlSettings, desk: ControlDesk, loop: EventLoop,
    log: @escaping (String) -> Void
  ) throws(LinuxError) {
    server = ControlServer(clientsMax: settings.clientsMax)
    listener = try UnixStreamListener(path: settings.socket, mode: settings.mode)
    self.desk = desk
    self.loop = loop
    self.log = log
    timer = loop.addTimer { [weak self] in self?.handle(.timeout) }
    try listener.attach(to: loop) { [weak self] in self?.accept($0) }
    desk.publish = { [weak self] in self?.handle(.publish($0)) }
    desk.isHeard = false
  }

  private func accept(_ connection: UnixStreamConnection) {
    lastClient += 1
    let client = ControlClientID(lastClient)
    clients[client] = connection
    do throws(LinuxError) {
      try connection.start(
        UnixStreamConnection.Handlers(
          received: { [weak self] octets in
            self?.handle(.received(client, octets.withUnsafeBytes { Array($0) }))
          },
          sent: { [weak self] in self?.handle(.sent(client)) },
          peerFinished: { [weak self] in self?.handle(.finished(client)) },
          closed: { [weak self] _ in
            self?.clients[client] = nil
            self?.handle(.disconnected(client))
            self?.desk.isGone(client)
          }))
      handle(.connected(client))
    } catch {
      clients[client] = nil
      log("a client could not be served: \(error)")
    }
  }

  private func handle(_ event: ControlServerEvent) {
    waiting.append(event)
    guard !isHandling else { return }
    isHandling = true
    while !waiting.isEmpty {
      var actions: [ControlServerAction] = []
      server.handle(waiting.removeFirst(), at: loop.now) { actions.append($0) }
      desk.isHeard = server.hasSubscribers
      for action in actions { perform(action) }
    }
    isHandling = false
    timer?.deadline = server.deadline
  }

  private func perform(_ action: ControlServerAction) {
    switch action {
    case .send(let client, let octets):
      if clients[client]?.send(octets) ?? false { waiting.append(.sent(client)) }
    case .close(let client, let reason):
      if reason != .finished { log("parted from a client: \(reason.rawValue)") }
      clients.removeValue(forKey: client)?.close()
      desk.isGone(client)
    case .call(let call, let request, let client):
      note(request, of: client)
      desk.answer(request, of: client) { [weak self] result in self?.handle(.answer(call, result)) }
    }
  }

  /// Who steers the station is worth a line; who only looks is not.
  private func note(_ request: ControlRequest, of client: ControlClientID) {
    switch request {
    case .info, .status, .values, .errors, .power, .battery: return
    case .authorize, .stop, .pause, .resume, .limit, .clear: break
    }
    let peer = clients[client]?.peer.map { "user \($0.userID), process \($0.processID)" } ?? "unknown"
    log("\(request.words), asked by \(peer)")
  }
}

extension ControlRequest {
  /// For the log, as an order: what came of it is told by events. Without the customer's token.
  fileprivate var words: String {
    switch self {
    case .info, .status, .values, .errors, .power, .battery: "a look"
    case .authorize(let connector, let granted, _):
      "\(granted ? "authorize" : "refuse") connector \(connector)"
    case .stop(let connector, let reason): "stop connector \(connector) (\(reason.rawValue))"
    case .pause(let connector): "pause connector \(connector)"
    case .resume(let connector): "resume connector \(connector)"
    case .limit(let connector, _): "limit connector \(connector)"
    case .clear(let connector): "clear the fault of connector \(connector)"
    }
  }
}
