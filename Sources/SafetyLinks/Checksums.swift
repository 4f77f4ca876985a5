/// CRC-8 SAE J1850: polynomial 1D, begun with FF, inverted at the end. "123456789" gives 4B.
public struct CRC8: Hashable, Sendable {
  private var register: UInt8 = 0xFF

  public init() {}

  public mutating func update(_ octet: UInt8) {
    register ^= octet
    for _ in 0..<8 { register = register & 0x80 != 0 ? register << 1 ^ 0x1D : register << 1 }
  }

  public mutating func update(_ octets: some Sequence<UInt8>) { for octet in octets { update(octet) } }

  public var value: UInt8 { ~register }
}

/// CRC-32 with the reflected polynomial EDB88320, begun with FFFFFFFF and **not** inverted at the end, so that the sum
/// over a message and its own sum, stored little endian, is 0. "123456789" gives 340BC6D9.
public struct CRC32: Hashable, Sendable {
  public private(set) var value: UInt32 = 0xFFFF_FFFF

  public init() {}

  public mutating func update(_ octet: UInt8) {
    value ^= UInt32(octet)
    for _ in 0..<8 { value = value & 1 != 0 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
  }

  public mutating func update(_ octets: some Sequence<UInt8>) { for octet in octets { update(octet) } }
}
