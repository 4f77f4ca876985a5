import EXI
import ISO15118_2Messages
import Wire

/// Writes responses from the charger's conditions. A response that refuses carries the same fields as one that
/// agrees: the schema wants them, and the EV does not look at them (ISO 15118-2 clause 8.8).
extension SECCSession {
  mutating func encode(_ answer: SessionAnswer) -> Bool {
    guard answer.message != .supportedAppProtocolRes else { return codec.writeProtocolAnswer(answer) }
    codec.begin()
    guard let element = element(answer) else { return false }
    return codec.write(element, session: id)
  }

  private mutating func element(_ answer: SessionAnswer) -> BodyElement? {
    let code = ResponseCode(answer.code)
    let processing = EVSEProcessing(answer.processing ?? .Finished)
    switch answer.message {
    case .SessionSetupRes:
      return .sessionSetupRes(
        SessionSetupRes(
          responseCode: code, evseID: codec.arena.string(configuration.evseID),
          evseTimeStamp: conditions.unixSeconds))
    case .ServiceDiscoveryRes: return .serviceDiscoveryRes(serviceDiscovery(code))
    case .ServiceDetailRes:
      return .serviceDetailRes(ServiceDetailRes(responseCode: code, serviceID: answer.serviceID))
    case .PaymentServiceSelectionRes:
      return .paymentServiceSelectionRes(PaymentServiceSelectionRes(responseCode: code))
    case .AuthorizationRes:
      return .authorizationRes(AuthorizationRes(responseCode: code, evseProcessing: processing))
    case .ChargeParameterDiscoveryRes:
      return .chargeParameterDiscoveryRes(
        ChargeParameterDiscoveryRes(
          responseCode: code, evseProcessing: processing,
          saSchedules: processing == .Finished ? .saScheduleList(schedules()) : nil,
          evseChargeParameter: chargeParameter()))
    case .CableCheckRes:
      return .cableCheckRes(
        CableCheckRes(responseCode: code, dcEVSEStatus: dcStatus, evseProcessing: processing))
    case .PreChargeRes:
      return .preChargeRes(
        PreChargeRes(
          responseCode: code, dcEVSEStatus: dcStatus,
          evsePresentVoltage: SessionCodec.volts(conditions.presentMillivolts)))
    case .PowerDeliveryRes:
      return .powerDeliveryRes(PowerDeliveryRes(responseCode: code, evseStatus: status))
    case .ChargingStatusRes: return .chargingStatusRes(chargingStatus(code))
    case .CurrentDemandRes: return .currentDemandRes(currentDemand(code))
    case .WeldingDetectionRes:
      return .weldingDetectionRes(
        WeldingDetectionRes(
          responseCode: code, dcEVSEStatus: dcStatus,
          evsePresentVoltage: SessionCodec.volts(conditions.presentMillivolts)))
    case .SessionStopRes: return .sessionStopRes(SessionStopRes(responseCode: code))
    default: return refusal(answer.message, code)
    }
  }

  /// Responses of Plug and Charge exist here only to refuse, with the emptiest content the schema takes.
  private mutating func refusal(_ message: SessionMessage, _ code: ResponseCode) -> BodyElement? {
    let chain = CertificateChain(certificate: EXIBinary())
    switch message {
    case .PaymentDetailsRes:
      return .paymentDetailsRes(
        PaymentDetailsRes(
          responseCode: code, genChallenge: codec.arena.binary(repeatElement(0, count: 16)),
          evseTimeStamp: conditions.unixSeconds ?? 0))
    case .MeteringReceiptRes:
      return .meteringReceiptRes(MeteringReceiptRes(responseCode: code, evseStatus: status))
    case .CertificateInstallationRes:
      return .certificateInstallationRes(
        CertificateInstallationRes(
          responseCode: code, saProvisioningCertificateChain: chain, contractSignatureCertChain: chain,
          contractSignatureEncryptedPrivateKey: ContractSignatureEncryptedPrivateKey(
            id: codec.arena.string("id1"), value: EXIBinary()),
          dhPublickey: DiffieHellmanPublickey(id: codec.arena.string("id2"), value: EXIBinary()),
          eMAID: EMAID(id: codec.arena.string("id3"), value: codec.arena.string("DE-000-000000-0"))))
    case .CertificateUpdateRes:
      return .certificateUpdateRes(
        CertificateUpdateRes(
          responseCode: code, saProvisioningCertificateChain: chain, contractSignatureCertChain: chain,
          contractSignatureEncryptedPrivateKey: ContractSignatureEncryptedPrivateKey(
            id: codec.arena.string("id1"), value: EXIBinary()),
          dhPublickey: DiffieHellmanPublickey(id: codec.arena.string("id2"), value: EXIBinary()),
          eMAID: EMAID(id: codec.arena.string("id3"), value: codec.arena.string("DE-000-000000-0"))))
    default: return nil
    }
  }

