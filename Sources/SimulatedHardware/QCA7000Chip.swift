public import QCA7000SPI
public import Wire

/// What happens to a `QCA7000Chip`. Chip selects come in through `exchange`.
public enum QCA7000ChipEvent: Hashable, Sendable {
  /// A frame arrived over the line, or from the modem itself, for the host.
  case frame([UInt8])
  /// The chip resets itself, as after a loss of power.
  case reset
  case timeout
}

/// What a `QCA7000Chip` does.
public enum QCA7000ChipAction: Hashable, Sendable {
  /// The interrupt line rises.
  case interrupt
  /// A host's frame goes to the modem and the line.
  case transmit([UInt8])
}

/// The host's side of a QCA7000 on SPI, in virtual time: registers, a write buffer that drains at the speed of the
/// line, a read buffer, interrupt causes, resets with CPU_ON, and faults on the bus.
///
/// Behind it belongs a port of a `PowerLine`: what it transmits is the host's frame there, and what the port
/// delivers is its event `frame`. The modem's memory, such as its key, is the port's and outlives a reset here.
public struct QCA7000Chip: Machine {
  enum Direction { case read, write }

  public let configuration: QCA7000ChipConfiguration
  /// What goes wrong from now on; starts as configured.
  public var faults: QCA7000ChipFaults
  public internal(set) var counters = QCA7000ChipCounters()

  var readBuffer = ChipReadBuffer()
  var writeBuffer = ChipWriteBuffer()
  var generator: SeededGenerator

  // Registers.
  var transferSize = 0
  var cause: QCA7000Interrupts = []
  var enabled: QCA7000Interrupts = []
  /// Registers that only keep what is written.
  var kept: [QCA7000Register: UInt16] = [:]
  private var line = false
  var isSignatureStale = false

  /// The transfer that BFR_SIZE announced: octets still to come, and which way it went.
  var remaining = 0
  var direction: Direction?
  var assembled: [UInt8] = []
  /// Legacy mode: the command of the words to come.
  var command: UInt16?

  var bootedAt: Instant?
  var slipsUntil: Instant?

  /// A chip that is switched on now.
  public init(_ configuration: QCA7000ChipConfiguration = .init(), seed: UInt64, at now: Instant) {
    self.configuration = configuration
    faults = configuration.faults
    generator = SeededGenerator(seed: seed)
    bootedAt = now + configuration.bootTime
    isSignatureStale = faults.staleSignature
  }

  /// No processor: after switching on, and after a reset.
  public var isBooting: Bool { bootedAt != nil }
  /// Nothing waits in its buffers.
  public var isEmpty: Bool { readBuffer.count == 0 && writeBuffer.count == 0 && direction == nil }
  /// A transfer from the host has begun and is not complete.
  public var isAssembling: Bool { direction == .write }
  /// The level of the interrupt line.
  public var isInterrupting: Bool { line }

  public var deadline: Instant? { earliest(bootedAt, writeBuffer.due) }

  public mutating func handle(
    _ event: QCA7000ChipEvent, at now: Instant, perform: (QCA7000ChipAction) -> Void
  ) {
    advance(to: now, perform)
    switch event {
    case .frame(let frame): take(frame)
    case .reset: reset(at: now)
    case .timeout: break
    }
    driveLine(perform)
  }

  /// The host clocks a message out. Gives what it hears: as many octets.
  public mutating func exchange(
    _ message: SPIMessage, at now: Instant, perform: (QCA7000ChipAction) -> Void
  ) -> [UInt8] {
    exchange(message.octets, selects: message.selects, at: now, perform: perform)
  }

  /// The same for octets and the numbers of them in each chip select. Octets beyond the last select are not heard.
  public mutating func exchange(
    _ octets: [UInt8], selects: [Int], at now: Instant, perform: (QCA7000ChipAction) -> Void
  ) -> [UInt8] {
    advance(to: now, perform)
    var answer: [UInt8] = []
    answer.reserveCapacity(octets.count)
    // Words of a legacy transfer follow each other closely; a pause ends it.
    command = nil
    var at = 0
    for count in selects {
      let end = min(at + max(count, 0), octets.count)
      let start = answer.count
      selectWithFaults(octets, at..<end, at: now, into: &answer)
      fill(&answer, to: start + end - at)
      at = end
      driveLine(perform)
    }
    fill(&answer, to: octets.count)
    // Word by word a deaf chip cannot tell frames from registers.
    if configuration.legacyMode, bootedAt != nil, octets.count > QCA7000Framing.frameMin {
      counters.writtenInReset += 1
    }
    return answer
  }

  private mutating func take(_ frame: [UInt8]) {
    guard bootedAt == nil else { return counters.arrivedInReset += 1 }
    let size = QCA7000Framing.size(ofFrame: frame.count) + QCA7000Framing.hardwareLengthSize
    guard readBuffer.used + size + QCA7000.packetOverhead <= configuration.readBufferSize else {
      return counters.readOverruns += 1
    }
    guard readBuffer.append(frame) else { return counters.unframeable += 1 }
    counters.toHost += 1
    cause.insert(.packetAvailable)
  }

  /// What time alone does.
  private mutating func advance(to now: Instant, _ perform: (QCA7000ChipAction) -> Void) {
    if let booted = bootedAt, booted <= now {
      bootedAt = nil
      enabled = configuration.enabledAfterReset
      cause = .cpuOn
    }
    while let frame = writeBuffer.next(at: now, rate: configuration.lineRate) {
      counters.toLine += 1
      perform(.transmit(frame))
    }
    if let until = slipsUntil, until <= now { slipsUntil = nil }
    driveLine(perform)
  }

  mutating func reset(at now: Instant) {
    counters.resets += 1
    counters.readLostInReset += readBuffer.frameCount
    counters.writeLostInReset += writeBuffer.count
    if direction == .write { counters.writtenInReset += 1 }
    readBuffer.removeAll()
    writeBuffer.removeAll()
    assembled.removeAll(keepingCapacity: true)
    kept.removeAll()
    (transferSize, remaining, direction, command) = (0, 0, nil, nil)
    (cause, enabled) = ([], [])
    bootedAt = now + configuration.bootTime
    isSignatureStale = faults.staleSignature
  }

  /// The line shows whether an enabled cause is set; the host notices where it rises.
  private mutating func driveLine(_ perform: (QCA7000ChipAction) -> Void) {
    if configuration.holdsPacketAvailable, readBuffer.count > 0 { cause.insert(.packetAvailable) }
    let level = !cause.isDisjoint(with: enabled)
    defer { line = level }
    guard level, !line else { return }
    counters.interrupts += 1
    if faults.missedInterrupts > 0, strikes(faults.missedInterrupts) {
      counters.faults += 1
    } else {
      perform(.interrupt)
    }
  }

  func fill(_ answer: inout [UInt8], to count: Int) {
    if answer.count < count { answer.append(contentsOf: repeatElement(0, count: count - answer.count)) }
    if answer.count > count { answer.removeLast(answer.count - count) }
  }

  mutating func strikes(_ perMillion: Int) -> Bool {
    Int(generator.next() % 1_000_000) < perMillion
  }
}
