import AppProtocolMessages
import EXI
import ISO15118_2Messages
import Wire

/// Reading requests (SECC).
extension SessionCodec {
  enum ReadRequest {
    case request(SessionRequest)
    /// Well formed, but a response, or without a body.
    case notARequest
    case undecodable
  }

  func request(_ payload: RawSpan) -> ReadRequest {
    guard let message = try? V2G_Message(decoding: payload) else { return .undecodable }
    guard let element = message.body.bodyElement, let (name, content) = Self.content(element, in: payload)
    else { return .notARequest }
    let id = message.header.sessionID
    return .request(
      SessionRequest(
        message: name, session: SessionID(value: id.integer(in: payload) ?? 0, count: Int(id.count)),
        content: content))
  }

  private static func content(
    _ element: BodyElement, in payload: RawSpan
  ) -> (SessionMessage, SessionRequest.Content)? {
    switch element {
    case .sessionSetupReq(let request):
      (
        .SessionSetupReq,
        .sessionSetup(
          evccID: request.evccID.integer(in: payload) ?? 0, count: Int(request.evccID.count))
      )
    case .serviceDiscoveryReq: (.ServiceDiscoveryReq, .none)
    case .serviceDetailReq(let request): (.ServiceDetailReq, .serviceDetail(id: request.serviceID))
    case .paymentServiceSelectionReq(let request):
      (.PaymentServiceSelectionReq, selection(request, in: payload))
    case .certificateInstallationReq: (.CertificateInstallationReq, .none)
    case .certificateUpdateReq: (.CertificateUpdateReq, .none)
    case .paymentDetailsReq: (.PaymentDetailsReq, .none)
    case .authorizationReq: (.AuthorizationReq, .none)
    case .chargeParameterDiscoveryReq(let request):
      (.ChargeParameterDiscoveryReq, .chargeParameterDiscovery(parameters(request)))
    case .cableCheckReq(let request): (.CableCheckReq, .status(status(request.dcEVStatus)))
    case .preChargeReq(let request):
      (
        .PreChargeReq,
        .preCharge(
          status(request.dcEVStatus),
          SessionRequest.DCTarget(
            millivolts: millivolts(request.evTargetVoltage), milliamps: milliamps(request.evTargetCurrent)))
      )
    case .powerDeliveryReq(let request):
      (.PowerDeliveryReq, .powerDelivery(powerDelivery(request, in: payload)))
    case .chargingStatusReq: (.ChargingStatusReq, .none)
    case .currentDemandReq(let request):
      (
        .CurrentDemandReq,
        .currentDemand(
          status(request.dcEVStatus),
          SessionRequest.DCTarget(
            millivolts: millivolts(request.evTargetVoltage), milliamps: milliamps(request.evTargetCurrent)))
      )
    case .meteringReceiptReq: (.MeteringReceiptReq, .none)
    case .weldingDetectionReq(let request): (.WeldingDetectionReq, .status(status(request.dcEVStatus)))
    case .sessionStopReq(let request):
      (.SessionStopReq, .sessionStop(pause: request.chargingSession == .Pause))
    default: nil
    }
  }

  private static func selection(
    _ request: PaymentServiceSelectionReq, in payload: RawSpan
  ) -> SessionRequest.Content {
    var charge = false
    var foreign = false
    request.selectedServiceList.selectedService.forEach(in: payload) { service in
      // The ChargeService is always service 1 (8.6.3.6, table 105), and the only one we offer.
      if service.serviceID == 1 { charge = true } else { foreign = true }
    }
    return .paymentServiceSelection(
      external: request.selectedPaymentOption == .ExternalPayment, chargeService: charge,
      foreignService: foreign)
  }

  private static func status(_ status: DC_EVStatus) -> SessionRequest.DCStatus {
    SessionRequest.DCStatus(
      ready: status.evReady, error: EVConditions.ErrorCode(status.evErrorCode),
      socPercent: Int(status.evRESSSOC))
  }

