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

extension ModemVendor {
  /// Whose modem a network interface of Linux has behind it, by the name of the interface's driver; `nil` for a driver
  /// that is no modem's. A modem behind Ethernet has the driver of the Ethernet.
  public init?(linuxDriver name: String) {
    switch name {
    case "qcaspi", "qca_spi", "qcauart": self = .qualcomm
    case "mse102x": self = .vertexcom
    default: return nil
    }
  }
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

  /// Whether the firmware has SLAC, as far as its words tell.
  public var slac: SLACSupport {
    if vendor == .qualcomm, firmware == Self.bootLoader { return .noFirmware }
    if Self.homePlugs.contains(where: { chip.hasPrefix($0) }) { return .missing }
    return vendor == .lumissil || Self.greenPHY.contains { chip.hasPrefix($0) } ? .present : .unknown
  }

  /// Why the modem cannot serve that end of the cable; `nil` where nothing known speaks against it.
  public func unfitness(for role: ModemRole) -> ModemUnfitness? {
    switch slac {
    case .missing: role == .evse ? .reportsNoAttenuation : nil
    case .noFirmware: .runsNoFirmware
    case .present, .unknown: nil
    }
  }

  /// What VS_SW_VER.CNF has in place of a version before the firmware runs.
  private static let bootLoader = "BootLoader"

  /// Chips whose firmware has no SLAC: they report VS_ATTENUATION_CHARACTERISTICS in place of
  /// CM_ATTEN_PROFILE.IND.
  private static let homePlugs = ["QCA74", "QCA75", "QCA64", "AR7", "AR6", "INT6"]

  /// Chips made for charging.
  private static let greenPHY = ["QCA7000", "QCA7005", "QCA7006"]
}

/// Does a modem's firmware take part in SLAC?
public enum SLACSupport: String, Hashable, Sendable {
  case present
  /// It serves an EV at most, whose host does all of SLAC.
  case missing
  /// Its boot loader answers: it waits for its host, or its flash is empty or damaged.
  case noFirmware
  case unknown
}

/// Why a modem cannot be used.
public enum ModemUnfitness: String, Hashable, Sendable {
  /// Firmware of a home plug, without SLAC: an EVSE would never learn an attenuation.
  case reportsNoAttenuation
  /// Only the boot loader answers.
  case runsNoFirmware
}
