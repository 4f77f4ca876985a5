public import HomePlug
public import Wire

/// Writes a module into a modem, proves that it arrived, has it stored, waits for the restart and reads it again.
///
///     write --> read back --> commit --> wait [--> reset --> wait] --> read back --> done
///
/// A modem that never restarted would show what was written although it is not in flash: where the commit was not
/// confirmed, or the modem never fell silent behind it, it is reset before the last reading.
///
/// Until the commit nothing of it is in flash: a failure before leaves the modem as it was, after a reset.
public struct WriteModule: ModemDialogue {
  public typealias Outcome = ModuleWriting

  private enum State {
    case opening, writing
    /// Read back before the commit, and after the restart.
    case checking(ReadModule)
    case committing, leaving, returning
    case resetting(ResetModem)
    case verifying(ReadModule)
  }

  private let driver: ModemDriver
  private let module: ModemModule
  private let transport: ModuleTransport
  private let octets: [UInt8]
  private let session: UInt32
  private let checksBeforeCommit: Bool
  private let writtenAddress: MACAddress?
  /// A commit is repeated so often.
  static let commitsMax = 3

  private var state = State.opening
  private var commits = 0
  /// The commit was confirmed.
  private var isCommitted = false
  /// The modem was silent after the commit.
  private var wasAway = false
  private var done = 0
  private var back: AwaitReturn
  private var committedAt = Instant.zero
  private var restart: Duration = .zero

  /// `transport` is what reading the module has shown to work; `session` is any number for VS_MODULE_OPERATION.
  /// Without `checksBeforeCommit` the octets are read back after the restart only, for firmware that shows what is in
  /// flash until then.
  public init(
    driver: ModemDriver, module: ModemModule, octets: [UInt8], transport: ModuleTransport, session: UInt32,
    checksBeforeCommit: Bool = true
  ) {
    self.driver = driver
    self.module = module
    self.octets = octets
    self.transport = transport
    self.session = session
    // A session has checksums of its own, and shows nothing before it is closed.
    self.checksBeforeCommit = checksBeforeCommit && transport == .pieces
    back = AwaitReturn(driver: driver)
    let address = module == .parameters ? (try? ParameterFile(octets))?.block.address : nil
    writtenAddress = address.flatMap { $0.isGroup || $0 == .zero ? nil : $0 }
  }

  public var progress: ModemProgress? {
    switch state {
    case .opening, .writing: ModemProgress(.writing, done: done, total: octets.count)
    case .checking(let reading), .verifying(let reading): reading.progress
    case .committing: ModemProgress(.committing)
    case .leaving, .returning, .resetting: ModemProgress(.restarting)
    }
  }

  /// Its address is in the parameter block, and in effect once the block is stored.
  public var newAddress: MACAddress? {
    switch state {
    case .opening, .writing, .checking: nil
    // A commit that is repeated may have been taken.
    case .committing: commits > 1 ? writtenAddress : nil
    case .leaving, .returning, .resetting, .verifying: writtenAddress
    }
  }

  public mutating func begin(at now: Instant) -> ModemStep<ModuleWriting> {
    if let limit = driver.limit(onReading: module) { return .fail(.cannotAsk(module.ability, limit)) }
    guard !octets.isEmpty, octets.count <= module.octetsMax else {
      return .fail(.tooLarge(octets: octets.count))
    }
    switch transport {
    case .pieces: return writeNext(at: now)
    case .operations:
      let entry = VS_MODULE_OPERATION_REQ.Module(
        module: module.identifier, length: UInt32(octets.count), checksum: ModuleChecksum.of(octets))
      return ask(.moduleOperationReq(.start(session: session, modules: [entry])))
    }
  }

  private func ask(_ message: QualcommMessage) -> ModemStep<ModuleWriting> {
    .ask(.qualcomm(message), .writing)
  }

