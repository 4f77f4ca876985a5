import ArgumentParser
import Boards
import HAL

/// `coupler board`
struct BoardCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "board",
    abstract: "Show, check and begin descriptions of boards.",
    discussion: """
      A board's description says which line, PWM and ADC channel does what, and what each output is at start, at stop and \
      after a crash. Drivers are built from it, and so is a replica of the board from simulated lines.

        coupler board list                          every board, and which one this machine is
        coupler board show chargebyte-tarragon      its lines, by function
        coupler board show chargebyte-tarragon --json
        coupler board check --all                   does any description contradict itself?
        coupler board check                         and is everything it names on this machine?
        coupler board new acme-wallbox              begin a description of your own

      Boards/README.md of the sources says how to add one.
      """,
    subcommands: [BoardList.self, BoardShow.self, BoardCheck.self, BoardNew.self])
}

/// A board named on the command line.
func knownBoard(_ name: String) throws -> BoardDescription {
  if let board = BoardCatalogue.board(named: name) { return board }
  let names = BoardCatalogue.boards.map(\.name)
  let near = names.filter { $0.contains(name) || name.contains($0) }
  throw ValidationError(
    "There is no board '\(name)'. \(near.isEmpty ? "There are" : "Did you mean"): "
      + (near.isEmpty ? names : near).joined(separator: ", ") + (near.isEmpty ? "." : "?"))
}
