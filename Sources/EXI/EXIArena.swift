/// What an outgoing message points at: strings, binaries and lists, put down one after another in octets that
/// are allocated once.
///
///     var arena = EXIArena(capacity: 1024)
///     let id = arena.string("DE*ABC*E1")
///     let reply = SessionSetupRes(responseCode: .OK, evseID: id)
///     try reply.encode(into: &output, source: arena.span)
///
/// An arena does not grow. When something does not fit, or an item breaks the schema, `failure` says so and
/// the slot handed out is one that every encoder refuses.
public struct EXIArena: Sendable {
  @usableFromInline var octets: [UInt8]
  @usableFromInline var used = 0
  /// The first thing that could not be put down since the last `removeAll()`.
  public private(set) var failure: EXIError?

  /// An arena of `capacity` octets, at most as many as a stream has.
  public init(capacity: Int = 1024) {
    octets = Array(repeating: 0, count: Swift.min(Swift.max(capacity, 0), BitReader.maxByteCount))
  }

  /// What was put down; the source to encode with.
  public var span: RawSpan {
    @_lifetime(borrow self)
    get { unsafe octets.span.bytes.extracting(first: used) }
  }

  /// Octets in use.
  public var count: Int { used }

  /// Forgets everything, keeping the storage.
  public mutating func removeAll() { removeAll(after: 0) }

  /// Forgets what was put down since `count` had this value; slots from before stay good.
  public mutating func removeAll(after count: Int) {
    used = Swift.min(Swift.max(count, 0), used)
    failure = nil
  }

  @inline(never) @usableFromInline
  mutating func fail(_ kind: EXIError.Kind) {
    if failure == nil { failure = EXIError(kind, position: used * 8) }
  }

  /// Appends one octet; false when there is no room.
  @usableFromInline
  mutating func append(_ octet: UInt8) -> Bool {
    guard used < octets.count else {
      fail(.outputFull)
      return false
    }
    octets[used] = octet
    used += 1
    return true
  }

  /// Appends octets that lie one behind the other; false when there is no room.
  @inline(__always) @usableFromInline
  mutating func append(all source: UnsafeBufferPointer<UInt8>) -> Bool {
    guard source.count <= octets.count - used else {
      fail(.outputFull)
      return false
    }
    guard let base = source.baseAddress else { return true }
    let used = used
    unsafe octets.withUnsafeMutableBytes { target in
      if let start = target.baseAddress {
        unsafe (start + used).copyMemory(from: base, byteCount: source.count)
      }
    }
    self.used = used + source.count
    return true
  }

  /// Appends characters if all are printable ASCII and there is room.
  @inline(__always)
  private mutating func append(plain source: UnsafeBufferPointer<UInt8>) -> Bool {
    // Bit 7 clear and bit 5 or 6 set (0x20...0x7F), eight characters in a step and then the rest.
    let raw = UnsafeRawBufferPointer(source)
    var index = 0
    var others: UInt64 = 0
    while index &+ 8 <= source.count {
      let word = unsafe raw.loadUnaligned(fromByteOffset: index, as: UInt64.self)
      others |= (word | ~(word &<< 1 | word &<< 2)) & 0x8080_8080_8080_8080
      index &+= 8
    }
    while index < source.count {
      let octet = unsafe raw[index]
      others |= octet &- 0x20 >= 0x60 ? 1 : 0
      index &+= 1
    }
    return unsafe others == 0 && append(all: source)
  }

  // MARK: strings

  /// Puts text down. Characters XML cannot carry are refused.
  public mutating func string(_ text: String) -> EXIString {
    let start = used
    // Printable ASCII, which is nearly everything, is coded as it is.
    if unsafe text.utf8.withContiguousStorageIfAvailable({ unsafe append(plain: $0) }) == true {
      return slot(from: start, count: used - start)
    }
    var count = 0
    for scalar in text.unicodeScalars {
      guard append(scalar) else { return .invalid }
      count += 1
    }
    return slot(from: start, count: count)
  }

  /// Copies a string out of received octets.
  public mutating func string(_ other: EXIString, from bytes: RawSpan) -> EXIString {
    let start = used
    var left = Int(other.count)
    var complete = true
    other.forEach(in: bytes) {
      left -= 1
      if complete { complete = append($0) }
    }
    if complete && left != 0 { fail(.slotOutsideSource) }
    guard complete, left == 0 else { return .invalid }
    return slot(from: start, count: Int(other.count))
  }

