/// Octets for the bus, in one or more periods of chip select: what one SPI_IOC_MESSAGE of Linux carries.
///
/// The answer has as many octets as the message. Behind a command that reads, it holds the value at the same
/// place where the message holds zeros.
public struct SPIMessage: Hashable, Sendable {
  /// What goes out on MOSI, one chip select after the other.
  public private(set) var octets: [UInt8]
  /// Octets in each chip select, in order; their sum is the number of octets.
  public private(set) var selects: [Int] = []
  /// Legacy mode: chip select is released after each word of 16 bits, as a strap of the chip may ask for.
  public let releasesAfterEachWord: Bool

  public init(releasingAfterEachWord: Bool = false, reserving capacity: Int = 32) {
    releasesAfterEachWord = releasingAfterEachWord
    octets = []
    octets.reserveCapacity(capacity)
  }

  public var count: Int { octets.count }

  /// Reads a register. Gives where its value will stand in the answer.
  @discardableResult
  public mutating func read(_ register: QCA7000Register) -> Int {
    append(QCA7000.readCommand | QCA7000.registerCommand | register.rawValue)
    append(0)
    select(4)
    return octets.count - 2
  }

  /// Writes a register.
  public mutating func write(_ register: QCA7000Register, _ value: UInt16) {
    append(QCA7000.registerCommand | register.rawValue)
    append(value)
    select(4)
  }

  /// Writes `range` of framed octets to the write buffer.
  public mutating func writeFrames(_ framed: [UInt8], _ range: Range<Int>) {
    append(0)
    octets.append(contentsOf: framed[range.clamped(to: 0..<framed.count)])
    select(2 + range.clamped(to: 0..<framed.count).count)
  }

  /// Reads `count` octets from the read buffer. Gives where they will stand in the answer.
  @discardableResult
  public mutating func readFrames(_ count: Int) -> Range<Int> {
    append(QCA7000.readCommand)
    let first = octets.count
    octets.append(contentsOf: repeatElement(0, count: max(count, 0)))
    select(2 + max(count, 0))
    return first..<octets.count
  }

  private mutating func append(_ word: UInt16) {
    octets.append(UInt8(truncatingIfNeeded: word >> 8))
    octets.append(UInt8(truncatingIfNeeded: word))
  }

  private mutating func select(_ count: Int) {
    guard releasesAfterEachWord else { return selects.append(count) }
    var left = count
    while left > 0 {
      selects.append(min(left, 2))
      left -= 2
    }
  }
}
