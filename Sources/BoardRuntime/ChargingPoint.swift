import ControlAPI
import ISO15118
import Node
import Safety
import Wire

/// One place where a cable is plugged in, as the daemon and the control socket see it: a connector of a charging station or an
/// inlet of a vehicle.
protocol ChargingPoint: AnyObject {
  /// 1, 2, 3 ..., as people and the control socket say.
  var number: Int { get }
  var role: ConnectorStatus.Role { get }
  var phase: NodePhase { get }
  /// Nothing flows, nothing is closed and nobody waits for an answer: a stop interrupts nothing.
  var isAtRest: Bool { get }
  /// Why it cannot charge now; `nil` where it can.
  var trouble: String? { get }
  /// Which part of it has that trouble, as layers are called in the log: "board", "power", "battery" or "link".
  var troubleLayer: String { get }
  /// What the meter shows, Wh.
  var meterWattHours: Int { get }
  /// No deadline was missed: what the watchdog is fed for.
  func isHealthy(at now: Instant) -> Bool
  /// A device of the electrical side failed, and stays as it is until a new start.
  var isBroken: Bool { get }
  /// Its start failed.
  var isUnstarted: Bool { get }
  /// Somebody paused it or narrowed its limits, which a new start would forget.
  var isHeldBack: Bool { get }
  /// Somebody let a customer in who is not there yet, which a new start would forget.
  var isGranted: Bool { get }
  /// Takes over a fault of before the start that waits for a person. Before `start`.
  func restore(_ fault: SafetyFault)
  /// Starts node, port and network, for `start`.
  func begin() throws(BoardFailure)
  /// Why it could not be started.
  var startFailure: String? { get set }
  /// Takes the current off contacts that are about to be opened, and energizes nothing any more. `makeSafe` follows.
  func unload()
  /// After `unload`: contacts would part under a current they are not made for.
  func isLoaded(at now: Instant) -> Bool
  /// Safe values on every output, whatever the node thinks. Nothing is commanded after it.
  func makeSafe()
  /// What a changed site file may change live.
  func adopt(_ site: SitePlan)

  // MARK: the control socket

  func status(at now: Instant) -> ConnectorStatus
  var values: ConnectorValues { get }
  var controlLimits: ControlLimits { get }
  /// True once after something changed.
  func takeNews() -> Bool
  /// Ends a session in order.
  func stop(_ reason: SECCStopReason)
  func pause()
  func resume()
  func narrow(_ new: ControlLimits) throws(ControlFailure)
  func clear() throws(ControlFailure)
  /// The connection of a client is gone, which may have been somebody's voice.
  func clientIsGone(_ client: ControlClientID)
}

extension ChargingPoint {
  /// One that fails is broken until a new start.
  func start() throws(BoardFailure) {
    do throws(BoardFailure) {
      try begin()
    } catch {
      startFailure = "\(error)"
      throw error
    }
  }

  /// What counts of it where the daemon could start anew.
  var restartPlace: RestartRule.Place {
    RestartRule.Place(
      isBroken: isBroken, isIdle: phase == .idle && isAtRest, isGranted: isGranted, isHeldBack: isHeldBack)
  }
}

extension ConnectorStatus.Role {
  /// What people call the place.
  var word: String { self == .charger ? "connector" : "inlet" }
}

extension ConnectorRuntime: ChargingPoint {
  var number: Int { plan.number }
  var role: ConnectorStatus.Role { .charger }
  var meterWattHours: Int { state.meterWattHours }
  var troubleLayer: String {
    if isBroken || port.trouble != nil { return "board" }
    return stageTrouble == nil ? "link" : "power"
  }
  func stop(_ reason: SECCStopReason) { post(.stop(reason)) }
  func adopt(_ site: SitePlan) {
    if let plan = site.connectors.first(where: { $0.number == number }) { adopt(plan) }
  }
}
