import Glibc

/// Sends datagrams to one socket of the file system or of the abstract name space (`@name`), and waits for nobody.
final class DatagramSender {
  private let descriptor: Int32
  private var address = sockaddr_un()
  private let length: socklen_t

  /// `nil` where the path is too long or no socket is to be had.
  init?(path: String) {
    let name = Array(path.utf8)
    let room = MemoryLayout.size(ofValue: address.sun_path)
    guard !name.isEmpty, name.count < room else { return nil }
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { target in
      target.copyBytes(from: name)
      // The abstract name space begins with a zero and has no end of its own.
      if name[0] == UInt8(ascii: "@") { target[0] = 0 }
    }
    let terminator = name[0] == UInt8(ascii: "@") ? 0 : 1
    length = socklen_t(MemoryLayout<sa_family_t>.size + name.count + terminator)
    descriptor = socket(
      AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
    guard descriptor >= 0 else { return nil }
  }

  deinit { close(descriptor) }

  /// Why nobody can be reached there now; `nil` where somebody can. The socket itself stays as it is: a receiver that is
  /// started anew is found by its path.
  var connectionError: Int32? {
    let probe = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard probe >= 0 else { return errno }
    defer { close(probe) }
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(probe, $0, length) }
    }
    return result == 0 ? nil : errno
  }

  @discardableResult
  func send(_ text: String) -> Bool {
    let octets = Array(text.utf8)
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        sendto(descriptor, octets, octets.count, Int32(MSG_NOSIGNAL), $0, length) == octets.count
      }
    }
  }
}
