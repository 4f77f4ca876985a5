import ArgumentParser
import HomePlug
import LinuxHardware
import PLCModem
import Wire

/// `coupler modem doctor`
struct ModemDoctor: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Say in plain words what is wrong with a modem, and what to do.",
    discussion: """
      Looks at interface, driver, its error counters, the modem's answers, firmware, role, network and link, in this \
      order, and tells causes rather than what follows from them. It changes nothing, unless --try-key asks for it.

        coupler modem doctor -i plc0 --role evse
        coupler modem doctor -i plc0 --role evse --try-key     also: does it take a key? (leaves its network)
        coupler modem doctor -i plc0 --nid 026bcba5354e08      also: is it in this network?
        coupler modem doctor -i plc0 --json | jq .kind

      Each finding is a fault (it cannot work so), a warning (it works, but not as it should) or a note.

      Exit status: 0 no fault; 1 at least one fault; 2 it could not be asked, for want of rights; 64 wrong arguments.
      """)

  @OptionGroup var options: ModemOptions

  @Option(help: "The end of the cable the modem shall serve: ev or evse.")
  var role: CableEnd?

  @Option(
    help: ArgumentHelp("The network the modem shall be in.", valueName: "nid"), transform: networkIdentifier)
  var nid: NID?

  @Flag(help: "Give the modem a random key and see whether it takes it. It leaves its network.")
  var tryKey = false

  func run() throws {
    let facts = try ModemExamination(options, role: role?.role, nid: nid, triesKey: tryKey).facts()
    let diagnosis = ModemDiagnosis(of: facts)
    if options.json { printJSON(facts, diagnosis) } else { printText(facts, diagnosis) }
    if diagnosis.complaints.contains(where: { $0.kind == .noPermission }) { throw ExitCode(2) }
    if diagnosis.hasFault { throw ExitCode(1) }
  }

  private func printText(_ facts: ModemFacts, _ diagnosis: ModemDiagnosis) {
    if let identity = facts.modem.value { say("\(options.interface): \(identity.summary)") }
    if let parameters = facts.parameters.value {
      say("role: \(parameters.role?.rawValue ?? "undecided")")
    }
    let worst = diagnosis.complaints.sorted { $0.severity > $1.severity }
    for complaint in worst {
      say("")
      say("\(complaint.severity.rawValue.uppercased()): \(complaint.what)")
      say(indented(complaint.meaning))
      say(indented("To do: \(complaint.remedy)"))
    }
    if !diagnosis.hasFault {
      say(diagnosis.complaints.isEmpty ? "nothing is wrong" : "\nno fault")
    }
  }

  /// Lines of at most 88 characters behind two blanks.
  private func indented(_ text: String) -> String {
    var lines: [String] = []
    var line = ""
    for word in text.split(separator: " ") {
      if !line.isEmpty, line.count + word.count > 88 {
        lines.append(line)
        line = ""
      }
      line += line.isEmpty ? String(word) : " \(word)"
    }
    return (lines + [line]).map { "  " + $0 }.joined(separator: "\n")
  }

  private func printJSON(_ facts: ModemFacts, _ diagnosis: ModemDiagnosis) {
    for complaint in diagnosis.complaints {
      var line = JSONLine()
      line.add("severity", complaint.severity.rawValue)
      line.add("kind", complaint.kind.rawValue)
      line.add("what", complaint.what)
      line.add("meaning", complaint.meaning)
      line.add("remedy", complaint.remedy)
      say(line.text)
    }
    var line = JSONLine()
    line.add("summary", diagnosis.severity?.rawValue ?? "fine")
    line.add("interface", options.interface)
    line.add("driver", facts.kernelDriver)
    if let identity = facts.modem.value { line.add(identity) }
    if let parameters = facts.parameters.value { line.add("role", parameters.role?.rawValue ?? "undecided") }
    if let networks = facts.networks.value {
      line.add(
        "networks",
        networks.map { nid in
          var entry = JSONLine()
          entry.add("nid", nid.description)
          return entry
        })
    }
    if let isUp = facts.isLinkUp.value { line.add("link", isUp ? "up" : "down") }
    say(line.text)
  }
}

/// Fourteen hexadecimal digits.
func networkIdentifier(_ text: String) throws -> NID {
  guard let octets = octets(hexadecimal: text), octets.count == 7 else {
    throw ValidationError("'\(text)' is no NID: 14 hexadecimal digits")
  }
  return NID(octets)
}
