import HomePlug
import PLCModem
import SimulatedHardware
import Testing
import Wire

@Suite struct FindModemTests {
  @Test func a_qualcomm_modem_is_found_by_its_own_question() throws {
    var rig = TaskRig()
    let found = try #require(rig.run(FindModem())?.outcome)
    #expect(found.driver.vendor == .qualcomm)
    #expect(found.identity.address == MACAddress(0x00B0_5200_00C1))
    #expect(found.identity.firmware.hasPrefix("MAC-QCA7005"))
    #expect(rig.now < .zero + .milliseconds(500))
  }

  @Test func a_modem_that_knows_no_vendor_messages_is_generic() throws {
    var rig = TaskRig()
    rig.swallows = { $0.type.isVendor }
    let found = try #require(rig.run(FindModem())?.outcome)
    #expect(found.identity == ModemIdentity(vendor: .generic, address: MACAddress(0x00B0_5200_00C1)))
    #expect(rig.now < .zero + .seconds(2))
  }

  @Test func silence_means_that_there_is_no_modem_and_takes_less_than_two_seconds() {
    var rig = TaskRig()
    rig.swallows = { _ in true }
    #expect(rig.run(FindModem())?.failure == .noModem)
    #expect(rig.now > .zero && rig.now < .zero + .seconds(2))
  }

  @Test func an_answer_that_comes_while_another_vendor_is_asked_decides() {
    var task = ModemTask(FindModem())
    var now = Instant.zero
    var found: FoundModem?
    task.handle(.start, at: now) { _ in }
    while let deadline = task.deadline, now < .zero + .milliseconds(400) {
      now = deadline
      task.handle(.timeout, at: now) { _ in }
    }
    let answer = VS_SW_VER_CNF(deviceClass: 0x22, version: Array("MAC-QCA7005-1".utf8))
    let frame = ManagementFrame(
      destination: TaskRig.host, source: MACAddress(0xC1), message: .softwareVersionCnf(answer))
    task.handle(.received(frame), at: now) { if case .ended(let result) = $0 { found = result.outcome } }
    #expect(found?.driver.vendor == .qualcomm)
    #expect(found?.identity.chip == "QCA7005")
  }

  @Test func a_lost_answer_is_asked_for_again() throws {
    var rig = TaskRig()
    var losses = 1
    rig.loses = { _ in
      losses -= 1
      return losses >= 0
    }
    #expect(rig.run(FindModem())?.outcome?.driver.vendor == .qualcomm)
  }
}

@Suite struct ModemTaskTests {
  /// Asks for the link, once.
  private struct Question: ModemDialogue {
    var patience = ModemPatience(.seconds(1), attempts: 3)
    mutating func begin(at now: Instant) -> ModemStep<Bool> { .ask(.linkStatusReq, patience) }
    mutating func take(_ message: ManagementMessage, from: MACAddress, at now: Instant) -> ModemStep<Bool>? {
      if case .linkStatusCnf(let status) = message { .end(status.isUp) } else { nil }
    }
    mutating func goOn(after pause: ModemPause, at now: Instant) -> ModemStep<Bool> {
      switch pause {
      case .unanswered(let type, let attempts): .fail(.noAnswer(type, attempts: attempts))
      case .notUnderstood(let type, let reason): .fail(.notUnderstood(type, reason: reason))
      case .waited: .fail(.noModem)
      }
    }
  }

  private static let modem = MACAddress(0x00B0_5200_00C1)

  private static func answer(from source: MACAddress, _ message: ManagementMessage) -> ManagementFrame {
    ManagementFrame(destination: TaskRig.host, source: source, message: message)
  }

  @Test func a_question_is_put_three_times_and_then_given_up() {
    var rig = TaskRig()
    rig.swallows = { _ in true }
    #expect(rig.run(Question())?.failure == .noAnswer(.VS_PL_LNK_STATUS_REQ, attempts: 3))
    #expect(rig.sent.map(\.at) == [.zero, .zero + .seconds(1), .zero + .seconds(2)])
    #expect(rig.now == .zero + .seconds(3))
  }

