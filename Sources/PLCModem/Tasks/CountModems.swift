public import HomePlug
public import Wire

/// Asks by the alias who is there and collects all that answer: on one segment several modems may listen to it.
public struct CountModems: ModemDialogue {
  /// Addresses of those that answered, in the order of their answers.
  public typealias Outcome = [MACAddress]

  /// More are not told apart.
  static let modemsMax = 64

  private let driver: ModemDriver
  private var addresses: [MACAddress] = []

  public init(driver: ModemDriver) { self.driver = driver }

  public mutating func begin(at now: Instant) -> ModemStep<[MACAddress]> {
    // Two requests, as one may be lost; each answer is awaited for as long as the last.
    .ask(driver.identityRequests.first ?? .nwStatsReq, ModemPatience(.milliseconds(200), attempts: 2))
  }

  public mutating func take(
    _ message: ManagementMessage, from source: MACAddress, at now: Instant
  ) -> ModemStep<[MACAddress]>? {
    var isAnswer = ModemDetection.identity(in: message, from: source) != nil
    if case .nwStatsCnf = message { isAnswer = true }
    if isAnswer, !addresses.contains(source), addresses.count < Self.modemsMax { addresses.append(source) }
    // The next one may answer yet.
    return nil
  }

  public mutating func goOn(after pause: ModemPause, at now: Instant) -> ModemStep<[MACAddress]> {
    if case .notUnderstood = pause { return .wait(.milliseconds(200)) }
    return .end(addresses)
  }
}
