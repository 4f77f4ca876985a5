// What a board file says about one device of the system. Names, never numbers: chips, PWM and ADC devices are numbered in
// the order they are found, which changes from boot to boot.

/// One GPIO line and how it is used.
public struct LineDescription: Hashable, Sendable {
  /// How the line is found.
  public enum Place: Hashable, Sendable {
    /// By its name in the device tree (`gpio-line-names`); it must be there once.
    case named(String)
    /// By the label of its chip and its offset there, where lines have no names.
    case offset(chip: String, UInt32)
    /// By the device behind its chip, a path below `/sys/devices` such as `platform/soc/20a8000.gpio`, and its offset there:
    /// where two chips share a label.
    case device(path: String, UInt32)
  }
  /// What holds the line where nobody drives it.
  public enum Bias: String, Hashable, Sendable { case asIs, disabled, pullUp, pullDown }
  /// How an output drives.
  public enum Drive: String, Hashable, Sendable { case pushPull, openDrain, openSource }

  public var place: Place
  /// The line's low level stands for true.
  public var isActiveLow: Bool
  public var bias: Bias
  public var drive: Drive
  /// Changes shorter than this are ignored, by the kernel where it can. Inputs only; 0 for none.
  public var debounce: Duration

  public init(
    _ place: Place, isActiveLow: Bool = false, bias: Bias = .asIs, drive: Drive = .pushPull,
    debounce: Duration = .zero
  ) {
    self.place = place
    self.isActiveLow = isActiveLow
    self.bias = bias
    self.drive = drive
    self.debounce = debounce
  }
}

/// What an output is at when the program that drove it is gone without a word (SIGKILL, a fault).
public enum CrashValue<Value: Hashable & Sendable>: Hashable, Sendable {
  /// The kernel lets the output go with the process, and the board's own circuit puts it here at once.
  case released(to: Value)
  /// The last value stays until the watchdog resets the board, which puts it here.
  case heldUntilReset(to: Value)
  /// The last value stays. Only where every value is harmless.
  case held

  /// Where the output ends; `nil` where that is any value.
  @inlinable public var end: Value? {
    switch self {
    case .released(let value), .heldUntilReset(let value): value
    case .held: nil
    }
  }
}

/// A GPIO line that is driven. Values are those of the function: true is what the line is named after, also where it is
/// active low.
public struct OutputDescription: Hashable, Sendable {
  public var line: LineDescription
  /// Driven when the line is taken, before anything else happens.
  public var start: Bool
  /// Driven before the line is let go in order.
  public var stop: Bool
  public var crash: CrashValue<Bool>

  public init(_ line: LineDescription, start: Bool = false, stop: Bool = false, crash: CrashValue<Bool>) {
    self.line = line
    self.start = start
    self.stop = stop
    self.crash = crash
  }
}

/// One channel of a PWM device (`/sys/class/pwm`).
public struct PWMDescription: Hashable, Sendable {
  /// The device behind the chip, such as `20fc000.pwm`.
  public var device: String
  public var channel: UInt32
  /// ns; 1 000 000 for the control pilot.
  public var periodNanoseconds: UInt32
  /// The output stage inverts.
  public var isInverted: Bool

  public init(
    device: String, channel: UInt32, periodNanoseconds: UInt32 = 1_000_000, isInverted: Bool = false
  ) {
    self.device = device
    self.channel = channel
    self.periodNanoseconds = periodNanoseconds
    self.isInverted = isInverted
  }
}

/// One voltage of an ADC (`/sys/bus/iio`), in the unit of its use: value = raw * numerator / denominator + offset.
public struct ADCDescription: Hashable, Sendable {
  /// The `name` of the IIO device, such as `2198000.adc`.
  public var device: String
  /// `in_voltageN_raw`.
  public var channel: UInt32
  /// mV per step, as a fraction: measured mV = raw * numerator / denominator + offsetMillivolts.
  public var numerator: Int
  public var denominator: Int
  public var offsetMillivolts: Int

  public init(device: String, channel: UInt32, numerator: Int, denominator: Int, offsetMillivolts: Int = 0) {
    self.device = device
    self.channel = channel
    self.numerator = numerator
    self.denominator = denominator
    self.offsetMillivolts = offsetMillivolts
  }
}
