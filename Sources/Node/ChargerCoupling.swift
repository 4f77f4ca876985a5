public import SLAC

/// How a charger's offer on the control pilot goes together with SLAC: what ISO 15118-3 leaves to the maker of a
/// charger, and declares to a test laboratory.
public struct ChargerCoupling: Hashable, Sendable {
  /// What a vehicle finds that was just plugged in, while nobody is identified.
  public enum InitialDuty: String, CaseIterable, Sendable {
    /// 5 %: energy by digital communication.
    case digital
    /// 100 %, state X1, AC only: nothing is offered, but SLAC is answered; 5 % comes with the match.
    case steadyHigh
  }

  /// What follows when the link of a session is lost.
  public enum ConnectionLoss: String, CaseIterable, Sendable {
    /// Option A: leave the network, then state E/F makes the vehicle start anew. Vehicles differ in what they do about
    /// a lost link on their own; each of them starts again after E/F.
    case errorStep
    /// Option B: leave the network, keep the oscillator on (X2) and wait for the vehicle's next match.
    case rematch
  }

  /// AC: what a positive identification by external means (EIM) does while a matching process runs or a link is up.
  public enum Identification: String, CaseIterable, Sendable {
    /// It authorizes the session that is about to come. A nominal duty follows only if that fails.
    case authorizesSession
    /// The vehicle is offered a nominal duty, by way of X1 for T_step_X1 and without E/F (V2G3-M06-06).
    case switchesToNominal
  }

  public var initialDuty = InitialDuty.digital
  public var connectionLoss = ConnectionLoss.errorStep
  public var identificationWhileMatching = Identification.authorizesSession
  /// AC: a vehicle that is offered a nominal duty may charge by it, without a session (IEC 61851-1 mode 3).
  public var basicCharging = true
  /// AC: a nominal duty may be offered. False knows 5 % alone, as with DC: a vehicle that does not communicate gets nothing.
  public var offersNominal = true
  /// AC: a vehicle that finds its customer identified already is offered 5 % first, and a nominal duty after state E/F when it
  /// has not asked for SLAC in TT_EVSE_SLAC_init. False offers the nominal duty at once.
  public var digitalFirst = false
  /// A vehicle that stays in B with a nominal duty for so long may have slept through it: state E/F wakes it, once.
  /// `nil` never does.
  public var legacyWakeUp: Duration? = .seconds(30)
  /// T_conn_resume: a vehicle that the charger wakes has so long to communicate; then state E/F wakes it, if anything
  /// does. At most 6 s.
  public var wakeUpPatience: Duration = .seconds(6)
  /// The modem may be switched off so long after the plug is out, 1 s (TP_match_leave) or more; `nil` keeps it on. It has
  /// to be ready within T_conn_max_comm (8 s) of the next plug-in.
  public var sleepsAfter: Duration?

  public init() {}
}

/// What the coupling of pilot and SLAC did on its own account.
public enum CouplingTrace: Hashable, Sendable {
  /// Why state E/F is gone through.
  public enum Step: String, Hashable, Sendable {
    /// C_sequ_retry: the try before failed.
    case retry
    /// The vehicle may have a nominal duty, and no matching process runs (V2G3-M06-08).
    case identified
    /// The vehicle does not react to being woken.
    case wakeUp
    /// The host takes back the stop that ended the session.
    case resumed
    /// The vehicle does not react to a nominal duty.
    case legacyWakeUp
  }

  /// State E/F begins, to last T_step_EF.
  case errorStep(Step)
  /// The customer was identified by external means, or is not any more.
  case identified(Bool)
  /// A match is waited for with the oscillator on: the link is lost (option B).
  case rematch
  /// Matching failed without touching the offer, which stands without communication too.
  case offerStands(MatchFailure)
  /// The vehicle may charge by its nominal duty, or may not any more.
  case basicCharging(Bool)
  /// Digital communication failed in this layer, but the vehicle charges on by its duty.
  case chargesOn(after: String)
  /// A B-C-B toggle of the vehicle, or the host, ends a pause or the rest after a session.
  case wakes(byVehicle: Bool)
  /// The modem is switched on or off.
  case modem(on: Bool)
  /// The contactor closes three phases from now on, or one.
  case phases(three: Bool)
}

extension CouplingTrace: CustomStringConvertible {
  public var description: String {
    switch self {
    case .errorStep(.retry): "state E/F for another try"
    case .errorStep(.resumed): "state E/F for another session: the stop was taken back"
    case .errorStep(.identified): "state E/F before a nominal duty: nobody asked for SLAC so far"
    case .errorStep(.wakeUp): "state E/F: the vehicle does not react to being woken"
    case .errorStep(.legacyWakeUp): "state E/F: the vehicle does not react to a nominal duty"
    case .basicCharging(true): "vehicle may charge by its duty"
    case .basicCharging(false): "vehicle may not charge by its duty any more"
    case .chargesOn(let layer): "vehicle charges on by its duty, communication failed (\(layer))"
    case .identified(true): "customer identified by external means"
    case .identified(false): "customer not identified any more"
    case .rematch: "oscillator stays on, waiting for another match"
    case .offerStands(let failure): "offer stands without communication: \(failure)"
    case .wakes(byVehicle: true): "vehicle toggles: awake"
    case .wakes(byVehicle: false): "charger wakes the vehicle"
    case .modem(on: true): "modem on"
    case .modem(on: false): "modem off"
    case .phases(three: true): "three phases from the next closing on"
    case .phases(three: false): "one phase from the next closing on"
    }
  }
}

extension CouplingTrace {
  /// Its case, for machine-readable reports.
  public var name: String {
    switch self {
    case .errorStep: "errorStep"
    case .identified: "identified"
    case .rematch: "rematch"
    case .offerStands: "offerStands"
    case .basicCharging: "basicCharging"
    case .chargesOn: "chargesOn"
    case .wakes: "wakes"
    case .modem: "modem"
    case .phases: "phases"
    }
  }
}
