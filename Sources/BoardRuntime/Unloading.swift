import LinuxHardware
import Node
import Safety
import Wire

/// The last moment before the contacts of a program that ends are opened: they part without current where that takes no longer
/// than an ordinary end.
///
/// Parted under the full current of DC they weld, and stay closed for whoever touches them next.
enum Unloading {
  /// A charger's power stage has this long, as at the end of a session; nobody waits for longer.
  static let most = SafetySettings(current: .dc, hasLock: false).unloadMax

  /// Takes the current off all of them at once, and lets the loop turn until it is gone, `most` at the longest. Commands to a
  /// power stage go out, readings come in and faults still open contacts meanwhile; nothing is energized any more.
  static func run(_ points: [any ChargingPoint], on loop: EventLoop) {
    for point in points { point.unload() }
    let end = loop.now + most
    while loop.now < end, points.contains(where: { $0.isLoaded(at: loop.now) }) {
      // A loop that fails reads no current: the contacts open as they are.
      do throws(LinuxError) { try loop.step(until: min(end, loop.now + .milliseconds(10))) } catch { return }
    }
  }
}

extension ConnectorRuntime {
  func unload() {
    // The power stage only: an AC contactor is made to part its current.
    command(.powerStage(enabled: false))
    isLeaving = true
  }

  func isLoaded(at now: Instant) -> Bool {
    isLeaving && outlet.current == .dc && state.outputs.contactorClosed
      && state.power.milliamps >= SafetySettings(current: .dc, hasLock: false).openingMilliamps
  }
}

extension InletRuntime {
  func unload() {
    let isClosed = state.outputs.contactorClosed || wanted.chargerMilliamps > 0
    command(.charger(milliamps: 0))
    // A DC charger takes its current off when S2 opens. Behind S2 of AC the station's contactor parts what the onboard charger
    // still draws: there S2 opens last.
    if inlet.current == .dc { command(.setLoad(.b)) }
    isLeaving = true
    state.isNew = true
    let time = inlet.current == .dc ? VehicleSafety().openDelay : Unloading.most
    loadedUntil = isClosed ? loop.now + time : nil
  }

  /// What flows is measured elsewhere: the time alone counts.
  func isLoaded(at now: Instant) -> Bool { loadedUntil.map { now < $0 } ?? false }
}

extension OutletCommand {
  /// Brings no energy to the socket, and begins nothing that takes time.
  var isHarmless: Bool {
    switch self {
    case .contactor(let on), .powerStage(let on), .residualCurrentTest(let on): !on
    case .setDuty(let duty): !duty.isOscillating
    case .lock, .setPoint, .insulationTest, .modemPower, .phases: false
    }
  }
}

extension InletCommand {
  /// Draws nothing, and begins nothing that takes time.
  var isHarmless: Bool {
    switch self {
    case .setLoad(let load): load == .b
    case .contactor(let close): !close
    case .charger(let milliamps): milliamps == 0
    case .lock: false
    }
  }
}
