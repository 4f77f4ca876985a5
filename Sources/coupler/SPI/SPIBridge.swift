import LinuxHardware
import QCA7000SPI
import Wire

/// Runs a QCA7000's driver between a bus and a TAP interface.
final class SPIBridge {
  /// What an observer is told.
  enum Notice {
    case carrier(Bool)
    case trace(QCA7000Trace)
    /// The bus cannot be used, told once until it can.
    case trouble(LinuxError)
  }

  private let loop: EventLoop
  private let bus: SPIBus
  private let tap: TAPDevice
  private let observe: (Notice) -> Void
  private var driver: QCA7000Driver
  private var timer: LoopTimer?
  private var message: SPIMessage?
  private var actions: [QCA7000Action] = []
  private var isPumping = false
  private var isTroubled = false
  /// The interface went away.
  private(set) var failure: LinuxError?

  /// Messages carried out before other events of the loop get their turn.
  private static let turnMax = 64
  /// Frames taken from the interface in one go.
  private static let batchMax = 32

  init(
    _ configuration: QCA7000Configuration, bus: SPIBus, tap: TAPDevice, loop: EventLoop,
    observe: @escaping (Notice) -> Void
  ) {
    driver = QCA7000Driver(configuration)
    (self.bus, self.tap, self.loop, self.observe) = (bus, tap, loop, observe)
  }

  var counters: QCA7000Counters { driver.counters }
  var framing: QCA7000Deframer.Counters { driver.framing }
  var isInSync: Bool { driver.isInSync }
  var undelivered: Int { tap.undelivered }

  /// Opens the bus.
  func open() throws(LinuxError) {
    timer = loop.addTimer { [unowned self] in
      // Also comes where a turn was over before the work was done.
      if message == nil { handle(.timeout) }
      pump()
    }
    try bus.start { [unowned self] in take($0) }
    try tap.attach(
      to: loop, ready: { [unowned self] in takeFrames() }, failed: { [unowned self] in fail($0) })
  }

  /// Looks for the chip from now on.
  func start() {
    if let trouble = bus.trouble { tell(trouble) }
    handle(.start)
    pump()
  }

  func stop() { handle(.stop) }

  private func handle(_ event: QCA7000Event) {
    driver.handle(event, at: loop.now) { actions.append($0) }
    perform()
  }

  private func take(_ event: SPIBus.Event) {
    switch event {
    case .interrupt: handle(.interrupt)
    case .answer(let octets):
      isTroubled = false
      driver.transferred(octets.span.bytes, at: loop.now) { actions.append($0) }
      perform()
    case .failed:
      handle(.transferFailed)
      if let trouble = bus.trouble { tell(trouble) }
    // The driver looks, and finds that nobody is there.
    case .gone: handle(.interrupt)
    case .lost(let error): fail(error)
    }
    pump()
  }

  private func tell(_ trouble: LinuxError) {
    guard !isTroubled else { return }
    isTroubled = true
    observe(.trouble(trouble))
  }

  private func perform() {
    // Observers do not call back in here, so nothing is added meanwhile.
    for action in actions {
      switch action {
      case .transfer(let wanted): message = wanted
      case .deliver(let frame): tap.send(frame)
      case .carrier(let isOn):
        tap.setCarrier(isOn)
        observe(.carrier(isOn))
      case .trace(let trace): observe(.trace(trace))
      }
    }
    actions.removeAll(keepingCapacity: true)
  }

  /// Carries messages out until none is wanted, or the turn is over.
  private func pump() {
    guard !isPumping else { return }
    isPumping = true
    var turns = 0
    while let next = message, turns < Self.turnMax {
      turns += 1
      message = nil
      guard let event = bus.exchange(next) else { break }
      take(event)
    }
    isPumping = false
    tap.pause(driver.isQueueFull)
    timer?.deadline = message == nil ? driver.deadline : loop.now
  }

  private func takeFrames() {
    do throws(LinuxError) {
      // The driver asks for the bus at the first frame; it is carried out after the last, which so share a round.
      for _ in 0..<Self.batchMax where !driver.isQueueFull {
        var frame: [UInt8] = []
        guard try tap.receive({ octets in frame = octets.withUnsafeBytes { Array($0) } }) else { break }
        handle(.send(frame))
      }
    } catch {
      fail(error)
    }
    pump()
  }

  private func fail(_ error: LinuxError) {
    failure = error
    loop.stop()
  }
}
