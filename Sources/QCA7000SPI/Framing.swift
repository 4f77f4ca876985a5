public import Wire

/// Why octets are no frame. The names are those of the field.
public enum QCA7000FramingError: Error, Hashable, Sendable, CaseIterable {
  /// NOHEAD: no `AA AA AA AA` where a frame should begin.
  case noHead
  /// INVLEN: a length outside of 60...1518.
  case invalidLength
  /// NOTAIL: no `55 55` behind the frame.
  case noTail
  /// The rest of a frame did not come.
  case truncated
}

/// Why a host's frame cannot be framed.
public enum QCA7000FrameError: Error, Hashable, Sendable {
  /// Below the 14 octets of an Ethernet header.
  case tooShort(octets: Int)
  /// Above 1518 octets.
  case tooLong(octets: Int)
}

/// How Ethernet frames stand between host and QCA7000:
/// `AA AA AA AA`, length (little-endian), `00 00`, frame, `55 55`. On SPI the chip puts four octets in front of
/// what it sends: a length that its hardware made, big-endian, the upper two octets 0.
public enum QCA7000Framing {
  /// Octets of the shortest frame: Ethernet without its check sequence.
  public static let frameMin = 60
  /// Octets of the longest frame: 1500, a header and a VLAN tag.
  public static let frameMax = 1518
  /// Octets in front of a frame.
  public static let headerSize = 8
  /// Octets behind it.
  public static let trailerSize = 2
  /// Octets in front of that header in what the chip sends on SPI.
  public static let hardwareLengthSize = 4
  static let headerMark: UInt8 = 0xAA
  static let trailerMark: UInt8 = 0x55

  /// Octets that a frame of so many takes from host to chip: what BFR_SIZE announces.
  @inlinable public static func size(ofFrame count: Int) -> Int {
    headerSize + max(count, frameMin) + trailerSize
  }

  /// Appends a frame as the host writes it, padded with zeros to 60 octets.
  public static func write(
    _ frame: RawSpan, into output: inout OutputBuffer
  ) throws(QCA7000FrameError) {
    let count = frame.byteCount
    guard count >= 14 else { throw .tooShort(octets: count) }
    guard count <= frameMax else { throw .tooLong(octets: count) }
    let padded = max(count, frameMin)
    output.append(contentsOf: repeatElement(headerMark, count: 4))
    output.append(UInt8(truncatingIfNeeded: padded))
    output.append(UInt8(truncatingIfNeeded: padded >> 8))
    output.append(0)
    output.append(0)
    output.append(copying: frame)
    if padded > count { output.append(contentsOf: repeatElement(0, count: padded - count)) }
    output.append(trailerMark)
    output.append(trailerMark)
  }

  /// Appends a frame as the chip hands it over on SPI: for simulated chips.
  public static func writeFromChip(
    _ frame: RawSpan, into output: inout OutputBuffer
  ) throws(QCA7000FrameError) {
    let size = size(ofFrame: frame.byteCount)
    output.append(0)
    output.append(0)
    output.append(UInt8(truncatingIfNeeded: size >> 8))
    output.append(UInt8(truncatingIfNeeded: size))
    try write(frame, into: &output)
  }
}
