import LinuxHardware
import SiteFile

/// The board's watchdog, which resets it when this program does not feed it: with every pin at its hardware default.
final class HardwareWatchdog {
  private var device: WatchdogDevice?
  /// How often it is fed: three times within its time.
  let interval: Duration

  init(_ settings: SiteConfiguration.WatchdogSettings) throws(LinuxError) {
    let wanted = max(1, Int(settings.timeout.components.seconds))
    let slash = settings.device.lastIndex(of: "/")
    let folder = slash.map { String(settings.device[..<$0]) } ?? "/dev"
    let name = slash.map { String(settings.device[settings.device.index(after: $0)...]) } ?? settings.device
    device = try WatchdogDevice(timeoutSeconds: wanted, name: name, roots: DeviceRoots(dev: folder))
    interval = .seconds(device?.timeout ?? wanted) / 3
  }

  /// What fails here ends in the reset it is for.
  func pet() { try? device?.pet() }

  func disarm() {
    guard let device = device.take() else { return }
    try? device.disarm()
  }
}
