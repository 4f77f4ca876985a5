extension Outlet {
  func check(_ check: inout FieldCheck, _ field: String) {
    check.isTrue(milliampsMax >= 6000, "\(field).milliampsMax", "must be 6000 or more, is \(milliampsMax)")
    let most = current == .ac ? 80_000 : 1_000_000
    check.isTrue(
      milliampsMax <= most, "\(field).milliampsMax",
      "must be at most \(most) with \(current.rawValue), is \(milliampsMax)")
    check.isWithin(recloseIntervalMin, from: .zero, to: .seconds(3600), "\(field).recloseIntervalMin")
    check.isWithin(receiverLossDecibels, 0...255, "\(field).receiverLossDecibels", unit: "dB")
    check.isTrue(
      !hasLock || current == .ac, "\(field).hasLock",
      "a DC outlet has a tethered cable, which the vehicle locks (IEC 61851-23)")
    switch hardware {
    case .simulated: break
    case .lines(let hardware): hardware.check(&check, field, self)
    case .link(let hardware): hardware.check(&check, field, self)
    }
    checkMonitoring(&check, "\(field).monitoring")
    modem?.check(&check, "\(field).modem", foreign: .vehicle)
    checkLimits(&check, "\(field).limits")
  }

  private func checkMonitoring(_ check: inout FieldCheck, _ field: String) {
    let isLinked = if case .link = hardware { true } else { false }
    monitoring.residualCurrent.check(&check, "\(field).residualCurrent", isLinked: isLinked)
    monitoring.insulation.check(&check, "\(field).insulation", isLinked: isLinked)
    if current == .ac {
      check.isTrue(
        monitoring.insulation == .none, "\(field).insulation",
        "watches the output of a power stage, and this outlet is AC")
    } else if hardware != .simulated {
      check.isTrue(
        monitoring.insulation != .none, "\(field).insulation",
        "a DC outlet needs an insulation monitor (IEC 61851-23)")
    }
    TemperatureSensor.check(
      monitoring.temperatures, &check, "\(field).temperatures", isLinked: isLinked)
  }

  private func checkLimits(_ check: inout FieldCheck, _ field: String) {
    switch (current, limits.supply) {
    case (.ac, .dc), (.dc, .ac):
      check.add("\(field).supply", "is not that of an outlet with \(current.rawValue)")
    case (.ac, .ac(let phases, let canSwitch)):
      check.isWithin(phases, 1...3, "\(field).supply.phases", unit: "")
      check.isTrue(
        !canSwitch || phases == 3, "\(field).supply.canSwitch", "there is nothing to switch with \(phases)")
      if case .lines(let hardware) = self.hardware {
        let contactor = hardware.contactor
        check.isTrue(
          !canSwitch || contactor.switchesPhases, "\(field).supply.canSwitch",
          "one contactor switches all phases")
        check.isTrue(
          canSwitch || contactor.order != .mutual, "\(field).supply.canSwitch",
          "is false, but the poles of a mutual contactor are for one phase or three")
        check.isTrue(
          phases == 1 || contactor.poles.map(\.duty) != [.firstPhase], "\(field).supply.phases",
          "must be 1, as the contactor closes the first phase alone, is \(phases)")
      }
      check.isTrue(
        limits.milliampsMin >= 6000, "\(field).milliampsMin",
        "must be 6000 or more with ac (IEC 61851-1 Table A.8), is \(limits.milliampsMin)")
    case (.dc, .dc(let least, let most, let watts)):
      check.isTrue(
        least >= 0 && least < most && most <= 1_500_000, "\(field).supply",
        "voltages must ascend within 0...1500000 mV, are \(least) and \(most)")
      check.isWithin(watts, 1...10_000_000, "\(field).supply.wattsMax", unit: "W")
    }
    check.isTrue(
      limits.milliampsMin >= 0 && limits.milliampsMin <= max(milliampsMax, 6000), "\(field).milliampsMin",
      "must be 0...\(milliampsMax), the outlet's largest, is \(limits.milliampsMin)")
    check.isTrue(
      limits.exportMilliampsMax == 0, "\(field).exportMilliampsMax",
      "must be 0, as no session of this program takes energy from a vehicle, is \(limits.exportMilliampsMax)")
  }
}

extension LineDrivenOutlet {
  func check(_ check: inout FieldCheck, _ field: String, _ outlet: Outlet) {
    for (index, pole) in contactor.poles.enumerated() where pole.duty == .preCharge {
      check.add(
        "\(field).contactor.poles[\(index)].duty",
        "an outlet charges the vehicle's input through its power stage (PreCharge), not through a resistor")
    }
    generator.check(&check, "\(field).generator")
    checkTriggered(&check, field, outlet)
    levels.check(&check, "\(field).levels")
    proximity.check(&check, "\(field).proximity")
    contactor.check(&check, "\(field).contactor", outlet.current)
    lock.check(&check, "\(field).lock")
    if outlet.hasLock {
      check.isTrue(lock != .none, "\(field).lock", "a socket (hasLock) needs a lock")
      check.isTrue(
        proximity != .none, "\(field).proximity", "a socket has to read what current the cable may carry")
    } else {
      check.isTrue(lock == .none, "\(field).lock", "a tethered cable (no hasLock) has none")
    }
  }
}

