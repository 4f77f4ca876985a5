// Everything a board touches, flat: for checks, for `coupler board show`, and for a replica made of simulated lines.

/// One line of a board and the field that says so.
public struct BoardLine: Hashable, Sendable {
  public enum Use: Hashable, Sendable {
    case input
    /// Values of the function, before active-low.
    case output(start: Bool, stop: Bool, crash: CrashValue<Bool>)
  }
  /// Path in the description, such as `outlets[0].contactor.poles[1].feedback`.
  public var field: String
  public var line: LineDescription
  public var use: Use
  /// How long it may be debounced: what opens a contactor has a share of 100 ms, and a pilot never rests.
  var debounceMax = Duration.seconds(1)

  public init(field: String, line: LineDescription, use: Use) {
    self.field = field
    self.line = line
    self.use = use
  }
}

/// One PWM channel of a board.
public struct BoardPWM: Hashable, Sendable {
  public enum Use: Hashable, Sendable {
    /// A pilot.
    case pilot(start: PilotDuty, stop: PilotDuty, crash: CrashValue<PilotDuty>)
    /// The current of contactor coils; 0 at start and stop.
    case economiser
    /// Set once, permille.
    case steady(permille: Int)
    /// Measures instead of driving.
    case capture
  }
  public var field: String
  public var pwm: PWMDescription
  public var use: Use
}

/// One IIO channel of a board.
public struct BoardADC: Hashable, Sendable {
  public enum Use: Hashable, Sendable {
    /// `in_voltageN_raw`
    case voltage(ADCDescription)
    /// `in_tempN_input`
    case temperature(device: String, channel: UInt32)
  }
  public var field: String
  public var use: Use

  /// Name of the IIO device.
  public var device: String {
    switch use {
    case .voltage(let adc): adc.device
    case .temperature(let device, _): device
    }
  }
  public var channel: UInt32 {
    switch use {
    case .voltage(let adc): adc.channel
    case .temperature(_, let channel): channel
    }
  }
}

extension BoardDescription {
  /// Every GPIO line.
  public var lines: [BoardLine] { inventory.lines }
  /// Every PWM channel.
  public var pwms: [BoardPWM] { inventory.pwms }
  /// Every ADC and temperature channel.
  public var adcs: [BoardADC] { inventory.adcs }

  /// Every trigger of conversions, with the field that names it and the channels it converts.
  public var triggers: [(field: String, name: String, channels: [ADCDescription])] {
    outlets.enumerated().compactMap { index, outlet in
      guard case .lines(let hardware) = outlet.hardware,
        case .triggered(let high, let low, let trigger) = hardware.levels
      else { return nil }
      return ("outlets[\(index)].levels.trigger", trigger, [high, low])
    }
  }

  var inventory: BoardInventory {
    var found = BoardInventory()
    for (index, outlet) in outlets.enumerated() { found.add(outlet, "outlets[\(index)]") }
    for (index, inlet) in inlets.enumerated() { found.add(inlet, "inlets[\(index)]") }
    for (index, link) in links.enumerated() {
      if let reset = link.reset { found.output(reset.output, "links[\(index)].reset") }
      if let boot = link.boot { found.output(boot, "links[\(index)].boot") }
    }
    for (index, button) in stopButtons.enumerated() {
      found.input(button, "stopButtons[\(index)]", debounceMax: BoardInventory.safetyDebounceMax)
    }
    for (index, auxiliary) in auxiliaries.enumerated() {
      switch auxiliary.use {
      case .input(let line): found.input(line, "auxiliaries[\(index)]")
      case .output(let output): found.output(output, "auxiliaries[\(index)]")
      }
    }
    for (index, steady) in steadyPWMs.enumerated() {
      found.pwms.append(
        BoardPWM(
          field: "steadyPWMs[\(index)]", pwm: steady.pwm, use: .steady(permille: steady.permille)))
    }
    return found
  }
}

struct BoardInventory {
  var lines: [BoardLine] = []
  var pwms: [BoardPWM] = []
  var adcs: [BoardADC] = []

  /// Of what contacts open for, or are judged by.
  static let safetyDebounceMax = Duration.milliseconds(50)

  mutating func input(_ line: LineDescription, _ field: String, debounceMax: Duration = .seconds(1)) {
    var new = BoardLine(field: field, line: line, use: .input)
    new.debounceMax = debounceMax
    lines.append(new)
  }

  mutating func output(_ output: OutputDescription, _ field: String) {
    lines.append(
      BoardLine(
        field: field, line: output.line,
        use: .output(start: output.start, stop: output.stop, crash: output.crash)))
  }

  mutating func voltage(_ adc: ADCDescription, _ field: String) {
    adcs.append(BoardADC(field: field, use: .voltage(adc)))
  }

