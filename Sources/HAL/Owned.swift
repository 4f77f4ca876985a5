// Hardware is owned by exactly one value. Letting go of it - at the end of a scope, by an error thrown past it,
// by forgetting it - drives the level that harms nobody.

/// Owns a contactor and opens it when let go.
public struct OwnedContactor<Driver: Contactor>: ~Copyable {
  private var driver: Driver

  /// Takes the contactor over and opens it first: what it was left at is nobody's decision.
  public init(_ driver: consuming Driver) throws(Driver.Failure) {
    self.driver = driver
    try self.driver.command(closed: false)
  }

  public mutating func command(closed: Bool) throws(Driver.Failure) { try driver.command(closed: closed) }
  public mutating func isClosed() throws(Driver.Failure) -> Bool { try driver.isClosed() }

  deinit {
    var last = driver
    // Nobody is left to hear of an error; the coil's supply falls with the process.
    try? last.command(closed: false)
  }
}

/// Owns a power stage and disables it when let go.
public struct OwnedPowerSource<Driver: PowerSource>: ~Copyable {
  private var driver: Driver

  /// Takes the power stage over and disables it first.
  public init(_ driver: consuming Driver) throws(Driver.Failure) {
    self.driver = driver
    try self.driver.enable(false)
  }

  public mutating func enable(_ enabled: Bool) throws(Driver.Failure) { try driver.enable(enabled) }
  public mutating func set(_ target: PowerReading) throws(Driver.Failure) { try driver.set(target) }
  public mutating func output() throws(Driver.Failure) -> PowerReading { try driver.output() }

  deinit {
    var last = driver
    try? last.enable(false)
  }
}

/// Owns a pilot generator and leaves it at -12 V, "not available", when let go: a vehicle that sees state F
/// opens S2 at once.
public struct OwnedPilotGenerator<Driver: PilotGenerator>: ~Copyable {
  private var driver: Driver

  public init(_ driver: consuming Driver) throws(Driver.Failure) {
    self.driver = driver
    try self.driver.drive(.steadyHigh)
  }

  public mutating func drive(_ duty: PilotDuty) throws(Driver.Failure) { try driver.drive(duty) }

  deinit {
    var last = driver
    try? last.drive(.steadyLow)
  }
}
