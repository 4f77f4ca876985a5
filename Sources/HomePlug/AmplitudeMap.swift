/// CM_AMP_MAP.REQ: the receiver shall send with less power on some carriers.
///
/// To the peer's host it says what that side shall keep to; to the own modem it makes it so.
public struct CM_AMP_MAP_REQ: Hashable, Sendable {
  /// Carriers of the ISO 15118-3 set.
  public static let carriersOfGreenPHY: UInt16 = 917

  /// AMLEN: carriers the map speaks of.
  public var carriers: UInt16
  /// AMDATA: four bits per carrier, two carriers an octet, the first in the low nibble.
  ///
  /// Units of 2 dB below the full level, 15 switches the carrier off. Unit and order of the nibbles stand in one
  /// public source only.
  public var reductions: [UInt8]

  public init(carriers: UInt16 = carriersOfGreenPHY, reductions: [UInt8]) {
    self.carriers = carriers
    self.reductions = reductions
  }

  /// The map has the carriers of ISO 15118-3, and something for each.
  public var isComplete: Bool {
    carriers == Self.carriersOfGreenPHY && reductions.count >= (Int(carriers) + 1) / 2
  }
}

/// CM_AMP_MAP.CNF.
public struct CM_AMP_MAP_CNF: Hashable, Sendable {
  /// 0 success, 1 failure.
  public var result: UInt8

  public init(result: UInt8 = 0) { self.result = result }

  public var isSuccess: Bool { result == 0 }
}
