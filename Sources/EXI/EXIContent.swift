/// One production of a content grammar that is not a plain sequence.
public enum EXIProduction: Equatable, Sendable {
  /// An item of this kind, after which the grammar is in state `next`.
  case item(kind: UInt8, next: UInt8)
  /// The end of the element.
  case end
  /// Any other element; not readable under the profile.
  case wildcard
  /// No production has this code.
  case invalid
}

/// The items of content with repeated choices, mixed text or wildcards (XML signature has all of them), with
/// the states that tell which may follow which.
public protocol EXIContentItem: Sendable {
  /// Bits of the event code in `state`.
  static func bitWidth(state: UInt8) -> Int
  /// What `code` means in `state`.
  static func production(state: UInt8, code: UInt32) -> EXIProduction
  /// Reads the item whose event code was just read.
  init(kind: UInt8, from reader: inout BitReader)
  /// The number `production` knows it by.
  var kind: UInt8 { get }
  /// Writes what follows the event code.
  func encode(to writer: inout BitWriter)
}

/// A sequence of content items that stays in the stream: a slot.
public struct EXIContent<Item: EXIContentItem>: Sendable {
  /// Offset of the first item, behind its event code, from the start of the span, in bits.
  public let firstBit: UInt32
  /// Bits from there to the end of the last item.
  public let bitCount: UInt32
  /// Number of items.
  public let count: UInt16
  /// The event code of the first item, which is not part of the span: its width depends on attributes. The
  /// highest bit marks items that deviate from the form this codec writes, which are never copied as they are.
  @usableFromInline let firstCode: UInt8
  /// The state after the last item.
  @usableFromInline let lastState: UInt8

  /// No items.
  @inlinable public init() { self.init(firstBit: 0, bitCount: 0, count: 0, firstCode: 0, lastState: 0) }

  @inlinable init(firstBit: UInt32, bitCount: UInt32, count: UInt16, firstCode: UInt8, lastState: UInt8) {
    self.firstBit = firstBit
    self.bitCount = bitCount
    self.count = count
    self.firstCode = firstCode
    self.lastState = lastState
  }

  @usableFromInline static var invalid: EXIContent {
    EXIContent(firstBit: .max, bitCount: 1, count: 1, firstCode: 0, lastState: 0)
  }

  @inlinable public var isEmpty: Bool { count == 0 }

  /// Reads the content whose first event code is `code`, and the end of the element.
  @inlinable public init(firstCode code: UInt32, from reader: inout BitReader) {
    self.init()
    let firstBit = reader.position
    let deviations = reader.deviations
    var production = Item.production(state: 0, code: code)
    var state: UInt8 = 0
    var count = 0
    while case .item(let kind, let next) = production {
      _ = Item(kind: kind, from: &reader)
      count &+= 1
      state = next
      let end = reader.position
      if reader.failed || count > 0xFFFF {
        reader.fail(.capacity)
        return
      }
      production = Item.production(state: state, code: reader.event(bits: Item.bitWidth(state: state)))
      if production == .end && !reader.failed {
        self.init(
          firstBit: UInt32(truncatingIfNeeded: firstBit),
          bitCount: UInt32(truncatingIfNeeded: end &- firstBit),
          count: UInt16(truncatingIfNeeded: count),
          firstCode: UInt8(truncatingIfNeeded: code) | (reader.deviations == deviations ? 0 : 128),
          lastState: state)
        return
      }
    }
    if production != .end { reader.fail(production == .wildcard ? .wildcard : .unexpectedEvent) }
  }

  /// Hands out the items in order.
  @inlinable
  public func forEach<E: Error>(in bytes: RawSpan, _ body: (Item) throws(E) -> Void) throws(E) {
    var reader = BitReader(bytes, position: Int(clamping: firstBit))
    var code = UInt32(firstCode & 127)
    var state: UInt8 = 0
    for index in 0..<count {
      guard case .item(let kind, let next) = Item.production(state: state, code: code) else { return }
      let item = Item(kind: kind, from: &reader)
      if reader.failed { return }
      try body(item)
      state = next
      if index &+ 1 < count { code = reader.event(bits: Item.bitWidth(state: state)) }
    }
  }

  /// The items as an array; allocates, for hosts.
  public func items(in bytes: RawSpan) -> [Item] {
    var result: [Item] = []
    forEach(in: bytes) { result.append($0) }
    return result
  }
}

extension EXIContentItem {
  /// The code of the end of the element in `state`.
  @inlinable static func endCode(state: UInt8) -> UInt32? {
    let count = UInt32(1) &<< UInt32(truncatingIfNeeded: bitWidth(state: state))
    var code: UInt32 = 0
    while code < count {
      if case .end = production(state: state, code: code) { return code }
      code &+= 1
    }
    return nil
  }

  /// The code of the production in `state` that `matches`.
  @inlinable static func code(state: UInt8, where matches: (EXIProduction) -> Bool) -> UInt32? {
    for code in 0..<(UInt32(1) &<< UInt32(truncatingIfNeeded: bitWidth(state: state))) {
      if matches(production(state: state, code: code)) { return code }
    }
    return nil
  }
}
