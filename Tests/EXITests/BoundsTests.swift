import EXI
import ISO15118_20Messages
import ISO15118_2Messages
import Testing
import Wire
import XMLSignatureMessages

/// Positions, lengths and slots at the limits of what they may be and beyond.
@Suite struct BoundsTests {
  private func kind(
    source: [UInt8], limits: PeerLimits? = nil, _ body: (inout BitWriter) -> Void
  ) -> EXIError.Kind? {
    var output = OutputBuffer()
    do {
      _ = try encodeStream(
        into: &output, source: source.span.bytes, limits: limits, names: { _ in "?" }, body)
      return nil
    } catch {
      #expect(output.isEmpty)
      return error.kind
    }
  }

  // MARK: reading

  @Test(arguments: [129, 1 << 31, Int.max - 7, Int.max, -1, Int.min])
  func a_reader_that_begins_outside_its_octets_reads_nothing(position: Int) {
    let octets = [UInt8](repeating: 0xFF, count: 16)
    var reader = BitReader(octets.span.bytes, position: position)
    #expect(reader.failed == true)
    for count in [8, 57, 1, 32] { #expect(reader.bits(count) == 0) }
    #expect(reader.unsigned(lead: 1, max: .max) == 0)
    reader.end()
    #expect(reader.failed == true)
    #expect(reader.consumed == 16)
  }

  @Test(
    arguments: [([], .truncated), ([0], .header), ([0x80], .truncated), ([0x24, 0x45], .header)]
      as [([UInt8], EXIError.Kind)])
  func a_short_stream_says_whether_its_header_was_wrong(octets: [UInt8], kind: EXIError.Kind) {
    let error = #expect(throws: EXIError.self) {
      _ = try ISO15118_2Messages.V2G_Message(decoding: octets.span.bytes)
    }
    #expect(error?.kind == kind)
  }

  /// 65,535 characters is what a slot counts and an encoder writes.
  @Test(arguments: [65_533, 65_534, 65_535])
  func the_longest_string_a_slot_counts_is_read_back(count: Int) throws {
    var arena = EXIArena(capacity: 70_000)
    let text = arena.string(String(repeating: "x", count: count))
    #expect(arena.failure == nil)
    var output = OutputBuffer()
    _ = try encodeStream(into: &output, source: arena.span, names: { _ in "?" }) { $0.string(text, lead: 1) }
    var reader = BitReader(output.octets.span.bytes)
    #expect(Int(reader.string(lead: 1).count) == count)
    #expect(reader.failed == false)
  }

  @Test func a_string_or_binary_longer_than_a_slot_counts_is_refused_as_such() {
    for (length, bias) in [(65_536, 2), (65_536, 0)] {
      let coded = length + bias
      let head = [UInt8(coded & 127 | 128), UInt8(coded >> 7 & 127 | 128), UInt8(coded >> 14)]
      let octets = head + [UInt8](repeating: 0x41, count: length + 1)
      var reader = BitReader(octets.span.bytes)
      if bias == 2 { _ = reader.string(lead: 0) } else { _ = reader.binary(lead: 0) }
      let error = #expect(throws: EXIError.self) { try reader.finish { _ in "?" } }
      #expect(error?.kind == .capacity)
    }
  }

  @Test func an_integer_longer_than_a_slot_counts_is_refused_as_such() {
    let octets = [UInt8](repeating: 0xFF, count: 65_540)
    for (count, kind) in [(65_540, EXIError.Kind.capacity), (60_000, .truncated)] {
      let part = Array(octets[..<count])
      var reader = BitReader(part.span.bytes, position: 7)
      _ = reader.integer(lead: 0)
      let error = #expect(throws: EXIError.self) { try reader.finish { _ in "?" } }
      #expect(error?.kind == kind)
    }
  }

  // MARK: slots without their source

