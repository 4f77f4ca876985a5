/// Voltage and current at one point, as integers so that every comparison is exact.
public struct PowerReading: Hashable, Sendable {
  /// mV, 0 or more.
  public var millivolts: Int
  /// mA, 0 or more; out of the charging station.
  public var milliamps: Int

  /// Nothing there.
  public static let zero = PowerReading(millivolts: 0, milliamps: 0)

  @inlinable public init(millivolts: Int, milliamps: Int) {
    self.millivolts = millivolts
    self.milliamps = milliamps
  }

  /// From volts and amperes, rounded to the nearest thousandth. Values that are no number or beyond 1 000 000
  /// give 0 or the bound, as a reading must not trap.
  public init(volts: Double, amps: Double) {
    func thousandths(_ value: Double) -> Int {
      value.isNaN ? 0 : Int((min(max(value, -1_000_000), 1_000_000) * 1000).rounded())
    }
    self.init(millivolts: thousandths(volts), milliamps: thousandths(amps))
  }

  /// Volts.
  @inlinable public var volts: Double { Double(millivolts) / 1000 }
  /// Amperes.
  @inlinable public var amps: Double { Double(milliamps) / 1000 }
  /// Watts.
  @inlinable public var watts: Double { volts * amps }
}

/// What the insulation monitor of a DC output found (IEC 61851-23, values named after ISO 15118-2
/// isolationLevelType).
public enum InsulationStatus: String, Hashable, Sendable, CaseIterable {
  /// Not tested since the vehicle was plugged in.
  case invalid
  /// More than 500 ohm per volt.
  case valid
  /// 100...500 ohm per volt: energy may flow, people should be told.
  case warning
  /// Less than 100 ohm per volt, or the monitor failed its own test: no energy.
  case fault

  /// Energy may flow: the test was passed, with or without a warning.
  @inlinable public var permitsEnergy: Bool { self == .valid || self == .warning }
}

/// What flows at an outlet.
public enum OutletCurrent: String, Hashable, Sendable {
  /// Mains through a contactor; the vehicle rectifies.
  case ac
  /// From a power stage, through a contactor, straight to the battery.
  case dc
}