  @Test func an_early_late_or_repeated_timeout_and_a_second_start_are_harmless() {
    var task = ModemTask(Question())
    var sent = 0
    func count(_ action: ModemTask<Question>.Action) { if case .send = action { sent += 1 } }
    task.handle(.timeout, at: .zero, perform: count)
    task.handle(.start, at: .zero, perform: count)
    task.handle(.start, at: .zero, perform: count)
    task.handle(.timeout, at: .zero + .milliseconds(999), perform: count)
    #expect(sent == 1)
    task.handle(.timeout, at: .zero + .seconds(9), perform: count)
    #expect(sent == 2)
    var ends = 0
    for _ in 0..<3 {
      task.handle(
        .received(Self.answer(from: Self.modem, .linkStatusCnf(VS_PL_LNK_STATUS_CNF(linkStatus: 1)))),
        at: .zero + .seconds(9)
      ) {
        if case .ended(.success(true)) = $0 { ends += 1 }
      }
    }
    #expect(ends == 1)
    #expect(task.isEnded)
    #expect(task.deadline == nil)
  }

  @Test func only_the_modem_that_is_spoken_to_answers() {
    var task = ModemTask(Question(), destination: Self.modem)
    task.handle(.start, at: .zero) { _ in }
    for source in [MACAddress(0x00B0_5200_00E1), .broadcast] {
      task.handle(
        .received(Self.answer(from: source, .linkStatusCnf(VS_PL_LNK_STATUS_CNF(linkStatus: 1)))), at: .zero
      ) { _ in Issue.record("taken from \(source)") }
    }
    #expect(task.overheard == 2)
    #expect(!task.isEnded)
  }

  @Test func a_modem_that_does_not_know_the_request_is_not_asked_again() {
    var task = ModemTask(Question())
    task.handle(.start, at: .zero) { _ in }
    let other = CM_MME_ERROR_IND(reason: 0, version: 0, type: .VS_SW_VER_REQ, fieldOffset: 0)
    task.handle(.received(Self.answer(from: Self.modem, .mmeErrorInd(other))), at: .zero) { _ in
      Issue.record("an error about another request counted")
    }
    var failure: ModemTaskFailure?
    let error = CM_MME_ERROR_IND(reason: 0, version: 0, type: .VS_PL_LNK_STATUS_REQ, fieldOffset: 0)
    task.handle(.received(Self.answer(from: Self.modem, .mmeErrorInd(error))), at: .zero) {
      if case .ended(let result) = $0 { failure = result.failure }
    }
    #expect(failure == .notUnderstood(.VS_PL_LNK_STATUS_REQ, reason: 0))
  }
}

@Suite struct SetKeyTests {
  @Test func a_key_is_proven_by_the_network_the_modem_says_it_is_in() throws {
    var configuration = PowerLineConfiguration.pair
    configuration.modemRestart = .seconds(2)
    var rig = TaskRig(configuration)
    let key = TaskRig.key(1)
    let outcome = try #require(rig.run(SetKey(driver: ModemDriver(.qualcomm), key: key))?.outcome)
    #expect(outcome == KeyOutcome(nid: key.nid, proof: .membership, result: 1, tries: 1))
    #expect(rig.now >= .zero + .seconds(2) && rig.now < .zero + .seconds(3))
  }

  @Test(arguments: [UInt8(0), 1])
  func the_result_of_a_modem_without_a_vendor_counts_with_a_link_only(result: UInt8) throws {
    var configuration = PowerLineConfiguration.pair
    configuration.setKeyResult = result
    var rig = TaskRig(configuration)
    let key = TaskRig.key(1)
    let alone = try #require(rig.run(SetKey(driver: ModemDriver(.generic), key: key))?.outcome)
    #expect(alone.proof == .unproven(.noPeer))
    #expect(rig.now < .zero + .seconds(4))
    rig.setKey(key, port: 0)
    let joined = try #require(rig.run(SetKey(driver: ModemDriver(.generic), key: key))?.outcome)
    #expect(joined.proof == .link)
  }

