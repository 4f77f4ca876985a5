/// An IPv6 address: 16 octets in transmission order, kept as two integers.
public struct IPv6Address: Hashable, Sendable {
  /// Octets 0...7, the first one in bits 63...56.
  public let high: UInt64
  /// Octets 8...15.
  public let low: UInt64

  /// `::`
  public static let unspecified = IPv6Address(high: 0, low: 0)
  /// `::1`
  public static let loopback = IPv6Address(high: 0, low: 1)
  /// `ff02::1`, all nodes of the link: where SDP requests go.
  public static let allNodes = IPv6Address(high: 0xFF02_0000_0000_0000, low: 1)

  @inlinable public init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// From 16 octets; `nil` for any other number.
  public init?(octets: some Collection<UInt8>) {
    guard octets.count == 16 else { return nil }
    var (high, low): (UInt64, UInt64) = (0, 0)
    for (index, octet) in octets.enumerated() {
      if index < 8 { high = high << 8 | UInt64(octet) } else { low = low << 8 | UInt64(octet) }
    }
    self.init(high: high, low: low)
  }

  /// The link-local address a station with this MAC makes for itself: fe80::/64 and the modified EUI-64
  /// (RFC 4291 appendix A). Peers are free to use another identifier (RFC 7217), so never conclude from it.
  public init(linkLocalFor mac: MACAddress) {
    let (upper, lower) = (mac.value >> 24, mac.value & 0xFF_FFFF)
    self.init(
      high: 0xFE80_0000_0000_0000, low: (upper << 40 | 0xFF_FE00_0000 | lower) ^ 0x0200_0000_0000_0000)
  }

  /// Octet `index`; indices outside 0...15 give 0.
  @inlinable public subscript(index: Int) -> UInt8 {
    switch index {
    case 0..<8: UInt8(truncatingIfNeeded: high >> UInt64(56 - 8 * index))
    case 8..<16: UInt8(truncatingIfNeeded: low >> UInt64(56 - 8 * (index - 8)))
    default: 0
    }
  }

  /// The 16 octets in transmission order.
  public var octets: [UInt8] { (0..<16).map { self[$0] } }

  /// fe80::/10, the only kind of address ISO 15118 needs.
  @inlinable public var isLinkLocal: Bool { high >> 54 == 0x3FA }
  /// ff00::/8
  @inlinable public var isMulticast: Bool { high >> 56 == 0xFF }
}

extension IPv6Address {
  /// Reads the text forms of RFC 4291 section 2.2: groups, one `::`, and a dotted quad at the end. No zone.
  public init?(_ text: some StringProtocol) {
    var groups: [UInt16] = []
    var gap: Int?
    var rest = Array(text.utf8)[...]
    if rest.starts(with: "::".utf8) {
      gap = 0
      rest = rest.dropFirst(2)
      if rest.isEmpty {
        self = .unspecified
        return
      }
    }
    while true {
      let group = rest.prefix { $0 != UInt8(ascii: ":") }
      rest = rest.dropFirst(group.count)
      if rest.isEmpty, group.contains(UInt8(ascii: ".")) {
        guard let quad = Self.dottedQuad(group) else { return nil }
        groups += [UInt16(quad >> 16), UInt16(quad & 0xFFFF)]
        break
      }
      guard let value = Self.group(group) else { return nil }
      groups.append(value)
      guard groups.count <= 8 else { return nil }
      if rest.isEmpty { break }
      rest = rest.dropFirst()
      if rest.first == UInt8(ascii: ":") {
        guard gap == nil else { return nil }
        gap = groups.count
        rest = rest.dropFirst()
        if rest.isEmpty { break }
      }
    }
    if let gap {
      // `::` stands for at least one group of zeros.
      guard groups.count < 8 else { return nil }
      groups.insert(contentsOf: repeatElement(0, count: 8 - groups.count), at: gap)
    }
    guard groups.count == 8 else { return nil }
    self.init(
      high: groups[..<4].reduce(0) { $0 << 16 | UInt64($1) },
      low: groups[4...].reduce(0) { $0 << 16 | UInt64($1) })
  }

  private static func group(_ digits: ArraySlice<UInt8>) -> UInt16? {
    guard (1...4).contains(digits.count) else { return nil }
    var value: UInt16 = 0
    for digit in digits {
      guard let nibble = hexadecimalDigit(digit) else { return nil }
      value = value << 4 | UInt16(nibble)
    }
    return value
  }

  private static func dottedQuad(_ text: ArraySlice<UInt8>) -> UInt32? {
    let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var value: UInt32 = 0
    for part in parts {
      guard (1...3).contains(part.count), part.count == 1 || part.first != UInt8(ascii: "0") else {
        return nil
      }
      var octet: UInt32 = 0
      for digit in part {
        guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
        octet = octet * 10 + UInt32(digit - UInt8(ascii: "0"))
      }
      guard octet <= 255 else { return nil }
      value = value << 8 | octet
    }
    return value
  }
}

extension IPv6Address: CustomStringConvertible {
  /// The canonical text of RFC 5952: lower case, no leading zeros, the longest run of zero groups shortened.
  public var description: String {
    let groups = (0..<8).map { UInt16(self[2 * $0]) << 8 | UInt16(self[2 * $0 + 1]) }
    var longest = 0..<0
    var index = 0
    while index < 8 {
      let run = groups[index...].prefix { $0 == 0 }.count
      // The first of equal runs, and never a single group (RFC 5952 section 4.2).
      if run > 1, run > longest.count { longest = index..<index + run }
      index += max(run, 1)
    }
    let text = { (part: ArraySlice<UInt16>) in
      part.map { String($0, radix: 16) }.joined(separator: ":")
    }
    if longest.isEmpty { return text(groups[...]) }
    return text(groups[..<longest.lowerBound]) + "::" + text(groups[longest.upperBound...])
  }
}

/// Where a station listens: address, port and the interface that a link-local address belongs to.
public struct V2GEndpoint: Hashable, Sendable {
  /// UDP port of every SDP server (ISO 15118-2 table 11).
  public static let sdpPort: UInt16 = 15118
  /// Ports of the SECC's TCP server and of both clients (ISO 15118-2 table 11).
  public static let dynamicPorts: ClosedRange<UInt16> = 49152...65535

  public var address: IPv6Address
  public var port: UInt16
  /// Interface index of the link; 0 where it is not known or, as in a simulation, means nothing.
  public var scope: UInt32

  @inlinable public init(_ address: IPv6Address, port: UInt16, scope: UInt32 = 0) {
    self.address = address
    self.port = port
    self.scope = scope
  }
}

extension V2GEndpoint: CustomStringConvertible {
  /// `[fe80::1%3]:49152`
  public var description: String { "[\(address)\(scope == 0 ? "" : "%\(scope)")]:\(port)" }
}
