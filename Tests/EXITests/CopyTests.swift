import EXI
import Testing
import Wire

@Suite struct CopyTests {
  /// Every length at every offset, behind pending bits and with bits behind it, out of sources that
  /// are shorter than a word and longer.
  @Test(arguments: [1, 2, 5, 8, 9, 17])
  func copied_bits_are_those_of_the_source(size: Int) throws {
    var random = SeededGenerator(seed: UInt64(size))
    let source = (0..<size).map { _ in UInt8.random(in: 0...255, using: &random) }
    let bits = source.flatMap { octet in (0..<8).map { octet >> (7 - UInt8($0)) & 1 } }
    for first in 0..<bits.count {
      for count in 1...(bits.count - first) {
        for pending in [0, 1, 5, 7, 8] {
          var output = OutputBuffer()
          _ = try encodeStream(into: &output, source: source.span.bytes, names: { _ in "?" }) { writer in
            if pending > 0 { writer.put(0b1_0101_0101 & (1 << UInt64(pending) - 1), bits: pending) }
            writer.copy(firstBit: UInt32(first), bitCount: count)
            writer.put(0, bits: 7)
          }
          let begin = (0..<pending).reversed().map { UInt8(0b1_0101_0101 >> $0 & 1) }
          let expected = begin + bits[first..<(first + count)] + Array(repeating: 0, count: 7)
          if output.octets != packed(expected) {
            Issue.record("\(count) bits from bit \(first) of \(size) octets, behind \(pending) bits")
            return
          }
        }
      }
    }
  }

  /// Whole words and several at once, at every shift, up to the last bit of the source or close to it.
  @Test func long_copies_up_to_the_end_of_the_source_are_its_bits() throws {
    var random = SeededGenerator(seed: 3)
    for size in 13..<140 {
      let source = (0..<size).map { _ in UInt8.random(in: 0...255, using: &random) }
      let bits = source.flatMap { octet in (0..<8).map { octet >> (7 - UInt8($0)) & 1 } }
      for first in 0..<8 {
        for missing in [0, 1, 7, 8] {
          for pending in [0, 3] {
            let count = bits.count - first - missing
            var output = OutputBuffer()
            _ = try encodeStream(into: &output, source: source.span.bytes, names: { _ in "?" }) { writer in
              if pending > 0 { writer.put(0b101, bits: pending) }
              writer.copy(firstBit: UInt32(first), bitCount: count)
            }
            let expected = (pending > 0 ? [1, 0, 1] : []) + bits[first..<(first + count)]
            if output.octets != packed(expected) {
              Issue.record("\(count) bits from bit \(first) of \(size) octets, behind \(pending) bits")
              return
            }
          }
        }
      }
    }
  }

  /// Bits as octets, the last filled with zeros.
  private func packed(_ bits: [UInt8]) -> [UInt8] {
    stride(from: 0, to: bits.count, by: 8).map { start in
      (0..<8).reduce(0) { $0 << 1 | (start + $1 < bits.count ? bits[start + $1] : 0) }
    }
  }

  /// A fragment of less than a word: random documents found that the bits behind a copy were wrong there.
  @Test func content_of_a_short_fragment_encodes_to_its_octets() throws {
    let octets = octets(hexadecimal: "80331b88d0") ?? []
    #expect(try typedRoundTrip(octets, set: "iso20-common", fragment: true) == octets)
  }
}
