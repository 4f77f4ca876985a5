import HomePlug
import PLCModem
import Wire

/// What a matcher knows of the modem at its side.
struct OwnModem: Hashable, Sendable {
  private(set) var driver: ModemDriver
  private(set) var identity: ModemIdentity?
  /// Where the first confirmation of a key came from.
  private var confirmer: MACAddress?
  private var lastResult: UInt8?
  /// The result with which a key was confirmed that a link then proved: this firmware's word for success.
  private var provenResult: UInt8?

  init(_ settings: SLACSettings) { driver = ModemDriver(settings.modem ?? .generic) }

  /// Takes in who it is; false if that is known already.
  mutating func identify(_ identity: ModemIdentity) -> Bool {
    guard self.identity != identity else { return false }
    self.identity = identity
    driver = ModemDriver(identity.vendor)
    return true
  }

  /// False where a station says what only the own modem can say: link and network. Until it is known, anybody may be it.
  func mayBe(_ source: MACAddress, alias: MACAddress) -> Bool {
    if source == alias || (identity == nil && confirmer == nil) { return true }
    return source == identity?.address || source == confirmer
  }

  mutating func verdict(
    on confirmation: CM_SET_KEY_CNF, from source: MACAddress, settings: SLACSettings
  ) -> KeyVerdict {
    if confirmer == nil { confirmer = source }
    lastResult = confirmation.result
    if let accepted = settings.acceptedKeyResult {
      return confirmation.result == accepted ? .accepted : .refused
    }
    if confirmation.result == provenResult { return .accepted }
    return driver.verdict(onKeyResult: confirmation.result)
  }

  /// The modem works with the key it confirmed last.
  mutating func keyIsProven() { provenResult = lastResult }
}

extension SLACConfiguration {
  /// A message to the own modem.
  func ask(_ message: ManagementMessage) -> MatchAction {
    .send(ManagementFrame(destination: modem, source: address, message: message))
  }

  /// CM_SET_KEY.REQ to the own modem.
  func setKey(_ key: NetworkKey) -> MatchAction { ask(.setKeyReq(CM_SET_KEY_REQ(key: key))) }

  /// Frames for us: addressed to us or to a group, and not our own come back.
  func isForUs(_ frame: ManagementFrame) -> Bool {
    frame.source != address && (frame.destination == address || frame.destination.isGroup)
  }

  func tolerates(_ tolerance: SLACTolerance) -> Bool { settings.tolerances.contains(tolerance) }
}
