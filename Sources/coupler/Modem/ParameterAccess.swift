import ArgumentParser
import Cryptography
import HomePlug
import PLCModem
import Wire

/// The parameter block of the modem behind an interface: read, saved, written, with everything that keeps a modem alive.
struct ParameterAccess {
  let session: ModemSession
  private let json: Bool

  init(_ options: ModemOptions) throws {
    session = try ModemSession(options)
    json = options.json
  }

  init(_ interface: String, modem: MACAddress?, json: Bool) throws {
    try self.init(try ModemOptions.of(interface, modem: modem, json: json))
  }

  /// Reads the block; how it came is how it is written.
  func read() throws -> (image: ModuleImage, file: ParameterFile) {
    let progress = ProgressReport(json: false)
    let image = try session.run(
      ReadModule(driver: session.driver, module: .parameters), progress: json ? { _ in } : progress.show)
    progress.end()
    do throws(ParameterFileError) {
      return (image, try ParameterFile(image.data.octets))
    } catch {
      throw giveUp("what the modem sends is no parameter block: \(error)", json: json)
    }
  }

  /// Saves what the modem has before it is overwritten, under a name that no file has.
  func backUp(_ octets: [UInt8], module: ModemModule, to wish: String?) throws -> String {
    if let wish {
      try save(octets, to: wish, replacing: false, json: json)
      return wish
    }
    let address = session.modem.identity.address.octets.map { hexadecimal($0) }.joined()
    let ending = module == .parameters ? "pib" : "nvm"
    var failure: PrivateFile.Failure?
    for number in 1...99 {
      let name = "backup-\(address)-\(number).\(ending)"
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

  /// Writes, reads back, stores, waits for the restart, reads back again.
  func write(
    _ octets: [UInt8], module: ModemModule, transport: ModuleTransport, checksBeforeCommit: Bool,
    backup: String?
  ) throws {
    try session.refuseSeveral()
    let progress = ProgressReport(json: json)
    var phase: ModemProgress.Phase?
    let result = try session.attempt(
      WriteModule(
        driver: session.driver, module: module, octets: octets, transport: transport,
        session: UInt32.random(in: 1...UInt32.max), checksBeforeCommit: checksBeforeCommit),
      progress: { step in
        phase = step.phase
        progress.show(step)
      })
    progress.end()
    session.port.reportRefused()
    switch result {
    case .failure(let failure):
      let rescue = backup.map { "; what it had before is in \($0)" } ?? ""
      // Until a restart the modem may show and use what was written.
      let isStaged = phase == .writing || phase == .reading
      let reset =
        isStaged
        ? "; its flash is as it was, make it forget what was written with: coupler modem reset --interface "
          + session.interface : ""
      throw giveUp("\(failure.advice(on: session.interface))\(rescue)\(reset)", json: json)
    case .success(let writing):
      let time = seconds(milliseconds: writing.restart.milliseconds)
      guard json else {
        say("\(writing.octets) octets written, stored and read back; the modem restarted in \(time) s")
        return
      }
      var line = JSONLine()
      line.add("written", writing.octets)
      line.add("back", milliseconds: writing.restart.milliseconds)
      if let backup { line.add("backup", backup) }
      say(line.text)
    }
  }
}

extension ModemOptions {
  /// As if said on the command line.
  static func of(_ interface: String, modem: MACAddress?, json: Bool) throws -> ModemOptions {
    var options = try ModemOptions.parse(["--interface", interface] + (json ? ["--json"] : []))
    options.modem = modem
    return options
  }
}
