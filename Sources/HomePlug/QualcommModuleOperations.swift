/// A module as VS_MODULE_OPERATION names it.
public struct ModuleIdentifier: Hashable, Sendable {
  public var module: UInt16
  public var part: UInt16

  public init(module: UInt16, part: UInt16 = 0) {
    self.module = module
    self.part = part
  }

  public static let firmware = ModuleIdentifier(module: 0x7001)
  /// The parameter information block (PIB).
  public static let parameters = ModuleIdentifier(module: 0x7002)
  /// What boots the modem before its firmware.
  public static let softloader = ModuleIdentifier(module: 0x7003)
}

/// A piece of a module.
public struct ModuleRange: Hashable, Sendable {
  /// Octets of one piece at the most.
  public static let lengthMax: UInt16 = 1400

  public var module: ModuleIdentifier
  public var length: UInt16
  /// Octets from the start of the module.
  public var offset: UInt32

  public init(module: ModuleIdentifier, length: UInt16, offset: UInt32) {
    self.module = module
    self.length = length
    self.offset = offset
  }
}

/// VS_MODULE_OPERATION.REQ with one operation. A request with another number of them stays unknown: no public tool
/// sends one.
public enum VS_MODULE_OPERATION_REQ: Hashable, Sendable {
  /// A module that a session is going to write.
  public struct Module: Hashable, Sendable {
    public var module: ModuleIdentifier
    /// Octets of the whole module.
    public var length: UInt32
    /// Of the whole module, as `ModuleChecksum` has it.
    public var checksum: UInt32

    public init(module: ModuleIdentifier, length: UInt32, checksum: UInt32) {
      self.module = module
      self.length = length
      self.checksum = checksum
    }
  }

  /// What a closed session does besides taking the modules into flash.
  public struct CommitCode: OptionSet, Hashable, Sendable {
    public var rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    public static let force = CommitCode(rawValue: 1)
    public static let noReset = CommitCode(rawValue: 2)
    /// Take the parameter block as the factory's too.
    public static let factoryParameters = CommitCode(rawValue: 1 << 31)
  }

  /// From memory, where what was written but not committed stands, or from flash.
  case read(ModuleRange, fromFlash: Bool)
  case start(session: UInt32, modules: [Module])
  /// `index` counts the modules of the session. The length in the range is the data's.
  case write(session: UInt32, index: UInt8, ModuleRange, data: ModuleData)
  case close(session: UInt32, CommitCode)
}

/// VS_MODULE_OPERATION.CNF.
public struct VS_MODULE_OPERATION_CNF: Hashable, Sendable {
  /// What became of one module of a session.
  public struct ModuleStatus: Hashable, Sendable {
    public var status: UInt16
    public var error: UInt16

    public init(status: UInt16 = 0, error: UInt16 = 0) {
      self.status = status
      self.error = error
    }
  }

  public enum Operation: Hashable, Sendable {
    /// The data is empty without success.
    case read(ModuleRange, fromFlash: Bool, data: ModuleData)
    case start(session: UInt32, modules: [ModuleStatus])
    case write(session: UInt32, index: UInt8, ModuleRange)
    case close(session: UInt32, VS_MODULE_OPERATION_REQ.CommitCode, modules: [ModuleStatus])
  }

  /// MSTATUS: 0 success.
  public var status: UInt16
  /// ERR_REC_CODE: what went wrong, in the firmware's numbers.
  public var error: UInt16
  public var operation: Operation

  public init(status: UInt16 = 0, error: UInt16 = 0, operation: Operation) {
    self.status = status
    self.error = error
    self.operation = operation
  }
}