  @Test func copying_a_slot_out_of_the_wrong_octets_is_refused() {
    var first = EXIArena(capacity: 64)
    let text = first.string("DE*ABC*E1")
    let octets = first.binary([1, 2, 3, 4])
    let short = [UInt8](repeating: 0x41, count: 5)
    var arena = EXIArena(capacity: 64)
    let slot = arena.string(text, from: short.span.bytes)
    #expect(arena.failure?.kind == .slotOutsideSource)
    arena.removeAll()
    let binary = arena.binary(octets, from: short.span.bytes)
    #expect(arena.failure?.kind == .slotOutsideSource)
    let source = [UInt8](repeating: 0, count: 64)
    #expect(kind(source: source) { $0.string(slot, lead: 1) } == .slotOutsideSource)
    #expect(kind(source: source) { $0.binary(binary, lead: 1) } == .slotOutsideSource)
  }

  @Test func what_a_full_arena_handed_out_cannot_be_copied_into_another() {
    var full = EXIArena(capacity: 0)
    let text = full.string("x")
    let octets = full.binary([1])
    #expect(full.failure?.kind == .outputFull)
    var arena = EXIArena(capacity: 64)
    _ = arena.string(text, from: full.span)
    #expect(arena.failure?.kind == .slotOutsideSource)
    arena.removeAll()
    _ = arena.binary(octets, from: full.span)
    #expect(arena.failure?.kind == .slotOutsideSource)
  }

  @Test func a_list_read_from_the_wrong_octets_is_not_written_short() {
    var arena = EXIArena(capacity: 64)
    let list = SupportedProvidersList(
      providerID: arena.list([arena.string("A"), arena.string("B"), arena.string("C")]))
    let source = [UInt8](repeating: 0, count: arena.count)
    #expect(kind(source: source) { list.encode(to: &$0) } == .slotOutsideSource)
  }

  @Test func content_read_from_the_wrong_octets_is_not_written_short() {
    var arena = EXIArena(capacity: 64)
    let data = SPKIData(content: arena.content([.spkiSexp(EXIBinary()), .spkiSexp(EXIBinary())]))
    // An empty item and the end of the element.
    let source: [UInt8] = [0, 0b0010_0000, 0, 0, 0, 0, 0, 0]
    #expect(arena.count <= source.count)
    #expect(kind(source: source, limits: PeerLimits()) { data.encode(to: &$0) } == .slotOutsideSource)
  }

  @Test func slots_beyond_the_source_are_refused_by_every_encoder() {
    var arena = EXIArena(capacity: 512)
    _ = arena.binary([UInt8](repeating: 7, count: 300))
    let text = arena.string("text")
    let binary = arena.binary([1, 2, 3])
    let serial = arena.integer(Int64.max)
    let list = SupportedProvidersList(providerID: arena.list([text, text]))
    let services = arena.list([ISO15118_2Messages.SelectedService(serviceID: 1, parameterSetID: nil)])
    let content = SPKIData(content: arena.content([.spkiSexp(binary), .spkiSexp(binary)]))
    for size in [0, 1, 7, 8, 9, 31, 33, 300] {
      let source = [UInt8](repeating: 0, count: size)
      for limits in [nil, PeerLimits()] {
        #expect(kind(source: source, limits: limits) { $0.string(text, lead: 1) } == .slotOutsideSource)
        #expect(kind(source: source, limits: limits) { $0.binary(binary, lead: 2) } == .slotOutsideSource)
        #expect(kind(source: source, limits: limits) { $0.integer(serial, lead: 0) } == .slotOutsideSource)
        #expect(kind(source: source, limits: limits) { list.encode(to: &$0) } == .slotOutsideSource)
        #expect(kind(source: source, limits: limits) { content.encode(to: &$0) } == .slotOutsideSource)
        let isRefused =
          kind(source: source, limits: limits) {
            $0.list(services, of: "SelectedService", min: 1, max: 16, gap: 2)
          } == .slotOutsideSource
        #expect(isRefused)
      }
      // Looking at them hands out what there is.
      let bytes = source.span.bytes
      #expect(text.string(in: bytes) == "")
      #expect(binary.bytes(in: bytes) == [])
      #expect(serial.int64(in: bytes) == nil)
      #expect(services.items(in: bytes).count == 0)
      #expect(content.content.items(in: bytes).count == 0)
      #expect(text.equals("text", in: bytes) == false)
      #expect(binary.equals([0, 0, 0], in: bytes) == false)
      #expect(text.equals(text, in: bytes, other: bytes) == false)
    }
  }

