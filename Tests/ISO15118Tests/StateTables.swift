enum StateTables {
  static let dc = """
    WaitForSupportedAppProtocolReq
      SessionSetupReq  . > Idle
      ServiceDiscoveryReq  . > Idle
      ServiceDetailReq  . > Idle
      PaymentServiceSelectionReq  . > Idle
      PaymentDetailsReq  . > Idle
      CertificateInstallationReq  . > Idle
      CertificateUpdateReq  . > Idle
      AuthorizationReq  . > Idle
      ChargeParameterDiscoveryReq  . > Idle
      CableCheckReq  . > Idle
      PreChargeReq  . > Idle
      PowerDeliveryReq(Start)  . > Idle
      PowerDeliveryReq(Stop)  . > Idle
      PowerDeliveryReq(Renegotiate)  . > Idle
      ChargingStatusReq  . > Idle
      CurrentDemandReq  . > Idle
      MeteringReceiptReq  . > Idle
      WeldingDetectionReq  . > Idle
      SessionStopReq(Terminate)  . > Idle
      SessionStopReq(Pause)  . > Idle
    WaitForSessionSetupReq
      SessionSetupReq  OK_NewSessionEstablished > WaitForServiceDiscoveryReq
    WaitForServiceDiscoveryReq
      ServiceDiscoveryReq  OK > WaitForServiceDetailOrPaymentServiceSelectionReq
      SessionStopReq(Terminate)  OK > WaitForDisconnect
      SessionStopReq(Pause)  OK > WaitForDisconnect
    WaitForServiceDetailOrPaymentServiceSelectionReq
      ServiceDetailReq  FAILED_ServiceIDInvalid > WaitForDisconnect
      PaymentServiceSelectionReq  OK > WaitForAuthorizationReq
      SessionStopReq(Terminate)  OK > WaitForDisconnect
      SessionStopReq(Pause)  OK > WaitForDisconnect
    WaitForAuthorizationReq
      AuthorizationReq  OK > WaitForChargeParameterDiscoveryReq
      SessionStopReq(Terminate)  OK > WaitForDisconnect
      SessionStopReq(Pause)  OK > WaitForDisconnect
    WaitForChargeParameterDiscoveryReq
      ChargeParameterDiscoveryReq  OK > WaitForCableCheckReq
      SessionStopReq(Terminate)  OK > WaitForDisconnect
      SessionStopReq(Pause)  OK > WaitForDisconnect
    WaitForCableCheckReq
      CableCheckReq  OK > WaitForCableCheckReq
      SessionStopReq(Terminate)  OK > WaitForDisconnect
      SessionStopReq(Pause)  OK > WaitForDisconnect
    WaitForPreChargeReq
      PreChargeReq  OK > WaitForPreChargeOrPowerDeliveryReq
      SessionStopReq(Terminate)  OK > WaitForDisconnect
      SessionStopReq(Pause)  OK > WaitForDisconnect
    WaitForPreChargeOrPowerDeliveryReq
      PreChargeReq  OK > WaitForPreChargeOrPowerDeliveryReq
      PowerDeliveryReq(Start)  OK > WaitForCurrentDemandReq
      PowerDeliveryReq(Stop)  OK > WaitForWeldingDetectionOrSessionStopReq
      PowerDeliveryReq(Renegotiate)  FAILED > WaitForDisconnect
      SessionStopReq(Terminate)  OK > WaitForDisconnect
      SessionStopReq(Pause)  OK > WaitForDisconnect
    WaitForCurrentDemandReq
      CurrentDemandReq  OK > WaitForCurrentDemandOrPowerDeliveryReq
    WaitForCurrentDemandOrPowerDeliveryReq
      PowerDeliveryReq(Start)  OK > WaitForCurrentDemandReq
      PowerDeliveryReq(Stop)  OK > WaitForWeldingDetectionOrSessionStopReq
      PowerDeliveryReq(Renegotiate)  OK > WaitForChargeParameterDiscoveryReq
      CurrentDemandReq  OK > WaitForCurrentDemandOrPowerDeliveryReq
    WaitForWeldingDetectionOrSessionStopReq
      WeldingDetectionReq  OK > WaitForWeldingDetectionOrSessionStopReq
      SessionStopReq(Terminate)  OK > WaitForDisconnect
      SessionStopReq(Pause)  OK > WaitForDisconnect
    WaitForDisconnect
    """
  static let ac = """
    WaitForSupportedAppProtocolReq
      SessionSetupReq  . > Idle
      ServiceDiscoveryReq  . > Idle
      ServiceDetailReq  . > Idle
      PaymentServiceSelectionReq  . > Idle
      PaymentDetailsReq  . > Idle
      CertificateInstallationReq  . > Idle
      CertificateUpdateReq  . > Idle
      AuthorizationReq  . > Idle
      ChargeParameterDiscoveryReq  . > Idle
      CableCheckReq  . > Idle
      PreChargeReq  . > Idle
      PowerDeliveryReq(Start)  . > Idle
      PowerDeliveryReq(Stop)  . > Idle
      PowerDeliveryReq(Renegotiate)  . > Idle
      ChargingStatusReq  . > Idle
      CurrentDemandReq  . > Idle
      MeteringReceiptReq  . > Idle
      WeldingDetectionReq  . > Idle
      SessionStopReq(Terminate)  . > Idle
      SessionStopReq(Pause)  . > Idle
    WaitForSessionSetupReq
      SessionSetupReq  OK_NewSessionEstablished > WaitForServiceDiscoveryReq
    WaitForServiceDiscoveryReq
      ServiceDiscoveryReq  OK > WaitForServiceDetailOrPaymentServiceSelectionReq
      SessionStopReq(Terminate)  OK > WaitForDisconnect
      SessionStopReq(Pause)  OK > WaitForDisconnect
    WaitForServiceDetailOrPaymentServiceSelectionReq
      ServiceDetailReq  FAILED_ServiceIDInvalid > WaitForDisconnect
      PaymentServiceSelectionReq  OK > WaitForAuthorizationReq
      SessionStopReq(Terminate)  OK > WaitForDisconnect
      SessionStopReq(Pause)  OK > WaitForDisconnect
    WaitForAuthorizationReq
      AuthorizationReq  OK > WaitForChargeParameterDiscoveryReq
      SessionStopReq(Terminate)  OK > WaitForDisconnect
      SessionStopReq(Pause)  OK > WaitForDisconnect
    WaitForChargeParameterDiscoveryReq
      ChargeParameterDiscoveryReq  OK > WaitForPowerDeliveryReq
      SessionStopReq(Terminate)  OK > WaitForDisconnect
      SessionStopReq(Pause)  OK > WaitForDisconnect
    WaitForPowerDeliveryReq
      PowerDeliveryReq(Start)  OK > WaitForChargingStatusReq
      PowerDeliveryReq(Stop)  OK > WaitForSessionStopReq
      PowerDeliveryReq(Renegotiate)  FAILED > WaitForDisconnect
      SessionStopReq(Terminate)  OK > WaitForDisconnect
      SessionStopReq(Pause)  OK > WaitForDisconnect
    WaitForChargingStatusReq
      ChargingStatusReq  OK > WaitForChargingStatusOrPowerDeliveryReq
    WaitForChargingStatusOrPowerDeliveryReq
      PowerDeliveryReq(Start)  OK > WaitForChargingStatusReq
      PowerDeliveryReq(Stop)  OK > WaitForSessionStopReq
      PowerDeliveryReq(Renegotiate)  OK > WaitForChargeParameterDiscoveryReq
      ChargingStatusReq  OK > WaitForChargingStatusOrPowerDeliveryReq
    WaitForSessionStopReq
      SessionStopReq(Terminate)  OK > WaitForDisconnect
      SessionStopReq(Pause)  OK > WaitForDisconnect
    WaitForDisconnect
    """
}
