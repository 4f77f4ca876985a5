public import V2GTransport
public import Wire

/// The vehicle's side of an ISO 15118-2 session over one connection at a time: supportedAppProtocol, then AC
/// or DC charging with external payment.
///
/// It is handed events, whole V2GTP payloads and the time; it appends whole V2GTP messages to the caller's
/// output and says what it wants by actions.
public struct EVCC: Sendable {
  public let configuration: EVCCConfiguration
  /// The step by the response it waits for.
  public private(set) var state = EVCCState.Idle
  /// A session to resume at the next connection. Set when a session was paused; the host may clear it.
  public var paused: PausedSession?

  public init(configuration: EVCCConfiguration) { self.configuration = configuration }

  /// When it wants `timeout`, if nothing else happens before.
  public var deadline: Instant? { nil }

  /// Takes one event in. The next request may be appended to `output`.
  public mutating func handle(
    _ event: EVCCEvent, at now: Instant, output: inout OutputBuffer, perform: (EVCCAction) -> Void
  ) {}

  /// Takes one V2GTP payload in. `type` may be any; types that do not belong here are ignored.
  public mutating func receive(
    _ payload: RawSpan, type: V2GTPPayloadType, at now: Instant, output: inout OutputBuffer,
    perform: (EVCCAction) -> Void
  ) {}
}
