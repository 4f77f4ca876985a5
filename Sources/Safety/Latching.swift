extension SafetySupervisor {
  /// Keeps a fault, beside those that are kept already. False where a graver one stays what is shown.
  mutating func latch(_ fault: SafetyFault) -> Bool {
    guard let held = latched, held != fault else {
      latched = fault
      return true
    }
    let isGraver = fault.latch >= held.latch
    let lesser = isGraver ? held : fault
    lesserFaults.removeAll { $0.name == lesser.name || $0.name == fault.name }
    lesserFaults.append(lesser)
    if isGraver { latched = fault }
    return isGraver
  }

  /// Everything that waits for this has it: each fault is told as over. What is left keeps the contactor open.
  mutating func clear(_ latch: FaultLatch, _ perform: (Action) -> Void) {
    let kept = keptFaults
    let over = kept.filter { $0.latch == latch }
    guard !over.isEmpty else { return }
    let wasForcedLow = latched.map { $0.latch != .unplugged } ?? false
    lesserFaults = kept.filter { $0.latch != latch }
    latched = lesserFaults.max { $0.latch < $1.latch }
    lesserFaults.removeAll { $0 == latched }
    for fault in over { perform(.cleared(fault)) }
    // From F back to where vehicle and plug can be seen.
    if wasForcedLow, latched.map({ $0.latch == .unplugged }) ?? true { perform(.forcePilot(.x1)) }
  }

  /// A latch that waits for the plug ends when the plug is out and the cause gone.
  mutating func releaseLatch(_ perform: (Action) -> Void) {
    guard latched?.latch == .unplugged, facts.pilot == .A, !facts.isEmergencyStopPressed else { return }
    guard keptFaults.allSatisfy({ !lasts($0) }) else { return }
    clear(.unplugged, perform)
  }

  private var keptFaults: [SafetyFault] { (latched.map { [$0] } ?? []) + lesserFaults }

  /// The cause is still there.
  private func lasts(_ fault: SafetyFault) -> Bool {
    switch fault {
    case .earthLost: !facts.isEarthSound
    case .lockStuck: facts.isLockStuck
    case .powerStage: facts.stageTrouble(settings) != nil
    case .residualCurrent, .residualCurrentTest(.didNotReturn): !facts.isResidualCurrentFine(settings)
    default: false
    }
  }
}
