import HomePlug
import Wire

// CM_VALIDATE, ISO 15118-3 A.9.4: an EV that only potentially found us toggles S2, and we say how often we saw it on
// our own control pilot. It has no RunID: the source names the EV. One validation at a time, as there is one pilot.

extension EVSEMatcher {
  mutating func validate(
    _ request: CM_VALIDATE_REQ, from ev: MACAddress, in matching: inout Matching, at now: Instant,
    perform: (MatchAction) -> Void
  ) {
    // The latest run of an EV that began twice.
    guard let index = matching.sessions.lastIndex(where: { $0.ev == ev && $0.mayMatch }),
      request.signalType == 0
    else { return }
    let session = matching.sessions[index]
    switch session.state {
    case .counting: return  // The answer comes when the window is over.
    case .waitMatch(let until):
      let validation = EVSESession.Validation(
        confirmation: CM_VALIDATE_CNF(result: settings.validation), until: now + timers.matchSequence,
        sessionUntil: until)
      take(request, index, validation, in: &matching, at: now, perform: perform)
    case .waitToggles(let validation), .validated(let validation):
      take(request, index, validation, in: &matching, at: now, perform: perform)
    case .waitStart, .sounding, .waitResponse: return
    }
  }

  private func take(
    _ request: CM_VALIDATE_REQ, _ index: Int, _ validation: EVSESession.Validation,
    in matching: inout Matching, at now: Instant, perform: (MatchAction) -> Void
  ) {
    var validation = validation
    let isBusy = matching.sessions.indices.contains { $0 != index && matching.sessions[$0].isValidating }
    guard request.result == .ready else {
      // Anything but "ready" ends it.
      matching.sessions[index].state = .waitMatch(until: validation.sessionUntil)
      return answer(CM_VALIDATE_CNF(result: .failure), index, in: matching, perform: perform)
    }
    // TT_EVSE_match_session is over: who repeats itself does not hold the pilot for ever.
    guard now < validation.sessionUntil else { return }
    if request.timer == 0 {
      let result = isBusy && settings.validation == .ready ? ValidateResult.notReady : settings.validation
      if result == .ready {
        validation.confirmation = CM_VALIDATE_CNF(result: .ready)
        validation.repetitions = 0
        validation.until = now + timers.matchSequence
        matching.sessions[index].state = .waitToggles(validation)
      } else {
        matching.sessions[index].state = .waitMatch(until: validation.sessionUntil)
      }
      return answer(CM_VALIDATE_CNF(result: result), index, in: matching, perform: perform)
    }
    // Step 2. An EV that was told "not required" may insist.
    if case .waitToggles = matching.sessions[index].state {
    } else if settings.validation != .notRequired {
      return answer(CM_VALIDATE_CNF(result: .failure), index, in: matching, perform: perform)
    } else if isBusy {
      return answer(CM_VALIDATE_CNF(result: .notReady), index, in: matching, perform: perform)
    }
    // TT_EVSE_vald_toggle. Sources disagree whether N stands for N or N + 1 times 100 ms: the longer includes both.
    let window = min(.milliseconds(100 * (Int64(request.timer) + 1)), timers.validationWindowMax)
    let count = ToggleCount(at: now, until: now + window, asksSince: asksSince)
    matching.sessions[index].state = .counting(count, validation)
  }

  private func answer(
    _ confirmation: CM_VALIDATE_CNF, _ index: Int, in matching: Matching, perform: (MatchAction) -> Void
  ) {
    perform(.send(frame(.validateCnf(confirmation), to: matching.sessions[index].ev)))
    perform(.trace(.validation(matching.sessions[index].number, confirmation.result)))
  }

  /// The control pilot moved.
  mutating func countToggle(_ asksForEnergy: Bool, since: Instant) {
    asksSince = asksForEnergy ? asksSince ?? since : nil
    guard case .matching(var matching) = state else { return }
    for index in matching.sessions.indices {
      guard case .counting(var count, let validation) = matching.sessions[index].state else { continue }
      count.add(asksForEnergy: asksForEnergy, at: since)
      matching.sessions[index].state = .counting(count, validation)
    }
    state = .matching(matching)
  }

  /// TT_EVSE_vald_toggle is over.
  func concludeCount(
    _ index: Int, in matching: inout Matching, at now: Instant, perform: (MatchAction) -> Void
  ) -> EVSESessionFailure? {
    guard case .counting(let count, var validation) = matching.sessions[index].state else { return nil }
    // C_EV_vald_nb_toggles.
    let isSuccess = (1...3).contains(count.toggles)
    perform(.trace(.toggles(matching.sessions[index].number, count.toggles)))
    validation.confirmation = CM_VALIDATE_CNF(
      toggleCount: UInt8(count.toggles), result: isSuccess ? .success : .failure)
    validation.repetitions = 0
    validation.until = now + timers.matchSequence
    matching.sessions[index].state =
      isSuccess ? .validated(validation) : .waitMatch(until: max(validation.sessionUntil, now))
    answer(validation.confirmation, index, in: matching, perform: perform)
    return nil
  }

  /// TT_match_sequence is over: the latest confirmation again, twice.
  func repeatValidation(
    _ index: Int, in matching: inout Matching, at now: Instant, perform: (MatchAction) -> Void
  ) -> EVSESessionFailure? {
    switch matching.sessions[index].state {
    case .waitToggles(var validation):
      guard validation.repetitions < timers.retriesMax, now < validation.sessionUntil else {
        return .validationAbandoned
      }
      validation.repetitions += 1
      validation.until = now + timers.matchSequence
      matching.sessions[index].state = .waitToggles(validation)
      answer(validation.confirmation, index, in: matching, perform: perform)
    case .validated(var validation):
      guard validation.repetitions < timers.retriesMax else { return .noMatchRequest }
      validation.repetitions += 1
      validation.until = now + timers.matchSequence
      matching.sessions[index].state = .validated(validation)
      answer(validation.confirmation, index, in: matching, perform: perform)
    default: break
    }
    return nil
  }
}
