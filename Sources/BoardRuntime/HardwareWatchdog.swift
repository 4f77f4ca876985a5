import LinuxHardware
import SiteFile

/// The board's watchdog, which resets it when this program does not feed it: with every pin at its hardware default.
final class HardwareWatchdog {
  private var device: WatchdogDevice?
  /// How often it is fed: three times within its time.
  let interval: Duration
  /// Its driver made another time of it than was wanted, which is longer: what people should know.
  let concern: String?

  init(_ settings: SiteConfiguration.WatchdogSettings) throws(LinuxError) {
    let wanted = max(1, Int(settings.timeout.components.seconds))
    let slash = settings.device.lastIndex(of: "/")
    let folder = slash.map { String(settings.device[..<$0]) } ?? "/dev"
    let name = slash.map { String(settings.device[settings.device.index(after: $0)...]) } ?? settings.device
    device = try WatchdogDevice(timeoutSeconds: wanted, name: name, roots: DeviceRoots(dev: folder))
    let actual = device?.timeout ?? wanted
    interval = .seconds(actual) / 3
    concern = Self.concern(wanted: wanted, actual: actual)
  }

  static func concern(wanted: Int, actual: Int) -> String? {
    guard actual > wanted else { return nil }
    return
      "its driver makes \(actual) s of the \(wanted) s that were asked for: so long the outputs may stay as they are "
      + "when this program is killed"
  }

  /// What fails here ends in the reset it is for.
  func pet() { try? device?.pet() }

  func disarm() {
    guard let device = device.take() else { return }
    try? device.disarm()
  }
}
