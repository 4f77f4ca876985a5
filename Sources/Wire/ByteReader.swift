/// Reads integers and octets from a span of received bytes, front to back.
///
/// The first read past the end makes the reader `failed`; every later read gives 0. A parser reads all its
/// fields and asks once at the end, so no path through it can trap on short input.
public struct ByteReader: ~Escapable {
  private let bytes: RawSpan
  /// Offset of the next octet, from the start of the span.
  public private(set) var offset = 0
  /// A read went past the end.
  public private(set) var failed = false

  @_lifetime(copy bytes)
  public init(_ bytes: RawSpan) { self.bytes = bytes }

  /// Octets not read yet.
  public var remaining: Int { bytes.byteCount - offset }

  @_lifetime(self: copy self)
  private mutating func take(_ count: Int) -> Int? {
    guard !failed, count >= 0, count <= remaining else {
      failed = true
      return nil
    }
    defer { offset += count }
    return offset
  }

  @_lifetime(self: copy self)
  public mutating func uint8() -> UInt8 {
    guard let at = take(1) else { return 0 }
    return unsafe bytes.unsafeLoad(fromByteOffset: at, as: UInt8.self)
  }

  @_lifetime(self: copy self)
  public mutating func uint16LittleEndian() -> UInt16 {
    guard let at = take(2) else { return 0 }
    return unsafe UInt16(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: at, as: UInt16.self))
  }

  @_lifetime(self: copy self)
  public mutating func uint16BigEndian() -> UInt16 {
    guard let at = take(2) else { return 0 }
    return unsafe UInt16(bigEndian: bytes.unsafeLoadUnaligned(fromByteOffset: at, as: UInt16.self))
  }

  @_lifetime(self: copy self)
  public mutating func uint32BigEndian() -> UInt32 {
    guard let at = take(4) else { return 0 }
    return unsafe UInt32(bigEndian: bytes.unsafeLoadUnaligned(fromByteOffset: at, as: UInt32.self))
  }

  @_lifetime(self: copy self)
  public mutating func uint64BigEndian() -> UInt64 {
    guard let at = take(8) else { return 0 }
    return unsafe UInt64(bigEndian: bytes.unsafeLoadUnaligned(fromByteOffset: at, as: UInt64.self))
  }

  @_lifetime(self: copy self)
  public mutating func macAddress() -> MACAddress {
    let high = uint16BigEndian()
    return MACAddress(UInt64(high) << 32 | UInt64(uint32BigEndian()))
  }

  @_lifetime(self: copy self)
  public mutating func skip(_ count: Int) { _ = take(count) }

  /// The next `count` octets, copied; empty when there are fewer.
  @_lifetime(self: copy self)
  public mutating func octets(_ count: Int) -> [UInt8] {
    guard let at = take(count) else { return [] }
    return (0..<count).map { unsafe bytes.unsafeLoad(fromByteOffset: at + $0, as: UInt8.self) }
  }
}
