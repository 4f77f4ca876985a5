public import HomePlug
public import Wire

/// Finds out whose modem is on the local port, and who it says it is.
///
/// Each vendor's own question is put in turn, in the order the field uses; the first answer decides, whoever was asked
/// then. When no vendor's modem answers, CM_NW_STATS is tried, which every HomePlug AV 2.0 modem knows: an answer means a
/// modem of a vendor with no public messages. Silence to all means that there is none, or that it starts up.
public struct FindModem: ModemDialogue {
  public typealias Outcome = FoundModem

  /// Put one after the other; CM_NW_STATS is the last.
  private var requests: [ManagementMessage]
  private let patience: ModemPatience
  private let hint: ModemVendor

  /// `hint` is the vendor of a modem that answers no vendor's question, where the name of the interface's driver tells
  /// it.
  public init(hint: ModemVendor? = nil, patience: ModemPatience = .probing) {
    requests = [ModemVendor.qualcomm, .lumissil].flatMap { ModemDriver($0).identityRequests } + [.nwStatsReq]
    self.hint = hint ?? .generic
    self.patience = patience
  }

  public mutating func begin(at now: Instant) -> ModemStep<FoundModem> {
    guard let request = requests.first else { return .fail(.noModem) }
    return .ask(request, patience)
  }

  public mutating func take(
    _ message: ManagementMessage, from source: MACAddress, at now: Instant
  ) -> ModemStep<FoundModem>? {
    if let identity = ModemDetection.identity(in: message, from: source) {
      return .end(FoundModem(driver: ModemDriver(identity.vendor), identity: identity))
    }
    guard case .nwStatsCnf = message, requests.first == .nwStatsReq else { return nil }
    // A modem that is asked in its vendor's words and keeps silent is none of that vendor's.
    let vendor = ModemDriver(hint).identityRequests.isEmpty ? hint : .generic
    let identity = ModemIdentity(vendor: vendor, address: source)
    return .end(FoundModem(driver: ModemDriver(vendor), identity: identity))
  }

  public mutating func goOn(after pause: ModemPause, at now: Instant) -> ModemStep<FoundModem> {
    requests.removeFirst()
    return begin(at: now)
  }
}

/// A modem that answered.
public struct FoundModem: Hashable, Sendable {
  public var driver: ModemDriver
  public var identity: ModemIdentity

  public init(driver: ModemDriver, identity: ModemIdentity) {
    self.driver = driver
    self.identity = identity
  }
}
