/// Tolerances beyond the letter of the standard, each with the peer that needs it.
public struct SessionQuirks: Equatable, Sendable {
  /// SECC: a SessionID of any length whose octets are all zero asks for a new session. Vehicles and the
  /// open EVCCs send one octet 00; others send eight.
  public var shortZeroSessionID = true
  /// SECC: also serve the 2010 draft's namespace, which a few early vehicles announce instead of 2013.
  public var namespace2010 = false
  /// SECC: WeldingDetection and SessionStop are answered OK although the pilot is still in C or D.
  /// The open EVCC in Python never leaves C when it runs without a pilot.
  public var pilotMayStayReady = false
  /// SECC: CableCheck, PreCharge and PowerDelivery(Start) do not need C or D. For rigs without a pilot wire.
  public var pilotNotWired = false
  /// SECC: SessionStopReq is also admitted in the charge loop, the energy being switched off first. A VW of
  /// 2021 sends it straight after PowerDelivery(Start) when it changes its mind; by the state table that is out
  /// of sequence.
  public var sessionStopInLoop = false
  /// EVCC: a response with FAILED ends the session at once. The standard obliges the EVCC only for
  /// FAILED_SequenceError ([V2G2-539]).
  public var endOnFailure = true
  /// EVCC: CableCheck Finished without an isolation status counts as valid. EVSEIsolationStatus is optional in
  /// the schema and some chargers leave it out.
  public var isolationMayBeAbsent = true

  public init() {}

  /// No tolerance that a conforming peer does not need.
  public static let standard = SessionQuirks()
}
