public import Wire

/// Whose chip it is.
public enum ModemVendor: String, CaseIterable, Sendable {
  /// QCA7000, QCA7005, QCA7006AQ; also the QCA7420 family of home plugs.
  case qualcomm
  /// CG5317.
  case lumissil
  /// MSE1021, MSE1022.
  case vertexcom
  /// Anything that knows HomePlug's own messages and no vendor's.
  case generic
}

/// Which end of the cable a modem serves.
public enum ModemRole: String, CaseIterable, Sendable {
  case ev, evse
}

/// Who a modem says it is.
public struct ModemIdentity: Hashable, Sendable {
  public var vendor: ModemVendor
  /// Chip as far as the modem tells, such as `QCA7005`; empty when it does not.
  public var chip: String
  /// Firmware as the modem writes it; empty when it does not tell.
  public var firmware: String
  /// The modem's own address, where its answer came from.
  public var address: MACAddress

  public init(vendor: ModemVendor, chip: String = "", firmware: String = "", address: MACAddress) {
    self.vendor = vendor
    self.chip = chip
    self.firmware = firmware
    self.address = address
  }

  /// Why the modem cannot serve that end of the cable; `nil` where nothing known speaks against it.
  public func unfitness(for role: ModemRole) -> ModemUnfitness? {
    role == .evse && Self.homePlugs.contains { chip.hasPrefix($0) } ? .reportsNoAttenuation : nil
  }

  /// Chips whose firmware has no SLAC: they report VS_ATTENUATION_CHARACTERISTICS in place of
  /// CM_ATTEN_PROFILE.IND.
  private static let homePlugs = ["QCA7420", "QCA7450", "AR7420"]
}

/// Why a modem cannot be used.
public enum ModemUnfitness: String, Hashable, Sendable {
  /// Firmware of a home plug, without SLAC: an EVSE would never learn an attenuation.
  case reportsNoAttenuation
}
