import Wire

/// Sixteen octets in transmission order: the random part of an M-sound, the body of a key.
public struct Octets16: Hashable, Sendable {
  /// Octets 0...7, octet 0 in the highest bits.
  public var high: UInt64
  /// Octets 8...15.
  public var low: UInt64

  public static let zero = Octets16(high: 0, low: 0)

  @inlinable public init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// Takes the first 16 octets of a sequence; missing ones are 0.
  public init(_ octets: some Sequence<UInt8>) {
    self = .zero
    var index = 0
    for octet in octets.prefix(16) {
      let shift = UInt64(56 - 8 * (index % 8))
      if index < 8 { high |= UInt64(octet) << shift } else { low |= UInt64(octet) << shift }
      index += 1
    }
  }

  /// Octet `index`; indices outside 0...15 give 0.
  @inlinable public subscript(index: Int) -> UInt8 {
    guard (0..<16).contains(index) else { return 0 }
    return UInt8(truncatingIfNeeded: (index < 8 ? high : low) >> UInt64(56 - 8 * (index % 8)))
  }

  /// The sixteen octets in transmission order.
  public var octets: [UInt8] { (0..<16).map { self[$0] } }
}

/// The 17-octet identifiers of the SLAC messages (SENDER_ID, SOURCE_ID, RESP_ID, PEV_ID, EVSE_ID).
///
/// ISO 15118-3 has them all zero; the value is kept so that a machine can refuse others.
public struct StationIdentifier: Hashable, Sendable {
  public var leading: Octets16
  /// The seventeenth octet.
  public var last: UInt8

  public static let zero = StationIdentifier(leading: .zero, last: 0)

  @inlinable public init(leading: Octets16, last: UInt8) {
    self.leading = leading
    self.last = last
  }
}

/// Reading of HomePlug fields. Integers are little-endian, everything else is octets in transmission order.
extension ByteReader {
  @_lifetime(self: copy self)
  mutating func octets16() -> Octets16 {
    let high = uint64BigEndian()
    return Octets16(high: high, low: uint64BigEndian())
  }

  @_lifetime(self: copy self)
  mutating func stationIdentifier() -> StationIdentifier {
    let leading = octets16()
    return StationIdentifier(leading: leading, last: uint8())
  }

  @_lifetime(self: copy self)
  mutating func runID() -> RunID { RunID(uint64BigEndian()) }

  @_lifetime(self: copy self)
  mutating func nid() -> NID {
    let high = UInt64(uint32BigEndian()) << 24
    let middle = UInt64(uint16BigEndian()) << 8
    return NID(high | middle | UInt64(uint8()))
  }

  @_lifetime(self: copy self)
  mutating func nmk() -> NMK { NMK(octets16()) }

  @_lifetime(self: copy self)
  mutating func uint32LittleEndian() -> UInt32 { uint32BigEndian().byteSwapped }

  @_lifetime(self: copy self)
  mutating func uint64LittleEndian() -> UInt64 { uint64BigEndian().byteSwapped }
}

extension OutputBuffer {
  mutating func append(littleEndian value: UInt16) {
    append(UInt8(truncatingIfNeeded: value))
    append(UInt8(truncatingIfNeeded: value >> 8))
  }

  mutating func append(littleEndian value: UInt32) {
    append(bigEndian: UInt64(value.byteSwapped), octets: 4)
  }

  mutating func append(littleEndian value: UInt64) { append(bigEndian: value.byteSwapped, octets: 8) }

  /// Appends the low `count` octets of `value`, highest first.
  mutating func append(bigEndian value: UInt64, octets count: Int) {
    var shift = 8 * (count - 1)
    while shift >= 0 {
      append(UInt8(truncatingIfNeeded: value >> UInt64(shift)))
      shift -= 8
    }
  }

  mutating func append(_ address: MACAddress) { append(bigEndian: address.value, octets: 6) }
  mutating func append(_ runID: RunID) { append(bigEndian: runID.value, octets: 8) }
  mutating func append(_ nid: NID) { append(bigEndian: nid.value, octets: 7) }
  mutating func append(_ nmk: NMK) { append(nmk.key) }

  mutating func append(_ octets: Octets16) {
    append(bigEndian: octets.high, octets: 8)
    append(bigEndian: octets.low, octets: 8)
  }

  mutating func append(_ identifier: StationIdentifier) {
    append(identifier.leading)
    append(identifier.last)
  }

  mutating func append(zeros count: Int) {
    for _ in 0..<max(count, 0) { append(0) }
  }
}
