import Glibc
public import HAL
public import Wire

/// A network interface as sysfs shows it.
public struct InterfaceEntry: Hashable, Sendable {
  public let name: String
  /// The kernel's driver of its device; `nil` for one that has no device, such as a bridge or a TAP.
  public let driver: String?
  /// The names of the devices above it, the nearest last: `soc`, `spi0`, `spi0.0`.
  public let devices: [String]
  public let address: MACAddress?
}

/// Finds the interface of a modem as its board describes it. Reads sysfs alone, so nothing is taken or changed.
public enum InterfaceFinder {
  /// All interfaces, by name.
  public static func entries(_ roots: DeviceRoots) -> [InterfaceEntry] {
    let directory = "\(roots.sys)/class/net"
    return DeviceFile.names(in: directory, prefix: "").compactMap { name in
      // A file of the bonding driver stands among them.
      guard !name.hasPrefix("."), let address = try? DeviceFile.read("\(directory)/\(name)/address") else {
        return nil
      }
      let device = "\(directory)/\(name)/device"
      return InterfaceEntry(
        name: name, driver: driver(of: device), devices: components(of: device),
        address: MACAddress(address))
    }
  }

  /// Names of the interfaces that fit, sorted.
  public static func matches(_ match: InterfaceMatch, roots: DeviceRoots) -> [String] {
    entries(roots).filter { match.fits($0) }.map(\.name)
  }

  /// The one that fits. ENODEV where none does, ENOTUNIQ where several do; the error names them and what helps.
  public static func find(_ match: InterfaceMatch, roots: DeviceRoots) throws(LinuxError) -> String {
    let all = entries(roots)
    let found = all.filter { match.fits($0) }
    guard let only = found.first, found.count == 1 else {
      throw LinuxError(
        "find the modem's interface", on: match.words, code: found.isEmpty ? ENODEV : ENOTUNIQ,
        advice: found.isEmpty ? match.remedy(all) : ambiguity(found))
    }
    return only.name
  }

  private static func ambiguity(_ found: [InterfaceEntry]) -> String {
    "it fits \(found.map(\.words).joined(separator: " and ")); name the right one as the connector's 'interface' in the "
      + "site file"
  }

  private static func driver(of device: String) -> String? {
    if let name = DeviceFile.target(of: "\(device)/driver") { return name }
    let lines = (try? DeviceFile.read("\(device)/uevent"))?.split(separator: "\n") ?? []
    return lines.first { $0.hasPrefix("DRIVER=") }.map { String($0.dropFirst("DRIVER=".count)) }
  }

  /// What a link to a device passes through.
  private static func components(of link: String) -> [String] {
    guard let path = realpath(link, nil) else { return [] }
    defer { free(path) }
    return String(cString: path).split(separator: "/").map(String.init)
  }
}

extension InterfaceEntry {
  /// `eth1 (qcaspi at spi0.0, 00:B0:52:00:00:01)`
  var words: String {
    var parts: [String] = []
    if let driver { parts.append(devices.last.map { "\(driver) at \($0)" } ?? driver) }
    if let address { parts.append("\(address)") }
    return parts.isEmpty ? name : "\(name) (\(parts.joined(separator: ", ")))"
  }
}

extension InterfaceMatch {
  /// For people: `driver qcaspi at spi0.0`.
  public var words: String {
    switch self {
    case .driver(let driver, let parent?): "driver \(driver) at \(parent)"
    case .driver(let driver, nil): "driver \(driver)"
    case .addressPrefix(let prefix): "address \(Self.octets(prefix)):..."
    case .named(let name), .tap(let name, _): name
    }
  }

  func fits(_ entry: InterfaceEntry) -> Bool {
    switch self {
    case .driver(let driver, let parent):
      entry.driver == driver && (parent.map { entry.devices.contains($0) } ?? true)
    case .addressPrefix(let prefix): entry.address.map { UInt32($0.value >> 24) == prefix } ?? false
    case .named(let name), .tap(let name, _): entry.name == name
    }
  }

  /// What to do where nothing fits.
  fileprivate func remedy(_ entries: [InterfaceEntry]) -> String {
    switch self {
    case .driver(let driver, let parent):
      if let other = entries.first(where: { $0.driver == driver }) {
        return "\(other.words) is elsewhere than at \(parent ?? "?"): is it this board?"
      }
      return
        "is the modem powered, its driver loaded (modprobe \(driver)) and its device-tree overlay applied? "
        + Self.list(entries)
    case .addressPrefix: return "is the modem connected? " + Self.list(entries)
    case .named:
      return "give it this name by a rule (udev/README.md), or name another one. " + Self.list(entries)
    case .tap: return "the program that makes it does not run. " + Self.list(entries)
    }
  }

  private static func list(_ entries: [InterfaceEntry]) -> String {
    let names = entries.filter { $0.name != "lo" }.map(\.words)
    return names.isEmpty ? "There is no interface" : "There is \(names.joined(separator: ", "))"
  }

  private static func octets(_ prefix: UInt32) -> String {
    [16, 8, 0].map { shift in
      let digits = String(prefix >> shift & 0xFF, radix: 16, uppercase: true)
      return digits.count == 1 ? "0\(digits)" : digits
    }.joined(separator: ":")
  }
}
