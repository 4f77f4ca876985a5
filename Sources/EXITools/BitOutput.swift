/// Octets that are filled bit by bit, the first bit highest.
struct BitOutput {
  private(set) var octets: [UInt8] = []
  private var free = 0

  /// The lowest `count` bits of `value`, highest first.
  mutating func put(_ value: UInt64, _ count: Int) {
    for index in stride(from: count - 1, through: 0, by: -1) { put(bit: value >> UInt64(index) & 1 == 1) }
  }

  private mutating func put(bit: Bool) {
    if free == 0 {
      octets.append(0)
      free = 8
    }
    free -= 1
    if bit { octets[octets.count - 1] |= 1 << UInt8(free) }
  }

  /// An unsigned integer in groups of seven bits, least significant first.
  mutating func unsigned(_ value: UInt64) {
    var value = value
    while value >= 128 {
      put(value & 127 | 128, 8)
      value >>= 7
    }
    put(value, 8)
  }

  /// Copies bits of other octets; what lies behind their end is left out.
  mutating func copy(_ bits: Range<Int>, of source: [UInt8]) {
    for position in bits.clamped(to: 0..<source.count * 8) {
      put(bit: source[position >> 3] >> UInt8(7 - position & 7) & 1 == 1)
    }
  }
}
