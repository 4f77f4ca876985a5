/// All keys a site file may have. The reader knows no others, messages quote it, `docs/site-file.md` is checked
/// against it.
public enum SiteSchema {
  /// One key.
  public struct Key: Sendable {
    /// From the top, "connectors[].limits.current-max".
    public var path: String
    public var kind: Kind
    public var isRequired = false
    /// What holds without it, as a file would say it, or in words.
    public var fallback: String
    /// May change by SIGHUP.
    public var isLive = false
    public var purpose: String

    /// The last part of its path.
    public var name: String { String(path.split(separator: ".").last ?? "") }
  }

  /// What a value must be.
  public enum Kind: Sendable {
    /// Keys and values, which stand in the schema below its path.
    case mapping
    /// So many items, each a mapping.
    case list(ClosedRange<Int>)
    case words([String])
    case integer(ClosedRange<Int>)
    /// A number with a unit; bounds in the smallest unit.
    case quantity(Quantity, ClosedRange<Int>)
    case seconds(ClosedRange<Int>)
    /// Permissions of a file, in octal digits.
    case mode
    /// An absolute path of at most so many octets.
    case path(Int)
    case boardName
    case interface
    case evseID
    /// A MAC address of one station.
    case evccID
  }

  /// Those of a station as a whole, and of a charger's connectors.
  static let stationKeys: [Key] = [
    Key(
      path: "board", kind: .boardName, isRequired: true, fallback: "",
      purpose: "Which board this is, as `coupler board list` prints it."),
    Key(path: "log", kind: .mapping, fallback: "", purpose: "The log of the daemon."),
    Key(
      path: "log.level", kind: .words(names(SiteConfiguration.LogSettings.Level.self)), fallback: "info",
      isLive: true,
      purpose:
        "From the quietest to the loudest: `debug` adds SLAC and messages, `trace` every duty and useless frame."
    ),
    Key(
      path: "log.target", kind: .words(names(SiteConfiguration.LogSettings.Target.self)), fallback: "auto",
      purpose:
        "`auto`: journald where systemd connected the daemon to it, otherwise standard error. One of the others: there, or the daemon does not start."
    ),
    Key(path: "control", kind: .mapping, fallback: "", purpose: "The socket of `coupler status` and others."),
    Key(
      path: "control.socket", kind: .path(107), fallback: "/run/coupler/control.sock",
      purpose:
        "Where the socket is made. Outside of `/run/coupler` the service needs `ReadWritePaths=` for its folder."
    ),
    Key(
      path: "control.mode", kind: .mode, fallback: "0660",
      purpose: "Who may connect, and so steer the station: the owner and the group of the daemon."),
    Key(
      path: "control.clients-max", kind: .integer(1...64), fallback: "16",
      purpose: "Clients that are served at the same time."),
    Key(
      path: "journal", kind: .mapping, fallback: "", purpose: "The journal of events that survive a crash."),
    Key(
      path: "journal.folder", kind: .path(200), fallback: "/var/lib/coupler",
      purpose:
        "A folder the daemon may write to. Another one than this the service needs in `ReadWritePaths=`."),
    Key(
      path: "watchdog", kind: .mapping, fallback: "the board's, where it needs one",
      purpose: "A watchdog of the kernel that resets the board when the daemon hangs."),
    Key(path: "watchdog.device", kind: .path(200), fallback: "/dev/watchdog", purpose: "Its device."),
    Key(
      path: "watchdog.timeout", kind: .seconds(1...300), fallback: "10 s",
      purpose: "Silence of the daemon after which it resets."),
    Key(
      path: "connectors", kind: .list(1...16), fallback: "`inlets`",
      purpose: "What vehicles are plugged into, in the order of their numbers."),
    Key(
      path: "connectors[].id", kind: .integer(1...16), isRequired: true, fallback: "",
      purpose: "1 for the first, 2 for the second: the number people see."),
    Key(
      path: "connectors[].outlet", kind: .integer(1...16), fallback: "the connector's number",
      purpose: "Outlet of the board, counted from 1."),
    Key(
      path: "connectors[].evse-id", kind: .evseID, isRequired: true, fallback: "",
      purpose: "EVSEID (ISO 15118-2 Annex H): what vehicles and back ends call it."),
    Key(
      path: "connectors[].interface", kind: .interface, fallback: "the board's modem",
      purpose:
        "Network interface of its PLC modem, where the board's description does not find it or finds another one."
    ),
    Key(
      path: "connectors[].current", kind: .words(names(ConnectorSettings.Current.self)), isRequired: true,
      fallback: "",
      purpose: "AC or DC; as the board's outlet."),
    Key(
      path: "connectors[].limits", kind: .mapping, fallback: "the outlet's",
      purpose: "What the site allows; never more than the board's outlet does."),
    Key(
      path: "connectors[].limits.current-max", kind: .quantity(.current, 0...1_000_000),
      fallback: "the outlet's",
      isLive: true, purpose: "Per phase (AC, 6 A to 80 A) or pole (DC)."),
    Key(
      path: "connectors[].limits.current-min", kind: .quantity(.current, 0...1_000_000),
      fallback: "the outlet's",
      isLive: true,
      purpose: "DC: lowest current."),
    Key(
      path: "connectors[].limits.voltage-max", kind: .quantity(.voltage, 50_000...1_500_000),
      fallback: "the outlet's; 230 V with AC", isLive: true,
      purpose: "DC: highest voltage. AC: nominal voltage from phase to neutral, 100 V to 300 V."),
    Key(
      path: "connectors[].limits.voltage-min", kind: .quantity(.voltage, 0...1_500_000),
      fallback: "the outlet's",
      isLive: true, purpose: "DC: lowest voltage."),
    Key(
      path: "connectors[].limits.power-max", kind: .quantity(.power, 1000...1_500_000),
      fallback: "the outlet's",
      isLive: true, purpose: "All phases together; with AC the offered current is bounded by it, too."),
    Key(
      path: "connectors[].limits.phases", kind: .words(["1", "3"]), fallback: "the outlet's",
      purpose: "AC: phases that are wired."),
    Key(
      path: "connectors[].authorization", kind: .words(names(ConnectorSettings.Authorization.self)),
      fallback: "control",
      isLive: true, purpose: "`free`: every vehicle may charge. `control`: `coupler authorize` decides."),
    Key(
      path: "connectors[].slac", kind: .words(names(ConnectorSettings.SLACMode.self)), fallback: "lenient",
      purpose: "Matching by the letter of ISO 15118-3, or with what public vehicles are known for."),
    Key(
      path: "connectors[].link", kind: .words(names(ConnectorSettings.Link.self)), fallback: "slac",
      purpose:
        "`assumed`: a plain network without a modem. For rigs only: nothing proves who the peer is. `none`: no modem and no network, AC by the pilot's duty alone."
    ),
    Key(
      path: "connectors[].digital", kind: .words(names(ConnectorSettings.Digital.self)), fallback: "first",
      purpose:
        "AC. `first`: 5 %, and a nominal duty where the vehicle does not communicate. `beside`: a nominal duty at once, on which it may communicate too. `only`: 5 % alone."
    ),
    Key(
      path: "connectors[].lock", kind: .words(names(ConnectorSettings.Lock.self)), fallback: "board",
      purpose:
        "`required`: the outlet's lock has to confirm before energy flows. `none`: a tethered cable. `board`: as the board says."
    ),
    Key(
      path: "connectors[].ventilation", kind: .words(names(ConnectorSettings.Ventilation.self)),
      fallback: "board",
      purpose: "Whether the place is ventilated, so that state D is served."),
    Key(
      path: "connectors[].timers", kind: .words(names(ConnectorSettings.Timers.self)), fallback: "standard",
      purpose: "`relaxed` waits longer, for peers in a debugger. Never in the field."),
    Key(
      path: "connectors[].power-stage", kind: .mapping, fallback: "the board's",
      purpose: "DC: the power stage, see `docs/control-api.md`."),
    Key(
      path: "connectors[].power-stage.source", kind: .words(names(PowerStageSettings.Source.self)),
      fallback: "board",
      purpose:
        "`board`: the board's own; where the board has none, as with `control`. `control`: a client of the control socket drives it."
    ),
    Key(
      path: "connectors[].power-stage.silence-max", kind: .seconds(1...10), fallback: "1 s",
      purpose: "Longest silence of that client before energy is cut."),
  ]

