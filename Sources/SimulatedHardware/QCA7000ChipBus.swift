import QCA7000SPI
import Wire

// One chip select at a time: faults on the way, then commands.
extension QCA7000Chip {
  mutating func selectWithFaults(
    _ octets: [UInt8], _ range: Range<Int>, at now: Instant, into answer: inout [UInt8]
  ) {
    let faults = faults
    defer { if bootedAt != nil { deaf(range) } }
    let any =
      faults.mosiBitErrors + faults.misoBitErrors + faults.truncations + faults.resets + faults.slips
    let start = answer.count
    guard any > 0 || slipsUntil != nil, !range.isEmpty else {
      return select(octets, range, at: now, into: &answer)
    }
    var chance = Int(generator.next() % 1_000_000)
    let strikes = { (rate: Int) -> Bool in
      defer { chance -= rate }
      return (0..<max(rate, 0)).contains(chance)
    }
    var heard = octets
    var end = range.upperBound
    if strikes(faults.mosiBitErrors) {
      counters.faults += 1
      heard[range.lowerBound + pick(range.count)] ^= 1 << UInt8(pick(8))
    }
    let flipsAnswer = strikes(faults.misoBitErrors)
    if strikes(faults.truncations) {
      counters.faults += 1
      end = range.lowerBound + pick(range.count)
    }
    if strikes(faults.resets) {
      counters.faults += 1
      reset(at: now)
    }
    if strikes(faults.slips) {
      counters.faults += 1
      slipsUntil = now + faults.slipTime
    }
    if slipsUntil != nil { heard.shiftRight(range) }
    select(heard, range.lowerBound..<end, at: now, into: &answer)
    fill(&answer, to: start + range.count)
    if slipsUntil != nil { answer.shiftRight(start..<answer.count) }
    if flipsAnswer {
      counters.faults += 1
      answer[start + pick(range.count)] ^= 1 << UInt8(pick(8))
    }
  }

  private mutating func pick(_ count: Int) -> Int {
    Int(generator.next() % UInt64(max(count, 1)))
  }

  private mutating func select(
    _ octets: [UInt8], _ range: Range<Int>, at now: Instant, into answer: inout [UInt8]
  ) {
    guard bootedAt == nil else { return }
    guard configuration.legacyMode else {
      guard range.count >= 2 else { return counters.shortSelects += 1 }
      answer.append(contentsOf: [0, 0])
      let word = octets.word(range.lowerBound)
      return execute(word, octets, range.dropFirst(2), at: now, into: &answer)
    }
    // Legacy: a command, then its words one by one.
    guard let command else {
      guard range.count == 2 else { return counters.shortSelects += 1 }
      self.command = octets.word(range.lowerBound)
      return
    }
    let isRegister = command & QCA7000.registerCommand != 0
    execute(command, octets, range, at: now, into: &answer)
    if isRegister || remaining == 0 { self.command = nil }
  }

  private mutating func execute(
    _ command: UInt16, _ octets: [UInt8], _ range: Range<Int>, at now: Instant, into answer: inout [UInt8]
  ) {
    let isRead = command & QCA7000.readCommand != 0
    let address = command & QCA7000.addressMask
    guard command & QCA7000.registerCommand != 0 else {
      guard address == 0 else { return refuseAddress() }
      if isRead { readFrames(range.count, into: &answer) } else { writeFrames(octets, range, at: now) }
      return
    }
    guard let register = QCA7000Register(rawValue: address) else { return refuseAddress() }
    guard range.count >= 2 else { return counters.shortSelects += 1 }
    if isRead {
      let value = value(of: register)
      answer.append(UInt8(truncatingIfNeeded: value >> 8))
      answer.append(UInt8(truncatingIfNeeded: value))
    } else {
      set(register, octets.word(range.lowerBound), at: now)
    }
  }

  /// Nobody listens. A frame written now is lost; what is as long may be one.
  private mutating func deaf(_ range: Range<Int>) {
    if range.count > QCA7000Framing.frameMin { counters.writtenInReset += 1 }
  }

  private mutating func refuseAddress() {
    counters.addressErrors += 1
    cause.insert(.addressError)
  }

  // MARK: registers

