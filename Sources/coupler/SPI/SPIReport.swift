import LinuxHardware
import QCA7000SPI
import Wire

/// Says what happens to a chip, for people or for scripts.
final class SPIReport {
  private let interface: String
  private let json: Bool
  private let start: Instant
  private let now: () -> Instant
  private var last = ""

  init(_ interface: String, json: Bool, start: Instant, now: @escaping () -> Instant) {
    (self.interface, self.json, self.start, self.now) = (interface, json, start, now)
  }

  func ready(_ place: String) {
    line("ready", "\(interface) ready, chip at \(place)") {
      $0.add("interface", interface)
      $0.add("chip", place)
    }
  }

  func add(_ notice: SPIBridge.Notice) {
    switch notice {
    case .carrier(let isOn):
      line("carrier", "\(interface): carrier \(isOn ? "on" : "off")") { $0.add("on", isOn) }
    case .trouble(let error):
      line("trouble", "\(error); tried again every second") { $0.add("cause", "\(error)") }
    case .trace(let trace):
      switch trace {
      case .noChip(let signature):
        line(
          "noChip",
          "no QCA7000: SIGNATURE reads \(hexadecimal(signature)), not 0xaa55; look for power, wiring and mode"
        ) {
          $0.add("signature", hexadecimal(signature))
        }
      case .resetting: line("resetting", "the chip is reset") { _ in }
      case .resetTimeout:
        line("resetTimeout", "no CPU_ON after the reset; if this repeats, look at the interrupt line") { _ in
        }
      case .inSync: line("inSync", "in sync") { _ in }
      case .lostSync(let loss):
        line("lostSync", "sync lost: \(loss.name)") { $0.add("cause", loss.name) }
      }
    }
  }

  func counters(_ bridge: SPIBridge, ifChanged: Bool) {
    let rows = bridge.rows
    let text = rows.map { "\($0.name) \($0.value)" }.joined(separator: ", ")
    if ifChanged, text == last { return }
    last = text
    line("counters", rows.filter { $0.value > 0 }.map { "\($0.name) \($0.value)" }.joined(separator: ", ")) {
      for row in rows { $0.add(row.name, row.value) }
    }
  }

  private func line(_ event: String, _ text: String, _ fill: (inout JSONLine) -> Void) {
    let milliseconds = (now() - start).milliseconds
    guard json else { return say("\(seconds(milliseconds: milliseconds))  \(text.isEmpty ? event : text)") }
    var line = JSONLine()
    line.add("time", milliseconds: milliseconds)
    line.add("event", event)
    fill(&line)
    say(line.text)
  }

  private func hexadecimal(_ word: UInt16) -> String {
    "0x" + Wire.hexadecimal([UInt8(word >> 8), UInt8(word & 0xFF)])
  }
}

extension QCA7000SyncLoss {
  /// The counter it is counted by.
  fileprivate var name: String {
    switch self {
    case .badSignature: "badSignatures"
    case .deviceReset: "deviceResets"
    case .readBufferError: "readBufferErrors"
    case .writeBufferError: "writeBufferErrors"
    case .bufferAvailableError: "bufferAvailableErrors"
    case .writeVerifyError: "writeVerifyErrors"
    case .transmitTimeout: "transmitTimeouts"
    case .spiError: "spiErrors"
    case .crossedTransfer: "crossedTransfers"
    }
  }
}

extension SPIBridge {
  /// All counters by name.
  fileprivate var rows: [(name: String, value: Int)] {
    let (driver, framing) = (counters, framing)
    let rows: [(String, UInt64)] = [
      ("delivered", driver.delivered), ("sent", driver.sent),
      ("refusedNoCarrier", driver.refusedNoCarrier), ("transmitRingFull", driver.transmitRingFull),
      ("refusedTooShort", driver.refusedTooShort), ("refusedTooLong", driver.refusedTooLong),
      ("droppedAtSyncLoss", driver.droppedAtSyncLoss), ("interfaceRefused", UInt64(max(undelivered, 0))),
      ("noHead", framing.noHead), ("invalidLength", framing.invalidLength), ("noTail", framing.noTail),
      ("truncated", framing.truncated), ("skippedOctets", framing.skippedOctets),
      ("syncs", driver.syncs), ("triggeredResets", driver.triggeredResets),
      ("resetTimeouts", driver.resetTimeouts), ("badSignatures", driver.badSignatures),
      ("deviceResets", driver.deviceResets), ("readBufferErrors", driver.readBufferErrors),
      ("writeBufferErrors", driver.writeBufferErrors),
      ("bufferAvailableErrors", driver.bufferAvailableErrors),
      ("writeVerifyErrors", driver.writeVerifyErrors), ("transmitTimeouts", driver.transmitTimeouts),
      ("spiErrors", driver.spiErrors), ("crossedTransfers", driver.crossedTransfers),
      ("writeBufferMisses", driver.writeBufferMisses), ("emptyInterrupts", driver.emptyInterrupts),
      ("missedInterrupts", driver.missedInterrupts), ("addressErrors", driver.addressErrors),
      ("rereads", driver.rereads),
    ]
    return rows.map { ($0.0, Int(clamping: $0.1)) }
  }
}
