public import HomePlug
public import Wire

/// Restarts a modem and waits until it answers again.
public struct ResetModem: ModemDialogue {
  /// From the request to the first answer of the restarted modem.
  public typealias Outcome = Duration

  private enum State { case asking, waiting, probing }

  private let driver: ModemDriver
  private var returning: AwaitReturn
  private var state = State.asking
  private var start = Instant.zero

  public init(driver: ModemDriver) {
    self.driver = driver
    returning = AwaitReturn(driver: driver)
  }

  public mutating func begin(at now: Instant) -> ModemStep<Duration> {
    start = now
    // Asked beyond the time a restart takes: where the confirmation was lost, the next one after it counts. Not every
    // modem confirms: there silence is no failure where it answers later.
    return driver.ask(
      .reset, for: .reset,
      driver.confirmsReset ? ModemPatience(.seconds(1), attempts: 8) : ModemPatience(.milliseconds(500)))
  }

  public mutating func take(
    _ message: ManagementMessage, from source: MACAddress, at now: Instant
  ) -> ModemStep<Duration>? {
    switch state {
    case .asking:
      guard let accepted = driver.isResetAccepted(in: message) else { return nil }
      guard accepted else { return .fail(.refused(driver.resetRequest?.type ?? message.type, status: 1)) }
      return leave(at: now)
    case .probing:
      return returning.take(message, from: source) ? .end(now - start) : nil
    case .waiting: return nil
    }
  }

  private mutating func leave(at now: Instant) -> ModemStep<Duration> {
    state = .waiting
    return .wait(returning.begin(at: now))
  }

  public mutating func goOn(after pause: ModemPause, at now: Instant) -> ModemStep<Duration> {
    switch state {
    case .asking:
      if case .notUnderstood(let type, let reason) = pause {
        return .fail(.notUnderstood(type, reason: reason))
      }
      // It would answer the questions below without having restarted.
      if driver.confirmsReset { return .fail(pause.failure) }
      return leave(at: now)
    case .waiting, .probing:
      state = .probing
      guard let request = returning.next(at: now) else { return .fail(.noReturn(after: now - start)) }
      return .ask(request, AwaitReturn.patience)
    }
  }
}

/// Asks a restarting modem who it is until it answers.
struct AwaitReturn: Sendable {
  static let patience = ModemPatience(.milliseconds(250))
  /// A modem answers for a moment before it goes down.
  static let pause: Duration = .milliseconds(500)

  private let driver: ModemDriver
  private var until = Instant.zero
  private var index = 0

  init(driver: ModemDriver) { self.driver = driver }

  /// How long to leave it alone first.
  mutating func begin(at now: Instant) -> Duration {
    // Twice the time its kind is known to take: the first start after a commit also writes flash.
    until = now + Self.pause + driver.restart + driver.restart + .seconds(2)
    return Self.pause
  }

  /// What to ask next; `nil` when it took too long.
  mutating func next(at now: Instant) -> ManagementMessage? {
    guard now < until else { return nil }
    let requests = driver.identityRequests
    guard !requests.isEmpty else { return .nwStatsReq }
    index = (index + 1) % requests.count
    return requests[index]
  }

  func take(_ message: ManagementMessage, from source: MACAddress) -> Bool {
    if driver.identity(in: message, from: source) != nil { return true }
    if case .nwStatsCnf = message { return driver.identityRequests.isEmpty }
    return false
  }
}
