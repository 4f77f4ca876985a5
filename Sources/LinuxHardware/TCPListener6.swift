import CLinux
import Glibc
public import Wire

/// The SECC's TCP server on one link-local address.
public final class TCPListener6 {
  /// Where it listens: what SDP announces.
  public let endpoint: V2GEndpoint
  public let interface: NetworkInterface
  private let descriptor: FileDescriptor
  private let settings: TCPSettings
  private var loop: EventLoop?
  private var registration: EventLoop.Registration?
  private var resume: LoopTimer?
  /// After the process ran out of descriptors nothing is accepted for so long, or the loop would turn for nothing.
  static let pause: Duration = .seconds(1)

  /// Listens on `address`, which must be usable (not tentative). Without `port`, a free one of 49152...65535.
  public init(
    _ interface: NetworkInterface, address: IPv6Address, port: UInt16? = nil,
    settings: TCPSettings = .standard
  ) throws(LinuxError) {
    self.interface = interface
    self.settings = settings
    descriptor = try TCPConnection6.openSocket(interface)
    let raw = descriptor.raw
    if let port {
      // A fixed port has to be free again at once after a restart.
      _ = clinux_set_int(raw, SOL_SOCKET, SO_REUSEADDR, 1)
      let local = V2GEndpoint(address, port: port, scope: interface.index)
      try check(clinux_bind6(raw, local.socketAddress), "bind to \(local)", on: interface.name)
    } else {
      try bindToDynamicPort(raw, address, interface)
    }
    try check(listen(raw, 4), "listen", on: interface.name)
    var bound = sockaddr_in6()
    try check(clinux_local6(raw, &bound), "read the own address", on: interface.name)
    endpoint = V2GEndpoint(address, port: clinux_port6(&bound), scope: interface.index)
  }

  deinit { detach() }

  /// Hands each new connection to `accept`, which starts it or lets it go; letting go closes it.
  public func attach(
    to loop: EventLoop, accept: @escaping (TCPConnection6) -> Void
  ) throws(LinuxError) {
    detach()
    registration = try loop.add(descriptor.raw, .read) { [weak self] _ in
      guard let self, let connection = self.accept(on: loop) else { return }
      accept(connection)
    }
    resume = loop.addTimer { [weak self, unowned loop] in
      guard let registration = self?.registration else { return }
      loop.update(registration, .read)
    }
    self.loop = loop
  }

  /// Ends the calls; connections made go on.
  public func detach() {
    if let registration { loop?.remove(registration) }
    // Each session has a listener of its own.
    if let resume { loop?.removeTimer(resume) }
    (loop, registration, resume) = (nil, nil, nil)
  }

  /// The next connection waiting, or `nil`. A connection that died in the queue counts as none.
  private func accept(on loop: EventLoop) -> TCPConnection6? {
    var peer = sockaddr_in6()
    let raw = clinux_accept6(descriptor.raw, &peer)
    if raw < 0, isShortOfDescriptors(errno), let registration {
      loop.update(registration, [])
      resume?.deadline = loop.now + Self.pause
    }
    guard let accepted = try? FileDescriptor(raw, "accept", on: interface.name) else { return nil }
    return TCPConnection6(accepted, interface, V2GEndpoint(peer), settings, loop, isConnected: true)
  }
}
