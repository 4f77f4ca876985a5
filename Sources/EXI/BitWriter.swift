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
  @inlinable @inline(__always)
  public init(_ target: UnsafeMutableRawBufferPointer, source: RawSpan) {
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
    if bitCount > 64 || source.byteCount < 8 {
      copyOctets(position, bitCount)
    } else if bitCount <= 32 {
      put(word(at: position) &>> UInt64(truncatingIfNeeded: 64 &- bitCount), bits: bitCount)
    } else {
      put(word(at: position) &>> 32, bits: 32)
      put(word(at: position &+ 32) &>> UInt64(truncatingIfNeeded: 96 &- bitCount), bits: bitCount &- 32)
    }
  }

  /// The bits of the source from `position` on, left-aligned: 57 or all there are. It has eight octets.
  @inline(__always)
  private func word(at position: Int) -> UInt64 {
    let offset = Swift.min(position >> 3, source.byteCount &- 8)
    return unsafe UInt64(
      bigEndian: source.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self))
      &<< UInt64(truncatingIfNeeded: position &- offset &* 8)
  }

  /// Copies bits of the source octet by octet of the output; source and room were checked.
  @_lifetime(self: copy self)
  @inline(never)
  private mutating func copyOctets(_ firstBit: Int, _ bitCount: Int) {
    var position = firstBit
    var left = bitCount
    var next = unsafe next
    while pendingCount >= 8 {
      unsafe next.pointee = UInt8(truncatingIfNeeded: pending &>> 56)
      unsafe next += 1
      pending = pending &<< 8
      pendingCount &-= 8
    }
    if pendingCount > 0 {
      // The octet that is begun.
      let missing = Swift.min(8 &- pendingCount, left)
      pending |= (bits(at: position, missing) &>> UInt64(truncatingIfNeeded: pendingCount))
      position &+= missing
      left &-= missing
      pendingCount &+= missing
      if pendingCount == 8 {
        unsafe next.pointee = UInt8(truncatingIfNeeded: pending &>> 56)
        unsafe next += 1
        pendingCount = 0
      }
    }
    if left > 0 {
      let count = left >> 3
      unsafe shift(position, count, into: next)
      unsafe next += count
      pendingCount = left & 7
      pending = pendingCount == 0 ? 0 : bits(at: position &+ count &* 8, pendingCount)
    }
    unsafe self.next = next
  }

  /// `count` bits of the source, 1...8, left-aligned.
  @inline(__always)
  private func bits(at position: Int, _ count: Int) -> UInt64 {
    let offset = position >> 3
    let bit = position & 7
    var pair = UInt64(unsafe source.unsafeLoad(fromUncheckedByteOffset: offset, as: UInt8.self)) &<< 8
    if bit &+ count > 8 {
      pair |= UInt64(unsafe source.unsafeLoad(fromUncheckedByteOffset: offset &+ 1, as: UInt8.self))
    }
    pair = pair &>> UInt64(truncatingIfNeeded: 16 &- bit &- count)
    return pair &<< UInt64(truncatingIfNeeded: 64 &- count)
  }

  /// `count` octets from bit `position` of the source.
  @inline(__always)
  private func shift(_ position: Int, _ count: Int, into target: UnsafeMutablePointer<UInt8>) {
    let first = position >> 3
    let target = UnsafeMutableRawPointer(target)
    if position & 7 == 0 {
      unsafe source.withUnsafeBytes {
        if let base = $0.baseAddress { unsafe target.copyMemory(from: base + first, byteCount: count) }
      }
      return
    }
    // Each octet is the end of one octet of the source and the begin of the next, whose bits are needed too,
    // so that both exist. Shifting whole words does it for all octets at once, whatever the byte order.
    let left = UInt(truncatingIfNeeded: position & 7)
    let upper = UInt.max / 255 &* (0xFF &<< left & 0xFF)
    let size = MemoryLayout<UInt>.size
    if count < size {
      for index in 0..<count {
        let high = unsafe source.unsafeLoad(fromUncheckedByteOffset: first &+ index, as: UInt8.self)
        let low = unsafe source.unsafeLoad(fromUncheckedByteOffset: first &+ index &+ 1, as: UInt8.self)
        unsafe target.storeBytes(
          of: high &<< UInt8(truncatingIfNeeded: left) | low &>> UInt8(truncatingIfNeeded: 8 &- left),
          toByteOffset: index, as: UInt8.self)
      }
      return
    }
    var index = 0
    #if arch(x86_64) || arch(arm64)
      // Certificates: four words in a step.
      typealias Words = SIMD4<UInt64>
      let mask = Words(repeating: UInt64(upper))
      let up = Words(repeating: UInt64(left))
      let down = Words(repeating: UInt64(8 &- left))
      while index <= count &- MemoryLayout<Words>.size {
        let high = unsafe source.unsafeLoadUnaligned(fromUncheckedByteOffset: first &+ index, as: Words.self)
        let low = unsafe source.unsafeLoadUnaligned(fromUncheckedByteOffset: first &+ index &+ 1, as: Words.self)
        unsafe target.storeBytes(
          of: high &<< up & mask | low &>> down & ~mask, toByteOffset: index, as: Words.self)
        index &+= MemoryLayout<Words>.size
      }
      if index == count { return }
    #endif
    // The last word overlaps the one before it.
    let last = count &- size
    index = Swift.min(index, last)
    while true {
      let high = unsafe source.unsafeLoadUnaligned(fromUncheckedByteOffset: first &+ index, as: UInt.self)
      let low = unsafe source.unsafeLoadUnaligned(fromUncheckedByteOffset: first &+ index &+ 1, as: UInt.self)
      unsafe target.storeBytes(
        of: high &<< left & upper | low &>> (8 &- left) & ~upper, toByteOffset: index, as: UInt.self)
      if index == last { return }
      index = Swift.min(index &+ size, last)
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