  private mutating func writeNext(at now: Instant) -> ModemStep<ModuleWriting> {
    let piece = Array(octets[done..<min(done + transport.pieceMax, octets.count)])
    guard !piece.isEmpty else { return checksBeforeCommit ? check(at: now) : commit() }
    state = .writing
    switch transport {
    case .pieces:
      return driver.ask(
        .writeModule(module.number, offset: UInt32(done), ModuleData(piece)), for: module.ability, .writing)
    case .operations:
      let range = ModuleRange(module: module.identifier, length: UInt16(piece.count), offset: UInt32(done))
      return ask(
        .moduleOperationReq(.write(session: session, index: 0, range, data: ModuleData(piece))))
    }
  }

  public mutating func take(
    _ message: ManagementMessage, from source: MACAddress, at now: Instant
  ) -> ModemStep<ModuleWriting>? {
    switch state {
    case .opening:
      guard case .qualcomm(.moduleOperationCnf(let answer)) = message, case .start = answer.operation else {
        return nil
      }
      if let failure = answer.failure { return .fail(.refused(.VS_MODULE_OPERATION_REQ, status: failure)) }
      return writeNext(at: now)
    case .writing: return written(message, at: now)
    case .checking(var reading):
      guard let step = reading.take(message, from: source, at: now) else { return nil }
      state = .checking(reading)
      return follow(step, at: now)
    case .committing: return committed(message, at: now)
    case .leaving: return nil
    case .returning:
      guard back.take(message, from: source) else { return nil }
      restart = now - committedAt
      if isCommitted, wasAway { return verify(at: now) }
      var reset = ResetModem(driver: driver)
      let step = reset.begin(at: now)
      state = .resetting(reset)
      return follow(step, at: now)
    case .resetting(var reset):
      guard let step = reset.take(message, from: source, at: now) else { return nil }
      state = .resetting(reset)
      return follow(step, at: now)
    case .verifying(var reading):
      guard let step = reading.take(message, from: source, at: now) else { return nil }
      state = .verifying(reading)
      return follow(step, at: now)
    }
  }

  private mutating func written(_ message: ManagementMessage, at now: Instant) -> ModemStep<ModuleWriting>? {
    let length = min(transport.pieceMax, octets.count - done)
    switch message {
    case .qualcomm(.writeModuleCnf(let answer)) where transport == .pieces:
      if answer.status != 0 { return .fail(.refused(.VS_WR_MOD_REQ, status: UInt32(answer.status))) }
      // Anything else confirms a request that was repeated.
      guard Int(clamping: answer.offset) == done, Int(answer.length) == length else { return nil }
    case .qualcomm(.moduleOperationCnf(let answer)) where transport == .operations:
      guard case .write(_, _, let range) = answer.operation else { return nil }
      if let failure = answer.failure { return .fail(.refused(.VS_MODULE_OPERATION_REQ, status: failure)) }
      guard Int(clamping: range.offset) == done else { return nil }
    default: return nil
    }
    done += length
    return writeNext(at: now)
  }

  private func reader(_ phase: ModemProgress.Phase) -> ReadModule {
    ReadModule(
      driver: driver, module: module, transports: [transport], phase: phase, total: octets.count,
      fromFlash: phase == .verifying)
  }

  private mutating func verify(at now: Instant) -> ModemStep<ModuleWriting> {
    var reading = reader(.verifying)
    let step = reading.begin(at: now)
    state = .verifying(reading)
    return follow(step, at: now)
  }

  /// What a reset wants; what comes behind it.
  private mutating func follow(_ step: ModemStep<Duration>, at now: Instant) -> ModemStep<ModuleWriting> {
    switch step {
    case .ask(let message, let patience, let version): return .ask(message, patience, version: version)
    case .wait(let duration): return .wait(duration)
    case .fail(let failure): return .fail(failure)
    case .end(let duration):
      restart = max(restart, duration)
      return verify(at: now)
    }
  }

  private mutating func check(at now: Instant) -> ModemStep<ModuleWriting> {
    var reading = reader(.reading)
    let step = reading.begin(at: now)
    state = .checking(reading)
    return follow(step, at: now)
  }

