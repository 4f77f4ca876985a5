import ArgumentParser
import Glibc
import LinuxHardware
import PLCModem
import Wire

/// `coupler modem list`
struct ModemList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "Show the interfaces with a PLC modem.",
    discussion: """
      Asks on every running Ethernet interface, all at once, which takes up to 2 s. The question goes to the alias \
      00:b0:52:00:00:01, which only a PLC modem listens to; nothing else in a network minds it. Interfaces whose driver \
      is that of a PLC modem (qcaspi, qcauart, mse102x) are shown even when nothing answers.

        coupler modem list
        coupler modem list --all --json | jq -r 'select(.vendor) | .interface'

      Exit status: 0 at least one modem answers; 1 none does; 2 no interface could be asked.
      """)

  @Flag(help: "Show every Ethernet interface, also those without a modem.")
  var all = false

  @Flag(help: "Print JSON, one object per interface.")
  var json = false

  private final class Row {
    let name: String
    let details: InterfaceDetails
    var address = ""
    var found: FoundModem?
    var obstacle = ""
    var port: ModemPort?
    var isDone = true

    init(_ name: String, _ details: InterfaceDetails) {
      self.name = name
      self.details = details
    }
  }

  func run() throws {
    let loop = try orExit { () throws(LinuxError) in try EventLoop() }
    var rows: [Row] = []
    for name in NetworkInterface.names {
      let details = InterfaceDetails(name)
      guard details.isEthernet, !details.isWireless else { continue }
      rows.append(Row(name, details))
    }
    for row in rows { ask(row, loop) }
    // Each task ends by itself.
    while rows.contains(where: { !$0.isDone }) {
      try orExit { () throws(LinuxError) in _ = try loop.step(until: loop.now + .milliseconds(500)) }
    }
    let shown = rows.filter {
      all || $0.found != nil || ModemDiagnosis.knownDrivers[$0.details.driver] != nil
    }
    if json { shown.forEach(printJSON) } else { printTable(shown) }
    let asked = rows.filter { $0.port != nil }
    if asked.isEmpty, let first = rows.first(where: { !$0.obstacle.isEmpty }) {
      complain("coupler: \(first.obstacle)")
      throw ExitCode(2)
    }
    if !rows.contains(where: { $0.found != nil }) {
      complain("coupler: no modem answers on \(asked.count) interfaces; one starts in up to 10 s")
      throw ExitCode(1)
    }
  }

  private func ask(_ row: Row, _ loop: EventLoop) {
    do throws(LinuxError) {
      row.address = try NetworkInterface(row.name).macAddress.description
      guard row.details.isUp, row.details.hasCarrier else { return }
      let port = try ModemPort(row.name, loop: loop)
      row.isDone = false
      row.port = port
      try port.begin(port.findModem) { result in
        if case .success(let found) = result { row.found = found }
        row.isDone = true
      }
    } catch {
      row.obstacle = "\(error)"
      row.port = nil
      row.isDone = true
    }
  }

  private func state(_ row: Row) -> String {
    !row.details.isUp ? "down" : row.details.hasCarrier ? "up" : "no carrier"
  }

  private func printJSON(_ row: Row) {
    var line = JSONLine()
    line.add("interface", row.name)
    line.add("driver", row.details.driver)
    line.add("address", row.address)
    line.add("state", state(row))
    if let found = row.found { line.add(found.identity) }
    if !row.obstacle.isEmpty { line.add("error", row.obstacle) }
    say(line.text)
  }

  private func printTable(_ rows: [Row]) {
    guard !rows.isEmpty else { return }
    var table = Table(["interface", "driver", "state", "address", "modem"])
    for row in rows {
      let modem = row.found.map { $0.identity.summary } ?? (row.obstacle.isEmpty ? "-" : row.obstacle)
      table.add([row.name, row.details.driver, state(row), row.address, modem])
    }
    say(table.text)
  }
}

/// Rows of words under a head, in columns as wide as their widest word; the last column runs free.
struct Table {
  private var rows: [[String]]

  init(_ head: [String]) { rows = [head] }

  mutating func add(_ row: [String]) { rows.append(row) }

  var text: String {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in
      rows.map { $0.indices.contains(column) ? $0[column].count : 0 }.max() ?? 0
    }
    return rows.map { row in
      var line = ""
      for (column, word) in row.enumerated() {
        line += word
        if column < row.count - 1 {
          line += String(repeating: " ", count: widths[column] + 2 - word.count)
        }
      }
      return line
    }.joined(separator: "\n")
  }
}

extension ModemIdentity {
  /// `QCA7005 (qualcomm), MAC-QCA7005-1.1.0, 00:b0:52:00:00:c1`
  var summary: String {
    let name = chip.isEmpty ? "\(vendor.rawValue) modem" : "\(chip) (\(vendor.rawValue))"
    return [name, firmware, address.description].filter { !$0.isEmpty }.joined(separator: ", ")
  }
}

extension JSONLine {
  mutating func add(_ identity: ModemIdentity) {
    add("vendor", identity.vendor.rawValue)
    add("chip", identity.chip)
    add("firmware", identity.firmware)
    add("modem", identity.address.description)
  }
}
