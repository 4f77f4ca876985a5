public import ControlAPI
public import HAL
public import LinuxHardware
import LinuxRuntime
public import Node
import SimulatedHardware
import Wire

/// A simulated inlet. Its charger is in another process, at the end of a cable of sockets (`coupler evse --pilot`, or another
/// `couplerd`), or there is none. The cable is plugged in for as long as that process is heard. Battery and inlet's voltage are
/// the charger's bench's; contactors and lock are simulated here.
public final class BenchInlet: InletPort {
  /// How often a charger that is not heard is looked for.
  static let searchInterval = Duration.milliseconds(500)

  private let loop: EventLoop
  private let start: Instant
  private let cable: CableSocket?
  private let hasLock: Bool
  private var contacts = SimulatedContactor()
  private var bolt = SimulatedLock()
  private var end = VehicleEnd()
  private var reading: ((VehicleEvent) -> Void)?
  public var battery: ((BatteryReport) -> Void)?
  private var timer: LoopTimer?
  private var heardUntil: Instant?
  private var repeatDue: Instant?
  private var signal = PilotSignal.none
  private var toldContacts: Bool?
  private var toldBolt: Bool?
  private var lastReport: BatteryReport?

  /// `cablePath`: where the charger is; `nil` for an inlet nobody plugs in.
  public init(_ inlet: Inlet, cablePath: String?, loop: EventLoop) throws(LinuxError) {
    self.loop = loop
    start = loop.now
    hasLock = inlet.hasLock
    cable = if let cablePath { try CableSocket(path: cablePath, end: .vehicle) } else { nil }
  }

  public var trouble: String? { nil }
  public var pilotSilenceMax: Duration? { nil }
  public var hasBattery: Bool { true }
  public var feedbackMax: Duration? { .milliseconds(200) }

  public func start(_ reading: @escaping (VehicleEvent) -> Void) throws(BoardFailure) {
    self.reading = reading
    timer = loop.addTimer { [weak self] in self?.elapse() }
    do throws(LinuxError) {
      try cable?.attach(to: loop) { [weak self] octets in
        if let self, let message = ChargerEnd(parsing: octets) { self.hear(message) }
      }
    } catch {
      throw BoardFailure("\(error)")
    }
    end.isPlugged = true
    tell()
    elapse()
  }

  public func perform(_ command: InletCommand) {
    advance()
    switch command {
    case .setLoad(let load): end.load = load
    case .contactor(let close):
      end.contactorClosed = close
      contacts.command(closed: close)
    case .lock(let locked): bolt.command(locked: locked)
    case .charger(let milliamps): end.milliamps = milliamps
    }
    tell()
    rearm()
  }

  public func repeatReadings() {
    reading?(.proximity(heardUntil == nil ? .open : .plugged(cableMilliamps: nil)))
    measure(signal)
    if let toldContacts { reading?(.contactorFeedback(closed: toldContacts)) }
    if let toldBolt { reading?(.lock(locked: toldBolt)) }
    if let lastReport { battery?(lastReport) }
  }

  public func makeSafe() {
    end.load = .b
    end.contactorClosed = false
    end.milliamps = 0
    contacts.command(closed: false)
    tell()
  }

  // MARK: time

  private func elapse() {
    let now = loop.now
    if let until = heardUntil, now >= until {
      // The charger's process is gone: so are its signal and its plug.
      heardUntil = nil
      signal = .none
      reading?(.proximity(.open))
    }
    advance()
    if let due = repeatDue, now >= due { tell() }
    rearm()
  }

  private func rearm() {
    func kernel(_ instant: Instant?) -> Instant? { instant.map { start + ($0 - .zero) } }
    timer?.deadline = earliest(kernel(contacts.deadline), kernel(bolt.deadline), heardUntil, repeatDue)
  }

  private func advance() {
    let now: Instant = .zero + (loop.now - start)
    contacts.advance(to: now)
    bolt.advance(to: now)
    if toldContacts != contacts.isClosed() {
      toldContacts = contacts.isClosed()
      reading?(.contactorFeedback(closed: contacts.isClosed()))
    }
    if hasLock, toldBolt != bolt.isLocked() {
      toldBolt = bolt.isLocked()
      reading?(.lock(locked: bolt.isLocked()))
    }
  }

  // MARK: the charger in another process

  private func hear(_ message: ChargerEnd) {
    if heardUntil == nil { reading?(.proximity(.plugged(cableMilliamps: nil))) }
    heardUntil = loop.now + CableSocket.silenceMax
    if message.signal != signal {
      signal = message.signal
      measure(signal)
    }
    let report = BatteryReport(message.battery)
    lastReport = report
    battery?(report)
    rearm()
  }

  /// Three measurements for each change, as a real one would bring: one alone never decides.
  private func measure(_ signal: PilotSignal) { for _ in 0..<3 { reading?(.pilot(signal)) } }

  private func tell() {
    guard let cable else { return }
    repeatDue = loop.now + (heardUntil == nil ? Self.searchInterval : CableSocket.interval)
    cable.send(end)
  }
}

extension BatteryReport {
  /// As the simulated battery has it.
  init(_ bench: ChargingBench.BatteryReading) {
    self.init(
      isReady: true, socPercent: min(max(bench.soc, 0), 100), millivolts: bench.batteryMillivolts,
      inletMillivolts: bench.inletMillivolts, targetMillivolts: bench.request.millivolts,
      targetMilliamps: bench.request.milliamps)
  }
}
