import Wire

/// Values as XML Schema writes them.
enum ValueText {
  /// Groups of seven bits that an integer without limits may have here: far more than any serial number.
  static let maxGroups = 512

  /// True for the white space of XML.
  static func isSpace(_ character: UInt8) -> Bool {
    character == 0x20 || character == 9 || character == 10 || character == 13
  }

  static func hexadecimal(_ octets: [UInt8]) -> String { Wire.hexadecimal(octets).uppercased() }

  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  static func base64(_ octets: [UInt8]) -> String {
    var text: [UInt8] = []
    for start in stride(from: 0, to: octets.count, by: 3) {
      let group = octets[start..<min(start + 3, octets.count)]
      var word = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      word <<= UInt32(8 * (3 - group.count))
      for index in 0..<4 {
        let digit = alphabet[Int(word >> UInt32(18 - 6 * index) & 63)]
        text.append(index <= group.count ? digit : UInt8(ascii: "="))
      }
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// Octets of base64 text, white space allowed; `nil` when it is none.
  static func octets(base64 text: String) -> [UInt8]? {
    var digits: [UInt8] = []
    var padding = 0
    for character in text.utf8 where !" \t\r\n".utf8.contains(character) {
      if character == UInt8(ascii: "=") {
        padding += 1
      } else {
        guard padding == 0, let digit = alphabet.firstIndex(of: character) else { return nil }
        digits.append(UInt8(digit))
      }
    }
    guard padding <= 2, (digits.count + padding) % 4 == 0, digits.count % 4 != 1 else { return nil }
    var result: [UInt8] = []
    var word: UInt32 = 0
    for (index, digit) in digits.enumerated() {
      word = word << 6 | UInt32(digit)
      if index % 4 != 0 { result.append(UInt8(truncatingIfNeeded: word >> UInt32(6 - 2 * (index % 4)))) }
    }
    return result
  }

  /// True for the characters of XML 1.0.
  static func isCharacter(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 9, 10, 13, 0x20...0xFFFD, 0x10000...: true
    default: false
    }
  }

  /// Decimal digits of a number given in groups of seven bits, least significant first.
  static func decimal(groups: [UInt8], isNegative: Bool) -> String {
    var digits: [UInt8] = [0]  // least significant first
    for group in groups.reversed() {
      var carry = Int(group)
      for index in digits.indices {
        carry += Int(digits[index]) * 128
        digits[index] = UInt8(carry % 10)
        carry /= 10
      }
      while carry > 0 {
        digits.append(UInt8(carry % 10))
        carry /= 10
      }
    }
    if isNegative { add(1, to: &digits) }
    return (isNegative ? "-" : "") + digits.reversed().map(String.init).joined()
  }

  private static func add(_ value: Int, to digits: inout [UInt8]) {
    var carry = value
    var index = 0
    while carry > 0 {
      if index == digits.count { digits.append(0) }
      carry += Int(digits[index])
      digits[index] = UInt8(carry % 10)
      carry /= 10
      index += 1
    }
  }

  /// The groups of seven bits, least significant first, of a decimal number, and its sign; `nil` when the text
  /// is none. Negative numbers give the groups of -1 - value. A number of more than `maxGroups` is cut off.
  static func groups(decimal text: String) -> (groups: [UInt8], isNegative: Bool)? {
    var rest = text[...]
    let isNegative = rest.hasPrefix("-")
    if isNegative || rest.hasPrefix("+") { rest = rest.dropFirst() }
    var digits: [UInt8] = []
    for character in rest.utf8 {
      guard character >= 48, character <= 57 else { return nil }
      digits.append(character - 48)
    }
    guard !digits.isEmpty else { return nil }
    let isZero = digits.allSatisfy { $0 == 0 }
    if isNegative && !isZero {
      // One less, from the last digit up.
      for index in digits.indices.reversed() {
        if digits[index] > 0 {
          digits[index] -= 1
          break
        }
        digits[index] = 9
      }
    }
    var groups: [UInt8] = []
    repeat {
      var remainder = 0
      var quotient: [UInt8] = []
      for digit in digits {
        remainder = remainder * 10 + Int(digit)
        if !quotient.isEmpty || remainder >= 128 { quotient.append(UInt8(remainder / 128)) }
        remainder %= 128
      }
      groups.append(UInt8(remainder))
      digits = quotient
    } while !digits.isEmpty && groups.count <= maxGroups
    return (groups, isNegative && !isZero)
  }
}
