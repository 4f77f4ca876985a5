import HomePlug
import PLCModem
import SimulatedHardware
import Testing
import Wire

/// Parameter block and firmware of a simulated QCA700x, read and written as tools do it.
@Suite struct SimulatedModuleTests {
  private let driver = ModemDriver(.qualcomm)

  /// A module in pieces; `nil` where one is refused.
  private func read(_ module: ModuleNumber, _ rig: inout ModemRig) -> [UInt8]? {
    var octets: [UInt8] = []
    while true {
      let request = ModemRequest.readModule(module, offset: UInt32(octets.count), length: 1024)
      guard case .module(let piece)? = rig.ask(request, driver), piece.status == 0,
        ModuleChecksum.of(piece.data.octets) == piece.checksum
      else { return nil }
      octets += piece.data.octets
      if piece.data.count < 1024 { return octets }
    }
  }

  private func write(_ octets: [UInt8], to module: ModuleNumber, _ rig: inout ModemRig) -> Bool {
    for offset in stride(from: 0, to: octets.count, by: 1024) {
      let piece = ModuleData(Array(octets[offset..<min(offset + 1024, octets.count)]))
      let request = ModemRequest.writeModule(module, offset: UInt32(offset), piece)
      guard case .moduleWritten(let written)? = rig.ask(request, driver), written.status == 0 else {
        return false
      }
    }
    return true
  }

  private func operate(
    _ request: VS_MODULE_OPERATION_REQ, _ rig: inout ModemRig
  ) -> VS_MODULE_OPERATION_CNF? {
    let answers = rig.send(.qualcomm(.moduleOperationReq(request)))
    if case .qualcomm(.moduleOperationCnf(let confirmation))? = answers.first { return confirmation }
    return nil
  }

  private func readChain(
    _ module: ModuleIdentifier, fromFlash: Bool = false, _ rig: inout ModemRig
  ) -> [UInt8]? {
    var octets: [UInt8] = []
    while true {
      let range = ModuleRange(module: module, length: 1400, offset: UInt32(octets.count))
      guard let answer = operate(.read(range, fromFlash: fromFlash), &rig), answer.status == 0,
        case .read(let found, _, let data) = answer.operation, found.offset == range.offset
      else { return nil }
      octets += data.octets
      if data.count < 1400 { return octets }
    }
  }

  private func writeChain(
    _ octets: [UInt8], as module: ModuleIdentifier, _ code: VS_MODULE_OPERATION_REQ.CommitCode,
    _ rig: inout ModemRig
  ) -> VS_MODULE_OPERATION_CNF? {
    let entry = VS_MODULE_OPERATION_REQ.Module(
      module: module, length: UInt32(octets.count), checksum: ModuleChecksum.of(octets))
    guard operate(.start(session: 5, modules: [entry]), &rig)?.status == 0 else { return nil }
    for offset in stride(from: 0, to: octets.count, by: 1400) {
      let piece = Array(octets[offset..<min(offset + 1400, octets.count)])
      let range = ModuleRange(module: module, length: UInt16(piece.count), offset: UInt32(offset))
      let request = VS_MODULE_OPERATION_REQ.write(session: 5, index: 0, range, data: ModuleData(piece))
      guard operate(request, &rig)?.status == 0 else { return nil }
    }
    return operate(.close(session: 5, code), &rig)
  }

  // MARK: parameter block

  @Test func the_block_has_the_facts_of_a_QCA700x() throws {
    var rig = ModemRig()
    let block = try #require(read(.parameters, &rig))
    #expect(block.count == 0x1F90)
    #expect(block[..<12].allSatisfy { $0 == 0 }, "new format")
    #expect(Array(block[0x0C..<0x12]) == ModemRig.modems[1].octets)
    #expect(block[0xF4] == 2 && block[0x1653] == 2)
    #expect(Array(block[0x1C98..<0x1CA0]) == [0x00, 0x28, 0, 0, 0x00, 0x90, 0x01, 0])
    #expect(rig.line.parameters(ofPort: 1) == block)
    #expect(rig.line.parameters(ofPort: 0)[0xF4] == 1 && rig.line.parameters(ofPort: 0)[0x1653] == 1)
    #expect(rig.ask(.role(.slacMode), driver) == .role(.slacMode, .evse))
    #expect(rig.ask(.role(.coordinatorSelection), driver) == .role(.coordinatorSelection, .evse))
    #expect(rig.ask(.role(.slacMode), driver, port: 0) == .role(.slacMode, .ev))
  }

