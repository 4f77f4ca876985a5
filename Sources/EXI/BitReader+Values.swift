// Values of simple types. `lead` is the number of bits in front of the value that must be zero: 2 where the
// start-element code is still unread (start element, characters), 1 where only the characters event is, 0
// where the event was read. Behind the value stands the end-element bit, which these functions take along;
// `ends` is 2 where the value is the last of its parent, whose end-element bit follows.
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
  @inlinable
  #if hasFeature(Embedded)
    @inline(never)
  #else
    @inline(__always)
  #endif
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

  /// An enumeration as an attribute, which has no end event.
  @_lifetime(self: copy self)
  @inlinable
  public mutating func attributeEnumeration<E: EXIEnumeration>(lead: Int) -> E {
    if lead != 0 { expectZero(bits: lead) }
    return enumeration(in: E.bitWidth == 0 ? 0 : bits(E.bitWidth), shift: 0)
  }

  // MARK: several values at once

  /// The next `count` bits, 1...57: several values of fixed width with their events, whose bits, `events`, must
  /// be zero.
  @_lifetime(self: copy self)
  @inlinable @inline(__always)
  public mutating func fields(bits count: Int, events: UInt64) -> UInt64 {
    let word = bits(count)
    if word & events != 0 { fail(.unexpectedEvent) }
    return word
  }

  /// The number of `count` bits in `fields` that has `shift` bits behind it.
  @_lifetime(self: copy self)
  @inlinable @inline(__always)
  public mutating func bounded(in fields: UInt64, shift: UInt64, bits count: UInt64, max: UInt64) -> UInt64 {
    let value = fields &>> shift & (1 &<< count &- 1)
    if value > max {
      fail(.valueOutOfRange)
      return 0
    }
    return value
  }

  /// The enumeration in `fields` that has `shift` bits behind it.
  @_lifetime(self: copy self)
  @inlinable @inline(__always)
  public mutating func enumeration<E: EXIEnumeration>(in fields: UInt64, shift: UInt64) -> E {
    let value = fields &>> shift & (1 &<< UInt64(truncatingIfNeeded: E.bitWidth) &- 1)
    if value <= E.lastIndex, let result = E(rawValue: UInt8(truncatingIfNeeded: value)) { return result }
    fail(.valueOutOfRange)
    return .first
  }

  // MARK: integers of variable length

  /// An unsigned integer, seven bits per octet, least significant group first.
  @_lifetime(self: copy self)
  @inlinable
  #if hasFeature(Embedded)
    @inline(never)
  #else
    @inline(__always)
  #endif
  public mutating func unsigned(lead: Int, max: UInt64, ends: Int = 1) -> UInt64 {
    let field = peek() &>> UInt64(truncatingIfNeeded: 56 &- lead &- ends)
    // No lead bit, no continuation bit, no end bit.
    let value = field &>> UInt64(truncatingIfNeeded: ends)
    if value < 128 && field & UInt64(truncatingIfNeeded: ends &+ ends &- 1) == 0 && value <= max {
      position &+= lead &+ 8 &+ ends
      return value
    }
    return longUnsigned(lead: lead, max: max, ends: ends)
  }

  @_lifetime(self: copy self)
  @inline(never) @usableFromInline
  mutating func longUnsigned(lead: Int, max: UInt64, ends: Int) -> UInt64 {
    // Two or three octets with everything around them come out of one load.
    let word = peek()
    let field = word &<< UInt64(truncatingIfNeeded: lead)
    let octets = (~field & 0x8080_8080_0000_0000).leadingZeroBitCount >> 3 &+ 1
    if octets <= 3 && field &>> UInt64(truncatingIfNeeded: lead) == word {
      let rest = field &<< UInt64(truncatingIfNeeded: octets &* 8)
      var value = field &>> 56 & 127 | (field &>> 48 & 127) &<< 7
      if octets == 3 { value |= (field &>> 40 & 127) &<< 14 }
      if octets > 1 && value <= max && rest &>> UInt64(truncatingIfNeeded: 64 &- ends) == 0 {
        position &+= lead &+ octets &* 8 &+ ends
        return value
      }
    }
    if lead != 0 { expectZero(bits: lead) }
    let value = groups()
    expectZero(bits: ends)
    if value > max {
      fail(.valueOutOfRange)
      return 0
    }
    return value
  }

  /// A sign bit, then the value or, when negative, its one's complement.
  @_lifetime(self: copy self)
  @inlinable
  #if hasFeature(Embedded)
    @inline(never)
  #else
    @inline(__always)
  #endif
  public mutating func signed(lead: Int, min: Int64, max: Int64, ends: Int = 1) -> Int64 {
    let word = peek()
    let first = word &>> UInt64(truncatingIfNeeded: 55 &- lead)
    if first & ~0x100 < 128 {
      // One octet.
      let value = Int64(truncatingIfNeeded: first & 127) ^ (0 &- Int64(truncatingIfNeeded: first &>> 8))
      let rest = word &<< UInt64(truncatingIfNeeded: lead &+ 9)
      if rest &>> UInt64(truncatingIfNeeded: 64 &- ends) == 0 && value >= min && value <= max {
        position &+= lead &+ 9 &+ ends
        return value
      }
    } else {
      let second = word &>> UInt64(truncatingIfNeeded: 47 &- lead)
      if second & ~0x17F7F == 0x8000 {
        // Two octets: the common case of voltages and currents.
        let magnitude = second &>> 8 & 127 | (second & 127) &<< 7
        let value = Int64(truncatingIfNeeded: magnitude) ^ (0 &- Int64(truncatingIfNeeded: second &>> 16))
        let rest = word &<< UInt64(truncatingIfNeeded: lead &+ 17)
        if rest &>> UInt64(truncatingIfNeeded: 64 &- ends) == 0 && value >= min && value <= max {
          position &+= lead &+ 17 &+ ends
          return value
        }
      }
    }
    return longSigned(lead: lead, min: min, max: max, ends: ends)
  }

  @_lifetime(self: copy self)
  @inline(never) @usableFromInline
  mutating func longSigned(lead: Int, min: Int64, max: Int64, ends: Int) -> Int64 {
    let sign = bits(lead &+ 1)
    if sign > 1 { fail(.unexpectedEvent) }
    let magnitude = groups()
    expectZero(bits: ends)
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
    let word = peek()
    if word &>> 63 == 0 {
      position &+= 8
      return word &>> 56
    }
    // Octets up to the first without continuation bit; seven fit the word.
    let octets = (~word & 0x8080_8080_8080_8080).leadingZeroBitCount >> 3 &+ 1
    if octets <= 7 {
      position &+= octets &* 8
      var value: UInt64 = 0
      var rest = word &>> UInt64(truncatingIfNeeded: 64 &- octets &* 8)
      for _ in 0..<octets {
        value = value &<< 7 | rest & 127
        rest = rest &>> 8
      }
      return value
    }
    return manyGroups()
  }

  @_lifetime(self: copy self)
  @inline(never)
  private mutating func manyGroups() -> UInt64 {
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
        fail(.capacity)
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
    let bias = UInt64(truncatingIfNeeded: bias)
    if length > 0xFFFF &+ bias {
      fail(length &- bias > UInt64(Swift.max(endBit &- position, 0)) >> 3 ? .truncated : .capacity)
      return 0
    }
    return Int(truncatingIfNeeded: length &- bias)
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
    while left > 0 {
      let step = Swift.min(left, 7)
      let unused = UInt64(truncatingIfNeeded: 64 &- step &* 8)
      let word = peek() &>> unused
      let high = 0x8080_8080_8080_8080 &>> unused
      if (word & high) | (~(word &<< 1 | word &<< 2) & high) != 0 { break }
      position &+= step &* 8
      left &-= step
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
