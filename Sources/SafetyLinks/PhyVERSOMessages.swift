public import HAL

/// What a phyVERSO asks for at its start: how its two outlets are wired.
public struct PhyVERSOConfiguration: Hashable, Sendable {
  public enum Port: UInt32, Hashable, Sendable { case disabled = 0, ac = 1, dc = 2 }
  public enum Pull: UInt32, Hashable, Sendable { case none = 0, up = 1, down = 2 }
  public enum Lock: Int32, Hashable, Sendable { case none = -1, unknown = 0, hella = 1, potentiometer = 2 }
  public enum Revision: UInt32, Hashable, Sendable { case unknown = 0, a = 1, b = 2 }

  public struct Outlet: Hashable, Sendable {
    public var port: Port
    /// The contactor's feedback pulls its line low when the contacts are closed.
    public var isFeedbackActiveLow: Bool
    public var feedbackPull: Pull
    public var lock: Lock
    /// A socket, not a tethered cable.
    public var hasSocket: Bool

    public init(
      port: Port, isFeedbackActiveLow: Bool = false, feedbackPull: Pull = .none, lock: Lock = .none,
      hasSocket: Bool = false
    ) {
      self.port = port
      self.isFeedbackActiveLow = isFeedbackActiveLow
      self.feedbackPull = feedbackPull
      self.lock = lock
      self.hasSocket = hasSocket
    }
  }

  public var revision: Revision
  /// Connector 1 and connector 2.
  public var outlets: [Outlet]

  /// Outlets beyond the second are left out, missing ones are disabled.
  public init(revision: Revision = .a, outlets: [Outlet]) {
    self.revision = revision
    self.outlets = Array((outlets + [Outlet(port: .disabled), Outlet(port: .disabled)]).prefix(2))
  }

  func isDC(_ connector: Int) -> Bool {
    outlets.indices.contains(connector &- 1) && outlets[connector &- 1].port == .dc
  }

  func write() -> ProtobufWriter {
    var writer = ProtobufWriter()
    writer.scalar(1, UInt64(revision.rawValue))
    for outlet in outlets.prefix(2) {
      var port = ProtobufWriter()
      port.scalar(1, UInt64(outlet.port.rawValue))
      port.flag(2, outlet.isFeedbackActiveLow)
      port.scalar(3, UInt64(outlet.feedbackPull.rawValue))
      var lock = ProtobufWriter()
      // A negative number of 32 bits goes as one of 64.
      lock.scalar(1, UInt64(bitPattern: Int64(outlet.lock.rawValue)))
      port.message(4, lock)
      port.flag(5, outlet.hasSocket)
      writer.message(6, port)
    }
    return writer
  }

  init(_ bytes: RawSpan) throws(MessageError) {
    var reader = ProtobufReader(bytes)
    self.init(revision: .unknown, outlets: [])
    var ports: [Outlet] = []
    while let field = reader.next() {
      switch field.number {
      case 1:
        guard let value = Revision(rawValue: try field.value.unsigned()) else { throw MessageError(.value) }
        revision = value
      case 6:
        guard ports.count < 2 else { throw MessageError(.value) }
        ports.append(try Outlet(bytes.extracting(try field.value.range())))
      default: break
      }
    }
    if reader.failed { throw MessageError(.encoding) }
    self.init(revision: revision, outlets: ports)
  }
}

extension PhyVERSOConfiguration.Outlet {
  init(_ bytes: RawSpan) throws(MessageError) {
    self.init(port: .disabled, lock: .unknown)
    var reader = ProtobufReader(bytes)
    while let field = reader.next() {
      switch field.number {
      case 1:
        guard let value = PhyVERSOConfiguration.Port(rawValue: try field.value.unsigned()) else {
          throw MessageError(.value)
        }
        port = value
      case 2: isFeedbackActiveLow = try field.value.flag()
      case 3:
        guard let value = PhyVERSOConfiguration.Pull(rawValue: try field.value.unsigned()) else {
          throw MessageError(.value)
        }
        feedbackPull = value
      case 4: lock = try Self.lock(bytes.extracting(try field.value.range()))
      case 5: hasSocket = try field.value.flag()
      default: break
      }
    }
    if reader.failed { throw MessageError(.encoding) }
  }

  private static func lock(_ bytes: RawSpan) throws(MessageError) -> PhyVERSOConfiguration.Lock {
    var reader = ProtobufReader(bytes)
    var lock = PhyVERSOConfiguration.Lock.unknown
    while let field = reader.next() {
      guard field.number == 1 else { continue }
      let number = Int32(bitPattern: try field.value.unsigned())
      guard let value = PhyVERSOConfiguration.Lock(rawValue: number) else { throw MessageError(.value) }
      lock = value
    }
    if reader.failed { throw MessageError(.encoding) }
    return lock
  }
}

