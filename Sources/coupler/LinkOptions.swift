import ArgumentParser

/// Options of the two commands that run on a network interface.
struct LinkOptions: ParsableArguments {
  @Option(name: .shortAndLong, help: "Network interface of the PLC modem.")
  var interface: String

  @Flag(help: "Charge with AC.")
  var ac = false

  @Flag(help: "Charge with DC (the default).")
  var dc = false

  @Flag(help: "The interface is a plain network: no SLAC, the link counts as up.")
  var noSlac = false

  @Option(help: "How far to go: match (to the joined link) or session.")
  var until = Goal.session

  @Option(
    help: ArgumentHelp(
      "Where the pilot comes from: auto plays the other side here; a path is a cable to the process that names the same one.",
      valueName: "auto|path"))
  var pilot = "auto"

  @Flag(help: "Wait longer than the standards say, for slow peers.")
  var relaxed = false

  enum Goal: String, ExpressibleByArgument, CaseIterable { case match, session }

  /// Path of the cable to another process, if there is one.
  var cable: String? { pilot == "auto" ? nil : pilot }

  func validate() throws {
    if ac, dc { throw ValidationError("--ac and --dc exclude each other") }
    if noSlac, until == .match { throw ValidationError("--until match needs SLAC; leave --no-slac out") }
  }
}
