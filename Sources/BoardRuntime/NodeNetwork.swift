import LinuxHardware
import LinuxRuntime
import Node
import Wire

/// The network of a connector's or an inlet's node. Its interface may come later, go and come back: meanwhile what the node
/// sends is lost as on a wire that is cut.
final class NodeNetwork {
  static let retryAfter = Duration.seconds(10)
  static let toldAgainAfter = Duration.seconds(3600)

  struct Handlers {
    var event: (NetworkEvent) -> Void
    var octets: (RawSpan) -> Void
    /// The interface is there with another address than the one that was known.
    var moved: () -> Void
    var tell: (LogPriority, _ event: String, _ text: String) -> Void
  }

  /// The address the node speaks with; `nil` before the interface was seen.
  private(set) var address: MACAddress?
  private let modem: ModemInterface?
  private let role: NetworkEdge.Role
  private let matching: Bool
  private let loop: EventLoop
  private var handlers: Handlers?
  private var edge: NetworkEdge?
  private var retry: LoopTimer?
  /// Why the sockets could not be opened, as it was told last.
  private var told: (text: String, at: Instant)?

  /// `modem`: `nil` where there is no network to be had (`link: none`).
  init(_ modem: ModemInterface?, role: NetworkEdge.Role, matching: Bool, loop: EventLoop) {
    self.modem = modem
    self.role = role
    self.matching = matching
    self.loop = loop
    address = modem?.present?.macAddress
  }

  /// Why there is no network now; `nil` where there is one, and where there never shall be.
  var trouble: String? { edge == nil ? modem.map { $0.trouble ?? "its sockets cannot be opened" } : nil }
  /// Its name, where it is there.
  var interfaceName: String? { modem?.present?.name }

  func start(_ handlers: Handlers) throws(LinuxError) {
    self.handlers = handlers
    retry = loop.addTimer { [weak self] in
      self?.modem?.lookUp()
      self?.open()
    }
    try modem?.follow(on: loop) { [weak self] in self?.changed() }
    open()
  }

  /// Carries out what a node wants, as far as there is a network.
  func perform(_ action: NetworkAction) {
    if let edge { return edge.perform(action) }
    if case .connect = action { handlers?.event(.disconnected) }
  }

  private func changed() {
    // Renamed, or unplugged and back in one turn: the sockets are the old one's.
    if let edge, edge.interface != modem?.present { close() }
    open()
  }

  private func open() {
    retry?.deadline = nil
    guard edge == nil, let modem, let handlers else { return }
    guard let interface = modem.present else {
      return handlers.tell(.warning, "interface", "\(modem.trouble ?? "no interface"); waiting for it")
    }
    if let mismatch = modem.mismatch { handlers.tell(.warning, "interface", mismatch) }
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
      told = nil
      handlers.tell(.info, "interface", "\(interface.name) \(interface.macAddress) is there")
    } catch {
      edge = nil
      retry?.deadline = loop.now + Self.retryAfter
      let text = "\(error)"
      // A right that is missing stays missing: not 8,640 lines a day.
      if let told, told.text == text, loop.now < told.at + Self.toldAgainAfter { return }
      told = (text, loop.now)
      handlers.tell(.error, "interface", "\(text); tried again every 10 s")
    }
  }

  private func close() {
    guard let name = edge?.interface.name else { return }
    edge = nil
    handlers?.tell(.error, "interface", "\(name) is gone; waiting for it")
    handlers?.event(.disconnected)
    handlers?.event(.address(nil))
  }
}
