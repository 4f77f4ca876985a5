import Glibc
public import LinuxHardware
public import SafetyLinks
public import SimulatedController
import Wire

/// Plays a safety controller for a host that believes it has one: on a pseudo terminal, or on UDP as a ChargeBridge.
public final class PlayedController {
  /// Where the host finds it.
  public enum Place: Hashable, Sendable {
    /// Path of the pseudo terminal.
    case terminal(String)
    /// UDP ports of the two channels.
    case datagrams(management: UInt16, pilot: UInt16)
  }

  /// Told what it does, before it is sent.
  public var told: ((SimulatedControllerAction) -> Void)?
  /// Told each channel on which the host said something.
  public var heard: ((SafetyChannel) -> Void)?
  public private(set) var machine: SimulatedController
  private let loop: EventLoop
  private let link: String?
  private var terminal: PseudoTerminal?
  private var servers: [SafetyChannel: DatagramServer] = [:]
  private var timer: LoopTimer?
  private var lost = 0
  private var spoilt = 0

  /// On a pseudo terminal. `link`: a path that leads to it, so that it keeps its name; what stands there is replaced
  /// where it is such a path itself, else EEXIST.
  public init(_ machine: SimulatedController, link: String?, loop: EventLoop) throws(LinuxError) {
    (self.machine, self.link, self.loop) = (machine, link, loop)
    timer = loop.addTimer { [weak self] in self?.handle(.timeout) }
    try plugIn()
  }

  /// On two UDP ports of this machine; port 0 takes any, for the pilot the one behind the other.
  public init(
    _ machine: SimulatedController, address: String, management: UInt16, pilot: UInt16, loop: EventLoop
  ) throws(LinuxError) {
    (self.machine, link, self.loop) = (machine, nil, loop)
    timer = loop.addTimer { [weak self] in self?.handle(.timeout) }
    for (channel, port) in [(SafetyChannel.management, management), (.pilot, pilot)] {
      let next = servers[.management].map { $0.port &+ 1 } ?? 0
      let server = try DatagramServer(address: address, port: port == 0 ? next : port)
      try server.attach(to: loop) { [weak self] in self?.receive($0, channel) }
      servers[channel] = server
    }
  }

  deinit { removeLink() }

  public var place: Place? {
    if let terminal { return .terminal(terminal.path) }
    guard let management = servers[.management], let pilot = servers[.pilot] else { return nil }
    return .datagrams(management: management.port, pilot: pilot.port)
  }

  /// Something happens to the controller.
  public func handle(_ event: SimulatedControllerEvent) {
    var actions: [SimulatedControllerAction] = []
    machine.handle(event, at: loop.now) { actions.append($0) }
    carryOut(actions)
  }

  /// It hears, but says nothing, or speaks again.
  public func setMute(_ isMute: Bool) { machine.isMute = isMute }

  /// The next pieces of what the host says do not arrive.
  public func lose(_ count: Int) { lost = count }

  /// Octets to the host that no controller would send.
  public func spoil(_ octets: [UInt8], on channel: SafetyChannel = .serial) { send(octets, channel) }

  /// The next messages to the host arrive with one octet changed.
  public func spoilNext(_ count: Int) { spoilt = count }

  /// Pulls the line: the host's device fails. UDP has none.
  public func unplug() {
    // The next terminal of anybody may get this one's number: nobody shall find a stranger behind the link.
    if terminal != nil, let link { _ = Glibc.unlink(link) }
    terminal = nil
  }

  /// A new line, at the same `link`.
  public func plugIn() throws(LinuxError) {
    guard terminal == nil, servers.isEmpty else { return }
    let new = try PseudoTerminal()
    if let link {
      if readlink(link) { _ = Glibc.unlink(link) }
      guard symlink(new.path, link) == 0 else {
        throw LinuxError(
          "make a link to the pseudo terminal", on: link, code: errno, advice: "give a path that is free")
      }
    }
    new.attach(to: loop) { [weak self] in self?.receive($0, .serial) }
    terminal = new
  }

  private func removeLink() { if let link, readlink(link) { _ = Glibc.unlink(link) } }

  /// There is a symbolic link.
  private func readlink(_ path: String) -> Bool {
    var octet: CChar = 0
    return Glibc.readlink(path, &octet, 1) >= 0
  }

  private func receive(_ octets: [UInt8], _ channel: SafetyChannel) {
    guard lost == 0 else { return lost -= 1 }
    heard?(channel)
    var actions: [SimulatedControllerAction] = []
    machine.receive(octets.span.bytes, from: channel, at: loop.now) { actions.append($0) }
    carryOut(actions)
  }

  private func carryOut(_ actions: [SimulatedControllerAction]) {
    for action in actions {
      told?(action)
      guard case .send(var octets, let channel) = action else { continue }
      if spoilt > 0, let middle = octets.indices.dropFirst(octets.count / 2).first {
        spoilt -= 1
        octets[middle] = octets[middle] == 1 ? 2 : 1
      }
      send(octets, channel)
    }
    timer?.deadline = machine.deadline
  }

  private func send(_ octets: [UInt8], _ channel: SafetyChannel) {
    if channel == .serial { terminal?.send(octets) } else { servers[channel]?.send(octets) }
  }
}
