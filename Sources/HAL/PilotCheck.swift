extension PilotGeneratorDescription {
  func check(_ check: inout FieldCheck, _ field: String) {
    check.isWithin(dutyMinPermille, 1...50, "\(field).dutyMinPermille", unit: "permille")
    check.isWithin(dutyMaxPermille, 960...999, "\(field).dutyMaxPermille", unit: "permille")
    check.isTrue(!start.isOscillating, "\(field).start", "must be steady: nobody asked for an offer yet")
    check.isTrue(!stop.isOscillating, "\(field).stop", "must be steady: nobody is there to keep an offer")
    check.isTrue(
      crash.end.map { !$0.isOscillating } ?? false, "\(field).crash",
      "must end steady: nobody is there to keep an offer")
    if let enable {
      check.isWithin(enable.settle, from: .zero, to: .milliseconds(100), "\(field).enable.settle")
      check.isTrue(
        start != .steadyLow || enable.output.start, "\(field).enable.start",
        "must be true: without it the stage drives +12 V, and start is -12 V")
      check.isTrue(
        stop != .steadyLow || enable.output.stop, "\(field).enable.stop",
        "must be true: without it the stage drives +12 V, and stop is -12 V")
    }
  }
}

extension PilotLevelSource {
  func check(_ check: inout FieldCheck, _ field: String) {
    switch self {
    case .peakDetectors(_, _, let reset):
      guard let reset else { return }
      check.isTrue(
        reset.hold > .zero && reset.settle >= .zero && reset.hold + reset.settle <= .milliseconds(10),
        "\(field).reset", "hold must be above 0, and both together at most 10 ms, as levels must be no older")
    case .triggered(_, _, let trigger):
      check.isTrue(!trigger.isEmpty, "\(field).trigger", "must name the IIO trigger")
    case .comparators(let comparators):
      let thresholds = comparators.map(\.millivolts)
      check.isTrue(
        zip(thresholds, thresholds.dropFirst()).allSatisfy { $0 < $1 }, "\(field).comparators",
        "thresholds must ascend, are \(thresholds)")
      check.isTrue(
        thresholds.allSatisfy { (-13_000...13_000).contains($0) }, "\(field).comparators",
        "thresholds must be -13000...13000 mV, are \(thresholds)")
      // The gaps between the bands of IEC 61851-1 Table A.4.
      let gaps: [(ClosedRange<Int>, String)] = [
        (10_000...11_000, "A from B"), (7_000...8_000, "B from C"), (1_000...5_000, "C from E"),
        (-11_000 ... -2_000, "a diode from none"),
      ]
      for (gap, what) in gaps {
        check.isTrue(
          thresholds.contains(where: gap.contains), "\(field).comparators",
          "no threshold in \(gap.lowerBound)...\(gap.upperBound) mV tells \(what)")
      }
    }
  }
}

extension ProximitySource {
  func check(_ check: inout FieldCheck, _ field: String) {
    switch self {
    case .none: break
    case .pullUp(_, _, let network):
      check.isWithin(network.supplyMillivolts, 1...24_000, "\(field).supplyMillivolts", unit: "mV")
      check.isWithin(network.pullUpOhms, 1...1_000_000, "\(field).pullUpOhms", unit: "ohm")
      if let parallel = network.parallelOhms {
        check.isWithin(parallel, 1...1_000_000, "\(field).parallelOhms", unit: "ohm")
      }
    case .thresholds(_, let code, let rows):
      check.isTrue(
        zip(rows, rows.dropFirst()).allSatisfy { $0.millivolts > $1.millivolts }
          && rows.allSatisfy { $0.millivolts >= 0 },
        "\(field).thresholds", "must descend and not be negative, are \(rows.map(\.millivolts))")
      check.isTrue(
        rows.first?.meaning == .open, "\(field).thresholds", "the highest voltage is that of the open contact"
      )
      check.isTrue(
        rows.contains { if case .plugged = $0.meaning { true } else { false } }, "\(field).thresholds",
        "no row stands for a plug")
      for row in rows {
        switch (code, row.meaning) {
        case (.iec, .buttonPressed): check.add("\(field).thresholds", "an IEC plug has no button")
        case (.iec, .plugged(let milliamps?)):
          check.isTrue(
            [13_000, 20_000, 32_000, 63_000, 70_000].contains(milliamps), "\(field).thresholds",
            "no resistor stands for \(milliamps) mA (IEC 61851-1 Table B.2)")
        case (.sae, .plugged(_?)):
          check.add("\(field).thresholds", "an SAE plug does not tell what current its cable may carry")
        default: break
        }
      }
    }
  }
}

