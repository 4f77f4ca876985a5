public import HAL
internal import Wire

/// UDP ports of a ChargeBridge.
public enum ChargeBridgePort {
  /// Settings and life signs.
  public static let management: UInt16 = 6000
  /// Pilot and relays.
  public static let pilot: UInt16 = 6001
}

/// What the host wants of a ChargeBridge: 19 octets, packed, little endian; all of it in each datagram.
public struct ChargeBridgeControl: Hashable, Sendable {
  public static let size = 19

  public var isLocked = false
  /// In 0.01 %; 0 is -12 V, 10000 is +12 V.
  public var duty: UInt32 = 0
  public var allowsPower = false
  public var resets = false
  public var monitorsVoltage = false
  public var clearsVoltageErrors = false
  /// mV; trips after 9 ms.
  public var emergencyMillivolts: UInt32 = 0
  /// mV; trips after 400 ms.
  public var errorMillivolts: UInt32 = 0
  /// Of a box on the vehicle's side: 0...5 for A...F.
  public var vehicleState: UInt8 = 0
  public var vehicleDiodeFault = false

  public init() {}

  public init?(_ bytes: RawSpan) {
    guard bytes.byteCount == Self.size else { return nil }
    var reader = ByteReader(bytes)
    isLocked = reader.uint8() != 0
    duty = reader.uint32LittleEndian()
    allowsPower = reader.uint8() != 0
    resets = reader.uint8() != 0
    monitorsVoltage = reader.uint8() != 0
    clearsVoltageErrors = reader.uint8() != 0
    emergencyMillivolts = reader.uint32LittleEndian()
    errorMillivolts = reader.uint32LittleEndian()
    vehicleState = reader.uint8()
    vehicleDiodeFault = reader.uint8() != 0
    guard duty <= 10_000, vehicleState <= 7 else { return nil }
  }

  public var octets: [UInt8] {
    var output = OutputBuffer(reserving: Self.size)
    output.append(isLocked ? 1 : 0)
    output.append(littleEndian: duty)
    for flag in [allowsPower, resets, monitorsVoltage, clearsVoltageErrors] { output.append(flag ? 1 : 0) }
    output.append(littleEndian: emergencyMillivolts)
    output.append(littleEndian: errorMillivolts)
    output.append(vehicleState)
    output.append(vehicleDiodeFault ? 1 : 0)
    return output.octets
  }
}

/// What a ChargeBridge says: 21 octets. The word of errors has a bit field of 33 bits and so takes eight octets.
public struct ChargeBridgeStatus: Hashable, Sendable {
  public static let size = 21

  public enum Pilot: UInt8, Hashable, Sendable { case a, b, c, d, e, f, diodeFault, invalid }

  public var restart = RestartReason.asked
  public var pilot = Pilot.a
  public var isRelayClosed = false
  /// Bits as `faults` reads them; 0, 1 and 12 only say why relays are open.
  public var errors: UInt32 = 0
  /// 0 not connected, 1 button pressed, 2 connected, 3 invalid.
  public var proximityType1: UInt8 = 0
  /// As with Yeti: 0 none, 1...4 a cable, 5 fault.
  public var proximityType2: UInt8 = 0
  public var lock = LockReading.unknown
  public var highVoltageMillivolts: UInt32 = 0
  public var isStopRequested = false
  public var duty: UInt16 = 0

  public init() {}

  /// Refused where the length or any field is none of a status.
  public static func read(_ bytes: RawSpan) -> Result<ChargeBridgeStatus, LinkRefused> {
    LinkRefused.catching { () throws(MessageError) in try ChargeBridgeStatus(bytes) }
  }

  init(_ bytes: RawSpan) throws(MessageError) {
    guard bytes.byteCount >= Self.size else { throw MessageError(.tooShort) }
    guard bytes.byteCount == Self.size else { throw MessageError(.tooLong) }
    var reader = ByteReader(bytes)
    guard let restart = RestartReason(rawValue: UInt32(reader.uint8())),
      let pilot = Pilot(rawValue: reader.uint8())
    else { throw MessageError(.value) }
    let relay = reader.uint8()
    errors = reader.uint32LittleEndian()
    reader.skip(4)
    (proximityType1, proximityType2) = (reader.uint8(), reader.uint8())
    let lock = reader.uint8()
    highVoltageMillivolts = reader.uint32LittleEndian()
    isStopRequested = reader.uint8() != 0
    duty = reader.uint16LittleEndian()
    guard relay <= 1, proximityType1 <= 3, proximityType2 <= 5, lock <= 2 else { throw MessageError(.value) }
    (self.restart, self.pilot, isRelayClosed) = (restart, pilot, relay == 1)
    self.lock = lock == 2 ? .locked : lock == 1 ? .unlocked : .unknown
  }

