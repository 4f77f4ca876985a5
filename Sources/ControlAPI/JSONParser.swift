/// Reads one JSON text, strictly by RFC 8259: no comments, no trailing commas, no bare words, one value and nothing
/// after it. Depth, items, members and digits are bounded, so that a text costs no more than a few times its size.
struct JSONParser {
  static let depthMax = 16
  static let itemsMax = 4096
  static let membersMax = 256

  private let octets: ArraySlice<UInt8>
  private var position: Int
  private var depth = 0

  private init(_ octets: ArraySlice<UInt8>) {
    self.octets = octets
    position = octets.startIndex
  }

  static func parse(_ octets: ArraySlice<UInt8>) throws(JSONError) -> JSONValue {
    var parser = JSONParser(octets)
    parser.skipSpace()
    let value = try parser.value()
    parser.skipSpace()
    guard parser.peek() == nil else { throw parser.error(.trailing) }
    return value
  }

  // MARK: octets

  private func peek() -> UInt8? { position < octets.endIndex ? octets[position] : nil }

  private mutating func next() throws(JSONError) -> UInt8 {
    guard let octet = peek() else { throw error(.end) }
    position += 1
    return octet
  }

  private func error(_ code: JSONError.Code) -> JSONError {
    JSONError(code, at: position - octets.startIndex)
  }

  /// The octet that was just taken is wrong.
  private func errorBefore(_ code: JSONError.Code) -> JSONError {
    JSONError(code, at: position - 1 - octets.startIndex)
  }

  private mutating func skipSpace() {
    while let octet = peek(), octet == 0x20 || octet == 0x0A || octet == 0x0D || octet == 0x09 {
      position += 1
    }
  }

  private mutating func take(_ octet: UInt8) -> Bool {
    guard peek() == octet else { return false }
    position += 1
    return true
  }

  // MARK: values

  private mutating func value() throws(JSONError) -> JSONValue {
    guard let octet = peek() else { throw error(.end) }
    switch octet {
    case UInt8(ascii: "{"): return try nested { (parser) throws(JSONError) in try parser.object() }
    case UInt8(ascii: "["): return try nested { (parser) throws(JSONError) in try parser.array() }
    case UInt8(ascii: "\""):
      position += 1
      return .string(try string())
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number(try number())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: throw error(.unexpected)
    }
  }

  private mutating func nested(
    _ body: (inout JSONParser) throws(JSONError) -> JSONValue
  ) throws(JSONError) -> JSONValue {
    guard depth < Self.depthMax else { throw error(.tooDeep) }
    depth += 1
    position += 1
    let value = try body(&self)
    depth -= 1
    return value
  }

  private mutating func word(_ text: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
    let letters = "\(text)".utf8
    for letter in letters {
      guard try next() == letter else { throw errorBefore(.unexpected) }
    }
    return value
  }

  private mutating func array() throws(JSONError) -> JSONValue {
    var items: [JSONValue] = []
    skipSpace()
    if take(UInt8(ascii: "]")) { return .array(items) }
    while true {
      guard items.count < Self.itemsMax else { throw error(.tooManyItems) }
      skipSpace()
      items.append(try value())
      skipSpace()
      switch try next() {
      case UInt8(ascii: ","): continue
      case UInt8(ascii: "]"): return .array(items)
      default: throw errorBefore(.unexpected)
      }
    }
  }

  private mutating func object() throws(JSONError) -> JSONValue {
    var members: [JSONMember] = []
    skipSpace()
    if take(UInt8(ascii: "}")) { return .object(members) }
    while true {
      guard members.count < Self.membersMax else { throw error(.tooManyMembers) }
      skipSpace()
      let start = position
      guard try next() == UInt8(ascii: "\"") else { throw errorBefore(.unexpected) }
      let name = try string()
      guard !members.contains(where: { $0.name == name }) else {
        throw JSONError(.duplicateName, at: start - octets.startIndex)
      }
      skipSpace()
      guard try next() == UInt8(ascii: ":") else { throw errorBefore(.unexpected) }
      skipSpace()
      members.append(JSONMember(name, try value()))
      skipSpace()
      switch try next() {
      case UInt8(ascii: ","): continue
      case UInt8(ascii: "}"): return .object(members)
      default: throw errorBefore(.unexpected)
      }
    }
  }

  // MARK: strings

