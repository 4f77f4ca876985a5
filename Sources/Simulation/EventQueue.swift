import Wire

/// Things to come, in the order of their time and, at equal times, of their arrival.
struct EventQueue<Element> {
  private struct Entry {
    var time: Instant
    var order: UInt64
    var element: Element

    func precedes(_ other: Entry) -> Bool {
      time == other.time ? order < other.order : time < other.time
    }
  }

  /// A binary heap, the earliest at index 0.
  private var heap: [Entry] = []
  private var order: UInt64 = 0

  var next: Instant? { heap.first?.time }
  var count: Int { heap.count }

  mutating func add(_ element: Element, at time: Instant) {
    order += 1
    heap.append(Entry(time: time, order: order, element: element))
    var child = heap.count - 1
    while child > 0, heap[child].precedes(heap[(child - 1) / 2]) {
      heap.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  /// The earliest element that is due, if any.
  mutating func take(until now: Instant) -> Element? {
    guard let first = heap.first, first.time <= now else { return nil }
    heap.swapAt(0, heap.count - 1)
    heap.removeLast()
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2]
      where child < heap.count && heap[child].precedes(heap[least]) {
        least = child
      }
      guard least != parent else { return first.element }
      heap.swapAt(least, parent)
      parent = least
    }
  }

  mutating func removeAll(where drop: (Element) -> Bool) {
    let kept = heap.filter { !drop($0.element) }.sorted { $0.precedes($1) }
    heap = kept
  }
}
