/// Why something that came over a link was not taken.
public enum LinkRefusal: Int, Hashable, Sendable, CaseIterable {
  /// No frame begins where one should; counted once for each gap.
  case startMark
  /// A frame does not end where it should.
  case endMark
  /// The checksum is wrong.
  case checksum
  /// A valid frame after a gap, which no second one followed: with 8 bits of checksum, noise may look like one.
  case unconfirmed
  /// A delimiter inside of a block (COBS).
  case stuffing
  /// Longer than any message.
  case tooLong
  /// Shorter than any message, or not of the length its kind has.
  case tooShort
  /// Not the wire format of the message.
  case encoding
  /// A message of a kind that this side does not take.
  case kind
  /// A field holds what it cannot hold.
  case value
}

/// What came over a link.
public struct LinkCounters: Hashable, Sendable {
  /// Frames or datagrams that were taken.
  public internal(set) var frames: UInt64 = 0
  /// Octets that are part of no frame.
  public internal(set) var skippedOctets: UInt64 = 0
  private var refusals = [UInt64](repeating: 0, count: LinkRefusal.allCases.count)

  public init() {}

  /// What was not taken, for one reason.
  public subscript(_ reason: LinkRefusal) -> UInt64 {
    refusals.indices.contains(reason.rawValue) ? refusals[reason.rawValue] : 0
  }

  /// What was not taken.
  public var refused: UInt64 { refusals.reduce(0, &+) }

  mutating func count(_ reason: LinkRefusal) {
    if refusals.indices.contains(reason.rawValue) { refusals[reason.rawValue] &+= 1 }
  }

  /// The sum of both, for a link whose framing and messages are counted apart.
  public static func + (a: LinkCounters, b: LinkCounters) -> LinkCounters {
    var result = a
    result.frames &+= b.frames
    result.skippedOctets &+= b.skippedOctets
    for index in result.refusals.indices { result.refusals[index] &+= b.refusals[index] }
    return result
  }
}

/// A message was not taken.
public struct LinkRefused: Error, Hashable, Sendable {
  public var reason: LinkRefusal

  public init(reason: LinkRefusal) { self.reason = reason }

  static func catching<Value>(_ body: () throws(MessageError) -> Value) -> Result<Value, LinkRefused> {
    do throws(MessageError) {
      return .success(try body())
    } catch {
      return .failure(LinkRefused(reason: error.reason))
    }
  }
}
