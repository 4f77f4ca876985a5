/// A board the firmware runs on: one type per target under `Boards/`.
///
/// The description is data. Drivers are chosen from it by the module that knows the operating system, so that a
/// board file needs none of them to be compiled and checked.
public protocol BoardSupport {
  static var board: BoardDescription { get }
}

/// What a board is and what hangs on it.
///
/// Chips, PWM and ADC devices are told by name. Nothing here is a driver; `problems` says what cannot be right.
public struct BoardDescription: Hashable, Sendable {
  /// `vendor-name`, as given to `--board`.
  public var name: String
  /// One line for people.
  public var summary: String
  /// How to recognise it; empty where it must be named.
  public var matches: [BoardMatch]
  /// Outlets a charging station on this board has, in the order of the housing; empty for a vehicle's board.
  public var outlets: [Outlet]
  /// Inlets a vehicle on this board has; empty for a charging station's.
  public var inlets: [Inlet]
  /// Safety controllers that outlets and inlets refer to by name.
  public var links: [SafetyLinkDescription]
  /// Stop buttons of the whole housing; pressed is true. One outlet's own are in its `monitoring`.
  public var stopButtons: [LineDescription]
  /// Lines the board has beside its outlets and inlets, by name.
  public var auxiliaries: [AuxiliaryLine]
  /// PWM outputs that are set once and left, such as a reference voltage.
  public var steadyPWMs: [SteadyPWM]
  /// What to do, in order, before the outlets are taken into use; empty where all is ready after boot.
  public var powerOn: [PowerOnStep]
  /// What makes the outputs safe when the program is killed.
  public var crashSafety: CrashSafety
  /// Whether the description was ever tried.
  public var trial: BoardTrial

  public init(
    name: String, summary: String, matches: [BoardMatch], outlets: [Outlet], inlets: [Inlet] = [],
    links: [SafetyLinkDescription] = [], stopButtons: [LineDescription] = [],
    auxiliaries: [AuxiliaryLine] = [], steadyPWMs: [SteadyPWM] = [], powerOn: [PowerOnStep] = [],
    crashSafety: CrashSafety,
    trial: BoardTrial
  ) {
    self.name = name
    self.summary = summary
    self.matches = matches
    self.outlets = outlets
    self.inlets = inlets
    self.links = links
    self.stopButtons = stopButtons
    self.auxiliaries = auxiliaries
    self.steadyPWMs = steadyPWMs
    self.powerOn = powerOn
    self.crashSafety = crashSafety
    self.trial = trial
  }

  /// The roles it can take: a charging station needs an outlet, a vehicle an inlet.
  public var roles: [BoardRole] {
    (outlets.isEmpty ? [] : [.chargingStation]) + (inlets.isEmpty ? [] : [.vehicle])
  }

  /// The safety controller of this name.
  public func link(named name: String) -> SafetyLinkDescription? { links.first { $0.name == name } }
}

/// Which side of the cable a board is on.
public enum BoardRole: String, Hashable, Sendable, CaseIterable {
  /// EVSE.
  case chargingStation
  /// EV.
  case vehicle
}

/// One way to recognise a board.
public enum BoardMatch: Hashable, Sendable {
  /// An entry of `/proc/device-tree/compatible`.
  case compatible(String)
  /// A part of `/proc/device-tree/model`.
  case model(String)
  /// A board name of the firmware's tables (DMI), for x86.
  case dmi(String)
}

/// Whether a description was tried.
public enum BoardTrial: Hashable, Sendable {
  /// There is no hardware to try it on.
  case simulated
  /// Written from public sources; no line of it was ever driven on the real board.
  case neverOnMetal
  /// Tried on this hardware revision.
  case onMetal(revision: String)
}

/// A line that belongs to no outlet or inlet. An output is driven to its start and stop value, and by `PowerOnStep`; an input
/// is there for people and tools (`coupler board show`, the board's replica), the daemon does not take it.
public struct AuxiliaryLine: Hashable, Sendable {
  public enum Use: Hashable, Sendable {
    case input(LineDescription)
    case output(OutputDescription)
  }
  /// What people and `PowerOnStep` call it: letters, digits, `-` and `_`.
  public var name: String
  public var use: Use

  public init(_ name: String, _ use: Use) {
    self.name = name
    self.use = use
  }
}

/// A PWM output with a duty that never changes while the program runs.
public struct SteadyPWM: Hashable, Sendable {
  /// Letters, digits, `-` and `_`.
  public var name: String
  public var pwm: PWMDescription
  /// 0...1000, from start on. It is left as it is at the end: only where that is harmless.
  public var permille: Int

  public init(_ name: String, _ pwm: PWMDescription, permille: Int) {
    self.name = name
    self.pwm = pwm
    self.permille = permille
  }
}

/// One step between boot and the first use of an outlet.
public enum PowerOnStep: Hashable, Sendable {
  /// Drives an auxiliary output, by its name.
  case drive(auxiliary: String, Bool)
  /// Lets the safety controller of this name out of reset. Outlets and inlets behind it are in service with its first sign of
  /// life; the start does not wait for it.
  case startLink(String)
  /// Pulses the reset line of an outlet's modem, counted from 0.
  case resetModem(outlet: Int)
  /// Waits; more than 0, at most 60 s.
  case wait(Duration)
}

/// What makes the outputs safe when the program is killed (SIGKILL): nothing of its own runs then.
///
/// `words` tells a person what each output does, in one or two sentences.
public enum CrashSafety: Hashable, Sendable {
  /// There are no outputs.
  case nothingToDrive
  /// Lines fall back to what the board's circuit makes of them as soon as the kernel lets them go.
  case hardwareDefault(words: String)
  /// Outputs stay until a watchdog resets the board. `device` is its node, `timeout` what it is set to: the outputs'
  /// longest time at a stale value; more than 0, at most 60 s. The daemon opens it unless the site file names another one.
  case hardwareWatchdog(device: String, timeout: Duration, words: String)
  /// The safety controller opens by itself when it hears nothing for `timeout`; more than 0, at most 60 s.
  case linkTimeout(Duration, words: String)

  /// What a person is told.
  public var words: String {
    switch self {
    case .nothingToDrive: "The board drives nothing."
    case .hardwareDefault(let words), .hardwareWatchdog(_, _, let words), .linkTimeout(_, let words): words
    }
  }
}
