// Values of simple types; `lead` and the end-element bit as in the reader. Values outside the schema are
// refused: an encoder is strict.
extension BitWriter {
  @_lifetime(self: copy self)
  @inlinable @inline(__always)
  public mutating func boolean(_ value: Bool, lead: Int) {
    put(value ? 2 : 0, bits: lead &+ 2)
  }

  /// A number in `count` bits, at most `max`. Negative values, as bit patterns, are above any `max`.
  @_lifetime(self: copy self)
  @inlinable
  #if hasFeature(Embedded)
    @inline(never)
  #else
    @inline(__always)
  #endif
  public mutating func bounded(_ value: Int64, lead: Int, bits count: Int, max: UInt64) {
    let value = UInt64(bitPattern: value)
    if value > max {
      fail(.valueOutOfRange)
      return
    }
    put(value &<< 1, bits: lead &+ count &+ 1)
  }

  @_lifetime(self: copy self)
  @inlinable @inline(__always)
  public mutating func enumeration<E: EXIEnumeration>(_ value: E, lead: Int) {
    put(UInt64(value.rawValue) &<< 1, bits: lead &+ E.bitWidth &+ 1)
  }

  /// `value` if it is at most `max`, to be put beside others; negative values, as bit patterns, are above any
  /// `max`.
  @_lifetime(self: copy self)
  @inlinable @inline(__always)
  public mutating func checked(_ value: Int64, max: UInt64) -> UInt64 {
    let value = UInt64(bitPattern: value)
    if value <= max { return value }
    fail(.valueOutOfRange)
    return 0
  }

  @_lifetime(self: copy self)
  @inlinable
  #if hasFeature(Embedded)
    @inline(never)
  #else
    @inline(__always)
  #endif
  public mutating func unsigned(_ value: UInt64, lead: Int, max: UInt64, ends: Int = 1) {
    if value > max {
      fail(.valueOutOfRange)
    } else if value < 128 {
      put(value &<< UInt64(truncatingIfNeeded: ends), bits: lead &+ 8 &+ ends)
    } else {
      longUnsigned(value, lead: lead, ends: ends)
    }
  }

  @_lifetime(self: copy self)
  @inlinable
  #if hasFeature(Embedded)
    @inline(never)
  #else
    @inline(__always)
  #endif
  public mutating func signed(_ value: Int64, lead: Int, min: Int64, max: Int64, ends: Int = 1) {
    let sign: UInt64 = value < 0 ? 1 : 0
    let magnitude = UInt64(truncatingIfNeeded: value ^ (value &>> 63))
    let shift = UInt64(truncatingIfNeeded: ends)
    if value < min || value > max {
      fail(.valueOutOfRange)
    } else if magnitude < 128 {
      put((sign &<< 8 | magnitude) &<< shift, bits: lead &+ 9 &+ ends)
    } else if magnitude < 1 << 14 {
      put(
        (sign &<< 16 | (magnitude & 127 | 128) &<< 8 | magnitude &>> 7) &<< shift, bits: lead &+ 17 &+ ends)
    } else {
      put(sign, bits: lead &+ 1)
      longUnsigned(magnitude, lead: 0, ends: ends)
    }
  }

  /// An unsigned integer of two octets or more, with the events around it.
  @_lifetime(self: copy self)
  @inline(never) @usableFromInline
  mutating func longUnsigned(_ value: UInt64, lead: Int, ends: Int) {
    if value < 1 << 21 {
      // Two or three octets go in one piece.
      let last = UInt64(truncatingIfNeeded: ends)
      if value < 1 << 14 {
        let two = (value & 127 | 128) &<< 8 | value &>> 7
        put(two &<< last, bits: lead &+ 16 &+ ends)
      } else {
        let three = (value & 127 | 128) &<< 16 | (value &>> 7 & 127 | 128) &<< 8 | value &>> 14
        put(three &<< last, bits: lead &+ 24 &+ ends)
      }
      return
    }
    var value = value
    if lead != 0 { zero(bits: lead) }
    while value >= 128 {
      put(value & 127 | 128, bits: 8)
      value = value &>> 7
    }
    put(value, bits: 8)
    if ends != 0 { zero(bits: ends) }
  }

