/// A frame of chargebyte's safety controllers: `A5 | COM | 8 octets, big endian | CRC-8 | 03`.
public struct ControllerFrame: Hashable, Sendable {
  public static let size = 12
  static let startMark: UInt8 = 0xA5
  static let endMark: UInt8 = 0x03

  /// What a frame is about.
  public enum Kind {
    /// Host to controller, every 100 ms.
    public static let chargeControl: UInt8 = 0x06
    /// Controller to host, every 100 ms.
    public static let chargeState: UInt8 = 0x07
    /// Controller to host: four temperatures.
    public static let temperatures: UInt8 = 0x08
    /// Controller to host, when asked.
    public static let firmwareVersion: UInt8 = 0x0A
    /// Controller to host, when asked.
    public static let gitHash: UInt8 = 0x0B
    /// Controller to host.
    public static let errorMessage: UInt8 = 0x0E
    /// Host to controller: the first octet is the kind that is wanted.
    public static let inquiry: UInt8 = 0xFF
  }

  /// COM.
  public var kind: UInt8
  /// The eight octets.
  public var word: UInt64

  public init(kind: UInt8, word: UInt64) {
    self.kind = kind
    self.word = word
  }

  /// Asks for a frame of this kind.
  public static func inquiry(_ kind: UInt8) -> ControllerFrame {
    ControllerFrame(kind: Kind.inquiry, word: UInt64(kind) << 56)
  }

  /// The frame as it goes over the line.
  public var octets: [UInt8] {
    var result = [Self.startMark, kind]
    for shift in stride(from: 56, through: 0, by: -8) {
      result.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
    }
    var checksum = CRC8()
    checksum.update(result.dropFirst())
    return result + [checksum.value, Self.endMark]
  }

  /// Bits counted from the lowest of the word.
  func bits(_ lowest: Int, _ count: Int) -> UInt64 { word >> UInt64(lowest) & (1 << UInt64(count) - 1) }
  func bit(_ number: Int) -> Bool { bits(number, 1) == 1 }
}

/// Finds the frames of a safety controller in what a serial line gives, whatever pieces it comes in.
///
/// In step, frames follow each other without a gap. Out of it - at the start, and after anything that is no frame - the
/// first valid frame is kept until a second one follows it directly: eight bits of checksum are too few to believe a
/// single frame among noise. Both are handed out then, but of two of one kind the second only.
public struct ControllerDeframer: Sendable {
  public private(set) var counters = LinkCounters()
  /// The last octet ended a frame that was believed, or a part of one has come since.
  public private(set) var isInStep = false
  /// Valid frames, also those that no second one has confirmed: a life sign, if no message.
  public private(set) var sightings: UInt64 = 0
  /// The beginning of a frame, shorter than a whole one.
  private var pending: [UInt8] = []
  private var candidate: ControllerFrame?
  private var isInGap = false

  public init() { pending.reserveCapacity(ControllerFrame.size) }

  /// Octets that wait for the rest of their frame, or for a second one: fewer than two frames have.
  public var pendingOctets: Int { pending.count + (candidate == nil ? 0 : ControllerFrame.size) }

  public mutating func receive(_ octets: RawSpan, deliver: (ControllerFrame) -> Void) {
    for index in 0..<octets.byteCount {
      pending.append(unsafe octets.unsafeLoad(fromByteOffset: index, as: UInt8.self))
      scan(deliver)
    }
  }

  private mutating func scan(_ deliver: (ControllerFrame) -> Void) {
    while let first = pending.first {
      guard first == ControllerFrame.startMark else {
        if !isInGap { counters.count(.startMark) }
        skip()
        continue
      }
      guard pending.count >= ControllerFrame.size else { return }
      guard pending[11] == ControllerFrame.endMark else {
        counters.count(.endMark)
        skip()
        continue
      }
      var checksum = CRC8()
      checksum.update(pending[1..<10])
      guard checksum.value == pending[10] else {
        counters.count(.checksum)
        skip()
        continue
      }
      let word = pending[2..<10].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      let frame = ControllerFrame(kind: pending[1], word: word)
      pending.removeAll(keepingCapacity: true)
      isInGap = false
      sightings &+= 1
      take(frame, deliver)
    }
  }

  private mutating func take(_ frame: ControllerFrame, _ deliver: (ControllerFrame) -> Void) {
    guard isInStep || candidate != nil else {
      candidate = frame
      return
    }
    if let first = candidate {
      candidate = nil
      counters.frames += 1
      // One that the next has overtaken says nothing any more.
      if first.kind != frame.kind { deliver(first) }
    }
    isInStep = true
    counters.frames += 1
    deliver(frame)
  }

  /// The first octet is part of no frame.
  private mutating func skip() {
    if candidate != nil {
      candidate = nil
      counters.count(.unconfirmed)
      counters.skippedOctets += UInt64(ControllerFrame.size)
    }
    (isInStep, isInGap) = (false, true)
    counters.skippedOctets += 1
    pending.removeFirst()
  }
}
