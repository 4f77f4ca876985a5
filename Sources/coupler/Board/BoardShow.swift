import ArgumentParser
import HAL
import Wire

/// `coupler board show`
struct BoardShow: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show what a description says, line by line.",
    discussion: """
      Lines are shown by function, with the value an output has at start, at stop and after a crash: "off at once" where the \
      kernel lets go of it, "off after a reset" where it stays until the watchdog has reset the board. Values are those of the \
      function; of an active-low line, on is the low level.

      With --json the same as one object: outlets, inlets, lines (field, place, direction, activeLow, start, stop, crash), \
      pwms, adcs, links, powerOn, crashSafety, problems. A replica of the board can be made from it.
      """)

  @Argument(help: ArgumentHelp("A board of coupler board list.", valueName: "name"))
  var name: String

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    let board = try knownBoard(name)
    print(json ? board.json.text : board.page)
  }
}

extension BoardDescription {
  /// The description for people.
  var page: String {
    var rows: [[String]] = []
    for line in lines {
      let low = line.line.isActiveLow ? ", active low" : ""
      switch line.use {
      case .input: rows.append([line.field, "\(line.line.place)\(low)", "input", ""])
      case .output(let start, let stop, let crash):
        rows.append([
          line.field, "\(line.line.place)\(low)", "output",
          "start \(start.word), stop \(stop.word), crash \(crash.words { $0.word })",
        ])
      }
    }
    for pwm in pwms {
      let place = "\(pwm.pwm.device) channel \(pwm.pwm.channel)"
      switch pwm.use {
      case .pilot(let start, let stop, let crash):
        rows.append([
          pwm.field, place, "PWM", "start \(start), stop \(stop), crash \(crash.words { $0.description })",
        ])
      case .economiser: rows.append([pwm.field, place, "PWM", "start off, stop off"])
      case .capture: rows.append([pwm.field, place, "capture", ""])
      case .steady(let permille): rows.append([pwm.field, place, "PWM", "\(permille) permille throughout"])
      }
    }
    for adc in adcs {
      let kind = if case .voltage = adc.use { "voltage" } else { "temperature" }
      rows.append([adc.field, "\(adc.device) \(kind)\(adc.channel)", "ADC", ""])
    }
    var text = "\(name): \(summary)\n"
    if trial == .neverOnMetal { text += "Written from public sources; never tried on the board.\n" }
    for (index, outlet) in outlets.enumerated() { text += "\noutlets[\(index)]: \(outlet.words)\n" }
    for (index, inlet) in inlets.enumerated() { text += "\ninlets[\(index)]: \(inlet.words)\n" }
    for link in links {
      text += "\nlink \(link.name): \(link.transport.words), heartbeat \(link.heartbeat)\n"
    }
    text += "\n"
    let widths = (0..<3).map { column in rows.map { $0[column].count }.max() ?? 0 }
    for row in rows {
      var line = ""
      for (column, cell) in row.enumerated() {
        line += column < 3 ? cell + String(repeating: " ", count: widths[column] - cell.count + 2) : cell
      }
      while line.last == " " { line.removeLast() }
      text += line + "\n"
    }
    if rows.isEmpty { text += "No lines, PWM or ADC channels.\n" }
    text += "\nAfter SIGKILL: \(crashSafety.words)"
    for problem in problems { text += "\nproblem: \(problem)" }
    return text
  }
}

extension Outlet {
  /// What is read against the data sheet first.
  fileprivate var words: String {
    let supply =
      switch limits.supply {
      case .ac(let phases, let canSwitch):
        "\(phases) phase\(phases == 1 ? "" : "s")\(canSwitch ? " or one" : "")"
      case .dc(let least, let most, let watts): "\(least / 1000)...\(most / 1000) V, \(watts / 1000) kW"
      }
    return electricalWords(current, milliampsMax, [supply, hasLock ? "locks the plug" : "no lock"], modem)
  }
}

extension Inlet {
  fileprivate var words: String {
    electricalWords(current, milliampsMax, [hasLock ? "locks the plug" : "no lock"], modem)
  }
}

private func electricalWords(
  _ current: OutletCurrent, _ milliamps: Int, _ more: [String], _ modem: ModemDescription?
) -> String {
  let found = modem.map { "modem at \($0.interface.words)" } ?? "no modem"
  return (["\(current.rawValue.uppercased()) up to \(milliamps / 1000) A"] + more + [found]).joined(
    separator: ", ")
}

extension InterfaceMatch {
  fileprivate var words: String {
    switch self {
    case .driver(let driver, let parent): "the interface of \(driver)" + (parent.map { " below \($0)" } ?? "")
    case .addressPrefix(let prefix):
      "the interface whose address begins with "
        + [16, 8, 0].map { hexadecimal(UInt8(truncatingIfNeeded: prefix >> $0)) }.joined(separator: ":")
    case .named(let name): "interface \(name)"
    case .tap(let name, let mtu): "TAP interface \(name), MTU \(mtu)"
    }
  }
}

extension Bool {
  fileprivate var word: String { self ? "on" : "off" }
}

extension CrashValue {
  fileprivate func words(_ word: (Value) -> String) -> String {
    switch self {
    case .released(let value): "\(word(value)) at once"
    case .heldUntilReset(let value): "\(word(value)) after a reset"
    case .held: "as it was"
    }
  }
}

extension SafetyLinkTransport {
  fileprivate var words: String {
    switch self {
    case .serial(let device, let baud, let spoken): "\(spoken.rawValue) on \(device) at \(baud)"
    case .chargeBridge(let host, let port): "chargebridge at \(host) port \(port)"
    }
  }
}
