public import HAL

/// What the host tells a Yeti, a uMWC or another controller of that family.
public enum YetiCommand: Hashable, Sendable {
  /// Leave the program; `true` for the boot loader in ROM.
  case firmwareUpdate(bootLoader: Bool)
  case keepAlive
  case lock(Bool)
  /// In 0.01 %; 0 is -12 V, 10000 is +12 V.
  case duty(UInt32)
  case allowPower(Bool)
  case reset
  case threePhases(Bool)

  /// The message without framing.
  public var octets: [UInt8] {
    var writer = ProtobufWriter()
    switch self {
    case .firmwareUpdate(let bootLoader):
      var content = ProtobufWriter()
      content.flag(1, bootLoader)
      writer.message(16, content)
    case .keepAlive: writer.message(100, ControllerKeepAlive.host)
    case .lock(let locked): writer.member(102, locked ? 1 : 0)
    case .duty(let duty): writer.member(103, UInt64(duty))
    case .allowPower(let allowed): writer.member(104, allowed ? 1 : 0)
    case .reset: writer.member(105, 1)
    case .threePhases(let three): writer.member(106, three ? 1 : 0)
    }
    return writer.octets
  }

  /// Reads a message; refused where it is none of these.
  public static func read(_ bytes: RawSpan) -> Result<YetiCommand, LinkRefused> {
    LinkRefused.catching { () throws(MessageError) in try YetiCommand(bytes) }
  }

  init(_ bytes: RawSpan) throws(MessageError) {
    var reader = ProtobufReader(bytes)
    var found: YetiCommand?
    // The last member of a `oneof` counts.
    while let field = reader.next() {
      switch field.number {
      case 16:
        var nested = reader.nested(try field.value.range())
        var bootLoader = false
        while let inner = nested.next() { if inner.number == 1 { bootLoader = try inner.value.flag() } }
        if nested.failed { throw MessageError(.encoding) }
        found = .firmwareUpdate(bootLoader: bootLoader)
      case 100:
        _ = try field.value.range()
        found = .keepAlive
      case 102: found = .lock(try field.value.flag())
      case 103:
        let duty = try field.value.unsigned()
        guard duty <= 10_000 else { throw MessageError(.value) }
        found = .duty(duty)
      case 104: found = .allowPower(try field.value.flag())
      case 105:
        _ = try field.value.flag()
        found = .reset
      case 106: found = .threePhases(try field.value.flag())
      default: break
      }
    }
    if reader.failed { throw MessageError(.encoding) }
    guard let found else { throw MessageError(.kind) }
    self = found
  }
}

/// What such a controller tells the host.
public enum YetiReport: Hashable, Sendable {
  case keepAlive(ControllerKeepAlive)
  /// It has started.
  case restarted(RestartReason)
  case pilot(PilotState)
  case relay(isClosed: Bool)
  case faults(SafetyFaults)
  case levels(PilotLevels)
  case proximity(Proximity)
  case lock(LockReading)
  case meter(MeterReading)

  static let faultFields: [Int: SafetyFaults] = [
    1: .diode, 2: .residualCurrentTest, 3: .residualCurrent, 4: .ventilation, 5: .lock, 6: .pilotSignal,
    7: .overCurrent,
  ]

  /// The message without framing. A pilot fault has no number and gives state E.
  public var octets: [UInt8] {
    var writer = ProtobufWriter()
    switch self {
    case .keepAlive(let message): writer.message(3, message.write(hasConfiguration: false))
    case .restarted(let reason): writer.member(101, UInt64(reason.rawValue))
    case .pilot(let state): writer.member(102, state.controllerValue ?? 4)
    case .relay(let isClosed): writer.member(103, isClosed ? 1 : 0)
    case .faults(let faults): writer.message(104, writeFaults(faults, Self.faultFields))
    case .levels(let levels): writer.message(105, writeLevels(levels))
    case .proximity(let proximity): writer.member(106, proximity.controllerValue)
    case .lock(let lock): writer.member(107, lock == .locked ? 2 : lock == .unlocked ? 1 : 0)
    case .meter(let meter): writer.message(108, meter.message)
    }
    return writer.octets
  }

  public static func read(_ bytes: RawSpan) -> Result<YetiReport, LinkRefused> {
    LinkRefused.catching { () throws(MessageError) in try YetiReport(bytes) }
  }

  init(_ bytes: RawSpan) throws(MessageError) {
    var reader = ProtobufReader(bytes)
    var found: YetiReport?
    while let field = reader.next() {
      switch field.number {
      case 3:
        let range = try field.value.range()
        found = .keepAlive(try ControllerKeepAlive(bytes.extracting(range), hasConfiguration: false))
      case 101: found = .restarted(try field.value.restart())
      case 102: found = .pilot(try field.value.pilot())
      case 103: found = .relay(isClosed: try field.value.flag())
      case 104: found = .faults(try readFaults(bytes.extracting(try field.value.range()), Self.faultFields))
      case 105: found = .levels(try readLevels(bytes.extracting(try field.value.range())))
      case 106: found = .proximity(try field.value.proximity())
      case 107:
        switch try field.value.unsigned() {
        case 0: found = .lock(.unknown)
        case 1: found = .lock(.unlocked)
        case 2: found = .lock(.locked)
        default: throw MessageError(.value)
        }
      case 108: found = .meter(try MeterReading(bytes.extracting(try field.value.range())))
      default: break
      }
    }
    if reader.failed { throw MessageError(.encoding) }
    guard let found else { throw MessageError(.kind) }
    self = found
  }
}

extension MeterReading {
  /// Volts, amperes and watts as floats; what is no number, or beyond any outlet, is refused.
  init(_ bytes: RawSpan) throws(MessageError) {
    func thousandths(_ value: Float) throws(MessageError) -> Int {
      guard value.isFinite, abs(value) <= 1_000_000 else { throw MessageError(.value) }
      return Int((value * 1000).rounded())
    }
    var reader = ProtobufReader(bytes)
    self.init(
      millivolts: [0, 0, 0], milliamps: [0, 0, 0, 0], milliwatts: [0, 0, 0], wattHours: 0)
    while let field = reader.next() {
      switch field.number {
      case 2...4: millivolts[field.number - 2] = try thousandths(try field.value.float())
      case 5...8: milliamps[field.number - 5] = try thousandths(try field.value.float())
      case 12:
        let energy = try field.value.float()
        guard energy.isFinite, (0...1e9).contains(energy) else { throw MessageError(.value) }
        wattHours = Int(energy)
      case 17...19: milliwatts[field.number - 17] = try thousandths(try field.value.float())
      default: break
      }
    }
    if reader.failed { throw MessageError(.encoding) }
  }

  var message: ProtobufWriter {
    var writer = ProtobufWriter()
    for (index, value) in millivolts.prefix(3).enumerated() { writer.float(2 + index, Float(value) / 1000) }
    for (index, value) in milliamps.prefix(4).enumerated() { writer.float(5 + index, Float(value) / 1000) }
    writer.float(12, Float(wattHours))
    for (index, value) in milliwatts.prefix(3).enumerated() { writer.float(17 + index, Float(value) / 1000) }
    return writer
  }
}
