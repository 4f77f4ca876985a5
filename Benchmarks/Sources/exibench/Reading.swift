import AppProtocolMessages
import DIN70121Messages
import EXI
import ISO15118_20Messages
import ISO15118_2Messages

// What a user reads of a whole message.
extension Visitor {
  mutating func read(_ document: AppProtocolDocument) {
    guard case .supportedAppProtocolReq(let request) = document else { return }
    list(request.appProtocol) { visitor, item in
      visitor.text(item.protocolNamespace)
      visitor.number(item.versionNumberMajor)
      visitor.number(item.versionNumberMinor)
      visitor.number(item.schemaID)
      visitor.number(item.priority)
    }
  }

  mutating func read(_ message: ISO15118_2Messages.V2G_Message) {
    header(message.header)
    switch message.body.bodyElement {
    case .sessionSetupReq(let message): body(message)
    case .chargeParameterDiscoveryRes(let message): body(message)
    case .currentDemandReq(let message): body(message)
    case .currentDemandRes(let message): body(message)
    case .authorizationReq(let message): body(message)
    case .certificateInstallationRes(let message): body(message)
    default: return
    }
  }

  mutating func read(_ message: DIN70121Messages.V2G_Message) {
    octets(message.header.sessionID)
    if let notification = message.header.notification {
      choice(notification.faultCode)
      text(notification.faultMsg)
    }
    signature(message.header.signature)
    guard case .currentDemandReq(let request)? = message.body.bodyElement else { return }
    flag(request.dcEVStatus.evReady)
    flag(request.dcEVStatus.evCabinConditioning)
    flag(request.dcEVStatus.evressConditioning)
    choice(request.dcEVStatus.evErrorCode)
    number(request.dcEVStatus.evRESSSOC)
    value(request.evTargetCurrent)
    value(request.evMaximumVoltageLimit)
    value(request.evMaximumCurrentLimit)
    value(request.evMaximumPowerLimit)
    flag(request.bulkChargingComplete)
    flag(request.chargingComplete)
    value(request.remainingTimeToFullSoC)
    value(request.remainingTimeToBulkSoC)
    value(request.evTargetVoltage)
  }

  private mutating func value(_ value: DIN70121Messages.PhysicalValue?) {
    guard let value else { return }
    number(value.multiplier)
    choice(value.unit)
    number(value.value)
  }

  mutating func read(_ document: ISO15118_20CommonDocument) {
    guard case .authorizationReq(let request) = document else { return }
    header(request.header)
    choice(request.selectedAuthorizationService)
    guard case .pnCAReqAuthorizationMode(let mode) = request.aReqAuthorizationMode else { return }
    text(mode.id)
    octets(mode.genChallenge)
    octets(mode.contractCertificateChain.certificate)
    list(mode.contractCertificateChain.subCertificates.certificate) { visitor, item in visitor.octets(item) }
  }

  mutating func read(_ document: ISO15118_20DCDocument) {
    switch document {
    case .dcChargeLoopReq(let request): read(request)
    case .dcChargeLoopRes(let response): read(response)
    default: return
    }
  }

  private mutating func read(_ request: DC_ChargeLoopReq) {
    header(request.header)
    if let display = request.displayParameters {
      number(display.presentSOC)
      number(display.minimumSOC)
      number(display.targetSOC)
      number(display.maximumSOC)
      number(display.remainingTimeToMinimumSOC)
      number(display.remainingTimeToTargetSOC)
      number(display.remainingTimeToMaximumSOC)
      flag(display.chargingComplete)
      value(display.batteryEnergyCapacity)
      flag(display.inletHot)
    }
    flag(request.meterInfoRequested)
    value(request.evPresentVoltage)
    guard case .scheduledDCCLReqControlMode(let mode) = request.clReqControlMode else { return }
    value(mode.evTargetEnergyRequest)
    value(mode.evMaximumEnergyRequest)
    value(mode.evMinimumEnergyRequest)
    value(mode.evTargetCurrent)
    value(mode.evTargetVoltage)
    value(mode.evMaximumChargePower)
    value(mode.evMinimumChargePower)
    value(mode.evMaximumChargeCurrent)
    value(mode.evMaximumVoltage)
    value(mode.evMinimumVoltage)
  }

  private mutating func read(_ response: DC_ChargeLoopRes) {
    header(response.header)
    choice(response.responseCode)
    if let status = response.evseStatus {
      number(status.notificationMaxDelay)
      choice(status.evseNotification)
    }
    if let meter = response.meterInfo {
      text(meter.meterID)
      number(meter.chargedEnergyReadingWh)
      number(meter.bptDischargedEnergyReadingWh)
      number(meter.capacitiveEnergyReadingVARh)
      number(meter.bptInductiveEnergyReadingVARh)
      octets(meter.meterSignature)
      number(meter.meterStatus)
      number(meter.meterTimestamp)
    }
    value(response.evsePresentCurrent)
    value(response.evsePresentVoltage)
    flag(response.evsePowerLimitAchieved)
    flag(response.evseCurrentLimitAchieved)
    flag(response.evseVoltageLimitAchieved)
    guard case .scheduledDCCLResControlMode(let mode) = response.clResControlMode else { return }
    value(mode.evseMaximumChargePower)
    value(mode.evseMinimumChargePower)
    value(mode.evseMaximumChargeCurrent)
    value(mode.evseMaximumVoltage)
  }
}
