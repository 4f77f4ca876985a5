/// The states of the SECC by the requests they wait for, as the state tables of ISO 15118-2 (clause 8.8) name
/// them.
public enum SECCState: String, CaseIterable, Sendable {
  /// No connection.
  case Idle
  case WaitForSupportedAppProtocolReq
  case WaitForSessionSetupReq
  case WaitForServiceDiscoveryReq
  case WaitForServiceDetailOrPaymentServiceSelectionReq
  case WaitForAuthorizationReq
  case WaitForChargeParameterDiscoveryReq
  /// DC
  case WaitForCableCheckReq
  case WaitForPreChargeReq
  case WaitForPreChargeOrPowerDeliveryReq
  /// AC
  case WaitForPowerDeliveryReq
  case WaitForChargingStatusReq
  case WaitForChargingStatusOrPowerDeliveryReq
  /// DC
  case WaitForCurrentDemandReq
  case WaitForCurrentDemandOrPowerDeliveryReq
  case WaitForWeldingDetectionOrSessionStopReq
  /// AC after PowerDelivery(Stop)
  case WaitForSessionStopReq
  /// The last response is out; the EV should close the connection, else we do.
  case WaitForDisconnect
}

extension SECCState: CustomStringConvertible {
  public var description: String { rawValue }
}