  private mutating func append(_ scalar: Unicode.Scalar) -> Bool {
    var value = scalar.value
    guard value >= 0x20 || value == 9 || value == 10 || value == 13, value != 0xFFFE, value != 0xFFFF else {
      fail(.invalidCharacter)
      return false
    }
    while value >= 128 {
      guard append(UInt8(truncatingIfNeeded: value & 127 | 128)) else { return false }
      value >>= 7
    }
    return append(UInt8(truncatingIfNeeded: value))
  }

  @inline(__always)
  private mutating func slot(from start: Int, count: Int) -> EXIString {
    guard used - start <= 0xFFFF else {
      fail(.capacity)
      return .invalid
    }
    return EXIString(firstBit: UInt32(start * 8), count: UInt16(count), octets: UInt16(used - start))
  }

  // MARK: binaries and integers

  /// Puts octets down.
  @inlinable
  public mutating func binary(_ bytes: some Sequence<UInt8>) -> EXIBinary {
    let start = used
    if let whole = bytes.withContiguousStorageIfAvailable({ unsafe append(all: $0) }) {
      if !whole { return .invalid }
    } else {
      for octet in bytes {
        guard append(octet) else { return .invalid }
      }
    }
    return binary(from: start)
  }

  /// Puts the octets of a span down.
  public mutating func binary(_ bytes: RawSpan) -> EXIBinary {
    let start = used
    let whole = unsafe bytes.withUnsafeBytes { source in
      unsafe append(all: source.assumingMemoryBound(to: UInt8.self))
    }
    return whole ? binary(from: start) : .invalid
  }

  @usableFromInline
  mutating func binary(from start: Int) -> EXIBinary {
    guard used - start <= 0xFFFF else {
      fail(.capacity)
      return .invalid
    }
    return EXIBinary(firstBit: UInt32(start * 8), count: UInt16(used - start))
  }

  /// Puts down the last `count` octets (0...8) of a number, the most significant first: identifiers.
  public mutating func binary(bigEndian value: UInt64, count: Int) -> EXIBinary {
    let start = used
    let count = Swift.min(Swift.max(count, 0), 8)
    let aligned = count == 0 ? 0 : value &<< UInt64(truncatingIfNeeded: 64 &- count &* 8)
    let whole = unsafe withUnsafeBytes(of: aligned.bigEndian) { octets in
      unsafe append(all: UnsafeBufferPointer(rebasing: octets.assumingMemoryBound(to: UInt8.self)[..<count]))
    }
    return whole ? binary(from: start) : .invalid
  }

  /// Copies octets out of received ones.
  public mutating func binary(_ other: EXIBinary, from bytes: RawSpan) -> EXIBinary {
    let start = used
    var complete = true
    other.forEach(in: bytes) { if complete { complete = append($0) } }
    if complete && used - start != Int(other.count) {
      fail(.slotOutsideSource)
      complete = false
    }
    return complete ? binary(from: start) : .invalid
  }

  /// Puts an integer without limit down.
  public mutating func integer(_ value: Int64) -> EXIInteger {
    let start = used
    var magnitude = UInt64(bitPattern: value ^ (value >> 63))
    repeat {
      let more: UInt8 = magnitude >= 128 ? 128 : 0
      guard append(UInt8(truncatingIfNeeded: magnitude & 127) | more) else { return .invalid }
      magnitude >>= 7
    } while magnitude != 0
    return EXIInteger(firstBit: UInt32(start * 8), count: UInt16(used - start), isNegative: value < 0)
  }

