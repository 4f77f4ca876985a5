public import HomePlug
public import Wire

/// Reads a module piece by piece up to its end: a piece shorter than asked for, or a refusal, where the module says of
/// itself that it is whole. What says nothing of its length ends where the modem has nothing more behind a short piece.
///
/// Where the modem does not know or refuses the first question, the other transport is tried.
public struct ReadModule: ModemDialogue {
  public typealias Outcome = ModuleImage

  /// A piece whose checksum does not hold is asked for so often.
  static let repetitionsMax = 3
  /// Before a refused piece is asked for again.
  static let refusalPause: Duration = .milliseconds(200)

  private let driver: ModemDriver
  private let module: ModemModule
  private let phase: ModemProgress.Phase
  private let total: Int?
  /// Where the transport can tell it from memory.
  private let fromFlash: Bool
  private var transports: [ModuleTransport]
  private var octets: [UInt8] = []
  private var repetitions = 0
  private var firstFailure: ModemTaskFailure?
  private var isPausing = false
  /// The latest piece was shorter than asked for.
  private var isBehindShortPiece = false

  public init(
    driver: ModemDriver, module: ModemModule, transports: [ModuleTransport] = [.pieces, .operations]
  ) {
    self.init(
      driver: driver, module: module, transports: transports, phase: .reading, total: nil, fromFlash: false)
  }

  init(
    driver: ModemDriver, module: ModemModule, transports: [ModuleTransport], phase: ModemProgress.Phase,
    total: Int?, fromFlash: Bool
  ) {
    self.driver = driver
    self.module = module
    self.transports = transports
    self.phase = phase
    self.total = total
    self.fromFlash = fromFlash
  }

  public var progress: ModemProgress? { ModemProgress(phase, done: octets.count, total: total) }

  public mutating func begin(at now: Instant) -> ModemStep<ModuleImage> {
    if let limit = driver.limit(onReading: module) { return .fail(.cannotAsk(module.ability, limit)) }
    return ask()
  }

  private mutating func ask() -> ModemStep<ModuleImage> {
    guard let transport = transports.first else {
      return .fail(firstFailure ?? .protocolViolation("no way to read was tried"))
    }
    guard octets.count <= module.octetsMax else { return .fail(.tooLarge(octets: module.octetsMax)) }
    let offset = UInt32(octets.count)
    // Silence to the first question is how some firmware says that it does not know it.
    let patience = octets.isEmpty ? ModemPatience(.milliseconds(500), attempts: 2) : .usual
    switch transport {
    case .pieces:
      return driver.ask(
        .readModule(module.number, offset: offset, length: VS_RD_MOD_REQ.lengthMax), for: module.ability,
        patience)
    case .operations:
      let range = ModuleRange(module: module.identifier, length: ModuleRange.lengthMax, offset: offset)
      let message = QualcommMessage.moduleOperationReq(.read(range, fromFlash: fromFlash))
      return .ask(.qualcomm(message), patience)
    }
  }

  public mutating func take(
    _ message: ManagementMessage, from source: MACAddress, at now: Instant
  ) -> ModemStep<ModuleImage>? {
    // The refusal may come twice.
    guard !isPausing else { return nil }
    switch (message, transports.first) {
    case (.qualcomm(.readModuleCnf(let answer)), .pieces):
      if answer.status != 0 { return refused(.VS_RD_MOD_REQ, UInt32(answer.status)) }
      // Anything else answers a question that was repeated.
      guard answer.module == module.number, Int(clamping: answer.offset) == octets.count else { return nil }
      guard ModuleChecksum.of(answer.data.octets) == answer.checksum else { return damaged() }
      return append(answer.data)
    case (.qualcomm(.moduleOperationCnf(let answer)), .operations):
      guard case .read(let range, _, let data) = answer.operation else { return nil }
      if let failure = answer.failure { return refused(.VS_MODULE_OPERATION_REQ, failure) }
      guard range.module == module.identifier, Int(clamping: range.offset) == octets.count else { return nil }
      return append(data)
    default: return nil
    }
  }

  private mutating func damaged() -> ModemStep<ModuleImage> {
    repetitions += 1
    guard repetitions < Self.repetitionsMax else {
      return .fail(
        .protocolViolation(
          "the checksum of the octets from 0x\(String(octets.count, radix: 16)) on does not hold"))
    }
    return ask()
  }

  private mutating func append(_ data: ModuleData) -> ModemStep<ModuleImage> {
    guard let transport = transports.first, data.count <= transport.pieceMax else {
      return .fail(.protocolViolation("more octets than were asked for"))
    }
    let isWhole = isWhole
    if data.count == 0, isWhole == false { return interrupted() }
    repetitions = 0
    octets += data.octets
    if data.count == 0 { return end(transport) }
    isBehindShortPiece = data.count < transport.pieceMax
    return isBehindShortPiece && self.isWhole == true ? end(transport) : ask()
  }

  /// Is what was read all of it? `nil` where the octets do not tell.
  private var isWhole: Bool? {
    if let total { return octets.count >= total }
    if ImageChain.begins(octets) { return ImageChain.isWhole(octets) }
    guard module == .parameters, octets.count >= 12, octets[..<12].contains(where: { $0 != 0 }) else {
      return nil
    }
    return octets.count >= Int(octets.word16(at: 4))
  }

  /// Something is missing, and the modem does not give it: it may be busy.
  private mutating func interrupted() -> ModemStep<ModuleImage> {
    repetitions += 1
    guard repetitions < Self.repetitionsMax else { return .fail(.cutOff(at: octets.count)) }
    isPausing = true
    return .wait(Self.refusalPause)
  }

  private func end(_ transport: ModuleTransport) -> ModemStep<ModuleImage> {
    .end(ModuleImage(module: module, transport: transport, data: ModuleData(octets)))
  }

  /// Behind the last octet a refusal is as good as an empty piece.
  private mutating func refused(_ type: ManagementType, _ status: UInt32) -> ModemStep<ModuleImage> {
    guard let transport = transports.first, !octets.isEmpty else {
      return tryNext(.refused(type, status: status))
    }
    return isWhole ?? isBehindShortPiece ? end(transport) : interrupted()
  }

  private mutating func tryNext(_ failure: ModemTaskFailure) -> ModemStep<ModuleImage> {
    firstFailure = firstFailure ?? failure
    transports.removeFirst()
    return ask()
  }

  public mutating func goOn(after pause: ModemPause, at now: Instant) -> ModemStep<ModuleImage> {
    if isPausing {
      isPausing = false
      return ask()
    }
    return octets.isEmpty && !transports.isEmpty ? tryNext(pause.failure) : .fail(pause.failure)
  }
}
