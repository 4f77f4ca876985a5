import Wire

// In sync. One round: survey the registers, read what there is, write what fits, enable interrupts again.
extension QCA7000Driver {
  /// Places of the values in a survey's answer.
  private enum Survey {
    static let signature = 2
    static let cause = 10
    static let readAvailable = 14
    static let writeSpace = 18
  }

  mutating func serve(_ now: Instant, _ perform: (QCA7000Action) -> Void) {
    if unread > 0 { return read(perform) }
    if space != nil, !queue.isEmpty {
      if write(now, perform) { return }
      if case .ready = state {} else { return }
    }
    if mustFinish { return finish(perform) }
    let wantsToSend = !queue.isEmpty && spaceRetryAt == nil
    guard attention || wantsToSend else { return }
    survey(perform)
  }

  private mutating func survey(_ perform: (QCA7000Action) -> Void) {
    attention = false
    var message = message()
    message.read(.signature)
    message.write(.interruptEnable, 0)
    message.read(.interruptCause)
    message.read(.readAvailable)
    message.read(.writeSpace)
    begin(.survey, message, perform)
  }

  mutating func surveyed(
    _ answer: RawSpan, _ now: Instant, _ perform: (QCA7000Action) -> Void
  ) {
    let available = Int(answer.register(at: Survey.readAvailable))
    let room = Int(answer.register(at: Survey.writeSpace))
    let isSigned = answer.register(at: Survey.signature) == QCA7000.signature
    let isPlausible =
      available <= QCA7000.bufferSize + QCA7000.packetOverhead && room <= QCA7000.bufferSize
    guard isSigned, isPlausible else {
      // Noise on the bus, or a stale value: the second look decides.
      guard retries == 0 else {
        return fail(isSigned ? .bufferAvailableError : .badSignature, now, perform)
      }
      counters.rereads += 1
      retries = 1
      attention = true
      return
    }
    retries = 0
    mustFinish = true
    cause = QCA7000Interrupts(rawValue: answer.register(at: Survey.cause))
    if cause.contains(.addressError) { counters.addressErrors += 1 }
    if cause.contains(.cpuOn) { return fail(.deviceReset, now, perform) }
    if cause.contains(.writeBufferError) { return fail(.writeBufferError, now, perform) }
    if cause.contains(.readBufferError) { return fail(.readBufferError, now, perform) }
    let isFound = available > 0 || !cause.isDisjoint(with: .inService)
    if isFound, isRecheck, !interrupted { counters.missedInterrupts += 1 }
    if available == 0, cause.contains(.packetAvailable) { counters.emptyInterrupts += 1 }
    (isRecheck, interrupted) = (false, false)
    if isFound { wasActive = true }
    (unread, space, isAnnounced) = (available, room, false)
  }

  // MARK: reading

  private mutating func read(_ perform: (QCA7000Action) -> Void) {
    if !isAnnounced, configuration.writeVerifications > 0 {
      return announce(unread, isRead: true, perform)
    }
    // In legacy mode a second command in the middle of a transfer would be taken for data.
    let limit =
      configuration.legacyMode
      ? unread : max(1, min(configuration.burstLength, configuration.messageMax - 6))
    let count = min(unread, limit)
    var message = message(reserving: count + 6)
    if !isAnnounced { message.write(.transferSize, UInt16(truncatingIfNeeded: unread)) }
    isAnnounced = true
    message.readFrames(count)
    begin(.read, message, perform)
  }

  mutating func haveRead(
    _ answer: RawSpan, _ now: Instant, _ perform: (QCA7000Action) -> Void
  ) {
    let limit =
      configuration.legacyMode
      ? unread : max(1, min(configuration.burstLength, configuration.messageMax - 6))
    let count = min(unread, limit)
    guard answer.byteCount >= count else { return fail(.spiError, now, perform) }
    unread -= count
    if unread == 0 { isAnnounced = false }
    take(answer.extracting(last: count), now, perform)
    // RDBUF_BYTE_AVA that never falls, or nothing but noise behind it.
    if fruitlessReads > Self.fruitlessReadsMax { fail(.bufferAvailableError, now, perform) }
  }

  private mutating func take(
    _ octets: RawSpan, _ now: Instant, _ perform: (QCA7000Action) -> Void
  ) {
    wasActive = true
    let before = deframer.counters.frames
    deframer.receive(octets) { frame in perform(.deliver(frame.copied)) }
    fruitlessReads = deframer.counters.frames == before ? fruitlessReads + 1 : 0
    counters.delivered = deframer.counters.frames
    partialUntil = deframer.pendingOctets > 0 ? now + configuration.timers.partialFrame : nil
  }

  // MARK: writing

