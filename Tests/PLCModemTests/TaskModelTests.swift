import HomePlug
import PLCModem
import SimulatedHardware
import Testing
import Wire

/// Every task with every model of simulated modem, in virtual time.
@Suite struct TaskModelTests {
  private static func rig(
    _ model: ModemModel, role: PowerLineConfiguration.Port.Role = .evse, _ faults: Set<ModemFault> = [],
    restart: Duration = .seconds(2)
  ) -> TaskRig {
    var configuration = PowerLineConfiguration.pair
    configuration.ports[1].model = model
    configuration.ports[1].role = role
    configuration.ports[1].faults = faults
    configuration.modemRestart = restart
    return TaskRig(configuration)
  }

  private static let qualcomm: [ModemModel] = [.qca7000, .qca7005, .qca7006, .qca7420]

  private static func vendor(_ model: ModemModel) -> ModemVendor {
    qualcomm.contains(model) ? .qualcomm : model == .cg5317 ? .lumissil : .generic
  }

  @Test(arguments: ModemModel.allCases)
  func each_modem_is_found_for_what_it_is(model: ModemModel) throws {
    var rig = Self.rig(model)
    let found = try #require(rig.run(FindModem())?.outcome)
    #expect(found.identity.vendor == Self.vendor(model))
    #expect(found.identity.address == MACAddress(0x00B0_5200_00C1))
    #expect(rig.now < .zero + .seconds(1))
  }

  @Test func the_name_of_the_kernels_driver_tells_a_modem_that_does_not() throws {
    var rig = Self.rig(.mse1021)
    let found = try #require(rig.run(FindModem(hint: .vertexcom))?.outcome)
    #expect(found.driver.vendor == .vertexcom)
    // But a silent modem with Qualcomm's driver is not Qualcomm's for that.
    var other = Self.rig(.generic)
    #expect(other.run(FindModem(hint: .qualcomm))?.outcome?.driver.vendor == .generic)
  }

  @Test(arguments: ModemModel.allCases)
  func each_modem_takes_a_key_and_it_is_known_how_surely(model: ModemModel) throws {
    var rig = Self.rig(model)
    let key = TaskRig.key(7)
    let task = SetKey(driver: ModemDriver(Self.vendor(model)), key: key)
    let alone = try #require(rig.run(task)?.outcome)
    #expect(rig.line.network(ofPort: 1) == key.nid)
    let isTold = Self.qualcomm.contains(model)
    #expect(alone.proof == (isTold ? .membership : .unproven(.noPeer)), "\(alone.proof)")
    rig.setKey(key, port: 0)
    rig.now += .seconds(5)
    let joined = try #require(rig.run(task)?.outcome)
    #expect(joined.proof == (isTold ? .membership : .link), "\(joined.proof)")
  }

