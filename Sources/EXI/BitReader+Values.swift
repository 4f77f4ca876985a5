// Values of simple types. `lead` is the number of bits in front of the value that must be zero: 2 where the
// start-element code is still unread (start element, characters), 1 where only the characters event is, 0
// where the event was read. Behind the value stands the end-element bit, which these functions take along.
extension BitReader {
  /// One bit.
  @_lifetime(self: copy self)
  @inlinable @inline(__always)
  public mutating func boolean(lead: Int) -> Bool {
    let field = bits(lead &+ 2)
    if field & ~2 != 0 { fail(.unexpectedEvent) }
    return field & 2 != 0
  }

  /// A number of `count` bits that must not exceed `max`.
  @_lifetime(self: copy self)
  @inlinable @inline(__always)
  public mutating func bounded(lead: Int, bits count: Int, max: UInt64) -> UInt64 {
    let field = bits(lead &+ count &+ 1)
    let value = field &>> 1
    if field & 1 != 0 || value > max {
      fail(
        field & 1 != 0 || value &>> UInt64(truncatingIfNeeded: count) != 0
          ? .unexpectedEvent : .valueOutOfRange)
      return 0
    }
    return value
  }

  /// An index into the values of an enumeration.
  @_lifetime(self: copy self)
  @inlinable @inline(__always)
  public mutating func enumeration<E: EXIEnumeration>(lead: Int) -> E {
    let value = bounded(lead: lead, bits: E.bitWidth, max: E.lastIndex)
    if let result = E(rawValue: UInt8(truncatingIfNeeded: value)) { return result }
    fail(.valueOutOfRange)
    return .first
  }

  /// An unsigned integer, seven bits per octet, least significant group first.
  @_lifetime(self: copy self)
  @inlinable @inline(__always)
  public mutating func unsigned(lead: Int, max: UInt64) -> UInt64 {
    let field = peek() &>> UInt64(truncatingIfNeeded: 55 &- lead)
    // No lead bit, no continuation bit, end-element 0.
    if field < 256 && field & 1 == 0 && field &>> 1 <= max {
      position &+= lead &+ 9
      return field &>> 1
    }
    return longUnsigned(lead: lead, max: max)
  }

  @_lifetime(self: copy self)
  @inline(never) @usableFromInline
  mutating func longUnsigned(lead: Int, max: UInt64) -> UInt64 {
    if lead != 0 { expectZero(bits: lead) }
    let value = groups()
    end()
    if value > max {
      fail(.valueOutOfRange)
      return 0
    }
    return value
  }

  /// A sign bit, then the value or, when negative, its one's complement.
  @_lifetime(self: copy self)
  @inlinable @inline(__always)
  public mutating func signed(lead: Int, min: Int64, max: Int64) -> Int64 {
    let field = peek() &>> UInt64(truncatingIfNeeded: 54 &- lead)
    if field & ~0x200 < 256 && field & 1 == 0 {
      let value = Int64(truncatingIfNeeded: field &>> 1 & 127) ^ (0 &- Int64(truncatingIfNeeded: field &>> 9))
      if value >= min && value <= max {
        position &+= lead &+ 10
        return value
      }
    }
    return longSigned(lead: lead, min: min, max: max)
  }

  @_lifetime(self: copy self)
  @inline(never) @usableFromInline
  mutating func longSigned(lead: Int, min: Int64, max: Int64) -> Int64 {
    let sign = bits(lead &+ 1)
    if sign > 1 { fail(.unexpectedEvent) }
    let magnitude = groups()
    end()
    if magnitude > UInt64(Int64.max) {
      fail(.integerOverflow)
      return 0
    }
    let value = Int64(truncatingIfNeeded: magnitude) ^ (0 &- Int64(truncatingIfNeeded: sign & 1))
    if value < min || value > max {
      fail(.valueOutOfRange)
      return 0
    }
    return value
  }

