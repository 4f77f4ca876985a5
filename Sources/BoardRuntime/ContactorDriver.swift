import HAL
import LinuxHardware
import Wire

/// The poles of a contactor: coils in their order, mirror contacts as one answer.
///
/// Where one phase or three can be closed, only the poles that were chosen are driven. One that was not has to stay open:
/// while commanded closed, such a pole that reads closed is told as a contactor that does not obey.
final class ContactorDriver {
  private struct Pole {
    var duty: ContactorPole.Duty
    var coil: any OutputPin
    var stop: Bool
    var feedback: (any InputPin)?
    /// The line is true while the pole is closed.
    var isNormallyOpen: Bool
  }

  private let poles: [Pole]
  private let description: ContactorDescription
  private let order: ContactorDescription.Order
  /// Poles that the next closing drives, in their order.
  private var chosen: [Int]
  private var wanted: [Int]
  private let economiser: EconomiserDriver?
  private let loop: EventLoop
  private let told: (Bool) -> Void
  private let failed: (LinuxError) -> Void
  private var timer: LoopTimer?
  private var isCommandedClosed = false
  /// How many poles were driven so far.
  private var driven = 0
  private var nextDue: Instant?
  private var last: Bool?

  init(
    _ description: ContactorDescription, hardware: BoardHardware, loop: EventLoop,
    told: @escaping (Bool) -> Void, failed: @escaping (LinuxError) -> Void
  ) throws(LinuxError) {
    var poles: [Pole] = []
    for pole in description.poles {
      var feedback: (any InputPin)?
      if let line = pole.feedback.line { feedback = try hardware.devices.input(line, .zero) }
      let isNormallyOpen = if case .normallyOpen = pole.feedback { true } else { false }
      poles.append(
        Pole(
          duty: pole.duty, coil: try hardware.pin(pole.coil), stop: pole.coil.stop, feedback: feedback,
          isNormallyOpen: isNormallyOpen))
    }
    self.poles = poles
    order = description.order
    chosen = description.poles(closingThree: true)
    wanted = chosen
    self.description = description
    economiser =
      if let economiser = description.economiser {
        try EconomiserDriver(economiser, hardware.devices.roots)
      } else { nil }
    self.loop = loop
    self.told = told
    self.failed = failed
    timer = loop.addTimer { [weak self] in self?.elapse() }
  }

  func start() throws(LinuxError) {
    for pole in poles {
      try pole.feedback?.watch(on: loop, edges: { [weak self] _ in self?.look() }, failed: failed)
    }
    look()
  }

  func repeatLast() { if let last { told(last) } }

  func command(closed: Bool) throws(LinuxError) {
    isCommandedClosed = closed
    guard closed else { return try open() }
    driven = 0
    switch order {
    case .simultaneous, .mutual: while driven < chosen.count { try driveNext() }
    case .serial: try driveNext()
    }
    schedule()
    look()
  }

  /// Which poles the next closing drives. While commanded closed nothing changes until it is opened: never under load.
  func choose(three: Bool) {
    wanted = description.poles(closingThree: three)
    guard !isCommandedClosed else { return }
    chosen = wanted
    look()
  }

  /// Every mirror contact reads open, read now; false where one cannot be read.
  var readsOpen: Bool {
    for pole in poles {
      guard let feedback = pole.feedback else { continue }
      guard let isActive = try? feedback.isActive(), isActive != pole.isNormallyOpen else { return false }
    }
    return poles.contains { $0.feedback != nil }
  }

  /// All coils at once; a coil that cannot be driven keeps none of the others closed.
  func open() throws(LinuxError) {
    isCommandedClosed = false
    driven = 0
    nextDue = nil
    timer?.deadline = nil
    var failure: LinuxError?
    for pole in poles {
      do throws(LinuxError) { try pole.coil.set(false) } catch { failure = error }
    }
    try? economiser?.off()
    chosen = wanted
    look()
    if let failure { throw failure }
  }

  private func driveNext() throws(LinuxError) {
    guard driven < chosen.count else { return }
    // Each coil pulls in with all there is.
    try economiser?.pullIn()
    try poles[chosen[driven]].coil.set(true)
    driven += 1
    nextDue = nil
    if case .serial(let delay) = order, driven < chosen.count { nextDue = loop.now + delay }
  }

  private func schedule() {
    timer?.deadline = earliest(nextDue, economiser?.holdDue(loop.now))
  }

  private func elapse() {
    guard isCommandedClosed else { return }
    do throws(LinuxError) {
      let now = loop.now
      if let due = nextDue, now >= due { try driveNext() }
      try economiser?.elapse(now)
    } catch {
      failed(error)
    }
    schedule()
    look()
  }

  /// Closed, when commanded so, where every chosen pole says it and no other one; open, when commanded so, where none says
  /// closed: one welded pole is enough.
  private func look() {
    var all = driven == chosen.count
    var any = false
    for (index, pole) in poles.enumerated() {
      guard let feedback = pole.feedback else { continue }
      do throws(LinuxError) {
        let isClosed = try feedback.isActive() == pole.isNormallyOpen
        any = any || isClosed
        if isClosed != chosen.contains(index) { all = false }
      } catch {
        return failed(error)
      }
    }
    let reads = isCommandedClosed && any ? all : any
    guard reads != last else { return }
    last = reads
    told(reads)
  }
}

/// Holds coils with less than their closing current.
final class EconomiserDriver {
  private var pwm: PWMOutput
  private let description: Economiser
  private var holdAt: Instant?
  private var isPullInNew = false

  init(_ description: Economiser, _ roots: DeviceRoots) throws(LinuxError) {
    self.description = description
    pwm = try PWMOutput(description.pwm, roots: roots)
    try pwm.drive(.steadyLow)
  }

  func pullIn() throws(LinuxError) {
    try pwm.drive(.steadyHigh)
    isPullInNew = true
  }

  func holdDue(_ now: Instant) -> Instant? {
    if isPullInNew {
      isPullInNew = false
      holdAt = now + description.pullIn
    }
    return holdAt
  }

  func elapse(_ now: Instant) throws(LinuxError) {
    guard let due = holdAt, now >= due else { return }
    holdAt = nil
    let permille = description.holdPermille
    try pwm.drive(permille >= 1000 ? .steadyHigh : .pwm(permille: permille))
  }

  func off() throws(LinuxError) {
    holdAt = nil
    try pwm.drive(.steadyLow)
  }
}
