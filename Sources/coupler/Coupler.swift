import ArgumentParser
import Glibc
import Wire

/// `coupler`: the host and bench tool.
@main
struct Coupler: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "coupler",
    abstract: "Charge an electric vehicle: SLAC, control pilot, SDP, ISO 15118-2.",
    discussion: """
      Start with a charge on the simulated board, without hardware and root:

        coupler demo                 a DC charge in real time, with a timeline
        coupler demo --ac --fast     an AC charge in virtual time

      Two processes on two interfaces, with the power line between them (root):

        coupler line veth-ev veth-se
        coupler evse --interface plc0
        coupler ev --interface plc0

      A station that runs (couplerd):

        coupler status               what each connector does
        coupler watch                ... as it changes
        coupler authorize 1

      Exit status: 0 the session ended in order; 1 it did not, and layer and
      cause are printed; 2 an interface or a file could not be used; 64 wrong
      arguments.
      """,
    version: ProgramVersion.text,
    subcommands: [
      DemoCommand.self, EVSECommand.self, EVCommand.self, LineCommand.self, ModemCommand.self,
      ControllerCommand.self, SPICommand.self, EXICommand.self, BoardCommand.self,
      StatusCommand.self, WatchCommand.self, AuthorizeCommand.self, StopCommand.self, LimitCommand.self,
      ClearCommand.self,
      PowerStageCommand.self, JournalCommand.self,
    ])

  /// A reader that goes away, as `| head` does, must not end a write to a modem's flash half way.
  static func main() {
    _ = signal(SIGPIPE, SIG_IGN)
    main(nil)
  }
}
