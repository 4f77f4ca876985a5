public import HomePlug
public import Wire

/// Finds out whose modem is on the local port, and who it says it is.
///
/// Each vendor's own questions are put in turn, in the order the field uses; the first answer decides. When no vendor's
/// modem answers, CM_NW_STATS is tried, which every HomePlug AV 2.0 modem knows: an answer means a modem of a vendor
/// with no public messages. Silence to all means that there is none, or that it starts up.
public struct FindModem: ModemDialogue {
  public typealias Outcome = FoundModem

  private var vendors: [ModemVendor]
  private var driver: ModemDriver?
  private var requests: [ManagementMessage] = []
  private var identity: ModemIdentity?
  private let patience: ModemPatience
  private let hint: ModemVendor

  /// Tries the vendors whose modems can be asked. `hint` is the vendor of a modem that answers none of them, where the
  /// name of the interface's driver tells it.
  public init(hint: ModemVendor? = nil, patience: ModemPatience = .probing) {
    vendors = [.qualcomm, .lumissil]
    self.hint = hint ?? .generic
    self.patience = patience
  }

  public mutating func begin(at now: Instant) -> ModemStep<FoundModem> { next() }

  private mutating func next() -> ModemStep<FoundModem> {
    while true {
      if let request = requests.first { return .ask(request, patience) }
      // A vendor's modem may leave one of its questions open, as old firmware does.
      if let driver, let identity { return .end(FoundModem(driver: driver, identity: identity)) }
      guard let vendor = vendors.first else { return .ask(.nwStatsReq, patience) }
      vendors.removeFirst()
      let candidate = ModemDriver(vendor)
      driver = candidate
      requests = candidate.identityRequests
    }
  }

  public mutating func take(
    _ message: ManagementMessage, from source: MACAddress, at now: Instant
  ) -> ModemStep<FoundModem>? {
    if case .nwStatsCnf = message, requests.isEmpty, vendors.isEmpty, identity == nil {
      // A modem that is asked in its vendor's words and keeps silent is none of that vendor's.
      let vendor = ModemDriver(hint).identityRequests.isEmpty ? hint : .generic
      let identity = ModemIdentity(vendor: vendor, address: source)
      return .end(FoundModem(driver: ModemDriver(vendor), identity: identity))
    }
    guard let driver, !requests.isEmpty, let answer = driver.identity(in: message, from: source) else {
      return nil
    }
    // The questions may be of one kind each: what the first left empty, the next may fill.
    var known = identity ?? answer
    if known.chip.isEmpty { known.chip = answer.chip }
    if known.firmware.isEmpty { known.firmware = answer.firmware }
    identity = known
    requests.removeFirst()
    return next()
  }

  public mutating func goOn(after pause: ModemPause, at now: Instant) -> ModemStep<FoundModem> {
    if requests.isEmpty { return .fail(.noModem) }
    requests.removeFirst()
    return next()
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
