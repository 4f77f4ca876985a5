import ArgumentParser
import HomePlug
import LinuxHardware
import PLCModem
import Wire

/// Options of all commands that speak to one modem.
struct ModemOptions: ParsableArguments {
  @Option(name: .shortAndLong, help: "Network interface of the PLC modem.")
  var interface: String

  @Option(
    help: ArgumentHelp(
      "The modem's own address, where several modems listen to the alias 00:b0:52:00:00:01.", valueName: "mac"
    ),
    transform: stationAddress)
  var modem: MACAddress?

  @Flag(help: "Print JSON, one object per line.")
  var json = false
}

/// An address that one station can have.
func stationAddress(_ text: String) throws -> MACAddress {
  guard let address = MACAddress(text), !address.isGroup, address != .zero else {
    throw ValidationError("'\(text)' is not the address of one station, such as 02:00:00:00:00:01")
  }
  return address
}

/// The end of the cable a modem shall serve, as an argument.
enum CableEnd: String, ExpressibleByArgument, CaseIterable {
  case ev, evse

  var role: ModemRole { self == .ev ? .ev : .evse }
}

/// What is said when a command cannot go on: on standard error for people, and for scripts as an object too.
func giveUp(_ text: String, json: Bool, status: Int32 = 1) -> ExitCode {
  complain("coupler: \(text)")
  if json {
    var line = JSONLine()
    line.add("error", text)
    say(line.text)
  }
  return ExitCode(status)
}

extension ModemTaskFailure {
  /// The failure with what helps, where that is known.
  func advice(on interface: String) -> String {
    switch self {
    case .noModem:
      "no modem answers on \(interface); look closer with: coupler modem doctor --interface \(interface)"
    case .noAnswer, .noReturn:
      "\(self); is it still there? coupler modem doctor --interface \(interface)"
    default: "\(self)"
    }
  }
}

/// Words in two columns.
struct Columns {
  private var rows: [(String, String)] = []

  mutating func add(_ name: String, _ value: String) { rows.append((name, value)) }

  var text: String {
    let width = rows.map(\.0.count).max() ?? 0
    return rows.map { $0.0 + String(repeating: " ", count: width + 2 - $0.0.count) + $0.1 }
      .joined(separator: "\n")
  }
}