  /// What a reading wants, or what it found.
  private mutating func follow(_ step: ModemStep<ModuleImage>, at now: Instant) -> ModemStep<ModuleWriting> {
    switch step {
    case .ask(let message, let patience, let version): return .ask(message, patience, version: version)
    case .wait(let duration): return .wait(duration)
    case .fail(let failure): return .fail(failure)
    case .end(let image):
      if let difference = Self.difference(image.data.octets, octets) {
        return .fail(.differs(at: difference))
      }
      if case .checking = state { return commit() }
      return .end(ModuleWriting(octets: octets.count, restart: restart))
    }
  }

  /// The first octet that differs. A modem may keep more than was written; fewer are a difference.
  private static func difference(_ found: [UInt8], _ wanted: [UInt8]) -> Int? {
    for index in wanted.indices where index >= found.count || found[index] != wanted[index] { return index }
    return nil
  }

  private mutating func commit() -> ModemStep<ModuleWriting> {
    state = .committing
    commits += 1
    switch transport {
    case .pieces:
      return driver.ask(.commitModule(module.number), for: module.ability, ModemPatience(.seconds(5)))
    case .operations:
      return .ask(
        .qualcomm(.moduleOperationReq(.close(session: session, []))), ModemPatience(.seconds(5)))
    }
  }

  private mutating func committed(_ message: ManagementMessage, at now: Instant) -> ModemStep<ModuleWriting>?
  {
    switch message {
    case .qualcomm(.commitModuleCnf(let status, _)) where transport == .pieces:
      if status != 0 { return uncommitted(.refused(.VS_MOD_NVM_REQ, status: UInt32(status)), at: now) }
    case .qualcomm(.moduleOperationCnf(let answer)) where transport == .operations:
      guard case .close = answer.operation else { return nil }
      if let failure = answer.failure {
        return uncommitted(.refused(.VS_MODULE_OPERATION_REQ, status: failure), at: now)
      }
    default: return nil
    }
    isCommitted = true
    return leave(at: now)
  }

  /// A second commit is refused where the first one was taken and its confirmation got lost: flash will tell.
  private mutating func uncommitted(
    _ failure: ModemTaskFailure, at now: Instant
  ) -> ModemStep<ModuleWriting> { commits > 1 ? leave(at: now) : .fail(failure) }

  private mutating func leave(at now: Instant) -> ModemStep<ModuleWriting> {
    state = .leaving
    committedAt = now
    return .wait(back.begin(at: now))
  }

  public mutating func goOn(after pause: ModemPause, at now: Instant) -> ModemStep<ModuleWriting> {
    switch state {
    case .opening, .writing: return .fail(pause.failure)
    case .checking(var reading):
      let step = reading.goOn(after: pause, at: now)
      state = .checking(reading)
      return follow(step, at: now)
    case .committing:
      // It may have restarted before its confirmation was out; reading it back will tell.
      if case .unanswered = pause { return commits < Self.commitsMax ? commit() : leave(at: now) }
      return .fail(pause.failure)
    case .resetting(var reset):
      let step = reset.goOn(after: pause, at: now)
      state = .resetting(reset)
      return follow(step, at: now)
    case .leaving, .returning:
      if case .returning = state { wasAway = true }
      state = .returning
      guard let request = back.next(at: now) else { return .fail(.noReturn(after: now - committedAt)) }
      return .ask(request, AwaitReturn.patience)
    case .verifying(var reading):
      let step = reading.goOn(after: pause, at: now)
      state = .verifying(reading)
      return follow(step, at: now)
    }
  }
}

/// A module that is stored and was read back.
public struct ModuleWriting: Hashable, Sendable {
  public var octets: Int
  /// From the commit to the first answer after it.
  public var restart: Duration
}

extension WriteModule: CustomStringConvertible, CustomDebugStringConvertible {
  /// Without the octets: keys are in a parameter block.
  public var description: String { "writing \(module.rawValue), \(octets.count) octets" }
  public var debugDescription: String { description }
}

#if !hasFeature(Embedded)
  extension WriteModule: CustomReflectable {
    public var customMirror: Mirror { Mirror(self, children: [:]) }
  }
  extension ReadModule: CustomReflectable {
    public var customMirror: Mirror { Mirror(self, children: [:]) }
  }
#endif
