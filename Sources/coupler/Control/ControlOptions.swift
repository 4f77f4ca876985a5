import ArgumentParser
import ControlAPI

/// Options of all commands that talk to a running daemon.
struct ControlOptions: ParsableArguments {
  static let exitStatus = """
    Exit status: 0 done; 1 the daemon refused, and says why; 2 no daemon could be
    reached; 64 wrong arguments.
    """

  @Option(help: ArgumentHelp("The daemon's control socket.", valueName: "path"))
  var socket = "/run/coupler/control.sock"

  @Flag(help: "Print JSON, one object a line, as docs/control-api.md describes it.")
  var json = false
}

/// The connector a command is about.
struct ConnectorArgument: ParsableArguments {
  @Argument(
    help: ArgumentHelp("Number of the connector; may be left out where there is one.", valueName: "connector")
  )
  var connector: Int?

  func validate() throws {
    if let connector, !(1...255).contains(connector) {
      throw ValidationError("connectors are numbered 1, 2, 3 ...; \(connector) is none")
    }
  }

  /// The one that is meant.
  func resolve(_ session: ControlSession) throws -> Int {
    if let connector { return connector }
    guard case .info(let info) = try session.ask(.info) else { throw ControlTrouble.foreign }
    if info.connectors.count == 1, let only = info.connectors.first { return only }
    let all = info.connectors.map(String.init).joined(separator: ", ")
    throw ControlSession.trouble(
      ControlFailure(
        .invalidParameters, "this station has the connectors \(all)", remedy: "say which, as the argument"))
  }
}

/// A command that could not be carried out.
struct ControlTrouble: Error {
  var status: Int32
  var text: String
  /// What a script reads in place of a result; without it the text.
  var json: String?

  static let foreign = ControlTrouble(
    status: 2, text: "what answers on this socket is no Coupler daemon, or another version")

  /// Tells it, and ends the program.
  func exit(_ options: ControlOptions) -> ExitCode {
    complain("coupler: \(text)")
    if options.json {
      var error = JSONLine()
      error.add("message", text)
      var line = JSONLine()
      line.add("error", error)
      say(json ?? line.text)
    }
    return ExitCode(status)
  }
}

extension ControlOptions {
  /// Runs `body` with a connection to the daemon; what it throws becomes words and an exit status.
  func withSession(_ body: (ControlSession) throws -> Void) throws {
    do {
      try body(try ControlSession(path: socket))
    } catch let trouble as ControlTrouble {
      throw trouble.exit(self)
    }
  }

  /// Asks one thing; prints the result as JSON, or as `text` says it.
  func perform(_ session: ControlSession, _ request: ControlRequest, text: (ControlResult) -> String) throws {
    let result = try session.ask(request)
    say(json ? result.jsonText : text(result))
  }
}
