/// All times of the two pilot machines. IEC 61851-1 Table A.6, ISO 15118-3 Table 3.
public struct PilotTimers: Hashable, Sendable {
  /// T_step_EF: how long an intentional state F lasts, at least 4 s (ISO 15118-3 V2G3-M06-05).
  public var stepEF: Duration = .milliseconds(4000)
  /// T_step_X1: how long X1 lasts between 5 % and a nominal duty, at least 3 s (V2G3-M06-06).
  public var stepX1: Duration = .milliseconds(3000)
  /// X1 between the end of an intentional F and the oscillator: older vehicles need 500...1000 ms, and it is when
  /// an unplugged vehicle shows.
  public var pauseX1: Duration = .milliseconds(750)
  /// A state F asked for lasts at least this long, so that every vehicle sees it.
  public var stateFMin: Duration = .milliseconds(300)
  /// Shortest time between two nominal duties; the vehicle has 5 s to follow (Table A.6 sequence 6).
  public var nominalChangeMin: Duration = .milliseconds(5000)
  /// Levels are ignored this long after an own change of the pilot: two periods and the front end's settling.
  public var blanking: Duration = .milliseconds(10)
  /// Two equal classifications must lie at least this far apart.
  public var debounce: Duration = .milliseconds(4)
  /// The vehicle's diode is proven by sound levels of the oscillating pilot that lie at least this far apart, and `debounce`.
  /// Longer for a source that tells no levels but what a controller makes of them, which takes its time.
  public var diodeProof: Duration = .zero
  /// In C and D, levels that agree neither with the state nor with each other for this long are a fault: waiting
  /// for agreement must not eat the 100 ms in which the contactor has to be open.
  public var unsettledMax: Duration = .milliseconds(30)
  /// Longest silence of the sampler before the state is a fault, in A five times as long. `nil` for a source that reports changes only.
  public var sampleSilenceMax: Duration? = .milliseconds(40)

  /// The vehicle opens S2 this long after it lost the offer, 3 s at most (Table A.6 sequence 9.2).
  public var offerLostToOpen: Duration = .milliseconds(2500)
  /// Each half of a B-C-B toggle, 200...400 ms (ISO 15118-3 T_vald_state_duration).
  public var toggleHalf: Duration = .milliseconds(250)
  /// Longest silence of the vehicle's measurement before it counts as 0 V. `nil` for a source that reports
  /// changes only.
  public var measurementSilenceMax: Duration? = .milliseconds(300)

  /// For sampled hardware: levels every 4...10 ms, duties every 100 ms or faster.
  public static let standard = PilotTimers()

  /// For sources that report changes only and at least three times each (comparators, simulations): no watch on
  /// their silence. Everything else as the standard has it.
  public static let relaxed: PilotTimers = {
    var timers = PilotTimers()
    timers.sampleSilenceMax = nil
    timers.measurementSilenceMax = nil
    return timers
  }()
}
