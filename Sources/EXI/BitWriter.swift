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

  @usableFromInline let limits: PeerLimits?

  /// A writer over `target`, which must outlive it.
  @_lifetime(copy source)
  @inlinable @inline(__always)
  public init(_ target: UnsafeMutableRawBufferPointer, source: RawSpan, limits: PeerLimits? = nil) {
    // No slot points behind what a reader takes; the bits up to there count in the machine's integers.
    let isTooLong = Int.bitWidth < 64 && source.byteCount > BitReader.maxByteCount
    self.source = isTooLong ? source.extracting(first: BitReader.maxByteCount) : source
    self.limits = limits
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
  @inlinable
  #if hasFeature(Embedded)
    @inline(never)
  #else
    @inline(__always)
  #endif
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
    if bitCount <= 0 { return }
    if UInt64(firstBit) &+ UInt64(bitCount) > UInt64(source.byteCount) &* 8 {
      fail(.slotOutsideSource)
      return
    }
    let position = Int(firstBit)
    // The octets that will be complete; from here on there is room for them.
    if unsafe limit - next < (pendingCount &+ bitCount) >> 3 {
      fail(.outputFull)
      return
    }
    if bitCount > 96 {
      copyOctets(position, bitCount)
    } else if source.byteCount < 8 {
      copyBits(position, bitCount)
    } else {
      var position = position
      var left = bitCount
      while left > 32 {
        put(word(at: position) &>> 32, bits: 32)
        position &+= 32
        left &-= 32
      }
      put(word(at: position) &>> UInt64(truncatingIfNeeded: 64 &- left), bits: left)
    }
  }

  /// `copy` out of a source of less than eight octets.
  @_lifetime(self: copy self)
  @inline(never)
  private mutating func copyBits(_ position: Int, _ bitCount: Int) {
    var reader = BitReader(source, position: position)
    var left = bitCount
    while left > 32 {
      put(reader.bits(32), bits: 32)
      left &-= 32
    }
    put(reader.bits(left), bits: left)
  }

  /// The bits of the source from `position` on, left-aligned: 57 or all there are. It has eight octets.
  @inline(__always)
  private func word(at position: Int) -> UInt64 {
    let offset = Swift.min(position >> 3, source.byteCount &- 8)
    return unsafe UInt64(
      bigEndian: source.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self))
      &<< UInt64(truncatingIfNeeded: position &- offset &* 8)
  }

  /// `copy` of more than 96 bits: brings the output to a whole octet, shifts octets and keeps the rest.
  @_lifetime(self: copy self)
  @inline(never)
  private mutating func copyOctets(_ firstBit: Int, _ bitCount: Int) {
    // At most 32 bits with those pending; that eight octets fit is known.
    let missing = (0 &- pendingCount) & 7
    let begin = pending | word(at: firstBit) &>> UInt64(truncatingIfNeeded: pendingCount)
    unsafe UnsafeMutableRawPointer(next).storeBytes(of: begin.bigEndian, as: UInt64.self)
    unsafe next += (pendingCount &+ missing) >> 3
    let left = bitCount &- missing
    let count = left >> 3
    unsafe shift(firstBit &+ missing, count, into: UnsafeMutableRawPointer(next))
    unsafe next += count
    pendingCount = left & 7
    pending = 0
    if pendingCount > 0 {
      let rest = word(at: firstBit &+ bitCount &- pendingCount)
      pending = rest & ~(UInt64.max &>> UInt64(truncatingIfNeeded: pendingCount))
    }
  }

  /// `count` octets, eleven or more, from bit `position` of the source.
  @inline(__always)
  private func shift(_ position: Int, _ count: Int, into target: UnsafeMutableRawPointer) {
    let first = position >> 3
    if position & 7 == 0 {
      unsafe source.withUnsafeBytes {
        if let base = $0.baseAddress { unsafe target.copyMemory(from: base + first, byteCount: count) }
      }
      return
    }
    // Each octet is the end of one octet of the source and the begin of the next, whose bits are needed too,
    // so that both exist. Shifting whole words does it for all their octets at once, whatever the byte order.
    let left = UInt(truncatingIfNeeded: position & 7)
    let upper = UInt.max / 255 &* (0xFF &<< left & 0xFF)
    var index = 0
    #if arch(x86_64) || arch(arm64)
      // Certificates: four words in a step.
      typealias Words = SIMD4<UInt64>
      if count >= 2 &* MemoryLayout<Words>.size {
        let mask = Words(repeating: UInt64(upper))
        let up = Words(repeating: UInt64(left))
        let down = Words(repeating: UInt64(8 &- left))
        repeat {
          let high = unsafe source.unsafeLoadUnaligned(
            fromUncheckedByteOffset: first &+ index, as: Words.self)
          let low = unsafe source.unsafeLoadUnaligned(
            fromUncheckedByteOffset: first &+ index &+ 1, as: Words.self)
          unsafe target.storeBytes(
            of: high &<< up & mask | low &>> down & ~mask, toByteOffset: index, as: Words.self)
          index &+= MemoryLayout<Words>.size
        } while index <= count &- MemoryLayout<Words>.size
        if index == count { return }
      }
    #endif
    // The last word overlaps the one before it.
    let last = count &- MemoryLayout<UInt>.size
    index = Swift.min(index, last)
    while true {
      let high = unsafe source.unsafeLoadUnaligned(fromUncheckedByteOffset: first &+ index, as: UInt.self)
      let low = unsafe source.unsafeLoadUnaligned(fromUncheckedByteOffset: first &+ index &+ 1, as: UInt.self)
      unsafe target.storeBytes(
        of: high &<< left & upper | low &>> (8 &- left) & ~upper, toByteOffset: index, as: UInt.self)
      if index == last { return }
      index = Swift.min(index &+ MemoryLayout<UInt>.size, last)
    }
  }

  /// What went wrong.
  @inline(never) @usableFromInline
  func error(_ names: @escaping @Sendable (UInt16) -> StaticString) -> EXIError {
    EXIError(
      failure ?? .outputFull, position: failedAt,
      path: EXIPath(outer: outerPath, inner: innerPath, name: names))
  }
}
