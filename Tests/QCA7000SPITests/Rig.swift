import QCA7000SPI
import SimulatedHardware
import Wire

/// A driver and a simulated chip, joined by a bus of 8 MHz and an interrupt line, in virtual time.
struct SPIRig {
  var now = Instant.zero
  var driver: QCA7000Driver
  var chip: QCA7000Chip
  /// Frames handed to the host, and not taken out by the test.
  var delivered: [[UInt8]] = []
  /// Frames the chip put on the line, and not taken out by the test.
  var transmitted: [[UInt8]] = []
  var carriers: [Bool] = []
  var traces: [QCA7000Trace] = []
  /// Messages on the bus so far.
  var messages = 0
  /// Octets on the bus so far.
  var octets = 0
  /// Host's frames on the bus that the chip neither took nor counted while they were there.
  var unexplained = 0
  /// Octets the driver asked for as frames.
  var octetsRead = 0
  /// Messages to be failed by the bus.
  var failures = 0

  private var message: SPIMessage?
  private var done: Instant?
  private var inbox: [QCA7000Event] = []
  private var steps = 0

  init(
    seed: UInt64 = 1, driver change: (inout QCA7000Configuration) -> Void = { _ in },
    chip changeChip: (inout QCA7000ChipConfiguration) -> Void = { _ in }
  ) {
    var configuration = QCA7000Configuration()
    change(&configuration)
    var chipConfiguration = QCA7000ChipConfiguration()
    changeChip(&chipConfiguration)
    driver = QCA7000Driver(configuration)
    chip = QCA7000Chip(chipConfiguration, seed: seed, at: .zero)
  }

  var deadline: Instant? { earliest(done, chip.deadline, driver.deadline) }

  mutating func start() { toDriver(.start) }

  /// The host sends.
  mutating func send(_ frame: [UInt8]) { toDriver(.send(frame)) }

  /// A frame comes over the line.
  mutating func receive(_ frame: [UInt8]) { toChip(.frame(frame)) }

  mutating func toChip(_ event: QCA7000ChipEvent) {
    var actions: [QCA7000ChipAction] = []
    chip.handle(event, at: now) { actions.append($0) }
    perform(actions)
    drain()
  }

  mutating func toDriver(_ event: QCA7000Event) {
    inbox.append(event)
    drain()
  }

  private mutating func drain() {
    while !inbox.isEmpty {
      let event = inbox.removeFirst()
      var actions: [QCA7000Action] = []
      driver.handle(event, at: now) { actions.append($0) }
      perform(actions)
    }
  }

  private mutating func perform(_ actions: [QCA7000ChipAction]) {
    for action in actions {
      switch action {
      case .interrupt: inbox.append(.interrupt)
      case .transmit(let frame): transmitted.append(frame)
      }
    }
  }

  private mutating func perform(_ actions: [QCA7000Action]) {
    for action in actions {
      switch action {
      case .transfer(let wanted):
        message = wanted
        done = now + .microseconds(10 + wanted.count)
        messages += 1
        octets += wanted.count
      case .deliver(let frame): delivered.append(frame)
      case .carrier(let isOn): carriers.append(isOn)
      case .trace(let trace): traces.append(trace)
      }
    }
  }

  /// Each frame on the bus is taken, or refused within the same message; only one whose transfer stays incomplete
  /// is refused later.
  private mutating func account(_ sent: SPIMessage, _ before: QCA7000ChipCounters) {
    let (frames, reads) = sent.content
    octetsRead += reads
    let missing = frames - (chip.counters.accepted - before.accepted)
    // A write that the chip hears as a read of more than it has is RDBUF_ERR.
    let refused =
      chip.counters.fromHostRefused - before.fromHostRefused + chip.counters.readMismatches
      - before.readMismatches
    unexplained += max(0, missing - refused - (chip.isAssembling ? 1 : 0))
  }

  /// Does what is due now.
  mutating func step() {
    if let at = done, at <= now, let sent = message {
      (done, message) = (nil, nil)
      var fromDriver: [QCA7000Action] = []
      if failures > 0 {
        failures -= 1
        driver.handle(.transferFailed, at: now) { fromDriver.append($0) }
      } else {
        var fromChip: [QCA7000ChipAction] = []
        let before = chip.counters
        let answer = chip.exchange(sent, at: now) { fromChip.append($0) }
        account(sent, before)
        perform(fromChip)
        driver.transferred(answer.span.bytes, at: now) { fromDriver.append($0) }
      }
      perform(fromDriver)
    }
    if (chip.deadline.map { $0 <= now }) ?? false { toChip(.timeout) }
    if (driver.deadline.map { $0 <= now }) ?? false { toDriver(.timeout) }
    drain()
  }

  /// Runs for so long, or until `done`.
  mutating func run(_ duration: Duration, until isDone: (SPIRig) -> Bool = { _ in false }) {
    let end = now + duration
    while !isDone(self) {
      guard let next = deadline, next <= end else {
        now = end
        return
      }
      now = max(now, next)
      step()
    }
  }

  /// Started and in sync.
  static func inSync(
    seed: UInt64 = 1, driver change: (inout QCA7000Configuration) -> Void = { _ in },
    chip changeChip: (inout QCA7000ChipConfiguration) -> Void = { _ in }
  ) -> SPIRig {
    var rig = SPIRig(seed: seed, driver: change, chip: changeChip)
    rig.start()
    rig.run(.seconds(10)) { $0.driver.isInSync }
    rig.run(.milliseconds(5))
    return rig
  }
}

/// An Ethernet frame of `count` octets that no other number has.
func frame(_ number: UInt64, count: Int = 60) -> [UInt8] {
  var octets: [UInt8] = [0x02, 0, 0, 0, 0, 0xE1, 0x02, 0, 0, 0, 0, 0xC1, 0x88, 0xE1]
  octets.reserveCapacity(count)
  for shift in 0..<8 { octets.append(UInt8(truncatingIfNeeded: number >> (56 - 8 * UInt64(shift)))) }
  // So that no flipped bit makes the frame of another number.
  let hash = (number &+ 1) &* 0x9E37_79B9_7F4A_7C15
  for shift in 0..<4 { octets.append(UInt8(truncatingIfNeeded: hash >> (56 - 8 * UInt64(shift)))) }
  octets.append(contentsOf: repeatElement(UInt8(truncatingIfNeeded: hash), count: max(0, count - 26)))
  return octets
}

extension SPIMessage {
  /// Frames that the host writes in this message, and octets of frames that it reads.
  fileprivate var content: (frames: Int, reads: Int) {
    var (frames, reads, left, at) = (0, 0, 0, 0)
    // In legacy mode a message is registers, then at most one transfer; selects say nothing.
    var parts = selects
    if releasesAfterEachWord {
      let lead = octets.count > 4 && octets[0] & 0x40 != 0 && octets[4] & 0x40 == 0 ? [4] : []
      parts = octets[0] & 0x40 != 0 && lead.isEmpty ? [] : lead + [octets.count - lead.reduce(0, +)]
    }
    for count in parts {
      defer { at += count }
      guard octets[at] & 0x40 == 0, count > 2 else { continue }
      if octets[at] & 0x80 != 0 {
        reads += count - 2
      } else {
        if left == 0 {
          frames += 1
          left = QCA7000Framing.size(ofFrame: Int(octets[at + 6]) | Int(octets[at + 7]) << 8)
        }
        left -= count - 2
      }
    }
    return (frames, reads)
  }
}
