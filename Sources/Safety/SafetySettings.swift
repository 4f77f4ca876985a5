public import HAL

/// What an energy transfer needs of the outlet. The supervisor knows no messages, only these.
public enum EnergyDemand: String, Hashable, Sendable, CaseIterable {
  /// Mains for the vehicle: ISO 15118-2 after PowerDelivery(Start), IEC 61851-1 at once in C.
  case ac
  /// DC contactor closed, test voltage, before the insulation is known: CableCheck.
  case dcInsulationTest
  /// DC at the battery's voltage with hardly any current: PreCharge.
  case dcPreCharge
  /// DC with current: CurrentDemand.
  case dcDelivery

  /// The outlet it needs.
  public var current: OutletCurrent { self == .ac ? .ac : .dc }
}

/// The outlet a supervisor watches, and all its times.
public struct SafetySettings: Hashable, Sendable {
  public var current: OutletCurrent
  /// A lock of our own has to confirm before closing. False for a tethered cable, which the vehicle locks.
  public var hasLock: Bool
  /// State D may be served.
  public var isVentilated: Bool
  /// A residual-current monitor reports by itself, not as a part of `earth`. Until it has, nothing closes.
  public var hasResidualCurrentInput = false
  /// That monitor can be tested, and is before each closing: it has to trip, and to return.
  public var testsResidualCurrent = false
  /// The board can close one phase or three.
  public var switchesPhases = false
  /// The socket reads the cable's proximity resistor (IEC 61851-1 Table B.2). Until it reads a cable, nothing closes.
  public var readsProximity = false
  /// DC: another program drives the power stage and tells how it is. Until it has, nothing closes.
  public var hasExternalPowerStage = false
  /// Feedback that disagrees with the command for so long is a fault.
  public var feedbackMax: Duration = .milliseconds(200)
  /// Longest time for the residual-current monitor to trip under test: IEC 62955 gives 300 ms at 60 mA ...
  public var monitorTripMax: Duration = .milliseconds(500)
  /// ... and to report no fault again afterwards. Both together leave the lock its part of the 3 s from C2 to closed.
  public var monitorReturnMax: Duration = .milliseconds(1500)
  /// A vehicle that stays plugged in is offered nothing for so long before another number of phases is taken. No
  /// standard has a time for it; it is as long as stations in the field wait.
  public var phaseRest: Duration = .seconds(10)
  /// The last pole of a contactor that closes in steps is driven so long after the command.
  public var closingSteps: Duration = .zero
  /// Shortest time from one closing to the next, relay wear.
  public var recloseMin: Duration = .seconds(10)
  /// Longest silence of the session's host while it demands energy or the contactor is closed.
  public var heartbeatMax: Duration = .seconds(2)
  /// C1: how long a vehicle may draw on after the oscillator stopped, before the contactor opens under load
  /// (IEC 61851-1 Table A.6: 6 s at least).
  public var drawWithoutOfferMax: Duration = .seconds(6)
  /// Ordinary end of DC: the contactor opens below this current, mA ...
  public var openingMilliamps: Int = 5_000
  /// ... or after this long. IEC 61851-23 wants DC contacts opened at 5 A or less; ten times its 30 ms for the
  /// fall of the current is a power stage that does not obey.
  public var unloadMax: Duration = .milliseconds(300)
  /// Longest wait for the lock to confirm, its repetitions included.
  public var lockMax: Duration = .seconds(5)
  /// A plug stays locked this long after the pilot went to E, F or fault: a wire that comes back is no reason to
  /// let go.
  public var unlockAfterPilotLoss: Duration = .seconds(5)
  /// DC: the plug stays locked above this voltage, mV (IEC 61851-23: 60 V).
  public var touchableMillivolts: Int = 60_000
  /// DC: longest time for the output to fall to a touchable voltage with the power stage off.
  public var dischargeMax: Duration = .seconds(5)

  public init(current: OutletCurrent, hasLock: Bool, isVentilated: Bool = false) {
    self.current = current
    self.hasLock = hasLock
    self.isVentilated = isVentilated
  }

  /// From a board's outlet.
  public init(_ outlet: Outlet) {
    self.init(current: outlet.current, hasLock: outlet.hasLock, isVentilated: outlet.isVentilated)
    recloseMin = outlet.recloseIntervalMin
    guard case .lines(let hardware) = outlet.hardware else { return }
    feedbackMax = hardware.contactor.feedbackMax
    closingSteps = hardware.contactor.closingSteps
  }

  /// The standards' times for an outlet.
  public static func standard(_ current: OutletCurrent) -> SafetySettings {
    SafetySettings(current: current, hasLock: current == .ac)
  }

  /// As `standard`, but nothing wears: closes again at once. For simulations and rigs.
  public static func relaxed(_ current: OutletCurrent) -> SafetySettings {
    var settings = standard(current)
    settings.recloseMin = .zero
    return settings
  }
}
