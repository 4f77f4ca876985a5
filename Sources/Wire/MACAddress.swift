/// A 48-bit Ethernet address, kept as its six octets in transmission order.
public struct MACAddress: Hashable, Sendable {
  /// The address as an integer, first octet transmitted in bits 47...40.
  public let value: UInt64

  /// All stations: FF:FF:FF:FF:FF:FF.
  public static let broadcast = MACAddress(0xFFFF_FFFF_FFFF)
  /// 00:00:00:00:00:00, which no station has.
  public static let zero = MACAddress(0)

  /// Takes the low 48 bits of `value`.
  @inlinable public init(_ value: UInt64) { self.value = value & 0xFFFF_FFFF_FFFF }

  @inlinable public init(_ o0: UInt8, _ o1: UInt8, _ o2: UInt8, _ o3: UInt8, _ o4: UInt8, _ o5: UInt8) {
    self.init(
      UInt64(o0) << 40 | UInt64(o1) << 32 | UInt64(o2) << 24 | UInt64(o3) << 16 | UInt64(o4) << 8 | UInt64(o5)
    )
  }

  /// Octet `index`, 0 being the first on the wire. Indices outside 0...5 give 0.
  @inlinable public subscript(index: Int) -> UInt8 {
    guard (0..<6).contains(index) else { return 0 }
    return UInt8(truncatingIfNeeded: value >> UInt64(40 - 8 * index))
  }

  /// The six octets in transmission order.
  public var octets: [UInt8] { (0..<6).map { self[$0] } }

  /// True for broadcast and multicast addresses (lowest bit of the first octet).
  @inlinable public var isGroup: Bool { self[0] & 1 == 1 }

  /// Reads `02:00:00:00:00:e1`; `-` is accepted in place of `:`.
  public init?(_ text: String) {
    var value: UInt64 = 0
    var digits = 0
    var octets = 0
    for character in text.utf8 {
      if character == UInt8(ascii: ":") || character == UInt8(ascii: "-") {
        guard digits == 2 else { return nil }
        digits = 0
        continue
      }
      guard let digit = hexadecimalDigit(character), digits < 2 else { return nil }
      if digits == 0 { octets += 1 }
      value = value << 4 | UInt64(digit)
      digits += 1
      guard octets <= 6 else { return nil }
    }
    guard octets == 6, digits == 2 else { return nil }
    self.init(value)
  }
}

extension MACAddress: CustomStringConvertible {
  /// `02:00:00:00:00:e1`
  public var description: String { octets.map { hexadecimal($0) }.joined(separator: ":") }
}
