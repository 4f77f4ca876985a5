public import HAL
public import Wire

/// What a vehicle's upper layers may ask of its pilot.
public enum VehicleRequest: Hashable, Sendable {
  /// Open S2 at once: no energy wanted.
  case b
  /// Close S2 as soon as an offer permits it: energy wanted.
  case c
  /// As `c`, where the place must be ventilated.
  case d
  /// Wake a sleeping station, or validate: S2 closes and opens so many times, 1...3 (ISO 15118-3 clause 7.6, B-C-B
  /// toggle; Annex A.9, CM_VALIDATE).
  case toggle(Int)
}

/// The control pilot of a vehicle: it reads the offer and works S2.
///
/// Read first: IEC 61851-1 Annex A, Tables A.6 and A.8; ISO 15118-3 clause 7.6 for the toggle.
///
/// One period never decides. A duty counts after three measurements, and then as the median of up to five; a
/// steady +12 V counts after two in a row. Only 0 V and -12 V count at once, as stopping late is worse than
/// stopping for nothing.
///
/// S2 closes only on a request *and* an offer. It opens at once on 0 V, -12 V, a plug that comes out, or (unless it only
/// toggles) a change between 5 % and a nominal duty, and 2.5 s after any other loss of the offer; each of these also forgets the
/// request, so that nothing closes S2 again by itself.
public struct EVPilot: Machine, Sendable {
  public enum Event: Hashable, Sendable {
    /// One period, or a driver's median of several.
    case measured(PilotSignal)
    case proximity(Proximity)
    case request(VehicleRequest)
    case timeout
  }

  public enum Action: Hashable, Sendable {
    /// Drive S2. Never `.detached`, which only a hand at the plug does.
    case setLoad(PilotLoad)
    /// The offer has changed. When it is gone, draw less at once: S2 opens under load otherwise.
    case offer(PilotOffer)
    /// The plug went in or out, by the proximity contact.
    case attached(Bool)
  }

  struct Toggle: Hashable, Sendable {
    /// Halves still to come after the one under way.
    var halvesLeft: Int
    var next: Instant
  }

  /// Changes of a nominal duty below this are jitter, permille.
  static let dutyStep = 3

  public let timers: PilotTimers
  /// What S2 is driven to.
  public private(set) var load: PilotLoad = .b
  /// The offer that counts.
  public private(set) var offer: PilotOffer = .none
  /// A plug is in and not about to come out.
  public private(set) var isAttached = false

  private var wish: PilotLoad = .b
  private var cableMilliamps: Int?
  private var window = DutyWindow()
  private var reportedPermille: Int?
  private var steadyHighs = 0
  private var lastKindDigital: Bool?
  private var openDue: Instant?
  private(set) var toggle: Toggle?
  private var lastMeasurement: Instant?

  public init(timers: PilotTimers = .standard) { self.timers = timers }

  public mutating func handle(_ event: Event, at now: Instant, perform: (Action) -> Void) {
    switch event {
    case .measured(let signal):
      lastMeasurement = now
      read(signal, now, perform)
    case .proximity(let proximity): read(proximity, perform)
    case .request(let request): take(request, now, perform)
    case .timeout: break
    }
    elapse(now, perform)
  }

  public var deadline: Instant? { earliest(openDue, toggle?.next, silenceDue) }

  // MARK: reading

  private mutating func read(_ signal: PilotSignal, _ now: Instant, _ perform: (Action) -> Void) {
    if signal != .steadyHigh { steadyHighs = 0 }
    switch signal {
    case .pwm(let permille):
      window.append(permille)
      guard let median = window.median else { return }
      readDuty(median, now, perform)
    case .steadyHigh:
      steadyHighs = min(steadyHighs + 1, 2)
      guard steadyHighs == 2 else { return }
      window.removeAll()
      setOffer(.none, perform)
      lose(now)
    case .steadyLow, .none:
      window.removeAll()
      lastKindDigital = nil
      stop(perform)
      setOffer(isAttached ? .error : .none, perform)
    }
  }

