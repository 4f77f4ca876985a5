import HomePlug
import PLCModem
import Wire

/// A modem that is nothing but two modules, played by the sheet and apart from the simulated ones: memory and flash,
/// restart, and what can go wrong.
struct ModulePlayer {
  static let address = MACAddress(0x00B0_5200_00C1)

  var flash: [UInt8]
  var module = ModuleNumber.parameters
  var identifier = ModuleIdentifier.parameters
  var speaksPieces = true
  var speaksOperations = true
  /// Silent for so long after a commit.
  var restart: Duration = .seconds(2)
  /// Address after the restart.
  var addressAfter = ModulePlayer.address
  /// One of so many answers is lost; 0 loses none.
  var losesEvery = 0
  /// The answer with this number has a wrong checksum.
  var damagedAnswer: Int?
  /// Answers with these numbers refuse a read.
  var refusedAnswers: Set<Int> = []
  /// The answer with this number is half as long as asked for.
  var shortAnswer: Int?
  /// So many commits get lost on their way.
  var lostCommits = 0
  /// Octets of memory that do not take what is written to them.
  var stuck: Set<Int> = []
  /// MSTATUS of what is asked.
  var status: UInt8 = 0
  var commitStatus: UInt8 = 0
  /// Memory shows what is in flash until the commit.
  var hidesWrites = false
  /// Nothing is stored at a commit.
  var forgets = false

  private(set) var commits = 0
  private(set) var resets = 0
  private(set) var answers = 0
  private var memory: [UInt8] = []
  private var staged: [UInt8] = []
  private var silentUntil = Instant(nanoseconds: .min)
  private var hasSession = false
  private var isBack = false

  init(_ flash: [UInt8]) {
    self.flash = flash
    memory = flash
  }

  /// What is in memory and not in flash: a commit that never came leaves it there.
  var isDirty: Bool { memory != flash }

  mutating func answer(_ message: ManagementMessage, at now: Instant) -> ManagementFrame? {
    guard now >= silentUntil else { return nil }
    guard let reply = reply(message, at: now) else { return nil }
    answers += 1
    if losesEvery > 0, answers % losesEvery == 0 { return nil }
    return ManagementFrame(
      destination: TaskRig.host, source: isBack ? addressAfter : Self.address, message: reply)
  }

  private mutating func reply(_ message: ManagementMessage, at now: Instant) -> ManagementMessage? {
    switch message {
    case .softwareVersionReq:
      return .softwareVersionCnf(VS_SW_VER_CNF(deviceClass: 0x22, version: Array("MAC-QCA7005-1".utf8)))
    case .qualcomm(.readModuleReq(let request)) where speaksPieces:
      return .qualcomm(.readModuleCnf(read(request)))
    case .qualcomm(.writeModuleReq(let request)) where speaksPieces:
      let isWhole = ModuleChecksum.of(request.data.octets) == request.checksum
      if status == 0, isWhole { write(request.data.octets, at: Int(request.offset)) }
      return .qualcomm(
        .writeModuleCnf(
          VS_WR_MOD_CNF(
            status: isWhole ? status : 9, module: request.module, length: UInt16(request.data.count),
            offset: request.offset)))
    case .qualcomm(.resetReq):
      restart(at: now)
      return .qualcomm(.resetCnf(status: 0))
    case .qualcomm(.commitModuleReq), .qualcomm(.moduleOperationReq(.close)):
      guard lostCommits == 0 else {
        lostCommits -= 1
        return nil
      }
      return commitReply(message, at: now)
    case .qualcomm(.moduleOperationReq(let request)) where speaksOperations:
      return operation(request, at: now).map { .qualcomm(.moduleOperationCnf($0)) }
    default: return nil
    }
  }

  private mutating func commitReply(_ message: ManagementMessage, at now: Instant) -> ManagementMessage? {
    switch message {
    case .qualcomm(.commitModuleReq(let module)) where speaksPieces:
      if commitStatus == 0 { commit(at: now) }
      return .qualcomm(.commitModuleCnf(status: commitStatus, module: module))
    case .qualcomm(.moduleOperationReq(let request)) where speaksOperations:
      return operation(request, at: now).map { .qualcomm(.moduleOperationCnf($0)) }
    default: return nil
    }
  }

