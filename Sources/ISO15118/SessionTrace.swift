/// What happened in a session, one line of a timeline.
public enum SessionTrace: Equatable, Sendable {
  /// A message came in.
  case received(SessionMessage)
  /// A message went out. The code is that of a response; `processing` is set where the response may say
  /// that the EV has to ask again.
  case sent(SessionMessage, SessionResponseCode?, SessionProcessing?)
  /// A response came in (EVCC).
  case answered(SessionMessage, SessionResponseCode, SessionProcessing?)
  /// The SECC's table moved on.
  case secc(SECCState)
  /// The EVCC's sequence moved on.
  case evcc(EVCCState)
  /// The protocol both sides agreed on.
  case negotiated(SessionProtocol, SessionResponseCode)
  /// The session id in use from here on.
  case session(SessionID, resumed: Bool)
  /// Octets were ignored, as the standard asks: an unknown payload type (7.8.3).
  case ignoredPayload(type: UInt16)
  /// A request came while the previous one is not answered, or after the end: ignored.
  case ignoredMessage
  /// Something failed; the session is about to end.
  case failure(SessionFailure)
}

extension SessionTrace: CustomStringConvertible {
  public var description: String {
    switch self {
    case .received(let message): "<- \(message)"
    case .sent(let message, let code, let processing):
      "-> \(message)" + suffix(code) + suffix(processing)
    case .answered(let message, let code, let processing):
      "<- \(message) \(code)" + suffix(processing)
    case .secc(let state): "state \(state)"
    case .evcc(let state): "state \(state)"
    case .negotiated(let name, let code): "protocol \(name) (\(code))"
    case .session(let id, let resumed): "session \(id)" + (resumed ? " resumed" : "")
    case .ignoredPayload(let type): "ignored payload type \(type)"
    case .ignoredMessage: "ignored message"
    case .failure(let failure): "failure: \(failure)"
    }
  }
}

private func suffix<Value: CustomStringConvertible>(_ value: Value?) -> String {
  if let value { " \(value)" } else { "" }
}
