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
