/// Bits of INTR_CAUSE and INTR_ENABLE.
public struct QCA7000Interrupts: OptionSet, Hashable, Sendable {
  public let rawValue: UInt16
  @inlinable public init(rawValue: UInt16) { self.rawValue = rawValue }

  /// PKT_AVLBL: frames wait to be read.
  public static let packetAvailable = QCA7000Interrupts(rawValue: 1 << 0)
  /// RDBUF_ERR: more was read than there was, or less than announced.
  public static let readBufferError = QCA7000Interrupts(rawValue: 1 << 1)
  /// WRBUF_ERR: more was written than there was room for, or not what was announced.
  public static let writeBufferError = QCA7000Interrupts(rawValue: 1 << 2)
  /// ADDR_ERR: a command named no register.
  public static let addressError = QCA7000Interrupts(rawValue: 1 << 3)
  /// CPU_ON: the processor came out of a reset.
  public static let cpuOn = QCA7000Interrupts(rawValue: 1 << 6)
  /// WRBUF_BELOW_WM: the write buffer has drained below its watermark.
  public static let writeBufferBelowWatermark = QCA7000Interrupts(rawValue: 1 << 10)

  /// What a host enables once it is in sync.
  public static let inService: QCA7000Interrupts = [
    .cpuOn, .packetAvailable, .readBufferError, .writeBufferError,
  ]
}

/// Facts of the chip that host and chip agree on.
public enum QCA7000 {
  /// What SIGNATURE reads.
  public static let signature: UInt16 = 0xAA55
  /// Octets of the write buffer, and what WRBUF_SPC_AVA reads when it is empty.
  public static let bufferSize = 0xC5B
  /// Octets the chip keeps beside each frame in a buffer.
  public static let packetOverhead = 4
  /// Bit 6 of SPI_CONFIG: the chip resets itself.
  public static let slaveReset: UInt16 = 1 << 6
  /// Bit 15 of a command: a read.
  public static let readCommand: UInt16 = 1 << 15
  /// Bit 14 of a command: a register, not frames.
  public static let registerCommand: UInt16 = 1 << 14
  /// The bits of a command that name a register.
  public static let addressMask: UInt16 = 0x3FFF
}
