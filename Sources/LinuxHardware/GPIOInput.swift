import CLinux
public import HAL
import Wire

/// A GPIO line that is read. Values are logical: true is the active level, high or low.
public final class GPIOInput {
  private let request: GPIORequest
  private var filter: LevelFilter?

  /// Takes the line. Where it is to be debounced and the kernel does not do it (libgpiod 1.x), readings do: a level
  /// counts once two readings as far apart have agreed on it, and no reading between them disagreed.
  public init(
    _ description: LineDescription, consumer: String = "coupler", roots: DeviceRoots = DeviceRoots()
  ) throws(LinuxError) {
    request = try GPIORequest(description, consumer: consumer, roots: roots) {
      $0.debounce_us = description.debounceMicroseconds
    }
    if description.debounce > .zero, !request.isDebounced {
      filter = LevelFilter(try request.value(), period: description.debounce)
    }
  }

  /// The level now.
  public func isActive() throws(LinuxError) -> Bool {
    let value = try request.value()
    return filter?.take(value, at: Instant(nanoseconds: clinux_monotonic())) ?? value
  }
}
