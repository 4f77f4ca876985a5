import SafetyLinks
import Testing
import Wire

@Suite struct FramingTests {
  private let state = ControllerFrame(kind: 0x07, word: 0x8032_0200_0000_0000)
  private let version = ControllerFrame(kind: 0x0A, word: 0x0002_0381_0300_0000)

  private func found(_ deframer: inout ControllerDeframer, _ octets: [UInt8], cut: Int = .max)
    -> [ControllerFrame]
  {
    var frames: [ControllerFrame] = []
    var at = 0
    while at < octets.count {
      let piece = Array(octets[at..<min(at + min(cut, octets.count), octets.count)])
      deframer.receive(piece.span.bytes) { frames.append($0) }
      at += piece.count
    }
    return frames
  }

  @Test(arguments: [1, 2, 5, 11, 12, 13, 100])
  func frames_in_any_pieces(cut: Int) {
    var deframer = ControllerDeframer()
    let frames = [state, version, state, state]
    #expect(found(&deframer, frames.flatMap(\.octets), cut: cut) == frames)
    #expect(deframer.counters.frames == 4)
    #expect(deframer.counters.refused == 0)
    #expect(deframer.pendingOctets == 0)
  }

  @Test func a_single_frame_among_noise_is_not_believed() {
    var deframer = ControllerDeframer()
    #expect(found(&deframer, [1, 2, 3] + state.octets + [4, 5]) == [])
    #expect(deframer.counters[.unconfirmed] == 1)
    #expect(found(&deframer, state.octets) == [])
    #expect(found(&deframer, version.octets) == [state, version])
    #expect(deframer.isInStep)
  }

  @Test func in_step_one_spoilt_frame_costs_itself_and_the_next_waits_for_its_successor() {
    var deframer = ControllerDeframer()
    #expect(found(&deframer, state.octets + state.octets).count == 1, "the first is overtaken")
    var spoilt = state.octets
    spoilt[4] ^= 0x40
    #expect(found(&deframer, spoilt) == [])
    #expect(deframer.counters[.checksum] == 1)
    #expect(found(&deframer, version.octets) == [])
    #expect(found(&deframer, state.octets) == [version, state])
  }

  @Test func lost_and_additional_octets_are_got_over() {
    for lost in 0..<12 {
      var deframer = ControllerDeframer()
      _ = found(&deframer, state.octets + state.octets)
      var short = state.octets
      short.remove(at: lost)
      #expect(
        found(&deframer, short + version.octets + state.octets + version.octets).suffix(2) == [
          state, version,
        ])
    }
    for extra in 0...12 {
      var deframer = ControllerDeframer()
      _ = found(&deframer, state.octets + state.octets)
      var long = state.octets
      long.insert(0xA5, at: extra)
      #expect(
        found(&deframer, long + version.octets + state.octets + version.octets).suffix(2) == [state, version])
    }
  }

  @Test func each_refusal_is_counted_by_its_reason() {
    var deframer = ControllerDeframer()
    _ = found(&deframer, state.octets + state.octets)
    var frame = state.octets
    frame[11] = 4
    _ = found(&deframer, frame)
    #expect(deframer.counters[.endMark] == 1)
    frame = state.octets
    frame[0] = 0xA4
    _ = found(&deframer, state.octets + state.octets + frame)
    #expect(deframer.counters[.startMark] == 1)
  }

  /// The checksum alone finds any two wrong bits of a frame, and any that stand within eight. It is linear, so what a
  /// pattern of errors does to it does not depend on the frame.
  @Test func two_wrong_bits_and_short_bursts_are_always_found() {
    func checksum(_ octets: [UInt8]) -> UInt8 {
      var crc = CRC8()
      crc.update(octets)
      return crc.value
    }
    let zero = checksum([UInt8](repeating: 0, count: 9))
    /// In the order of the line as the checksum sees it, highest bit first.
    var syndromes = (0..<72).map { bit in
      var octets = [UInt8](repeating: 0, count: 9)
      octets[bit / 8] = 0x80 >> UInt8(bit % 8)
      return checksum(octets) ^ zero
    }
    syndromes += (0..<8).map { 0x80 >> UInt8($0) }
    for a in syndromes.indices {
      for b in a + 1..<syndromes.count where syndromes[a] ^ syndromes[b] == 0 {
        Issue.record("bits \(a) and \(b) hide each other")
      }
      let window = syndromes[a..<min(a + 8, syndromes.count)]
      for pattern in 1..<(1 << window.count) {
        let sum = window.enumerated().reduce(UInt8(0)) {
          pattern >> $1.offset & 1 == 1 ? $0 ^ $1.element : $0
        }
        if sum == 0 { Issue.record("a burst at bit \(a) is hidden") }
      }
    }
  }

  // MARK: packets

  private func packets(_ deframer: inout PacketDeframer, _ octets: [UInt8]) -> [[UInt8]] {
    var found: [[UInt8]] = []
    deframer.receive(octets.span.bytes) { span in found.append(span.withUnsafeBytes { Array($0) }) }
    return found
  }

  @Test func packets_of_every_length_go_both_ways() {
    var generator = SeededGenerator(seed: 1)
    for count in Array(1...300) + [507, 508, 509, 1000, 1024] {
      for zeros in [0, 1, 3] {
        let message = (0..<count).map { _ -> UInt8 in
          zeros > 0 && generator.next() % 4 < zeros ? 0 : UInt8(generator.next() % 255 + 1)
        }
        let packet = PacketFraming.octets(of: message)
        #expect(packet.last == 0 && !packet.dropLast().contains(0))
        var deframer = PacketDeframer()
        #expect(packets(&deframer, packet) == [message])
        #expect(deframer.counters.refused == 0)
      }
    }
  }

  @Test func noise_costs_the_packet_it_hits() {
    let (a, b) = (PacketFraming.octets(of: [1, 0, 2]), PacketFraming.octets(of: [3, 4]))
    var deframer = PacketDeframer()
    var spoilt = a
    spoilt[1] ^= 2
    #expect(packets(&deframer, spoilt + b) == [[3, 4]])
    #expect(deframer.counters[.checksum] == 1)
    #expect(packets(&deframer, [9, 9, 0] + b) == [[3, 4]])
    #expect(deframer.counters[.stuffing] == 1)
    #expect(packets(&deframer, [2, 9, 0] + b) == [[3, 4]])
    #expect(deframer.counters[.tooShort] == 1)
    #expect(packets(&deframer, [0, 0, 0] + b) == [[3, 4]])
    #expect(deframer.counters.refused == 3, "delimiters alone are nothing")
  }

  @Test func memory_is_bounded() {
    var deframer = PacketDeframer()
    let flood = [UInt8](repeating: 0x7F, count: 100_000)
    #expect(packets(&deframer, flood) == [])
    #expect(deframer.pendingOctets <= PacketFraming.messageMax + 4)
    #expect(deframer.counters[.tooLong] == 1)
    #expect(packets(&deframer, [0] + PacketFraming.octets(of: [5])) == [[5]])
    #expect(PacketFraming.octets(of: [UInt8](repeating: 1, count: PacketFraming.messageMax + 1)) == [])
    var frames = ControllerDeframer()
    #expect(found(&frames, [UInt8](repeating: 0xA5, count: 100_000)) == [])
    #expect(frames.pendingOctets < 2 * ControllerFrame.size)
  }
}
