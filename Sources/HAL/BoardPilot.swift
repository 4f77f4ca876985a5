/// The oscillator of the pilot: a PWM channel and what stands between it and the wire.
public struct PilotGeneratorDescription: Hashable, Sendable {
  public var pwm: PWMDescription
  /// A line that lets the PWM through while true; while false the output stage drives steady +12 V. `nil` where there is none.
  public var enable: Enable?
  /// Smallest and largest duty of an oscillating pilot the stage can make, permille; 1...50 and 960...999, as 5 % and 96 %
  /// have to be possible (IEC 61851-1 Table A.8).
  public var dutyMinPermille: Int
  public var dutyMaxPermille: Int
  /// Driven when the channel is taken, and before it is let go.
  public var start: PilotDuty
  public var stop: PilotDuty
  public var crash: CrashValue<PilotDuty>

  /// The enabling line and how to use it.
  public struct Enable: Hashable, Sendable {
    public var output: OutputDescription
    /// The PWM is held at +12 V for so long before the line becomes true, so that the first falling edge is the PWM's;
    /// 0...100 ms. Of no meaning where the line is true from the start.
    public var settle: Duration

    public init(_ output: OutputDescription, settle: Duration = .milliseconds(2)) {
      self.output = output
      self.settle = settle
    }
  }

  public init(
    pwm: PWMDescription, enable: Enable? = nil, dutyMinPermille: Int = 1, dutyMaxPermille: Int = 999,
    start: PilotDuty = .steadyHigh, stop: PilotDuty = .steadyLow, crash: CrashValue<PilotDuty>
  ) {
    self.pwm = pwm
    self.enable = enable
    self.dutyMinPermille = dutyMinPermille
    self.dutyMaxPermille = dutyMaxPermille
    self.start = start
    self.stop = stop
    self.crash = crash
  }
}

/// Where a charging station's pilot levels come from. The ADC's scale gives mV at the wire, not at its pin.
public enum PilotLevelSource: Hashable, Sendable {
  /// Peak detectors for both levels, read at any time. Both have a reset line, or neither.
  case peakDetectors(high: ADCDescription, low: ADCDescription, reset: PeakReset?)
  /// Conversions that the oscillator triggers in the middle of each part, through the kernel's buffer. Both channels are
  /// of one device, which then converts nothing else; `trigger` is the IIO trigger's name.
  case triggered(high: ADCDescription, low: ADCDescription, trigger: String)
  /// One line per threshold, true above it; thresholds ascend. The levels are then known to lie between two.
  case comparators([PilotComparator])
}

/// How peak detectors forget.
public struct PeakReset: Hashable, Sendable {
  public var high: OutputDescription
  public var low: OutputDescription
  /// Time the lines are held, and from their release to the reading; above 0, both together at most 10 ms.
  public var hold: Duration
  public var settle: Duration

  public init(high: OutputDescription, low: OutputDescription, hold: Duration, settle: Duration) {
    self.high = high
    self.low = low
    self.hold = hold
    self.settle = settle
  }
}

/// One comparator on the pilot.
public struct PilotComparator: Hashable, Sendable {
  public var line: LineDescription
  /// The line is true where the pilot is above this, mV; -13 000...13 000.
  public var millivolts: Int

  public init(_ line: LineDescription, above millivolts: Int) {
    self.line = line
    self.millivolts = millivolts
  }
}

/// Where a vehicle's knowledge of the duty comes from.
public enum PilotDutySource: Hashable, Sendable {
  /// Edges of a line with the kernel's time stamps. An input stage that inverts is an active-low line.
  case edges(LineDescription)
  /// A `capture` file of a PWM device. An input stage that inverts is `isInverted`.
  case capture(PWMDescription)
}

/// Which coding of the proximity contact.
public enum ProximityCode: String, Hashable, Sendable, CaseIterable {
  /// IEC 61851-1 Table B.2: the plug's resistor tells the cable's current.
  case iec
  /// SAE J1772: latched, pressed or out.
  case sae
}

/// How the proximity contact is read.
public enum ProximitySource: Hashable, Sendable {
  /// Not at all: a tethered cable.
  case none
  /// By a voltage and a table, highest first. Below the last threshold is a fault.
  case thresholds(ADCDescription, ProximityCode, [ProximityThreshold])
  /// By a voltage and the resistors around the contact; common code makes ohms of it.
  case pullUp(ADCDescription, ProximityCode, ProximityPullUp)

  /// Its channel; `nil` where there is none.
  public var adc: ADCDescription? {
    switch self {
    case .none: nil
    case .thresholds(let adc, _, _), .pullUp(let adc, _, _): adc
    }
  }
}

/// One row of a proximity table.
public struct ProximityThreshold: Hashable, Sendable {
  /// From this voltage up to the row before, mV at the ADC as scaled; 0 or more.
  public var millivolts: Int
  public var meaning: Proximity

  public init(from millivolts: Int, _ meaning: Proximity) {
    self.millivolts = millivolts
    self.meaning = meaning
  }
}

/// The resistors around a proximity contact.
public struct ProximityPullUp: Hashable, Sendable {
  /// mV, above 0.
  public var supplyMillivolts: Int
  /// From the supply to the contact, ohm, above 0.
  public var pullUpOhms: Int
  /// From the contact to protective earth on the board, ohm, above 0; `nil` for none. 2700 in an SAE inlet.
  public var parallelOhms: Int?

  public init(supplyMillivolts: Int, pullUpOhms: Int, parallelOhms: Int? = nil) {
    self.supplyMillivolts = supplyMillivolts
    self.pullUpOhms = pullUpOhms
    self.parallelOhms = parallelOhms
  }

  /// The resistance of what is plugged in, ohm; `nil` for none: at or above the voltage of the open contact.
  public func ohms(millivolts: Int) -> Int? {
    guard millivolts > 0 else { return 0 }
    guard supplyMillivolts > millivolts, pullUpOhms > 0 else { return nil }
    let together = Int64(pullUpOhms) * Int64(millivolts) / Int64(supplyMillivolts - millivolts)
    guard let parallelOhms else { return Int(together) }
    guard together < parallelOhms else { return nil }
    return Int(together * Int64(parallelOhms) / (Int64(parallelOhms) - together))
  }
}
