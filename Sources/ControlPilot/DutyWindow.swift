/// The last few duties measured, and their median: one period never decides, as an interrupt's jitter of 20 us is
/// two percentage points, which is the way from 5 % to 7 %.
struct DutyWindow: Sendable {
  static let capacity = 5
  /// Fewer than this decide nothing.
  static let quorum = 3

  private var values: [5 of Int] = [0, 0, 0, 0, 0]
  private(set) var count = 0
  private var next = 0

  mutating func append(_ permille: Int) {
    values[next] = permille
    next = (next + 1) % Self.capacity
    count = min(count + 1, Self.capacity)
  }

  mutating func removeAll() {
    count = 0
    next = 0
  }

  /// The middle value, the lower of the two in the middle of an even number; `nil` below the quorum.
  var median: Int? {
    guard count >= Self.quorum else { return nil }
    var sorted = values
    for i in 1..<count {
      var j = i
      while j > 0, sorted[j - 1] > sorted[j] {
        sorted.swapAt(j - 1, j)
        j -= 1
      }
    }
    return sorted[(count - 1) / 2]
  }
}
