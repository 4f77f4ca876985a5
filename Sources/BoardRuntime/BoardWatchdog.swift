import HAL
import SiteFile

extension BoardDescription {
  /// The watchdog to arm: the site's, or the one that the board needs to be safe when the program is killed. `place` is
  /// where the site file says it.
  func watchdog(
    _ site: SiteConfiguration.WatchdogSettings?, _ place: String
  ) throws(SitePlan.Problems) -> SiteConfiguration.WatchdogSettings? {
    guard case .hardwareWatchdog(let device, let timeout, _) = crashSafety else { return site }
    guard let site else {
      var own = SiteConfiguration.WatchdogSettings()
      (own.device, own.timeout) = (device, timeout)
      return own
    }
    guard site.timeout <= timeout else {
      throw SitePlan.Problems(
        description:
          "\(place).timeout: board \(name) holds its outputs until its watchdog resets it, so that "
          + "\(timeout.components.seconds) s is the most, not \(site.timeout.components.seconds) s")
    }
    return site
  }
}