  /// False when nothing fits.
  private mutating func write(_ now: Instant, _ perform: (QCA7000Action) -> Void) -> Bool {
    guard var room = space else { return false }
    let first = queue[0]
    guard first.count + QCA7000.packetOverhead <= room else {
      waitForRoom(now, perform)
      return step != .none
    }
    (blockedSince, spaceRetryAt) = (nil, nil)
    if !isAnnounced, configuration.writeVerifications > 0 {
      announce(first.count, isRead: false, perform)
      return true
    }
    var message = message(reserving: first.count + 16)
    var frames = 0
    while frames < queue.count {
      let framed = queue[frames]
      guard framed.count + QCA7000.packetOverhead <= room else { break }
      if frames > 0 {
        guard configuration.writeVerifications == 0, !configuration.legacyMode,
          message.count + framed.count + 16 <= configuration.messageMax
        else { break }
      }
      if !isAnnounced { message.write(.transferSize, UInt16(truncatingIfNeeded: framed.count)) }
      append(framed, to: &message)
      room -= framed.count + QCA7000.packetOverhead
      frames += 1
    }
    space = room
    begin(.write(frames: frames), message, perform)
    return true
  }

  private func append(_ framed: [UInt8], to message: inout SPIMessage) {
    let burst = configuration.legacyMode ? framed.count : max(configuration.burstLength, 1)
    var at = 0
    while at < framed.count {
      message.writeFrames(framed, at..<min(at + burst, framed.count))
      at += burst
    }
  }

  private mutating func waitForRoom(_ now: Instant, _ perform: (QCA7000Action) -> Void) {
    counters.writeBufferMisses += 1
    space = nil
    let since = blockedSince ?? now
    blockedSince = since
    guard now - since < configuration.timers.transmitTimeout else {
      return fail(.transmitTimeout, now, perform)
    }
    spaceRetryAt = now + configuration.timers.spaceRetry
  }

  mutating func haveWritten(
    _ frames: Int, _ answer: RawSpan, _ now: Instant, _ perform: (QCA7000Action) -> Void
  ) {
    isAnnounced = false
    wasActive = true
    // A frame's data stands behind BFR_SIZE, if that was in the message, and its command.
    let lead = configuration.writeVerifications > 0 ? 2 : 6
    var at = 0
    for index in 0..<frames {
      if answer.holdsFrameHeader(at: at + lead) {
        // The chip took the command for a read: what it answered is gone from its buffer.
        take(answer.extracting(at + lead..<answer.byteCount), now, perform)
        return fail(.crossedTransfer, now, perform)
      }
      let burst = configuration.legacyMode ? queue[index].count : max(configuration.burstLength, 1)
      at += lead + queue[index].count + 2 * ((queue[index].count - 1) / max(burst, 1))
    }
    counters.sent += UInt64(frames)
    queue.removeFirst(frames)
  }

  // MARK: BFR_SIZE, read back

  private mutating func announce(_ size: Int, isRead: Bool, _ perform: (QCA7000Action) -> Void) {
    var message = message()
    message.write(.transferSize, UInt16(truncatingIfNeeded: size))
    message.read(.transferSize)
    begin(.announce(size: size, isRead: isRead), message, perform)
  }

  mutating func announced(
    _ size: Int, _ isRead: Bool, _ answer: RawSpan, _ now: Instant, _ perform: (QCA7000Action) -> Void
  ) {
    guard Int(answer.register(at: 6)) == size else {
      guard retries < configuration.writeVerifications else {
        return fail(.writeVerifyError, now, perform)
      }
      retries += 1
      counters.rereads += 1
      return
    }
    retries = 0
    isAnnounced = true
  }

  // MARK: the end of a round

  private mutating func finish(_ perform: (QCA7000Action) -> Void) {
    var message = message()
    message.write(.interruptCause, cause.rawValue)
    // Behind the acknowledgement: a frame that came in between has lost its cause.
    message.read(.readAvailable)
    message.write(.interruptEnable, QCA7000Interrupts.inService.rawValue)
    if configuration.writeVerifications > 0 { message.read(.interruptEnable) }
    begin(.finish, message, perform)
  }

  mutating func finished(
    _ answer: RawSpan, _ now: Instant, _ perform: (QCA7000Action) -> Void
  ) {
    if configuration.writeVerifications > 0,
      answer.register(at: 14) != QCA7000Interrupts.inService.rawValue
    {
      guard retries < configuration.writeVerifications else {
        return fail(.writeVerifyError, now, perform)
      }
      retries += 1
      counters.rereads += 1
      return
    }
    retries = 0
    (mustFinish, space, cause) = (false, nil, [])
    if answer.register(at: 6) > 0 { attention = true }
    if wasActive { recheckAt = configuration.timers.recheck.map { now + $0 } }
    wasActive = false
    pollAt = configuration.pollInterval.map { now + $0 }
  }
}

extension RawSpan {
  /// Hardware length and the mark of a header, as the chip puts them in front of a frame.
  fileprivate func holdsFrameHeader(at offset: Int) -> Bool {
    let mark = offset + QCA7000Framing.hardwareLengthSize
    return register(at: mark) == 0xAAAA && register(at: mark + 2) == 0xAAAA
  }
}
