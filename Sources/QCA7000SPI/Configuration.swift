/// How a QCA7000 is wired and driven.
public struct QCA7000Configuration: Hashable, Sendable {
  /// Legacy mode, where the chip is strapped for it: chip select is released after each word of 16 bits.
  public var legacyMode = false
  /// Octets of frames in one chip select, 1...5000 (`qcaspi_burst_len`). Linux hands spidev 4,096 octets in one
  /// call unless `spidev.bufsiz` says more, and rounds up to lines of its cache. Without meaning in legacy mode.
  public var burstLength = 3900
  /// Octets of one message at most, however many chip selects it has.
  public var messageMax = 4096
  /// How often a register that did not keep what was written is written again, 0...3 (`wr_verify`). 0 does not
  /// read back: that costs a message more per transfer, and what it prevents heals by itself.
  public var writeVerifications = 0
  /// Frames that wait for the chip at most; more are refused and counted.
  public var queueMax = 64
  /// Refuse frames whose length is not the one that the chip's hardware says.
  public var comparesLengths = true
  /// Looks at the chip so often by itself: for boards without an interrupt line. `nil` waits for interrupts.
  public var pollInterval: Duration?
  public var timers = Timers()

  /// Times the driver waits.
  public struct Timers: Hashable, Sendable {
    /// Between two looks for a chip that does not answer; also one round of waiting for CPU_ON.
    public var syncInterval: Duration = .seconds(1)
    /// Rounds to wait for CPU_ON before the chip is reset again.
    public var resetRounds = 3
    /// Between two looks for room in the write buffer. A frame of 1,518 octets leaves it in 1.2 ms at 10 Mbit/s.
    public var spaceRetry: Duration = .milliseconds(1)
    /// A frame found no room for so long: the chip hangs.
    public var transmitTimeout: Duration = .seconds(1)
    /// One more look so long after the last frame, in case an interrupt was missed. Then the driver rests until
    /// the next interrupt or frame. `nil` never looks.
    public var recheck: Duration? = .milliseconds(100)
    /// The rest of a frame did not come for so long: it never will.
    public var partialFrame: Duration = .milliseconds(20)

    public init() {}
  }

  public init() {}
}
