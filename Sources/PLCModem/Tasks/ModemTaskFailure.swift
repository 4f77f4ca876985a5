public import HomePlug
import Wire

/// Why something could not be done with a modem.
public enum ModemTaskFailure: Error, Hashable, Sendable {
  /// Nobody answered any question, of any vendor.
  case noModem
  /// Silence after so many requests.
  case noAnswer(ManagementType, attempts: Int)
  /// The modem refused; MSTATUS or result as it came.
  case refused(ManagementType, status: UInt32)
  /// CM_MME_ERROR.IND: the firmware does not know the request or a field of it.
  case notUnderstood(ManagementType, reason: UInt8)
  /// There is no message to ask this modem for it.
  case cannotAsk(ModemAbility, ModemLimit)
  /// The modem confirmed the key, yet says it is in other networks.
  case keyNotTaken(wanted: NID, found: [NID])
  /// It did not answer again after a restart.
  case noReturn(after: Duration)
  /// What was read back differs from what was written, first at this octet.
  case differs(at: Int)
  /// The modem gives nothing behind this octet, and the module is not whole with it.
  case cutOff(at: Int)
  /// More octets than any module has.
  case tooLarge(octets: Int)
  /// An answer contradicts the request or itself.
  case protocolViolation(String)
}

/// What a modem may be asked to do.
public enum ModemAbility: String, Hashable, Sendable {
  case linkStatus, networks, statistics, reset, parameters, firmware
}

extension ModemTaskFailure: CustomStringConvertible {
  public var description: String {
    switch self {
    case .noModem: "no modem answers"
    case .noAnswer(let type, let attempts):
      "no answer to \(type), asked \(attempts == 1 ? "once" : "\(attempts) times")"
    case .refused(let type, let status):
      "the modem refused \(type) with status 0x\(String(status, radix: 16))"
    case .notUnderstood(let type, let reason):
      "the modem cannot use \(type): "
        + (reason == 0 ? "it does not know it" : reason == 1 ? "it finds a field wrong" : "reason \(reason)")
    case .cannotAsk(let ability, let limit): "\(ability.text): \(limit)"
    case .keyNotTaken(let wanted, let found):
      "the modem confirmed the key, but is "
        + (found.isEmpty ? "in no network" : "in \(found.map(\.description).joined(separator: ", "))")
        + " instead of \(wanted)"
    case .noReturn(let duration): "the modem did not answer again within \(duration.milliseconds / 1000) s"
    case .differs(let at):
      "what was read back differs from what was written, from octet 0x\(String(at, radix: 16)) on"
    case .cutOff(let at):
      "the modem gives nothing from octet 0x\(String(at, radix: 16)) on, and that is not the end of it; reset the modem "
        + "and try again"
    case .tooLarge(let octets): "more than \(octets) octets; no module is so large"
    case .protocolViolation(let what): "the modem contradicts itself: \(what)"
    }
  }
}

extension ModemAbility {
  fileprivate var text: String {
    switch self {
    case .linkStatus: "link status"
    case .networks: "networks"
    case .statistics: "statistics"
    case .reset: "reset"
    case .parameters: "parameter block"
    case .firmware: "firmware"
    }
  }
}
