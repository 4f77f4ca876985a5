import ArgumentParser
import Boards
@preconcurrency import Glibc
import HAL
import LinuxHardware

/// `coupler board check`
struct BoardCheck: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Look for contradictions in a description, and for what it names on this machine.",
    discussion: """
      Without a name the board of this machine is checked, as coupler board list marks it. Each contradiction is told with \
      the field that has it.

      On the board itself, its lines, PWM and ADC channels, serial ports, watchdog and the network interface of its modem \
      are looked for too; nothing is driven \
      or taken. On another machine only with --devices, --sys or --dev.

        coupler board check
        coupler board check acme-wallbox --devices
        coupler board check --all

      Exit status: 0 nothing is wrong; 1 a description contradicts itself or something is missing; 2 this machine is no \
      known board; 64 wrong arguments.
      """)

  @Argument(help: ArgumentHelp("A board of coupler board list.", valueName: "name"))
  var name: String?

  @Flag(help: "Check every description.")
  var all = false

  @Flag(help: "Look for the devices although this machine is not recognised as the board.")
  var devices = false

  @OptionGroup var roots: RootOptions

  @Flag(help: "Print JSON, one object per board.")
  var json = false

  func validate() throws {
    guard !all || name == nil else { throw ValidationError("Give a name or --all, not both.") }
  }

  func run() throws {
    var isClean = true
    for (board, isHere) in try chosen() {
      let problems = board.problems
      let missing = isHere ? board.missing(roots.roots) : []
      isClean = isClean && problems.isEmpty && missing.isEmpty
      if json {
        var line = JSONLine()
        line.add("name", board.name)
        line.add("devicesChecked", isHere)
        line.add("problems", problems)
        line.add("missing", missing)
        print(line.text)
      } else {
        for problem in problems { print("\(board.name): \(problem)") }
        for absence in missing { print("\(board.name): \(absence)") }
        if problems.isEmpty, missing.isEmpty {
          let count = board.lines.count + board.pwms.count + board.adcs.count
          print("\(board.name): sound\(isHere ? ", and all \(count) lines and channels are here" : "")")
        }
      }
    }
    if !isClean { throw ExitCode(1) }
  }

  /// The boards to check, and whether their devices are to be looked for.
  private func chosen() throws -> [(BoardDescription, Bool)] {
    if all { return BoardCatalogue.boards.map { ($0, false) } }
    let here = roots.detected
    let force = devices || roots.areGiven
    if let name {
      let board = try knownBoard(name)
      return [(board, force || here.first == board)]
    }
    guard let board = here.first else {
      fputs(
        "error: this machine is no known board: it has no device tree or DMI name of one; name the board, or use --all\n",
        stderr)
      throw ExitCode(2)
    }
    return [(board, true)]
  }
}

extension BoardDescription {
  /// What the description names and this machine has not, with the field.
  func missing(_ roots: DeviceRoots) -> [String] {
    var found: [String] = []
    func look(_ field: String, _ body: () throws(LinuxError) -> Void) {
      do throws(LinuxError) { try body() } catch { found.append("\(field): \(error)") }
    }
    for line in lines {
      look(line.field) { () throws(LinuxError) in try DevicePresence.find(line.line, roots: roots) }
    }
    for pwm in pwms {
      look(pwm.field) { () throws(LinuxError) in try DevicePresence.find(pwm.pwm, roots: roots) }
    }
    for adc in adcs {
      look(adc.field) { () throws(LinuxError) in
        switch adc.use {
        case .voltage(let description): try DevicePresence.find(description, roots: roots)
        case .temperature(let device, let channel):
          try DevicePresence.findTemperature(device: device, channel: channel, roots: roots)
        }
      }
    }
    for trigger in triggers {
      look(trigger.field) { () throws(LinuxError) in
        try DevicePresence.find(trigger.channels, trigger: trigger.name, roots: roots)
      }
    }
    let modems =
      outlets.enumerated().map { ("outlets[\($0)]", $1.modem) }
      + inlets.enumerated().map { ("inlets[\($0)]", $1.modem) }
    for (field, modem) in modems {
      guard let modem else { continue }
      look("\(field).modem.interface") { () throws(LinuxError) in
        _ = try InterfaceFinder.find(modem.interface, roots: roots)
      }
    }
    for (index, link) in links.enumerated() {
      guard case .serial(let device, _, _) = link.transport else { continue }
      look("links[\(index)].transport") { () throws(LinuxError) in
        try DevicePresence.find(device: device, roots: roots)
      }
    }
    if case .hardwareWatchdog(let device, _, _) = crashSafety {
      look("crashSafety.device") { () throws(LinuxError) in
        try DevicePresence.find(device: device, roots: roots)
      }
    }
    return found
  }
}
