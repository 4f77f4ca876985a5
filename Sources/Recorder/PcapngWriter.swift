import Glibc
public import Wire

/// Writes a session as pcapng, for Wireshark and for the explanation of a failure: Ethernet frames with interface
/// and direction, and notes between them (pilot, contactor, session states).
///
/// A recorder must never disturb what it records: a failed write is kept in `failure`, and records are counted as
/// dropped from then on.
///
/// Format: draft-ietf-opsawg-pcapng. One section, little-endian, nanosecond timestamps.
public final class PcapngWriter {
  /// An interface of the recording, not of the host.
  public struct Interface: Hashable, Sendable {
    fileprivate let number: UInt32
  }

  /// Seen from the station that records.
  public enum Direction: Hashable, Sendable {
    case inbound, outbound, unknown

    /// epb_flags bits 0...1
    fileprivate var flags: UInt32 {
      switch self {
      case .unknown: 0
      case .inbound: 1
      case .outbound: 2
      }
    }
  }

  private enum LinkType: UInt16 {
    case ethernet = 1
    /// Octets behind a list of tags that names Wireshark's own dissector for them.
    case exportedPDU = 252
  }

  /// Why writing stopped, or `nil` while all is well.
  public private(set) var failure: RecorderError?
  /// Records that were not written because of it.
  public private(set) var droppedRecords = 0
  /// Records taken, frames and notes.
  public private(set) var records = 0

  private var pending: [UInt8] = []
  private var descriptor: Int32?
  private let ownsDescriptor: Bool
  private let path: String
  private let clock: RecordingClock
  private var interfaces: UInt32 = 0
  private var isClosed = false

  private static let pendingMax = 64 * 1024
  /// Octets of the longest comment; an option cannot hold more than 65535.
  private static let commentMax = 16 * 1024

  /// Records into memory; see `octets`.
  public convenience init(clock: RecordingClock, application: String = "coupler") {
    self.init(nil, owns: false, path: "", clock, application)
  }

  /// Records into a new file at `path`; one that is there is overwritten.
  public convenience init(
    path: String, clock: RecordingClock, application: String = "coupler"
  ) throws(RecorderError) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw RecorderError("create", path, code: errno) }
    self.init(descriptor, owns: true, path: path, clock, application)
  }

  /// Records into an open descriptor (a pipe to Wireshark), which stays the caller's. Like a recording to a path,
  /// which may be a pipe too, this makes the process ignore SIGPIPE.
  public convenience init(descriptor: Int32, clock: RecordingClock, application: String = "coupler") {
    self.init(descriptor, owns: false, path: "descriptor \(descriptor)", clock, application)
  }

  private init(
    _ descriptor: Int32?, owns: Bool, path: String, _ clock: RecordingClock, _ application: String
  ) {
    self.descriptor = descriptor
    ownsDescriptor = owns
    self.path = path
    self.clock = clock
    // A reader that goes away (Wireshark at the end of a pipe) is a failed write, not the end of this process.
    if descriptor != nil { _ = signal(SIGPIPE, SIG_IGN) }
    pending.reserveCapacity(Self.pendingMax + 4096)
    // Section header block; -1: the section's length is not known in advance.
    block(0x0A0D_0D0A) { body in
      body.append32(0x1A2B_3C4D)
      body.append16(1)
      body.append16(0)
      body.append32(0xFFFF_FFFF)
      body.append32(0xFFFF_FFFF)
      body.appendOption(4, Array(application.utf8))
      body.appendEndOfOptions()
    }
  }

  deinit { close() }

  /// All octets written so far, of a recording into memory.
  public var octets: [UInt8] { descriptor == nil ? pending : [] }

  // MARK: interfaces

  /// Adds an interface that carries Ethernet frames.
  public func addInterface(name: String, description: String = "") -> Interface {
    addInterface(name, description, .ethernet)
  }

  /// Adds a pseudo interface for notes, such as `pilot`.
  public func addNoteInterface(name: String, description: String = "") -> Interface {
    addInterface(name, description, .exportedPDU)
  }

  private func addInterface(_ name: String, _ description: String, _ type: LinkType) -> Interface {
    block(1) { body in
      body.append16(type.rawValue)
      body.append16(0)
      body.append32(0)
      body.appendOption(2, Array(name.utf8))
      if !description.isEmpty { body.appendOption(3, Array(description.utf8)) }
      // if_tsresol: 10^-9 s
      body.appendOption(9, [9])
      body.appendEndOfOptions()
    }
    interfaces += 1
    return Interface(number: interfaces - 1)
  }

  // MARK: records

  /// Records one Ethernet frame without its frame check sequence.
  public func record(
    _ frame: RawSpan, on interface: Interface, at instant: Instant, direction: Direction,
    comment: String? = nil
  ) {
    let octets = frame.withUnsafeBytes { Array($0) }
    packet(octets, interface, instant, direction, comment)
  }

  /// Records one Ethernet frame without its frame check sequence.
  public func record(
    _ frame: [UInt8], on interface: Interface, at instant: Instant, direction: Direction,
    comment: String? = nil
  ) {
    packet(frame, interface, instant, direction, comment)
  }

  /// Records a text on an interface for notes. Wireshark shows it in the list of packets (as a syslog line) and
  /// as the packet's comment, without any setting of the reader's.
  public func note(_ text: String, on interface: Interface, at instant: Instant) {
    var payload: [UInt8] = []
    // Tag 12: the dissector's name; tag 0: end of tags; both big-endian, padded to four octets.
    payload += [0, 12, 0, 8] + Array("syslog".utf8) + [0, 0]
    payload += [0, 0, 0, 0]
    // <134>: facility local0, severity informational.
    payload += Array("<134>".utf8) + Self.bounded(text)
    packet(payload, interface, instant, .unknown, text)
  }

  private func packet(
    _ octets: [UInt8], _ interface: Interface, _ instant: Instant, _ direction: Direction, _ comment: String?
  ) {
    records += 1
    let time = UInt64(bitPattern: clock.unixNanoseconds(at: instant))
    // Enhanced packet block.
    block(6) { body in
      body.append32(interface.number)
      body.append32(UInt32(truncatingIfNeeded: time >> 32))
      body.append32(UInt32(truncatingIfNeeded: time))
      body.append32(UInt32(octets.count))
      body.append32(UInt32(octets.count))
      body.appendPadded(octets)
      guard comment != nil || direction != .unknown else { return }
      if let comment { body.appendOption(1, Self.bounded(comment)) }
      if direction != .unknown {
        var flags = Octets()
        flags.append32(direction.flags)
        body.appendOption(2, flags.bytes)
      }
      body.appendEndOfOptions()
    }
  }

  /// The text's octets, cut at a character's boundary where there are too many.
  private static func bounded(_ text: String) -> [UInt8] {
    if text.utf8.count <= commentMax { return Array(text.utf8) }
    var cut: [UInt8] = []
    for character in text {
      guard cut.count + character.utf8.count <= commentMax else { break }
      cut += Array(character.utf8)
    }
    return cut
  }

  // MARK: output

  private func block(_ type: UInt32, _ fill: (inout Octets) -> Void) {
    guard failure == nil, !isClosed else {
      droppedRecords += 1
      return
    }
    var body = Octets()
    fill(&body)
    let length = UInt32(body.bytes.count + 12)
    var whole = Octets()
    whole.append32(type)
    whole.append32(length)
    whole.bytes += body.bytes
    whole.append32(length)
    pending += whole.bytes
    if descriptor != nil, pending.count >= Self.pendingMax { flush() }
  }

  /// Hands what is buffered to the kernel.
  public func flush() {
    guard let descriptor, failure == nil else { return }
    var sent = 0
    while sent < pending.count {
      let (from, rest) = (sent, pending.count - sent)
      let count = pending.withUnsafeBytes { bytes in
        write(descriptor, bytes.baseAddress.map { $0 + from }, rest)
      }
      if count < 0 {
        if errno == EINTR { continue }
        failure = RecorderError("write", path, code: errno)
        break
      }
      sent += count
    }
    pending.removeAll(keepingCapacity: true)
  }

  /// Writes the rest and ends the recording. Also done when the writer goes.
  public func close() {
    guard !isClosed else { return }
    flush()
    isClosed = true
    guard ownsDescriptor, let descriptor else { return }
    if Glibc.close(descriptor) != 0, failure == nil { failure = RecorderError("close", path, code: errno) }
  }
}