  private mutating func serviceDiscovery(_ code: ResponseCode) -> ServiceDiscoveryRes {
    // A resumed session is offered what it had ([V2G2-741]).
    let modes = resumed.map { [$0.mode] } ?? configuration.modes
    return ServiceDiscoveryRes(
      responseCode: code,
      paymentOptionList: PaymentOptionList(
        paymentOption: codec.arena.list(CollectionOfOne(PaymentOption.ExternalPayment))),
      chargeService: ChargeService(
        serviceID: 1, serviceCategory: .EVCharging, freeService: configuration.freeService,
        supportedEnergyTransferMode: SupportedEnergyTransferMode(
          energyTransferMode: codec.arena.list(modes.map(\.schemaValue)))))
  }

  /// One schedule with one entry: the power of the charger for 24 h ([V2G2-304]), or until departure when
  /// that is sooner ([V2G2-303]).
  private mutating func schedules() -> SAScheduleList {
    let seconds = min(configuration.scheduleSeconds, 86_400, vehicle.departureSeconds ?? .max)
    let entry = PMaxScheduleEntry(
      timeInterval: .relativeTimeInterval(RelativeTimeInterval(start: 0, duration: seconds)),
      pMax: SessionCodec.watts(conditions.limits.maximumWatts))
    let schedule = PMaxSchedule(pMaxScheduleEntry: codec.arena.list(CollectionOfOne(entry)))
    return SAScheduleList(
      saScheduleTuple: codec.arena.list(
        CollectionOfOne(SAScheduleTuple(saScheduleTupleID: scheduleTupleID, pMaxSchedule: schedule))))
  }

  private func chargeParameter() -> EVSEChargeParameter {
    let limits = conditions.limits
    guard isDC else {
      return .acEVSEChargeParameter(
        AC_EVSEChargeParameter(
          acEVSEStatus: acStatus, evseNominalVoltage: SessionCodec.volts(limits.maximumMillivolts),
          evseMaxCurrent: SessionCodec.amps(limits.maximumMilliamps)))
    }
    return .dcEVSEChargeParameter(
      DC_EVSEChargeParameter(
        dcEVSEStatus: dcStatus, evseMaximumCurrentLimit: SessionCodec.amps(limits.maximumMilliamps),
        evseMaximumPowerLimit: SessionCodec.watts(limits.maximumWatts),
        evseMaximumVoltageLimit: SessionCodec.volts(limits.maximumMillivolts),
        evseMinimumCurrentLimit: SessionCodec.amps(limits.minimumMilliamps),
        evseMinimumVoltageLimit: SessionCodec.volts(limits.minimumMillivolts),
        evsePeakCurrentRipple: SessionCodec.amps(limits.peakRippleMilliamps)))
  }

  private mutating func chargingStatus(_ code: ResponseCode) -> ChargingStatusRes {
    ChargingStatusRes(
      responseCode: code, evseID: codec.arena.string(configuration.evseID),
      saScheduleTupleID: scheduleTupleID,
      evseMaxCurrent: SessionCodec.amps(conditions.limits.maximumMilliamps), meterInfo: meterInfo(),
      receiptRequired: false, acEVSEStatus: acStatus)
  }

  private mutating func currentDemand(_ code: ResponseCode) -> CurrentDemandRes {
    let limits = conditions.limits
    return CurrentDemandRes(
      responseCode: code, dcEVSEStatus: dcStatus,
      evsePresentVoltage: SessionCodec.volts(conditions.presentMillivolts),
      evsePresentCurrent: SessionCodec.amps(conditions.presentMilliamps),
      evseCurrentLimitAchieved: limitsAchieved.current, evseVoltageLimitAchieved: limitsAchieved.voltage,
      evsePowerLimitAchieved: limitsAchieved.power,
      evseMaximumVoltageLimit: SessionCodec.volts(limits.maximumMillivolts),
      evseMaximumCurrentLimit: SessionCodec.amps(limits.maximumMilliamps),
      evseMaximumPowerLimit: SessionCodec.watts(limits.maximumWatts),
      evseID: codec.arena.string(configuration.evseID), saScheduleTupleID: scheduleTupleID,
      meterInfo: meterInfo(), receiptRequired: false)
  }

  /// The meter's own reading ([V2G2-902]).
  private mutating func meterInfo() -> MeterInfo? {
    guard let reading = conditions.meterWattHours else { return nil }
    return MeterInfo(
      meterID: codec.arena.string(configuration.meterID), meterReading: reading,
      tMeter: conditions.unixSeconds)
  }

