import ArgumentParser
import Cryptography
import HomePlug
import LinuxHardware
import PLCModem
import Wire

/// `coupler modem info`
struct ModemInfo: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "info",
    abstract: "Show who the modem is: firmware, address, role, network, link.",
    discussion: """
      What a modem does not tell is left out; only QCA700x tell role and stored key. No key is shown: of the stored one \
      only whether it is set, and the network (NID) that follows from it.

        coupler modem info -i plc0
        coupler modem info -i plc0 --json | jq .role

      Exit status: 0 the modem answered; 1 it did not; 2 the interface could not be used.
      """)

  @OptionGroup var options: ModemOptions

  func run() throws {
    let session = try ModemSession(options)
    let identity = session.modem.identity
    let details = InterfaceDetails(options.interface)
    let networks = try session.attempt(AskNetworks(driver: session.driver))
    let link = try session.attempt(AskLink(driver: session.driver))
    let parameters = try session.readParameters()
    session.port.reportRefused()

    var line = JSONLine()
    var columns = Columns()
    line.add("interface", options.interface)
    line.add("driver", details.driver)
    line.add(identity)
    columns.add(
      "interface", "\(options.interface), \(session.port.interface.macAddress), driver \(details.driver)")
    columns.add("modem", identity.summary)
    if let block = parameters.block {
      line.add("role", block.role?.rawValue ?? "undecided")
      columns.add(
        "role",
        "\(block.role?.rawValue ?? "undecided") (cco \(block.coordinatorSelection)"
          + (block.slacMode.map { ", slac-mode \($0)" } ?? ", no SLAC") + ")")
      let isSet = block.networkKey != .zero
      let nid = NID(of: block.networkKey).description
      line.add("storedKey", isSet)
      if isSet { line.add("storedNID", nid) }
      columns.add("stored key", isSet ? "set, network \(nid)" : "not set")
    } else if let obstacle = parameters.obstacle {
      columns.add("role", "not known: \(obstacle)")
    }
    if case .success(let known) = networks {
      if let list = known.networks {
        line.add("networks", list.map(\.json))
        columns.add("network", list.isEmpty ? "none" : list.map(\.summary).joined(separator: "; "))
      }
      line.add("stations", known.stations.map(\.json))
      columns.add(
        "stations", known.stations.isEmpty ? "none" : known.stations.map(\.summary).joined(separator: "; "))
    }
    switch link {
    case .success(let isUp):
      line.add("link", isUp ? "up" : "down")
      columns.add("link", isUp ? "up" : "down")
    case .failure(let failure): columns.add("link", "not known: \(failure)")
    }
    line.add("slac", identity.slac.rawValue)
    switch identity.slac {
    case .missing: columns.add("SLAC", "none: a home plug serves a vehicle, never a charger")
    case .noFirmware: columns.add("SLAC", "none: only the boot loader answers, no firmware runs")
    case .present, .unknown: break
    }
    say(options.json ? line.text : columns.text)
  }
}

extension ModemSession {
  /// The parameter block, or why there is none.
  func readParameters(
    progress: @escaping (ModemProgress) -> Void = { _ in }
  ) throws -> (block: ParameterBlock?, obstacle: String?) {
    switch try attempt(ReadModule(driver: driver, module: .parameters), progress: progress) {
    case .failure(let failure): return (nil, "\(failure)")
    case .success(let image):
      do throws(ParameterFileError) {
        return (try ParameterFile(image.data.octets).block, nil)
      } catch {
        return (nil, "what was read is no parameter block: \(error)")
      }
    }
  }
}

extension ModemNetwork {
  var summary: String {
    "\(nid), \(part)" + (part == .coordinator ? "" : " of \(coordinator)") + ", "
      + (stations.count == 1 ? "1 other station" : "\(stations.count) other stations")
  }

  var json: JSONLine {
    var line = JSONLine()
    line.add("nid", nid.description)
    line.add("part", part.description)
    line.add("coordinator", coordinator.description)
    line.add("stations", stations.count)
    return line
  }
}

extension ModemStation {
  var summary: String { "\(address) \(transmitRate)/\(receiveRate) Mbit/s" }

  var json: JSONLine {
    var line = JSONLine()
    line.add("address", address.description)
    if let bridged { line.add("host", bridged.description) }
    line.add("transmitRate", transmitRate)
    line.add("receiveRate", receiveRate)
    return line
  }
}
