import HomePlug
import PLCModem
import Testing
import Wire

@Suite struct ModuleTests {
  private static let driver = ModemDriver(.qualcomm)
  private static let file = ParameterFixture().file

  private static func octets(_ count: Int) -> [UInt8] {
    var generator = SeededGenerator(seed: UInt64(count))
    // A block of the new format begins with zeros; so it says nothing of its length.
    return (0..<count).map { $0 < 12 ? 0 : UInt8(truncatingIfNeeded: generator.next()) }
  }

  private static func write(
    _ octets: [UInt8], _ module: ModemModule = .parameters, by transport: ModuleTransport = .pieces,
    checksBeforeCommit: Bool = true
  ) -> WriteModule {
    WriteModule(
      driver: driver, module: module, octets: octets, transport: transport, session: 7,
      checksBeforeCommit: checksBeforeCommit)
  }

  // MARK: reading

  @Test(arguments: [1, 1023, 1024, 1025, 2048, 9040])
  func a_module_of_any_length_is_read_whole(count: Int) throws {
    var modem = ModulePlayer(Self.octets(count))
    let image = try #require(modem.run(ReadModule(driver: Self.driver, module: .parameters)).result?.outcome)
    #expect(image.data.octets == modem.flash)
    #expect(image.transport == .pieces)
  }

  @Test(arguments: [1, 1399, 1400, 1401, 9040])
  func a_modem_that_knows_operations_only_is_read_by_them(count: Int) throws {
    var modem = ModulePlayer(Self.octets(count))
    modem.speaksPieces = false
    let image = try #require(modem.run(ReadModule(driver: Self.driver, module: .parameters)).result?.outcome)
    #expect(image.data.octets == modem.flash)
    #expect(image.transport == .operations)
  }

  @Test(arguments: 2...5)
  func lost_answers_are_asked_for_again(every: Int) throws {
    var modem = ModulePlayer(Self.file)
    modem.losesEvery = every
    let image = try #require(modem.run(ReadModule(driver: Self.driver, module: .parameters)).result?.outcome)
    #expect(image.data.octets == Self.file)
  }

  @Test func a_piece_whose_checksum_does_not_hold_is_asked_for_again() throws {
    var modem = ModulePlayer(Self.file)
    modem.damagedAnswer = 3
    let image = try #require(modem.run(ReadModule(driver: Self.driver, module: .parameters)).result?.outcome)
    #expect(image.data.octets == Self.file)
    #expect(modem.answers == 10)
  }

  @Test(arguments: [false, true], [1, 4])
  func a_refusal_in_the_middle_is_not_the_end(isOld: Bool, piece: Int) throws {
    var octets = Self.file
    if isOld {
      octets = [1, 1, 0, 0, 0x50, 0x23] + Self.octets(9040)[6...]
    }
    var busy = ModulePlayer(octets)
    busy.refusedAnswers = [piece, piece + 1]
    let image = try #require(busy.run(ReadModule(driver: Self.driver, module: .parameters)).result?.outcome)
    #expect(image.data.octets == octets)
    var broken = ModulePlayer(octets)
    broken.refusedAnswers = Set(piece...20)
    let failure = broken.run(ReadModule(driver: Self.driver, module: .parameters)).result?.failure
    #expect(failure == .cutOff(at: piece * 1024))
  }

  @Test func a_block_that_does_not_tell_its_length_never_ends_at_a_refusal_behind_a_full_piece() {
    var modem = ModulePlayer(Self.octets(9040))
    modem.refusedAnswers = Set(7...20)
    let failure = modem.run(ReadModule(driver: Self.driver, module: .parameters)).result?.failure
    #expect(failure == .cutOff(at: 7 * 1024))
  }

