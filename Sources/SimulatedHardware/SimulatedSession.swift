import HomePlug
import Wire

/// Modules on their way into a modem by VS_MODULE_OPERATION, between start and close of a session.
struct SimulatedSession {
  /// Modules of a session at the most.
  static let modulesMax = 4

  let number: UInt32
  let modules: [VS_MODULE_OPERATION_REQ.Module]
  private var written: [[UInt8]]

  /// `nil` when a module is unknown, too large, or there are too many.
  init?(number: UInt32, modules: [VS_MODULE_OPERATION_REQ.Module]) {
    guard !modules.isEmpty, modules.count <= Self.modulesMax else { return nil }
    for module in modules {
      let limit: Int
      switch module.module {
      case .parameters: limit = SimulatedMemory.parameterOctetsMax
      case .firmware: limit = SimulatedMemory.firmwareOctetsMax
      default: return nil
      }
      guard module.length <= limit else { return nil }
    }
    self.number = number
    self.modules = modules
    written = [[UInt8]](repeating: [], count: modules.count)
  }

  var octets: Int { written.reduce(0) { $0 + $1.count } }

  /// False for a piece that does not fit behind or over what is there.
  mutating func write(_ octets: [UInt8], index: Int, _ range: ModuleRange) -> Bool {
    guard modules.indices.contains(index), modules[index].module == range.module else { return false }
    let offset = Int(clamping: range.offset)
    guard offset <= written[index].count, offset + octets.count <= Int(clamping: modules[index].length) else {
      return false
    }
    let end = min(offset + octets.count, written[index].count)
    written[index].replaceSubrange(offset..<end, with: octets)
    return true
  }

  /// What arrived of a module, where it is all of it and its checksum holds.
  func octets(_ index: Int) -> [UInt8]? {
    guard written[index].count == Int(clamping: modules[index].length),
      ModuleChecksum.of(written[index]) == modules[index].checksum
    else { return nil }
    return written[index]
  }
}

extension SimulatedMemory {
  /// Answers VS_MODULE_OPERATION.REQ; `restarts` becomes true when a closed session wants it.
  mutating func answer(
    _ request: VS_MODULE_OPERATION_REQ, restarts: inout Bool
  ) -> VS_MODULE_OPERATION_CNF {
    switch request {
    case .read(let range, let fromFlash): return read(range, fromFlash: fromFlash)
    case .start(let number, let modules):
      session = SimulatedSession(number: number, modules: modules)
      let refusal: Refusal? = session == nil ? .unknownModule : nil
      return Self.confirmation(
        refusal,
        .start(session: number, modules: modules.prefix(SimulatedSession.modulesMax).map { _ in .init() }))
    case .write(let number, let index, let range, let data):
      let isTaken = session?.number == number && session?.write(data.octets, index: Int(index), range) == true
      return Self.confirmation(isTaken ? nil : .session, .write(session: number, index: index, range))
    case .close(let number, let code): return close(number, code, &restarts)
    }
  }

  private func read(_ range: ModuleRange, fromFlash: Bool) -> VS_MODULE_OPERATION_CNF {
    var answered = range
    guard let octets = chain(of: range.module, fromFlash: fromFlash) else {
      return Self.confirmation(.unknownModule, .read(range, fromFlash: fromFlash, data: ModuleData()))
    }
    guard Int(clamping: range.offset) <= octets.count, range.length <= ModuleRange.lengthMax else {
      return Self.confirmation(.outOfRange, .read(range, fromFlash: fromFlash, data: ModuleData()))
    }
    let data = Array(octets[Int(clamping: range.offset)...].prefix(Int(range.length)))
    answered.length = UInt16(data.count)
    return Self.confirmation(nil, .read(answered, fromFlash: fromFlash, data: ModuleData(data)))
  }

  private mutating func close(
    _ number: UInt32, _ code: VS_MODULE_OPERATION_REQ.CommitCode, _ restarts: inout Bool
  ) -> VS_MODULE_OPERATION_CNF {
    guard let session, session.number == number else {
      return Self.confirmation(.session, .close(session: number, code, modules: []))
    }
    self.session = nil
    var statuses: [VS_MODULE_OPERATION_CNF.ModuleStatus] = []
    var failure: Refusal?
    for index in session.modules.indices {
      let refusal = take(session, index, asFactory: code.contains(.factoryParameters))
      failure = failure ?? refusal
      statuses.append(.init(status: UInt16(refusal?.rawValue ?? 0)))
    }
    restarts = failure == nil && !code.contains(.noReset)
    return Self.confirmation(failure, .close(session: number, code, modules: statuses))
  }

  private mutating func take(_ session: SimulatedSession, _ index: Int, asFactory: Bool) -> Refusal? {
    guard let octets = session.octets(index) else { return .checksum }
    guard session.modules[index].module == .parameters else { return store(firmware: octets) }
    guard let image = SimulatedImages.image(.parameters, in: octets) else { return .damaged }
    return store(parameters: image, asFactory: asFactory)
  }

  private static func confirmation(
    _ refusal: Refusal?, _ operation: VS_MODULE_OPERATION_CNF.Operation
  ) -> VS_MODULE_OPERATION_CNF {
    VS_MODULE_OPERATION_CNF(status: UInt16(refusal?.rawValue ?? 0), operation: operation)
  }
}
