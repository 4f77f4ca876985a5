import HAL
import LinuxHardware

/// The network interface of a connector's modem: the one that the site names, or else the one that fits what the board
/// says of its modem. It may come late, go, and come back under another name.
final class ModemInterface {
  private enum State: Hashable {
    case absent(String)
    case there(NetworkInterface, isRunning: Bool)
  }

  private let name: String?
  private let match: InterfaceMatch?
  private let roots: DeviceRoots
  private var state = State.absent("nobody has looked for it yet")
  private var monitor: InterfaceMonitor?

  init(name: String?, modem: ModemDescription?, roots: DeviceRoots) {
    self.name = name
    match = modem?.interface
    self.roots = roots
    lookUp()
  }

  /// The interface as it was when it was looked up last.
  var present: NetworkInterface? { if case .there(let interface, _) = state { interface } else { nil } }

  /// Why there is none; `nil` where there is one.
  var trouble: String? { if case .absent(let cause) = state { cause } else { nil } }

  /// The interface that the site names does not fit what the board says of its modem. The site's counts: it may have
  /// another modem. A board that only gives a name knows nothing better.
  var mismatch: String? {
    guard let name, let match, present != nil else { return nil }
    switch match {
    case .named, .tap: return nil
    case .driver, .addressPrefix: break
    }
    let found = InterfaceFinder.matches(match, roots: roots)
    guard !found.contains(name) else { return nil }
    let rest = found.isEmpty ? "no interface is" : "\(found.joined(separator: ", ")) is"
    return "\(name), which the site file names, is not the board's modem (\(match.words)): \(rest)"
  }

  /// Looks for it now; true where something changed since the last time.
  @discardableResult
  func lookUp() -> Bool {
    let new = look()
    defer { state = new }
    return new != state
  }

  private func look() -> State {
    do throws(LinuxError) {
      var found = name
      if found == nil, let match { found = try InterfaceFinder.find(match, roots: roots) }
      guard let found else { return .absent("no interface is named, and the board has no modem") }
      let interface = try NetworkInterface(found)
      return .there(interface, isRunning: interface.isRunning)
    } catch {
      return .absent(name.map { "no interface \($0); ip link shows those there are" } ?? "\(error)")
    }
  }

  /// Calls `changed` at every change from now on.
  func follow(on loop: EventLoop, changed: @escaping () -> Void) throws(LinuxError) {
    let monitor = try InterfaceMonitor()
    try monitor.attach(to: loop) { [weak self] in
      if self?.lookUp() ?? false { changed() }
    }
    self.monitor = monitor
    // What came between the first look and the channel's opening was not told.
    lookUp()
  }
}
