import CLinux
import Glibc

/// A UDP port of this machine that speaks to whoever asked last. For rigs and tests, where a program plays a device that
/// is reached by `DatagramPort`.
public final class DatagramServer {
  /// The port it got, where 0 was asked for.
  public let port: UInt16
  private let descriptor: FileDescriptor
  private var loop: EventLoop?
  private var registration: EventLoop.Registration?
  private var peer: (sockaddr_storage, socklen_t)?

  /// `address` is one of this machine, or `0.0.0.0` or `::` for all of them. EADDRINUSE where another program has the
  /// port.
  public init(address: String, port: UInt16) throws(LinuxError) {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_DGRAM.rawValue)
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE
    var found: UnsafeMutablePointer<addrinfo>?
    let result = getaddrinfo(address, String(port), &hints, &found)
    defer { if let found { freeaddrinfo(found) } }
    guard result == 0, let first = found?.pointee else {
      throw LinuxError("take UDP port \(port)", on: address, code: EINVAL, advice: "give an IP address")
    }
    descriptor = try FileDescriptor(
      socket(
        first.ai_family,
        Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue),
        0), "open a UDP socket", on: address)
    guard bind(descriptor.raw, first.ai_addr, first.ai_addrlen) == 0 else {
      throw LinuxError("take UDP port \(port)", on: address)
    }
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let raw = descriptor.raw
    let named = withUnsafeMutablePointer(to: &storage) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(raw, $0, &length) }
    }
    try check(named, "name a UDP port")
    // Port and family stand at the same place for IPv4 and IPv6.
    self.port = withUnsafeBytes(of: &storage) { UInt16($0[2]) << 8 | UInt16($0[3]) }
  }

  deinit { detach() }

  /// Calls `received` with each datagram.
  public func attach(to loop: EventLoop, received: @escaping ([UInt8]) -> Void) throws(LinuxError) {
    detach()
    registration = try loop.add(descriptor.raw, .read) { [weak self] _ in
      while let datagram = self?.next() { received(datagram) }
    }
    self.loop = loop
  }

  /// Ends the calls.
  public func detach() {
    if let registration { loop?.remove(registration) }
    (loop, registration) = (nil, nil)
  }

  /// Sends to whoever asked last; lost before somebody has.
  public func send(_ octets: [UInt8]) {
    guard var storage = peer?.0, let length = peer?.1 else { return }
    let raw = descriptor.raw
    _ = withUnsafeMutablePointer(to: &storage) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        sendto(raw, octets, octets.count, Int32(MSG_NOSIGNAL), $0, length)
      }
    }
  }

  private func next() -> [UInt8]? {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let raw = descriptor.raw
    var got = -1
    let datagram = [UInt8](unsafeUninitializedCapacity: DatagramPort.datagramMax + 1) { buffer, count in
      got = withUnsafeMutablePointer(to: &storage) { storage in
        storage.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          recvfrom(raw, buffer.baseAddress, buffer.count, 0, $0, &length)
        }
      }
      count = max(got, 0)
    }
    guard got >= 0 else { return nil }
    peer = (storage, length)
    return datagram
  }
}
