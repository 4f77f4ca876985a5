import CLinux
import Glibc

/// The system's watchdog: it resets the board unless it is petted in time.
///
/// Opening it starts it. Letting go of it does *not* stop it, so that a crash ends in a reset, with every pin at its
/// hardware default; `disarm()` does.
public struct WatchdogDevice: ~Copyable {
  /// Time to the reset, s; `nil` where the driver's own is kept.
  public let timeout: Int?
  private let path: String
  private let file: FileDescriptor

  /// Opens and starts it. `timeoutSeconds` is rounded by the driver to what it can do; `timeout` says to what.
  public init(
    timeoutSeconds: Int? = nil, name: String = "watchdog", roots: DeviceRoots = DeviceRoots()
  ) throws(LinuxError) {
    let path = "\(roots.dev)/\(name)"
    let raw = open(path, O_WRONLY | O_CLOEXEC)
    guard raw >= 0 else {
      throw LinuxError("open the watchdog", on: path, code: errno, advice: Self.advice(errno))
    }
    let file = try FileDescriptor(raw, "open the watchdog", on: path)
    timeout = try timeoutSeconds.map { wanted throws(LinuxError) in try Self.set(raw, to: wanted, path) }
    self.path = path
    self.file = file
  }

  private static func set(_ file: Int32, to wanted: Int, _ path: String) throws(LinuxError) -> Int {
    var seconds = Int32(clamping: wanted)
    guard clinux_watchdog_timeout(file, &seconds) == 0 else {
      throw LinuxError(
        "set the watchdog to \(wanted) s", on: path, code: errno, advice: "its driver cannot do that")
    }
    return Int(seconds)
  }

  /// Starts its time anew.
  public mutating func pet() throws(LinuxError) { try write("\0", "pet the watchdog") }

  /// Stops it, for a planned end. The system is then without one; drivers built with `nowayout` go on and reset.
  public consuming func disarm() throws(LinuxError) {
    // The magic character: closing after anything else leaves it running.
    try write("V", "stop the watchdog")
  }

  private borrowing func write(_ text: StaticString, _ operation: String) throws(LinuxError) {
    guard Glibc.write(file.raw, text.utf8Start, 1) == 1 else { throw LinuxError(operation, on: path) }
  }

  private static func advice(_ code: Int32) -> String? {
    switch code {
    case EBUSY: "another program has it; of systemd, that is RuntimeWatchdogSec= in system.conf"
    case ENOENT: "there is no watchdog; is its driver loaded? (softdog is one without hardware)"
    case EACCES, EPERM: "it needs root, or the group that the udev rules of this program give it"
    default: nil
    }
  }
}
