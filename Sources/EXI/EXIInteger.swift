/// An integer without limit (`xs:integer`: certificate serial numbers) that stays in the stream: a slot.
public struct EXIInteger: Sendable {
  /// Offset of the first group of seven bits from the start of the span, in bits.
  public let firstBit: UInt32
  /// Number of groups, each in an octet, least significant first; 0 only in the default value, which is 0.
  public let count: UInt16
  /// The sign; the groups of a negative number hold its one's complement (-1 - value).
  public let isNegative: Bool

  /// The number 0.
  @inlinable public init() { self.init(firstBit: 0, count: 0, isNegative: false) }

  @inlinable init(firstBit: UInt32, count: UInt16, isNegative: Bool) {
    self.firstBit = firstBit
    self.count = count
    self.isNegative = isNegative
  }

  @usableFromInline static var invalid: EXIInteger { EXIInteger(firstBit: .max, count: 1, isNegative: false) }

  /// The value, if 64 bits hold it.
  public func int64(in bytes: RawSpan) -> Int64? {
    if count == 0 { return 0 }
    var reader = BitReader(bytes, position: Int(clamping: firstBit))
    let value = reader.groups()
    if reader.failed || value > UInt64(Int64.max) { return nil }
    return isNegative ? ~Int64(value) : Int64(value)
  }

  /// The magnitude as big-endian octets without leading zeros; allocates, for hosts.
  public func magnitude(in bytes: RawSpan) -> [UInt8] {
    var octets: [UInt8] = []  // least significant first
    var reader = BitReader(bytes, position: Int(clamping: firstBit))
    var pending: UInt32 = 0
    var pendingBits: UInt32 = 0
    for _ in 0..<count {
      pending |= UInt32(truncatingIfNeeded: reader.bits(8) & 127) << pendingBits
      pendingBits += 7
      if pendingBits >= 8 {
        octets.append(UInt8(truncatingIfNeeded: pending))
        pending >>= 8
        pendingBits -= 8
      }
    }
    octets.append(UInt8(truncatingIfNeeded: pending))
    if isNegative {
      var index = 0
      while index < octets.count {
        octets[index] &+= 1
        if octets[index] != 0 { break }
        index += 1
      }
      if index == octets.count { octets.append(1) }
    }
    while octets.last == 0 { octets.removeLast() }
    return octets.reversed()
  }
}
