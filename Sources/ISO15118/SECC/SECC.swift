public import V2GTransport
public import Wire

/// The charger's side of an ISO 15118-2 session over one connection at a time: supportedAppProtocol, then AC
/// or DC charging with external payment.
///
/// It is handed events, whole V2GTP payloads and the time; it appends whole V2GTP messages to the caller's
/// output and says what it wants by actions. `Random` makes the session ids; on a real line it has to be
/// the system's generator ([V2G20-2621]).
public struct SECC<Random: RandomNumberGenerator> {
  // The rules are in `SECCSession`, which is not generic: the charge loop runs as specialised code.
  private var session: SECCSession
  private var random: Random

  public init(configuration: SECCConfiguration, random: Random) {
    session = SECCSession(configuration: configuration)
    self.random = random
  }

  public var configuration: SECCConfiguration { session.configuration }

  /// The state as the standard names it.
  public var state: SECCState { session.state }

  /// The id of the session; zero before SessionSetup.
  public var sessionID: SessionID { session.id }

  /// A session the EV may resume. Kept over connections until the pilot goes to A; the host may restore it after
  /// a restart.
  public var paused: PausedSession? {
    get { session.paused }
    set { session.paused = newValue }
  }

  /// When it wants `timeout`, if nothing else happens before.
  public var deadline: Instant? { session.deadline }

  /// Takes one event in. A response that waited for a condition may be appended to `output`.
  public mutating func handle(
    _ event: SECCEvent, at now: Instant, output: inout OutputBuffer, perform: (SECCAction) -> Void
  ) {
    if case .connected = event { session.candidateID = newID() }
    session.handle(event, at: now)
    session.flush(into: &output, perform: perform)
  }

  /// Takes one V2GTP payload in. `type` may be any; types that do not belong here are ignored.
  public mutating func receive(
    _ payload: RawSpan, type: V2GTPPayloadType, at now: Instant, output: inout OutputBuffer,
    perform: (SECCAction) -> Void
  ) {
    session.receive(payload, type: type, at: now)
    session.flush(into: &output, perform: perform)
  }

  /// A session id that is not zero ([V2G2-750]).
  private mutating func newID() -> SessionID {
    while true {
      let value: UInt64 = random.next()
      if value != 0 { return SessionID(value: value) }
    }
  }
}

extension SECC: Sendable where Random: Sendable {}