  /// After the opening quotation mark.
  private mutating func string() throws(JSONError) -> String {
    let start = position
    var text: [UInt8] = []
    while true {
      let octet = try next()
      switch octet {
      case UInt8(ascii: "\""):
        guard let result = String(validating: text, as: UTF8.self) else {
          throw JSONError(.notUTF8, at: start - octets.startIndex)
        }
        return result
      case UInt8(ascii: "\\"): try escape(into: &text)
      case 0..<0x20: throw errorBefore(.controlCharacter)
      default: text.append(octet)
      }
    }
  }

  private mutating func escape(into text: inout [UInt8]) throws(JSONError) {
    switch try next() {
    case UInt8(ascii: "\""): text.append(0x22)
    case UInt8(ascii: "\\"): text.append(0x5C)
    case UInt8(ascii: "/"): text.append(0x2F)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"):
      let scalar = try scalarOfEscape()
      text.append(contentsOf: Array(String(Character(scalar)).utf8))
    default: throw errorBefore(.badEscape)
    }
  }

  /// After "\u": four digits, and for a pair the second escape as well.
  private mutating func scalarOfEscape() throws(JSONError) -> Unicode.Scalar {
    let first = try fourDigits()
    if let scalar = Unicode.Scalar(first) { return scalar }
    let start = position
    let loneSurrogate = JSONError(.loneSurrogate, at: start - octets.startIndex)
    guard first < 0xDC00, take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else { throw loneSurrogate }
    let second = try fourDigits()
    guard (0xDC00...0xDFFF).contains(second),
      let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
    else { throw loneSurrogate }
    return scalar
  }

  private mutating func fourDigits() throws(JSONError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      let octet = try next()
      let digit: UInt8
      switch octet {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = octet - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = octet - UInt8(ascii: "a") + 10
      case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = octet - UInt8(ascii: "A") + 10
      default: throw errorBefore(.badEscape)
      }
      value = value << 4 | UInt32(digit)
    }
    return value
  }

  // MARK: numbers

  private mutating func number() throws(JSONError) -> JSONNumber {
    let start = position
    let isNegative = take(UInt8(ascii: "-"))
    var digits: Int64 = 0
    var isTooLong = false
    var exponent = 0
    let append = { (digit: Int64) in
      let (product, overflow) = digits.multipliedReportingOverflow(by: 10)
      let (sum, carry) = product.addingReportingOverflow(digit)
      isTooLong = isTooLong || overflow || carry
      digits = sum
    }

    let first = peek()
    let whole = try digitRun(append)
    // A leading zero is no octal number but a mistake.
    guard whole > 0, whole == 1 || first != UInt8(ascii: "0") else {
      throw JSONError(.badNumber, at: start - octets.startIndex)
    }
    if take(UInt8(ascii: ".")) {
      let places = try digitRun(append)
      guard places > 0 else { throw error(.badNumber) }
      exponent = -places
    }
    if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
      let isBelow = take(UInt8(ascii: "-"))
      if !isBelow { _ = take(UInt8(ascii: "+")) }
      var power = 0
      let places = try digitRun { digit in power = min(power * 10 + Int(digit), 10_000) }
      guard places > 0 else { throw error(.badNumber) }
      exponent += isBelow ? -power : power
    }
    let tooLong = JSONError(.numberTooLong, at: start - octets.startIndex)
    guard !isTooLong else { throw tooLong }
    let number = JSONNumber(digits: isNegative ? -digits : digits, exponent: exponent)
    guard JSONNumber.exponents.contains(number.exponent) else { throw tooLong }
    return number
  }

  /// Hands each digit of a run to `body`; gives their number. A run is bounded well above what any number needs.
  private mutating func digitRun(_ body: (Int64) -> Void) throws(JSONError) -> Int {
    var places = 0
    while let octet = peek(), (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(octet) {
      guard places < 512 else { throw error(.numberTooLong) }
      body(Int64(octet - UInt8(ascii: "0")))
      places += 1
      position += 1
    }
    return places
  }
}

extension JSONValue {
  /// Reads one JSON text of at most `octetsMax` octets.
  public static func parse(
    _ octets: some Collection<UInt8>, octetsMax: Int = 1 << 20
  ) throws(JSONError) -> JSONValue {
    guard octets.count <= octetsMax else { throw JSONError(.tooLong, at: octetsMax) }
    return try JSONParser.parse(ArraySlice(octets))
  }
}
