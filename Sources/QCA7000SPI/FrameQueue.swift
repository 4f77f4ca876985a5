/// Framed frames on their way to the chip: first in, first out, bounded.
struct FrameQueue: Sendable {
  let limit: Int
  private var storage: [[UInt8]] = []
  private var head = 0

  init(limit: Int) { self.limit = max(limit, 1) }

  var count: Int { storage.count - head }
  var isEmpty: Bool { count == 0 }
  var isFull: Bool { count >= limit }

  /// False when it is full.
  mutating func append(_ framed: [UInt8]) -> Bool {
    guard !isFull else { return false }
    if head >= limit {
      storage.removeFirst(head)
      head = 0
    }
    storage.append(framed)
    return true
  }

  /// Frame `index` from the front; empty beyond the end.
  subscript(index: Int) -> [UInt8] {
    guard (0..<count).contains(index) else { return [] }
    return storage[head + index]
  }

  mutating func removeFirst(_ number: Int) {
    let number = min(max(number, 0), count)
    for index in head..<head + number { storage[index] = [] }
    head += number
    if head == storage.count { removeAll() }
  }

  mutating func removeAll() {
    storage.removeAll(keepingCapacity: true)
    head = 0
  }
}
