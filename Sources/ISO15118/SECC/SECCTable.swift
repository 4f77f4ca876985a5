extension SECCState {
  /// The state table of the SECC for external payment: which request is admitted where (ISO 15118-2 8.7.4,
  /// sessions with EIM). Everything else is answered FAILED_SequenceError.
  ///
  /// The requests of Plug and Charge (PaymentDetails, CertificateInstallation, CertificateUpdate,
  /// MeteringReceipt) have no place in a session with external payment.
  func admits(_ request: SessionMessage) -> Bool {
    switch (self, request) {
    case (.WaitForSessionSetupReq, .SessionSetupReq),
      (.WaitForServiceDiscoveryReq, .ServiceDiscoveryReq),
      (.WaitForServiceDetailOrPaymentServiceSelectionReq, .ServiceDetailReq),
      (.WaitForServiceDetailOrPaymentServiceSelectionReq, .PaymentServiceSelectionReq),
      (.WaitForAuthorizationReq, .AuthorizationReq),
      (.WaitForChargeParameterDiscoveryReq, .ChargeParameterDiscoveryReq),
      (.WaitForCableCheckReq, .CableCheckReq),
      (.WaitForPreChargeReq, .PreChargeReq),
      (.WaitForPreChargeOrPowerDeliveryReq, .PreChargeReq),
      (.WaitForPreChargeOrPowerDeliveryReq, .PowerDeliveryReq),
      (.WaitForPowerDeliveryReq, .PowerDeliveryReq),
      (.WaitForChargingStatusReq, .ChargingStatusReq),
      (.WaitForChargingStatusOrPowerDeliveryReq, .ChargingStatusReq),
      (.WaitForChargingStatusOrPowerDeliveryReq, .PowerDeliveryReq),
      (.WaitForCurrentDemandReq, .CurrentDemandReq),
      (.WaitForCurrentDemandOrPowerDeliveryReq, .CurrentDemandReq),
      (.WaitForCurrentDemandOrPowerDeliveryReq, .PowerDeliveryReq),
      (.WaitForWeldingDetectionOrSessionStopReq, .WeldingDetectionReq):
      true
    case (_, .SessionStopReq): admitsSessionStop
    default: false
    }
  }

  /// The charge loop ends by PowerDelivery, and before SessionSetup there is nothing to stop.
  private var admitsSessionStop: Bool {
    switch self {
    case .Idle, .WaitForSupportedAppProtocolReq, .WaitForSessionSetupReq, .WaitForChargingStatusReq,
      .WaitForChargingStatusOrPowerDeliveryReq, .WaitForCurrentDemandReq,
      .WaitForCurrentDemandOrPowerDeliveryReq, .WaitForDisconnect:
      false
    default: true
    }
  }

  /// Energy flows, and PowerDelivery is the way out.
  var isLoop: Bool {
    switch self {
    case .WaitForCurrentDemandReq, .WaitForCurrentDemandOrPowerDeliveryReq, .WaitForChargingStatusReq,
      .WaitForChargingStatusOrPowerDeliveryReq:
      true
    default: false
    }
  }

  /// What would have been right, for a failure's text.
  var expectation: StaticString {
    switch self {
    case .Idle, .WaitForDisconnect: "no request"
    case .WaitForSupportedAppProtocolReq: "supportedAppProtocolReq"
    case .WaitForSessionSetupReq: "SessionSetupReq"
    case .WaitForServiceDiscoveryReq: "ServiceDiscoveryReq or SessionStopReq"
    case .WaitForServiceDetailOrPaymentServiceSelectionReq:
      "ServiceDetailReq, PaymentServiceSelectionReq or SessionStopReq"
    case .WaitForAuthorizationReq: "AuthorizationReq or SessionStopReq"
    case .WaitForChargeParameterDiscoveryReq: "ChargeParameterDiscoveryReq or SessionStopReq"
    case .WaitForCableCheckReq: "CableCheckReq or SessionStopReq"
    case .WaitForPreChargeReq: "PreChargeReq or SessionStopReq"
    case .WaitForPreChargeOrPowerDeliveryReq: "PreChargeReq, PowerDeliveryReq or SessionStopReq"
    case .WaitForPowerDeliveryReq: "PowerDeliveryReq or SessionStopReq"
    case .WaitForChargingStatusReq: "ChargingStatusReq"
    case .WaitForChargingStatusOrPowerDeliveryReq: "ChargingStatusReq or PowerDeliveryReq"
    case .WaitForCurrentDemandReq: "CurrentDemandReq"
    case .WaitForCurrentDemandOrPowerDeliveryReq: "CurrentDemandReq or PowerDeliveryReq"
    case .WaitForWeldingDetectionOrSessionStopReq: "WeldingDetectionReq or SessionStopReq"
    case .WaitForSessionStopReq: "SessionStopReq"
    }
  }
}
