import CLinux
import Glibc
import Testing
import Wire

@testable import LinuxHardware

/// An IPv6 TCP frame with a virtio header in front, as a packet socket gives it.
private func offloaded(
  payload: Int, flags: UInt8, gso: UInt8, segmentSize: UInt16, needsChecksum: Bool = true
) -> [UInt8] {
  let native = { (value: UInt16) in withUnsafeBytes(of: value) { Array($0) } }
  var octets: [UInt8] = [needsChecksum ? 1 : 0, gso]
  octets += native(74) + native(segmentSize) + native(54) + native(16)
  octets += [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x86, 0xDD]
  let length = 20 + payload
  octets += [0x60, 0, 0, 0, UInt8(length >> 8 & 0xFF), UInt8(length & 0xFF), 6, 64]
  octets += [0xFE, 0x80] + [UInt8](repeating: 0, count: 13) + [1]
  octets += [0xFE, 0x80] + [UInt8](repeating: 0, count: 13) + [2]
  octets += [0xC0, 0, 0xC3, 0x50, 0xFF, 0xFF, 0xFE, 0, 0, 0, 0, 1, 0x50, flags, 0xFF, 0xFF]
  // The sender put the sum of the pseudo header here.
  var sum = 2 * 0xFE80 + 1 + 2 + length + 6
  while sum > 0xFFFF { sum = (sum & 0xFFFF) + (sum >> 16) }
  octets += [UInt8(sum >> 8), UInt8(sum & 0xFF), 0, 0]
  octets += (0..<payload).map { UInt8(truncatingIfNeeded: $0 &* 7) }
  return octets
}

/// 0xffff when the checksum of a frame's upper layer is right.
func upperLayerSum(_ frame: [UInt8]) -> Int {
  let packet = Array(frame[54...])
  var octets = Array(frame[22..<54])
  octets += [UInt8(packet.count >> 8), UInt8(packet.count & 0xFF), 0, frame[20]] + packet
  if octets.count % 2 == 1 { octets.append(0) }
  var sum = 0
  for index in stride(from: 0, to: octets.count, by: 2) {
    sum += Int(octets[index]) * 256 + Int(octets[index + 1])
  }
  while sum > 0xFFFF { sum = (sum & 0xFFFF) + (sum >> 16) }
  return sum
}

private func undo(_ octets: [UInt8]) -> [[UInt8]]? {
  let buffer = ReceiveBuffer(count: 70_000)
  for (index, octet) in octets.enumerated() { buffer[index] = octet }
  var frames: [[UInt8]] = []
  let done = undoOffloads(in: buffer, count: octets.count) { frame in
    frames.append(frame.withUnsafeBytes { Array($0) })
  }
  return done ? frames : nil
}

@Suite struct OffloadsTests {
  @Test(arguments: [0, 1, 2, 99, 1440])
  func a_checksum_left_to_the_hardware_is_filled_in(payload: Int) throws {
    let frames = try #require(undo(offloaded(payload: payload, flags: 0x18, gso: 0, segmentSize: 0)))
    #expect(frames.count == 1)
    #expect(upperLayerSum(frames[0]) == 0xFFFF)
  }

  @Test func a_frame_without_offloads_is_left_alone() throws {
    let octets = offloaded(payload: 10, flags: 0x18, gso: 0, segmentSize: 0, needsChecksum: false)
    #expect(undo(octets) == [Array(octets[10...])])
  }

  @Test func a_large_segment_is_cut_as_hardware_would() throws {
    // FIN, PSH, ACK and CWR, across the wrap of the sequence number.
    let frames = try #require(undo(offloaded(payload: 3000, flags: 0x99, gso: 4, segmentSize: 1440)))
    #expect(frames.map(\.count) == [74 + 1440, 74 + 1440, 74 + 120])
    #expect(frames.allSatisfy { upperLayerSum($0) == 0xFFFF })
    #expect(frames.map { $0[54 + 13] } == [0x90, 0x10, 0x19])
    let sequences = frames.map { $0[58..<62].reduce(UInt32(0)) { $0 << 8 | UInt32($1) } }
    #expect(sequences == [0xFFFF_FE00, 0x3A0, 0x940])
    #expect(frames.flatMap { $0[74...] } == (0..<3000).map { UInt8(truncatingIfNeeded: $0 &* 7) })
    #expect(frames.map { Int($0[18]) << 8 | Int($0[19]) } == [1460, 1460, 140])
  }

  @Test func what_cannot_be_undone_is_refused() {
    #expect(undo(offloaded(payload: 3000, flags: 0x10, gso: 3, segmentSize: 1440)) == nil)
    #expect(undo(offloaded(payload: 3000, flags: 0x10, gso: 4, segmentSize: 0)) == nil)
    #expect(undo(Array(offloaded(payload: 0, flags: 0x10, gso: 4, segmentSize: 100).prefix(40))) == nil)
  }

  @Test func any_header_is_survived() {
    var random = SeededGenerator(seed: 3)
    for _ in 0..<3000 {
      var octets = offloaded(payload: 200, flags: 0x18, gso: 4, segmentSize: 50)
      for index in 0..<10 where random.chance(perMille: 300) { octets[index] = UInt8(random.next() & 0xFF) }
      octets[10 + 54 + 12] = UInt8(random.next() & 0xFF)
      octets.removeLast(Int.random(in: 0..<octets.count - 25, using: &random))
      _ = undo(octets)
    }
  }
}
