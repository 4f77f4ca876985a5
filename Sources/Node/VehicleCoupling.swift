/// How a vehicle's matching goes together with what it reads on the control pilot: what ISO 15118-3 leaves to the maker of
/// a vehicle.
public struct VehicleCoupling: Hashable, Sendable {
  /// AC: match at a nominal duty too. A vehicle that can communicate does, and charges the basic way where nobody answers.
  public var matchesAtNominalDuty = true
  /// AC: match in X1 too, when the oscillator is off so long after plug-in or after state E/F; `nil` waits for a duty. Longer
  /// than a charger's pause in X1 between E/F and its duty (1 s), shorter than TP_EV_SLAC_init (10 s).
  public var matchesWithoutDuty: Duration? = .seconds(2)
  /// AC: charge by a nominal duty alone, where no link comes about or there is no modem.
  public var basicCharging = true
  /// B-C-B toggles that wake a charger, 1...3.
  public var wakeUpToggles = 1
  /// T_conn_resume: a charger that was woken has so long to offer something; then it is woken again. At most 6 s.
  public var wakeUpPatience: Duration = .seconds(6)
  /// How often a charger is woken before the vehicle rests.
  public var wakeUpsMax = 3
  /// D-LINK_TERMINATE.request after the end of a session: late enough for the last octets of its connection.
  public var leavesAfter: Duration = .milliseconds(500)

  public init() {}
}
