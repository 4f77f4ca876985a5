/// What a site file says: everything about a charging station that its board does not know by itself.
///
/// The keys, their ranges and defaults stand in `SiteSchema`; `docs/site-file.md` is checked against it.
public struct SiteConfiguration: Hashable, Sendable {
  /// Name of the board, as `coupler board list` prints it.
  public var board: String
  public var log = LogSettings()
  public var control = ControlSettings()
  public var journal = JournalSettings()
  /// `nil`: the board's own, where it is not safe without one.
  public var watchdog: WatchdogSettings?
  /// In the order of their numbers, which are 1, 2, 3 ...
  public var connectors: [ConnectorSettings]
  /// A vehicle's, in place of connectors.
  public var inlets: [InletSettings] = []

  public init(board: String, connectors: [ConnectorSettings]) {
    self.board = board
    self.connectors = connectors
  }

  /// Where the log goes and how much of it.
  public struct LogSettings: Hashable, Sendable {
    /// From the quietest to the loudest; each one contains those before it.
    public enum Level: String, CaseIterable, Sendable, Comparable {
      case error, warning, info, debug, trace

      public static func < (a: Level, b: Level) -> Bool { a.rank < b.rank }
      private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
    }

    public enum Target: String, CaseIterable, Sendable {
      /// journald where systemd started the daemon with its stderr connected to it, otherwise stderr.
      case auto
      /// These two: there, or not at all.
      case journald
      case stderr
    }

    /// May change while the daemon runs.
    public var level = Level.info
    public var target = Target.auto

    public init() {}
  }

  /// The socket that `coupler status` and others talk to.
  public struct ControlSettings: Hashable, Sendable {
    /// An absolute path of at most 107 octets (`sun_path`).
    public var socket = "/run/coupler/control.sock"
    /// Permissions of the socket's file, without type bits: who may connect may steer the station.
    public var mode: UInt32 = 0o660
    /// Clients served at the same time, 1...64.
    public var clientsMax = 16

    public init() {}
  }

  /// The journal of events that must survive a crash.
  public struct JournalSettings: Hashable, Sendable {
    /// An absolute path.
    public var folder = "/var/lib/coupler"

    public init() {}
  }

  /// A watchdog of the kernel that resets the board when the daemon does not serve it.
  public struct WatchdogSettings: Hashable, Sendable {
    /// An absolute path.
    public var device = "/dev/watchdog"
    /// 1...300 s, whole seconds.
    public var timeout: Duration = .seconds(10)

    public init() {}
  }
}

/// One connector of a station.
public struct ConnectorSettings: Hashable, Sendable {
  public enum Current: String, CaseIterable, Sendable { case ac, dc }

  /// Who decides whether a vehicle may charge.
  public enum Authorization: String, CaseIterable, Sendable {
    /// Nobody: every vehicle may.
    case free
    /// A client of the control socket, by `authorize`.
    case control
  }

  /// What is overlooked in the vehicle's matching.
  public enum SLACMode: String, CaseIterable, Sendable {
    /// Nothing: by the letter of ISO 15118-3, for a test laboratory.
    case conformant
    /// What public vehicles are known for.
    case lenient
  }

  /// How the data link comes about.
  public enum Link: String, CaseIterable, Sendable {
    /// SLAC on the modem's interface.
    case slac
    /// The interface is a plain network. For rigs without modems only: nothing proves who the peer is.
    case assumed
    /// There is no modem: AC, by the pilot's duty alone.
    case none
  }

  /// How digital communication and a nominal duty go together with AC.
  public enum Digital: String, CaseIterable, Sendable {
    /// 5 %, and a nominal duty where the vehicle does not communicate.
    case first
    /// A nominal duty at once; a vehicle that communicates may do so beside it.
    case beside
    /// 5 % alone.
    case only
  }

  /// Whether the plug has to be locked before energy flows.
  public enum Lock: String, CaseIterable, Sendable {
    /// As the board's outlet has it.
    case board
    /// The outlet's own lock has to confirm.
    case required
    /// A tethered cable, whose plug the vehicle locks.
    case none
  }

  /// State D of the pilot: a vehicle that wants a ventilated place.
  public enum Ventilation: String, CaseIterable, Sendable {
    /// As the board's outlet has it.
    case board
    /// The place is ventilated: state D is served.
    case present
    /// It is not: state D is refused.
    case absent
  }

  public enum Timers: String, CaseIterable, Sendable {
    /// The standards' values.
    case standard
    /// Longer waits, for peers in a debugger. Never in the field.
    case relaxed
  }

  /// 1, 2, 3 ...: the number people see and `--connector` takes.
  public var id: Int
  /// Outlet of the board, counted from 1. By default the one of the same number.
  public var outlet: Int
  /// EVSEID in the syntax of ISO 15118-2 Annex H, 7...37 characters.
  public var evseID: String
  /// Network interface of the PLC modem, 1...15 octets; `nil`: the one that fits what the board says of its modem.
  public var interface: String?
  public var current: Current
  public var limits: SiteLimits
  public var authorization = Authorization.control
  public var slac = SLACMode.lenient
  public var link = Link.slac
  public var digital = Digital.first
  public var lock = Lock.board
  public var ventilation = Ventilation.board
  public var timers = Timers.standard
  public var powerStage = PowerStageSettings()

  public init(
    id: Int, outlet: Int? = nil, evseID: String, interface: String? = nil, current: Current,
    limits: SiteLimits = SiteLimits()
  ) {
    self.id = id
    self.outlet = outlet ?? id
    self.evseID = evseID
    self.interface = interface
    self.current = current
    self.limits = limits
  }
}

/// Who drives the power stage of a DC connector.
public struct PowerStageSettings: Hashable, Sendable {
  public enum Source: String, CaseIterable, Sendable {
    /// The board's own; where it has none, a client of the control socket.
    case board
    /// A client of the control socket.
    case control
  }

  public var source = Source.board
  /// Longest silence of that client, 1...10 s, whole seconds.
  public var silenceMax: Duration = .seconds(1)

  public init() {}
}

/// What an outlet may give at this site. `nil`: as the board's outlet has it, or the standard's own bound.
///
/// All of it but the phases, which are wired, may change while the daemon runs.
public struct SiteLimits: Hashable, Sendable {
  /// Per phase (AC) or pole (DC), mA, 6000 or more with AC.
  public var currentMax: Int?
  /// DC: lowest current, mA.
  public var currentMin: Int?
  /// DC: highest voltage. AC: nominal voltage from phase to neutral. mV.
  public var voltageMax: Int?
  /// DC: lowest voltage, mV.
  public var voltageMin: Int?
  /// All phases together, W.
  public var powerMax: Int?
  /// AC: phases that are wired, 1 or 3.
  public var phases: Int?

  public init() {}
}
