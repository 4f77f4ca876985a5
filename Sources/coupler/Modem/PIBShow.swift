import ArgumentParser
import Cryptography
import HomePlug
import PLCModem
import Wire

/// `coupler modem pib show`
struct PIBShow: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show the fields of a parameter block, and what is wrong with it.",
    discussion: """
      Of a modem, or of a file without one. Keys are shown as set or not set; of the network key also the network (NID) \
      that follows from it.

        coupler modem pib show -i plc0 --role evse
        coupler modem pib show --file plc0.pib --json | jq '.fields[] | select(.name=="cco")'

      Exit status: 0 nothing is wrong; 1 the block has a fault, or the modem does not give it; 2 interface or file could \
      not be used.
      """)

  @Option(name: .shortAndLong, help: "Network interface of the PLC modem.")
  var interface: String?

  @Option(
    help: ArgumentHelp(
      "The modem's own address, where several modems listen to the alias 00:b0:52:00:00:01.", valueName: "mac"
    ),
    transform: stationAddress)
  var modem: MACAddress?

  @Option(help: "Show this file instead of a modem's block.")
  var file: String?

  @Option(help: "The end of the cable it shall serve: ev or evse.")
  var role: CableEnd?

  @Flag(help: "Print JSON: one object.")
  var json = false

  func validate() throws {
    guard (interface == nil) != (file == nil) else {
      throw ValidationError("Say either --interface or --file.")
    }
    guard modem == nil || interface != nil else { throw ValidationError("--modem goes with --interface.") }
  }

  func run() throws {
    let parameters: ParameterFile
    if let file {
      parameters = try parameterFile(file, json: json)
    } else {
      parameters = try ParameterAccess(interface ?? "", modem: modem, json: json).read().file
    }
    let findings = parameters.findings(for: role?.role)
    if json { printJSON(parameters, findings) } else { printText(parameters, findings) }
    if findings.contains(where: { $0.isFault }) { throw ExitCode(1) }
  }

  private func printText(_ parameters: ParameterFile, _ findings: [ParameterFinding]) {
    var table = Table(["field", "value", "meaning"])
    for field in ParameterField.allCases {
      guard let value = parameters.block.value(of: field) else { continue }
      if field.kind == .computed, !parameters.block.isOldFormat { continue }
      table.add([field.rawValue, value.description, field.meaning])
    }
    say(table.text)
    if parameters.block.networkKey != .zero {
      say("network of the stored key: \(NID(of: parameters.block.networkKey))")
    }
    say(
      parameters.isChain
        ? "\(parameters.headers.count) images: "
          + parameters.headers.map { "\($0.type), \($0.imageLength) octets" }.joined(separator: "; ")
        : "a bare block of \(parameters.octets.count) octets")
    for finding in findings { say("\(finding.isFault ? "fault" : "note"): \(finding)") }
    if findings.isEmpty {
      say("nothing is wrong with it" + (role.map { " as that of an \($0.rawValue.uppercased())" } ?? ""))
    }
  }

  private func printJSON(_ parameters: ParameterFile, _ findings: [ParameterFinding]) {
    var line = JSONLine()
    line.add("octets", parameters.octets.count)
    line.add("chain", parameters.isChain)
    line.add("role", parameters.block.role?.rawValue ?? "undecided")
    if parameters.block.networkKey != .zero {
      line.add("storedNID", NID(of: parameters.block.networkKey).description)
    }
    line.add(
      "fields",
      ParameterField.allCases.compactMap { field in
        guard let value = parameters.block.value(of: field) else { return nil }
        var entry = JSONLine()
        entry.add("name", field.rawValue)
        entry.add("offset", field.offset)
        switch value {
        case .number(let number): entry.add("value", Int(number))
        case .key(let isSet): entry.add("set", isSet)
        case .address, .network, .text: entry.add("value", value.description)
        }
        return entry
      })
    line.add("findings", findings.map(\.json))
    line.add("ok", !findings.contains { $0.isFault })
    say(line.text)
  }
}

extension ParameterFinding {
  var json: JSONLine {
    var line = JSONLine()
    line.add("severity", isFault ? "fault" : "note")
    line.add("text", description)
    return line
  }
}
