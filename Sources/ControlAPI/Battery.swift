/// What a vehicle's battery management says: parameters of `battery`. Each call tells all of it.
public struct BatteryReport: Hashable, Sendable {
  public enum Wish: String, CaseIterable, Sendable { case charge, pause, stop }

  /// The contactors may be closed. False opens them at once.
  public var isReady: Bool
  public var wish = Wish.charge
  /// It has enough: the session ends in order.
  public var isFull = false
  /// State of charge, 0...100.
  public var socPercent: Int
  /// Voltage of the battery, mV.
  public var millivolts: Int
  /// Voltage at the inlet, on the charger's side of the contactors, mV.
  public var inletMillivolts: Int
  /// DC: what the charger shall give, mV and mA.
  public var targetMillivolts: Int
  public var targetMilliamps: Int
  /// Highest voltage and current it stands; `nil` leaves the site file's and the board's. mV, mA (per phase with AC).
  public var millivoltsMax: Int?
  public var milliampsMax: Int?
  /// AC: what the onboard charger takes now per phase, mA. S2 opens once it is below 1 A; untold, 2 s after it was told to stop.
  public var onboardMilliamps: Int?
  /// Energy wanted, Wh.
  public var requestWattHours: Int?
  /// Seconds until departure.
  public var departureSeconds: Int?
  /// Where the battery has the contactors and not the board: they are closed.
  public var contactorClosed: Bool?

  public init(
    isReady: Bool, socPercent: Int, millivolts: Int, inletMillivolts: Int, targetMillivolts: Int,
    targetMilliamps: Int
  ) {
    self.isReady = isReady
    self.socPercent = socPercent
    self.millivolts = millivolts
    self.inletMillivolts = inletMillivolts
    self.targetMillivolts = targetMillivolts
    self.targetMilliamps = targetMilliamps
  }
}

/// What a vehicle's battery management is told: result of `battery`, content of the event `inlet`.
public struct InletStatus: Hashable, Sendable {
  /// The contactors are wanted closed.
  public var closeContactor = false
  /// AC: what the onboard charger may take per phase, mA.
  public var chargerMilliamps = 0
  /// DC: what the charger says it gives, mV and mA.
  public var millivolts = 0
  public var milliamps = 0
  /// What the charger can give at most, mA, where it said so.
  public var milliampsMax: Int?
  /// As `SessionStatus.phase`.
  public var phase = "idle"
  /// Reports of the battery come in time.
  public var isBatteryHeard = false
  /// State of charge by the last report, percent.
  public var socPercent: Int?
  /// How the last session ended, for people; `nil` before the first.
  public var outcome: String?

  public init() {}
}

extension BatteryReport.Wish: JSONWord {}

extension BatteryReport: JSONCoded {
  /// Above anything that is built: 10 kA, 10 kV; 1 GWh.
  static let range = 0...10_000_000
  static let wattHoursRange = 0...1_000_000_000
  /// 31 years.
  static let secondsRange = 0...1_000_000_000

  static var blank: BatteryReport {
    BatteryReport(
      isReady: false, socPercent: 0, millivolts: 0, inletMillivolts: 0, targetMillivolts: 0,
      targetMilliamps: 0)
  }

  mutating func shape<Form: JSONForm>(_ form: inout Form) throws(Form.Failure) {
    try form.member("ready", &isReady)
    var (wish, full) = (wish == .charge ? nil : wish as Wish?, isFull ? true : nil as Bool?)
    try form.member("wish", &wish)
    try form.member("full", &full)
    self.wish = wish ?? .charge
    isFull = full ?? false
    try form.member("socPercent", &socPercent, in: 0...100)
    try form.member("millivolts", &millivolts, in: Self.range)
    try form.member("inletMillivolts", &inletMillivolts, in: Self.range)
    try form.member("targetMillivolts", &targetMillivolts, in: Self.range)
    try form.member("targetMilliamps", &targetMilliamps, in: Self.range)
    try form.member("millivoltsMax", &millivoltsMax, in: Self.range)
    try form.member("milliampsMax", &milliampsMax, in: Self.range)
    try form.member("onboardMilliamps", &onboardMilliamps, in: Self.range)
    try form.member("requestWattHours", &requestWattHours, in: Self.wattHoursRange)
    try form.member("departureSeconds", &departureSeconds, in: Self.secondsRange)
    try form.member("contactorClosed", &contactorClosed)
  }
}

extension InletStatus: JSONCoded {
  static var blank: InletStatus { InletStatus() }

  mutating func shape<Form: JSONForm>(_ form: inout Form) throws(Form.Failure) {
    try form.member("closeContactor", &closeContactor)
    try form.member("chargerMilliamps", &chargerMilliamps)
    try form.member("millivolts", &millivolts)
    try form.member("milliamps", &milliamps)
    try form.member("milliampsMax", &milliampsMax)
    try form.member("phase", &phase)
    try form.member("batteryHeard", &isBatteryHeard)
    try form.member("socPercent", &socPercent)
    try form.member("outcome", &outcome)
  }
}
