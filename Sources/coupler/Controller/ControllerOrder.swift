import HAL
import SafetyLinks
import SimulatedController
import Wire

/// One line of a script for a played controller, or of its standard input.
enum ControllerOrder: Hashable {
  case event(SimulatedControllerEvent)
  case mute(Bool)
  /// So many pieces of what the host says do not arrive.
  case lose(Int)
  case unplugLine
  case plugLine
  /// Octets of nobody.
  case garbage(Int)
  /// So many messages to the host arrive with one octet changed.
  case spoil(Int)
  /// Later lines come so much later.
  case wait(Duration)
  /// Later lines wait for the contacts of a connector, at most so long.
  case expect(closed: Bool, connector: Int, within: Duration)
  case quit

  /// What is wrong with a line, and what helps.
  struct Misread: Error, Hashable, CustomStringConvertible {
    let description: String
  }

  /// `nil` for an empty line and a comment (`#`). `connector` is meant where the line names none, of `connectors`.
  static func read(_ line: Substring, connector: Int, of connectors: Int) throws(Misread) -> ControllerOrder?
  {
    var words = line.prefix { $0 != "#" }.split { $0 == " " || $0 == "\t" || $0 == "\r" }
    var connector = connector
    if let first = words.first, let number = Int(first) {
      guard (1...connectors).contains(number) else {
        throw Misread(description: "there is no connector \(number); it has 1...\(connectors)")
      }
      connector = number
      words.removeFirst()
    }
    guard let verb = words.first else { return nil }
    let arguments = words.dropFirst()
    func one(_ wanted: String) throws(Misread) -> String {
      guard let argument = arguments.first, arguments.count == 1 else {
        throw Misread(description: "'\(verb)' needs \(wanted) behind it")
      }
      return String(argument)
    }
    func none() throws(Misread) {
      guard arguments.isEmpty else { throw Misread(description: "'\(verb)' takes nothing behind it") }
    }
    func choice(_ yes: String, _ no: String) throws(Misread) -> Bool {
      switch try one("\(yes) or \(no)") {
      case yes: return true
      case no: return false
      case let other: throw Misread(description: "'\(other)' is neither \(yes) nor \(no)")
      }
    }
    switch verb {
    case "pilot":
      let name = try one("A, B, C, D, E, F or fault")
      guard let state = PilotState.allCases.first(where: { $0.rawValue == name }) else {
        throw Misread(description: "'\(name)' is no state; there are A, B, C, D, E, F and fault")
      }
      return .event(.pilot(state, connector: connector))
    case "proximity":
      return .event(
        .proximity(try proximity(try one("13, 20, 32, 63, open, button or fault")), connector: connector))
    case "faults":
      return .event(.faults(try faults(try one("none, or names with commas between")), connector: connector))
    case "stop": return .event(.stopButton(try choice("pressed", "released")))
    case "contacts": return .event(.contactsStuck(try choice("stuck", "free"), connector: connector))
    case "line": return try choice("plugged", "unplugged") ? .plugLine : .unplugLine
    case "mute":
      try none()
      return .mute(true)
    case "speak":
      try none()
      return .mute(false)
    case "reset":
      try none()
      return .event(.reset)
    case "hold":
      try none()
      return .event(.hold)
    case "garbage":
      guard let count = Int(try one("a number of octets")), (1...4096).contains(count) else {
        throw Misread(description: "'garbage' is 1 to 4096 octets")
      }
      return .garbage(count)
    case "spoil":
      guard let count = Int(try one("a number")), (1...1_000_000).contains(count) else {
        throw Misread(description: "'spoil' is 1 to 1000000")
      }
      return .spoil(count)
    case "lose":
      guard let count = Int(try one("a number")), (1...1_000_000).contains(count) else {
        throw Misread(description: "'lose' is 1 to 1000000")
      }
      return .lose(count)
    case "wait": return .wait(try time(try one("a number of seconds")))
    case "expect":
      guard arguments.count == 2, let what = arguments.first, let last = arguments.last,
        what == "closed" || what == "open"
      else { throw Misread(description: "'expect' needs closed or open, and a number of seconds") }
      return .expect(closed: what == "closed", connector: connector, within: try time(String(last)))
    case "quit":
      try none()
      return .quit
    default: throw Misread(description: "'\(verb)' is no order; coupler controller --help lists them")
    }
  }

  private static func time(_ text: String) throws(Misread) -> Duration {
    guard let seconds = Double(text), seconds >= 0, seconds <= 86_400 else {
      throw Misread(description: "'\(text)' is no time from 0 to 86400 s")
    }
    return .milliseconds(Int64(seconds * 1000))
  }

  private static func proximity(_ name: String) throws(Misread) -> Proximity {
    switch name {
    case "open": return .open
    case "button": return .buttonPressed
    case "fault": return .fault
    case "13", "20", "32", "63": return .plugged(cableMilliamps: (Int(name) ?? 0) * 1000)
    default: throw Misread(description: "'\(name)' is none of 13, 20, 32, 63, open, button, fault")
    }
  }

  static let faultNames: [(name: String, fault: SafetyFaults)] = [
    ("pilot-short", .pilotShort), ("diode", .diode), ("pilot-signal", .pilotSignal),
    ("proximity", .proximity),
    ("contactor", .contactor), ("residual-current", .residualCurrent),
    ("residual-current-test", .residualCurrentTest), ("lock", .lock), ("over-current", .overCurrent),
    ("over-voltage", .overVoltage), ("ventilation", .ventilation), ("over-temperature", .overTemperature),
    ("temperature-sensor", .temperatureSensor), ("emergency-stop", .emergencyStop), ("supply", .supply),
    ("configuration", .configuration), ("other", .other),
  ]

  private static func faults(_ text: String) throws(Misread) -> SafetyFaults {
    var faults: SafetyFaults = []
    guard text != "none" else { return faults }
    for name in text.split(separator: ",") {
      guard let known = faultNames.first(where: { $0.name == name }) else {
        let names = faultNames.map(\.name).joined(separator: ", ")
        throw Misread(description: "'\(name)' is none of \(names)")
      }
      faults.insert(known.fault)
    }
    return faults
  }
}
