import Foundation
import HAL
import LinuxHardware
import Node
import Testing
import Wire

@testable import BoardRuntime

/// The loopback stands for the modem: sysfs is made of files, the interface itself has to be one of the kernel's.
@Suite struct ModemInterfaceTests {
  private let folder = FileManager.default.temporaryDirectory.appending(path: "coupler-modem-\(UUID())")
  private var roots: DeviceRoots { DeviceRoots(sys: folder.path, dev: folder.path) }
  private let modem = ModemDescription(vendor: .qualcomm, interface: .driver("qcaspi", parent: "spi0.0"))

  private func add(_ name: String, _ driver: String, at device: String) throws {
    for path in ["class/net/\(name)", "devices/\(device)"] {
      try FileManager.default.createDirectory(
        at: folder.appending(path: path), withIntermediateDirectories: true)
    }
    try Data("DRIVER=\(driver)\n".utf8).write(to: folder.appending(path: "devices/\(device)/uevent"))
    try Data("00:b0:52:00:00:01\n".utf8).write(to: folder.appending(path: "class/net/\(name)/address"))
    try FileManager.default.createSymbolicLink(
      atPath: folder.appending(path: "class/net/\(name)/device").path,
      withDestinationPath: folder.appending(path: "devices/\(device)").path)
  }

  @Test func it_comes_late_and_goes_again() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let interface = ModemInterface(name: nil, modem: modem, roots: roots)
    #expect(interface.present == nil)
    #expect(interface.trouble?.contains("modprobe qcaspi") == true)
    let unchanged = interface.lookUp()
    #expect(!unchanged, "told once")
    try add("lo", "qcaspi", at: "spi0.0")
    let came = interface.lookUp()
    #expect(came && interface.present?.name == "lo" && interface.trouble == nil && interface.mismatch == nil)
    try FileManager.default.removeItem(at: folder)
    let went = interface.lookUp()
    #expect(went && interface.present == nil)
  }

  @Test func two_that_fit_are_told_by_name_and_none_is_taken() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    try add("lo", "qcaspi", at: "a/spi0.0")
    try add("eth1", "qcaspi", at: "b/spi0.0")
    let interface = ModemInterface(name: nil, modem: modem, roots: roots)
    #expect(interface.present == nil)
    #expect(interface.trouble?.contains("it fits eth1 (qcaspi at spi0.0") == true)
    #expect(interface.trouble?.contains(" and lo (qcaspi") == true)
  }

  @Test func the_site_files_name_wins_and_a_mismatch_is_told() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    try add("eth1", "qcaspi", at: "spi0.0")
    let named = ModemInterface(name: "lo", modem: modem, roots: roots)
    #expect(named.present?.name == "lo")
    #expect(
      named.mismatch
        == "lo, which the site file names, is not the board's modem (driver qcaspi at spi0.0): eth1 is")
    try add("lo", "qcaspi", at: "c/spi0.0")
    #expect(named.mismatch == nil, "one of two that fit")
    let byName = ModemDescription(vendor: .unknown, interface: .named("plc0"))
    #expect(ModemInterface(name: "lo", modem: byName, roots: roots).mismatch == nil)
    let missing = ModemInterface(name: "none-such", modem: modem, roots: roots)
    #expect(
      missing.trouble == "no interface none-such; ip link shows those there are" && missing.mismatch == nil)
    #expect(ModemInterface(name: nil, modem: nil, roots: roots).trouble?.contains("no modem") == true)
  }

  @Test func a_connector_without_a_modem_looks_for_none_and_is_not_in_trouble() throws {
    let rig = try LatencyTests.Rig { plan in
      plan.link = .absent
      plan.interface = nil
    }
    #expect(rig.connector.trouble == nil && rig.connector.interfaceName == nil)
    try rig.wire(9_000)
    _ = try rig.waits(.milliseconds(200)) { false }
    try rig.wire(6_000)
    let closed = try rig.waits(.seconds(12)) { rig.coil.value && rig.mirror.value }
    #expect(closed, "state \(rig.connector.pilotState), duty \(rig.connector.pilotDuty)")
    #expect(rig.connector.pilotDuty == .pwm(permille: 533), "32 A, and never 5 %")
    #expect(rig.connector.status(at: rig.loop.now).interface.isEmpty)
  }
}
