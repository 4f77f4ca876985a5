/// What a charge controller tells of its power stage, or of the meter of an AC outlet: parameters of `power`.
///
/// Values are those at the outlet, before its contactor: what the vehicle is told.
public struct PowerReport: Hashable, Sendable {
  /// What its insulation monitor says. As ISO 15118-2 isolationLevelType; a monitor that is missing is `invalid`.
  public enum Insulation: String, CaseIterable, Sendable {
    /// Nothing is known.
    case invalid
    /// The test that was asked for runs. Only a result that follows it counts.
    case testing
    case valid
    case warning
    case fault
  }

  /// Octets of `fault`.
  public static let faultMax = 200

  /// Between the poles (DC) or from phase to neutral (AC), mV, 0 or more.
  public var millivolts: Int
  /// Out of the charging station, mA, 0 or more; with AC of the phase that has most.
  public var milliamps: Int
  /// AC: of each phase, mA; 1 to 3.
  public var phaseMilliamps: [Int]?
  /// What the meter shows, Wh; it only counts up. `nil`: there is none, and energy is summed up from the other two.
  public var wattHours: Int?
  /// `nil`: no monitor of its own.
  public var insulation: Insulation?
  /// It could deliver. While it is not, no vehicle is promised energy, and a charge that runs ends in order.
  public var isReady = true
  /// Why it cannot deliver at all: energy is cut at once. For people and the journal.
  public var fault: String?
  /// What it can give now, mV, mA and W; `nil`: as much as the outlet may.
  public var millivoltsMax: Int?
  public var milliampsMax: Int?
  public var wattsMax: Int?

  public init(millivolts: Int = 0, milliamps: Int = 0) {
    self.millivolts = millivolts
    self.milliamps = milliamps
  }
}

/// What the power stage has to do: result of `power`, and the event `powerCommand`.
public struct PowerCommand: Hashable, Sendable {
  /// Deliver. Off: output to nothing at once, as the contactor follows.
  public var isEnabled = false
  /// Highest voltage, mV; 0 while it is off.
  public var millivolts = 0
  /// Highest current, mA; 0 while it is off.
  public var milliamps = 0
  /// The insulation has to be tested, at that voltage: report `testing`, then the result.
  public var wantsInsulationTest = false

  public init() {}
}

/// The power stage that another program drives, as the station sees it.
public struct PowerStageStatus: Hashable, Sendable {
  public enum State: String, CaseIterable, Sendable {
    /// Nobody reports.
    case absent
    /// It could deliver, or does.
    case ready
    /// It is there, and cannot deliver now.
    case notReady
    /// Its program has not reported for too long, or is gone.
    case silent
    /// It says that it is faulty.
    case faulty
    /// It gives more than it was told to.
    case disobeying
  }

  public var state = State.absent
  /// What its program says of a fault.
  public var fault: String?
  public var insulation: PowerReport.Insulation?
  /// It is enabled and does not come near what it was told to give.
  public var isLagging = false
  /// What it can give now.
  public var millivoltsMax: Int?
  public var milliampsMax: Int?
  public var wattsMax: Int?

  public init() {}
}

extension PowerReport.Insulation: JSONWord {}
extension PowerStageStatus.State: JSONWord {}

extension PowerReport: JSONCoded {
  /// Above anything that is built: 10 kA, 10 kV, 10 MW; 1 TWh. Finer bounds are the station's own.
  static let range = 0...10_000_000
  static let wattHoursRange = 0...Int(clamping: 1_000_000_000_000 as Int64)

  static var blank: PowerReport { PowerReport() }

  mutating func shape<Form: JSONForm>(_ form: inout Form) throws(Form.Failure) {
    try form.member("millivolts", &millivolts, in: Self.range)
    try form.member("milliamps", &milliamps, in: Self.range)
    try form.member("phaseMilliamps", &phaseMilliamps)
    try form.member("wattHours", &wattHours, in: Self.wattHoursRange)
    try form.member("insulation", &insulation)
    var ready = isReady ? nil : false as Bool?
    try form.member("ready", &ready)
    isReady = ready ?? true
    try form.member("fault", &fault, octetsMax: Self.faultMax)
    try form.member("millivoltsMax", &millivoltsMax, in: Self.range)
    try form.member("milliampsMax", &milliampsMax, in: Self.range)
    try form.member("wattsMax", &wattsMax, in: Self.range)
  }
}

extension PowerCommand: JSONCoded {
  static var blank: PowerCommand { PowerCommand() }

  mutating func shape<Form: JSONForm>(_ form: inout Form) throws(Form.Failure) {
    try form.member("enabled", &isEnabled)
    try form.member("millivolts", &millivolts)
    try form.member("milliamps", &milliamps)
    try form.member("insulationTest", &wantsInsulationTest)
  }
}

extension PowerStageStatus: JSONCoded {
  static var blank: PowerStageStatus { PowerStageStatus() }

  mutating func shape<Form: JSONForm>(_ form: inout Form) throws(Form.Failure) {
    try form.member("state", &state)
    try form.member("fault", &fault)
    try form.member("insulation", &insulation)
    try form.member("lagging", &isLagging)
    try form.member("millivoltsMax", &millivoltsMax)
    try form.member("milliampsMax", &milliampsMax)
    try form.member("wattsMax", &wattsMax)
  }
}
