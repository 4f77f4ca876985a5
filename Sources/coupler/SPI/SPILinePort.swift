import LinuxHardware
import QCA7000SPI
import SimulatedHardware
import Wire

/// A port of a simulated line whose host does not see an interface but a QCA7000 on SPI, carried by a Unix socket.
final class SPILinePort {
  let path: String
  private let loop: EventLoop
  private let server: SPISocketServer
  private var chip: QCA7000Chip
  private var timer: LoopTimer?
  private var transmit: ([UInt8]) -> Void = { _ in }

  /// Creates the socket; the chip is switched on now.
  init(path: String, seed: UInt64, faults: QCA7000ChipFaults = .none, loop: EventLoop) throws(LinuxError) {
    self.path = path
    self.loop = loop
    server = try SPISocketServer(path: path)
    var configuration = QCA7000ChipConfiguration()
    configuration.faults = faults
    chip = QCA7000Chip(configuration, seed: seed, at: loop.now)
  }

  /// The chip's counters that a frame can be missed by, and those it passes.
  var rows: [(name: String, value: Int)] {
    let counters = chip.counters
    return [
      ("accepted", counters.accepted), ("toLine", counters.toLine), ("toHost", counters.toHost),
      ("readOut", counters.readOut), ("fromHostRefused", counters.fromHostRefused),
      ("writeLostInReset", counters.writeLostInReset), ("readOverruns", counters.readOverruns),
      ("readLostInReset", counters.readLostInReset), ("arrivedInReset", counters.arrivedInReset),
      ("unframeable", counters.unframeable), ("resets", counters.resets), ("faults", counters.faults),
    ]
  }

  /// Calls `transmit` for each frame the host's chip puts on the line.
  func start(transmit: @escaping ([UInt8]) -> Void) throws(LinuxError) {
    self.transmit = transmit
    timer = loop.addTimer { [unowned self] in handle(.timeout) }
    try server.attach(
      to: loop,
      exchange: { [unowned self] octets, selects in
        var actions: [QCA7000ChipAction] = []
        let answer = chip.exchange(octets, selects: selects, at: loop.now) { actions.append($0) }
        perform(actions)
        return answer
      },
      connected: { [unowned self] isConnected in
        // An edge from before nobody saw; a host that comes looks at the chip anyway.
        if isConnected, chip.isInterrupting { server.interrupt() }
      })
    timer?.deadline = chip.deadline
  }

  /// A frame from the line.
  func deliver(_ frame: [UInt8]) { handle(.frame(frame)) }

  private func handle(_ event: QCA7000ChipEvent) {
    var actions: [QCA7000ChipAction] = []
    chip.handle(event, at: loop.now) { actions.append($0) }
    perform(actions)
  }

  private func perform(_ actions: [QCA7000ChipAction]) {
    timer?.deadline = chip.deadline
    for action in actions {
      switch action {
      case .interrupt: server.interrupt()
      case .transmit(let frame): transmit(frame)
      }
    }
  }
}
