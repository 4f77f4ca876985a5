import AppProtocolMessages
import EXI
import ISO15118_2Messages
import Wire

/// Reading responses (EVCC).
extension SessionCodec {
  /// supportedAppProtocolRes; nil when the octets are something else.
  func protocolAnswer(_ payload: RawSpan) -> SessionResponse? {
    guard let answer = try? SupportedAppProtocolRes(decoding: payload) else { return nil }
    let code: SessionResponseCode =
      switch answer.responseCode {
      case .OK_SuccessfulNegotiation: .OK_SuccessfulNegotiation
      case .OK_SuccessfulNegotiationWithMinorDeviation: .OK_SuccessfulNegotiationWithMinorDeviation
      case .Failed_NoNegotiation: .Failed_NoNegotiation
      }
    var response = SessionResponse(message: .supportedAppProtocolRes, session: .zero, code: code)
    response.schemaID = answer.schemaID
    return response
  }

  /// Any response of ISO 15118-2; nil when the octets are something else.
  func response(_ payload: RawSpan) -> SessionResponse? {
    guard let message = try? V2G_Message(decoding: payload), let element = message.body.bodyElement
    else { return nil }
    let id = message.header.sessionID
    let session = SessionID(value: id.integer(in: payload) ?? 0, count: Int(id.count))
    return Self.response(element, session, in: payload)
  }

  private static func response(
    _ element: BodyElement, _ session: SessionID, in payload: RawSpan
  ) -> SessionResponse? {
    func plain(_ name: SessionMessage, _ code: ResponseCode) -> SessionResponse {
      SessionResponse(message: name, session: session, code: SessionResponseCode(code))
    }
    var result: SessionResponse
    switch element {
    case .sessionSetupRes(let body): result = plain(.SessionSetupRes, body.responseCode)
    case .serviceDiscoveryRes(let body):
      result = plain(.ServiceDiscoveryRes, body.responseCode)
      body.paymentOptionList.paymentOption.forEach(in: payload) {
        if $0 == .ExternalPayment { result.offersExternalPayment = true }
      }
      body.chargeService.supportedEnergyTransferMode.energyTransferMode.forEach(in: payload) {
        result.modes.insert(EnergyMode($0))
      }
    case .serviceDetailRes(let body): result = plain(.ServiceDetailRes, body.responseCode)
    case .paymentServiceSelectionRes(let body):
      result = plain(.PaymentServiceSelectionRes, body.responseCode)
    case .paymentDetailsRes(let body): result = plain(.PaymentDetailsRes, body.responseCode)
    case .authorizationRes(let body):
      result = plain(.AuthorizationRes, body.responseCode)
      result.processing = SessionProcessing(body.evseProcessing)
    case .chargeParameterDiscoveryRes(let body):
      result = plain(.ChargeParameterDiscoveryRes, body.responseCode)
      result.processing = SessionProcessing(body.evseProcessing)
      result.read(body.evseChargeParameter)
      if case .saScheduleList(let list)? = body.saSchedules { result.read(list, in: payload) }
    case .cableCheckRes(let body):
      result = plain(.CableCheckRes, body.responseCode)
      result.processing = SessionProcessing(body.evseProcessing)
      result.read(body.dcEVSEStatus)
    case .preChargeRes(let body):
      result = plain(.PreChargeRes, body.responseCode)
      result.read(body.dcEVSEStatus)
      result.presentMillivolts = millivolts(body.evsePresentVoltage)
    case .powerDeliveryRes(let body):
      result = plain(.PowerDeliveryRes, body.responseCode)
      result.read(body.evseStatus)
    case .chargingStatusRes(let body):
      result = plain(.ChargingStatusRes, body.responseCode)
      result.read(body.acEVSEStatus)
      result.maximumMilliamps = body.evseMaxCurrent.flatMap { milliamps($0) }
      result.meterWattHours = body.meterInfo?.meterReading
    case .currentDemandRes(let body):
      result = plain(.CurrentDemandRes, body.responseCode)
      result.read(body.dcEVSEStatus)
      result.presentMillivolts = millivolts(body.evsePresentVoltage)
      result.presentMilliamps = milliamps(body.evsePresentCurrent)
      result.maximumMilliamps = body.evseMaximumCurrentLimit.flatMap { milliamps($0) }
      result.meterWattHours = body.meterInfo?.meterReading
    case .meteringReceiptRes(let body):
      result = plain(.MeteringReceiptRes, body.responseCode)
      result.read(body.evseStatus)
    case .weldingDetectionRes(let body):
      result = plain(.WeldingDetectionRes, body.responseCode)
      result.read(body.dcEVSEStatus)
      result.presentMillivolts = millivolts(body.evsePresentVoltage)
    case .sessionStopRes(let body): result = plain(.SessionStopRes, body.responseCode)
    case .certificateInstallationRes(let body):
      result = plain(.CertificateInstallationRes, body.responseCode)
    case .certificateUpdateRes(let body): result = plain(.CertificateUpdateRes, body.responseCode)
    default: return nil
    }
    return result
  }
}

