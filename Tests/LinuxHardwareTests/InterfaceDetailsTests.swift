import Glibc
import LinuxHardware
import Testing

@Suite struct InterfaceDetailsTests {
  @Test func an_interface_that_is_not_there_has_no_details() {
    let details = InterfaceDetails("nowhere0")
    #expect(details.driver.isEmpty && details.counters.isEmpty)
    #expect(!details.isUp && !details.hasCarrier && !details.isEthernet && !details.isWireless)
  }

  @Test func a_name_that_is_too_long_is_no_interface() {
    #expect(!InterfaceDetails(String(repeating: "x", count: 400)).isEthernet)
  }

  @Test func the_loopback_is_no_ethernet_and_has_counters_of_the_kernel() {
    let details = InterfaceDetails("lo")
    #expect(!details.isEthernet)
    #expect(details.counters.map(\.name).contains("rx_errors"))
  }

  @Test(.enabled(if: NamespacePair.areAvailable, NamespacePair.areNot))
  func a_veth_pair_tells_its_driver_and_its_state() throws {
    let pair = try NamespacePair()
    func details() throws -> InterfaceDetails {
      try NamespacePair.inside(pair.left) { InterfaceDetails("plc0") }
    }
    let before = try details()
    #expect(before.driver == "veth" && before.isEthernet)
    #expect(!before.isUp && !before.hasCarrier)
    try pair.up()
    // The kernel tells a carrier up to a second late.
    var after = try details()
    for _ in 0..<100 where !after.hasCarrier {
      usleep(100_000)
      after = try details()
    }
    #expect(after.isUp && after.hasCarrier)
    #expect(after.counters.map(\.name).contains("tx_dropped"))
  }
}
