import Wire

/// A SessionID: up to eight octets on the wire (sessionIDType, hexBinary).
///
/// Leading zeros are kept in `count` only; two ids are equal when value and length are.
public struct SessionID: Hashable, Sendable {
  /// The octets as an integer, first octet most significant.
  public let value: UInt64
  /// Octets on the wire, 0...8.
  public let count: Int

  /// The id a new session asks with, one octet 00 as vehicles send it.
  public static let zero = SessionID(value: 0, count: 1)

  /// Takes the low `8 * count` bits.
  public init(value: UInt64, count: Int = 8) {
    self.count = min(max(count, 0), 8)
    self.value = self.count == 8 ? value : value & (1 << UInt64(8 * self.count) - 1)
  }

  /// All octets are zero, whatever their number: no session.
  public var isZero: Bool { value == 0 }

  /// Octet `index`, 0 being the first on the wire; 0 outside.
  public subscript(index: Int) -> UInt8 {
    guard (0..<count).contains(index) else { return 0 }
    return UInt8(truncatingIfNeeded: value >> UInt64(8 * (count - 1 - index)))
  }
}

extension SessionID: CustomStringConvertible {
  /// Upper-case hexadecimal digits.
  public var description: String { hexadecimal((0..<count).map { self[$0] }).uppercased() }
}

/// The protocols the handshake can settle on.
public enum SessionProtocol: String, CaseIterable, Sendable {
  /// urn:iso:15118:2:2013:MsgDef, version 2.0
  case iso15118_2 = "ISO 15118-2:2013"
  /// urn:iso:15118:2:2010:MsgDef as a few early vehicles announce it; the messages are those of 2013.
  case iso15118_2_2010 = "ISO 15118-2:2010"

  /// ProtocolNamespace of supportedAppProtocolReq.
  public var namespace: String {
    switch self {
    case .iso15118_2: "urn:iso:15118:2:2013:MsgDef"
    case .iso15118_2_2010: "urn:iso:15118:2:2010:MsgDef"
    }
  }

  /// VersionNumberMajor we speak.
  public var versionMajor: UInt32 { 2 }
  /// VersionNumberMinor we speak.
  public var versionMinor: UInt32 { 0 }
}

extension SessionProtocol: CustomStringConvertible {
  public var description: String { rawValue }
}

/// RequestedEnergyTransferMode, as the schema spells it.
public enum EnergyMode: String, CaseIterable, Sendable {
  case AC_single_phase_core, AC_three_phase_core, DC_core, DC_extended, DC_combo_core, DC_unique

  public var isDC: Bool {
    switch self {
    case .AC_single_phase_core, .AC_three_phase_core: false
    case .DC_core, .DC_extended, .DC_combo_core, .DC_unique: true
    }
  }
}

/// The vehicle state on the control pilot as IEC 61851-1 names it.
public enum PilotLetter: String, Sendable {
  case A, B, C, D, E, F

  /// The vehicle is ready to take energy.
  public var isReady: Bool { self == .C || self == .D }
}

/// EVSENotification of the EVSE status.
public enum SessionNotification: String, Sendable { case None, StopCharging, ReNegotiation }