  @_lifetime(self: copy self)
  public mutating func integer(_ value: EXIInteger, lead: Int) {
    put(value.isNegative ? 1 : 0, bits: lead &+ 1)
    if value.count == 0 {
      zero(bits: 8)
    } else {
      copy(firstBit: value.firstBit, bitCount: Int(value.count) &* 8)
    }
    end()
  }

  @_lifetime(self: copy self)
  @inlinable
  public mutating func string(_ value: EXIString, lead: Int, min: Int = 0, max: Int = 0xFFFF) {
    attribute(value, lead: lead, min: min, max: max)
    end()
  }

  /// The value of an attribute, or text: no end event.
  @_lifetime(self: copy self)
  @inlinable
  public mutating func attribute(_ value: EXIString, lead: Int, min: Int = 0, max: Int = 0xFFFF) {
    let count = Int(value.count)
    if count < min || count > max {
      fail(.lengthOutOfRange)
      return
    }
    if let limits, limits.isASCIIOnly, value.octets != value.count { fail(.peerLimit) }
    length(UInt64(count &+ 2), lead: lead)
    copy(firstBit: value.firstBit, bitCount: Int(value.octets) &* 8)
  }

  /// An enumeration as an attribute, which has no end event.
  @_lifetime(self: copy self)
  @inlinable
  public mutating func attributeEnumeration<E: EXIEnumeration>(_ value: E, lead: Int) {
    if lead &+ E.bitWidth > 0 { put(UInt64(value.rawValue), bits: lead &+ E.bitWidth) }
  }

  @_lifetime(self: copy self)
  @inlinable
  public mutating func text(_ value: EXIString) { attribute(value, lead: 0) }

  @_lifetime(self: copy self)
  @inlinable
  public mutating func binary(_ value: EXIBinary, lead: Int, min: Int = 0, max: Int = 0xFFFF) {
    let count = Int(value.count)
    if count < min || count > max {
      fail(.lengthOutOfRange)
      return
    }
    length(UInt64(count), lead: lead)
    copy(firstBit: value.firstBit, bitCount: count &* 8)
    end()
  }

  @_lifetime(self: copy self)
  @inlinable @inline(__always)
  mutating func length(_ value: UInt64, lead: Int) {
    if value < 128 {
      put(value, bits: lead &+ 8)
    } else {
      longUnsigned(value, lead: lead, ends: 0)
    }
  }

  // MARK: lists and content

  /// The items of a list, from the content of the first to the end of the last. `gap` and `minimum` belong to
  /// the place in the schema; items that were coded for a place like it are copied.
  @_lifetime(self: copy self)
  @inlinable @inline(__always)
  public mutating func list<Element>(
    _ list: EXIList<Element>, of element: StaticString, min: Int, max: Int, gap: Int
  ) {
    items(list.extent, of: element, min: min, max: max, gap: gap) { reader, writer in
      Element(from: &reader).encode(to: &writer)
    }
  }

  /// `list`, without knowing what the items are: once in a program, not once per type.
  @_lifetime(self: copy self)
  @inline(never) @usableFromInline
  mutating func items(
    _ list: EXIListExtent, of element: StaticString, min: Int, max: Int, gap: Int,
    item: (inout BitReader, inout BitWriter) -> Void
  ) {
    if !isValid(list, of: element, min: min, max: max) { return }
    // A peer's limits hold for what is inside the items, too.
    let isAsIs =
      list.count == 1 && list.minimum < 128
      || Int(list.gap) == gap && Int(list.minimum) == Swift.max(min, 1)
    if isAsIs && limits == nil {
      copy(firstBit: list.firstBit, bitCount: Int(clamping: list.bitCount))
      return
    }
    var reader = BitReader(source, position: Int(clamping: list.firstBit))
    for index in 0..<Int(list.count) {
      if index > 0 {
        _ = reader.bits(index < Int(list.minimum & 127) ? 1 : Int(list.gap))
        zero(bits: index < min ? 1 : gap)
      }
      item(&reader, &self)
      if reader.failed || failed { break }
    }
    if reader.failed { fail(.slotOutsideSource) }
  }

