public import Wire

/// CM_VALIDATE.REQ: EV to EVSE, proves over the control pilot that both sit on the same cable.
public struct CM_VALIDATE_REQ: Hashable, Sendable {
  /// 0: S2 toggles on the control pilot.
  public var signalType: UInt8
  /// Step 1: 0. Step 2: the observation window in units of 100 ms.
  public var timer: UInt8
  public var result: ValidateResult

  public init(signalType: UInt8 = 0, timer: UInt8, result: ValidateResult = .ready) {
    self.signalType = signalType
    self.timer = timer
    self.result = result
  }
}

/// CM_VALIDATE.CNF: the EVSE's answer.
public struct CM_VALIDATE_CNF: Hashable, Sendable {
  public var signalType: UInt8
  /// Step 1: 0. Step 2: complete B-C-B toggles counted.
  public var toggleCount: UInt8
  public var result: ValidateResult

  public init(signalType: UInt8 = 0, toggleCount: UInt8 = 0, result: ValidateResult) {
    self.signalType = signalType
    self.toggleCount = toggleCount
    self.result = result
  }
}

/// Result of CM_VALIDATE; unknown values survive.
public struct ValidateResult: RawRepresentable, Hashable, Sendable {
  public var rawValue: UInt8
  @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }

  public static let notReady = ValidateResult(rawValue: 0)
  public static let ready = ValidateResult(rawValue: 1)
  public static let success = ValidateResult(rawValue: 2)
  public static let failure = ValidateResult(rawValue: 3)
  public static let notRequired = ValidateResult(rawValue: 4)
}

extension ValidateResult: CustomStringConvertible {
  public var description: String {
    switch self {
    case .notReady: "not ready"
    case .ready: "ready"
    case .success: "success"
    case .failure: "failure"
    case .notRequired: "not required"
    default: "result \(rawValue)"
    }
  }
}

/// CM_SLAC_MATCH.REQ: EV to the EVSE it chose.
public struct CM_SLAC_MATCH_REQ: Hashable, Sendable {
  /// MVFLength of a conforming request.
  public static let lengthOfFields: UInt16 = 0x3E

  public var applicationType: UInt8
  public var securityType: UInt8
  public var length: UInt16
  public var evID: StationIdentifier
  public var evMAC: MACAddress
  public var evseID: StationIdentifier
  public var evseMAC: MACAddress
  public var runID: RunID

  public init(
    applicationType: UInt8 = 0, securityType: UInt8 = 0, length: UInt16 = lengthOfFields,
    evID: StationIdentifier = .zero, evMAC: MACAddress, evseID: StationIdentifier = .zero,
    evseMAC: MACAddress, runID: RunID
  ) {
    self.applicationType = applicationType
    self.securityType = securityType
    self.length = length
    self.evID = evID
    self.evMAC = evMAC
    self.evseID = evseID
    self.evseMAC = evseMAC
    self.runID = runID
  }
}

/// CM_SLAC_MATCH.CNF: EVSE to EV, the key of the network to join.
public struct CM_SLAC_MATCH_CNF: Hashable, Sendable {
  /// MVFLength of a conforming confirmation.
  public static let lengthOfFields: UInt16 = 0x56

  public var applicationType: UInt8
  public var securityType: UInt8
  public var length: UInt16
  public var evID: StationIdentifier
  public var evMAC: MACAddress
  public var evseID: StationIdentifier
  public var evseMAC: MACAddress
  public var runID: RunID
  public var key: NetworkKey

  public init(
    applicationType: UInt8 = 0, securityType: UInt8 = 0, length: UInt16 = lengthOfFields,
    evID: StationIdentifier = .zero, evMAC: MACAddress, evseID: StationIdentifier = .zero,
    evseMAC: MACAddress, runID: RunID, key: NetworkKey
  ) {
    self.applicationType = applicationType
    self.securityType = securityType
    self.length = length
    self.evID = evID
    self.evMAC = evMAC
    self.evseID = evseID
    self.evseMAC = evseMAC
    self.runID = runID
    self.key = key
  }
}