  @Test func a_confirmation_without_effect_is_a_failure_after_three_tries() {
    var rig = TaskRig()
    let old = TaskRig.key(1)
    rig.setKey(old, port: 1)
    let key = TaskRig.key(2)
    // The firmware that confirms a key and stays where it is: its answer is played here.
    rig.swallows = { if case .setKeyReq = $0 { true } else { false } }
    var task = ModemTask(SetKey(driver: ModemDriver(.qualcomm), key: key))
    var now = Instant.zero
    var result: Result<KeyOutcome, ModemTaskFailure>?
    var requests = 0
    var pending: [ManagementMessage] = []
    func act(_ action: ModemTask<SetKey>.Action) {
      switch action {
      case .send(.setKeyReq, _, _):
        requests += 1
        pending.append(.setKeyCnf(CM_SET_KEY_CNF(result: 1)))
      case .send: pending.append(.networkInfoCnf(Self.member(of: old.nid)))
      case .ended(let outcome): result = outcome
      case .progress: break
      }
    }
    task.handle(.start, at: now, perform: act)
    while result == nil, now < .zero + .seconds(120) {
      while !pending.isEmpty {
        let message = pending.removeFirst()
        let frame = ManagementFrame(
          destination: TaskRig.host, source: MACAddress(0x00B0_5200_00C1), message: message)
        task.handle(.received(frame), at: now, perform: act)
      }
      guard let deadline = task.deadline else { break }
      now = deadline
      task.handle(.timeout, at: now, perform: act)
    }
    #expect(result?.failure == .keyNotTaken(wanted: key.nid, found: [old.nid]))
    #expect(requests == 3)
  }

  /// A modem that answers every question, and is in no network.
  private static func setKeyAlone(formsNetwork: Bool) -> Result<KeyOutcome, ModemTaskFailure>? {
    var task = ModemTask(
      SetKey(driver: ModemDriver(.qualcomm), key: TaskRig.key(4), formsNetwork: formsNetwork))
    var now = Instant.zero
    var result: Result<KeyOutcome, ModemTaskFailure>?
    var pending: [ManagementMessage] = []
    func act(_ action: ModemTask<SetKey>.Action) {
      switch action {
      case .send(.setKeyReq, _, _): pending.append(.setKeyCnf(CM_SET_KEY_CNF(result: 1)))
      case .send: pending.append(.networkInfoCnf(VS_NW_INFO_CNF(networks: [])))
      case .ended(let outcome): result = outcome
      case .progress: break
      }
    }
    task.handle(.start, at: now, perform: act)
    while result == nil, now < .zero + .seconds(120) {
      while !pending.isEmpty {
        let frame = ManagementFrame(
          destination: TaskRig.host, source: MACAddress(0x00B0_5200_00C1), message: pending.removeFirst())
        task.handle(.received(frame), at: now, perform: act)
      }
      guard let deadline = task.deadline else { break }
      now = deadline
      task.handle(.timeout, at: now, perform: act)
    }
    return result
  }

  @Test func a_modem_in_no_network_took_the_key_or_not_as_it_forms_one_or_not() {
    #expect(Self.setKeyAlone(formsNetwork: false)?.outcome?.proof == .unproven(.noPeer))
    #expect(
      Self.setKeyAlone(formsNetwork: true)?.failure == .keyNotTaken(wanted: TaskRig.key(4).nid, found: []))
  }

  private static func member(of nid: NID) -> VS_NW_INFO_CNF {
    VS_NW_INFO_CNF(networks: [
      VS_NW_INFO_CNF.Network(
        nid: nid, shortID: 1, tei: 1, role: 2, coordinator: MACAddress(1), coordinatorTEI: 1, stations: [])
    ])
  }

  @Test func silence_is_a_failure_after_three_tries_500_ms_apart() {
    var rig = TaskRig()
    rig.swallows = { _ in true }
    let failure = rig.run(SetKey(driver: ModemDriver(.qualcomm), key: TaskRig.key(3)))?.failure
    #expect(failure == .noAnswer(.CM_SET_KEY_REQ, attempts: 1))
    #expect(rig.sent.map(\.at) == [.zero, .zero + .milliseconds(1500), .zero + .milliseconds(3000)])
  }

  @Test func no_failure_and_no_outcome_shows_a_key() {
    let key = TaskRig.key(0x1122_3344_5566_7788)
    let task = ModemTask(SetKey(driver: ModemDriver(.qualcomm), key: key))
    var shown = String(reflecting: task)
    dump(task, to: &shown)
    #expect(!shown.contains(hexadecimal(key.nmk.key.octets)))
    #expect(!shown.contains("\(key.nmk.key.high)"))
  }
}
