import ArgumentParser
import Cryptography
import HomePlug
import PLCModem
import Wire

/// `coupler modem pib set`
struct PIBSet: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "set",
    abstract: "Change fields of a modem's parameter block, or of a file.",
    discussion: """
      With --interface the block is read, saved to a backup, changed, written, read back, stored, and read back again \
      after the modem has restarted; nothing is in flash before the first reading back was right. With --file the file is \
      changed, and what it was is kept as FILE.bak, FILE.bak-2 and so on; with --output it stays as it was.

        coupler modem pib set -i plc0 --role evse
        coupler modem pib set --file plc0.pib --output new.pib --role ev mac=02:00:00:00:00:e1
        coupler modem pib set -i plc0 --nmk-file lab.nmk

      Fields are those of pib show, as NAME=VALUE: numbers decimal or 0x, addresses, 14 digits of a NID, names of up to 63 \
      characters. --role sets cco and slac-mode together. Checksums are made new. A block that has a fault after the \
      change is not written, unless --force says so.

      Exit status: as coupler modem pib.
      """)

  @Option(name: .shortAndLong, help: "Network interface of the PLC modem.")
  var interface: String?

  @Option(
    help: ArgumentHelp(
      "The modem's own address, where several modems listen to the alias 00:b0:52:00:00:01.", valueName: "mac"
    ),
    transform: stationAddress)
  var modem: MACAddress?

  @Option(help: "Change this file instead of a modem's block.")
  var file: String?

  @Option(help: "With --file: write the changed block there.")
  var output: String?

  @Option(help: "Make it the block of this end of the cable: ev or evse.")
  var role: CableEnd?

  @OptionGroup var key: KeyInput

  @OptionGroup var safety: WriteSafety

  @Flag(help: "Print JSON, one object per line.")
  var json = false

  @Argument(help: ArgumentHelp("Fields to set.", valueName: "name=value"))
  var fields: [String] = []

  func validate() throws {
    guard (interface == nil) != (file == nil) else {
      throw ValidationError("Say either --interface or --file.")
    }
    guard modem == nil || interface != nil else { throw ValidationError("--modem goes with --interface.") }
    guard output == nil || file != nil else { throw ValidationError("--output goes with --file.") }
    guard role != nil || key.nmkFile != nil || key.passPhrase || !fields.isEmpty else {
      throw ValidationError("Say what to set: --role, --nmk-file, --pass-phrase or NAME=VALUE.")
    }
    guard key.nmkFile == nil || !key.passPhrase else {
      throw ValidationError("--nmk-file and --pass-phrase exclude each other.")
    }
    for field in fields { _ = try Self.split(field) }
  }

  static func split(_ text: String) throws -> (field: ParameterField, value: String) {
    guard let equals = text.firstIndex(of: "=") else {
      throw ValidationError("'\(text)' is not NAME=VALUE.")
    }
    guard let field = ParameterField(rawValue: String(text[..<equals])) else {
      let names = ParameterField.allCases.filter { $0.kind != .computed && $0.kind != .key }.map(\.rawValue)
      throw ValidationError(
        "There is no field '\(text[..<equals])'; fields are \(names.joined(separator: ", ")).")
    }
    return (field, String(text[text.index(after: equals)...]))
  }

  func run() throws {
    let newKey = try key.key(json: json)
    if let file {
      var parameters = try parameterFile(file, json: json)
      let before = parameters.octets
      try refuseDamage(parameters)
      try change(&parameters.block, newKey)
      try refuse(parameters)
      let backup = output == nil ? try keep(before, of: file) : nil
      try save(parameters.octets, to: output ?? file, replacing: output == nil || safety.force, json: json)
      return report(output ?? file, backup: backup)
    }
    let access = try ParameterAccess(interface ?? "", modem: modem, json: json)
    let (image, found) = try access.read()
    var parameters = found
    try refuseDamage(found)
    try change(&parameters.block, newKey)
    try refuse(parameters)
    if parameters.octets == image.data.octets {
      return json ? say("{\"written\":0}") : say("the modem has these values already; nothing was written")
    }
    let backup = try access.backUp(image.data.octets, module: .parameters, to: safety.backup)
    if !json { say("what the modem had is in \(backup)") }
    try access.write(
      parameters.octets, module: .parameters, transport: image.transport,
      checksBeforeCommit: !safety.trustWrites, backup: backup)
  }

  /// Keeps what a file was, under a name that no file has: the first state of it is never lost.
  private func keep(_ octets: [UInt8], of file: String) throws -> String {
    var failure: PrivateFile.Failure?
    for number in 1...99 {
      let name = file + (number == 1 ? ".bak" : ".bak-\(number)")
      do throws(PrivateFile.Failure) {
        try PrivateFile.write(octets, to: name, replacing: false)
        return name
      } catch {
        failure = error
      }
    }
    throw giveUp(
      "no backup could be made: \(failure?.description ?? "all names are taken"); nothing was written",
      json: json, status: 2)
  }

  private func change(_ block: inout ParameterBlock, _ newKey: NMK?) throws {
    do throws(ParameterError) {
      if let role { try block.setRole(role.role) }
      if let newKey { try block.setNetworkKey(newKey) }
    } catch {
      throw giveUp("\(error)", json: json)
    }
    for text in fields {
      let (field, value) = try Self.split(text)
      do throws(ParameterError) {
        try block.set(field, to: value)
      } catch {
        throw giveUp("\(error)", json: json, status: 64)
      }
    }
  }

  /// Checksums made new would hide that the block was damaged before.
  private func refuseDamage(_ parameters: ParameterFile) throws {
    try refuse(parameters.findings().filter(\.isDamage))
  }

  private func refuse(_ parameters: ParameterFile) throws {
    try refuse(parameters.findings(for: role?.role).filter(\.isFault))
  }

  private func refuse(_ faults: [ParameterFinding]) throws {
    guard !faults.isEmpty else { return }
    let text = faults.map(\.description).joined(separator: "; ")
    if safety.force { return complain("coupler: written in spite of: \(text)") }
    throw giveUp("nothing was written: \(text); --force writes it all the same", json: json)
  }

  private func report(_ path: String, backup: String?) {
    guard json else { return say("\(path) written" + (backup.map { "; what it was is in \($0)" } ?? "")) }
    var line = JSONLine()
    line.add("file", path)
    if let backup { line.add("backup", backup) }
    say(line.text)
  }
}

/// What keeps a modem alive when its flash is written.
struct WriteSafety: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Where the backup goes; by default backup-ADDRESS-N in this folder.", valueName: "file"))
  var backup: String?

  @Flag(help: "Write although something is wrong with what is written.")
  var force = false

  @Flag(
    help:
      "Do not read back before storing, for firmware that shows what is in flash until then; after the restart it is read back anyway."
  )
  var trustWrites = false
}
