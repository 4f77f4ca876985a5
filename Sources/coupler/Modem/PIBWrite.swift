import ArgumentParser
import PLCModem
import Wire

/// `coupler modem pib write`
struct PIBWrite: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "write",
    abstract: "Write a parameter block from a file into the modem.",
    discussion: """
      Saves what the modem has, writes the file, reads it back, stores it, waits for the restart and reads it back again. \
      Refused, unless --force says so: a block with a fault (checksum, address, role), and one with another address than the \
      modem's, as two modems with one address disturb each other. A block of another length is always refused. Whether the \
      file has headers does not matter: the modem is given the form it gave.

        coupler modem pib write -i plc0 --role evse plc0.pib

      Exit status: as coupler modem pib.
      """)

  @OptionGroup var options: ModemOptions

  @Option(help: "The end of the cable it shall serve: ev or evse.")
  var role: CableEnd?

  @OptionGroup var safety: WriteSafety

  @Argument(help: ArgumentHelp("The block to write.", valueName: "file"))
  var file: String

  func run() throws {
    // A file that cannot be written is told before the modem is disturbed.
    let parameters = try parameterFile(file, json: options.json)
    var faults = parameters.findings(for: role?.role).filter(\.isFault).map(\.description)
    if !faults.isEmpty, !safety.force { throw refusal(faults) }
    let access = try ParameterAccess(options)
    let (image, present) = try access.read()
    // A modem may give and take the block alone, or in a chain with a manifest that is its own.
    var new = present
    new.block = parameters.block
    if parameters.block.octets.count != present.block.octets.count {
      throw refusal(
        [
          "\(file) has a block of \(parameters.block.octets.count) octets, the modem's has "
            + "\(present.block.octets.count): it is for other firmware"
        ], canForce: false)
    }
    if parameters.block.address != present.block.address {
      faults.append(
        "\(file) is for the modem \(parameters.block.address), this one is \(present.block.address); change it with: "
          + "coupler modem pib set --file \(file) mac=\(present.block.address)")
    }
    if !faults.isEmpty {
      guard safety.force else { throw refusal(faults) }
      complain("coupler: written in spite of: \(faults.joined(separator: "; "))")
    }
    let backup = try access.backUp(image.data.octets, module: .parameters, to: safety.backup)
    if !options.json { say("what the modem had is in \(backup)") }
    try access.write(
      new.octets, module: .parameters, transport: image.transport,
      checksBeforeCommit: !safety.trustWrites, backup: backup)
  }

  private func refusal(_ faults: [String], canForce: Bool = true) -> ExitCode {
    giveUp(
      "nothing was written: \(faults.joined(separator: "; "))"
        + (canForce ? "; --force writes it all the same" : ""), json: options.json)
  }
}
