import ControlPilot
import HAL
import ISO15118
import Wire

// Charging by the nominal duty alone, where the charger does not communicate: S2 closes, and the onboard charger takes what
// the duty offers (IEC 61851-1 Table A.8), at most what vehicle and cable stand.

extension VehicleNode {
  private var isBasicPossible: Bool {
    guard configuration.coupling.basicCharging, isAC, case .amps = plug.offer else { return false }
    return plug.phase != .idle && !plug.ended && !plug.announced && !plug.linkUp
      && plug.communicationDue == nil && plug.bar == nil && keeper.isSound && keeper.isHeatKnown
      && !keeper.isTooHot
  }

  /// After every event.
  mutating func updateBasic(_ now: Instant, _ perform: (Action) -> Void) {
    let present = presentConditions
    let wants = present.wish == .charge && !present.chargingComplete
    if !plug.isBasic {
      guard wants, isBasicPossible else { return }
      plug.isBasic = true
      enter(.preparation, perform)
      drive(.request(.c), now, perform)
      return take(perform)
    }
    guard wants else {
      guard present.wish == .pause else {
        return end(.completed(.terminated, wattHours: plug.wattHours), now, perform)
      }
      pauseBasic(now, perform)
      return release(now, perform)
    }
    take(perform)
  }

  /// The offer has changed while the vehicle charges by it. True where nothing else is to be done about it.
  mutating func basicFollows(_ offer: PilotOffer, _ now: Instant, _ perform: (Action) -> Void) -> Bool {
    switch offer {
    case .amps:
      take(perform)
      return true
    case .none, .invalid:
      // X1 is a pause of the charger's. The pilot opens S2 in time, and the next duty is charged by again.
      pauseBasic(now, perform)
      return true
    case .digital:
      pauseBasic(now, perform)
      plug.communicationDue = now + configuration.communicationDelay
      return true
    case .error:
      pauseBasic(now, perform)
      return false
    }
  }

  /// What the onboard charger may take now: nothing before the mains are there.
  private mutating func take(_ perform: (Action) -> Void) {
    guard case .amps(let milliamps) = plug.offer else { return }
    let allowed = min(milliamps, conditions.maximumMilliamps)
    if allowed != plug.chargerMilliamps {
      plug.chargerMilliamps = allowed
      perform(.charger(milliamps: allowed))
    }
    // 50 V: mains, and no residue on a filter.
    if conditions.inletMillivolts > 50_000 { enter(.energy, perform) }
  }

  private mutating func pauseBasic(_ now: Instant, _ perform: (Action) -> Void) {
    plug.isBasic = false
    plug.isBasicKnown = true
    stopCharger(now, perform)
    enter(.pilot, perform)
  }
}
