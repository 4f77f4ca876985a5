// The wire format of protocol buffers, as far as these messages need it: fields of varints, fixed lengths and octets.

/// What a field holds. Octets are told as where they stand, because a span cannot be kept.
enum ProtobufValue: Hashable {
  case varint(UInt64)
  case fixed64(UInt64)
  case octets(Range<Int>)
  case fixed32(UInt32)
}

/// Reads the fields of one message, front to back. The first one that is no field makes it `failed`.
struct ProtobufReader: ~Escapable {
  let bytes: RawSpan
  private var offset = 0
  private(set) var failed = false

  @_lifetime(copy bytes)
  init(_ bytes: RawSpan) { self.bytes = bytes }

  /// The message that a field holds.
  @_lifetime(copy self)
  func nested(_ range: Range<Int>) -> ProtobufReader { ProtobufReader(bytes.extracting(range)) }

  /// The next field, or `nil` at the end and where there is none.
  @_lifetime(self: copy self)
  mutating func next() -> (number: Int, value: ProtobufValue)? {
    guard !failed, offset < bytes.byteCount else { return nil }
    guard let key = varint(), key >> 3 > 0, key >> 3 < 1 << 29 else { return fail() }
    let number = Int(truncatingIfNeeded: key >> 3)
    switch key & 7 {
    case 0:
      guard let value = varint() else { return fail() }
      return (number, .varint(value))
    case 1:
      guard let value = fixed(8) else { return fail() }
      return (number, .fixed64(value))
    case 2:
      guard let count = varint(), count <= UInt64(bytes.byteCount - offset) else { return fail() }
      let range = offset..<offset + Int(count)
      offset = range.upperBound
      return (number, .octets(range))
    case 5:
      guard let value = fixed(4) else { return fail() }
      return (number, .fixed32(UInt32(truncatingIfNeeded: value)))
    // Groups were given up before these messages were made.
    default: return fail()
    }
  }

  @_lifetime(self: copy self)
  private mutating func fail() -> (number: Int, value: ProtobufValue)? {
    failed = true
    return nil
  }

  @_lifetime(self: copy self)
  private mutating func octet() -> UInt8? {
    guard offset < bytes.byteCount else { return nil }
    defer { offset += 1 }
    return unsafe bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self)
  }

  @_lifetime(self: copy self)
  private mutating func varint() -> UInt64? {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), through: 63, by: 7) {
      guard let octet = octet() else { return nil }
      // The tenth octet has room for the last bit only.
      if shift == 63, octet > 1 { return nil }
      value |= UInt64(octet & 0x7F) << shift
      if octet & 0x80 == 0 { return value }
    }
    return nil
  }

  @_lifetime(self: copy self)
  private mutating func fixed(_ count: Int) -> UInt64? {
    guard count <= bytes.byteCount - offset else { return nil }
    var value: UInt64 = 0
    for index in 0..<count { value |= UInt64(octet() ?? 0) << UInt64(8 * index) }
    return value
  }
}

/// Writes the fields of one message. Scalars of 0 outside of a `oneof` are left out, as the format's third version does.
struct ProtobufWriter {
  private(set) var octets: [UInt8] = []

  /// A member of a `oneof`: also written where it is 0.
  mutating func member(_ number: Int, _ value: UInt64) {
    varint(UInt64(number) << 3)
    varint(value)
  }

  mutating func scalar(_ number: Int, _ value: UInt64) { if value != 0 { member(number, value) } }

  mutating func flag(_ number: Int, _ value: Bool) { scalar(number, value ? 1 : 0) }

  mutating func float(_ number: Int, _ value: Float) {
    guard value.bitPattern != 0 else { return }
    varint(UInt64(number) << 3 | 5)
    for shift in stride(from: UInt32(0), through: 24, by: 8) {
      octets.append(UInt8(truncatingIfNeeded: value.bitPattern >> shift))
    }
  }

  /// A message, also an empty one.
  mutating func message(_ number: Int, _ content: ProtobufWriter) {
    varint(UInt64(number) << 3 | 2)
    varint(UInt64(content.octets.count))
    octets += content.octets
  }

  mutating func text(_ number: Int, _ text: String) {
    guard !text.isEmpty else { return }
    var content = ProtobufWriter()
    content.octets = Array(text.utf8)
    message(number, content)
  }

  private mutating func varint(_ value: UInt64) {
    var rest = value
    while rest > 0x7F {
      octets.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    octets.append(UInt8(rest))
  }
}
