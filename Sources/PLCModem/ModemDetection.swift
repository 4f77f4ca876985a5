public import HomePlug
public import Wire

/// Finds out which modem answers: asks each vendor's question in turn, and the first answer decides.
///
/// Silence is no failure. A modem that answers none is a generic one, and may say later who it is.
public struct ModemDetection: Hashable, Sendable {
  public enum Step: Hashable, Sendable {
    case wait
    /// Ask `requests`.
    case ask
    /// Nobody answered, in all rounds.
    case silent
  }

  /// Vendors that have a question of their own, the most frequent first.
  private static let drivers = [ModemDriver(.qualcomm), ModemDriver(.lumissil)].filter {
    !$0.identityRequests.isEmpty
  }

  private var vendor = 0
  private var round = 1
  public private(set) var deadline: Instant

  /// The caller asks the first `requests`.
  public init(at now: Instant, timers: ModemTimers) { deadline = now + timers.identification }

  /// What is to be asked now.
  public var requests: [ManagementMessage] { Self.drivers[vendor].identityRequests }

  public mutating func timeout(at now: Instant, timers: ModemTimers) -> Step {
    guard now >= deadline else { return .wait }
    vendor += 1
    if vendor == Self.drivers.count {
      vendor = 0
      round += 1
    }
    guard round <= timers.identificationRounds else { return .silent }
    deadline = now + timers.identification
    return .ask
  }

  /// Every vendor's question.
  public static var allRequests: [ManagementMessage] { drivers.flatMap(\.identityRequests) }

  /// Who says so in a message, whoever was asked.
  public static func identity(in message: ManagementMessage, from source: MACAddress) -> ModemIdentity? {
    for driver in drivers {
      if let identity = driver.identity(in: message, from: source) { return identity }
    }
    return nil
  }
}