  @Test func faults_show_in_the_block() {
    var off = ModemRig(faults: [.slacOff])
    #expect(off.ask(.role(.slacMode), driver) == .role(.slacMode, nil))
    var never = ModemRig(faults: [.neverCoordinates])
    #expect(never.ask(.role(.coordinatorSelection), driver) == .role(.coordinatorSelection, .ev))
    var without = ModemRig(faults: [.withoutSLAC])
    #expect((read(.parameters, &without)?.count ?? 0) < 0x1653)
  }

  @Test func the_chain_has_headers_and_checksums() throws {
    var rig = ModemRig()
    let chain = try #require(readChain(.parameters, &rig))
    let block = try #require(read(.parameters, &rig))
    func word(_ at: Int) -> UInt32 { (0..<4).reduce(0) { $0 | UInt32(chain[at + $1]) << UInt32(8 * $1) } }
    #expect(chain.count == 0x3C0 + 0x1F90)
    for (header, next) in [(0, UInt32(0x360)), (0x360, .max)] {
      #expect(word(header) == 0x0001_0001)
      #expect(word(header + 0x1C) == next)
      #expect(word(header + 0x5C) == ModuleChecksum.of(chain[header..<header + 0x5C]))
      let image = chain[Int(word(header + 8))..<Int(word(header + 8) + word(header + 0x10))]
      #expect(word(header + 0x14) == ModuleChecksum.of(image))
    }
    #expect(word(0x24) == 0x0E && word(0x360 + 0x24) == 0x0F)
    #expect(Array(chain[0x3C0...]) == block)
    #expect(readChain(.parameters, fromFlash: true, &rig) == chain)
  }

  @Test func a_written_role_takes_effect_after_commit_and_restart() throws {
    var rig = ModemRig(restart: .seconds(2))
    var block = try #require(read(.parameters, &rig))
    block[0xF4] = 1
    block[0x1653] = 1
    #expect(write(block, to: .parameters, &rig))
    #expect(read(.parameters, &rig) == block, "what waits is read back")
    #expect(rig.sound().count == 1, "not in effect")
    #expect(rig.ask(.commitModule(.parameters), driver) == .moduleCommitted(.parameters, accepted: true))
    #expect(rig.ask(.role(.slacMode), driver) == nil, "it restarts")
    rig.pass(.seconds(2))
    #expect(rig.ask(.role(.slacMode), driver) == .role(.slacMode, .ev))
    #expect(rig.sound().isEmpty)
    #expect(rig.ask(.factoryDefaults, driver) == .factoryDefaults(accepted: true))
    rig.pass(.seconds(2))
    #expect(rig.sound().count == 1)
  }

  @Test func what_is_not_committed_is_gone_after_a_restart() throws {
    var rig = ModemRig()
    let before = try #require(read(.parameters, &rig))
    #expect(write([UInt8](repeating: 0xEE, count: 2048), to: .parameters, &rig))
    #expect(read(.parameters, &rig) != before)
    _ = rig.ask(.reset, driver)
    #expect(read(.parameters, &rig) == before)
  }

  @Test func a_new_address_and_key_come_with_the_block() throws {
    var rig = ModemRig()
    var block = try #require(read(.parameters, &rig))
    let address = MACAddress(0x00B0_5200_0ABC)
    block.replaceSubrange(0x0C..<0x12, with: address.octets)
    block.replaceSubrange(0x64..<0x74, with: [UInt8](repeating: 7, count: 16))
    #expect(write(block, to: .parameters, &rig))
    _ = rig.ask(.commitModule(.parameters), driver)
    rig.heard = []
    rig.send(.softwareVersionReq)
    #expect(rig.heard.first?.frame.source == address)
    #expect(rig.line.network(ofPort: 1) != nil)
  }