  mutating func add(_ outlet: Outlet, _ field: String) {
    switch outlet.hardware {
    case .simulated: break
    case .lines(let hardware):
      add(hardware.generator, "\(field).generator")
      add(hardware.levels, "\(field).levels")
      if let adc = hardware.proximity.adc { voltage(adc, "\(field).proximity") }
      add(hardware.contactor, "\(field).contactor")
      add(hardware.lock, "\(field).lock")
    case .link(let hardware):
      if case .lines(let lock) = hardware.lock { add(lock, "\(field).lock") }
    }
    let monitoring = outlet.monitoring
    add(monitoring.residualCurrent, "\(field).monitoring.residualCurrent")
    add(monitoring.insulation, "\(field).monitoring.insulation")
    for (index, button) in monitoring.stopButtons.enumerated() {
      input(
        button, "\(field).monitoring.stopButtons[\(index)]", debounceMax: Self.safetyDebounceMax)
    }
    add(monitoring.temperatures, "\(field).monitoring.temperatures")
    if let modem = outlet.modem { add(modem, "\(field).modem") }
  }

  mutating func add(_ inlet: Inlet, _ field: String) {
    if case .lines(let hardware) = inlet.hardware {
      switch hardware.duty {
      case .edges(let line): input(line, "\(field).duty", debounceMax: .zero)
      case .capture(let pwm): pwms.append(BoardPWM(field: "\(field).duty", pwm: pwm, use: .capture))
      }
      output(hardware.stateC, "\(field).stateC")
      if let stateD = hardware.stateD { output(stateD, "\(field).stateD") }
      if let adc = hardware.proximity.adc { voltage(adc, "\(field).proximity") }
      if let contactor = hardware.contactor { add(contactor, "\(field).contactor") }
      add(hardware.lock, "\(field).lock")
    }
    add(inlet.temperatures, "\(field).temperatures")
    if let modem = inlet.modem { add(modem, "\(field).modem") }
  }

  private mutating func add(_ generator: PilotGeneratorDescription, _ field: String) {
    pwms.append(
      BoardPWM(
        field: "\(field).pwm", pwm: generator.pwm,
        use: .pilot(start: generator.start, stop: generator.stop, crash: generator.crash)))
    if let enable = generator.enable { output(enable.output, "\(field).enable") }
  }

  private mutating func add(_ levels: PilotLevelSource, _ field: String) {
    switch levels {
    case .peakDetectors(let high, let low, let reset):
      voltage(high, "\(field).high")
      voltage(low, "\(field).low")
      if let reset {
        output(reset.high, "\(field).reset.high")
        output(reset.low, "\(field).reset.low")
      }
    case .triggered(let high, let low, _):
      voltage(high, "\(field).high")
      voltage(low, "\(field).low")
    case .comparators(let comparators):
      for (index, comparator) in comparators.enumerated() {
        input(comparator.line, "\(field).comparators[\(index)]", debounceMax: .zero)
      }
    }
  }

  private mutating func add(_ contactor: ContactorDescription, _ field: String) {
    for (index, pole) in contactor.poles.enumerated() {
      output(pole.coil, "\(field).poles[\(index)].coil")
      if let line = pole.feedback.line {
        input(line, "\(field).poles[\(index)].feedback", debounceMax: Self.safetyDebounceMax)
      }
    }
    if let economiser = contactor.economiser {
      pwms.append(BoardPWM(field: "\(field).economiser", pwm: economiser.pwm, use: .economiser))
    }
  }

  private mutating func add(_ lock: LockDescription, _ field: String) {
    guard let motor = lock.motor else { return }
    output(motor.lock, "\(field).lock")
    output(motor.unlock, "\(field).unlock")
    if let fault = motor.fault { input(fault, "\(field).fault") }
    if let buffer = motor.buffer { voltage(buffer.adc, "\(field).buffer") }
    if case .positioned(_, let position) = lock { voltage(position.adc, "\(field).position") }
  }

  private mutating func add(_ fault: FaultInput, _ field: String) {
    guard case .line(let line, let test) = fault else { return }
    input(line, field, debounceMax: Self.safetyDebounceMax)
    if let test { output(test, "\(field).test") }
  }

  private mutating func add(_ sensors: [TemperatureSensor], _ field: String) {
    for (index, sensor) in sensors.enumerated() {
      switch sensor.source {
      case .celsius(let device, let channel):
        adcs.append(
          BoardADC(field: "\(field)[\(index)]", use: .temperature(device: device, channel: channel)))
      case .voltage(let adc, _): voltage(adc, "\(field)[\(index)]")
      case .link: break
      }
    }
  }

  private mutating func add(_ modem: ModemDescription, _ field: String) {
    if let reset = modem.reset { output(reset.output, "\(field).reset") }
    if let strap = modem.bootStrap { output(strap, "\(field).bootStrap") }
  }
}