  // MARK: status

  private var status: EVSEStatus { isDC ? .dcEVSEStatus(dcStatus) : .acEVSEStatus(acStatus) }

  private var notification: EVSENotification {
    if stopReason != nil { return .StopCharging }
    switch conditions.notification {
    case .None: return .None
    case .StopCharging: return .StopCharging
    case .ReNegotiation: return renegotiationFollowed ? .None : .ReNegotiation
    }
  }

  private var acStatus: AC_EVSEStatus {
    AC_EVSEStatus(
      notificationMaxDelay: conditions.notificationMaxDelay,
      evseNotification: conditions.fault == nil ? notification : .StopCharging,
      rcd: conditions.residualCurrentTripped)
  }

  private var dcStatus: DC_EVSEStatus {
    let code: DC_EVSEStatusCode =
      switch conditions.fault {
      case .emergencyShutdown: .EVSE_EmergencyShutdown
      case .malfunction: .EVSE_Malfunction
      case .utilityInterruptEvent: .EVSE_UtilityInterruptEvent
      case nil: runningCode
      }
    let isolation: IsolationLevel =
      switch conditions.isolation {
      case .unchecked: .Invalid
      case .valid: .Valid
      case .warning: .Warning
      case .fault: .Fault
      case .noIMD: .No_IMD
      }
    return DC_EVSEStatus(
      notificationMaxDelay: conditions.notificationMaxDelay, evseNotification: notification,
      evseIsolationStatus: isolation, evseStatusCode: code)
  }

  private var runningCode: DC_EVSEStatusCode {
    if stopReason != nil { return .EVSE_Shutdown }
    if !conditions.powerStageReady { return .EVSE_NotReady }
    if case .cableCheck = energy, conditions.isolation == .unchecked {
      return .EVSE_IsolationMonitoringActive
    }
    return .EVSE_Ready
  }
}

extension ResponseCode {
  init(_ code: SessionResponseCode) {
    self =
      switch code {
      case .OK, .OK_SuccessfulNegotiation, .OK_SuccessfulNegotiationWithMinorDeviation: .OK
      case .OK_NewSessionEstablished: .OK_NewSessionEstablished
      case .OK_OldSessionJoined: .OK_OldSessionJoined
      case .OK_CertificateExpiresSoon: .OK_CertificateExpiresSoon
      case .FAILED, .Failed_NoNegotiation: .FAILED
      case .FAILED_SequenceError: .FAILED_SequenceError
      case .FAILED_ServiceIDInvalid: .FAILED_ServiceIDInvalid
      case .FAILED_UnknownSession: .FAILED_UnknownSession
      case .FAILED_ServiceSelectionInvalid: .FAILED_ServiceSelectionInvalid
      case .FAILED_PaymentSelectionInvalid: .FAILED_PaymentSelectionInvalid
      case .FAILED_CertificateExpired: .FAILED_CertificateExpired
      case .FAILED_SignatureError: .FAILED_SignatureError
      case .FAILED_NoCertificateAvailable: .FAILED_NoCertificateAvailable
      case .FAILED_CertChainError: .FAILED_CertChainError
      case .FAILED_ChallengeInvalid: .FAILED_ChallengeInvalid
      case .FAILED_ContractCanceled: .FAILED_ContractCanceled
      case .FAILED_WrongChargeParameter: .FAILED_WrongChargeParameter
      case .FAILED_PowerDeliveryNotApplied: .FAILED_PowerDeliveryNotApplied
      case .FAILED_TariffSelectionInvalid: .FAILED_TariffSelectionInvalid
      case .FAILED_ChargingProfileInvalid: .FAILED_ChargingProfileInvalid
      case .FAILED_MeteringSignatureNotValid: .FAILED_MeteringSignatureNotValid
      case .FAILED_NoChargeServiceSelected: .FAILED_NoChargeServiceSelected
      case .FAILED_WrongEnergyTransferMode: .FAILED_WrongEnergyTransferMode
      case .FAILED_ContactorError: .FAILED_ContactorError
      case .FAILED_CertificateNotAllowedAtThisEVSE: .FAILED_CertificateNotAllowedAtThisEVSE
      case .FAILED_CertificateRevoked: .FAILED_CertificateRevoked
      }
  }
}

extension EVSEProcessing {
  init(_ processing: SessionProcessing) {
    self =
      switch processing {
      case .Finished: .Finished
      case .Ongoing: .Ongoing
      case .Ongoing_WaitingForCustomerInteraction: .Ongoing_WaitingForCustomerInteraction
      }
  }
}