  @Test func pieces_that_cannot_be_are_refused() {
    var rig = ModemRig()
    func status(_ request: ModemRequest) -> UInt8? {
      switch rig.ask(request, driver) {
      case .module(let piece): piece.status
      case .moduleWritten(let written): written.status
      case .moduleCommitted(_, let accepted): accepted ? 0 : 1
      default: nil
      }
    }
    let unknown = ModuleNumber(rawValue: 9)
    #expect(status(.readModule(unknown, offset: 0, length: 16)) != 0)
    #expect(status(.readModule(.parameters, offset: 0x1F91, length: 16)) != 0)
    #expect(status(.readModule(.parameters, offset: .max, length: 1024)) != 0)
    #expect(status(.readModule(.parameters, offset: 0, length: 1025)) != 0)
    #expect(status(.readModule(.parameters, offset: 0x1F90, length: 16)) == 0, "the end, empty")
    #expect(status(.writeModule(.firmware, offset: 4, ModuleData([1, 2, 3, 4]))) != 0, "a hole before it")
    #expect(status(.writeModule(unknown, offset: 0, ModuleData([1, 2, 3, 4]))) != 0)
    #expect(status(.commitModule(.firmware)) != 0, "nothing was written")
    #expect(status(.commitModule(unknown)) != 0)
    let wrong = VS_WR_MOD_REQ(module: .parameters, offset: 0, checksum: 1, data: ModuleData([1, 2, 3, 4]))
    guard case .qualcomm(.writeModuleCnf(let answer))? = rig.send(.qualcomm(.writeModuleReq(wrong))).first
    else {
      Issue.record("no answer")
      return
    }
    #expect(answer.status != 0, "checksum")
  }