  private mutating func readDuty(_ permille: Int, _ now: Instant, _ perform: (Action) -> Void) {
    var new = PilotOffer(permille: permille)
    if case .amps(let milliamps) = new {
      if case .amps = offer, let reported = reportedPermille, abs(permille - reported) < Self.dutyStep {
        return
      }
      new = .amps(milliamps: min(milliamps, cableMilliamps ?? milliamps))
      reportedPermille = permille
    } else {
      reportedPermille = nil
    }
    guard new.permitsEnergy else {
      setOffer(new, perform)
      lose(now)
      return
    }
    openDue = nil
    let isDigital = new == .digital
    // From 5 % to a nominal duty or back: the vehicle starts again, through B. A toggle draws nothing and goes on: the
    // station may change the duty while it validates.
    if let last = lastKindDigital, last != isDigital, toggle == nil { stop(perform) }
    lastKindDigital = isDigital
    setOffer(new, perform)
  }

  private mutating func read(_ proximity: Proximity, _ perform: (Action) -> Void) {
    var attached = false
    cableMilliamps = nil
    if case .plugged(let rating) = proximity {
      attached = true
      cableMilliamps = rating
    }
    guard attached != isAttached else {
      // A cable that is read anew under an offer bounds it from now on.
      if case .amps = offer, let reported = reportedPermille,
        case .amps(let milliamps) = PilotOffer(permille: reported)
      {
        setOffer(.amps(milliamps: min(milliamps, cableMilliamps ?? milliamps)), perform)
      }
      return
    }
    isAttached = attached
    guard !attached else {
      perform(.attached(true))
      return
    }
    // Out, about to come out, or unreadable: 100 ms to stop (SAE J1772).
    window.removeAll()
    steadyHighs = 0
    lastKindDigital = nil
    stop(perform)
    setOffer(.none, perform)
    perform(.attached(false))
  }

  // MARK: acting

  private mutating func take(_ request: VehicleRequest, _ now: Instant, _ perform: (Action) -> Void) {
    switch request {
    case .b: stop(perform)
    case .c: want(.c)
    case .d: want(.d)
    case .toggle(let times):
      guard isAttached, offer != .error, load == .b, toggle == nil, (1...3).contains(times) else { return }
      wish = .b
      toggle = Toggle(halvesLeft: 2 * times - 1, next: now + timers.toggleHalf)
      setLoad(.c, perform)
    }
  }

  private mutating func want(_ load: PilotLoad) {
    guard isAttached, offer != .error else { return }
    wish = load
  }

  private mutating func elapse(_ now: Instant, _ perform: (Action) -> Void) {
    if let due = silenceDue, now >= due {
      lastMeasurement = nil
      read(.none, now, perform)
    }
    if let due = openDue, now >= due { stop(perform) }
    if let running = toggle {
      guard now >= running.next else { return }
      if running.halvesLeft == 0 {
        toggle = nil
      } else {
        // Counted from now: a late half is worse than a late end.
        toggle = Toggle(halvesLeft: running.halvesLeft - 1, next: now + timers.toggleHalf)
        setLoad(load == .b ? .c : .b, perform)
        return
      }
    }
    if wish != .b, offer.permitsEnergy, isAttached { setLoad(wish, perform) }
  }

  private var silenceDue: Instant? {
    guard let lastMeasurement, let silence = timers.measurementSilenceMax else { return nil }
    return lastMeasurement + silence
  }

  /// The offer is gone: S2 has to be open within 3 s.
  private mutating func lose(_ now: Instant) {
    guard toggle == nil, load != .b, openDue == nil else { return }
    openDue = now + timers.offerLostToOpen
  }

  private mutating func stop(_ perform: (Action) -> Void) {
    wish = .b
    openDue = nil
    toggle = nil
    setLoad(.b, perform)
  }

  private mutating func setLoad(_ new: PilotLoad, _ perform: (Action) -> Void) {
    guard new != load else { return }
    load = new
    perform(.setLoad(new))
  }

  private mutating func setOffer(_ new: PilotOffer, _ perform: (Action) -> Void) {
    guard new != offer else { return }
    offer = new
    perform(.offer(new))
  }
}
