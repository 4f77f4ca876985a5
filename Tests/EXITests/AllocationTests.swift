import AppProtocolMessages
import CAllocationCounter
import DIN70121Messages
import EXI
import ISO15118_20Messages
import ISO15118_2Messages
import TestSupport
import Testing
import Wire
import XMLSignatureMessages

@Suite struct AllocationTests {
  /// What a board sets aside for one message. An enum is as large as its largest case, so that these are all.
  @Test func a_decoded_message_of_any_set_takes_at_most_512_octets() {
    let sizes = [
      ("AppProtocolDocument", MemoryLayout<AppProtocolDocument>.size),
      ("DIN70121 V2G_Message", MemoryLayout<DIN70121Messages.V2G_Message>.size),
      ("ISO15118_2 V2G_Message", MemoryLayout<ISO15118_2Messages.V2G_Message>.size),
      ("ISO15118_20CommonDocument", MemoryLayout<ISO15118_20CommonDocument>.size),
      ("ISO15118_20ACDocument", MemoryLayout<ISO15118_20ACDocument>.size),
      ("ISO15118_20DCDocument", MemoryLayout<ISO15118_20DCDocument>.size),
      ("ISO15118_20ACDPDocument", MemoryLayout<ISO15118_20ACDPDocument>.size),
      ("ISO15118_20WPTDocument", MemoryLayout<ISO15118_20WPTDocument>.size),
      ("DIN70121Fragment", MemoryLayout<DIN70121Fragment>.size),
      ("ISO15118_2Fragment", MemoryLayout<ISO15118_2Fragment>.size),
      ("ISO15118_20CommonFragment", MemoryLayout<ISO15118_20CommonFragment>.size),
      ("ISO15118_20ACFragment", MemoryLayout<ISO15118_20ACFragment>.size),
      ("ISO15118_20DCFragment", MemoryLayout<ISO15118_20DCFragment>.size),
      ("ISO15118_20ACDPFragment", MemoryLayout<ISO15118_20ACDPFragment>.size),
      ("ISO15118_20WPTFragment", MemoryLayout<ISO15118_20WPTFragment>.size),
      ("XMLSignatureFragment", MemoryLayout<XMLSignatureFragment>.size),
    ]
    for (name, size) in sizes { #expect(size <= 512, "\(name)") }
    #expect(sizes.map(\.1).max() ?? 0 > 300)
    #expect(MemoryLayout<EXIString>.size == 8)
    #expect(MemoryLayout<EXIBinary>.size <= 8)
    #expect(MemoryLayout<EXIList<ISO15118_2Messages.PMaxScheduleEntry>>.size == 12)
  }

  /// Decoding, encoding and cutting out the received bits, counted for every vector.
  @Test(
    .enabled(if: allocation_counting_works() == 1, "allocations cannot be counted in this build"),
    arguments: Vector.files + ["exi-fragments-bench", "bench"])
  func no_vector_of_any_set_allocates(file: String) throws {
    var output = OutputBuffer(reserving: 1 << 16)
    var count = 0
    for (number, vector) in try Vector.all(file).enumerated() {
      let type = try #require(codec(set: vector.setName, fragment: vector.isFragment))
      #if DEBUG
        // Rewriting a signature's content with empty values in the other form takes closures, which only an
        // optimized build keeps off the heap: `exibench vectors` counts both forms there.
        let forms = [vector.octets]
      #else
        let forms = [vector.octets, vector.otherOctets ?? vector.octets]
      #endif
      for octets in forms {
        let made = try allocations(type, octets, &output)
        #expect(made.codec == 0, "decode and encode, line \(number + 1), \(vector.message ?? "")")
        #expect(made.splice == 0, "splice, line \(number + 1), \(vector.message ?? "")")
      }
      count += 1
    }
    #expect(count > 0)
  }

  /// What the second and third of three rounds allocate: the first may instantiate metadata.
  private func allocations<Codec: AnyCodec>(
    _: Codec.Type, _ octets: [UInt8], _ output: inout OutputBuffer
  ) throws(EXIError) -> (codec: UInt, splice: UInt) {
    let bytes = octets.span.bytes
    let bits = EXIBits(firstBit: 11, count: UInt32(octets.count * 8 - 11))
    var before: (UInt, UInt) = (0, 0)
    var made: (codec: UInt, splice: UInt) = (0, 0)
    for round in 0..<3 {
      output.removeAll()
      before.0 = UInt(allocation_count())
      _ = try Codec(decoding: bytes).encode(into: &output, source: bytes, limits: nil)
      before.1 = UInt(allocation_count())
      output.removeAll()
      _ = try ISO15118_2Fragment.grammar.splice(code: 4, bits: bits, from: bytes, into: &output)
      if round > 0 {
        made.codec += before.1 - before.0
        made.splice += UInt(allocation_count()) - before.1
      }
    }
    return made
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
          ISO15118_2Messages.PMaxScheduleEntry(
            timeInterval: .relativeTimeInterval(
              ISO15118_2Messages.RelativeTimeInterval(start: 0, duration: 86_400)),
            pMax: ISO15118_2Messages.PhysicalValue(multiplier: 3, unit: .W, value: 22))))
      let tuple = arena.list(
        CollectionOfOne(
          ISO15118_2Messages.SAScheduleTuple(
            saScheduleTupleID: 1, pMaxSchedule: ISO15118_2Messages.PMaxSchedule(pMaxScheduleEntry: schedule)))
      )
      let message = ISO15118_2Messages.V2G_Message(
        header: ISO15118_2Messages.MessageHeader(
          sessionID: arena.binary(bigEndian: 0x1122_3344_5566_7788, count: 8)),
        body: ISO15118_2Messages.Body(
          bodyElement: .chargeParameterDiscoveryRes(
            ISO15118_2Messages.ChargeParameterDiscoveryRes(
              responseCode: .OK, evseProcessing: .Finished,
              saSchedules: .saScheduleList(ISO15118_2Messages.SAScheduleList(saScheduleTuple: tuple)),
              evseChargeParameter: .acEVSEChargeParameter(
                ISO15118_2Messages.AC_EVSEChargeParameter(
                  acEVSEStatus: ISO15118_2Messages.AC_EVSEStatus(
                    notificationMaxDelay: 0, evseNotification: .None, rcd: false),
                  evseNominalVoltage: ISO15118_2Messages.PhysicalValue(multiplier: 0, unit: .V, value: 230),
                  evseMaxCurrent: ISO15118_2Messages.PhysicalValue(multiplier: 0, unit: .A, value: 32)))))))
      try message.encode(into: &output, source: arena.span)
    }
    try build()
    let before = allocation_count()
    for _ in 0..<1000 { try build() }
    let made = allocation_count() - before
    #expect(made == 0)
    #expect(output.count > 20)
  }
}
