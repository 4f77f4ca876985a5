import LinuxHardware
import LinuxRuntime
import Node
import Wire

/// The network interface of a modem, as a connector or an inlet uses it: it may come later, go and come back. Meanwhile what
/// the node sends is lost as on a wire that is cut.
final class NodeNetwork {
  static let retryAfter = Duration.seconds(10)

  struct Handlers {
    var event: (NetworkEvent) -> Void
    var octets: (RawSpan) -> Void
    /// The interface is there with another address than the one that was known.
    var moved: () -> Void
    var tell: (LogPriority, _ event: String, _ text: String) -> Void
  }

  let name: String
  /// The address the node speaks with; `nil` before the interface was seen.
  private(set) var address: MACAddress?
  private let role: NetworkEdge.Role
  private let matching: Bool
  private let loop: EventLoop
  private var handlers: Handlers?
  private var monitor: LinkLocalMonitor?
  private var edge: NetworkEdge?
  private var retry: LoopTimer?

  init(_ name: String, role: NetworkEdge.Role, matching: Bool, loop: EventLoop) {
    self.name = name
    self.role = role
    self.matching = matching
    self.loop = loop
    address = try? NetworkInterface(name).macAddress
  }

  var isThere: Bool { edge != nil }

  func start(_ handlers: Handlers) throws(LinuxError) {
    self.handlers = handlers
    retry = loop.addTimer { [weak self] in self?.open() }
    let monitor = try LinkLocalMonitor(interface: name)
    try monitor.attach(to: loop) { [weak self] state in self?.changed(state) }
    self.monitor = monitor
    open()
  }

  /// Carries out what a node wants, as far as there is a network.
  func perform(_ action: NetworkAction) {
    if let edge { return edge.perform(action) }
    if case .connect = action { handlers?.event(.disconnected) }
  }

  private func changed(_ state: LinkLocalState) {
    if case .missing = state { close() } else { open() }
  }

  private func open() {
    retry?.deadline = nil
    guard edge == nil, let handlers else { return }
    guard let interface = try? NetworkInterface(name) else {
      return handlers.tell(.warning, "interface", "no interface \(name) yet; waiting for it")
    }
    if interface.macAddress != address {
      address = interface.macAddress
      handlers.moved()
    }
    do throws(LinuxError) {
      let new = try NetworkEdge(
        interface, role: role, matching: matching, loop: loop,
        handlers: NetworkEdge.Handlers(
          event: { [weak self] in self?.handlers?.event($0) },
          octets: { [weak self] in self?.handlers?.octets($0) },
          report: { [weak self] in self?.handlers?.tell(.warning, "socket", "\($0)") }))
      edge = new
      try new.start()
      handlers.tell(.info, "interface", "\(interface.name) \(interface.macAddress) is there")
    } catch {
      edge = nil
      retry?.deadline = loop.now + Self.retryAfter
      handlers.tell(.error, "interface", "\(error); tried again in 10 s")
    }
  }

  private func close() {
    guard edge != nil else { return }
    edge = nil
    handlers?.tell(.error, "interface", "\(name) is gone; waiting for it")
    handlers?.event(.disconnected)
    handlers?.event(.address(nil))
  }
}
