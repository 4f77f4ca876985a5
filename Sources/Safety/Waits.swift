public import Wire

/// Since when the supervisor has been waiting for something, each with a limit in `SafetySettings`.
struct Waits: Hashable, Sendable {
  /// The contactor's feedback disagrees with the command.
  var mismatch: Instant?
  /// The disagreement was told.
  var isMismatchTold = false
  /// The contactor is closed, the oscillator off: C1 or D1.
  var offerless: Instant?
  /// The lock has not confirmed.
  var locking: Instant?
  /// The pilot is in E, F or fault.
  var pilotLost: Instant?
  /// The DC output is live with contactor and power stage off.
  var outputLive: Instant?
  var isOutputLiveTold = false
  /// Time of the last event: deadlines before it have been served.
  var last: Instant?
}

extension SafetySupervisor {
  /// Tells what was waited for too long.
  mutating func checkWaits(_ now: Instant, _ perform: (Action) -> Void) {
    if let due = mismatchDue, isContactorMismatched, !waits.isMismatchTold, now >= due {
      waits.isMismatchTold = true
      openForFault(mismatchFault, now, perform)
    }
    if let due = heartbeatDue, now >= due { openForFault(.heartbeatLost, now, perform) }
    if let since = waits.locking, isLockCommanded, !facts.isLocked, now >= since + settings.lockMax {
      openForFault(.lockNotConfirmed, now, perform)
    }
    if let since = waits.outputLive, isOutputLive, !waits.isOutputLiveTold,
      now >= since + settings.dischargeMax
    {
      waits.isOutputLiveTold = true
      raise(.outputLive(millivolts: facts.output.millivolts), perform)
    }
  }

  /// Starts and ends waits after everything else was decided.
  mutating func noteWaits(_ now: Instant) {
    if isContactorMismatched {
      waits.mismatch = waits.mismatch ?? now
    } else {
      waits.mismatch = nil
      waits.isMismatchTold = false
    }
    let isOfferless = isContactorCommandedClosed && !facts.duty.isOscillating
    waits.offerless = isOfferless ? waits.offerless ?? now : nil
    waits.locking = isLockCommanded && !facts.isLocked ? waits.locking ?? now : nil
    waits.outputLive = isOutputLive ? waits.outputLive ?? now : nil
    if !isOutputLive { waits.isOutputLiveTold = false }
    waits.last = now
  }

  public var deadline: Instant? {
    var due: Instant?
    func note(_ instant: Instant?) {
      // What is past has been served by the last event and waits for something else now.
      guard let instant, waits.last.map({ instant > $0 }) ?? true else { return }
      due = earliest(due, instant)
    }
    if !waits.isMismatchTold { note(mismatchDue) }
    note(heartbeatDue)
    note(waits.offerless.map { $0 + settings.drawWithoutOfferMax })
    note(facts.test.until)
    note(phasesDue)
    note(waits.locking.map { $0 + settings.lockMax })
    if isLockCommanded { note(waits.pilotLost.map { $0 + settings.unlockAfterPilotLoss }) }
    if !waits.isOutputLiveTold { note(waits.outputLive.map { $0 + settings.dischargeMax }) }
    switch phase {
    case .open: note(facts.lastClosing.map { $0 + settings.recloseMin })
    case .closing, .closed: break
    case .unloading(_, let until): note(until)
    case .opening(let believeFrom): note(believeFrom)
    }
    return due
  }

  /// The feedback is known and differs from the command.
  private var isContactorMismatched: Bool {
    facts.contactorReadsClosed.map { $0 != isContactorCommandedClosed } ?? false
  }

  /// When a disagreement of feedback and command is a fault.
  private var mismatchDue: Instant? {
    guard let since = waits.mismatch else { return nil }
    if case .closing = phase { return since + settings.closingSteps + settings.feedbackMax }
    return since + settings.feedbackMax
  }

  private var mismatchFault: SafetyFault {
    switch phase {
    case .open, .opening: .contactorWelded
    case .closing: .contactorDidNotClose
    case .closed, .unloading: .contactorDropped
    }
  }

  private var isOutputLive: Bool {
    // What a power stage had when it fell silent says nothing of now.
    settings.current == .dc && !isPowerStageOn && !isContactorCommandedClosed
      && facts.stageTrouble(settings) != .silent
      && facts.output.millivolts >= settings.touchableMillivolts
  }

  /// When the host's silence is too long; `nil` while nothing depends on it.
  var heartbeatDue: Instant? {
    guard facts.demand != nil || isContactorCommandedClosed else { return nil }
    return (facts.lastHeartbeat ?? waits.last ?? .zero) + settings.heartbeatMax
  }
}
