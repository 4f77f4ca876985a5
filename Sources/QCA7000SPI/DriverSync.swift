import Wire

// On the way to sync: signature, reset, CPU_ON, an empty write buffer.
extension QCA7000Driver {
  /// Places of the values in the answers. All reads and writes of registers take four octets.
  private enum Answer {
    /// Of the second read: the first one may be stale.
    static let signature = 6
    static let configuration = 10
    static let cause = 10
    static let writeSpace = 14
  }

  /// Looks for the chip.
  mutating func seek(_ now: Instant, _ perform: (QCA7000Action) -> Void) {
    state = .unknown(retry: now + configuration.timers.syncInterval)
    var message = message()
    message.read(.signature)
    message.read(.signature)
    message.read(.configuration)
    begin(.signature, message, perform)
  }

  /// Has the processor come out of its reset?
  mutating func look(_ perform: (QCA7000Action) -> Void) {
    var message = message()
    message.read(.signature)
    message.read(.signature)
    message.read(.interruptCause)
    message.read(.writeSpace)
    begin(.look, message, perform)
  }

  mutating func advanceSync(
    _ done: Step, _ answer: RawSpan, _ now: Instant, _ perform: (QCA7000Action) -> Void
  ) {
    let signature = answer.register(at: Answer.signature)
    switch done {
    case .signature:
      guard signature == QCA7000.signature else {
        state = .unknown(retry: now + configuration.timers.syncInterval)
        if !saidNoChip { perform(.trace(.noChip(signature: signature))) }
        saidNoChip = true
        return
      }
      saidNoChip = false
      reset(answer.register(at: Answer.configuration), perform)
    case .reset:
      state = .resetting(round: 0, until: now + configuration.timers.syncInterval)
      pollAt = configuration.pollInterval.map { now + $0 }
      // Edges from before the reset tell nothing.
      (attention, interrupted) = (false, false)
    case .look:
      lookedFor(
        signature, QCA7000Interrupts(rawValue: answer.register(at: Answer.cause)),
        answer.register(at: Answer.writeSpace), now, perform)
    case .confirm:
      state = .ready
      counters.syncs += 1
      syncedAt = now
      (attention, hasCarrier) = (true, true)
      perform(.trace(.inSync))
      perform(.carrier(true))
    default: return
    }
  }

  private mutating func reset(_ present: UInt16, _ perform: (QCA7000Action) -> Void) {
    counters.triggeredResets += 1
    perform(.trace(.resetting))
    var message = message()
    // A CPU_ON of long ago must not count as the answer.
    message.write(.interruptCause, QCA7000Interrupts.cpuOn.rawValue)
    message.write(.configuration, present | QCA7000.slaveReset)
    begin(.reset, message, perform)
  }

  private mutating func lookedFor(
    _ signature: UInt16, _ cause: QCA7000Interrupts, _ writeSpace: UInt16, _ now: Instant,
    _ perform: (QCA7000Action) -> Void
  ) {
    guard case .resetting(let round, _) = state else { return }
    pollAt = configuration.pollInterval.map { now + $0 }
    if signature == QCA7000.signature, cause.contains(.cpuOn) {
      guard Int(writeSpace) == QCA7000.bufferSize else { return seek(now, perform) }
      var message = message()
      message.write(.interruptCause, cause.rawValue)
      message.write(.interruptEnable, QCA7000Interrupts.inService.rawValue)
      return begin(.confirm, message, perform)
    }
    guard round >= configuration.timers.resetRounds else { return }
    counters.resetTimeouts += 1
    perform(.trace(.resetTimeout))
    seek(now, perform)
  }
}
