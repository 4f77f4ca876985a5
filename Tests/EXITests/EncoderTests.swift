import AppProtocolMessages
import EXI
import ISO15118_2Messages
import Testing
import Wire

@Suite struct EncoderTests {
  @Test func a_handshake_built_by_hand_has_the_octets_of_the_reference() throws {
    var arena = EXIArena(capacity: 128)
    let entry = AppProtocol(
      protocolNamespace: arena.string("urn:din:70121:2012:MsgDef"), versionNumberMajor: 2,
      versionNumberMinor: 0,
      schemaID: 1, priority: 1)
    let request = SupportedAppProtocolReq(appProtocol: arena.list([entry]))
    var output = OutputBuffer()
    let count = try request.encode(into: &output, source: arena.span)
    #expect(
      hexadecimal(output.octets) == "8000dbab9371d3234b71d1b981899189d191818991d26b9b3a232b30020000040040")
    #expect(count == output.count)
  }

  @Test func a_session_setup_built_by_hand_has_the_octets_of_the_reference() throws {
    var arena = EXIArena(capacity: 16)
    let message = V2G_Message(
      header: MessageHeader(sessionID: arena.binary([0])),
      body: Body(
        bodyElement: .sessionSetupReq(
          SessionSetupReq(evccID: arena.binary(bigEndian: 0x0011_2233_44AA, count: 6)))))
    var output = OutputBuffer()
    output.append(7)
    #expect(try message.encode(into: &output, source: arena.span) == 14)
    #expect(hexadecimal(output.octets) == "078098004011d018004488cd12a800")
  }

  /// Encodes `element` in a message and gives the error.
  private func failure(_ element: BodyElement, _ arena: EXIArena) -> EXIError? {
    let message = V2G_Message(header: MessageHeader(sessionID: EXIBinary()), body: Body(bodyElement: element))
    var output = OutputBuffer()
    do {
      try message.encode(into: &output, source: arena.span)
      return nil
    } catch {
      #expect(output.isEmpty)
      return error
    }
  }

  private static func status(soc: Int8) -> DC_EVStatus {
    DC_EVStatus(evReady: true, evErrorCode: .NO_ERROR, evRESSSOC: soc)
  }

  @Test(arguments: [(Int8(-1), false), (0, true), (100, true), (101, false)])
  func a_number_outside_its_range_is_refused(soc: Int8, isValid: Bool) {
    let error = failure(.cableCheckReq(CableCheckReq(dcEVStatus: Self.status(soc: soc))), EXIArena())
    #expect((error == nil) == isValid)
    if let error {
      #expect(error.kind == .valueOutOfRange)
      #expect("\(error.path)" == "V2G_Message/Body/CableCheckReq/DC_EVStatus")
    }
  }

  @Test func a_multiplier_outside_its_range_is_refused() {
    for multiplier in Int8.min...Int8.max {
      let value = PhysicalValue(multiplier: multiplier, unit: .A, value: -1)
      let request = PreChargeReq(
        dcEVStatus: Self.status(soc: 1), evTargetVoltage: value, evTargetCurrent: value)
      #expect((failure(.preChargeReq(request), EXIArena()) == nil) == (-3...3).contains(multiplier))
    }
  }

  @Test(arguments: [(6, false), (7, true), (37, true), (38, false)])
  func a_string_of_the_wrong_length_is_refused(count: Int, isValid: Bool) {
    var arena = EXIArena()
    let id = arena.string(String(repeating: "ü", count: count))
    let error = failure(.sessionSetupRes(SessionSetupRes(responseCode: .OK, evseID: id)), arena)
    #expect((error == nil) == isValid)
    if let error { #expect(error.kind == .lengthOutOfRange) }
  }

  @Test(arguments: [(0, false), (1, true), (2, true), (3, false)])
  func a_list_of_the_wrong_length_is_refused(count: Int, isValid: Bool) {
    var arena = EXIArena()
    let options = PaymentOptionList(paymentOption: arena.list(repeatElement(.Contract, count: count)))
    let service = ChargeService(
      serviceID: 1, serviceCategory: .EVCharging, freeService: true,
      supportedEnergyTransferMode: SupportedEnergyTransferMode(energyTransferMode: arena.list([.DC_core])))
    let response = ServiceDiscoveryRes(responseCode: .OK, paymentOptionList: options, chargeService: service)
    let error = failure(.serviceDiscoveryRes(response), arena)
    #expect((error == nil) == isValid)
    if let error { #expect(error.kind == .listCount) }
  }

  @Test func an_item_that_breaks_the_schema_spoils_its_list() {
    var arena = EXIArena()
    let entry = ProfileEntry(
      chargingProfileEntryStart: 0,
      chargingProfileEntryMaxPower: PhysicalValue(multiplier: 4, unit: .W, value: 1))
    let profile = ChargingProfile(profileEntry: arena.list([entry]))
    #expect(arena.failure?.kind == .valueOutOfRange)
    let request = PowerDeliveryReq(chargeProgress: .Start, saScheduleTupleID: 1, chargingProfile: profile)
    #expect(failure(.powerDeliveryReq(request), arena)?.kind == .slotOutsideSource)
  }

  @Test func a_certificate_that_is_too_long_is_refused_inside_a_list() {
    for (count, isValid) in [(800, true), (801, false)] {
      var arena = EXIArena(capacity: 4096)
      let certificate = arena.binary(repeatElement(1, count: count))
      let chain = CertificateChain(
        certificate: arena.binary([1]),
        subCertificates: SubCertificates(certificate: arena.list([certificate])))
      let request = PaymentDetailsReq(
        eMAID: arena.string("DEABCC1234567A"), contractSignatureCertChain: chain)
      #expect((failure(.paymentDetailsReq(request), arena) == nil) == isValid)
    }
  }

  @Test func a_full_arena_hands_out_slots_that_no_encoder_takes() {
    var arena = EXIArena(capacity: 8)
    let id = arena.string("DE*ABC*E1")
    #expect(arena.failure?.kind == .outputFull)
    #expect(
      failure(.sessionSetupRes(SessionSetupRes(responseCode: .OK, evseID: id)), arena) != nil)
    arena.removeAll()
    #expect(arena.failure == nil)
    #expect(arena.count == 0)
  }

  @Test func a_slot_of_other_octets_does_not_trap() {
    var arena = EXIArena()
    let id = arena.string("DE*ABC*E1")
    #expect(
      failure(.sessionSetupRes(SessionSetupRes(responseCode: .OK, evseID: id)), EXIArena())?.kind
        == .slotOutsideSource)
    let nothing: [UInt8] = []
    #expect(id.string(in: nothing.span.bytes) == "")
    #expect(id.equals("DE*ABC*E1", in: nothing.span.bytes) == false)
    #expect(id.equals("DE*ABC*E1", in: arena.span) == true)
    #expect(id.equals("DE*ABC*E2", in: arena.span) == false)
    #expect(id.equals("DE*ABC*E", in: arena.span) == false)
  }

  @Test func messages_larger_than_the_first_guess_are_encoded() throws {
    // The same slot many times: the message is far longer than its source.
    var arena = EXIArena(capacity: 1 << 12)
    let certificate = arena.binary(repeatElement(0x5A, count: 800))
    let chain = CertificateChain(certificate: certificate, subCertificates: nil)
    let id = arena.string("id1")
    let response = CertificateInstallationRes(
      responseCode: .OK, saProvisioningCertificateChain: chain, contractSignatureCertChain: chain,
      contractSignatureEncryptedPrivateKey: ContractSignatureEncryptedPrivateKey(id: id, value: EXIBinary()),
      dhPublickey: DiffieHellmanPublickey(id: id, value: EXIBinary()),
      eMAID: EMAID(id: id, value: arena.string("DEABCC1234567A")))
    let message = V2G_Message(
      header: MessageHeader(sessionID: EXIBinary()),
      body: Body(bodyElement: .certificateInstallationRes(response)))
    var output = OutputBuffer()
    #expect(try message.encode(into: &output, source: arena.span) > 1600)
    _ = try V2G_Message(decoding: output.octets.span.bytes)
  }

  @Test func every_kind_of_error_says_its_name() {
    #expect(Set(EXIError.Kind.allCases.map { "\($0)" }).count == EXIError.Kind.allCases.count)
    #expect("\(EXIError.Kind.peerLimit)" == "peerLimit")
    #expect(EXIError(.valueOutOfRange, position: 77).description == "valueOutOfRange at bit 77")
  }
}
