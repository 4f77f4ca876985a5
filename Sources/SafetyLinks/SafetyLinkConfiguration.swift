public import HAL

/// Which safety controller is behind a link, and what it has to be told.
public enum SafetyLinkKind: Hashable, Sendable {
  /// chargebyte Charge SOM and Charge Control Y: frames of 12 octets, 115200 8N1. `contactors` are requested and read
  /// as one, 1...3. `layout` is told by the firmware's version where it is `nil`.
  case chargebyte(contactors: Int = 1, layout: ChargeStateLayout? = nil)
  /// Pionix Yeti, and uMWC as far as pilot and power go: protobuf in COBS, 115200 8N1.
  case yeti
  /// PHYTEC phyVERSO: the same framing, two connectors, asks for its settings.
  case phyVERSO(PhyVERSOConfiguration)
  /// Pionix ChargeBridge: datagrams to two ports of one box.
  case chargeBridge(ChargeBridgeSettings)

  /// As `SafetyLinkTransport.protocolID` says it.
  public var name: String {
    switch self {
    case .chargebyte: "chargebyte"
    case .yeti: "yeti"
    case .phyVERSO: "phyverso"
    case .chargeBridge: "chargebridge"
    }
  }

  /// Outlets behind it.
  public var connectors: Int { if case .phyVERSO = self { 2 } else { 1 } }
  /// It drives a lock.
  public var hasLock: Bool { if case .chargebyte = self { false } else { true } }
  /// It switches between one phase and three.
  public var switchesPhases: Bool { self == .yeti }
  /// It tells which cable is plugged in.
  public var hasProximity: Bool {
    if case .chargeBridge(let settings) = self { settings.proximity != .disabled } else { true }
  }
  /// It can be reset by a message. The others have a line, or none.
  var hasSoftReset: Bool {
    switch self {
    case .yeti, .phyVERSO: true
    case .chargebyte, .chargeBridge: false
    }
  }
  /// Without control frames, also unanswered ones, it goes to a safe state that only a reset ends.
  var wantsControlAlways: Bool { if case .chargebyte = self { true } else { false } }
  /// It tells changes only, so what was missed is not said again before a restart.
  public var tellsChangesOnly: Bool { hasSoftReset }
}

/// How a link behaves.
public struct SafetyLinkConfiguration: Hashable, Sendable {
  public struct Timers: Hashable, Sendable {
    /// From the end of a reset to the first question.
    public var startUp: Duration
    /// How long an answer may take.
    public var answer: Duration
    /// Between rounds of questions that nobody answered; each round begins with a reset.
    public var retry: Duration = .seconds(2)
    /// Between life signs of this side.
    public var heartbeat: Duration
    /// Without a life sign of the controller for so long, the link is lost.
    public var silence: Duration
    /// ChargeBridge: the same for its status, which comes over a port of its own.
    public var statusSilence: Duration = .seconds(2)
    /// chargebyte: how long it is left in its safe state before it is reset, which alone ends that; twice as long each
    /// time that it goes back there.
    public var safeState: Duration = .seconds(10)
    /// chargebyte: after something was refused, single frames are trusted less for so long.
    public var noise: Duration = .seconds(10)
    /// Length of the pulse on the reset line.
    public var resetPulse: Duration = .milliseconds(10)

    /// What makers and their drivers do: chargebyte's period of 100 ms, answers after 20 ms and boot time of 300 ms;
    /// Pionix' life signs of 1 s and losses after 5 s, 10 s for a ChargeBridge and 2 s for its status. A controller of
    /// chargebyte's that starts anew does not say so, and does what the next frame of its host tells it: its silence has
    /// to be noticed before the 300 ms are over.
    public init(_ kind: SafetyLinkKind) {
      switch kind {
      case .chargebyte:
        (startUp, answer) = (.milliseconds(300), .milliseconds(30))
        (heartbeat, silence) = (.milliseconds(100), .milliseconds(280))
      case .yeti, .phyVERSO:
        (startUp, answer) = (.seconds(1), .milliseconds(1500))
        (heartbeat, silence) = (.seconds(1), .seconds(5))
      case .chargeBridge:
        (startUp, answer) = (.zero, .seconds(1))
        (heartbeat, silence) = (.seconds(1), .seconds(10))
      }
    }
  }

  public var kind: SafetyLinkKind
  public var timers: Timers
  /// Questions without an answer before the link counts as lost.
  public var attempts = 3
  /// The board has a line to the controller's reset.
  public var hasResetLine: Bool

  public init(_ kind: SafetyLinkKind, hasResetLine: Bool = false) {
    self.kind = kind
    self.hasResetLine = hasResetLine
    timers = Timers(kind)
  }

  /// The link of a board file. What its protocol has to be told besides - contactors, outlets, the box's settings - comes
  /// with `kind`; `nil` where that is another protocol than the board's.
  public init?(_ description: SafetyLinkDescription, kind: SafetyLinkKind) {
    guard description.transport.protocolID == kind.name else { return nil }
    self.init(kind, hasResetLine: description.reset != nil)
    timers.heartbeat = description.heartbeat
    timers.silence = description.silenceMax
    if let reset = description.reset { timers.resetPulse = reset.pulse }
  }
}
