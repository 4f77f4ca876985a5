import Wire

/// Network membership key: who holds it is a member of the logical network (AVLN).
///
/// It never appears in a description, a dump or a trace; `key` is the one way to its octets.
public struct NMK: Hashable, Sendable {
  /// The octets of the key.
  public var key: Octets16

  /// What a modem without a network is taken to hold; never a key of ours.
  public static let zero = NMK(.zero)

  @inlinable public init(_ key: Octets16) { self.key = key }
}

extension NMK: CustomStringConvertible, CustomDebugStringConvertible {
  public var description: String { "NMK(redacted)" }
  public var debugDescription: String { description }
}

#if !hasFeature(Embedded)
  extension NMK: CustomReflectable {
    /// Empty, so that `dump` does not show the key either.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
  }
#endif

/// Network identifier: seven octets derived from the NMK, safe to show.
public struct NID: Hashable, Sendable {
  /// The seven octets, octet 0 in bits 55...48.
  public var value: UInt64

  /// Takes the low 56 bits.
  @inlinable public init(_ value: UInt64) { self.value = value & 0xFF_FFFF_FFFF_FFFF }

  /// Takes the first seven octets of a sequence; missing ones are 0.
  public init(_ octets: some Sequence<UInt8>) {
    var value: UInt64 = 0
    var count = 0
    for octet in octets.prefix(7) {
      value = value << 8 | UInt64(octet)
      count += 1
    }
    self.init(value << UInt64(8 * (7 - count)))
  }

  /// The seven octets in transmission order.
  public var octets: [UInt8] { (0..<7).map { UInt8(truncatingIfNeeded: value >> UInt64(48 - 8 * $0)) } }
}

extension NID: CustomStringConvertible {
  /// Fourteen hexadecimal digits.
  public var description: String { hexadecimal(octets) }
}

/// A key together with the identifier derived from it.
///
/// Some firmware confirms a CM_SET_KEY.REQ whose NID does not belong to the NMK and then does not apply it,
/// so the two travel as one value.
public struct NetworkKey: Hashable, Sendable {
  public var nmk: NMK
  public var nid: NID

  public init(nmk: NMK, nid: NID) {
    self.nmk = nmk
    self.nid = nid
  }
}

/// The eight octets that name one matching process of one EV.
public struct RunID: Hashable, Sendable {
  /// The eight octets, octet 0 in the highest bits.
  public var value: UInt64

  @inlinable public init(_ value: UInt64) { self.value = value }
}

extension RunID: CustomStringConvertible {
  /// Sixteen hexadecimal digits.
  public var description: String {
    hexadecimal((0..<8).map { UInt8(truncatingIfNeeded: value >> UInt64(56 - 8 * $0)) })
  }
}
