import Testing
import V2GTransport
import Wire

@Suite struct IPv6AddressTests {
  @Test(arguments: [
    ("::", "::"), ("::1", "::1"), ("fe80::1", "fe80::1"), ("FE80:0:0:0:0:0:0:1", "fe80::1"),
    ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"), ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
    ("1::", "1::"), ("ff02::1", "ff02::1"), ("::ffff:192.0.2.1", "::ffff:c000:201"),
    ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"), ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"),
    ("0:0:1::", "0:0:1::"), ("fe80::0001:00ff:fe00:e1", "fe80::1:ff:fe00:e1"),
  ])
  func text_is_read_and_printed_in_the_canonical_form(text: String, canonical: String) {
    #expect(IPv6Address(text)?.description == canonical)
  }

  @Test(arguments: [
    "", ":", ":::", "1", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "12345::", "g::", "fe80::1%eth0",
    "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "1:", ":1", "::1.2.3", "::1.2.3.256", "::01.2.3.4", "1.2.3.4",
    "::1.2.3.4:5", "1:2:3:4:5:6:7:1.2.3.4", "fe80::1 ", "::1.2.3.4.",
  ])
  func text_that_is_no_address_is_refused(text: String) { #expect(IPv6Address(text) == nil) }

  @Test func every_address_survives_its_text() {
    for seed in 0..<UInt64(500) {
      var random = SeededGenerator(seed: seed)
      // Sparse octets, so that runs of zeros are common.
      let octets = (0..<16).map { _ in random.chance(perMille: 600) ? 0 : UInt8(random.next() & 0xFF) }
      let address = IPv6Address(octets: octets)
      #expect(address?.octets == octets)
      #expect(address.flatMap { IPv6Address($0.description) } == address)
    }
  }

  @Test func the_link_local_address_of_a_mac_is_its_modified_EUI_64() {
    let address = IPv6Address(linkLocalFor: MACAddress(0x02, 0x00, 0x00, 0x12, 0x34, 0xE1))
    #expect(address.description == "fe80::ff:fe12:34e1")
    #expect(address.isLinkLocal)
    #expect(
      IPv6Address(linkLocalFor: MACAddress(0, 0xB0, 0x52, 0, 0, 1)).description == "fe80::2b0:52ff:fe00:1")
  }

  @Test func kinds_are_told_apart() {
    #expect(IPv6Address.allNodes.isMulticast)
    #expect(!IPv6Address.allNodes.isLinkLocal)
    #expect(IPv6Address("febf::1")?.isLinkLocal == true)
    #expect(IPv6Address("fec0::1")?.isLinkLocal == false)
    #expect(IPv6Address(octets: [1, 2, 3]) == nil)
  }

  @Test func an_endpoint_prints_its_scope() throws {
    let address = try #require(IPv6Address("fe80::1"))
    #expect(V2GEndpoint(address, port: 49152, scope: 3).description == "[fe80::1%3]:49152")
    #expect(V2GEndpoint(address, port: 49152).description == "[fe80::1]:49152")
  }
}
