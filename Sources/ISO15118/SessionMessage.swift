/// The messages of a session by the names the standard prints: supportedAppProtocol (ISO 15118-2 8.2) and
/// every body element of ISO 15118-2 8.4.
public enum SessionMessage: String, CaseIterable, Sendable {
  case supportedAppProtocolReq, supportedAppProtocolRes
  case SessionSetupReq, SessionSetupRes
  case ServiceDiscoveryReq, ServiceDiscoveryRes
  case ServiceDetailReq, ServiceDetailRes
  case PaymentServiceSelectionReq, PaymentServiceSelectionRes
  case CertificateInstallationReq, CertificateInstallationRes
  case CertificateUpdateReq, CertificateUpdateRes
  case PaymentDetailsReq, PaymentDetailsRes
  case AuthorizationReq, AuthorizationRes
  case ChargeParameterDiscoveryReq, ChargeParameterDiscoveryRes
  case CableCheckReq, CableCheckRes
  case PreChargeReq, PreChargeRes
  case PowerDeliveryReq, PowerDeliveryRes
  case ChargingStatusReq, ChargingStatusRes
  case CurrentDemandReq, CurrentDemandRes
  case MeteringReceiptReq, MeteringReceiptRes
  case WeldingDetectionReq, WeldingDetectionRes
  case SessionStopReq, SessionStopRes
}

extension SessionMessage: CustomStringConvertible {
  public var description: String { rawValue }
}

/// The answer codes of supportedAppProtocolRes and of ISO 15118-2 (responseCodeType), as the schemas spell
/// them.
public enum SessionResponseCode: String, CaseIterable, Sendable {
  case OK_SuccessfulNegotiation, OK_SuccessfulNegotiationWithMinorDeviation, Failed_NoNegotiation
  case OK, OK_NewSessionEstablished, OK_OldSessionJoined, OK_CertificateExpiresSoon
  case FAILED, FAILED_SequenceError, FAILED_ServiceIDInvalid, FAILED_UnknownSession
  case FAILED_ServiceSelectionInvalid, FAILED_PaymentSelectionInvalid, FAILED_CertificateExpired
  case FAILED_SignatureError, FAILED_NoCertificateAvailable, FAILED_CertChainError, FAILED_ChallengeInvalid
  case FAILED_ContractCanceled, FAILED_WrongChargeParameter, FAILED_PowerDeliveryNotApplied
  case FAILED_TariffSelectionInvalid, FAILED_ChargingProfileInvalid, FAILED_MeteringSignatureNotValid
  case FAILED_NoChargeServiceSelected, FAILED_WrongEnergyTransferMode, FAILED_ContactorError
  case FAILED_CertificateNotAllowedAtThisEVSE, FAILED_CertificateRevoked

  /// The code refuses the request: every FAILED code, and Failed_NoNegotiation.
  public var isFailure: Bool {
    switch self {
    case .OK_SuccessfulNegotiation, .OK_SuccessfulNegotiationWithMinorDeviation, .OK,
      .OK_NewSessionEstablished, .OK_OldSessionJoined, .OK_CertificateExpiresSoon:
      false
    default: true
    }
  }
}

extension SessionResponseCode: CustomStringConvertible {
  public var description: String { rawValue }
}

/// EVSEProcessing of the responses that may be repeated.
public enum SessionProcessing: String, Sendable, CustomStringConvertible {
  case Finished, Ongoing, Ongoing_WaitingForCustomerInteraction

  public var description: String { rawValue }
}
