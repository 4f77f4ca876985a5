public import HomePlug
public import Wire

/// What differs between the modems of the field.
///
/// A driver holds no state of a dialogue and sends nothing: it says which message asks for something, and reads the
/// answer. The messages of SLAC and CM_SET_KEY are alike for all.
public protocol PLCModemDriver: Hashable, Sendable {
  var vendor: ModemVendor { get }
  /// Asks who it is, in the order in which they are tried. Empty where no message asks a modem of this vendor.
  var identityRequests: [ManagementMessage] { get }
  /// What the result in CM_SET_KEY.CNF says.
  func verdict(onKeyResult result: UInt8) -> KeyVerdict
  /// It may answer nothing for so long after it took a key or was reset.
  var restart: Duration { get }

  /// The message that asks for something, or why there is none.
  func message(for request: ModemRequest) throws(ModemLimit) -> ManagementMessage
  /// What a message says; `nil` when it answers nothing this driver asks.
  func answer(in message: ManagementMessage, from source: MACAddress) -> ModemAnswer?
}

/// What a result in CM_SET_KEY.CNF means.
public enum KeyVerdict: Hashable, Sendable {
  case accepted, refused
  /// Firmware disagrees with HomePlug's text or with other firmware: only a proof tells.
  case unclear
}

// MARK: the questions of matching

extension PLCModemDriver {
  public func identity(in message: ManagementMessage, from source: MACAddress) -> ModemIdentity? {
    if case .identity(let identity) = answer(in: message, from: source) { identity } else { nil }
  }

  /// Asks whether a peer is in the network.
  public var linkRequest: ManagementMessage? { try? message(for: .link) }

  /// Tells a link, as an answer to `linkRequest` does; `nil` for any other message.
  public func isLinkUp(in message: ManagementMessage) -> Bool? {
    switch answer(in: message, from: .zero) {
    case .link(let isUp): isUp
    case .stations(let stations): !stations.isEmpty
    default: nil
    }
  }

  /// Asks which networks it is in, which proves a key; `nil` where the modem does not tell.
  public var membershipRequest: ManagementMessage? { try? message(for: .networks) }

  public func membership(in message: ManagementMessage) -> [NID]? {
    if case .networks(let networks) = answer(in: message, from: .zero) { networks.map(\.nid) } else { nil }
  }

  /// Restarts it. Not every modem confirms.
  public var resetRequest: ManagementMessage? { try? message(for: .reset) }

  /// Its modems answer a request to restart before they do.
  public var confirmsReset: Bool { vendor == .qualcomm }

  public func isResetAccepted(in message: ManagementMessage) -> Bool? {
    if case .reset(let accepted) = answer(in: message, from: .zero) { accepted } else { nil }
  }
}

extension ManagementMessage {
  /// The stations in a CM_NW_STATS.CNF, which every HomePlug AV 2.0 modem knows.
  var stations: ModemAnswer? {
    if case .nwStatsCnf(let statistics) = self { .stations(statistics.stations) } else { nil }
  }
}
