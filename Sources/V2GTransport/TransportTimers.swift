/// All times of discovery and connection set-up in one place (ISO 15118-2 clause 8.7.2, ISO 15118-4 for the
/// termination time).
public struct TransportTimers: Hashable, Sendable {
  /// SDP_response: how long the EVCC waits before it asks again.
  public var sdpResponseWait: Duration
  /// SDP_request_max_counter: how often the EVCC asks before it gives up.
  public var sdpRequestMax: Int
  /// V2G_EVCC_CommunicationSetup_Timeout: from D-LINK_READY to SessionSetupRes.
  public var evccCommunicationSetup: Duration
  /// V2G_SECC_CommunicationSetup_Performance_Time: by then SessionSetupRes has been sent.
  public var seccCommunicationSetupPerformance: Duration
  /// V2G_SECC_CommunicationSetup_Timeout: without a session the SECC then stops to answer.
  public var seccCommunicationSetup: Duration
  /// V2G_SECC_Sequence_Timeout before the first request on an accepted connection.
  public var firstRequestMax: Duration
  /// par_CMN_TCP_Connection_Termination_Timeout: from the end of a session to the closed connection.
  public var tcpTermination: Duration

  public init(
    sdpResponseWait: Duration, sdpRequestMax: Int, evccCommunicationSetup: Duration,
    seccCommunicationSetupPerformance: Duration, seccCommunicationSetup: Duration,
    firstRequestMax: Duration, tcpTermination: Duration
  ) {
    self.sdpResponseWait = sdpResponseWait
    self.sdpRequestMax = sdpRequestMax
    self.evccCommunicationSetup = evccCommunicationSetup
    self.seccCommunicationSetupPerformance = seccCommunicationSetupPerformance
    self.seccCommunicationSetup = seccCommunicationSetup
    self.firstRequestMax = firstRequestMax
    self.tcpTermination = tcpTermination
  }

  /// The standard's values.
  public static let standard = TransportTimers(
    sdpResponseWait: .milliseconds(250), sdpRequestMax: 50, evccCommunicationSetup: .seconds(20),
    seccCommunicationSetupPerformance: .seconds(18), seccCommunicationSetup: .seconds(20),
    firstRequestMax: .seconds(60), tcpTermination: .seconds(5))

  /// For rigs with slow peers: three times as long before giving up, the same pace of asking.
  public static let relaxed = TransportTimers(
    sdpResponseWait: .milliseconds(250), sdpRequestMax: 240, evccCommunicationSetup: .seconds(60),
    seccCommunicationSetupPerformance: .seconds(54), seccCommunicationSetup: .seconds(60),
    firstRequestMax: .seconds(180), tcpTermination: .seconds(15))
}