/// How instants of a recording become dates.
public struct RecordingClock: Hashable, Sendable {
  /// An instant and the date it had, in nanoseconds since 1970-01-01T00:00:00Z.
  public let instant: Instant
  public let unixNanoseconds: Int64

  public init(instant: Instant, unixNanoseconds: Int64) {
    self.instant = instant
    self.unixNanoseconds = unixNanoseconds
  }

  /// For a run in virtual time: always the same date (2025-01-01T00:00:00Z at the origin), so that two runs of
  /// one seed give the same octets.
  public static let virtual = RecordingClock(
    instant: .zero, unixNanoseconds: 1_735_689_600_000_000_000)

  /// For a run in real time: `instant` is now.
  public static func wall(at instant: Instant) -> RecordingClock {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return RecordingClock(
      instant: instant, unixNanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
  }

  /// The date of `instant`; saturates.
  public func unixNanoseconds(at instant: Instant) -> Int64 {
    let offset = (instant - self.instant).nanoseconds
    let (sum, overflow) = unixNanoseconds.addingReportingOverflow(offset)
    return overflow ? (offset < 0 ? 0 : .max) : sum
  }
}

/// A recording could not be created or written.
public struct RecorderError: Error, Hashable, Sendable {
  public let operation: String
  public let path: String
  /// The error number.
  public let code: Int32

  init(_ operation: String, _ path: String, code: Int32) {
    self.operation = operation
    self.path = path
    self.code = code
  }
}

extension RecorderError: CustomStringConvertible {
  public var description: String {
    "cannot \(operation) the recording \(path): \(String(cString: strerror(code)))"
  }
}

/// Little-endian fields and options of a block.
private struct Octets {
  var bytes: [UInt8] = []

  mutating func append16(_ value: UInt16) { bytes += [UInt8(value & 0xFF), UInt8(value >> 8)] }

  mutating func append32(_ value: UInt32) {
    append16(UInt16(value & 0xFFFF))
    append16(UInt16(value >> 16))
  }

  mutating func appendPadded(_ more: [UInt8]) {
    bytes += more
    bytes += [UInt8](repeating: 0, count: (4 - more.count % 4) % 4)
  }

  mutating func appendOption(_ code: UInt16, _ value: [UInt8]) {
    append16(code)
    append16(UInt16(clamping: value.count))
    appendPadded(Array(value.prefix(Int(UInt16.max))))
  }

  mutating func appendEndOfOptions() { append32(0) }
}
