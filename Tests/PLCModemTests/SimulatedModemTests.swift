import Cryptography
import HomePlug
import PLCModem
import SimulatedHardware
import Testing
import Wire

/// A modem of each vendor, asked by its vendor's driver.
@Suite struct SimulatedModemTests {
  private let key = NetworkKey(derivingFrom: NMK(Octets16(high: 3, low: 4)))
  private let other = NetworkKey(derivingFrom: NMK(Octets16(high: 5, low: 6)))

  private static let vendors: [(ModemModel, ModemVendor, String)] = [
    (.qca7000, .qualcomm, "QCA7000"), (.qca7005, .qualcomm, "QCA7005"), (.qca7006, .qualcomm, "QCA7006AQ"),
    (.qca7420, .qualcomm, "QCA7420"), (.cg5317, .lumissil, "CG5317"),
  ]

  @Test(arguments: vendors)
  func a_modem_says_who_it_is_in_its_vendors_words(
    model: ModemModel, vendor: ModemVendor, chip: String
  ) throws {
    var rig = ModemRig(model)
    for asked in ModemVendor.allCases {
      let driver = ModemDriver(asked)
      for request in driver.identityRequests {
        let answers = rig.send(request)
        let identity = answers.lazy.compactMap { driver.identity(in: $0, from: ModemRig.modems[1]) }.first
        #expect((identity != nil) == (asked == vendor), "\(model) asked as \(asked)")
        if let identity {
          #expect(identity.chip == chip)
          #expect(identity.unfitness(for: .evse) == (model == .qca7420 ? .reportsNoAttenuation : nil))
        }
      }
    }
  }

  @Test func attributes_and_version_of_a_modem_agree() {
    for (model, _, _) in Self.vendors.prefix(4) {
      var rig = ModemRig(model)
      let told = [ManagementMessage.softwareVersionReq, .qualcomm(.attributesReq(cookie: 7))].map {
        rig.send($0).first.flatMap { QualcommModem().identity(in: $0, from: ModemRig.modems[1]) }
      }
      #expect(told[0] == told[1] && told[0] != nil, "\(model)")
    }
  }

