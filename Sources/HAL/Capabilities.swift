// One protocol per capability that a simulated electrical side has, and the oscillator, which Linux has, too. They are used
// with generics. All calls return at once: a driver that has to wait (a motor, a bus) starts the work and tells the outcome
// later through its readings. Nothing here decides anything; decisions are the machines'. What Linux drives by lines, ADC and
// controllers is described by `BoardDescription`, and driven by `BoardRuntime`.

/// The oscillator of a charging station.
///
/// Promised: after `drive` returns, the pilot is at the new duty within 10 ms, without a pulse that belongs
/// to neither. Not promised: that the wire follows; a vehicle, a short or a broken driver may hold it.
public protocol PilotGenerator: ~Copyable {
  associatedtype Failure: Error
  /// Drives the pilot. `.pwm` outside 1...999 permille is refused by an error, never rounded.
  mutating func drive(_ duty: PilotDuty) throws(Failure)
}

/// The contactor between supply and outlet, all poles as one.
///
/// Promised: `command` drives the coil; `isClosed` reads contacts that move with the main ones (mirror
/// contacts, IEC 60947-4-1 Annex F), all poles in agreement, not the coil. Not promised: that a command
/// succeeds, or when; contacts weld. Only the safety supervisor's actions may lead to `command(closed: true)`.
public protocol Contactor: ~Copyable {
  associatedtype Failure: Error
  mutating func command(closed: Bool) throws(Failure)
  mutating func isClosed() throws(Failure) -> Bool
}

/// The lock that keeps the plug in.
///
/// Promised: the driver repeats a failed movement a few times itself. `isLocked` is a position, not the last
/// command. Not promised: that unlocking works without supply.
public protocol ConnectorLock: ~Copyable {
  associatedtype Failure: Error
  mutating func command(locked: Bool) throws(Failure)
  mutating func isLocked() throws(Failure) -> Bool
}

/// A controllable DC source.
///
/// Promised: after `enable(false)` the output current falls below 5 A within 30 ms by the stage's own means
/// (IEC 61851-23), and set points beyond its limits are bounded, not refused. Not promised: how fast the output
/// rises, or that it reaches a set point the load does not allow.
public protocol PowerSource: ~Copyable {
  associatedtype Failure: Error
  mutating func enable(_ enabled: Bool) throws(Failure)
  /// The voltage to regulate to and the current not to exceed.
  mutating func set(_ target: PowerReading) throws(Failure)
  mutating func output() throws(Failure) -> PowerReading
}

/// The insulation monitor of a DC output.
///
/// Promised: `status` is `.invalid` from `begin` to the end of the self-test and measurement.
public protocol InsulationSense: ~Copyable {
  associatedtype Failure: Error
  mutating func begin() throws(Failure)
  mutating func status() throws(Failure) -> InsulationStatus
}

/// The energy meter of an outlet.
///
/// Promised: the reading never falls, not even over a restart. Not promised: a start at 0.
public protocol Meter: ~Copyable {
  associatedtype Failure: Error
  /// Energy delivered so far, Wh.
  mutating func wattHours() throws(Failure) -> Int64
}