  /// The keys right below a path; "" is the top.
  static func children(of path: String) -> [Key] {
    let prefix = path.isEmpty ? "" : path + "."
    return keys.filter { key in
      key.path.hasPrefix(prefix) && !key.path.dropFirst(prefix.count).contains(".")
    }
  }

  private static func names<Word: RawRepresentable<String> & CaseIterable>(_ type: Word.Type) -> [String] {
    Word.allCases.map(\.rawValue)
  }
}

/// What is measured, with its units.
public enum Quantity: String, CaseIterable, Sendable {
  case current, voltage, power, energy

  /// The usual unit first, each with how many of the smallest it has: mA, mV, W.
  var units: [(name: String, factor: Int)] {
    switch self {
    case .current: [("A", 1000), ("mA", 1)]
    case .voltage: [("V", 1000), ("kV", 1_000_000), ("mV", 1)]
    case .power: [("W", 1), ("kW", 1000)]
    case .energy: [("Wh", 1), ("kWh", 1000)]
    }
  }

  /// For messages.
  var example: String {
    switch self {
    case .current: "32 A"
    case .voltage: "400 V"
    case .power: "11 kW"
    case .energy: "20 kWh"
    }
  }

  /// As a person writes it.
  public func text(_ value: Int) -> String {
    var unit = units[0]
    if self == .power || self == .energy, value >= 10_000 { unit = units[1] }
    let (whole, rest) = (value / unit.factor, value % unit.factor)
    guard rest != 0 else { return "\(whole) \(unit.name)" }
    var digits = String(rest + unit.factor).dropFirst()
    while digits.last == "0" { digits.removeLast() }
    return "\(whole).\(digits) \(unit.name)"
  }
}

extension SiteSchema.Kind {
  /// What is allowed, for messages and the documentation.
  public var allowed: String {
    switch self {
    case .mapping: "keys and values"
    case .list(let count): "a list of \(count.lowerBound) to \(count.upperBound) items"
    case .words(let words): "one of " + words.joined(separator: ", ")
    case .integer(let range): "a whole number, \(range.lowerBound) to \(range.upperBound)"
    case .quantity(let quantity, let range):
      "\(quantity.text(range.lowerBound)) to \(quantity.text(range.upperBound))"
    case .seconds(let range): "\(range.lowerBound) s to \(range.upperBound) s"
    case .mode: "octal permissions that keep others out, like 0660 or 0600"
    case .path(let max): "an absolute path of at most \(max) octets"
    case .boardName: "the name of a board"
    case .interface: "a network interface's name, 1 to 15 characters"
    case .evseID: "an EVSEID like DE*CPL*E00001, 7 to 37 characters"
    case .evccID: "the address of one station, like 02:00:00:00:00:01"
    }
  }
}
