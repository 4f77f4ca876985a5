import ControlAPI
import Glibc
import ISO15118
import LinuxHardware
import Node
import Wire

/// Answers what clients of the control socket ask, and tells them what is new.
final class ControlDesk {
  private let loop: EventLoop
  private let board: String
  private let journal: StationJournal
  private let connectors: [any ChargingPoint]
  private let startedAt: Instant
  private var told: [Int: ConnectorStatus] = [:]
  private var errors: [ErrorEntry] = []
  private var errorCount = 0
  /// Where news goes.
  var publish: (ControlEvent) -> Void = { _ in }
  /// Told what people should know of a connector that goes out of service or comes back.
  var log: (LogLine) -> Void = { _ in }
  /// Somebody listens: for nobody no news is made.
  var isHeard = true {
    didSet {
      guard isHeard, !oldValue else { return }
      // News is what happens from now on.
      for connector in connectors {
        _ = connector.takeNews()
        told[connector.number] = connector.status(at: loop.now)
      }
    }
  }
  private var troubles: [Int: String] = [:]

  static let errorsMax = 200
  static let outOfService = "outOfService"

  init(loop: EventLoop, board: String, journal: StationJournal, connectors: [any ChargingPoint]) {
    self.loop = loop
    self.board = board
    self.journal = journal
    self.connectors = connectors
    startedAt = loop.now
    for case let connector as ConnectorRuntime in connectors {
      let number = connector.number
      connector.commanded = { [weak self] in self?.tell(number, .powerCommand($0)) }
    }
  }

  // MARK: answers

  /// Does what was asked; `done` is called when what had to be kept is kept.
  func answer(
    _ request: ControlRequest, of client: ControlClientID,
    done: @escaping (Result<ControlResult, ControlFailure>) -> Void
  ) {
    do throws(ControlFailure) {
      switch request {
      case .info: done(.success(.info(info)))
      case .status(let number):
        done(.success(.status(try all(number).map { $0.status(at: loop.now) })))
      case .values(let number): done(.success(.values(try all(number).map(\.values))))
      case .errors(let number, let count):
        if let number { _ = try connector(number) }
        let found = errors.filter { number == nil || $0.connector == number }
        done(.success(.errors(Array(found.suffix(count)))))
      case .authorize(let number, let granted, let token):
        let connector = try charger(number, "authorizes nobody", remedy: "ask the charger's daemon")
        // A refusal waits for nothing; a grant counts once it is kept, for the vehicle it was meant for.
        if !granted { connector.authorize(false) }
        let epoch = connector.epoch
        journal.keep(.authorization(granted: granted, token: token ?? ""), connector: number) {
          guard granted else { return done(.success(.done)) }
          guard connector.epoch == epoch else {
            return done(
              .failure(
                ControlFailure(
                  .wrongState, "the vehicle left or was refused before its authorization was kept",
                  remedy: "authorize anew")))
          }
          connector.authorize(true)
          done(.success(.done))
        }
      case .stop(let number, let reason):
        let connector = try connector(number)
        guard connector.phase != .idle, connector.phase != .finished else {
          throw ControlFailure(.wrongState, "no session runs at connector \(number)")
        }
        connector.stop(reason.session)
        done(.success(.done))
      case .pause(let number):
        try connector(number).pause()
        done(.success(.done))
      case .resume(let number):
        try connector(number).resume()
        done(.success(.done))
      case .limit(let number, let limits):
        let connector = try connector(number)
        try connector.narrow(limits)
        done(.success(.limits(connector.controlLimits)))
      case .power(let number, let report):
        let connector = try charger(number, "has no power stage", remedy: "tell the charger's daemon")
        try connector.power(report, from: client)
        done(.success(.powerCommand(connector.powerCommand)))
      case .clear(let number):
        try connector(number).clear()
        done(.success(.done))
      case .battery(let number, let report):
        guard let inlet = try connector(number) as? InletRuntime else {
          throw ControlFailure(
            .unsupported, "\(number) is a charger's connector, which has no battery",
            remedy: "tell the vehicle's daemon")
        }
        try inlet.take(report, from: client)
        done(.success(.inlet(inlet.wanted)))
      }
    } catch {
      done(.failure(error))
    }
  }

  /// A client's connection is gone.
  func isGone(_ client: ControlClientID) {
    for connector in connectors { connector.clientIsGone(client) }
  }

  private var info: StationInfo {
    StationInfo(
      name: "couplerd", version: Daemon.version, board: board, processID: Int(getpid()),
      uptimeSeconds: Int((loop.now - startedAt).components.seconds), connectors: connectors.map(\.number)
    )
  }

  private func connector(_ number: Int) throws(ControlFailure) -> any ChargingPoint {
    if let connector = connectors.first(where: { $0.number == number }) { return connector }
    throw ControlFailure(
      .unknownConnector, "there is no connector \(number)",
      remedy: "this station has \(connectors.map { "\($0.number)" }.joined(separator: ", "))")
  }

