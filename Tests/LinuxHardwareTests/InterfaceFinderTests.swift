import Foundation
import HAL
import Testing
import Wire

@testable import LinuxHardware

/// A network class of sysfs, made of files and links as the kernel has them.
private final class NetworkClass {
  let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "coupler-net-\(UUID())")
    try add("lo", address: "00:00:00:00:00:00")
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  var roots: DeviceRoots { DeviceRoots(sys: folder.path, dev: folder.path) }

  /// `device`: its path below /sys/devices. Without a `driver` link the name stands in uevent alone.
  func add(
    _ name: String, address: String, driver: String? = nil, at device: String? = nil, link: Bool = true
  ) throws {
    let manager = FileManager.default
    let entry = folder.appending(path: "class/net/\(name)")
    try manager.createDirectory(at: entry, withIntermediateDirectories: true)
    try Data("\(address)\n".utf8).write(to: entry.appending(path: "address"))
    guard let device, let driver else { return }
    let home = folder.appending(path: "devices/\(device)")
    let drivers = folder.appending(path: "bus/spi/drivers/\(driver)")
    for path in [home, drivers] { try manager.createDirectory(at: path, withIntermediateDirectories: true) }
    try Data("DRIVER=\(driver)\nOF_NAME=modem\n".utf8).write(to: home.appending(path: "uevent"))
    if link {
      try manager.createSymbolicLink(
        atPath: home.appending(path: "driver").path, withDestinationPath: drivers.path)
    }
    try manager.createSymbolicLink(
      atPath: entry.appending(path: "device").path, withDestinationPath: home.path)
  }

  func error(_ match: InterfaceMatch) -> String {
    do throws(LinuxError) { return "found \(try InterfaceFinder.find(match, roots: roots))" } catch {
      return "\(error)"
    }
  }
}

@Suite struct InterfaceFinderTests {
  private func tree() throws -> NetworkClass {
    let tree = try NetworkClass()
    try tree.add("eth0", address: "02:00:00:00:00:0a", driver: "r8169", at: "pci0000:00/0000:02:00.0")
    try tree.add("eth1", address: "00:B0:52:00:00:01", driver: "qcaspi", at: "platform/soc/spi0/spi0.0")
    try tree.add("eth2", address: "00:B0:52:00:00:02", driver: "qcaspi", at: "platform/soc/spi1/spi1.0")
    try tree.add("plc7", address: "00:01:87:00:00:03", driver: "mse102x", at: "platform/spi2.0", link: false)
    try tree.add("br0", address: "02:00:00:00:00:0b")
    return tree
  }

  @Test func a_modem_is_found_by_driver_and_parent_by_address_and_by_name() throws {
    let tree = try tree()
    for (match, name) in [
      (.driver("qcaspi", parent: "spi0.0"), "eth1"), (.driver("qcaspi", parent: "spi1.0"), "eth2"),
      (.driver("qcaspi", parent: "spi1"), "eth2"), (.driver("mse102x", parent: nil), "plc7"),
      (.addressPrefix(0x00_0187), "plc7"), (.named("br0"), "br0"), (.tap(name: "eth0", mtu: 1500), "eth0"),
    ] as [(InterfaceMatch, String)] {
      #expect(try InterfaceFinder.find(match, roots: tree.roots) == name, "\(match.words)")
      #expect(InterfaceFinder.matches(match, roots: tree.roots) == [name])
    }
  }

  @Test func two_that_fit_are_an_error_that_names_both() throws {
    let tree = try tree()
    #expect(
      tree.error(.driver("qcaspi", parent: nil))
        == "cannot find the modem's interface on driver qcaspi: Name not unique; it fits eth1 (qcaspi at spi0.0, "
        + "00:b0:52:00:00:01) and eth2 (qcaspi at spi1.0, 00:b0:52:00:00:02); name the right one as the connector's "
        + "'interface' in the site file")
    #expect(
      tree.error(.addressPrefix(0x00_B052)).contains("address 00:B0:52:...: Name not unique; it fits eth1"))
  }

  @Test func one_that_is_missing_is_told_with_what_there_is() throws {
    let tree = try tree()
    let driver = tree.error(.driver("qcauart", parent: nil))
    #expect(
      driver.contains("modprobe qcauart") && driver.contains("There is br0 (02:00:00:00:00:0b), eth0 (r8169"))
    #expect(!driver.contains("lo ("))
    #expect(
      tree.error(.driver("mse102x", parent: "spi0.0"))
        .hasSuffix(
          "plc7 (mse102x at spi2.0, 00:01:87:00:00:03) is elsewhere than at spi0.0: is it this board?"))
    #expect(tree.error(.named("plc0")).contains("udev/README.md"))
    #expect(tree.error(.tap(name: "cb_plc", mtu: 1500)).contains("the program that makes it does not run"))
    let empty = DeviceRoots(sys: "/nowhere", dev: "/nowhere")
    #expect(InterfaceFinder.entries(empty).isEmpty)
    #expect(throws: LinuxError.self) { try InterfaceFinder.find(.named("plc0"), roots: empty) }
  }

  @Test func this_machine_has_a_loopback_without_a_driver() {
    let lo = InterfaceFinder.entries(DeviceRoots()).first { $0.name == "lo" }
    #expect(lo != nil && lo?.driver == nil && lo?.address == MACAddress(0))
  }
}

@Suite(.enabled(if: NamespacePair.areAvailable, NamespacePair.areNot), .serialized)
struct InterfaceMonitorTests {
  @Test func an_interface_that_comes_goes_or_is_renamed_is_told_and_silence_is_none() throws {
    let pair = try NamespacePair()
    let loop = try EventLoop()
    let monitor = try NamespacePair.inside(pair.left) { try InterfaceMonitor() }
    var news = 0
    try monitor.attach(to: loop) { news += 1 }
    func step(_ time: Duration) throws {
      let end = loop.now + time
      while loop.now < end { try loop.step(until: end) }
    }
    try step(.milliseconds(200))
    #expect(news == 0)
    for change in 0..<3 {
      let before = news
      switch change {
      case 0: try NamespacePair.run("-n", pair.left, "link", "set", "plc0", "name", "eth9")
      case 1: try NamespacePair.run("-n", pair.left, "link", "add", "dummy9", "type", "bridge")
      default: try NamespacePair.run("-n", pair.left, "link", "del", "eth9")
      }
      try step(.milliseconds(200))
      #expect(news > before, "change \(change)")
    }
    monitor.detach()
    let before = news
    try NamespacePair.run("-n", pair.left, "link", "del", "dummy9")
    try step(.milliseconds(100))
    #expect(news == before)
  }
}
