/// Octets (hexBinary or base64Binary) that stay where they were received, or in an arena: a slot.
///
/// They may lie at any bit offset. See `EXIString` for what a slot is.
public struct EXIBinary: Sendable {
  /// Offset of the first octet from the start of the span, in bits.
  public let firstBit: UInt32
  /// Number of octets.
  public let count: UInt16

  /// No octets.
  @inlinable public init() { self.init(firstBit: 0, count: 0) }

  @inlinable init(firstBit: UInt32, count: UInt16) {
    self.firstBit = firstBit
    self.count = count
  }

  @usableFromInline static var invalid: EXIBinary { EXIBinary(firstBit: .max, count: 1) }

  @inlinable public var isEmpty: Bool { count == 0 }

  /// Hands out the octets in order.
  @inlinable
  public func forEach<E: Error>(in bytes: RawSpan, _ body: (UInt8) throws(E) -> Void) throws(E) {
    var reader = BitReader(bytes, position: Int(clamping: firstBit))
    // Seven octets come out of one load.
    var left = Swift.min(Int(count), Swift.max(reader.endBit &- reader.position, 0) >> 3)
    while left > 0 {
      let step = Swift.min(left, 7)
      var word = reader.peek()
      reader.position &+= step &* 8
      left &-= step
      for _ in 0..<step {
        try body(UInt8(truncatingIfNeeded: word &>> 56))
        word = word &<< 8
      }
    }
  }

  /// A copy of the octets; allocates, for hosts.
  public func bytes(in bytes: RawSpan) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(Int(count))
    forEach(in: bytes) { result.append($0) }
    return result
  }

  /// Appends the octets.
  public func copy(from bytes: RawSpan, into octets: inout [UInt8]) {
    forEach(in: bytes) { octets.append($0) }
  }

  /// True when the octets are these.
  public func equals(_ other: some Sequence<UInt8>, in bytes: RawSpan) -> Bool {
    var reader = BitReader(bytes, position: Int(clamping: firstBit))
    var left = Int(count)
    for octet in other {
      if left == 0 || reader.bits(8) != UInt64(octet) || reader.failed { return false }
      left -= 1
    }
    return left == 0
  }

  /// The octets as a big-endian number, for identifiers; `nil` when there are more than eight.
  public func integer(in bytes: RawSpan) -> UInt64? {
    guard count <= 8 else { return nil }
    var value: UInt64 = 0
    forEach(in: bytes) { value = value << 8 | UInt64($0) }
    return value
  }
}
