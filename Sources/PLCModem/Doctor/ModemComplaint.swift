/// One thing a diagnosis found, in words for whoever stands before the charger at night.
public struct ModemComplaint: Hashable, Sendable {
  public enum Severity: String, CaseIterable, Sendable, Comparable {
    /// Told for completeness.
    case note
    /// It works, but not as it should, or not for long.
    case warning
    /// It cannot work so.
    case fault

    public static func < (a: Self, b: Self) -> Bool { a.rank < b.rank }
    private var rank: Int { self == .note ? 0 : self == .warning ? 1 : 2 }
  }

  /// What was found; a script can rely on the names.
  public enum Kind: String, CaseIterable, Sendable {
    case interfaceMissing = "interface-missing"
    case interfaceDown = "interface-down"
    case noCarrier = "no-carrier"
    case noPermission = "no-permission"
    case cannotSend = "cannot-send"
    case randomAddress = "random-address"
    case driverErrors = "driver-errors"
    case noModem = "no-modem"
    case noFirmware = "no-firmware"
    case homePlug = "home-plug"
    case generic = "no-vendor-messages"
    case firmwareWithoutSLAC = "firmware-without-slac"
    case slacOff = "slac-off"
    case wrongRole = "wrong-role"
    case parameters = "parameters"
    case parametersUnread = "parameters-unread"
    case noLink = "no-link"
    case linkUnknown = "link-unknown"
    case slowLink = "slow-link"
    case noNetwork = "no-network"
    case otherNetwork = "other-network"
    case keyNotTaken = "key-not-taken"
    case keyUnproven = "key-unproven"
  }

  public var kind: Kind
  public var severity: Severity
  /// What was seen.
  public var what: String
  /// What follows from it.
  public var meaning: String
  /// What to do about it.
  public var remedy: String

  public init(_ kind: Kind, _ severity: Severity, what: String, meaning: String, remedy: String) {
    self.kind = kind
    self.severity = severity
    self.what = what
    self.meaning = meaning
    self.remedy = remedy
  }
}
