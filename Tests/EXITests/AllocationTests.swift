import CAllocationCounter
import EXI
import ISO15118_2Messages
import Testing
import Wire

@Suite struct AllocationTests {
  @Test func a_message_is_small() {
    #expect(MemoryLayout<V2G_Message>.size <= 512)
    #expect(MemoryLayout<EXIString>.size == 8)
    #expect(MemoryLayout<EXIList<PMaxScheduleEntry>>.size == 12)
  }

  @Test(
    .enabled(if: allocation_counting_works() == 1, "allocations cannot be counted in this build"),
    arguments: ["CurrentDemandReq", "CurrentDemandRes", "ChargeParameterDiscoveryRes"])
  func decoding_and_encoding_does_not_allocate(message: String) throws {
    let vector = try #require(try Vector.all("bench").first { $0.message == message })
    let octets = vector.octets
    var output = OutputBuffer(reserving: 1 << 16)
    // Once to instantiate metadata, then counted.
    _ = try run(octets, into: &output)
    let before = allocation_count()
    for _ in 0..<1000 { _ = try run(octets, into: &output) }
    let made = allocation_count() - before
    #expect(made == 0)
    #expect(hexadecimal(output.octets) == vector.exi)
  }

  @Test(.enabled(if: allocation_counting_works() == 1, "allocations cannot be counted in this build"))
  func building_a_message_in_an_arena_does_not_allocate() throws {
    var arena = EXIArena(capacity: 256)
    var output = OutputBuffer(reserving: 1 << 16)
    func build() throws {
      arena.removeAll()
      output.removeAll()
      let schedule = arena.list(
        CollectionOfOne(
          PMaxScheduleEntry(
            timeInterval: .relativeTimeInterval(RelativeTimeInterval(start: 0, duration: 86_400)),
            pMax: PhysicalValue(multiplier: 3, unit: .W, value: 22))))
      let tuple = arena.list(
        CollectionOfOne(
          SAScheduleTuple(saScheduleTupleID: 1, pMaxSchedule: PMaxSchedule(pMaxScheduleEntry: schedule))))
      let message = V2G_Message(
        header: MessageHeader(sessionID: arena.binary(bigEndian: 0x1122_3344_5566_7788, count: 8)),
        body: Body(
          bodyElement: .chargeParameterDiscoveryRes(
            ChargeParameterDiscoveryRes(
              responseCode: .OK, evseProcessing: .Finished,
              saSchedules: .saScheduleList(SAScheduleList(saScheduleTuple: tuple)),
              evseChargeParameter: .acEVSEChargeParameter(
                AC_EVSEChargeParameter(
                  acEVSEStatus: AC_EVSEStatus(notificationMaxDelay: 0, evseNotification: .None, rcd: false),
                  evseNominalVoltage: PhysicalValue(multiplier: 0, unit: .V, value: 230),
                  evseMaxCurrent: PhysicalValue(multiplier: 0, unit: .A, value: 32)))))))
      try message.encode(into: &output, source: arena.span)
    }
    try build()
    let before = allocation_count()
    for _ in 0..<1000 { try build() }
    let made = allocation_count() - before
    #expect(made == 0)
    #expect(output.count > 20)
  }

  private func run(_ octets: [UInt8], into output: inout OutputBuffer) throws(EXIError) -> Int {
    let bytes = octets.span.bytes
    let message = try V2G_Message(decoding: bytes)
    output.removeAll()
    return try message.encode(into: &output, source: bytes)
  }
}