  private func read(_ request: VS_RD_MOD_REQ) -> VS_RD_MOD_CNF {
    guard !refusedAnswers.contains(answers), status == 0, request.module == module,
      Int(request.offset) <= memory.count
    else {
      return VS_RD_MOD_CNF(
        status: max(status, 0x10), module: request.module, offset: request.offset, checksum: 0,
        data: ModuleData())
    }
    let piece = Array(memory.dropFirst(Int(request.offset)).prefix(length(Int(request.length))))
    var checksum = ModuleChecksum.of(piece)
    if damagedAnswer == answers { checksum ^= 1 }
    return VS_RD_MOD_CNF(
      module: request.module, offset: request.offset, checksum: checksum, data: ModuleData(piece))
  }

  private func length(_ asked: Int) -> Int { shortAnswer == answers ? asked / 2 : asked }

  private mutating func operation(
    _ request: VS_MODULE_OPERATION_REQ, at now: Instant
  ) -> VS_MODULE_OPERATION_CNF? {
    switch request {
    case .read(let range, let fromFlash):
      guard range.module == identifier else { return nil }
      let piece = Array(memory.dropFirst(Int(range.offset)).prefix(length(Int(range.length))))
      var answered = range
      answered.length = UInt16(piece.count)
      return VS_MODULE_OPERATION_CNF(
        operation: .read(answered, fromFlash: fromFlash, data: ModuleData(piece)))
    case .start(let session, let modules):
      staged = []
      hasSession = true
      return VS_MODULE_OPERATION_CNF(
        operation: .start(
          session: session, modules: modules.map { _ in .init(status: UInt16(status)) }))
    case .write(let session, let index, let range, let data):
      if Int(range.offset) == staged.count { staged += data.octets }
      return VS_MODULE_OPERATION_CNF(operation: .write(session: session, index: index, range))
    case .close(let session, let code):
      guard hasSession else {
        return VS_MODULE_OPERATION_CNF(
          status: 0x17, operation: .close(session: session, code, modules: []))
      }
      if commitStatus == 0 {
        memory = staged
        commit(at: now)
      }
      return VS_MODULE_OPERATION_CNF(
        status: UInt16(commitStatus), operation: .close(session: session, code, modules: []))
    }
  }

  private mutating func write(_ octets: [UInt8], at offset: Int) {
    staged = staged.isEmpty ? memory : staged
    if offset + octets.count > staged.count {
      staged += [UInt8](repeating: 0, count: offset + octets.count - staged.count)
    }
    for (index, octet) in octets.enumerated() where !stuck.contains(offset + index) {
      staged[offset + index] = octet
    }
    if !hidesWrites { memory = staged }
  }

  private mutating func commit(at now: Instant) {
    commits += 1
    if !forgets { flash = staged.isEmpty ? memory : staged }
    restart(at: now)
  }

  private mutating func restart(at now: Instant) {
    resets += 1
    memory = flash
    staged = []
    hasSession = false
    isBack = true
    silentUntil = now + restart
  }

  /// Runs a dialogue with the modem to its end.
  mutating func run<Dialogue: ModemDialogue>(
    _ dialogue: Dialogue
  ) -> (result: Result<Dialogue.Outcome, ModemTaskFailure>?, end: Instant, progress: [ModemProgress]) {
    var task = ModemTask(dialogue)
    var now = Instant.zero
    var result: Result<Dialogue.Outcome, ModemTaskFailure>?
    var progress: [ModemProgress] = []
    var inbox: [ManagementFrame] = []
    var outbox: [ManagementMessage] = []
    func act(_ action: ModemTask<Dialogue>.Action) {
      switch action {
      case .send(let message, _, _): outbox.append(message)
      case .progress(let step): progress.append(step)
      case .ended(let outcome): result = outcome
      }
    }
    task.handle(.start, at: now, perform: act)
    while result == nil, now < .zero + .seconds(3600) {
      while !outbox.isEmpty {
        // As it goes over a wire, so that lengths and layouts count.
        let request = ManagementFrame(
          destination: ManagementFrame.localModem, source: TaskRig.host, message: outbox.removeFirst())
        guard let parsed = try? ManagementFrame(parsing: request.octets.span.bytes),
          let frame = answer(parsed.message, at: now),
          let heard = try? ManagementFrame(parsing: frame.octets.span.bytes)
        else { continue }
        inbox.append(heard)
      }
      if !inbox.isEmpty {
        now += .milliseconds(1)
        task.handle(.received(inbox.removeFirst()), at: now, perform: act)
        continue
      }
      guard let deadline = task.deadline else { break }
      now = max(now, deadline)
      task.handle(.timeout, at: now, perform: act)
    }
    return (result, now, progress)
  }
}