  @Test(arguments: ModuleTransport.allCases)
  func a_short_piece_in_the_middle_is_not_the_end(transport: ModuleTransport) throws {
    for octets in [Self.file, Self.octets(9040)] {
      var modem = ModulePlayer(octets)
      modem.shortAnswer = 2
      let reading = ReadModule(driver: Self.driver, module: .parameters, transports: [transport])
      #expect(try #require(modem.run(reading).result?.outcome).data.octets == octets)
    }
  }

  @Test func a_modem_that_refuses_both_ways_tells_its_first_status() {
    var modem = ModulePlayer(Self.file)
    modem.status = 0x21
    modem.speaksOperations = false
    let (result, _, _) = modem.run(ReadModule(driver: Self.driver, module: .parameters))
    #expect(result?.failure == .refused(.VS_RD_MOD_REQ, status: 0x21))
  }

  @Test func a_silent_modem_is_given_up_after_two_seconds() {
    var modem = ModulePlayer(Self.file)
    modem.speaksPieces = false
    modem.speaksOperations = false
    let (result, end, _) = modem.run(ReadModule(driver: Self.driver, module: .parameters))
    #expect(result?.failure == .noAnswer(.VS_RD_MOD_REQ, attempts: 2))
    #expect(end == .zero + .seconds(2))
  }

  @Test func a_module_without_an_end_is_given_up() {
    /// Answers every offset with a full piece.
    var task = ModemTask(ReadModule(driver: Self.driver, module: .parameters))
    var failure: ModemTaskFailure?
    var pending: [UInt32] = []
    var pieces = 0
    func act(_ action: ModemTask<ReadModule>.Action) {
      switch action {
      case .send(.qualcomm(.readModuleReq(let request)), _, _): pending.append(request.offset)
      case .ended(let result): failure = result.failure
      default: break
      }
    }
    task.handle(.start, at: .zero, perform: act)
    let piece = [UInt8](repeating: 0, count: 1024)
    while failure == nil, !pending.isEmpty, pieces < 10_000 {
      pieces += 1
      let answer = VS_RD_MOD_CNF(
        module: .parameters, offset: pending.removeFirst(), checksum: ModuleChecksum.of(piece),
        data: ModuleData(piece))
      task.handle(
        .received(
          ManagementFrame(
            destination: TaskRig.host, source: ModulePlayer.address,
            message: .qualcomm(.readModuleCnf(answer)))),
        at: .zero, perform: act)
    }
    #expect(failure == .tooLarge(octets: ParameterBlock.octetsMax))
  }

  @Test(arguments: [ModemVendor.lumissil, .vertexcom, .generic])
  func a_modem_without_public_messages_for_it_is_not_asked(vendor: ModemVendor) {
    var modem = ModulePlayer(Self.file)
    let reading = modem.run(ReadModule(driver: ModemDriver(vendor), module: .parameters))
    let writing = modem.run(
      WriteModule(
        driver: ModemDriver(vendor), module: .firmware, octets: [1], transport: .pieces, session: 1))
    guard case .cannotAsk(.parameters, _) = reading.result?.failure,
      case .cannotAsk(.firmware, _) = writing.result?.failure
    else {
      Issue.record("\(String(describing: reading.result)), \(String(describing: writing.result))")
      return
    }
    #expect(modem.answers == 0)
  }

  // MARK: writing

