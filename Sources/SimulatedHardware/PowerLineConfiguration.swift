public import Wire

/// What a `PowerLine` consists of.
public struct PowerLineConfiguration: Hashable, Sendable {
  /// One modem, and the host behind it, at one end of the line.
  public struct Port: Hashable, Sendable {
    /// What a modem's parameter block is delivered with: CCo selection and SLAC mode.
    public enum Role: Sendable {
      /// Reports no attenuation, and forms no network.
      case ev
      /// Reports the attenuation of each sound to its host, and coordinates the network.
      case evse
    }

    /// The modem's own address.
    public var modem: MACAddress
    public var role: Role
    public var model: ModemModel
    public var faults: Set<ModemFault>

    public init(modem: MACAddress, role: Role, model: ModemModel = .qca7005, faults: Set<ModemFault> = []) {
      self.modem = modem
      self.role = role
      self.model = model
      self.faults = faults
    }
  }

  public var ports: [Port]
  /// Attenuation between any two ports in dB, until `setAttenuation` says otherwise.
  public var attenuation = 20
  /// Each group of a report deviates from it by up to so many dB.
  public var ripple = 2
  /// Both modems hold the same key until they form a network.
  public var joinDelay: Duration = .seconds(1)
  /// A modem answers nothing for so long after it took a key, and does nothing after it was reset.
  public var modemRestart: Duration = .zero
  /// Result of CM_SET_KEY.CNF for a key that was taken; `nil` for that of each model's firmware, which is 1 for QCA700x.
  public var setKeyResult: UInt8?
  /// Hand over one of the CM_START_ATTEN_CHAR.IND of a run, as QCA700x firmware does, instead of all three.
  public var handsOverOneStart = true
  /// Time a frame takes over the line.
  public var latency: Duration = .zero
  public var faults = LineFaults.none

  public init(ports: [Port]) { self.ports = ports }

  /// One EV on port 0, one EVSE on port 1.
  public static let pair = PowerLineConfiguration(ports: [
    Port(modem: MACAddress(0x00B0_5200_00E1), role: .ev),
    Port(modem: MACAddress(0x00B0_5200_00C1), role: .evse),
  ])
}

/// What goes wrong on the line, per frame and receiver. The dialogue of a host with its own modem is spared.
public struct LineFaults: Hashable, Sendable {
  /// Chance per mille that a frame is not heard.
  public var lossPerMille = 0
  /// Chance per mille that it is heard twice.
  public var duplicationPerMille = 0
  /// Chance per mille that one octet behind the addresses arrives changed.
  public var corruptionPerMille = 0
  /// Chance per mille that it is overtaken: it waits for another `delayMax`.
  public var reorderingPerMille = 0
  /// A frame is late by up to so much, evenly spread.
  public var delayMax: Duration = .zero

  public init() {}

  /// A perfect line.
  public static let none = LineFaults()
}
