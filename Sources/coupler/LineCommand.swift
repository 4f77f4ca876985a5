import ArgumentParser
@preconcurrency import Glibc
import LinuxHardware
import SimulatedHardware
import Wire

/// `coupler line`: modems and a power line between network interfaces.
struct LineCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "line",
    abstract: "Join network interfaces as PLC modems and the power line between them.",
    discussion: """
      Each interface gets a simulated HomePlug Green PHY modem. It answers its host's CM_SET_KEY and vendor \
      requests, reports the attenuation of each sound, and passes data (IPv6) only to modems that hold the \
      same key. So two SLAC stacks, ours or foreign ones, match over a veth pair as over a cable:

        ip netns add ev; ip netns add se
        ip link add line-ev type veth peer name plc0 netns ev
        ip link add line-se type veth peer name plc0 netns se
        ip link set line-ev up; ip -n ev link set plc0 up
        ip link set line-se up; ip -n se link set plc0 up
        coupler line line-ev line-se

      With --spi an end is no interface but a QCA7000 on SPI, for coupler spi --socket.

      Modems are QCA7005 of an EVSE unless told otherwise, so that the order of the interfaces does not matter. To \
      see what a stack makes of another modem, of a broken one, or of one that is set up wrongly:

        coupler line line-ev line-se --ev line-ev --modem line-se=cg5317
        coupler line line-ev line-se --fault line-se=refuses-key --restart 3

      Models: \(ModemModel.allCases.map(\.rawValue).joined(separator: ", ")). A model answers its vendor's \
      messages and no other's; qca7420 is a home plug, which reports no attenuation.

      Faults:
      \(faultHelp)

      Prints one line when it is ready, one for each network that is formed or left, and runs until it is \
      interrupted. Needs root or CAP_NET_RAW. Nothing on the host is changed.
      """)

  private static let faultHelp = ModemFault.allCases.map {
    let name = $0.rawValue + String(repeating: " ", count: max(0, 18 - $0.rawValue.count))
    return "  \(name)\($0.help)"
  }.joined(separator: "\n")

  @Argument(help: ArgumentHelp("Interfaces to join; two or more ends in all.", valueName: "interface"))
  var interfaces: [String] = []

  @Option(
    help: ArgumentHelp("Add a QCA7000 on SPI as an end: a Unix socket to create there.", valueName: "path"))
  var spi: [String] = []

  @Option(
    help: ArgumentHelp(
      "Faults of each kind on the SPI buses, of a million chip selects.", valueName: "permillion"))
  var spiFaults = 0

  @Option(help: ArgumentHelp("Attenuation between any two modems.", valueName: "dB"))
  var attenuation = 20

  @Option(
    help: ArgumentHelp("Time two modems take to form a network once they hold the same key.", valueName: "s"))
  var joinDelay = 1.0

  @Option(help: ArgumentHelp("Frames lost on the line, of a thousand.", valueName: "permille"))
  var loss = 0

  @Option(help: "Seed of the losses and of the ripple in the attenuation.")
  var seed: UInt64 = 1

  @Option(
    name: .customLong("ev"),
    help: ArgumentHelp(
      "An interface of the line whose modem is set up as a vehicle's: it reports no attenuation.",
      valueName: "interface"))
  var vehicles: [String] = []

  @Option(
    name: .customLong("modem"),
    help: ArgumentHelp("Which modem an interface gets. Repeat for others.", valueName: "interface=model"))
  var models: [String] = []

  @Option(
    name: .customLong("fault"),
    help: ArgumentHelp(
      "What is wrong with an interface's modem. Repeat for more.", valueName: "interface=fault"))
  var modemFaults: [String] = []

  @Option(
    help: ArgumentHelp(
      "Time a modem answers nothing after it took a key, and does nothing after it was reset.",
      valueName: "s"))
  var restart = 0.0

  @Flag(help: "Carry data whether or not the modems hold the same key.")
  var alwaysJoined = false

  @Flag(help: "Print JSON, one object a line.")
  var json = false

  @Flag(name: .shortAndLong, help: "Print the name of each HomePlug message that passes.")
  var verbose = false

  func validate() throws {
    guard ends.count >= 2 else { throw ValidationError("Name at least two interfaces or --spi paths.") }
    guard ends.count <= 32 else {
      throw ValidationError("At most 32 interfaces and --spi paths can be joined.")
    }
    guard Set(ends).count == ends.count else {
      throw ValidationError("An interface or path can be at one end of the line only.")
    }
    guard (0...1_000_000).contains(spiFaults) else {
      throw ValidationError("--spi-faults is 0 to 1000000 per million.")
    }
    guard (0...255).contains(attenuation) else { throw ValidationError("--attenuation is 0 to 255 dB.") }
    guard (0...3600).contains(joinDelay) else { throw ValidationError("--join-delay is 0 to 3600 s.") }
    guard (0...1000).contains(loss) else { throw ValidationError("--loss is 0 to 1000 per mille.") }
    guard Set(vehicles).isSubset(of: ends) else {
      throw ValidationError("--ev names an interface that is not on the line.")
    }
    guard (0...600).contains(restart) else { throw ValidationError("--restart is 0 to 600 s.") }
    let chosen = try Self.values(models, of: ModemModel.self, option: "--modem", ends)
    guard Set(chosen.map(\.interface)).count == chosen.count else {
      throw ValidationError("--modem names an interface twice; it has one modem.")
    }
    _ = try Self.values(modemFaults, of: ModemFault.self, option: "--fault", ends)
  }

  /// Reads `interface=value` pairs.
  private static func values<Value: RawRepresentable<String> & CaseIterable>(
    _ texts: [String], of type: Value.Type, option: String, _ interfaces: [String]
  ) throws -> [(interface: String, value: Value)] {
    try texts.map { text in
      // An interface's name may have an equals sign; the values have none.
      guard let sign = text.lastIndex(of: "=") else {
        throw ValidationError("\(option) \(text) lacks an interface; write \(option) INTERFACE=VALUE.")
      }
      let interface = String(text[..<sign])
      guard interfaces.contains(interface) else {
        throw ValidationError("\(option) names '\(interface)', which is not on the line.")
      }
      let name = String(text[text.index(after: sign)...])
      guard let value = Value(rawValue: name) else {
        let known = Value.allCases.map(\.rawValue).joined(separator: ", ")
        throw ValidationError("\(option) \(text): '\(name)' is none of \(known).")
      }
      return (interface, value)
    }
  }

  func run() throws {
    setvbuf(stdout, nil, Int32(_IOLBF), 0)
    let configuration = try lineConfiguration
    do throws(LinuxError) {
      try drive(configuration)
    } catch {
      fputs("error: \(error)\n", stderr)
      throw ExitCode(2)
    }
  }

  private func drive(_ configuration: PowerLineConfiguration) throws(LinuxError) {
    let loop = try EventLoop()
    // First of all, so that an interruption at any later time is an orderly end.
    try loop.onSignals([SIGINT, SIGTERM]) { _ in loop.stop() }
    var found: [NetworkInterface] = []
    for name in interfaces { found.append(try NetworkInterface(name)) }
    var chips: [SPILinePort] = []
    for (index, path) in spi.enumerated() {
      let faults = spiFaults > 0 ? QCA7000ChipFaults.all(perMillion: spiFaults) : .none
      chips.append(
        try SPILinePort(path: path, seed: seed &+ UInt64(index), faults: faults, loop: loop))
    }
    let report = LineReport(ends, json: json, verbose: verbose, start: loop.now) { loop.now }
    let driver = try LineDriver(
      found, chips: chips, configuration: configuration, seed: seed, alwaysJoined: alwaysJoined, loop: loop,
      observe: report.add)
    try driver.start()
    report.ready(down: found.filter { !$0.isRunning }.map(\.name))
    try loop.run()
    for chip in chips { report.chip(chip) }
    report.stopped(unsent: driver.unsent)
  }

  /// All ends, in the order of the line's ports.
  private var ends: [String] { interfaces + spi }

  private var lineConfiguration: PowerLineConfiguration {
    get throws {
      let models = try Self.values(models, of: ModemModel.self, option: "--modem", ends)
      let faults = try Self.values(modemFaults, of: ModemFault.self, option: "--fault", ends)
      var ports: [PowerLineConfiguration.Port] = []
      for (index, name) in ends.enumerated() {
        // Both roles answer alike but for attenuation, and only charger hosts care for that: so everyone is told,
        // and the order of the interfaces does not matter.
        ports.append(
          PowerLineConfiguration.Port(
            modem: MACAddress(0x00B0_5200_0100 + UInt64(index)), role: vehicles.contains(name) ? .ev : .evse,
            model: models.first { $0.interface == name }?.value ?? .qca7005,
            faults: Set(faults.filter { $0.interface == name }.map(\.value))))
      }
      var result = PowerLineConfiguration(ports: ports)
      result.attenuation = attenuation
      result.joinDelay = .milliseconds(Int64(joinDelay * 1000))
      result.modemRestart = .milliseconds(Int64(restart * 1000))
      result.faults.lossPerMille = loss
      return result
    }
  }
}