  private static func parameters(
    _ request: ChargeParameterDiscoveryReq
  ) -> SessionRequest.ChargeParameters {
    var result = SessionRequest.ChargeParameters()
    result.mode = EnergyMode(request.requestedEnergyTransferMode)
    switch request.evChargeParameter {
    case .acEVChargeParameter(let ac):
      result.isDC = false
      result.departureSeconds = ac.departureTime
      result.maximumMillivolts = millivolts(ac.evMaxVoltage)
      result.maximumMilliamps = milliamps(ac.evMaxCurrent)
      result.minimumMilliamps = milliamps(ac.evMinCurrent)
      result.energyWattHours = wattHours(ac.eAmount)
      result.hasWrongUnit = result.minimumMilliamps == nil || result.energyWattHours == nil
    case .dcEVChargeParameter(let dc):
      result.isDC = true
      result.departureSeconds = dc.departureTime
      result.socPercent = Int(dc.dcEVStatus.evRESSSOC)
      result.maximumMillivolts = millivolts(dc.evMaximumVoltageLimit)
      result.maximumMilliamps = milliamps(dc.evMaximumCurrentLimit)
      if let power = dc.evMaximumPowerLimit {
        result.maximumWatts = watts(power)
        result.hasWrongUnit = result.maximumWatts == nil
      }
      result.energyWattHours = dc.evEnergyRequest.flatMap { wattHours($0) }
    }
    return result
  }

  private static func powerDelivery(
    _ request: PowerDeliveryReq, in payload: RawSpan
  ) -> SessionRequest.PowerDelivery {
    var result = SessionRequest.PowerDelivery()
    result.progress =
      switch request.chargeProgress {
      case .Start: .start
      case .Stop: .stop
      case .Renegotiate: .renegotiate
      }
    result.tupleID = request.saScheduleTupleID
    request.chargingProfile?.profileEntry.forEach(in: payload) { entry in
      if let power = watts(entry.chargingProfileEntryMaxPower) {
        result.profileWatts = max(result.profileWatts ?? 0, power)
      } else {
        result.hasWrongUnit = true
      }
    }
    return result
  }
}

extension EnergyMode {
  init(_ mode: EnergyTransferMode) {
    self =
      switch mode {
      case .AC_single_phase_core: .AC_single_phase_core
      case .AC_three_phase_core: .AC_three_phase_core
      case .DC_core: .DC_core
      case .DC_extended: .DC_extended
      case .DC_combo_core: .DC_combo_core
      case .DC_unique: .DC_unique
      }
  }

  var schemaValue: EnergyTransferMode {
    switch self {
    case .AC_single_phase_core: .AC_single_phase_core
    case .AC_three_phase_core: .AC_three_phase_core
    case .DC_core: .DC_core
    case .DC_extended: .DC_extended
    case .DC_combo_core: .DC_combo_core
    case .DC_unique: .DC_unique
    }
  }
}

extension EVConditions.ErrorCode {
  /// The reserved codes read as NoData: an error we do not know.
  init(_ code: DC_EVErrorCode) {
    self =
      switch code {
      case .NO_ERROR: .NO_ERROR
      case .FAILED_RESSTemperatureInhibit: .FAILED_RESSTemperatureInhibit
      case .FAILED_EVShiftPosition: .FAILED_EVShiftPosition
      case .FAILED_ChargerConnectorLockFault: .FAILED_ChargerConnectorLockFault
      case .FAILED_EVRESSMalfunction: .FAILED_EVRESSMalfunction
      case .FAILED_ChargingCurrentdifferential: .FAILED_ChargingCurrentdifferential
      case .FAILED_ChargingVoltageOutOfRange: .FAILED_ChargingVoltageOutOfRange
      case .FAILED_ChargingSystemIncompatibility: .FAILED_ChargingSystemIncompatibility
      case .Reserved_A, .Reserved_B, .Reserved_C, .NoData: .NoData
      }
  }

  var schemaValue: DC_EVErrorCode {
    switch self {
    case .NO_ERROR: .NO_ERROR
    case .FAILED_RESSTemperatureInhibit: .FAILED_RESSTemperatureInhibit
    case .FAILED_EVShiftPosition: .FAILED_EVShiftPosition
    case .FAILED_ChargerConnectorLockFault: .FAILED_ChargerConnectorLockFault
    case .FAILED_EVRESSMalfunction: .FAILED_EVRESSMalfunction
    case .FAILED_ChargingCurrentdifferential: .FAILED_ChargingCurrentdifferential
    case .FAILED_ChargingVoltageOutOfRange: .FAILED_ChargingVoltageOutOfRange
    case .FAILED_ChargingSystemIncompatibility: .FAILED_ChargingSystemIncompatibility
    case .NoData: .NoData
    }
  }
}
