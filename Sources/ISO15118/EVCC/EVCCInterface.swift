public import Wire

/// What can happen to an EVCC. Received messages come by `EVCC.receive`.
public enum EVCCEvent: Sendable {
  /// The data link is up (D-LINK_READY). Starts V2G_EVCC_CommunicationSetup_Timeout; optional: without it the
  /// timer starts with the connection.
  case linkReady
  /// The TCP connection is up (after its TLS handshake, if there is one): the session starts.
  case connected
  /// The connection is gone, by either side.
  case disconnected
  /// Bytes came that no V2GTP parser can step over; the connection has to go.
  case transportBroken
  case conditions(EVConditions)
  case timeout
}

/// What an EVCC wants done.
public enum EVCCAction: Equatable, Sendable {
  /// Bring the pilot to state B or C (D with ventilation, as the host decides), within 250 ms.
  case pilot(PilotLetter)
  /// Close or open the vehicle's contactors (DC); feedback by `EVConditions.contactorClosed`.
  case contactor(close: Bool)
  /// The onboard charger (AC) may take this much per phase, in milliamperes; 0: nothing.
  case charger(milliamps: Int)
  case progress(EVProgress)
  case trace(SessionTrace)
  /// Close the connection. No `disconnected` is needed back, though it does no harm.
  case close(SessionEnd)
  /// The session is over; the EVCC waits for the next connection.
  case ended(SessionOutcome)
}

/// The steps of the EVCC by the response they wait for.
public enum EVCCState: String, CaseIterable, Sendable {
  /// No connection.
  case Idle
  case WaitForSupportedAppProtocolRes
  case WaitForSessionSetupRes
  case WaitForServiceDiscoveryRes
  case WaitForPaymentServiceSelectionRes
  case WaitForAuthorizationRes
  case WaitForChargeParameterDiscoveryRes
  /// DC
  case WaitForCableCheckRes
  case WaitForPreChargeRes
  /// After PowerDelivery(Start)
  case WaitForPowerDeliveryStartRes
  case WaitForChargingStatusRes
  case WaitForCurrentDemandRes
  case WaitForPowerDeliveryRenegotiateRes
  case WaitForPowerDeliveryStopRes
  case WaitForWeldingDetectionRes
  case WaitForSessionStopRes
}

extension EVCCState: CustomStringConvertible {
  public var description: String { rawValue }
}

/// How a vehicle introduces itself and what it prefers.
public struct EVCCConfiguration: Equatable, Sendable {
  /// EVCCID (the MAC address).
  public var evccID: MACAddress
  /// Energy transfer modes it can use, best first; all AC or all DC.
  public var modes: [EnergyMode]
  /// Protocols it offers, best first.
  public var protocols: [SessionProtocol] = [.iso15118_2]
  /// The EV contactors close when EVSEPresentVoltage is this near to the battery, in millivolts
  /// (IEC 61851-23: 20 V).
  public var preChargeToleranceMillivolts = 20_000
  /// EVTargetCurrent of PreCharge, in milliamperes (IEC 61851-23: no more than 2 A).
  public var preChargeMilliamps = 2_000
  /// Send WeldingDetectionReq after a DC session.
  public var detectsWelding = true
  public var timers = SessionTimers.standard
  public var quirks = SessionQuirks.standard

  public init(evccID: MACAddress, modes: [EnergyMode]) {
    self.evccID = evccID
    self.modes = modes
  }
}
