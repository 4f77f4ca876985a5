import CLinux
import Glibc

/// What the kernel and the driver tell about an interface, for people who look for a fault.
public struct InterfaceDetails: Hashable, Sendable {
  /// A counter under the name its driver gave it.
  public struct Counter: Hashable, Sendable {
    public let name: String
    public let value: UInt64

    public init(name: String, value: UInt64) {
      self.name = name
      self.value = value
    }
  }

  /// How the kernel came to the address.
  public enum AddressOrigin: Int, Hashable, Sendable { case permanent = 0, random, stolen, set }

  /// The driver's name as `ethtool -i` shows it; empty where it tells none.
  public let driver: String
  /// `ip link set … up` was said.
  public let isUp: Bool
  /// The device has a carrier.
  public let hasCarrier: Bool
  /// Ethernet; neither loopback nor a tunnel.
  public let isEthernet: Bool
  /// A wireless network, which has no PLC modem behind it.
  public let isWireless: Bool
  public let addressOrigin: AddressOrigin?
  /// The driver's own counters, then the kernel's.
  public let counters: [Counter]

  /// Looks at the interface with this name. What cannot be read is left empty.
  public init(_ name: String) {
    var driver = [CChar](repeating: 0, count: 33)
    self.driver = clinux_interface_driver(name, &driver) == 0 ? text(driver) : ""
    let flags = clinux_interface_flags(name)
    let bits = flags < 0 ? 0 : UInt32(flags)
    isUp = bits & UInt32(IFF_UP) != 0
    hasCarrier = bits & UInt32(IFF_RUNNING) != 0
    isEthernet = clinux_interface_is_ethernet(name) == 1 && bits & UInt32(IFF_LOOPBACK) == 0
    isWireless = lines(of: "/proc/thread-self/net/wireless").contains { $0.hasPrefix(name + ":") }
    addressOrigin = Self.addressOrigin(name)
    var counters: [Counter] = []
    var names = [CChar](repeating: 0, count: 32 * 256)
    var values = [UInt64](repeating: 0, count: 256)
    let count = clinux_interface_counters(name, &names, &values, 256)
    for index in 0..<max(Int(count), 0) {
      counters.append(Counter(name: text(names[32 * index..<32 * (index + 1)]), value: values[index]))
    }
    self.counters = counters + Self.kernelCounters(name)
  }

  /// sysfs is that of the process's namespace only where it was mounted there; an interface of another namespace may
  /// have the same name, but hardly the same number too.
  private static func addressOrigin(_ name: String) -> AddressOrigin? {
    let folder = "/sys/class/net/\(name)/"
    guard lines(of: folder + "ifindex").first == String(if_nametoindex(name)) else { return nil }
    return lines(of: folder + "addr_assign_type").first.flatMap { Int($0) }.flatMap {
      AddressOrigin(rawValue: $0)
    }
  }

  /// The errors and losses among the columns of /proc/net/dev.
  private static func kernelCounters(_ name: String) -> [Counter] {
    let columns = [
      2: "rx_errors", 3: "rx_dropped", 4: "rx_fifo_errors", 5: "rx_frame_errors", 10: "tx_errors",
      11: "tx_dropped", 12: "tx_fifo_errors", 14: "tx_carrier_errors",
    ]
    guard let line = lines(of: "/proc/thread-self/net/dev").first(where: { $0.hasPrefix(name + ":") }) else {
      return []
    }
    let numbers = line.dropFirst(name.count + 1).split(separator: " ").map { UInt64($0) ?? 0 }
    return columns.sorted { $0.key < $1.key }.compactMap { column, name in
      numbers.indices.contains(column) ? Counter(name: name, value: numbers[column]) : nil
    }
  }
}

private func text(_ characters: some Sequence<CChar>) -> String {
  String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// The lines of a small file, without blanks before them; none where it cannot be read.
private func lines(of path: String) -> [String] {
  let descriptor = open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { return [] }
  defer { close(descriptor) }
  var octets = [UInt8](repeating: 0, count: 1 << 16)
  var count = 0
  while count < octets.count {
    let got = octets.withUnsafeMutableBytes {
      read(descriptor, $0.baseAddress.map { $0 + count }, $0.count - count)
    }
    guard got > 0 else { break }
    count += got
  }
  return String(decoding: octets[..<count], as: UTF8.self).split(separator: "\n").map {
    String($0.drop { $0 == " " })
  }
}
