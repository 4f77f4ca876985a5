/// A safety controller: a microcontroller that makes the pilot, and opens the contactor without being asked.
public struct SafetyLinkDescription: Hashable, Sendable {
  /// What outlets and inlets call it: letters, digits, `-` and `_`.
  public var name: String
  public var transport: SafetyLinkTransport
  /// True holds the controller in reset; `nil` where the host cannot.
  public var reset: Reset?
  /// True at the end of a reset starts its boot loader; `nil` where there is none.
  public var boot: OutputDescription?
  /// A control frame or keep-alive is sent so often; 10 ms...5 s.
  public var heartbeat: Duration
  /// Silence after which the host calls the link lost; longer than `heartbeat`, at most 30 s.
  public var silenceMax: Duration
  /// Which revision of the board the controller is told that it is on, where it asks (`phyverso`).
  public var revision = Revision.a

  public enum Revision: Hashable, Sendable { case unknown, a, b }

  /// The reset line.
  public struct Reset: Hashable, Sendable {
    public var output: OutputDescription
    /// 1 ms...1 s.
    public var pulse: Duration

    public init(_ output: OutputDescription, pulse: Duration = .milliseconds(100)) {
      self.output = output
      self.pulse = pulse
    }
  }

  public init(
    name: String, transport: SafetyLinkTransport, reset: Reset? = nil, boot: OutputDescription? = nil,
    heartbeat: Duration, silenceMax: Duration
  ) {
    self.name = name
    self.transport = transport
    self.reset = reset
    self.boot = boot
    self.heartbeat = heartbeat
    self.silenceMax = silenceMax
  }
}

/// How a safety controller is reached. What is spoken goes with it: three protocols are serial, one is UDP.
public enum SafetyLinkTransport: Hashable, Sendable {
  /// 8N1. `device` is a path below `/dev`; `baud` one of the usual rates, 9600...4 000 000.
  case serial(device: String, baud: Int, SerialLinkProtocol)
  /// The ChargeBridge's datagrams. `host` is a name (mDNS too) or an address.
  case chargeBridge(host: String, port: UInt16)

  /// Protocol id as in logs and `coupler board show`: `chargebyte`, `yeti`, `phyverso` or `chargebridge`.
  public var protocolID: String {
    switch self {
    case .serial(_, _, let spoken): spoken.rawValue
    case .chargeBridge: "chargebridge"
    }
  }
}

/// What is spoken over a serial line.
public enum SerialLinkProtocol: String, Hashable, Sendable, CaseIterable {
  /// 12-byte frames of Charge SOM and Charge Control Y.
  case chargebyte
  /// Protobuf in COBS: Yeti and Micro Mega Watt Charger.
  case yeti
  /// The same framing with the messages of phyVERSO, two connectors on one line.
  case phyverso

  /// Connectors one controller has.
  public var connectors: Int { self == .phyverso ? 2 : 1 }
  /// It has a word for the lock.
  public var drivesLock: Bool { self != .chargebyte }
  /// Contactors of the controller that one outlet may have.
  public var contactorsMax: Int { self == .chargebyte ? 3 : 1 }
  /// The controller asks how its board is made: feedback, lock, revision.
  public var asksForSettings: Bool { self == .phyverso }
}
