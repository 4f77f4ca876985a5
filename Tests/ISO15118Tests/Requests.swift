import AppProtocolMessages
import EXI
import ISO15118_2Messages
import XMLSignatureMessages
import Wire

@testable import ISO15118

/// Requests as a test vehicle writes them, straight from the generated messages.
enum Requests {
  static let all: [SessionMessage] = [
    .SessionSetupReq, .ServiceDiscoveryReq, .ServiceDetailReq, .PaymentServiceSelectionReq,
    .PaymentDetailsReq,
    .CertificateInstallationReq, .CertificateUpdateReq, .AuthorizationReq, .ChargeParameterDiscoveryReq,
    .CableCheckReq, .PreChargeReq, .PowerDeliveryReq, .ChargingStatusReq, .CurrentDemandReq,
    .MeteringReceiptReq,
    .WeldingDetectionReq, .SessionStopReq,
  ]

  /// supportedAppProtocolReq with (namespace, major, minor, schema id, priority).
  static func protocols(_ entries: [(String, UInt32, UInt32, UInt8, UInt8)]) -> [UInt8] {
    var arena = EXIArena(capacity: 4096)
    let list = entries.map {
      AppProtocol(
        protocolNamespace: arena.string($0.0), versionNumberMajor: $0.1, versionNumberMinor: $0.2,
        schemaID: $0.3, priority: $0.4)
    }
    let message = SupportedAppProtocolReq(appProtocol: arena.list(list))
    var output = OutputBuffer()
    do { _ = try message.encode(into: &output, source: arena.span) } catch { return [] }
    return output.octets
  }

  static let iso2 = protocols([("urn:iso:15118:2:2013:MsgDef", 2, 0, 1, 1)])

  struct Options {
    var dc = true
    var progress = ChargeProgress.Start
    var tupleID: UInt8 = 1
    var profileWatts: Int?
    var pause = false
    var mode: EnergyTransferMode?
    var payment = PaymentOption.ExternalPayment
    var services: [UInt16] = [1]
    var serviceID: UInt16 = 99
    var error = DC_EVErrorCode.NO_ERROR
    var maximumVolts = 450
    var maximumAmps = 100
    var targetVolts = 400
    var targetAmps = 50
    var sessionIDCount = 8
    var powerUnit = UnitSymbol.W
  }

  static func octets(
    _ message: SessionMessage, _ session: SessionID, _ change: (inout Options) -> Void = { _ in }
  ) -> [UInt8] {
    var options = Options()
    change(&options)
    var arena = EXIArena(capacity: 4096)
    guard let element = element(message, session, options, &arena) else { return [] }
    return octets(element, session, &arena)
  }

  static func octets(_ element: BodyElement?, _ session: SessionID, _ arena: inout EXIArena) -> [UInt8] {
    let header = MessageHeader(sessionID: arena.binary(bigEndian: session.value, count: session.count))
    let message = V2G_Message(header: header, body: Body(bodyElement: element))
    var output = OutputBuffer()
    do { _ = try message.encode(into: &output, source: arena.span) } catch { return [] }
    return output.octets
  }

