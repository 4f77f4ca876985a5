import HomePlug
import PLCModem
import Testing
import Wire

@Suite struct DriverTests {
  private let modem = MACAddress(0x00B0_5200_00C1)
  private let peer = MACAddress(0x00B0_5200_00E1)

  private func version(_ deviceClass: UInt8, _ text: String) -> ManagementMessage {
    .softwareVersionCnf(VS_SW_VER_CNF(deviceClass: deviceClass, version: Array(text.utf8)))
  }

  @Test(arguments: [
    (0x22, "MAC-QCA7000-1.1.0.730-04-20140815-CS", "QCA7000", SLACSupport.present),
    (0x22, "MAC-QCA7005-1.1.0.730-04-20140815-CS", "QCA7005", .present),
    (0x22, "something else", "QCA7000", .present),
    (0x21, "MAC-QCA7006-1.2.0.1-00-20180101-CS", "QCA7006AQ", .present),
    (0x21, "", "QCA7006AQ", .present),
    (0x21, "MAC-QCA6410-1.1.0.844-00-20120201-CS", "QCA6410", .missing),
    (0x20, "MAC-QCA7420-1.3.0.2134-00-20151212-CS", "QCA7420", .missing),
    (0x20, "MAC-QCA7450-1.3.0.2134-00-20151212-CS", "QCA7450", .missing),
    (0x20, "", "QCA7420", .missing),
    (0x03, "INT6400-MAC-5-0-5203-00-4314-20120110-CS", "INT6400", .missing),
    (0x30, "MAC-QCA7500-2.0", "QCA7500", .missing),
    (0x99, "", "", .unknown),
  ])
  func the_chip_stands_in_class_and_text(deviceClass: UInt8, text: String, chip: String, slac: SLACSupport) {
    let identity = QualcommModem().identity(in: version(deviceClass, text), from: modem)
    #expect(
      identity == ModemIdentity(vendor: .qualcomm, chip: chip, firmware: text, address: modem))
    #expect(identity?.slac == slac)
    #expect(identity?.unfitness(for: .evse) == (slac == .missing ? .reportsNoAttenuation : nil))
    #expect(identity?.unfitness(for: .ev) == nil, "a home plug serves an EV")
  }

  @Test func attributes_say_the_same_as_the_version() {
    let attributes = VS_OP_ATTRIBUTES_CNF.Attributes(
      family: Array("QCA7005".utf8), firmwareType: Array("MAC".utf8), major: 1, minor: 1, build: 730,
      buildNumber: 4, date: Array("20140815".utf8), release: Array("CS".utf8))
    let told = QualcommModem().identity(
      in: .qualcomm(.attributesCnf(VS_OP_ATTRIBUTES_CNF(cookie: 1, attributes: attributes))), from: modem)
    let version = version(0x22, "MAC-QCA7005-1.1.0.730-04-20140815-CS")
    #expect(told == QualcommModem().identity(in: version, from: modem))
    let refused = VS_OP_ATTRIBUTES_CNF(status: 1, cookie: 1, attributes: attributes)
    #expect(QualcommModem().identity(in: .qualcomm(.attributesCnf(refused)), from: modem) == nil)
  }

  @Test func a_boot_loader_serves_neither_end() {
    let identity = QualcommModem().identity(in: version(0x22, "BootLoader"), from: modem)
    #expect(identity?.slac == .noFirmware)
    #expect(identity?.unfitness(for: .ev) == .runsNoFirmware)
    #expect(identity?.unfitness(for: .evse) == .runsNoFirmware)
  }

  @Test func what_a_modem_says_of_itself_is_made_printable() {
    let text: [UInt8] = Array("MAC-\u{1B}[2JQCA7005".utf8) + [0, 0x41]
    let identity = QualcommModem().identity(
      in: .softwareVersionCnf(VS_SW_VER_CNF(deviceClass: 0x22, version: text)), from: modem)
    #expect(identity?.firmware == "MAC-[2JQCA7005")
  }

  @Test func a_CG5317_tells_its_version() {
    let message = ManagementMessage.lumissil(
      .versionCnf(LMSHeader(), NSCM_GET_VERSION_CNF(major: 1, minor: 2, patch: 3, build: 456)))
    let identity = LumissilModem().identity(in: message, from: modem)
    #expect(
      identity == ModemIdentity(vendor: .lumissil, chip: "CG5317", firmware: "1.2.3.456", address: modem))
    #expect(identity?.slac == .present)
    #expect(identity?.unfitness(for: .evse) == nil)
    #expect(QualcommModem().identity(in: message, from: modem) == nil)
  }

  @Test func only_modems_with_a_public_question_are_asked_who_they_are() {
    #expect(ModemDriver(.qualcomm).identityRequests == [.softwareVersionReq])
    #expect(ModemDriver(.lumissil).identityRequests == [.lumissil(.versionReq(LMSHeader()))])
    #expect(ModemDriver(.vertexcom).identityRequests.isEmpty)
    #expect(ModemDriver(.generic).identityRequests.isEmpty)
  }

  @Test(arguments: ModemVendor.allCases)
  func a_driver_is_its_vendors(_ vendor: ModemVendor) {
    #expect(ModemDriver(vendor).vendor == vendor)
    #expect(ModemDriver(vendor).linkRequest != nil, "D-LINK_READY needs a link status of every modem")
  }

  @Test(arguments: [
    ("qcaspi", ModemVendor.qualcomm), ("qca_spi", .qualcomm), ("qcauart", .qualcomm), ("mse102x", .vertexcom),
    ("veth", nil), ("", nil), ("r8169", nil),
  ])
  func a_linux_driver_tells_the_vendor(name: String, vendor: ModemVendor?) {
    #expect(ModemVendor(linuxDriver: name) == vendor)
  }

  // MARK: requests and answers

  private var requests: [ModemRequest] {
    [
      .link, .networks, .stations, .reset, .factoryDefaults, .statistics(of: peer),
      .toneMap(of: peer, slot: 0),
      .role(.slacMode), .role(.coordinatorSelection), .readModule(.parameters, offset: 1024, length: 1024),
      .writeModule(.parameters, offset: 0, ModuleData([1, 2, 3, 4])), .commitModule(.firmware),
    ]
  }

  private func limits(_ vendor: ModemVendor) -> [ModemLimit?] {
    requests.map { request in
      do throws(ModemLimit) {
        _ = try ModemDriver(vendor).message(for: request)
        return nil
      } catch { return error }
    }
  }

  @Test func each_vendor_says_why_it_cannot_be_asked() {
    #expect(limits(.qualcomm).allSatisfy { $0 == nil })
    let no = ModemLimit.undisclosed
    let many = [ModemLimit](repeating: no, count: 8)
    #expect(limits(.lumissil) == [nil, no, nil, nil] + many)
    #expect(limits(.vertexcom) == [nil, no, nil, no] + many)
    #expect(
      limits(.generic) == limits(.vertexcom).map { $0 == nil ? nil : .vendorUnknown })
  }

  @Test func a_link_is_told_in_each_vendors_words() {
    func station(_ count: Int) -> ManagementMessage {
      .nwStatsCnf(
        CM_NW_STATS_CNF(
          stations: [CM_NW_STATS_CNF.Station](
            repeating: CM_NW_STATS_CNF.Station(address: peer, transmitRate: 10, receiveRate: 9), count: count)
        ))
    }
    for vendor in ModemVendor.allCases {
      #expect(ModemDriver(vendor).isLinkUp(in: station(1)) == true)
      #expect(ModemDriver(vendor).isLinkUp(in: station(0)) == false)
      #expect(ModemDriver(vendor).isLinkUp(in: .setKeyCnf(CM_SET_KEY_CNF(result: 1))) == nil)
    }
    let qualcomm = ManagementMessage.linkStatusCnf(VS_PL_LNK_STATUS_CNF(linkStatus: 1))
    #expect(ModemDriver(.qualcomm).isLinkUp(in: qualcomm) == true)
    #expect(ModemDriver(.lumissil).isLinkUp(in: qualcomm) == nil)
    for (status, isUp) in [(UInt8(0), false), (1, true), (2, false)] {
      let lumissil = ManagementMessage.lumissil(.linkStatusCnf(LMSHeader(), status: status))
      #expect(ModemDriver(.lumissil).isLinkUp(in: lumissil) == isUp)
      #expect(ModemDriver(.qualcomm).isLinkUp(in: lumissil) == nil)
    }
  }

  @Test func only_qualcomms_result_is_doubted() {
    #expect(ModemDriver(.qualcomm).verdict(onKeyResult: 1) == .accepted)
    #expect(ModemDriver(.qualcomm).verdict(onKeyResult: 0) == .unclear)
    for vendor in [ModemVendor.lumissil, .vertexcom, .generic] {
      for result in [UInt8(0), 1] {
        #expect(ModemDriver(vendor).verdict(onKeyResult: result) == .accepted)
      }
    }
  }

  @Test func networks_prove_a_key_in_both_header_forms() throws {
    let network = VS_NW_INFO_CNF.Network(
      nid: NID(7), shortID: 1, tei: 1, role: 2, coordinator: modem, coordinatorTEI: 1, stations: [])
    for version: UInt8 in [0, 1] {
      let frame = ManagementFrame(
        destination: peer, source: modem, message: .networkInfoCnf(VS_NW_INFO_CNF(networks: [network])),
        version: version)
      let read = try ManagementFrame(parsing: frame.octets.span.bytes)
      #expect(ModemDriver(.qualcomm).membership(in: read.message) == [NID(7)])
    }
  }

  @Test func the_role_is_read_from_two_octets_of_the_parameter_block() throws {
    for (field, offset) in [(RoleField.coordinatorSelection, UInt32(0xF4)), (.slacMode, 0x1653)] {
      let request = VS_RD_MOD_REQ(module: .parameters, length: 1, offset: offset)
      #expect(QualcommModem().message(for: .role(field)) == .qualcomm(.readModuleReq(request)))
      for (value, role) in [(UInt8(0), nil), (1, ModemRole.ev), (2, .evse), (3, nil)] {
        let piece = VS_RD_MOD_CNF(
          module: .parameters, offset: offset, checksum: 0, data: ModuleData([value]))
        #expect(
          QualcommModem().answer(in: .qualcomm(.readModuleCnf(piece)), from: modem) == .role(field, role))
      }
    }
    let piece = VS_RD_MOD_CNF(
      module: .parameters, offset: 0xF4, checksum: 0, data: ModuleData([1, 2]))
    #expect(
      QualcommModem().answer(in: .qualcomm(.readModuleCnf(piece)), from: modem) == .module(piece))
  }

  @Test func a_written_piece_carries_its_checksum() throws {
    let octets: [UInt8] = [0x01, 0x02, 0x03, 0x04, 0xFF, 0x00, 0x00, 0x00]
    let message = QualcommModem().message(for: .writeModule(.parameters, offset: 8, ModuleData(octets)))
    guard case .qualcomm(.writeModuleReq(let request)) = message else {
      Issue.record("\(message)")
      return
    }
    #expect(request.checksum == ~UInt32(0x0403_0201 ^ 0x0000_00FF))
    #expect(request.data.octets == octets)
  }

  @Test func answers_say_whether_the_modem_accepted() {
    let driver = QualcommModem()
    for status: UInt8 in [0, 1, 0x10] {
      #expect(driver.isResetAccepted(in: .qualcomm(.resetCnf(status: status))) == (status == 0))
      #expect(
        driver.answer(in: .qualcomm(.factoryDefaultsCnf(status: status)), from: modem)
          == .factoryDefaults(accepted: status == 0))
      #expect(
        driver.answer(in: .qualcomm(.commitModuleCnf(status: status, module: .parameters)), from: modem)
          == .moduleCommitted(.parameters, accepted: status == 0))
    }
  }

  @Test func firmware_without_SLAC_shows_when_it_hears_a_sound() {
    let report = UnknownMessage(
      type: .VS_ATTENUATION_CHARACTERISTICS, payload: [0x00, 0xB0, 0x52] + [UInt8](repeating: 20, count: 58))
    #expect(QualcommModem().answer(in: .unknown(report), from: modem) == .attenuationWithoutSLAC)
    #expect(GenericModem().answer(in: .unknown(report), from: modem) == nil)
  }
}