  private mutating func value(of register: QCA7000Register) -> UInt16 {
    switch register {
    case .transferSize: return UInt16(truncatingIfNeeded: transferSize)
    case .writeSpace: return UInt16(truncatingIfNeeded: freeSpace)
    case .readAvailable: return UInt16(truncatingIfNeeded: readBuffer.count)
    case .interruptCause: return cause.rawValue
    case .interruptEnable: return enabled.rawValue
    case .signature:
      defer { isSignatureStale = false }
      return isSignatureStale ? 0 : QCA7000.signature
    case .configuration, .status, .readWatermark, .writeWatermark, .action: return kept[register] ?? 0
    }
  }

  private mutating func set(_ register: QCA7000Register, _ value: UInt16, at now: Instant) {
    switch register {
    case .transferSize: announce(Int(value))
    case .interruptCause: cause.subtract(QCA7000Interrupts(rawValue: value))
    case .interruptEnable: enabled = QCA7000Interrupts(rawValue: value)
    case .configuration:
      if value & QCA7000.slaveReset != 0 { reset(at: now) } else { kept[register] = value }
    case .readWatermark, .writeWatermark, .action: kept[register] = value
    case .writeSpace, .readAvailable, .status, .signature: refuseAddress()
    }
  }

  /// Octets free in the write buffer; what is being written has its place already.
  private var freeSpace: Int {
    let assembling = direction == .write ? transferSize + QCA7000.packetOverhead : 0
    return max(0, QCA7000.bufferSize - writeBuffer.used - assembling)
  }

  // MARK: transfers

  private mutating func announce(_ size: Int) {
    switch direction {
    case .write: refuseWrite()
    case .read: refuseRead()
    // Written again, it replaces itself: a host that reads it back and is not content does so.
    case nil: if remaining > 0, remaining != size { counters.unusedSizes += 1 }
    }
    (transferSize, remaining, direction) = (size, size, nil)
    assembled.removeAll(keepingCapacity: true)
  }

  private mutating func refuseWrite() {
    counters.writeMismatches += 1
    cause.insert(.writeBufferError)
    (remaining, direction) = (0, nil)
  }

  private mutating func refuseRead() {
    counters.readMismatches += 1
    cause.insert(.readBufferError)
    (remaining, direction) = (0, nil)
  }

  private mutating func readFrames(_ count: Int, into answer: inout [UInt8]) {
    guard direction != .write else { return refuseWrite() }
    guard count > 0 else { return }
    let waiting = readBuffer.frameCount
    let taken = readBuffer.read(min(count, remaining), into: &answer)
    counters.octetsRead += taken
    counters.readOut += waiting - readBuffer.frameCount
    guard taken == count else { return refuseRead() }
    remaining -= taken
    direction = remaining > 0 ? .read : nil
  }

  private mutating func writeFrames(_ octets: [UInt8], _ range: Range<Int>, at now: Instant) {
    guard direction != .read else { return refuseRead() }
    guard !range.isEmpty else { return counters.shortSelects += 1 }
    guard range.count <= remaining else { return refuseWrite() }
    if direction == nil, transferSize + QCA7000.packetOverhead > freeSpace {
      counters.writeOverruns += 1
      cause.insert(.writeBufferError)
      remaining = 0
      return
    }
    direction = .write
    assembled.append(contentsOf: octets[range])
    remaining -= range.count
    if remaining == 0 {
      direction = nil
      accept(at: now)
    }
  }

  /// The framing of a transfer. The chip's own word on it, not that of the driver it is made to test.
  private mutating func accept(at now: Instant) {
    let count = assembled.count
    guard count >= 10, assembled[..<4].allSatisfy({ $0 == 0xAA }) else { return counters.noHead += 1 }
    let length = Int(assembled[4]) | Int(assembled[5]) << 8
    guard length == count - 10, (60...1518).contains(length) else {
      return counters.invalidLength += 1
    }
    guard assembled[count - 2] == 0x55, assembled[count - 1] == 0x55 else { return counters.noTail += 1 }
    counters.accepted += 1
    writeBuffer.append(Array(assembled[8..<count - 2]), at: now, rate: configuration.lineRate)
  }
}

extension [UInt8] {
  /// 16 bits, big-endian; 0 beyond the end.
  fileprivate func word(_ at: Int) -> UInt16 {
    guard at >= 0, at + 1 < count else { return 0 }
    return UInt16(self[at]) << 8 | UInt16(self[at + 1])
  }

  /// One bit late.
  fileprivate mutating func shiftRight(_ range: Range<Int>) {
    var carry: UInt8 = 0
    for index in range.clamped(to: indices) {
      let next = self[index] << 7
      self[index] = self[index] >> 1 | carry
      carry = next
    }
  }
}
