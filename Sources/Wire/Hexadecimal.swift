/// The value of one hexadecimal digit in ASCII, or `nil`.
@inlinable public func hexadecimalDigit(_ character: UInt8) -> UInt8? {
  switch character {
  case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
  case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
  case UInt8(ascii: "A")...UInt8(ascii: "F"): character - UInt8(ascii: "A") + 10
  default: nil
  }
}

/// One octet as two lower-case digits.
public func hexadecimal(_ octet: UInt8) -> String {
  let digits = Array("0123456789abcdef".utf8)
  return String(decoding: [digits[Int(octet >> 4)], digits[Int(octet & 15)]], as: UTF8.self)
}

/// Octets as lower-case digits without separators.
public func hexadecimal(_ octets: some Sequence<UInt8>) -> String {
  let digits = Array("0123456789abcdef".utf8)
  var text: [UInt8] = []
  for octet in octets {
    text.append(digits[Int(octet >> 4)])
    text.append(digits[Int(octet & 15)])
  }
  return String(decoding: text, as: UTF8.self)
}

/// Octets from hexadecimal text; `nil` where a character is no digit or their number is odd.
public func octets(hexadecimal text: some StringProtocol) -> [UInt8]? {
  var result: [UInt8] = []
  var high: UInt8?
  for character in text.utf8 {
    guard let digit = hexadecimalDigit(character) else { return nil }
    if let first = high {
      result.append(first << 4 | digit)
      high = nil
    } else {
      high = digit
    }
  }
  return high == nil ? result : nil
}
