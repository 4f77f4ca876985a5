import CLinux
import Glibc

/// A GPIO line whose rising edges are told, through the GPIO character device.
public final class GPIOInterrupt {
  /// A line of a chip: `gpiochip0:25`, or with a path.
  public struct Line: Hashable, Sendable {
    public let chip: String
    public let offset: UInt32

    /// Reads `gpiochip0:25` or `/dev/gpiochip0:25`; `nil` for anything else.
    public init?(_ text: String) {
      guard let colon = text.lastIndex(of: ":"), let offset = UInt32(text[text.index(after: colon)...]),
        colon > text.startIndex
      else { return nil }
      let name = String(text[..<colon])
      chip = name.hasPrefix("/") ? name : "/dev/\(name)"
      self.offset = offset
    }
  }

  public let line: Line
  private let descriptor: FileDescriptor
  private var loop: EventLoop?
  private var registration: EventLoop.Registration?

  /// Takes the line for this process.
  public init(_ line: Line) throws(LinuxError) {
    self.line = line
    let chip = try FileDescriptor(open(line.chip, O_RDWR | O_CLOEXEC), "open the GPIO chip", on: line.chip)
    descriptor = try FileDescriptor(
      clinux_gpio_rising(chip.raw, line.offset, "coupler"), "take GPIO line \(line.offset)", on: line.chip)
  }

  deinit { detach() }

  /// Is the line high now?
  public var isHigh: Bool { clinux_gpio_level(descriptor.raw) == 1 }

  /// Calls `rose` for each rising edge from now on, several at once counting as one; and now, if the line is high
  /// already. `failed` is called once, when the chip is gone; no edge is told after it.
  public func attach(
    to loop: EventLoop, rose: @escaping () -> Void, failed: @escaping (LinuxError) -> Void
  ) throws(LinuxError) {
    detach()
    registration = try loop.add(descriptor.raw, .read) { [weak self] readiness in
      guard let self else { return }
      // A hang-up stays: the loop would wake up for it for ever.
      guard readiness.isDisjoint(with: [.error, .hangUp]) else {
        detach()
        return failed(LinuxError("watch GPIO line \(line.offset)", on: line.chip, code: ENODEV))
      }
      guard clinux_gpio_events(descriptor.raw) > 0 else { return }
      rose()
    }
    self.loop = loop
    if isHigh { rose() }
  }

  /// Ends the calls.
  public func detach() {
    if let registration { loop?.remove(registration) }
    (loop, registration) = (nil, nil)
  }
}