  @Test func a_key_refused_right_after_another_is_taken_at_the_second_try() throws {
    var rig = Self.rig(.qca7005, [.refusesKey], restart: .zero)
    rig.setKey(TaskRig.key(1), port: 1)
    rig.now += .milliseconds(50)
    let key = TaskRig.key(2)
    let outcome = try #require(
      rig.run(SetKey(driver: ModemDriver(.qualcomm), key: key, formsNetwork: true))?.outcome)
    #expect(outcome.proof == .membership)
    #expect(outcome.tries == 2)
    #expect(rig.line.network(ofPort: 1) == key.nid)
  }

  @Test func a_key_that_is_confirmed_and_not_taken_is_a_failure() {
    var rig = Self.rig(.qca7005, [.ignoresKey], restart: .zero)
    let key = TaskRig.key(2)
    let result = rig.run(SetKey(driver: ModemDriver(.qualcomm), key: key, formsNetwork: true))
    #expect(result?.failure == .keyNotTaken(wanted: key.nid, found: []))
  }

  @Test func an_inverted_result_does_not_matter_where_the_network_is_told() {
    var rig = Self.rig(.qca7005, [.invertedResult])
    let outcome = rig.run(SetKey(driver: ModemDriver(.qualcomm), key: TaskRig.key(2)))?.outcome
    #expect(outcome?.proof == .membership && outcome?.tries == 1)
  }

  @Test(arguments: [UInt8(0), 1])
  func a_modem_that_tells_its_networks_in_one_form_only_is_understood(deaf version: UInt8) throws {
    var rig = Self.rig(.qca7000)
    let key = TaskRig.key(3)
    rig.swallowsFrame = { $0.message == .networkInfoReq && $0.version == version }
    let outcome = try #require(rig.run(SetKey(driver: ModemDriver(.qualcomm), key: key))?.outcome)
    #expect(outcome.proof == .membership)
    rig.setKey(key, port: 0)
    rig.now += .seconds(5)
    let networks = try #require(rig.run(AskNetworks(driver: ModemDriver(.qualcomm)))?.outcome)
    #expect(networks.networks?.map(\.nid) == [key.nid])
    #expect(networks.stations.map(\.address) == [MACAddress(0x00B0_5200_00E1)])
  }

  @Test(arguments: ModemModel.allCases)
  func stations_and_their_rates_are_told_by_each(model: ModemModel) throws {
    var rig = Self.rig(model)
    let driver = ModemDriver(Self.vendor(model))
    let key = TaskRig.key(9)
    rig.setKey(key, port: 0)
    rig.setKey(key, port: 1)
    rig.now += .seconds(5)
    #expect(rig.run(AskLink(driver: driver))?.outcome == true)
    let networks = try #require(rig.run(AskNetworks(driver: driver))?.outcome)
    #expect(networks.stations.map(\.address) == [MACAddress(0x00B0_5200_00E1)])
    #expect(networks.stations.allSatisfy { $0.transmitRate > 0 })
    let statistics = rig.run(AskStatistics(driver: driver, peers: networks.stations.map(\.address)))
    if Self.qualcomm.contains(model) {
      #expect(networks.networks?.map(\.nid) == [key.nid])
      #expect(networks.networks?.first?.part == .coordinator)
      #expect(statistics?.outcome?.count == 1)
      #expect(statistics?.outcome?.first?.transmit != nil && statistics?.outcome?.first?.receive != nil)
    } else {
      #expect(networks.networks == nil)
      guard case .cannotAsk(.statistics, _) = statistics?.failure else {
        Issue.record("\(String(describing: statistics))")
        return
      }
    }
  }

  @Test(arguments: ModemModel.allCases)
  func each_modem_that_can_be_reset_is_awaited(model: ModemModel) {
    var rig = Self.rig(model)
    let result = rig.run(ResetModem(driver: ModemDriver(Self.vendor(model))))
    if Self.vendor(model) == .generic {
      #expect(result?.failure == .cannotAsk(.reset, .vendorUnknown))
    } else {
      #expect(
        (result?.outcome).map { $0 >= .seconds(2) && $0 < .seconds(4) } == true,
        "\(String(describing: result))")
    }
  }

  @Test func a_reset_that_never_arrives_is_no_reset() {
    var rig = Self.rig(.qca7005)
    rig.swallows = { $0.type == .VS_RS_DEV_REQ }
    let failure = rig.run(ResetModem(driver: ModemDriver(.qualcomm)))?.failure
    #expect(failure == .noAnswer(.VS_RS_DEV_REQ, attempts: 8))
  }

  @Test(arguments: [true, false])
  func a_reset_is_asked_for_again(isConfirmationLost: Bool) {
    var rig = Self.rig(.qca7005)
    var lost = 0
    let once = { (message: ManagementMessage) in
      guard message.type == (isConfirmationLost ? .VS_RS_DEV_CNF : .VS_RS_DEV_REQ), lost == 0 else {
        return false
      }
      lost += 1
      return true
    }
    if isConfirmationLost { rig.loses = once } else { rig.swallows = once }
    #expect(rig.run(ResetModem(driver: ModemDriver(.qualcomm)))?.outcome != nil)
    #expect(lost == 1)
  }

  @Test func a_modem_that_stays_away_after_a_reset_is_told() {
    var rig = Self.rig(.qca7005, restart: .seconds(3000))
    guard case .noReturn? = rig.run(ResetModem(driver: ModemDriver(.qualcomm)))?.failure else {
      Issue.record("a modem that is away counts as back")
      return
    }
  }

  @Test(arguments: [ModemFault?.none, .noPieces, .noOperations, .reportsErrors])
  func the_role_of_a_modem_is_changed(fault: ModemFault?) throws {
    var rig = Self.rig(.qca7005, role: .ev, Set([fault].compactMap { $0 }))
    let driver = ModemDriver(.qualcomm)
    let image = try #require(rig.run(ReadModule(driver: driver, module: .parameters))?.outcome)
    #expect(image.transport == (fault == .noPieces ? .operations : .pieces))
    var file = try ParameterFile(image.data.octets)
    #expect(file.findings(for: .evse).contains(.wrongRole(.ev, wanted: .evse)))
    try file.block.setRole(.evse)
    let writing = WriteModule(
      driver: driver, module: .parameters, octets: file.octets, transport: image.transport, session: 3)
    let done = try #require(rig.run(writing)?.outcome)
    #expect(done.restart >= .seconds(2))
    let again = try #require(rig.run(ReadModule(driver: driver, module: .parameters))?.outcome)
    #expect(try ParameterFile(again.data.octets).block.role == .evse)
  }

  @Test(arguments: [ModemFault?.none, .noPieces])
  func a_modem_that_is_asked_by_its_address_gets_a_new_one(fault: ModemFault?) throws {
    var rig = Self.rig(.qca7005, Set([fault].compactMap { $0 }))
    // What goes to the alias would reach another modem as well.
    rig.swallowsFrame = { $0.destination == ManagementFrame.localModem }
    let driver = ModemDriver(.qualcomm)
    let address = PowerLineConfiguration.pair.ports[1].modem
    let reading = ReadModule(driver: driver, module: .parameters)
    let image = try #require(rig.run(reading, destination: address)?.outcome)
    var file = try ParameterFile(image.data.octets)
    try file.block.set(.mac, to: "02:00:00:00:00:55")
    let writing = WriteModule(
      driver: driver, module: .parameters, octets: file.octets, transport: image.transport, session: 3)
    #expect(rig.run(writing, destination: address)?.outcome != nil)
    let again = rig.run(reading, destination: MACAddress(0x02_00_00_00_00_55))
    #expect(again?.outcome?.data.octets == file.octets)
    rig.swallowsFrame = { _ in false }
    #expect(rig.run(CountModems(driver: driver))?.outcome == [MACAddress(0x02_00_00_00_00_55)])
  }

  @Test func all_modems_that_hear_the_alias_are_counted() {
    var task = ModemTask(CountModems(driver: ModemDriver(.qualcomm)))
    var found: [MACAddress]?
    func act(_ action: ModemTask<CountModems>.Action) {
      if case .ended(let result) = action { found = result.outcome }
    }
    task.handle(.start, at: .zero, perform: act)
    let version = ManagementMessage.softwareVersionCnf(
      VS_SW_VER_CNF(deviceClass: 0x22, version: Array("MAC-QCA7005-1".utf8)))
    for source in [0xC1, 0xC2, 0xC1] as [UInt64] {
      task.handle(
        .received(
          ManagementFrame(
            destination: TaskRig.host, source: MACAddress(0x00B0_5200_0000 + source), message: version)),
        at: .zero, perform: act)
    }
    while found == nil, let deadline = task.deadline { task.handle(.timeout, at: deadline, perform: act) }
    #expect(found == [MACAddress(0x00B0_5200_00C1), MACAddress(0x00B0_5200_00C2)])
  }

  @Test(arguments: [(ModemFault.flashFails, "refused"), (.flashFlips, "differs")], ModuleTransport.allCases)
  func flash_that_fails_is_told(fault: (ModemFault, String), transport: ModuleTransport) throws {
    var rig = Self.rig(.qca7005, [fault.0])
    let driver = ModemDriver(.qualcomm)
    let reading = ReadModule(driver: driver, module: .parameters, transports: [transport])
    var file = try ParameterFile(try #require(rig.run(reading)?.outcome).data.octets)
    try file.block.set(.userHFID, to: "CHARGER")
    let result = rig.run(
      WriteModule(
        driver: driver, module: .parameters, octets: file.octets, transport: transport, session: 3))
    let name =
      switch result?.failure {
      case .refused: "refused"
      case .differs: "differs"
      default: "\(String(describing: result))"
      }
    #expect(name == fault.1)
  }

  @Test func firmware_is_written_with_progress_from_its_first_octet_to_its_last() throws {
    var rig = Self.rig(.qca7005)
    let driver = ModemDriver(.qualcomm)
    let image = try #require(rig.run(ReadModule(driver: driver, module: .firmware))?.outcome)
    let chain = try ImageChain(image.data.octets)
    #expect(chain.findings == [] && chain.header(of: .firmware) != nil)
    let text = Array("MAC-QCA7005-9.9.9.9-01-NEW".utf8)
    let firmware = ParameterFixture.chain([(0x04, text + [UInt8](repeating: 0, count: 4096 - text.count))])
    rig.progress = []
    let writing = WriteModule(
      driver: driver, module: .firmware, octets: firmware, transport: .pieces, session: 3)
    #expect(rig.run(writing)?.outcome?.octets == firmware.count)
    let written = rig.progress.filter { $0.phase == .writing }.map(\.done)
    #expect(written == written.sorted() && written.first == 0 && written.count > 3)
    #expect(rig.run(FindModem())?.outcome?.identity.firmware == "MAC-QCA7005-9.9.9.9-01-NEW")
  }

  /// What a line may do to frames, and frames of every kind at any time: every task ends, and nothing traps.
  @Test func any_frames_at_any_time_end_every_task() {
    let seed = UInt64.random(in: 0...UInt64.max)
    var generator = SeededGenerator(seed: seed)
    let driver = ModemDriver(.qualcomm)
    for _ in 0..<60 {
      #expect(Self.ends(FindModem(), &generator), "seed \(seed)")
      #expect(Self.ends(SetKey(driver: driver, key: TaskRig.key(1)), &generator), "seed \(seed)")
      #expect(
        Self.ends(SetKey(driver: driver, key: TaskRig.key(1), formsNetwork: true), &generator), "seed \(seed)"
      )
      #expect(Self.ends(ResetModem(driver: driver), &generator), "seed \(seed)")
      #expect(Self.ends(AskNetworks(driver: driver), &generator), "seed \(seed)")
      #expect(Self.ends(AskLink(driver: driver), &generator), "seed \(seed)")
      #expect(Self.ends(ReadModule(driver: driver, module: .parameters), &generator), "seed \(seed)")
    }
  }

  private static func ends(_ dialogue: some ModemDialogue, _ generator: inout SeededGenerator) -> Bool {
    var task = ModemTask(dialogue)
    var now = Instant.zero
    task.handle(.start, at: now) { _ in }
    for _ in 0..<20_000 where !task.isEnded {
      if generator.next() % 3 == 0, let deadline = task.deadline {
        now = max(now, deadline)
        task.handle(.timeout, at: now) { _ in }
        continue
      }
      let types: [UInt16] = [
        0xA001, 0xA039, 0xA0B9, 0xA01D, 0xA025, 0xA0B1, 0x6009, 0x6049, 0x6046, 0xA069, 0xA031,
      ]
      let type = types[Int(generator.next() % UInt64(types.count))]
      var octets: [UInt8] = [2, 0, 0, 0, 0, 0xC1, 0, 0xB0, 0x52, 0, 0, 0xC1, 0x88, 0xE1]
      octets += [type >= 0xA000 ? 0 : type == 0x6049 ? 2 : 1, UInt8(type & 0xFF), UInt8(type >> 8)]
      octets += type >= 0xA000 ? [0x00, 0xB0, 0x52] : [0, 0]
      octets += (0..<Int(generator.next() % 200)).map { _ in
        generator.next() % 2 == 0 ? 0 : UInt8(truncatingIfNeeded: generator.next())
      }
      guard let frame = try? ManagementFrame(parsing: octets.span.bytes) else { continue }
      task.handle(.received(frame), at: now) { _ in }
    }
    return task.isEnded
  }
}
