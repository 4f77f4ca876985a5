/// Why a host's frame did not go to the chip.
public enum QCA7000Refusal: Hashable, Sendable, CaseIterable {
  /// Not in sync: no carrier.
  case noCarrier
  /// The transmit queue is full ("transmit ring full").
  case queueFull
  /// Below 14 octets.
  case tooShort
  /// Above 1518 octets.
  case tooLong
  /// It waited, or was being written, when sync was lost.
  case syncLost
}

/// Why sync was lost.
public enum QCA7000SyncLoss: Hashable, Sendable, CaseIterable {
  /// SIGNATURE read something else twice.
  case badSignature
  /// The chip says that it came out of a reset.
  case deviceReset
  /// RDBUF_ERR.
  case readBufferError
  /// WRBUF_ERR.
  case writeBufferError
  /// A register read what it cannot hold, twice.
  case bufferAvailableError
  /// A register did not keep what was written ("write verify error").
  case writeVerifyError
  /// A frame found no room in the chip for too long.
  case transmitTimeout
  /// The bus could not be used ("SPI error").
  case spiError
  /// The chip answered a write with frames: it took it for a read.
  case crossedTransfer
}

/// What happened between a host and its QCA7000. Most names are those of `ethtool -S` with the kernel's driver.
public struct QCA7000Counters: Hashable, Sendable {
  /// Frames handed to the host.
  public var delivered: UInt64 = 0
  /// Frames written to the chip. Whether it liked them is in no register.
  public var sent: UInt64 = 0

  /// Host's frames refused: not in sync.
  public var refusedNoCarrier: UInt64 = 0
  /// Host's frames refused: transmit ring full.
  public var transmitRingFull: UInt64 = 0
  /// Host's frames refused: below 14 octets.
  public var refusedTooShort: UInt64 = 0
  /// Host's frames refused: above 1518 octets.
  public var refusedTooLong: UInt64 = 0
  /// Host's frames dropped from the queue, or half written, when sync was lost.
  public var droppedAtSyncLoss: UInt64 = 0

  /// Resets of the chip that this side asked for.
  public var triggeredResets: UInt64 = 0
  /// Resets after which no CPU_ON came.
  public var resetTimeouts: UInt64 = 0
  /// How often sync was reached.
  public var syncs: UInt64 = 0

  /// Times sync was lost, by cause.
  public var badSignatures: UInt64 = 0
  public var deviceResets: UInt64 = 0
  public var readBufferErrors: UInt64 = 0
  public var writeBufferErrors: UInt64 = 0
  public var bufferAvailableErrors: UInt64 = 0
  public var writeVerifyErrors: UInt64 = 0
  public var transmitTimeouts: UInt64 = 0
  public var spiErrors: UInt64 = 0
  public var crossedTransfers: UInt64 = 0

  /// A frame had to wait for room in the chip.
  public var writeBufferMisses: UInt64 = 0
  /// PKT_AVLBL with nothing to read.
  public var emptyInterrupts: UInt64 = 0
  /// Frames or errors were found without an interrupt.
  public var missedInterrupts: UInt64 = 0
  /// ADDR_ERR: a command was not understood.
  public var addressErrors: UInt64 = 0
  /// Registers that read what they cannot hold, and were read again.
  public var rereads: UInt64 = 0

  public init() {}

  /// Host's frames that did not go to the chip.
  public var refused: UInt64 {
    refusedNoCarrier + transmitRingFull + refusedTooShort + refusedTooLong + droppedAtSyncLoss
  }

  /// Times sync was lost.
  public var syncLosses: UInt64 {
    badSignatures + deviceResets + readBufferErrors + writeBufferErrors + bufferAvailableErrors
      + writeVerifyErrors + transmitTimeouts + spiErrors + crossedTransfers
  }

  mutating func count(_ refusal: QCA7000Refusal, _ frames: Int = 1) {
    let frames = UInt64(max(frames, 0))
    switch refusal {
    case .noCarrier: refusedNoCarrier += frames
    case .queueFull: transmitRingFull += frames
    case .tooShort: refusedTooShort += frames
    case .tooLong: refusedTooLong += frames
    case .syncLost: droppedAtSyncLoss += frames
    }
  }

  mutating func count(_ loss: QCA7000SyncLoss) {
    switch loss {
    case .badSignature: badSignatures += 1
    case .deviceReset: deviceResets += 1
    case .readBufferError: readBufferErrors += 1
    case .writeBufferError: writeBufferErrors += 1
    case .bufferAvailableError: bufferAvailableErrors += 1
    case .writeVerifyError: writeVerifyErrors += 1
    case .transmitTimeout: transmitTimeouts += 1
    case .spiError: spiErrors += 1
    case .crossedTransfer: crossedTransfers += 1
    }
  }
}
