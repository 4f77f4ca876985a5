import ArgumentParser
import PLCModem
import Wire

/// `coupler modem firmware`
struct ModemFirmware: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "firmware",
    abstract: "Write the firmware of a QCA700x.",
    subcommands: [FirmwareWrite.self])
}

/// `coupler modem firmware write`
struct FirmwareWrite: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "write",
    abstract: "Write a firmware file into the modem, with progress.",
    discussion: """
      The file (.nvm) is a chain of images; all checksums must hold, and it must hold no parameter block. What the modem \
      has is saved first. Then the file is written, read back, stored, and read back again after the restart. Keep the \
      modem's supply on: a modem that loses it while storing may not start again without its maker's tools.

      Whether a file fits the chip, no file tells: take it from the modem's maker, for this chip.

        coupler modem firmware write -i plc0 FW-QCA7005.nvm

      Exit status: 0 written, stored and read back; 1 refused, or the modem did not answer or come back; 2 interface or \
      file could not be used.
      """)

  @OptionGroup var options: ModemOptions
  @OptionGroup var safety: WriteSafety

  @Flag(help: "Make no backup, for firmware that cannot be read.")
  var noBackup = false

  @Argument(help: ArgumentHelp("The firmware to write.", valueName: "file"))
  var file: String

  func run() throws {
    let chain = try firmware()
    let access = try ParameterAccess(options)
    let progress = ProgressReport(json: options.json)
    var backup: String?
    var transport = ModuleTransport.pieces
    // Read even without a backup: it shows which way the modem takes modules.
    let found = try access.session.attempt(
      ReadModule(driver: access.session.driver, module: .firmware), progress: progress.show)
    progress.end()
    switch found {
    case .success(let image):
      transport = image.transport
      if !noBackup {
        let name = try access.backUp(image.data.octets, module: .firmware, to: safety.backup)
        backup = name
        if !options.json { say("what the modem had is in \(name)") }
      }
    case .failure(let failure):
      guard noBackup else {
        throw giveUp(
          "the firmware cannot be read for a backup: \(failure); nothing was written; --no-backup goes without",
          json: options.json)
      }
    }
    try access.write(
      chain.octets, module: .firmware, transport: transport, checksBeforeCommit: !safety.trustWrites,
      backup: backup)
  }

  private func firmware() throws -> ImageChain {
    let octets: [UInt8]
    do throws(PrivateFile.Failure) {
      octets = try PrivateFile.read(file, atMost: ImageChain.octetsMax)
    } catch {
      throw giveUp("\(error)", json: options.json, status: 2)
    }
    let chain: ImageChain
    do throws(ImageChainError) {
      chain = try ImageChain(octets)
    } catch {
      throw giveUp("\(file) is no firmware file: \(error)", json: options.json, status: 2)
    }
    var faults = chain.findings.map(\.description)
    if chain.header(of: .parameters) != nil {
      faults.append("it holds a parameter block; see coupler modem pib write")
    }
    if chain.header(of: .firmware) == nil { faults.append("it holds no image of firmware") }
    guard faults.isEmpty || safety.force else {
      throw giveUp(
        "\(file): nothing was written: \(faults.joined(separator: "; ")); --force writes it all the same",
        json: options.json)
    }
    return chain
  }
}
