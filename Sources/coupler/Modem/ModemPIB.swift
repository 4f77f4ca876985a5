import ArgumentParser
import PLCModem

/// `coupler modem pib`
struct ModemPIB: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pib",
    abstract: "Read, show, change and write the parameter block of a QCA700x.",
    discussion: """
      The parameter block (PIB) says which end of the cable a modem serves. A wrong role is the most frequent fault of a \
      new board: the modem of an EVSE then reports no attenuation, or a vehicle's coordinates a network.

        coupler modem pib show -i plc0 --role evse     is it a charger's modem, and is it whole?
        coupler modem pib set -i plc0 --role evse      make it one: backup, write, read back, store, restart, read back
        coupler modem pib read -i plc0 plc0.pib        a file to keep
        coupler modem pib set --file plc0.pib mac=02:00:00:00:00:c1 user-hfid=EVSE
        coupler modem pib write -i plc0 plc0.pib

      Before anything is written, what the modem has is saved to a file. A parameter block holds keys: files are made \
      for their owner only, and no command shows a key.

      Exit status: 0 done, nothing wrong; 1 the modem refused or did not answer, or the block has a fault; 2 an interface \
      or a file could not be used; 64 wrong arguments.
      """,
    subcommands: [PIBRead.self, PIBShow.self, PIBSet.self, PIBWrite.self])
}

/// `coupler modem pib read`
struct PIBRead: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "read",
    abstract: "Save the modem's parameter block to a file.",
    discussion: """
      The file is what the modem sends, for pib show, set and write. It holds keys, and is made for its owner only.

        coupler modem pib read -i plc0 plc0.pib
      """)

  @OptionGroup var options: ModemOptions

  @Flag(help: "Replace the file if it exists.")
  var force = false

  @Argument(help: ArgumentHelp("Where the block goes.", valueName: "file"))
  var file: String

  func run() throws {
    let session = try ModemSession(options)
    let progress = ProgressReport(json: options.json)
    let image = try session.run(
      ReadModule(driver: session.driver, module: .parameters), progress: progress.show)
    progress.end()
    try save(image.data.octets, to: file, replacing: force, json: options.json)
    let isReadable = (try? ParameterFile(image.data.octets)) != nil
    if options.json {
      var line = JSONLine()
      line.add("file", file)
      line.add("octets", image.data.count)
      line.add("readable", isReadable)
      say(line.text)
    } else {
      say("\(file): \(image.data.count) octets" + (isReadable ? "" : ", in a form that is not known here"))
    }
  }
}

/// Writes a file for its owner only, or exits with 2.
func save(_ octets: [UInt8], to path: String, replacing: Bool, json: Bool) throws {
  do throws(PrivateFile.Failure) {
    try PrivateFile.write(octets, to: path, replacing: replacing)
  } catch {
    throw giveUp("\(error)", json: json, status: 2)
  }
}

/// Reads a file with a parameter block, or exits with 2.
func parameterFile(_ path: String, json: Bool) throws -> ParameterFile {
  let octets: [UInt8]
  do throws(PrivateFile.Failure) {
    octets = try PrivateFile.read(path, atMost: ImageChain.octetsMax)
  } catch {
    throw giveUp("\(error)", json: json, status: 2)
  }
  do throws(ParameterFileError) {
    return try ParameterFile(octets)
  } catch {
    throw giveUp("\(path): \(error)", json: json, status: 2)
  }
}
