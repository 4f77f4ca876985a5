import Glibc
import Wire

/// When the daemon ends for a new start, because a device failed: that is the only thing that tries the device again, and takes
/// everything away that was ordered since the last one.
struct RestartRule: Hashable {
  /// What counts of a connector or inlet.
  struct Place: Hashable {
    /// A device failed, and stays as it is until a new start.
    var isBroken = false
    /// Nobody is plugged in.
    var isIdle = true
    /// A customer was let in who is on the way to the plug.
    var isGranted = false
    /// Somebody paused it, or narrowed its limits: both end with a new start.
    var isHeldBack = false
  }

  /// Starts of this kind one after another, without a stop in order.
  var starts: Int

  static let pauseMin = Duration.seconds(60)
  static let pauseMax = Duration.seconds(3600)

  /// The shortest time from start to start: a device that stays broken is asked less and less often.
  var pause: Duration { min(Self.pauseMin * (1 << min(max(starts, 0), 10)), Self.pauseMax) }

  func isDue(_ places: [Place], sinceStart time: Duration) -> Bool {
    guard time >= pause, places.contains(where: \.isBroken) else { return false }
    return places.allSatisfy { !$0.isHeldBack && ($0.isBroken || $0.isIdle && !$0.isGranted) }
  }

  // MARK: from start to start

  private static let fileName = "restarts"

  /// What the last starts left in the folder for run-time data.
  init(folder: String?) {
    starts = folder.flatMap { smallFile("\($0)/\(Self.fileName)") }.flatMap { Int($0) } ?? 0
  }

  init(starts: Int) { self.starts = starts }

  /// One more. A device that worked for long in between is a new case.
  func remember(folder: String?, ranFor time: Duration) {
    guard let folder else { return }
    let count = time > Self.pauseMax * 2 ? 1 : min(max(starts, 0), 100) + 1
    writeSmallFile("\(folder)/\(Self.fileName)", "\(count)")
  }

  /// A stop in order: whoever starts the station again has looked at it.
  static func forget(folder: String?) {
    if let folder { _ = unlink("\(folder)/\(fileName)") }
  }
}
