import EXI
import ISO15118_20Messages
import ISO15118_2Messages
import XMLSignatureMessages

/// Reads whatever a message holds: every field, every item of its lists, every character and octet. The sum keeps
/// the reading from being optimized away.
struct Visitor: ~Escapable {
  let bytes: RawSpan
  var sum: UInt64 = 0

  @_lifetime(copy bytes)
  init(_ bytes: RawSpan) { self.bytes = bytes }

  mutating func number(_ value: some BinaryInteger) { sum = sum &* 31 &+ UInt64(truncatingIfNeeded: value) }
  mutating func number(_ value: (some BinaryInteger)?) { if let value { number(value) } }
  mutating func flag(_ value: Bool?) { if let value { number(value ? 1 : 0) } }
  mutating func choice(_ value: (some EXIEnumeration)?) { if let value { number(value.rawValue) } }

  mutating func text(_ value: EXIString?) {
    guard let value else { return }
    var sum = sum
    value.forEach(in: bytes) { sum = sum &* 31 &+ UInt64($0.value) }
    self.sum = sum
  }

  mutating func octets(_ value: EXIBinary?) {
    guard let value else { return }
    var sum = sum
    value.forEach(in: bytes) { sum = sum &* 31 &+ UInt64($0) }
    self.sum = sum
  }

  mutating func list<Element>(_ list: EXIList<Element>, _ body: (inout Visitor, Element) -> Void) {
    var cursor = list.cursor(in: bytes)
    while let item = cursor.next() { body(&self, item) }
  }

  // MARK: XML signature

  mutating func signature(_ value: Signature?) {
    guard let value else { return }
    text(value.id)
    text(value.signedInfo.id)
    text(value.signedInfo.canonicalizationMethod.algorithm)
    text(value.signedInfo.signatureMethod.algorithm)
    list(value.signedInfo.reference) { visitor, item in
      visitor.text(item.id)
      visitor.text(item.type)
      visitor.text(item.uri)
      if let transforms = item.transforms {
        visitor.list(transforms.transform) { visitor, item in visitor.text(item.algorithm) }
      }
      visitor.text(item.digestMethod.algorithm)
      visitor.octets(item.digestValue)
    }
    text(value.signatureValue.id)
    octets(value.signatureValue.value)
  }

  // MARK: ISO 15118-2

  mutating func header(_ value: ISO15118_2Messages.MessageHeader) {
    octets(value.sessionID)
    if let notification = value.notification {
      choice(notification.faultCode)
      text(notification.faultMsg)
    }
    signature(value.signature)
  }

  mutating func value(_ value: ISO15118_2Messages.PhysicalValue?) {
    guard let value else { return }
    number(value.multiplier)
    choice(value.unit)
    number(value.value)
  }

  mutating func interval(_ value: ISO15118_2Messages.TimeInterval) {
    guard case .relativeTimeInterval(let interval) = value else { return }
    number(interval.start)
    number(interval.duration)
  }

  mutating func status(_ value: ISO15118_2Messages.DC_EVSEStatus) {
    number(value.notificationMaxDelay)
    choice(value.evseNotification)
    choice(value.evseIsolationStatus)
    choice(value.evseStatusCode)
  }

  mutating func body(_ message: ISO15118_2Messages.SessionSetupReq) { octets(message.evccID) }

  mutating func body(_ message: ISO15118_2Messages.ChargeParameterDiscoveryRes) {
    choice(message.responseCode)
    choice(message.evseProcessing)
    if case .saScheduleList(let schedules)? = message.saSchedules {
      list(schedules.saScheduleTuple) { visitor, tuple in
        visitor.number(tuple.saScheduleTupleID)
        visitor.list(tuple.pMaxSchedule.pMaxScheduleEntry) { visitor, entry in
          visitor.interval(entry.timeInterval)
          visitor.value(entry.pMax)
        }
        if let tariff = tuple.salesTariff { visitor.tariff(tariff) }
      }
    }
    guard case .dcEVSEChargeParameter(let parameter) = message.evseChargeParameter else { return }
    status(parameter.dcEVSEStatus)
    value(parameter.evseMaximumCurrentLimit)
    value(parameter.evseMaximumPowerLimit)
    value(parameter.evseMaximumVoltageLimit)
    value(parameter.evseMinimumCurrentLimit)
    value(parameter.evseMinimumVoltageLimit)
    value(parameter.evseCurrentRegulationTolerance)
    value(parameter.evsePeakCurrentRipple)
    value(parameter.evseEnergyToBeDelivered)
  }

