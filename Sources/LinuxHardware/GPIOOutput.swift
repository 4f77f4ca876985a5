import CGPIOD
public import HAL

/// A GPIO line that is driven. Values are logical: true is the active level, high or low.
///
/// Letting go of it drives the safe value. Then the line is given back to the kernel, and what the pin does after
/// that is the controller's affair: most hold the last level, some turn it into an input. The hardware's own
/// resistors must make the safe level of an undriven pin.
public struct GPIOOutput: ~Copyable {
  private let line: OutputLine

  /// Takes the line and drives `initial`, without any other level in between. `safe` is the value to leave behind.
  public init(
    _ description: LineDescription, consumer: String = "coupler", initial: Bool = false, safe: Bool = false,
    roots: DeviceRoots = DeviceRoots()
  ) throws(LinuxError) {
    line = try OutputLine(description, consumer: consumer, initial: initial, safe: safe, roots: roots)
  }

  /// Drives the line.
  public mutating func set(_ value: Bool) throws(LinuxError) { try line.set(value) }
  /// What the line was last driven to.
  public var value: Bool { line.value }
}

/// The owner behind outputs of one line or several.
final class OutputLine {
  private let request: GPIORequest
  private let safe: Bool
  private(set) var value: Bool

  init(
    _ description: LineDescription, consumer: String, initial: Bool, safe: Bool, roots: DeviceRoots
  ) throws(LinuxError) {
    request = try GPIORequest(description, consumer: consumer, roots: roots) { settings in
      settings.output = true
      settings.initial = initial
      settings.drive =
        switch description.drive {
        case .pushPull: UInt8(cgpio_drive_push_pull.rawValue)
        case .openDrain: UInt8(cgpio_drive_open_drain.rawValue)
        case .openSource: UInt8(cgpio_drive_open_source.rawValue)
        }
    }
    self.safe = safe
    value = initial
  }

  // Nobody is left to hear of an error; a chip that is gone drives nothing.
  deinit { try? request.set(safe) }

  func set(_ new: Bool) throws(LinuxError) {
    try request.set(new)
    value = new
  }
}
