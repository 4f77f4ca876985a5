import ArgumentParser
import ControlAPI

/// `coupler status`
struct StatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Show what a running charging station does.",
    discussion: """
      Asks the daemon once, and prints each connector: pilot, power-line link, session, power, limits and what is wrong.

        coupler status               all connectors
        coupler status 2             one of them
        coupler status --errors      the latest errors instead
        coupler status --json        for scripts

      \(ControlOptions.exitStatus)
      """)

  @OptionGroup var target: ConnectorArgument
  @OptionGroup var options: ControlOptions

  @Flag(help: "Show the latest errors instead, the newest last.")
  var errors = false

  func run() throws {
    let connector = target.connector
    try options.withSession { session in
      if errors {
        return try options.perform(session, .errors(connector: connector, count: 100)) { result in
          guard case .errors(let list) = result, !list.isEmpty else {
            return "no errors since the daemon started"
          }
          return list.map { StatusText.line($0) }.joined(separator: "\n")
        }
      }
      guard !options.json else {
        return try options.perform(session, .status(connector: connector)) { _ in "" }
      }
      guard case .info(let info) = try session.ask(.info) else { throw ControlTrouble.foreign }
      try options.perform(session, .status(connector: connector)) { result in
        guard case .status(let list) = result else { return "" }
        let text = StatusText(width: Terminal.width(), isColoured: Terminal.isColoured)
        var lines = [text.title(info)]
        for status in list { lines += [""] + text.block(status) }
        return lines.joined(separator: "\n")
      }
    }
  }
}
