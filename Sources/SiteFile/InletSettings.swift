public import Wire

/// One inlet of a vehicle.
public struct InletSettings: Hashable, Sendable {
  /// Who speaks for the battery.
  public enum Battery: String, CaseIterable, Sendable {
    /// The simulated one of a simulated inlet, else as `control`.
    case board
    /// A client of the control socket, by `battery`.
    case control
  }

  /// AC: whether it charges by a nominal duty alone, where nobody communicates.
  public enum Basic: String, CaseIterable, Sendable { case allowed, refused }

  /// Which names of ISO 15118-2 it offers.
  public enum Protocols: String, CaseIterable, Sendable {
    /// That of 2013.
    case standard
    /// That of 2010 behind it, for chargers that know no other.
    case early
  }

  /// How the data link comes about.
  public enum Link: String, CaseIterable, Sendable {
    /// SLAC on the modem's interface.
    case slac
    /// The interface is a plain network. For rigs without modems only.
    case assumed
  }

  /// 1, 2, 3 ...: the number people see.
  public var id: Int
  /// Inlet of the board, counted from 1. By default the one of the same number.
  public var inlet: Int
  /// Network interface of the PLC modem, 1...15 octets; `nil`: the one that fits what the board says of its modem.
  public var interface: String?
  public var current: ConnectorSettings.Current
  /// EVCCID; `nil`: the interface's MAC address.
  public var evccID: MACAddress?
  public var limits = InletLimits()
  public var battery = Battery.board
  /// Longest silence of who speaks for the battery, 1...60 s.
  public var batterySilence: Duration = .seconds(2)
  public var basic = Basic.allowed
  public var protocols = Protocols.standard
  public var slac = ConnectorSettings.SLACMode.lenient
  public var link = Link.slac
  public var lock = ConnectorSettings.Lock.board
  public var timers = ConnectorSettings.Timers.standard

  public init(id: Int, inlet: Int? = nil, interface: String? = nil, current: ConnectorSettings.Current) {
    self.id = id
    self.inlet = inlet ?? id
    self.interface = interface
    self.current = current
  }
}

/// What a vehicle takes at most. `nil`: as the board's inlet has it.
///
/// All of it may change while the daemon runs.
public struct InletLimits: Hashable, Sendable {
  /// Per phase (AC) or pole (DC), mA.
  public var currentMax: Int?
  /// DC, mV.
  public var voltageMax: Int?
  /// W.
  public var powerMax: Int?
  /// A session ends in order with this much, Wh.
  public var energyMax: Int?
  /// ... or at this state of charge, percent.
  public var socMax: Int?

  public init() {}
}
