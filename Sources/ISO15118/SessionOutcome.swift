/// Why a session failed: whose fault, in which layer, what was expected, what came, which clause.
public struct SessionFailure: Error, Equatable, Sendable {
  /// Who has to change something.
  public enum Fault: String, Sendable {
    /// The other side broke the standard.
    case peer
    /// The other side follows the standard but cannot do what we need, or refused.
    case peerRefused
    /// Our own equipment did not do what the session asked for.
    case equipment
    /// The way between the two.
    case line
    /// A person or a back end wanted it.
    case user
    /// Our configuration.
    case site
  }

  /// Where it was noticed.
  public enum Layer: String, Sendable { case tcp, v2gtp, exi, message, timer, hardware, application }

  /// What went wrong. Equality of failures goes by this, the layer and the fault.
  public enum Cause: String, Sendable, CaseIterable {
    /// The TCP connection ended while the session ran.
    case disconnected
    /// A header or length that no parser can step over.
    case transport
    /// The EXI could not be decoded.
    case undecodable
    /// Our own message did not fit its schema (a configuration that is out of its bounds).
    case unencodable
    /// No protocol in common.
    case noNegotiation
    /// A message that does not belong here.
    case sequence
    /// A session id that is not this session's.
    case unknownSession
    /// A value that is out of bounds or was not offered.
    case parameter
    /// The SECC answered FAILED.
    case refused
    /// V2G_SECC_Sequence_Timeout.
    case sequenceTimeout
    /// A response did not come in its message timeout.
    case messageTimeout
    /// V2G_EVCC/SECC_CommunicationSetup_Timeout.
    case communicationSetupTimeout
    /// EVSEProcessing stayed Ongoing too long.
    case ongoingTimeout
    /// Nobody authorized the session in time.
    case authorizationTimeout
    /// V2G_EVCC_CableCheck_Timeout.
    case cableCheckTimeout
    /// V2G_EVCC_PreCharge_Timeout.
    case preChargeTimeout
    /// The control pilot is not in the state the message needs.
    case pilot
    /// The contactor did not follow.
    case contactor
    /// The insulation test failed.
    case isolation
    /// Emergency stop, or another fault of the EVSE.
    case emergency
    /// A wish to stop was not followed in time, or cut the session off where it cannot end in order.
    case stopped
  }

  public var cause: Cause
  public var fault: Fault
  public var layer: Layer
  /// What would have been right here.
  public var expected: StaticString
  /// What came instead; empty when nothing came.
  public var got: StaticString
  /// The message it was noticed at.
  public var message: SessionMessage?
  /// The response code that went with it.
  public var code: SessionResponseCode?
  /// Requirement or table of the standard.
  public var clause: StaticString

  public init(
    _ cause: Cause, fault: Fault, layer: Layer, expected: StaticString, got: StaticString = "",
    message: SessionMessage? = nil, code: SessionResponseCode? = nil, clause: StaticString
  ) {
    self.cause = cause
    self.fault = fault
    self.layer = layer
    self.expected = expected
    self.got = got
    self.message = message
    self.code = code
    self.clause = clause
  }

  public static func == (a: Self, b: Self) -> Bool {
    a.cause == b.cause && a.fault == b.fault && a.layer == b.layer && a.message == b.message
      && a.code == b.code
  }
}

extension SessionFailure: CustomStringConvertible {
  public var description: String {
    var text = "\(cause.rawValue) (\(layer.rawValue), fault: \(fault.rawValue))"
    if let message { text += " at \(message)" }
    if let code { text += " \(code)" }
    text += ": expected \(expected)"
    if got.utf8CodeUnitCount > 0 { text += ", got \(got)" }
    return text + " [\(clause)]"
  }
}

/// How a session ended.
public enum SessionOutcome: Equatable, Sendable {
  /// SessionStop(Terminate) was answered.
  case terminated
  /// SessionStop(Pause) was answered; the session can be resumed with this id.
  case paused(SessionID)
  /// It ended early.
  case failed(SessionFailure)
}

extension SessionOutcome: CustomStringConvertible {
  public var description: String {
    switch self {
    case .terminated: "terminated"
    case .paused(let id): "paused \(id)"
    case .failed(let failure): "failed: \(failure)"
    }
  }
}

/// How the connection has to be closed.
public enum SessionEnd: String, Equatable, Sendable {
  /// Send what is in the output, then close.
  case afterOutput
  /// Close now; nothing that is still queued matters.
  case immediately
}