  private static func element(
    _ message: SessionMessage, _ session: SessionID, _ options: Options, _ arena: inout EXIArena
  ) -> BodyElement? {
    let status = DC_EVStatus(evReady: true, evErrorCode: options.error, evRESSSOC: 40)
    switch message {
    case .SessionSetupReq:
      return .sessionSetupReq(SessionSetupReq(evccID: arena.binary([2, 0, 0, 0, 0, 0xE1])))
    case .ServiceDiscoveryReq: return .serviceDiscoveryReq(ServiceDiscoveryReq())
    case .ServiceDetailReq: return .serviceDetailReq(ServiceDetailReq(serviceID: options.serviceID))
    case .PaymentServiceSelectionReq:
      return .paymentServiceSelectionReq(
        PaymentServiceSelectionReq(
          selectedPaymentOption: options.payment,
          selectedServiceList: SelectedServiceList(
            selectedService: arena.list(options.services.map { SelectedService(serviceID: $0) }))))
    case .AuthorizationReq: return .authorizationReq(AuthorizationReq())
    case .ChargeParameterDiscoveryReq: return parameters(options, status)
    case .CableCheckReq: return .cableCheckReq(CableCheckReq(dcEVStatus: status))
    case .PreChargeReq:
      return .preChargeReq(
        PreChargeReq(
          dcEVStatus: status, evTargetVoltage: SessionCodec.volts(options.targetVolts * 1000),
          evTargetCurrent: SessionCodec.amps(2000)))
    case .PowerDeliveryReq:
      var profile: ChargingProfile?
      if let watts = options.profileWatts {
        let entry = ProfileEntry(
          chargingProfileEntryStart: 0, chargingProfileEntryMaxPower: SessionCodec.watts(watts))
        profile = ChargingProfile(profileEntry: arena.list([entry]))
      }
      return .powerDeliveryReq(
        PowerDeliveryReq(
          chargeProgress: options.progress, saScheduleTupleID: options.tupleID, chargingProfile: profile))
    case .ChargingStatusReq: return .chargingStatusReq(ChargingStatusReq())
    case .CurrentDemandReq:
      return .currentDemandReq(
        CurrentDemandReq(
          dcEVStatus: status, evTargetCurrent: SessionCodec.amps(options.targetAmps * 1000),
          chargingComplete: false, evTargetVoltage: SessionCodec.volts(options.targetVolts * 1000)))
    case .WeldingDetectionReq: return .weldingDetectionReq(WeldingDetectionReq(dcEVStatus: status))
    case .SessionStopReq:
      return .sessionStopReq(SessionStopReq(chargingSession: options.pause ? .Pause : .Terminate))
    default: return contract(message, session, &arena)
    }
  }

  /// The requests of Plug and Charge.
  private static func contract(
    _ message: SessionMessage, _ session: SessionID, _ arena: inout EXIArena
  ) -> BodyElement? {
    let chain = CertificateChain(certificate: arena.binary([0x30, 0]))
    switch message {
    case .PaymentDetailsReq:
      return .paymentDetailsReq(
        PaymentDetailsReq(eMAID: arena.string("DEABCC123456789"), contractSignatureCertChain: chain))
    case .CertificateInstallationReq:
      let root = X509IssuerSerial(
        x509IssuerName: arena.string("CN=Root"), x509SerialNumber: arena.integer(12345))
      return .certificateInstallationReq(
        CertificateInstallationReq(
          id: arena.string("id1"), oemProvisioningCert: arena.binary([0x30, 0]),
          listOfRootCertificateIDs: ListOfRootCertificateIDs(rootCertificateID: arena.list([root]))))
    case .CertificateUpdateReq:
      let root = X509IssuerSerial(
        x509IssuerName: arena.string("CN=Root"), x509SerialNumber: arena.integer(12345))
      return .certificateUpdateReq(
        CertificateUpdateReq(
          id: arena.string("id1"), contractSignatureCertChain: chain, eMAID: arena.string("DEABCC123456789"),
          listOfRootCertificateIDs: ListOfRootCertificateIDs(rootCertificateID: arena.list([root]))))
    case .MeteringReceiptReq:
      return .meteringReceiptReq(
        MeteringReceiptReq(
          sessionID: arena.binary(bigEndian: session.value, count: session.count),
          meterInfo: MeterInfo(meterID: arena.string("M"))))
    default: return nil
    }
  }

  private static func parameters(_ options: Options, _ status: DC_EVStatus) -> BodyElement {
    let mode = options.mode ?? (options.dc ? .DC_extended : .AC_three_phase_core)
    let volts = SessionCodec.volts(options.maximumVolts * 1000)
    let amps = SessionCodec.amps(options.maximumAmps * 1000)
    let parameter: EVChargeParameter =
      options.dc
      ? .dcEVChargeParameter(
        DC_EVChargeParameter(
          dcEVStatus: status, evMaximumCurrentLimit: amps,
          evMaximumPowerLimit: PhysicalValue(multiplier: 3, unit: options.powerUnit, value: 40),
          evMaximumVoltageLimit: volts))
      : .acEVChargeParameter(
        AC_EVChargeParameter(
          eAmount: SessionCodec.wattHours(10_000), evMaxVoltage: volts, evMaxCurrent: amps,
          evMinCurrent: SessionCodec.amps(6000)))
    return .chargeParameterDiscoveryReq(
      ChargeParameterDiscoveryReq(requestedEnergyTransferMode: mode, evChargeParameter: parameter))
  }
}
