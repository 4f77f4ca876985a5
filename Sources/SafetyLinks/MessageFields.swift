internal import HAL

/// Why a message of a controller was not taken, as the parsers throw it.
struct MessageError: Error, Hashable {
  let reason: LinkRefusal
  init(_ reason: LinkRefusal) { self.reason = reason }
}

// What the messages of Yeti and phyVERSO have in common.

extension ProtobufValue {
  func unsigned() throws(MessageError) -> UInt32 {
    guard case .varint(let value) = self else { throw MessageError(.encoding) }
    // A negative number takes all of 64 bits; only the lower half counts.
    return UInt32(truncatingIfNeeded: value)
  }

  func flag() throws(MessageError) -> Bool {
    guard case .varint(let value) = self else { throw MessageError(.encoding) }
    return value != 0
  }

  func float() throws(MessageError) -> Float {
    guard case .fixed32(let bits) = self else { throw MessageError(.encoding) }
    return Float(bitPattern: bits)
  }

  func range() throws(MessageError) -> Range<Int> {
    guard case .octets(let range) = self else { throw MessageError(.encoding) }
    return range
  }

  func text(in bytes: RawSpan) throws(MessageError) -> String {
    let span = bytes.extracting(try range())
    let octets = (0..<span.byteCount).map { unsafe span.unsafeLoad(fromByteOffset: $0, as: UInt8.self) }
    return String(decoding: octets, as: UTF8.self)
  }

  func pilot() throws(MessageError) -> PilotState {
    switch try unsigned() {
    case 0: return .A
    case 1: return .B
    case 2: return .C
    case 3: return .D
    case 4: return .E
    case 5: return .F
    default: throw MessageError(.value)
    }
  }

  func proximity() throws(MessageError) -> Proximity {
    guard let value = Proximity(controllerValue: try unsigned()) else { throw MessageError(.value) }
    return value
  }

  func restart() throws(MessageError) -> RestartReason {
    guard let value = RestartReason(rawValue: try unsigned()) else { throw MessageError(.value) }
    return value
  }
}

extension PilotState {
  /// A 0 ... F 5; a fault has no number.
  var controllerValue: UInt64? {
    switch self {
    case .A: 0
    case .B: 1
    case .C: 2
    case .D: 3
    case .E: 4
    case .F: 5
    case .fault: nil
    }
  }
}

extension Proximity {
  /// 0 none, 1...4 13, 20, 32, 70 A, 5 fault.
  init?(controllerValue: UInt32) {
    switch controllerValue {
    case 0: self = .open
    case 1: self = .plugged(cableMilliamps: 13_000)
    case 2: self = .plugged(cableMilliamps: 20_000)
    case 3: self = .plugged(cableMilliamps: 32_000)
    // 63 A with three phases, 70 A with one: the lower one is safe for both.
    case 4: self = .plugged(cableMilliamps: 63_000)
    case 5: self = .fault
    default: return nil
    }
  }

  var controllerValue: UInt64 {
    switch self {
    case .open: 0
    case .plugged(13_000): 1
    case .plugged(20_000): 2
    case .plugged(32_000): 3
    case .plugged(63_000): 4
    case .plugged, .buttonPressed, .fault: 5
    }
  }
}

/// Why a controller started anew.
public enum RestartReason: UInt32, Hashable, Sendable {
  /// It was told to.
  case asked = 0
  case watchdog = 1
}

/// A controller's `keep_alive` to the host.
public struct ControllerKeepAlive: Hashable, Sendable {
  public var identity: ControllerIdentity
  /// The settings of phyVERSO were taken; always false for the others.
  public var isConfigured: Bool

  public init(identity: ControllerIdentity, isConfigured: Bool = false) {
    self.identity = identity
    self.isConfigured = isConfigured
  }

  init(_ bytes: RawSpan, hasConfiguration: Bool) throws(MessageError) {
    var reader = ProtobufReader(bytes)
    var (version, hardware, revision) = ("", UInt32(0), UInt32(0))
    isConfigured = false
    while let field = reader.next() {
      switch field.number {
      case 2: hardware = try field.value.unsigned()
      case 3: revision = try field.value.unsigned()
      case 6: version = try field.value.text(in: bytes)
      case 7 where hasConfiguration: isConfigured = try field.value.flag()
      default: break
      }
    }
    if reader.failed { throw MessageError(.encoding) }
    identity = ControllerIdentity(version: version, hardware: hardware, revision: revision)
  }

  func write(hasConfiguration: Bool) -> ProtobufWriter {
    var writer = ProtobufWriter()
    writer.scalar(2, UInt64(identity.hardware))
    writer.scalar(3, UInt64(identity.revision))
    writer.text(6, identity.version)
    if hasConfiguration { writer.flag(7, isConfigured) }
    return writer
  }

  /// What the host sends: controllers look at none of it.
  static var host: ProtobufWriter {
    var writer = ProtobufWriter()
    writer.text(6, "n/a")
    return writer
  }
}

/// The levels of the pilot as a controller tells them; its unit is taken to be mV.
func readLevels(_ bytes: RawSpan) throws(MessageError) -> PilotLevels {
  var reader = ProtobufReader(bytes)
  var levels = PilotLevels(highMillivolts: 0, lowMillivolts: 0)
  while let field = reader.next() {
    switch field.number {
    case 1: levels.highMillivolts = Int(Int32(bitPattern: try field.value.unsigned()))
    case 2: levels.lowMillivolts = Int(Int32(bitPattern: try field.value.unsigned()))
    default: break
    }
  }
  if reader.failed { throw MessageError(.encoding) }
  return levels
}

func writeLevels(_ levels: PilotLevels) -> ProtobufWriter {
  var writer = ProtobufWriter()
  writer.scalar(1, UInt64(UInt32(truncatingIfNeeded: levels.highMillivolts)))
  writer.scalar(2, UInt64(UInt32(truncatingIfNeeded: levels.lowMillivolts)))
  return writer
}

/// A message of flags, by field number.
func readFaults(_ bytes: RawSpan, _ fields: [Int: SafetyFaults]) throws(MessageError) -> SafetyFaults {
  var reader = ProtobufReader(bytes)
  var faults: SafetyFaults = []
  while let field = reader.next() {
    // A flag that this side does not know is no reason to believe that all is well.
    let fault = fields[field.number] ?? .other
    if try field.value.flag() { faults.insert(fault) } else { faults.remove(fault) }
  }
  if reader.failed { throw MessageError(.encoding) }
  return faults
}

func writeFaults(_ faults: SafetyFaults, _ fields: [Int: SafetyFaults]) -> ProtobufWriter {
  var writer = ProtobufWriter()
  for number in fields.keys.sorted() {
    if let fault = fields[number] { writer.flag(number, faults.contains(fault)) }
  }
  return writer
}
