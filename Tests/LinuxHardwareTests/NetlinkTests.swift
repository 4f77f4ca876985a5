import CLinux
import Glibc
import Testing
import V2GTransport
import Wire

@testable import LinuxHardware

/// Builds rtnetlink messages as the kernel lays them out.
private struct Netlink {
  var octets: [UInt8] = []

  private static func native<Value>(_ value: Value) -> [UInt8] { withUnsafeBytes(of: value) { Array($0) } }

  private mutating func message(_ type: Int, _ flags: UInt16, _ body: [UInt8]) {
    octets += Self.native(UInt32(16 + body.count)) + Self.native(UInt16(type)) + Self.native(flags)
    octets += Self.native(UInt32(1)) + Self.native(UInt32(0)) + body
    octets += [UInt8](repeating: 0, count: (4 - body.count % 4) % 4)
  }

  private static func attribute(_ type: Int, _ value: [UInt8]) -> [UInt8] {
    native(UInt16(4 + value.count)) + native(UInt16(type)) + value
      + [UInt8](repeating: 0, count: (4 - value.count % 4) % 4)
  }

  mutating func link(_ index: UInt32, _ name: String, running: Bool, type: Int = RTM_NEWLINK) {
    let flags = running ? UInt32(IFF_UP) | UInt32(clinux_lower_up) : UInt32(IFF_UP)
    let head =
      [UInt8](repeating: 0, count: 4) + Self.native(index) + Self.native(flags) + Self.native(UInt32(0))
    message(type, 0, head + Self.attribute(Int(IFLA_IFNAME), Array(name.utf8) + [0]))
  }

  mutating func address(_ index: UInt32, _ address: IPv6Address, _ flags: Int32, type: Int = RTM_NEWADDR) {
    let head = [UInt8(AF_INET6), 64, UInt8(truncatingIfNeeded: flags), 253] + Self.native(index)
    message(
      type, 0,
      head + Self.attribute(Int(IFA_ADDRESS), address.octets)
        + Self.attribute(Int(IFA_FLAGS), Self.native(UInt32(bitPattern: flags))))
  }

  mutating func done(interrupted: Bool = false) {
    message(Int(NLMSG_DONE), interrupted ? UInt16(NLM_F_DUMP_INTR) : 0, [0, 0, 0, 0])
  }
}

@Suite struct LinkLocalTableTests {
  private static let own = IPv6Address(high: 0xFE80 << 48, low: 0xE1)

  /// A table after both dumps, with `plc0` as number 4 without addresses.
  private func table() -> LinkLocalTable {
    var table = LinkLocalTable(interface: "plc0")
    var links = Netlink()
    links.link(1, "lo", running: true)
    links.link(4, "plc0", running: true)
    links.done()
    #expect(table.apply(links.octets.span.bytes) == .linksDone)
    #expect(!table.isComplete)
    var addresses = Netlink()
    addresses.address(1, IPv6Address(high: 0xFE80 << 48, low: 1), IFA_F_PERMANENT)
    addresses.done()
    #expect(table.apply(addresses.octets.span.bytes) == .goOn)
    #expect(table.isComplete)
    return table
  }

  private func after(_ table: inout LinkLocalTable, _ build: (inout Netlink) -> Void) -> LinkLocalState {
    var netlink = Netlink()
    build(&netlink)
    _ = table.apply(netlink.octets.span.bytes)
    return table.state
  }

  @Test func an_address_is_usable_when_it_is_no_longer_tentative() {
    var table = table()
    #expect(table.state == .noAddress)
    #expect(
      after(&table) { $0.address(4, Self.own, IFA_F_PERMANENT | IFA_F_TENTATIVE) } == .tentative(Self.own))
    #expect(
      after(&table) { $0.address(4, Self.own, IFA_F_PERMANENT) } == .usable(Self.own, interfaceIndex: 4))
    #expect(after(&table) { $0.address(4, Self.own, 0, type: RTM_DELADDR) } == .noAddress)
  }

  @Test func a_duplicate_is_told_unless_another_address_serves() {
    var table = table()
    let failed = IFA_F_PERMANENT | IFA_F_TENTATIVE | IFA_F_DADFAILED
    #expect(after(&table) { $0.address(4, Self.own, failed) } == .duplicate(Self.own))
    let other = IPv6Address(high: 0xFE80 << 48, low: 0xE2)
    #expect(after(&table) { $0.address(4, other, IFA_F_PERMANENT) } == .usable(other, interfaceIndex: 4))
  }

  @Test func global_addresses_and_other_interfaces_do_not_count() {
    var table = table()
    let global = IPv6Address(high: 0x2001_0DB8 << 32, low: 1)
    #expect(after(&table) { $0.address(4, global, IFA_F_PERMANENT) } == .noAddress)
    #expect(after(&table) { $0.address(5, Self.own, IFA_F_PERMANENT) } == .noAddress)
  }

  @Test func carrier_unplugging_renaming_and_coming_back_are_followed() {
    var table = table()
    _ = after(&table) { $0.address(4, Self.own, IFA_F_PERMANENT) }
    #expect(after(&table) { $0.link(4, "plc0", running: false) } == .down)
    #expect(after(&table) { $0.link(4, "plc0", running: true) } == .usable(Self.own, interfaceIndex: 4))
    #expect(after(&table) { $0.link(4, "eth7", running: true) } == .missing)
    #expect(after(&table) { $0.link(4, "plc0", running: true) } == .usable(Self.own, interfaceIndex: 4))
    #expect(after(&table) { $0.link(4, "plc0", running: false, type: RTM_DELLINK) } == .missing)
    #expect(after(&table) { $0.link(9, "plc0", running: true) } == .noAddress)
  }

  @Test func an_interrupted_dump_starts_over() {
    var table = LinkLocalTable(interface: "plc0")
    var netlink = Netlink()
    netlink.done(interrupted: true)
    #expect(table.apply(netlink.octets.span.bytes) == .interrupted)
  }

  @Test func every_truncation_and_mutation_is_survived() {
    var netlink = Netlink()
    netlink.link(4, "plc0", running: true)
    netlink.address(4, Self.own, IFA_F_PERMANENT)
    netlink.done()
    for count in 0...netlink.octets.count {
      var table = LinkLocalTable(interface: "plc0")
      _ = table.apply(Array(netlink.octets.prefix(count)).span.bytes)
    }
    var random = SeededGenerator(seed: 7)
    for _ in 0..<5000 {
      var octets = netlink.octets
      for _ in 0...Int(random.next() % 4) {
        octets[Int.random(in: 0..<octets.count, using: &random)] = UInt8(random.next() & 0xFF)
      }
      var table = LinkLocalTable(interface: "plc0")
      _ = table.apply(octets.span.bytes)
      _ = table.state
    }
  }
}
