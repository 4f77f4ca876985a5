import HAL

/// The few options of `couplerd`.
public struct DaemonOptions: Hashable, Sendable {
  public enum Task: Hashable, Sendable { case run, check, safeState, help, version }

  public var task = Task.run
  /// Where the site file is, if nothing else is said.
  public static let defaultSitePath = "/etc/coupler/site.yaml"
  /// The same, for a test that has it elsewhere.
  var usualSitePath = defaultSitePath

  /// The site file; `nil` for the default one, or the built-in site where there is none: one simulated connector.
  public var sitePath: String?
  public var board: String?
  /// Built-in site only.
  public var interface: String?
  /// Simulation board only.
  public var cablePath: String?
  /// Where safety controllers are, by the names of their links, in place of what the board says.
  public var controllers: [ControllerOption] = []
  public var isVerbose = false

  /// What is wrong with a command line, and what helps.
  public struct Misuse: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String
  }

  public init() {}

  /// Reads the arguments behind the program's name.
  public init(_ arguments: some Sequence<String>) throws(Misuse) {
    var iterator = arguments.makeIterator()
    while let argument = iterator.next() {
      var name = argument
      var inline: String?
      if argument.hasPrefix("--"), let equals = argument.firstIndex(of: "=") {
        name = String(argument[..<equals])
        inline = String(argument[argument.index(after: equals)...])
      }
      let takesValue = ["--site", "--board", "--interface", "--pilot", "--controller"].contains(name)
      if inline != nil, !takesValue { throw Misuse(description: "\(name) takes no value") }
      var value = inline ?? ""
      if takesValue, inline == nil {
        guard let next = iterator.next() else { throw Misuse(description: "\(name) needs a value behind it") }
        value = next
      }
      if takesValue, value.isEmpty { throw Misuse(description: "\(name) needs a value that is not empty") }
      switch name {
      case "--help", "-h": task = .help
      case "--version": task = .version
      case "--check", "--safe-state":
        let new = name == "--check" ? Task.check : .safeState
        guard task == .run || task == new else {
          throw Misuse(
            description: "--check and --safe-state exclude each other: one moves nothing, the other does")
        }
        task = new
      case "--verbose", "-v": isVerbose = true
      case "--site": sitePath = value
      case "--board": board = value
      case "--interface": interface = value
      case "--pilot": cablePath = value
      case "--controller":
        guard let option = ControllerOption(value) else {
          throw Misuse(description: "--controller needs NAME=PATH, or NAME=HOST:PORT; is '\(value)'")
        }
        controllers.append(option)
      default: throw Misuse(description: "unknown option '\(argument)'; couplerd --help lists them")
      }
    }
    if sitePath != nil, interface != nil {
      throw Misuse(description: "--interface is for the built-in site; write it into the site file instead")
    }
  }

  /// Built-in site: the modem's interface, where the board does not know better.
  func builtInInterface(_ modem: ModemDescription?) -> String? {
    interface ?? (modem == nil ? "plc0" : nil)
  }

  public static let help = """
    couplerd: the daemon of a charging station or a vehicle. One thread; runs every connector or
    inlet of a board.

      couplerd --site /etc/coupler/site.yaml           run the site
      couplerd --site /etc/coupler/site.yaml --check   say what is wrong with the file, and stop
      couplerd --site /etc/coupler/site.yaml --safe-state
                                                       drive every output to its stop value, and stop
      couplerd --interface plc0 --pilot /run/cable     the built-in site: the simulation board, one
                                                       DC connector; a vehicle plugs in by
                                                       coupler ev --interface ... --pilot /run/cable
      couplerd --board simulation-ev --interface plc0 --pilot /run/cable
                                                       the same of a vehicle: one DC inlet, for
                                                       coupler evse or another couplerd

    Options:
      --site FILE       the site file (docs/site-file.md); without it /etc/coupler/site.yaml, and the
                        built-in site where that is not there
      --board NAME      take this board, not the one the file names; coupler board list shows them
      --interface NAME  built-in site: the modem's interface (the board's own, or plc0)
      --pilot PATH      simulation board: socket of the simulated cable; PATH.2 for connector 2, and so on
      --controller NAME=PLACE
                        the safety controller NAME of the board is at PLACE: a serial port, or
                        HOST:PORT of a ChargeBridge; its reset line is left alone. For rigs, with
                        coupler controller
      --check           read and judge the site file only: "FILE: ok" (or "built-in site of board NAME:
                        ok", where there is no file), or each problem with its line
      --safe-state      contactors and S2 open, pilots at -12 V, and nothing else; needs no running daemon.
                        For ExecStopPost= and after a crash
      -v, --verbose     log every frame and every duty, too
      --version         print the version
      -h, --help        print this

    Signals: SIGTERM and SIGINT end sessions in order, then stop; a second one stops at once. SIGHUP
    reads the site file again: limits and authorization change live.
    Exit status: 0 stopped or ok; 1 the site file has problems; 2 a device, socket or interface could
    not be used; 64 wrong arguments.

    """
}