  /// The connector of a charger; an inlet cannot do what was asked.
  private func charger(
    _ number: Int, _ lack: String, remedy: String
  ) throws(ControlFailure) -> ConnectorRuntime {
    if let connector = try connector(number) as? ConnectorRuntime { return connector }
    throw ControlFailure(.unsupported, "\(number) is a vehicle's inlet, which \(lack)", remedy: remedy)
  }

  private func all(_ number: Int?) throws(ControlFailure) -> [any ChargingPoint] {
    guard let number else { return connectors }
    return [try connector(number)]
  }

  // MARK: news

  /// Tells states that changed since the last turn. Events are told by `note`, in their place.
  func tellNews() {
    for connector in connectors { tellTrouble(connector) }
    guard isHeard else { return }
    for connector in connectors where connector.takeNews() {
      let status = connector.status(at: loop.now)
      let old = told[status.connector]
      told[status.connector] = status
      if old?.pilot != status.pilot { tell(status.connector, .pilot(status.pilot)) }
      if old?.slac != status.slac { tell(status.connector, .slac(status.slac)) }
      if old?.session != status.session { tell(status.connector, .session(status.session)) }
      if old?.outputs != status.outputs { tell(status.connector, .outputs(status.outputs)) }
      if old?.power != status.power { tell(status.connector, .power(status.power)) }
      if let inlet = status.inlet, old?.inlet != inlet { tell(status.connector, .inlet(inlet)) }
      if old?.limits != status.limits { tell(status.connector, .limits(status.limits)) }
      if let stage = status.stage, old?.stage != stage { tell(status.connector, .stage(stage)) }
      if let old, old.isPaused != status.isPaused { tell(status.connector, .paused(status.isPaused)) }
    }
  }

  /// What keeps a connector out of service is found in many places, and told in this one: to the log, to clients, and in the
  /// list of errors.
  private func tellTrouble(_ connector: any ChargingPoint) {
    let number = connector.number
    let trouble = connector.trouble
    guard trouble != troubles[number] else { return }
    troubles[number] = trouble
    isOver(number, Self.outOfService)
    let place = "\(connector.role.word) \(number)"
    if let trouble {
      let layer = connector.troubleLayer
      remember(number, layer: layer, name: Self.outOfService, text: trouble, isPresent: true)
      log(
        LogLine(
          connector.isBroken ? .critical : .warning, connector: "\(number)", layer: layer, event: "trouble",
          "\(place) is out of service: \(trouble)"))
    } else {
      log(
        LogLine(
          .notice, connector: "\(number)", layer: "board", event: "trouble", "\(place) is in service again"))
    }
    tell(number, .trouble(trouble ?? ""))
  }

  /// 0 for a clock that was not set: a board without a battery begins in 1970. Nothing of this program is of before 2020.
  static func clock(_ unixSeconds: Int64) -> Int64 { unixSeconds < 1_577_836_800 ? 0 : unixSeconds }

  private func isOver(_ number: Int, _ name: String) {
    for index in errors.indices where errors[index].connector == number && errors[index].name == name {
      errors[index].isPresent = false
    }
  }

  /// An event that was kept, and the energy of the session when it happened.
  func note(_ trace: NodeTrace, of number: Int, wattHours: Int) {
    switch trace {
    case .safety(.fault(let fault)):
      let told = ControlFault(fault)
      remember(number, layer: "safety", name: told.name, text: told.text, isPresent: told.latch != .none)
      tell(number, .fault(told))
    case .safety(.cleared(let fault)):
      isOver(number, fault.name)
      tell(number, .cleared(name: fault.name))
    case .ended(.completed(let outcome, let wattHours)):
      tell(number, .ended(ok: true, text: "session \(outcome)", wattHours: wattHours))
    case .ended(.failed(let failure)):
      remember(
        number, layer: failure.layer, name: "sessionFailed", text: "\(failure)", isPresent: false)
      tell(number, .ended(ok: false, text: "failed in \(failure.layer): \(failure)", wattHours: wattHours))
    default: break
    }
  }

  private func remember(_ connector: Int, layer: String, name: String, text: String, isPresent: Bool) {
    errorCount += 1
    errors.append(
      ErrorEntry(
        number: errorCount, connector: connector, unixSeconds: Self.clock(unixMilliseconds() / 1000),
        layer: layer, name: name, text: text, isPresent: isPresent))
    guard errors.count > Self.errorsMax else { return }
    // A modem that comes and goes must not hide a fault.
    errors.remove(at: errors.firstIndex { $0.name == Self.outOfService && !$0.isPresent } ?? 0)
  }

  private func tell(_ connector: Int, _ content: ControlEvent.Content) {
    publish(
      ControlEvent(
        connector: connector, milliseconds: (loop.now - startedAt).nanoseconds / 1_000_000, content))
  }
}

extension ControlRequest.StopReason {
  fileprivate var session: SECCStopReason {
    switch self {
    case .user: .user
    case .backend: .backend
    case .site: .site
    }
  }
}

/// Milliseconds since 1970-01-01 UTC, by the system's clock.
func unixMilliseconds() -> Int64 {
  var time = timespec()
  clock_gettime(CLOCK_REALTIME, &time)
  return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
}