  /// The octets of an unsigned integer of up to 64 bits.
  @_lifetime(self: copy self)
  @usableFromInline
  mutating func groups() -> UInt64 {
    // Two octets, the common case beyond one.
    let field = peek()
    if field &>> 63 == 0 {
      position &+= 8
      return field &>> 56
    }
    if field &>> 55 & 1 == 0 {
      position &+= 16
      return field &>> 56 & 127 | (field &>> 48 & 127) &<< 7
    }
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      let octet = bits(8)
      if shift > 63 || (shift == 63 && octet & 127 > 1) {
        fail(.integerOverflow)
        return 0
      }
      value |= (octet & 127) &<< shift
      if octet & 128 == 0 { return value }
      shift &+= 7
    }
  }

  /// An integer without limit: a slot.
  @_lifetime(self: copy self)
  @inline(never)
  public mutating func integer(lead: Int) -> EXIInteger {
    let sign = bits(lead &+ 1)
    if sign > 1 { fail(.unexpectedEvent) }
    let first = position
    var count = 0
    repeat {
      count &+= 1
      if failed || count > 0xFFFF {
        fail(.integerOverflow)
        return EXIInteger()
      }
    } while bits(8) & 128 != 0
    end()
    return EXIInteger(
      firstBit: UInt32(truncatingIfNeeded: first), count: UInt16(count), isNegative: sign == 1)
  }

  // MARK: strings and binaries

  /// A string of `min...max` characters. An empty one may also come as an end-element in place of the
  /// characters event (what EXIficient sends).
  @_lifetime(self: copy self)
  @inlinable
  public mutating func string(lead: Int, min: Int = 0, max: Int = 0xFFFF) -> EXIString {
    let head = bits(lead &+ 8)
    let length: Int
    if head < 128 {
      length = Int(truncatingIfNeeded: head) &- 2
    } else {
      length = longLength(head, lead: lead, bias: 2)
      if length == EXIString.elementEnded { return checkedEmpty(min: min) }
    }
    let result = characters(length, min: min, max: max)
    end()
    return result
  }

  /// The value of an attribute, which has no end event.
  @_lifetime(self: copy self)
  @inlinable
  public mutating func attribute(lead: Int, min: Int = 0, max: Int = 0xFFFF) -> EXIString {
    let head = bits(lead &+ 8)
    let length = head < 128 ? Int(truncatingIfNeeded: head) &- 2 : longLength(head, lead: 0, bias: 2)
    if lead != 0 && head &>> 8 != 0 { fail(.unexpectedEvent) }
    return characters(length, min: min, max: max)
  }

  /// The untyped text of mixed content.
  @_lifetime(self: copy self)
  @inlinable
  public mutating func text() -> EXIString { attribute(lead: 0) }

  /// Octets, each in eight bits, `min...max` of them.
  @_lifetime(self: copy self)
  @inlinable
  public mutating func binary(lead: Int, min: Int = 0, max: Int = 0xFFFF) -> EXIBinary {
    let head = bits(lead &+ 8)
    var length = Int(truncatingIfNeeded: head)
    if head >= 128 {
      length = longLength(head, lead: lead, bias: 0)
      if length == EXIString.elementEnded {
        return EXIBinary(firstBit: 0, count: checkedEmpty(min: min).count)
      }
    }
    if length < min || length > max {
      fail(.lengthOutOfRange)
      return EXIBinary()
    }
    if length &* 8 > endBit &- position {
      fail(.truncated)
      return EXIBinary()
    }
    let result = EXIBinary(
      firstBit: UInt32(truncatingIfNeeded: position), count: UInt16(truncatingIfNeeded: length))
    position &+= length &* 8
    end()
    return result
  }

  /// An empty value coded as escape and end-element, the characters event being unread or read.
  @_lifetime(self: copy self)
  @inline(never) @usableFromInline
  mutating func checkedEmpty(min: Int) -> EXIString {
    if min > 0 { fail(.lengthOutOfRange) }
    return EXIString()
  }

  /// The second level of a deviation: only end-element, code 0 of seven, is accepted.
  @_lifetime(self: copy self)
  @inline(never)
  public mutating func emptyValue() {
    deviations &+= 1
    if bits(3) != 0 { fail(.unexpectedEvent) }
  }

  /// A length that did not fit the short form: more octets, or a deviation in front.
  @_lifetime(self: copy self)
  @inline(never) @usableFromInline
  mutating func longLength(_ head: UInt64, lead: Int, bias: Int) -> Int {
    if lead > 0 && head &>> 8 == 1 {
      // Escape in place of the characters event: the eight bits behind it are not a length.
      position &-= 8
      emptyValue()
      return EXIString.elementEnded
    }
    position &-= 8
    if head &>> 8 != 0 { fail(.unexpectedEvent) }
    let length = groups()
    if length > 0xFFFF {
      fail(length > UInt64(Swift.max(endBit &- position, 0)) >> 3 ? .truncated : .capacity)
      return 0
    }
    return Int(truncatingIfNeeded: length) &- bias
  }

  /// Walks over `count` code points, checking that XML can carry them.
  @_lifetime(self: copy self)
  @inline(never) @usableFromInline
  mutating func characters(_ count: Int, min: Int, max: Int) -> EXIString {
    if count < 0 {
      fail(.stringTableHit)
      return EXIString()
    }
    if count < min || count > max {
      fail(.lengthOutOfRange)
      return EXIString()
    }
    let first = position
    var left = count
    // Seven ASCII characters at a time: no bit 7, and bit 5 or 6 set (0x20...0x7F).
    while left >= 7 {
      let word = peek()
      if word & 0x8080_8080_8080_8000 != 0 { break }
      if (word | word &<< 1) & 0x4040_4040_4040_4000 != 0x4040_4040_4040_4000 { break }
      position &+= 56
      left &-= 7
    }
    while left > 0 {
      if failed {
        fail(.truncated)
        return EXIString()
      }
      let character = groups()
      let allowed =
        character >= 0x20
        ? character < 0xD800 || (character > 0xDFFF && character <= 0x10FFFF && character & ~1 != 0xFFFE)
        : character == 9 || character == 10 || character == 13
      if !allowed {
        fail(.invalidCharacter)
        return EXIString()
      }
      left &-= 1
    }
    if failed {
      fail(.truncated)
      return EXIString()
    }
    let octets = (position &- first) >> 3
    if octets > 0xFFFF {
      fail(.capacity)
      return EXIString()
    }
    return EXIString(
      firstBit: UInt32(truncatingIfNeeded: first), count: UInt16(truncatingIfNeeded: count),
      octets: UInt16(truncatingIfNeeded: octets))
  }
}
