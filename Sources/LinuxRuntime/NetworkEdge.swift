import Glibc
public import LinuxHardware
public import Node
import V2GTransport
import Wire

/// The sockets of one node on one interface: carries its network actions out and hands in what arrives.
///
/// Decides nothing. One connection at a time is the session's; one that is being closed lives on beside it until
/// the peer has finished too, at most `termination`.
public final class NetworkEdge {
  /// Which side of discovery this edge plays.
  public enum Role: Sendable { case charger(port: UInt16?), vehicle }

  /// What arrives.
  public struct Handlers {
    public var event: (NetworkEvent) -> Void
    public var octets: (RawSpan) -> Void
    /// Something at the edge failed that no node has to know of, for the log.
    public var report: (LinuxError) -> Void

    public init(
      event: @escaping (NetworkEvent) -> Void, octets: @escaping (RawSpan) -> Void,
      report: @escaping (LinuxError) -> Void
    ) {
      self.event = event
      self.octets = octets
      self.report = report
    }
  }

  public let interface: NetworkInterface
  private let loop: EventLoop
  private let role: Role
  private let modem: PacketSocket?
  private let discovery: DiscoverySocket
  private let monitor: LinkLocalMonitor
  private let handlers: Handlers
  private var address: IPv6Address?
  private var wantsListener = false
  private var listener: TCPListener6?
  private var connection: TCPConnection6?
  private var closing: [TCPConnection6] = []
  /// Most connections that are being closed at a time.
  private static let closingMax = 4
  private var closingTimer: LoopTimer?

  /// Opens the sockets. `matching` opens AF_PACKET too, which needs CAP_NET_RAW.
  public init(
    _ interface: NetworkInterface, role: Role, matching: Bool, loop: EventLoop, handlers: Handlers
  ) throws(LinuxError) {
    self.interface = interface
    self.loop = loop
    self.role = role
    self.handlers = handlers
    modem = matching ? try PacketSocket(interface, .etherType(0x88E1)) : nil
    monitor = try LinkLocalMonitor(interface: interface.name)
    discovery =
      switch role {
      case .charger: try DiscoverySocket(serverOn: interface)
      case .vehicle: try DiscoverySocket(clientOn: interface)
      }
  }

  /// Frames the modem's socket could not deliver whole.
  var undeliverableFrames: Int { modem?.undeliverable ?? 0 }
  /// Frames the kernel had no room for.
  var overruns: Int { modem?.overruns ?? 0 }

  /// Begins to hand in events.
  public func start() throws(LinuxError) {
    let handlers = handlers
    try modem?.attach(
      to: loop,
      receive: { frame, direction in
        if direction == .incoming { handlers.event(.frame(copy(frame))) }
      }, failed: { handlers.report($0) })
    try discovery.attach(to: loop) { datagram, source, mac in
      handlers.event(.datagram(copy(datagram), from: source, mac: mac))
    }
    try monitor.attach(to: loop) { [weak self] state in self?.linkLocal(state) }
  }

  /// Carries out what a node wants.
  public func perform(_ action: NetworkAction) {
    do throws(LinuxError) {
      switch action {
      case .frame(let octets): try modem?.send(octets)
      case .datagram(let octets, let destination):
        let allNodes = V2GEndpoint(.allNodes, port: V2GEndpoint.sdpPort, scope: interface.index)
        try discovery.send(octets, to: destination ?? allNodes)
      case .listen(let on):
        wantsListener = on
        if on { try listen() } else { listener = nil }
      case .connect(let endpoint): try connect(to: endpoint)
      case .send(let octets): send(octets)
      case .close: finish()
      }
    } catch {
      handlers.report(error)
      // A connection that cannot even be tried is one that failed.
      if case .connect = action { handlers.event(.disconnected) }
    }
  }

  /// A peer that does not read fills the queue. A message left out is never made up for, so the connection ends.
  private func send(_ octets: [UInt8]) {
    guard let connection, !connection.send(octets) else { return }
    self.connection = nil
    connection.abort()
    handlers.report(LinuxError("send to \(connection.peer)", on: interface.name, code: ENOBUFS))
    handlers.event(.disconnected)
  }

  private func linkLocal(_ state: LinkLocalState) {
    let usable: IPv6Address? = if case .usable(let address, _) = state { address } else { nil }
    guard usable != address else { return }
    address = usable
    handlers.event(.address(usable))
    listener = nil
    guard wantsListener, usable != nil else { return }
    do throws(LinuxError) { try listen() } catch { handlers.report(error) }
  }

  private func listen() throws(LinuxError) {
    guard listener == nil, let address else { return }
    let port: UInt16? = if case .charger(let port) = role { port } else { nil }
    let new = try TCPListener6(interface, address: address, port: port)
    try new.attach(to: loop) { [weak self] connection in
      guard let self else { return }
      self.adopt(connection)
    }
    listener = new
    handlers.event(.listening(new.endpoint))
  }

  private func connect(to endpoint: V2GEndpoint) throws(LinuxError) {
    adopt(try TCPConnection6(connectingTo: endpoint, on: interface, loop: loop))
  }

  private func adopt(_ new: TCPConnection6) {
    // A second one while a session runs is accepted and closed: letting go closes it.
    guard connection == nil else { return }
    connection = new
    let handlers = handlers
    do throws(LinuxError) {
      try new.start(
        TCPConnection6.Handlers(
          // One that is being closed has no say any more: its octets are not the session's.
          connected: { [weak self, weak new] in
            if let self, let new, new === self.connection { handlers.event(.connected(new.peer)) }
          },
          received: { [weak self, weak new] octets in
            if let self, let new, new === self.connection { handlers.octets(octets) }
          },
          peerFinished: { [weak self, weak new] in self?.gone(new) },
          closed: { [weak self, weak new] error in
            if let error { handlers.report(error) }
            self?.gone(new)
          }))
    } catch {
      connection = nil
      handlers.report(error)
      handlers.event(.disconnected)
    }
  }

  /// The peer finished or the connection died: the session's end is told once, the socket finishes on its own.
  private func gone(_ which: TCPConnection6?) {
    guard let which else { return }
    if which === connection {
      finish()
      handlers.event(.disconnected)
    } else if which.isClosed {
      closing.removeAll { $0 === which }
    }
  }

  /// Sends what is queued, then closes; after the standard's 5 s whether or not the peer has finished.
  private func finish() {
    guard let old = connection else { return }
    connection = nil
    guard !old.isClosed else { return }
    old.finish()
    // A peer that comes again and again and never finishes must not use up the descriptors.
    if closing.count >= Self.closingMax { closing.removeFirst().close() }
    closing.append(old)
    let timer = closingTimer ?? loop.addTimer { [weak self] in self?.abandon() }
    closingTimer = timer
    timer.deadline = loop.now + TransportTimers.standard.tcpTermination
  }

  private func abandon() {
    for connection in closing { connection.close() }
    closing.removeAll()
  }
}

private func copy(_ span: RawSpan) -> [UInt8] { span.withUnsafeBytes { Array($0) } }
