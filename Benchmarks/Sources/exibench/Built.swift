import AppProtocolMessages
import EXI
import ISO15118_20Messages
import ISO15118_2Messages
import XMLSignatureMessages

// The messages of bench.jsonl that have lists, filled in the way a sender does: from values, text and the octets
// of certificates.

func makeSupportedAppProtocolReq(in arena: inout EXIArena) -> SupportedAppProtocolReq {
  let first = AppProtocol(
    protocolNamespace: arena.string("urn:iso:std:iso:15118:-20:DC"), versionNumberMajor: 1,
    versionNumberMinor: 0,
    schemaID: 1, priority: 1)
  let second = AppProtocol(
    protocolNamespace: arena.string("urn:iso:15118:2:2013:MsgDef"), versionNumberMajor: 2,
    versionNumberMinor: 0,
    schemaID: 2, priority: 2)
  let third = AppProtocol(
    protocolNamespace: arena.string("urn:din:70121:2012:MsgDef"), versionNumberMajor: 2,
    versionNumberMinor: 0,
    schemaID: 3, priority: 3)
  let protocols: [3 of AppProtocol] = [first, second, third]
  return SupportedAppProtocolReq(appProtocol: arena.list(protocols.span))
}

private func header(in arena: inout EXIArena) -> EXIBinary {
  arena.binary(bigEndian: 0x3A51_C09F_7E12_B4D8, count: 8)
}

/// What `name` refers to: `#id1` and so on.
private func reference(
  _ uri: String, _ digest: [UInt8], method: String, in arena: inout EXIArena
) -> Reference {
  let transform = Transform(algorithm: arena.string("http://www.w3.org/TR/canonical-exi/"))
  return Reference(
    uri: arena.string(uri), transforms: Transforms(transform: arena.list(CollectionOfOne(transform))),
    digestMethod: DigestMethod(algorithm: arena.string(method)), digestValue: arena.binary(digest))
}

private func signature(
  _ parts: Parts, references: EXIList<Reference>, method: String, in arena: inout EXIArena
) -> Signature {
  Signature(
    signedInfo: SignedInfo(
      canonicalizationMethod: CanonicalizationMethod(
        algorithm: arena.string("http://www.w3.org/TR/canonical-exi/")),
      signatureMethod: SignatureMethod(algorithm: arena.string(method)), reference: references),
    signatureValue: SignatureValue(value: arena.binary(parts.signature)))
}

private let sha256 = "http://www.w3.org/2001/04/xmlenc#sha256"
private let ecdsa256 = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"

private func amperes(_ value: Int16) -> ISO15118_2Messages.PhysicalValue {
  ISO15118_2Messages.PhysicalValue(multiplier: 0, unit: .A, value: value)
}
private func volts(_ value: Int16) -> ISO15118_2Messages.PhysicalValue {
  ISO15118_2Messages.PhysicalValue(multiplier: 0, unit: .V, value: value)
}
private func tensOfWatts(_ value: Int16) -> ISO15118_2Messages.PhysicalValue {
  ISO15118_2Messages.PhysicalValue(multiplier: 1, unit: .W, value: value)
}

private func schedule(
  _ number: UInt8, tariff id: String, in arena: inout EXIArena
) -> ISO15118_2Messages.SAScheduleTuple {
  func power(_ start: UInt32, _ duration: UInt32?, _ value: Int16) -> ISO15118_2Messages.PMaxScheduleEntry {
    ISO15118_2Messages.PMaxScheduleEntry(
      timeInterval: .relativeTimeInterval(
        ISO15118_2Messages.RelativeTimeInterval(start: start, duration: duration)),
      pMax: tensOfWatts(value))
  }
  func price(_ start: UInt32, _ level: UInt8) -> ISO15118_2Messages.SalesTariffEntry {
    ISO15118_2Messages.SalesTariffEntry(
      timeInterval: .relativeTimeInterval(ISO15118_2Messages.RelativeTimeInterval(start: start)),
      ePriceLevel: level)
  }
  let powers: [3 of ISO15118_2Messages.PMaxScheduleEntry] = [
    power(0, nil, 11000), power(3600, nil, 7400), power(7200, 79200, 15000),
  ]
  let entries = arena.list(powers.span)
  let prices: [3 of ISO15118_2Messages.SalesTariffEntry] = [price(0, 1), price(3600, 2), price(7200, 1)]
  let tariff = ISO15118_2Messages.SalesTariff(
    id: arena.string(id), salesTariffID: number, salesTariffDescription: arena.string("Day tariff"),
    numEPriceLevels: 2, salesTariffEntry: arena.list(prices.span))
  return ISO15118_2Messages.SAScheduleTuple(
    saScheduleTupleID: number, pMaxSchedule: ISO15118_2Messages.PMaxSchedule(pMaxScheduleEntry: entries),
    salesTariff: tariff)
}

