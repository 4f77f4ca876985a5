import CLinux
import Glibc
public import Wire

/// UDP over IPv6 on one interface, for SECC discovery.
public final class UDPSocket6 {
  public let interface: NetworkInterface
  private let descriptor: FileDescriptor
  private let buffer = ReceiveBuffer(count: 2048)
  private var loop: EventLoop?
  private var registration: EventLoop.Registration?

  /// A server that hears unicast and all-nodes multicast to `port` on `interface` only.
  public init(serverOn interface: NetworkInterface, port: UInt16 = V2GEndpoint.sdpPort) throws(LinuxError) {
    self.interface = interface
    descriptor = try Self.open(interface)
    // So that one process per interface can hold the port. Without the right to bind to a device (kernels
    // before 5.7), receive() still keeps other interfaces out by their scope.
    _ = Self.bindToDevice(descriptor.raw, interface.name)
    let any = V2GEndpoint(.unspecified, port: port).socketAddress
    try check(clinux_bind6(descriptor.raw, any), "listen on UDP port \(port)", on: interface.name)
  }

  /// A client with a source port in 49152...65535 whose multicast stays on `interface`, one hop, not looped back.
  /// `address` is its source address, by default the kernel's choice.
  public init(clientOn interface: NetworkInterface, from address: IPv6Address? = nil) throws(LinuxError) {
    self.interface = interface
    descriptor = try Self.open(interface)
    let raw = descriptor.raw
    try check(
      clinux_set_int(raw, Int32(IPPROTO_IPV6), IPV6_MULTICAST_LOOP, 0),
      "keep multicast off this host",
      on: interface.name)
    try bindToDynamicPort(raw, address ?? .unspecified, interface)
  }

  deinit { detach() }

  private static func open(_ interface: NetworkInterface) throws(LinuxError) -> FileDescriptor {
    let descriptor = try FileDescriptor(
      socket(
        AF_INET6, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0
      ),
      "open a UDP socket", on: interface.name)
    let level = Int32(IPPROTO_IPV6)
    try check(clinux_set_int(descriptor.raw, level, IPV6_V6ONLY, 1), "set IPv6 only", on: interface.name)
    try check(
      clinux_set_int(descriptor.raw, level, IPV6_MULTICAST_IF, Int32(interface.index)),
      "choose the multicast interface", on: interface.name)
    try check(
      clinux_set_int(descriptor.raw, level, IPV6_MULTICAST_HOPS, 1), "set multicast hops", on: interface.name)
    return descriptor
  }

  private static func bindToDevice(_ raw: Int32, _ name: String) -> Bool {
    setsockopt(raw, SOL_SOCKET, SO_BINDTODEVICE, name, socklen_t(name.utf8.count)) == 0
  }

  public var fileDescriptor: Int32 { descriptor.raw }

  /// Address and port the socket is bound to.
  public var endpoint: V2GEndpoint {
    var address = sockaddr_in6()
    _ = clinux_local6(descriptor.raw, &address)
    var result = V2GEndpoint(address)
    result.scope = interface.index
    return result
  }

  /// Sends one datagram. A destination without a scope gets the interface's.
  public func send(_ datagram: RawSpan, to destination: V2GEndpoint) throws(LinuxError) {
    var target = destination
    if target.scope == 0 { target.scope = interface.index }
    let sent = datagram.withUnsafeBytes {
      clinux_send6(descriptor.raw, $0.baseAddress, $0.count, target.socketAddress)
    }
    guard sent >= 0 else { throw LinuxError("send a datagram to \(destination)", on: interface.name) }
  }

  /// Sends one datagram.
  public func send(_ datagram: [UInt8], to destination: V2GEndpoint) throws(LinuxError) {
    try send(datagram.span.bytes, to: destination)
  }

  /// Hands the next datagram and its source to `body`; false when none is waiting. Datagrams over 2048 octets
  /// and such from other interfaces are skipped: nothing in discovery is that long.
  public func receive(_ body: (RawSpan, V2GEndpoint) -> Void) throws(LinuxError) -> Bool {
    while true {
      var source = sockaddr_in6()
      let got = clinux_receive6(descriptor.raw, buffer.start, buffer.count, &source)
      if got < 0 {
        if isTransient(errno) { return false }
        throw LinuxError("receive a datagram", on: interface.name)
      }
      let from = V2GEndpoint(source)
      guard got <= buffer.count, from.scope == interface.index || !from.address.isLinkLocal else { continue }
      buffer.with(0..<got) { body($0, from) }
      return true
    }
  }

  /// Calls `receive` for every datagram from now on. Errors of single datagrams (an ICMP answer) are skipped.
  public func attach(
    to loop: EventLoop, receive body: @escaping (RawSpan, V2GEndpoint) -> Void
  ) throws(LinuxError) {
    detach()
    registration = try loop.add(descriptor.raw, .read) { [weak self] _ in
      for _ in 0..<16 {
        guard let self, (try? self.receive(body)) ?? false else { break }
      }
    }
    self.loop = loop
  }

  /// From now on hears nothing and only sends: someone else takes the datagrams.
  func deafen() throws(LinuxError) {
    try check(clinux_filter_nothing(descriptor.raw), "filter datagrams", on: interface.name)
    // What came before the filter.
    while try receive({ _, _ in }) {}
  }

  /// Ends the calls.
  public func detach() {
    if let registration { loop?.remove(registration) }
    (loop, registration) = (nil, nil)
  }
}

/// Binds to a free port of 49152...65535 (ISO 15118-2 table 11); the kernel's own choice may lie outside.
func bindToDynamicPort(_ raw: Int32, _ address: IPv6Address, _ interface: NetworkInterface) throws(LinuxError)
{
  for _ in 0..<64 {
    let port = UInt16.random(in: V2GEndpoint.dynamicPorts)
    let local = V2GEndpoint(address, port: port, scope: interface.index).socketAddress
    if clinux_bind6(raw, local) == 0 { return }
    guard errno == EADDRINUSE else { throw LinuxError("bind to [\(address)]", on: interface.name) }
  }
  throw LinuxError("find a free port", on: interface.name, code: EADDRINUSE)
}
