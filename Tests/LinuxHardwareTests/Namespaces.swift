import CLinux
import Foundation
import Glibc
import LinuxHardware
import Testing
import Wire

/// Two network namespaces with a veth pair between them, `plc0` at both ends; removed with the object.
final class NamespacePair {
  static let areAvailable: Bool = {
    guard geteuid() == 0, ip != nil else { return false }
    removeLeftovers()
    return true
  }()
  static let areNot: Comment = "not run as root, or no ip command: nothing was tried over a veth pair"

  private static let ip: String? = ["/usr/sbin/ip", "/sbin/ip", "/usr/bin/ip"].first {
    (path: String) in access(path, X_OK) == 0
  }
  private nonisolated(unsafe) static var made = 0
  private static let lock = NSLock()

  /// Removes what runs that crashed have left behind: names carry the number of their process.
  private static func removeLeftovers() {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/run/netns")) ?? []
    for name in names {
      let parts = name.split(separator: "-")
      guard parts.count == 3, parts[0] == "coupler", let process = Int32(parts[1]) else { continue }
      if kill(process, 0) != 0, errno == ESRCH { try? run("netns", "del", name) }
    }
  }

  let left: String
  let right: String

  /// With `detectsDuplicates` off, addresses are usable at once instead of after 1 to 2 s.
  init(detectsDuplicates: Bool = false) throws {
    let number = Self.lock.withLock {
      Self.made += 1
      return Self.made
    }
    let name = "coupler-\(getpid())-\(number)"
    (left, right) = (name + "l", name + "r")
    for side in [left, right] { try Self.run("netns", "add", side) }
    try Self.run(
      "-n", left, "link", "add", "plc0", "type", "veth", "peer", "name", "plc0", "netns", right)
    if !detectsDuplicates {
      for side in [left, right] { try Self.acceptAddressesAtOnce(side) }
    }
  }

  deinit {
    for side in [left, right] { try? Self.run("netns", "del", side) }
  }

  /// Turns duplicate address detection off on `plc0`.
  static func acceptAddressesAtOnce(_ namespace: String) throws {
    try inside(namespace) {
      let setting = open("/proc/sys/net/ipv6/conf/plc0/accept_dad", O_WRONLY)
      try #require(setting >= 0 && write(setting, "0", 1) == 1)
      close(setting)
    }
  }

  func up() throws {
    for side in [left, right] { try Self.run("-n", side, "link", "set", "plc0", "up") }
  }

  /// Brings the interfaces up and waits, up to a second, until the kernel lets frames through: it drops those that come
  /// before without a word.
  func upForFrames() throws {
    try up()
    for side in [left, right] {
      for _ in 0..<250 where try !Self.output("-n", side, "-o", "link", "show", "plc0").contains("state UP") {
        usleep(20_000)
      }
    }
  }

  /// Runs `body` with the calling thread in a namespace. Sockets made there belong to it for ever, so that one
  /// thread can drive both ends afterwards.
  static func inside<Result>(_ name: String, _ body: () throws -> Result) throws -> Result {
    let home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)
    let there = open("/run/netns/\(name)", O_RDONLY | O_CLOEXEC)
    defer {
      close(home)
      close(there)
    }
    try #require(home >= 0 && there >= 0 && clinux_enter_network_namespace(there) == 0)
    defer { _ = clinux_enter_network_namespace(home) }
    return try body()
  }

  private static func output(_ arguments: String...) throws -> String {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(filePath: try #require(ip))
    process.arguments = arguments
    process.standardOutput = pipe
    try process.run()
    let octets = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return String(decoding: octets, as: UTF8.self)
  }

  static func run(_ arguments: String...) throws {
    let process = Process()
    process.executableURL = URL(filePath: try #require(ip))
    process.arguments = arguments
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "ip \(arguments.joined(separator: " "))")
  }
}

/// Waits until the link-local address of one end is usable.
@discardableResult
func usableAddress(_ namespace: String, _ loop: EventLoop) throws -> IPv6Address {
  let monitor = try NamespacePair.inside(namespace) { try LinkLocalMonitor(interface: "plc0") }
  var address: IPv6Address?
  try monitor.attach(to: loop) { if case .usable(let usable, _) = $0 { address = usable } }
  try loop.run { address != nil }
  return try #require(address)
}
