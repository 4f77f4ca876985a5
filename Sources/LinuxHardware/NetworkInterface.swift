import CLinux
import Glibc
public import Wire

/// A network interface of this host, as it was when it was looked up.
public struct NetworkInterface: Hashable, Sendable {
  public let name: String
  /// The kernel's number for it, the scope of its link-local addresses.
  public let index: UInt32
  public let macAddress: MACAddress

  /// Looks an interface up by name.
  public init(_ name: String) throws(LinuxError) {
    self.name = name
    index = if_nametoindex(name)
    guard index != 0 else { throw LinuxError("find the interface \(name)") }
    var octets = [UInt8](repeating: 0, count: 6)
    try check(clinux_interface_mac(name, &octets), "read the MAC address", on: name)
    macAddress = MACAddress(octets[0], octets[1], octets[2], octets[3], octets[4], octets[5])
  }

  /// Names of all interfaces, in the kernel's order.
  public static var names: [String] {
    guard let list = if_nameindex() else { return [] }
    defer { if_freenameindex(list) }
    var result: [String] = []
    var entry = list
    while entry.pointee.if_index != 0, let name = entry.pointee.if_name {
      result.append(String(cString: name))
      entry += 1
    }
    return result
  }

  /// Administratively up and with carrier, now.
  public var isRunning: Bool {
    let flags = clinux_interface_flags(name)
    return flags >= 0 && UInt32(flags) & UInt32(IFF_UP) != 0
      && UInt32(flags) & UInt32(IFF_RUNNING) != 0
  }

  /// Octets of the largest IP packet, now; 1500 when it cannot be read.
  public var mtu: Int {
    let value = clinux_interface_mtu(name)
    return value > 0 ? Int(value) : 1500
  }
}

extension V2GEndpoint {
  /// The kernel's form. The scope is kept only where it means something.
  var socketAddress: sockaddr_in6 {
    clinux_address6(address.octets, port, address.isLinkLocal || address.isMulticast ? scope : 0)
  }

  init(_ socketAddress: sockaddr_in6) {
    var source = socketAddress
    var octets = [UInt8](repeating: 0, count: 16)
    clinux_octets6(&source, &octets)
    self.init(
      IPv6Address(octets: octets) ?? .unspecified, port: clinux_port6(&source), scope: source.sin6_scope_id)
  }
}
