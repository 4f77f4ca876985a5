public import Wire

/// What happens to a `QCA7000Driver`. What the bus answered comes in through `transferred`, because a span cannot
/// be kept in an event.
public enum QCA7000Event: Hashable, Sendable {
  /// Begin; look for the chip.
  case start
  /// The interrupt line rose.
  case interrupt
  /// The host sends a frame, from the destination address on, without check sequence.
  case send([UInt8])
  /// The message on the bus could not be carried out.
  case transferFailed
  case timeout
  /// End; the carrier goes.
  case stop
}

/// What a `QCA7000Driver` wants done.
public enum QCA7000Action: Hashable, Sendable {
  /// Carry this out on the bus, then call `transferred` or hand in `transferFailed`. One at a time is asked for.
  case transfer(SPIMessage)
  /// A frame for the host.
  case deliver([UInt8])
  /// The chip is in sync, or it is not.
  case carrier(Bool)
  case trace(QCA7000Trace)
}

/// What a driver did, for people.
public enum QCA7000Trace: Hashable, Sendable {
  /// SIGNATURE did not read 0xAA55: no chip, no power, or a wrong mode of the bus. Told once until that changes.
  case noChip(signature: UInt16)
  /// The chip was told to reset itself.
  case resetting
  /// CPU_ON did not come.
  case resetTimeout
  case inSync
  case lostSync(QCA7000SyncLoss)
}

/// Drives one QCA7000 on SPI: finds and resets it, carries frames both ways, and comes back from every error by
/// resetting it again.
///
/// Interrupt-driven: in sync and at rest it has no deadline. It looks once more after the last frame
/// (`recheck`), so that a missed interrupt delays a frame by that time at most while there is traffic.
///
/// A frame is counted wherever it ends: delivered, sent, or refused by reason. SPI has no checksum; what noise
/// does inside a frame is for the layers above to find.
public struct QCA7000Driver: Machine {
  enum State: Hashable {
    case stopped
    /// No valid signature was seen; look again at this time.
    case unknown(retry: Instant)
    /// CPU_ON is awaited.
    case resetting(round: Int, until: Instant)
    case ready
  }

  /// The message on the bus.
  enum Step: Hashable {
    case none
    // On the way to sync.
    case signature, reset, look, confirm
    // In sync.
    case survey, read, finish
    case write(frames: Int)
    case announce(size: Int, isRead: Bool)
  }

  public let configuration: QCA7000Configuration
  public internal(set) var counters = QCA7000Counters()
  /// What the framing of received octets found.
  public var framing: QCA7000Deframer.Counters { deframer.counters }

  var state = State.stopped
  var step = Step.none
  var queue: FrameQueue
  var deframer: QCA7000Deframer
  var hasCarrier = false
  var saidNoChip = false

  // One round of service.
  /// Somebody wants the chip to be looked at.
  var attention = false
  /// An interrupt came since the last survey.
  var interrupted = false
  /// This survey was asked for by `recheck`, not by an event.
  var isRecheck = false
  var cause: QCA7000Interrupts = []
  /// Octets announced and not read.
  var unread = 0
  /// BFR_SIZE holds what is to be transferred next.
  var isAnnounced = false
  /// Room in the write buffer; `nil` until a survey said.
  var space: Int?
  /// INTR_ENABLE is to be written again.
  var mustFinish = false
  /// Frames moved, or a cause was seen, in this round.
  var wasActive = false
  var retries = 0
  /// Reads since the last one with a frame.
  var fruitlessReads = 0
  static let fruitlessReadsMax = 16
  var syncedAt: Instant?

  // Waiting.
  var blockedSince: Instant?
  var spaceRetryAt: Instant?
  var recheckAt: Instant?
  var pollAt: Instant?
  var partialUntil: Instant?

  public init(_ configuration: QCA7000Configuration = QCA7000Configuration()) {
    self.configuration = configuration
    queue = FrameQueue(limit: configuration.queueMax)
    deframer = QCA7000Deframer(.spi, comparingLengths: configuration.comparesLengths)
  }

  public var isInSync: Bool { state == .ready }
  /// Frames that wait for the chip.
  public var queued: Int { queue.count }
  /// True while another frame would be refused for want of room.
  public var isQueueFull: Bool { queue.isFull }
  /// True while a message is on the bus.
  public var isTransferring: Bool { step != .none }

  public var deadline: Instant? {
    guard step == .none else { return nil }
    switch state {
    case .stopped: return nil
    case .unknown(let retry): return retry
    case .resetting(_, let until): return earliest(until, pollAt)
    case .ready:
      return earliest(queue.isEmpty ? nil : spaceRetryAt, recheckAt, pollAt, partialUntil)
    }
  }

  public mutating func handle(
    _ event: QCA7000Event, at now: Instant, perform: (QCA7000Action) -> Void
  ) {
    switch event {
    case .start:
      guard state == .stopped else { return }
      seek(now, perform)
    case .stop:
      dropAll(perform)
      (state, step) = (.stopped, .none)
    case .interrupt:
      guard state != .stopped else { return }
      (attention, interrupted) = (true, true)
    case .send(let frame): enqueue(frame)
    case .transferFailed:
      guard step != .none else { return }
      step = .none
      fail(.spiError, now, perform)
    case .timeout: lookAtTheTime(now, perform)
    }
    proceed(now, perform)
  }

