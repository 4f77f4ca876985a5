public import HAL
public import Node
public import Wire

/// What a node tells the electrical side of its outlet.
public enum OutletCommand: Hashable, Sendable {
  case setDuty(PilotDuty)
  case contactor(close: Bool)
  case lock(Bool)
  case powerStage(enabled: Bool)
  case setPoint(PowerReading)
  case insulationTest
  case modemPower(on: Bool)
  /// The test output of the residual-current monitor.
  case residualCurrentTest(Bool)
  /// Close these phases from the next closing on; only while the contacts read open.
  case phases(three: Bool)
}

/// The electrical side of one connector: takes commands, tells readings, and has timers of its own on the loop.
///
/// Promised by each: after `start` every reading that the safety supervisor waits for is told once; `makeSafe` may be
/// called at any time, also before `start` and more than once, and does not wait for anything.
public protocol OutletPort: AnyObject {
  /// Begins to measure. Readings come as events of a charger, also from within `perform`: a caller that is busy
  /// queues them.
  func start(_ reading: @escaping (ChargerEvent) -> Void) throws(BoardFailure)
  func perform(_ command: OutletCommand)
  /// Told the share of the current that heat leaves by the board's table, percent, when it changes.
  var derated: ((Int) -> Void)? { get set }
  /// The socket's proximity contact is read.
  var readsProximity: Bool { get }
  /// A residual-current monitor is read by itself.
  var readsResidualCurrent: Bool { get }
  /// That monitor has a test output, which `residualCurrentTest` drives.
  var testsResidualCurrent: Bool { get }
  /// The contactor can close one phase or three.
  var switchesPhases: Bool { get }
  /// Above these temperatures nothing may flow, m°C: one for each sensor, in the order of its readings.
  var temperatureEnds: [Int] { get }
  /// It has a power stage of its own; false where another program has to drive one, and with AC.
  var hasPowerStage: Bool { get }
  /// The values of a power stage that another program drives, for a side that is simulated.
  func adopt(_ output: PowerReading)
  /// Tells all readings once more, for a node that starts anew.
  func repeatReadings()
  /// Contactor open, power stage off, no test under way, pilot at its stop value, no current in the lock's motor. What fails
  /// is left to the supply of the coil.
  ///
  /// A plug that is locked stays so: a bolt moves longer than a program has that ends. A stop in order has let it go before,
  /// as the supervisor ends sessions; after any other one the next start does, once the contacts read open
  /// (`SafetySupervisor`). An outlet that fails while the program goes on lets its plug go by itself, 5 s later and with open
  /// contacts.
  func makeSafe()
  /// It tells the pilot's levels again and again, so that silence is a fault; else only when they changed.
  var samplesPilot: Bool { get }
  /// How long levels that prove the vehicle's diode have to be told before they do: zero where they are measured.
  var diodeProof: Duration { get }
  /// Why this side cannot be relied on now; `nil` where it can.
  var trouble: String? { get }
  /// The trouble stays until the devices are opened anew.
  var isBroken: Bool { get }
  /// Since when its contactor, told to open, could not be seen to have opened; `nil` where it is as it was told. Nothing
  /// but a reset of the board can help then.
  var liveSince: Instant? { get }
  /// What the last `makeSafe` could not drive, beside lines; `nil` where all is safe.
  var unsafe: String? { get }
  /// How long feedback of the contactor may differ from its command.
  var feedbackMax: Duration { get }
}

/// Hardware that could not be used: what, and why.
public struct BoardFailure: Error, Hashable, Sendable, CustomStringConvertible {
  public let description: String
  public init(_ description: String) { self.description = description }
}

extension OutletPort {
  public var derated: ((Int) -> Void)? {
    get { nil }
    set {}
  }
  public var isBroken: Bool { false }
  public var diodeProof: Duration { .zero }
  public var liveSince: Instant? { nil }
  public var unsafe: String? { nil }
  public var readsProximity: Bool { false }
  public var readsResidualCurrent: Bool { false }
  public var testsResidualCurrent: Bool { false }
  public var switchesPhases: Bool { false }
  public var temperatureEnds: [Int] { [] }
  public var hasPowerStage: Bool { false }
  public func adopt(_ output: PowerReading) {}
  public var feedbackMax: Duration { .milliseconds(200) }
}