  @Test(arguments: [ModemModel.mse1021, .generic])
  func a_modem_without_public_messages_is_silent_on_all_vendors(_ model: ModemModel) {
    var rig = ModemRig(model)
    for vendor in ModemVendor.allCases {
      for request in ModemDriver(vendor).identityRequests { #expect(rig.send(request).isEmpty) }
    }
    #expect(rig.send(.nwStatsReq).map(\.type) == [.CM_NW_STATS_CNF])
    #expect(rig.setKey(key) == 0)
  }

  @Test(arguments: ModemModel.allCases)
  func every_model_tells_its_link_to_its_driver(_ model: ModemModel) {
    let vendor: ModemVendor =
      switch model {
      case .qca7000, .qca7005, .qca7006, .qca7420: .qualcomm
      case .cg5317: .lumissil
      case .mse1021: .vertexcom
      case .generic: .generic
      }
    let driver = ModemDriver(vendor)
    var rig = ModemRig(model)
    func isUp() -> Bool? {
      driver.linkRequest.flatMap { rig.send($0).first }.flatMap { driver.isLinkUp(in: $0) }
    }
    #expect(isUp() == false)
    for port in [0, 1] { #expect(rig.setKey(key, port: port) != nil) }
    rig.pass(.seconds(1))
    #expect(isUp() == true)
    rig.pass(.seconds(1))
    _ = rig.setKey(other, port: 0)
    #expect(isUp() == false)
  }

  @Test(arguments: ModemModel.allCases)
  func a_sound_is_reported_by_firmware_with_SLAC_in_role_EVSE_only(_ model: ModemModel) {
    var rig = ModemRig(model)
    _ = rig.setKey(key)
    let types = rig.sound().map(\.message.type)
    #expect(types == [model == .qca7420 ? .VS_ATTENUATION_CHARACTERISTICS : .CM_ATTEN_PROFILE_IND])
    var vehicle = ModemRig(model) { $0.ports[1].role = .ev }
    #expect(vehicle.sound().map(\.message.type) == (model == .qca7420 ? types : []))
  }

  @Test(arguments: [
    (ModemFault.withoutSLAC, [ManagementType.VS_ATTENUATION_CHARACTERISTICS]), (.slacOff, []),
    (.neverCoordinates, [.CM_ATTEN_PROFILE_IND]), (.bootLoader, []), (.silent, [.CM_ATTEN_PROFILE_IND]),
  ])
  func a_fault_shows_in_the_report_of_a_sound(fault: ModemFault, types: [ManagementType]) {
    var rig = ModemRig(faults: [fault])
    #expect(rig.sound().map(\.message.type) == types)
  }

  @Test func a_home_plugs_report_comes_from_beside_its_address_to_everyone() {
    var rig = ModemRig(.qca7420)
    let frame = rig.sound().first
    #expect(frame?.destination == .broadcast)
    #expect(frame?.source == MACAddress(0x00B0_5200_00C0))
    #expect(
      frame.flatMap { QualcommModem().answer(in: $0.message, from: $0.source) } == .attenuationWithoutSLAC)
  }

  // MARK: keys

  private func networks(_ rig: inout ModemRig) -> [NID]? {
    QualcommModem().membershipRequest.flatMap { rig.send($0).first }.flatMap {
      QualcommModem().membership(in: $0)
    }
  }

  @Test func a_taken_key_shows_in_the_networks() {
    var rig = ModemRig()
    #expect(networks(&rig) == [])
    #expect(rig.setKey(key) == 1)
    #expect(networks(&rig) == [key.nid])
  }

  @Test func a_key_that_follows_a_match_closely_is_refused() {
    var rig = ModemRig(faults: [.refusesKey])
    #expect(rig.setKey(key) == 1)
    rig.pass(.milliseconds(399))
    #expect(rig.setKey(other) == 0)
    #expect(networks(&rig) == [key.nid])
    rig.pass(.milliseconds(1))
    #expect(rig.setKey(other) == 1)
    #expect(networks(&rig) == [other.nid])
    rig.pass(.seconds(9))
    let match = CM_SLAC_MATCH_CNF(
      evMAC: ModemRig.hosts[0], evseMAC: ModemRig.hosts[1], runID: RunID(1), key: key)
    rig.send(.slacMatchCnf(match), to: ModemRig.hosts[0])
    #expect(rig.setKey(key) == 0)
    rig.pass(.milliseconds(400))
    #expect(rig.setKey(key) == 1)
  }

  @Test func a_NID_that_does_not_belong_is_confirmed_and_not_taken() {
    var rig = ModemRig(faults: [.checksNID])
    #expect(rig.setKey(NetworkKey(nmk: key.nmk, nid: other.nid)) == 1)
    #expect(networks(&rig) == [])
    #expect(rig.setKey(key) == 1)
    #expect(networks(&rig) == [key.nid])
  }

  @Test func the_modems_arithmetic_is_ours() {
    var random = SeededGenerator(seed: 4)
    for _ in 0..<200 {
      var rig = ModemRig(faults: [.checksNID])
      let key = NetworkKey(derivingFrom: NMK(Octets16(high: random.next(), low: random.next())))
      _ = rig.setKey(key)
      #expect(networks(&rig) == [key.nid])
    }
  }

  @Test func words_and_identifiers_may_be_inverted() {
    var inverted = ModemRig(faults: [.invertedResult])
    #expect(inverted.setKey(key) == 0)
    #expect(networks(&inverted) == [key.nid])
    var reversed = ModemRig(faults: [.reversedNID])
    #expect(reversed.setKey(key) == 1)
    #expect(networks(&reversed) == [NID(key.nid.octets.reversed())])
    var deaf = ModemRig(faults: [.ignoresKey])
    #expect(deaf.setKey(key) == 1)
    #expect(networks(&deaf) == [])
  }

  @Test func only_a_modem_that_may_coordinate_forms_a_network() {
    func isJoined(_ change: (inout PowerLineConfiguration) -> Void) -> Bool {
      var rig = ModemRig(change: change)
      for port in [0, 1] { _ = rig.setKey(key, port: port) }
      rig.pass(.seconds(2))
      return rig.line.areJoined(0, 1, at: rig.now)
    }
    #expect(isJoined { _ in })
    #expect(isJoined { $0.ports[0].role = .evse })
    #expect(!isJoined { $0.ports[1].role = .ev })
    #expect(!isJoined { $0.ports[1].faults = [.neverCoordinates] })
    #expect(isJoined { $0.ports[1].faults = [.slacOff] }, "it still coordinates")
  }

  // MARK: silence

  @Test func a_restarting_modem_is_silent_and_a_reset_one_is_off() throws {
    var rig = ModemRig(restart: .seconds(3))
    #expect(rig.setKey(key) == 1)
    rig.pass(.milliseconds(2999))
    #expect(networks(&rig) == nil)
    #expect(rig.sound().count == 1, "with a new key it still hears")
    rig.pass(.milliseconds(1))
    #expect(networks(&rig) == [key.nid])
    #expect(rig.ask(.reset, ModemDriver(.qualcomm)) == .reset(accepted: true))
    #expect(rig.sound().isEmpty && networks(&rig) == nil)
    rig.pass(.seconds(3))
    #expect(rig.sound().count == 1 && networks(&rig) == [key.nid])
  }

  @Test func a_CG5317_restarts_without_a_word() throws {
    var rig = ModemRig(.cg5317, restart: .seconds(10))
    let request = try ModemDriver(.lumissil).message(for: .reset)
    #expect(rig.send(request).isEmpty)
    let identify = ModemDriver(.lumissil).identityRequests
    rig.pass(.milliseconds(9999))
    #expect(rig.send(identify[0]).isEmpty)
    rig.pass(.milliseconds(1))
    #expect(rig.send(identify[0]).count == 1)
  }

  @Test func a_boot_loader_says_that_it_is_one_and_asks_for_help() {
    var rig = ModemRig(faults: [.bootLoader])
    let answers = rig.send(.softwareVersionReq)
    #expect(answers.map(\.type) == [.VS_HOST_ACTION_IND, .VS_SW_VER_CNF])
    let identity = answers.last.flatMap { QualcommModem().identity(in: $0, from: ModemRig.modems[1]) }
    #expect(identity?.unfitness(for: .ev) == .runsNoFirmware)
    #expect(rig.setKey(key) == nil)
  }

  @Test func what_is_not_known_meets_silence_or_an_error() {
    var silent = ModemRig(.cg5317)
    #expect(silent.send(.softwareVersionReq).isEmpty)
    var spoken = ModemRig(.cg5317, faults: [.reportsErrors])
    #expect(
      spoken.send(.softwareVersionReq) == [
        .mmeErrorInd(
          CM_MME_ERROR_IND(reason: 0, version: 0, type: .VS_SW_VER_REQ, fieldOffset: 0))
      ])
    #expect(
      spoken.send(
        .mmeErrorInd(CM_MME_ERROR_IND(reason: 0, version: 1, type: .CM_SET_KEY_REQ, fieldOffset: 0))
      ).isEmpty)
    var old = ModemRig(faults: [.noLinkStatus, .noPieces, .noOperations])
    #expect(old.ask(.link, ModemDriver(.qualcomm)) == nil)
    #expect(old.ask(.role(.slacMode), ModemDriver(.qualcomm)) == nil)
    var deaf = ModemRig(faults: [.silent])
    #expect(deaf.setKey(key) == nil)
  }

  // MARK: diagnosis

  @Test func networks_are_told_in_the_form_asked_for() throws {
    var rig = ModemRig()
    for port in [0, 1] { _ = rig.setKey(key, port: port) }
    rig.pass(.seconds(1))
    var told: [ManagementMessage] = []
    for version: UInt8 in [0, 1] { told += rig.send(.networkInfoReq, version: version) }
    #expect(told.count == 2 && told[0] == told[1])
    guard case .networkInfoCnf(let info)? = told.first else { return }
    #expect(info.networks.first?.role == 2)
    #expect(info.networks.first?.stations.map(\.bridged) == [ModemRig.hosts[0]])
  }

  @Test func statistics_count_what_passed_and_what_was_lost() {
    var rig = ModemRig { $0.faults.lossPerMille = 500 }
    for _ in 0..<200 { _ = rig.sound() }
    let driver = ModemDriver(.qualcomm)
    guard case .statistics(let sender)? = rig.ask(.statistics(of: ModemRig.modems[1]), driver, port: 0),
      case .statistics(let receiver)? = rig.ask(.statistics(of: ModemRig.modems[0]), driver)
    else {
      Issue.record("no statistics")
      return
    }
    #expect(sender.transmit.map { $0.acknowledged + $0.failed } == 200)
    #expect((60...140).contains(sender.transmit?.failed ?? 0))
    #expect(receiver.receive?.acknowledged == sender.transmit?.acknowledged)
    guard case .statistics(let none)? = rig.ask(.statistics(of: MACAddress(9)), driver) else { return }
    #expect(none.status == 1 && none.receive == nil)
  }

  @Test func a_tone_map_has_all_carriers_of_a_peer_in_the_network() {
    var rig = ModemRig()
    let driver = ModemDriver(.qualcomm)
    guard case .toneMap(let before)? = rig.ask(.toneMap(of: ModemRig.modems[0], slot: 0), driver) else {
      return
    }
    #expect(before.status == 1)
    for port in [0, 1] { _ = rig.setKey(key, port: port) }
    rig.pass(.seconds(1))
    guard case .toneMap(let map)? = rig.ask(.toneMap(of: ModemRig.modems[0], slot: 0), driver) else {
      Issue.record("no tone map")
      return
    }
    #expect(map.carriers == 917)
    #expect((0..<917).allSatisfy { (1...7).contains(map.modulation(ofCarrier: $0) ?? 0) })
    #expect(map.modulation(ofCarrier: 917) == nil)
  }

  // MARK: power

  @Test func an_amplitude_map_is_kept_and_lowers_what_others_hear() throws {
    var rig = ModemRig { $0.ripple = 0 }
    func level() -> UInt8? {
      guard case .attenProfileInd(let report)? = rig.sound().first?.message else { return nil }
      return report.profile.groups.first
    }
    #expect(level() == 20)
    // Every second carrier 6 dB lower, the others 4 dB.
    let map = CM_AMP_MAP_REQ(reductions: [UInt8](repeating: 0x32, count: 459))
    #expect(rig.send(.ampMapReq(map), port: 0) == [.ampMapCnf(CM_AMP_MAP_CNF(result: 0))])
    #expect(rig.line.amplitudeMap(ofPort: 0) == map)
    #expect(rig.line.amplitudeMap(ofPort: 1) == nil)
    #expect(level() == 24)
    let short = CM_AMP_MAP_REQ(carriers: 100, reductions: [UInt8](repeating: 0xFF, count: 50))
    #expect(rig.send(.ampMapReq(short), port: 0) == [.ampMapCnf(CM_AMP_MAP_CNF(result: 1))])
    #expect(rig.line.amplitudeMap(ofPort: 0) == map)
    _ = rig.ask(.reset, ModemDriver(.qualcomm), port: 0)
    #expect(level() == 20)
  }

  // MARK: robustness

  @Test(arguments: ModemModel.allCases)
  func frames_of_any_shape_never_trap_and_memory_is_bounded(_ model: ModemModel) {
    let seed = UInt64(31 + model.rawValue.utf8.count)
    var random = SeededGenerator(seed: seed)
    var rig = ModemRig(model)
    var sent = 0
    let types: [UInt16] = [
      0xA000, 0xA01C, 0xA020, 0xA024, 0xA028, 0xA030, 0xA038, 0xA068, 0xA07C, 0xA090, 0xA0B0, 0xA0B8, 0xA0F8,
      0x6008, 0x600C, 0x601C, 0x6048, 0x6046, 0xAC6C, 0xAC70, 0xAC9C,
    ]
    for _ in 0..<20_000 {
      let length = Int(random.next() % (random.chance(perMille: 50) ? 1600 : 90))
      var octets = (0..<length).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      if length > 45 {
        let type = types[Int(random.next() % UInt64(types.count))]
        octets.replaceSubrange(0..<6, with: [0, 0xB0, 0x52, 0, 0, 1])
        octets.replaceSubrange(12..<15, with: [0x88, 0xE1, type < 0xA000 ? 1 : 0])
        octets.replaceSubrange(15..<17, with: [UInt8(type & 0xFF), UInt8(type >> 8)])
        octets.replaceSubrange(17..<20, with: type < 0xAC00 ? [0, 0xB0, 0x52] : [0, 0x16, 0xE8])
        if type < 0xA000 { octets[17] = 0 }
        // Small numbers where modules, offsets and operations stand, so that some requests make sense.
        for index in 20..<45 where random.chance(perMille: 700) { octets[index] = UInt8(random.next() % 3) }
        if type == 0xA0B0 {
          octets[24] = 1
          octets[25] = [0, 1, 0x10, 0x11, 0x12][Int(random.next() % 5)]
        }
      }
      sent += length
      rig.now += .milliseconds(Int(random.next() % 50))
      rig.line.handle(.frame(octets, port: Int(random.next() % 3)), at: rig.now) { _ in }
    }
    // Parameter block in memory, flash and staged; firmware and sessions grow with what was sent.
    #expect(rig.line.octetsWritten(toPort: 1) <= 3 * (1 << 16) + sent, "seed \(seed)")
  }
}
