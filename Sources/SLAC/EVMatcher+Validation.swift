import HomePlug
import Wire

// CM_VALIDATE, ISO 15118-3 A.9.4: EVSEs that are only potentially found are asked one after the other, the nearest
// first, to count how often S2 toggles. Only the one at the other end of our cable can see it.

extension EVMatcher {
  struct Validation {
    let process: EVProcess
    /// Still to be asked, the nearest first.
    var candidates: [MACAddress]
    /// Said "not ready" in this round; asked again in the next.
    var notReady: [MACAddress] = []
    /// Validated, while S2 still toggled.
    var accepted: MACAddress?
    /// Asked now.
    var evse = MACAddress.zero
    var step = Step.ask
    var repetitions = 0
    var until = Instant.zero
    /// S2 toggles until then.
    var togglesUntil = Instant.zero
    /// Toggles an EVSE can count that missed the first CM_VALIDATE.REQ step 2 and got the second: one more, where it saw
    /// one begin.
    var countable: ClosedRange<Int>?
    /// Times step 2 was missed.
    var misses = 0
    /// Times one said "not ready".
    var refusals = 0
    /// The nearest of those that did not validate for want of the ability.
    var unable: MACAddress?

    enum Step: Hashable, Sendable {
      /// CM_VALIDATE.REQ step 1 is out.
      case ask
      /// Those that are left were not ready, and are asked again.
      case rest
      /// S2 still toggles for one that has answered already.
      case settle
      /// CM_VALIDATE.REQ step 2 is out, and S2 will toggle so many times.
      case announced(Int)
      case toggling(Int)
      /// Step 2 was missed, and so were its toggles: once more when they are over.
      case again(Int)
    }

    init(process: EVProcess, candidates: [MACAddress]) {
      self.process = process
      self.candidates = candidates
    }
  }

  /// Turns to the next candidate; without one left the process fails, or the nearest that cannot validate is taken.
  mutating func validateNext(
    _ validation: Validation, at now: Instant, perform: (MatchAction) -> Void
  ) {
    var validation = validation
    guard now >= validation.togglesUntil else {
      validation.step = .settle
      validation.until = validation.togglesUntil
      state = .validate(validation)
      return
    }
    if let accepted = validation.accepted {
      return choose(accepted, .validated, validation.process, at: now, perform: perform)
    }
    guard !validation.candidates.isEmpty else {
      if let retry = settings.validationRetry, !validation.notReady.isEmpty {
        validation.step = .rest
        validation.until = now + retry
        state = .validate(validation)
        return
      }
      if let unable = validation.unable, configuration.tolerates(.matchWithoutValidation) {
        return choose(unable, .unvalidated, validation.process, at: now, perform: perform)
      }
      state = .validate(validation)
      return fail(.notValidated, at: now, perform: perform)
    }
    validation.evse = validation.candidates.removeFirst()
    validation.misses = 0
    perform(.trace(.validating(evse: validation.evse)))
    ask(validation, at: now, perform: perform)
  }

  private mutating func ask(_ validation: Validation, at now: Instant, perform: (MatchAction) -> Void) {
    var validation = validation
    validation.step = .ask
    validation.repetitions = 0
    validation.until = now + timers.matchResponse
    state = .validate(validation)
    perform(unicast(.validateReq(CM_VALIDATE_REQ(timer: 0)), to: validation.evse))
  }

  mutating func answered(
    _ confirmation: CM_VALIDATE_CNF, _ validation: Validation, at now: Instant, perform: (MatchAction) -> Void
  ) {
    guard confirmation.signalType == 0 else { return }
    switch validation.step {
    case .rest, .settle: return
    case .ask:
      // Nothing was toggled yet, so nothing can have been counted.
      guard confirmation.toggleCount == 0 else { return }
      answeredFirst(confirmation.result, validation, at: now, perform: perform)
    case .announced(let times), .toggling(let times), .again(let times):
      // The answer to step 1 once more: it has yet to read, or missed, our step 2.
      guard confirmation.result != .ready else {
        if case .toggling = validation.step { missed(validation, times, at: now, perform: perform) }
        return
      }
      // S2 is in B for the last time one phase before the end: who has counted sooner speaks of another process.
      let isEarly =
        validation.togglesUntil == .zero || now < validation.togglesUntil - settings.validationPhase
      if isEarly, confirmation.result == .success { return }
      perform(.trace(.validationAnswer(evse: validation.evse, confirmation.result)))
      var validation = validation
      let count = Int(confirmation.toggleCount)
      if confirmation.result == .success, count == times || validation.countable?.contains(count) == true {
        validation.accepted = validation.evse
      }
      validateNext(validation, at: now, perform: perform)
    }
  }

