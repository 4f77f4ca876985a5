import ArgumentParser
import LinuxHardware
import PLCModem
import Wire

/// `coupler modem stats`
struct ModemStats: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stats",
    abstract: "Show stations, rates, and how frames fared.",
    discussion: """
      Stations and their average PHY rates come from the modem's network. Of QCA700x also, for each station: frames \
      (MPDU) acknowledged, collided and failed, and blocks (PB) in them that passed and failed; the share of failed blocks \
      is the best early sign of a bad cable or noise. Errors of the kernel's driver follow, as in ethtool -S.

        coupler modem stats -i plc0

      Exit status: 0 the modem answered; 1 it did not; 2 the interface could not be used.
      """)

  @OptionGroup var options: ModemOptions

  @Flag(name: .shortAndLong, help: "Show all counters of the driver, also those that are 0.")
  var verbose = false

  func run() throws {
    let session = try ModemSession(options)
    let networks = try session.run(AskNetworks(driver: session.driver))
    let statistics = try session.attempt(
      AskStatistics(driver: session.driver, peers: networks.stations.map(\.address)))
    let counters = InterfaceDetails(options.interface).counters.filter {
      verbose || $0.value > 0 && ModemDiagnosis.isError($0.name)
    }
    session.port.reportRefused()
    if options.json {
      printJSON(networks, statistics, counters)
    } else {
      printText(networks, statistics, counters)
    }
  }

  private func printJSON(
    _ networks: ModemNetworks, _ statistics: Result<[LinkStatistics], ModemTaskFailure>,
    _ counters: [InterfaceDetails.Counter]
  ) {
    var line = JSONLine()
    line.add("interface", options.interface)
    if let list = networks.networks { line.add("networks", list.map(\.json)) }
    line.add("stations", networks.stations.map(\.json))
    switch statistics {
    case .success(let list): line.add("links", list.map(\.json))
    case .failure(let failure): line.add("linksUnknown", "\(failure)")
    }
    var driver = JSONLine()
    for counter in counters { driver.add(counter.name, Int(clamping: counter.value)) }
    line.add("driver", driver)
    say(line.text)
  }

  private func printText(
    _ networks: ModemNetworks, _ statistics: Result<[LinkStatistics], ModemTaskFailure>,
    _ counters: [InterfaceDetails.Counter]
  ) {
    if let list = networks.networks {
      say(list.isEmpty ? "in no network" : list.map { "network \($0.summary)" }.joined(separator: "\n"))
    }
    if networks.stations.isEmpty {
      say("no other station")
    } else {
      var table = Table(["station", "host", "to Mbit/s", "from Mbit/s"])
      for station in networks.stations {
        table.add([
          station.address.description, station.bridged?.description ?? "-", "\(station.transmitRate)",
          "\(station.receiveRate)",
        ])
      }
      say(table.text)
    }
    switch statistics {
    case .success(let list) where !list.isEmpty:
      var table = Table([
        "link with", "way", "frames ok", "collided", "failed", "blocks ok", "failed", "share",
      ])
      for link in list { link.rows.forEach { table.add($0) } }
      say(table.text)
    case .success: break
    case .failure(let failure): say("frames and blocks: not known, \(failure)")
    }
    if !counters.isEmpty {
      var table = Table(["errors of the driver", "value"])
      for counter in counters { table.add([counter.name, "\(counter.value)"]) }
      say(table.text)
    }
  }
}

/// Failed of all, in percent with one decimal; `-` without any.
private func share(_ failed: UInt64, _ passed: UInt64) -> String {
  let (all, overflow) = failed.addingReportingOverflow(passed)
  guard !overflow, all > 0 else { return "-" }
  let tenths = (Double(failed) * 1000 / Double(all)).rounded()
  return "\(Int(tenths) / 10).\(Int(tenths) % 10) %"
}

extension LinkStatistics {
  fileprivate var rows: [[String]] {
    var result: [[String]] = []
    if let transmit {
      result.append([
        peer.description, "to", "\(transmit.acknowledged)", "\(transmit.collided)", "\(transmit.failed)",
        "\(transmit.blocksPassed)", "\(transmit.blocksFailed)",
        share(transmit.blocksFailed, transmit.blocksPassed),
      ])
    }
    if let receive {
      result.append([
        peer.description, "from", "\(receive.acknowledged)", "-", "\(receive.failed)",
        "\(receive.blocksPassed)",
        "\(receive.blocksFailed)", share(receive.blocksFailed, receive.blocksPassed),
      ])
    }
    return result
  }

  fileprivate var json: JSONLine {
    var line = JSONLine()
    line.add("peer", peer.description)
    if let transmit {
      var part = JSONLine()
      part.add("acknowledged", Int(clamping: transmit.acknowledged))
      part.add("collided", Int(clamping: transmit.collided))
      part.add("failed", Int(clamping: transmit.failed))
      part.add("blocksPassed", Int(clamping: transmit.blocksPassed))
      part.add("blocksFailed", Int(clamping: transmit.blocksFailed))
      line.add("transmit", part)
    }
    if let receive {
      var part = JSONLine()
      part.add("acknowledged", Int(clamping: receive.acknowledged))
      part.add("failed", Int(clamping: receive.failed))
      part.add("blocksPassed", Int(clamping: receive.blocksPassed))
      part.add("blocksFailed", Int(clamping: receive.blocksFailed))
      line.add("receive", part)
    }
    return line
  }
}
