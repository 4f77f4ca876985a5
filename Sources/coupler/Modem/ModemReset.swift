import ArgumentParser
import PLCModem
import Wire

/// `coupler modem reset`
struct ModemReset: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reset",
    abstract: "Restart the modem, and wait until it answers again.",
    discussion: """
      A QCA700x is back after 1 to 4 s, a CG5317 after up to 10 s. A link is lost; the key stays where the firmware \
      stores it. Modems of vendors without public messages cannot be reset from here: switch their supply.

        coupler modem reset -i plc0

      Exit status: 0 it answers again; 1 it refused or did not come back; 2 the interface could not be used.
      """)

  @OptionGroup var options: ModemOptions

  func run() throws {
    let session = try ModemSession(options)
    let duration = try session.run(ResetModem(driver: session.driver))
    guard options.json else {
      return say("the modem answers again after \(seconds(milliseconds: duration.milliseconds)) s")
    }
    var line = JSONLine()
    line.add("back", milliseconds: duration.milliseconds)
    say(line.text)
  }
}
