extension SiteSchema {
  public static let keys: [Key] = stationKeys + inletKeys

  /// The keys of a vehicle's inlets.
  static let inletKeys: [Key] = [
    Key(
      path: "inlets", kind: .list(1...16), fallback: "`connectors`",
      purpose:
        "What a vehicle's board is plugged in by, in the order of their numbers. In place of `connectors`."),
    Key(
      path: "inlets[].id", kind: .integer(1...16), isRequired: true, fallback: "",
      purpose: "1 for the first, 2 for the second: the number people see."),
    Key(
      path: "inlets[].inlet", kind: .integer(1...16), fallback: "the inlet's number",
      purpose: "Inlet of the board, counted from 1."),
    Key(
      path: "inlets[].interface", kind: .interface, fallback: "the board's modem",
      purpose:
        "Network interface of its PLC modem, where the board's description does not find it or finds another one."
    ),
    Key(
      path: "inlets[].current", kind: .words(words(ConnectorSettings.Current.self)), isRequired: true,
      fallback: "", purpose: "AC or DC; as the board's inlet."),
    Key(
      path: "inlets[].evcc-id", kind: .evccID, fallback: "the interface's",
      purpose: "EVCCID (ISO 15118-2): what the vehicle calls itself."),
    Key(
      path: "inlets[].limits", kind: .mapping, fallback: "the inlet's",
      purpose: "What the vehicle takes; never more than the board's inlet carries."),
    Key(
      path: "inlets[].limits.current-max", kind: .quantity(.current, 1000...1_000_000),
      fallback: "the inlet's", isLive: true, purpose: "Per phase (AC, 6 A at least) or pole (DC)."),
    Key(
      path: "inlets[].limits.voltage-max", kind: .quantity(.voltage, 50_000...1_500_000), fallback: "1000 V",
      isLive: true, purpose: "DC: highest voltage."),
    Key(
      path: "inlets[].limits.power-max", kind: .quantity(.power, 1000...1_500_000), fallback: "350 kW",
      isLive: true, purpose: "All phases together."),
    Key(
      path: "inlets[].limits.energy-max", kind: .quantity(.energy, 1...1_000_000), fallback: "no limit",
      isLive: true, purpose: "A session ends in order with this much, by the charger's meter."),
    Key(
      path: "inlets[].limits.soc-max", kind: .integer(1...100), fallback: "100", isLive: true,
      purpose: "A session ends in order at this state of charge, percent."),
    Key(
      path: "inlets[].battery", kind: .words(words(InletSettings.Battery.self)), fallback: "board",
      purpose:
        "Who speaks for the battery. `board`: the simulated one of a simulated inlet, else as `control`: a client of the control socket, by `battery`."
    ),
    Key(
      path: "inlets[].battery-silence", kind: .seconds(1...60), fallback: "2 s",
      purpose:
        "Longest silence of that client: then charging ends in order, and 3 s later the contactors open in any case."
    ),
    Key(
      path: "inlets[].basic", kind: .words(words(InletSettings.Basic.self)), fallback: "allowed",
      purpose: "AC: whether a nominal duty is charged by where nobody communicates."),
    Key(
      path: "inlets[].protocols", kind: .words(words(InletSettings.Protocols.self)), fallback: "standard",
      purpose:
        "`early` offers the name of ISO 15118-2:2010 behind that of 2013, for chargers that know no other."),
    Key(
      path: "inlets[].slac", kind: .words(words(ConnectorSettings.SLACMode.self)), fallback: "lenient",
      purpose: "Matching by the letter of ISO 15118-3, or with what public chargers are known for."),
    Key(
      path: "inlets[].link", kind: .words(words(InletSettings.Link.self)), fallback: "slac",
      purpose: "`assumed`: a plain network without a modem. For rigs only: nothing proves who the peer is."),
    Key(
      path: "inlets[].lock", kind: .words(words(ConnectorSettings.Lock.self)), fallback: "board",
      purpose:
        "`required`: the inlet's lock has to confirm before a session begins. `none`: it is not used. `board`: as the board says."
    ),
    Key(
      path: "inlets[].timers", kind: .words(words(ConnectorSettings.Timers.self)), fallback: "standard",
      purpose: "`relaxed` waits longer, for peers in a debugger. Never in the field."),
  ]

  private static func words<Word: RawRepresentable<String> & CaseIterable>(_ type: Word.Type) -> [String] {
    Word.allCases.map(\.rawValue)
  }
}
