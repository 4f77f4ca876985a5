/// A string that stays where it was received, or in an arena: a slot.
///
/// The characters lie in the stream as one unsigned integer each (ASCII: one octet), at any bit offset. The
/// slot means nothing without the span it was decoded from; every accessor takes it, and hands out what it
/// can when given the wrong one, without trapping.
public struct EXIString: Sendable {
  /// Offset of the first character from the start of the span, in bits.
  public let firstBit: UInt32
  /// Number of characters (code points).
  public let count: UInt16
  /// Number of octets the characters take in the stream; equal to `count` when all are ASCII.
  public let octets: UInt16

  /// The empty string.
  @inlinable public init() { self.init(firstBit: 0, count: 0, octets: 0) }

  @inlinable init(firstBit: UInt32, count: UInt16, octets: UInt16) {
    self.firstBit = firstBit
    self.count = count
    self.octets = octets
  }

  /// What an arena hands out when it is full; no encoder accepts it.
  @usableFromInline static var invalid: EXIString { EXIString(firstBit: .max, count: 1, octets: 1) }

  /// A length no string has: the element ended in place of its characters.
  @usableFromInline static var elementEnded: Int { -64 }

  @inlinable public var isEmpty: Bool { count == 0 }

  /// Hands out the characters in order.
  @inlinable
  public func forEach<E: Error>(in bytes: RawSpan, _ body: (Unicode.Scalar) throws(E) -> Void) throws(E) {
    var reader = BitReader(bytes, position: Int(clamping: firstBit))
    var left = Int(count)
    while left > 0 {
      // Up to seven ASCII characters come out of one load.
      var word = reader.peek()
      let whole = Swift.min(left, Swift.max(reader.endBit &- reader.position, 0) >> 3)
      let step = Swift.min(whole, (word & 0x8080_8080_8080_8080 | 0x80).leadingZeroBitCount >> 3)
      reader.position &+= step &* 8
      left &-= step
      for _ in 0..<step {
        try body(Unicode.Scalar(UInt8(truncatingIfNeeded: word &>> 56)))
        word = word &<< 8
      }
      if step > 0 { continue }
      let value = reader.groups()
      if reader.failed { return }
      left &-= 1
      if let scalar = Unicode.Scalar(UInt32(truncatingIfNeeded: value)) { try body(scalar) }
    }
  }

  /// The text as a `String`; allocates, for hosts.
  public func string(in bytes: RawSpan) -> String {
    var text = String.UnicodeScalarView()
    forEach(in: bytes) { text.append($0) }
    return String(text)
  }

  /// Appends the text as UTF-8.
  public func copy(from bytes: RawSpan, into octets: inout [UInt8]) {
    forEach(in: bytes) { octets.append(contentsOf: UTF8.encode($0) ?? UTF8.encodedReplacementCharacter) }
  }

  /// Compares character by character, without allocating.
  public func equals(_ text: String, in bytes: RawSpan) -> Bool {
    var reader = BitReader(bytes, position: Int(clamping: firstBit))
    var left = Int(count)
    for scalar in text.unicodeScalars {
      if left == 0 || reader.groups() != UInt64(scalar.value) || reader.failed { return false }
      left -= 1
    }
    return left == 0
  }

  /// Compares two slots, each in its own span.
  public func equals(_ other: EXIString, in bytes: RawSpan, other otherBytes: RawSpan) -> Bool {
    guard count == other.count else { return false }
    var a = BitReader(bytes, position: Int(clamping: firstBit))
    var b = BitReader(otherBytes, position: Int(clamping: other.firstBit))
    for _ in 0..<count where a.groups() != b.groups() { return false }
    return !a.failed && !b.failed
  }
}
