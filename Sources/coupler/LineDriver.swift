import HomePlug
import LinuxHardware
import SimulatedHardware
import Wire

/// What an observer of a line is told.
enum LineEvent {
  /// A host handed a frame to its modem, or a modem handed one to its host.
  case frame(port: Int, fromHost: Bool, type: String, octets: Int)
  /// Two modems formed a network or left it.
  case joined(Int, Int, network: String)
  case left(Int, Int)
  /// An interface cannot be read or written for now.
  case trouble(port: Int, LinuxError)
}

/// Puts the simulated modems and power line between real interfaces: whoever speaks HomePlug on one of them finds
/// a modem there, as behind the Ethernet bridge of a QCA7000.
///
/// Only incoming frames are taken; what this host's own stack sends on an interface stays there.
final class LineDriver {
  private let loop: EventLoop
  private let sockets: [PacketSocket]
  /// Ports behind those of the interfaces.
  private let chips: [SPILinePort]
  private let alwaysJoined: Bool
  private let joinDelay: Duration
  private let observe: (LineEvent) -> Void
  private var line: PowerLine
  private var timer: LoopTimer?
  private var joined: Set<Pair> = []
  /// When a pair that holds the same key may have become a network.
  private var nextJoin: Instant?
  /// Frames an interface did not take; on a line that is loss.
  private(set) var unsent = 0

  private struct Pair: Hashable {
    let a: Int
    let b: Int
  }

  /// Opens a promiscuous packet socket on each interface, in the order of the line's ports; `chips` follow.
  init(
    _ interfaces: [NetworkInterface], chips: [SPILinePort] = [], configuration: PowerLineConfiguration,
    seed: UInt64, alwaysJoined: Bool,
    loop: EventLoop, observe: @escaping (LineEvent) -> Void
  ) throws(LinuxError) {
    self.loop = loop
    self.alwaysJoined = alwaysJoined
    self.observe = observe
    joinDelay = configuration.joinDelay
    line = PowerLine(configuration: configuration, seed: seed)
    var sockets: [PacketSocket] = []
    for interface in interfaces {
      sockets.append(try PacketSocket(interface, .everything, promiscuous: true))
    }
    self.sockets = sockets
    self.chips = chips
  }

  /// Begins to carry frames.
  func start() throws(LinuxError) {
    timer = loop.addTimer { [unowned self] in handle(.timeout) }
    for (port, socket) in sockets.enumerated() {
      try socket.attach(
        to: loop,
        receive: { [unowned self] frame, _ in take(frame.withUnsafeBytes { Array($0) }, port: port) },
        failed: { [unowned self] error in observe(.trouble(port: port, error)) })
    }
    for (index, chip) in chips.enumerated() {
      try chip.start { [unowned self] frame in take(frame, port: sockets.count + index) }
    }
  }

  private func take(_ octets: [UInt8], port: Int) {
    let isHomePlug = octets.count >= 14 && octets[12] == 0x88 && octets[13] == 0xE1
    if isHomePlug { observe(frameEvent(octets, port: port, fromHost: true)) }
    if alwaysJoined, !isHomePlug {
      for other in 0..<portCount where other != port { send(octets, port: other) }
    } else {
      handle(.frame(octets, port: port))
    }
  }

  private func handle(_ event: PowerLineEvent) {
    let now = loop.now
    var deliveries: [(octets: [UInt8], port: Int)] = []
    line.handle(event, at: now) { action in
      switch action {
      case .deliver(let octets, let port): deliveries.append((octets, port))
      }
    }
    for (octets, port) in deliveries {
      if octets.count >= 14, octets[12] == 0x88, octets[13] == 0xE1 {
        observe(frameEvent(octets, port: port, fromHost: false))
      }
      send(octets, port: port)
    }
    noteNetworks(at: now)
    timer?.deadline = earliest(line.deadline, nextJoin)
  }

  private var portCount: Int { sockets.count + chips.count }

  private func send(_ octets: [UInt8], port: Int) {
    if port >= sockets.count { return chips[port - sockets.count].deliver(octets) }
    // A full queue or an interface that is down: the frame is lost, as on a line.
    do { try sockets[port].send(octets) } catch { unsent += 1 }
  }

  private func noteNetworks(at now: Instant) {
    nextJoin = nil
    for a in 0..<portCount {
      for b in 0..<portCount where b > a {
        let pair = Pair(a: a, b: b)
        if line.areJoined(a, b, at: now) {
          guard joined.insert(pair).inserted else { continue }
          observe(.joined(a, b, network: line.network(ofPort: a)?.description ?? ""))
        } else {
          if joined.remove(pair) != nil { observe(.left(a, b)) }
          if let network = line.network(ofPort: a), network == line.network(ofPort: b) {
            nextJoin = earliest(nextJoin, now + max(joinDelay, .milliseconds(10)))
          }
        }
      }
    }
  }

  /// The type of a management message; its content may hold a key and is not shown.
  private func frameEvent(_ octets: [UInt8], port: Int, fromHost: Bool) -> LineEvent {
    let type: String
    do throws(HomePlugError) {
      type = try ManagementFrame(parsing: octets.span.bytes).message.type.description
    } catch {
      type = "unreadable: \(error)"
    }
    return .frame(port: port, fromHost: fromHost, type: type, octets: octets.count)
  }
}
