import CLinux
import Glibc
public import HAL

/// A pilot measured by a timer of the controller: the `capture` file of a PWM device (pwm-stm32, pwm-sti).
///
/// Reading it waits in the kernel until a period was seen, without edges for as long as the driver likes (a second), so a
/// thread of its own does it. Without edges the level is not known: it is told as none, which stops a vehicle.
public final class PWMCapture {
  /// From one measurement to the next; a change is known after three, as the pilot's machine takes it.
  public static let interval = Duration.milliseconds(10)

  private let path: String
  private let name: String
  private let isInverted: Bool
  private var loop: EventLoop?
  private var registration: EventLoop.Registration?
  private var answers: Int32 = -1

  /// Finds the device and exports the channel. ENOENT where its driver cannot measure.
  public init(_ description: PWMDescription, roots: DeviceRoots = DeviceRoots()) throws(LinuxError) {
    path = try PWMChannel.capture(description, roots)
    name = "PWM channel \(description.channel) of \"\(description.device)\""
    isInverted = description.isInverted
  }

  deinit { detach() }

  /// Calls `told` with each measurement from now on; `failed` once, when there will be none any more.
  public func attach(
    to loop: EventLoop, told: @escaping (PilotSignal) -> Void, failed: @escaping (LinuxError) -> Void
  ) throws(LinuxError) {
    detach()
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw LinuxError("measure with", on: name) }
    var pair: [Int32] = [-1, -1]
    let kind = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
    guard socketpair(AF_UNIX, kind, 0, &pair) == 0 else {
      let error = LinuxError("measure with", on: name)
      close(file)
      throw error
    }
    let interval = UInt32(clamping: Self.interval.components.attoseconds / 1_000_000_000_000)
    let error = clinux_capture_worker(file, pair[1], interval)
    guard error == 0 else {
      for descriptor in [file, pair[0], pair[1]] { close(descriptor) }
      throw LinuxError("start a thread to measure with", on: name, code: error)
    }
    answers = pair[0]
    self.loop = loop
    registration = try loop.add(answers, .read) { [weak self] _ in self?.read(told, failed) }
  }

  /// Nothing is told any more. The thread ends with its next measurement.
  public func detach() {
    if let registration { loop?.remove(registration) }
    registration = nil
    loop = nil
    if answers >= 0 { close(answers) }
    answers = -1
  }

  private func read(_ told: (PilotSignal) -> Void, _ failed: (LinuxError) -> Void) {
    var answer = clinux_capture()
    let size = MemoryLayout<clinux_capture>.size
    while answers >= 0, Glibc.read(answers, &answer, size) == size {
      switch answer.error {
      case 0:
        let count = Int(answer.count)
        let text = withUnsafeBytes(of: answer.text) { String(decoding: $0.prefix(count), as: UTF8.self) }
        told(Self.signal(text, isInverted: isInverted))
      // The driver waited for an edge in vain.
      case ETIMEDOUT, EINTR, EAGAIN: told(.none)
      default:
        let error = LinuxError("measure with", on: name, code: answer.error)
        detach()
        failed(error)
      }
    }
  }

  /// `period duty_cycle`, ns. What is not 950...1050 Hz is no pilot.
  static func signal(_ text: String, isInverted: Bool) -> PilotSignal {
    let parts = text.split(whereSeparator: { $0 == " " || $0 == "\n" || $0 == "\0" })
    guard parts.count == 2, let period = Int(parts[0]), let high = Int(parts[1]),
      (952_381...1_052_632).contains(period), high > 0, high < period
    else { return .none }
    let permille = ((isInverted ? period - high : high) * 1000 + period / 2) / period
    return (1...999).contains(permille) ? .pwm(permille: permille) : .none
  }
}