extension ModemFault {
  /// One line for `--help`.
  fileprivate var help: String {
    switch self {
    case .silent: "answers nothing, and still carries frames"
    case .bootLoader: "runs its boot loader: carries nothing, tells little"
    case .withoutSLAC: "firmware without SLAC, as a home plug's"
    case .slacOff: "SLAC mode 0 in its parameter block"
    case .neverCoordinates: "CCo selection of an EV: forms no network"
    case .refusesKey: "refuses a key within 400 ms of a match or another key"
    case .ignoresKey: "confirms every key and takes none"
    case .checksNID: "confirms a key with a wrong NID and does not take it"
    case .invertedResult: "swaps 0 and 1 in CM_SET_KEY.CNF"
    case .reversedNID: "octets of the NID in reverse order in VS_NW_INFO.CNF"
    case .noLinkStatus: "does not answer VS_PL_LNK_STATUS"
    case .reportsErrors: "CM_MME_ERROR.IND instead of silence"
    case .noPieces: "does not know VS_RD_MOD, VS_WR_MOD, VS_MOD_NVM"
    case .noOperations: "does not know VS_MODULE_OPERATION"
    case .flashFails: "refuses to take anything into flash"
    case .flashFlips: "one bit of what goes into flash flips"
    }
  }
}

/// Says what happens on the line, for people or for scripts.
private final class LineReport {
  private let names: [String]
  private let json: Bool
  private let verbose: Bool
  private let start: Instant
  private let now: () -> Instant