  mutating func tariff(_ tariff: ISO15118_2Messages.SalesTariff) {
    text(tariff.id)
    number(tariff.salesTariffID)
    text(tariff.salesTariffDescription)
    number(tariff.numEPriceLevels)
    list(tariff.salesTariffEntry) { visitor, entry in
      visitor.interval(entry.timeInterval)
      visitor.number(entry.ePriceLevel)
      visitor.list(entry.consumptionCost) { visitor, cost in
        visitor.value(cost.startValue)
        visitor.list(cost.cost) { visitor, cost in
          visitor.choice(cost.costKind)
          visitor.number(cost.amount)
          visitor.number(cost.amountMultiplier)
        }
      }
    }
  }

  mutating func body(_ message: ISO15118_2Messages.CurrentDemandReq) {
    flag(message.dcEVStatus.evReady)
    choice(message.dcEVStatus.evErrorCode)
    number(message.dcEVStatus.evRESSSOC)
    value(message.evTargetCurrent)
    value(message.evMaximumVoltageLimit)
    value(message.evMaximumCurrentLimit)
    value(message.evMaximumPowerLimit)
    flag(message.bulkChargingComplete)
    flag(message.chargingComplete)
    value(message.remainingTimeToFullSoC)
    value(message.remainingTimeToBulkSoC)
    value(message.evTargetVoltage)
  }

  mutating func body(_ message: ISO15118_2Messages.CurrentDemandRes) {
    choice(message.responseCode)
    status(message.dcEVSEStatus)
    value(message.evsePresentVoltage)
    value(message.evsePresentCurrent)
    flag(message.evseCurrentLimitAchieved)
    flag(message.evseVoltageLimitAchieved)
    flag(message.evsePowerLimitAchieved)
    value(message.evseMaximumVoltageLimit)
    value(message.evseMaximumCurrentLimit)
    value(message.evseMaximumPowerLimit)
    text(message.evseID)
    number(message.saScheduleTupleID)
    if let meter = message.meterInfo {
      text(meter.meterID)
      number(meter.meterReading)
      octets(meter.sigMeterReading)
      number(meter.meterStatus)
      number(meter.tMeter)
    }
    flag(message.receiptRequired)
  }

  mutating func body(_ message: ISO15118_2Messages.AuthorizationReq) {
    text(message.id)
    octets(message.genChallenge)
  }

  mutating func chain(_ chain: ISO15118_2Messages.CertificateChain) {
    text(chain.id)
    octets(chain.certificate)
    if let others = chain.subCertificates {
      list(others.certificate) { visitor, item in visitor.octets(item) }
    }
  }

  mutating func body(_ message: ISO15118_2Messages.CertificateInstallationRes) {
    choice(message.responseCode)
    chain(message.saProvisioningCertificateChain)
    chain(message.contractSignatureCertChain)
    text(message.contractSignatureEncryptedPrivateKey.id)
    octets(message.contractSignatureEncryptedPrivateKey.value)
    text(message.dhPublickey.id)
    octets(message.dhPublickey.value)
    text(message.eMAID.id)
    text(message.eMAID.value)
  }

  // MARK: ISO 15118-20

  mutating func header(_ value: ISO15118_20Messages.MessageHeader) {
    octets(value.sessionID)
    number(value.timeStamp)
    signature(value.signature)
  }

  mutating func value(_ value: RationalNumber?) {
    guard let value else { return }
    number(value.exponent)
    number(value.value)
  }
}
