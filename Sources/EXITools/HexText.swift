import Wire

/// Octets as people write and copy them.
public enum HexText {
  /// Reads `80 98 00`, `80980`..., `0x80, 0x98` and `80:98`: digits in pairs, between them white space, commas and
  /// colons.
  public static func octets(_ text: String) throws(ConversionError) -> [UInt8] {
    var result: [UInt8] = []
    var high: UInt8?
    var previous: UInt8 = 0
    for (index, character) in text.utf8.enumerated() {
      defer { previous = character }
      switch character {
      case UInt8(ascii: " "), 9, 10, 13, UInt8(ascii: ","), UInt8(ascii: ":"):
        guard high == nil else { throw ConversionError("half an octet before character \(index + 1)") }
      case UInt8(ascii: "x") where high == 0 && previous == UInt8(ascii: "0"):
        high = nil  // the 0 of 0x
      default:
        guard let digit = hexadecimalDigit(character) else {
          throw ConversionError("not hexadecimal at character \(index + 1)")
        }
        if let first = high {
          result.append(first << 4 | digit)
          high = nil
        } else {
          high = digit
        }
      }
    }
    guard high == nil else { throw ConversionError("an odd number of digits: half an octet is missing") }
    return result
  }
}
