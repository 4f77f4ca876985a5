import CLinux
import Glibc
public import Wire

/// An Ethernet interface of this host whose other end is this process (IFF_TAP; needs CAP_NET_ADMIN).
///
/// It goes away with the object, unless it was made to persist beforehand.
public final class TAPDevice {
  public let name: String
  /// Frames the interface did not take: it is down.
  public private(set) var undelivered = 0

  private let descriptor: FileDescriptor
  private let buffer = ReceiveBuffer(count: 64 * 1024)
  private var loop: EventLoop?
  private var registration: EventLoop.Registration?

  /// Creates the interface, or takes one of that name that exists and is not in use. Its carrier is off.
  public init(name: String, address: MACAddress?) throws(LinuxError) {
    self.name = name
    descriptor = try FileDescriptor(clinux_tap_open(name), "create the interface", on: name)
    if let address {
      try check(clinux_interface_set_mac(name, address.octets), "set the MAC address", on: name)
    }
    setCarrier(false)
  }

  deinit { detach() }

  /// Brings the interface up, as `ip link set up` does.
  public func bringUp() throws(LinuxError) {
    try check(clinux_interface_up(name), "bring the interface up", on: name)
  }

  /// Kernels before 5.0 cannot; there the carrier is always on.
  @discardableResult
  public func setCarrier(_ isOn: Bool) -> Bool { clinux_tap_carrier(descriptor.raw, isOn ? 1 : 0) == 0 }

  /// Hands a frame to the host. False when the interface does not take it.
  @discardableResult
  public func send(_ frame: [UInt8]) -> Bool {
    let sent = write(descriptor.raw, frame, frame.count)
    if sent != frame.count { undelivered += 1 }
    return sent == frame.count
  }

  /// Hands the next frame of the host to `body`; false when none is waiting.
  public func receive(_ body: (RawSpan) -> Void) throws(LinuxError) -> Bool {
    let got = read(descriptor.raw, buffer.start, buffer.count)
    if got < 0 {
      if isTransient(errno) { return false }
      throw LinuxError("read from the interface", on: name)
    }
    buffer.with(0..<got, body)
    return true
  }

  /// Calls `ready` whenever frames of the host wait, and `failed` once, when the interface is gone.
  public func attach(
    to loop: EventLoop, ready: @escaping () -> Void, failed: @escaping (LinuxError) -> Void
  ) throws(LinuxError) {
    detach()
    registration = try loop.add(descriptor.raw, .read) { [weak self] readiness in
      guard let self else { return }
      // An error stays, also while it is paused: the loop would wake up for it for ever.
      guard readiness.isDisjoint(with: [.error, .hangUp]) else {
        detach()
        return failed(LinuxError("read from the interface", on: name, code: ENODEV))
      }
      ready()
    }
    self.loop = loop
  }

  /// Lets frames wait in the kernel, where the interface's own queue bounds and counts them, or not.
  public func pause(_ isPaused: Bool) {
    if let registration { loop?.update(registration, isPaused ? [] : .read) }
  }

  /// Ends the calls.
  public func detach() {
    if let registration { loop?.remove(registration) }
    (loop, registration) = (nil, nil)
  }
}
