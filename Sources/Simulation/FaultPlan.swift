public import SimulatedHardware
public import Wire

/// What goes wrong in a simulated charge: everything is drawn from one seed, so the same seed gives the same
/// faults in the same places.
public struct FaultPlan: Sendable {
  /// Faults of the power line, for management frames.
  public var line = LineFaults()
  /// Datagrams lost, in a thousand.
  public var datagramLossPerMille = 0
  /// Longest extra delay of a segment of the TCP connection: what retransmission costs.
  public var streamDelayMax: Duration = .zero
  /// When somebody pulls the plug.
  public var unplugAt: Instant?
  /// When the vehicle's electronics die: no frame, no octet, S2 stays where it is.
  public var vehicleDiesAt: Instant?
  /// The vehicle's electronics die after it has sent so many things: frames, datagrams and messages together.
  public var vehicleDiesAfterSending: Int?
  /// When the emergency stop is pressed.
  public var emergencyStopAt: Instant?
  /// When the connection is reset.
  public var resetAt: Instant?
  /// The contactor welds when it closes for the first time.
  public var contactorWelds = false
  /// The contactor does not close.
  public var contactorStaysOpen = false
  /// The insulation test fails.
  public var insulationFails = false

  public init() {}

  /// No faults.
  public static let none = FaultPlan()

  /// Random faults of every kind: loss, delay, duplication, reordering on the line, and in two of three runs a
  /// plug that is pulled at some time in the first 40 s.
  public static func random(seed: UInt64) -> FaultPlan {
    var draw = SeededGenerator(seed: seed ^ 0xFA17)
    var plan = FaultPlan()
    plan.line.lossPerMille = Int.random(in: 0...60, using: &draw)
    plan.line.duplicationPerMille = Int.random(in: 0...60, using: &draw)
    plan.line.reorderingPerMille = Int.random(in: 0...60, using: &draw)
    plan.line.corruptionPerMille = Int.random(in: 0...20, using: &draw)
    plan.line.delayMax = .milliseconds(Int.random(in: 0...80, using: &draw))
    plan.datagramLossPerMille = Int.random(in: 0...300, using: &draw)
    plan.streamDelayMax = .milliseconds(Int.random(in: 0...120, using: &draw))
    func moment() -> Instant { Instant.zero + .milliseconds(Int.random(in: 0...40_000, using: &draw)) }
    if draw.chance(perMille: 660) { plan.unplugAt = moment() }
    if draw.chance(perMille: 100) { plan.vehicleDiesAt = moment() }
    if draw.chance(perMille: 100) { plan.emergencyStopAt = moment() }
    if draw.chance(perMille: 100) { plan.resetAt = moment() }
    plan.contactorWelds = draw.chance(perMille: 30)
    plan.contactorStaysOpen = draw.chance(perMille: 30)
    plan.insulationFails = draw.chance(perMille: 30)
    return plan
  }
}
