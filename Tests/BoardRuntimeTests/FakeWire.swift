import LinuxHardware
import Wire

@testable import BoardRuntime

/// A line on an oscillating wire, with the edges of real time, told as `GPIOEdges` tells them: the first after a rest at once,
/// then in batches by a timer of its own on the loop, and what the loop is late for waits in a queue.
final class FakeWire: InputPin {
  /// Edges that the kernel keeps: 1,024, of a full queue it drops the oldest (libgpiod 2.x), or 16, of a full queue it drops
  /// the newest (1.x).
  var isOfVersion1 = false
  private let loop: EventLoop
  var gathering = Duration.zero
  /// Rises at the start of each period, and falls so long after it; 0 and the period: it stands still.
  private var high = Duration.zero
  private static let period = Duration.milliseconds(1)
  /// The next period's start, of which no edge was made yet.
  private var next: Instant
  private(set) var level = false
  private(set) var lastEdge: Instant
  private var queue: [EdgeEvent] = []
  private var sequence: UInt32 = 0
  /// Edges were dropped since the queue was full.
  private var isMissing = false
  private var told: (([EdgeEvent]) -> Void)?
  private var timer: LoopTimer?
  /// How often it told something.
  private(set) var batches = 0

  init(_ loop: EventLoop) {
    self.loop = loop
    next = loop.now
    lastEdge = loop.now
  }

  /// From now on; 0 and 1000 stand still.
  func drive(permille: Int) {
    advance()
    guard high != .microseconds(permille) else { return }
    high = .microseconds(permille)
    next = max(next, loop.now)
    if high == .zero { edge(false, loop.now) }
    if high == Self.period { edge(true, loop.now) }
    guard high > .zero, high < Self.period else { return }
    timer?.deadline = earliest(timer?.deadline, next)
  }

  func isActive() throws(LinuxError) -> Bool {
    advance()
    return level
  }

  func watch(
    on loop: EventLoop, edges: @escaping ([EdgeEvent]) -> Void, failed: @escaping (LinuxError) -> Void
  ) throws(LinuxError) {
    advance()
    queue = []
    told = edges
    timer = loop.addTimer { [weak self] in self?.batch() }
    timer?.deadline = loop.now
  }

  @discardableResult
  func deliver() -> Int {
    advance()
    let edges = queue
    queue = []
    if !edges.isEmpty {
      batches += 1
      told?(edges)
    }
    return edges.count
  }

  private func batch() {
    deliver()
    let isMoving = high > .zero && high < Self.period
    if isMoving { timer?.deadline = loop.now + max(gathering, .microseconds(100)) }
  }

  /// Makes the edges that real time has brought.
  private func advance() {
    let now = loop.now
    guard high > .zero, high < Self.period else { return }
    while next <= now {
      edge(true, next)
      guard next + high <= now else { return }
      edge(false, next + high)
      next = next + Self.period
    }
  }

  private func edge(_ rising: Bool, _ at: Instant) {
    guard rising != level else { return }
    (level, lastEdge) = (rising, at)
    sequence += 1
    if isOfVersion1 {
      guard queue.count < 16 else {
        isMissing = true
        return
      }
      // As CGPIOD marks it, which knows that the queue was full.
      let missed: UInt32 = isMissing && queue.isEmpty ? 1 : 0
      if queue.isEmpty { isMissing = false }
      queue.append(EdgeEvent(rising: rising, at: at, sequence: sequence, missed: missed))
      return
    }
    queue.append(EdgeEvent(rising: rising, at: at, sequence: sequence, missed: 0))
    if queue.count > 1024 {
      let dropped = queue.removeFirst()
      queue[0].missed = dropped.missed + 1
    }
  }
}
