import CLinux
import Glibc
public import Wire

/// Follows an interface and its link-local address through rtnetlink, so that nobody has to poll or sleep until
/// duplicate address detection is over (1 to 2 s with the kernel's defaults).
///
/// The interface is known by name: one that is unplugged and comes back with another index is found again.
public final class LinkLocalMonitor {
  /// The present state; `unknown` until the first answer of the kernel.
  public private(set) var state = LinkLocalState.unknown

  private let interface: String
  private let descriptor: FileDescriptor
  private var table: LinkLocalTable
  private var buffer = [UInt8](repeating: 0, count: 32 * 1024)
  private var sequence: UInt32 = 0
  private var loop: EventLoop?
  private var registration: EventLoop.Registration?

  /// Opens the kernel's channel. The interface need not exist yet. Needs no privilege.
  public init(interface: String) throws(LinuxError) {
    self.interface = interface
    table = LinkLocalTable(interface: interface)
    descriptor = try FileDescriptor(
      socket(
        AF_NETLINK, Int32(SOCK_RAW.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue),
        NETLINK_ROUTE), "open rtnetlink", on: interface)
    try check(
      clinux_bind_netlink(descriptor.raw, UInt32(RTMGRP_LINK) | UInt32(RTMGRP_IPV6_IFADDR)),
      "follow addresses", on: interface)
  }

  deinit { detach() }

  /// Asks the kernel for the present state and calls `changed` with it, and again at every change.
  public func attach(
    to loop: EventLoop, changed: @escaping (LinkLocalState) -> Void
  ) throws(LinuxError) {
    detach()
    state = .unknown
    try requestDump(RTM_GETLINK)
    registration = try loop.add(descriptor.raw, .read) { [weak self] _ in self?.read(changed) }
    self.loop = loop
  }

  /// Ends the calls.
  public func detach() {
    if let registration { loop?.remove(registration) }
    (loop, registration) = (nil, nil)
  }

  private func requestDump(_ type: Int) throws(LinuxError) {
    if type == RTM_GETLINK { table = LinkLocalTable(interface: interface) }
    sequence &+= 1
    guard clinux_request_dump(descriptor.raw, UInt16(type), sequence) >= 0 else {
      throw LinuxError("ask for addresses", on: interface)
    }
  }

  private func read(_ changed: (LinkLocalState) -> Void) {
    while true {
      let got = recv(descriptor.raw, &buffer, buffer.count, 0)
      if got < 0 {
        // The kernel had more to say than the socket holds: start over.
        if errno == ENOBUFS { try? requestDump(RTM_GETLINK) }
        if errno == EINTR { continue }
        break
      }
      switch table.apply(buffer.span.bytes.extracting(first: got)) {
      case .goOn: break
      // The kernel does one dump at a time: links first, then addresses.
      case .linksDone: try? requestDump(RTM_GETADDR)
      case .interrupted: try? requestDump(RTM_GETLINK)
      }
    }
    guard table.isComplete, table.state != state else { return }
    state = table.state
    changed(state)
  }
}

/// What an interface has to offer for ISO 15118.
public enum LinkLocalState: Hashable, Sendable {
  /// The kernel has not answered yet.
  case unknown
  /// There is no interface of this name.
  case missing
  /// The interface is down or has no carrier.
  case down
  /// Up, without a link-local address: IPv6 is disabled, address generation is off, or duplicate address
  /// detection began after the monitor (the kernel then tells of an address when it is over, 1 to 2 s later).
  case noAddress
  /// Duplicate address detection was running when the monitor began; bind() would fail.
  case tentative(IPv6Address)
  /// Another station has the same address; it will never be usable.
  case duplicate(IPv6Address)
  /// Ready: sockets can be bound to it.
  case usable(IPv6Address, interfaceIndex: UInt32)
}
