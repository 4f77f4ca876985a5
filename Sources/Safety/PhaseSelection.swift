import HAL
import Wire

/// Whether the contactor closes one phase or three, where the board can do either.
///
/// Changed only while the contacts read open and nothing is offered (X1 or F), so never under load and never for a
/// vehicle that is about to close S2. A vehicle that stays plugged in is left alone for `SafetySettings.phaseRest` before:
/// its charger has to let go of the phases it knew, as one that starts on three and finds one takes them for a fault.
/// Until a change is possible the contactor closes what it closed before.
struct PhaseSelection: Hashable, Sendable {
  /// What the host wants.
  var wantsThree = true
  /// What the contactor closes.
  var hasThree = true
  /// Since when the vehicle is left alone for the change.
  var restSince: Instant?
}

extension SafetySupervisor {
  /// Another number of phases is waited for: nothing may be offered by a duty, so that it can be taken.
  public var isChangingPhases: Bool { settings.switchesPhases && phases.wantsThree != phases.hasThree }

  /// The contactor closes three phases, or what there is where nothing can be chosen.
  public var closesThreePhases: Bool { phases.hasThree }

  /// When a change that was prepared is made.
  var phasesDue: Instant? { phases.restSince.map { $0 + settings.phaseRest } }

  /// Takes what is wanted, once it may.
  mutating func advancePhases(_ now: Instant, _ perform: (Action) -> Void) {
    let isOpen = if case .open = phase { facts.contactorReadsClosed == false } else { false }
    guard isChangingPhases, isOpen, !facts.duty.isOscillating, !facts.test.isUnderWay else {
      phases.restSince = nil
      return
    }
    phases.restSince = phases.restSince ?? now
    // Without a vehicle there is nobody to leave alone.
    if facts.pilot != .A, let due = phasesDue, now < due { return }
    phases.restSince = nil
    phases.hasThree = phases.wantsThree
    perform(.phases(three: phases.hasThree))
  }
}
