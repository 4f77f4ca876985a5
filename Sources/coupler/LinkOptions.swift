import ArgumentParser
import LinuxHardware
import Node
import SLAC

/// Options of the two commands that run on a network interface.
struct LinkOptions: ParsableArguments {
  @Option(name: .shortAndLong, help: "Network interface of the PLC modem; with --link none there is none.")
  var interface: String?

  @Flag(help: "Charge with AC.")
  var ac = false

  @Flag(help: "Charge with DC (the default).")
  var dc = false

  @Option(
    help: ArgumentHelp(
      "How the data link comes about: slac; assumed, on a plain network; or none, AC by the pilot's duty alone, without a network and root.",
      valueName: "slac|assumed|none"))
  var link = Link.slac

  @Flag(help: "The same as --link assumed: the interface is a plain network, the link counts as up.")
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

  enum Link: String, ExpressibleByArgument, CaseIterable { case slac, assumed, none }

  var policy: LinkPolicy {
    switch link {
    case .slac: noSlac ? .assumed : .slac
    case .assumed: .assumed
    case .none: .absent
    }
  }

  /// The interface, looked up; `nil` with `--link none`.
  func networkInterface() throws -> NetworkInterface? {
    guard let interface else { return nil }
    return try orExit { () throws(LinuxError) in try NetworkInterface(interface) }
  }

  /// Path of the cable to another process, if there is one.
  var cable: String? { pilot == "auto" ? nil : pilot }

  func validate() throws {
    if ac, dc { throw ValidationError("--ac and --dc exclude each other") }
    switch policy {
    case .slac: break
    case .assumed:
      if until == .match { throw ValidationError("--until match needs SLAC; leave --no-slac out") }
    case .absent:
      if noSlac { throw ValidationError("--link none and --no-slac exclude each other") }
      if !ac {
        throw ValidationError("--link none charges by the pilot's duty alone, which is for AC: add --ac")
      }
      if until == .match { throw ValidationError("--until match needs SLAC; leave --link none out") }
      if interface != nil {
        throw ValidationError("--link none opens no network; leave --interface out, or --link none")
      }
    }
    if policy != .absent, interface == nil {
      throw ValidationError(
        "--interface is missing: the network interface of the PLC modem, as ip link shows it. Without a modem: --link none --ac"
      )
    }
  }

  /// What would be taken and do nothing.
  func validate(_ slac: SLACOptions, _ report: ReportOptions) throws {
    guard policy == .absent else { return }
    if report.record != nil { throw ValidationError("--record is of a network, and --link none has none") }
    var settings = SLACSettings()
    slac.apply(to: &settings)
    if settings != SLACSettings() {
      throw ValidationError("options of SLAC have no meaning with --link none; leave them out")
    }
  }
}
