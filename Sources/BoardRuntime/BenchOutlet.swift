public import HAL
public import LinuxHardware
import LinuxRuntime
public import Node
import Simulation
public import SimulatedHardware
import Wire

/// A simulated outlet. Its vehicle is in another process, at the end of a cable of sockets, or there is none.
///
/// Without a vehicle nothing moves and nobody wakes up.
public final class BenchOutlet: OutletPort {
  private var bench: ChargingBench
  private let loop: EventLoop
  private let start: Instant
  private let cable: CableSocket?
  private var reading: ((ChargerEvent) -> Void)?
  private var timer: LoopTimer?
  private var signal = PilotSignal.none
  private var battery: ChargingBench.BatteryReading?
  private var heardUntil: Instant?
  private var repeatDue: Instant?
  private var told: [Kind: ChargerEvent] = [:]

  /// The power stage is driven by another program.
  private let isStageExternal: Bool

  private enum Kind: Hashable { case pilot, contactor, lock, earth, output, insulation }

  /// `cablePath`: where a vehicle may be plugged in (`coupler ev --pilot PATH`); `nil` for an outlet nobody uses.
  /// `isStageExternal`: what is at the output is told by `adopt`.
  public init(
    _ bench: ChargingBench, cablePath: String?, isStageExternal: Bool = false, loop: EventLoop
  ) throws(LinuxError) {
    self.bench = bench
    self.isStageExternal = isStageExternal
    self.loop = loop
    start = loop.now
    cable =
      if let cablePath { try CableSocket(path: cablePath, end: .charger) } else { nil }
  }

  public var trouble: String? { nil }
  public var samplesPilot: Bool { false }
  public var hasPowerStage: Bool {
    if case .dc = bench.path { !isStageExternal } else { false }
  }

  public func adopt(_ output: PowerReading) {
    guard isStageExternal else { return }
    bench.adopt(output)
    advance()
    rearm()
  }

  public func start(_ reading: @escaping (ChargerEvent) -> Void) throws(BoardFailure) {
    self.reading = reading
    timer = loop.addTimer { [weak self] in self?.elapse() }
    do throws(LinuxError) {
      try cable?.attach(to: loop) { [weak self] octets in
        if let self, let message = VehicleEnd(parsing: octets) { self.hear(message) }
      }
    } catch {
      throw BoardFailure("\(error)")
    }
    elapse()
  }

  public func perform(_ command: OutletCommand) {
    advance()
    switch command {
    case .setDuty(let duty): bench.apply(.setDuty(duty))
    case .contactor(let close): bench.apply(ChargingBench.OutletCommand.contactor(close: close))
    case .lock(let locked): bench.apply(.lock(locked))
    case .powerStage(let enabled): bench.apply(.powerStage(enabled: enabled))
    case .setPoint(let target): bench.apply(.setPoint(target))
    case .insulationTest: if !isStageExternal { bench.apply(.insulationTest) }
    case .modemPower, .residualCurrentTest, .phases: return
    }
    rearm()
  }

  public func repeatReadings() {
    for event in told.values { reading?(event) }
  }

  public func makeSafe() {
    bench.apply(.powerStage(enabled: false))
    bench.apply(ChargingBench.OutletCommand.contactor(close: false))
    bench.apply(.setDuty(.steadyLow))
    advance()
    tell()
  }

  // MARK: time

  private func boardTime(_ instant: Instant) -> Instant { .zero + (instant - start) }

  private func elapse() {
    let now = loop.now
    if let until = heardUntil, now >= until {
      heardUntil = nil
      bench.unplug()
    }
    advance()
    if let due = repeatDue, now >= due { tell() }
    rearm()
  }

  private func rearm() {
    timer?.deadline = earliest(bench.deadline.map { start + ($0 - .zero) }, heardUntil, repeatDue)
  }

  private func advance() {
    var changed = false
    var readings: [ChargingBench.OutletReading] = []
    bench.advance(
      to: boardTime(loop.now), outlet: { readings.append($0) },
      inlet: { reading in
        switch reading {
        case .pilot(let new):
          changed = changed || new != signal
          signal = new
        case .battery(let new): battery = new
        case .contactor: break
        }
      })
    if changed { tell() }
    for new in readings {
      let event = ChargerEvent(new)
      if isStageExternal, Self.isOfStage(event) { continue }
      if let kind = Self.kind(event) { told[kind] = event }
      reading?(event)
    }
  }

  /// What a power stage's own program tells.
  private static func isOfStage(_ event: ChargerEvent) -> Bool {
    switch event {
    case .output, .insulation: true
    default: false
    }
  }

  private static func kind(_ event: ChargerEvent) -> Kind? {
    switch event {
    case .pilot: .pilot
    case .contactorFeedback: .contactor
    case .lock: .lock
    case .earth: .earth
    case .output: .output
    case .insulation: .insulation
    default: nil
    }
  }

  // MARK: the vehicle in another process

  private func hear(_ message: VehicleEnd) {
    heardUntil = loop.now + CableSocket.silenceMax
    if repeatDue == nil { tell() }
    if message.isPlugged, !bench.isPlugged { bench.plugIn() }
    if !message.isPlugged, bench.isPlugged { bench.unplug() }
    bench.apply(.setLoad(message.load))
    bench.apply(ChargingBench.InletCommand.contactor(close: message.contactorClosed))
    bench.apply(.charger(milliamps: message.milliamps))
    advance()
    rearm()
  }

  private func tell() {
    guard let cable else { return }
    // With nobody at the other end there is nothing to repeat: a charger without a vehicle sleeps.
    repeatDue = heardUntil == nil ? nil : loop.now + CableSocket.interval
    var message = ChargerEnd()
    message.signal = bench.wire.signal
    if let battery { message.battery = battery }
    cable.send(message)
  }
}