  private mutating func answeredFirst(
    _ result: ValidateResult, _ validation: Validation, at now: Instant, perform: (MatchAction) -> Void
  ) {
    var validation = validation
    perform(.trace(.validationAnswer(evse: validation.evse, result)))
    switch result {
    case .ready: toggle(validation, at: now, perform: perform)
    case .notRequired:
      if settings.insistsOnValidation { return toggle(validation, at: now, perform: perform) }
      choose(validation.evse, .notRequired, validation.process, at: now, perform: perform)
    case .notReady:
      // It validates another EV: whoever else is left comes first, then it is asked again.
      if settings.validationRetry != nil, validation.refusals < timers.processesMax {
        validation.refusals += 1
        validation.notReady.append(validation.evse)
      }
      validateNext(validation, at: now, perform: perform)
    default:
      if result == .failure { validation.unable = validation.unable ?? validation.evse }
      validateNext(validation, at: now, perform: perform)
    }
  }

  /// Step 2: announces how long to look, and toggles.
  private mutating func toggle(_ validation: Validation, at now: Instant, perform: (MatchAction) -> Void) {
    var validation = validation
    // C_EV_vald_nb_toggles. Drawn, so that two EVs at two EVSEs do not look alike.
    let times = 1 + Int(keys.soundOctets().low % 3)
    let timer = window(times) / 100
    validation.step = .announced(times)
    validation.togglesUntil = .zero
    validation.countable = nil
    validation.until = now + settings.validationLead
    state = .validate(validation)
    perform(unicast(.validateReq(CM_VALIDATE_REQ(timer: UInt8(timer))), to: validation.evse))
  }

  /// The EVSE repeated its answer to step 1, so that it does not count yet: announces the toggles that are left, or
  /// begins again when none is.
  private mutating func missed(
    _ validation: Validation, _ times: Int, at now: Instant, perform: (MatchAction) -> Void
  ) {
    guard validation.misses < timers.retriesMax, now < validation.togglesUntil else { return }
    var validation = validation
    validation.misses += 1
    let left = (validation.togglesUntil - now).milliseconds
    let toggle = max(2 * settings.validationPhase.milliseconds, 1)
    let remaining = Int(left / toggle)
    guard remaining > 0 else {
      validation.step = .again(times)
      validation.until = validation.togglesUntil
      state = .validate(validation)
      return
    }
    validation.countable = remaining...remaining + 1
    let timer = min(max((left + 200 + 99) / 100, 6), 34)
    validation.until = now + .milliseconds(100 * (timer + 1)) + timers.matchSequence
    state = .validate(validation)
    perform(unicast(.validateReq(CM_VALIDATE_REQ(timer: UInt8(timer))), to: validation.evse))
  }

  /// TT_EVSE_vald_toggle to ask for: 600 to 3500 ms, in whole units of 100 ms.
  private func window(_ times: Int) -> Int64 {
    // T_vald_detect_time: the EVSE may see the last change 200 ms late.
    let toggles = settings.validationPhase.milliseconds * Int64(2 * times)
    let length = toggles + settings.validationLead.milliseconds + 200
    return min(max((length + 99) / 100, 6), 34) * 100
  }

  mutating func expire(_ validation: Validation, at now: Instant, perform: (MatchAction) -> Void) {
    var validation = validation
    switch validation.step {
    case .rest:
      validation.candidates = validation.notReady
      validation.notReady = []
      validateNext(validation, at: now, perform: perform)
    case .settle: validateNext(validation, at: now, perform: perform)
    case .ask:
      guard validation.repetitions < timers.retriesMax else {
        perform(.trace(.validationAnswer(evse: validation.evse, nil)))
        validation.unable = validation.unable ?? validation.evse
        return validateNext(validation, at: now, perform: perform)
      }
      validation.repetitions += 1
      validation.until = now + timers.matchResponse
      state = .validate(validation)
      perform(unicast(.validateReq(CM_VALIDATE_REQ(timer: 0)), to: validation.evse))
    case .announced(let times):
      validation.step = .toggling(times)
      validation.togglesUntil = now + .milliseconds(settings.validationPhase.milliseconds * Int64(2 * times))
      // The EVSE may look for a unit longer, and repeats its answer after TT_match_sequence.
      validation.until = now + .milliseconds(window(times) + 100) + timers.matchSequence
      state = .validate(validation)
      perform(.toggle(times: times))
    case .again: toggle(validation, at: now, perform: perform)
    case .toggling:
      perform(.trace(.validationAnswer(evse: validation.evse, nil)))
      validateNext(validation, at: now, perform: perform)
    }
  }
}
