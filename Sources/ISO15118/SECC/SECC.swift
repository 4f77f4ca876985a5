public import V2GTransport
public import Wire

/// The charger's side of an ISO 15118-2 session over one connection at a time: supportedAppProtocol, then AC
/// or DC charging with external payment.
///
/// It is handed events, whole V2GTP payloads and the time; it appends whole V2GTP messages to the caller's
/// output and says what it wants by actions. `Random` makes the session ids; on a real line it has to be
/// the system's generator ([V2G20-2621]).
public struct SECC<Random: RandomNumberGenerator> {
  public let configuration: SECCConfiguration
  /// The state as the standard names it.
  public private(set) var state = SECCState.Idle
  /// A session the EV may resume. Kept over connections; the host clears it when the vehicle has left, and may
  /// restore it after a restart.
  public var paused: PausedSession?
  private var random: Random

  public init(configuration: SECCConfiguration, random: Random) {
    self.configuration = configuration
    self.random = random
  }

  /// When it wants `timeout`, if nothing else happens before.
  public var deadline: Instant? { nil }

  /// Takes one event in. A response that waited for a condition may be appended to `output`.
  public mutating func handle(
    _ event: SECCEvent, at now: Instant, output: inout OutputBuffer, perform: (SECCAction) -> Void
  ) {}

  /// Takes one V2GTP payload in. `type` may be any; types that do not belong here are ignored.
  public mutating func receive(
    _ payload: RawSpan, type: V2GTPPayloadType, at now: Instant, output: inout OutputBuffer,
    perform: (SECCAction) -> Void
  ) {}
}

extension SECC: Sendable where Random: Sendable {}