extension LineDrivenOutlet {
  /// An ADC whose buffer runs converts nothing else.
  private func checkTriggered(_ check: inout FieldCheck, _ field: String, _ outlet: Outlet) {
    guard case .triggered(let high, let low, _) = levels else { return }
    check.isTrue(
      high.device == low.device, "\(field).levels", "one trigger converts both on one device, not two")
    var others: [(field: String, device: String?)] = [("\(field).proximity", proximity.adc?.device)]
    others.append(("\(field).lock.buffer", lock.motor?.buffer?.adc.device))
    if case .positioned(_, let position) = lock {
      others.append(("\(field).lock.position", position.adc.device))
    }
    for (index, sensor) in outlet.monitoring.temperatures.enumerated() {
      let device: String? =
        switch sensor.source {
        case .celsius(let device, _): device
        case .voltage(let adc, _): adc.device
        case .link: nil
        }
      others.append(("\(field).monitoring.temperatures[\(index)]", device))
    }
    for other in others where other.device == high.device {
      check.add(other.field, "'\(high.device)' converts the pilot by a trigger, and nothing else meanwhile")
    }
  }
}

extension LinkDrivenOutlet {
  func check(_ check: inout FieldCheck, _ field: String, _ outlet: Outlet) {
    if case .lines(let lock) = lock {
      lock.check(&check, "\(field).lock")
      check.isTrue(lock != .none, "\(field).lock", "says that Linux drives it, but not how")
    }
    if outlet.hasLock {
      check.isTrue(lock != .none, "\(field).lock", "a socket (hasLock) needs a lock")
      check.isTrue(
        proximity != nil, "\(field).proximity", "a socket has to read what current the cable may carry")
    } else {
      check.isTrue(lock == .none, "\(field).lock", "a tethered cable (no hasLock) has none")
    }
  }
}

extension Inlet {
  func check(_ check: inout FieldCheck, _ field: String) {
    check.isWithin(milliampsMax, 6000...1_000_000, "\(field).milliampsMax", unit: "mA")
    var isLinked = false
    switch hardware {
    case .simulated: break
    case .link(let hardware):
      isLinked = true
      check.isTrue(
        hasLock || !hardware.drivesLock, "\(field).hasLock", "is false, but the controller drives a lock")
      check.isTrue(!hasLock || hardware.drivesLock, "\(field).lock", "hasLock is true, but nothing drives it")
    case .lines(let hardware):
      let why = "S2 stays open while nobody decides"
      check.isOffWhenIdle(hardware.stateC, "\(field).stateC", why)
      if let stateD = hardware.stateD { check.isOffWhenIdle(stateD, "\(field).stateD", why) }
      hardware.proximity.check(&check, "\(field).proximity")
      hardware.contactor?.check(&check, "\(field).contactor", current)
      hardware.lock.check(&check, "\(field).lock")
      check.isTrue(
        !hasLock || hardware.lock != .none, "\(field).lock", "hasLock is true, but nothing drives it")
      check.isTrue(hasLock || hardware.lock == .none, "\(field).hasLock", "is false, but there is a lock")
    }
    TemperatureSensor.check(temperatures, &check, "\(field).temperatures", isLinked: isLinked)
    modem?.check(&check, "\(field).modem", foreign: .chargingStation)
  }
}

extension FaultInput {
  func check(_ check: inout FieldCheck, _ field: String, isLinked: Bool) {
    switch self {
    case .none: break
    case .link: check.isTrue(isLinked, field, "is a safety link's, but the outlet is not behind one")
    case .line(_, let test):
      if let test { check.isOffWhenIdle(test, "\(field).test", "a monitor under test watches nothing") }
    }
  }
}

extension TemperatureSensor {
  static func check(
    _ sensors: [TemperatureSensor], _ check: inout FieldCheck, _ field: String, isLinked: Bool
  ) {
    for (index, sensor) in sensors.enumerated() {
      sensor.check(&check, "\(field)[\(index)]", isLinked: isLinked)
      check.isTrue(
        !sensors[..<index].contains { $0.name == sensor.name }, "\(field)[\(index)].name",
        "'\(sensor.name)' is there twice")
    }
  }

  private func check(_ check: inout FieldCheck, _ field: String, isLinked: Bool) {
    check.isTrue(
      FieldCheck.isWord(name), "\(field).name", "must be letters, digits, '-' and '_', is '\(name)'")
    switch source {
    case .celsius: break
    case .link(let channel):
      check.isTrue(isLinked, "\(field).source", "is a safety link's, but there is none")
      check.isWithin(channel, 1...4, "\(field).source.channel", unit: "")
    case .voltage(_, let points):
      check.isTrue(points.count >= 2, "\(field).source", "a table needs two rows or more")
      let pairs = zip(points, points.dropFirst())
      check.isTrue(
        pairs.allSatisfy { $0.decidegrees < $1.decidegrees }
          && (pairs.allSatisfy { $0.millivolts < $1.millivolts }
            || pairs.allSatisfy { $0.millivolts > $1.millivolts }),
        "\(field).source", "degrees must ascend, and millivolts go one way throughout")
      check.isTrue(
        points.allSatisfy { (-500...2000).contains($0.decidegrees) }, "\(field).source",
        "degrees must be -500...2000 tenths")
    }
    let pairs = zip(derating, derating.dropFirst())
    check.isTrue(
      derating.last?.percent == 0, "\(field).derating", "the last row must be 0 %, where charging stops")
    check.isTrue(
      pairs.allSatisfy { $0.decidegrees < $1.decidegrees && $0.percent > $1.percent }, "\(field).derating",
      "degrees must ascend and shares fall")
    check.isTrue(
      derating.allSatisfy { (-400...1500).contains($0.decidegrees) && (0...100).contains($0.percent) },
      "\(field).derating", "must be within -400...1500 tenths of a degree and 0...100 %")
  }
}
