public import Wire

/// Asking for the link, and the edges in the answers.
public struct LinkWatch: Hashable, Sendable {
  /// When the next question is due.
  public private(set) var nextPoll: Instant
  /// Questions since the last answer.
  public private(set) var unanswered = 0
  /// An answer came since the watch began.
  public private(set) var hasAnswered = false
  /// Since when the modem has seen its peer without a break.
  public private(set) var upSince: Instant?

  public init(firstPoll: Instant, upSince: Instant? = nil) {
    nextPoll = firstPoll
    self.upSince = upSince
  }

  /// True when a question is due; the next one is then due after `interval`.
  public mutating func poll(at now: Instant, interval: Duration) -> Bool {
    guard now >= nextPoll else { return false }
    nextPoll = now + interval
    unanswered += 1
    return true
  }

  /// Forgets what was not answered: the modem has time to wake up.
  public mutating func forgive() { unanswered = min(unanswered, 1) }

  /// Takes an answer in; true when the link has just come up.
  public mutating func answer(isUp: Bool, at now: Instant) -> Bool {
    unanswered = 0
    hasAnswered = true
    guard isUp else {
      upSince = nil
      return false
    }
    guard upSince == nil else { return false }
    upSince = now
    return true
  }

  /// Takes the link for up without an answer.
  public mutating func assume(at now: Instant) { if upSince == nil { upSince = now } }
}