extension ContactorDescription {
  func check(_ check: inout FieldCheck, _ field: String, _ current: OutletCurrent) {
    check.isTrue((1...6).contains(poles.count), "\(field).poles", "must be 1...6, are \(poles.count)")
    for (index, pole) in poles.enumerated() {
      let field = "\(field).poles[\(index)]"
      check.isTrue(
        pole.duty.current == current, "\(field).duty",
        "\(pole.duty.rawValue) is not a pole of an outlet with \(current.rawValue)")
      check.isTrue(
        !poles[..<index].contains { $0.duty == pole.duty }, "\(field).duty",
        "\(pole.duty.rawValue) is there twice")
      check.isOffWhenIdle(pole.coil, "\(field).coil", "the contactor is open while nobody decides")
      check.isTrue(
        pole.feedback != .none || pole.duty == .preCharge, "\(field).feedback",
        "without it a welded contact could not be told")
    }
    let duties = Set(poles.map(\.duty))
    check.isTrue(
      duties.contains(.dcPlus) == duties.contains(.dcMinus), "\(field).poles",
      "both DC poles are switched, or none")
    check.isTrue(
      !duties.contains(.preCharge) || duties.contains(.dcPlus), "\(field).poles",
      "pre-charge goes around a DC pole")
    check.isTrue(
      !duties.contains(.otherPhases) || duties.contains(.firstPhase), "\(field).poles",
      "the other phases are not switched without the first")
    switch order {
    case .mutual:
      check.isTrue(
        duties == [.mains, .firstPhase] && poles.count == 2, "\(field).order",
        "mutual is between a pole for all phases (mains) and one for the first (firstPhase)")
    case .serial(let delay):
      check.isWithin(delay, over: .zero, to: .seconds(5), "\(field).order")
      check.isTrue(poles.count > 1, "\(field).order", "one pole follows none")
      fallthrough
    case .simultaneous:
      check.isTrue(
        !duties.contains(.mains) || !duties.contains(.firstPhase), "\(field).order",
        "mains has the first phase already: only mutual keeps them apart")
    }
    check.isWithin(feedbackMax, over: .zero, to: .seconds(1), "\(field).feedbackMax")
    if let economiser {
      check.isWithin(economiser.pullIn, over: .zero, to: .seconds(5), "\(field).economiser.pullIn")
      check.isWithin(economiser.holdPermille, 50...1000, "\(field).economiser.holdPermille", unit: "permille")
    }
  }
}

extension LockDescription {
  func check(_ check: inout FieldCheck, _ field: String) {
    guard let motor else { return }
    let why = "the motor takes current only for the time of a movement"
    check.isOffWhenIdle(motor.lock, "\(field).lock", why)
    check.isOffWhenIdle(motor.unlock, "\(field).unlock", why)
    check.isWithin(motor.pulse, from: .milliseconds(1), to: .seconds(4), "\(field).pulse")
    check.isWithin(motor.repetitions, 0...10, "\(field).repetitions", unit: "")
    if let buffer = motor.buffer {
      check.isWithin(buffer.millivoltsMin, 1...60_000, "\(field).buffer.millivoltsMin", unit: "mV")
    }
    if case .positioned(_, let position) = self {
      check.isTrue(
        !position.locked.overlaps(position.unlocked), "\(field).position",
        "locked and unlocked meet: \(position.locked) and \(position.unlocked) mV")
    }
  }
}
