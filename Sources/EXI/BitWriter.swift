/// Writes a bit-packed EXI stream into octets of the caller, taking what slots point at from a source.
///
/// The error is sticky, like the reader's.
@safe public struct BitWriter: ~Escapable, ~Copyable {
  @usableFromInline let source: RawSpan
  @usableFromInline let start: UnsafeMutablePointer<UInt8>
  @usableFromInline let limit: UnsafeMutablePointer<UInt8>
  @usableFromInline var next: UnsafeMutablePointer<UInt8>
  /// Bits not stored yet, left-aligned; at most 31 between two calls.
  @usableFromInline var pending: UInt64 = 0
  @usableFromInline var pendingCount = 0
  @usableFromInline var failure: EXIError.Kind?
  @usableFromInline var failedAt = 0
  @usableFromInline var outerPath: UInt64 = 0
  @usableFromInline var innerPath: UInt64 = 0

  /// A writer over `target`, which must outlive it.
  @_lifetime(copy source)
  @inlinable public init(_ target: UnsafeMutableRawBufferPointer, source: RawSpan) {
    self.source = source
    // An empty buffer may have no base address; `start == end` then, and nothing is ever stored.
    if let base = target.baseAddress {
      unsafe start = base.assumingMemoryBound(to: UInt8.self)
    } else {
      unsafe start = UnsafeMutablePointer(bitPattern: 8).unsafelyUnwrapped
    }
    unsafe limit = start + target.count
    unsafe next = start
  }

  /// Something could not be written.
  @inlinable public var failed: Bool { failure != nil }

  /// Bits written so far.
  @inlinable public var position: Int { unsafe (next - start) &* 8 &+ pendingCount }

  /// Remembers the first failure.
  @_lifetime(self: copy self)
  @inline(never)
  public mutating func fail(_ kind: EXIError.Kind) {
    if failure == nil {
      failure = kind
      failedAt = position
    }
  }

  /// Adds an enclosing element to the path of a failure; called from the inside out.
  @_lifetime(self: copy self)
  @inline(never)
  public mutating func note(_ element: UInt16) {
    innerPath = innerPath &<< 16 | outerPath &>> 48
    outerPath = outerPath &<< 16 | UInt64(element)
  }

  // MARK: bits

  /// The low `count` bits of `value`, 1...32; the others must be zero.
  @_lifetime(self: copy self)
  @inlinable @inline(__always)
  public mutating func put(_ value: UInt64, bits count: Int) {
    pending |= value &<< UInt64(truncatingIfNeeded: 64 &- pendingCount &- count)
    pendingCount &+= count
    if pendingCount >= 32 { store() }
  }

  /// Zero bits, 1...32: the only production of a state, once or several times.
  @_lifetime(self: copy self)
  @inlinable @inline(__always)
  public mutating func zero(bits count: Int) {
    pendingCount &+= count
    if pendingCount >= 32 { store() }
  }

  /// Bits of the event code in the state whose productions are `state...last`.
  @inlinable @inline(__always)
  public func bits(from state: UInt32, last: UInt32) -> Int {
    32 &- (last &- state &+ 1).leadingZeroBitCount
  }

  /// The event `number` in the state whose productions are `state...last`.
  @_lifetime(self: copy self)
  @inlinable @inline(__always)
  public mutating func event(_ number: UInt32, from state: UInt32, last: UInt32) {
    put(UInt64(number &- state), bits: bits(from: state, last: last))
  }

  /// The end of an element in a state that allows nothing else.
  @_lifetime(self: copy self)
  @inlinable @inline(__always)
  public mutating func end() { zero(bits: 1) }

  /// Stores the first four pending octets.
  @_lifetime(self: copy self)
  @inlinable
  mutating func store() {
    if unsafe limit - next < 4 {
      fail(.outputFull)
    } else {
      unsafe UnsafeMutableRawPointer(next).storeBytes(
        of: UInt32(truncatingIfNeeded: pending &>> 32).bigEndian, as: UInt32.self)
      unsafe next += 4
    }
    pending = pending &<< 32
    pendingCount &-= 32
  }

  /// Stores what is pending, padded with zeros to an octet. The number of octets written.
  @_lifetime(self: copy self)
  @inlinable
  public mutating func finish() -> Int {
    while pendingCount > 0 {
      if unsafe next == limit {
        fail(.outputFull)
        break
      }
      unsafe next.pointee = UInt8(truncatingIfNeeded: pending &>> 56)
      unsafe next += 1
      pending = pending &<< 8
      pendingCount &-= 8
    }
    pendingCount = 0
    return unsafe next - start
  }

  /// Copies bits of the source.
  @_lifetime(self: copy self)
  @inline(never)
  public mutating func copy(firstBit: UInt32, bitCount: Int) {
    var position = Int(firstBit)
    var left = bitCount
    let count = source.byteCount
    if left <= 0 { return }
    if position &+ left > count &* 8 {
      fail(.slotOutsideSource)
      return
    }
    if unsafe limit - next < left >> 3 &+ 8 {
      copySlowly(position, left)
      return
    }
    // Four octets at a time while eight can be loaded, whatever the two bit offsets; room was checked above.
    let lastFast = (count &- 8) &* 8 &+ 7
    let shift = UInt64(truncatingIfNeeded: 32 &- pendingCount)
    var pending = pending
    var next = unsafe next
    while left >= 32 && position <= lastFast {
      let word = unsafe UInt64(
        bigEndian: source.unsafeLoadUnaligned(fromUncheckedByteOffset: position >> 3, as: UInt64.self))
      let bits = (word &<< UInt64(truncatingIfNeeded: position & 7)) &>> 32
      pending |= bits &<< shift
      unsafe UnsafeMutableRawPointer(next).storeBytes(
        of: UInt32(truncatingIfNeeded: pending &>> 32).bigEndian, as: UInt32.self)
      pending = pending &<< 32
      unsafe next += 4
      position &+= 32
      left &-= 32
    }
    self.pending = pending
    unsafe self.next = next
    if count < 8 {
      if left > 0 { copySlowly(position, left) }
      return
    }
    // What is left comes out of the last eight octets, or is less than a word.
    while left > 0 {
      let index = Swift.min(position >> 3, count &- 8)
      let word =
        unsafe UInt64(
          bigEndian: source.unsafeLoadUnaligned(fromUncheckedByteOffset: index, as: UInt64.self))
        &<< UInt64(truncatingIfNeeded: position &- index &* 8)
      let step = Swift.min(left, 32)
      put(word &>> UInt64(truncatingIfNeeded: 64 &- step), bits: step)
      position &+= step
      left &-= step
    }
  }

  /// `copy` near the end of the output, and out of a source of less than eight octets.
  @_lifetime(self: copy self)
  @inline(never)
  private mutating func copySlowly(_ position: Int, _ bitCount: Int) {
    var left = bitCount
    var reader = BitReader(source, position: position)
    while left > 32 {
      put(reader.bits(32), bits: 32)
      left &-= 32
    }
    put(reader.bits(left), bits: left)
  }

  /// What went wrong.
  @inline(never) @usableFromInline
  func error(_ names: @escaping @Sendable (UInt16) -> StaticString) -> EXIError {
    EXIError(
      failure ?? .outputFull, position: failedAt,
      path: EXIPath(outer: outerPath, inner: innerPath, name: names))
  }
}
