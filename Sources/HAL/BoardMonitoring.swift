/// What stops an outlet beside its pilot.
public struct OutletMonitoring: Hashable, Sendable {
  public var residualCurrent: FaultInput
  /// The insulation monitor of a DC outlet.
  public var insulation: FaultInput
  /// Buttons of this outlet alone; pressed is true.
  public var stopButtons: [LineDescription]
  public var temperatures: [TemperatureSensor]

  public init(
    residualCurrent: FaultInput = .none, insulation: FaultInput = .none,
    stopButtons: [LineDescription] = [], temperatures: [TemperatureSensor] = []
  ) {
    self.residualCurrent = residualCurrent
    self.insulation = insulation
    self.stopButtons = stopButtons
    self.temperatures = temperatures
  }
}

/// A device that reports a fault.
public enum FaultInput: Hashable, Sendable {
  /// The board reads none; the installation has its own.
  case none
  /// The line is true for a fault. With `test`, a self-test is made before each closing, and with insulation before each
  /// cable check: while `test` is true the line has to become true, and false again when it is not. An earth-leakage
  /// switch whose own contacts a test opens is none of these: it would have to be switched on again by hand.
  case line(LineDescription, test: OutputDescription?)
  /// The safety controller reports it.
  case link
}

/// A sensor of contacts or housing.
public struct TemperatureSensor: Hashable, Sendable {
  public enum Source: Hashable, Sendable {
    /// An IIO channel whose driver tells 1/1000 degC: `in_tempN_input`.
    case celsius(device: String, channel: UInt32)
    /// A voltage and a table with at least two rows, ascending or descending throughout in mV as degrees rise.
    case voltage(ADCDescription, [TemperaturePoint])
    /// The safety controller reports it, channel 1...4.
    case link(channel: Int)
  }
  /// For people and journals.
  public var name: String
  public var source: Source
  /// Share of the current allowed from a temperature on: degrees ascend, shares fall, the last is 0.
  public var derating: [DeratingPoint]

  public init(_ name: String, _ source: Source, derating: [DeratingPoint]) {
    self.name = name
    self.source = source
    self.derating = derating
  }
}

/// What a voltage stands for.
public struct TemperaturePoint: Hashable, Sendable {
  public var millivolts: Int
  /// 1/10 degC, -500...2000.
  public var decidegrees: Int

  public init(millivolts: Int, decidegrees: Int) {
    self.millivolts = millivolts
    self.decidegrees = decidegrees
  }
}

/// From this temperature on, so much of the current.
public struct DeratingPoint: Hashable, Sendable {
  /// 1/10 degC, -400...1500.
  public var decidegrees: Int
  /// Share of `milliampsMax`, percent, 0...100.
  public var percent: Int

  public init(from decidegrees: Int, percent: Int) {
    self.decidegrees = decidegrees
    self.percent = percent
  }
}