  /// False, and a failure, when the list has too few or too many items or lies outside the source.
  @_lifetime(self: copy self)
  @inlinable @inline(__always)
  public mutating func check<Element>(
    _ list: EXIList<Element>, of element: StaticString, min: Int, max: Int
  ) -> Bool {
    check(list.extent, of: element, min: min, max: max)
  }

  @_lifetime(self: copy self)
  @inline(never) @usableFromInline
  mutating func check(_ list: EXIListExtent, of element: StaticString, min: Int, max: Int) -> Bool {
    isValid(list, of: element, min: min, max: max)
  }

  @_lifetime(self: copy self)
  @inline(__always)
  private mutating func isValid(
    _ list: EXIListExtent, of element: StaticString, min: Int, max: Int
  ) -> Bool {
    let count = Int(list.count)
    let end = UInt64(list.firstBit) &+ UInt64(list.bitCount)
    if list.firstBit == .max || end > UInt64(source.byteCount) &* 8 {
      fail(.slotOutsideSource)
      return false
    }
    if count < min || count > max {
      fail(.listCount)
      return false
    }
    if let limits, !limits.allows(count, of: element, max: max) {
      fail(.peerLimit)
      return false
    }
    return true
  }

  /// A cursor over a list in the source, for lists whose items have limits of their own.
  @_lifetime(copy self)
  @inlinable
  public func cursor<Element>(_ list: EXIList<Element>) -> EXIListCursor<Element> { list.cursor(in: source) }

  /// Content with its event codes, and the end of the element. The first event is coded in `bits` bits with
  /// `base` added, because attributes may share its state.
  @_lifetime(self: copy self)
  @inlinable
  public mutating func content<Item>(_ content: EXIContent<Item>, base: UInt32, bits: Int) {
    if content.count == 0 {
      guard let code = Item.endCode(state: 0) else {
        fail(.listCount)
        return
      }
      put(UInt64(base &+ code), bits: bits)
      return
    }
    guard let code = Item.endCode(state: content.lastState) else {
      fail(.listCount)
      return
    }
    put(UInt64(base &+ UInt32(content.firstCode & 127)), bits: bits)
    if content.firstCode < 128 && limits == nil {
      copy(firstBit: content.firstBit, bitCount: Int(clamping: content.bitCount))
    } else {
      rewrite(content)
    }
    put(UInt64(code), bits: Item.bitWidth(state: content.lastState))
  }

  /// The items of content one by one, in the form this codec writes.
  @_lifetime(self: copy self)
  @inlinable
  mutating func rewrite<Item>(_ content: EXIContent<Item>) {
    rewrite(
      from: content.firstBit, count: content.count, firstCode: content.firstCode & 127,
      width: { Item.bitWidth(state: $0) }, production: { Item.production(state: $0, code: $1) }
    ) { kind, reader, writer in
      Item(kind: kind, from: &reader).encode(to: &writer)
    }
  }

  @_lifetime(self: copy self)
  @inline(never) @usableFromInline
  mutating func rewrite(
    from firstBit: UInt32, count: UInt16, firstCode: UInt8, width: (UInt8) -> Int,
    production: (UInt8, UInt32) -> EXIProduction, item: (UInt8, inout BitReader, inout BitWriter) -> Void
  ) {
    var reader = BitReader(source, position: Int(clamping: firstBit))
    var code = UInt32(firstCode)
    var state: UInt8 = 0
    for index in 0..<count {
      guard case .item(let kind, let next) = production(state, code) else {
        fail(.slotOutsideSource)
        return
      }
      if index > 0 { put(UInt64(code), bits: width(state)) }
      item(kind, &reader, &self)
      state = next
      if reader.failed || failed { break }
      if index &+ 1 < count { code = reader.event(bits: width(state)) }
    }
    if reader.failed { fail(.slotOutsideSource) }
  }
}
