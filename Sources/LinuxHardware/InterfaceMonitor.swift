import CLinux
import Glibc

/// Tells through rtnetlink that interfaces came, went or changed: any of them, so that one can be waited for whose name
/// nobody knows yet. What is there now is for the one who is told to look up.
public final class InterfaceMonitor {
  private let descriptor: FileDescriptor
  private var buffer = [UInt8](repeating: 0, count: 8 * 1024)
  private var loop: EventLoop?
  private var registration: EventLoop.Registration?

  /// Opens the kernel's channel. Needs no privilege.
  public init() throws(LinuxError) {
    descriptor = try FileDescriptor(
      socket(
        AF_NETLINK, Int32(SOCK_RAW.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue),
        NETLINK_ROUTE), "open rtnetlink")
    try check(clinux_bind_netlink(descriptor.raw, UInt32(RTMGRP_LINK)), "follow interfaces", on: "")
  }

  deinit { detach() }

  /// Calls `changed` once for all that is told at a time.
  public func attach(to loop: EventLoop, changed: @escaping () -> Void) throws(LinuxError) {
    detach()
    registration = try loop.add(descriptor.raw, .read) { [weak self] _ in
      guard let self else { return }
      // The octets do not matter; nor does it that the socket could not hold them all (ENOBUFS).
      while recv(descriptor.raw, &buffer, buffer.count, 0) >= 0 || errno == ENOBUFS || errno == EINTR {}
      changed()
    }
    self.loop = loop
  }

  /// Ends the calls.
  public func detach() {
    if let registration { loop?.remove(registration) }
    (loop, registration) = (nil, nil)
  }
}
