public import HomePlug
public import Wire

/// What differs between the modems of the field.
///
/// A driver holds no state of a dialogue and sends nothing: it says which message asks for something, and reads the
/// answer. `nil` from a request means that this modem cannot be asked; `nil` from a reading means that the message is
/// no answer to it. The messages of SLAC and CM_SET_KEY are alike for all.
public protocol PLCModemDriver: Hashable, Sendable {
  var vendor: ModemVendor { get }
  /// Asks who it is, in the order in which they are tried.
  var identityRequests: [ManagementMessage] { get }
  func identity(in message: ManagementMessage, from source: MACAddress) -> ModemIdentity?

  /// What the result in CM_SET_KEY.CNF says.
  func verdict(onKeyResult result: UInt8) -> KeyVerdict
  /// It may answer nothing for so long after it took a key or was reset.
  var restart: Duration { get }

  /// Asks whether a peer is in the network.
  var linkRequest: ManagementMessage? { get }
  func isLinkUp(in message: ManagementMessage) -> Bool?

  /// Asks which networks it is in, which proves a key.
  var membershipRequest: ManagementMessage? { get }
  func membership(in message: ManagementMessage) -> [NID]?

  /// Restarts it. Not every modem confirms.
  var resetRequest: ManagementMessage? { get }
  func isResetAccepted(in message: ManagementMessage) -> Bool?
}

/// What a result in CM_SET_KEY.CNF means.
public enum KeyVerdict: Hashable, Sendable {
  case accepted, refused
  /// Firmware disagrees with HomePlug's text or with other firmware: only a proof tells.
  case unclear
}
