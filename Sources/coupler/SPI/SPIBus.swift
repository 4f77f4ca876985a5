import LinuxHardware
import QCA7000SPI
import Wire

/// What a QCA7000 hangs on, as its driver sees it: messages go out, answers and interrupts come back.
final class SPIBus {
  enum Wiring {
    /// A spidev device, and the GPIO line of the interrupt, if there is one.
    case device(path: String, speed: UInt32, interrupt: GPIOInterrupt.Line?)
    /// A simulated chip at the end of a Unix socket.
    case socket(path: String)
  }

  enum Event {
    case answer([UInt8])
    case failed
    case interrupt
    /// The other end is gone, without a message on its way.
    case gone
    /// The interrupt's line is gone, and does not come back.
    case lost(LinuxError)
  }

  private enum Link {
    case none
    case device(SPIDevice)
    case socket(SPISocket)
  }

  private let wiring: Wiring
  private let loop: EventLoop
  private var link = Link.none
  private var interrupt: GPIOInterrupt?
  private var event: (Event) -> Void = { _ in }
  private var isWaiting = false
  private var timer: LoopTimer?
  /// Why the bus could not be used the last time.
  private(set) var trouble: LinuxError?
  /// A chip on a socket answers at once; one that does not is gone.
  private static let answerMax: Duration = .seconds(2)

  init(_ wiring: Wiring, loop: EventLoop) {
    self.wiring = wiring
    self.loop = loop
  }

  /// Opens what the wiring names. A chip on a socket may come later.
  func start(event: @escaping (Event) -> Void) throws(LinuxError) {
    self.event = event
    timer = loop.addTimer { [unowned self] in answerIsMissing() }
    switch wiring {
    case .device(let path, let speed, let line):
      link = .device(try SPIDevice(path: path, speed: speed))
      guard let line else { return }
      let interrupt = try GPIOInterrupt(line)
      self.interrupt = interrupt
      try interrupt.attach(
        to: loop, rose: { [unowned self] in self.event(.interrupt) },
        failed: { [unowned self] in self.event(.lost($0)) })
    case .socket:
      do { try connect() } catch { trouble = error }
    }
  }

  /// Carries a message out. A device answers before this returns, and the answer is given; a socket answers by an
  /// event, and `nil` is given.
  func exchange(_ message: SPIMessage) -> Event? {
    do throws(LinuxError) {
      switch link {
      case .device(let device):
        let answer = try device.exchange(message)
        trouble = nil
        return .answer(answer)
      case .socket(let socket):
        try socket.send(message)
        expectAnswer()
        return nil
      case .none:
        let socket = try connect()
        try socket.send(message)
        expectAnswer()
        return nil
      }
    } catch {
      trouble = error
      // A device that was unbound and bound again has to be opened again; the next message tries it.
      if case .device(let device) = link { try? device.reopen() } else { link = .none }
      return .failed
    }
  }

  @discardableResult
  private func connect() throws(LinuxError) -> SPISocket {
    guard case .socket(let path) = wiring else { throw LinuxError("use the SPI bus", code: 19) }
    let socket = try SPISocket(path: path)
    try socket.attach(to: loop) { [unowned self] in take($0) }
    link = .socket(socket)
    trouble = nil
    return socket
  }

  private func take(_ arrived: SPISocket.Event) {
    switch arrived {
    case .answer(let octets):
      guard isWaiting else { return }
      expectNothing()
      event(.answer(octets))
    case .interrupt: event(.interrupt)
    case .closed:
      link = .none
      let wasWaiting = isWaiting
      expectNothing()
      event(wasWaiting ? .failed : .gone)
    }
  }

  private func expectAnswer() {
    isWaiting = true
    timer?.deadline = loop.now + Self.answerMax
  }

  private func expectNothing() {
    isWaiting = false
    timer?.deadline = nil
  }

  private func answerIsMissing() {
    guard isWaiting else { return }
    isWaiting = false
    link = .none
    event(.failed)
  }
}
