/// A repeated element that stays in the stream: a slot. Items are decoded when they are looked at, and
/// encoding a list copies its bits in one go.
public struct EXIList<Element: EXIElement>: Sendable {
  /// Where the items lie and how they are coded.
  @usableFromInline let extent: EXIListExtent

  /// Number of items.
  @inlinable public var count: UInt16 { extent.count }

  /// No items.
  @inlinable public init() {
    self.init(EXIListExtent(firstBit: 0, bitCount: 0, count: 0, gap: 2, minimum: 1))
  }

  @inlinable init(_ extent: EXIListExtent) { self.extent = extent }

  @usableFromInline static var invalid: EXIList {
    EXIList(EXIListExtent(firstBit: .max, bitCount: 1, count: 1, gap: 2, minimum: 1))
  }

  @inlinable public var isEmpty: Bool { extent.count == 0 }

  /// A cursor in front of the first item.
  @_lifetime(copy bytes)
  @inlinable public func cursor(in bytes: RawSpan) -> EXIListCursor<Element> {
    EXIListCursor(self, in: bytes)
  }

  /// Hands out the items in order.
  @inlinable
  public func forEach<E: Error>(in bytes: RawSpan, _ body: (Element) throws(E) -> Void) throws(E) {
    var cursor = cursor(in: bytes)
    while let item = cursor.next() { try body(item) }
  }

  /// Item `index`, or `nil` when there is none; walks from the front.
  @inlinable public subscript(index: Int, in bytes: RawSpan) -> Element? {
    guard index >= 0, index < Int(count) else { return nil }
    var cursor = cursor(in: bytes)
    for _ in 0..<index { _ = cursor.next() }
    return cursor.next()
  }

  /// The first item.
  @inlinable public func first(in bytes: RawSpan) -> Element? { self[0, in: bytes] }

  /// The first item for which `condition` holds.
  @inlinable public func first(in bytes: RawSpan, where condition: (Element) -> Bool) -> Element? {
    var cursor = cursor(in: bytes)
    while let item = cursor.next() {
      if condition(item) { return item }
    }
    return nil
  }

  /// The items as an array; allocates, for hosts.
  public func items(in bytes: RawSpan) -> [Element] {
    var result: [Element] = []
    forEach(in: bytes) { result.append($0) }
    return result
  }
}

/// The bits of a list, whatever its items are.
@usableFromInline
struct EXIListExtent: Sendable {
  /// Offset of the first item's content from the start of the span, in bits.
  @usableFromInline let firstBit: UInt32
  /// Bits from there to the end of the last item.
  @usableFromInline let bitCount: UInt32
  /// Number of items.
  @usableFromInline let count: UInt16
  /// Width of the start-element code between two items once the schema's minimum is reached.
  @usableFromInline let gap: UInt8
  /// The schema's minimum: up to there the code between two items takes one bit. The highest bit marks items
  /// that deviate from the form this codec writes, which are therefore never copied as they are.
  @usableFromInline let minimum: UInt8

  @inlinable init(firstBit: UInt32, bitCount: UInt32, count: UInt16, gap: UInt8, minimum: UInt8) {
    self.firstBit = firstBit
    self.bitCount = bitCount
    self.count = count
    self.gap = gap
    self.minimum = minimum
  }
}

/// Walks over the items of a list.
public struct EXIListCursor<Element: EXIElement>: ~Escapable {
  @usableFromInline var reader: BitReader
  @usableFromInline var index = 0
  @usableFromInline let count: Int
  @usableFromInline let gap: Int
  @usableFromInline let minimum: Int

  @_lifetime(copy bytes)
  @inlinable init(_ list: EXIList<Element>, in bytes: RawSpan) {
    reader = BitReader(bytes, position: Int(clamping: list.extent.firstBit))
    count = Int(list.extent.count)
    gap = Int(list.extent.gap)
    minimum = Int(list.extent.minimum & 127)
  }

  /// The next item; `nil` behind the last, or when the span does not hold the list.
  @_lifetime(self: copy self)
  @inlinable public mutating func next() -> Element? {
    guard index < count, !reader.failed else { return nil }
    if index > 0 { _ = reader.bits(index < minimum ? 1 : gap) }
    index &+= 1
    let item = Element(from: &reader)
    return reader.failed ? nil : item
  }
}

extension BitReader {
  /// The list that began at `start` and holds `count` items; `deviations` is the number at its begin.
  @inlinable
  public func list<Element: EXIElement>(
    from start: Int, to end: Int, count: Int, gap: Int, minimum: Int, deviations: UInt32
  ) -> EXIList<Element> {
    if failed { return EXIList() }
    return EXIList(
      EXIListExtent(
        firstBit: UInt32(truncatingIfNeeded: start), bitCount: UInt32(truncatingIfNeeded: end &- start),
        count: UInt16(truncatingIfNeeded: count), gap: UInt8(truncatingIfNeeded: gap),
        minimum: UInt8(truncatingIfNeeded: minimum) | (self.deviations == deviations ? 0 : 128)))
  }
}
