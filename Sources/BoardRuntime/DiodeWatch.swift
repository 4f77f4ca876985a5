import HAL
import Wire

/// When a controller that tells states, and no levels, may be taken to have seen the vehicle's diode.
///
/// It says nothing of a diode that is there, only of one that is missing, and only after it has measured for a while. So
/// its silence counts from `proof` after the oscillation was ordered, and only if it was heard meanwhile.
struct DiodeWatch {
  /// Five periods of the slowest controller that tells its state again and again (chargebyte: 100 ms); the others tell a
  /// fault at once.
  static let proof = Duration.milliseconds(500)
  /// What it says earlier may have been on its way before it measured.
  static let answerMin = Duration.milliseconds(250)
  /// Levels are said again so often until the answer is there.
  static let period = Duration.milliseconds(100)

  /// It tells the duty that it drives, so that one it does not drive is no offer.
  let tellsDuty: Bool
  /// What it said that it drives.
  var told: PilotDuty?
  private var since: Instant?

  init(tellsDuty: Bool) { self.tellsDuty = tellsDuty }

  /// A duty was ordered.
  mutating func order(_ new: PilotDuty, after old: PilotDuty, at now: Instant) {
    if !new.isOscillating {
      since = nil
    } else if !old.isOscillating {
      since = now
    }
  }

  /// The time is over, and nothing was heard that could have said what is missing.
  func lacksAnswer(heardAt: Instant, at now: Instant) -> Bool {
    guard let since, now >= since + Self.proof else { return false }
    return heardAt < since + Self.answerMin || (tellsDuty && told?.isOscillating != true)
  }

  /// When levels have to be said again, as nothing that changes would have them said.
  func again(heardAt: Instant, at now: Instant) -> Instant? {
    guard let since else { return nil }
    // The pilot's machine counts from the first levels that it saw, which come later.
    let isOver = now >= since + Self.proof * 2 && !lacksAnswer(heardAt: heardAt, at: now)
    return isOver ? nil : now + Self.period
  }
}