  init(_ names: [String], json: Bool, verbose: Bool, start: Instant, now: @escaping () -> Instant) {
    self.names = names
    self.json = json
    self.verbose = verbose
    self.start = start
    self.now = now
  }

  func ready(down: [String]) {
    say("ready", "line ready: \(names.joined(separator: " <-> "))") {
      $0.add("interfaces", names.joined(separator: " "))
    }
    for name in down {
      say("down", "\(name) is down or has no carrier; frames pass once it is up at both ends") {
        $0.add("interface", name)
      }
    }
  }

  /// Where the frames of an SPI end went.
  func chip(_ port: SPILinePort) {
    let rows = port.rows
    say("chip", "\(port.path): " + rows.map { "\($0.name) \($0.value)" }.joined(separator: ", ")) {
      $0.add("interface", port.path)
      for row in rows { $0.add(row.name, row.value) }
    }
  }

  func stopped(unsent: Int) {
    say("stopped", "line stopped" + (unsent > 0 ? ", \(unsent) frames unsent" : "")) {
      $0.add("unsent", unsent)
    }
  }

  func add(_ event: LineEvent) {
    switch event {
    case .joined(let a, let b, let network):
      say("joined", "joined: \(names[a]) <-> \(names[b]), NID \(network)") {
        $0.add("a", names[a])
        $0.add("b", names[b])
        $0.add("nid", network)
      }
    case .left(let a, let b):
      say("left", "left: \(names[a]) <-> \(names[b])") {
        $0.add("a", names[a])
        $0.add("b", names[b])
      }
    case .trouble(let port, let error):
      say("trouble", "\(error)") {
        $0.add("interface", names[port])
        $0.add("cause", "\(error)")
      }
    case .frame(let port, let fromHost, let type, let octets):
      guard verbose else { return }
      let way = fromHost ? "from" : "to"
      say("frame", "\(way) \(names[port]): \(type), \(octets) octets") {
        $0.add("interface", names[port])
        $0.add("direction", way)
        $0.add("type", type)
        $0.add("octets", octets)
      }
    }
  }

  private func say(_ event: String, _ text: String, _ fill: (inout JSONLine) -> Void) {
    let milliseconds = (now() - start).milliseconds
    guard json else {
      // The first line is looked for by scripts that wait for it.
      return print(event == "ready" ? text : "\(seconds(milliseconds: milliseconds))  \(text)")
    }
    var line = JSONLine()
    line.add("time", milliseconds: milliseconds)
    line.add("event", event)
    fill(&line)
    print(line.text)
  }
}