/// A coil of phyVERSO.
public enum PhyVERSOCoil: UInt32, Hashable, Sendable { case unknown = 0, ac = 1, dc1 = 2, dc2 = 3, dc3 = 4 }

/// What the host tells a phyVERSO. Connectors are 1 and 2.
public enum PhyVERSOCommand: Hashable, Sendable {
  case keepAlive
  case firmwareUpdate
  case lock(Bool, connector: Int)
  /// In 0.01 %; 0 is -12 V, 10000 is +12 V.
  case duty(UInt32, connector: Int)
  case coil(PhyVERSOCoil, isOn: Bool, connector: Int)
  case reset
  case configuration(PhyVERSOConfiguration)
  /// Lines of the residual current device.
  case residualCurrent(test: Bool, reset: Bool, connector: Int)

  /// The message without framing, fields in the order of their numbers; the connector is number 7.
  public var octets: [UInt8] {
    var writer = ProtobufWriter()
    switch self {
    case .keepAlive: writer.message(1, ControllerKeepAlive.host)
    case .firmwareUpdate: writer.member(2, 1)
    case .lock(let locked, let connector):
      writer.member(3, locked ? 1 : 0)
      writer.connector(connector)
    case .duty(let duty, let connector):
      writer.member(4, UInt64(duty))
      writer.connector(connector)
    case .coil(let coil, let isOn, let connector):
      writer.message(5, .coil(coil, isOn))
      writer.connector(connector)
    case .reset: writer.member(6, 1)
    case .configuration(let configuration): writer.message(8, configuration.write())
    case .residualCurrent(let test, let reset, let connector):
      writer.connector(connector)
      var content = ProtobufWriter()
      content.flag(1, test)
      content.flag(2, reset)
      writer.message(10, content)
    }
    return writer.octets
  }

  public static func read(_ bytes: RawSpan) -> Result<PhyVERSOCommand, LinkRefused> {
    LinkRefused.catching { () throws(MessageError) in try PhyVERSOCommand(bytes) }
  }

  init(_ bytes: RawSpan) throws(MessageError) {
    let connector = try readConnector(bytes)
    var reader = ProtobufReader(bytes)
    var found: PhyVERSOCommand?
    while let field = reader.next() {
      switch field.number {
      case 1:
        _ = try field.value.range()
        found = .keepAlive
      case 2:
        _ = try field.value.flag()
        found = .firmwareUpdate
      case 3: found = .lock(try field.value.flag(), connector: connector)
      case 4:
        let duty = try field.value.unsigned()
        guard duty <= 10_000 else { throw MessageError(.value) }
        found = .duty(duty, connector: connector)
      case 5:
        let (coil, isOn) = try readCoil(bytes.extracting(try field.value.range()))
        found = .coil(coil, isOn: isOn, connector: connector)
      case 6:
        _ = try field.value.flag()
        found = .reset
      case 8:
        found = .configuration(try PhyVERSOConfiguration(bytes.extracting(try field.value.range())))
      case 10:
        var nested = reader.nested(try field.value.range())
        var (test, reset) = (false, false)
        while let inner = nested.next() {
          if inner.number == 1 { test = try inner.value.flag() }
          if inner.number == 2 { reset = try inner.value.flag() }
        }
        if nested.failed { throw MessageError(.encoding) }
        found = .residualCurrent(test: test, reset: reset, connector: connector)
      default: break
      }
    }
    if reader.failed { throw MessageError(.encoding) }
    guard let found else { throw MessageError(.kind) }
    self = found
  }
}

/// What a phyVERSO tells the host. Connectors are 1 and 2.
public enum PhyVERSOReport: Hashable, Sendable {
  case keepAlive(ControllerKeepAlive)
  case restarted(RestartReason)
  case pilot(PilotState, connector: Int)
  case coil(PhyVERSOCoil, isOn: Bool, connector: Int)
  case faults(SafetyFaults, connector: Int)
  case levels(PilotLevels, connector: Int)
  case proximity(Proximity, connector: Int)
  case fan
  case lock(LockReading, connector: Int)
  /// It wants its settings.
  case configurationRequest

  static let faultFields: [Int: SafetyFaults] = [
    1: .diode, 2: .residualCurrentTest, 3: .residualCurrent, 4: .ventilation, 5: .lock, 6: .pilotSignal,
    7: .hostSilent, 8: .contactor, 9: .proximity,
  ]

