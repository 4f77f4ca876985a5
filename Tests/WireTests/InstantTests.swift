import Testing
import Wire

@Suite struct InstantTests {
  @Test func adding_a_duration_saturates_instead_of_trapping() {
    #expect(Instant(nanoseconds: .max) + .seconds(1) == Instant(nanoseconds: .max))
    #expect(Instant.zero + .milliseconds(250) == Instant(nanoseconds: 250_000_000))
    #expect(Instant(nanoseconds: 5) - Instant(nanoseconds: 7) == .nanoseconds(-2))
  }

  @Test func earliest_ignores_absent_deadlines() {
    #expect(earliest(nil, nil) == nil)
    #expect(earliest(nil, Instant(nanoseconds: 3), Instant(nanoseconds: 2)) == Instant(nanoseconds: 2))
  }
}

@Suite struct MACAddressTests {
  @Test(arguments: ["02:00:00:00:00:e1", "02-00-00-00-00-E1"])
  func text_is_read_in_both_common_forms(text: String) {
    #expect(MACAddress(text) == MACAddress(2, 0, 0, 0, 0, 0xE1))
  }

  @Test(arguments: [
    "", "02:00:00:00:00", "02:00:00:00:00:e", "02:00:00:00:00:e1:", "02:00:00:00:00:e1:00",
    "zz:00:00:00:00:00", "020000000000",
  ])
  func text_that_is_no_address_is_refused(text: String) { #expect(MACAddress(text) == nil) }

  @Test func octets_keep_their_order() {
    let address = MACAddress(0, 0xB0, 0x52, 0, 0, 1)
    #expect(address.octets == [0, 0xB0, 0x52, 0, 0, 1])
    #expect(address.description == "00:b0:52:00:00:01")
    #expect(MACAddress.broadcast.isGroup)
  }
}

@Suite struct ByteReaderTests {
  @Test func reading_past_the_end_fails_and_stays_failed() {
    let bytes: [UInt8] = [1, 2, 3]
    var reader = ByteReader(bytes.span.bytes)
    #expect(reader.uint16BigEndian() == 0x0102)
    #expect(reader.uint16BigEndian() == 0)
    let failed = reader.failed
    #expect(failed)
    #expect(reader.uint8() == 0)
  }
}
