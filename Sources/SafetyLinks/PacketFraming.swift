/// Packets of the controllers with protobuf messages: message, CRC-32, both COBS-encoded, a zero octet behind.
public enum PacketFraming {
  /// The longest message taken or made, octets; the longest known is about 200.
  public static let messageMax = 1024

  /// A message as it goes over the line. Longer ones than `messageMax` are no messages of these protocols; they give
  /// nothing.
  public static func octets(of message: [UInt8]) -> [UInt8] {
    guard message.count <= messageMax else { return [] }
    var checksum = CRC32()
    checksum.update(message)
    var packet = message
    for shift in stride(from: UInt32(0), through: 24, by: 8) {
      packet.append(UInt8(truncatingIfNeeded: checksum.value >> shift))
    }
    return stuffed(packet) + [0]
  }

  /// Consistent overhead byte stuffing: a zero-free form of the octets, without the delimiter.
  static func stuffed(_ octets: [UInt8]) -> [UInt8] {
    var result: [UInt8] = [1]
    var code = 0
    for (index, octet) in octets.enumerated() {
      if octet != 0 {
        result.append(octet)
        result[code] += 1
      }
      // A full block stands for no zero; behind the last octet it needs no successor.
      if octet == 0 || (result[code] == 0xFF && index + 1 < octets.count) {
        code = result.count
        result.append(1)
      }
    }
    return result
  }
}

/// Finds the packets in what a serial line gives, whatever pieces it comes in. A delimiter always brings it back into
/// step, so that noise costs the packet it hits and, where it hits the delimiter, the next.
public struct PacketDeframer: Sendable {
  public private(set) var counters = LinkCounters()
  private var packet: [UInt8] = []
  /// Octets of the present block still to come; 0 at its end.
  private var remaining = 0
  /// The present block stands for a zero behind it.
  private var endsWithZero = false
  private var hasBegun = false
  /// Nothing is kept until the next delimiter.
  private var isSkipping = false

  public init() { packet.reserveCapacity(64) }

  /// Octets that wait for the rest of their packet.
  public var pendingOctets: Int { packet.count }

  /// Takes octets in, and hands out the messages of packets that are whole and sound.
  public mutating func receive(_ octets: RawSpan, deliver: (RawSpan) -> Void) {
    for index in 0..<octets.byteCount {
      let octet = unsafe octets.unsafeLoad(fromByteOffset: index, as: UInt8.self)
      if octet == 0 { end(deliver) } else { take(octet) }
    }
  }

  private mutating func take(_ octet: UInt8) {
    guard !isSkipping else { return counters.skippedOctets += 1 }
    if remaining > 0 {
      packet.append(octet)
      remaining -= 1
    } else {
      if hasBegun, endsWithZero { packet.append(0) }
      remaining = Int(octet) - 1
      endsWithZero = octet != 0xFF
      hasBegun = true
    }
    if packet.count > PacketFraming.messageMax + 4 {
      refuse(.tooLong)
      isSkipping = true
    }
  }

  private mutating func end(_ deliver: (RawSpan) -> Void) {
    defer { reset() }
    // Delimiters that follow each other are a way to get into step.
    guard hasBegun, !isSkipping else { return }
    guard remaining == 0 else { return refuse(.stuffing) }
    guard packet.count > 4 else { return refuse(.tooShort) }
    var checksum = CRC32()
    checksum.update(packet)
    guard checksum.value == 0 else { return refuse(.checksum) }
    counters.frames += 1
    // Moved out, so that handing it out and counting do not overlap; no copy is made.
    var message: [UInt8] = []
    swap(&message, &packet)
    unsafe deliver(message.span.bytes.extracting(0..<message.count - 4))
    swap(&message, &packet)
  }

  private mutating func refuse(_ reason: LinkRefusal) {
    counters.count(reason)
    counters.skippedOctets += UInt64(packet.count)
    packet.removeAll(keepingCapacity: true)
  }

  private mutating func reset() {
    packet.removeAll(keepingCapacity: true)
    (remaining, endsWithZero, hasBegun, isSkipping) = (0, false, false, false)
  }
}