  /// The bus carried the message out and answered so: as many octets as the message had.
  public mutating func transferred(
    _ answer: RawSpan, at now: Instant, perform: (QCA7000Action) -> Void
  ) {
    let done = step
    step = .none
    switch done {
    case .none: return
    case .signature, .reset, .look, .confirm: advanceSync(done, answer, now, perform)
    case .survey: surveyed(answer, now, perform)
    case .announce(let size, let isRead): announced(size, isRead, answer, now, perform)
    case .read: haveRead(answer, now, perform)
    case .write(let frames): haveWritten(frames, answer, now, perform)
    case .finish: finished(answer, now, perform)
    }
    proceed(now, perform)
  }

  private mutating func enqueue(_ frame: [UInt8]) {
    guard state == .ready else { return counters.count(.noCarrier) }
    guard !queue.isFull else { return counters.count(.queueFull) }
    var framed = OutputBuffer(reserving: QCA7000Framing.size(ofFrame: frame.count))
    do throws(QCA7000FrameError) {
      try unsafe QCA7000Framing.write(frame.span.bytes, into: &framed)
    } catch {
      switch error {
      case .tooShort: counters.count(.tooShort)
      case .tooLong: counters.count(.tooLong)
      }
      return
    }
    _ = queue.append(framed.octets)
  }

  private mutating func lookAtTheTime(_ now: Instant, _ perform: (QCA7000Action) -> Void) {
    guard step == .none else { return }
    let isDue = { (instant: Instant?) in instant.map { $0 <= now } ?? false }
    if isDue(partialUntil) {
      partialUntil = nil
      deframer.abandon { octets in perform(.deliver(octets.copied)) }
      counters.delivered = deframer.counters.frames
    }
    if isDue(spaceRetryAt) { (spaceRetryAt, attention) = (nil, true) }
    if isDue(recheckAt) { (recheckAt, attention, isRecheck) = (nil, true, true) }
    if isDue(pollAt) { (pollAt, attention) = (nil, true) }
    switch state {
    case .unknown(let retry) where retry <= now: seek(now, perform)
    case .resetting(let round, let until) where until <= now:
      state = .resetting(round: round + 1, until: now + configuration.timers.syncInterval)
      attention = true
    default: break
    }
  }

  /// Puts the next message on the bus, if one is due and none is there.
  private mutating func proceed(_ now: Instant, _ perform: (QCA7000Action) -> Void) {
    guard step == .none else { return }
    switch state {
    case .stopped, .unknown: return
    case .resetting:
      guard attention else { return }
      attention = false
      look(perform)
    case .ready: serve(now, perform)
    }
  }

  // MARK: for all parts

  mutating func begin(_ next: Step, _ message: SPIMessage, _ perform: (QCA7000Action) -> Void) {
    step = next
    perform(.transfer(message))
  }

  func message(reserving capacity: Int = 32) -> SPIMessage {
    SPIMessage(releasingAfterEachWord: configuration.legacyMode, reserving: capacity)
  }

  /// Loses sync: everything that waits is dropped and counted, the carrier goes.
  mutating func fail(_ loss: QCA7000SyncLoss, _ now: Instant, _ perform: (QCA7000Action) -> Void) {
    counters.count(loss)
    // A bus that cannot be used at all is told of once.
    if case .unknown = state {} else { perform(.trace(.lostSync(loss))) }
    dropAll(perform)
    switch loss {
    case .deviceReset:
      // It has just done what a reset is for. One that says so again and again is looked at less often.
      state = .resetting(round: 0, until: now + configuration.timers.syncInterval)
      attention = syncedAt.map { now - $0 > .milliseconds(10) } ?? true
    case .spiError: state = .unknown(retry: now + configuration.timers.syncInterval)
    default: seek(now, perform)
    }
  }

  private mutating func dropAll(_ perform: (QCA7000Action) -> Void) {
    counters.count(.syncLost, queue.count)
    queue.removeAll()
    deframer.abandon { octets in perform(.deliver(octets.copied)) }
    counters.delivered = deframer.counters.frames
    (attention, interrupted, isRecheck, isAnnounced, mustFinish, wasActive) =
      (false, false, false, false, false, false)
    (cause, unread, space, retries, fruitlessReads) = ([], 0, nil, 0, 0)
    (blockedSince, spaceRetryAt, recheckAt, pollAt, partialUntil) = (nil, nil, nil, nil, nil)
    if hasCarrier {
      hasCarrier = false
      perform(.carrier(false))
    }
  }
}

extension RawSpan {
  /// A copy.
  var copied: [UInt8] { unsafe withUnsafeBytes { unsafe Array($0) } }

  /// The 16 bits a register was read as; 0 beyond the end.
  func register(at offset: Int) -> UInt16 {
    guard offset >= 0, offset + 2 <= byteCount else { return 0 }
    return unsafe UInt16(bigEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt16.self))
  }
}