func makeChargeParameterDiscoveryRes(in arena: inout EXIArena) -> ISO15118_2Messages.V2G_Message {
  let first = schedule(1, tariff: "id1", in: &arena)
  let second = schedule(2, tariff: "id2", in: &arena)
  let tuples: [2 of ISO15118_2Messages.SAScheduleTuple] = [first, second]
  let schedules = ISO15118_2Messages.SAScheduleList(saScheduleTuple: arena.list(tuples.span))
  let parameter = ISO15118_2Messages.DC_EVSEChargeParameter(
    dcEVSEStatus: ISO15118_2Messages.DC_EVSEStatus(
      notificationMaxDelay: 0, evseNotification: .None, evseIsolationStatus: .Valid,
      evseStatusCode: .EVSE_Ready),
    evseMaximumCurrentLimit: amperes(200), evseMaximumPowerLimit: tensOfWatts(15000),
    evseMaximumVoltageLimit: volts(500), evseMinimumCurrentLimit: amperes(0),
    evseMinimumVoltageLimit: volts(150),
    evsePeakCurrentRipple: amperes(5))
  return ISO15118_2Messages.V2G_Message(
    header: ISO15118_2Messages.MessageHeader(sessionID: header(in: &arena)),
    body: ISO15118_2Messages.Body(
      bodyElement: .chargeParameterDiscoveryRes(
        ISO15118_2Messages.ChargeParameterDiscoveryRes(
          responseCode: .OK, evseProcessing: .Finished, saSchedules: .saScheduleList(schedules),
          evseChargeParameter: .dcEVSEChargeParameter(parameter)))))
}

func makeAuthorizationReq(_ parts: Parts, in arena: inout EXIArena) -> ISO15118_2Messages.V2G_Message {
  let references = arena.list(
    CollectionOfOne(reference("#id1", parts.digests[0], method: sha256, in: &arena)))
  return ISO15118_2Messages.V2G_Message(
    header: ISO15118_2Messages.MessageHeader(
      sessionID: header(in: &arena),
      signature: signature(parts, references: references, method: ecdsa256, in: &arena)),
    body: ISO15118_2Messages.Body(
      bodyElement: .authorizationReq(
        ISO15118_2Messages.AuthorizationReq(
          id: arena.string("id1"), genChallenge: arena.binary(parts.octets[0])))))
}

private func chain(
  id: String?, _ parts: ArraySlice<[UInt8]>, in arena: inout EXIArena
) -> ISO15118_2Messages.CertificateChain {
  let first = parts.startIndex
  let others: [2 of EXIBinary] = [arena.binary(parts[first + 1]), arena.binary(parts[first + 2])]
  return ISO15118_2Messages.CertificateChain(
    id: id.map { arena.string($0) }, certificate: arena.binary(parts[first]),
    subCertificates: ISO15118_2Messages.SubCertificates(certificate: arena.list(others.span)))
}

func makeCertificateInstallationRes(_ parts: Parts, in arena: inout EXIArena)
  -> ISO15118_2Messages.V2G_Message
{
  let references: [4 of Reference] = [
    reference("#id1", parts.digests[0], method: sha256, in: &arena),
    reference("#id2", parts.digests[1], method: sha256, in: &arena),
    reference("#id3", parts.digests[2], method: sha256, in: &arena),
    reference("#id4", parts.digests[3], method: sha256, in: &arena),
  ]
  let list = arena.list(references.span)
  return ISO15118_2Messages.V2G_Message(
    header: ISO15118_2Messages.MessageHeader(
      sessionID: header(in: &arena),
      signature: signature(parts, references: list, method: ecdsa256, in: &arena)),
    body: ISO15118_2Messages.Body(
      bodyElement: .certificateInstallationRes(
        ISO15118_2Messages.CertificateInstallationRes(
          responseCode: .OK, saProvisioningCertificateChain: chain(id: nil, parts.octets[0..<3], in: &arena),
          contractSignatureCertChain: chain(id: "id1", parts.octets[3..<6], in: &arena),
          contractSignatureEncryptedPrivateKey: ISO15118_2Messages.ContractSignatureEncryptedPrivateKey(
            id: arena.string("id2"), value: arena.binary(parts.octets[6])),
          dhPublickey: ISO15118_2Messages.DiffieHellmanPublickey(
            id: arena.string("id3"), value: arena.binary(parts.octets[7])),
          eMAID: ISO15118_2Messages.EMAID(id: arena.string("id4"), value: arena.string("DEABCC1234567A"))))))
}

func makePncAuthorizationReq(_ parts: Parts, in arena: inout EXIArena) -> ISO15118_20Messages.AuthorizationReq
{
  let references = arena.list(
    CollectionOfOne(
      reference("#id1", parts.digests[0], method: "http://www.w3.org/2001/04/xmlenc#sha512", in: &arena)))
  let others: [2 of EXIBinary] = [arena.binary(parts.octets[2]), arena.binary(parts.octets[3])]
  return ISO15118_20Messages.AuthorizationReq(
    header: ISO15118_20Messages.MessageHeader(
      sessionID: header(in: &arena), timeStamp: 1_795_219_200,
      signature: signature(
        parts, references: references, method: "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512",
        in: &arena)),
    selectedAuthorizationService: .PnC,
    aReqAuthorizationMode: .pnCAReqAuthorizationMode(
      ISO15118_20Messages.PnC_AReqAuthorizationMode(
        id: arena.string("id1"), genChallenge: arena.binary(parts.octets[0]),
        contractCertificateChain: ISO15118_20Messages.ContractCertificateChain(
          certificate: arena.binary(parts.octets[1]),
          subCertificates: ISO15118_20Messages.SubCertificates(certificate: arena.list(others.span))))))
}