  @Test(arguments: ModuleTransport.allCases, [1, 1024, 1400, 9040])
  func a_module_is_written_stored_and_read_back(transport: ModuleTransport, count: Int) throws {
    var modem = ModulePlayer(Self.octets(count))
    let new = Array(Self.octets(count).reversed())
    let (result, _, progress) = modem.run(Self.write(new, by: transport))
    let writing = try #require(result?.outcome)
    #expect(writing.octets == count)
    #expect(writing.restart >= .seconds(2) && writing.restart < .seconds(3))
    #expect(modem.flash == new)
    #expect(modem.commits == 1)
    var phases: [ModemProgress.Phase] = []
    for step in progress where phases.last != step.phase { phases.append(step.phase) }
    #expect(
      phases == (transport == .pieces ? [.writing, .reading] : [.writing]) + [
        .committing, .restarting, .verifying,
      ])
    #expect(progress.last == ModemProgress(.verifying, done: count, total: count))
  }

  @Test(arguments: ModuleTransport.allCases, 2...6)
  func losses_while_writing_do_no_harm(transport: ModuleTransport, every: Int) {
    var modem = ModulePlayer(Self.file)
    modem.losesEvery = every
    let new = Self.octets(Self.file.count)
    let (result, _, _) = modem.run(Self.write(new, by: transport))
    #expect(result?.outcome != nil)
    #expect(modem.flash == new)
  }

  @Test func octets_that_do_not_stick_are_found_before_anything_is_stored() {
    var modem = ModulePlayer(Self.file)
    modem.stuck = [5000, 5001]
    let new = Self.file.map { ~$0 }
    #expect(modem.run(Self.write(new)).result?.failure == .differs(at: 5000))
    #expect(modem.commits == 0)
    #expect(modem.flash == Self.file)
  }

  @Test func firmware_that_hides_writes_until_the_commit_is_written_without_the_first_reading() {
    var modem = ModulePlayer(Self.file)
    modem.hidesWrites = true
    let new = Self.octets(Self.file.count)
    #expect(modem.run(Self.write(new)).result?.failure != nil)
    #expect(modem.flash == Self.file)
    #expect(modem.run(Self.write(new, checksBeforeCommit: false)).result?.outcome != nil)
    #expect(modem.flash == new)
  }

  @Test(arguments: ModuleTransport.allCases)
  func a_commit_without_effect_is_found_after_the_restart(transport: ModuleTransport) {
    var modem = ModulePlayer(Self.file)
    modem.forgets = true
    let new = Self.file.map { ~$0 }
    #expect(modem.run(Self.write(new, by: transport)).result?.failure == .differs(at: 0))
  }

  @Test(arguments: ModuleTransport.allCases)
  func a_lost_commit_is_repeated(transport: ModuleTransport) {
    var modem = ModulePlayer(Self.file)
    modem.lostCommits = 1
    let new = Self.file.map { ~$0 }
    #expect(modem.run(Self.write(new, by: transport)).result?.outcome != nil)
    #expect(modem.flash == new)
    #expect(modem.commits == 1)
  }

  @Test(arguments: ModuleTransport.allCases)
  func commits_that_never_arrive_are_found_out_by_a_reset(transport: ModuleTransport) {
    var modem = ModulePlayer(Self.file)
    modem.lostCommits = 100
    let new = Self.file.map { ~$0 }
    #expect(modem.run(Self.write(new, by: transport)).result?.failure == .differs(at: 0))
    #expect(modem.flash == Self.file)
    #expect(modem.commits == 0)
    #expect(modem.resets == 1)
  }

  @Test(arguments: ModuleTransport.allCases)
  func a_modem_that_never_fell_silent_is_reset_before_the_last_reading(transport: ModuleTransport) {
    var modem = ModulePlayer(Self.file)
    modem.restart = .zero
    let new = Self.file.map { ~$0 }
    #expect(modem.run(Self.write(new, by: transport)).result?.outcome != nil)
    #expect(modem.resets == 2)
  }

  @Test(arguments: ModuleTransport.allCases)
  func a_refused_piece_or_commit_ends_it(transport: ModuleTransport) {
    var refusing = ModulePlayer(Self.file)
    refusing.status = 3
    let type: ManagementType = transport == .pieces ? .VS_WR_MOD_REQ : .VS_MODULE_OPERATION_REQ
    #expect(refusing.run(Self.write(Self.file, by: transport)).result?.failure == .refused(type, status: 3))
    var full = ModulePlayer(Self.file)
    full.commitStatus = 4
    let commit: ManagementType = transport == .pieces ? .VS_MOD_NVM_REQ : .VS_MODULE_OPERATION_REQ
    #expect(full.run(Self.write(Self.file, by: transport)).result?.failure == .refused(commit, status: 4))
  }

  @Test func a_modem_that_does_not_come_back_is_told() {
    var modem = ModulePlayer(Self.file)
    modem.restart = .seconds(10_000)
    let (result, end, _) = modem.run(Self.write(Self.file))
    guard case .noReturn(let after) = result?.failure else {
      Issue.record("\(String(describing: result))")
      return
    }
    #expect(after > .seconds(6) && after < .seconds(12))
    #expect(end < .zero + .seconds(20))
  }

  @Test func a_modem_that_comes_back_with_its_new_address_is_recognised() {
    var modem = ModulePlayer(Self.file)
    modem.addressAfter = MACAddress(0x02_00_00_00_00_55)
    var new = Self.octets(Self.file.count)
    new.replaceSubrange(0x0C..<0x12, with: modem.addressAfter.octets)
    #expect(modem.run(Self.write(new)).result?.outcome != nil)
  }

  @Test func nothing_shows_the_octets() {
    let key = ParameterFixture().nmk
    let writing = Self.write(Self.file)
    var shown = "\(writing)" + String(reflecting: writing)
    dump(writing, to: &shown)
    dump(ModemTask(writing), to: &shown)
    var modem = ModulePlayer(Self.file)
    if let image = modem.run(ReadModule(driver: Self.driver, module: .parameters)).result?.outcome {
      shown += "\(image)" + String(reflecting: image)
      dump(image, to: &shown)
    }
    #expect(!shown.contains(hexadecimal(key)))
    #expect(!shown.contains("163"))
  }

  /// Any message at any time: no trap, and an end.
  @Test func random_answers_end_in_a_failure_and_never_trap() {
    let seed = UInt64.random(in: 0...UInt64.max)
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<300 {
      var task = ModemTask(
        Self.write(Self.octets(3000), by: generator.next() % 2 == 0 ? .pieces : .operations))
      var now = Instant.zero
      var isOver = false
      func act(_ action: ModemTask<WriteModule>.Action) { if case .ended = action { isOver = true } }
      task.handle(.start, at: now, perform: act)
      var steps = 0
      while !isOver, steps < 5000 {
        steps += 1
        if generator.next() % 3 == 0, let deadline = task.deadline {
          now = max(now, deadline)
          task.handle(.timeout, at: now, perform: act)
        } else {
          let offset = UInt32(generator.next() % 4) * 1024
          let length = UInt16(generator.next() % 2000)
          let data = ModuleData([UInt8](repeating: 1, count: Int(length)))
          let range = ModuleRange(module: .parameters, length: length, offset: offset)
          let messages: [QualcommMessage] = [
            .writeModuleCnf(VS_WR_MOD_CNF(module: .parameters, length: length, offset: offset)),
            .writeModuleCnf(VS_WR_MOD_CNF(module: .parameters, length: 1024, offset: offset)),
            .readModuleCnf(
              VS_RD_MOD_CNF(
                module: .parameters, offset: offset, checksum: ModuleChecksum.of(data.octets), data: data)),
            .commitModuleCnf(status: 0, module: .parameters),
            .moduleOperationCnf(.init(operation: .start(session: 7, modules: []))),
            .moduleOperationCnf(.init(operation: .write(session: 7, index: 0, range))),
            .moduleOperationCnf(.init(operation: .read(range, fromFlash: false, data: data))),
            .moduleOperationCnf(.init(operation: .close(session: 7, [], modules: []))),
          ]
          let message = messages[Int(generator.next() % UInt64(messages.count))]
          let frame = ManagementFrame(
            destination: TaskRig.host, source: ModulePlayer.address, message: .qualcomm(message))
          task.handle(.received(frame), at: now, perform: act)
        }
      }
      #expect(isOver, "seed \(seed)")
    }
  }
}