  @Test func flash_may_fail_or_lie() throws {
    var failing = ModemRig(faults: [.flashFails])
    let block = try #require(read(.parameters, &failing))
    #expect(write(block, to: .parameters, &failing))
    #expect(
      failing.ask(.commitModule(.parameters), driver) == .moduleCommitted(.parameters, accepted: false))
    var lying = ModemRig(faults: [.flashFlips])
    #expect(write(block, to: .parameters, &lying))
    #expect(lying.ask(.commitModule(.parameters), driver) == .moduleCommitted(.parameters, accepted: true))
    #expect(read(.parameters, &lying) != block)
  }

  // MARK: firmware and sessions

  /// The delivered firmware with another version in front.
  private func otherFirmware(_ rig: inout ModemRig) throws -> [UInt8] {
    var chain = try #require(readChain(.firmware, &rig))
    let header = 0x360
    let image = 0x3C0
    chain.replaceSubrange(image..<image + 64, with: [UInt8](repeating: 0, count: 64))
    let text = Array("MAC-QCA7005-1.2.3.800-05-20200101-CS".utf8)
    chain.replaceSubrange(image..<image + text.count, with: text)
    func store(_ word: UInt32, at offset: Int) {
      for index in 0..<4 { chain[offset + index] = UInt8(truncatingIfNeeded: word >> UInt32(8 * index)) }
    }
    store(ModuleChecksum.of(chain[image...]), at: header + 0x14)
    store(ModuleChecksum.of(chain[header..<header + 0x5C]), at: header + 0x5C)
    return chain
  }

  private func version(_ rig: inout ModemRig) -> String? {
    rig.send(.softwareVersionReq).first.flatMap {
      QualcommModem().identity(in: $0, from: ModemRig.modems[1])?.firmware
    }
  }

  @Test func new_firmware_runs_after_a_session_or_a_commit() throws {
    for bySession in [true, false] {
      var rig = ModemRig()
      let chain = try otherFirmware(&rig)
      #expect(version(&rig) == "MAC-QCA7005-1.1.0.730-04-SIMULATED")
      if bySession {
        let closed = try #require(writeChain(chain, as: .firmware, [], &rig))
        #expect(closed.status == 0)
      } else {
        #expect(write(chain, to: .firmware, &rig))
        #expect(rig.ask(.commitModule(.firmware), driver) == .moduleCommitted(.firmware, accepted: true))
      }
      #expect(version(&rig) == "MAC-QCA7005-1.2.3.800-05-20200101-CS")
    }
  }

  @Test func a_session_may_leave_the_restart_to_the_host() throws {
    var rig = ModemRig()
    let chain = try otherFirmware(&rig)
    #expect(writeChain(chain, as: .firmware, [.noReset], &rig)?.status == 0)
    #expect(version(&rig) == "MAC-QCA7005-1.1.0.730-04-SIMULATED")
    #expect(readChain(.firmware, fromFlash: true, &rig) == chain)
    _ = rig.ask(.reset, driver)
    #expect(version(&rig) == "MAC-QCA7005-1.2.3.800-05-20200101-CS")
  }

  @Test func a_damaged_module_is_refused_at_the_end_of_its_session() throws {
    var rig = ModemRig()
    var chain = try otherFirmware(&rig)
    chain[chain.count - 1] ^= 1
    let closed = try #require(writeChain(chain, as: .firmware, [], &rig))
    #expect(closed.status != 0)
    guard case .close(_, _, let modules) = closed.operation else { return }
    #expect(modules.count == 1 && modules[0].status != 0)
    #expect(version(&rig) == "MAC-QCA7005-1.1.0.730-04-SIMULATED")
  }

  @Test func a_block_written_as_the_factorys_survives_factory_defaults() throws {
    var rig = ModemRig()
    var block = try #require(read(.parameters, &rig))
    block[0x74] = 0x58
    // The chain with the block in its image, sealed anew.
    var chain = try #require(readChain(.parameters, &rig))
    chain.replaceSubrange(0x3C0..., with: block)
    func store(_ word: UInt32, at offset: Int) {
      for index in 0..<4 { chain[offset + index] = UInt8(truncatingIfNeeded: word >> UInt32(8 * index)) }
    }
    store(ModuleChecksum.of(block), at: 0x360 + 0x14)
    store(ModuleChecksum.of(chain[0x360..<0x360 + 0x5C]), at: 0x360 + 0x5C)
    #expect(writeChain(chain, as: .parameters, [.factoryParameters], &rig)?.status == 0)
    _ = rig.ask(.factoryDefaults, driver)
    #expect(read(.parameters, &rig) == block)
  }

  @Test func a_session_takes_what_it_announced_and_no_more() {
    var rig = ModemRig()
    func start(_ length: UInt32, _ module: ModuleIdentifier = .parameters, count: Int = 1) -> UInt16? {
      let entry = VS_MODULE_OPERATION_REQ.Module(module: module, length: length, checksum: 0)
      return operate(
        .start(session: 5, modules: [VS_MODULE_OPERATION_REQ.Module](repeating: entry, count: count)), &rig)?
        .status
    }
    func write(_ session: UInt32, _ index: UInt8, at offset: UInt32, count: Int) -> UInt16? {
      let range = ModuleRange(module: .parameters, length: UInt16(count), offset: offset)
      let data = ModuleData([UInt8](repeating: 1, count: count))
      return operate(.write(session: session, index: index, range, data: data), &rig)?.status
    }
    #expect(start(.max) != 0 && start(8, ModuleIdentifier(module: 1)) != 0)
    #expect(start(8, count: 0) != 0 && start(8, count: 5) != 0)
    #expect(write(5, 0, at: 0, count: 4) != 0, "no session")
    #expect(start(8) == 0)
    #expect(write(6, 0, at: 0, count: 4) != 0, "another session")
    #expect(write(5, 1, at: 0, count: 4) != 0, "another module")
    #expect(write(5, 0, at: 4, count: 4) != 0, "a hole before it")
    #expect(write(5, 0, at: 0, count: 4) == 0)
    #expect(write(5, 0, at: 0, count: 4) == 0, "repeated")
    #expect(write(5, 0, at: 4, count: 5) != 0, "more than announced")
    #expect(rig.line.octetsWritten(toPort: 1) == 4)
  }
}