  /// The message without framing; the connector is number 6.
  public var octets: [UInt8] {
    var writer = ProtobufWriter()
    switch self {
    case .keepAlive(let message): writer.message(1, message.write(hasConfiguration: true))
    case .restarted(let reason): writer.member(2, UInt64(reason.rawValue))
    case .pilot(let state, let connector):
      writer.member(3, state.controllerValue ?? 4)
      writer.member(6, UInt64(connector))
    case .coil(let coil, let isOn, let connector):
      writer.message(4, .coil(coil, isOn))
      writer.member(6, UInt64(connector))
    case .faults(let faults, let connector):
      writer.message(5, writeFaults(faults, Self.faultFields))
      writer.member(6, UInt64(connector))
    case .levels(let levels, let connector):
      writer.member(6, UInt64(connector))
      writer.message(7, writeLevels(levels))
    case .proximity(let proximity, let connector):
      writer.member(6, UInt64(connector))
      writer.member(8, proximity.controllerValue)
    case .fan: writer.message(9, ProtobufWriter())
    case .lock(let lock, let connector):
      writer.member(6, UInt64(connector))
      writer.member(10, lock == .unlocked ? 1 : lock == .locked ? 2 : lock == .moving ? 3 : 0)
    case .configurationRequest: writer.message(11, ProtobufWriter())
    }
    return writer.octets
  }

  public static func read(_ bytes: RawSpan) -> Result<PhyVERSOReport, LinkRefused> {
    LinkRefused.catching { () throws(MessageError) in try PhyVERSOReport(bytes) }
  }

  init(_ bytes: RawSpan) throws(MessageError) {
    let connector = try readConnector(bytes, field: 6)
    /// Of one outlet, so it must say of which.
    func own() throws(MessageError) -> Int {
      guard connector != 0 else { throw MessageError(.value) }
      return connector
    }
    var reader = ProtobufReader(bytes)
    var found: PhyVERSOReport?
    while let field = reader.next() {
      switch field.number {
      case 1:
        let range = try field.value.range()
        found = .keepAlive(try ControllerKeepAlive(bytes.extracting(range), hasConfiguration: true))
      case 2: found = .restarted(try field.value.restart())
      case 3: found = .pilot(try field.value.pilot(), connector: try own())
      case 4:
        let (coil, isOn) = try readCoil(bytes.extracting(try field.value.range()))
        found = .coil(coil, isOn: isOn, connector: try own())
      case 5:
        let faults = try readFaults(bytes.extracting(try field.value.range()), Self.faultFields)
        found = .faults(faults, connector: try own())
      case 7: found = .levels(try readLevels(bytes.extracting(try field.value.range())), connector: try own())
      case 8: found = .proximity(try field.value.proximity(), connector: try own())
      case 9:
        _ = try field.value.range()
        found = .fan
      case 10:
        switch try field.value.unsigned() {
        case 0: found = .lock(.unknown, connector: try own())
        case 1: found = .lock(.unlocked, connector: try own())
        case 2: found = .lock(.locked, connector: try own())
        case 3, 4: found = .lock(.moving, connector: try own())
        default: throw MessageError(.value)
        }
      case 11:
        _ = try field.value.range()
        found = .configurationRequest
      default: break
      }
    }
    if reader.failed { throw MessageError(.encoding) }
    guard let found else { throw MessageError(.kind) }
    self = found
  }
}

extension ProtobufWriter {
  fileprivate mutating func connector(_ connector: Int) { scalar(7, UInt64(clamping: connector)) }

  fileprivate static func coil(_ coil: PhyVERSOCoil, _ isOn: Bool) -> ProtobufWriter {
    var writer = ProtobufWriter()
    writer.scalar(1, UInt64(coil.rawValue))
    writer.flag(2, isOn)
    return writer
  }
}

/// The connector stands outside of the `oneof`, anywhere in the message; 0 for the whole controller.
private func readConnector(_ bytes: RawSpan, field number: Int = 7) throws(MessageError) -> Int {
  var reader = ProtobufReader(bytes)
  var connector: UInt32 = 0
  while let field = reader.next() {
    if field.number == number { connector = try field.value.unsigned() }
  }
  if reader.failed { throw MessageError(.encoding) }
  guard connector <= 2 else { throw MessageError(.value) }
  return Int(connector)
}

private func readCoil(_ bytes: RawSpan) throws(MessageError) -> (PhyVERSOCoil, Bool) {
  var reader = ProtobufReader(bytes)
  var (coil, isOn) = (PhyVERSOCoil.unknown, false)
  while let field = reader.next() {
    switch field.number {
    case 1:
      guard let value = PhyVERSOCoil(rawValue: try field.value.unsigned()) else { throw MessageError(.value) }
      coil = value
    case 2: isOn = try field.value.flag()
    default: break
    }
  }
  if reader.failed { throw MessageError(.encoding) }
  return (coil, isOn)
}
