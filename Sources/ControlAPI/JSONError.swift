/// Why octets are no JSON text, or one that is not taken.
public struct JSONError: Error, Hashable, Sendable {
  public enum Code: String, CaseIterable, Sendable {
    case end = "the text ends too early"
    case unexpected = "this octet cannot stand here"
    case trailing = "something follows the value"
    case controlCharacter = "control characters in strings are written as escapes"
    case badEscape = "this escape does not exist"
    case loneSurrogate = "half of a surrogate pair stands alone"
    case notUTF8 = "a string is not UTF-8"
    case badNumber = "this is no JSON number"
    case numberTooLong = "a number has more digits than 64 bits hold, or an exponent beyond 290"
    case tooDeep = "values are nested more than 16 deep"
    case tooManyItems = "an array has more than 4096 items"
    case tooManyMembers = "an object has more than 256 members"
    case duplicateName = "an object has two members of one name"
    case tooLong = "the text is too long"
  }

  public var code: Code
  /// Octet at which it was noticed, from 0.
  public var offset: Int

  public init(_ code: Code, at offset: Int) {
    self.code = code
    self.offset = offset
  }
}

extension JSONError: CustomStringConvertible {
  public var description: String { "\(code.rawValue) (octet \(offset))" }
}
