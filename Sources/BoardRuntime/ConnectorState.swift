public import ControlAPI
import HAL
import ISO15118
import Node
import SLAC
import Safety
import Wire

/// What is known of a connector beyond its node, in the words of the control socket.
public struct ConnectorState: Sendable {
  public private(set) var slac = SLACStatus()
  public internal(set) var session = SessionStatus()
  public internal(set) var outputs = OutputStatus()
  public internal(set) var power = PowerValues()
  /// What the meter shows, Wh.
  public private(set) var meterWattHours = 0
  /// Something of it changed since it was told.
  var isNew = true
  private var arrivedAt: Instant?
  /// m°C by sensor, of those that can be read.
  private var temperatures: [Int: Int] = [:]
  private let hasLock: Bool
  /// Everybody may charge: whoever is plugged in is let in already.
  var isFree = false

  init(hasLock: Bool, usesSLAC: Bool) {
    self.hasLock = hasLock
    if hasLock { outputs.locked = false }
    if !usesSLAC { slac.state = .assumed }
  }

  /// The mirror contacts say closed.
  public var isContactorClosed: Bool { outputs.contactorFeedback ?? false }
  public var isLocked: Bool { outputs.locked ?? false }

  /// With the time that has passed.
  func session(at now: Instant) -> SessionStatus {
    var present = session
    present.seconds = arrivedAt.map { Int((now - $0).components.seconds) }
    return present
  }

  mutating func note(_ event: ChargerEvent) {
    switch event {
    case .contactorFeedback(let closed): outputs.contactorFeedback = closed
    case .contactorUnknown: outputs.contactorFeedback = nil
    case .lock(let locked): note(locked: locked)
    case .temperature(let sensor, let millicelsius): note(sensor: sensor, millicelsius)
    case .output(let reading, let wattHours):
      power.millivolts = reading.millivolts
      power.milliamps = reading.milliamps
      // mV * mA / 10^6 = W, in 64 bits for targets with a 32-bit Int.
      let currents = power.phaseMilliamps?.reduce(0, +) ?? reading.milliamps * power.phases
      let product = Int64(reading.millivolts) * Int64(currents)
      power.watts = Int(clamping: product / 1_000_000)
      meterWattHours = wattHours
    case .authorization(let decision):
      switch decision {
      case .pending: return
      case .granted: session.authorization = .granted
      case .refused: session.authorization = .refused
      }
    case .identified(let positive): session.authorization = positive ? .granted : .none
    default: return
    }
    isNew = true
  }

  /// An outlet without a lock of its own may say so all the same.
  mutating func note(locked: Bool) { if hasLock { outputs.locked = locked } }

  /// The hottest one is told.
  mutating func note(sensor: Int, _ millicelsius: Int?) {
    temperatures[sensor] = millicelsius
    power.temperatureDecidegrees = temperatures.values.max().map { $0 / 100 }
  }

  /// What a meter tells beside its reading.
  mutating func note(_ report: PowerReport) { power.phaseMilliamps = report.phaseMilliamps }

  mutating func note(_ command: OutletCommand) {
    switch command {
    case .contactor(let close): outputs.contactorClosed = close
    case .powerStage(let enabled):
      outputs.powerStageEnabled = enabled
      if !enabled { (power.targetMillivolts, power.targetMilliamps) = (nil, nil) }
    case .setPoint(let target):
      (power.targetMillivolts, power.targetMilliamps) = (target.millivolts, target.milliamps)
    default: return
    }
    isNew = true
  }

  /// The vehicle waits for the customer.
  mutating func noteAuthorizationNeeded() {
    session.authorization = .needed
    isNew = true
  }

  mutating func note(_ trace: NodeTrace, at now: Instant) {
    isNew = true
    switch trace {
    case .phase(let phase):
      enter(phase, now)
      if isFree, phase != .idle { session.authorization = .granted }
    case .coupling(.basicCharging(let may)):
      // ... by its duty alone.
      if may { session.protocolName = session.protocolName ?? "iec61851" }
    case .coupling(.chargesOn): session.protocolName = "iec61851"
    case .energy(let reading):
      session.wattHours = reading.wattHours
      session.socPercent = reading.socPercent ?? session.socPercent
      power.phases = reading.phases
    case .slac(let trace): note(trace)
    case .session(.negotiated): session.protocolName = "iso15118-2"
    case .ended(let outcome):
      stopAsking()
      session.outcome = "\(outcome)"
      switch outcome {
      case .completed(_, let wattHours): session.wattHours = wattHours
      case .failed(.slac(let failure)):
        slac.state = .failed
        slac.cause = "\(failure)"
      case .failed(.linkLost(let loss)):
        slac.state = .failed
        slac.cause = "power-line link lost: \(loss.rawValue)"
      case .failed: break
      }
    default: break
    }
  }

  private mutating func enter(_ phase: NodePhase, _ now: Instant) {
    let outcome = session.outcome
    switch phase {
    case .idle:
      arrivedAt = nil
      session = SessionStatus()
      session.outcome = outcome
      forgetMatch()
    case .pilot:
      if arrivedAt == nil { arrivedAt = now }
      session.wattHours = 0
      session.protocolName = nil
      forgetMatch()
      stopAsking()
    case .matching: if slac.state != .assumed { slac.state = .matching }
    case .joining: if slac.state != .assumed { slac.state = .joining }
    default: break
    }
    session.phase = "\(phase)"
  }

  /// The try that asked is over: who answers now answers for the next one.
  private mutating func stopAsking() {
    if session.authorization == .needed { session.authorization = .none }
  }

  private mutating func forgetMatch() {
    guard slac.state != .assumed else { return }
    slac = SLACStatus()
  }

  private mutating func note(_ trace: SLACTrace) {
    switch trace {
    case .matched(let peer, _):
      slac.peer = "\(peer)"
      slac.state = .joining
    case .linkUp: if slac.state != .assumed { slac.state = .matched }
    case .reported(_, let average, _): slac.attenuationDecidecibels = average.millidecibels / 100
    default: break
    }
  }
}

extension PilotStatus {
  init(_ state: PilotState, _ duty: PilotDuty, offeredMilliamps: Int?) {
    self.init()
    self.state = "\(state)"
    if case .pwm(let permille) = duty { dutyPermille = permille }
    self.offeredMilliamps = offeredMilliamps
  }
}

extension ControlFault {
  init(_ fault: SafetyFault) {
    let latch: Latch =
      switch fault.latch {
      case .none: .none
      case .heartbeat: .heartbeat
      case .unplugged: .unplugged
      case .service: .service
      }
    self.init(name: fault.name, text: "\(fault)", latch: latch)
  }
}
