public import HomePlug
public import Wire

/// What a field of the block says, fit to be shown.
public enum ParameterValue: Hashable, Sendable {
  case number(UInt32)
  case address(MACAddress)
  case network(NID)
  /// Up to the first zero; octets that are no printable ASCII are shown as dots.
  case text(String)
  /// Is there a key? Which, is not told.
  case key(isSet: Bool)
}

extension ParameterValue: CustomStringConvertible {
  public var description: String {
    switch self {
    case .number(let number): String(number)
    case .address(let address): address.description
    case .network(let nid): nid.description
    case .text(let text): text
    case .key(let isSet): isSet ? "set" : "not set"
    }
  }
}

extension ParameterBlock {
  /// The value of a field; `nil` where the block ends before it.
  public func value(of field: ParameterField) -> ParameterValue? {
    guard let octets = octets(of: field) else { return nil }
    switch field.kind {
    case .computed, .number: return .number(octets.reversed().reduce(0) { $0 << 8 | UInt32($1) })
    case .address: return .address(MACAddress(octets.reduce(0) { $0 << 8 | UInt64($1) }))
    case .network: return .network(NID(octets))
    case .key: return .key(isSet: octets.contains { $0 != 0 })
    case .text:
      let shown = octets.prefix { $0 != 0 }.map { (0x20...0x7E).contains($0) ? $0 : UInt8(ascii: ".") }
      return .text(String(decoding: shown, as: UTF8.self))
    }
  }

  /// Sets a field from what a person wrote: a decimal or 0x number, an address, 14 digits of a NID, a name.
  ///
  /// Keys do not go through text that lands in a shell's history: `setNetworkKey`, `setDeviceKey`.
  public mutating func set(_ field: ParameterField, to text: String) throws(ParameterError) {
    let value: [UInt8]
    switch field.kind {
    case .computed: throw .computed(field)
    case .key: throw .secret(field)
    case .number(let range):
      guard let number = Self.number(text) else { throw .malformed(field) }
      guard range.contains(number) else { throw .outOfRange(field, number, range) }
      value = (0..<field.count).map { UInt8(truncatingIfNeeded: number >> UInt32(8 * $0)) }
    case .address:
      guard let address = MACAddress(text) else { throw .malformed(field) }
      guard address != .zero, !address.isGroup else { throw .unusableAddress(address) }
      value = address.octets
    case .network:
      guard let octets = Wire.octets(hexadecimal: text), octets.count == 7 else { throw .malformed(field) }
      value = octets
    case .text:
      let characters = Array(text.utf8)
      guard characters.count < field.count, characters.allSatisfy({ (0x20...0x7E).contains($0) }) else {
        throw .malformed(field)
      }
      value = characters + [UInt8](repeating: 0, count: field.count - characters.count)
    }
    try store(value, in: field)
  }

  private static func number(_ text: String) -> UInt32? {
    text.hasPrefix("0x") ? UInt32(text.dropFirst(2), radix: 16) : UInt32(text, radix: 10)
  }
}

/// Why a field cannot be set so.
public enum ParameterError: Error, Hashable, Sendable {
  /// The block ends before the field.
  case absent(ParameterField, octets: Int)
  case computed(ParameterField)
  case secret(ParameterField)
  case malformed(ParameterField)
  case outOfRange(ParameterField, UInt32, ClosedRange<UInt32>)
  /// All zero, or of a group: no station can have it.
  case unusableAddress(MACAddress)
}

extension ParameterError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .absent(let field, let octets):
      "\(field.rawValue) stands at 0x\(String(field.offset, radix: 16)), behind the end of this block "
        + "of \(octets) octets"
    case .computed(let field): "\(field.rawValue) follows from the rest of the block and cannot be set"
    case .secret(let field): "\(field.rawValue) is a key: it is read from a file, never from an argument"
    case .malformed(let field): "\(field.rawValue) takes \(field.expected)"
    case .outOfRange(let field, let value, let range):
      "\(field.rawValue) is \(range.lowerBound) to \(range.upperBound), not \(value)"
    case .unusableAddress(let address): "no station can have the address \(address)"
    }
  }
}

extension ParameterField {
  /// What is written to set it, for help and errors.
  public var expected: String {
    switch kind {
    case .computed: "nothing"
    case .number(let range): "a number from \(range.lowerBound) to \(range.upperBound), decimal or 0x"
    case .address: "an address such as 02:00:00:00:00:01"
    case .network: "14 hexadecimal digits"
    case .text: "up to \(count - 1) printable ASCII characters"
    case .key: "16 octets, from a file"
    }
  }
}
