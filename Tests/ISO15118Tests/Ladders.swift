enum Ladders {
  static let ac = """
       0.000 SECC state WaitForSupportedAppProtocolReq
       0.000 EVCC -> supportedAppProtocolReq
       0.000 EVCC state WaitForSupportedAppProtocolRes
       0.002 SECC <- supportedAppProtocolReq
       0.002 SECC protocol ISO 15118-2:2013 (OK_SuccessfulNegotiation)
       0.002 SECC -> supportedAppProtocolRes OK_SuccessfulNegotiation
       0.002 SECC state WaitForSessionSetupReq
       0.004 EVCC <- supportedAppProtocolRes OK_SuccessfulNegotiation
       0.004 EVCC protocol ISO 15118-2:2013 (OK_SuccessfulNegotiation)
       0.004 EVCC -> SessionSetupReq
       0.004 EVCC state WaitForSessionSetupRes
       0.006 SECC <- SessionSetupReq
       0.006 SECC session 910A2DEC89025CC1
       0.006 SECC -> SessionSetupRes OK_NewSessionEstablished
       0.006 SECC state WaitForServiceDiscoveryReq
       0.008 EVCC <- SessionSetupRes OK_NewSessionEstablished
       0.008 EVCC session 910A2DEC89025CC1
       0.008 EVCC -> ServiceDiscoveryReq
       0.008 EVCC state WaitForServiceDiscoveryRes
       0.010 SECC <- ServiceDiscoveryReq
       0.010 SECC -> ServiceDiscoveryRes OK
       0.010 SECC state WaitForServiceDetailOrPaymentServiceSelectionReq
       0.012 EVCC <- ServiceDiscoveryRes OK
       0.012 EVCC -> PaymentServiceSelectionReq
       0.012 EVCC state WaitForPaymentServiceSelectionRes
       0.014 SECC <- PaymentServiceSelectionReq
       0.014 SECC -> PaymentServiceSelectionRes OK
       0.014 SECC state WaitForAuthorizationReq
       0.016 EVCC <- PaymentServiceSelectionRes OK
       0.016 EVCC -> AuthorizationReq
       0.016 EVCC state WaitForAuthorizationRes
       0.018 SECC <- AuthorizationReq
       0.018 SECC -> AuthorizationRes OK Ongoing_WaitingForCustomerInteraction
       0.020 EVCC <- AuthorizationRes OK Ongoing_WaitingForCustomerInteraction
       0.220 EVCC -> AuthorizationReq
       0.222 SECC <- AuthorizationReq
       0.222 SECC -> AuthorizationRes OK Ongoing_WaitingForCustomerInteraction
       0.224 EVCC <- AuthorizationRes OK Ongoing_WaitingForCustomerInteraction
       0.424 EVCC -> AuthorizationReq
       0.426 SECC <- AuthorizationReq
       0.426 SECC -> AuthorizationRes OK Ongoing_WaitingForCustomerInteraction
       0.428 EVCC <- AuthorizationRes OK Ongoing_WaitingForCustomerInteraction
       0.628 EVCC -> AuthorizationReq
       0.630 SECC <- AuthorizationReq
       0.630 SECC -> AuthorizationRes OK Finished
       0.630 SECC state WaitForChargeParameterDiscoveryReq
       0.632 EVCC <- AuthorizationRes OK Finished
       0.632 EVCC -> ChargeParameterDiscoveryReq
       0.632 EVCC state WaitForChargeParameterDiscoveryRes
       0.634 SECC <- ChargeParameterDiscoveryReq
       0.634 SECC -> ChargeParameterDiscoveryRes OK Finished
       0.634 SECC state WaitForPowerDeliveryReq
       0.636 EVCC <- ChargeParameterDiscoveryRes OK Finished
       0.636 EVCC pilot C
       0.646 EVCC -> PowerDeliveryReq
       0.646 EVCC state WaitForPowerDeliveryStartRes
       0.648 SECC <- PowerDeliveryReq
       0.666 SECC energy closeAC
       0.766 SECC -> PowerDeliveryRes OK
       0.766 SECC state WaitForChargingStatusReq
       0.768 EVCC <- PowerDeliveryRes OK
       0.768 EVCC charger 16000 mA
       0.768 EVCC -> ChargingStatusReq
       0.768 EVCC state WaitForChargingStatusRes
       0.770 SECC <- ChargingStatusReq
       0.770 SECC -> ChargingStatusRes OK
       0.770 SECC state WaitForChargingStatusOrPowerDeliveryReq
       0.772 EVCC <- ChargingStatusRes OK
       1.772 EVCC -> ChargingStatusReq
       1.774 SECC <- ChargingStatusReq
       1.774 SECC -> ChargingStatusRes OK
       1.776 EVCC <- ChargingStatusRes OK
       2.500 EVCC charger 0 mA
       2.776 EVCC -> ChargingStatusReq
       2.778 SECC <- ChargingStatusReq
       2.778 SECC -> ChargingStatusRes OK
       2.780 EVCC <- ChargingStatusRes OK
       3.780 EVCC -> ChargingStatusReq
       3.782 SECC <- ChargingStatusReq
       3.782 SECC -> ChargingStatusRes OK
       3.784 EVCC <- ChargingStatusRes OK
       4.500 EVCC -> PowerDeliveryReq
       4.500 EVCC state WaitForPowerDeliveryStopRes
       4.502 SECC <- PowerDeliveryReq
       4.502 SECC energy none
       4.552 SECC -> PowerDeliveryRes OK
       4.552 SECC state WaitForSessionStopReq
       4.554 EVCC <- PowerDeliveryRes OK
       4.554 EVCC pilot B
       4.564 EVCC -> SessionStopReq
       4.564 EVCC state WaitForSessionStopRes
       4.566 SECC <- SessionStopReq
       4.584 SECC -> SessionStopRes OK
       4.584 SECC state WaitForDisconnect
       4.586 EVCC <- SessionStopRes OK
       4.586 EVCC close afterOutput
       4.586 EVCC state Idle
       4.586 EVCC ended: terminated
       4.588 SECC state Idle
       4.588 SECC ended: terminated
    """
  static let dc = """
       0.000 SECC state WaitForSupportedAppProtocolReq
       0.000 EVCC -> supportedAppProtocolReq
       0.000 EVCC state WaitForSupportedAppProtocolRes
       0.002 SECC <- supportedAppProtocolReq
       0.002 SECC protocol ISO 15118-2:2013 (OK_SuccessfulNegotiation)
       0.002 SECC -> supportedAppProtocolRes OK_SuccessfulNegotiation
       0.002 SECC state WaitForSessionSetupReq
       0.004 EVCC <- supportedAppProtocolRes OK_SuccessfulNegotiation
       0.004 EVCC protocol ISO 15118-2:2013 (OK_SuccessfulNegotiation)
       0.004 EVCC -> SessionSetupReq
       0.004 EVCC state WaitForSessionSetupRes
       0.006 SECC <- SessionSetupReq
       0.006 SECC session 910A2DEC89025CC1
       0.006 SECC -> SessionSetupRes OK_NewSessionEstablished
       0.006 SECC state WaitForServiceDiscoveryReq
       0.008 EVCC <- SessionSetupRes OK_NewSessionEstablished
       0.008 EVCC session 910A2DEC89025CC1
       0.008 EVCC -> ServiceDiscoveryReq
       0.008 EVCC state WaitForServiceDiscoveryRes
       0.010 SECC <- ServiceDiscoveryReq
       0.010 SECC -> ServiceDiscoveryRes OK
       0.010 SECC state WaitForServiceDetailOrPaymentServiceSelectionReq
       0.012 EVCC <- ServiceDiscoveryRes OK
       0.012 EVCC -> PaymentServiceSelectionReq
       0.012 EVCC state WaitForPaymentServiceSelectionRes
       0.014 SECC <- PaymentServiceSelectionReq
       0.014 SECC -> PaymentServiceSelectionRes OK
       0.014 SECC state WaitForAuthorizationReq
       0.016 EVCC <- PaymentServiceSelectionRes OK
       0.016 EVCC -> AuthorizationReq
       0.016 EVCC state WaitForAuthorizationRes
       0.018 SECC <- AuthorizationReq
       0.018 SECC -> AuthorizationRes OK Ongoing_WaitingForCustomerInteraction
       0.020 EVCC <- AuthorizationRes OK Ongoing_WaitingForCustomerInteraction
       0.220 EVCC -> AuthorizationReq
       0.222 SECC <- AuthorizationReq
       0.222 SECC -> AuthorizationRes OK Ongoing_WaitingForCustomerInteraction
       0.224 EVCC <- AuthorizationRes OK Ongoing_WaitingForCustomerInteraction
       0.424 EVCC -> AuthorizationReq
       0.426 SECC <- AuthorizationReq
       0.426 SECC -> AuthorizationRes OK Ongoing_WaitingForCustomerInteraction
       0.428 EVCC <- AuthorizationRes OK Ongoing_WaitingForCustomerInteraction
       0.628 EVCC -> AuthorizationReq
       0.630 SECC <- AuthorizationReq
       0.630 SECC -> AuthorizationRes OK Finished
       0.630 SECC state WaitForChargeParameterDiscoveryReq
       0.632 EVCC <- AuthorizationRes OK Finished
       0.632 EVCC -> ChargeParameterDiscoveryReq
       0.632 EVCC state WaitForChargeParameterDiscoveryRes
       0.634 SECC <- ChargeParameterDiscoveryReq
       0.634 SECC -> ChargeParameterDiscoveryRes OK Finished
       0.634 SECC state WaitForCableCheckReq
       0.636 EVCC <- ChargeParameterDiscoveryRes OK Finished
       0.636 EVCC pilot C
       0.646 EVCC -> CableCheckReq
       0.646 EVCC state WaitForCableCheckRes
       0.648 SECC <- CableCheckReq
       0.666 SECC energy cableCheck(millivolts: 450000)
       0.666 SECC -> CableCheckRes OK Ongoing
       0.668 EVCC <- CableCheckRes OK Ongoing
       0.868 EVCC -> CableCheckReq
       0.870 SECC <- CableCheckReq
       0.870 SECC -> CableCheckRes OK Ongoing
       0.872 EVCC <- CableCheckRes OK Ongoing
       1.072 EVCC -> CableCheckReq
       1.074 SECC <- CableCheckReq
       1.074 SECC -> CableCheckRes OK Ongoing
       1.076 EVCC <- CableCheckRes OK Ongoing
       1.276 EVCC -> CableCheckReq
       1.278 SECC <- CableCheckReq
       1.278 SECC -> CableCheckRes OK Ongoing
       1.280 EVCC <- CableCheckRes OK Ongoing
       1.480 EVCC -> CableCheckReq
       1.482 SECC <- CableCheckReq
       1.482 SECC -> CableCheckRes OK Ongoing
       1.484 EVCC <- CableCheckRes OK Ongoing
       1.684 EVCC -> CableCheckReq
       1.686 SECC <- CableCheckReq
       1.686 SECC -> CableCheckRes OK Finished
       1.686 SECC state WaitForPreChargeReq
       1.688 EVCC <- CableCheckRes OK Finished
       1.688 EVCC -> PreChargeReq
       1.688 EVCC state WaitForPreChargeRes
       1.690 SECC <- PreChargeReq
       1.690 SECC energy preCharge(millivolts: 400000, milliamps: 2000)
       1.690 SECC -> PreChargeRes OK
       1.690 SECC state WaitForPreChargeOrPowerDeliveryReq
       1.692 EVCC <- PreChargeRes OK
       1.892 EVCC -> PreChargeReq
       1.894 SECC <- PreChargeReq
       1.894 SECC -> PreChargeRes OK
       1.896 EVCC <- PreChargeRes OK
       2.096 EVCC -> PreChargeReq
       2.098 SECC <- PreChargeReq
       2.098 SECC -> PreChargeRes OK
       2.100 EVCC <- PreChargeRes OK
       2.100 EVCC contactor close
       2.300 EVCC -> PreChargeReq
       2.302 SECC <- PreChargeReq
       2.302 SECC -> PreChargeRes OK
       2.304 EVCC <- PreChargeRes OK
       2.304 EVCC -> PowerDeliveryReq
       2.304 EVCC state WaitForPowerDeliveryStartRes
       2.306 SECC <- PowerDeliveryReq
       2.306 SECC -> PowerDeliveryRes OK
       2.306 SECC state WaitForCurrentDemandReq
       2.308 EVCC <- PowerDeliveryRes OK
       2.308 EVCC -> CurrentDemandReq
       2.308 EVCC state WaitForCurrentDemandRes
       2.310 SECC <- CurrentDemandReq
       2.310 SECC energy deliver(millivolts: 420000, milliamps: 100000)
       2.310 SECC -> CurrentDemandRes OK
       2.310 SECC state WaitForCurrentDemandOrPowerDeliveryReq
       2.312 EVCC <- CurrentDemandRes OK
       2.412 EVCC -> CurrentDemandReq
       2.414 SECC <- CurrentDemandReq
       2.414 SECC -> CurrentDemandRes OK
       2.416 EVCC <- CurrentDemandRes OK
       2.516 EVCC -> CurrentDemandReq
       2.518 SECC <- CurrentDemandReq
       2.518 SECC -> CurrentDemandRes OK
       2.520 EVCC <- CurrentDemandRes OK
       2.620 EVCC -> CurrentDemandReq
       2.622 SECC <- CurrentDemandReq
       2.622 SECC -> CurrentDemandRes OK
       2.624 EVCC <- CurrentDemandRes OK
       2.724 EVCC -> CurrentDemandReq
       2.726 SECC <- CurrentDemandReq
       2.726 SECC -> CurrentDemandRes OK
       2.728 EVCC <- CurrentDemandRes OK
       2.828 EVCC -> CurrentDemandReq
       2.830 SECC <- CurrentDemandReq
       2.830 SECC -> CurrentDemandRes OK
       2.832 EVCC <- CurrentDemandRes OK
       2.932 EVCC -> CurrentDemandReq
       2.934 SECC <- CurrentDemandReq
       2.934 SECC -> CurrentDemandRes OK
       2.936 EVCC <- CurrentDemandRes OK
       3.036 EVCC -> CurrentDemandReq
       3.038 SECC <- CurrentDemandReq
       3.038 SECC -> CurrentDemandRes OK
       3.040 EVCC <- CurrentDemandRes OK
       3.040 EVCC -> CurrentDemandReq
       3.042 SECC <- CurrentDemandReq
       3.042 SECC energy deliver(millivolts: 420000, milliamps: 0)
       3.042 SECC -> CurrentDemandRes OK
       3.044 EVCC <- CurrentDemandRes OK
       3.144 EVCC -> CurrentDemandReq
       3.146 SECC <- CurrentDemandReq
       3.146 SECC -> CurrentDemandRes OK
       3.148 EVCC <- CurrentDemandRes OK
       3.148 EVCC -> PowerDeliveryReq
       3.148 EVCC state WaitForPowerDeliveryStopRes
       3.150 SECC <- PowerDeliveryReq
       3.150 SECC energy none
       3.200 SECC -> PowerDeliveryRes OK
       3.200 SECC state WaitForWeldingDetectionOrSessionStopReq
       3.202 EVCC <- PowerDeliveryRes OK
       3.202 EVCC contactor open
       3.202 EVCC pilot B
       3.212 EVCC -> WeldingDetectionReq
       3.212 EVCC state WaitForWeldingDetectionRes
       3.214 SECC <- WeldingDetectionReq
       3.232 SECC -> WeldingDetectionRes OK
       3.234 EVCC <- WeldingDetectionRes OK
       3.434 EVCC -> WeldingDetectionReq
       3.436 SECC <- WeldingDetectionReq
       3.436 SECC -> WeldingDetectionRes OK
       3.438 EVCC <- WeldingDetectionRes OK
       3.438 EVCC -> SessionStopReq
       3.438 EVCC state WaitForSessionStopRes
       3.440 SECC <- SessionStopReq
       3.440 SECC -> SessionStopRes OK
       3.440 SECC state WaitForDisconnect
       3.442 EVCC <- SessionStopRes OK
       3.442 EVCC close afterOutput
       3.442 EVCC state Idle
       3.442 EVCC ended: terminated
       3.444 SECC state Idle
       3.444 SECC ended: terminated
    """
}
