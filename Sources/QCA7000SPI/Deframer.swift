/// Finds the frames in what a QCA7000 sends, whatever pieces it comes in.
///
/// Nothing is lost silently: each octet taken is part of a frame that was handed out, is counted as skipped, or
/// waits for the rest of its frame. Where a frame turns out to be none, the search begins anew at its second
/// octet, so a length that noise made too large swallows no frame behind it. Where it ends exactly with a later
/// frame, only the length of the hardware shows it: the two are compared on SPI.
///
/// SPI has no checksum: a frame whose content was changed on the way passes. And where noise has broken a
/// frame, its content is searched for the next one, as there is no other way back into step.
public struct QCA7000Deframer: Sendable {
  /// Where the octets come from.
  public enum Form: Hashable, Sendable {
    /// With the four octets of the hardware's length.
    case spi
    /// Without.
    case uart
  }

  /// What was found so far.
  public struct Counters: Hashable, Sendable {
    /// Frames handed out.
    public var frames: UInt64 = 0
    /// NOHEAD, once for each gap between frames.
    public var noHead: UInt64 = 0
    /// INVLEN; also where the two lengths differ.
    public var invalidLength: UInt64 = 0
    /// NOTAIL.
    public var noTail: UInt64 = 0
    /// Frames whose rest did not come.
    public var truncated: UInt64 = 0
    /// Octets that are part of no frame.
    public var skippedOctets: UInt64 = 0

    public init() {}

    /// All that was no frame.
    public var errors: UInt64 { noHead + invalidLength + noTail + truncated }

    public static func - (a: Counters, b: Counters) -> Counters {
      var result = Counters()
      result.frames = a.frames &- b.frames
      result.noHead = a.noHead &- b.noHead
      result.invalidLength = a.invalidLength &- b.invalidLength
      result.noTail = a.noTail &- b.noTail
      result.truncated = a.truncated &- b.truncated
      result.skippedOctets = a.skippedOctets &- b.skippedOctets
      return result
    }
  }

  public let form: Form
  /// Refuse frames whose two lengths differ (INVLEN).
  public let comparesLengths: Bool
  public private(set) var counters = Counters()
  /// The beginning of a frame, shorter than a whole one.
  private var pending: [UInt8] = []
  /// Octets are being skipped, and that was counted.
  private var isInGap = false

  private var lead: Int { form == .spi ? QCA7000Framing.hardwareLengthSize : 0 }
  private var overhead: Int { lead + QCA7000Framing.headerSize + QCA7000Framing.trailerSize }

  /// The length of the hardware counts head, frame and tail (length + 10). Drivers in the field rely on that, the
  /// application note does not say it; `comparingLengths` false does without.
  public init(_ form: Form, comparingLengths: Bool = true) {
    self.form = form
    comparesLengths = comparingLengths && form == .spi
    pending.reserveCapacity(2 * (QCA7000Framing.frameMax + 16))
  }

  /// Octets that wait for the rest of their frame; never as many as the longest frame takes.
  public var pendingOctets: Int { pending.count }

  /// Takes octets in, and hands out the frames that are whole.
  public mutating func receive(_ octets: RawSpan, deliver: (RawSpan) -> Void) {
    var at = 0
    // What is left of the last piece is completed in small steps, so that its memory stays bounded.
    while !pending.isEmpty, at < octets.byteCount {
      let piece = min(octets.byteCount - at, QCA7000Framing.frameMax)
      append(octets.extracting(at..<at + piece))
      at += piece
      scanPending(deliver)
    }
    guard at < octets.byteCount else { return }
    let rest = octets.extracting(at..<octets.byteCount)
    let done = scan(rest, deliver)
    append(rest.extracting(done..<rest.byteCount))
  }

  /// No more is coming for what waits: it is counted, and searched for whole frames.
  public mutating func abandon(deliver: (RawSpan) -> Void) {
    while !pending.isEmpty {
      // A few octets that only might have become a header are part of the gap.
      if pending.count >= lead + 4 || !isInGap { counters.truncated += 1 }
      isInGap = true
      counters.skippedOctets += 1
      pending.removeFirst()
      scanPending(deliver)
    }
  }

  private mutating func append(_ octets: RawSpan) {
    unsafe octets.withUnsafeBytes { unsafe pending.append(contentsOf: $0) }
  }

  private mutating func scanPending(_ deliver: (RawSpan) -> Void) {
    // Moved out, so that scanning it and counting do not overlap; no copy is made.
    var octets: [UInt8] = []
    swap(&octets, &pending)
    let done = unsafe scan(octets.span.bytes, deliver)
    octets.removeFirst(done)
    swap(&octets, &pending)
  }

  private enum Match {
    case frame(Range<Int>)
    case incomplete
    case none(QCA7000FramingError)
  }

  /// Handles all that is decided, and says how many octets that are.
  private mutating func scan(_ octets: RawSpan, _ deliver: (RawSpan) -> Void) -> Int {
    var at = 0
    while at < octets.byteCount {
      switch match(octets, at) {
      case .frame(let frame):
        counters.frames += 1
        isInGap = false
        deliver(octets.extracting(frame))
        at = frame.upperBound + QCA7000Framing.trailerSize
      case .incomplete:
        return at
      case .none(let reason):
        switch reason {
        case .noHead: if !isInGap { counters.noHead += 1 }
        case .invalidLength: counters.invalidLength += 1
        case .noTail: counters.noTail += 1
        case .truncated: counters.truncated += 1
        }
        isInGap = true
        counters.skippedOctets += 1
        at += 1
      }
    }
    return at
  }

  private func match(_ octets: RawSpan, _ at: Int) -> Match {
    let available = octets.byteCount - at
    if lead > 0 {
      if octet(octets, at) != 0 { return .none(.noHead) }
      if available > 1, octet(octets, at + 1) != 0 { return .none(.noHead) }
    }
    for offset in lead..<lead + 4 {
      guard offset < available else { return .incomplete }
      if octet(octets, at + offset) != QCA7000Framing.headerMark { return .none(.noHead) }
    }
    let header = lead + QCA7000Framing.headerSize
    guard header <= available else { return .incomplete }
    let count = Int(octet(octets, at + lead + 4)) | Int(octet(octets, at + lead + 5)) << 8
    guard (QCA7000Framing.frameMin...QCA7000Framing.frameMax).contains(count) else {
      return .none(.invalidLength)
    }
    if comparesLengths {
      let hardware = Int(octet(octets, at + 2)) << 8 | Int(octet(octets, at + 3))
      guard hardware == QCA7000Framing.size(ofFrame: count) else { return .none(.invalidLength) }
    }
    guard overhead + count <= available else { return .incomplete }
    for offset in header + count..<overhead + count {
      if octet(octets, at + offset) != QCA7000Framing.trailerMark { return .none(.noTail) }
    }
    return .frame(at + header..<at + header + count)
  }
}

/// An octet that is known to be there.
@inline(__always)
private func octet(_ octets: RawSpan, _ at: Int) -> UInt8 {
  unsafe octets.unsafeLoad(fromByteOffset: at, as: UInt8.self)
}