extension SessionResponse {
  fileprivate mutating func read(_ status: EVSEStatus) {
    switch status {
    case .acEVSEStatus(let ac): read(ac)
    case .dcEVSEStatus(let dc): read(dc)
    }
  }

  fileprivate mutating func read(_ ac: AC_EVSEStatus) {
    notification = SessionNotification(ac.evseNotification)
    // AC has no status code; a tripped residual-current device is a reason to stop.
    if ac.rcd { status = .shutdown }
    notificationMaxDelay = ac.notificationMaxDelay
  }

  fileprivate mutating func read(_ dc: DC_EVSEStatus) {
    notification = SessionNotification(dc.evseNotification)
    notificationMaxDelay = dc.notificationMaxDelay
    status =
      switch dc.evseStatusCode {
      case .EVSE_Shutdown: .shutdown
      case .EVSE_EmergencyShutdown: .emergencyShutdown
      case .EVSE_Malfunction: .malfunction
      case .EVSE_UtilityInterruptEvent: .utilityInterruptEvent
      case .EVSE_NotReady, .EVSE_Ready, .EVSE_IsolationMonitoringActive, .Reserved_8, .Reserved_9,
        .Reserved_A, .Reserved_B, .Reserved_C:
        .running
      }
    isolation =
      switch dc.evseIsolationStatus {
      case .Invalid?: .unchecked
      case .Valid?: .valid
      case .Warning?: .warning
      case .Fault?: .fault
      case .No_IMD?: .noIMD
      case nil: nil
      }
  }

  fileprivate mutating func read(_ parameter: EVSEChargeParameter) {
    switch parameter {
    case .acEVSEChargeParameter(let ac):
      parametersAreDC = false
      read(ac.acEVSEStatus)
      maximumMilliamps = SessionCodec.milliamps(ac.evseMaxCurrent)
    case .dcEVSEChargeParameter(let dc):
      parametersAreDC = true
      read(dc.dcEVSEStatus)
      maximumMilliamps = SessionCodec.milliamps(dc.evseMaximumCurrentLimit)
    }
  }

  /// The first schedule: without a price signal there is nothing to choose by.
  fileprivate mutating func read(_ list: SAScheduleList, in payload: RawSpan) {
    list.saScheduleTuple.forEach(in: payload) { tuple in
      guard schedule == nil else { return }
      var watts: Int?
      tuple.pMaxSchedule.pMaxScheduleEntry.forEach(in: payload) { entry in
        if watts == nil { watts = SessionCodec.watts(entry.pMax) ?? 0 }
      }
      schedule = Schedule(tupleID: tuple.saScheduleTupleID, watts: watts ?? 0)
    }
  }
}

extension SessionNotification {
  init(_ notification: EVSENotification) {
    self =
      switch notification {
      case .None: .None
      case .StopCharging: .StopCharging
      case .ReNegotiation: .ReNegotiation
      }
  }
}

extension SessionProcessing {
  init(_ processing: EVSEProcessing) {
    self =
      switch processing {
      case .Finished: .Finished
      case .Ongoing: .Ongoing
      case .Ongoing_WaitingForCustomerInteraction: .Ongoing_WaitingForCustomerInteraction
      }
  }
}

extension SessionResponseCode {
  init(_ code: ResponseCode) {
    self =
      switch code {
      case .OK: .OK
      case .OK_NewSessionEstablished: .OK_NewSessionEstablished
      case .OK_OldSessionJoined: .OK_OldSessionJoined
      case .OK_CertificateExpiresSoon: .OK_CertificateExpiresSoon
      case .FAILED: .FAILED
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
