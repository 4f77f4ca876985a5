/// What must not be forgotten, not even by a power cut.
public enum JournalEvent: Hashable, Sendable {
  /// A vehicle was plugged in.
  case sessionStarted
  /// It was unplugged, or its session ended. `ok`: in order.
  case sessionEnded(ok: Bool, wattHours: Int64)
  /// What the meter shows, Wh.
  case meter(wattHours: Int64)
  /// `token` names the customer where one was told; at most 64 octets are kept.
  case authorization(granted: Bool, token: String)
  /// A fault that keeps the contactor open, by its name in the code.
  case faultLatched(name: String)
  case faultCleared(name: String)
  /// The daemon started.
  case started
  /// It stopped in order.
  case stopped
}

/// One record of the journal.
///
/// In the file: length of what follows the first eight octets, CRC-32 of that, then sequence number, time, connector,
/// kind and content. All numbers little-endian.
public struct JournalRecord: Hashable, Sendable {
  /// Counts up by one; never falls, not even over a rotation.
  public var sequence: UInt64
  /// Milliseconds since 1970-01-01 UTC; as good as the system's clock.
  public var unixMilliseconds: Int64
  /// 1, 2, 3 ...; 0 for the daemon.
  public var connector: UInt16
  public var event: JournalEvent

  /// Longest content of a record.
  static let payloadMax = 128
  static let payloadMin = 20
  static let headerSize = 8
  static let textMax = 64

  public init(sequence: UInt64, unixMilliseconds: Int64, connector: UInt16, event: JournalEvent) {
    self.sequence = sequence
    self.unixMilliseconds = unixMilliseconds
    self.connector = connector
    self.event = event
  }

  public var octets: [UInt8] {
    var payload: [UInt8] = []
    payload.appendLittleEndian(sequence)
    payload.appendLittleEndian(UInt64(bitPattern: unixMilliseconds))
    payload.appendLittleEndian(connector)
    switch event {
    case .sessionStarted: payload += [1, 0]
    case .sessionEnded(let ok, let wattHours):
      payload += [2, ok ? 1 : 0]
      payload.appendLittleEndian(UInt64(bitPattern: wattHours))
    case .meter(let wattHours):
      payload += [3, 0]
      payload.appendLittleEndian(UInt64(bitPattern: wattHours))
    case .authorization(let granted, let token):
      payload += [4, granted ? 1 : 0]
      payload += token.utf8.prefix(Self.textMax)
    case .faultLatched(let name):
      payload += [5, 0]
      payload += name.utf8.prefix(Self.textMax)
    case .faultCleared(let name):
      payload += [6, 0]
      payload += name.utf8.prefix(Self.textMax)
    case .started: payload += [7, 0]
    case .stopped: payload += [8, 0]
    }
    var octets: [UInt8] = []
    octets.appendLittleEndian(UInt32(payload.count))
    octets.appendLittleEndian(crc32(payload[...]))
    return octets + payload
  }

  /// The size of the record at the beginning of `octets`, of whatever kind; `nil` where there is none, or a torn or damaged
  /// one.
  static func wholeSize(_ octets: ArraySlice<UInt8>) -> Int? {
    guard octets.count >= headerSize + payloadMin else { return nil }
    let length = Int(octets.littleEndian(at: 0, 4))
    guard (payloadMin...payloadMax).contains(length), octets.count >= headerSize + length else { return nil }
    let start = octets.startIndex + headerSize
    guard UInt64(crc32(octets[start..<start + length])) == octets.littleEndian(at: 4, 4) else { return nil }
    return headerSize + length
  }

  /// The number of the whole record at the beginning of `octets`.
  static func sequence(_ octets: ArraySlice<UInt8>) -> UInt64 { octets.littleEndian(at: headerSize, 8) }

  /// The record at the beginning of `octets` and its size; `nil` where there is none, a torn or damaged one, or one of a
  /// kind that is not known.
  public static func parse(_ octets: ArraySlice<UInt8>) -> (record: JournalRecord, count: Int)? {
    guard let size = wholeSize(octets) else { return nil }
    let start = octets.startIndex + headerSize
    let payload = octets[start..<octets.startIndex + size]
    guard let event = JournalEvent(payload) else { return nil }
    let record = JournalRecord(
      sequence: payload.littleEndian(at: 0, 8),
      unixMilliseconds: Int64(bitPattern: payload.littleEndian(at: 8, 8)),
      connector: UInt16(truncatingIfNeeded: payload.littleEndian(at: 16, 2)), event: event)
    return (record, size)
  }
}

extension JournalEvent {
  /// From the content of a record; `nil` for a kind of a later version.
  fileprivate init?(_ payload: ArraySlice<UInt8>) {
    let flag = payload.littleEndian(at: 19, 1) != 0
    let rest = payload.dropFirst(JournalRecord.payloadMin)
    func number() -> Int64? { rest.count == 8 ? Int64(bitPattern: rest.littleEndian(at: 0, 8)) : nil }
    switch payload.littleEndian(at: 18, 1) {
    case 1: self = .sessionStarted
    case 2:
      guard let wattHours = number() else { return nil }
      self = .sessionEnded(ok: flag, wattHours: wattHours)
    case 3:
      guard let wattHours = number() else { return nil }
      self = .meter(wattHours: wattHours)
    case 4: self = .authorization(granted: flag, token: String(decoding: rest, as: UTF8.self))
    case 5: self = .faultLatched(name: String(decoding: rest, as: UTF8.self))
    case 6: self = .faultCleared(name: String(decoding: rest, as: UTF8.self))
    case 7: self = .started
    case 8: self = .stopped
    default: return nil
    }
  }
}

/// CRC-32 of IEEE 802.3, bit by bit: a journal writes a few records a minute.
func crc32(_ octets: ArraySlice<UInt8>) -> UInt32 {
  var remainder: UInt32 = 0xFFFF_FFFF
  for octet in octets {
    remainder ^= UInt32(octet)
    for _ in 0..<8 { remainder = remainder & 1 == 0 ? remainder >> 1 : remainder >> 1 ^ 0xEDB8_8320 }
  }
  return ~remainder
}

extension [UInt8] {
  fileprivate mutating func appendLittleEndian(_ value: some FixedWidthInteger & UnsignedInteger) {
    for shift in stride(from: 0, to: value.bitWidth, by: 8) {
      append(UInt8(truncatingIfNeeded: value >> shift))
    }
  }
}

extension ArraySlice<UInt8> {
  /// `count` octets from `offset` on; those beyond the end count as 0.
  fileprivate func littleEndian(at offset: Int, _ count: Int) -> UInt64 {
    var value: UInt64 = 0
    for (index, octet) in dropFirst(offset).prefix(count).enumerated() {
      value |= UInt64(octet) << (8 * index)
    }
    return value
  }
}
