import Foundation
import Glibc

/// How octets may be spelled in a text. A part of them counts as much as all: six in a row.
enum Spelling {
  static let window = 6

  /// A text made ready to be searched, as it is and in lower case: bytes that end in 0, for the C library is quick.
  struct Text {
    fileprivate let asIs: [CChar]
    fileprivate let lower: [CChar]

    init(_ text: String) {
      let octets = text.utf8.map { $0 == 0 ? 0x20 : $0 } + [0]
      asIs = octets.map { CChar(bitPattern: $0) }
      lower = octets.map { CChar(bitPattern: (0x41...0x5A).contains($0) ? $0 | 0x20 : $0) }
    }
  }

  /// True where the text spells six octets of the secret, or more.
  static func occurs(_ secret: [UInt8], in text: Text) -> Bool {
    patterns(secret).contains { find($0, in: text.lower) }
      || encoded(secret).contains { find($0, in: text.asIs) }
  }

  static func occurs(_ secret: [UInt8], in text: String) -> Bool { occurs(secret, in: Text(text)) }

  private static func find(_ pattern: String, in text: [CChar]) -> Bool {
    let pattern = pattern.utf8.map { CChar(bitPattern: $0 == 0 ? 0x20 : $0) } + [0]
    return strstr(text, pattern) != nil
  }

  /// Every run of six octets, as text in lower case: hexadecimal and decimal, with all usual separators.
  private static func patterns(_ secret: [UInt8]) -> [String] {
    guard secret.count >= window else { return [] }
    var patterns: [String] = []
    for start in 0...(secret.count - window) {
      let part = secret[start..<start + window]
      let hexadecimal = part.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
      patterns += ["", ":", "-", " ", ".", ", ", ","].map { hexadecimal.joined(separator: $0) }
      patterns += [", 0x", ",0x", " 0x", "\\x", "%"].map { hexadecimal.joined(separator: $0) }
      let pairs = stride(from: 0, to: window, by: 2).map { hexadecimal[$0] + hexadecimal[$0 + 1] }
      patterns += [" ", ":", "-", "."].map { pairs.joined(separator: $0) }
      patterns += [", ", ",", " "].map { separator in part.map { String($0) }.joined(separator: separator) }
    }
    return patterns
  }

  /// What depends on upper and lower case, or stands for more than six octets at a time: base64 at each of its three
  /// phases, octets as text, and words of eight octets as numbers.
  private static func encoded(_ secret: [UInt8]) -> [String] {
    var texts: [String] = []
    for phase in 0..<3 where secret.count >= phase + 9 {
      // Whole groups of three octets from the first that starts one.
      let base64 = Data(secret[phase..<phase + 9]).base64EncodedString()
      texts += [base64, base64.replacing("+", with: "-").replacing("/", with: "_")]
    }
    texts.append(String(secret.map { Character(UnicodeScalar($0)) }))
    for start in stride(from: 0, through: secret.count - 8, by: 8) {
      let word = secret[start..<start + 8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      let reversed = word.byteSwapped
      texts += [word, reversed].flatMap { [String($0), String(Int64(bitPattern: $0))] }
    }
    if secret.count < 8 {
      let word = secret.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      texts += [String(word), String(word, radix: 16)]
    }
    return texts
  }

  /// Everything that printing a value gives: description, debug description, all its parts.
  static func everything(_ value: some Any) -> String {
    var text = String(describing: value) + "\n" + String(reflecting: value) + "\n"
    dump(value, to: &text)
    return text
  }
}
