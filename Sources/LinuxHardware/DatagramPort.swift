import CLinux
import Glibc

/// UDP to one port of one host, IPv4 or IPv6: what anybody else sends to this socket is not heard.
///
/// For controllers that are reached over a network, such as a ChargeBridge, which takes one of these for each of its
/// ports.
public final class DatagramPort {
  public let host: String
  public let port: UInt16
  /// The numeric address that `host` was found at.
  public let address: String
  private let descriptor: FileDescriptor
  private var loop: EventLoop?
  private var registration: EventLoop.Registration?

  /// Longest datagram that is handed out; what is longer comes as its first octets, and one more than this.
  public static let datagramMax = 2048
  /// Datagrams handed out in one turn of the loop.
  static let batch = 16

  /// `host` is an address, or a name. A name is asked for now and may take seconds, so make this before the loop runs.
  /// EHOSTUNREACH for a name that nobody knows.
  public init(host: String, port: UInt16) throws(LinuxError) {
    self.host = host
    self.port = port
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_DGRAM.rawValue)
    hints.ai_flags = AI_NUMERICSERV
    var found: UnsafeMutablePointer<addrinfo>?
    let result = getaddrinfo(host, String(port), &hints, &found)
    defer { if let found { freeaddrinfo(found) } }
    guard result == 0, let first = found?.pointee else {
      throw LinuxError(
        "find the address of \(host)", on: "", code: EHOSTUNREACH,
        advice: "\(String(cString: gai_strerror(result))): check the name, or give the address")
    }
    var numeric = [CChar](repeating: 0, count: Int(NI_MAXHOST))
    guard
      getnameinfo(
        first.ai_addr, first.ai_addrlen, &numeric, socklen_t(numeric.count), nil, 0, NI_NUMERICHOST) == 0
    else { throw LinuxError("find the address of \(host)", on: "", code: EHOSTUNREACH) }
    address = String(decoding: numeric.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    descriptor = try FileDescriptor(
      socket(
        first.ai_family,
        Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue),
        0), "open a UDP socket", on: host)
    guard connect(descriptor.raw, first.ai_addr, first.ai_addrlen) == 0 else {
      throw LinuxError("use \(host) port \(port)")
    }
  }

  deinit { detach() }

  /// Calls `received` with each datagram. That nobody listens at the other end is no failure: it may come back.
  public func attach(
    to loop: EventLoop, received: @escaping ([UInt8]) -> Void, failed: @escaping (LinuxError) -> Void
  ) throws(LinuxError) {
    detach()
    let (raw, name) = (descriptor.raw, "\(host) port \(port)")
    registration = try loop.add(raw, .read) { [weak self] _ in
      // Others wait, too; and whoever is told may let go of this port.
      for _ in 0..<Self.batch {
        guard self?.registration != nil else { return }
        var code: Int32 = 0
        let datagram = [UInt8](unsafeUninitializedCapacity: Self.datagramMax + 1) { buffer, count in
          let got = recv(raw, buffer.baseAddress, buffer.count, 0)
          code = got < 0 ? errno : 0
          count = max(got, 0)
        }
        switch code {
        case 0: received(datagram)
        case EINTR, ECONNREFUSED, EHOSTUNREACH, ENETUNREACH: continue
        case EAGAIN: return
        default: return failed(LinuxError("receive", on: name, code: code))
        }
      }
    }
    self.loop = loop
  }

  /// Ends the calls.
  public func detach() {
    if let registration { loop?.remove(registration) }
    (loop, registration) = (nil, nil)
  }

  /// Sends one datagram. What the network loses it loses silently; so it does with one for which there is no room, or
  /// nobody at the other end.
  public func send(_ octets: [UInt8]) throws(LinuxError) {
    let sent = Glibc.send(descriptor.raw, octets, octets.count, Int32(MSG_NOSIGNAL))
    guard sent < 0 else { return }
    let code = errno
    guard ![EAGAIN, ENOBUFS, ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, EINTR].contains(code) else { return }
    throw LinuxError("send", on: "\(host) port \(port)", code: code)
  }
}
