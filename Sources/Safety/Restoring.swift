extension SafetySupervisor {
  /// A fault that was latched before this supervisor was made and waits for a person: welded contacts that came loose
  /// meanwhile are no reason to trust them. `serviceReset` clears it.
  public mutating func restore(_ fault: SafetyFault) {
    guard fault.latch == .service else { return }
    _ = latch(fault)
  }

  /// Takes over what outlives the supervisor of before: wear of the contactor, and a plug that is still held.
  public mutating func inherit(_ other: SafetySupervisor) {
    facts.lastClosing = other.facts.lastClosing
    facts.lockCommand = other.facts.lockCommand
    facts.isLockStuck = other.facts.isLockStuck
  }
}

extension SafetyFault {
  /// The fault that waits for service and is called so; `nil` for any other.
  public init?(serviceName name: String) {
    let faults: [SafetyFault] =
      [.contactorWelded, .residualCurrentTest(.didNotTrip)]
      + SafetyInvariant.allCases.map { .invariantBroken($0) }
    guard let fault = faults.first(where: { $0.latch == .service && $0.name == name }) else { return nil }
    self = fault
  }

  /// The name is that of a fault that ends without a person's reset: with its cause, or when the plug is out. `false`
  /// also for a name that this version does not know, of which nothing may be assumed.
  public static func endsByItself(name: String) -> Bool {
    let kind = name.prefix { $0 != "(" }
    // One of its two ways to fail waits for a person.
    if kind == "residualCurrentTest" { return name == SafetyFault.residualCurrentTest(.didNotReturn).name }
    return oneOfEach.contains { $0.latch != .service && $0.name.prefix { $0 != "(" } == kind }
  }

  /// One of each case that `endsByItself` may know.
  static let oneOfEach: [SafetyFault] = [
    .contactorDidNotClose, .contactorDropped, .earthLost, .residualCurrent, .proximityLost, .emergencyStop,
    .heartbeatLost, .lockNotConfirmed, .lockLost, .lockStuck, .pilotLost(.A), .vehicleIgnoredStop,
    .ventilationMissing,
    .residualCurrentTest(.didNotReturn), .insulation(.fault), .wrongDemand, .outputLive(millivolts: 0),
    .powerStage(.silent), .powerStage(.faulty), .powerStage(.disobeying),
  ]
}
