public import Wire

// One protocol per capability, so that a board implements what it has and a driver asks for what it needs.
// They are used with generics. All calls return at once: a driver that has to wait (a motor, a bus) starts the
// work and tells the outcome later through its readings. Nothing here decides anything; decisions are the
// machines'.

/// The oscillator of a charging station.
///
/// Promised: after `drive` returns, the pilot is at the new duty within 10 ms, without a pulse that belongs
/// to neither. Not promised: that the wire follows; a vehicle, a short or a broken driver may hold it.
public protocol PilotGenerator: ~Copyable {
  associatedtype Failure: Error
  /// Drives the pilot. `.pwm` outside 1...999 permille is refused by an error, never rounded.
  mutating func drive(_ duty: PilotDuty) throws(Failure)
}

/// Measures the pilot at a charging station.
///
/// Promised: levels are of the last 10 ms, and both come from the same period or from two neighbours.
/// Not promised: that they are settled after a change of duty; `EVSEPilot` ignores them for 10 ms itself.
public protocol PilotSense: ~Copyable {
  associatedtype Failure: Error
  mutating func levels() throws(Failure) -> PilotLevels
}

/// Measures the pilot at a vehicle.
///
/// Promised: `.pwm` only within 950...1050 Hz; `.steadyHigh` and `.steadyLow` only after three periods without
/// an edge. Not promised: that one duty is exact: interrupt jitter may move it by two percentage points, so
/// `EVPilot` takes a median.
public protocol PilotMeasurement: ~Copyable {
  associatedtype Failure: Error
  mutating func signal() throws(Failure) -> PilotSignal
}

/// Switch S2 and the ventilation resistor of a vehicle.
///
/// Promised: the switch is driven when the call returns. Not promised: that the station has seen it.
/// `.detached` cannot be driven and is refused by an error.
public protocol PilotLoadSwitch: ~Copyable {
  associatedtype Failure: Error
  mutating func apply(_ load: PilotLoad) throws(Failure)
}

/// The proximity contact.
///
/// Promised: a value not older than 100 ms. Not promised: which end of the cable it stands for.
public protocol ProximitySense: ~Copyable {
  associatedtype Failure: Error
  mutating func proximity() throws(Failure) -> Proximity
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

/// Protective earth, residual current and whatever else must hold for people to be safe, as one answer.
///
/// Promised: false within 10 ms of the cause, and true only when every monitor the board has agrees.
public protocol EarthSense: ~Copyable {
  associatedtype Failure: Error
  mutating func isSound() throws(Failure) -> Bool
}

/// Ethernet frames to and from the power-line modem's host port.
///
/// Promised: whole frames from destination address to the end of the payload, without checksum; order kept.
/// Not promised: that a frame arrives. A full queue is an error the caller may ignore, as on any wire.
public protocol EthernetLink: ~Copyable {
  associatedtype Failure: Error
  var address: MACAddress { get }
  mutating func send(_ frame: RawSpan) throws(Failure)
  /// Copies the next waiting frame into `buffer`; `nil` where none waits.
  mutating func receive(into buffer: inout OutputBuffer) throws(Failure) -> Int?
}

/// The reset line of the modem.
///
/// Promised: the pulse has the length the chip needs. Not promised: that the modem is ready afterwards; it
/// takes seconds, and its first answer on the wire is the only sign.
public protocol ModemReset: ~Copyable {
  associatedtype Failure: Error
  mutating func reset() throws(Failure)
}
