import HAL
import SiteFile

extension CrashSafety {
  /// The watchdog that the board's outputs depend on; `nil` where they are safe without one. A site file may name another
  /// one, but not none: outputs that stay would then stay for good.
  var watchdog: SiteConfiguration.WatchdogSettings? {
    guard case .hardwareWatchdog(let device, let timeout, _) = self else { return nil }
    var settings = SiteConfiguration.WatchdogSettings()
    settings.device = device
    settings.timeout = timeout
    return settings
  }
}
