/// Reads a bit-packed EXI stream, front to back.
///
/// The error is sticky: after the first failure every read gives zeros, so that generated code reads straight
/// through and asks once. Reads past the end give zeros too and set `failed`; loops must ask for it.
public struct BitReader: ~Escapable {
  @usableFromInline let bytes: RawSpan
  @usableFromInline let endBit: Int
  /// The last position at which eight octets can be loaded at once.
  @usableFromInline let lastFastBit: Int
  /// Offset of the next bit from the first octet of the stream.
  public var position: Int
  /// Events that deviate from the schema and were accepted: empty values as end-element instead of characters.
  public var deviations: UInt32 = 0
  @usableFromInline var failure: EXIError.Kind?
  @usableFromInline var failedAt = 0
  @usableFromInline var outerPath: UInt64 = 0
  @usableFromInline var innerPath: UInt64 = 0

  /// Streams are limited to this many octets, so that slots fit 32 bits, and positions the machine's integers.
  @usableFromInline static var maxByteCount: Int { 1 << (Int.bitWidth < 64 ? 27 : 28) }

  /// A reader that starts at bit `position`; one outside the octets has failed. Streams are limited to 256 MiB,
  /// 128 MiB on 32-bit machines.
  @_lifetime(copy bytes)
  @inlinable @inline(__always)
  public init(_ bytes: RawSpan, position: Int = 0) {
    self.bytes = bytes
    let endBit = Swift.min(bytes.byteCount, Self.maxByteCount) &* 8
    self.endBit = endBit
    // A slot of other octets may lie anywhere; reads count up from here and must not wrap around.
    self.position = UInt(bitPattern: position) > UInt(bitPattern: endBit) ? endBit &+ 1 : position
    lastFastBit = endBit &- 57
  }

  /// Something was wrong, or was read past the end.
  @inlinable public var failed: Bool { position > endBit }

  /// Remembers the first failure and lets all later reads give zeros.
  @_lifetime(self: copy self)
  @inline(never)
  public mutating func fail(_ kind: EXIError.Kind) {
    if failure == nil {
      failure = position > endBit ? .truncated : kind
      failedAt = Swift.min(position, endBit)
    }
    position = endBit &+ 1
  }

  /// Adds an element around the failure to its path; called from the inside out, and by elements that began
  /// behind the failure too, which their first bit, `entry`, gives away.
  @_lifetime(self: copy self)
  @inline(never)
  public mutating func note(_ element: UInt16, entry: Int) {
    if entry > endBit { return }
    if failure == nil { fail(.truncated) }
    innerPath = innerPath &<< 16 | outerPath &>> 48
    outerPath = outerPath &<< 16 | UInt64(element)
  }

  /// Throws what went wrong, if something did.
  @inlinable public func finish(_ names: @escaping @Sendable (UInt16) -> StaticString) throws(EXIError) {
    if failed { throw error(names) }
  }

  @inline(never) @usableFromInline
  func error(_ names: @escaping @Sendable (UInt16) -> StaticString) -> EXIError {
    EXIError(
      failure ?? .truncated, position: failure == nil ? endBit : failedAt,
      path: EXIPath(outer: outerPath, inner: innerPath, name: names))
  }

  // MARK: bits

  /// The bits from `position` on, left-aligned; at least the upper 57 are valid, zeros stand past the end.
  @inlinable @inline(__always)
  func peek() -> UInt64 {
    if position > lastFastBit { return Self.tail(of: bytes, from: position, to: endBit) }
    return unsafe UInt64(
      bigEndian: bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: position >> 3, as: UInt64.self))
      &<< UInt64(truncatingIfNeeded: position & 7)
  }

  /// `peek` where fewer than eight octets are left. Not a method: it would make every `peek` copy the reader.
  @inline(never) @usableFromInline
  static func tail(of bytes: RawSpan, from position: Int, to endBit: Int) -> UInt64 {
    let remaining = endBit &- position
    if remaining <= 0 { return 0 }
    let count = endBit >> 3
    if count >= 8 {
      let word = unsafe UInt64(
        bigEndian: bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: count &- 8, as: UInt64.self))
      return word &<< UInt64(truncatingIfNeeded: 64 &- remaining)
    }
    var word: UInt64 = 0
    for offset in 0..<count {
      word = word &<< 8 | UInt64(unsafe bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self))
    }
    return word &<< UInt64(truncatingIfNeeded: 64 &- remaining)
  }

  /// The next 1...57 bits as a number.
  @_lifetime(self: copy self)
  @inlinable
  #if hasFeature(Embedded)
    @inline(never)
  #else
    @inline(__always)
  #endif
  public mutating func bits(_ count: Int) -> UInt64 {
    let word = peek()
    position &+= count
    return word &>> UInt64(truncatingIfNeeded: 64 &- count)
  }

  /// The next 1...32 bits as an event code.
  @_lifetime(self: copy self)
  @inlinable @inline(__always)
  public mutating func event(bits count: Int) -> UInt32 {
    UInt32(truncatingIfNeeded: bits(count))
  }

  /// Bits that must be zero: the only production of a state, once or several times.
  @_lifetime(self: copy self)
  @inlinable @inline(__always)
  public mutating func expectZero(bits count: Int) {
    if count == 1 {
      end()
    } else if bits(count) != 0 {
      fail(.unexpectedEvent)
    }
  }

  /// The end of an element in a state that allows nothing else.
  @_lifetime(self: copy self)
  @inlinable @inline(__always)
  public mutating func end() {
    // One octet is enough, and there is one everywhere before the end.
    if position < endBit {
      let octet = unsafe bytes.unsafeLoad(fromUncheckedByteOffset: position >> 3, as: UInt8.self)
      if octet & (0x80 &>> UInt8(truncatingIfNeeded: position & 7)) != 0 {
        fail(.unexpectedEvent)
        return
      }
    }
    position &+= 1
  }

  // MARK: the document around the root element

  /// The header octet and the code of the root element or of a fragment's element.
  @_lifetime(self: copy self)
  @inlinable @inline(__always)
  public mutating func start(codeBits: Int) -> UInt32 {
    let word = bits(8 &+ codeBits)
    let header = word &>> UInt64(truncatingIfNeeded: codeBits)
    if header != 0x80 {
      // One octet is enough to tell, even if the code behind it is missing.
      position = Swift.min(8, endBit)
      fail(bytes.isEmpty ? .truncated : .header)
      return 0
    }
    return UInt32(truncatingIfNeeded: word) & (1 &<< UInt32(truncatingIfNeeded: codeBits) &- 1)
  }

  /// What lies between `start` and here.
  @inlinable public func bits(from start: Int) -> EXIBits {
    if failed { return .none }
    return EXIBits(
      firstBit: UInt32(truncatingIfNeeded: start), count: UInt32(truncatingIfNeeded: position &- start))
  }

  /// Octets touched so far.
  @inlinable public var consumed: Int { (Swift.min(position, endBit) &+ 7) >> 3 }
}

/// A range of bits in a stream: the content of an element from behind its start-element code to the end of
/// its end-element code.
///
/// With the profile's empty string table these bits are the same in a document and in a fragment, so that a
/// signature digest is made from the received bits (`EXIFragmentGrammar.splice`).
public struct EXIBits: Sendable {
  public let firstBit: UInt32
  public let count: UInt32

  /// The span of an element that was not received.
  public static var none: EXIBits { EXIBits(firstBit: 0, count: 0) }

  @inlinable public init(firstBit: UInt32, count: UInt32) {
    self.firstBit = firstBit
    self.count = count
  }

  @inlinable public var isNone: Bool { count == 0 }
}