  public var octets: [UInt8] {
    var output = OutputBuffer(reserving: Self.size)
    output.append(UInt8(restart.rawValue))
    output.append(pilot.rawValue)
    output.append(isRelayClosed ? 1 : 0)
    output.append(littleEndian: errors)
    output.append(littleEndian: UInt32(0))
    output.append(proximityType1)
    output.append(proximityType2)
    output.append(lock == .locked ? 2 : lock == .unlocked ? 1 : 0)
    output.append(littleEndian: highVoltageMillivolts)
    output.append(isStopRequested ? 1 : 0)
    output.append(contentsOf: [UInt8(duty & 0xFF), UInt8(duty >> 8)])
    return output.octets
  }

  /// What is wrong, without the bits that only say why relays are open.
  public var faults: SafetyFaults {
    var faults: SafetyFaults = []
    for (mask, fault) in Self.bits where errors & mask != 0 { faults.insert(fault) }
    if pilot == .diodeFault { faults.insert(.diode) }
    if pilot == .invalid { faults.insert(.pilotSignal) }
    return faults
  }

  static let bits: [(UInt32, SafetyFaults)] = [
    (1 << 2, .proximity), (0b11 << 3, .overTemperature), (1 << 5, .emergencyStop), (1 << 6, .contactor),
    (0b11111 << 7, .supply), (1 << 13, .configuration), (0b11 << 14, .overVoltage),
  ]

  var pilotState: PilotState {
    switch pilot {
    case .a: .A
    case .b: .B
    case .c: .C
    case .d: .D
    case .e: .E
    case .f: .F
    case .diodeFault, .invalid: .fault
    }
  }
}

/// A ChargeBridge's answer to the host's life sign: type 2 and 53 octets.
public struct ChargeBridgeLifeSign: Hashable, Sendable {
  public static let size = 55

  public var levels = PilotLevels(highMillivolts: 0, lowMillivolts: 0)
  /// degC of the two sensors of the plug.
  public var plugDegrees = [0, 0]
  /// Since the box started; a smaller one than before means that it started anew.
  public var uptimeMilliseconds: Int32 = 0

  public init() {}

  public static func read(_ bytes: RawSpan) -> Result<ChargeBridgeLifeSign, LinkRefused> {
    LinkRefused.catching { () throws(MessageError) in try ChargeBridgeLifeSign(bytes) }
  }

  init(_ bytes: RawSpan) throws(MessageError) {
    var reader = ByteReader(bytes)
    guard bytes.byteCount >= 2 else { throw MessageError(.tooShort) }
    guard reader.uint16LittleEndian() == 2 else { throw MessageError(.kind) }
    guard bytes.byteCount >= Self.size else { throw MessageError(.tooShort) }
    guard bytes.byteCount == Self.size else { throw MessageError(.tooLong) }
    levels.highMillivolts = Int(Int32(bitPattern: reader.uint32LittleEndian()))
    levels.lowMillivolts = Int(Int32(bitPattern: reader.uint32LittleEndian()))
    // Five supplies, proximity as resistance and voltage, three feedbacks, three temperatures of the box.
    reader.skip(5 * 4 + 2 * 4 + 3 + 3 * 2)
    for index in 0..<2 { plugDegrees[index] = Int(Int16(bitPattern: reader.uint16LittleEndian())) }
    uptimeMilliseconds = Int32(bitPattern: reader.uint32LittleEndian())
  }

  public var octets: [UInt8] {
    var output = OutputBuffer(reserving: Self.size)
    output.append(contentsOf: [2, 0])
    for level in [levels.highMillivolts, levels.lowMillivolts] {
      output.append(littleEndian: UInt32(bitPattern: Int32(clamping: level)))
    }
    output.append(contentsOf: [UInt8](repeating: 0, count: 5 * 4 + 2 * 4 + 3 + 3 * 2))
    for degrees in plugDegrees.prefix(2) {
      let value = UInt16(bitPattern: Int16(clamping: degrees))
      output.append(contentsOf: [UInt8(value & 0xFF), UInt8(value >> 8)])
    }
    output.append(littleEndian: UInt32(bitPattern: uptimeMilliseconds))
    return output.octets
  }
}

extension OutputBuffer {
  mutating func append(littleEndian value: UInt32) {
    for shift in stride(from: UInt32(0), through: 24, by: 8) {
      append(UInt8(truncatingIfNeeded: value >> shift))
    }
  }
}

extension ByteReader {
  @_lifetime(self: copy self)
  mutating func uint32LittleEndian() -> UInt32 {
    let low = uint16LittleEndian()
    return UInt32(low) | UInt32(uint16LittleEndian()) << 16
  }
}
