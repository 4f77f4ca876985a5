import QCA7000SPI
import Wire

/// Frames from the line as the host reads them: framed octets, first in, first out.
struct ChipReadBuffer: Sendable {
  private var octets = OutputBuffer(reserving: QCA7000.bufferSize)
  private var head = 0
  /// Octets of each frame that are still to be read, in order.
  private var frames: [Int] = []

  /// Octets to be read.
  var count: Int { octets.count - head }
  /// Frames of which something is still to be read.
  var frameCount: Int { frames.count }
  /// Octets taken, with what the chip keeps beside each frame.
  var used: Int { count + frames.count * QCA7000.packetOverhead }

  /// False for a frame that cannot be framed.
  mutating func append(_ frame: [UInt8]) -> Bool {
    let before = octets.count
    do throws(QCA7000FrameError) {
      try QCA7000Framing.writeFromChip(frame.span.bytes, into: &octets)
    } catch {
      // The hardware's length stands there already.
      octets = kept(before)
      return false
    }
    frames.append(octets.count - before)
    return true
  }

  private func kept(_ count: Int) -> OutputBuffer {
    var result = OutputBuffer(reserving: QCA7000.bufferSize)
    result.append(contentsOf: octets.octets[..<count])
    return result
  }

  /// Moves up to `count` octets to the end of `target`, and says how many.
  mutating func read(_ count: Int, into target: inout [UInt8]) -> Int {
    let taken = min(max(count, 0), self.count)
    target.append(contentsOf: octets.octets[head..<head + taken])
    head += taken
    var left = taken
    while let first = frames.first, left > 0 {
      if first > left {
        frames[0] = first - left
        left = 0
      } else {
        left -= first
        frames.removeFirst()
      }
    }
    if head == octets.count { removeAll() }
    if head > 4 * QCA7000.bufferSize {
      octets.removeFirst(head)
      head = 0
    }
    return taken
  }

  mutating func removeAll() {
    octets.removeAll()
    head = 0
    frames.removeAll(keepingCapacity: true)
  }
}

/// Host's frames that wait for the line.
struct ChipWriteBuffer: Sendable {
  private var frames: [[UInt8]] = []
  /// When the first one is on the line.
  private(set) var due: Instant?
  private(set) var used = 0

  var count: Int { frames.count }

  mutating func append(_ frame: [UInt8], at now: Instant, rate: Int) {
    frames.append(frame)
    used += QCA7000Framing.size(ofFrame: frame.count) + QCA7000.packetOverhead
    if due == nil { due = now + airTime(frame, rate) }
  }

  /// The first frame, once it is on the line.
  mutating func next(at now: Instant, rate: Int) -> [UInt8]? {
    guard let due, due <= now, !frames.isEmpty else { return nil }
    let frame = frames.removeFirst()
    used -= QCA7000Framing.size(ofFrame: frame.count) + QCA7000.packetOverhead
    self.due = frames.first.map { due + airTime($0, rate) }
    return frame
  }

  mutating func removeAll() {
    frames.removeAll(keepingCapacity: true)
    (due, used) = (nil, 0)
  }

  private func airTime(_ frame: [UInt8], _ rate: Int) -> Duration {
    .nanoseconds(Int64(frame.count) * 8 * 1_000_000_000 / Int64(max(rate, 1)))
  }
}
