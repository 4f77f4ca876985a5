public import QCA7000SPI

/// How a simulated QCA7000 is set up.
public struct QCA7000ChipConfiguration: Hashable, Sendable {
  /// Strapped for legacy mode: commands and words of data come in chip selects of their own.
  public var legacyMode = false
  /// Octets of frames from the line that wait for the host.
  public var readBufferSize = QCA7000.bufferSize
  /// From a reset to CPU_ON.
  public var bootTime: Duration = .milliseconds(300)
  /// Bits per second at which the write buffer drains.
  public var lineRate = 10_000_000
  /// PKT_AVLBL cannot be cleared while frames wait. Which of the two a real chip does is not public; drivers have to
  /// get on with both.
  public var holdsPacketAvailable = false
  /// INTR_ENABLE after a reset. That CPU_ON is among it follows from drivers that wait for it without enabling it.
  public var enabledAfterReset: QCA7000Interrupts = .cpuOn
  public var faults = QCA7000ChipFaults.none

  public init() {}
}

/// What goes wrong on the bus and in the chip: chances per million chip selects, if nothing else is said.
public struct QCA7000ChipFaults: Hashable, Sendable {
  /// One bit of what the chip hears is flipped.
  public var mosiBitErrors = 0
  /// One bit of what the host hears is flipped.
  public var misoBitErrors = 0
  /// Chip select ends early; the host goes on and hears nothing.
  public var truncations = 0
  /// The chip resets itself.
  public var resets = 0
  /// From here on the chip hears and answers one bit late, for `slipTime`.
  public var slips = 0
  public var slipTime: Duration = .milliseconds(5)
  /// Chance per million rising edges that the host does not notice.
  public var missedInterrupts = 0
  /// The first SIGNATURE read after a reset reads 0.
  public var staleSignature = false

  public init() {}

  public static let none = QCA7000ChipFaults()

  /// All kinds that come by chance, each with the same.
  public static func all(perMillion chance: Int) -> QCA7000ChipFaults {
    var faults = QCA7000ChipFaults()
    (faults.mosiBitErrors, faults.misoBitErrors, faults.truncations) = (chance, chance, chance)
    (faults.resets, faults.slips, faults.missedInterrupts) = (chance, chance, chance)
    faults.staleSignature = true
    return faults
  }
}

/// Where the frames of a simulated QCA7000 went, and what was done to it.
public struct QCA7000ChipCounters: Hashable, Sendable {
  /// Host's frames that were taken into the write buffer.
  public var accepted = 0
  /// Host's frames that went on the line.
  public var toLine = 0
  /// Frames from the line that were put into the read buffer.
  public var toHost = 0
  /// Line's frames that were read to their last octet.
  public var readOut = 0
  /// Octets of them that were read.
  public var octetsRead = 0

  /// Host's frames refused: no `AA AA AA AA`.
  public var noHead = 0
  /// Host's frames refused: a length that does not fit what was written.
  public var invalidLength = 0
  /// Host's frames refused: no `55 55`.
  public var noTail = 0
  /// Host's frames refused: no room in the write buffer.
  public var writeOverruns = 0
  /// Host's frames refused: more, or less, was written than BFR_SIZE said, or it said nothing.
  public var writeMismatches = 0
  /// BFR_SIZE was written, and no transfer followed.
  public var unusedSizes = 0
  /// Commands that named no register, and transfers with one.
  public var addressErrors = 0
  /// Chip selects without a whole command and word.
  public var shortSelects = 0
  /// Host's frames in the write buffer at a reset.
  public var writeLostInReset = 0
  /// Host's frames whose transfer a reset cut short, or that were written while there was no processor.
  public var writtenInReset = 0

  /// Line's frames dropped: the read buffer was full.
  public var readOverruns = 0
  /// Line's frames in the read buffer at a reset, whole or in part.
  public var readLostInReset = 0
  /// Line's frames that came while there was no processor.
  public var arrivedInReset = 0
  /// Reads of other octets than BFR_SIZE announced.
  public var readMismatches = 0
  /// Line's frames with a length that does not fit the framing.
  public var unframeable = 0

  public var resets = 0
  /// Rising edges of the interrupt line.
  public var interrupts = 0
  /// Faults that were injected, all kinds.
  public var faults = 0

  public init() {}

  /// Host's frames that the chip did not take; one frame may count twice.
  public var fromHostRefused: Int {
    noHead + invalidLength + noTail + writeOverruns + writeMismatches + unusedSizes + addressErrors
      + shortSelects + writtenInReset
  }
  /// Line's frames that were not put into the read buffer.
  public var fromLineRefused: Int { readOverruns + arrivedInReset + unframeable }
}
