/// Times and counts of the dialogue with the own modem. None is the standard's: they are what the field found.
public struct ModemTimers: Hashable, Sendable {
  /// A question about who it is until the next one, or the same again.
  public var identification: Duration = .milliseconds(100)
  /// All questions are asked so often before the modem counts as a generic one. It may be starting.
  public var identificationRounds = 3
  /// CM_SET_KEY.REQ until its confirmation. A QCA700x answers within 100 ms; field reports ask for 1 s.
  public var setKeyConfirmation: Duration = .seconds(1)
  /// Between an unanswered or refused CM_SET_KEY.REQ and the next. A QCA7005 refuses a key that follows a match or a
  /// leave very closely.
  public var setKeyRetry: Duration = .milliseconds(500)
  /// CM_SET_KEY.REQ until the modem is reported.
  public var setKeyAttempts = 3
  /// Between later attempts, after the report.
  public var silentModemRetry: Duration = .seconds(5)
  /// A modem that was just switched on has so long to take its first key before it is reported: a CG5317 takes up to 10 s
  /// to start, a QCA7000 up to 4 s.
  public var startPatience: Duration = .seconds(10)
  /// Between questions for the network, which prove a key.
  public var proofInterval: Duration = .milliseconds(250)
  /// Time a modem has for the first answer to one. A modem that restarts with a new key is silent for 1...3 s, and
  /// an EVSE has 8 s from the plug (T_conn_max_comm).
  public var proofPatience: Duration = .seconds(3)
  /// Time a modem is left alone after it took a key. Questions tolerate silence, so none is needed.
  public var settle: Duration = .zero
  /// Between questions for the link while joining.
  public var linkPollJoining: Duration = .milliseconds(250)
  /// Between questions for the link once matched.
  public var linkPollMatched: Duration = .seconds(1)
  /// Unanswered questions in a row, once matched, that count as a lost link.
  public var linkPollMissesMax = 5

  public init() {}
}
