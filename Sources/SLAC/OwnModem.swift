import HomePlug
import PLCModem
import Wire

/// What a matcher knows of the modem at its side.
struct OwnModem: Hashable, Sendable {
  private(set) var driver: ModemDriver
  private(set) var identity: ModemIdentity?
  /// Where its answers come from, once one came.
  private var address: MACAddress?
  /// Two answers agreed on it, or the board named it: a single frame that went wrong must not lock the modem out.
  private var addressIsSure = false
  private var lastResult: UInt8?
  /// The result with which a key was confirmed that a link then proved: this firmware's word for success.
  private var provenResult: UInt8?

  init(_ configuration: SLACConfiguration) {
    driver = ModemDriver(configuration.settings.modem ?? .generic)
    if configuration.modem != ManagementFrame.localModem {
      address = configuration.modem
      addressIsSure = true
    }
  }

  /// It has not said who it is, and nobody else did.
  func isUnknown(_ settings: SLACSettings) -> Bool { settings.modem == nil && identity == nil }

  /// The own modem sent it, as far as can be told: whatever else is on the line has another address.
  func sent(_ frame: ManagementFrame) -> Bool {
    guard addressIsSure, let address else { return true }
    return frame.source == address || frame.source == ManagementFrame.localModem
  }

  /// Takes in who it is; false if that is known already, or is not the modem this board has.
  mutating func identify(_ identity: ModemIdentity, settings: SLACSettings) -> Bool {
    guard self.identity == nil, settings.modem ?? identity.vendor == identity.vendor else { return false }
    self.identity = identity
    driver = ModemDriver(identity.vendor)
    answered(from: identity.address)
    return true
  }

  /// An answer came from there that only the own modem gives.
  private mutating func answered(from source: MACAddress) {
    guard !addressIsSure, source != ManagementFrame.localModem else { return }
    addressIsSure = source == address
    address = source
  }

  mutating func verdict(
    on confirmation: CM_SET_KEY_CNF, from source: MACAddress, settings: SLACSettings
  ) -> KeyVerdict {
    lastResult = confirmation.result
    answered(from: source)
    if let accepted = settings.acceptedKeyResult {
      return confirmation.result == accepted ? .accepted : .refused
    }
    if confirmation.result == provenResult { return .accepted }
    return isUnknown(settings) ? .unclear : driver.verdict(onKeyResult: confirmation.result)
  }

  /// It answers nothing any more. Whoever answers next may be another modem, or the same with a new address; one that
  /// the board names by its address stays.
  mutating func forget(_ configuration: SLACConfiguration) {
    let result = provenResult
    self = OwnModem(configuration)
    provenResult = result
  }

  /// The modem works with the key it confirmed last.
  mutating func keyIsProven() { provenResult = lastResult }

  /// The question for the link. Firmware that does not know its vendor's is asked HomePlug's own every other time.
  func linkRequest(_ watch: LinkWatch) -> ManagementMessage? {
    let isUnanswered = watch.unanswered > 2 && !watch.hasAnswered
    return isUnanswered && watch.unanswered % 2 == 0 ? .nwStatsReq : driver.linkRequest
  }
}

extension SLACConfiguration {
  /// A message to the own modem, in the header form it is usually sent in, or in `version`.
  func ask(_ message: ManagementMessage, version: UInt8? = nil) -> MatchAction {
    .send(ManagementFrame(destination: modem, source: address, message: message, version: version))
  }

  /// CM_SET_KEY.REQ to the own modem.
  func setKey(_ key: NetworkKey) -> MatchAction { ask(.setKeyReq(CM_SET_KEY_REQ(key: key))) }

  /// Frames for us: addressed to us or to a group, and not our own come back.
  func isForUs(_ frame: ManagementFrame) -> Bool {
    frame.source != address && (frame.destination == address || frame.destination.isGroup)
  }

  func tolerates(_ tolerance: SLACTolerance) -> Bool { settings.tolerances.contains(tolerance) }
}

extension MatchFailure {
  init(_ failure: KeyDialogue.Failure) {
    switch failure {
    case .silent: self = .modemSilent
    case .refused: self = .keyNotTaken
    }
  }
}

extension ManagementMessage {
  /// Only a modem sends it, and only to its own host.
  var isOfOwnModem: Bool {
    switch self {
    case .setKeyCnf, .getKeyCnf, .nwStatsCnf, .softwareVersionCnf, .networkInfoCnf, .linkStatusCnf, .qualcomm,
      .lumissil:
      true
    default: false
    }
  }
}
