import EXI
import EXITools
import ISO15118_2Messages
import TestSupport
import Testing
import Wire

/// Whatever comes in, nothing traps, and what is accepted means the same when it is written again.
@Suite struct HostileInputTests {
  /// One vector per message and kind, the longest ones left out.
  private static func samples() throws -> [Vector] {
    var seen: Set<String> = []
    return try Vector.files.flatMap { try Vector.all($0) }.filter {
      $0.exi.count < 1200 && $0.profile != "min"
        && seen.insert("\($0.set) \($0.message ?? "") \($0.kind)").inserted
    }
  }

  @Test func every_shorter_prefix_is_refused() throws {
    for vector in try Self.samples() {
      let octets = vector.octets
      for length in 0..<octets.count {
        #expect(throws: EXIError.self, "\(vector.message ?? "") cut to \(length) of \(octets.count)") {
          _ = try typedRoundTrip(Array(octets[..<length]), set: vector.setName, fragment: vector.isFragment)
        }
      }
    }
  }

  @Test func octets_behind_the_document_are_ignored_and_counted() throws {
    let octets =
      [0x80, 0x98, 0x00, 0x40, 0x11, 0xd0, 0x18, 0x00, 0x44, 0x88, 0xcd, 0x12, 0xa8, 0x00] as [UInt8]
    let longer = octets + [0, 0xFF]
    var consumed = 0
    let message = try V2G_Message(decoding: longer.span.bytes, consumed: &consumed)
    #expect(consumed == octets.count)
    guard case .sessionSetupReq(let request) = message.body.bodyElement else {
      Issue.record("no SessionSetupReq")
      return
    }
    #expect(request.evccID.bytes(in: longer.span.bytes) == [0, 0x11, 0x22, 0x33, 0x44, 0xAA])
  }

  /// Decodes, and checks that what was accepted comes out the same after a second round.
  private func check(_ octets: [UInt8], set: String, fragment: Bool, accepted: inout Int) throws {
    guard let first = try? typedRoundTrip(octets, set: set, fragment: fragment) else { return }
    accepted += 1
    let second = try typedRoundTrip(first, set: set, fragment: fragment)
    #expect(first == second, "\(hexadecimal(octets))")
  }

  @Test func random_octets_never_trap() throws {
    var random = SeededGenerator(seed: 1)
    var accepted = 0
    #expect(codecNames.count == 16)
    for index in 0..<20_000 {
      var octets: [UInt8] = index % 4 == 0 ? [] : [0x80]
      for _ in 0..<Int(random.next() % 64) { octets.append(UInt8(truncatingIfNeeded: random.next())) }
      // Half of the ISO 15118-2 ones with the right root element and an empty header.
      if index % 2 == 0 && octets.count > 5 { octets.replaceSubrange(1..<4, with: [0x98, 0x00, 0x10]) }
      for (set, fragment) in codecNames {
        try check(octets, set: set, fragment: fragment, accepted: &accepted)
      }
    }
    #expect(accepted > 0)
  }

  @Test func flipped_bits_never_trap() throws {
    var random = SeededGenerator(seed: 2)
    var accepted = 0
    for vector in try Self.samples() {
      for _ in 0..<100 {
        var octets = vector.octets
        for _ in 0...Int(random.next() % 3) {
          let bit = Int(random.next() % UInt64(octets.count * 8))
          octets[bit >> 3] ^= 0x80 >> UInt8(bit & 7)
        }
        try check(octets, set: vector.setName, fragment: vector.isFragment, accepted: &accepted)
      }
    }
    #expect(accepted > 100)
  }

  /// The generated codec and the tables come from the same schemas by different ways.
  @Test func generated_code_and_tables_agree_on_what_is_valid() throws {
    var random = SeededGenerator(seed: 3)
    var converters: [String: DocumentConverter] = [:]
    for set in DocumentConverter.setNames { converters[set] = DocumentConverter(set: set) }
    var accepted = 0
    var refused = 0
    for vector in try Self.samples() {
      let converter = try #require(converters[vector.setName])
      for _ in 0..<12 {
        var octets = vector.octets
        let bit = 16 + Int(random.next() % UInt64(octets.count * 8 - 16))
        octets[bit >> 3] ^= 0x80 >> UInt8(bit & 7)
        let document = try? converter.decode(octets, fragment: vector.isFragment)
        do {
          let again = try typedRoundTrip(octets, set: vector.setName, fragment: vector.isFragment)
          let other = try converter.decode(again, fragment: vector.isFragment)
          #expect(document == other, "\(vector.message ?? "") \(hexadecimal(octets))")
          accepted += 1
        } catch {
          refused += 1
          let isUnsigned = (error as? EXIError)?.kind == .unexpectedDocument
          // The relaxed grammar of the tables knows no limits.
          if vector.message != "eMAID" && !isUnsigned {
            #expect(document == nil, "\(vector.message ?? "") \(error) \(hexadecimal(octets))")
          }
        }
      }
    }
    #expect(accepted > 50)
    #expect(refused > 50)
  }
}