  /// Puts down a non-negative integer given as big-endian octets: a certificate's serial number.
  public mutating func integer(bigEndian bytes: some BidirectionalCollection<UInt8>) -> EXIInteger {
    let start = used
    var pending: UInt32 = 0
    var pendingBits: UInt32 = 0
    // The octets are written with the continuation bit, which the last group then loses; leading zero groups
    // are left out.
    var significant = used
    for octet in bytes.reversed() {
      pending |= UInt32(octet) << pendingBits
      pendingBits += 8
      while pendingBits >= 7 {
        guard append(UInt8(pending & 127) | 128) else { return .invalid }
        if pending & 127 != 0 { significant = used }
        pending >>= 7
        pendingBits -= 7
      }
    }
    guard append(UInt8(pending) | 128) else { return .invalid }
    if pending != 0 { significant = used }
    used = Swift.max(significant, start + 1)
    octets[used - 1] &= 127
    guard used - start <= 0xFFFF else {
      fail(.capacity)
      return .invalid
    }
    return EXIInteger(firstBit: UInt32(start * 8), count: UInt16(used - start), isNegative: false)
  }

  // MARK: lists

  /// Puts items down, whose own slots point into this arena.
  @inlinable
  public mutating func list<Element: EXIElement>(_ items: some Sequence<Element>) -> EXIList<Element> {
    let start = used
    var count = 0
    var bits = 0
    let written = encode { writer in
      for item in items {
        if count > 0 { writer.zero(bits: 2) }
        item.encode(to: &writer)
        count += 1
      }
      bits = writer.position
    }
    return list(from: start, bits: bits, count: written ? count : -1)
  }

  /// Puts the items of a span down: of an array or, without allocation, of an `InlineArray`.
  @inlinable
  public mutating func list<Element: EXIElement>(_ items: Span<Element>) -> EXIList<Element> {
    let start = used
    var bits = 0
    let written = encode { writer in
      for index in items.indices {
        if index > 0 { writer.zero(bits: 2) }
        items[index].encode(to: &writer)
      }
      bits = writer.position
    }
    return list(from: start, bits: bits, count: written ? items.count : -1)
  }

  /// The list of `count` items behind `start`; -1 when they were not written.
  @inlinable @inline(__always)
  mutating func list<Element>(from start: Int, bits: Int, count: Int) -> EXIList<Element> {
    if count < 0 { return .invalid }
    guard count <= 0xFFFF else {
      fail(.capacity)
      return .invalid
    }
    return EXIList(
      EXIListExtent(
        firstBit: UInt32(truncatingIfNeeded: start &* 8), bitCount: UInt32(truncatingIfNeeded: bits),
        count: UInt16(truncatingIfNeeded: count), gap: 2, minimum: 1))
  }

  /// Puts items of mixed or repeated content down, in an order its grammar allows.
  public mutating func content<Item: EXIContentItem>(_ items: some Sequence<Item>) -> EXIContent<Item> {
    let start = used
    var count = 0
    var bits = 0
    var firstCode: UInt32 = 0
    var state: UInt8 = 0
    let written = encode { writer in
      for item in items {
        var next: UInt8 = 0
        let code = Item.code(state: state) {
          guard case .item(item.kind, let following) = $0 else { return false }
          next = following
          return true
        }
        guard let code else {
          writer.fail(.listCount)
          return
        }
        if count == 0 {
          firstCode = code
        } else {
          writer.put(UInt64(code), bits: Item.bitWidth(state: state))
        }
        item.encode(to: &writer)
        state = next
        count += 1
      }
      bits = writer.position
    }
    guard written else { return .invalid }
    guard count <= 0xFFFF else {
      fail(.capacity)
      return .invalid
    }
    return EXIContent(
      firstBit: UInt32(start * 8), bitCount: UInt32(bits), count: UInt16(count),
      firstCode: UInt8(truncatingIfNeeded: firstCode), lastState: state)
  }

  /// Lets `body` write behind what is in use, reading from there.
  @usableFromInline
  mutating func encode(_ body: (inout BitWriter) -> Void) -> Bool {
    let used = used
    var length = 0
    var kind: EXIError.Kind?
    unsafe octets.withUnsafeMutableBytes { bytes in
      // Two halves of the same storage: what is read lies in front, what is written behind.
      guard let base = bytes.baseAddress else {
        kind = .outputFull
        return
      }
      let source = unsafe RawSpan(_unsafeStart: base, byteCount: used)
      var writer = unsafe BitWriter(
        UnsafeMutableRawBufferPointer(start: base + used, count: bytes.count - used), source: source)
      body(&writer)
      length = writer.finish()
      kind = writer.failure
    }
    if let kind {
      fail(kind)
      return false
    }
    self.used += length
    return true
  }
}
