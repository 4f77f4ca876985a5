import HAL
import Safety
import Wire

/// What a vehicle's contactors and lock obey, beside the pilot: feedback, bolt, heat, battery. Facts and their deadlines; what
/// follows from them is the node's.
struct VehicleGuard {
  private enum Heat { case unread, fine, tooHot }

  let safety: VehicleSafety
  /// The session wants the contactors closed.
  var isWanted = false
  private(set) var isCommanded = false
  /// What the mirror contacts say; `nil` before they said anything.
  private(set) var isClosed: Bool?
  /// What the lock was told last; `nil` before it was told anything.
  private(set) var lockCommand: Bool?
  private(set) var isLocked = false
  /// It was told to let go and did not: whatever its position says is no proof that it holds.
  private(set) var isLockStuck = false
  var isBatteryReady: Bool
  var isEquipmentSound = true
  private(set) var latched: SafetyFault?
  private(set) var feedbackDue: Instant?
  private(set) var lockDue: Instant?
  /// The contactors open then, whatever flows.
  var openDue: Instant?
  private var heat: [Heat]
  /// The contactors were seen closed since they were commanded so.
  private var hasClosed = false

  init(_ safety: VehicleSafety) {
    self.safety = safety
    isBatteryReady = !safety.asksBattery
    heat = Array(repeating: .unread, count: safety.temperatureEnds.count)
  }

  var deadline: Instant? { earliest(feedbackDue, lockDue, openDue) }
  /// The bolt holds, or there is none.
  var isPlugHeld: Bool { !safety.hasLock || isLocked }
  var isTooHot: Bool { heat.contains(.tooHot) }
  var isHeatKnown: Bool { !heat.contains(.unread) }
  /// All of it is sound: what has to hold while energy flows. Heat is not among it, as a session that ends in order takes less
  /// from a hot inlet than a contactor that opens under load does.
  var isSound: Bool { isPlugHeld && isBatteryReady && isEquipmentSound && latched == nil }
  var readsOpen: Bool { !isCommanded && (isClosed == false || safety.feedbackMax == nil) }

  // MARK: commands

  mutating func command(closed: Bool, at now: Instant) {
    isCommanded = closed
    openDue = nil
    if closed { hasClosed = false }
    judge(now)
  }

  mutating func command(locked: Bool, at now: Instant) {
    lockCommand = locked
    lockDue = locked && !isLocked ? now + safety.lockMax : nil
  }

  // MARK: readings

  mutating func note(closed: Bool, at now: Instant) {
    isClosed = closed
    if closed, isCommanded { hasClosed = true }
    judge(now)
  }

  mutating func note(locked: Bool, at now: Instant) {
    isLocked = locked && !isLockStuck
    guard lockCommand == true else { return }
    lockDue = locked ? nil : lockDue ?? now + safety.lockMax
  }

  /// True where that is new.
  mutating func note(isLockStuck new: Bool) -> Bool {
    defer { isLockStuck = new }
    if new { isLocked = false }
    return new && !isLockStuck
  }

  mutating func note(sensor: Int, millicelsius: Int?) {
    guard heat.indices.contains(sensor) else { return }
    let end = safety.temperatureEnds[sensor]
    guard let millicelsius else { return heat[sensor] = .tooHot }
    if millicelsius >= end {
      heat[sensor] = .tooHot
    } else if heat[sensor] != .tooHot || millicelsius <= end - safety.temperatureHysteresis {
      heat[sensor] = .fine
    }
  }

  /// Begins or ends the time in which feedback may disagree.
  private mutating func judge(_ now: Instant) {
    guard let feedbackMax = safety.feedbackMax, let isClosed, isClosed != isCommanded else {
      feedbackDue = nil
      return
    }
    feedbackDue = feedbackDue ?? now + feedbackMax
  }

  // MARK: faults

  /// What a deadline that has passed means.
  mutating func overdue(at now: Instant) -> SafetyFault? {
    if let due = feedbackDue, now >= due {
      feedbackDue = nil
      return isCommanded ? (hasClosed ? .contactorDropped : .contactorDidNotClose) : .contactorWelded
    }
    if let due = lockDue, now >= due {
      lockDue = nil
      return .lockNotConfirmed
    }
    return nil
  }

  /// Keeps a fault; a lesser one never takes the place of one that waits for a person.
  mutating func latch(_ fault: SafetyFault) {
    guard fault.latch != .none, (latched?.latch ?? .none) < fault.latch else { return }
    latched = fault
  }

  /// The plug is out, or a person has looked (`service`): gives the fault that this ends.
  mutating func clear(service: Bool) -> SafetyFault? {
    guard let fault = latched, service ? fault.latch == .service : fault.latch < .service else { return nil }
    if service, isClosed == true { return nil }
    if fault == .lockStuck, isLockStuck { return nil }
    latched = nil
    return fault
  }
}