  // MARK: full outputs and arenas

  /// A target of every size takes exactly the octets written, or the writer fails and touches nothing behind.
  @Test(arguments: [0, 3, 40, 97, 96, 300, 301])
  func a_writer_fills_its_target_to_the_last_octet_and_no_further(bits: Int) {
    let source = (0..<64).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 11) }
    for first in [0, 3, 8, 13] {
      for pending in [0, 1, 7, 8, 13, 31] {
        let whole = (pending + bits + 9 + 7) / 8
        for room in 0...(whole + 2) {
          var memory = [UInt8](repeating: 0xEE, count: room + 40)
          let failed = unsafe memory.withUnsafeMutableBytes { target in
            var writer = unsafe BitWriter(
              UnsafeMutableRawBufferPointer(rebasing: target[..<room]), source: source.span.bytes)
            if pending > 0 { writer.put(0, bits: pending) }
            writer.copy(firstBit: UInt32(first), bitCount: bits)
            writer.put(0x1FF, bits: 9)
            let count = writer.finish()
            #expect(count <= room)
            #expect(writer.failed || count == whole)
            return writer.failed
          }
          #expect(failed == (room < whole), "\(bits) bits behind \(pending) into \(room)")
          #expect(memory[room...].allSatisfy { $0 == 0xEE })
        }
      }
    }
  }

  @Test func an_arena_is_full_when_its_last_octet_is_used() {
    var arena = EXIArena(capacity: 8)
    let eight = arena.string("12345678")
    #expect(arena.failure == nil)
    #expect(eight.string(in: arena.span) == "12345678")
    #expect(arena.string("").count == 0)
    #expect(arena.binary([]).isEmpty)
    #expect(arena.list(Array<ISO15118_2Messages.SelectedService>()).isEmpty)
    #expect(arena.failure == nil)
    _ = arena.binary([1])
    #expect(arena.failure?.kind == .outputFull)
    #expect(arena.count == 8)
    // A list of that string takes 74 bits: one octet short, then enough.
    for (capacity, fits) in [(17, false), (18, true)] {
      var arena = EXIArena(capacity: capacity)
      let text = arena.string("12345678")
      let list = arena.list([text])
      #expect((arena.failure == nil) == fits)
      let read = list.first(in: arena.span)?.string(in: arena.span)
      #expect(read == (fits ? "12345678" : nil))
    }
  }

  @Test func an_empty_arena_takes_what_is_empty() {
    var arena = EXIArena(capacity: 0)
    #expect(arena.string("").isEmpty)
    #expect(arena.binary([]).isEmpty)
    #expect(arena.list(Array<ISO15118_2Messages.SelectedService>()).isEmpty)
    #expect(arena.failure == nil)
    #expect(arena.count == 0)
    _ = arena.list([ISO15118_2Messages.SelectedService(serviceID: 1, parameterSetID: nil)])
    #expect(arena.failure?.kind == .outputFull)
  }

  @Test func an_output_takes_no_more_than_it_lent_and_drops_nothing_twice() {
    var output = OutputBuffer()
    unsafe output.append(uninitialized: 4) { target in
      for index in target.indices { unsafe target[index] = 1 }
      return .max
    }
    #expect(output.count >= 4 && output.octets.allSatisfy { $0 == 1 })
    unsafe output.append(uninitialized: -1) { _ in -1 }
    let count = output.count
    output.removeFirst(-1)
    #expect(output.count == count)
    output.removeFirst(.max)
    #expect(output.isEmpty)
  }
}
